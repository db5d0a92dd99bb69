/**
 * Runs a dataflow once over a snapshot: the operators of views, fed everything in one tick. In steps, so that
 * whoever runs it can give up turns of the event loop between them and stop when the statement was canceled.
 */

import { Graph } from '../dataflow/graph.ts';
import type { OperatorContext } from '../dataflow/operator.ts';
import type { EvalContext } from '../expr/functions/registry.ts';
import { buildGraph, type BuiltGraph } from '../operators/build.ts';
import { CollectOutput } from '../operators/collect.ts';
import type { DataflowPlan } from '../plan/dataflow-plan.ts';
import type { RelationRef } from '../plan/logical.ts';
import type { Batch } from '../types/batch.ts';
import { type PointLookup, pointLookups } from './point-lookup.ts';

export interface RunOptions {
  readonly evaluation: EvalContext;
  readonly codegen: boolean;
  /** The most rounds of a recursive query. */
  readonly recursionLimit: number;
  /** Rows that a scan of the relation gives, about; Infinity when nobody knows. */
  readonly rowsOf: (relation: RelationRef, lookup: PointLookup | null) => number;
  /**
   * Rows of a relation as the statement sees it; their weights sum to its contents. With `lookup` at least those
   * that it asks for.
   */
  readonly scan: (
    relation: RelationRef,
    ordinals: readonly number[],
    lookup: PointLookup | null,
  ) => Iterable<Batch>;
  /** A failed expression is NULL and told here, as in a view; otherwise it fails the query. */
  readonly rowError?: OperatorContext['rowError'];
  /** Hears of the graph when it has run. */
  readonly observe?: ((run: ObservedRun) => void) | undefined;
}

/** A graph that has run, with its operators' counters and state. */
export interface ObservedRun {
  readonly plan: DataflowPlan;
  readonly built: BuiltGraph;
  /** Rows that each scan gave, by node of the plan. */
  readonly scanned: ReadonlyMap<number, number>;
}

/**
 * The consolidated rows of the plan's root, or null when there are none. Errors in rows are thrown
 * unless `rowError` hears of them. A recursive query
 * is not followed further once `enough` rows are there.
 */
export function* runGraph(
  plan: DataflowPlan,
  options: RunOptions,
  enough = Infinity,
): Generator<void, Batch | null> {
  const graph = new Graph({ stepped: true });
  const lookups = pointLookups(plan);
  const root = plan.nodes[plan.root]!;
  const output = new CollectOutput(root.columns.map((column) => column.type));
  const built = buildGraph(plan, {
    graph,
    operator: {
      name: 'query',
      evaluation: options.evaluation,
      codegen: options.codegen && !isSmall(plan, lookups, options),
      // Rows that are kept are never late.
      late: () => undefined,
      rowError: options.rowError ?? null,
      recursionLimit: options.recursionLimit,
    },
    output,
  });
  const positions = plan.nodes.filter((node) => node.kind === 'scan').map((node) => node.id);
  const scanned = new Map<number, number>();
  for (const [index, { relation, ordinals, input }] of built.scans.entries()) {
    const node = positions[index]!;
    const lookup = lookups.get(node) ?? null;
    for (const batch of options.scan(relation, ordinals, lookup)) {
      scanned.set(node, (scanned.get(node) ?? 0) + batch.count);
      input.emit(batch);
      yield* graph.drain();
      yield;
    }
  }
  const recursive = plan.nodes.some((node) => node.kind === 'recursion');
  for (const _ of graph.tickSteps()) {
    // Within the one tick nothing that was given is taken back, so these are rows of the result.
    if (recursive && output.total >= enough) break;
    yield;
  }
  options.observe?.({ plan, built, scanned });
  return output.take();
}

/** Fewer rows are interpreted sooner than code for them is made. */
export const generatedRowsMin = 256;

/** One row makes at most one everywhere, and few come in: a look-up by key, for example. */
function isSmall(
  plan: DataflowPlan,
  lookups: ReadonlyMap<number, PointLookup>,
  options: RunOptions,
): boolean {
  let rows = 0;
  for (const node of plan.nodes) {
    if (node.kind === 'recursion' || node.kind === 'join' || node.kind === 'flat-map') return false;
    if (node.kind === 'scan') {
      rows += options.rowsOf(node.relation, lookups.get(node.id) ?? null);
    }
    if (node.kind === 'values') rows += node.rows.length;
  }
  return rows < generatedRowsMin;
}
