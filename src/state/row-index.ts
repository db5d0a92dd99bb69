/**
 * A secondary index of a row table: key → the rows that have it, as a chain through the rows' entry ids.
 * Never persisted: `rebuild` makes it again from the rows. A row whose key has a NULL that matches
 * nothing (a join key without IS NOT DISTINCT FROM) is in no chain.
 *
 *   key entry ── head ─→ row ── next ─→ row ── next ─→ −1
 */

import { fault } from '../base/assert.ts';
import type { Column } from '../types/column.ts';
import type { SqlType } from '../types/sql-type.ts';
import { KeyedTable } from './keyed-table.ts';
import { grownInt32 } from './grown.ts';

/** The row is in no chain. What memory holds that nobody has written. */
const unlinked = 0;
/** The row has a NULL key and belongs to no chain. */
const keyless = 1;
/** Key entries stand from here on. */
const firstOwner = 2;

export class RowIndex {
  /** Positions of the key among the row's columns. */
  readonly columns: readonly number[];
  readonly table: KeyedTable;
  /** By row entry. */
  next: Int32Array = new Int32Array(0);
  #previous: Int32Array = new Int32Array(0);
  #owner: Int32Array = new Int32Array(0);
  readonly #nullSafe: readonly boolean[];
  #keys = new Int32Array(64);
  #emptied: number[] = [];

  constructor(options: {
    readonly columns: readonly number[];
    readonly types: readonly SqlType[];
    /** Per key column: rows with NULL there are chained too. */
    readonly nullSafe: readonly boolean[];
  }) {
    this.columns = options.columns;
    this.#nullSafe = options.nullSafe;
    this.table = new KeyedTable({
      name: 'index',
      keys: options.types,
      values: [{ kind: 'i32' }, { kind: 'i32' }],
      tracked: false,
    });
  }

  /** By key entry: the first row of its chain plus one, 0 for none. For loops. */
  get heads(): Int32Array {
    return this.table.values[0]!.i32;
  }

  /** Estimated bytes of memory. */
  get bytes(): number {
    return this.table.bytes + this.next.byteLength * 3;
  }

  /** First row of a key's chain, or −1. */
  head(key: number): number {
    return this.table.values[0]!.i32[key]! - 1;
  }

  /** Distinct rows in a key's chain. */
  count(key: number): number {
    return this.table.values[1]!.i32[key]!;
  }

  /** Key entry of a row; negative when it is in no chain. */
  owner(row: number): number {
    return this.#owner[row]! - firstOwner;
  }

  isLinked(row: number): boolean {
    return row < this.#owner.length && this.#owner[row] !== unlinked;
  }

  grow(capacity: number): void {
    if (capacity <= this.#owner.length) return;
    this.next = grownInt32(this.next, capacity);
    this.#previous = grownInt32(this.#previous, capacity);
    this.#owner = grownInt32(this.#owner, capacity);
  }

  /** Chains those of the batch's rows that are not chained yet; rows[i] is the entry of batch row i. */
  link(columns: readonly Column[], rows: Int32Array, count: number): void {
    if (this.#keys.length < count) this.#keys = new Int32Array(count * 2);
    const keys = this.#keys;
    const keyColumns = this.columns.map((column) => columns[column]!);
    this.table.findOrAdd(keyColumns, count, keys);
    for (let i = 0; i < count; i++) {
      const row = rows[i]!;
      if (this.#owner[row] !== unlinked) continue;
      if (this.#hasUnmatchedNull(keyColumns, i)) {
        this.#owner[row] = keyless;
        if (this.count(keys[i]!) === 0) this.#emptied.push(keys[i]!);
      } else {
        this.#push(keys[i]!, row);
      }
    }
  }

  #push(key: number, row: number): void {
    const heads = this.table.values[0]!.i32;
    const counts = this.table.values[1]!.i32;
    const first = heads[key]! - 1;
    this.next[row] = first;
    this.#previous[row] = -1;
    if (first >= 0) this.#previous[first] = row;
    heads[key] = row + 1;
    counts[key] = counts[key]! + 1;
    this.#owner[row] = key + firstOwner;
  }

  #hasUnmatchedNull(columns: readonly Column[], i: number): boolean {
    for (let k = 0; k < columns.length; k++) {
      if (this.#nullSafe[k]) continue;
      const column = columns[k]!;
      const isNull = column.kind === 'any' ? column.values[i] === null : column.nulls?.[i] === 1;
      if (isNull) return true;
    }
    return false;
  }

  /** Takes a row out of its chain. Keys left without rows stay until `sweep`. */
  unlink(row: number): void {
    const owner = this.#owner[row]!;
    if (owner === unlinked) fault(`row ${row} is in no index`);
    this.#owner[row] = unlinked;
    if (owner === keyless) return;
    const key = owner - firstOwner;
    const next = this.next[row]!;
    const previous = this.#previous[row]!;
    if (next >= 0) this.#previous[next] = previous;
    if (previous >= 0) this.next[previous] = next;
    else this.table.values[0]!.i32[key] = next + 1;
    const counts = this.table.values[1]!.i32;
    counts[key] = counts[key]! - 1;
    if (counts[key] === 0) this.#emptied.push(key);
  }

  /** Removes keys without rows; their entry ids may be reused from now on. */
  sweep(): void {
    for (const key of this.#emptied) {
      if (this.table.isLive(key) && this.count(key) === 0) this.table.remove(key);
    }
    this.#emptied = [];
  }
}
