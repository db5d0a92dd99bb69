/**
 * Operators and the forms of SQL that are operators in other words: BETWEEN, LIKE, IN lists, comparisons
 * of rows, ANY and ALL over arrays. Each becomes calls of registry operators with their casts visible.
 */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type { Expr } from '../expr/expr.ts';
import { findCommonType, resolveOperator } from '../expr/resolve.ts';
import { elementOf } from '../expr/type-category.ts';
import { someExpr } from '../expr/walk.ts';
import type * as ast from '../syntax/ast.ts';
import { arrayOf, types, type SqlType } from '../types/sql-type.ts';
import { callNamed } from './bind-literal.ts';
import type { Binding } from './binding.ts';
import { coerce, coerceArgs, coerceBoolean, typeName } from './coerce.ts';
import { bindIn, type ExprEnv } from './expr-env.ts';
import { undecidedParameter } from './parameters.ts';

/** The call of an operator on bound operands; `left` is null for a prefix operator. */
export function operatorCall(
  binding: Binding,
  symbol: string,
  left: Expr | null,
  right: Expr,
  position?: number,
): Expr {
  const resolved = resolveOperator(
    binding.functions,
    symbol,
    left === null ? null : left.type,
    right.type,
    position,
  );
  const operands = left === null ? [right] : [left, right];
  const args = coerceArgs(binding, operands, resolved.parameterTypes);
  return { kind: 'call', fn: resolved.fn, args, type: resolved.returns, at: operands[0]!.at };
}

/** The operator of its name; only those of pg_catalog exist. */
export function operatorSymbol(operator: ast.OperatorName): string {
  const schema = operator.schema.at(-1)?.name;
  if (schema === undefined || schema === 'pg_catalog') return operator.symbol;
  throw new SqlError(
    sqlstate.undefinedFunction,
    `operator does not exist: ${schema}.${operator.symbol}`,
    { position: operator.span.start },
  );
}

export function bindUnary(unary: ast.UnaryExpression, env: ExprEnv): Expr {
  const symbol = operatorSymbol(unary.operator);
  const operand = bindIn(env, unary.operand);
  const at = unary.span.start;
  return { ...operatorCall(env.binding, symbol, null, operand, unary.operator.span.start), at };
}

export function bindBinary(binary: ast.BinaryExpression, env: ExprEnv): Expr {
  const symbol = operatorSymbol(binary.operator);
  const left = bindIn(env, binary.left);
  const right = bindIn(env, binary.right);
  const position = binary.operator.span.start;
  if (left.kind === 'row' && right.kind === 'row' && rowOperators.has(symbol)) {
    return compareRows(env.binding, symbol, left.fields, right.fields, position);
  }
  const call = operatorCall(env.binding, symbol, left, right, position);
  return { ...call, at: binary.span.start };
}

const rowOperators: ReadonlySet<string> = new Set(['=', '<>', '<', '<=', '>', '>=']);

/**
 * (a, b) op (c, d): equality is the AND of equalities; order decides at the first columns that differ,
 * and is unknown when a column before that is NULL.
 */
export function compareRows(
  binding: Binding,
  symbol: string,
  left: readonly Expr[],
  right: readonly Expr[],
  position: number,
): Expr {
  if (left.length !== right.length) {
    throw new SqlError(sqlstate.syntaxError, 'unequal number of entries in row expressions', {
      position,
    });
  }
  if (left.length === 0) {
    throw new SqlError(sqlstate.featureNotSupported, 'cannot compare rows of zero length', {
      position,
    });
  }
  const pair = (op: string, i: number): Expr =>
    operatorCall(binding, op, left[i]!, right[i]!, position);
  if (symbol === '=')
    return logic(
      'and',
      left.map((_, i) => pair('=', i)),
    );
  if (symbol === '<>')
    return logic(
      'or',
      left.map((_, i) => pair('<>', i)),
    );
  const strict = symbol.startsWith('<') ? '<' : '>';
  let result = pair(symbol, left.length - 1);
  for (let i = left.length - 2; i >= 0; i--) {
    result = logic('or', [pair(strict, i), logic('and', [pair('=', i), result])]);
  }
  return result;
}

/** AND or OR; a single argument stands for itself. */
export function logic(kind: 'and' | 'or', args: readonly Expr[]): Expr {
  if (args.length === 1) return args[0]!;
  return { kind, args, type: types.boolean, at: args[0]?.at };
}

