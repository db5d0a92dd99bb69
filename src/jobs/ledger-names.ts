/**
 * Under which names the ledgers of the last checkpoint know the objects. A rename is committed to the catalog
 * first and to the ledgers by the next checkpoint; after a crash in between this says what is to be renamed, and
 * which rows belong to an object that was dropped.
 */

import { assert } from '../base/assert.ts';
import type { ByteReader, ByteWriter } from '../base/bytes.ts';
import type { StateTable } from '../state/state-table.ts';

export class LedgerNames implements StateTable {
  readonly name = 'names';
  #names = new Map<number, string>();
  dirty = false;

  /** The object's name from now on. */
  set(oid: number, name: string): void {
    if (this.#names.get(oid) === name) return;
    this.#names.set(oid, name);
    this.dirty = true;
  }

  forget(oid: number): void {
    if (this.#names.delete(oid)) this.dirty = true;
  }

  /** All that are known, as they stand now. */
  entries(): readonly (readonly [oid: number, name: string])[] {
    return [...this.#names];
  }

  get rows(): number {
    return this.#names.size;
  }

  get bytes(): number {
    return this.#names.size * 64;
  }

  writeDelta(writer: ByteWriter): void {
    this.writeBase(writer);
  }

  /** Names are few, so every write is whole. */
  writeBase(writer: ByteWriter): void {
    writer.uint8(1).varint(this.#names.size);
    for (const [oid, name] of this.#names) writer.varint(oid).text(name);
    this.dirty = false;
  }

  load(reader: ByteReader): void {
    assert(reader.uint8() === 1, 'the names of the ledgers have another version');
    this.#names = new Map();
    for (let left = reader.varint(); left > 0; left--) {
      const oid = reader.varint();
      this.#names.set(oid, reader.text());
    }
    this.dirty = false;
  }
}
