/**
 * Window functions: `f(…) OVER (…)`. The window is worked out with its named base, the call is gathered
 * and stands in the expression as a mark.
 */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type { Expr } from '../expr/expr.ts';
import { commonType } from '../expr/common-type.ts';
import { resolveOperator } from '../expr/resolve.ts';
import type { FrameBound, SortKey, WindowFrame, WindowFunctionCall } from '../plan/logical.ts';
import type * as ast from '../syntax/ast.ts';
import { types, type SqlType } from '../types/sql-type.ts';
import { bindAggregate, checkWithinGroup } from './bind-aggregate-call.ts';
import { coerce, settleUnknown, typeName } from './coerce.ts';
import { bindIn, checkAllowed, inClause, type ExprEnv } from './expr-env.ts';
import { mark } from './query-level.ts';
import { sortKey } from './sort-key.ts';

/** The functions that exist only with OVER: number of arguments and the type of the result. */
interface PureWindowFunction {
  readonly min: number;
  readonly max: number;
  /** Null: the type of the first argument. */
  readonly type: SqlType | null;
}

const pureFunctions: ReadonlyMap<string, PureWindowFunction> = new Map([
  ['row_number', { min: 0, max: 0, type: types.bigint }],
  ['rank', { min: 0, max: 0, type: types.bigint }],
  ['dense_rank', { min: 0, max: 0, type: types.bigint }],
  ['percent_rank', { min: 0, max: 0, type: types.double }],
  ['cume_dist', { min: 0, max: 0, type: types.double }],
  ['ntile', { min: 1, max: 1, type: types.integer }],
  ['lag', { min: 1, max: 3, type: null }],
  ['lead', { min: 1, max: 3, type: null }],
  ['first_value', { min: 1, max: 1, type: null }],
  ['last_value', { min: 1, max: 1, type: null }],
  ['nth_value', { min: 2, max: 2, type: null }],
]);

/** Whether the name is a function that needs OVER. */
export function isPureWindowFunction(name: string): boolean {
  return pureFunctions.has(name);
}

export function bindOver(call: ast.FunctionCall, name: string, env: ExprEnv): Expr {
  const at = call.span.start;
  checkWithinGroup(call);
  checkAllowed('window', env.clause, at);
  const { binding } = env;
  const window = workOut(call.over!, env);
  const inner = inClause(env, 'window definitions');
  const partitionBy = window.partitionBy.map((expression) => partitionKey(inner, expression));
  const order = window.orderBy.map((item) =>
    sortKey(binding, item, bindIn(inner, item.expression)),
  );
  const frame = bindFrame(window.frame, order, env, call.over!.span.start);
  const { bound, type } = bindFunction(call, name, inClause(env, 'window arguments'));
  const { level } = env.scope;
  level.overs.push({ call: { ...bound, frame }, type, partitionBy, order });
  return mark('over', level.overs.length - 1, type, at);
}

function partitionKey(env: ExprEnv, expression: ast.Expression): Expr {
  const expr = settleUnknown(env.binding, bindIn(env, expression));
  resolveOperator(env.binding.functions, '=', expr.type, expr.type, expression.span.start);
  return expr;
}

function bindFunction(
  call: ast.FunctionCall,
  name: string,
  env: ExprEnv,
): { readonly bound: Omit<WindowFunctionCall, 'frame'>; readonly type: SqlType } {
  const position = call.span.start;
  if (call.distinct) {
    throw notSupported('DISTINCT in a window function', { position });
  }
  if (call.orderBy.length > 0) {
    throw notSupported('ORDER BY in the arguments of a window function', {
      hint: 'Order the window instead.',
      position,
    });
  }
  const pure = pureFunctions.get(name);
  if (pure !== undefined) return bindPure(call, name, pure, env);
  if (env.binding.functions.aggregates(name).length === 0) {
    throw new SqlError(
      sqlstate.wrongObjectType,
      `OVER specified, but ${name} is not a window function nor an aggregate function`,
      { position },
    );
  }
  const { call: aggregate, type } = bindAggregate(call, name, env);
  const { fn, args, filter } = aggregate;
  return { bound: { name: fn.name, aggregate: fn, args, filter }, type };
}

