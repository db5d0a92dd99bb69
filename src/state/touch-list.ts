/**
 * Which entries of a table were touched in this tick, each once, in order of first touch, with one number
 * remembered from before.
 */

import { grownFloat64, grownInt32 } from './stored-column.ts';

export class TouchList {
  /** Valid up to `count`. */
  entries: Int32Array = new Int32Array(64);
  count = 0;
  #stamps: Int32Array = new Int32Array(64);
  #before: Float64Array = new Float64Array(64);
  #tick = 1;

  has(entry: number): boolean {
    return this.#stamps[entry] === this.#tick;
  }

  /** Remembers `before` at the first touch; returns whether it was the first. */
  touch(entry: number, before: number): boolean {
    if (this.#stamps[entry] === this.#tick) return false;
    if (entry >= this.#stamps.length) this.#grow(entry);
    this.#stamps[entry] = this.#tick;
    this.#before[entry] = before;
    if (this.count === this.entries.length) this.entries = grownInt32(this.entries, this.count * 2);
    this.entries[this.count++] = entry;
    return true;
  }

  /** Touches the first `count` entries of a list; `values` has the number to remember, by entry. */
  touchAll(entries: Int32Array, count: number, values: Float64Array): void {
    if (this.#stamps.length < values.length) this.#grow(values.length - 1);
    if (this.entries.length < this.count + count) {
      this.entries = grownInt32(this.entries, (this.count + count) * 2);
    }
    const stamps = this.#stamps;
    const before = this.#before;
    const list = this.entries;
    const tick = this.#tick;
    let touched = this.count;
    for (let i = 0; i < count; i++) {
      const entry = entries[i]!;
      if (stamps[entry] === tick) continue;
      stamps[entry] = tick;
      before[entry] = values[entry]!;
      list[touched++] = entry;
    }
    this.count = touched;
  }

  before(entry: number): number {
    return this.#before[entry]!;
  }

  /** Starts the next tick with no entry touched. */
  clear(): void {
    this.count = 0;
    this.#tick++;
  }

  #grow(entry: number): void {
    let capacity = this.#stamps.length;
    while (capacity <= entry) capacity *= 2;
    this.#stamps = grownInt32(this.#stamps, capacity);
    this.#before = grownFloat64(this.#before, capacity);
  }
}
