/**
 * Which rows of a partition a change can give another value of a window function: those whose place, peers,
 * neighbours or frame it is in. The answer is in gaps and unchanged rows (partition-changes.ts), may have rows
 * too many, and never one too few.
 */

import type { FrameBound } from '../plan/logical.ts';
import type { Datum } from '../types/datum.ts';
import { compareToLimit, firstFrom, orderOf, rangeLimit } from './over-frame.ts';
import type { CallSite } from './over-functions.ts';
import type { OverRows } from './over-rows.ts';
import type { PartitionChanges, Span } from './partition-changes.ts';

/** The farthest that any row of the input has asked a call to look. */
export interface Farthest {
  /** lag and lead: rows back and ahead. */
  back: number;
  ahead: number;
  /** nth_value: the greatest n. */
  nth: number;
}

export interface ReachOf {
  readonly site: CallSite;
  readonly changes: PartitionChanges;
  /** The rows as they are. */
  readonly rows: OverRows;
  readonly farthest: Farthest;
}

/** The spans that a change of the partition reaches; those of the changed entries themselves need not be among them. */
export function reachOf(of: ReachOf): Span[] {
  const { site, changes, farthest } = of;
  const { call } = site;
  const { gaps, unchanged } = changes;
  const all: Span[] = [{ from: 0, to: unchanged }];
  const sameCount = changes.growth === 0;
  if (call.aggregate !== null) return frameReach(of, [call.frame.start, call.frame.end]);
  switch (call.name) {
    case 'row_number':
      return shifted(of, rowsMoved(changes));
    case 'rank':
      return shifted(of, rowsMoved(changes));
    case 'dense_rank':
      return shifted(of, groupsMoved(of));
    case 'percent_rank':
    case 'cume_dist':
      return sameCount ? shifted(of, rowsMoved(changes)).concat(peerSpans(of)) : all;
    case 'ntile':
      return sameCount && gaps[0]! > 0 ? shifted(of, rowsMoved(changes)) : all;
    case 'lag':
    case 'lead': {
      const { back, ahead } = farthest;
      return gaps.map((gap) => within(changes, gap - ahead, gap + back));
    }
    case 'first_value':
      return edgeReach(of, 1);
    case 'nth_value':
      return edgeReach(of, farthest.nth);
    case 'last_value':
      return edgeReach(of, -1);
    default:
      return all;
  }
}

function within({ unchanged }: PartitionChanges, from: number, to: number): Span {
  return { from: Math.max(0, from), to: Math.min(unchanged, to) };
}

/** By change: how many rows more there are before what follows it. */
function rowsMoved({ weightsBefore, weightsNow }: PartitionChanges): number[] {
  let moved = 0;
  return weightsNow.map((weight, j) => (moved += weight - weightsBefore[j]!));
}

/** By change: how many groups of peers more there are before what follows it and is no peer of it. */
function groupsMoved(of: ReachOf): number[] {
  const { changes, rows } = of;
  const { entries, weightsBefore, weightsNow } = changes;
  const moved: number[] = [];
  let total = 0;
  for (let j = 0; j < entries.length;) {
    let before = false;
    let now = false;
    const first = j;
    for (; j < entries.length && rows.areEntriesPeers(entries[first]!, entries[j]!); j++) {
      before ||= weightsBefore[j]! > 0;
      now ||= weightsNow[j]! > 0;
    }
    const { from, to } = peersAt(of, first);
    if (from === to) total += Number(now) - Number(before);
    for (let k = first; k < j; k++) moved.push(total);
  }
  return moved;
}

/** From each change that moves what follows to the next, and to the end of that one's peers. */
function shifted(of: ReachOf, moved: readonly number[]): Span[] {
  const { gaps, unchanged } = of.changes;
  const spans: Span[] = [];
  for (const [j, by] of moved.entries()) {
    if (by === 0) continue;
    const isLast = j + 1 === gaps.length;
    spans.push({ from: gaps[j]!, to: isLast ? unchanged : peersAt(of, j + 1).to });
  }
  return spans;
}

/** The unchanged peers of a changed entry. */
function peersAt({ changes, rows }: ReachOf, j: number): Span {
  const { from, to } = rows.peersOf(changes.entries[j]!);
  return { from: changes.unchangedBefore(from), to: changes.unchangedBefore(to) };
}

function peerSpans(of: ReachOf): Span[] {
  return of.changes.gaps.map((_, j) => peersAt(of, j));
}

