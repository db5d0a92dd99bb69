/**
 * Ledgers: what did not make it into a view, kept as rows that can be queried (DESIGN, promise P5).
 * Late rows and dead letters are appended and the oldest go when `rowsMax` is passed; their totals count
 * on for ever. A ledger is a state table, so its rows belong to the same checkpoint as everything else.
 */

import { assert } from '../base/assert.ts';
import type { ByteReader, ByteWriter } from '../base/bytes.ts';
import type { StateTable } from '../state/state-table.ts';
import { decodeDatum, encodeDatum } from '../types/row-codec.ts';
import type { Row } from '../types/datum.ts';
import { types, type SqlType } from '../types/sql-type.ts';

export interface LedgerColumn {
  readonly name: string;
  readonly type: SqlType;
}

export const lateRowColumns: readonly LedgerColumn[] = [
  { name: 'view_name', type: types.text },
  { name: 'source', type: types.text },
  { name: 'topic', type: types.text },
  { name: 'partition', type: types.text },
  { name: 'record_offset', type: types.bigint },
  { name: 'row', type: types.jsonb },
  { name: 'window_start', type: types.timestamp },
  { name: 'window_end', type: types.timestamp },
  { name: 'watermark', type: types.timestamp },
  { name: 'arrived_at', type: types.timestamptz },
];

export const deadLetterColumns: readonly LedgerColumn[] = [
  { name: 'source', type: types.text },
  { name: 'topic', type: types.text },
  { name: 'partition', type: types.text },
  { name: 'record_offset', type: types.bigint },
  { name: 'record_timestamp', type: types.timestamptz },
  { name: 'reason', type: types.text },
  { name: 'raw', type: types.bytea },
  { name: 'key', type: types.bytea },
  { name: 'arrived_at', type: types.timestamptz },
];

/** Under which name the ledgers know a view or source: schema-qualified, without quotes. */
export function ledgerName(object: { readonly schema: string; readonly name: string }): string {
  return `${object.schema}.${object.name}`;
}

/** Columns that hold the qualified name of a view or source. */
const objectColumns: ReadonlySet<string> = new Set(['view_name', 'source']);

const version = 1;

/** Rows appended in order, bounded, with a total for each value of the first column. */
export class Ledger implements StateTable {
  readonly name: string;
  readonly columns: readonly LedgerColumn[];
  readonly #rowsMax: number;
  #entries: Row[] = [];
  /** How many rows at the end of #entries were appended since the last write. */
  #unwritten = 0;
  #totals = new Map<string, number>();

  constructor(name: string, columns: readonly LedgerColumn[], rowsMax: number) {
    this.name = name;
    this.columns = columns;
    this.#rowsMax = rowsMax;
  }

  append(row: Row): void {
    assert(row.length === this.columns.length, `ledger ${this.name} row has ${row.length} values`);
    this.#entries.push(row);
    this.#unwritten++;
    this.#count(row);
    this.#trim();
  }

  /** All rows still kept, oldest first. */
  get entries(): readonly Row[] {
    return this.#entries;
  }

  /** Rows ever appended whose first column is `key`. */
  total(key: string): number {
    return this.#totals.get(key) ?? 0;
  }

  /** Forgets the rows and the total of a dropped object. False: there were none. */
  forget(key: string): boolean {
    if (!this.#totals.delete(key)) return false;
    this.#entries = this.#entries.filter((row) => row[0] !== key);
    // The next delta cannot say this, so it is written whole.
    this.#unwritten = Infinity;
    return true;
  }

  /** Puts what stands under `from` in the columns of objects under `to`; totals go along. */
  rename(from: string, to: string): void {
    const named = this.columns.flatMap(({ name }, index) =>
      objectColumns.has(name) ? [index] : [],
    );
    const total = this.#totals.get(from);
    if (total !== undefined) {
      this.#totals.delete(from);
      this.#totals.set(to, total);
    }
    let changed = total !== undefined;
    this.#entries = this.#entries.map((row) => {
      if (!named.some((index) => row[index] === from)) return row;
      changed = true;
      return row.map((value, index) => (named.includes(index) && value === from ? to : value));
    });
    // The next delta cannot say this, so it is written whole.
    if (changed) this.#unwritten = Infinity;
  }

  get rows(): number {
    return this.#entries.length;
  }

  get bytes(): number {
    return this.#entries.length * 256;
  }

  get dirty(): boolean {
    return this.#unwritten > 0;
  }

  writeDelta(writer: ByteWriter): void {
    if (this.#unwritten >= this.#entries.length) {
      this.writeBase(writer);
      return;
    }
    this.#write(writer, this.#entries.slice(this.#entries.length - this.#unwritten), false);
  }

  writeBase(writer: ByteWriter): void {
    this.#write(writer, this.#entries, true);
  }

  #write(writer: ByteWriter, rows: readonly Row[], whole: boolean): void {
    writer.uint8(version).uint8(whole ? 1 : 0);
    writer.varint(this.#totals.size);
    for (const [key, total] of this.#totals) writer.text(key).varint(total);
    writer.varint(rows.length);
    for (const row of rows) {
      this.columns.forEach((column, index) => encodeDatum(writer, row[index]!, column.type));
    }
    this.#unwritten = 0;
  }

  load(reader: ByteReader): void {
    assert(reader.uint8() === version, `ledger ${this.name} has another version`);
    if (reader.uint8() === 1) this.#entries = [];
    this.#totals = new Map();
    for (let left = reader.varint(); left > 0; left--) {
      const key = reader.text();
      this.#totals.set(key, reader.varint());
    }
    for (let left = reader.varint(); left > 0; left--) {
      this.#entries.push(this.columns.map((column) => decodeDatum(reader, column.type)));
    }
    this.#trim();
    this.#unwritten = 0;
  }

  #count(row: Row): void {
    const key = String(row[0]);
    this.#totals.set(key, (this.#totals.get(key) ?? 0) + 1);
  }

  /** Trims by a tenth at once, so that a full ledger costs little for each row. */
  #trim(): void {
    if (this.#entries.length <= this.#rowsMax * 1.1) return;
    this.#entries = this.#entries.slice(this.#entries.length - this.#rowsMax);
  }
}
