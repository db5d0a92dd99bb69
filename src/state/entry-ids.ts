/**
 * Which entries of a state table are there: ids given out and taken back, what changed since the last
 * checkpoint, and what the last checkpoint still believes. Ids are dense, stable while an entry lives, reused
 * afterwards, and the same after recovery, so that a removal costs a segment four bytes.
 *
 * Capacity doubles; large columns grow in place then (grown.ts), so that no growth stops the dataflow.
 */

import { assert, fault } from '../base/assert.ts';
import type { ByteReader, ByteWriter } from '../base/bytes.ts';
import { SqlError, sqlstate } from '../base/errors.ts';
import { grownInt32, grownUint8 } from './grown.ts';

export const initialCapacity = 16;
/** Entries of one table; slots of the hash index keep five bits of the hash beside an id. */
export const entriesMax = 2 ** 27 - 2;
/** Lists longer than this are let go when they are empty. */
const smallCapacity = 1 << 16;

const live = 1;
const dirtyFlag = 2;
const persisted = 4;

export class EntryIds {
  readonly name: string;
  /** Entries 0 to high − 1 have been given out. */
  high = 0;
  capacity = initialCapacity;
  rows = 0;
  readonly #tracked: boolean;
  #flags: Uint8Array = new Uint8Array(initialCapacity);
  #free: Int32Array = new Int32Array(initialCapacity);
  #freeCount = 0;
  /** Segments were loaded: the free ids must be found again. */
  #freeStale = false;
  #dirty: Int32Array = new Int32Array(initialCapacity);
  #dirtyCount = 0;
  /** Ids that a segment holds and that were taken back since. */
  #freed: Int32Array = new Int32Array(initialCapacity);
  #freedCount = 0;

  /** Without `tracked` nothing is noted for checkpoints. */
  constructor(name: string, tracked: boolean) {
    this.name = name;
    this.#tracked = tracked;
  }

