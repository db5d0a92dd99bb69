/** A query that is a statement, or the body of a definition: nothing stands around it. */

import type { Expr } from '../expr/expr.ts';
import type * as ast from '../syntax/ast.ts';
import { types } from '../types/sql-type.ts';
import { binders, bindQuery } from './bind-query.ts';
import { bindScalar } from './bind-scalar.ts';
import type { Binding } from './binding.ts';
import type { BoundQuery } from './bound-statement.ts';
import { coerce } from './coerce.ts';
import type { QueryEnv } from './expr-env.ts';

export function bindWholeQuery(query: ast.Query, binding: Binding): BoundQuery {
  const result = bindQuery(query, topLevel(binding));
  return {
    kind: 'query',
    plan: result.plan,
    fields: result.plan.schema.slice(0, result.width),
    order: result.order,
    emit: result.emit ?? 'update',
    asOf: bindAsOf(query.asOf, binding),
  };
}

/** Nothing is visible but the catalog. */
export function topLevel(binding: Binding): QueryEnv {
  return { binding, parent: null, common: null, binders };
}

/** AS OF and UP TO: a tick, as a number. */
export function bindAsOf(expression: ast.Expression | null, binding: Binding): Expr | null {
  if (expression === null) return null;
  const bound = bindScalar(expression, [], binding, { clause: 'AS OF' });
  return coerce(binding, bound, types.bigint, 'assignment');
}
