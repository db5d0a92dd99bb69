/** Values made of values: rows, arrays, their fields and elements. */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type { Expr } from '../expr/expr.ts';
import { castAllowed } from '../expr/casts.ts';
import { elementOf } from '../expr/type-category.ts';
import type * as ast from '../syntax/ast.ts';
import { arrayOf, types, type SqlType } from '../types/sql-type.ts';
import { callNamed } from './bind-literal.ts';
import { operatorCall } from './bind-operator.ts';
import { coerce, coerceToCommon, constant, typeName } from './coerce.ts';
import { lookupColumn, lookupItem, missingTable, wholeRow } from './column-lookup.ts';
import { bindIn, type ExprEnv } from './expr-env.ts';
import { outward } from './scope.ts';
import { expandStar } from './star.ts';

/** `a`, `t.a`, `t`, and fields of composite columns behind them. */
export function bindColumn(reference: ast.ColumnRef, env: ExprEnv): Expr {
  const found = lookupColumn(reference, env.scope);
  return reference.parts
    .slice(found.partsUsed)
    .reduce((base, part) => fieldOfRow(base, part), found.expr);
}

/** `t.*` where one value is wanted is the whole row. */
export function bindRowStar(star: ast.Star, env: ExprEnv): Expr {
  const at = star.span.start;
  const names = star.qualifier.map((part) => part.name);
  if (star.base !== null || names.length === 0) {
    throw new SqlError(sqlstate.syntaxError, 'row expansion via "*" is not supported here', {
      position: at,
    });
  }
  const found = lookupItem(names, env.scope, at);
  if (found === null) throw missingTable(names, env.scope, at);
  return outward(wholeRow(found.item, at), found.depth);
}

/** `(row).field`. Of a row that is written out, the field's own expression. */
export function fieldOfRow(base: Expr, field: ast.Identifier): Expr {
  const position = field.span.start;
  if (base.type.kind !== 'row') {
    const what =
      base.type.kind === 'record'
        ? `could not identify column "${field.name}" in record data type`
        : `column notation .${field.name} applied to type ${typeName(base.type)}, which is not a composite type`;
    const code = base.type.kind === 'record' ? sqlstate.undefinedColumn : sqlstate.wrongObjectType;
    throw new SqlError(code, what, { position });
  }
  const index = base.type.fields.findIndex((each) => each.name === field.name);
  if (index < 0) {
    throw new SqlError(
      sqlstate.undefinedColumn,
      `column "${field.name}" not found in data type ${typeName(base.type)}`,
      { position },
    );
  }
  if (base.kind === 'row') return { ...base.fields[index]!, at: base.at };
  return { kind: 'field', arg: base, index, type: base.type.fields[index]!.type, at: base.at };
}

/** ROW(a, b.*): stars inside become their columns. */
export function bindRow(row: ast.RowExpression, env: ExprEnv): Expr {
  const fields = row.items.flatMap((item): readonly Expr[] =>
    item.kind === 'star' ? expandStar(item, env).map((each) => each.expr) : [bindIn(env, item)],
  );
  const named = fields.map((field, i) => ({ name: `f${i + 1}`, type: field.type }));
  return { kind: 'row', fields, type: { kind: 'row', fields: named }, at: row.span.start };
}

/** ARRAY[…]; `wanted` is the element type that a cast around it asks for. */
export function bindArray(
  array: ast.ArrayExpression,
  env: ExprEnv,
  wanted: SqlType | null = null,
): Expr {
  const at = array.span.start;
  if (array.items.length === 0) {
    if (wanted === null) {
      throw new SqlError(sqlstate.indeterminateDatatype, 'cannot determine type of empty array', {
        hint: 'Explicitly cast to the desired type, for example ARRAY[]::integer[].',
        position: at,
      });
    }
    return { kind: 'array', elements: [], type: arrayOf(wanted), at };
  }
  const items = array.items.map((item) =>
    item.kind === 'array' ? bindArray(item, env, wanted) : bindIn(env, item),
  );
  if (wanted !== null) {
    const elements = items.map((item) =>
      item.type.kind === 'array'
        ? coerce(env.binding, item, arrayOf(wanted), 'explicit')
        : coerce(env.binding, item, wanted, 'explicit'),
    );
    return { kind: 'array', elements, type: arrayOf(wanted), at };
  }
  const { exprs, type } = coerceToCommon(env.binding, items, 'ARRAY');
  return { kind: 'array', elements: exprs, type: type.kind === 'array' ? type : arrayOf(type), at };
}

