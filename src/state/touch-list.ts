/**
 * Which entries of a table were touched in this tick, each once, in order of first touch, with one number
 * remembered from before.
 */

import { grownFloat64, grownInt32 } from './grown.ts';

export class TouchList {
  /** Valid up to `count`. */
  entries: Int32Array = new Int32Array(64);
  count = 0;
  /** By entry: its position in the list plus one, 0 while it is not there. */
  #places: Int32Array = new Int32Array(64);
  /** By position in the list. */
  #before: Float64Array = new Float64Array(64);
  /** One more than the largest entry ever touched. */
  #high = 0;

  /** Bytes of memory in use. */
  get bytes(): number {
    return this.entries.byteLength + this.#before.byteLength + this.#high * 4;
  }

  has(entry: number): boolean {
    return entry < this.#places.length && this.#places[entry] !== 0;
  }

  /** Remembers `before` at the first touch; returns whether it was the first. */
  touch(entry: number, before: number): boolean {
    if (this.has(entry)) return false;
    this.#growPlaces(entry + 1);
    this.#reserve(1);
    this.#before[this.count] = before;
    this.entries[this.count++] = entry;
    this.#places[entry] = this.count;
    if (entry >= this.#high) this.#high = entry + 1;
    return true;
  }

  /** Touches the first `count` entries of a list; `values` has the number to remember, by entry. */
  touchAll(entries: Int32Array, count: number, values: Float64Array): void {
    this.#growPlaces(values.length);
    this.#reserve(count);
    const places = this.#places;
    const before = this.#before;
    const list = this.entries;
    let at = this.count;
    let high = this.#high;
    for (let i = 0; i < count; i++) {
      const entry = entries[i]!;
      if (places[entry] !== 0) continue;
      before[at] = values[entry]!;
      list[at++] = entry;
      places[entry] = at;
      if (entry >= high) high = entry + 1;
    }
    this.count = at;
    this.#high = high;
  }

  /** What was remembered of a touched entry. */
  before(entry: number): number {
    return this.#before[this.#places[entry]! - 1]!;
  }

  /** Starts the next tick with no entry touched. */
  clear(): void {
    const places = this.#places;
    const list = this.entries;
    for (let i = 0; i < this.count; i++) places[list[i]!] = 0;
    this.count = 0;
  }

  #reserve(count: number): void {
    const needed = this.count + count;
    if (needed <= this.entries.length) return;
    this.entries = grownInt32(this.entries, needed * 2);
    this.#before = grownFloat64(this.#before, needed * 2);
  }

  #growPlaces(entries: number): void {
    if (entries <= this.#places.length) return;
    this.#places = grownInt32(this.#places, Math.max(entries, this.#places.length * 2));
  }
}
