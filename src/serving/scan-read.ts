/**
 * A query that only filters and projects one relation, over many rows: each batch of the scan goes through the
 * compiled maps and is part of the result as it is. No operator keeps anything and nothing is looked up, unless
 * rows were taken back on the way (an older snapshot, the transaction's own changes, changes while the scan gave
 * up turns): then the result is consolidated at the end.
 *
 * Compiled code is kept with the plan. It runs within one step, so runs of one plan may be interleaved.
 */

import { Consolidator } from '../dataflow/consolidate.ts';
import { compileMap, type MapKernel } from '../expr/codegen.ts';
import type { DataflowPlan, MapSpec, NodeSpec, ScanSpec } from '../plan/dataflow-plan.ts';
import { type Batch, emptyBatch } from '../types/batch.ts';
import { copyColumn } from '../types/column-copy.ts';
import type { SqlType } from '../types/sql-type.ts';
import { hasNegative } from './direct-read.ts';
import { mapPath } from './map-path.ts';
import { pointLookups } from './point-lookup.ts';
import { generatedRowsMin, type RunOptions } from './run-graph.ts';

export interface ScanReadOptions extends RunOptions {
  /** More rows are not asked for. */
  readonly rowsMax: number;
  /** Nothing that the scan has given so far will be taken back. */
  readonly final: () => boolean;
}

export class ScanRead {
  readonly #plan: DataflowPlan;
  readonly #scan: ScanSpec;
  readonly #path: readonly NodeSpec[];
  readonly #types: readonly SqlType[];
  #kernels: readonly MapKernel[] | null = null;

  /** Null when the plan holds anything else than maps over the scan of a table or view. */
  static of(plan: DataflowPlan): ScanRead | null {
    const path = mapPath(plan);
    const source = path?.[0];
    if (path === null || source?.kind !== 'scan') return null;
    if (source.relation.kind !== 'table' && source.relation.kind !== 'view') return null;
    return new ScanRead(plan, source, path);
  }

  private constructor(plan: DataflowPlan, scan: ScanSpec, path: readonly NodeSpec[]) {
    this.#plan = plan;
    this.#scan = scan;
    this.#path = path;
    this.#types = path.at(-1)!.columns.map((column) => column.type);
  }

  /** The result's rows in batches of their own, with positive weights. Errors in rows are thrown. */
  *read(options: ScanReadOptions): Generator<void, readonly Batch[]> {
    const { relation, ordinals, id } = this.#scan;
    const lookup = pointLookups(this.#plan).get(id) ?? null;
    const few = options.rowsOf(relation, lookup) < generatedRowsMin;
    const kernels = this.#compiled(options.codegen && !few);
    const found: Batch[] = [];
    let takenBack = false;
    let rows = 0;
    for (const batch of options.scan(relation, ordinals, lookup)) {
      let current = batch;
      for (const kernel of kernels) {
        const output = emptyBatch([]);
        kernel.run(current, output, options.evaluation, null);
        current = output;
      }
      if (current.count > 0) {
        takenBack ||= hasNegative(current);
        rows += current.count;
        found.push(owned(current, batch));
      }
      if (rows >= options.rowsMax && options.final()) break;
      yield;
    }
    return takenBack ? yield* consolidated(found, this.#types) : found;
  }

  #compiled(codegen: boolean): readonly MapKernel[] {
    if (!codegen) return this.#make(false);
    this.#kernels ??= this.#make(true);
    return this.#kernels;
  }

  #make(codegen: boolean): readonly MapKernel[] {
    return this.#path.slice(1).map((node, i) => {
      const { predicate, exprs } = node as MapSpec;
      const inputTypes = this.#path[i]!.columns.map((column) => column.type);
      return compileMap({ inputTypes, predicate, exprs }, { codegen });
    });
  }
}

/** A scan's arrays are new with each batch; the bytes of its text and what a kernel wrote are not ours. */
function owned(batch: Batch, scanned: Batch): Batch {
  const { count, weights } = batch;
  return {
    count,
    columns: batch.columns.map((column) =>
      column.kind !== 'text' && scanned.columns.includes(column)
        ? column
        : copyColumn(column, count),
    ),
    weights: weights === null ? null : weights.slice(0, count),
    rowWatermarks: null,
    origin: null,
  };
}

function* consolidated(
  batches: readonly Batch[],
  types: readonly SqlType[],
): Generator<void, readonly Batch[]> {
  const consolidator = new Consolidator(types);
  for (const batch of batches) {
    consolidator.add(batch);
    yield;
  }
  const rest = consolidator.take();
  return rest === null ? [] : [rest];
}
