/**
 * Entry ids in a total order given by a comparison: the ordered values of a group (min, max, top-n,
 * OVER). Chunks of at most 256 make insertion and removal cost a binary search and a short move, also
 * with a million entries. A cache: it is rebuilt from a row table after recovery.
 */

import { assert } from '../base/assert.ts';

const chunkMax = 256;

export type EntryOrder = (a: number, b: number) => number;

/** Neighbours of the order, never none. */
export interface EntryChunk {
  readonly entries: number[];
  /** For who counts rows by position: the sum of the entries' weights; −1 when it has to be counted again. */
  weight: number;
  /** What else is worth keeping about its entries, by a number that its user chooses; holds while `weight` does. */
  summaries: unknown[];
}

export class SortedEntries {
  readonly compare: EntryOrder;
  readonly #chunks: EntryChunk[] = [];
  size = 0;

  constructor(compare: EntryOrder) {
    this.compare = compare;
  }

  get chunks(): readonly EntryChunk[] {
    return this.#chunks;
  }

  /** Adds an entry that is not there. */
  add(entry: number): void {
    this.size++;
    if (this.#chunks.length === 0) {
      this.#chunks.push(chunkOf([entry]));
      return;
    }
    const at = Math.min(this.#chunkOf(entry), this.#chunks.length - 1);
    const chunk = this.#chunks[at]!;
    const { entries } = chunk;
    entries.splice(this.#positionIn(entries, entry), 0, entry);
    chunk.weight = -1;
    if (entries.length > chunkMax) {
      this.#chunks.splice(at + 1, 0, chunkOf(entries.splice(chunkMax / 2)));
    }
  }

  /** The weight of an entry that is there has changed. */
  reweigh(entry: number): void {
    const chunk = this.#chunks[this.#chunkOf(entry)];
    if (chunk !== undefined) chunk.weight = -1;
  }

  /** Removes an entry that is there; its values must still be readable. */
  delete(entry: number): void {
    const at = this.#chunkOf(entry);
    const chunk = this.#chunks[at];
    const position = chunk === undefined ? -1 : this.#positionIn(chunk.entries, entry);
    assert(chunk?.entries[position] === entry, `entry ${entry} is not in its order`);
    chunk.entries.splice(position, 1);
    chunk.weight = -1;
    if (chunk.entries.length === 0) this.#chunks.splice(at, 1);
    this.size--;
  }

  first(): number | undefined {
    return this.#chunks[0]?.entries[0];
  }

  last(): number | undefined {
    return this.#chunks.at(-1)?.entries.at(-1);
  }

  *[Symbol.iterator](): Iterator<number> {
    for (const chunk of this.#chunks) yield* chunk.entries;
  }

  /** From an entry that is there to the last. */
  *from(entry: number): Generator<number> {
    const at = this.#chunkOf(entry);
    for (let c = at; c < this.#chunks.length; c++) {
      const { entries } = this.#chunks[c]!;
      const first = c === at ? this.#positionIn(entries, entry) : 0;
      for (let i = first; i < entries.length; i++) yield entries[i]!;
    }
  }

  /** From the last to the first; the entries may not change meanwhile. */
  *backwards(): Generator<number> {
    for (let c = this.#chunks.length - 1; c >= 0; c--) {
      const chunk = this.#chunks[c]!.entries;
      for (let i = chunk.length - 1; i >= 0; i--) yield chunk[i]!;
    }
  }

  toArray(): number[] {
    return this.#chunks.flatMap((chunk) => chunk.entries);
  }

  /** The first chunk whose last entry is not before `entry`; the number of chunks when there is none. */
  #chunkOf(entry: number): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.compare(this.#chunks[middle]!.entries.at(-1)!, entry) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #positionIn(chunk: readonly number[], entry: number): number {
    let low = 0;
    let high = chunk.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.compare(chunk[middle]!, entry) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function chunkOf(entries: number[]): EntryChunk {
  return { entries, weight: -1, summaries: [] };
}