/** `a[1]`, `a[1:2]`, `j['key']`, `m['key']`. */
export function bindSubscript(subscript: ast.SubscriptExpression, env: ExprEnv): Expr {
  const base = bindIn(env, subscript.base);
  const at = subscript.span.start;
  switch (base.type.kind) {
    case 'jsonb':
      return jsonElement(base, subscript, env);
    case 'map':
      return subscript.subscripts.reduce((value, each) => mapElement(value, each, env), base);
    default:
      return arrayElement(base, subscript.subscripts, env, at);
  }
}

/** Subscripts of jsonb are a path: a whole number also names a key, and text also counts elements. */
function jsonElement(base: Expr, subscript: ast.SubscriptExpression, env: ExprEnv): Expr {
  const elements = subscript.subscripts.map((each) => pathStep(each, env));
  const at = subscript.span.start;
  const path: Expr = { kind: 'array', elements, type: arrayOf(types.text), at };
  return operatorCall(env.binding, '#>', base, path, at);
}

function pathStep(subscript: ast.Subscript, env: ExprEnv): Expr {
  const position = subscript.span.start;
  if (subscript.kind === 'slice') {
    throw new SqlError(sqlstate.datatypeMismatch, 'jsonb subscript does not support slices', {
      position,
    });
  }
  const step = bindIn(env, subscript.value);
  if (step.type.kind === 'unknown') return coerce(env.binding, step, types.text, 'implicit');
  const fitting = [types.integer, types.text].filter((type) =>
    castAllowed(step.type, type, 'implicit'),
  );
  const [only] = fitting;
  if (only === undefined || fitting.length > 1) {
    const number = fitting.length > 1 ? 'only one type, integer or text' : 'either integer or text';
    throw new SqlError(
      sqlstate.datatypeMismatch,
      `subscript type ${typeName(step.type)} is not supported`,
      { position, hint: `jsonb subscript must be coercible to ${number}.` },
    );
  }
  return coerce(env.binding, coerce(env.binding, step, only, 'implicit'), types.text, 'explicit');
}

function mapElement(base: Expr, subscript: ast.Subscript, env: ExprEnv): Expr {
  if (subscript.kind === 'slice' || base.type.kind !== 'map') {
    throw new SqlError(sqlstate.datatypeMismatch, 'a map does not support slices', {
      position: subscript.span.start,
    });
  }
  const key = coerce(env.binding, bindIn(env, subscript.value), base.type.key, 'implicit');
  return callNamed(env.binding, mapFunction, [base, key], subscript.span.start);
}

/** The registry's names for what subscripts mean; they are not callable names of PostgreSQL. */
const elementFunction = 'array_element';
const sliceFunction = 'array_slice';
const mapFunction = 'map_get';

/** The bounds of a slice that leaves one out. */
const lowest = -2147483648;
const highest = 2147483647;

function arrayElement(
  base: Expr,
  subscripts: readonly ast.Subscript[],
  env: ExprEnv,
  at: number,
): Expr {
  const { binding } = env;
  if (elementOf(base.type) === null) {
    throw new SqlError(
      sqlstate.datatypeMismatch,
      `cannot subscript type ${typeName(base.type)} because it does not support subscripting`,
      { position: at },
    );
  }
  const index = (expression: ast.Expression): Expr =>
    coerce(binding, bindIn(env, expression), types.integer, 'assignment');
  if (!subscripts.some((each) => each.kind === 'slice')) {
    const indices = subscripts.map((each) => index((each as { value: ast.Expression }).value));
    return callNamed(binding, elementFunction, [base, ...indices], at);
  }
  if (subscripts.length > 1) {
    throw notSupported('slices of arrays of several dimensions', { position: at });
  }
  const [slice] = subscripts;
  if (slice?.kind !== 'slice') throw notSupported('this subscript', { position: at });
  const bound = (expression: ast.Expression | null, otherwise: number): Expr =>
    expression === null ? constant(otherwise, types.integer) : index(expression);
  const bounds = [bound(slice.lower, lowest), bound(slice.upper, highest)];
  return callNamed(binding, sliceFunction, [base, ...bounds], at);
}
