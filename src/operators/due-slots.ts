/**
 * Slots that fall due at a time: a binary heap in typed arrays that knows where each slot stands, so that a
 * slot is in it at most once and can be moved or taken out.
 */

import { grownFloat64, grownInt32 } from '../state/grown.ts';

const initialCapacity = 64;

export class DueSlots {
  #heap: Int32Array = new Int32Array(initialCapacity);
  #count = 0;
  /** By slot: when it is due, and its position in the heap plus one, 0 for none. */
  #due: Float64Array = new Float64Array(initialCapacity);
  #place: Int32Array = new Int32Array(initialCapacity);

  has(slot: number): boolean {
    return slot < this.#place.length && this.#place[slot] !== 0;
  }

  /** The slot that is due first, or −1. */
  get first(): number {
    return this.#count === 0 ? -1 : this.#heap[0]!;
  }

  due(slot: number): number {
    return this.#due[slot]!;
  }

  /** Puts a slot in, or moves it to another time. */
  set(slot: number, due: number): void {
    if (slot >= this.#place.length) this.#grow(slot);
    this.#due[slot] = due;
    let at = this.#place[slot]! - 1;
    if (at < 0) {
      if (this.#count === this.#heap.length) this.#heap = grownInt32(this.#heap, this.#count * 2);
      at = this.#count++;
      this.#put(at, slot);
    }
    this.#settle(at);
  }

  delete(slot: number): void {
    if (!this.has(slot)) return;
    const at = this.#place[slot]! - 1;
    this.#place[slot] = 0;
    const last = this.#heap[--this.#count]!;
    if (last === slot) return;
    this.#put(at, last);
    this.#settle(at);
  }

  #put(at: number, slot: number): void {
    this.#heap[at] = slot;
    this.#place[slot] = at + 1;
  }

  /** Moves the slot at a position up or down to where it belongs. */
  #settle(from: number): void {
    const heap = this.#heap;
    const due = this.#due;
    const slot = heap[from]!;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (due[heap[parent]!]! <= due[slot]!) break;
      this.#put(at, heap[parent]!);
      at = parent;
    }
    for (;;) {
      let child = at * 2 + 1;
      if (child >= this.#count) break;
      if (child + 1 < this.#count && due[heap[child + 1]!]! < due[heap[child]!]!) child++;
      if (due[heap[child]!]! >= due[slot]!) break;
      this.#put(at, heap[child]!);
      at = child;
    }
    this.#put(at, slot);
  }

  #grow(slot: number): void {
    let capacity = this.#place.length;
    while (capacity <= slot) capacity *= 2;
    this.#due = grownFloat64(this.#due, capacity);
    this.#place = grownInt32(this.#place, capacity);
  }
}
