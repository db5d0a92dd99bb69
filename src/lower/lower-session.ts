/**
 * An aggregation over session windows as one operator that keeps one entry a session. Possible where a
 * group is a session: over an append-only input, with the session's partition columns and one of its bounds as
 * the keys, and calls whose states can be added up when sessions merge. Everything else goes the general
 * way: rows in sessions, aggregated.
 */

import type { Expr } from '../expr/expr.ts';
import { visitExpr } from '../expr/walk.ts';
import type {
  AggregateCallSpec,
  AggregateSpec,
  NodeSpec,
  SessionBound,
  SessionSpec,
} from '../plan/dataflow-plan.ts';
import { columnExpr } from '../plan/expressions.ts';
import type { NodeList } from './node-list.ts';

const bounds: readonly SessionBound[] = ['start', 'end', 'time'];

/** The node that stands for `spec`, with the columns of `spec`; null when it must stay as it is. */
export function fuseSessions(spec: Omit<AggregateSpec, 'id'>, nodes: NodeList): number | null {
  const read = readSession(nodes.at(spec.inputs[0]!), nodes);
  if (read === null) return null;
  const { session, exprs } = read;
  const input = session.inputs[0]!;
  if (!nodes.at(input).appendOnly) return null;
  const width = nodes.columns(input).length;
  const keys = spec.keys.map((key) => keyOf(exprs[key]!, session, width));
  if (!isSession(keys, session)) return null;
  // Groups that close with another window than the session are not sessions.
  if (spec.window !== null && keys[spec.window.end] !== 'end') return null;
  const readsRow = (column: number): boolean => !readsBeyond(exprs[column]!, width);
  if (!spec.calls.every((call) => columnsOf(call).every(readsRow) && merges(call, exprs)))
    return null;

  const used = [...new Set(spec.calls.flatMap(columnsOf))];
  const shown = bounds.filter((bound) => keys.includes(bound));
  const first = session.partitionBy.length + shown.length;
  const places = keys.map((key) =>
    typeof key === 'number' ? key : session.partitionBy.length + shown.indexOf(key!),
  );
  const keyColumns = Array.from({ length: first }, (_, i) => spec.columns[places.indexOf(i)]!);
  const node = nodes.add({
    kind: 'session-aggregate',
    inputs: [input],
    gap: session.gap,
    partitionBy: session.partitionBy,
    timeColumn: session.timeColumn,
    lateness: session.lateness,
    bounds: shown,
    exprs: used.map((column) => exprs[column]!),
    calls: spec.calls.map((call) => ({
      ...call,
      args: call.args.map((arg) => used.indexOf(arg)),
      filter: call.filter === null ? null : used.indexOf(call.filter),
    })),
    emit: spec.emit,
    columns: [...keyColumns, ...spec.columns.slice(keys.length)],
    appendOnly: spec.appendOnly,
    key: keyColumns.map((_, i) => i),
  });
  return nodes.pick(node, [...places, ...spec.calls.map((_, i) => first + i)]);
}

/** The session node below and what is computed over its rows; null when there is something else. */
function readSession(
  below: NodeSpec,
  nodes: NodeList,
): { readonly session: SessionSpec; readonly exprs: readonly Expr[] } | null {
  if (below.kind === 'session') {
    return { session: below, exprs: below.columns.map(({ type }, i) => columnExpr(i, type)) };
  }
  if (below.kind !== 'map' || below.predicate !== null) return null;
  const session = nodes.at(below.inputs[0]!);
  return session.kind === 'session' ? { session, exprs: below.exprs } : null;
}

/** A position in `partitionBy`, a bound of the session, or null for anything else. */
function keyOf(expr: Expr, session: SessionSpec, width: number): number | SessionBound | null {
  if (expr.kind !== 'column') return null;
  if (expr.index >= width) return bounds[expr.index - width] ?? null;
  const place = session.partitionBy.indexOf(expr.index);
  return place < 0 ? null : place;
}

/** Whether the groups of these keys are the sessions. */
function isSession(
  keys: readonly (number | SessionBound | null)[],
  session: SessionSpec,
): keys is readonly (number | SessionBound)[] {
  if (keys.includes(null)) return false;
  const { partitionBy } = session;
  if (new Set(partitionBy).size !== partitionBy.length) return false;
  if (!partitionBy.every((_, place) => keys.includes(place))) return false;
  return keys.includes('start') || keys.includes('end');
}

function columnsOf(call: Pick<AggregateCallSpec, 'args' | 'filter'>): readonly number[] {
  return call.filter === null ? call.args : [...call.args, call.filter];
}

function readsBeyond(expr: Expr, width: number): boolean {
  let beyond = false;
  visitExpr(expr, (part) => {
    if (part.kind === 'column' && part.index >= width) beyond = true;
  });
  return beyond;
}

/** Whether the states of two groups can be added up. Sums of intervals keep their values. */
function merges(call: AggregateCallSpec, exprs: readonly Expr[]): boolean {
  if (call.distinct || call.orderBy.length > 0 || call.fn.state === 'values') return false;
  const isInterval = call.args.some((arg) => exprs[arg]!.type.kind === 'interval');
  return !(isInterval && (call.fn.name === 'sum' || call.fn.name === 'avg'));
}
