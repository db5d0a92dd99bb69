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
  /** The first of a row's peers, and one past the last. */
  readonly peersFrom: (row: number) => number;
  readonly peersTo: (row: number) => number;
  /** For RANGE with an offset: the one order column. */
  readonly order: OrderColumn | null;
}

export interface OrderColumn {
  readonly column: number;
  readonly valueAt: (row: number) => Datum | null;
  readonly type: SqlType;
  readonly descending: boolean;
}

export interface FrameBounds {
  /** Per bound: its offset as a datum, null when it has none. */
  readonly start: Datum | null;
  readonly end: Datum | null;
}

/** The frames of the rows of a partition, one after the other. Cheapest when rows come in order. */
export class Frames {
  /** [from, to) of the row asked for last, before exclusion. */
  from = 0;
  to = 0;
  readonly #frame: WindowFrame;
  readonly #offsets: FrameBounds;
  readonly #rows: OrderedRows;

  constructor(frame: WindowFrame, offsets: FrameBounds, rows: OrderedRows) {
    this.#frame = frame;
    this.#offsets = offsets;
    this.#rows = rows;
  }

  /** Asks for row `i`. */
  move(i: number): void {
    const { start, end } = this.#frame;
    const { count } = this.#rows;
    const from = this.#position(start, this.#offsets.start, i, 'start');
    const to = this.#position(end, this.#offsets.end, i, 'end');
    this.from = Math.max(0, Math.min(from, count));
    this.to = Math.max(this.from, Math.min(to, count));
  }

  /** Whether `row` is left out of the frame of row `i`. */
  leavesOut(i: number, row: number): boolean {
    const rows = this.#rows;
    switch (this.#frame.exclude) {
      case 'no others':
        return false;
      case 'current row':
        return row === i;
      case 'group':
        return row >= rows.peersFrom(i) && row < rows.peersTo(i);
      case 'ties':
        return row !== i && row >= rows.peersFrom(i) && row < rows.peersTo(i);
    }
  }

  /** First row of the frame (`start`), or one past its last (`end`). */
  #position(bound: FrameBound, offset: Datum | null, i: number, side: 'start' | 'end'): number {
    const rows = this.#rows;
    const { mode } = this.#frame;
    switch (bound.kind) {
      case 'unbounded-preceding':
        return 0;
      case 'unbounded-following':
        return rows.count;
      case 'current-row':
        if (mode === 'rows') return side === 'start' ? i : i + 1;
        return side === 'start' ? rows.peersFrom(i) : rows.peersTo(i);
      case 'preceding':
      case 'following': {
        const sign = bound.kind === 'preceding' ? -1 : 1;
        if (mode === 'range') return this.#rangePosition(i, { offset, sign, side });
        const distance = sign * wholeOffset(offset);
        if (mode === 'groups') return groupPosition(rows, i, distance, side);
        return side === 'start' ? i + distance : i + distance + 1;
      }
    }
  }

  #rangePosition(
    i: number,
    bound: { offset: Datum | null; sign: number; side: 'start' | 'end' },
  ): number {
    const rows = this.#rows;
    const order = orderOf(rows);
    if (bound.offset === null) throw badOffset('must not be null', sqlstate.nullValueNotAllowed);
    const value = order.valueAt(i);
    // NULLs are peers of each other and in range of nothing else.
    if (value === null) return bound.side === 'start' ? rows.peersFrom(i) : rows.peersTo(i);
    const limit = rangeLimit(value, bound.offset, bound.sign, order);
    // NULLs stand before all values or behind them.
    const ofNull = order.valueAt(0) === null ? -1 : 1;
    const inside = (row: number): number => {
      const other = order.valueAt(row);
      return other === null ? ofNull : compareToLimit(other, limit, order);
    };
    return bound.side === 'start'
      ? firstFrom(this.from, rows.count, (row) => inside(row) >= 0)
      : firstFrom(this.to, rows.count, (row) => inside(row) > 0);
  }
}

/** The order column of RANGE with an offset. */
export function orderOf({ order }: OrderedRows): OrderColumn {
  if (order !== null) return order;
  throw new SqlError(
    sqlstate.windowingError,
    'RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column',
  );
}

/** How far a RANGE bound of a row with `value` reaches; `sign` −1 for PRECEDING. */
export function rangeLimit(value: Datum, offset: Datum, sign: number, order: OrderColumn): Datum {
  return shifted(value, offset, order.descending ? -sign : sign, order.type);
}

/** Negative for values before a limit in the order, positive for those behind it. */
export function compareToLimit(value: Datum, limit: Datum, order: OrderColumn): number {
  const type = order.type.kind === 'date' ? types.timestamp : order.type;
  const compared = compareDatums(comparable(value, order.type), limit, type);
  return order.descending ? -compared : compared;
}

/**
 * The first of `count` rows for which `test` holds, which then holds for all behind it. Asks the more rows the
 * farther that is from `near`.
 */
export function firstFrom(near: number, count: number, test: (row: number) => boolean): number {
  let low = Math.min(near, count);
  let high = low;
  let step = 1;
  if (low < count && !test(low)) {
    for (;;) {
      low = high + 1;
      high = Math.min(count, high + step);
      if (high === count || test(high)) break;
      step *= 2;
    }
  } else {
    while (low > 0) {
      low = Math.max(0, high - step);
      if (!test(low)) {
        low++;
        break;
      }
      high = low;
      step *= 2;
    }
  }
  while (low < high) {
    const middle = (low + high) >> 1;
    if (test(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
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
      const from = rows.peersFrom(row);
      if (from === 0) return 0;
      row = from - 1;
    } else {
      const to = rows.peersTo(row);
      if (to === rows.count) return rows.count;
      row = to;
    }
  }
  return side === 'start' ? rows.peersFrom(row) : rows.peersTo(row);
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
