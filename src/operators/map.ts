/**
 * Filter and project: one compiled kernel over each batch, emitted at once. Linear and deterministic in
 * the row, so a retraction goes the way of its insertion. A failing expression gives NULL and a row
 * error; a failing predicate drops the row with one. Keeps nothing.
 */

import type { Operator, OperatorContext, Output } from '../dataflow/operator.ts';
import { compileMap } from '../expr/codegen.ts';
import type { MapKernel, RowFailure } from '../expr/codegen.ts';
import type { MapSpec } from '../plan/dataflow-plan.ts';
import type { StateTable } from '../state/state-table.ts';
import { emptyBatch } from '../types/batch.ts';
import type { Batch } from '../types/batch.ts';
import type { SqlType } from '../types/sql-type.ts';
import { Outlet } from './outlet.ts';

export class MapOperator implements Operator {
  readonly stateTables: readonly StateTable[] = [];
  readonly #kernel: MapKernel;
  readonly #context: OperatorContext;
  readonly #onRowError: ((failure: RowFailure) => void) | null;
  readonly #outlet = new Outlet();
  readonly #output: Batch = emptyBatch([]);

  constructor(spec: MapSpec, inputTypes: readonly SqlType[], context: OperatorContext) {
    this.#context = context;
    const { predicate, exprs } = spec;
    this.#kernel = compileMap({ inputTypes, predicate, exprs }, { codegen: context.codegen });
    const { rowError } = context;
    this.#onRowError =
      rowError === null
        ? null
        : (failure) => {
            this.counters.rowsFailed++;
            rowError(failure);
          };
  }

  get counters() {
    return this.#outlet.counters;
  }

  /** The generated source, for EXPLAIN (CODE). */
  source(): string {
    return this.#kernel.source();
  }

  connect(output: Output): void {
    this.#outlet.connect(output);
  }

  push(batch: Batch): void {
    this.counters.rowsIn += batch.count;
    this.#kernel.run(batch, this.#output, this.#context.evaluation, this.#onRowError);
    this.#outlet.emit(this.#output);
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
