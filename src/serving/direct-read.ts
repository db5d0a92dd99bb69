/**
 * A query that only filters and projects one relation, or constant rows, needs no graph when its rows are
 * few: the rows are found, interpreted one by one and handed over. What a statement needs of it is made once
 * and kept with its plan; values of $1, $2, … come at each run.
 *
 * Rows that another snapshot or the transaction's own changes take back come with negative weights; then, and
 * only then, the result is consolidated.
 */

import { must } from '../base/assert.ts';
import { Consolidator } from '../dataflow/consolidate.ts';
import type { EvalContext } from '../expr/functions/registry.ts';
import { compileInterpreter, type Interpreter } from '../expr/interpret.ts';
import { PlainMapKernel } from '../expr/kernel.ts';
import type { DataflowPlan, ScanSpec, ValuesSpec } from '../plan/dataflow-plan.ts';
import { type Batch, emptyBatch } from '../types/batch.ts';
import { BatchBuilder, copyBatch } from '../types/column-access.ts';
import type { Datum } from '../types/datum.ts';
import type { SqlType } from '../types/sql-type.ts';
import { type PointCondition, pointCondition, pointLookup } from './point-lookup.ts';
import { generatedRowsMin, type RunOptions } from './run-graph.ts';

export class DirectRead {
  readonly #source: ScanSpec | ValuesSpec;
  readonly #condition: PointCondition | null;
  /** Of `values`. */
  readonly #rows: readonly (readonly Interpreter[])[];
  /** From the source to the root. */
  readonly #kernels: readonly PlainMapKernel[];
  readonly #types: readonly SqlType[];

  /** Null when the plan holds anything else than maps over one scan or over few constant rows. */
  static of(plan: DataflowPlan): DirectRead | null {
    const path = [must(plan.nodes[plan.root], 'root of the plan')];
    while (path[0]!.kind === 'map') path.unshift(plan.nodes[path[0]!.inputs[0]!]!);
    const [source] = path;
    if (source?.kind === 'scan') {
      if (source.relation.kind !== 'table' && source.relation.kind !== 'view') return null;
    } else if (source?.kind !== 'values' || source.rows.length >= generatedRowsMin) return null;
    return new DirectRead(plan, source, path);
  }

  private constructor(
    plan: DataflowPlan,
    source: ScanSpec | ValuesSpec,
    path: DataflowPlan['nodes'],
  ) {
    this.#source = source;
    this.#condition = source.kind === 'scan' ? pointCondition(plan, source) : null;
    this.#rows =
      source.kind === 'values' ? source.rows.map((row) => row.map(compileInterpreter)) : [];
    this.#kernels = path.flatMap((node, i) => {
      if (node.kind !== 'map') return [];
      const inputTypes = path[i - 1]!.columns.map((column) => column.type);
      return [new PlainMapKernel({ inputTypes, predicate: node.predicate, exprs: node.exprs })];
    });
    this.#types = path.at(-1)!.columns.map((column) => column.type);
  }

  /**
   * The result at once, as batches of its own whose weights are positive, or null when there are too many rows
   * to interpret. Errors in rows are thrown.
   */
  read(options: RunOptions): readonly Batch[] | null {
    const source = this.#source;
    const { evaluation } = options;
    if (source.kind === 'values') return this.#result([this.#values(source, evaluation)], options);
    const condition = this.#condition;
    const lookup =
      condition === null ? null : pointLookup(condition, evaluation.parameters ?? []);
    if (condition !== null && lookup === null) {
      // No row is asked for, but a relation that has failed says so.
      for (const _ of options.scan(source.relation, [], null)) break;
      return [];
    }
    if (!(options.rowsOf(source.relation, lookup) < generatedRowsMin)) return null;
    return this.#result(options.scan(source.relation, source.ordinals, lookup), options);
  }

  #values(source: ValuesSpec, evaluation: EvalContext): Batch {
    const types = source.columns.map((column) => column.type);
    const builder = new BatchBuilder(types, Math.max(1, source.rows.length));
    for (const row of this.#rows) {
      builder.append(row.map((run): Datum | null => run([], evaluation)));
    }
    return builder.batch();
  }

  #result(batches: Iterable<Batch>, { evaluation }: RunOptions): readonly Batch[] {
    const found: Batch[] = [];
    let takenBack = false;
    for (const batch of batches) {
      let current = batch;
      for (const kernel of this.#kernels) {
        const output = emptyBatch([]);
        kernel.run(current, output, evaluation, null);
        current = output;
      }
      if (current.count === 0) continue;
      takenBack ||= hasNegative(current);
      // Without a kernel the text is still the store's.
      found.push(this.#kernels.length === 0 ? copyBatch(current) : current);
    }
    if (!takenBack) return found;
    const consolidator = new Consolidator(this.#types);
    for (const batch of found) consolidator.add(batch);
    const rest = consolidator.take();
    return rest === null ? [] : [rest];
  }
}

/** Whether some row is taken back. */
export function hasNegative({ weights, count }: Batch): boolean {
  if (weights === null) return false;
  for (let row = 0; row < count; row++) if (weights[row]! < 0) return true;
  return false;
}