/** Of a value at a place of the frame: counted from its start, or from its end when −1. */
function edgeReach(of: ReachOf, place: number): Span[] {
  const { call } = of.site;
  const { start, end, exclude } = call.frame;
  const { gaps, unchanged } = of.changes;
  const both = (): Span[] => frameReach(of, [start, end]);
  // In a range, what is not there lets a row reach beyond its bound to the next one that is.
  const skips =
    of.site.call.frame.mode === 'range' &&
    (place > 0 ? start : end).kind === (place > 0 ? 'following' : 'preceding');
  if (exclude !== 'no others' || skips) return both();
  if (place > 0 && start.kind === 'unbounded-preceding') {
    if (gaps[0]! < place) return both();
    return frameReach(of, end.kind === 'preceding' ? [end] : []);
  }
  if (place === 1) return frameReach(of, end.kind === 'preceding' ? [start, end] : [start]);
  if (place > 0) return both();
  if (end.kind === 'unbounded-following') {
    if (gaps.at(-1) === unchanged) return both();
    return frameReach(of, start.kind === 'following' ? [start] : []);
  }
  return frameReach(of, start.kind === 'following' ? [start, end] : [end]);
}

/** The rows that one bound of their frames lets a change reach. */
export function boundReach(of: ReachOf, bound: FrameBound): Span[] {
  return frameReach(of, [bound]);
}

/** The rows between which and one of the bounds of their frames a change stands. */
function frameReach(of: ReachOf, bounds: readonly FrameBound[]): Span[] {
  const { changes, site } = of;
  const { frame } = site.call;
  const { gaps, unchanged } = changes;
  const has = (kind: FrameBound['kind']): boolean => bounds.some((bound) => bound.kind === kind);
  const failing = [frame.start, frame.end].some(
    (bound) => bound.offset !== null && offsetOf(of, bound) === null,
  );
  if (failing || (has('unbounded-preceding') && has('unbounded-following'))) {
    return [{ from: 0, to: unchanged }];
  }
  const byPeers = frame.mode !== 'rows' || frame.exclude === 'group' || frame.exclude === 'ties';
  return gaps.map((gap, j) => {
    let { from, to } = byPeers ? peersAt(of, j) : { from: gap, to: gap };
    from = Math.min(from, gap);
    to = Math.max(to, gap);
    for (const bound of bounds) {
      switch (bound.kind) {
        case 'unbounded-preceding':
          to = unchanged;
          break;
        case 'unbounded-following':
          from = 0;
          break;
        case 'current-row':
          break;
        case 'preceding':
          to = Math.max(to, lookingBack(of, j, to, offsetOf(of, bound)!));
          break;
        case 'following':
          from = Math.min(from, lookingAhead(of, j, from, offsetOf(of, bound)!));
          break;
      }
    }
    return within(changes, from, to);
  });
}

function offsetOf({ site }: ReachOf, bound: FrameBound): Datum | null {
  return bound === site.call.frame.start ? site.offsets.start : site.offsets.end;
}

/** One past the last unchanged row that looks back by `offset` and finds a change, or has it on its way. */
function lookingBack(of: ReachOf, j: number, peersEnd: number, offset: Datum): number {
  const { changes, rows, site } = of;
  const { mode } = site.call.frame;
  if (mode === 'rows') return changes.gaps[j]! + Number(offset);
  if (mode === 'groups') {
    let row = peersEnd;
    for (let n = 0; n < Number(offset) && row < changes.unchanged; n++) {
      row = changes.unchangedBefore(rows.peersTo(changes.positionOf(row, 'now')));
    }
    return row;
  }
  const order = orderOf(rows);
  const value = rows.datumOf(changes.entries[j]!, order.column);
  if (value === null) return peersEnd;
  const at = firstFrom(changes.placesNow[j]!, rows.count, (row) => {
    const other = order.valueAt(row);
    // NULLs stand at one of the ends and are not in reach.
    if (other === null) return order.valueAt(0) !== null;
    return compareToLimit(value, rangeLimit(other, offset, -1, order), order) < 0;
  });
  return changes.unchangedBefore(at);
}

/** The first unchanged row that looks ahead by `offset` and finds a change, or has it on its way. */
function lookingAhead(of: ReachOf, j: number, peersStart: number, offset: Datum): number {
  const { changes, rows, site } = of;
  const { mode } = site.call.frame;
  if (mode === 'rows') return changes.gaps[j]! - Number(offset);
  if (mode === 'groups') {
    let row = peersStart;
    for (let n = 0; n < Number(offset) && row > 0; n++) {
      row = changes.unchangedBefore(rows.peersFrom(changes.positionOf(row - 1, 'now')));
    }
    return row;
  }
  const order = orderOf(rows);
  const value = rows.datumOf(changes.entries[j]!, order.column);
  if (value === null) return peersStart;
  const at = firstFrom(changes.placesNow[j]!, rows.count, (row) => {
    const other = order.valueAt(row);
    if (other === null) return order.valueAt(0) !== null;
    return compareToLimit(value, rangeLimit(other, offset, 1, order), order) <= 0;
  });
  return changes.unchangedBefore(at);
}
