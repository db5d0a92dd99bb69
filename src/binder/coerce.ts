/**
 * Bringing expressions to a type: unknown literals are read as constants of it, untyped parameters take
 * it, everything else gets a cast where the context allows one.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import { castAllowed } from '../expr/casts.ts';
import { cannotCast, castDatum } from '../expr/cast-datum.ts';
import { hasModifiers } from '../expr/cast-modifiers.ts';
import type { CastMode } from '../expr/casts.ts';
import { commonType } from '../expr/common-type.ts';
import type { ConstantExpr, Expr } from '../expr/expr.ts';
import { isRegType, withoutModifiers } from '../expr/type-category.ts';
import { formatType, identicalType, sameType } from '../types/oid.ts';
import { types, type SqlType } from '../types/sql-type.ts';
import type { Binding } from './binding.ts';

/** The expression as a `type`, or null when the context does not allow such a cast. */
export function tryCoerce(
  binding: Binding,
  expr: Expr,
  type: SqlType,
  mode: CastMode,
): Expr | null {
  if (expr.type.kind === 'unknown' && type.kind === 'unknown') return expr;
  if (expr.kind === 'parameter' && expr.type.kind === 'unknown') {
    return fitModifiers(binding.parameters.decide(expr, withoutModifiers(type)), type, mode);
  }
  if (expr.kind === 'constant' && expr.type.kind === 'unknown') {
    return literal(binding, expr, type, mode);
  }
  if (expr.kind === 'row' && type.kind === 'row' && expr.fields.length === type.fields.length) {
    return coerceRow(binding, expr, type, mode);
  }
  if (sameType(expr.type, type)) return fitModifiers(expr, type, mode);
  if (!castAllowed(expr.type, type, mode)) return null;
  const cast: Expr = { kind: 'cast', arg: expr, type, mode, at: expr.at };
  return expr.kind === 'constant' ? (foldNumber(binding, expr, type, mode) ?? cast) : cast;
}

const numberKinds: ReadonlySet<string> = new Set([
  'smallint',
  'integer',
  'bigint',
  'numeric',
  'double',
]);

/** A number written in another type is that type's constant at once; one out of range fails when it runs. */
function foldNumber(
  binding: Binding,
  expr: ConstantExpr,
  type: SqlType,
  mode: CastMode,
): ConstantExpr | null {
  if (!numberKinds.has(expr.type.kind) || !numberKinds.has(type.kind)) return null;
  try {
    return {
      ...expr,
      value: castDatum(expr.value, expr.type, type, mode, binding.evaluation),
      type,
    };
  } catch (error) {
    if (error instanceof SqlError) return null;
    throw error;
  }
}

/** The expression as a `type`; 42846 when it cannot be. */
export function coerce(
  binding: Binding,
  expr: Expr,
  type: SqlType,
  mode: CastMode,
  position = expr.at,
): Expr {
  const coerced = tryCoerce(binding, expr, type, mode);
  if (coerced === null) {
    throw cannotCast(withoutModifiers(expr.type), withoutModifiers(type), position);
  }
  return coerced;
}

/** Arguments as a resolved function wants them. */
export function coerceArgs(
  binding: Binding,
  args: readonly Expr[],
  parameterTypes: readonly SqlType[],
): readonly Expr[] {
  return args.map((arg, index) => coerce(binding, arg, parameterTypes[index]!, 'implicit'));
}

/** All expressions brought to one type; `contextName` begins the message when they have none. */
export function coerceToCommon(
  binding: Binding,
  exprs: readonly Expr[],
  contextName: string,
): { readonly exprs: readonly Expr[]; readonly type: SqlType } {
  const type = commonTypeOf(exprs, contextName);
  return { type, exprs: exprs.map((expr) => coerce(binding, expr, type, 'implicit')) };
}

/** The common type of expressions; the error stands at the one that does not fit. */
export function commonTypeOf(exprs: readonly Expr[], contextName: string): SqlType {
  const all = exprs.map((expr) => expr.type);
  try {
    const type = commonType(all, contextName);
    // An untyped constant is not cut to the length or scale of the others.
    return exprs.some(isUntypedText) ? withoutModifiers(type) : type;
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    throw error.at(firstMisfit(exprs, contextName));
  }
}

