/**
 * Expressions of the tree to typed expressions: one case a kind, the work in the file of its family. The
 * only switch over the kinds of written expressions.
 */

import { unreachable } from '../base/assert.ts';
import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type { Expr } from '../expr/expr.ts';
import { elementOf } from '../expr/type-category.ts';
import type * as ast from '../syntax/ast.ts';
import { types } from '../types/sql-type.ts';
import { bindCall, bindConditional, bindGrouping } from './bind-call.ts';
import {
  bindArray,
  bindColumn,
  bindRow,
  bindRowStar,
  bindSubscript,
  fieldOfRow,
} from './bind-composite.ts';
import {
  bindInterval,
  bindNull,
  bindNumber,
  bindSpecialValue,
  bindString,
  bindTypedLiteral,
  callNamed,
  refuseBits,
} from './bind-literal.ts';
import {
  bindBetween,
  bindBinary,
  bindInList,
  bindIs,
  bindIsDistinct,
  bindLike,
  bindQuantified,
  bindUnary,
  logic,
  operatorCall,
} from './bind-operator.ts';
import { bindInQuery, bindQuantifiedQuery, bindSubquery } from './bind-subquery.ts';
import { bindType } from './bind-type.ts';
import { coerce, coerceBoolean, coerceToCommon, nullOf, settleUnknown } from './coerce.ts';
import { bindIn, type ExprEnv } from './expr-env.ts';

/** PostgreSQL's stack limit ends deep nesting at some thousands; ours is counted. */
const nestingMax = 1000;

/** The expression with names, types and casts. Literals and parameters may still be of type unknown. */
export function bindExpr(expression: ast.Expression, env: ExprEnv): Expr {
  const { binding } = env;
  if (binding.nesting >= nestingMax) {
    throw new SqlError(sqlstate.statementTooComplex, 'stack depth limit exceeded', {
      hint: 'Expressions are nested too deeply.',
      position: expression.span.start,
    });
  }
  binding.nesting++;
  try {
    return bindOne(expression, env);
  } finally {
    binding.nesting--;
  }
}

function bindOne(expression: ast.Expression, env: ExprEnv): Expr {
  const { binding } = env;
  const at = expression.span.start;
  switch (expression.kind) {
    case 'null':
      return bindNull(expression);
    case 'boolean':
      return { kind: 'constant', value: expression.value, type: types.boolean, at };
    case 'number':
      return bindNumber(expression);
    case 'string':
      return bindString(expression);
    case 'bits':
      return refuseBits(expression);
    case 'interval':
      return bindInterval(binding, expression);
    case 'typed-literal':
      return bindTypedLiteral(binding, expression);
    case 'parameter':
      return binding.parameters.reference(expression.number, at);
    case 'column':
      return bindColumn(expression, env);
    case 'star':
      return bindRowStar(expression, env);
    case 'unary':
      return bindUnary(expression, env);
    case 'binary':
      return bindBinary(expression, env);
    case 'logical':
      return bindLogical(expression, env);
    case 'not': {
      const arg = coerceBoolean(binding, bindIn(env, expression.operand), 'NOT');
      return { kind: 'not', arg, type: types.boolean, at };
    }
    case 'is':
      return bindIs(expression, env);
    case 'is-distinct':
      return bindIsDistinct(expression, env);
    case 'between':
      return bindBetween(expression, env);
    case 'like':
      return bindLike(expression, env);
    case 'in-list':
      return bindInList(expression, env);
    case 'in-query':
      return bindInQuery(expression, env);
    case 'quantified':
      return bindQuantified(expression, env);
    case 'quantified-query':
      return bindQuantifiedQuery(expression, env);
    case 'case':
      return bindCase(expression, env);
    case 'cast':
      return bindCast(expression, env);
    case 'collate':
      return bindCollate(expression, env);
    case 'at-time-zone': {
      const args = [bindIn(env, expression.zone), bindIn(env, expression.operand)];
      return callNamed(binding, 'timezone', args, at);
    }
    case 'call':
      return bindCall(expression, env);
    case 'conditional':
      return bindConditional(expression, env);
    case 'special-value':
      return bindSpecialValue(binding, expression);
    case 'grouping':
      return bindGrouping(expression, env);
    case 'row':
      return bindRow(expression, env);
    case 'array':
      return bindArray(expression, env);
    case 'map':
      return callNamed(
        binding,
        'map',
        expression.entries.flatMap(({ key, value }) => [bindIn(env, key), bindIn(env, value)]),
        at,
      );
    case 'subquery':
      return bindSubquery(expression, env);
    case 'subscript':
      return bindSubscript(expression, env);
    case 'field':
      return fieldOfRow(bindIn(env, expression.base), expression.field);
    case 'default':
      throw new SqlError(sqlstate.syntaxError, 'DEFAULT is not allowed in this context', {
        position: at,
      });
    case 'current-of':
      throw notSupported('WHERE CURRENT OF', {
        hint: 'Name the rows by their primary key.',
        position: at,
      });
    default:
      return unreachable(expression, 'expression');
  }
}