function negate(expr: Expr, negated: boolean): Expr {
  return negated ? { kind: 'not', arg: expr, type: types.boolean, at: expr.at } : expr;
}

export function bindBetween(between: ast.BetweenExpression, env: ExprEnv): Expr {
  const operand = bindIn(env, between.operand);
  const low = bindIn(env, between.low);
  const high = bindIn(env, between.high);
  const at = between.span.start;
  const compare = (symbol: string, bound: Expr): Expr =>
    operatorCall(env.binding, symbol, operand, bound, at);
  const inside = logic('and', [compare('>=', low), compare('<=', high)]);
  if (!between.symmetric) return negate(inside, between.negated);
  const swapped = logic('and', [compare('>=', high), compare('<=', low)]);
  return negate(logic('or', [inside, swapped]), between.negated);
}

export function bindLike(like: ast.LikeExpression, env: ExprEnv): Expr {
  const { binding } = env;
  const operand = bindIn(env, like.operand);
  const at = like.span.start;
  const escape = like.escape === null ? null : bindIn(env, like.escape);
  let pattern = bindIn(env, like.pattern);
  if (like.operator === 'similar') {
    const args = escape === null ? [pattern] : [pattern, escape];
    pattern = callNamed(binding, 'similar_to_escape', args, at);
    return { ...operatorCall(binding, like.negated ? '!~' : '~', operand, pattern, at), at };
  }
  if (escape !== null) pattern = callNamed(binding, 'like_escape', [pattern, escape], at);
  const symbol = `${like.negated ? '!' : ''}~~${like.operator === 'ilike' ? '*' : ''}`;
  return { ...operatorCall(binding, symbol, operand, pattern, at), at };
}

/** IS [NOT] DISTINCT FROM, with both sides as `=` would compare them. */
export function bindIsDistinct(expression: ast.IsDistinctExpression, env: ExprEnv): Expr {
  const left = bindIn(env, expression.left);
  const right = bindIn(env, expression.right);
  const at = expression.span.start;
  // A row of NULLs is not NULL here, unlike in IS NULL.
  for (const [side, other] of [
    [left, right],
    [right, left],
  ] as const) {
    if (isNullConstant(other) && side.type.kind !== 'row') {
      return isNull(env.binding, side, !expression.negated, at);
    }
  }
  if (left.kind === 'row' && right.kind === 'row' && left.fields.length === right.fields.length) {
    const parts = left.fields.map((field, i) =>
      distinct(env.binding, field, right.fields[i]!, expression.negated, at),
    );
    return logic(expression.negated ? 'and' : 'or', parts);
  }
  return distinct(env.binding, left, right, expression.negated, at);
}

/** A written NULL, which needs no operator to be compared with. */
function isNullConstant(expr: Expr): boolean {
  return expr.kind === 'constant' && expr.value === null && expr.type.kind === 'unknown';
}

function distinct(binding: Binding, a: Expr, b: Expr, negated: boolean, at: number): Expr {
  const { parameterTypes } = resolveOperator(binding.functions, '=', a.type, b.type, at);
  const common = findCommonType(parameterTypes) ?? parameterTypes[0]!;
  const [left, right] = [a, b].map((side) => coerce(binding, side, common, 'implicit')) as [
    Expr,
    Expr,
  ];
  return { kind: 'is-distinct', left, right, negated, type: types.boolean, at };
}

/** IN with a list: one comparison of one type where the types allow it, else an OR of comparisons. */
export function bindInList(inList: ast.InListExpression, env: ExprEnv): Expr {
  const { binding } = env;
  const operand = bindIn(env, inList.operand);
  const items = inList.items.map((item) => bindIn(env, item));
  const at = inList.span.start;
  const single = [operand, ...items].some((expr) => expr.kind === 'row')
    ? null
    : sameTypeList(binding, operand, items, at);
  if (single !== null) return { ...single, negated: inList.negated, at };
  const equal = items.map((item) =>
    operand.kind === 'row' && item.kind === 'row'
      ? compareRows(binding, '=', operand.fields, item.fields, at)
      : operatorCall(binding, '=', operand, item, at),
  );
  return negate(logic('or', equal), inList.negated);
}

