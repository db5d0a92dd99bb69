/**
 * Rows with weights: a multiset of whole rows as columns, with any number of secondary indexes. It is the
 * state of joins, of partitions (top-n, OVER, sessions), of value multisets and of stored relations.
 *
 * Changes of one tick gather until `endTick`: until then a row whose weight fell to 0 keeps its entry, and
 * `weightBefore` tells the weight it had at the start. Rows are the same when they print the same.
 */

import { assert, fault } from '../base/assert.ts';
import type { ByteReader, ByteWriter } from '../base/bytes.ts';
import type { Column } from '../types/column.ts';
import type { SqlType } from '../types/sql-type.ts';
import { gatherRows } from './gather.ts';
import { KeyedTable } from './keyed-table.ts';
import { RowIndex } from './row-index.ts';
import { grownFloat64, grownInt32 } from './stored-column.ts';
import type { StoredColumn } from './stored-column.ts';
import type { StoredRows } from './stored-rows.ts';
import type { ValueColumn, ValueSpec } from './value-column.ts';

const rebuildChunk = 4096;

export interface RowTableOptions {
  readonly name: string;
  readonly types: readonly SqlType[];
  /** Value columns besides the weight; they start at `values[1]` of the table. */
  readonly values?: readonly ValueSpec[];
  /** Rows are only ever added: each becomes an entry of its own and no row is looked up. */
  readonly appendOnly?: boolean;
  /** False for rows that no checkpoint keeps. */
  readonly tracked?: boolean;
}

export class RowTable implements StoredRows {
  readonly table: KeyedTable;
  readonly types: readonly SqlType[];
  readonly indexes: RowIndex[] = [];
  /** Entry of each row of the batch applied last. */
  entries: Int32Array = new Int32Array(64);
  /** Entries changed in this tick, in order of first change. */
  touched: Int32Array = new Int32Array(64);
  touchedCount = 0;
  /** Sum of all weights. */
  totalWeight = 0;
  readonly #appendOnly: boolean;
  #stamps: Int32Array = new Int32Array(0);
  #before: Float64Array = new Float64Array(0);
  #tick = 1;
  #stored: readonly StoredColumn[] | null = null;

  constructor(options: RowTableOptions) {
    this.types = options.types;
    this.#appendOnly = options.appendOnly ?? false;
    this.table = new KeyedTable({
      name: options.name,
      keys: options.types,
      values: [{ kind: 'f64' }, ...(options.values ?? [])],
      exact: true,
      hashed: !this.#appendOnly,
      tracked: options.tracked ?? true,
    });
  }

  get name(): string {
    return this.table.name;
  }

  /** Distinct rows. */
  get rows(): number {
    return this.table.rows;
  }

  get bytes(): number {
    let total = this.table.bytes + this.#stamps.byteLength + this.#before.byteLength;
    for (const index of this.indexes) total += index.bytes;
    return total;
  }

  get dirty(): boolean {
    return this.table.dirty;
  }

  get columns(): readonly Column[] {
    return this.table.keys.map((key) => key.stored.column);
  }

