/**
 * Positions point into the text of the statement that the client sent. What is bound from stored text (views,
 * defaults, computed columns) must not carry positions of its own into it.
 */

import { SqlError } from '../base/errors.ts';
import type { Expr } from '../expr/expr.ts';
import { mapExpr } from '../expr/walk.ts';
import { mapExpressions, mapPlan } from '../plan/children.ts';
import type { LogicalPlan } from '../plan/logical.ts';

/** The expression with all positions gone. */
export function withoutPositions(expr: Expr): Expr {
  return mapExpr(expr, (part) => {
    const bare = part.at === undefined ? part : { ...part, at: undefined };
    if (bare.kind !== 'subquery') return bare;
    return { ...bare, plan: planWithoutPositions(bare.plan as LogicalPlan) };
  });
}

/** The plan with the positions of all its expressions gone. */
export function planWithoutPositions(plan: LogicalPlan): LogicalPlan {
  return mapPlan(plan, (node) => mapExpressions(node, withoutPositions));
}

/** Runs `bind` over stored text: what it throws has no position. */
export function bindStoredText<T>(bind: () => T): T {
  try {
    return bind();
  } catch (error) {
    if (!(error instanceof SqlError) || error.fields.position === undefined) throw error;
    throw new SqlError(error.code, error.message, { ...error.fields, position: undefined });
  }
}
