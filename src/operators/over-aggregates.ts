/**
 * Aggregates over the frames of a partition. An accumulator hears of rows as they enter and leave the frame;
 * where the order of values shows in the result, or rows are excluded, each frame is folded anew.
 *
 * A `FrameTotal` is an accumulator and the rows that it has heard of. One that is kept from tick to tick makes
 * a frame that begins with the partition cost what has changed since, not what it holds.
 */

import type { Accumulator } from '../expr/functions/registry.ts';
import type { Datum } from '../types/datum.ts';
import { Frames } from './over-frame.ts';
import type { CallSite, Stretch } from './over-functions.ts';
import type { OverRows } from './over-rows.ts';
import type { PartitionChanges } from './partition-changes.ts';

/** From so many rows on the best of a chunk stands for all its rows. */
const summarizedFrom = 512;

export class FrameTotal {
  readonly #site: CallSite;
  readonly #skipsNull: boolean;
  #accumulator: Accumulator;
  /** It has heard of the rows [low, high). */
  #low = 0;
  #high = 0;
  /** Of some rows it has heard only by way of others: none can be taken back. */
  #summarized = false;

  constructor(site: CallSite) {
    this.#site = site;
    const fn = site.call.aggregate!;
    this.#skipsNull = fn.skipsNull && site.call.args.length > 0;
    this.#accumulator = this.#made();
  }

  /** Over the rows [from, to). */
  valueOf(rows: OverRows, from: number, to: number): Datum | null {
    const moved = Math.abs(from - this.#low) + Math.abs(to - this.#high);
    const isAhead = from === this.#low && to >= this.#high;
    if (moved > to - from || (this.#summarized && !isAhead)) this.#startAt(rows, from, to);
    for (; this.#high < to; this.#high++) this.#add(rows, this.#high, 1);
    while (this.#low > from) this.#add(rows, --this.#low, 1);
    for (; this.#low < from; this.#low++) this.#add(rows, this.#low, -1);
    while (this.#high > to) this.#add(rows, --this.#high, -1);
    return this.#accumulator.finish();
  }

  /** What it has heard of it takes to be of the sequence after the changes, or of the one before them again. */
  rebase(rows: OverRows, changes: PartitionChanges, to: 'now' | 'before'): void {
    const { length } = changes.entries;
    const old = to === 'now' ? changes.weightsBefore : changes.weightsNow;
    const fresh = to === 'now' ? changes.weightsNow : changes.weightsBefore;
    const places = to === 'now' ? changes.placesBefore : changes.placesNow;
    const low = this.#low;
    const high = this.#high;
    for (let j = 0; j < length; j++) {
      const place = places[j]!;
      const end = place + old[j]!;
      const heard = Math.max(0, Math.min(end, high) - Math.max(place, low));
      const starts = place >= low && place < high;
      const weight = (starts ? fresh[j]! : 0) - heard;
      if (weight !== 0) this.#tell(this.#accumulator, rows, changes.entries[j]!, weight);
      this.#low += (place < low ? fresh[j]! : 0) - Math.max(0, Math.min(end, low) - place);
      this.#high += (place < high ? fresh[j]! : 0) - Math.max(0, Math.min(end, high) - place);
    }
  }

  #made(): Accumulator {
    return this.#site.call.aggregate!.accumulator(this.#site.argTypes, this.#site.evaluation);
  }

  #startAt(rows: OverRows, from: number, to: number): void {
    this.#accumulator = this.#made();
    this.#low = from;
    this.#high = from;
    this.#summarized = false;
    const { call } = this.#site;
    if (call.aggregate!.state !== 'extreme') return;
    if (call.frame.start.kind !== 'unbounded-preceding' || to - from < summarizedFrom) return;
    this.#summarized = true;
    const { view } = rows;
    const chunks = view.chunkAt(to - 1);
    for (let c = view.chunkAt(from); c < chunks; c++) {
      const best = view.summary(c, this.#site.index, (first, end) => {
        const inside = this.#made();
        for (let i = first; i < end; i++) this.#tell(inside, rows, rows.view.entryAt(i), 1);
        return inside.finish();
      });
      if (best !== null) this.#accumulator.add([best], 1);
      this.#high = view.chunkFrom(c + 1);
    }
  }

  #add(rows: OverRows, row: number, weight: number): void {
    this.#tell(this.#accumulator, rows, rows.view.entryAt(row), weight);
  }

  #tell(accumulator: Accumulator, rows: OverRows, entry: number, weight: number): void {
    const { args, filter } = this.#site.call;
    if (filter !== null && rows.datumOf(entry, filter) !== true) return;
    const values: (Datum | null)[] = [];
    for (const arg of args) values.push(rows.datumOf(entry, arg));
    if (this.#skipsNull && values[0] === null) return;
    accumulator.add(values, weight);
  }
}

/** Whether a call's value of a frame can follow from that of another frame. */
export function slides({ call }: CallSite): boolean {
  return call.frame.exclude === 'no others' && call.aggregate!.state !== 'values';
}

/** The call's value for every row of the stretches, which are in order. */
export function aggregateCall(
  site: CallSite,
  rows: OverRows,
  stretches: readonly Stretch[],
  total: FrameTotal | null,
): (Datum | null)[] {
  const frames = new Frames(site.call.frame, site.offsets, rows);
  const values: (Datum | null)[] = [];
  if (!slides(site)) {
    for (const { from, to } of stretches) {
      for (let i = from; i < to; i++) values.push(foldAnew(site, rows, frames, i));
    }
    return values;
  }
  const sliding = total ?? new FrameTotal(site);
  let from = -1;
  let to = -1;
  let value: Datum | null = null;
  for (const stretch of stretches) {
    for (let i = stretch.from; i < stretch.to; i++) {
      frames.move(i);
      if (frames.from !== from || frames.to !== to) {
        ({ from, to } = frames);
        value = sliding.valueOf(rows, from, to);
      }
      values.push(value);
    }
  }
  return values;
}

function foldAnew(site: CallSite, rows: OverRows, frames: Frames, i: number): Datum | null {
  const { args, filter, aggregate } = site.call;
  const fn = aggregate!;
  const accumulator = fn.accumulator(site.argTypes, site.evaluation);
  frames.move(i);
  for (let row = frames.from; row < frames.to; row++) {
    if (filter !== null && rows.datum(row, filter) !== true) continue;
    if (frames.leavesOut(i, row)) continue;
    const values = args.map((arg) => rows.datum(row, arg));
    if (fn.skipsNull && values.length > 0 && values[0] === null) continue;
    accumulator.add(values, 1);
  }
  return accumulator.finish();
}
