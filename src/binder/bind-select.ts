/**
 * One SELECT: FROM, WHERE, grouping, window functions, the select list, DISTINCT. Everything is bound
 * first, against FROM; then the plan is built upward and the bound expressions are moved along with it.
 */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type { Expr } from '../expr/expr.ts';
import { someExpr } from '../expr/walk.ts';
import type { LogicalPlan, SortKey } from '../plan/logical.ts';
import { appendColumns } from '../plan/make.ts';
import type * as ast from '../syntax/ast.ts';
import { Aggregation } from './aggregation.ts';
import { holdsAggregate } from './bind-aggregate-call.ts';
import { bindFrom } from './bind-from.ts';
import { coerceBoolean, settleUnknown } from './coerce.ts';
import { addRows, addWindowFunctions, beforeRows } from './computed-columns.ts';
import { bindIn, inClause, type ExprEnv, type QueryEnv, type QueryOptions } from './expr-env.ts';
import type { FromResult } from './from-result.ts';
import { bindGroupBy, type Grouping } from './group-by.ts';
import { addGroupWindow, findGroupWindow } from './group-window.ts';
import { orderItems, type OrderItem } from './order-by.ts';
import { isMark, QueryLevel } from './query-level.ts';
import { sameExpr } from './same-expr.ts';
import { finishSelect, type OutputColumn } from './select-output.ts';
import { Scope } from './scope.ts';
import { bindSelectList, type SelectColumn } from './select-list.ts';
import type { QueryResult } from './expr-env.ts';
import type { LimitClause } from './limit.ts';

/** What of the query around a SELECT takes part in binding it. */
export interface SelectTail extends LimitClause {
  readonly orderBy: readonly ast.SortItem[];
}

export function bindSelect(
  select: ast.Select,
  tail: SelectTail,
  env: QueryEnv,
  options: QueryOptions,
): QueryResult {
  refuseInto(select);
  const level = new QueryLevel();
  level.windows = namedWindows(select.windows);
  const from = bindFrom(select.from, env, level);
  refuseAggregates(level, 'FROM clause of their own query level');
  const exprEnv = exprEnvOf(from, env, level);
  const filtered = addWhere(select, from.plan, exprEnv);
  const recursive = readsRound(from.plan);
  const groupWindow = findGroupWindow(select.groupBy);
  const input =
    groupWindow === null ? filtered : addWindow(groupWindow, filtered, select, exprEnv, level);
  const columns = bindSelectList(select.items, exprEnv).map((column) =>
    options.keepUnknown === true
      ? column
      : { ...column, expr: settleUnknown(env.binding, column.expr) },
  );
  const grouping = bindGrouping(groupWindow?.rest ?? select.groupBy, columns, exprEnv);
  const grouped = grouping.keys.find(holdsAggregate);
  if (grouped !== undefined) refuseAggregates(level, 'GROUP BY');
  const bound: Bound = {
    columns,
    having: bindHaving(select.having, exprEnv),
    order: orderItems(tail.orderBy, columns, inClause(exprEnv, 'ORDER BY')),
    distinctOn: bindDistinctOn(select.distinct, columns, exprEnv),
    continuous: env.binding.continuous,
  };
  if (recursive && level.aggregates.length > 0) {
    throw new SqlError(
      sqlstate.invalidRecursion,
      "aggregate functions are not allowed in a recursive query's recursive term",
      { position: level.aggregates[0]!.at },
    );
  }
  const built = groupsRows(grouping)
    ? buildOverRows(input, exprEnv.scope, grouping, bound)
    : build(input, exprEnv.scope, grouping, bound);
  return finishSelect(built.plan, {
    ...built,
    distinctOnPositions: bound.distinctOn.map((item) => item.position),
    distinct: select.distinct,
    tail,
    env,
  });
}

/** Whether FROM itself, not a query in it, reads the recursive query around. */
function readsRound(from: LogicalPlan): boolean {
  if (from.kind === 'join') return readsRound(from.left) || readsRound(from.right);
  if (from.kind === 'flat-map' || from.kind === 'window') return readsRound(from.input);
  return from.kind === 'self';
}

interface Bound {
  readonly columns: readonly SelectColumn[];
  readonly having: Expr | null;
  readonly order: readonly OrderItem[];
  readonly distinctOn: readonly OrderItem[];
  /** The result is kept up to date. */
  readonly continuous: boolean;
}

function refuseInto(select: ast.Select): void {
  if (select.into === null) return;
  throw notSupported('SELECT INTO', {
    hint: 'Use CREATE TABLE AS or CREATE MATERIALIZED VIEW.',
    position: select.into.span.start,
  });
}

