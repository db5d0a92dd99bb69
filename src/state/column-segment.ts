/**
 * Columns as bytes in state segments: a kind, null flags when there are any, then the values of the
 * chosen entries in a row. A reader gets an ordinary Column back, in the kind in which it was written;
 * whoever loads it brings it into the kind its own column has by then.
 */

import { assert } from '../base/assert.ts';
import type { ByteReader, ByteWriter } from '../base/bytes.ts';
import { copyWords, copyWordsMax } from '../base/copy-words.ts';
import type { Column, TextColumn } from '../types/column.ts';
import { decodeDatum, encodeDatum } from '../types/row-codec.ts';
import type { ColumnKind, SqlType } from '../types/sql-type.ts';
import { viewOf } from './bytes-hash.ts';
import { gatherFloat64, gatherInt32, gatherUint8 } from './gather.ts';

const kinds: readonly ColumnKind[] = ['i32', 'f64', 'bool', 'text', 'any'];

/** Appends the values of `entries[0..count)`. */
export function writeColumn(
  writer: ByteWriter,
  column: Column,
  type: SqlType,
  entries: Int32Array,
  count: number,
): void {
  writer.uint8(kinds.indexOf(column.kind));
  if (column.kind === 'any') {
    for (let i = 0; i < count; i++) {
      encodeDatum(writer, column.values[entries[i]!] ?? null, type);
    }
    return;
  }
  if (column.nulls === null) {
    writer.uint8(0);
  } else {
    writer.uint8(1);
    writeUint8(writer, column.nulls, entries, count);
  }
  switch (column.kind) {
    case 'i32':
      writeInt32(writer, column.values, entries, count);
      return;
    case 'f64':
      writeFloat64(writer, column.values, entries, count);
      return;
    case 'bool':
      writeUint8(writer, column.values, entries, count);
      return;
    case 'text':
      writeInt32(writer, column.lengths, entries, count);
      writeBytes(writer, column, entries, count);
      return;
  }
}

function writeBytes(
  writer: ByteWriter,
  { bytes, offsets, lengths }: TextColumn,
  entries: Int32Array,
  count: number,
): void {
  let total = 0;
  for (let i = 0; i < count; i++) total += lengths[entries[i]!]!;
  let to = writer.reserve(total);
  const { buffer, words } = writer;
  const source = viewOf(bytes);
  for (let i = 0; i < count; i++) {
    const from = offsets[entries[i]!]!;
    const length = lengths[entries[i]!]!;
    if (length <= copyWordsMax) copyWords(source, from, words, to, length);
    else buffer.set(bytes.subarray(from, from + length), to);
    to += length;
  }
}

/** The next column of a segment with `count` rows. */
export function readColumn(reader: ByteReader, type: SqlType, count: number): Column {
  const kind = kinds[reader.uint8()];
  assert(kind !== undefined, 'a state segment names an unknown column kind');
  if (kind === 'any') {
    const values = [];
    for (let i = 0; i < count; i++) values.push(decodeDatum(reader, type));
    return { kind, values, nulls: null };
  }
  const nulls = reader.uint8() === 0 ? null : reader.uint8Array(count);
  switch (kind) {
    case 'i32':
      return { kind, values: reader.int32Array(count), nulls };
    case 'f64':
      return { kind, values: reader.float64Array(count), nulls };
    case 'bool':
      return { kind, values: reader.uint8Array(count), nulls };
    case 'text':
      return readText(reader, count, nulls);
  }
}

function readText(reader: ByteReader, count: number, nulls: Uint8Array | null): Column {
  const lengths = reader.int32Array(count);
  const offsets = new Int32Array(count);
  let total = 0;
  for (let i = 0; i < count; i++) {
    offsets[i] = total;
    total += lengths[i]!;
  }
  const bytes = new Uint8Array(total + 16);
  bytes.set(reader.bytes(total));
  return { kind: 'text', bytes, offsets, lengths, nulls };
}

export function writeFloat64(
  writer: ByteWriter,
  values: Float64Array,
  entries: Int32Array,
  count: number,
): void {
  const chosen = new Float64Array(count);
  gatherFloat64(values, entries, count, chosen);
  writer.array(chosen);
}

export function writeInt32(
  writer: ByteWriter,
  values: Int32Array,
  entries: Int32Array,
  count: number,
): void {
  const chosen = new Int32Array(count);
  gatherInt32(values, entries, count, chosen);
  writer.array(chosen);
}

export function writeUint8(
  writer: ByteWriter,
  values: Uint8Array,
  entries: Int32Array,
  count: number,
): void {
  const chosen = new Uint8Array(count);
  gatherUint8(values, entries, count, chosen);
  writer.array(chosen);
}