function sameTypeList(
  binding: Binding,
  operand: Expr,
  items: readonly Expr[],
  at: number,
): Extract<Expr, { kind: 'in-list' }> | null {
  const all = [operand, ...items];
  // What an untyped constant is depends on what it is compared with: columns are compared one by one.
  if (all.some((expr) => expr.type.kind === 'unknown')) {
    const columns = items.filter((item) => someExpr(item, (part) => part.kind === 'column'));
    if (columns.length > 0 || items.length === 1) return null;
  }
  const common = findCommonType(all.map((expr) => expr.type));
  if (common === null || elementOf(common) !== null) return null;
  const { fn, parameterTypes } = resolveOperator(binding.functions, '=', common, common, at);
  const [left, right] = parameterTypes as readonly [SqlType, SqlType];
  return {
    kind: 'in-list',
    arg: coerce(binding, operand, left, 'implicit'),
    list: items.map((item) => coerce(binding, item, right, 'implicit')),
    fn,
    negated: false,
    type: types.boolean,
  };
}

/** `a op ANY (array)`. */
export function bindQuantified(quantified: ast.QuantifiedExpression, env: ExprEnv): Expr {
  const { binding } = env;
  const left = bindIn(env, quantified.left);
  const array = bindIn(env, quantified.array);
  const position = quantified.operator.span.start;
  const unknown = array.type.kind === 'unknown';
  const element = unknown ? types.unknown : elementOf(array.type);
  if (element === null) {
    throw new SqlError(
      sqlstate.wrongObjectType,
      'op ANY/ALL (array) requires array on right side',
      { position },
    );
  }
  const symbol = operatorSymbol(quantified.operator);
  const resolved = resolveOperator(binding.functions, symbol, left.type, element, position);
  if (resolved.returns.kind !== 'boolean') {
    throw new SqlError(
      sqlstate.wrongObjectType,
      'op ANY/ALL (array) requires operator to yield boolean',
      { position },
    );
  }
  const [leftType, rightType] = resolved.parameterTypes as readonly [SqlType, SqlType];
  if (elementOf(rightType) !== null) {
    throw new SqlError(
      sqlstate.undefinedObject,
      `could not find array type for data type ${typeName(rightType)}`,
      { position },
    );
  }
  return {
    kind: 'quantified',
    arg: coerce(binding, left, leftType, 'implicit'),
    array: coerce(binding, array, arrayOf(rightType), 'implicit'),
    fn: resolved.fn,
    all: quantified.quantifier === 'all',
    type: types.boolean,
    at: quantified.span.start,
  };
}

/** IS [NOT] NULL, TRUE, FALSE, UNKNOWN. A written row is NULL when all its fields are. */
export function bindIs(is: ast.IsExpression, env: ExprEnv): Expr {
  const operand = bindIn(env, is.operand);
  const at = is.span.start;
  switch (is.test) {
    case 'null':
      return isNull(env.binding, operand, is.negated, at);
    case 'true':
    case 'false':
    case 'unknown': {
      const truth = is.test === 'unknown' ? null : is.test === 'true';
      const clause = `IS ${is.negated ? 'NOT ' : ''}${is.test.toUpperCase()}`;
      const arg = coerceBoolean(env.binding, operand, clause);
      return { kind: 'is-truth', arg, truth, negated: is.negated, type: types.boolean, at };
    }
    case 'normalized':
      return isNormalized(env.binding, operand, is, at);
    case 'document':
      throw notSupported('IS DOCUMENT', { position: at, hint: 'There is no type xml.' });
  }
}

function isNull(binding: Binding, operand: Expr, negated: boolean, at: number): Expr {
  if (operand.kind === 'row' && operand.fields.length > 0) {
    return logic(
      'and',
      operand.fields.map((field) => isNull(binding, field, negated, at)),
    );
  }
  // Nothing here says what type a parameter has; a later place would say it too late.
  if (operand.kind === 'parameter' && operand.type.kind === 'unknown') {
    throw undecidedParameter(operand.index, operand.at);
  }
  return { kind: 'is-null', arg: operand, negated, type: types.boolean, at };
}

function isNormalized(binding: Binding, operand: Expr, is: ast.IsExpression, at: number): Expr {
  const form = {
    kind: 'constant',
    value: (is.form ?? 'nfc').toUpperCase(),
    type: types.text,
  } as const;
  const normalized = callNamed(binding, 'normalize', [operand, form], at);
  const equal = operatorCall(binding, '=', normalized, operand, at);
  return negate(equal, is.negated);
}
