/**
 * Window functions over stretches of one ordered partition: ranks, neighbours, values at a place of the frame.
 * Aggregates over frames are in over-aggregates.ts.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import type { EvalContext } from '../expr/functions/registry.ts';
import type { OverSpec } from '../plan/dataflow-plan.ts';
import type { Datum } from '../types/datum.ts';
import type { SqlType } from '../types/sql-type.ts';
import type { FrameBounds } from './over-frame.ts';
import { Frames } from './over-frame.ts';
import type { OverRows } from './over-rows.ts';

export interface CallSite {
  readonly call: OverSpec['calls'][number];
  /** Position among the calls. */
  readonly index: number;
  readonly offsets: FrameBounds;
  readonly argTypes: readonly SqlType[];
  readonly evaluation: EvalContext;
}

/** Positions [from, to). */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** The call's value for every row of the stretches, which are in order. */
export function evaluateCall(
  site: CallSite,
  rows: OverRows,
  stretches: readonly Stretch[],
): (Datum | null)[] {
  const value = valueOf(site, rows);
  const values: (Datum | null)[] = [];
  for (const { from, to } of stretches) for (let i = from; i < to; i++) values.push(value(i));
  return values;
}

function valueOf(site: CallSite, rows: OverRows): (i: number) => Datum | null {
  const { call } = site;
  const arg = (i: number, a: number): Datum | null => rows.datum(i, call.args[a]!);
  switch (call.name) {
    case 'row_number':
      return (i) => BigInt(i + 1);
    case 'rank':
      return (i) => BigInt(rows.peersFrom(i) + 1);
    case 'dense_rank':
      return denseRank(site, rows);
    case 'percent_rank':
      return (i) => (rows.count === 1 ? 0 : rows.peersFrom(i) / (rows.count - 1));
    case 'cume_dist':
      return (i) => rows.peersTo(i) / rows.count;
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
      return nthInFrame(site, rows, () => 1);
    case 'last_value':
      return nthInFrame(site, rows, () => -1);
    case 'nth_value':
      return nthInFrame(site, rows, (i) => {
        const nth = arg(i, 1);
        if (nth === null) return null;
        if (Number(nth) <= 0) {
          throw new SqlError('22016', 'argument of nth_value must be greater than zero');
        }
        return Number(nth);
      });
    default:
      throw new SqlError(
        sqlstate.featureNotSupported,
        `window function ${call.name} is not supported`,
      );
  }
}

/** Groups of peers up to a row, that of the row among them. Counted chunk by chunk, then row by row. */
function denseRank(site: CallSite, rows: OverRows): (i: number) => Datum {
  let row = -1;
  let rank = 0;
  return (i) => {
    if (row < 0 || i < row) {
      row = -1;
      rank = 0;
    }
    const { view } = rows;
    if (i > row + 1) {
      const chunk = view.chunkAt(i);
      if (row < view.chunkFrom(chunk) - 1) {
        rank = groupsBefore(site, rows, chunk);
        row = view.chunkFrom(chunk) - 1;
      }
    }
    for (; row < i; row++) if (row < 0 || !rows.arePeers(row, row + 1)) rank++;
    return BigInt(rank);
  };
}

/** Groups of peers that begin before a chunk. */
function groupsBefore(site: CallSite, rows: OverRows, chunk: number): number {
  const { view } = rows;
  let groups = 0;
  for (let c = 0; c < chunk; c++) {
    const from = view.chunkFrom(c);
    if (from === view.chunkFrom(c + 1)) continue;
    if (from > 0 && rows.arePeers(from - 1, from)) groups--;
    groups += view.summary(c, site.index, (first, end) => {
      let inside = 1;
      for (let i = first + 1; i < end; i++) if (!rows.arePeers(i - 1, i)) inside++;
      return inside;
    });
  }
  return groups;
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

/** The value at a place of the frame, counted from 1, or from its end when negative. */
function nthInFrame(
  site: CallSite,
  rows: OverRows,
  placeOf: (i: number) => number | null,
): (i: number) => Datum | null {
  const { call } = site;
  const frames = new Frames(call.frame, site.offsets, rows);
  const all = call.frame.exclude === 'no others';
  return (i) => {
    const place = placeOf(i);
    if (place === null) return null;
    frames.move(i);
    const { from, to } = frames;
    let left = Math.abs(place);
    if (all) {
      if (left > to - from) return null;
      return rows.datum(place < 0 ? to - left : from + left - 1, call.args[0]!);
    }
    for (let step = 0; step < to - from; step++) {
      const row = place < 0 ? to - 1 - step : from + step;
      if (frames.leavesOut(i, row)) continue;
      left--;
      if (left === 0) return rows.datum(row, call.args[0]!);
    }
    return null;
  };
}
