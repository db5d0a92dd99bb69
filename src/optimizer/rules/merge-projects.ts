/**
 * Fewer projections and filters.
 *
 *   project a over project b   →  project a[b]
 *   filter p over filter q     →  filter q and p
 *   project of all columns     →  its input, where numerics keep their form
 *
 * Projections are not pasted into each other when that would evaluate a volatile function another number
 * of times, or when the text would grow beyond a bound.
 */

import type { Expr } from '../../expr/expr.ts';
import { visitExpr } from '../../expr/walk.ts';
import { mapChildren } from '../../plan/children.ts';
import { conjuncts, isVolatile, substitute } from '../../plan/expressions.ts';
import type { LogicalPlan, ProjectPlan } from '../../plan/logical.ts';
import { filterBy } from '../../plan/make.ts';
import type { SqlType } from '../../types/sql-type.ts';
import type { Rule } from '../rule.ts';

export const mergeProjectsRule: Rule = {
  name: 'merge-projects',
  apply: (plan) => {
    const merged = merge(plan);
    return merged === plan ? null : merged;
  },
};

function merge(plan: LogicalPlan): LogicalPlan {
  const node = mapChildren(plan, merge);
  if (node.kind === 'filter' && node.input.kind === 'filter') {
    const below = conjuncts(node.input.predicate);
    return filterBy(node.input.input, [...below, ...conjuncts(node.predicate)]);
  }
  if (node.kind !== 'project') return node;
  if (node.whole !== true && isIdentity(node)) return node.input;
  const { input } = node;
  if (input.kind !== 'project' || input.whole === true || !mayPaste(input, node)) return node;
  const exprs = node.exprs.map((expr) => substitute(expr, input.exprs));
  return merge({ ...node, input: input.input, exprs });
}

function isIdentity(plan: ProjectPlan): boolean {
  const below = plan.input.schema;
  return (
    plan.exprs.length === below.length &&
    plan.exprs.every(
      (expr, i) =>
        expr.kind === 'column' &&
        expr.index === i &&
        fixedScaleOf(plan.schema[i]!.type) === fixedScaleOf(below[i]!.type),
    )
  );
}

/** What tells a numeric that travels as a scaled number from one that does not. */
function fixedScaleOf(type: SqlType): number | undefined {
  return type.kind === 'numeric' ? type.fixedScale : undefined;
}

/** How many parts the expressions of a projection may grow by when it is merged. */
const growthMax = 50;

function mayPaste(inner: ProjectPlan, outer: ProjectPlan): boolean {
  if (inner.exprs.some(isVolatile)) return false;
  const sizes = inner.exprs.map(sizeOf);
  let growth = 0;
  for (const expr of outer.exprs) {
    visitExpr(expr, (part) => {
      if (part.kind === 'column') growth += sizes[part.index]! - 1;
    });
  }
  return growth - sizes.reduce((sum, size) => sum + size - 1, 0) <= growthMax;
}

function sizeOf(expr: Expr): number {
  let size = 0;
  visitExpr(expr, () => {
    size++;
  });
  return size;
}
