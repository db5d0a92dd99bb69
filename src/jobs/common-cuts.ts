/**
 * Where two running plans are to be cut so that what they have in common runs once: at the nodes that are the same in
 * both, hold the same state, and are read by something that is not. State decides, since it alone decides what
 * will come: two readings of a source may have judged other rows late.
 */

import type { DataflowPlan, NodeSpec } from '../plan/dataflow-plan.ts';
import type { NodeKeys } from '../plan/sub-plans.ts';

/** A plan as it runs, where nodes that run elsewhere are scans. */
export interface RunningPlan {
  readonly plan: DataflowPlan;
  /** Of the plan as it would be by itself; the numbers of the nodes are the same. */
  readonly keys: NodeKeys;
}

/** One place, by its nodes in the two plans. */
export interface Cut {
  readonly first: number;
  readonly second: number;
}

/** Kinds of nodes that are worth a cut; what is below them comes along. */
const worthwhile = new Set<NodeSpec['kind']>([
  'aggregate',
  'distinct',
  'join',
  'lookup-join',
  'over',
  'session',
  'session-aggregate',
  'set',
  'single-row',
  'top-n',
]);

/**
 * In order of `second`'s numbers, inner cuts before outer ones; none where nothing worthwhile is common. `same` says whether the
 * operators of two equal nodes hold the same state.
 */
export function commonCuts(
  first: RunningPlan,
  second: RunningPlan,
  same: (first: number, second: number) => boolean,
): Cut[] {
  const common = commonNodes(first, second, same);
  const worth = worthOf(second.plan);
  const mayCut = (id: number): boolean => common.has(id) && worth[id]!;
  const back = new Map([...common].map(([id, other]) => [other, id]));
  const cuts = new Set<number>();
  const aside = new Set<number>();
  const walkFirst = walk(first.plan, (id) => back.has(id) && worth[back.get(id)!]!);
  const walkSecond = walk(second.plan, mayCut);
  for (const id of walkSecond.cuts) cuts.add(id);
  for (const id of walkFirst.cuts) cuts.add(back.get(id)!);
  for (const id of walkSecond.kept) aside.add(id);
  for (const id of walkFirst.kept) {
    const image = back.get(id);
    if (image !== undefined) aside.add(image);
  }
  splitShared(second.plan, cuts, aside);
  return [...cuts].sort((a, b) => a - b).map((id) => ({ first: common.get(id)!, second: id }));
}

/** The nodes of `first` by those of `second` that are the same, with all below them. */
function commonNodes(
  first: RunningPlan,
  second: RunningPlan,
  same: (first: number, second: number) => boolean,
): Map<number, number> {
  const byKey = new Map(first.keys.map((key, id) => [key, id]));
  const common = new Map<number, number>();
  for (const node of second.plan.nodes) {
    const key = second.keys[node.id] ?? null;
    const other = key === null ? undefined : byKey.get(key);
    if (other === undefined) continue;
    const counterpart = first.plan.nodes[other]!;
    if (counterpart.kind !== node.kind) continue;
    if (node.kind === 'scan' || counterpart.kind === 'scan') {
      const read = counterpart.kind === 'scan' && node.kind === 'scan';
      if (read && counterpart.relation.oid === node.relation.oid) common.set(node.id, other);
      continue;
    }
    const inputs = node.inputs.every((input, i) => common.get(input) === counterpart.inputs[i]);
    if (inputs && same(other, node.id)) common.set(node.id, other);
  }
  return common;
}

function worthOf(plan: DataflowPlan): boolean[] {
  const worth: boolean[] = [];
  for (const node of plan.nodes) {
    worth.push(worthwhile.has(node.kind) || node.inputs.some((input) => worth[input]!));
  }
  return worth;
}

/** What is met from the root downwards until a node that may be cut. */
function walk(
  plan: DataflowPlan,
  mayCut: (id: number) => boolean,
): { readonly cuts: ReadonlySet<number>; readonly kept: ReadonlySet<number> } {
  const cuts = new Set<number>();
  const kept = new Set<number>();
  const visit = (id: number): void => {
    if (cuts.has(id) || kept.has(id)) return;
    if (mayCut(id)) {
      cuts.add(id);
      return;
    }
    kept.add(id);
    plan.nodes[id]!.inputs.forEach(visit);
  };
  visit(plan.root);
  return { cuts, kept };
}

/** Adds cuts until every operator is below one cut only, and below none that is kept aside: each runs once. */
function splitShared(plan: DataflowPlan, cuts: Set<number>, aside: ReadonlySet<number>): void {
  for (let before = -1; before !== cuts.size;) {
    before = cuts.size;
    const owner = new Map<number, number>();
    for (const cut of [...cuts]) {
      const visit = (id: number): void => {
        const node = plan.nodes[id]!;
        if (node.kind === 'scan' || (cuts.has(id) && id !== cut)) return;
        const known = owner.get(id);
        if (known === cut) return;
        if ((known !== undefined || aside.has(id)) && id !== cut) {
          cuts.add(id);
          return;
        }
        owner.set(id, cut);
        node.inputs.forEach(visit);
      };
      visit(cut);
    }
  }
}
