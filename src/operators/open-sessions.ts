/**
 * The open sessions of all partitions, one slot each: the partition's columns, first and last time, and what
 * the operator keeps beside them. A row goes into its session by its time: it extends one, connects several
 * into one, opens one, or is late. Where rows are judged by event time, a session leaves when it is closed.
 *
 *   partition ── head ─→ latest session ── next ─→ the one before it ── next ─→ −1
 *
 * Chains and times of closing are caches over the slots. Within a tick slots are stable, those of sessions
 * that were merged into others too: they leave in `settle`.
 */

import { gatherRows } from '../state/gather.ts';
import { KeyedTable } from '../state/keyed-table.ts';
import { SlotTable } from '../state/slot-table.ts';
import { grownFloat64, grownInt32 } from '../state/grown.ts';
import { TouchList } from '../state/touch-list.ts';
import type { ValueColumn, ValueSpec } from '../state/value-column.ts';
import type { Batch } from '../types/batch.ts';
import type { Column } from '../types/column.ts';
import type { SqlType } from '../types/sql-type.ts';
import { DueSlots } from './due-slots.ts';

export interface OpenSessionsOptions {
  readonly types: readonly SqlType[];
  readonly values: readonly ValueSpec[];
  readonly gap: number;
  /** Microseconds; null: no session is ever closed. */
  readonly lateness: number | null;
  /** Of sessions that merge, the slot of the latest stays instead of that of the earliest. */
  readonly keepsLatest: boolean;
  /** Session `from` is about to become a part of `to`; both are in `touched`. */
  readonly merging: (from: number, to: number) => void;
}

/** A batch's rows on their way into sessions. */
export interface TimedRows {
  /** The partition columns. */
  readonly columns: readonly Column[];
  readonly times: Float64Array;
  /** 1 for rows that go into no session; null when all do. */
  readonly skip: Uint8Array | null;
  readonly batch: Batch;
  /** The watermark of rows that carry none. */
  readonly watermark: number;
}

export class OpenSessions {
  readonly table: SlotTable;
  /** Sessions that this tick changed; `before` is 1 for one that was there before. */
  readonly touched = new TouchList();
  /** By position in `touched`: what the session was before. */
  firstBefore: Float64Array = new Float64Array(64);
  lastBefore: Float64Array = new Float64Array(64);
  /** By row of the last batch: its session's slot, −1 for none. */
  slots: Int32Array = new Int32Array(64);
  /** How many of them are −1. */
  unplaced = 0;
  readonly #options: OpenSessionsOptions;
  readonly #first: ValueColumn;
  readonly #last: ValueColumn;
  readonly #partitions: KeyedTable;
  readonly #closing = new DueSlots();
  #partitionOf: Int32Array = new Int32Array(64);
  /** By slot. */
  #next: Int32Array = new Int32Array(0);
  #owner: Int32Array = new Int32Array(0);
  /** By slot: the session that it became a part of in this tick, plus one; 0 for none. */
  #into: Int32Array = new Int32Array(0);
  /** Sessions closed up to this watermark may be forgotten. */
  #closedTo = -Infinity;
  #emptied: number[] = [];
  #mergedRows = false;
  #made: Int32Array = new Int32Array(64);
  #madeRows: Int32Array = new Int32Array(64);
  #madeCount = 0;