function bindPure(
  call: ast.FunctionCall,
  name: string,
  pure: PureWindowFunction,
  env: ExprEnv,
): { readonly bound: Omit<WindowFunctionCall, 'frame'>; readonly type: SqlType } {
  const { binding } = env;
  const position = call.span.start;
  if (call.nulls === 'ignore') {
    throw notSupported('IGNORE NULLS', { position });
  }
  if (call.filter !== null) {
    throw new SqlError(
      sqlstate.featureNotSupported,
      'FILTER is not implemented for non-aggregate window functions',
      { position },
    );
  }
  // Counts and defaults take the type that they are given to.
  const args = call.arguments.map((argument, i) => {
    const arg = bindIn(env, argument.value);
    return i === 0 && name !== 'ntile' ? settleUnknown(binding, arg) : arg;
  });
  if (args.length < pure.min || args.length > pure.max) {
    const shown = args.map((arg) => typeName(arg.type)).join(', ');
    throw new SqlError(sqlstate.undefinedFunction, `function ${name}(${shown}) does not exist`, {
      hint: 'No function matches the given name and argument types. You might need to add explicit type casts.',
      position,
    });
  }
  const coerced = coercePure(args, name, env);
  return {
    bound: { name, aggregate: null, args: coerced, filter: null },
    type: pure.type ?? coerced[0]!.type,
  };
}

/** Counts are integers; the default of lag and lead and the value have one type. */
function coercePure(args: readonly Expr[], name: string, env: ExprEnv): readonly Expr[] {
  const { binding } = env;
  if (name === 'ntile') return [coerce(binding, args[0]!, types.integer, 'implicit')];
  const [value, count, otherwise] = args;
  if (value === undefined || count === undefined) return args;
  const position = coerce(binding, count, types.integer, 'implicit');
  if (otherwise === undefined) return [value, position];
  const type = commonType([value.type, otherwise.type], name);
  return [
    coerce(binding, value, type, 'implicit'),
    position,
    coerce(binding, otherwise, type, 'implicit'),
  ];
}

interface WorkedOut {
  readonly partitionBy: readonly ast.Expression[];
  readonly orderBy: readonly ast.SortItem[];
  readonly frame: ast.Frame | null;
}

/** A window with what it takes over from the WINDOW clause. */
function workOut(window: ast.WindowReference, env: ExprEnv): WorkedOut {
  if (window.kind === 'window-name') return named(window.name, env, []);
  return extended(window, env, []);
}

function named(name: ast.Identifier, env: ExprEnv, seen: readonly string[]): WorkedOut {
  const found = env.scope.level.windows.get(name.name);
  if (found === undefined || seen.includes(name.name)) {
    throw new SqlError(sqlstate.undefinedObject, `window "${name.name}" does not exist`, {
      position: name.span.start,
    });
  }
  return extended(found.definition, env, [...seen, name.name]);
}

function extended(
  definition: ast.WindowDefinition,
  env: ExprEnv,
  seen: readonly string[],
): WorkedOut {
  const own = definition;
  if (own.base === null) return own;
  const base = named(own.base, env, seen);
  const refuse = (what: string): never => {
    throw new SqlError(sqlstate.windowingError, `${what} window "${own.base!.name}"`, {
      position: own.base!.span.start,
    });
  };
  if (own.partitionBy.length > 0) refuse('cannot override PARTITION BY clause of');
  if (own.orderBy.length > 0 && base.orderBy.length > 0)
    refuse('cannot override ORDER BY clause of');
  if (base.frame !== null) {
    throw new SqlError(
      sqlstate.windowingError,
      `cannot copy window "${own.base.name}" because it has a frame clause`,
      { position: own.base.span.start },
    );
  }
  const orderBy = own.orderBy.length > 0 ? own.orderBy : base.orderBy;
  return { partitionBy: base.partitionBy, orderBy, frame: own.frame };
}

