/** What `*`, `t.*` and `(row).*` stand for: names and expressions, in order. */

import { SqlError, sqlstate } from '../base/errors.ts';
import type { Expr } from '../expr/expr.ts';
import type * as ast from '../syntax/ast.ts';
import { lookupItem, missingTable } from './column-lookup.ts';
import { bindIn, type ExprEnv } from './expr-env.ts';
import { outward } from './scope.ts';
import { typeName } from './coerce.ts';

export interface NamedExpr {
  readonly name: string;
  readonly expr: Expr;
}

export function expandStar(star: ast.Star, env: ExprEnv): readonly NamedExpr[] {
  const at = star.span.start;
  if (star.base !== null) return expandRow(bindIn(env, star.base), at);
  if (star.qualifier.length > 0) return expandQualified(star, env, at);
  const items = env.scope.items.filter((item) => item.columnsVisible);
  if (items.length === 0) {
    throw new SqlError(sqlstate.syntaxError, 'SELECT * with no tables specified is not valid', {
      position: at,
    });
  }
  return items.flatMap((item) => item.columns.map(({ name, expr }) => ({ name, expr })));
}

function expandQualified(star: ast.Star, env: ExprEnv, at: number): readonly NamedExpr[] {
  const names = star.qualifier.map((part) => part.name);
  const found = lookupItem(names, env.scope, at);
  if (found === null) throw missingTable(names, env.scope, at);
  return found.item.columns.map(({ name, expr }) => ({ name, expr: outward(expr, found.depth) }));
}

function expandRow(base: Expr, at: number): readonly NamedExpr[] {
  const { type } = base;
  if (type.kind !== 'row') {
    throw new SqlError(sqlstate.wrongObjectType, `type ${typeName(type)} is not composite`, {
      position: at,
    });
  }
  return type.fields.map((field, index) => ({
    name: field.name,
    expr:
      base.kind === 'row'
        ? base.fields[index]!
        : { kind: 'field', arg: base, index, type: field.type, at },
  }));
}
