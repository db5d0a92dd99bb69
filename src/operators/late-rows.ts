/**
 * Keeps rows out of a join that come after their own watermark, where the other side has begun to forget what
 * they could match: they go to the late relation instead of finding some of their matches. Judged by the
 * watermark that a row carries, so that it does not depend on batching.
 */

import type { OperatorContext, OperatorCounters } from '../dataflow/operator.ts';
import type { ColumnSpec } from '../plan/dataflow-plan.ts';
import type { Batch } from '../types/batch.ts';
import { gather, readDatum } from '../types/column-access.ts';

export class LateRows {
  readonly #column: number;
  readonly #columns: readonly ColumnSpec[];
  readonly #context: OperatorContext;
  readonly #counters: OperatorCounters;

  constructor(options: {
    /** The time column. */
    readonly column: number;
    readonly columns: readonly ColumnSpec[];
    readonly context: OperatorContext;
    readonly counters: OperatorCounters;
  }) {
    this.#column = options.column;
    this.#columns = options.columns;
    this.#context = options.context;
    this.#counters = options.counters;
  }

  /** The batch without its late rows, which are reported. `watermark` counts for rows that carry none. */
  without(batch: Batch, watermark: number): Batch {
    const { count, rowWatermarks } = batch;
    let kept: Int32Array | null = null;
    let size = 0;
    for (let i = 0; i < count; i++) {
      const limit = rowWatermarks === null ? watermark : rowWatermarks[i]!;
      const late = this.#time(batch, i) < limit;
      if (late && kept === null) {
        kept = new Int32Array(count);
        for (; size < i; size++) kept[size] = size;
      }
      if (late) this.#report(batch, i, limit);
      else if (kept !== null) kept[size++] = i;
    }
    return kept === null ? batch : gather(batch, kept, size);
  }

  /** A row without a time is not late: it is kept, and matches nothing. */
  #time(batch: Batch, i: number): number {
    const column = batch.columns[this.#column]!;
    if (column.kind === 'f64' && column.nulls === null) return column.values[i]!;
    const value = readDatum(column, i, this.#columns[this.#column]!.type);
    return value === null ? Infinity : Number(value);
  }

  #report(batch: Batch, i: number, watermark: number): void {
    this.#counters.rowsLate++;
    this.#context.late({
      columns: this.#columns.map((column) => column.name),
      types: this.#columns.map((column) => column.type),
      values: batch.columns.map((column, c) => readDatum(column, i, this.#columns[c]!.type)),
      windowStart: null,
      windowEnd: null,
      watermark,
      source: batch.origin?.source ?? null,
      stream: batch.origin?.stream ?? null,
      partition: batch.origin?.partition ?? null,
      offset: batch.origin?.offsets[i] ?? null,
    });
  }
}
