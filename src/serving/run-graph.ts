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

export interface RunOptions {
  readonly evaluation: EvalContext;
  readonly codegen: boolean;
  /** Rows of a relation as the statement sees it; their weights sum to its contents. */
  readonly scan: (relation: RelationRef, ordinals: readonly number[]) => Iterable<Batch>;
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
  for (const { relation, ordinals, input } of built.scans) {
    for (const batch of options.scan(relation, ordinals)) {
      input.emit(batch);
      yield* graph.drain();
      yield;
    }
  }
  yield* graph.tickSteps();
  return output.take();
}
