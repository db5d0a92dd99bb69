/**
 * Window functions over one ordered partition: ranks, neighbours, frame values and aggregates. An
 * aggregate's accumulator hears of rows as they enter and leave the frame; where the order of values shows
 * in the result, or rows are excluded, each frame is folded anew.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import type { EvalContext } from '../expr/functions/registry.ts';
import type { OverSpec } from '../plan/dataflow-plan.ts';
import type { Datum, Row } from '../types/datum.ts';
import type { SqlType } from '../types/sql-type.ts';
import type { FrameBounds, OrderedRows } from './over-frame.ts';
import { frameOf, isExcluded } from './over-frame.ts';

export interface Partition extends OrderedRows {
  /** The input row at a position. */
  readonly rowAt: (i: number) => Row;
}

export interface CallSite {
  readonly call: OverSpec['calls'][number];
  readonly offsets: FrameBounds;
  readonly argTypes: readonly SqlType[];
  readonly evaluation: EvalContext;
}

/** The call's value for every row of the partition. */
export function evaluateCall(site: CallSite, rows: Partition): (Datum | null)[] {
  if (site.call.aggregate !== null) return aggregateValues(site, rows);
  const value = valueOf(site, rows);
  const values: (Datum | null)[] = [];
  for (let i = 0; i < rows.count; i++) values.push(value(i));
  return values;
}

function valueOf(site: CallSite, rows: Partition): (i: number) => Datum | null {
  const { call } = site;
  const arg = (i: number, a: number): Datum | null => rows.rowAt(i)[call.args[a]!] ?? null;
  switch (call.name) {
    case 'row_number':
      return (i) => BigInt(i + 1);
    case 'rank':
      return (i) => BigInt(rows.peersFrom[i]! + 1);
    case 'dense_rank':
      return denseRank(rows);
    case 'percent_rank':
      return (i) => (rows.count === 1 ? 0 : rows.peersFrom[i]! / (rows.count - 1));
    case 'cume_dist':
      return (i) => rows.peersTo[i]! / rows.count;
    case 'ntile':
      return (i) => ntile(arg(0, 0), i, rows.count);
    case 'lag':
    case 'lead': {
      const sign = call.name === 'lag' ? -1 : 1;
      return (i) => {
        const distance = call.args.length > 1 ? arg(i, 1) : 1;
        if (distance === null) return null;
        const at = i + sign * Number(distance);
        if (at >= 0 && at < rows.count) return arg(at, 0);
        return call.args.length > 2 ? arg(i, 2) : null;
      };
    }
    case 'first_value':
      return (i) => nthInFrame(site, rows, i, 1, false);
    case 'last_value':
      return (i) => nthInFrame(site, rows, i, 1, true);
    case 'nth_value':
      return (i) => {
        const nth = arg(i, 1);
        if (nth === null) return null;
        if (Number(nth) <= 0) {
          throw new SqlError('22016', 'argument of nth_value must be greater than zero');
        }
        return nthInFrame(site, rows, i, Number(nth), false);
      };
    default:
      throw new SqlError(
        sqlstate.featureNotSupported,
        `window function ${call.name} is not supported`,
      );
  }
}

function denseRank(rows: Partition): (i: number) => Datum {
  const ranks: bigint[] = [];
  let rank = 0n;
  for (let i = 0; i < rows.count; i++) {
    if (rows.peersFrom[i] === i) rank++;
    ranks.push(rank);
  }
  return (i) => ranks[i]!;
}

/** The first `count % buckets` buckets have one row more. */
function ntile(argument: Datum | null, i: number, count: number): Datum | null {
  if (argument === null) return null;
  const buckets = Number(argument);
  if (buckets <= 0) throw new SqlError('22014', 'argument of ntile must be greater than zero');
  const size = Math.floor(count / buckets);
  const larger = count % buckets;
  const border = larger * (size + 1);
  return i < border
    ? Math.floor(i / (size + 1)) + 1
    : larger + Math.floor((i - border) / Math.max(size, 1)) + 1;
}

function nthInFrame(
  site: CallSite,
  rows: Partition,
  i: number,
  nth: number,
  fromEnd: boolean,
): Datum | null {
  const { call } = site;
  const { from, to } = frameOf(call.frame, site.offsets, rows, i);
  let left = nth;
  for (let step = 0; step < to - from; step++) {
    const row = fromEnd ? to - 1 - step : from + step;
    if (isExcluded(call.frame, rows, i, row)) continue;
    left--;
    if (left === 0) return rows.rowAt(row)[call.args[0]!] ?? null;
  }
  return null;
}

function aggregateValues(site: CallSite, rows: Partition): (Datum | null)[] {
  const { call } = site;
  const fn = call.aggregate!;
  const make = () => fn.accumulator(site.argTypes, site.evaluation);
  const counts = (row: Row): boolean =>
    (call.filter === null || row[call.filter] === true) &&
    !(fn.skipsNull && call.args.length > 0 && row[call.args[0]!] === null);
  const argsOf = (row: Row): (Datum | null)[] => call.args.map((arg) => row[arg] ?? null);
  const anew = call.frame.exclude !== 'no others' || fn.state === 'values';
  const values: (Datum | null)[] = [];
  let accumulator = make();
  let low = 0;
  let high = 0;
  let last: { from: number; to: number; value: Datum | null } | null = null;
  for (let i = 0; i < rows.count; i++) {
    const { from, to } = frameOf(call.frame, site.offsets, rows, i);
    if (last !== null && !anew && last.from === from && last.to === to) {
      values.push(last.value);
      continue;
    }
    if (anew || from >= high) {
      accumulator = make();
      low = from;
      high = from;
    }
    for (; high < to; high++) {
      const row = rows.rowAt(high);
      if (counts(row) && !isExcluded(call.frame, rows, i, high)) accumulator.add(argsOf(row), 1);
    }
    for (; low < from; low++) {
      const row = rows.rowAt(low);
      if (counts(row)) accumulator.add(argsOf(row), -1);
    }
    const value = accumulator.finish();
    values.push(value);
    last = { from, to, value };
  }
  return values;
}
