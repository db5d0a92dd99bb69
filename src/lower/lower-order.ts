/**
 * What depends on the order of rows: the first rows of one (LIMIT, OFFSET) and window functions over it. A map
 * below computes what is sorted and partitioned by as columns, which are left out again above.
 */

import { AssertionFailed } from '../base/assert.ts';
import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type { Expr } from '../expr/expr.ts';
import type { OrderSpec } from '../plan/dataflow-plan.ts';
import type { LogicalPlan, OverPlan, SortKey, SortPlan } from '../plan/logical.ts';
import { ColumnCollector } from './column-collector.ts';
import { columnSpecs, type NodeList } from './node-list.ts';
import { numberFirst } from './number-first.ts';

/** Gives the node of what is below. */
type LowerInput = (plan: LogicalPlan) => number;

/** LIMIT and OFFSET: the first rows of an order, of each partition. An order without them means nothing. */
export function lowerSort(plan: SortPlan, nodes: NodeList, lowerInput: LowerInput): number {
  if (plan.limit === null && plan.offset === null) return lowerInput(plan.input);
  const limit = rowCount(plan.limit, 'LIMIT');
  const offset = rowCount(plan.offset, 'OFFSET') ?? 0;
  if (limit === null && offset === 0) return lowerInput(plan.input);
  const width = plan.schema.length;
  const collector = new ColumnCollector(plan.input, width);
  const partitionBy = plan.partitionBy.map((expr) => collector.add(expr));
  const order = orderOver(plan.order, collector);
  const inputPlan = collector.plan();
  const input = lowerInput(inputPlan);
  const below = nodes.at(input);
  const node = nodes.add({
    kind: 'top-n',
    inputs: [input],
    partitionBy,
    order,
    limit,
    offset,
    withTies: plan.withTies,
    numbers: 0,
    columns: columnSpecs(inputPlan.schema),
    appendOnly: false,
    key: limit === 1 && !plan.withTies ? partitionBy : below.key,
  });
  return nodes.pick(
    node,
    plan.schema.map((_, i) => i),
  );
}

/** Window functions over the rows of each partition in an order. */
export function lowerOver(plan: OverPlan, nodes: NodeList, lowerInput: LowerInput): number {
  const width = plan.input.schema.length;
  const collector = new ColumnCollector(plan.input, width);
  const partitionBy = plan.partitionBy.map((expr) => collector.add(expr));
  const order = orderOver(plan.order, collector);
  const calls = plan.calls.map((call, i) => ({
    name: call.name,
    aggregate: call.aggregate,
    args: call.args.map((arg) => collector.addWhere(call.filter, arg)),
    filter: call.filter === null ? null : collector.add(call.filter),
    frame: call.frame,
    type: plan.schema[width + i]!.type,
  }));
  const inputPlan = collector.plan();
  const input = lowerInput(inputPlan);
  const made = plan.schema.slice(width);
  const spec = {
    kind: 'over',
    inputs: [input],
    partitionBy,
    order,
    calls,
    columns: columnSpecs([...inputPlan.schema, ...made]),
    appendOnly: false,
    key: nodes.at(input).key,
  } as const;
  const node = numberFirst(spec, nodes) ?? nodes.add(spec);
  return nodes.pick(
    node,
    plan.schema.map((_, i) => (i < width ? i : collector.count + i - width)),
  );
}

/** The columns to sort by, as laid out by `collector`. */
export function orderOver(order: readonly SortKey[], collector: ColumnCollector): OrderSpec[] {
  return order.map(({ expr, descending, nullsFirst }) => ({
    column: collector.add(expr),
    descending,
    nullsFirst,
  }));
}

/** The value of LIMIT or OFFSET; null when there is none. */
export function rowCount(expr: Expr | null, clause: 'LIMIT' | 'OFFSET'): number | null {
  if (expr === null) return null;
  if (expr.kind !== 'constant') {
    throw notSupported(`a ${clause} that is not a constant`, { position: expr.at });
  }
  if (expr.value === null) return null;
  const { value } = expr;
  if (typeof value !== 'bigint' && typeof value !== 'number') {
    throw new AssertionFailed(`${clause} of type ${expr.type.kind}`);
  }
  if (value < 0) {
    const code =
      clause === 'LIMIT' ? sqlstate.invalidRowCountInLimit : sqlstate.invalidRowCountInOffset;
    throw new SqlError(code, `${clause} must not be negative`, { position: expr.at });
  }
  return Number(value);
}