function bindLogical(expression: ast.LogicalExpression, env: ExprEnv): Expr {
  const word = expression.operator.toUpperCase();
  const args = expression.operands.map((operand) =>
    coerceBoolean(env.binding, bindIn(env, operand), word),
  );
  return logic(expression.operator, args);
}

/** CASE x WHEN y is CASE WHEN x = y. All results have one type. */
function bindCase(expression: ast.CaseExpression, env: ExprEnv): Expr {
  const { binding } = env;
  const operand =
    expression.operand === null ? null : settleUnknown(binding, bindIn(env, expression.operand));
  const conditions = expression.branches.map((branch) => {
    const when = bindIn(env, branch.when);
    return operand === null
      ? coerceBoolean(binding, when, 'CASE/WHEN')
      : operatorCall(binding, '=', operand, when, branch.when.span.start);
  });
  const results = expression.branches.map((branch) => bindIn(env, branch.then));
  const otherwise =
    expression.otherwise === null ? nullOf(types.unknown) : bindIn(env, expression.otherwise);
  // PostgreSQL looks at ELSE first when it chooses the type, which shows in its messages.
  const { exprs, type } = coerceToCommon(binding, [otherwise, ...results], 'CASE');
  return {
    kind: 'case',
    branches: conditions.map((when, i) => ({ when, then: exprs[i + 1]! })),
    otherwise: exprs[0]!,
    type,
    at: expression.span.start,
  };
}

function bindCast(expression: ast.CastExpression, env: ExprEnv): Expr {
  const at = expression.span.start;
  if (expression.safe) {
    throw notSupported('TRY_CAST', {
      hint: 'Test the text with a regular expression in CASE before casting it.',
      position: at,
    });
  }
  const type = bindType(expression.type, env.binding);
  const element = elementOf(type);
  const operand =
    expression.operand.kind === 'array' && element !== null
      ? bindArray(expression.operand, env, element)
      : bindIn(env, expression.operand);
  return { ...coerce(env.binding, operand, type, 'explicit', castPosition(expression)), at };
}

/** PostgreSQL points at `::`, or at the word CAST. */
function castPosition(expression: ast.CastExpression): number {
  const { span, operand, type } = expression;
  return span.start === operand.span.start ? type.span.start - 2 : span.start;
}

/** Text is compared by code points, which is what these collations mean. */
const collations: ReadonlySet<string> = new Set(['default', 'C', 'POSIX', 'ucs_basic']);

function bindCollate(expression: ast.CollateExpression, env: ExprEnv): Expr {
  const operand = settleUnknown(env.binding, bindIn(env, expression.operand));
  checkCollation(expression.collation, expression.operand.span.end + 1);
  return operand;
}

/** 42704 for a collation that does not exist. */
export function checkCollation(name: ast.QualifiedName, position = name.span.start): void {
  const last = name.parts.at(-1)!;
  if (collations.has(last.name)) return;
  throw new SqlError(
    sqlstate.undefinedObject,
    `collation "${last.name}" for encoding "UTF8" does not exist`,
    { hint: 'Text is ordered by code points: use the collation "C".', position },
  );
}
