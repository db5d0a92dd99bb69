/**
 * Calls of aggregates: arguments, DISTINCT, ORDER BY, FILTER, WITHIN GROUP. The call is gathered by the
 * query that it belongs to (the innermost one whose columns it uses) and stands in the expression as a mark.
 */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type { Expr } from '../expr/expr.ts';
import { resolveAggregate } from '../expr/resolve.ts';
import { mapExpr, visitExpr } from '../expr/walk.ts';
import { visitOuter } from '../plan/expressions.ts';
import type { AggregateCall, LogicalPlan, SortKey } from '../plan/logical.ts';
import type * as ast from '../syntax/ast.ts';
import type { SqlType } from '../types/sql-type.ts';
import { coerceArgs, coerceBoolean } from './coerce.ts';
import { bindIn, checkAllowed, inClause, type ExprEnv } from './expr-env.ts';
import { isMark, mark, markOf, type QueryLevel } from './query-level.ts';
import { sameExpr, sameExprs } from './same-expr.ts';
import type { Scope } from './scope.ts';
import { sortKey } from './sort-key.ts';

/** An aggregate with its arguments, before it is known who computes it. */
export interface BoundAggregate {
  readonly call: AggregateCall;
  readonly type: SqlType;
  /** Arguments before WITHIN GROUP, which have one value a group. */
  readonly direct: readonly Expr[];
}

export function bindAggregateCall(call: ast.FunctionCall, name: string, env: ExprEnv): Expr {
  const at = call.span.start;
  const bound = bindAggregate(call, name, inClause(env, 'aggregate arguments'));
  const depth = ownerDepth(partsOf(bound.call));
  // An aggregate of a query around is a value here, which may stand anywhere.
  if (depth === 0) checkAllowed('aggregate', env.clause, at);
  return gatherAt(env, bound, depth, at);
}

/** The call's mark where the query `depth` levels out computes it. */
export function gatherAt(env: ExprEnv, bound: BoundAggregate, depth: number, at: number): Expr {
  if (depth === 0) return gather(env.scope.level, bound, at);
  const owner = scopeAt(env.scope, depth);
  const reference = gather(owner.level, moveOut(bound, depth), at);
  return { kind: 'outer', depth, index: reference.index, type: bound.type, at };
}

/** The parts of an aggregate call, each bound in `env`. */
export function bindAggregate(call: ast.FunctionCall, name: string, env: ExprEnv): BoundAggregate {
  const { binding } = env;
  const at = call.span.start;
  const functions = binding.functions.aggregates(name);
  const orderedSet = functions.some((each) => each.orderedSet);
  checkForm(call, name, orderedSet);
  checkWithinGroup(call);
  const direct = call.arguments.map((argument) => bindIn(env, argument.value));
  const items = orderedSet ? call.withinGroup : call.orderBy;
  const sorted = items.map((item) => ({ item, expr: bindIn(env, item.expression) }));
  const args = orderedSet ? [...direct, ...sorted.map((each) => each.expr)] : direct;
  const resolved = resolveAggregate(
    binding.functions,
    name,
    args.map((arg) => arg.type),
    { position: at },
  );
  const coerced = coerceArgs(binding, args, resolved.parameterTypes);
  const orderBy = sorted.map(({ item, expr }, i): SortKey => {
    const argument = orderedSet ? coerced[direct.length + i]! : matching(expr, args, coerced);
    return sortKey(binding, item, argument ?? expr);
  });
  if (call.distinct && !orderedSet) checkDistinctOrder(coerced, orderBy);
  return {
    call: {
      fn: resolved.fn,
      args: coerced,
      distinct: call.distinct,
      filter: bindFilter(call, env),
      orderBy,
    },
    type: resolved.returns,
    direct: orderedSet ? coerced.slice(0, direct.length) : [],
  };
}

export function bindFilter(call: ast.FunctionCall, env: ExprEnv): Expr | null {
  if (call.filter === null) return null;
  return coerceBoolean(env.binding, bindIn(inClause(env, 'FILTER'), call.filter), 'FILTER');
}

/** What cannot stand beside WITHIN GROUP. */
export function checkWithinGroup(call: ast.FunctionCall): void {
  if (call.withinGroup.length === 0) return;
  const position = call.span.start;
  const wrong = call.distinct
    ? 'DISTINCT'
    : call.orderBy.length > 0
      ? 'multiple ORDER BY clauses'
      : call.arguments.some((argument) => argument.variadic)
        ? 'VARIADIC'
        : null;
  if (wrong !== null) {
    throw new SqlError(sqlstate.syntaxError, `cannot use ${wrong} with WITHIN GROUP`, { position });
  }
  if (call.over !== null) {
    const name = call.name.parts.at(-1)!.name;
    throw new SqlError(
      sqlstate.featureNotSupported,
      `OVER is not supported for ordered-set aggregate ${name}`,
      { position },
    );
  }
}

/** An ORDER BY item that is an argument is ordered in the argument's final type. */
function matching(expr: Expr, args: readonly Expr[], coerced: readonly Expr[]): Expr | undefined {
  const index = args.findIndex((arg) => sameExpr(arg, expr));
  return index < 0 ? undefined : coerced[index];
}

