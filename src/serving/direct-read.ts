/**
 * A query that only filters and projects one relation, or constant rows, needs no graph when its rows are
 * few: the rows are found, interpreted one by one and handed over. What a statement needs of it is made once
 * and kept with its plan; values of $1, $2, … come at each run.
 *
 * Rows that another snapshot or the transaction's own changes take back come with negative weights; then, and
 * only then, the result is consolidated.
 */

import { Consolidator } from '../dataflow/consolidate.ts';
import type { EvalContext } from '../expr/functions/registry.ts';
import { compileInterpreter, type Interpreter } from '../expr/interpret.ts';
import type { DataflowPlan, NodeSpec, ScanSpec, ValuesSpec } from '../plan/dataflow-plan.ts';
import type { Batch } from '../types/batch.ts';
import { BatchBuilder } from '../types/column-access.ts';
import { copyColumn } from '../types/column-copy.ts';
import type { Datum } from '../types/datum.ts';
import type { SqlType } from '../types/sql-type.ts';
import { mapPath } from './map-path.ts';
import { type PointCondition, pointCondition, pointLookup } from './point-lookup.ts';
import { RowReader } from './row-reader.ts';
import { generatedRowsMin, type RunOptions } from './run-graph.ts';

export class DirectRead {
  readonly #source: ScanSpec | ValuesSpec;
  readonly #condition: PointCondition | null;
  /** Of `values`. */
  readonly #rows: readonly (readonly Interpreter[])[];
  /** From the source to the root. */
  readonly #maps: readonly RowReader[];
  readonly #types: readonly SqlType[];

  /** Null when the plan holds anything else than maps over one scan or over few constant rows. */
  static of(plan: DataflowPlan): DirectRead | null {
    const path = mapPath(plan);
    const source = path?.[0];
    if (path === null || source === undefined) return null;
    if (source.kind === 'scan') {
      if (source.relation.kind !== 'table' && source.relation.kind !== 'view') return null;
    } else if (source.kind !== 'values' || source.rows.length >= generatedRowsMin) return null;
    return new DirectRead(plan, source, path);
  }

  private constructor(
    plan: DataflowPlan,
    source: ScanSpec | ValuesSpec,
    path: readonly NodeSpec[],
  ) {
    this.#source = source;
    this.#condition = source.kind === 'scan' ? pointCondition(plan, source) : null;
    this.#rows =
      source.kind === 'values' ? source.rows.map((row) => row.map(compileInterpreter)) : [];
    this.#maps = path.flatMap((node, i) => {
      if (node.kind !== 'map') return [];
      const inputTypes = path[i - 1]!.columns.map((column) => column.type);
      return [new RowReader(node, inputTypes)];
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
    const lookup = condition === null ? null : pointLookup(condition, evaluation.parameters ?? []);
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
      for (const map of this.#maps) current = map.run(current, evaluation);
      if (current.count === 0) continue;
      takenBack ||= hasNegative(current);
      found.push(ownText(current));
    }
    if (!takenBack) return found;
    const consolidator = new Consolidator(this.#types);
    for (const batch of found) consolidator.add(batch);
    const rest = consolidator.take();
    return rest === null ? [] : [rest];
  }
}

/** Text that is read as it stands is the store's, which may change before the result is sent. */
function ownText(batch: Batch): Batch {
  if (batch.columns.every((column) => column.kind !== 'text')) return batch;
  const columns = batch.columns.map((column) =>
    column.kind === 'text' ? copyColumn(column, batch.count) : column,
  );
  return { ...batch, columns };
}

/** Whether some row is taken back. */
export function hasNegative({ weights, count }: Batch): boolean {
  if (weights === null) return false;
  for (let row = 0; row < count; row++) if (weights[row]! < 0) return true;
  return false;
}
