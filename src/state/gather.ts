/**
 * Copying chosen rows of columns into reused memory: how operators turn (entry ids, row numbers) into
 * output batches. One loop a physical kind, so that each stays monomorphic. Text is not copied: the
 * result views the bytes of its source.
 */

import type { Column } from '../types/column.ts';
import { makeColumn } from '../types/column.ts';

/**
 * Rows `rows[0..count)` of `source`; a row of −1 gives NULL. `reuse` is an earlier result for the same
 * output column, or null; its memory is taken when it fits.
 */
export function gatherRows(
  source: Column,
  rows: Int32Array,
  count: number,
  reuse: Column | null,
  options: { readonly mayMiss: boolean } = { mayMiss: false },
): Column {
  const target = fitting(source, count, reuse);
  if (source.kind === 'any' && target.kind === 'any') {
    const values = target.values;
    values.length = count;
    for (let i = 0; i < count; i++) {
      const row = rows[i]!;
      values[i] = row < 0 ? null : source.values[row]!;
    }
    return target;
  }
  if (source.kind === 'text' && target.kind === 'text') {
    target.bytes = source.bytes;
    gatherInt32(source.offsets, rows, count, target.offsets);
    gatherInt32(source.lengths, rows, count, target.lengths);
  } else if (source.kind === 'f64' && target.kind === 'f64') {
    gatherFloat64(source.values, rows, count, target.values);
  } else if (source.kind === 'i32' && target.kind === 'i32') {
    gatherInt32(source.values, rows, count, target.values);
  } else if (source.kind === 'bool' && target.kind === 'bool') {
    gatherUint8(source.values, rows, count, target.values);
  }
  if (target.kind !== 'any') {
    if (source.nulls !== null || options.mayMiss) {
      target.nulls = nullsOf(source.nulls as Uint8Array | null, rows, count, target.nulls);
    } else {
      target.nulls = null;
    }
  }
  return target;
}

function fitting(source: Column, count: number, reuse: Column | null): Column {
  if (reuse !== null && reuse.kind === source.kind && capacityOf(reuse) >= count) return reuse;
  // Up to 64 bytes an array costs V8 next to nothing, and a look-up makes new ones each time.
  let capacity = count <= 8 ? 8 : 64;
  while (capacity < count) capacity *= 2;
  return makeColumn(source.kind, capacity);
}

function capacityOf(column: Column): number {
  if (column.kind === 'any') return Infinity;
  return column.kind === 'text' ? column.offsets.length : column.values.length;
}

function nullsOf(
  source: Uint8Array | null,
  rows: Int32Array,
  count: number,
  reuse: Uint8Array | null,
): Uint8Array | null {
  const nulls =
    reuse !== null && reuse.length >= count ? reuse : new Uint8Array(Math.max(64, count));
  let any = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i]!;
    const isNull = row < 0 ? 1 : source === null ? 0 : source[row]!;
    nulls[i] = isNull;
    any |= isNull;
  }
  return any === 0 ? null : nulls;
}

/** A row of −1 gives 0; its null flag is set. */
export function gatherFloat64(
  source: Float64Array,
  rows: Int32Array,
  count: number,
  target: Float64Array,
): void {
  for (let i = 0; i < count; i++) {
    const row = rows[i]!;
    target[i] = row < 0 ? 0 : source[row]!;
  }
}

export function gatherInt32(
  source: Int32Array,
  rows: Int32Array,
  count: number,
  target: Int32Array,
): void {
  for (let i = 0; i < count; i++) {
    const row = rows[i]!;
    target[i] = row < 0 ? 0 : source[row]!;
  }
}

export function gatherUint8(
  source: Uint8Array,
  rows: Int32Array,
  count: number,
  target: Uint8Array,
): void {
  for (let i = 0; i < count; i++) {
    const row = rows[i]!;
    target[i] = row < 0 ? 0 : source[row]!;
  }
}
