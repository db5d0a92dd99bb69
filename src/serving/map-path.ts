/** The simplest plans: filters and projections over one source of rows. */

import { must } from '../base/assert.ts';
import type { DataflowPlan, NodeSpec } from '../plan/dataflow-plan.ts';

/** The source and the maps above it, up to the root; null when the plan is anything else. */
export function mapPath(plan: DataflowPlan): readonly [NodeSpec, ...NodeSpec[]] | null {
  let node = must(plan.nodes[plan.root], 'root of the plan');
  const maps: NodeSpec[] = [];
  while (node.kind === 'map') {
    maps.unshift(node);
    node = must(plan.nodes[node.inputs[0]!], 'input of a map');
  }
  return node.kind === 'scan' || node.kind === 'values' ? [node, ...maps] : null;
}
