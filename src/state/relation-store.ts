/**
 * The rows of a table or materialized view, as columns: a multiset of rows with weights that changes are
 * applied to, that is scanned and looked up by any columns. Indexes are made when first looked up by and
 * kept from then on.
 *
 * Batches that `scan` and `lookup` give are valid until the next change or the next batch. A scan may be left
 * open while changes come: it still gives the rows as they stood when it began (open-scan.ts).
 */

import { assert } from '../base/assert.ts';
import type { ByteReader, ByteWriter } from '../base/bytes.ts';
import type { Batch } from '../types/batch.ts';
import type { Column } from '../types/column.ts';
import type { Datum } from '../types/datum.ts';
import type { SqlType } from '../types/sql-type.ts';
import { gatherRows } from './gather.ts';
import { KeyedRows } from './keyed-rows.ts';
import { OpenScan } from './open-scan.ts';
import type { RowIndex } from './row-index.ts';
import { RowTable } from './row-table.ts';
import type { StoredRows } from './stored-rows.ts';
import type { EntryRanges, StateTable } from './state-table.ts';

const scanRows = 1024;
/** Fewer rows are scanned rather than indexed. */
const lookupRowsMin = 256;
/** Counting stops here: more is many. */
const countedMax = 1000;
/** Indexes that queries may cause for one relation, besides those that writes need. */
const indexesMax = 4;
/** Rows of a look-up by a part of the columns that are read sooner than an index is made for all of them. */
const narrowRowsMax = 256;

/** Columns, and the value that each must have. */
export interface Lookup {
  readonly columns: readonly number[];
  readonly values: readonly (Datum | null)[];
}

export class RelationStore implements StateTable {
  readonly types: readonly SqlType[];
  readonly #rows: StoredRows;
  /** The same rows when they are kept by key, for look-ups that need no index. */
  readonly #keyed: KeyedRows | null;
  #indexes: RowIndex[] = [];
  /** Columns of the indexes that somebody asked for, which are kept whatever queries ask. */
  #declared: readonly (readonly number[])[] = [];
  readonly #scans = new Set<OpenScan>();
  /** Segments were loaded and sums and indexes must be made before the next use. */
  #stale = false;

  /** `key`: columns of which no two rows are equal at the end of a step, or null for a multiset. */
  constructor(name: string, types: readonly SqlType[], key: readonly number[] | null = null) {
    this.types = types;
    this.#keyed = key === null ? null : new KeyedRows(name, types, key);
    this.#rows = this.#keyed ?? new RowTable({ name, types });
  }

  get name(): string {
    return this.#rows.name;
  }

  /** Distinct rows kept; `rowCount` counts each with its weight. */
  get rows(): number {
    return this.#rows.rows;
  }

  get rowCount(): number {
    return this.#current().totalWeight;
  }

  get bytes(): number {
    return this.#rows.bytes;
  }

  get dirty(): boolean {
    return this.#rows.dirty;
  }

  /** Applies weighted changes as one step; afterwards no row may have a negative multiplicity. */
  apply(batch: Batch): void {
    this.add(batch);
    this.endStep();
  }

  /** Like apply, in several batches: `endStep` ends the step and checks it. Do not read in between. */
  add(batch: Batch): void {
    assert(
      batch.columns.length === this.types.length,
      `${this.name} has ${this.types.length} columns, a change has ${batch.columns.length}`,
    );
    const rows = this.#current();
    rows.apply(batch.columns, batch.count, batch.weights);
    for (const scan of this.#scans) scan.changed(batch, rows.entries);
  }

  #current(): StoredRows {
    if (this.#stale) this.#rows.restored();
    this.#stale = false;
    return this.#rows;
  }

  endStep(): void {
    this.#rows.endTick();
  }

  /** All rows as of the first batch's moment, projected to `ordinals`, with their weights. */
  *scan(ordinals: readonly number[]): Generator<Batch> {
    const entries = this.#rows.table.entries();
    const scan = new OpenScan(entries);
    this.#scans.add(scan);
    try {
      for (let at = 0; at < entries.length; at += scanRows) {
        scan.read = Math.min(entries.length, at + scanRows);
        yield this.#gather(entries.subarray(at, scan.read), ordinals);
      }
      yield* scan.undo(ordinals);
    } finally {
      this.#scans.delete(scan);
    }
  }

  /** The rows whose columns `columns` equal `values` (NULL equals NULL), projected to `ordinals`. */
  *lookup(
    columns: readonly number[],
    values: readonly (Datum | null)[],
    ordinals: readonly number[],
  ): Generator<Batch> {
    const entries = [...this.#found(columns, values)];
    for (let at = 0; at < entries.length; at += scanRows) {
      yield this.#gather(Int32Array.from(entries.slice(at, at + scanRows)), ordinals);
    }
  }

  /** Whether there is such a row. */
  contains(columns: readonly number[], values: readonly (Datum | null)[]): boolean {
    if (this.rows === 0) return false;
    return this.#found(columns, values).next().done !== true;
  }

  /** Entries whose columns have these values. */
  *#found(columns: readonly number[], values: readonly (Datum | null)[]): Generator<number> {
    const keys = keyColumns(values);
    const found = new Int32Array(1);
    const byKey = this.#keyColumns(columns);
    if (byKey !== null) {
      this.#current().table.find(
        byKey.map((position) => keys[position]!),
        1,
        found,
      );
      if (found[0]! >= 0) yield found[0]!;
      return;
    }
    const index = this.#indexOn(columns);
    const inOrder = index.columns.map((column) => keys[columns.indexOf(column)]!);
    index.table.find(inOrder, 1, found);
    if (found[0]! < 0) return;
    for (let row = index.head(found[0]!); row >= 0; row = index.next[row]!) yield row;
  }

