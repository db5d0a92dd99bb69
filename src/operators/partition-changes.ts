/**
 * What changed in an ordered partition, between its rows as they were and as they are. Both sequences have the
 * rows that did not change in the same order, so these have numbers, from 0 to `unchanged`, that hold in both; a
 * changed entry stands in the gap before the unchanged row whose number is the entry's `gap`.
 */

import type { RankedView } from '../state/ranked-view.ts';
import type { RowTable } from '../state/row-table.ts';
import type { SortedEntries } from '../state/sorted-entries.ts';
import { firstFrom } from './over-frame.ts';
import type { Stretch } from './over-functions.ts';

/** Below this share of the order, changed entries are looked up one by one. */
const lookupShare = 8;

/** Gaps [from, to]: the changed entries in them and the unchanged rows between them. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export class PartitionChanges {
  /** In order, each with a weight that differs. */
  readonly entries: readonly number[];
  readonly weightsBefore: readonly number[];
  readonly weightsNow: readonly number[];
  /** Positions at which the entries' rows begin, or would. */
  readonly placesBefore: readonly number[] = [];
  readonly placesNow: readonly number[] = [];
  readonly gaps: readonly number[] = [];
  /** How many rows there are that did not change. */
  readonly unchanged: number;
  /** By entry: the changed rows before it, and at last all. */
  readonly #summed: { readonly before: readonly number[]; readonly now: readonly number[] };

  constructor(
    entries: readonly number[],
    of: {
      readonly rows: RowTable;
      readonly sorted: SortedEntries;
      readonly before: RankedView;
      readonly now: RankedView;
    },
  ) {
    const { rows, sorted, before, now } = of;
    this.entries = entries;
    this.weightsBefore = entries.map((entry) => rows.weightBefore(entry));
    this.weightsNow = entries.map((entry) => rows.weight(entry));
    if (entries.length * lookupShare < sorted.size) {
      const place = (view: RankedView, entry: number): number =>
        view.firstWhere((other) => sorted.compare(other, entry) >= 0);
      this.placesBefore = entries.map((entry) => place(before, entry));
      this.placesNow = entries.map((entry) => place(now, entry));
    } else {
      [this.placesBefore, this.placesNow] = placesOfMany(entries, rows, sorted);
    }
    const { weightsBefore, weightsNow } = this;
    this.#summed = { before: sums(weightsBefore), now: sums(weightsNow) };
    this.gaps = this.placesBefore.map((place, j) => place - this.#summed.before[j]!);
    this.unchanged = before.count - this.#summed.before.at(-1)!;
  }

  /** By how many rows there are more than before. */
  get growth(): number {
    return this.#summed.now.at(-1)! - this.#summed.before.at(-1)!;
  }

  /** How many unchanged rows stand before a position of the sequence as it is. */
  unchangedBefore(position: number): number {
    const { placesNow, weightsNow } = this;
    const next = firstFrom(0, placesNow.length, (j) => placesNow[j]! >= position);
    if (next === 0) return position;
    const last = next - 1;
    const ofLast = Math.min(weightsNow[last]!, position - placesNow[last]!);
    return position - this.#summed.now[last]! - ofLast;
  }

  /** The position of an unchanged row in one of the sequences; one past the end for `unchanged`. */
  positionOf(row: number, when: 'before' | 'now'): number {
    const { gaps } = this;
    return row + this.#summed[when][firstFrom(0, gaps.length, (j) => gaps[j]! > row)]!;
  }

  /** The spans' rows as positions of one of the sequences. Spans are in order and have a gap between them. */
  stretches(spans: readonly Span[], when: 'before' | 'now'): Stretch[] {
    const weights = when === 'before' ? this.weightsBefore : this.weightsNow;
    let changed = 0;
    let j = 0;
    return spans.map((span) => {
      for (; j < weights.length && this.gaps[j]! < span.from; j++) changed += weights[j]!;
      const from = span.from + changed;
      for (; j < weights.length && this.gaps[j]! <= span.to; j++) changed += weights[j]!;
      return { from, to: span.to + changed };
    });
  }
}

function sums(weights: readonly number[]): number[] {
  const result = [0];
  for (const [j, weight] of weights.entries()) result.push(result[j]! + weight);
  return result;
}

/** Where entries begin before and now, from one walk over their order. */
function placesOfMany(
  entries: readonly number[],
  rows: RowTable,
  sorted: SortedEntries,
): [number[], number[]] {
  const placesBefore: number[] = [];
  const placesNow: number[] = [];
  let before = 0;
  let now = 0;
  for (const entry of sorted) {
    if (entry === entries[placesNow.length]) {
      placesBefore.push(before);
      placesNow.push(now);
    }
    before += rows.weightBefore(entry);
    now += rows.weight(entry);
  }
  return [placesBefore, placesNow];
}

/** The same gaps as spans in order that do not touch. */
export function mergeSpans(spans: readonly Span[]): Span[] {
  const inOrder = [...spans].sort((a, b) => a.from - b.from);
  const merged: { from: number; to: number }[] = [];
  for (const { from, to } of inOrder) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else merged.push({ from, to });
  }
  return merged;
}
