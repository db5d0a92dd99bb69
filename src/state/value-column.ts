/**
 * Value columns of a keyed table: what is kept beside the key of an entry. Numbers stand in typed arrays
 * that generated loops read and write directly; datums in a StoredColumn; anything else is an object
 * with a codec of its own. A fresh entry has 0, NULL or null.
 */

import { assert } from '../base/assert.ts';
import type { ByteReader, ByteWriter } from '../base/bytes.ts';
import type { SqlType } from '../types/sql-type.ts';
import { readColumn, writeColumn, writeFloat64, writeInt32, writeUint8 } from './column-segment.ts';
import { isRange } from './entry-ids.ts';
import type { EntryIds } from './entry-ids.ts';
import { grownFloat64, grownInt32, grownUint8 } from './grown.ts';
import { ObjectColumn } from './object-column.ts';
import { StoredColumn } from './stored-column.ts';

/** Writes and reads one object of state; never called for null. */
export interface ObjectCodec {
  readonly write: (writer: ByteWriter, value: object) => void;
  readonly read: (reader: ByteReader) => object;
}

export type ValueSpec =
  | { readonly kind: 'f64' | 'i32' | 'u8' }
  | { readonly kind: 'datum'; readonly type: SqlType }
  | { readonly kind: 'object'; readonly codec: ObjectCodec };

const noFloat64 = new Float64Array(0);
const noInt32 = new Int32Array(0);
const noUint8 = new Uint8Array(0);

export class ValueColumn {
  readonly spec: ValueSpec;
  /** One of these is in use, by the kind of `spec`; arrays are replaced when the table grows. */
  f64: Float64Array = noFloat64;
  i32: Int32Array = noInt32;
  u8: Uint8Array = noUint8;
  readonly stored: StoredColumn | null;
  readonly objects = new ObjectColumn();
  readonly #entries: EntryIds;

  /** `entries` are those that it has values for. */
  constructor(spec: ValueSpec, entries: EntryIds) {
    this.spec = spec;
    this.#entries = entries;
    this.stored = spec.kind === 'datum' ? new StoredColumn(spec.type, entries) : null;
    this.grow(entries.capacity);
  }

  get bytes(): number {
    const { high } = this.#entries;
    switch (this.spec.kind) {
      case 'f64':
        return high * 8;
      case 'i32':
        return high * 4;
      case 'u8':
        return high;
      case 'datum':
        return this.stored!.bytes;
      case 'object':
        return this.objects.bytes;
    }
  }

  grow(capacity: number): void {
    switch (this.spec.kind) {
      case 'f64':
        this.f64 = grownFloat64(this.f64, capacity);
        return;
      case 'i32':
        this.i32 = grownInt32(this.i32, capacity);
        return;
      case 'u8':
        this.u8 = grownUint8(this.u8, capacity);
        return;
      case 'datum':
        this.stored!.grow(capacity);
        return;
      case 'object':
        return;
    }
  }

  clear(entry: number): void {
    switch (this.spec.kind) {
      case 'f64':
        this.f64[entry] = 0;
        return;
      case 'i32':
        this.i32[entry] = 0;
        return;
      case 'u8':
        this.u8[entry] = 0;
        return;
      case 'datum':
        this.stored!.clear(entry);
        return;
      case 'object':
        this.objects.set(entry, null);
        return;
    }
  }

  write(writer: ByteWriter, entries: Int32Array, count: number): void {
    switch (this.spec.kind) {
      case 'f64':
        writeFloat64(writer, this.f64, entries, count);
        return;
      case 'i32':
        writeInt32(writer, this.i32, entries, count);
        return;
      case 'u8':
        writeUint8(writer, this.u8, entries, count);
        return;
      case 'datum':
        writeColumn(writer, this.stored!.column, this.spec.type, entries, count);
        return;
      case 'object':
        writer.uint8(this.objects.size === 0 ? 0 : 1);
        if (this.objects.size === 0) return;
        for (let i = 0; i < count; i++) {
          const value = this.objects.get(entries[i]!);
          writer.uint8(value === null ? 0 : 1);
          if (value !== null) this.spec.codec.write(writer, value);
        }
        return;
    }
  }

  /** Reads what `write` wrote into the given entries. */
  read(reader: ByteReader, entries: Int32Array, count: number): void {
    assert(count === entries.length, 'values are not as many as entries in a state segment');
    const inRow = count > 0 && isRange(entries);
    switch (this.spec.kind) {
      case 'f64': {
        const values = reader.float64Array(count);
        if (inRow) this.f64.set(values, entries[0]);
        else for (let i = 0; i < count; i++) this.f64[entries[i]!] = values[i]!;
        return;
      }
      case 'i32': {
        const values = reader.int32Array(count);
        if (inRow) this.i32.set(values, entries[0]);
        else for (let i = 0; i < count; i++) this.i32[entries[i]!] = values[i]!;
        return;
      }
      case 'u8': {
        const values = reader.uint8Array(count);
        if (inRow) this.u8.set(values, entries[0]);
        else for (let i = 0; i < count; i++) this.u8[entries[i]!] = values[i]!;
        return;
      }
      case 'datum': {
        const column = readColumn(reader, this.spec.type, count);
        this.stored!.put(column, entries);
        return;
      }
      case 'object':
        if (reader.uint8() === 0) {
          for (let i = 0; i < count; i++) this.objects.set(entries[i]!, null);
          return;
        }
        for (let i = 0; i < count; i++) {
          const there = reader.uint8() !== 0;
          this.objects.set(entries[i]!, there ? this.spec.codec.read(reader) : null);
        }
        return;
    }
  }
}
