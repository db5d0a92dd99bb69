/**
 * GROUPING SETS, ROLLUP and CUBE as a union of plain aggregates, one a set: keys that a set leaves out are
 * NULL in its rows, and the empty set is a global aggregate with its one row even over nothing.
 */

import type { Expr } from '../expr/expr.ts';
import type { Schema } from '../types/schema.ts';
import { columnExpr, nullConstant } from './expressions.ts';
import type { AggregatePlan, LogicalPlan } from './logical.ts';
import { makeProject, makeUnion } from './make.ts';

/** The plan without grouping sets; a plain aggregate stays as it is. */
export function expandGroupingSets(plan: AggregatePlan): LogicalPlan {
  if (plan.groupingSets === null) return plan;
  const branches = plan.groupingSets.map((set) => aggregateOf(plan, set));
  return branches.length === 1 ? branches[0]! : { ...makeUnion(branches), schema: plan.schema };
}

function aggregateOf(plan: AggregatePlan, set: readonly number[]): LogicalPlan {
  const members = [...new Set(set)].sort((a, b) => a - b);
  const values = plan.schema.slice(plan.keys.length);
  const schema: Schema = [...members.map((key) => plan.schema[key]!), ...values];
  const aggregate: AggregatePlan = {
    ...plan,
    keys: members.map((key) => plan.keys[key]!),
    groupingSets: null,
    schema,
  };
  const exprs = plan.schema.map((field, i): Expr => {
    if (i >= plan.keys.length) {
      return columnExpr(members.length + i - plan.keys.length, field.type);
    }
    const place = members.indexOf(i);
    return place < 0 ? nullConstant(field.type) : columnExpr(place, field.type);
  });
  const fields = plan.schema.map((field, i) =>
    i < plan.keys.length && !members.includes(i) ? { ...field, nullable: true } : field,
  );
  return makeProject(aggregate, exprs, fields);
}
