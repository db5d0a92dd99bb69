/**
 * Rows in numbered slots, as columns: for operators that find their rows by indexes of their own (append-only
 * joins, first rows of a group). Nothing is hashed; a row is added, read in place and let go by its slot.
 *
 * Slots go into segments with their numbers, so that letting a row go costs four bytes in a checkpoint. They
 * are stable while a row lives, reused afterwards, and the same after recovery.
 */

import { assert, fault } from '../base/assert.ts';
import type { ByteReader, ByteWriter } from '../base/bytes.ts';
import type { Column } from '../types/column.ts';
import type { SqlType } from '../types/sql-type.ts';
import { readColumn, writeColumn } from './column-segment.ts';
import type { StateTable } from './state-table.ts';
import { StoredColumn, grownInt32, grownUint8 } from './stored-column.ts';
import { ValueColumn } from './value-column.ts';
import type { ValueSpec } from './value-column.ts';

const segmentVersion = 1;
const live = 1;
const dirtyFlag = 2;
const persisted = 4;
const initialCapacity = 16;

export class SlotTable implements StateTable {
  readonly name: string;
  readonly types: readonly SqlType[];
  readonly stored: readonly StoredColumn[];
  /** What is kept beside a row; 0 or NULL when it is added. */
  readonly values: readonly ValueColumn[];
  #flags: Uint8Array = new Uint8Array(initialCapacity);
  #capacity = initialCapacity;
  /** Slots 0 to #high − 1 have been given out. */
  #high = 0;
  #free: Int32Array = new Int32Array(initialCapacity);
  #freeCount = 0;
  /** Segments were loaded: the free slots must be found again. */
  #freeStale = false;
  /** What is added to slot numbers of segments: they count from 0 in each table that wrote some. */
  #loadedFrom = 0;
  #rows = 0;
  #dirty: Int32Array = new Int32Array(initialCapacity);
  #dirtyCount = 0;
  /** Slots that a segment holds and that were let go since. */
  #freed: Int32Array = new Int32Array(initialCapacity);
  #freedCount = 0;
  #columns: readonly Column[] | null = null;

  constructor(options: {
    readonly name: string;
    readonly types: readonly SqlType[];
    readonly values?: readonly ValueSpec[];
  }) {
    this.name = options.name;
    this.types = options.types;
    this.stored = options.types.map((type) => new StoredColumn(type, initialCapacity));
    this.values = (options.values ?? []).map((spec) => new ValueColumn(spec, initialCapacity));
  }

  get rows(): number {
    return this.#rows;
  }

  get capacity(): number {
    return this.#capacity;
  }

  get bytes(): number {
    let total = this.#flags.byteLength + this.#free.byteLength + this.#dirty.byteLength;
    for (const column of this.stored) total += column.bytes;
    for (const value of this.values) total += value.bytes;
    return total;
  }

  get dirty(): boolean {
    return this.#dirtyCount > 0 || this.#freedCount > 0;
  }

