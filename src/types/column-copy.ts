/**
 * Copies of single columns: some rows of one, in any order, or all of it with bytes of its own.
 */

import { makeColumn, type Column, type TextColumn } from './column.ts';
import type { Datum } from './datum.ts';

/** Text bytes are followed by at least this many that may be read past the end. */
export const textPadding = 16;
/** So few bytes are copied sooner than a view is made of them. */
const shortBytes = 32;

/**
 * A fresh column with the given rows of another, in that order. Text views go on sharing the bytes of
 * the source: `copyBatch` when they must outlive it.
 */
export function gatherColumn(column: Column, rows: Int32Array, count: number): Column {
  if (column.kind === 'any') {
    const values: (Datum | null)[] = new Array(count);
    for (let index = 0; index < count; index++) values[index] = column.values[rows[index]!]!;
    return { kind: 'any', values, nulls: null };
  }
  const result = makeColumn(column.kind, count);
  if (column.kind === 'text' && result.kind === 'text') {
    result.bytes = column.bytes;
    for (let index = 0; index < count; index++) {
      result.offsets[index] = column.offsets[rows[index]!]!;
      result.lengths[index] = column.lengths[rows[index]!]!;
    }
  } else if (column.kind !== 'text' && result.kind !== 'text' && result.kind !== 'any') {
    for (let index = 0; index < count; index++) {
      result.values[index] = column.values[rows[index]!]!;
    }
  }
  if (column.nulls !== null && result.kind !== 'any') {
    result.nulls = new Uint8Array(count);
    for (let index = 0; index < count; index++) result.nulls[index] = column.nulls[rows[index]!]!;
  }
  return result;
}

/** A copy that shares nothing with its source. */
export function copyColumn(column: Column, count: number): Column {
  if (column.kind === 'any') return { ...column, values: column.values.slice(0, count) };
  const nulls = column.nulls === null ? null : column.nulls.slice(0, count);
  switch (column.kind) {
    case 'i32':
      return { kind: 'i32', values: column.values.slice(0, count), nulls };
    case 'f64':
      return { kind: 'f64', values: column.values.slice(0, count), nulls };
    case 'bool':
      return { kind: 'bool', values: column.values.slice(0, count), nulls };
    case 'text':
      return { ...copyText(column, count), nulls };
  }
}

/** Copies only the bytes that rows refer to, end to end. */
function copyText(column: TextColumn, count: number): TextColumn {
  const offsets = new Int32Array(count);
  let size = 0;
  for (let row = 0; row < count; row++) {
    offsets[row] = size;
    if (column.nulls?.[row] !== 1) size += column.lengths[row]!;
  }
  const bytes = new Uint8Array(size + textPadding);
  const lengths = column.lengths.slice(0, count);
  for (let row = 0; row < count; row++) {
    if (column.nulls?.[row] === 1) {
      lengths[row] = 0;
      continue;
    }
    const start = column.offsets[row]!;
    const length = lengths[row]!;
    const to = offsets[row]!;
    if (length > shortBytes) bytes.set(column.bytes.subarray(start, start + length), to);
    else for (let i = 0; i < length; i++) bytes[to + i] = column.bytes[start + i]!;
  }
  return { kind: 'text', bytes, offsets, lengths, nulls: null };
}
