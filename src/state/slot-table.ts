/**
 * Rows in numbered slots, as columns: for operators that find their rows by indexes of their own (append-only
 * joins, first rows of a group). Nothing is hashed; a row is added, read in place and let go by its slot.
 * Slots are stable while a row lives, reused afterwards, and the same after recovery.
 */

import { assert } from '../base/assert.ts';
import type { ByteReader, ByteWriter } from '../base/bytes.ts';
import type { Column } from '../types/column.ts';
import type { SqlType } from '../types/sql-type.ts';
import { readColumn, writeColumn } from './column-segment.ts';
import { EntryIds, writeIds } from './entry-ids.ts';
import type { Contents, EntryRanges, StateTable } from './state-table.ts';
import { StoredColumn } from './stored-column.ts';
import { ValueColumn } from './value-column.ts';
import type { ValueSpec } from './value-column.ts';

const segmentVersion = 2;
/** Rows are named by their slots, or come for a table that gives them slots of its own. */
const bySlot = 0;
const added = 1;

export class SlotTable implements StateTable {
  readonly name: string;
  readonly types: readonly SqlType[];
  readonly stored: readonly StoredColumn[];
  /** What is kept beside a row; 0 or NULL when it is added. */
  readonly values: readonly ValueColumn[];
  readonly #slots: EntryIds;
  #columns: readonly Column[] | null = null;

  readonly #ranges: EntryRanges;

  constructor(options: {
    readonly name: string;
    readonly types: readonly SqlType[];
    readonly values?: readonly ValueSpec[];
  }) {
    this.name = options.name;
    this.types = options.types;
    const slots = new EntryIds(options.name, true);
    this.#slots = slots;
    this.#ranges = {
      get high() {
        return slots.high;
      },
      get dirtyRows() {
        return slots.dirtyRows;
      },
      writeDirty: (writer, rows) => this.#writeDirty(writer, rows),
      write: (writer, from, to) => this.#writeRange(writer, from, to),
    };
    this.stored = options.types.map((type) => new StoredColumn(type, this.#slots));
    this.values = (options.values ?? []).map((spec) => new ValueColumn(spec, this.#slots));
  }

  get rows(): number {
    return this.#slots.rows;
  }

  /** One more than the largest slot ever given out. */
  get high(): number {
    return this.#slots.high;
  }

  get capacity(): number {
    return this.#slots.capacity;
  }

  get bytes(): number {
    let total = this.#slots.bytes;
    for (const column of this.stored) total += column.bytes;
    for (const value of this.values) total += value.bytes;
    return total;
  }

  get dirty(): boolean {
    return this.#slots.dirty;
  }

  /** The rows by slot; valid until the next change. */
  get columns(): readonly Column[] {
    return (this.#columns ??= this.stored.map((each) => each.column));
  }

  isLive(slot: number): boolean {
    return this.#slots.isLive(slot);
  }

  /** Live slots, ascending. */
  entries(): Int32Array {
    return this.#slots.list();
  }

  forEach(visit: (slot: number) => void): void {
    this.#slots.forEach(visit);
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
    if (this.#slots.full) this.#slots.grow(this.#slots.high + 1, this.#growColumns);
    return this.#slots.take();
  }

  /** The slot's values were changed and belong into the next delta. */
  markDirty(slot: number): void {
    this.#slots.markDirty(slot);
  }

  /** Lets a row go. */
  remove(slot: number): void {
    this.#slots.release(slot);
    this.#clear(slot);
  }

  readonly #clear = (slot: number): void => {
    for (const column of this.stored) column.clear(slot);
    for (const value of this.values) value.clear(slot);
  };

  readonly #growColumns = (capacity: number): void => {
    for (const column of this.stored) column.grow(capacity);
    for (const value of this.values) value.grow(capacity);
  };

  writeDelta(writer: ByteWriter): void {
    this.#writeDirty(writer, Infinity);
  }

  writeBase(writer: ByteWriter): void {
    writer.uint8(segmentVersion).uint8(bySlot);
    this.#writeNamed(writer, this.#slots.writeAll(writer));
  }

  get ranges(): EntryRanges {
    return this.#ranges;
  }

  #writeDirty(writer: ByteWriter, rows: number): number {
    writer.uint8(segmentVersion).uint8(bySlot);
    return this.#writeNamed(writer, this.#slots.writeDelta(writer, rows));
  }

  #writeRange(writer: ByteWriter, from: number, to: number): number {
    writer.uint8(segmentVersion).uint8(bySlot);
    return this.#writeNamed(writer, this.#slots.writeRange(writer, from, to));
  }

  get contents(): Contents {
    const { stored, types, values } = this;
    return {
      columns: stored.map(({ column }, c) => ({ column, type: types[c]! })),
      values,
      entries: () => this.entries(),
      writePart: (writer, slots) => this.writePart(writer, slots),
    };
  }

  writeForeign(writer: ByteWriter): void {
    this.writePart(writer, this.entries());
  }

  /** Appends these rows for a table that adds them in slots of its own. */
  writePart(writer: ByteWriter, slots: Int32Array): void {
    writer.uint8(segmentVersion).uint8(added).varint(slots.length);
    this.#writeRows(writer, slots);
  }

  #writeNamed(writer: ByteWriter, slots: Int32Array): number {
    writeIds(writer, slots);
    this.#writeRows(writer, slots);
    return slots.length;
  }

  #writeRows(writer: ByteWriter, slots: Int32Array): void {
    this.stored.forEach((stored, c) => {
      writeColumn(writer, stored.column, this.types[c]!, slots, slots.length);
    });
    for (const value of this.values) value.write(writer, slots, slots.length);
  }

  load(reader: ByteReader): void {
    const version = reader.uint8();
    assert(version === segmentVersion, `state segment of ${this.name} has version ${version}`);
    const slots = reader.uint8() === added ? this.#addSlots(reader) : this.#readSlots(reader);
    for (let c = 0; c < this.stored.length; c++) {
      this.stored[c]!.put(readColumn(reader, this.types[c]!, slots.length), slots);
    }
    for (const value of this.values) value.read(reader, slots, slots.length);
    this.#columns = null;
  }

  #readSlots(reader: ByteReader): Int32Array {
    this.#slots.readFreed(reader, this.#clear);
    return this.#slots.readWritten(reader, this.#growColumns);
  }

  #addSlots(reader: ByteReader): Int32Array {
    const slots = new Int32Array(reader.varint());
    for (let i = 0; i < slots.length; i++) slots[i] = this.allocate();
    this.#slots.adopt();
    return slots;
  }
}
