/**
 * DataflowPlan → live operators in a graph: the only switch over node kinds. Scans become entry points,
 * into which the caller pushes the changes of their relation, projected to the scan's ordinals; the
 * root's output goes where the caller says.
 */

import { assert, must, unreachable } from '../base/assert.ts';
import { CheckedOperator } from '../dataflow/checks.ts';
import type { Graph } from '../dataflow/graph.ts';
import type { Operator, OperatorContext, Output } from '../dataflow/operator.ts';
import type { ColumnSpec, DataflowPlan, NodeSpec } from '../plan/dataflow-plan.ts';
import type { RelationRef } from '../plan/logical.ts';
import { mergedColumns } from '../plan/merged-rows.ts';
import type { StateTable } from '../state/state-table.ts';
import type { Batch } from '../types/batch.ts';
import type { SqlType } from '../types/sql-type.ts';
import { Aggregate } from './aggregate.ts';
import { AppendJoin } from './append-join.ts';
import { FirstNumbered } from './first-numbered.ts';
import { FirstRows } from './first-rows.ts';
import { FlatMap } from './flat-map.ts';
import { Join } from './join.ts';
import { LookupJoin } from './lookup-join.ts';
import { MapOperator } from './map.ts';
import { Over } from './over.ts';
import { Recursion, RecursionEnd } from './recursion/recursion.ts';
import { SessionWindow } from './session.ts';
import { RowNumbers, numbersRows } from './row-numbers.ts';
import { SessionAggregate } from './session-aggregate.ts';
import { SingleRow } from './single-row.ts';
import { TopN } from './top-n.ts';
import { Union } from './union.ts';
import { Values } from './values.ts';
import { WeightedRows, distinctMultiplicity, setMultiplicity } from './weighted-rows.ts';
import { paneSize } from './window-assign.ts';
import { TimeWindow } from './window.ts';

export interface BuildContext {
  readonly graph: Graph;
  /** What every operator is given; `name` is the prefix of the operators' names. */
  readonly operator: OperatorContext;
  /** What the operator of one node reports to, where that is not the same for all. */
  readonly reports?: (id: number) => Pick<OperatorContext, 'late' | 'rowError'>;
  /** Operators of the same plan that ran in another graph, by node; the others are made. */
  readonly reused?: ReadonlyMap<number, Operator>;
  /** Wraps every operator in checks of what goes in and out. */
  readonly checks?: boolean;
  /** Where the root's rows and watermark go. */
  readonly output: Output;
}

/** Where rows of a relation enter. Batches hold the relation's columns `ordinals`, in that order. */
export interface ScanEntry {
  /** Position in the plan. */
  readonly id: number;
  readonly relation: RelationRef;
  readonly ordinals: readonly number[];
  readonly input: Output;
}

export interface BuiltNode {
  readonly spec: NodeSpec;
  /** Node of the graph. */
  readonly graphId: number;
  /** Null for a scan. */
  readonly operator: Operator | null;
}

/** Where the time of the clock enters, as a watermark: rows that come from now on come at or after it. */
export interface ClockEntry {
  readonly input: Output;
  /** Windows begin and end at multiples of this (µs) plus `offset` only, so other times need not be told. */
  readonly step: { readonly size: number; readonly offset: number };
}

export interface BuiltGraph {
  readonly scans: readonly ScanEntry[];
  readonly clocks: readonly ClockEntry[];
  /** By position in the plan. */
  readonly nodes: readonly BuiltNode[];
  /** Node of the graph whose output is the result. */
  readonly rootGraphId: number;
  /** All state, by names that stay the same for a plan: `<node>/<table>`. */
  readonly stateTables: readonly { readonly name: string; readonly table: StateTable }[];
  /** To be called once after all state tables were loaded. */
  restored(): void;
  /** Takes all nodes out of the graph. */
  remove(): void;
}

export function buildGraph(plan: DataflowPlan, context: BuildContext): BuiltGraph {
  const { graph } = context;
  const nodes: BuiltNode[] = [];
  const scans: ScanEntry[] = [];
  const recursions = new Map<number, Recursion>();
  const clocks: (ClockEntry & { readonly id: number })[] = [];
  for (const spec of plan.nodes) {
    if (spec.kind === 'scan') {
      const graphId = graph.addSource();
      nodes.push({ spec, graphId, operator: null });
      scans.push({
        id: spec.id,
        relation: spec.relation,
        ordinals: spec.ordinals,
        input: graph.source(graphId),
      });
      continue;
    }
    const inputs = spec.inputs.map((input) => must(nodes[input], `node ${input} comes later`));
    const name = `${context.operator.name}/${spec.id} ${spec.kind}`;
    const known = context.reused?.get(spec.id);
    const make = (): Operator =>
      makeOperator(spec, inputs, {
        context: contextFor(name, inputs, { ...context.operator, ...context.reports?.(spec.id) }),
        plan,
        recursions,
      });
    const made = known ?? make();
    const operator = context.checks === true ? checked(made, spec, inputs, name) : made;
    const from = inputs.map((input) => input.graphId);
    if (spec.kind === 'window' && spec.byClock) {
      const clock = graph.addSource();
      from.push(clock);
      clocks.push({
        id: clock,
        input: graph.source(clock),
        step: { size: paneSize(spec.window), offset: spec.window.offset },
      });
    }
    const ends = made instanceof RecursionEnd ? made : null;
    const loop = ends === null ? null : { head: from[0]!, again: () => ends.again() };
    const graphId = graph.addOperator(operator, from, loop);
    nodes.push({ spec, graphId, operator });
  }
  const rootGraphId = must(nodes[plan.root], 'the plan has no root').graphId;
  graph.probe(rootGraphId, context.output);
  return {
    scans,
    clocks,
    nodes,
    rootGraphId,
    stateTables: nodes.flatMap(({ spec, operator }) =>
      (operator?.stateTables ?? []).map((table) => ({ name: `${spec.id}/${table.name}`, table })),
    ),
    restored: () => {
      for (const { operator } of nodes) operator?.restored();
    },
    remove: () =>
      graph.remove([...nodes.map((node) => node.graphId), ...clocks.map((clock) => clock.id)]),
  };
}

