/** RETURNING: a select list over the columns that a change has at hand. */

import { isNullable } from '../plan/expressions.ts';
import type * as ast from '../syntax/ast.ts';
import type { Field, Schema } from '../types/schema.ts';
import type { BoundReturning } from './bound-statement.ts';
import { settleUnknown } from './coerce.ts';
import { inClause, type ExprEnv } from './expr-env.ts';
import { bindSelectList } from './select-list.ts';

/** `row` has the columns that the expressions index. */
export function bindReturning(
  items: readonly ast.SelectItem[] | null,
  env: ExprEnv,
  row: Schema,
): BoundReturning | null {
  if (items === null) return null;
  const columns = bindSelectList(items, inClause(env, 'RETURNING'));
  const exprs = columns.map((column) => settleUnknown(env.binding, column.expr));
  const fields = exprs.map((expr, i): Field => {
    const { name } = columns[i]!;
    if (expr.kind === 'column' && row[expr.index] !== undefined) {
      return { ...row[expr.index]!, name };
    }
    return { name, type: expr.type, nullable: isNullable(expr, row) };
  });
  return { input: row, exprs, fields };
}
