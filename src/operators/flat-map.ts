/**
 * A table function applied to each input row: one output row a result row, or one padded with NULLs for
 * `outer` when there is none. A pure function of the row, so retractions go the same way. Keeps nothing.
 */

import { evaluationError, SqlError } from '../base/errors.ts';
import type { Operator, OperatorContext, Output } from '../dataflow/operator.ts';
import { compileInterpreter } from '../expr/interpret.ts';
import type { Interpreter } from '../expr/interpret.ts';
import type { FlatMapSpec } from '../plan/dataflow-plan.ts';
import type { StateTable } from '../state/state-table.ts';
import type { Batch } from '../types/batch.ts';
import { BatchBuilder, readRow } from '../types/column-access.ts';
import type { Datum, Row } from '../types/datum.ts';
import type { SqlType } from '../types/sql-type.ts';
import { Outlet, outputRowsMax } from './outlet.ts';
import { reportFailure } from './row-failure.ts';

export class FlatMap implements Operator {
  readonly stateTables: readonly StateTable[] = [];
  readonly #spec: FlatMapSpec;
  readonly #inputTypes: readonly SqlType[];
  readonly #context: OperatorContext;
  readonly #args: readonly Interpreter[];
  readonly #outlet = new Outlet();
  readonly #builder: BatchBuilder;
  #rowWatermarks: number[] = [];

  constructor(spec: FlatMapSpec, inputTypes: readonly SqlType[], context: OperatorContext) {
    this.#spec = spec;
    this.#inputTypes = inputTypes;
    this.#context = context;
    this.#args = spec.args.map(compileInterpreter);
    this.#builder = new BatchBuilder(spec.columns.map((column) => column.type));
  }

  get counters() {
    return this.#outlet.counters;
  }

  connect(output: Output): void {
    this.#outlet.connect(output);
  }

  push(batch: Batch): void {
    for (const _ of this.pushSteps(batch));
  }

  *pushSteps(batch: Batch): Generator<void> {
    this.counters.rowsIn += batch.count;
    for (let i = 0; i < batch.count; i++) {
      const row = readRow(batch, i, this.#inputTypes);
      const weight = batch.weights === null ? 1 : batch.weights[i]!;
      let ordinal = 0n;
      for (const result of this.#results(row, weight)) {
        ordinal++;
        this.#append(batch, i, [...row, ...result, ...(this.#spec.ordinality ? [ordinal] : [])]);
        if (this.#builder.count < outputRowsMax) continue;
        this.#send(batch);
        yield;
      }
      if (ordinal === 0n && this.#spec.outer) {
        const missing = this.#spec.columns.length - row.length;
        this.#append(batch, i, [...row, ...new Array<null>(missing).fill(null)]);
        if (this.#builder.count >= outputRowsMax) this.#send(batch);
      }
    }
    this.#send(batch);
  }

  /**
   * The result rows of one input row. Where a failing row must not stop the others, all of them at once, or
   * none when the function fails; otherwise as they come, since there may be any number of them.
   */
  #results(row: Row, weight: number): Iterable<Row> {
    try {
      const args = this.#args.map((arg) => arg(row, this.#context.evaluation));
      if (this.#spec.fn.strict && args.some((arg) => arg === null)) return [];
      const results = this.#spec.fn.evaluate(args, this.#context.evaluation);
      return this.#context.rowError === null ? results : [...results];
    } catch (thrown) {
      const error = evaluationError(thrown);
      if (!(error instanceof SqlError)) throw error;
      const { counters } = this;
      reportFailure(error, { context: this.#context, counters, values: row, weight });
      return [];
    }
  }

  #append(batch: Batch, i: number, row: (Datum | null)[]): void {
    this.#builder.append(row, batch.weights === null ? 1 : batch.weights[i]!);
    if (batch.rowWatermarks !== null) this.#rowWatermarks.push(batch.rowWatermarks[i]!);
  }

  #send(batch: Batch): void {
    if (this.#builder.count === 0) return;
    const output = this.#builder.batch();
    const watermarks = batch.rowWatermarks === null ? null : Float64Array.from(this.#rowWatermarks);
    this.#outlet.emit({ ...output, rowWatermarks: watermarks });
    this.#builder.clear();
    this.#rowWatermarks = [];
  }

  watermark(micros: number): void {
    this.#outlet.watermark(micros);
  }

  flush(): void {
    // Everything went on in push.
  }

  restored(): void {
    // No state.
  }
}
