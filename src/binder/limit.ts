/** LIMIT, OFFSET and WITH TIES: constants or parameters, in bigint. */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type { Expr } from '../expr/expr.ts';
import { someExpr } from '../expr/walk.ts';
import type { LogicalPlan, SortKey, SortPlan } from '../plan/logical.ts';
import type * as ast from '../syntax/ast.ts';
import { types } from '../types/sql-type.ts';
import { coerce, typeName, tryCoerce } from './coerce.ts';
import { bindIn, type QueryEnv } from './expr-env.ts';
import { QueryLevel } from './query-level.ts';
import { Scope } from './scope.ts';

export interface LimitClause {
  readonly limit: ast.Expression | null;
  readonly offset: ast.Expression | null;
  readonly withTies: boolean;
}

/** The sort node that a query with ORDER BY or LIMIT has at its root; the plan itself when it has none. */
export function addSort(
  input: LogicalPlan,
  order: readonly SortKey[],
  clause: LimitClause,
  env: QueryEnv,
): LogicalPlan {
  const limit = bindCount(clause.limit, 'LIMIT', env);
  const offset = bindCount(clause.offset, 'OFFSET', env);
  if (clause.withTies && order.length === 0) {
    throw new SqlError(
      sqlstate.syntaxError,
      'WITH TIES cannot be specified without ORDER BY clause',
    );
  }
  if (order.length === 0 && limit === null && offset === null) return input;
  if (order.length === 0) refuseInView(clause, env);
  const sort: SortPlan = {
    kind: 'sort',
    input,
    partitionBy: [],
    order,
    limit,
    offset,
    withTies: clause.withTies,
    schema: input.schema,
  };
  return sort;
}

/** A view must have one answer, and rows without an order have no first ones. */
function refuseInView(clause: LimitClause, env: QueryEnv): void {
  if (!env.binding.continuous) return;
  throw notSupported('LIMIT without ORDER BY in a materialized view', {
    hint: 'Add ORDER BY, so that it is determined which rows the view holds.',
    position: (clause.limit ?? clause.offset)?.span.start,
  });
}

function bindCount(
  expression: ast.Expression | null,
  clause: 'LIMIT' | 'OFFSET',
  env: QueryEnv,
): Expr | null {
  if (expression === null) return null;
  const position = expression.span.start;
  const bound = bindIn(
    {
      binding: env.binding,
      scope: new Scope([], env.parent, new QueryLevel()),
      common: env.common,
      clause,
      binders: env.binders,
    },
    expression,
  );
  if (someExpr(bound, (part) => part.kind === 'column')) {
    throw new SqlError(
      sqlstate.invalidColumnReference,
      `argument of ${clause} must not contain variables`,
      { position },
    );
  }
  const count = tryCoerce(env.binding, bound, types.bigint, 'assignment');
  if (count === null) {
    throw new SqlError(
      sqlstate.datatypeMismatch,
      `argument of ${clause} must be type bigint, not type ${typeName(bound.type)}`,
      { position },
    );
  }
  const settled = asBigint(count, env);
  if (settled.kind === 'constant' && typeof settled.value === 'bigint' && settled.value < 0n) {
    const code = clause === 'LIMIT' ? '2201W' : '2201X';
    throw new SqlError(code, `${clause} must not be negative`);
  }
  return settled.kind === 'constant' && settled.value === null ? null : settled;
}

/** A number written out is a bigint at once, so that plans show it as one. */
function asBigint(expr: Expr, env: QueryEnv): Expr {
  if (expr.kind !== 'cast' || expr.arg.kind !== 'constant') return expr;
  const { value } = expr.arg;
  if (typeof value === 'number') return { ...expr.arg, value: BigInt(value), type: types.bigint };
  return coerce(env.binding, expr, types.bigint, 'assignment');
}
