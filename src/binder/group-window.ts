/**
 * Flink's older windows: `GROUP BY TUMBLE(ts, INTERVAL '1' MINUTE), k`. The rows get their windows before
 * they are grouped, and the group keys are the window's start and end.
 */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type { Expr } from '../expr/expr.ts';
import type { LogicalPlan, WindowSpec } from '../plan/logical.ts';
import type * as ast from '../syntax/ast.ts';
import { positiveSpan, windowPlan } from './bind-window-table.ts';
import { bindIn, type ExprEnv } from './expr-env.ts';
import { project } from './query-result.ts';

type WindowFunction = 'tumble' | 'hop' | 'session';

/** The item of GROUP BY that is a window, and the other items. */
export interface WindowItem {
  readonly call: ast.FunctionCall;
  readonly fn: WindowFunction;
  readonly rest: ast.GroupBy;
}

/** Finds TUMBLE, HOP or SESSION among the items of GROUP BY. */
export function findGroupWindow(groupBy: ast.GroupBy | null): WindowItem | null {
  if (groupBy === null) return null;
  const found = groupBy.items.flatMap((item) => {
    if (item.kind !== 'grouping-expression') return [];
    const fn = windowFunction(item.expression);
    return fn === null ? [] : [{ item, call: item.expression as ast.FunctionCall, fn }];
  });
  const [first, second] = found;
  if (first === undefined) return null;
  if (second !== undefined) {
    throw notSupported('more than one window in GROUP BY', { position: second.call.span.start });
  }
  const items = groupBy.items.filter((item) => item !== first.item);
  return { call: first.call, fn: first.fn, rest: { ...groupBy, items } };
}

function windowFunction(expression: ast.Expression): WindowFunction | null {
  if (expression.kind !== 'call' || expression.name.parts.length !== 1) return null;
  const name = expression.name.parts[0]!.name;
  return name === 'tumble' || name === 'hop' || name === 'session' ? name : null;
}

/**
 * The input with the window's three columns behind its own. `sessionKeys` are the other GROUP BY keys,
 * by which sessions are kept apart.
 */
export function addGroupWindow(
  input: LogicalPlan,
  window: WindowItem,
  sessionKeys: readonly Expr[],
  env: ExprEnv,
): { readonly plan: LogicalPlan; readonly startColumn: number } {
  const args = window.call.arguments.map((argument) => argument.value);
  const wanted = window.fn === 'hop' ? 3 : 2;
  const position = window.call.span.start;
  if (args.length !== wanted) {
    throw new SqlError(
      sqlstate.undefinedFunction,
      `${window.fn.toUpperCase()} in GROUP BY takes ${wanted} arguments`,
      { position },
    );
  }
  const time = bindIn(env, args[0]!);
  const extra: Expr[] = [];
  const indexOf = (expr: Expr): number => {
    if (expr.kind === 'column') return expr.index;
    return input.schema.length + extra.push(expr) - 1;
  };
  const timeColumn = indexOf(time);
  const spec = windowSpec(window.fn, args, sessionKeys.map(indexOf), env);
  const widened = extra.length === 0 ? input : widen(input, extra);
  const plan = windowPlan(widened, spec, timeColumn, args[0]!.span.start);
  return { plan, startColumn: widened.schema.length };
}

function windowSpec(
  fn: WindowFunction,
  args: readonly ast.Expression[],
  partitionBy: readonly number[],
  env: ExprEnv,
): WindowSpec {
  switch (fn) {
    case 'tumble':
      return { fn, size: positiveSpan(args[1]!, 'the window size', env), offset: 0 };
    case 'hop':
      return {
        fn,
        slide: positiveSpan(args[1]!, 'the window slide', env),
        size: positiveSpan(args[2]!, 'the window size', env),
        offset: 0,
      };
    case 'session':
      return { fn, gap: positiveSpan(args[1]!, 'the window gap', env), partitionBy };
  }
}

/** The input's columns with computed ones behind them. */
function widen(input: LogicalPlan, extra: readonly Expr[]): LogicalPlan {
  const own = input.schema.map((field, index) => ({
    name: field.name,
    expr: { kind: 'column', index, type: field.type } as Expr,
  }));
  return project(input, [...own, ...extra.map((expr, i) => ({ name: `key${i + 1}`, expr }))]);
}
