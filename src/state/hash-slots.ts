/**
 * The hash index of a keyed table: open addressing with linear probing over int32 slots. A slot holds the entry's
 * id plus one and, above it, five bits of its hash, so that a probe looks at the keys of almost no entry but
 * the right one.
 *
 * A small index doubles. A large one grows by linear hashing: its slots are blocks of one size, each probed for
 * itself, and when the entries pass what they may, one block is divided between itself and a new one at the end.
 * So growth costs the division of one block at a time, however many entries there are.
 *
 *   hash:  tag (5 bits) · block · slot in the block (14 bits)
 */

import { fault } from '../base/assert.ts';
import { grownInt32 } from './grown.ts';

/** Bits of a slot that are the id plus one. The others are the hash's. */
export const idMask = 0x07ff_ffff;
export const tagMask = ~idMask;

/** Slots of a full block. */
export const blockBits = 14;
const blockSlots = 1 << blockBits;
const initialSlots = 32;
/** Entries a slot, before a small index doubles. */
const fullest = 0.7;
/** Entries a slot of a large index on the average; a block that is divided next has twice as many as its halves. */
const average = 0.42;

/** What the index needs to know of its table. */
export interface HashedEntries {
  /** One more than the largest id. */
  readonly high: number;
  readonly rows: number;
  isLive(entry: number): boolean;
  hashAt(entry: number): number;
  /** The hashes of `entries[0..count)`, or of entries `from` to `from + count` − 1, valid until the next call. */
  hashesOf(entries: Int32Array | null, from: number, count: number): Int32Array;
}

/** Entries that are put in at once when the index is made anew. */
const chunk = 4096;

export class HashSlots {
  readonly #entries: HashedEntries;
  /** Read by generated loops, as are the other public fields: `place` in table-code.ts finds an entry's first slot. */
  slots: Int32Array = new Int32Array(initialSlots);
  /** Of a position within its block. */
  mask = initialSlots - 1;
  blocks = 1;
  /** Of a block's number when all that can be addressed by one more bit are there, and by one bit less. */
  blockMask = 0;
  /** How many entries there may be before it grows. */
  #limit = Math.floor(initialSlots * fullest);
  /** Blocks divided so far, ever. */
  divisions = 0;

  constructor(entries: HashedEntries) {
    this.#entries = entries;
  }

  get bytes(): number {
    return this.blocks * (this.mask + 1) * 4;
  }

  /** Makes room for one more entry; true when entries have moved. */
  makeRoom(): boolean {
    if (this.#entries.rows < this.#limit) return false;
    if (this.mask + 1 < blockSlots) this.#remake((this.mask + 1) * 2, 1);
    else this.#divide();
    return true;
  }

  /** Makes the slots anew, all at once, for `rows` entries. */
  rebuild(rows: number): void {
    let size = this.mask + 1;
    while (size < blockSlots && size * fullest <= rows) size *= 2;
    const full = size * fullest <= rows;
    this.#remake(
      size,
      full ? Math.max(this.blocks, Math.ceil(rows / (size * average))) : this.blocks,
    );
  }

  #remake(size: number, blocks: number): void {
    this.slots = grownInt32(new Int32Array(0), size * blocks);
    this.mask = size - 1;
    this.#setBlocks(blocks);
    if (blocks === 1) this.#putAll();
    else this.#putByBlocks();
  }

  #putAll(): void {
    const { high } = this.#entries;
    for (let from = 0; from < high; from += chunk) {
      const count = Math.min(chunk, high - from);
      const hashes = this.#entries.hashesOf(null, from, count);
      for (let i = 0; i < count; i++) {
        if (this.#entries.isLive(from + i)) this.#put(from + i + 1, hashes[i]!);
      }
    }
  }

  /** Like putAll, one block after the other, so that its slots stay in the processor's caches. */
  #putByBlocks(): void {
    const { high, rows } = this.#entries;
    const starts = new Int32Array(this.blocks + 1);
    const visit = (each: (entry: number, hash: number) => void): void => {
      for (let from = 0; from < high; from += chunk) {
        const count = Math.min(chunk, high - from);
        const hashes = this.#entries.hashesOf(null, from, count);
        for (let i = 0; i < count; i++) {
          if (this.#entries.isLive(from + i)) each(from + i, hashes[i]!);
        }
      }
    };
    visit((_, hash) => starts[(this.#place(hash) >>> blockBits) + 1]!++);
    for (let block = 0; block < this.blocks; block++) starts[block + 1]! += starts[block]!;
    const contents = new Int32Array(rows);
    const hashes = new Int32Array(rows);
    visit((entry, hash) => {
      const at = starts[this.#place(hash) >>> blockBits]!++;
      contents[at] = entry + 1;
      hashes[at] = hash;
    });
    for (let at = 0; at < rows; at++) this.#put(contents[at]!, hashes[at]!);
  }

  #setBlocks(blocks: number): void {
    this.blocks = blocks;
    this.blockMask = blocks === 1 ? 0 : 2 ** (32 - Math.clz32(blocks - 1)) - 1;
    this.#limit = Math.floor((this.mask + 1) * (blocks === 1 ? fullest : blocks * average));
  }

  /** Adds a block and moves to it what belongs there of the one that is its other half. */
  #divide(): void {
    const added = this.blocks;
    this.slots = grownInt32(this.slots, blockSlots * (added + 1));
    this.#setBlocks(added + 1);
    this.divisions++;
    const from = (added & (this.blockMask >>> 1)) << blockBits;
    const old = this.slots.subarray(from, from + blockSlots);
    const entries = new Int32Array(blockSlots);
    let count = 0;
    for (let slot = 0; slot < blockSlots; slot++) {
      if (old[slot] !== 0) entries[count++] = (old[slot]! & idMask) - 1;
    }
    old.fill(0);
    const hashes = this.#entries.hashesOf(entries, 0, count);
    for (let i = 0; i < count; i++) this.#put(entries[i]! + 1, hashes[i]!);
  }

  /** Where the probing of a hash begins. */
  #place(hash: number): number {
    let block = (hash >>> blockBits) & this.blockMask;
    if (block >= this.blocks) block &= this.blockMask >>> 1;
    return (block << blockBits) | (hash & this.mask);
  }

  #put(content: number, hash: number): void {
    const { slots, mask } = this;
    let slot = this.#place(hash);
    const block = slot & ~mask;
    while (slots[slot] !== 0) slot = block | ((slot + 1) & mask);
    slots[slot] = content | (hash & tagMask);
  }

  /** Forgets all entries and keeps the memory. */
  clear(): void {
    this.slots.fill(0);
  }

  /** Takes an entry out and closes the gap, so that no tombstone slows later probes. */
  remove(entry: number): void {
    const { slots, mask } = this;
    const entries = this.#entries;
    let gap = this.#place(entries.hashAt(entry));
    const block = gap & ~mask;
    while ((slots[gap]! & idMask) !== entry + 1) {
      if (slots[gap] === 0) fault(`entry ${entry} is not in its slots`);
      gap = block | ((gap + 1) & mask);
    }
    for (let at = block | ((gap + 1) & mask); slots[at] !== 0; at = block | ((at + 1) & mask)) {
      const home = entries.hashAt((slots[at]! & idMask) - 1) & mask;
      if (((at - home) & mask) >= ((at - gap) & mask)) {
        slots[gap] = slots[at]!;
        gap = at;
      }
    }
    slots[gap] = 0;
  }
}
