/** Several batches of the same columns as one. Text keeps its bytes behind one another; mixed kinds go wide. */

import { must } from '../base/assert.ts';
import type { Batch } from '../types/batch.ts';
import { widenColumn } from '../types/column-access.ts';
import type { Column, TextColumn } from '../types/column.ts';
import type { Datum } from '../types/datum.ts';
import type { SqlType } from '../types/sql-type.ts';

/** Text over-reads by up to 16 bytes. */
const padding = 16;

export function concatBatches(batches: readonly Batch[], types: readonly SqlType[]): Batch {
  const first = must(batches[0], 'at least one batch');
  if (batches.length === 1) return first;
  const count = batches.reduce((sum, batch) => sum + batch.count, 0);
  const columns = types.map((type, index) => {
    const parts = batches.map((batch) => ({ column: batch.columns[index]!, count: batch.count }));
    return concatColumn(parts, count, type);
  });
  const weighted = batches.some((batch) => batch.weights !== null);
  return {
    count,
    columns,
    weights: weighted ? concatWeights(batches, count) : null,
    rowWatermarks: null,
    origin: null,
  };
}

interface Part {
  readonly column: Column;
  readonly count: number;
}

function concatWeights(batches: readonly Batch[], count: number): Int32Array {
  const weights = new Int32Array(count).fill(1);
  let at = 0;
  for (const batch of batches) {
    if (batch.weights !== null) weights.set(batch.weights.subarray(0, batch.count), at);
    at += batch.count;
  }
  return weights;
}

function concatColumn(parts: readonly Part[], count: number, type: SqlType): Column {
  const kind = parts[0]!.column.kind;
  const uniform = parts.every((part) => part.column.kind === kind);
  if (!uniform || kind === 'any') return concatWide(parts, type);
  const nulls = concatNulls(parts, count);
  switch (kind) {
    case 'i32':
      return { kind, values: concatValues(parts, new Int32Array(count)), nulls };
    case 'f64':
      return { kind, values: concatValues(parts, new Float64Array(count)), nulls };
    case 'bool':
      return { kind, values: concatValues(parts, new Uint8Array(count)), nulls };
    case 'text':
      return concatText(parts, count, nulls);
  }
}

function concatWide(parts: readonly Part[], type: SqlType): Column {
  const values: (Datum | null)[] = [];
  for (const { column, count } of parts) {
    const wide = widenColumn(column, count, type).values;
    for (let row = 0; row < count; row++) values.push(wide[row] ?? null);
  }
  return { kind: 'any', values, nulls: null };
}

function concatNulls(parts: readonly Part[], count: number): Uint8Array | null {
  if (parts.every((part) => part.column.nulls === null)) return null;
  const nulls = new Uint8Array(count);
  let at = 0;
  for (const part of parts) {
    if (part.column.nulls !== null) nulls.set(part.column.nulls.subarray(0, part.count), at);
    at += part.count;
  }
  return nulls;
}

function concatValues<T extends Int32Array | Float64Array | Uint8Array>(
  parts: readonly Part[],
  into: T,
): T {
  let at = 0;
  for (const { column, count } of parts) {
    if (column.kind === 'text' || column.kind === 'any') continue;
    into.set(column.values.subarray(0, count), at);
    at += count;
  }
  return into;
}

function concatText(parts: readonly Part[], count: number, nulls: Uint8Array | null): TextColumn {
  const columns = parts.map((part) => part.column as TextColumn);
  const shared = columns.every((column) => column.bytes === columns[0]!.bytes);
  const total = columns.reduce((sum, column) => sum + column.bytes.length, 0);
  const bytes = shared ? columns[0]!.bytes : new Uint8Array(total + padding);
  const offsets = new Int32Array(count);
  const lengths = new Int32Array(count);
  let at = 0;
  let base = 0;
  parts.forEach((part, index) => {
    const column = columns[index]!;
    if (!shared) bytes.set(column.bytes, base);
    for (let row = 0; row < part.count; row++) offsets[at + row] = column.offsets[row]! + base;
    lengths.set(column.lengths.subarray(0, part.count), at);
    at += part.count;
    if (!shared) base += column.bytes.length;
  });
  return { kind: 'text', bytes, offsets, lengths, nulls };
}
