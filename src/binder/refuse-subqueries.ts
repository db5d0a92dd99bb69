/** Expressions that are evaluated row by row outside of a plan cannot hold subqueries. */

import { notSupported } from '../base/errors.ts';
import type { Expr } from '../expr/expr.ts';
import { visitExpr } from '../expr/walk.ts';

export function refuseSubqueries(exprs: readonly Expr[], where: string): void {
  for (const expr of exprs) {
    visitExpr(expr, (part) => {
      if (part.kind !== 'subquery') return;
      throw notSupported(`a subquery in ${where}`, {
        hint: 'Run it as a query of its own, in the same transaction.',
        position: part.at ?? expr.at,
      });
    });
  }
}