  /** Where the columns stand. */
  get stored(): readonly StoredColumn[] {
    return (this.#stored ??= this.table.keys.map((key) => key.stored));
  }

  /** The i-th extra value column. */
  value(i: number): ValueColumn {
    return this.table.values[i + 1]!;
  }

  /** Weights by entry. For loops. */
  get weights(): Float64Array {
    return this.table.values[0]!.f64;
  }

  weight(entry: number): number {
    return this.table.values[0]!.f64[entry]!;
  }

  /** The weight at the start of this tick. */
  weightBefore(entry: number): number {
    return this.#stamps[entry] === this.#tick ? this.#before[entry]! : this.weight(entry);
  }

  isTouched(entry: number): boolean {
    return this.#stamps[entry] === this.#tick;
  }

  /** An index over some columns, filled with the rows there are. */
  addIndex(columns: readonly number[], nullSafe: readonly boolean[] | true = true): RowIndex {
    const index = new RowIndex({
      columns,
      types: columns.map((column) => this.types[column]!),
      nullSafe: nullSafe === true ? columns.map(() => true) : nullSafe,
    });
    this.indexes.push(index);
    this.#fill(index);
    return index;
  }

  /** Adds weighted rows (null: +1 each). Row i stands in entries[i] until the next apply. */
  apply(columns: readonly Column[], count: number, weights: Int32Array | null): void {
    if (this.entries.length < count) this.entries = new Int32Array(count * 2);
    const { entries } = this;
    const rowsBefore = this.table.rows;
    if (this.#appendOnly) this.table.append(columns, count, entries);
    else this.table.findOrAdd(columns, count, entries);
    this.#growCaches();
    if (this.table.rows > rowsBefore) {
      for (const index of this.indexes) index.link(columns, entries, count);
    }
    this.#touchAll(entries, count);
    const current = this.table.values[0]!.f64;
    let total = 0;
    for (let i = 0; i < count; i++) {
      const entry = entries[i]!;
      const weight = weights === null ? 1 : weights[i]!;
      current[entry] = current[entry]! + weight;
      total += weight;
    }
    this.totalWeight += total;
  }

  #touchAll(entries: Int32Array, count: number): void {
    if (this.touched.length < this.touchedCount + count) {
      this.touched = grownInt32(this.touched, (this.touchedCount + count) * 2);
    }
    const stamps = this.#stamps;
    const before = this.#before;
    const list = this.touched;
    const tick = this.#tick;
    const current = this.table.values[0]!.f64;
    let touched = this.touchedCount;
    for (let i = 0; i < count; i++) {
      const entry = entries[i]!;
      if (stamps[entry] === tick) continue;
      stamps[entry] = tick;
      before[entry] = current[entry]!;
      list[touched++] = entry;
    }
    this.touchedCount = touched;
  }

  /** Adds to the weight of an entry that is already there. */
  addWeight(entry: number, weight: number): void {
    if (this.#stamps[entry] !== this.#tick) this.#touch(entry);
    const current = this.table.values[0]!.f64;
    current[entry] = current[entry]! + weight;
    this.totalWeight += weight;
  }

  /** The entry belongs to what this tick changed, although maybe not its weight. */
  touch(entry: number): void {
    if (this.#stamps[entry] !== this.#tick) this.#touch(entry);
  }

  #touch(entry: number): void {
    this.#stamps[entry] = this.#tick;
    this.#before[entry] = this.table.values[0]!.f64[entry]!;
    if (this.touchedCount === this.touched.length) {
      this.touched = grownInt32(this.touched, this.touchedCount * 2);
    }
    this.touched[this.touchedCount++] = entry;
  }

  /** Ends the tick: rows of weight 0 go, and no weight may be below it. */
  endTick(): void {
    const current = this.table.values[0]!.f64;
    for (let i = 0; i < this.touchedCount; i++) {
      const entry = this.touched[i]!;
      const weight = current[entry]!;
      if (!(weight >= 0)) fault(`${this.name}: a row has multiplicity ${weight}`);
      if (weight === 0) this.#drop(entry);
      else this.table.markDirty(entry);
    }
    this.touchedCount = 0;
    this.#tick++;
    this.sweep();
  }

  #drop(entry: number): void {
    for (const index of this.indexes) if (index.isLinked(entry)) index.unlink(entry);
    this.table.remove(entry);
  }

  /**
   * Lets a row go between two ticks without a word in the next segment: whoever does that does it again after
   * recovery. `sweep` has to follow.
   */
  forget(entry: number): void {
    this.totalWeight -= this.weight(entry);
    for (const index of this.indexes) if (index.isLinked(entry)) index.unlink(entry);
    this.table.remove(entry, { silent: true });
  }

  /** After rows were forgotten. */
  sweep(): void {
    for (const index of this.indexes) index.sweep();
  }

  #growCaches(): void {
    const capacity = this.table.capacity;
    if (this.#stamps.length >= capacity) return;
    this.#stamps = grownInt32(this.#stamps, capacity);
    this.#before = grownFloat64(this.#before, capacity);
    for (const index of this.indexes) index.grow(capacity);
  }

  #fill(index: RowIndex): void {
    index.grow(this.table.capacity);
    const entries = this.table.entries();
    for (let at = 0; at < entries.length; at += rebuildChunk) {
      const chunk = entries.subarray(at, at + rebuildChunk);
      const columns = this.columns.map((column, c) =>
        index.columns.includes(c) ? gatherRows(column, chunk, chunk.length, null) : column,
      );
      index.link(columns, chunk, chunk.length);
    }
    index.sweep();
  }

  writeDelta(writer: ByteWriter): void {
    assert(this.touchedCount === 0, `${this.name} is written in the middle of a tick`);
    this.table.writeDelta(writer);
  }

  writeBase(writer: ByteWriter): void {
    assert(this.touchedCount === 0, `${this.name} is written in the middle of a tick`);
    this.table.writeBase(writer);
  }

  load(reader: ByteReader): void {
    this.table.load(reader);
  }

  /** After loading: makes indexes and sums again. */
  restored(): void {
    this.#growCaches();
    this.totalWeight = 0;
    this.table.forEach((entry) => (this.totalWeight += this.weight(entry)));
    for (const index of this.indexes) this.#fill(index);
  }
}