function namedWindows(windows: readonly ast.NamedWindow[]): ReadonlyMap<string, ast.NamedWindow> {
  const named = new Map<string, ast.NamedWindow>();
  for (const window of windows) {
    if (named.has(window.name.name)) {
      throw new SqlError(
        sqlstate.windowingError,
        `window "${window.name.name}" is already defined`,
        { position: window.name.span.start },
      );
    }
    named.set(window.name.name, window);
  }
  return named;
}

function exprEnvOf(from: FromResult, env: QueryEnv, level: QueryLevel): ExprEnv {
  return {
    binding: env.binding,
    scope: new Scope(from.items, env.parent, level),
    common: env.common,
    clause: 'SELECT',
    binders: env.binders,
  };
}

function addWhere(select: ast.Select, input: LogicalPlan, env: ExprEnv): LogicalPlan {
  if (select.where === null) return input;
  const { level } = env.scope;
  const bound = bindIn(inClause(env, 'WHERE'), select.where);
  const predicate = coerceBoolean(env.binding, bound, 'WHERE');
  // A subquery in WHERE can make an aggregate of this query.
  refuseAggregates(level, 'WHERE');
  return { kind: 'filter', input, predicate, schema: input.schema };
}

function refuseAggregates({ aggregates }: QueryLevel, clause: string): void {
  const [first] = aggregates;
  if (first === undefined) return;
  throw new SqlError(sqlstate.groupingError, `aggregate functions are not allowed in ${clause}`, {
    position: first.at,
  });
}

function addWindow(
  window: NonNullable<ReturnType<typeof findGroupWindow>>,
  input: LogicalPlan,
  select: ast.Select,
  env: ExprEnv,
  level: QueryLevel,
): LogicalPlan {
  const keyEnv = inClause(env, 'GROUP BY');
  const keys =
    window.fn === 'session'
      ? bindGrouping(window.rest, sessionColumns(select, env), keyEnv).keys
      : [];
  const { plan, startColumn } = addGroupWindow(input, window, keys, keyEnv);
  level.groupWindow = { fn: window.fn, startColumn, type: plan.schema[startColumn]!.type };
  return plan;
}

/** Select items that a session's other keys may name; those with window functions of time are left out. */
function sessionColumns(select: ast.Select, env: ExprEnv): readonly SelectColumn[] {
  const items = select.items.filter(
    (item) => item.expression.kind === 'column' || item.expression.kind === 'star',
  );
  return bindSelectList(items, env);
}

function bindGrouping(
  clause: ast.GroupBy | null,
  columns: readonly SelectColumn[],
  env: ExprEnv,
): Grouping {
  const { level } = env.scope;
  const window = level.groupWindow;
  const windowKeys: Expr[] =
    window === null
      ? []
      : [0, 1].map((i) => ({ kind: 'column', index: window.startColumn + i, type: window.type }));
  if (clause === null) return { keys: windowKeys, sets: null };
  const inner = inClause(env, 'GROUP BY');
  const names = new Set(
    env.scope.items
      .filter((item) => item.columnsVisible)
      .flatMap((item) => item.columns.map((column) => column.name)),
  );
  const grouping = bindGroupBy(clause, {
    binding: env.binding,
    columns,
    bind: (expression) => bindIn(inner, expression),
    hasInputColumn: (reference) => names.has(reference.parts[0]!.name),
  });
  if (window === null) return grouping;
  if (grouping.sets !== null) {
    throw notSupported('a window in GROUP BY together with grouping sets', {
      hint: 'Use a window function of time in FROM, and group by window_start and window_end.',
      position: clause.span.start,
    });
  }
  return { keys: [...windowKeys, ...grouping.keys], sets: null };
}

function bindHaving(having: ast.Expression | null, env: ExprEnv): Expr | null {
  if (having === null) return null;
  return coerceBoolean(env.binding, bindIn(inClause(env, 'HAVING'), having), 'HAVING');
}

function bindDistinctOn(
  distinct: ast.DistinctClause | null,
  columns: readonly SelectColumn[],
  env: ExprEnv,
): readonly OrderItem[] {
  if (distinct === null || distinct.on === null) return [];
  const items = distinct.on.map((expression): ast.SortItem => ({
    expression,
    direction: null,
    using: null,
    nulls: null,
    span: expression.span,
  }));
  return orderItems(items, columns, inClause(env, 'DISTINCT ON'), 'SELECT DISTINCT ON');
}

interface Built {
  readonly plan: LogicalPlan;
  readonly columns: readonly OutputColumn[];
  readonly order: readonly SortKey[];
  readonly distinctOn: readonly SortKey[];
}

