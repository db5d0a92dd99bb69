/**
 * Reading the time column of a windowed input. A row whose time is NULL, infinite or beyond the safe
 * integers of a double (year 2255) is in no window: it is refused and counted, never guessed.
 */

import { sqlstate } from '../base/errors.ts';
import type { OperatorContext, OperatorCounters } from '../dataflow/operator.ts';
import type { ColumnSpec } from '../plan/dataflow-plan.ts';
import type { Batch } from '../types/batch.ts';
import { readDatum } from '../types/column-access.ts';
import type { Datum } from '../types/datum.ts';
import { lateRowOf } from './late-rows.ts';

/** Window time is the last millisecond of a window, as Flink has it. */
export const windowTimeGap = 1000;

export class EventTimes {
  times: Float64Array = new Float64Array(64);
  /** 1 where a row has no usable time; null when all have. */
  skip: Uint8Array | null = null;
  readonly #column: number;
  readonly #columns: readonly ColumnSpec[];
  readonly #context: OperatorContext;
  readonly #counters: OperatorCounters;

  constructor(options: {
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

  /** Reads the times of a batch and reports the rows without one. */
  read(batch: Batch): void {
    const column = batch.columns[this.#column]!;
    const { count } = batch;
    this.skip = null;
    if (column.kind === 'f64' && column.nulls === null) {
      this.times = column.values;
    } else {
      this.times = new Float64Array(count);
      const { type } = this.#columns[this.#column]!;
      for (let i = 0; i < count; i++) {
        const value =
          column.kind === 'f64'
            ? column.nulls![i] === 0
              ? column.values[i]!
              : null
            : readDatum(column, i, type);
        this.times[i] = value === null ? NaN : Number(value);
      }
    }
    const { times } = this;
    for (let i = 0; i < count; i++) {
      const time = times[i]!;
      if (time >= -Number.MAX_SAFE_INTEGER && time <= Number.MAX_SAFE_INTEGER) continue;
      this.skip ??= new Uint8Array(count);
      this.skip[i] = 1;
      this.#refuse(batch, i);
    }
  }

  #refuse(batch: Batch, i: number): void {
    this.#counters.rowsFailed++;
    const { name } = this.#columns[this.#column]!;
    const isNull = this.valuesOf(batch, i)[this.#column] === null;
    this.#context.rowError?.({
      code: isNull ? sqlstate.nullValueNotAllowed : sqlstate.datetimeFieldOverflow,
      message: isNull
        ? `null value in time column "${name}"`
        : `value of time column "${name}" is out of range for a window`,
      values: this.valuesOf(batch, i),
      weight: batch.weights === null ? 1 : batch.weights[i]!,
    });
  }

  valuesOf(batch: Batch, i: number): (Datum | null)[] {
    return batch.columns.map((column, c) => readDatum(column, i, this.#columns[c]!.type));
  }

  /** Hands a late row to the late relation. */
  late(batch: Batch, i: number, window: { start: number; end: number }, watermark: number): void {
    this.#counters.rowsLate++;
    this.#context.late(lateRowOf(batch, i, this.#columns, { window, watermark }));
  }
}
