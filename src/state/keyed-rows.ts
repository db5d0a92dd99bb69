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
import { grownInt32 } from './grown.ts';
import { KeyedTable } from './keyed-table.ts';
import { RowIndex } from './row-index.ts';
import type { EntryRanges } from './state-table.ts';
import type { StoredColumn } from './stored-column.ts';
import type { StoredRows } from './stored-rows.ts';

const rebuildChunk = 4096;

/** What an entry's state byte holds. */
const present = 1;
const touched = 2;

export class KeyedRows implements StoredRows {
  readonly table: KeyedTable;
  readonly #types: readonly SqlType[];
  /** Ordinals of the key. */
  readonly key: readonly number[];
  /** Ordinals of the other columns. */
  readonly #others: readonly number[];
  readonly #indexes: RowIndex[] = [];
  /** Entries touched in this step. */
  #touched: Int32Array = new Int32Array(64);
  #touchedCount = 0;
  entries: Int32Array = new Int32Array(64);
  totalWeight = 0;

  constructor(name: string, types: readonly SqlType[], key: readonly number[]) {
    this.#types = types;
    this.key = key;
    this.#others = types.flatMap((_, ordinal) => (key.includes(ordinal) ? [] : [ordinal]));
    this.table = new KeyedTable({
      name,
      keys: key.map((ordinal) => types[ordinal]!),
      // Whether the row is there and was touched in this step, then the other columns.
      values: [
        { kind: 'u8' },
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

  get #states(): Uint8Array {
    return this.table.values[0]!.u8;
  }

  weight(entry: number): number {
    return this.#states[entry]! & present;
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

  /** Keeps an index no longer. */
  removeIndex(index: RowIndex): void {
    this.#indexes.splice(this.#indexes.indexOf(index), 1);
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
    this.#touch(entries, count);
    if (weights === null) this.#put(columns, entries, count);
    else if (allNegative(weights, count)) this.#take(entries, count);
    else this.#inTurn(columns, count, weights);
  }

  #touch(entries: Int32Array, count: number): void {
    const needed = this.#touchedCount + count;
    if (needed > this.#touched.length) this.#touched = grownInt32(this.#touched, needed * 2);
    const states = this.#states;
    const list = this.#touched;
    let at = this.#touchedCount;
    for (let i = 0; i < count; i++) {
      const entry = entries[i]!;
      const state = states[entry]!;
      if ((state & touched) !== 0) continue;
      states[entry] = state | touched;
      list[at++] = entry;
    }
    this.#touchedCount = at;
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
    const states = this.#states;
    for (let i = 0; i < count; i++) {
      const entry = entries[i]!;
      if ((states[entry]! & present) === 0) fault(`${this.name}: a row goes that is not there`);
      states[entry] = touched;
    }
    this.totalWeight -= count;
    for (const index of this.#indexes) {
      for (let i = 0; i < count; i++) {
        if (index.isLinked(entries[i]!)) index.unlink(entries[i]!);
      }
    }
  }

  #put(columns: readonly Column[], entries: Int32Array, count: number): void {
    const states = this.#states;
    for (let i = 0; i < count; i++) {
      const entry = entries[i]!;
      if ((states[entry]! & present) !== 0) fault(`${this.name}: a second row came for a key`);
      states[entry] = present | touched;
    }
    this.totalWeight += count;
    this.#others.forEach((ordinal, i) => {
      const stored = this.#other(i);
      stored.scatter(stored.accept(columns[ordinal]!, count), null, entries, count);
    });
    for (const index of this.#indexes) index.link(columns, entries, count);
  }

  endTick(): void {
    const states = this.#states;
    for (let i = 0; i < this.#touchedCount; i++) {
      const entry = this.#touched[i]!;
      states[entry] = states[entry]! & present;
      if (states[entry] === present) this.table.markDirty(entry);
      else this.table.remove(entry);
    }
    this.#touchedCount = 0;
    for (const index of this.#indexes) index.sweep();
  }

  /** Whether `find` by key finds all equal keys: narrow ones that are equal only when they look the same. */
  get findsByKey(): boolean {
    return this.table.keys.every(
      ({ kind, type }) => kind !== 'wide' && kind !== 'double' && type.kind !== 'char',
    );
  }

  writeDelta(writer: ByteWriter): void {
    assert(this.#touchedCount === 0, `${this.name} is written in the middle of a step`);
    this.table.writeDelta(writer);
  }

  writeBase(writer: ByteWriter): void {
    assert(this.#touchedCount === 0, `${this.name} is written in the middle of a step`);
    this.table.writeBase(writer);
  }

  get ranges(): EntryRanges {
    return this.table.ranges;
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
