/**
 * Operators whose result depends on the order of their input take over the order of a sorted subquery, as
 * users of PostgreSQL expect. Mandatory: rows have no order in the dataflow.
 *
 *   aggregate array_agg(x) over sort o       →  aggregate array_agg(x order by o)
 *   sort limit 5 (no order) over sort o      →  sort o limit 5
 *   over row_number() (no order) over sort o →  over row_number() order by o
 */

import type { Expr } from '../../expr/expr.ts';
import { columnsRead, mapPlanDeep, substitute } from '../../plan/expressions.ts';
import type { LogicalPlan, SortKey } from '../../plan/logical.ts';
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
      const depends = plan.aggregates.some(dependsOnOrder);
      const order = depends ? orderThrough(plan.input) : [];
      if (order.length === 0) return plan;
      const aggregates = plan.aggregates.map((call) =>
        dependsOnOrder(call) ? { ...call, orderBy: order } : call,
      );
      return { ...plan, aggregates };
    }
    case 'sort': {
      const bare = plan.order.length === 0 && (plan.limit !== null || plan.offset !== null);
      const order = bare ? orderThrough(plan.input) : [];
      return order.length === 0 ? plan : { ...plan, order };
    }
    case 'over': {
      const numbered = plan.calls.every((call) => call.name === 'row_number');
      const order = numbered && plan.order.length === 0 ? orderThrough(plan.input) : [];
      return order.length === 0 ? plan : { ...plan, order };
    }
    default:
      return plan;
  }
}

function dependsOnOrder(call: {
  readonly fn: { readonly state: string; readonly orderedSet: boolean };
  readonly orderBy: readonly SortKey[];
  readonly distinct: boolean;
}): boolean {
  const folds = call.fn.state === 'values' && !call.fn.orderedSet;
  return folds && call.orderBy.length === 0 && !call.distinct;
}

/** The order of a sort below filters and projections, over the columns above them. */
function orderThrough(plan: LogicalPlan): readonly SortKey[] {
  if (plan.kind === 'sort') return plan.partitionBy.length === 0 ? plan.order : [];
  if (plan.kind === 'filter') return orderThrough(plan.input);
  if (plan.kind !== 'project') return [];
  const moved: SortKey[] = [];
  for (const key of orderThrough(plan.input)) {
    const expr = above(key.expr, plan.exprs);
    // A key that the projection dropped ends the order that can still be told.
    if (expr === null) break;
    moved.push({ ...key, expr });
  }
  return moved;
}

/** An expression over a projection's input as one over its output, when the output has what it reads. */
function above(expr: Expr, exprs: readonly Expr[]): Expr | null {
  const places: Expr[] = [];
  let known = true;
  const visit = (index: number): void => {
    const place = exprs.findIndex((each) => each.kind === 'column' && each.index === index);
    if (place < 0) known = false;
    else places[index] = { kind: 'column', index: place, type: exprs[place]!.type };
  };
  columnsRead(expr).forEach(visit);
  return known ? substitute(expr, places) : null;
}
