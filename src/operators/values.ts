/**
 * Constant rows: emitted once, in the first tick of the dataflow's life, and never again after a restart.
 * The input has then ended, so the watermark is infinite.
 */

import type { Operator, OperatorContext, Output } from '../dataflow/operator.ts';
import { compileInterpreter } from '../expr/interpret.ts';
import type { ValuesSpec } from '../plan/dataflow-plan.ts';
import type { StateTable } from '../state/state-table.ts';
import { BatchBuilder } from '../types/column-access.ts';
import type { Datum } from '../types/datum.ts';
import { Once } from './once.ts';
import { Outlet, outputRowsMax } from './outlet.ts';
import { evaluateOr } from './row-failure.ts';

export class Values implements Operator {
  readonly stateTables: readonly StateTable[];
  readonly #spec: ValuesSpec;
  readonly #context: OperatorContext;
  readonly #once = new Once();
  readonly #outlet = new Outlet();
  #ended = false;

  constructor(spec: ValuesSpec, context: OperatorContext) {
    this.#spec = spec;
    this.#context = context;
    this.stateTables = [this.#once.table];
  }

  get counters() {
    return this.#outlet.counters;
  }

  connect(output: Output): void {
    this.#outlet.connect(output);
  }

  push(): void {
    // No inputs.
  }

  watermark(): void {
    // No inputs.
  }

  flush(): void {
    if (this.#once.take()) this.#emit();
    if (!this.#ended) this.#outlet.watermark(Infinity);
    this.#ended = true;
  }

  #emit(): void {
    const builder = new BatchBuilder(this.#spec.columns.map((column) => column.type));
    for (const exprs of this.#spec.rows) {
      const row: (Datum | null)[] = [];
      for (const expr of exprs) {
        if (expr.kind === 'constant') {
          row.push(expr.value);
          continue;
        }
        const run = compileInterpreter(expr);
        const failed = { context: this.#context, counters: this.counters, values: [], weight: 1 };
        row.push(evaluateOr(() => run([], this.#context.evaluation), failed));
      }
      builder.append(row);
      if (builder.count === outputRowsMax) {
        this.#outlet.emit(builder.batch());
        builder.clear();
      }
    }
    if (builder.count > 0) this.#outlet.emit(builder.batch());
  }

  restored(): void {
    // No caches.
  }
}
