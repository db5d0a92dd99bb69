/**
 * Runs a dataflow once over a snapshot: the operators of views, fed everything in one tick. In steps, so that
 * whoever runs it can give up turns of the event loop between them and stop when the statement was canceled.
 */

import { Graph } from '../dataflow/graph.ts';
import type { EvalContext } from '../expr/functions/registry.ts';
import { buildGraph } from '../operators/build.ts';
import { CollectOutput } from '../operators/collect.ts';
import type { DataflowPlan } from '../plan/dataflow-plan.ts';
import type { RelationRef } from '../plan/logical.ts';
import type { Batch } from '../types/batch.ts';
import { type PointLookup, pointLookups } from './point-lookup.ts';

export interface RunOptions {
  readonly evaluation: EvalContext;
  readonly codegen: boolean;
  /**
   * Rows of a relation as the statement sees it; their weights sum to its contents. With `lookup` at least those
   * that it asks for.
   */
  readonly scan: (
    relation: RelationRef,
    ordinals: readonly number[],
    lookup: PointLookup | null,
  ) => Iterable<Batch>;
}

/** The consolidated rows of the plan's root, or null when there are none. Errors in rows are thrown. */
export function* runGraph(plan: DataflowPlan, options: RunOptions): Generator<void, Batch | null> {
  const graph = new Graph({ stepped: true });
  const root = plan.nodes[plan.root]!;
  const output = new CollectOutput(root.columns.map((column) => column.type));
  const built = buildGraph(plan, {
    graph,
    operator: {
      name: 'query',
      evaluation: options.evaluation,
      codegen: options.codegen,
      // Rows that are kept are never late.
      late: () => undefined,
      rowError: null,
    },
    output,
  });
  const lookups = pointLookups(plan);
  const positions = plan.nodes.filter((node) => node.kind === 'scan').map((node) => node.id);
  for (const [index, { relation, ordinals, input }] of built.scans.entries()) {
    const lookup = lookups.get(positions[index]!) ?? null;
    for (const batch of options.scan(relation, ordinals, lookup)) {
      input.emit(batch);
      yield* graph.drain();
      yield;
    }
  }
  yield* graph.tickSteps();
  return output.take();
}