  /** The rows by slot; valid until the next change. */
  get columns(): readonly Column[] {
    return (this.#columns ??= this.stored.map((each) => each.column));
  }

  /** One more than the largest slot ever given out. */
  get high(): number {
    return this.#high;
  }

  isLive(slot: number): boolean {
    return slot < this.#high && (this.#flags[slot]! & live) !== 0;
  }

  forEach(visit: (slot: number) => void): void {
    for (let slot = 0; slot < this.#high; slot++) {
      if ((this.#flags[slot]! & live) !== 0) visit(slot);
    }
  }

  /** Adds rows `rows[0..count)` of a batch (rows 0 to count − 1 when null); `slots` tells where they stand. */
  add(
    columns: readonly Column[],
    rows: Int32Array | null,
    count: number,
    slots: Int32Array,
    batchCount: number = count,
  ): void {
    for (let i = 0; i < count; i++) slots[i] = this.allocate();
    this.fill(columns, rows, slots, count, batchCount);
  }

  /** Sets the columns of allocated slots, as `add` does. */
  fill(
    columns: readonly Column[],
    rows: Int32Array | null,
    slots: Int32Array,
    count: number,
    batchCount: number,
  ): void {
    this.#columns = null;
    for (let c = 0; c < this.stored.length; c++) {
      const stored = this.stored[c]!;
      stored.scatter(stored.accept(columns[c]!, batchCount), rows, slots, count);
    }
  }

  /** Takes a slot whose columns `fill` is to set before anyone reads them. */
  allocate(): number {
    if (this.#freeStale) this.#findFree();
    let slot: number;
    if (this.#freeCount > 0) {
      slot = this.#free[--this.#freeCount]!;
    } else {
      if (this.#high === this.#capacity) this.#grow(this.#capacity * 2);
      slot = this.#high++;
    }
    // What a segment holds of the slot's last row is overwritten by the next one.
    this.#flags[slot] = live;
    this.#rows++;
    this.markDirty(slot);
    return slot;
  }

  /** The slot's values were changed and belong into the next delta. */
  markDirty(slot: number): void {
    const flags = this.#flags;
    if ((flags[slot]! & dirtyFlag) !== 0) return;
    flags[slot] = flags[slot]! | dirtyFlag;
    if (this.#dirtyCount === this.#dirty.length) {
      this.#dirty = grownInt32(this.#dirty, this.#dirtyCount * 2);
    }
    this.#dirty[this.#dirtyCount++] = slot;
  }

  /** Lets a row go. */
  remove(slot: number): void {
    const flags = this.#flags[slot]!;
    if ((flags & live) === 0) fault(`slot ${slot} of ${this.name} is freed twice`);
    if ((flags & persisted) !== 0) {
      if (this.#freedCount === this.#freed.length) {
        this.#freed = grownInt32(this.#freed, this.#freedCount * 2);
      }
      this.#freed[this.#freedCount++] = slot;
    }
    this.#release(slot);
    if (this.#freeStale) return;
    if (this.#freeCount === this.#free.length) {
      this.#free = grownInt32(this.#free, this.#freeCount * 2);
    }
    this.#free[this.#freeCount++] = slot;
  }

  #release(slot: number): void {
    this.#flags[slot] = 0;
    for (const column of this.stored) column.clear(slot);
    for (const value of this.values) value.clear(slot);
    this.#rows--;
  }

  #grow(capacity: number): void {
    this.#capacity = capacity;
    this.#flags = grownUint8(this.#flags, capacity);
    for (const column of this.stored) column.grow(capacity);
    for (const value of this.values) value.grow(capacity);
  }

  #findFree(): void {
    this.#freeStale = false;
    this.#free = new Int32Array(Math.max(initialCapacity, this.#high - this.#rows));
    this.#freeCount = 0;
    for (let slot = this.#high - 1; slot >= 0; slot--) {
      if ((this.#flags[slot]! & live) === 0) this.#free[this.#freeCount++] = slot;
    }
  }

  writeDelta(writer: ByteWriter): void {
    const freed = new Set<number>();
    for (let i = 0; i < this.#freedCount; i++) {
      const slot = this.#freed[i]!;
      if ((this.#flags[slot]! & live) === 0) freed.add(slot);
    }
    const changed = new Int32Array(this.#dirtyCount);
    let count = 0;
    for (let i = 0; i < this.#dirtyCount; i++) {
      const slot = this.#dirty[i]!;
      // A slot that was freed and given out again stands in the list twice.
      if ((this.#flags[slot]! & (live | dirtyFlag)) !== (live | dirtyFlag)) continue;
      this.#flags[slot] = live | persisted;
      changed[count++] = slot;
    }
    this.#write(writer, Int32Array.from(freed), changed.slice(0, count));
  }

  writeBase(writer: ByteWriter): void {
    this.writePart(writer, this.entries());
  }

  /** Live slots, ascending. */
  entries(): Int32Array {
    const all = new Int32Array(this.#rows);
    let count = 0;
    this.forEach((slot) => (all[count++] = slot));
    return all;
  }

  /** Appends a base of these slots alone, for a table that takes over a part of this one. */
  writePart(writer: ByteWriter, slots: Int32Array): void {
    for (const slot of slots) this.#flags[slot] = live | persisted;
    this.#write(writer, new Int32Array(0), slots);
  }

  /** version, freed slots, then the numbers, columns and values of the changed ones. */
  #write(writer: ByteWriter, freed: Int32Array, slots: Int32Array): void {
    writer.uint8(segmentVersion).varint(freed.length).array(freed);
    writer.varint(slots.length).array(slots);
    this.stored.forEach((stored, c) => {
      writeColumn(writer, stored.column, this.types[c]!, slots, slots.length);
    });
    for (const value of this.values) value.write(writer, slots, slots.length);
    this.#dirtyCount = 0;
    this.#freedCount = 0;
  }

  beginPart(): void {
    this.#loadedFrom = this.#high;
  }

  load(reader: ByteReader): void {
    const version = reader.uint8();
    assert(version === segmentVersion, `state segment of ${this.name} has version ${version}`);
    for (const freed of reader.int32Array(reader.varint())) {
      const slot = freed + this.#loadedFrom;
      assert(
        this.isLive(slot),
        `a state segment frees slot ${slot} that ${this.name} does not hold`,
      );
      this.#release(slot);
    }
    const count = reader.varint();
    let slots = reader.int32Array(count);
    if (this.#loadedFrom > 0) slots = slots.map((slot) => slot + this.#loadedFrom);
    for (const slot of slots) this.#take(slot);
    for (let c = 0; c < this.stored.length; c++) {
      const stored = this.stored[c]!;
      const column = readColumn(reader, this.types[c]!, count);
      stored.scatter(stored.accept(column, count), null, slots, count);
    }
    for (const value of this.values) value.read(reader, slots, count);
    this.#columns = null;
    this.#freeStale = true;
  }

  #take(slot: number): void {
    let capacity = this.#capacity;
    while (slot >= capacity) capacity *= 2;
    if (capacity > this.#capacity) this.#grow(capacity);
    if (slot >= this.#high) this.#high = slot + 1;
    if ((this.#flags[slot]! & live) === 0) this.#rows++;
    this.#flags[slot] = live | persisted;
  }
}
