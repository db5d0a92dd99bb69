/**
 * The last step of an ad-hoc query: weights become repeated rows, ORDER BY sorts them, OFFSET and LIMIT cut.
 * Works on indices into one concatenated batch; rows are gathered only for what is returned.
 */

import { assert } from '../base/assert.ts';
import type { OrderSpec } from '../plan/dataflow-plan.ts';
import type { Batch } from '../types/batch.ts';
import { gather, isNullAt, readDatum } from '../types/column-access.ts';
import type { Column, TextColumn } from '../types/column.ts';
import { compareDatums } from '../types/compare.ts';
import type { SqlType } from '../types/sql-type.ts';
import { concatBatches } from './concat-batches.ts';

export interface ResultSpec {
  readonly types: readonly SqlType[];
  readonly order: readonly OrderSpec[];
  readonly limit: number | null;
  readonly offset: number;
  readonly withTies: boolean;
  /** Columns beyond these were only there to sort by. */
  readonly visibleColumns: number;
}

const chunkRows = 4096;

/** The rows of a result in order, as batches without weights that hold the visible columns. */
export function orderResult(batches: readonly Batch[], spec: ResultSpec): Batch[] {
  if (batches.length === 0) return [];
  const all = concatBatches(batches, spec.types);
  const rows = expandWeights(all);
  if (spec.order.length > 0) rows.sort(rowOrder(all, spec));
  return chunks(all, cut(rows, all, spec), spec.visibleColumns);
}

function expandWeights(batch: Batch): Int32Array {
  const { count, weights } = batch;
  if (weights === null) return Int32Array.from({ length: count }, (_, row) => row);
  let total = 0;
  for (let row = 0; row < count; row++) {
    const weight = weights[row]!;
    assert(weight > 0, `a result row has weight ${weight}`);
    total += weight;
  }
  const rows = new Int32Array(total);
  let next = 0;
  for (let row = 0; row < count; row++) {
    rows.fill(row, next, next + weights[row]!);
    next += weights[row]!;
  }
  return rows;
}

type Comparison = (a: number, b: number) => number;

function rowOrder(batch: Batch, spec: ResultSpec): Comparison {
  const comparisons = spec.order.map((order) =>
    columnOrder(batch.columns[order.column]!, spec.types[order.column]!, order),
  );
  return (a, b) => {
    for (const compare of comparisons) {
      const result = compare(a, b);
      if (result !== 0) return result;
    }
    // Equal rows keep the order in which they came, so that a result does not flicker.
    return a - b;
  };
}

function columnOrder(column: Column, type: SqlType, order: OrderSpec): Comparison {
  const values = valueOrder(column, type);
  const sign = order.descending ? -1 : 1;
  const nullSign = order.nullsFirst ? -1 : 1;
  return (a, b) => {
    const aNull = isNullAt(column, a);
    const bNull = isNullAt(column, b);
    if (aNull || bNull) return aNull === bNull ? 0 : aNull ? nullSign : -nullSign;
    return sign * values(a, b);
  };
}

function valueOrder(column: Column, type: SqlType): Comparison {
  if (column.kind === 'text') return textOrder(column);
  const floating = type.kind === 'double' || type.kind === 'real';
  if (column.kind === 'any' || floating) {
    return (a, b) => compareDatums(readDatum(column, a, type)!, readDatum(column, b, type)!, type);
  }
  const { values } = column;
  return (a, b) => values[a]! - values[b]! || 0;
}

/** UTF-8 bytes compare as code points do. */
function textOrder(column: TextColumn): Comparison {
  const bytes = Buffer.from(column.bytes.buffer, column.bytes.byteOffset, column.bytes.byteLength);
  return (a, b) => {
    const aStart = column.offsets[a]!;
    const bStart = column.offsets[b]!;
    return bytes.compare(
      bytes,
      bStart,
      bStart + column.lengths[b]!,
      aStart,
      aStart + column.lengths[a]!,
    );
  };
}

function cut(rows: Int32Array, batch: Batch, spec: ResultSpec): Int32Array {
  const from = Math.min(spec.offset, rows.length);
  if (spec.limit === null) return rows.subarray(from);
  let to = Math.min(rows.length, from + spec.limit);
  if (spec.withTies && to > from) {
    const compare = tieOrder(batch, spec);
    while (to < rows.length && compare(rows[to - 1]!, rows[to]!) === 0) to++;
  }
  return rows.subarray(from, to);
}

function tieOrder(batch: Batch, spec: ResultSpec): Comparison {
  const comparisons = spec.order.map((order) =>
    columnOrder(batch.columns[order.column]!, spec.types[order.column]!, order),
  );
  return (a, b) => {
    for (const compare of comparisons) {
      const result = compare(a, b);
      if (result !== 0) return result;
    }
    return 0;
  };
}

function chunks(all: Batch, rows: Int32Array, visibleColumns: number): Batch[] {
  const visible: Batch = { ...all, columns: all.columns.slice(0, visibleColumns), weights: null };
  const result: Batch[] = [];
  for (let from = 0; from < rows.length; from += chunkRows) {
    const part = rows.subarray(from, Math.min(rows.length, from + chunkRows));
    result.push(gather(visible, part, part.length));
  }
  return result;
}