  /** Where the parts of the key stand among `columns`; null when these are not the key. */
  #keyColumns(columns: readonly number[]): number[] | null {
    if (this.#keyed === null || !this.#keyed.findsByKey) return null;
    if (columns.length !== this.#keyed.key.length) return null;
    const positions = this.#keyed.key.map((ordinal) => columns.indexOf(ordinal));
    return positions.includes(-1) ? null : positions;
  }

  /**
   * Whether looking up beats scanning: there is an index, or enough rows to make one for, and few enough
   * indexes, so that queries over ever other columns do not fill the memory.
   */
  worthLookup(columns: readonly number[]): boolean {
    if (this.#findIndex(columns) !== undefined || this.#keyColumns(columns) !== null) return true;
    if (this.#declared.some((each) => sameColumns(each, columns))) return true;
    const caused = this.#indexes.filter((index) => !this.#isDeclared(index)).length;
    return this.rows >= lookupRowsMin && caused < indexesMax;
  }

  /** The indexes to keep, in place of those before. One that is no longer declared goes. */
  declareIndexes(declared: readonly (readonly number[])[]): void {
    const gone = this.#indexes.filter(
      (index) =>
        this.#isDeclared(index) && !declared.some((each) => sameColumns(each, index.columns)),
    );
    this.#declared = declared;
    for (const index of gone) this.#rows.removeIndex(index);
    this.#indexes = this.#indexes.filter((index) => !gone.includes(index));
  }

  /** Makes an index now, which would otherwise be made at its first use. */
  makeIndex(columns: readonly number[]): void {
    this.#indexOn(columns);
  }

  #isDeclared(index: RowIndex): boolean {
    return this.#declared.some((each) => sameColumns(each, index.columns));
  }

  /**
   * The part of a look-up that finds few rows by a declared index, where nothing is kept for the whole of it;
   * the look-up itself otherwise.
   */
  narrowed<T extends Lookup>(lookup: T): Lookup {
    const { columns, values } = lookup;
    if (this.#findIndex(columns) !== undefined || this.#keyColumns(columns) !== null) return lookup;
    if (this.#declared.some((each) => sameColumns(each, columns))) return lookup;
    for (const declared of this.#declared) {
      if (!declared.every((column) => columns.includes(column))) continue;
      const part = {
        columns: declared,
        values: declared.map((column) => values[columns.indexOf(column)]!),
      };
      if (this.#countFound(part) <= narrowRowsMax) return part;
    }
    return lookup;
  }

  #countFound({ columns, values }: Lookup): number {
    const index = this.#indexOn(columns);
    const found = new Int32Array(1);
    const keys = keyColumns(values);
    const inOrder = index.columns.map((column) => keys[columns.indexOf(column)]!);
    index.table.find(inOrder, 1, found);
    return found[0]! < 0 ? 0 : index.count(found[0]!);
  }

  /** How many entries a scan, or a look-up where it is worth it, reads; counted up to a few hundred. */
  rowsToRead(asked: Lookup | null): number {
    if (asked === null) return this.rows;
    const lookup = this.narrowed(asked);
    if (!this.worthLookup(lookup.columns)) return this.rows;
    let count = 0;
    for (const _ of this.#found(lookup.columns, lookup.values)) if (++count >= countedMax) break;
    return count;
  }

  #findIndex(columns: readonly number[]): RowIndex | undefined {
    return this.#indexes.find((index) => sameColumns(index.columns, columns));
  }

  #indexOn(columns: readonly number[]): RowIndex {
    const existing = this.#findIndex(columns);
    if (existing !== undefined) return existing;
    const made = this.#current().addIndex(columns);
    this.#indexes.push(made);
    return made;
  }

  #gather(entries: Int32Array, ordinals: readonly number[]): Batch {
    const count = entries.length;
    const stored = this.#rows.columns;
    const columns = ordinals.map((ordinal) => gatherRows(stored[ordinal]!, entries, count, null));
    let weights: Int32Array | null = null;
    for (let i = 0; i < count; i++) {
      const weight = this.#rows.weight(entries[i]!);
      if (weight === 1 && weights === null) continue;
      weights ??= new Int32Array(count).fill(1);
      weights[i] = weight;
    }
    return { count, columns, weights, rowWatermarks: null, origin: null };
  }

  writeDelta(writer: ByteWriter): void {
    this.#rows.writeDelta(writer);
  }

  writeBase(writer: ByteWriter): void {
    this.#rows.writeBase(writer);
  }

  get ranges(): EntryRanges {
    return this.#rows.ranges;
  }

  load(reader: ByteReader): void {
    assert(this.#indexes.length === 0, `${this.name} is loaded after it was read`);
    this.#rows.load(reader);
    this.#stale = true;
  }
}

/** In any order. */
function sameColumns(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((column) => b.includes(column));
}

function keyColumns(values: readonly (Datum | null)[]): Column[] {
  return values.map((value): Column => ({ kind: 'any', values: [value], nulls: null }));
}
