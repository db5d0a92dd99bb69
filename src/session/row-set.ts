/**
 * Weighted rows of one table, summed by equal rows: the net change that a statement or a transaction makes.
 * Rows are equal when all their bytes are (1.0 and 1.00 are two rows), or, where asked for, when SQL says so.
 */

import { ByteWriter } from '../base/bytes.ts';
import { encodeKey, encodeRowKey } from '../types/key-codec.ts';
import { encodeRow } from '../types/row-codec.ts';
import type { Row } from '../types/datum.ts';
import type { SqlType } from '../types/sql-type.ts';

export interface WeightedRow {
  readonly row: Row;
  readonly weight: number;
}

/** `sql`: 1.0 equals 1.00, and −0 equals 0. */
export type RowEquality = 'bytes' | 'sql';

/** Makes text keys of rows; equal keys mean equal rows. */
export class RowKeys {
  readonly #types: readonly SqlType[];
  readonly #equality: RowEquality;
  readonly #writer = new ByteWriter(256);

  constructor(types: readonly SqlType[], equality: RowEquality = 'bytes') {
    this.#types = types;
    this.#equality = equality;
  }

  of(row: Row): string {
    this.#writer.clear();
    if (this.#equality === 'bytes') encodeRow(this.#writer, row, this.#types);
    else encodeRowKey(this.#writer, row, this.#types);
    return Buffer.from(this.#writer.view()).toString('latin1');
  }
}

/** Texts that two rows share exactly when their values in some columns are equal as SQL compares, NULL with NULL. */
export class KeyTexts {
  readonly #types: readonly SqlType[];
  readonly #writer = new ByteWriter(64);

  /** Of all columns. */
  constructor(types: readonly SqlType[]) {
    this.#types = types;
  }

  of(row: Row, columns: readonly number[]): string {
    this.#writer.clear();
    for (const column of columns) encodeKey(this.#writer, row[column]!, this.#types[column]!);
    return Buffer.from(this.#writer.view()).toString('latin1');
  }
}

export class RowSet {
  readonly #keys: RowKeys;
  readonly #rows = new Map<string, { readonly row: Row; weight: number }>();

  constructor(types: readonly SqlType[], equality: RowEquality = 'bytes') {
    this.#keys = new RowKeys(types, equality);
  }

  add(row: Row, weight: number): void {
    const key = this.#keys.of(row);
    const known = this.#rows.get(key);
    if (known === undefined) {
      this.#rows.set(key, { row, weight });
      return;
    }
    known.weight += weight;
    if (known.weight === 0) this.#rows.delete(key);
  }

  weightOf(row: Row): number {
    return this.#rows.get(this.#keys.of(row))?.weight ?? 0;
  }

  get size(): number {
    return this.#rows.size;
  }

  /** Retractions first, as a statement's deletes come before its inserts. */
  entries(): readonly WeightedRow[] {
    const all = [...this.#rows.values()];
    return [...all.filter((each) => each.weight < 0), ...all.filter((each) => each.weight > 0)];
  }
}
