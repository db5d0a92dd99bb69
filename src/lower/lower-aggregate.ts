/**
 * Aggregation: a map below computes keys, arguments, filters and orders as columns; when the groups belong
 * to time windows over an append-only input with event time, the aggregate keeps them in panes and forgets
 * a pane when the watermark passes its end. `window-close` makes such an aggregate emit each group once.
 */

import type { AggregateCallSpec, AggregateSpec, OrderSpec } from '../plan/dataflow-plan.ts';
import type { Expr } from '../expr/expr.ts';
import { columnExpr } from '../plan/expressions.ts';
import type { AggregateCall, AggregatePlan, EmitMode, LogicalPlan } from '../plan/logical.ts';
import type { ColumnCollector } from './column-collector.ts';
import { fuseSessions } from './lower-session.ts';
import { exposeEnd, startGivesEnd, timePaneOf } from './time-pane.ts';
import type { NodeList } from './node-list.ts';

/** An aggregate with its time window worked out, before its input is lowered. */
export interface PanedAggregate {
  readonly input: LogicalPlan;
  readonly keys: readonly Expr[];
  /** Positions in `keys`; null when the groups belong to no window that is ever over. */
  readonly pane: { readonly start: number | null; readonly end: number } | null;
  /** The last key was added only to know the window's end. */
  readonly endAdded: boolean;
}

/** Finds the window that the groups of a plain aggregate belong to. */
export function findPane(plan: AggregatePlan): PanedAggregate {
  const roles = plan.keys.map((expr) =>
    expr.kind === 'column' ? timePaneOf(plan.input, expr.index) : null,
  );
  const plain = { input: plan.input, keys: plan.keys, pane: null, endAdded: false };
  const end = roles.findIndex((pane) => pane?.role === 'end');
  if (end >= 0) {
    const { window } = roles[end]!;
    const start = roles.findIndex((pane) => pane?.role === 'start' && pane.window === window);
    return { ...plain, pane: { start: start < 0 ? null : start, end } };
  }
  const start = roles.findIndex((pane) => pane?.role === 'start' && startGivesEnd(pane.window));
  if (start < 0) return plain;
  const exposed = exposeEnd(plan.input, roles[start]!.window);
  if (exposed === null) return plain;
  const type = exposed.plan.schema[exposed.column]!.type;
  return {
    input: exposed.plan,
    keys: [...plan.keys, columnExpr(exposed.column, type)],
    pane: { start, end: plan.keys.length },
    endAdded: true,
  };
}

/** Adds the aggregate over `input`, whose columns `collector` has laid out, and gives its node. */
export function lowerAggregate(
  plan: AggregatePlan,
  paned: PanedAggregate,
  options: {
    readonly emit: EmitMode;
    readonly lateness: number;
    readonly fusesSessions: boolean;
    readonly nodes: NodeList;
    readonly collector: ColumnCollector;
    readonly lowerInput: (collector: ColumnCollector) => number;
  },
): number {
  const { collector, nodes } = options;
  const keyColumns = paned.keys.map((key) => collector.add(key));
  const order = ({ orderBy, filter }: AggregateCall): OrderSpec[] =>
    orderBy.map(({ expr, descending, nullsFirst }) => ({
      column: collector.addWhere(filter, expr),
      descending,
      nullsFirst,
    }));
  const calls = plan.aggregates.map((call, i): AggregateCallSpec => ({
    fn: call.fn,
    args: call.args.map((arg) => collector.addWhere(call.filter, arg)),
    distinct: call.distinct,
    filter: call.filter === null ? null : collector.add(call.filter),
    orderBy: order(call),
    type: plan.schema[plan.keys.length + i]!.type,
  }));
  const input = options.lowerInput(collector);
  const windowed = paned.pane !== null;
  const closes = windowed && options.emit === 'window-close';
  const keyFields = plan.schema.slice(0, plan.keys.length);
  const added = paned.endAdded
    ? [{ name: 'window_end', type: paned.keys.at(-1)!.type, nullable: false }]
    : [];
  const spec: Omit<AggregateSpec, 'id'> = {
    kind: 'aggregate',
    inputs: [input],
    keys: keyColumns,
    calls,
    insertOnly: nodes.at(input).appendOnly,
    window: paned.pane === null ? null : { ...paned.pane, lateness: options.lateness },
    emit: closes ? 'window-close' : 'update',
    global: plan.keys.length === 0,
    columns: [...keyFields, ...added, ...plan.schema.slice(plan.keys.length)].map(
      ({ name, type, nullable }) => ({ name, type, nullable }),
    ),
    appendOnly: closes,
    key: plan.keys.map((_, i) => i),
  };
  if (options.fusesSessions) {
    const fused = fuseSessions(spec, nodes);
    if (fused !== null) return fused;
  }
  const node = nodes.add(spec);
  if (!paned.endAdded) return node;
  const kept = plan.schema.map((_, i) => (i < plan.keys.length ? i : i + 1));
  return nodes.pick(node, kept);
}
