/**
 * Many short lists of numbers in one array: the rows that a partition keeps, in their order. A list is known by its
 * place and its length, which its owner keeps. Its room doubles as it grows; what it leaves is taken by others. A
 * cache: not part of checkpoints.
 */

import { grownInt32 } from './grown.ts';

/** Room of the shortest list. */
const roomMin = 4;

export class ShortLists {
  /** The numbers; replaced on growth. A list stands from its place on. */
  cells: Int32Array = new Int32Array(256);
  #end = 0;
  /** Places of free rooms, by the logarithm of their size. */
  readonly #free: number[][] = [];

  /** Where a list of `length` numbers that stands at `place` can take one more; one of length 0 has no place yet. */
  roomForMore(place: number, length: number): number {
    if (length === 0) return this.#take(roomMin);
    if (length < roomMin || (length & (length - 1)) !== 0) return place;
    const larger = this.#take(length * 2);
    this.cells.copyWithin(larger, place, place + length);
    (this.#free[31 - Math.clz32(length)] ??= []).push(place);
    return larger;
  }

  #take(room: number): number {
    const free = this.#free[31 - Math.clz32(room)]?.pop();
    if (free !== undefined) return free;
    const place = this.#end;
    this.#end += room;
    if (this.#end > this.cells.length) this.cells = grownInt32(this.cells, this.#end * 2);
    return place;
  }
}
