/**
 * Rows whose expression failed in a view: their value there is NULL, and the error stands here with how
 * many rows have it now. A retracted row takes its error with it, so a view that was healed has none.
 */

import { assert } from '../base/assert.ts';
import type { ByteReader, ByteWriter } from '../base/bytes.ts';
import type { StateTable } from '../state/state-table.ts';
import type { LedgerColumn } from './ledger.ts';
import { types } from '../types/sql-type.ts';

export const rowErrorColumns: readonly LedgerColumn[] = [
  { name: 'view_name', type: types.text },
  { name: 'code', type: types.text },
  { name: 'message', type: types.text },
  { name: 'row', type: types.jsonb },
  { name: 'rows', type: types.bigint },
];

export interface ErrorEntry {
  readonly view: string;
  readonly code: string;
  readonly message: string;
  /** The input row as JSON text. */
  readonly row: string;
  count: number;
}

const version = 1;

function keyOf(view: string, code: string, message: string, row: string): string {
  return `${view.length}:${view}${code}${message.length}:${message}${row}`;
}

export class ErrorLedger implements StateTable {
  readonly name = 'row_errors';
  readonly #distinctMax: number;
  #entries = new Map<string, ErrorEntry>();
  /** Errors now in each view, exact even where #entries is full. */
  #totals = new Map<string, number>();
  dirty = false;

  constructor(distinctMax: number) {
    this.#distinctMax = distinctMax;
  }

  /** `weight` rows with this error came (> 0) or went (< 0). */
  add(view: string, code: string, message: string, row: string, weight: number): void {
    this.dirty = true;
    this.#totals.set(view, (this.#totals.get(view) ?? 0) + weight);
    const key = keyOf(view, code, message, row);
    const entry = this.#entries.get(key);
    if (entry === undefined) {
      if (this.#entries.size >= this.#distinctMax) return;
      this.#entries.set(key, { view, code, message, row, count: weight });
      return;
    }
    entry.count += weight;
    if (entry.count === 0) this.#entries.delete(key);
  }

  entries(): Iterable<ErrorEntry> {
    return this.#entries.values();
  }

  /** Rows of a view that are in error now. */
  total(view: string): number {
    return this.#totals.get(view) ?? 0;
  }

  /** Forgets the rows and the total of a dropped view. False: there were none. */
  forget(view: string): boolean {
    if (!this.#totals.delete(view)) return false;
    for (const [key, entry] of this.#entries) if (entry.view === view) this.#entries.delete(key);
    this.dirty = true;
    return true;
  }

  /** Puts what stands under one view's name under another. */
  rename(from: string, to: string): void {
    const total = this.#totals.get(from);
    if (total === undefined) return;
    this.#totals.delete(from);
    this.#totals.set(to, total);
    for (const [key, entry] of [...this.#entries]) {
      if (entry.view !== from) continue;
      const { code, message, row } = entry;
      this.#entries.delete(key);
      this.#entries.set(keyOf(to, code, message, row), { ...entry, view: to });
    }
    this.dirty = true;
  }

  get rows(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#entries.size * 256;
  }

  writeDelta(writer: ByteWriter): void {
    this.writeBase(writer);
  }

  /** Errors are few, so every write is whole. */
  writeBase(writer: ByteWriter): void {
    writer.uint8(version).varint(this.#totals.size);
    for (const [view, total] of this.#totals) writer.text(view).float64(total);
    writer.varint(this.#entries.size);
    for (const { view, code, message, row, count } of this.#entries.values()) {
      writer.text(view).text(code).text(message).text(row).float64(count);
    }
    this.dirty = false;
  }

  load(reader: ByteReader): void {
    assert(reader.uint8() === version, 'row errors have another version');
    this.#entries = new Map();
    const totals = new Map<string, number>();
    for (let left = reader.varint(); left > 0; left--) {
      const view = reader.text();
      totals.set(view, reader.float64());
    }
    for (let left = reader.varint(); left > 0; left--) {
      this.add(reader.text(), reader.text(), reader.text(), reader.text(), reader.float64());
    }
    // `add` counted only the entries; the totals know of those that found no room.
    this.#totals = totals;
    this.dirty = false;
  }
}
