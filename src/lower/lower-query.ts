/**
 * An ad-hoc query, whose rows have an order and an end: the sort at its top is taken off and done with the finished
 * rows, and what is below runs as a view's plan does, once.
 */

import type { Expr } from '../expr/expr.ts';
import type { DataflowPlan, OrderSpec } from '../plan/dataflow-plan.ts';
import { columnsFor, isVolatile, substitute } from '../plan/expressions.ts';
import type { LogicalPlan, SortPlan } from '../plan/logical.ts';
import { makeFilter } from '../plan/make.ts';
import type { Schema } from '../types/schema.ts';
import { ColumnCollector } from './column-collector.ts';
import { defaultLowerOptions, lower } from './lower.ts';
import { orderOver, rowCount } from './lower-order.ts';

/** An ad-hoc query: what runs, and what is done with its rows once they are all there. */
export interface LoweredQuery {
  readonly plan: DataflowPlan;
  /** Over the plan's columns; empty when the query asks for no order. */
  readonly order: readonly OrderSpec[];
  readonly limit: number | null;
  readonly offset: number;
  readonly withTies: boolean;
  /** The first so many columns are the result; the others are there to sort by. */
  readonly visibleColumns: number;
}

export function lowerQuery(plan: LogicalPlan, fingerprintSalt = ''): LoweredQuery {
  const options = { ...defaultLowerOptions, once: true, fingerprintSalt };
  const top = topSort(plan);
  if (top === null) {
    const lowered = lower(plan, options);
    const visibleColumns = plan.schema.length;
    return { plan: lowered, order: [], limit: null, offset: 0, withTies: false, visibleColumns };
  }
  const { sort, exprs, schema } = top;
  const collector = new ColumnCollector(sort.input, 0);
  exprs.forEach((expr, i) => collector.addAnew(expr, schema[i]!));
  const order = orderOver(sort.order, collector);
  return {
    plan: lower(collector.plan(), options),
    order,
    limit: rowCount(sort.limit, 'LIMIT'),
    offset: rowCount(sort.offset, 'OFFSET') ?? 0,
    withTies: sort.withTies,
    visibleColumns: exprs.length,
  };
}

/**
 * The sort at the top of a query, seen through projections, which are given over the sort's input, and
 * through filters, when the sort has no limit that a filter below it would change.
 */
function topSort(
  plan: LogicalPlan,
): { readonly sort: SortPlan; readonly exprs: readonly Expr[]; readonly schema: Schema } | null {
  if (plan.kind === 'sort') {
    if (plan.partitionBy.length > 0) return null;
    return { sort: plan, exprs: columnsFor(plan.schema), schema: plan.schema };
  }
  if (plan.kind === 'filter') {
    const below = topSort(plan.input);
    if (below === null || below.sort.limit !== null || below.sort.offset !== null) return null;
    const input = makeFilter(below.sort.input, substitute(plan.predicate, below.exprs));
    return { ...below, sort: { ...below.sort, input } };
  }
  if (plan.kind !== 'project') return null;
  const below = topSort(plan.input);
  if (below === null || below.exprs.some(isVolatile)) return null;
  return {
    sort: below.sort,
    exprs: plan.exprs.map((expr) => substitute(expr, below.exprs)),
    schema: plan.schema,
  };
}