  /** Bytes of memory in use. */
  get bytes(): number {
    return this.high + (this.#freeCount + this.#dirtyCount + this.#freedCount) * 4;
  }

  get dirty(): boolean {
    return this.#dirtyCount > 0 || this.#freedCount > 0;
  }

  /** Entries that the next delta may hold. */
  get dirtyRows(): number {
    return this.#dirtyCount;
  }

  /** Every id within the capacity is in use: the owner grows its columns before the next `take`. */
  get full(): boolean {
    return this.rows === this.capacity;
  }

  isLive(entry: number): boolean {
    return entry < this.high && (this.#flags[entry]! & live) !== 0;
  }

  forEach(visit: (entry: number) => void): void {
    for (let entry = 0; entry < this.high; entry++) {
      if ((this.#flags[entry]! & live) !== 0) visit(entry);
    }
  }

  /** Live entries among `from` to `to` − 1, ascending. */
  list(from = 0, to = this.high): Int32Array {
    const flags = this.#flags;
    const list = new Int32Array(to - from);
    let count = 0;
    for (let entry = from; entry < to; entry++) {
      if ((flags[entry]! & live) !== 0) list[count++] = entry;
    }
    return count === list.length ? list : list.slice(0, count);
  }

  /** Gives out an id. */
  take(): number {
    if (this.#freeStale) this.#findFree();
    let entry: number;
    if (this.#freeCount > 0) {
      entry = this.#free[--this.#freeCount]!;
    } else {
      if (this.high === this.capacity) fault(`${this.name} gives out more entries than it has`);
      entry = this.high++;
    }
    // What a segment holds of the id's last entry is overwritten by the next one.
    this.#flags[entry] = live;
    this.rows++;
    this.markDirty(entry);
    return entry;
  }

  /** The entry belongs into the next delta. */
  markDirty(entry: number): void {
    if (!this.#tracked) return;
    const flags = this.#flags;
    if ((flags[entry]! & dirtyFlag) !== 0) return;
    flags[entry] = flags[entry]! | dirtyFlag;
    if (this.#dirtyCount === this.#dirty.length)
      this.#dirty = grownInt32(this.#dirty, this.#dirty.length * 2);
    this.#dirty[this.#dirtyCount++] = entry;
  }

  /** Takes an id back. */
  release(entry: number): void {
    const flags = this.#flags[entry]!;
    if ((flags & live) === 0) fault(`entry ${entry} of ${this.name} is removed twice`);
    if (this.#tracked && (flags & persisted) !== 0) {
      if (this.#freedCount === this.#freed.length)
        this.#freed = grownInt32(this.#freed, this.#freed.length * 2);
      this.#freed[this.#freedCount++] = entry;
    }
    this.#drop(entry);
    if (this.#freeStale) return;
    if (this.#freeCount === this.#free.length)
      this.#free = grownInt32(this.#free, this.#free.length * 2);
    this.#free[this.#freeCount++] = entry;
  }

  /** Forgets all entries; only where nothing is noted for checkpoints. Ids start from 0 again. */
  clear(): void {
    assert(!this.#tracked, `${this.name} is kept and cannot be cleared`);
    this.#flags.fill(0, 0, this.high);
    this.#freeCount = 0;
    this.high = 0;
    this.rows = 0;
  }

  #drop(entry: number): void {
    this.#flags[entry] = 0;
    this.rows--;
  }

  #findFree(): void {
    this.#freeStale = false;
    this.#free = new Int32Array(Math.max(initialCapacity, this.high - this.rows));
    this.#freeCount = 0;
    for (let entry = this.high - 1; entry >= 0; entry--) {
      if ((this.#flags[entry]! & live) === 0) this.#free[this.#freeCount++] = entry;
    }
  }

  /** Makes room for `entries` ids; `growColumns` gives the columns the capacity that it is told. */
  grow(entries: number, growColumns: (capacity: number) => void): void {
    if (entries <= this.capacity) return;
    if (entries > entriesMax) {
      throw new SqlError(sqlstate.outOfMemory, `state "${this.name}" has too many entries`, {
        hint: `One state table holds up to ${entriesMax} entries.`,
      });
    }
    let { capacity } = this;
    while (capacity < entries) capacity *= 2;
    capacity = Math.min(capacity, entriesMax);
    this.#flags = grownUint8(this.#flags, capacity);
    growColumns(capacity);
    this.capacity = capacity;
  }

  /**
   * Appends the ids that the next delta frees and gives those that it writes, in memory that is good until the
   * next change: the first `rows` of what is dirty. They count as clean then.
   */
  writeDelta(writer: ByteWriter, rows = Infinity): Int32Array {
    const flags = this.#flags;
    const freed = this.#freed;
    let freedCount = 0;
    for (let i = 0; i < this.#freedCount; i++) {
      const entry = freed[i]!;
      if ((flags[entry]! & live) === 0) freed[freedCount++] = entry;
      // It was given out again: what segments hold of it is overwritten, or freed if it goes before that.
      else flags[entry] = flags[entry]! | persisted;
    }
    writeIds(writer, freed.subarray(0, freedCount));
    this.#freedCount = 0;
    const taken = Math.min(rows, this.#dirtyCount);
    const written = this.#dirty.slice(0, taken);
    let count = 0;
    for (let i = 0; i < taken; i++) {
      const entry = written[i]!;
      // An id that was taken back and given out again stands in the list twice.
      if ((flags[entry]! & (live | dirtyFlag)) !== (live | dirtyFlag)) continue;
      flags[entry] = live | persisted;
      written[count++] = entry;
    }
    if (taken === this.#dirtyCount) {
      this.#clean();
    } else {
      this.#dirty.copyWithin(0, taken, this.#dirtyCount);
      this.#dirtyCount -= taken;
    }
    return written.subarray(0, count);
  }

  /** Like writeDelta, for live entries among `from` to `to` − 1, dirty or not. What is dirty stays so. */
  writeRange(writer: ByteWriter, from: number, to: number): Int32Array {
    const entries = this.list(from, to);
    const flags = this.#flags;
    for (let i = 0; i < entries.length; i++) {
      flags[entries[i]!] = flags[entries[i]!]! | persisted;
    }
    writeIds(writer, noIds);
    return entries;
  }

  /** Like writeDelta, for all entries. */
  writeAll(writer: ByteWriter): Int32Array {
    const entries = this.list();
    const flags = this.#flags;
    for (let i = 0; i < entries.length; i++) flags[entries[i]!] = live | persisted;
    writeIds(writer, noIds);
    this.#clean();
    return entries;
  }

  #clean(): void {
    this.#dirtyCount = 0;
    this.#freedCount = 0;
    if (this.#dirty.length > smallCapacity) this.#dirty = new Int32Array(initialCapacity);
    if (this.#freed.length > smallCapacity) this.#freed = new Int32Array(initialCapacity);
  }

  /** Reads the freed ids of a segment; `forget` is told of each that is there. */
  readFreed(reader: ByteReader, forget: (entry: number) => void): void {
    for (const entry of readIds(reader)) {
      // What was written before a base and freed after is in no segment any more.
      if (!this.isLive(entry)) continue;
      this.#drop(entry);
      forget(entry);
    }
    this.#freeStale = true;
  }

  /** Reads the written ids of a segment; they live from now on and are clean. */
  readWritten(reader: ByteReader, growColumns: (capacity: number) => void): Int32Array {
    const entries = readIds(reader);
    let high = this.high;
    for (let i = 0; i < entries.length; i++) if (entries[i]! >= high) high = entries[i]! + 1;
    this.grow(high, growColumns);
    this.high = high;
    const flags = this.#flags;
    let added = 0;
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i]!;
      if ((flags[entry]! & live) === 0) added++;
      flags[entry] = live | persisted;
    }
    this.rows += added;
    return entries;
  }

  /** Entries that came by another way than by their ids, and are in segments: clean. */
  adopt(): void {
    for (let i = 0; i < this.#dirtyCount; i++) {
      const entry = this.#dirty[i]!;
      if ((this.#flags[entry]! & live) !== 0) this.#flags[entry] = live | persisted;
    }
    this.#clean();
  }
}

const noIds = new Int32Array(0);
const listed = 0;
const ranged = 1;

/** How many, then all of them, or the first alone when they follow each other. */
export function writeIds(writer: ByteWriter, ids: Int32Array): void {
  writer.varint(ids.length);
  if (ids.length === 0) return;
  if (isRange(ids)) writer.uint8(ranged).varint(ids[0]!);
  else writer.uint8(listed).array(ids);
}

function readIds(reader: ByteReader): Int32Array {
  const count = reader.varint();
  if (count === 0) return noIds;
  const form = reader.uint8();
  if (form === listed) return reader.int32Array(count);
  assert(form === ranged, 'a state segment lists its entries in an unknown form');
  const first = reader.varint();
  const ids = new Int32Array(count);
  for (let i = 0; i < count; i++) ids[i] = first + i;
  return ids;
}

/** Whether each id is one more than the one before. */
export function isRange(ids: Int32Array): boolean {
  const first = ids[0]!;
  if (ids[ids.length - 1]! - first !== ids.length - 1) return false;
  for (let i = 1; i < ids.length; i++) if (ids[i] !== first + i) return false;
  return true;
}