const wholeStart: FrameBound = { kind: 'unbounded-preceding', offset: null };
const currentRow: FrameBound = { kind: 'current-row', offset: null };

function bindFrame(
  frame: ast.Frame | null,
  order: readonly SortKey[],
  env: ExprEnv,
  position: number,
): WindowFrame {
  if (frame === null) {
    return { mode: 'range', start: wholeStart, end: currentRow, exclude: 'no others' };
  }
  const bounded = [frame.start, frame.end].some((bound) => (bound?.offset ?? null) !== null);
  if (frame.mode === 'range' && bounded && order.length !== 1) {
    throw new SqlError(
      sqlstate.windowingError,
      'RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column',
      { position },
    );
  }
  if (frame.mode === 'groups' && order.length === 0) {
    throw new SqlError(sqlstate.windowingError, 'GROUPS mode requires an ORDER BY clause', {
      position,
    });
  }
  checkBounds(frame);
  const bound = (each: ast.FrameBound): FrameBound => ({
    kind: each.kind,
    offset: each.offset === null ? null : frameOffset(each.offset, frame.mode, order, env),
  });
  return {
    mode: frame.mode,
    start: bound(frame.start),
    end: frame.end === null ? currentRow : bound(frame.end),
    exclude: frame.exclude ?? 'no others',
  };
}

const boundOrder = [
  'unbounded-preceding',
  'preceding',
  'current-row',
  'following',
  'unbounded-following',
] as const;

function checkBounds(frame: ast.Frame): void {
  const end = frame.end?.kind ?? 'current-row';
  const refuse = (message: string): never => {
    throw new SqlError(sqlstate.windowingError, message, { position: frame.span.start });
  };
  if (frame.start.kind === 'unbounded-following') {
    refuse('frame start cannot be UNBOUNDED FOLLOWING');
  }
  if (end === 'unbounded-preceding') refuse('frame end cannot be UNBOUNDED PRECEDING');
  if (boundOrder.indexOf(frame.start.kind) <= boundOrder.indexOf(end)) return;
  refuse(
    frame.start.kind === 'current-row'
      ? 'frame starting from current row cannot have preceding rows'
      : 'frame starting from following row cannot have preceding rows',
  );
}

/** Rows and groups are counted; a range is a distance in the ordering column. */
function frameOffset(
  offset: ast.Expression,
  mode: ast.Frame['mode'],
  order: readonly SortKey[],
  env: ExprEnv,
): Expr {
  const expr = bindIn(inClause(env, 'window ROWS'), offset);
  if (mode !== 'range') {
    if (expr.kind !== 'constant' && expr.kind !== 'parameter' && expr.kind !== 'cast') {
      throw new SqlError(
        sqlstate.invalidColumnReference,
        `argument of ${mode.toUpperCase()} must not contain variables`,
        { position: expr.at },
      );
    }
    return coerce(env.binding, expr, types.bigint, 'assignment');
  }
  const keyType = order[0]!.expr.type;
  return coerce(env.binding, expr, distanceType(keyType, expr.type, expr.at), 'implicit');
}

function distanceType(key: SqlType, offset: SqlType, position: number | undefined): SqlType {
  switch (key.kind) {
    case 'smallint':
    case 'integer':
    case 'bigint':
    case 'numeric':
    case 'double':
    case 'real':
      return key.kind === 'real' ? types.double : key;
    case 'date':
    case 'time':
    case 'timetz':
    case 'timestamp':
    case 'timestamptz':
    case 'interval':
      return types.interval;
    default:
      throw new SqlError(
        sqlstate.featureNotSupported,
        `RANGE with offset PRECEDING/FOLLOWING is not supported for column type ${typeName(key)}` +
          ` and offset type ${typeName(offset)}`,
        { hint: 'Cast the offset value to an appropriate type.', position },
      );
  }
}
