/**
 * Keeps rows out of a join that come after their own watermark, where the other side has begun to forget what
 * they could match: they go to the late relation instead of finding some of their matches. Judged by the
 * watermark that a row carries, so that it does not depend on batching.
 */

import type { LateRow, OperatorContext, OperatorCounters } from '../dataflow/operator.ts';
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
    this.#context.late(lateRowOf(batch, i, this.#columns, { window: null, watermark }));
  }
}

/** A row of a batch for the late relation; `window`: the one that it came too late for, where there is one. */
export function lateRowOf(
  batch: Batch,
  i: number,
  columns: readonly ColumnSpec[],
  judged: {
    readonly window: { readonly start: number; readonly end: number } | null;
    readonly watermark: number;
  },
): LateRow {
  const { origin } = batch;
  return {
    columns: columns.map((column) => column.name),
    types: columns.map((column) => column.type),
    values: batch.columns.map((column, c) => readDatum(column, i, columns[c]!.type)),
    windowStart: judged.window?.start ?? null,
    windowEnd: judged.window?.end ?? null,
    watermark: judged.watermark,
    source: origin?.source ?? null,
    stream: origin?.stream ?? null,
    partition: origin?.partition ?? null,
    offset: origin?.offsets[i] ?? null,
  };
}
