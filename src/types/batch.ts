/**
 * A batch: rows as columns, each with an integer weight. Batches are what moves along the edges of the
 * dataflow; the same form holds a snapshot read from a view and a query's result.
 *
 * Ownership: a batch handed to someone is valid only during the call. Whoever keeps rows copies them.
 * The owner reuses the arrays for its next batch.
 */

import type { Column } from './column.ts';

export interface Batch {
  count: number;
  columns: Column[];
  /** Multiplicity of each row, never 0; null means that every row has weight +1. */
  weights: Int32Array | null;
  /**
   * For append-only streams with event time: the source's watermark (µs) as it stood *before* each row,
   * so that lateness depends on the order of rows and never on how they were batched. Null otherwise.
   */
  rowWatermarks: Float64Array | null;
  /** Where each row came from, for the late relation; null when not known. */
  origin: BatchOrigin | null;
}

export interface BatchOrigin {
  /** Name of the source relation, e.g. `public.orders`. */
  readonly source: string;
  /** Topic, file or stream within the source. */
  readonly stream: string;
  readonly partition: string;
  /** Offset of each row within its partition. */
  offsets: Float64Array;
}

/** The same rows with opposite weights; the columns are shared. */
export function negated(batch: Batch): Batch {
  const weights = new Int32Array(batch.count);
  for (let row = 0; row < batch.count; row++) {
    weights[row] = batch.weights === null ? -1 : -batch.weights[row]!;
  }
  return { ...batch, weights };
}

export function emptyBatch(columns: Column[]): Batch {
  return { count: 0, columns, weights: null, rowWatermarks: null, origin: null };
}