/** The context of one operator: its reports say what the columns of its input are. */
function contextFor(
  name: string,
  inputs: readonly BuiltNode[],
  context: OperatorContext,
): OperatorContext {
  const columns = inputs.flatMap((input) => input.spec.columns);
  const types = typesOf(columns);
  const { rowError } = context;
  return {
    ...context,
    name,
    late: (row) => context.late({ types, ...row }),
    rowError: rowError === null ? null : (error) => rowError({ columns, ...error }),
  };
}

/** The columns `ordinals` of a batch, without copying. */
export function projectBatch(batch: Batch, ordinals: readonly number[]): Batch {
  return { ...batch, columns: ordinals.map((ordinal) => batch.columns[ordinal]!) };
}

function typesOf(columns: readonly ColumnSpec[]): SqlType[] {
  return columns.map((column) => column.type);
}

function checked(
  operator: Operator,
  spec: NodeSpec,
  inputs: readonly BuiltNode[],
  name: string,
): Operator {
  const edge = (node: NodeSpec) => ({ types: typesOf(node.columns), appendOnly: node.appendOnly });
  return new CheckedOperator(operator, {
    name,
    inputs: inputs.map((input) => edge(input.spec)),
    output: edge(spec),
  });
}

function makeOperator(
  spec: Exclude<NodeSpec, { kind: 'scan' }>,
  inputs: readonly BuiltNode[],
  of: {
    readonly context: OperatorContext;
    readonly plan: DataflowPlan;
    /** By position of their node. */
    readonly recursions: Map<number, Recursion>;
  },
): Operator {
  const { context, plan } = of;
  const types = typesOf(spec.columns);
  const inputTypes = inputs.map((input) => typesOf(input.spec.columns));
  const columns = inputs[0]?.spec.columns ?? [];
  const first = inputTypes[0] ?? [];
  switch (spec.kind) {
    case 'values':
      return new Values(spec, context);
    case 'map':
      return new MapOperator(spec, first, context);
    case 'window':
      return new TimeWindow(spec, columns, context, mergedColumns(plan, spec));
    case 'session':
      return new SessionWindow(spec, columns, context);
    case 'session-aggregate':
      return new SessionAggregate(spec, columns, context);
    case 'aggregate':
      return new Aggregate(spec, columns, context);
    case 'join':
      if (spec.type === 'inner' && inputs.every((input) => input.spec.appendOnly)) {
        return new AppendJoin(spec, [columns, inputs[1]!.spec.columns], context);
      }
      return new Join(
        spec,
        {
          left: columns,
          right: inputs[1]!.spec.columns,
          leftAppendOnly: inputs[0]!.spec.appendOnly,
          rightAppendOnly: inputs[1]!.spec.appendOnly,
        },
        context,
      );
    case 'lookup-join':
      return new LookupJoin(spec, [columns, inputs[1]!.spec.columns], context);
    case 'union':
      return new Union(types, inputTypes);
    case 'set':
      return new WeightedRows({ types, inputTypes, multiplicity: setMultiplicity(spec) });
    case 'distinct':
      return new WeightedRows({ types, inputTypes, multiplicity: distinctMultiplicity });
    case 'top-n': {
      const { limit, offset } = spec;
      const keepsFirst = inputs[0]!.spec.appendOnly && limit !== null && offset === 0;
      if (spec.numbers > 0) {
        assert(keepsFirst && !spec.withTies, 'rows are numbered that may go again');
        return new FirstNumbered({ ...spec, limit }, first);
      }
      return keepsFirst ? new FirstRows({ ...spec, limit }, first) : new TopN(spec, first);
    }
    case 'over':
      return numbersRows(spec) ? new RowNumbers(spec, first) : new Over(spec, first, context);
    case 'flat-map':
      return new FlatMap(spec, first, context);
    case 'single-row':
      return new SingleRow(spec, first, context);
    case 'recursion': {
      const recursion = new Recursion(spec, types.slice(0, -1), first, context);
      of.recursions.set(spec.id, recursion);
      return recursion;
    }
    case 'recursion-end': {
      const recursion = must(of.recursions.get(spec.inputs[0]!), 'the rounds that end here');
      return new RecursionEnd(spec, { recursion, types, stepTypes: inputTypes[1]! });
    }
    default:
      return unreachable(spec, 'node');
  }
}
