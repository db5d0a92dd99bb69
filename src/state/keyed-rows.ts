/**
 * Rows of which no two share a key, as columns: what a view keeps whose result has a known key. A changed row
 * is overwritten where it stands; only its key is hashed. The other form is the multiset of row-table.ts.
 *
 * Within one step the old row of a key must go before its new one comes; at the end of a step a key has one
 * row or none.
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
import { TouchList } from './touch-list.ts';

const rebuildChunk = 4096;

export class KeyedRows implements StoredRows {
  readonly table: KeyedTable;
  readonly #types: readonly SqlType[];
  /** Ordinals of the key. */
  readonly key: readonly number[];
  /** Ordinals of the other columns. */
  readonly #others: readonly number[];
  readonly #indexes: RowIndex[] = [];
  readonly #touched = new TouchList();
  entries: Int32Array = new Int32Array(64);
  totalWeight = 0;

  constructor(name: string, types: readonly SqlType[], key: readonly number[]) {
    this.#types = types;
    this.key = key;
    this.#others = types.flatMap((_, ordinal) => (key.includes(ordinal) ? [] : [ordinal]));
    this.table = new KeyedTable({
      name,
      keys: key.map((ordinal) => types[ordinal]!),
      // How often the row is there (0 or 1 between steps), then the other columns.
      values: [
        { kind: 'f64' },
        ...this.#others.map((ordinal) => ({ kind: 'datum' as const, type: types[ordinal]! })),
      ],
      exact: true,
    });
  }

  get name(): string {
    return this.table.name;
  }

  get rows(): number {
    return this.table.rows;
  }

  get bytes(): number {
    let total = this.table.bytes;
    for (const index of this.#indexes) total += index.bytes;
    return total;
  }

  get dirty(): boolean {
    return this.table.dirty;
  }

  get columns(): readonly Column[] {
    const columns: Column[] = [];
    this.key.forEach((ordinal, k) => (columns[ordinal] = this.table.keys[k]!.stored.column));
    this.#others.forEach((ordinal, i) => (columns[ordinal] = this.#other(i).column));
    return columns;
  }

  #other(i: number): StoredColumn {
    return this.table.values[i + 1]!.stored!;
  }

  get #present(): Float64Array {
    return this.table.values[0]!.f64;
  }

  weight(entry: number): number {
    return this.#present[entry]!;
  }

  addIndex(columns: readonly number[]): RowIndex {
    const index = new RowIndex({
      columns,
      types: columns.map((column) => this.#types[column]!),
      nullSafe: columns.map(() => true),
    });
    this.#indexes.push(index);
    this.#fill(index);
    return index;
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

  /** Row i of the batch stands in entries[i] afterwards. */
  apply(columns: readonly Column[], count: number, weights: Int32Array | null): void {
    if (this.entries.length < count) this.entries = new Int32Array(count * 2);
    const { entries } = this;
    this.table.findOrAdd(
      this.key.map((ordinal) => columns[ordinal]!),
      count,
      entries,
    );
    for (const index of this.#indexes) index.grow(this.table.capacity);
    this.#touched.touchAll(entries, count, this.#present);
    if (weights === null) this.#put(columns, entries, count);
    else if (allNegative(weights, count)) this.#take(entries, count);
    else this.#inTurn(columns, count, weights);
  }

  /** Rows go and come in the order of the batch. */
  #inTurn(columns: readonly Column[], count: number, weights: Int32Array): void {
    for (let from = 0; from < count;) {
      const negative = weights[from]! < 0;
      let to = from + 1;
      while (to < count && weights[to]! < 0 === negative) to++;
      const part = this.entries.slice(from, to);
      if (negative) {
        this.#take(part, to - from);
      } else {
        const rows = Int32Array.from({ length: to - from }, (_, i) => from + i);
        const chosen = columns.map((column) => gatherRows(column, rows, rows.length, null));
        this.#put(chosen, part, to - from);
      }
      from = to;
    }
  }

  #take(entries: Int32Array, count: number): void {
    const present = this.#present;
    for (let i = 0; i < count; i++) present[entries[i]!] = present[entries[i]!]! - 1;
    this.totalWeight -= count;
    for (const index of this.#indexes) {
      for (let i = 0; i < count; i++) {
        if (index.isLinked(entries[i]!)) index.unlink(entries[i]!);
      }
    }
  }

  #put(columns: readonly Column[], entries: Int32Array, count: number): void {
    const present = this.#present;
    for (let i = 0; i < count; i++) {
      const entry = entries[i]!;
      if (present[entry] !== 0) fault(`${this.name}: a second row came for a key`);
      present[entry] = 1;
    }
    this.totalWeight += count;
    this.#others.forEach((ordinal, i) => {
      const stored = this.#other(i);
      stored.scatter(stored.accept(columns[ordinal]!, count), null, entries, count);
    });
    for (const index of this.#indexes) index.link(columns, entries, count);
  }

  endTick(): void {
    const present = this.#present;
    const touched = this.#touched;
    for (let i = 0; i < touched.count; i++) {
      const entry = touched.entries[i]!;
      if (present[entry] === 1) this.table.markDirty(entry);
      else if (present[entry] === 0) this.table.remove(entry);
      else fault(`${this.name}: a row has multiplicity ${present[entry]}`);
    }
    touched.clear();
    for (const index of this.#indexes) index.sweep();
  }

  /** Whether `find` by key finds all equal keys: narrow ones that are equal only when they look the same. */
  get findsByKey(): boolean {
    return this.table.keys.every(
      ({ kind, type }) => kind !== 'wide' && kind !== 'double' && type.kind !== 'char',
    );
  }

  writeDelta(writer: ByteWriter): void {
    assert(this.#touched.count === 0, `${this.name} is written in the middle of a step`);
    this.table.writeDelta(writer);
  }

  writeBase(writer: ByteWriter): void {
    assert(this.#touched.count === 0, `${this.name} is written in the middle of a step`);
    this.table.writeBase(writer);
  }

  load(reader: ByteReader): void {
    this.table.load(reader);
  }

  restored(): void {
    this.totalWeight = this.table.rows;
    for (const index of this.#indexes) this.#fill(index);
  }
}

function allNegative(weights: Int32Array, count: number): boolean {
  for (let i = 0; i < count; i++) if (weights[i] !== -1) return false;
  return true;
}
