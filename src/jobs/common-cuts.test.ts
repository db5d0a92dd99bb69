/** Where plans are cut that have something in common. */

import { describe, expect, it } from 'vitest';
import type { DataflowPlan, NodeSpec } from '../plan/dataflow-plan.ts';
import { commonCuts, type RunningPlan } from './common-cuts.ts';

/** `name: kind inputs…`, one a node; the last is the root. Nodes with the same name are the same. */
function planOf(...lines: string[]): RunningPlan {
  const names: string[] = [];
  const nodes = lines.map((line, id): NodeSpec => {
    const [name, rest] = line.split(': ');
    const [kind, ...inputs] = rest!.split(' ');
    names.push(name!);
    const node = { id, kind, inputs: inputs.map((input) => names.indexOf(input)), columns: [] };
    return { ...node, relation: { oid: name!.charCodeAt(0) } } as unknown as NodeSpec;
  });
  const plan: DataflowPlan = { nodes, root: nodes.length - 1, fingerprint: '' };
  return { plan, keys: names.map((name) => (name.startsWith('_') ? null : name)) };
}

function cut(first: RunningPlan, second: RunningPlan, other: readonly string[] = []): string[] {
  const same = (_: number, id: number): boolean => !other.includes(second.keys[id]!);
  return commonCuts(first, second, same).map(({ first: mine, second: id }) => {
    expect(first.keys[mine]).toBe(second.keys[id]);
    return second.keys[id]!;
  });
}

const first = planOf('s: scan', 'm: map s', 'a: aggregate m', 'f: map a', '_x: over f');

describe('cuts', () => {
  it('are as far up as plans are the same', () => {
    expect(cut(first, planOf('s: scan', 'm: map s', 'a: aggregate m', 'f: map a'))).toEqual(['f']);
    expect(cut(first, planOf('s: scan', 'm: map s', 'a: aggregate m', '_y: map a'))).toEqual(['a']);
    expect(cut(first, first)).toEqual(['f']);
  });

  it('are not made for maps alone', () => {
    expect(cut(first, planOf('s: scan', 'm: map s', '_b: aggregate m'))).toEqual([]);
  });

  it('are below what holds another state', () => {
    const lines = ['s: scan', 'a: aggregate s', 't: top-n a', '_r: map t'];
    expect(cut(planOf(...lines), planOf(...lines), ['t'])).toEqual(['a']);
    expect(cut(planOf(...lines), planOf(...lines), ['a'])).toEqual([]);
  });

  it('are also where something inside is read from outside', () => {
    const lines = ['s: scan', 'm: map s', 'a: aggregate m', 'b: join a m', '_r: join b a'];
    expect(cut(planOf(...lines), planOf(...lines))).toEqual(['m', 'a', 'b']);
    const other = ['s: scan', 'a: aggregate s', 'b: join a s'];
    expect(cut(planOf(...other, '_o: join b a'), planOf(...other))).toEqual(['a', 'b']);
    expect(cut(planOf(...other), planOf(...other, '_o: join b a'))).toEqual(['a', 'b']);
  });

  it('leave each operator below one of them', () => {
    const lines = ['s: scan', 'a: aggregate s', 'b: top-n a', 'c: distinct a', '_r: join b c'];
    const cuts = cut(planOf(...lines), planOf(...lines));
    expect(cuts).toEqual(['a', 'b', 'c']);
  });

  it('are not made of relations that only look the same', () => {
    const other = planOf('s: scan', 'm: map s', 'a: aggregate m', '_y: map a');
    const nodes = other.plan.nodes.map((node) =>
      node.kind === 'scan' ? { ...node, relation: { ...node.relation, oid: 1 } } : node,
    );
    expect(cut(first, { ...other, plan: { ...other.plan, nodes } })).toEqual([]);
  });
});
