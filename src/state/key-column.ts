/**
 * One key column of a keyed table: the values, and what the hash loops look at. For narrow keys that is
 * the same; a wide key keeps its datums to be read back and its canonical bytes to be compared.
 */

import { ByteWriter } from '../base/bytes.ts';
import type { AnyColumn, Column, TextColumn } from '../types/column.ts';
import type { Datum } from '../types/datum.ts';
import { encodeKey } from '../types/key-codec.ts';
import { encodeDatum } from '../types/row-codec.ts';
import type { SqlType } from '../types/sql-type.ts';
import { ByteArena } from './arena.ts';
import type { EntryIds } from './entry-ids.ts';
import { grownInt32 } from './grown.ts';
import { StoredColumn } from './stored-column.ts';
import type { KeyKind } from './table-code.ts';

/** Memory of an encoded batch, reused. */
export interface EncodedScratch {
  readonly writer: ByteWriter;
  column: TextColumn;
}

export class KeyColumn {
  readonly type: SqlType;
  readonly stored: StoredColumn;
  readonly scratch: EncodedScratch = { writer: new ByteWriter(256), column: emptyText(64) };
  readonly #exact: boolean;
  readonly #entries: EntryIds;
  /** Canonical bytes by entry, once the key is wide. */
  #encoded: TextColumn | null = null;
  #arena: ByteArena | null = null;

  constructor(type: SqlType, exact: boolean, hashed: boolean, entries: EntryIds) {
    this.type = type;
    this.#exact = exact;
    this.#entries = entries;
    this.stored = new StoredColumn(type, entries);
    if (hashed && this.stored.kind === 'any') this.#makeEncoded();
  }

  get kind(): KeyKind {
    if (this.#encoded !== null) return 'wide';
    switch (this.stored.kind) {
      case 'i32':
      case 'bool':
      case 'text':
        return this.stored.kind;
      case 'f64':
        return this.type.kind === 'double' || this.type.kind === 'real' ? 'double' : 'f64';
      case 'any':
        return 'wide';
    }
  }

  /** What the loops compare with: values, or canonical bytes of a wide key. */
  get lookup(): Column {
    return this.#encoded ?? this.stored.column;
  }

  get bytes(): number {
    const encoded = this.#encoded;
    const wide = encoded === null ? 0 : this.#entries.high * 8 + this.#arena!.used;
    return this.stored.bytes + wide;
  }

  grow(capacity: number): void {
    this.stored.grow(capacity);
    if (this.#encoded === null) return;
    this.#encoded.offsets = grownInt32(this.#encoded.offsets, capacity);
    this.#encoded.lengths = grownInt32(this.#encoded.lengths, capacity);
  }

  /** Turns the key wide, or makes it anew: bytes are made for all entries there are. */
  goWide(): void {
    const { high } = this.#entries;
    this.stored.widen();
    this.#makeEncoded();
    const datums = this.stored.column as AnyColumn;
    const encoded = encodeWide(datums, high, this, this.scratch);
    for (let entry = 0; entry < high; entry++) {
      this.#putBytes(entry, encoded.bytes, encoded.offsets[entry]!, encoded.lengths[entry]!);
    }
  }

  /** For generated loops: a new entry's datum and its canonical bytes. */
  storeWide(entry: number, value: Datum | null, bytes: Uint8Array, at: number, size: number): void {
    (this.stored.column as AnyColumn).values[entry] = value;
    this.#putBytes(entry, bytes, at, size);
  }

  /** Another spelling of an entry's wide value, equal to the one that it replaces. */
  respell(entry: number, value: Datum | null): void {
    (this.stored.column as AnyColumn).values[entry] = value;
  }

  encode(writer: ByteWriter, value: Datum | null): void {
    if (this.#exact) encodeDatum(writer, value, this.type);
    else encodeKey(writer, value, this.type);
  }

  clear(entry: number): void {
    this.stored.clear(entry);
    if (this.#encoded === null) return;
    this.#arena!.release(this.#encoded.offsets[entry]!, this.#encoded.lengths[entry]!);
    this.#encoded.offsets[entry] = 0;
    this.#encoded.lengths[entry] = 0;
  }

  /** Clears the first `high` entries. */
  reset(high: number): void {
    for (let entry = 0; entry < high; entry++) this.clear(entry);
  }

  #makeEncoded(): void {
    this.#arena = new ByteArena();
    this.#encoded = emptyText(this.#entries.capacity);
    this.#encoded.bytes = this.#arena.bytes;
  }

  #putBytes(entry: number, bytes: Uint8Array, offset: number, length: number): void {
    const encoded = this.#encoded!;
    const arena = this.#arena!;
    arena.release(encoded.offsets[entry]!, encoded.lengths[entry]!);
    encoded.offsets[entry] = arena.put(bytes, offset, length);
    encoded.lengths[entry] = length;
    encoded.bytes = arena.bytes;
  }
}

/** Canonical bytes of the first `count` values, in reused memory. NULL has bytes of its own. */
export function encodeWide(
  source: AnyColumn,
  count: number,
  key: KeyColumn,
  scratch: EncodedScratch,
): TextColumn {
  if (scratch.column.offsets.length < count) scratch.column = emptyText(count * 2);
  const { writer, column } = scratch;
  writer.clear();
  for (let i = 0; i < count; i++) {
    column.offsets[i] = writer.length;
    key.encode(writer, source.values[i] ?? null);
    column.lengths[i] = writer.length - column.offsets[i]!;
  }
  column.bytes = writer.view();
  return column;
}

function emptyText(capacity: number): TextColumn {
  return {
    kind: 'text',
    bytes: new Uint8Array(16),
    offsets: new Int32Array(capacity),
    lengths: new Int32Array(capacity),
    nulls: null,
  };
}
