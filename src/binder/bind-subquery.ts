/** Subqueries in expressions: scalar, EXISTS, ARRAY, IN, ANY and ALL. */

import { SqlError, sqlstate } from '../base/errors.ts';
import type { Expr } from '../expr/expr.ts';
import type { ScalarFunction } from '../expr/functions/registry.ts';
import { resolveOperator } from '../expr/resolve.ts';
import type * as ast from '../syntax/ast.ts';
import { arrayOf, types } from '../types/sql-type.ts';
import { operatorSymbol } from './bind-operator.ts';
import { coerce } from './coerce.ts';
import { bindIn, subqueryEnv, type ExprEnv } from './expr-env.ts';
import { castColumns, visiblePlan } from './query-result.ts';

export function bindSubquery(subquery: ast.SubqueryExpression, env: ExprEnv): Expr {
  const query = subquery.form === 'exists' ? withoutLimit(subquery.query) : subquery.query;
  const plan = visiblePlan(env.binders.query(query, subqueryEnv(env)));
  const at = subquery.span.start;
  const base = { kind: 'subquery', plan, args: [], fns: [], at } as const;
  if (subquery.form === 'exists') return { ...base, mode: 'exists', type: types.boolean };
  if (plan.schema.length !== 1) {
    throw new SqlError(sqlstate.syntaxError, 'subquery must return only one column', {
      position: at,
    });
  }
  const { type } = plan.schema[0]!;
  if (subquery.form === 'scalar') return { ...base, mode: 'scalar', type };
  return { ...base, mode: 'array', type: type.kind === 'array' ? type : arrayOf(type) };
}

/** Whether there is a row does not depend on which of them come first. */
function withoutLimit(query: ast.Query): ast.Query {
  const { limit } = query;
  if (limit?.kind !== 'number' || !/^[1-9]\d*$/.test(limit.text) || query.offset !== null)
    return query;
  return { ...query, limit: null, withTies: false };
}

/** `a IN (SELECT …)` is `a = ANY`; NOT IN is its negation. */
export function bindInQuery(expression: ast.InQueryExpression, env: ExprEnv): Expr {
  const at = expression.span.start;
  const found = compareWithRows(expression.operand, expression.query, env, {
    symbol: '=',
    mode: 'any',
    at,
    position: at,
  });
  if (!expression.negated) return found;
  return { kind: 'not', arg: found, type: types.boolean, at };
}

export function bindQuantifiedQuery(expression: ast.QuantifiedQueryExpression, env: ExprEnv): Expr {
  return compareWithRows(expression.left, expression.query, env, {
    symbol: operatorSymbol(expression.operator),
    mode: expression.quantifier,
    at: expression.span.start,
    position: expression.operator.span.start,
  });
}

interface RowComparison {
  readonly symbol: string;
  readonly mode: 'any' | 'all';
  readonly at: number;
  readonly position: number;
}

function compareWithRows(
  operand: ast.Expression,
  query: ast.Query,
  env: ExprEnv,
  comparison: RowComparison,
): Expr {
  const { binding } = env;
  const bound = bindIn(env, operand);
  const left = bound.kind === 'row' ? bound.fields : [bound];
  const plan = visiblePlan(env.binders.query(query, subqueryEnv(env)));
  checkWidths(left.length, plan.schema.length, comparison.position);
  if (left.length > 1 && (comparison.symbol !== '=' || comparison.mode === 'all')) {
    throw new SqlError(
      sqlstate.featureNotSupported,
      'comparing rows with a subquery is only supported for = ANY and IN',
      { hint: 'Compare single columns, or use EXISTS.', position: comparison.position },
    );
  }
  const resolved = left.map((expr, i) =>
    resolveOperator(
      binding.functions,
      comparison.symbol,
      expr.type,
      plan.schema[i]!.type,
      comparison.position,
    ),
  );
  const args = left.map((expr, i) =>
    coerce(binding, expr, resolved[i]!.parameterTypes[0]!, 'implicit'),
  );
  const columns = castColumns(
    binding,
    plan,
    resolved.map((each) => each.parameterTypes[1]!),
  );
  const fns: readonly ScalarFunction[] = resolved.map((each) => each.fn);
  return {
    kind: 'subquery',
    mode: comparison.mode,
    plan: columns,
    args,
    fns,
    type: types.boolean,
    at: comparison.at,
  };
}

function checkWidths(left: number, right: number, position: number): void {
  if (right < left) {
    throw new SqlError(sqlstate.syntaxError, 'subquery has too few columns', { position });
  }
  if (right > left) {
    throw new SqlError(sqlstate.syntaxError, 'subquery has too many columns', { position });
  }
}
