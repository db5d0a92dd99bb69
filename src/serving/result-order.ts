/**
 * The last step of an ad-hoc query: weights become repeated rows, ORDER BY sorts them, OFFSET and LIMIT cut.
 * Works on indices into one concatenated batch, in steps; rows are gathered only when they are asked for.
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

const chunkRows = 1024;
/** Rows sorted between two pauses. */
const sortRows = 4096;

/** The rows of a result in order, as batches without weights that hold the visible columns. */
export function* orderResult(
  batches: readonly Batch[],
  spec: ResultSpec,
): Generator<void, Iterable<Batch>> {
  if (batches.length === 0) return [];
  if (isResult(batches, spec)) return batches.map((batch) => visible(batch, spec.visibleColumns));
  const all = concatBatches(batches, spec.types);
  const unsorted = expandWeights(all);
  const rows = spec.order.length === 0 ? unsorted : yield* sorted(unsorted, rowOrder(all, spec));
  return chunks(all, cut(rows, all, spec), spec.visibleColumns);
}

/** Nothing is left to be done. */
function isResult(batches: readonly Batch[], spec: ResultSpec): boolean {
  if (spec.order.length > 0 || spec.limit !== null || spec.offset > 0) return false;
  return batches.every((batch) => batch.weights === null);
}

function visible(batch: Batch, columns: number): Batch {
  return { ...batch, columns: batch.columns.slice(0, columns), weights: null };
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

/** Rows sorted a piece at a time, and the pieces merged pairwise. */
function* sorted(rows: Int32Array, compare: Comparison): Generator<void, Int32Array> {
  for (let from = 0; from < rows.length; from += sortRows) {
    rows.subarray(from, from + sortRows).sort(compare);
    yield;
  }
  let source: Int32Array = rows;
  let target: Int32Array = new Int32Array(rows.length > sortRows ? rows.length : 0);
  for (let width = sortRows; width < rows.length; width *= 2) {
    for (let from = 0; from < rows.length; from += width * 2) {
      yield* merge(source, target, { from, width, compare });
    }
    [source, target] = [target, source];
  }
  return source;
}

function* merge(
  source: Int32Array,
  target: Int32Array,
  run: { readonly from: number; readonly width: number; readonly compare: Comparison },
): Generator<void> {
  const middle = Math.min(run.from + run.width, source.length);
  const end = Math.min(run.from + run.width * 2, source.length);
  let left = run.from;
  let right = middle;
  for (let at = run.from; at < end; at++) {
    const takeLeft =
      left < middle && (right >= end || run.compare(source[left]!, source[right]!) <= 0);
    target[at] = source[takeLeft ? left++ : right++]!;
    if (at % sortRows === 0) yield;
  }
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

function* chunks(all: Batch, rows: Int32Array, visibleColumns: number): Iterable<Batch> {
  const shown = visible(all, visibleColumns);
  for (let from = 0; from < rows.length; from += chunkRows) {
    const part = rows.subarray(from, Math.min(rows.length, from + chunkRows));
    yield gather(shown, part, part.length);
  }
}