function checkForm(call: ast.FunctionCall, name: string, orderedSet: boolean): void {
  const position = call.span.start;
  if (call.nulls === 'ignore') {
    throw notSupported('IGNORE NULLS', { position, hint: 'Use FILTER (WHERE x IS NOT NULL).' });
  }
  if (call.arguments.some((argument) => argument.variadic)) {
    throw notSupported('VARIADIC in an aggregate', { position });
  }
  if (!call.star && call.arguments.length === 0 && name === 'count') {
    throw new SqlError(
      sqlstate.wrongObjectType,
      'count(*) must be used to call a parameterless aggregate function',
      { position },
    );
  }
  if (orderedSet && call.withinGroup.length === 0) {
    throw new SqlError(
      sqlstate.wrongObjectType,
      `WITHIN GROUP is required for ordered-set aggregate ${name}`,
      { position },
    );
  }
  if (!orderedSet && call.withinGroup.length > 0) {
    throw new SqlError(
      sqlstate.wrongObjectType,
      `${name} is not an ordered-set aggregate, so it cannot have WITHIN GROUP`,
      { position },
    );
  }
}

function checkDistinctOrder(args: readonly Expr[], orderBy: readonly SortKey[]): void {
  for (const key of orderBy) {
    if (args.some((arg) => sameExpr(arg, key.expr))) continue;
    throw new SqlError(
      sqlstate.invalidColumnReference,
      'in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list',
      { position: key.expr.at },
    );
  }
}

/** The mark of the call in its query; one that is there already is used again. */
function gather(
  level: QueryLevel,
  bound: BoundAggregate,
  at: number,
): Extract<Expr, { kind: 'column' }> {
  if (partsOf(bound.call).some(holdsAggregate)) {
    throw new SqlError(sqlstate.groupingError, 'aggregate function calls cannot be nested', {
      position: at,
    });
  }
  const found = level.aggregates.findIndex((each) => sameAggregate(each.call, bound.call));
  if (found >= 0) return mark('aggregate', found, bound.type, at);
  level.aggregates.push({ ...bound, at });
  return mark('aggregate', level.aggregates.length - 1, bound.type, at);
}

/** Whether an aggregate of the same query is part of it, also from inside of a subquery. */
export function holdsAggregate(expr: Expr): boolean {
  let found = false;
  visitExpr(expr, (part) => {
    if (isMark(part, 'aggregate')) found = true;
    if (part.kind !== 'subquery') return;
    visitOuter(part.plan as LogicalPlan, ({ index }, depth) => {
      if (depth === 1 && markOf(index)?.kind === 'aggregate') found = true;
    });
  });
  return found;
}

function sameAggregate(a: AggregateCall, b: AggregateCall): boolean {
  if (a.fn.id !== b.fn.id || a.distinct !== b.distinct || !sameExprs(a.args, b.args)) return false;
  if ((a.filter === null) !== (b.filter === null)) return false;
  if (a.filter !== null && b.filter !== null && !sameExpr(a.filter, b.filter)) return false;
  return sameSort(a.orderBy, b.orderBy);
}

/** Whether two lists of sort keys order alike. */
export function sameSort(a: readonly SortKey[], b: readonly SortKey[]): boolean {
  return (
    a.length === b.length &&
    a.every(
      (key, i) =>
        sameExpr(key.expr, b[i]!.expr) &&
        key.descending === b[i]!.descending &&
        key.nullsFirst === b[i]!.nullsFirst,
    )
  );
}

function partsOf(call: AggregateCall): readonly Expr[] {
  const filter = call.filter === null ? [] : [call.filter];
  return [...call.args, ...filter, ...call.orderBy.map((key) => key.expr)];
}

/** How many queries out an aggregate belongs: to the innermost whose columns it uses. */
export function ownerDepth(parts: readonly Expr[]): number {
  let least = Infinity;
  for (const part of parts) {
    visitExpr(part, (each) => {
      if (each.kind === 'column') least = 0;
      else if (each.kind === 'outer') least = Math.min(least, each.depth);
      else if (each.kind === 'subquery') {
        visitOuter(each.plan as LogicalPlan, (_outer, depth) => {
          least = Math.min(least, depth - 1);
        });
      }
    });
  }
  return Number.isFinite(least) ? least : 0;
}

function scopeAt(scope: Scope, depth: number): Scope {
  let found = scope;
  for (let step = 0; step < depth; step++) found = found.parent ?? found;
  return found;
}

/** The call as it reads `depth` queries further out. */
function moveOut(bound: BoundAggregate, depth: number): BoundAggregate {
  const move = (expr: Expr): Expr =>
    mapExpr(expr, (part) => {
      if (part.kind === 'subquery') {
        throw notSupported('an aggregate of an outer query over a subquery', { position: part.at });
      }
      if (part.kind !== 'outer') return part;
      if (part.depth > depth) return { ...part, depth: part.depth - depth };
      return { kind: 'column', index: part.index, type: part.type, at: part.at };
    });
  const { call } = bound;
  return {
    ...bound,
    direct: bound.direct.map(move),
    call: {
      ...call,
      args: call.args.map(move),
      filter: call.filter === null ? null : move(call.filter),
      orderBy: call.orderBy.map((key) => ({ ...key, expr: move(key.expr) })),
    },
  };
}
