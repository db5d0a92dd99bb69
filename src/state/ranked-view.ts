/**
 * Entries in order as a sequence of rows, each entry as often as its weight says: which entry stands at a
 * position and where an entry begins, in time that grows with the logarithm of the sequence. Two views over one
 * order, with the weights from before a change and those after it, show the sequence as it was and as it is.
 *
 * Making a view costs a step a chunk; a chunk is counted when it is first looked into.
 */

import { assert } from '../base/assert.ts';
import type { EntryChunk, SortedEntries } from './sorted-entries.ts';

export class RankedView {
  /** Rows. */
  readonly count: number;
  readonly #chunks: readonly EntryChunk[];
  readonly #weightOf: (entry: number) => number;
  /** Rows before each chunk, and at last all. */
  readonly #starts: Float64Array;
  /** By chunk looked into: the rows of the chunk before each of its entries, and at last all. */
  readonly #inner: (Int32Array | undefined)[] = [];
  /** What was asked of chunks whose summaries do not hold. */
  readonly #own = new Map<number, unknown[]>();
  /** The chunk and the entry in it that were found last. */
  #chunk = 0;
  #offset = 0;

  constructor(sorted: SortedEntries, weightOf: (entry: number) => number) {
    this.#chunks = sorted.chunks;
    this.#weightOf = weightOf;
    this.#starts = new Float64Array(this.#chunks.length + 1);
    let total = 0;
    for (let c = 0; c < this.#chunks.length; c++) {
      this.#starts[c] = total;
      const { weight } = this.#chunks[c]!;
      total += weight >= 0 ? weight : this.#innerOf(c).at(-1)!;
    }
    this.#starts[this.#chunks.length] = total;
    this.count = total;
  }

  /** The entry at a position below `count`. */
  entryAt(position: number): number {
    return this.#chunks[this.#seek(position)]!.entries[this.#offset]!;
  }

  /** Whether the entry at a position has further rows. */
  hasCopies(position: number): boolean {
    const inner = this.#innerOf(this.#seek(position));
    return inner[this.#offset + 1]! - inner[this.#offset]! > 1;
  }

  /** The position of the first row for whose entry `test` holds; it has to hold for all that follow. */
  firstWhere(test: (entry: number) => boolean): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (test(this.#chunks[middle]!.entries.at(-1)!)) high = middle;
      else low = middle + 1;
    }
    if (low === this.#chunks.length) return this.count;
    const { entries } = this.#chunks[low]!;
    let from = 0;
    let to = entries.length - 1;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (test(entries[middle]!)) to = middle;
      else from = middle + 1;
    }
    return this.#starts[low]! + this.#innerOf(low)[from]!;
  }

  /** How many chunks there are, and the positions at which one begins and ends. */
  get chunkCount(): number {
    return this.#chunks.length;
  }

  chunkFrom(chunk: number): number {
    return this.#starts[chunk]!;
  }

  /** The chunk in which a position below `count` is. */
  chunkAt(position: number): number {
    return this.#seek(position);
  }

  /** What `make` says about a chunk, kept under `slot` for as long as the chunk stays as it is. */
  summary<T>(chunk: number, slot: number, make: (from: number, to: number) => T): T {
    const { weight, summaries } = this.#chunks[chunk]!;
    let kept = summaries;
    if (weight < 0) {
      kept = this.#own.get(chunk) ?? [];
      this.#own.set(chunk, kept);
    }
    kept[slot] ??= { of: make(this.#starts[chunk]!, this.#starts[chunk + 1]!) };
    return (kept[slot] as { readonly of: T }).of;
  }

  /** From now on this is what the chunks hold. */
  settle(): void {
    for (let c = 0; c < this.#chunks.length; c++) {
      const chunk = this.#chunks[c]!;
      if (chunk.weight >= 0) continue;
      chunk.weight = this.#starts[c + 1]! - this.#starts[c]!;
      chunk.summaries = this.#own.get(c) ?? [];
    }
  }

  /** Makes `#chunk` and `#offset` those of a position; gives the chunk. */
  #seek(position: number): number {
    assert(position >= 0 && position < this.count, `position ${position} of ${this.count}`);
    let chunk = this.#chunk;
    if (position < this.#starts[chunk]! || position >= this.#starts[chunk + 1]!) {
      let low = 0;
      let high = this.#chunks.length - 1;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (this.#starts[middle + 1]! > position) high = middle;
        else low = middle + 1;
      }
      chunk = low;
      this.#chunk = chunk;
      this.#offset = 0;
    }
    const inner = this.#innerOf(chunk);
    const within = position - this.#starts[chunk]!;
    const near = this.#offset;
    if (holds(inner, near, within)) return chunk;
    if (holds(inner, near + 1, within)) this.#offset = near + 1;
    else if (holds(inner, within, within)) this.#offset = within;
    else this.#offset = lastNotAfter(inner, within);
    return chunk;
  }

  #innerOf(chunk: number): Int32Array {
    const known = this.#inner[chunk];
    if (known !== undefined) return known;
    const { entries } = this.#chunks[chunk]!;
    const inner = new Int32Array(entries.length + 1);
    let total = 0;
    for (let i = 0; i < entries.length; i++) {
      inner[i] = total;
      total += this.#weightOf(entries[i]!);
    }
    inner[entries.length] = total;
    this.#inner[chunk] = inner;
    return inner;
  }
}

function holds(inner: Int32Array, offset: number, row: number): boolean {
  return offset + 1 < inner.length && inner[offset]! <= row && row < inner[offset + 1]!;
}

/** The last offset whose entry begins at or before `row`: the one that has it, as those without rows come first. */
function lastNotAfter(inner: Int32Array, row: number): number {
  let low = 0;
  let high = inner.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (inner[middle]! <= row) low = middle;
    else high = middle - 1;
  }
  return low;
}
