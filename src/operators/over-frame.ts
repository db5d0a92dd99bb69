/**
 * Frames of window functions: for each row of an ordered partition, which rows [from, to) its frame has
 * and which of those are left out again. Both ends only move forward from row to row.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import type { FrameBound, WindowFrame } from '../plan/logical.ts';
import { compareDatums } from '../types/compare.ts';
import { addInterval, dateToTimestamp } from '../types/datetime.ts';
import { Decimal } from '../types/decimal.ts';
import type { Datum } from '../types/datum.ts';
import type { Interval } from '../types/interval.ts';
import type { SqlType } from '../types/sql-type.ts';
import { types } from '../types/sql-type.ts';

/** An ordered partition, each row as often as its weight says. */
export interface OrderedRows {
  readonly count: number;
  /** For each row: the first of its peers, and one past the last. */
  readonly peersFrom: Int32Array;
  readonly peersTo: Int32Array;
  /** For RANGE with an offset: the one order column. */
  readonly order: {
    readonly valueAt: (row: number) => Datum | null;
    readonly type: SqlType;
    readonly descending: boolean;
  } | null;
}

export interface FrameBounds {
  /** Per bound: its offset as a datum, null when it has none. */
  readonly start: Datum | null;
  readonly end: Datum | null;
}

/** [from, to) of row `i`, before exclusion. */
export function frameOf(
  frame: WindowFrame,
  offsets: FrameBounds,
  rows: OrderedRows,
  i: number,
): { from: number; to: number } {
  const clamp = (row: number): number => Math.max(0, Math.min(row, rows.count));
  const from = clamp(position(frame, frame.start, offsets.start, rows, i, 'start'));
  const to = clamp(position(frame, frame.end, offsets.end, rows, i, 'end'));
  return { from, to: Math.max(from, to) };
}

/** Whether `row` is left out of the frame of row `i`. */
export function isExcluded(frame: WindowFrame, rows: OrderedRows, i: number, row: number): boolean {
  switch (frame.exclude) {
    case 'no others':
      return false;
    case 'current row':
      return row === i;
    case 'group':
      return row >= rows.peersFrom[i]! && row < rows.peersTo[i]!;
    case 'ties':
      return row !== i && row >= rows.peersFrom[i]! && row < rows.peersTo[i]!;
  }
}

/** First row of the frame (`start`), or one past its last (`end`). */
function position(
  frame: WindowFrame,
  bound: FrameBound,
  offset: Datum | null,
  rows: OrderedRows,
  i: number,
  side: 'start' | 'end',
): number {
  switch (bound.kind) {
    case 'unbounded-preceding':
      return 0;
    case 'unbounded-following':
      return rows.count;
    case 'current-row':
      if (frame.mode === 'rows') return side === 'start' ? i : i + 1;
      return side === 'start' ? rows.peersFrom[i]! : rows.peersTo[i]!;
    case 'preceding':
    case 'following': {
      const sign = bound.kind === 'preceding' ? -1 : 1;
      if (frame.mode === 'range') return rangePosition(rows, i, { offset, sign, side });
      const distance = sign * wholeOffset(offset);
      if (frame.mode === 'groups') return groupPosition(rows, i, distance, side);
      return side === 'start' ? i + distance : i + distance + 1;
    }
  }
}

function wholeOffset(offset: Datum | null): number {
  if (offset === null) throw badOffset('must not be null', sqlstate.nullValueNotAllowed);
  const distance = Number(offset);
  if (distance < 0) throw badOffset('must not be negative', '22013');
  return distance;
}

function badOffset(problem: string, code: string): SqlError {
  return new SqlError(code, `frame offset ${problem}`);
}

function groupPosition(
  rows: OrderedRows,
  i: number,
  distance: number,
  side: 'start' | 'end',
): number {
  let row = i;
  for (let step = 0; step < Math.abs(distance); step++) {
    if (distance < 0) {
      const from = rows.peersFrom[row]!;
      if (from === 0) return 0;
      row = from - 1;
    } else {
      const to = rows.peersTo[row]!;
      if (to === rows.count) return rows.count;
      row = to;
    }
  }
  return side === 'start' ? rows.peersFrom[row]! : rows.peersTo[row]!;
}

function rangePosition(
  rows: OrderedRows,
  i: number,
  bound: { offset: Datum | null; sign: number; side: 'start' | 'end' },
): number {
  const { order } = rows;
  if (order === null) {
    throw new SqlError(
      sqlstate.windowingError,
      'RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column',
    );
  }
  if (bound.offset === null) throw badOffset('must not be null', sqlstate.nullValueNotAllowed);
  const value = order.valueAt(i);
  // NULLs are peers of each other and in range of nothing else.
  if (value === null) return bound.side === 'start' ? rows.peersFrom[i]! : rows.peersTo[i]!;
  const sign = order.descending ? -bound.sign : bound.sign;
  const limit = shifted(value, bound.offset, sign, order.type);
  const type = order.type.kind === 'date' ? types.timestamp : order.type;
  // NULLs stand before all values or behind them.
  const ofNull = order.valueAt(0) === null ? -1 : 1;
  const inside = (row: number): number => {
    const other = order.valueAt(row);
    if (other === null) return ofNull;
    const compared = compareDatums(comparable(other, order.type), limit, type);
    return order.descending ? -compared : compared;
  };
  return bound.side === 'start'
    ? firstWhere(rows, (row) => inside(row) >= 0)
    : lastWhere(rows, (row) => inside(row) <= 0) + 1;
}

function firstWhere(rows: OrderedRows, test: (row: number) => boolean): number {
  for (let row = 0; row < rows.count; row = rows.peersTo[row]!) if (test(row)) return row;
  return rows.count;
}

function lastWhere(rows: OrderedRows, test: (row: number) => boolean): number {
  for (let row = rows.count - 1; row >= 0; row = rows.peersFrom[row]! - 1)
    if (test(row)) return row;
  return -1;
}

function comparable(value: Datum, type: SqlType): Datum {
  return type.kind === 'date' ? dateToTimestamp(value as number) : value;
}

/** value ± offset in the order column's type (dates: as timestamps). */
function shifted(value: Datum, offset: Datum, sign: number, type: SqlType): Datum {
  switch (type.kind) {
    case 'smallint':
    case 'integer':
    case 'real':
    case 'double':
      checkSign(Number(offset) < 0);
      return (value as number) + sign * Number(offset);
    case 'bigint':
      checkSign(Number(offset) < 0);
      return (value as bigint) + BigInt(sign) * BigInt(offset as bigint | number);
    case 'numeric': {
      const distance = offset instanceof Decimal ? offset : Decimal.parse(String(offset));
      checkSign(distance.sign < 0);
      return sign < 0 ? (value as Decimal).sub(distance) : (value as Decimal).add(distance);
    }
    case 'timestamp':
    case 'timestamptz':
    case 'date': {
      const micros = comparable(value, type) as bigint;
      const interval = offset as Interval;
      return addInterval(micros, sign < 0 ? interval.neg() : interval);
    }
    case 'interval':
      return sign < 0
        ? (value as Interval).sub(offset as Interval)
        : (value as Interval).add(offset as Interval);
    default:
      throw new SqlError(
        sqlstate.featureNotSupported,
        `RANGE with offset PRECEDING/FOLLOWING is not supported for column type ${type.kind}`,
      );
  }
}

function checkSign(negative: boolean): void {
  if (negative) {
    throw new SqlError('22013', 'invalid preceding or following size in window function');
  }
}
