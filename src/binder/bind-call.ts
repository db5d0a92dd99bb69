/**
 * Function calls: which kind of function a name is (aggregate, window, set-returning, scalar), the calls
 * that SQL writes in a form of its own, and COALESCE with its relatives.
 */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type { Expr } from '../expr/expr.ts';
import { functionError, resolveFunction, resolveTable } from '../expr/resolve.ts';
import type * as ast from '../syntax/ast.ts';
import { Interval } from '../types/interval.ts';
import { oidOf } from '../types/oid.ts';
import { sameType } from '../types/oid.ts';
import { types } from '../types/sql-type.ts';
import { bindAggregateCall } from './bind-aggregate-call.ts';
import { bindHypothetical, isHypothetical } from './bind-hypothetical.ts';
import { callNamed } from './bind-literal.ts';
import { operatorCall } from './bind-operator.ts';
import { bindOver, isPureWindowFunction } from './bind-over.ts';
import { coerceArgs, coerceToCommon, constant, typeName } from './coerce.ts';
import { bindIn, checkAllowed, type ExprEnv } from './expr-env.ts';
import { groupWindowColumn } from './group-window-columns.ts';
import { argumentsInOrder } from './named-arguments.ts';
import { mark } from './query-level.ts';
import { undecidedParameter } from './parameters.ts';
import { sameExprs } from './same-expr.ts';
import { isSortable } from './sort-key.ts';

/** Schemas that functions are found in: they all live in pg_catalog, in name if not in fact. */
const functionSchemas: ReadonlySet<string> = new Set([
  'pg_catalog',
  'information_schema',
  'millrace',
]);

/** The plain name of a called function; 42883 for another schema's. */
export function functionName(call: ast.FunctionCall): string {
  const parts = call.name.parts.map((part) => part.name);
  const schema = parts.at(-2);
  if (schema === undefined || functionSchemas.has(schema)) return parts.at(-1)!;
  throw new SqlError(sqlstate.undefinedFunction, `function ${parts.join('.')} does not exist`, {
    hint: 'No function matches the given name and argument types. You might need to add explicit type casts.',
    position: call.span.start,
  });
}

export function bindCall(call: ast.FunctionCall, env: ExprEnv): Expr {
  const name = functionName(call);
  const { functions } = env.binding;
  const position = call.span.start;
  // Without arguments it is the window function of that name.
  if (isHypothetical(name) && (call.withinGroup.length > 0 || call.arguments.length > 0)) {
    return bindHypothetical(call, name, env);
  }
  if (call.over !== null) return bindOver(call, name, env);
  if (functions.aggregates(name).length > 0) return bindAggregateCall(call, name, env);
  if (isPureWindowFunction(name)) {
    if (call.withinGroup.length > 0) {
      throw notSupported(`${name} WITHIN GROUP`, {
        position,
        hint: 'Count the rows before the value: count(*) FILTER (WHERE …).',
      });
    }
    throw new SqlError(
      sqlstate.wrongObjectType,
      `window function ${name} requires an OVER clause`,
      {
        position,
      },
    );
  }
  const groupWindow = groupWindowColumn(name, env.scope, position);
  if (groupWindow !== null) return groupWindow;
  checkPlain(call, name);
  const args = argumentsInOrder(call, name, (value) => bindIn(env, value));
  if (functions.tables(name).length > 0 && functions.scalars(name).length === 0) {
    return bindRows(call, name, args, env);
  }
  if (call.form === 'floor-to') return bindFloorTo(name, args, env, position);
  return bindScalar(call, name, args, env);
}

function bindScalar(
  call: ast.FunctionCall,
  name: string,
  args: readonly Expr[],
  env: ExprEnv,
): Expr {
  const at = call.span.start;
  if (name === 'pg_typeof' && args.length === 1 && args[0]!.type.kind === 'unknown') {
    return typeOfUnknown(args[0]!, at);
  }
  const resolved = resolveFunction(
    env.binding.functions,
    name,
    args.map((arg) => arg.type),
    { position: at, variadicArray: call.arguments.at(-1)?.variadic === true },
  );
  const coerced = coerceArgs(env.binding, args, resolved.parameterTypes);
  return { kind: 'call', fn: resolved.fn, args: coerced, type: resolved.returns, at };
}

/** A literal has no type yet, and what a parameter is nobody has said: 42P18 as in PostgreSQL. */
function typeOfUnknown(arg: Expr, at: number): Expr {
  if (arg.kind !== 'parameter') return constant(oidOf(types.unknown), types.regtype, at);
  throw undecidedParameter(arg.index, arg.at);
}

/** What only aggregates may have. */
function checkPlain(call: ast.FunctionCall, name: string): void {
  const refuse = (what: string): never => {
    throw new SqlError(
      sqlstate.wrongObjectType,
      `${what} specified, but ${name} is not an aggregate function`,
      { position: call.span.start },
    );
  };
  if (call.star) refuse(`${name}(*)`);
  if (call.distinct) refuse('DISTINCT');
  if (call.withinGroup.length > 0) refuse('WITHIN GROUP');
  if (call.orderBy.length > 0) refuse('ORDER BY');
  if (call.filter !== null) refuse('FILTER');
}

