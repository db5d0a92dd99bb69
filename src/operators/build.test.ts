import { describe, expect, it } from 'vitest';
import { Graph } from '../dataflow/graph.ts';
import type { Expr } from '../expr/expr.ts';
import type { DataflowPlan, NodeSpec } from '../plan/dataflow-plan.ts';
import { RelationStore } from '../state/relation-store.ts';
import type { Row } from '../types/datum.ts';
import { readRows } from '../types/column-access.ts';
import type { SqlType } from '../types/sql-type.ts';
import { types } from '../types/sql-type.ts';
import type { BuiltGraph } from './build.ts';
import { buildGraph, projectBatch } from './build.ts';
import { CollectOutput, MaterializeOutput } from './collect.ts';
import { Segments, batchOf, columnsOf, print, testContext } from './testing/history.ts';

const relation = {
  oid: 1,
  schemaName: 'public',
  name: 't',
  kind: 'table',
  appendOnly: false,
} as const;
const relationTypes = [types.text, types.integer, types.bigint];

const column = (index: number, type: SqlType): Expr => ({ kind: 'column', index, type });
const node = (id: number, inputs: number[], columnTypes: SqlType[]) => ({
  id,
  inputs,
  columns: columnsOf(columnTypes),
  appendOnly: false,
  key: null,
});

/** SELECT t.a, u.b FROM (SELECT a FROM t WHERE b IS NOT NULL) t JOIN t u USING (a), then UNION ALL a constant. */
const nodes: NodeSpec[] = [
  { ...node(0, [], [types.text, types.bigint]), kind: 'scan', relation, ordinals: [0, 2] },
  {
    ...node(1, [0], [types.text]),
    kind: 'map',
    predicate: {
      kind: 'is-null',
      arg: column(1, types.bigint),
      negated: true,
      type: types.boolean,
    },
    exprs: [column(0, types.text)],
  },
  { ...node(2, [1], [types.text]), kind: 'distinct' },
  {
    ...node(3, [2, 0], [types.text, types.text, types.bigint]),
    kind: 'join',
    type: 'left',
    leftKeys: [0],
    rightKeys: [0],
    nullSafe: [false],
    residual: null,
    time: null,
  },
  {
    ...node(4, [], [types.text, types.text, types.bigint]),
    kind: 'values',
    rows: [
      [
        { kind: 'constant', value: 'z', type: types.text },
        { kind: 'constant', value: null, type: types.text },
        { kind: 'constant', value: 7n, type: types.bigint },
      ],
    ],
  },
  { ...node(5, [3, 4], [types.text, types.text, types.bigint]), kind: 'union' },
];
const plan: DataflowPlan = { nodes, root: 5, fingerprint: 'f' };
const outputTypes = [types.text, types.text, types.bigint];

class Engine {
  readonly graph = new Graph();
  readonly store = new RelationStore('v', outputTypes);
  readonly changes: string[] = [];
  readonly output = new MaterializeOutput(this.store, (batch) => {
    const rows = readRows(batch, outputTypes);
    this.changes.push(rows.map(({ row, weight }) => `${weight}: ${print(row)}`).join('; '));
  });
  readonly built: BuiltGraph;

  constructor(codegen: boolean) {
    const operator = { ...testContext(), codegen };
    this.built = buildGraph(plan, {
      graph: this.graph,
      operator,
      checks: true,
      output: this.output,
    });
  }

  tick(rows: { row: Row; weight: number }[]): void {
    if (rows.length > 0) {
      const batch = batchOf(relationTypes, rows);
      for (const scan of this.built.scans) scan.input.emit(projectBatch(batch, scan.ordinals));
    }
    this.graph.tick();
    this.output.endTick();
  }

  rows(): string[] {
    const all = [...this.store.scan([0, 1, 2])].flatMap((batch) => readRows(batch, outputTypes));
    return all.map(({ row, weight }) => `${weight}: ${print(row)}`).sort();
  }
}

describe('a built graph', () => {
  for (const codegen of [true, false]) {
    it(`carries changes from scans to a stored view, codegen ${codegen}`, () => {
      const engine = new Engine(codegen);
      engine.tick([
        { row: ['a', 1, 1n], weight: 1 },
        { row: ['a', 2, null], weight: 2 },
        { row: ['b', 2, null], weight: 1 },
      ]);
      expect(engine.rows()).toEqual(['1: a | a | 1', '1: z | null | 7', '2: a | a | null']);
      engine.tick([{ row: ['a', 1, 1n], weight: -1 }]);
      expect(engine.rows()).toEqual(['1: z | null | 7']);
      expect(engine.changes.at(-1)!.split('; ').sort()).toEqual([
        '-1: a | a | 1',
        '-2: a | a | null',
      ]);
      engine.tick([
        { row: ['c', 1, null], weight: 1 },
        { row: ['c', 1, null], weight: -1 },
      ]);
      expect(engine.changes).toHaveLength(2);
    });
  }

  it('goes on from its state after a restart, without repeating constants', () => {
    const engine = new Engine(true);
    engine.tick([{ row: ['a', 1, 1n], weight: 1 }]);
    const operators = engine.built.nodes.flatMap((each) => each.operator ?? []);
    const names = engine.built.stateTables.map((each) => each.name);
    expect(new Set(names).size).toBe(names.length);
    const after = new Engine(true);
    const fresh = after.built.nodes.flatMap((each) => each.operator ?? []);
    operators.forEach((operator, i) => {
      const segments = new Segments();
      segments.write(operator, true);
      segments.load(fresh[i]!);
    });
    after.tick([{ row: ['a', 1, 2n], weight: 1 }]);
    expect(after.changes).toEqual(['1: a | a | 2']);
  });

  it('sends the least watermark of its inputs on', () => {
    const engine = new Engine(true);
    engine.tick([]);
    expect(engine.output.lastWatermark).toBe(-Infinity);
    engine.built.scans[0]!.input.watermark(5);
    engine.tick([]);
    expect(engine.output.lastWatermark).toBe(5);
    expect(() => engine.built.scans[0]!.input.watermark(4)).toThrow('back to 4');
  });

  it('is taken out of the graph again', () => {
    const engine = new Engine(true);
    expect(engine.graph.size).toBe(6);
    engine.built.remove();
    expect(engine.graph.size).toBe(0);
  });

  it('refuses to remove a node that others read from', () => {
    const engine = new Engine(true);
    expect(() => engine.graph.remove([engine.built.nodes[0]!.graphId])).toThrow('still reads');
  });

  it('collects an ad-hoc result', () => {
    const graph = new Graph();
    const output = new CollectOutput(outputTypes);
    const built = buildGraph(plan, { graph, operator: testContext(), output });
    const batch = batchOf(relationTypes, [{ row: ['a', 1, 1n], weight: 3 }]);
    built.scans[0]!.input.emit(projectBatch(batch, [0, 2]));
    graph.tick();
    const rows = readRows(output.take()!, outputTypes);
    expect(rows.map(({ row, weight }) => `${weight}: ${print(row)}`).sort()).toEqual([
      '1: z | null | 7',
      '3: a | a | 1',
    ]);
    expect(output.take()).toBe(null);
  });
});
