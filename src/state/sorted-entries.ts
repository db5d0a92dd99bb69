/**
 * Entry ids in a total order given by a comparison: the ordered values of a group (min, max, top-n,
 * OVER). Chunks of at most 256 make insertion and removal cost a binary search and a short move, also
 * with a million entries. A cache: it is rebuilt from a row table after recovery.
 */

import { assert } from '../base/assert.ts';

const chunkMax = 256;

export type EntryOrder = (a: number, b: number) => number;

export class SortedEntries {
  readonly #compare: EntryOrder;
  #chunks: number[][] = [];
  size = 0;

  constructor(compare: EntryOrder) {
    this.#compare = compare;
  }

  /** Adds an entry that is not there. */
  add(entry: number): void {
    this.size++;
    if (this.#chunks.length === 0) {
      this.#chunks.push([entry]);
      return;
    }
    const at = Math.min(this.#chunkOf(entry), this.#chunks.length - 1);
    const chunk = this.#chunks[at]!;
    chunk.splice(this.#positionIn(chunk, entry), 0, entry);
    if (chunk.length > chunkMax) {
      this.#chunks.splice(at + 1, 0, chunk.splice(chunkMax / 2));
    }
  }

  /** Removes an entry that is there; its values must still be readable. */
  delete(entry: number): void {
    const at = this.#chunkOf(entry);
    const chunk = this.#chunks[at];
    const position = chunk === undefined ? -1 : this.#positionIn(chunk, entry);
    assert(chunk?.[position] === entry, `entry ${entry} is not in its order`);
    chunk.splice(position, 1);
    if (chunk.length === 0) this.#chunks.splice(at, 1);
    this.size--;
  }

  first(): number | undefined {
    return this.#chunks[0]?.[0];
  }

  last(): number | undefined {
    return this.#chunks.at(-1)?.at(-1);
  }

  *[Symbol.iterator](): Iterator<number> {
    for (const chunk of this.#chunks) yield* chunk;
  }

  /** From the last to the first; the entries may not change meanwhile. */
  *backwards(): Generator<number> {
    for (let c = this.#chunks.length - 1; c >= 0; c--) {
      const chunk = this.#chunks[c]!;
      for (let i = chunk.length - 1; i >= 0; i--) yield chunk[i]!;
    }
  }

  toArray(): number[] {
    return this.#chunks.flat();
  }

  /** The first chunk whose last entry is not before `entry`; the number of chunks when there is none. */
  #chunkOf(entry: number): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#compare(this.#chunks[middle]!.at(-1)!, entry) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #positionIn(chunk: readonly number[], entry: number): number {
    let low = 0;
    let high = chunk.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#compare(chunk[middle]!, entry) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
