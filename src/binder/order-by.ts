/** ORDER BY: names of the result first, then positions, then expressions over FROM, as PostgreSQL does. */

import { SqlError, sqlstate } from '../base/errors.ts';
import type { SortKey } from '../plan/logical.ts';
import type * as ast from '../syntax/ast.ts';
import { bindIn, type ExprEnv } from './expr-env.ts';
import { columnAt } from './group-by.ts';
import { sameExpr } from './same-expr.ts';
import type { SelectColumn } from './select-list.ts';
import { sortKey } from './sort-key.ts';
import type { Expr } from '../expr/expr.ts';

export interface OrderItem {
  readonly key: SortKey;
  readonly position: number;
}

export function orderItems(
  items: readonly ast.SortItem[],
  columns: readonly SelectColumn[],
  env: ExprEnv,
  clause: 'ORDER BY' | 'SELECT DISTINCT ON' = 'ORDER BY',
): readonly OrderItem[] {
  return items.map((item) => {
    const expr = findExpr(item.expression, columns, env, clause);
    return { key: sortKey(env.binding, item, expr), position: item.expression.span.start };
  });
}

function findExpr(
  expression: ast.Expression,
  columns: readonly SelectColumn[],
  env: ExprEnv,
  clause: 'ORDER BY' | 'SELECT DISTINCT ON',
): Expr {
  const position = expression.span.start;
  if (expression.kind === 'number') return columnAt(expression, columns, clause).expr;
  if (expression.kind === 'string' || expression.kind === 'boolean') {
    throw new SqlError(sqlstate.syntaxError, `non-integer constant in ${clause}`, { position });
  }
  if (expression.kind === 'column' && expression.parts.length === 1) {
    const name = expression.parts[0]!.name;
    const found = columns.filter((column) => column.name === name);
    if (found.some((column) => !sameExpr(column.expr, found[0]!.expr))) {
      throw new SqlError(sqlstate.ambiguousColumn, `${clause} "${name}" is ambiguous`, {
        position,
      });
    }
    if (found[0] !== undefined) return found[0].expr;
  }
  return bindIn(env, expression);
}