  constructor(options: OpenSessionsOptions) {
    this.#options = options;
    this.table = new SlotTable({
      name: 'sessions',
      types: options.types,
      values: [{ kind: 'f64' }, { kind: 'f64' }, ...options.values],
    });
    this.#first = this.table.values[0]!;
    this.#last = this.table.values[1]!;
    this.#partitions = new KeyedTable({
      name: 'partitions',
      keys: options.types,
      values: [{ kind: 'i32' }],
      tracked: false,
    });
    this.#growLinks();
  }

  /** Columns of `values`, by slot. */
  get values(): readonly ValueColumn[] {
    return this.table.values.slice(2);
  }

  get firsts(): Float64Array {
    return this.#first.f64;
  }

  get lasts(): Float64Array {
    return this.#last.f64;
  }

  isMerged(slot: number): boolean {
    return this.#into[slot] !== 0;
  }

  /** By which watermark row `i` is judged: its own, but never one before sessions were forgotten. */
  watermarkOf(rows: TimedRows, i: number): number {
    const { rowWatermarks } = rows.batch;
    return Math.max(rowWatermarks === null ? rows.watermark : rowWatermarks[i]!, this.#closedTo);
  }

  /** Puts the rows into sessions and says in `slots` which. */
  place(rows: TimedRows): void {
    const { times, skip } = rows;
    const { count, rowWatermarks } = rows.batch;
    if (this.slots.length < count) {
      this.slots = new Int32Array(count * 2);
      this.#partitionOf = new Int32Array(count * 2);
    }
    const { slots } = this;
    const partitions = this.#partitionOf;
    this.#partitions.findOrAdd(rows.columns, count, partitions);
    const heads = this.#partitions.values[0]!.i32;
    const { gap } = this.#options;
    // Without event time nothing is ever closed.
    const lateness = this.#options.lateness ?? Infinity;
    const closedTo = this.#closedTo;
    let firsts = this.firsts;
    let lasts = this.lasts;
    let next = this.#next;
    this.unplaced = 0;
    for (let i = 0; i < count; i++) {
      const partition = partitions[i]!;
      const head = heads[partition]! - 1;
      if (skip !== null && skip[i] !== 0) {
        if (head < 0) this.#emptied.push(partition);
        slots[i] = -1;
        this.unplaced++;
        continue;
      }
      const time = times[i]!;
      const own = rowWatermarks === null ? rows.watermark : rowWatermarks[i]!;
      const closed =
        lateness === Infinity ? -Infinity : (own > closedTo ? own : closedTo) - lateness;
      if (head >= 0) {
        const end = lasts[head]! + gap;
        if (end >= time && firsts[head]! - gap <= time && end > closed) {
          const before = next[head]!;
          const endBefore = before < 0 ? -Infinity : lasts[before]! + gap;
          if (endBefore < time || endBefore <= closed) {
            this.#touch(head, 1);
            if (time > lasts[head]!) lasts[head] = time;
            if (time < firsts[head]!) firsts[head] = time;
            slots[i] = head;
            continue;
          }
        }
      }
      slots[i] = this.#placeElsewhere(rows, i, closed);
      if (slots[i]! < 0) this.unplaced++;
      firsts = this.firsts;
      lasts = this.lasts;
      next = this.#next;
    }
    if (this.#mergedRows) this.#followMerged(count);
    if (this.#madeCount === 0) return;
    this.table.fill(rows.columns, this.#madeRows, this.#made, this.#madeCount, count);
    this.#madeCount = 0;
  }

  /** Any row: it may extend an earlier session, connect some, open one, or be late. */
  #placeElsewhere(rows: TimedRows, i: number, closed: number): number {
    const { gap } = this.#options;
    const { firsts, lasts } = this;
    const time = rows.times[i]!;
    const partition = this.#partitionOf[i]!;
    const reached = (slot: number): boolean =>
      slot >= 0 && lasts[slot]! + gap >= time && lasts[slot]! + gap > closed;
    let after = -1;
    let latest = this.#partitions.values[0]!.i32[partition]! - 1;
    while (latest >= 0 && firsts[latest]! - gap > time) {
      after = latest;
      latest = this.#next[latest]!;
    }
    if (!reached(latest)) {
      if (time + gap > closed) return this.#open(i, time, { after, before: latest });
      if (this.#partitions.values[0]!.i32[partition] === 0) this.#emptied.push(partition);
      return -1;
    }
    let earliest = latest;
    while (reached(this.#next[earliest]!)) earliest = this.#next[earliest]!;
    const slot = this.#join(after, latest, earliest);
    this.#touch(slot, 1);
    if (time > lasts[slot]!) lasts[slot] = time;
    if (time < firsts[slot]!) firsts[slot] = time;
    return slot;
  }

  #open(
    row: number,
    time: number,
    place: { readonly after: number; readonly before: number },
  ): number {
    const slot = this.table.allocate();
    if (this.table.capacity > this.#next.length) this.#growLinks();
    this.firsts[slot] = time;
    this.lasts[slot] = time;
    this.#owner[slot] = this.#partitionOf[row]!;
    this.#next[slot] = place.before;
    this.#link(place.after, slot);
    this.#touch(slot, 0);
    if (this.#madeCount === this.#made.length) {
      this.#made = grownInt32(this.#made, this.#madeCount * 2);
      this.#madeRows = grownInt32(this.#madeRows, this.#madeCount * 2);
    }
    this.#made[this.#madeCount] = slot;
    this.#madeRows[this.#madeCount++] = row;
    return slot;
  }

  /** Makes `slot` the one that follows `after` in its chain, or the latest. */
  #link(after: number, slot: number): void {
    if (after >= 0) this.#next[after] = slot;
    else this.#partitions.values[0]!.i32[this.#owner[slot]!] = slot + 1;
  }

  /** Makes one session of those from `latest` down to `earliest`, which follow `after`. */
  #join(after: number, latest: number, earliest: number): number {
    if (latest === earliest) return latest;
    const { firsts, lasts } = this;
    const kept = this.#options.keepsLatest ? latest : earliest;
    const rest = this.#next[earliest]!;
    this.#touch(kept, 1);
    for (let slot = latest; slot !== rest; slot = this.#next[slot]!) {
      if (slot === kept) continue;
      this.#touch(slot, 1);
      this.#options.merging(slot, kept);
      this.#into[slot] = kept + 1;
    }
    const first = firsts[earliest]!;
    lasts[kept] = lasts[latest]!;
    firsts[kept] = first;
    this.#next[kept] = rest;
    this.#link(after, kept);
    this.#mergedRows = true;
    return kept;
  }

  /** Rows of this batch that went into a session before it was merged go with it. */
  #followMerged(count: number): void {
    const into = this.#into;
    for (let i = 0; i < count; i++) {
      let slot = this.slots[i]!;
      while (slot >= 0 && into[slot] !== 0) slot = into[slot]! - 1;
      this.slots[i] = slot;
    }
    this.#mergedRows = false;
  }

  #touch(slot: number, existed: 0 | 1): void {
    const { touched } = this;
    if (!touched.touch(slot, existed)) return;
    const at = touched.count - 1;
    if (at >= this.firstBefore.length) {
      this.firstBefore = grownFloat64(this.firstBefore, at * 2);
      this.lastBefore = grownFloat64(this.lastBefore, at * 2);
    }
    this.firstBefore[at] = this.firsts[slot]!;
    this.lastBefore[at] = this.lasts[slot]!;
  }

  /** Lets go of merged sessions, and notes the others of this tick for a checkpoint and for closing. */
  settle(): void {
    const { touched, lasts } = this;
    const closes = this.#options.lateness !== null;
    for (let t = 0; t < touched.count; t++) {
      const slot = touched.entries[t]!;
      if (this.isMerged(slot)) {
        this.#into[slot] = 0;
        this.#closing.delete(slot);
        this.table.remove(slot);
        continue;
      }
      this.table.markDirty(slot);
      if (closes && !this.#closing.has(slot)) this.#closing.set(slot, lasts[slot]!);
    }
    touched.clear();
  }

  /** The sessions that this watermark closes; they stay until `forget`. */
  takeClosed(watermark: number): Int32Array {
    const { gap, lateness } = this.#options;
    this.#closedTo = watermark;
    const closed: number[] = [];
    if (lateness === null) return Int32Array.from(closed);
    const until = watermark - lateness;
    for (let slot = this.#closing.first; slot >= 0; slot = this.#closing.first) {
      if (this.#closing.due(slot) + gap > until) break;
      // It may have grown since it was noted.
      const last = this.lasts[slot]!;
      if (last + gap > until) {
        this.#closing.set(slot, last);
        continue;
      }
      this.#closing.delete(slot);
      closed.push(slot);
    }
    return Int32Array.from(closed);
  }

  forget(slots: Int32Array): void {
    const heads = this.#partitions.values[0]!.i32;
    for (const slot of slots) {
      const partition = this.#owner[slot]!;
      let after = -1;
      let at = heads[partition]! - 1;
      while (at !== slot) {
        after = at;
        at = this.#next[at]!;
      }
      const next = this.#next[slot]!;
      if (after >= 0) this.#next[after] = next;
      else heads[partition] = next + 1;
      if (heads[partition] === 0) this.#emptied.push(partition);
      this.table.remove(slot);
    }
    this.#sweep();
  }

  /** Removes partitions without sessions. */
  #sweep(): void {
    if (this.#emptied.length === 0) return;
    for (const partition of this.#emptied) {
      if (!this.#partitions.isLive(partition)) continue;
      if (this.#partitions.values[0]!.i32[partition] === 0) this.#partitions.remove(partition);
    }
    this.#emptied = [];
  }

  #growLinks(): void {
    const { capacity } = this.table;
    this.#next = grownInt32(this.#next, capacity);
    this.#owner = grownInt32(this.#owner, capacity);
    this.#into = grownInt32(this.#into, capacity);
  }

  /** Makes chains and times of closing again from the slots. `watermark` is what closed sessions before. */
  restored(watermark: number): void {
    this.#closedTo = watermark;
    this.#growLinks();
    const slots = new Int32Array(this.table.rows);
    let count = 0;
    this.table.forEach((slot) => (slots[count++] = slot));
    const { firsts, lasts } = this;
    slots.sort((a, b) => firsts[a]! - firsts[b]!);
    const columns = this.table.columns.map((column) => gatherRows(column, slots, count, null));
    const partitions = new Int32Array(count);
    this.#partitions.findOrAdd(columns, count, partitions);
    const heads = this.#partitions.values[0]!.i32;
    for (let i = 0; i < count; i++) {
      const slot = slots[i]!;
      const partition = partitions[i]!;
      this.#owner[slot] = partition;
      this.#next[slot] = heads[partition]! - 1;
      heads[partition] = slot + 1;
      if (this.#options.lateness !== null) this.#closing.set(slot, lasts[slot]!);
    }
  }
}
