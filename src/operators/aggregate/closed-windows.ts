/**
 * Guards an aggregation against rows for windows that it has closed and forgotten: they are late, and
 * would otherwise open the window again with a part of its rows.
 */

import type { OperatorContext, OperatorCounters } from '../../dataflow/operator.ts';
import type { AggregateSpec, ColumnSpec } from '../../plan/dataflow-plan.ts';
import type { Batch } from '../../types/batch.ts';
import { gather, readDatum } from '../../types/column-access.ts';

export class ClosedWindows {
  readonly #startColumn: number | null;
  readonly #endColumn: number;
  readonly #lateness: number;
  readonly #input: readonly ColumnSpec[];
  readonly #context: OperatorContext;
  readonly #counters: OperatorCounters;
  /** The watermark at the end of the last tick: windows were closed up to it. */
  #watermark = -Infinity;

  constructor(
    spec: AggregateSpec,
    input: readonly ColumnSpec[],
    context: OperatorContext,
    counters: OperatorCounters,
  ) {
    const window = spec.window!;
    this.#startColumn = window.start === null ? null : spec.keys[window.start]!;
    this.#endColumn = spec.keys[window.end]!;
    this.#lateness = window.lateness;
    this.#input = input;
    this.#context = context;
    this.#counters = counters;
  }

  advance(watermark: number): void {
    this.#watermark = watermark;
  }

  /** The batch without rows of closed windows, which are reported. */
  without(batch: Batch): Batch {
    const closed = this.#watermark - this.#lateness;
    const ends = batch.columns[this.#endColumn]!;
    if (ends.kind === 'f64' && ends.nulls === null && allAfter(ends.values, batch.count, closed)) {
      return batch;
    }
    const kept: number[] = [];
    for (let i = 0; i < batch.count; i++) {
      const end = this.#time(batch, i, this.#endColumn);
      if (end === null || end > closed) kept.push(i);
      else this.#report(batch, i, end);
    }
    if (kept.length === batch.count) return batch;
    return gather(batch, Int32Array.from(kept), kept.length);
  }

  #time(batch: Batch, i: number, column: number): number | null {
    const source = batch.columns[column]!;
    if (source.kind === 'f64' && source.nulls === null) return source.values[i]!;
    const value = readDatum(source, i, this.#input[column]!.type);
    return value === null ? null : Number(value);
  }

  #report(batch: Batch, i: number, end: number): void {
    if (batch.weights !== null && batch.weights[i]! < 0) return;
    this.#counters.rowsLate++;
    const start = this.#startColumn === null ? null : this.#time(batch, i, this.#startColumn);
    this.#context.late({
      columns: this.#input.map((column) => column.name),
      values: batch.columns.map((column, c) => readDatum(column, i, this.#input[c]!.type)),
      windowStart: start,
      windowEnd: end,
      watermark: this.#watermark,
      stream: batch.origin?.stream ?? null,
      partition: batch.origin?.partition ?? null,
      offset: batch.origin?.offsets[i] ?? null,
    });
  }
}

function allAfter(values: Float64Array, count: number, time: number): boolean {
  for (let i = 0; i < count; i++) if (!(values[i]! > time)) return false;
  return true;
}
