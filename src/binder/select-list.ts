/** The select list: stars expanded, every item bound and named. Also RETURNING. */

import { someExpr } from '../expr/walk.ts';
import type { Expr } from '../expr/expr.ts';
import type * as ast from '../syntax/ast.ts';
import { columnName } from './column-name.ts';
import { bindIn, type ExprEnv } from './expr-env.ts';
import { markOf } from './query-level.ts';
import { expandStar } from './star.ts';
import { writeOutStar } from './written-star.ts';

export interface SelectColumn {
  readonly name: string;
  readonly expr: Expr;
  /** It holds an aggregate or window function, so it cannot be grouped by. */
  readonly aggregated: boolean;
}

export function bindSelectList(
  items: readonly ast.SelectItem[],
  env: ExprEnv,
): readonly SelectColumn[] {
  return items.flatMap((item): readonly SelectColumn[] => {
    if (item.expression.kind === 'star') {
      const written = writeOutStar(item.expression, env.scope);
      if (written !== null) env.binding.stars.set(item, written);
      return expandStar(item.expression, env).map(({ name, expr }) => selectColumn(name, expr));
    }
    const expr = bindIn(env, item.expression);
    return [selectColumn(item.alias?.name ?? columnName(item.expression), expr)];
  });
}

function selectColumn(name: string, expr: Expr): SelectColumn {
  return { name, expr, aggregated: holdsMark(expr) };
}

function holdsMark(expr: Expr): boolean {
  return someExpr(expr, (part) => {
    if (part.kind !== 'column') return false;
    const kind = markOf(part.index)?.kind;
    return kind === 'aggregate' || kind === 'over' || kind === 'grouping';
  });
}