/** GROUP BY a set-returning function: its rows must be there before they are grouped. */
function groupsRows(grouping: Grouping): boolean {
  return grouping.keys.some((key) => someExpr(key, (part) => isMark(part, 'rows')));
}

function buildOverRows(input: LogicalPlan, scope: Scope, grouping: Grouping, bound: Bound): Built {
  const { plan, settle } = addRows(input, scope.level.rows);
  scope.level.rows.length = 0;
  const item = (each: OrderItem): OrderItem => ({
    ...each,
    key: { ...each.key, expr: settle(each.key.expr) },
  });
  return build(
    plan,
    scope,
    { ...grouping, keys: grouping.keys.map(settle) },
    {
      columns: bound.columns.map((column) => ({ ...column, expr: settle(column.expr) })),
      having: bound.having === null ? null : settle(bound.having),
      order: bound.order.map(item),
      distinctOn: bound.distinctOn.map(item),
      continuous: bound.continuous,
    },
  );
}

/** Grouping, HAVING, window functions and rows on top of the input; expressions moved along. */
function build(input: LogicalPlan, scope: Scope, grouping: Grouping, bound: Bound): Built {
  const { level } = scope;
  let overs = level.overs;
  let rows = level.rows;
  let plan = input;
  let move = (expr: Expr): Expr => expr;
  const grouped =
    grouping.keys.length > 0 ||
    grouping.sets !== null ||
    bound.having !== null ||
    level.aggregates.length > 0 ||
    level.groupings.length > 0 ||
    level.groupWindow !== null;
  if (grouped) {
    const aggregation = new Aggregation(input, scope, grouping);
    const steps = regroupAll(aggregation, bound, level);
    plan = aggregation.plan();
    move = (expr) => aggregation.settle(steps.get(expr) ?? expr);
    if (bound.having !== null) {
      plan = { kind: 'filter', input: plan, predicate: move(bound.having), schema: plan.schema };
    }
    overs = level.overs.map((each) => ({
      ...each,
      partitionBy: each.partitionBy.map(move),
      order: each.order.map((key) => ({ ...key, expr: move(key.expr) })),
      call: {
        ...each.call,
        args: each.call.args.map(move),
        filter: each.call.filter === null ? null : move(each.call.filter),
      },
    }));
    rows = level.rows.map((each) => ({ ...each, args: each.args.map(move) }));
  }
  const windowed = addWindowFunctions(plan, overs);
  const calls = rows.map((each) => ({ ...each, args: each.args.map(windowed.settle) }));
  const moved = (expr: Expr): Expr => windowed.settle(move(expr));
  // In a view a row that fails beside no rows is nobody's.
  const items = bound.continuous ? [] : bound.columns.map(({ expr }) => moved(expr));
  const early = beforeRows(items, calls);
  const spread = addRows(appendColumns(windowed.plan, early), calls);
  const final = (expr: Expr): Expr => {
    const whole = moved(expr);
    const found = early.findIndex((each) => sameExpr(each, whole));
    if (found < 0) return spread.settle(whole);
    const index = windowed.plan.schema.length + found;
    return { kind: 'column', index, type: whole.type, at: whole.at };
  };
  const finalKey = (item: OrderItem): SortKey => ({ ...item.key, expr: final(item.key.expr) });
  return {
    plan: spread.plan,
    columns: bound.columns.map(({ name, expr }) => ({ name, expr: final(expr) })),
    order: bound.order.map(finalKey),
    distinctOn: bound.distinctOn.map(finalKey),
  };
}

/** Every expression of the query regrouped before the first is settled, since keys may be added. */
function regroupAll(
  aggregation: Aggregation,
  bound: Bound,
  level: QueryLevel,
): ReadonlyMap<Expr, Expr> {
  const steps = new Map<Expr, Expr>();
  const add = (expr: Expr): void => {
    if (!steps.has(expr)) steps.set(expr, aggregation.regroup(expr));
  };
  const listed = bound.columns.map((column) => column.expr);
  for (const expr of listed) steps.set(expr, aggregation.regroupColumn(expr, listed));
  if (bound.having !== null) add(bound.having);
  for (const { key } of [...bound.distinctOn, ...bound.order]) {
    if (!steps.has(key.expr)) steps.set(key.expr, aggregation.regroupOrder(key.expr));
  }
  for (const { call, partitionBy, order } of level.overs) {
    partitionBy.forEach(add);
    order.forEach((key) => add(key.expr));
    call.args.forEach(add);
    if (call.filter !== null) add(call.filter);
  }
  for (const each of level.rows) each.args.forEach(add);
  for (const each of level.aggregates) each.direct.forEach((arg) => aggregation.checkDirect(arg));
  return steps;
}
