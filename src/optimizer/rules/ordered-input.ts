/**
 * Operators whose result depends on the order of their input take over the order of a sorted subquery, as
 * users of PostgreSQL expect. Mandatory: rows have no order in the dataflow.
 *
 *   aggregate array_agg(x) over sort o       →  aggregate array_agg(x order by o)
 *   sort limit 5 (no order) over sort o      →  sort o limit 5
 *   over row_number() (no order) over sort o →  over row_number() order by o
 */

import type { Expr } from '../../expr/expr.ts';
import { columnExpr, fieldFor, mapPlanDeep } from '../../plan/expressions.ts';
import type { AggregateCall, LogicalPlan, SortKey } from '../../plan/logical.ts';
import { firstColumns, pickColumns } from '../../plan/make.ts';
import type { Rule } from '../rule.ts';

export const orderedInputRule: Rule = {
  name: 'ordered-input',
  apply: (plan) => {
    const ordered = mapPlanDeep(plan, takeOrder);
    return ordered === plan ? null : ordered;
  },
};

function takeOrder(plan: LogicalPlan): LogicalPlan {
  switch (plan.kind) {
    case 'aggregate': {
      if (!plan.aggregates.some(dependsOnOrder)) return plan;
      const ordered = exposeOrder(plan.input);
      if (ordered === null) return plan;
      const aggregates = plan.aggregates.map((call) =>
        dependsOnOrder(call) ? { ...call, orderBy: ordered.order } : call,
      );
      return { ...plan, input: ordered.plan, aggregates };
    }
    case 'sort': {
      const bare = plan.order.length === 0 && (plan.limit !== null || plan.offset !== null);
      const ordered = bare ? exposeOrder(plan.input) : null;
      if (ordered === null) return plan;
      const { plan: input, order } = ordered;
      return firstColumns({ ...plan, input, order, schema: input.schema }, plan.schema.length);
    }
    case 'over': {
      const numbered = plan.calls.every((call) => call.name === 'row_number');
      const ordered = numbered && plan.order.length === 0 ? exposeOrder(plan.input) : null;
      if (ordered === null) return plan;
      const { plan: input, order } = ordered;
      const width = plan.input.schema.length;
      const made = plan.schema.slice(width);
      const over: LogicalPlan = { ...plan, input, order, schema: [...input.schema, ...made] };
      return pickColumns(over, [
        ...plan.input.schema.keys(),
        ...made.map((_, i) => input.schema.length + i),
      ]);
    }
    default:
      return plan;
  }
}

function dependsOnOrder(call: AggregateCall): boolean {
  const folds = call.fn.state === 'values' && !call.fn.orderedSet;
  return folds && call.orderBy.length === 0 && !call.distinct;
}

interface Ordered {
  /** The plan's columns, then those that only the order needs. */
  readonly plan: LogicalPlan;
  readonly order: readonly SortKey[];
}

/** A plan whose rows come from a sort below filters and projections, with that order over its columns. */
function exposeOrder(plan: LogicalPlan): Ordered | null {
  if (plan.kind === 'sort') {
    const ordered = plan.partitionBy.length === 0 && plan.order.length > 0;
    return ordered ? { plan, order: plan.order } : null;
  }
  if (plan.kind === 'filter') {
    const below = exposeOrder(plan.input);
    if (below === null) return null;
    return { ...below, plan: { ...plan, input: below.plan, schema: below.plan.schema } };
  }
  if (plan.kind !== 'project') return null;
  const below = exposeOrder(plan.input);
  if (below === null) return null;
  const exprs = [...plan.exprs];
  const schema = [...plan.schema];
  const order = below.order.map((key): SortKey => {
    const known = exprs.findIndex((expr) => isSameColumn(expr, key.expr));
    if (known >= 0) return { ...key, expr: columnExpr(known, key.expr.type) };
    exprs.push(key.expr);
    schema.push(fieldFor('?column?', key.expr, below.plan.schema));
    return { ...key, expr: columnExpr(exprs.length - 1, key.expr.type) };
  });
  return { plan: { ...plan, input: below.plan, exprs, schema }, order };
}

function isSameColumn(a: Expr, b: Expr): boolean {
  return a.kind === 'column' && b.kind === 'column' && a.index === b.index;
}