function isUntypedText(expr: Expr): boolean {
  return expr.type.kind === 'unknown' && !(expr.kind === 'constant' && expr.value === null);
}

function firstMisfit(exprs: readonly Expr[], contextName: string): number | undefined {
  for (let count = 2; count <= exprs.length; count++) {
    try {
      commonType(
        exprs.slice(0, count).map((expr) => expr.type),
        contextName,
      );
    } catch {
      return exprs[count - 1]!.at;
    }
  }
  return exprs[0]?.at;
}

/** `argument of WHERE must be type boolean, not type integer` */
export function coerceBoolean(binding: Binding, expr: Expr, clause: string): Expr {
  const coerced = tryCoerce(binding, expr, types.boolean, 'implicit');
  if (coerced !== null) return coerced;
  throw new SqlError(
    sqlstate.datatypeMismatch,
    `argument of ${clause} must be type boolean, not type ${typeName(expr.type)}`,
    { position: expr.at },
  );
}

/** A value for a column. 42804 with the column's name when it does not fit. */
export function coerceForColumn(
  binding: Binding,
  expr: Expr,
  column: { readonly name: string; readonly type: SqlType },
): Expr {
  const coerced = tryCoerce(binding, expr, column.type, 'assignment');
  if (coerced !== null) return coerced;
  throw new SqlError(
    sqlstate.datatypeMismatch,
    `column "${column.name}" is of type ${typeName(column.type)}` +
      ` but expression is of type ${typeName(expr.type)}`,
    { hint: 'You will need to rewrite or cast the expression.', position: expr.at },
  );
}

/** A literal or parameter that nothing gave a type becomes text, as in a finished select list. */
export function settleUnknown(binding: Binding, expr: Expr): Expr {
  return expr.type.kind === 'unknown' ? coerce(binding, expr, types.text, 'implicit') : expr;
}

export function typeName(type: SqlType): string {
  return formatType(withoutModifiers(type));
}

/** A NULL constant. */
export function nullOf(type: SqlType, at?: number): ConstantExpr {
  return { kind: 'constant', value: null, type, at };
}

/** A constant of a known type. */
export function constant(value: ConstantExpr['value'], type: SqlType, at?: number): ConstantExpr {
  return { kind: 'constant', value, type, at };
}

function literal(binding: Binding, expr: ConstantExpr, type: SqlType, mode: CastMode): Expr {
  if (expr.value === null) return { ...expr, type };
  if (readWhenRun(type)) {
    const text: ConstantExpr = { ...expr, type: types.text };
    return { kind: 'cast', arg: text, type, mode: 'explicit', at: expr.at };
  }
  try {
    const value = castDatum(expr.value, types.unknown, type, mode, binding.evaluation);
    return { ...expr, value, type };
  } catch (error) {
    throw error instanceof SqlError ? error.at(expr.at) : error;
  }
}

/** Names in the catalog may mean another object by the time a prepared statement runs. */
function readWhenRun(type: SqlType): boolean {
  return isRegType(type) || (type.kind === 'array' && isRegType(type.element));
}

/** A value of the right kind made to obey length, precision and scale. */
function fitModifiers(expr: Expr, type: SqlType, mode: CastMode): Expr {
  if (identicalType(expr.type, type) || !hasModifiers(type)) return expr;
  return { kind: 'cast', arg: expr, type, mode, at: expr.at };
}

function coerceRow(
  binding: Binding,
  expr: Extract<Expr, { kind: 'row' }>,
  type: Extract<SqlType, { kind: 'row' }>,
  mode: CastMode,
): Expr | null {
  const fields: Expr[] = [];
  for (const [index, field] of expr.fields.entries()) {
    const coerced = tryCoerce(binding, field, type.fields[index]!.type, mode);
    if (coerced === null) return null;
    fields.push(coerced);
  }
  return { ...expr, fields, type };
}
