/**
 * Parts of dataflow plans: which are the same in two plans, a part as a plan of its own, and what is left of a plan
 * whose parts run elsewhere.
 */

import { createHash } from 'node:crypto';
import { must } from '../base/assert.ts';
import type { DataflowPlan, NodeSpec, ScanSpec } from './dataflow-plan.ts';
import { nodeToJson, typeToJson } from './encode.ts';
import { isVolatile } from './expressions.ts';
import type { RelationRef } from './logical.ts';
import { mapNodeExpressions } from './node-expressions.ts';

/** For each node what tells it and all below it from others; null where it may not be the same in another plan. */
export type NodeKeys = readonly (string | null)[];

/**
 * Equal keys: the same operators over the same relations, with the same names in what they report. Rounds of a
 * recursion end in their own plan, and what is volatile gives something else each time.
 */
export function nodeKeys(plan: DataflowPlan): NodeKeys {
  const keys: (string | null)[] = [];
  const known = new Set<string>();
  for (const node of plan.nodes) {
    const inputs = node.inputs.map((input) => [
      keys[input] ?? null,
      plan.nodes[input]!.columns.map(({ name }) => name),
    ]);
    if (inputs.some(([key]) => key === null) || !isRepeatable(plan, node)) {
      keys.push(null);
      continue;
    }
    const types = node.columns.map((column) => typeToJson(column.type));
    const meaning = JSON.stringify([nodeToJson({ ...node, inputs: [] }), types, inputs]);
    const key = createHash('sha256').update(meaning).digest('hex');
    keys.push(known.has(key) ? null : key);
    known.add(key);
  }
  return keys;
}

function isRepeatable(plan: DataflowPlan, node: NodeSpec): boolean {
  if (node.kind === 'recursion' || node.kind === 'recursion-end') return false;
  if (node.kind === 'scan') return node.relation.kind !== 'virtual';
  let repeatable = true;
  mapNodeExpressions({ ...plan, nodes: [node] }, (expr) => {
    if (isVolatile(expr)) repeatable = false;
    return expr;
  });
  return repeatable;
}

export interface SubPlan {
  readonly plan: DataflowPlan;
  /** Where the nodes of the larger plan stand in this one. */
  readonly ids: ReadonlyMap<number, number>;
}

/** A node and all below it; numbered alike in whatever plan they stand. */
export function subPlan(plan: DataflowPlan, keys: NodeKeys, root: number): SubPlan {
  const ids = new Map<number, number>();
  const nodes: NodeSpec[] = [];
  const visit = (old: number): number => {
    const known = ids.get(old);
    if (known !== undefined) return known;
    const node = plan.nodes[old]!;
    const inputs = node.inputs.map(visit);
    const id = nodes.length;
    ids.set(old, id);
    nodes.push({ ...node, id, inputs });
    return id;
  };
  const newRoot = visit(root);
  const fingerprint = must(keys[root], 'the key of a part that may be shared');
  return { plan: { nodes, root: newRoot, fingerprint }, ids };
}

const nowhere: RelationRef = {
  oid: 0,
  schemaName: '',
  name: '',
  kind: 'virtual',
  appendOnly: true,
};

/** Stands where a node was that runs elsewhere, so that the others keep their numbers. */
export function isNowhere(node: { readonly relation: RelationRef }): boolean {
  return node.relation === nowhere;
}

/** The plan with each node of `cuts` read from the relation in which its rows come, without all that only they need. */
export function withoutSubPlans(
  plan: DataflowPlan,
  cuts: ReadonlyMap<number, RelationRef>,
): DataflowPlan {
  if (cuts.size === 0) return plan;
  const used = new Set<number>();
  const visit = (id: number): void => {
    if (used.has(id)) return;
    used.add(id);
    if (!cuts.has(id)) plan.nodes[id]!.inputs.forEach(visit);
  };
  visit(plan.root);
  const nodes = plan.nodes.map((node): NodeSpec => {
    if (!used.has(node.id)) {
      const facts = { id: node.id, inputs: [], columns: [], appendOnly: true, key: null };
      return { kind: 'scan', relation: nowhere, ordinals: [], ...facts };
    }
    const relation = cuts.get(node.id);
    return relation === undefined ? node : scanOf(node, relation);
  });
  return { nodes, root: plan.root, fingerprint: plan.fingerprint };
}

function scanOf(node: NodeSpec, relation: RelationRef): ScanSpec {
  const { id, columns, appendOnly, key } = node;
  const ordinals = columns.map((_, ordinal) => ordinal);
  return { kind: 'scan', relation, ordinals, id, inputs: [], columns, appendOnly, key };
}
