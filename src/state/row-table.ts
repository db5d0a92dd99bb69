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
import type { StoredColumn } from './stored-column.ts';
import type { StoredRows } from './stored-rows.ts';
import type { Contents, EntryRanges } from './state-table.ts';
import { TouchList } from './touch-list.ts';
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
  /** Sum of all weights. */
  totalWeight = 0;
  readonly #appendOnly: boolean;
  /** Entries changed in this tick, with their weights before it. */
  readonly #touched = new TouchList();
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

  /** Entries changed in this tick, in order of first change; valid up to `touchedCount`. */
  get touched(): Int32Array {
    return this.#touched.entries;
  }

  get touchedCount(): number {
    return this.#touched.count;
  }

  /** Distinct rows. */
  get rows(): number {
    return this.table.rows;
  }

  get bytes(): number {
    let total = this.table.bytes + this.#touched.bytes;
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
    return this.#touched.has(entry) ? this.#touched.before(entry) : this.weight(entry);
  }

  isTouched(entry: number): boolean {
    return this.#touched.has(entry);
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

  /** Keeps an index no longer. */
  removeIndex(index: RowIndex): void {
    this.indexes.splice(this.indexes.indexOf(index), 1);
  }

  /** Adds weighted rows (null: +1 each). Row i stands in entries[i] until the next apply. */
  apply(columns: readonly Column[], count: number, weights: Int32Array | null): void {
    if (this.entries.length < count) this.entries = new Int32Array(count * 2);
    const { entries } = this;
    const rowsBefore = this.table.rows;
    if (this.#appendOnly) this.table.append(columns, count, entries);
    else this.table.findOrAdd(columns, count, entries);
    this.#growIndexes();
    if (this.table.rows > rowsBefore) {
      for (const index of this.indexes) index.link(columns, entries, count);
    }
    const current = this.table.values[0]!.f64;
    this.#touched.touchAll(entries, count, current);
    let total = 0;
    for (let i = 0; i < count; i++) {
      const entry = entries[i]!;
      const weight = weights === null ? 1 : weights[i]!;
      current[entry] = current[entry]! + weight;
      total += weight;
    }
    this.totalWeight += total;
  }

  /** Adds to the weight of an entry that is already there. */
  addWeight(entry: number, weight: number): void {
    const current = this.table.values[0]!.f64;
    this.#touched.touch(entry, current[entry]!);
    current[entry] = current[entry]! + weight;
    this.totalWeight += weight;
  }

  /** The entry belongs to what this tick changed, although maybe not its weight. */
  touch(entry: number): void {
    this.#touched.touch(entry, this.weight(entry));
  }

  /** Ends the tick: rows of weight 0 go, and no weight may be below it. */
  endTick(): void {
    const current = this.table.values[0]!.f64;
    const { entries, count } = this.#touched;
    for (let i = 0; i < count; i++) {
      const entry = entries[i]!;
      const weight = current[entry]!;
      if (!(weight >= 0)) fault(`${this.name}: a row has multiplicity ${weight}`);
      if (weight === 0) this.#drop(entry);
      else this.table.markDirty(entry);
    }
    this.#touched.clear();
    this.sweep();
  }

  #drop(entry: number): void {
    for (const index of this.indexes) if (index.isLinked(entry)) index.unlink(entry);
    this.table.remove(entry);
  }

  /**
   * Lets a row go between two ticks. `sweep` has to follow.
   */
  forget(entry: number): void {
    this.totalWeight -= this.weight(entry);
    for (const index of this.indexes) if (index.isLinked(entry)) index.unlink(entry);
    this.table.remove(entry);
  }

  /** After rows were forgotten. */
  sweep(): void {
    for (const index of this.indexes) index.sweep();
  }

  #growIndexes(): void {
    for (const index of this.indexes) index.grow(this.table.capacity);
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

  get contents(): Contents {
    return this.table.contents;
  }

  writeForeign(writer: ByteWriter): void {
    this.table.writeForeign(writer);
  }

  get ranges(): EntryRanges {
    return this.table.ranges;
  }

  load(reader: ByteReader): void {
    this.table.load(reader);
  }

  /** After loading: makes indexes and sums again. */
  restored(): void {
    this.#growIndexes();
    this.totalWeight = 0;
    this.table.forEach((entry) => (this.totalWeight += this.weight(entry)));
    for (const index of this.indexes) this.#fill(index);
  }
}