/** A set-returning function in the select list: each input row gives as many rows as it returns. */
function bindRows(call: ast.FunctionCall, name: string, args: readonly Expr[], env: ExprEnv): Expr {
  const at = call.span.start;
  checkAllowed('set-returning', env.clause, at);
  const argTypes = args.map((arg) => arg.type);
  // Several arrays side by side are syntax of FROM, not a function.
  if (name === 'unnest' && args.length > 1) throw functionError(false, name, argTypes, at);
  const resolved = resolveTable(env.binding.functions, name, argTypes, { position: at });
  const { level } = env.scope;
  const coerced = coerceArgs(env.binding, args, resolved.parameterTypes);
  const same = level.rows.find(
    (each) => each.fn.id === resolved.fn.id && sameExprs(each.args, coerced),
  );
  const first = same?.first ?? level.rows.reduce((sum, each) => sum + each.columns.length, 0);
  if (same === undefined) {
    level.rows.push({ fn: resolved.fn, args: coerced, columns: resolved.columns, first });
  }
  const marks = resolved.columns.map((column, i) => mark('rows', first + i, column.type, at));
  if (marks.length === 1) return marks[0]!;
  const fields = resolved.columns.map(({ name: field, type }) => ({ name: field, type }));
  return { kind: 'row', fields: marks, type: { kind: 'row', fields }, at };
}

const microsecond = new Interval(0, 0, 1n);

const unitLengths: ReadonlyMap<string, Interval> = new Map([
  ['year', new Interval(12, 0, 0n)],
  ['quarter', new Interval(3, 0, 0n)],
  ['month', new Interval(1, 0, 0n)],
  ['week', new Interval(0, 7, 0n)],
  ['day', new Interval(0, 1, 0n)],
  ['hour', new Interval(0, 0, 3_600_000_000n)],
  ['minute', new Interval(0, 0, 60_000_000n)],
  ['second', new Interval(0, 0, 1_000_000n)],
  ['millisecond', new Interval(0, 0, 1000n)],
  ['microsecond', microsecond],
]);

/** Flink's FLOOR(ts TO HOUR) is date_trunc; CEIL is the floor of what lies almost a unit later. */
function bindFloorTo(name: string, args: readonly Expr[], env: ExprEnv, at: number): Expr {
  const { binding } = env;
  const [value, unit] = args as readonly [Expr, Expr];
  const text = unit.kind === 'constant' ? String(unit.value).toLowerCase() : '';
  const length = unitLengths.get(text);
  if (length === undefined) {
    throw notSupported(`${name.toUpperCase()} to this unit`, { position: at });
  }
  const named = constant(text, types.text, at);
  if (name === 'floor') return callNamed(binding, 'date_trunc', [named, value], at);
  const almost = constant(length.sub(microsecond), types.interval, at);
  const later = operatorCall(binding, '+', value, almost, at);
  return callNamed(binding, 'date_trunc', [named, later], at);
}

/** COALESCE, NULLIF, GREATEST and LEAST. */
export function bindConditional(call: ast.ConditionalCall, env: ExprEnv): Expr {
  const at = call.span.start;
  const args = call.arguments.map((argument) => bindIn(env, argument));
  if (call.function === 'nullif') {
    const bound = callNamed(env.binding, call.function, args, at);
    const inputs = bound.kind === 'call' ? bound.args : [];
    const settled = inputs.some((arg) => arg.kind === 'constant' && arg.value === null);
    // NULL equals nothing, and what it stands beside need not be known.
    return settled && sameType(inputs[0]!.type, bound.type) ? inputs[0]! : bound;
  }
  if (call.function !== 'coalesce') {
    const common = coerceToCommon(env.binding, args, call.function.toUpperCase());
    if (!isSortable(env.binding, common.exprs[0]!)) {
      throw new SqlError(
        sqlstate.undefinedFunction,
        `could not identify a comparison function for type ${typeName(common.type)}`,
        { position: at },
      );
    }
    return callNamed(env.binding, call.function, common.exprs, at);
  }
  const { exprs, type } = coerceToCommon(env.binding, args, 'COALESCE');
  return exprs.length === 1 ? exprs[0]! : { kind: 'coalesce', args: exprs, type, at };
}

/** GROUPING(a, b): which of these are not part of the row's grouping set. */
export function bindGrouping(call: ast.GroupingCall, env: ExprEnv): Expr {
  const at = call.span.start;
  checkAllowed('aggregate', env.clause, at);
  if (call.arguments.length > 31) {
    throw new SqlError('54023', 'GROUPING must have fewer than 32 arguments', { position: at });
  }
  const { level } = env.scope;
  level.groupings.push(call.arguments.map((argument) => bindIn(env, argument)));
  return mark('grouping', level.groupings.length - 1, types.integer, at);
}
