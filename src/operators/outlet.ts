/**
 * An operator's way out: counts rows and forwards batches and watermarks to what it was connected to.
 * `EntryOutput` gathers chosen rows of columns with weights and sends them as batches.
 */

import { must } from '../base/assert.ts';
import type { OperatorCounters, Output } from '../dataflow/operator.ts';
import { InputWatermarks } from '../dataflow/watermark.ts';
import { gatherRows } from '../state/gather.ts';
import { grownInt32 } from '../state/grown.ts';
import type { Batch } from '../types/batch.ts';
import type { Column } from '../types/column.ts';

/** Batches sent on are at most this long, so that memory along an edge stays bounded. */
export const outputRowsMax = 1024;

export class Outlet {
  readonly counters: OperatorCounters = { rowsIn: 0, rowsOut: 0, rowsLate: 0, rowsFailed: 0 };
  #output: Output | null = null;

  connect(output: Output): void {
    this.#output = output;
  }

  emit(batch: Batch): void {
    if (batch.count === 0) return;
    this.counters.rowsOut += batch.count;
    must(this.#output, 'an operator emits before it was connected').emit(batch);
  }

  watermark(micros: number): void {
    must(this.#output, 'an operator emits before it was connected').watermark(micros);
  }
}

/** The watermarks of a stateful operator: gathered while inputs speak, passed on after the rows. */
export class Times {
  readonly table: InputWatermarks;
  #moved = false;

  constructor(inputs: number) {
    this.table = new InputWatermarks(inputs);
  }

  get least(): number {
    return this.table.least;
  }

  advance(input: number, micros: number): void {
    if (this.table.advance(input, micros)) this.#moved = true;
  }

  /** Sends the least watermark on when it has moved, `delay` microseconds behind. */
  pass(outlet: Outlet, delay = 0): void {
    if (!this.#moved) return;
    this.#moved = false;
    outlet.watermark(this.table.least - delay);
  }
}

/** Rows to be emitted, by their position in some columns. */
export class EntryOutput {
  rows: Int32Array = new Int32Array(64);
  weights: Int32Array = new Int32Array(64);
  count = 0;
  #reused: (Column | null)[] = [];

  add(row: number, weight: number): void {
    if (weight === 0) return;
    if (this.count === this.rows.length) {
      this.rows = grownInt32(this.rows, this.count * 2);
      this.weights = grownInt32(this.weights, this.count * 2);
    }
    this.rows[this.count] = row;
    this.weights[this.count++] = weight;
  }

  /**
   * Emits the rows gathered so far from `columns` and starts over. `more` gives further columns for the
   * next `count` rows of each batch, after the others or before them.
   */
  send(
    outlet: Outlet,
    columns: readonly Column[],
    more: ((count: number) => Column[]) | null = null,
    place: 'after' | 'before' = 'after',
  ): void {
    for (let at = 0; at < this.count; at += outputRowsMax) {
      const count = Math.min(outputRowsMax, this.count - at);
      const rows = this.rows.subarray(at, at + count);
      const gathered = columns.map(
        (column, c) => (this.#reused[c] = gatherRows(column, rows, count, this.#reused[c] ?? null)),
      );
      const extra = more === null ? [] : more(count);
      outlet.emit({
        count,
        columns: place === 'after' ? [...gathered, ...extra] : [...extra, ...gathered],
        weights: plainWeights(this.weights.subarray(at, at + count), count),
        rowWatermarks: null,
        origin: null,
      });
    }
    this.count = 0;
  }
}

/** Null when every weight is 1. */
export function plainWeights(weights: Int32Array, count: number): Int32Array | null {
  for (let i = 0; i < count; i++) if (weights[i] !== 1) return weights;
  return null;
}
