/**
 * Expressions over the columns of one relation, outside of any query: defaults, computed columns, checks,
 * watermarks; from their tree when they are declared, from their stored text when they are used.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import type { Expr } from '../expr/expr.ts';
import { someExpr } from '../expr/walk.ts';
import { parseExpression } from '../syntax/parse.ts';
import type * as ast from '../syntax/ast.ts';
import type { SqlType } from '../types/sql-type.ts';
import { binders } from './bind-query.ts';
import { Binding, type BindContext } from './binding.ts';
import { coerceForColumn, settleUnknown } from './coerce.ts';
import { bindIn, type Clause } from './expr-env.ts';
import { bindStoredText, withoutPositions } from './positions.ts';
import { QueryLevel } from './query-level.ts';
import { Scope, type ScopeItem } from './scope.ts';

/** A column that an expression may name; its index is its place in the list. */
export interface ScalarColumn {
  readonly name: string;
  readonly type: SqlType;
  readonly nullable?: boolean;
}

export interface ScalarOptions {
  /** What the value is for: its type is this column's, by assignment. */
  readonly target?: { readonly name: string; readonly type: SqlType };
  /** As messages name the place; by default that of a computed column. */
  readonly clause?: Clause;
  /** The relation, so that `relation.column` is found too. */
  readonly relation?: string;
  /** A literal without a type stays unknown, for the caller to decide. */
  readonly keep?: boolean;
}

/** An expression in stored SQL text, over `columns`. */
export function bindScalarSql(
  sql: string,
  columns: readonly ScalarColumn[],
  context: BindContext,
  options: ScalarOptions = {},
): Expr {
  const binding = new Binding({ ...context, searchPath: [] }, 'definition');
  return bindStoredText(() =>
    withoutPositions(bindScalar(parseExpression(sql), columns, binding, options)),
  );
}

/** The same from the tree. No subqueries: the value depends on the row alone. */
export function bindScalar(
  expression: ast.Expression,
  columns: readonly ScalarColumn[],
  binding: Binding,
  options: ScalarOptions = {},
): Expr {
  const clause = options.clause ?? 'column generation expressions';
  const scope = new Scope([itemOf(columns, options.relation ?? null)], null, new QueryLevel());
  const bound = bindIn({ binding, scope, common: null, clause, binders }, expression);
  if (someExpr(bound, (part) => part.kind === 'subquery')) {
    throw new SqlError(sqlstate.featureNotSupported, subqueryRefusal(clause), {
      position: expression.span.start,
    });
  }
  const { target } = options;
  if (options.keep === true) return bound;
  return target === undefined
    ? settleUnknown(binding, bound)
    : coerceForColumn(binding, bound, target);
}

function subqueryRefusal(clause: Clause): string {
  if (clause === 'DEFAULT expressions') return 'cannot use subquery in DEFAULT expression';
  if (clause === 'check constraints') return 'cannot use subquery in check constraint';
  if (clause === 'transform expressions') return 'cannot use subquery in transform expression';
  return 'cannot use subquery in column generation expression';
}

function itemOf(columns: readonly ScalarColumn[], name: string | null): ScopeItem {
  return {
    name,
    schema: null,
    relation: null,
    scalar: false,
    optional: false,
    tableVisible: true,
    columnsVisible: true,
    columns: columns.map((column, index) => ({
      name: column.name,
      expr: { kind: 'column', index, type: column.type },
      field: { name: column.name, type: column.type, nullable: column.nullable ?? true },
    })),
  };
}
