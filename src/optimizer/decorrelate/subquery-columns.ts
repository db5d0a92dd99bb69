/**
 * Subqueries as columns: the outer rows joined with a subquery so that its value (a scalar, an array, or
 * whether a row exists) is an expression over the joined row. Each outer row stays exactly one row.
 */

import { SqlError, notSupported, sqlstate } from '../../base/errors.ts';
import type { Expr, SubqueryExpr } from '../../expr/expr.ts';
import type { AggregateFunction } from '../../expr/functions/registry.ts';
import { SqlArray } from '../../types/array.ts';
import { arrayOf, types } from '../../types/sql-type.ts';
import {
  booleanConstant,
  columnExpr,
  columnsRead,
  conjunction,
  isNull,
  isNullable,
  moveColumns,
  notDistinct,
  nullConstant,
  subqueryPlan,
} from '../../plan/expressions.ts';
import { splitCondition } from '../../plan/join-condition.ts';
import type { AggregatePlan, LogicalPlan } from '../../plan/logical.ts';
import {
  appendColumns,
  filterBy,
  makeDistinct,
  makeJoin,
  makeProject,
  pickColumns,
} from '../../plan/make.ts';
import { joinsAtMostOne, propertiesOf } from '../../plan/properties.ts';
import type { RuleContext } from '../rule.ts';
import { Subquery, comparison, orderOf } from './subquery.ts';
import { orElse } from './unnested.ts';

/** Outer rows with more columns at their end, and a value over them. */
export interface Extended {
  readonly input: LogicalPlan;
  readonly value: Expr;
}

/**
 * Replaces one subquery over rows of `input`; no plan or argument in it has a subquery left. Its value does
 * not matter, and it must not fail, for rows for which a `guard` is not TRUE.
 */
export function extendWith(
  input: LogicalPlan,
  subquery: SubqueryExpr,
  context: RuleContext,
  guard: readonly Expr[] = [],
): Extended {
  const plan = subqueryPlan(subquery);
  switch (subquery.mode) {
    case 'scalar':
      return scalar(input, plan, context, guard);
    case 'array':
      return scalar(input, arrayPlan(plan, context), context, guard);
    case 'exists':
      return exists(input, new Subquery(plan, input, anyOrder(context)), []);
    case 'any':
    case 'all':
      return quantified(input, subquery, context);
  }
}

export function anyOrder(context: RuleContext): {
  readonly evaluation: RuleContext['evaluation'];
  readonly anyOrder: boolean;
} {
  return { evaluation: context.evaluation, anyOrder: true };
}

function scalar(
  input: LogicalPlan,
  plan: LogicalPlan,
  context: RuleContext,
  guard: readonly Expr[],
): Extended {
  const options = { evaluation: context.evaluation, anyOrder: false };
  const subquery = new Subquery(plan, input, options);
  const width = input.schema.length;
  const connected = subquery.connect();
  const on = conjunction(connected.on);
  if (joinsAtMostOne(on, width, connected.right)) {
    if (connected.on.length === 0 && propertiesOf(connected.right).atLeastOne) {
      const joined = makeJoin('inner', input, connected.right);
      return { input: joined, value: connected.exprs[0]! };
    }
    return leftJoined(input, connected.right, connected.on, {
      value: connected.exprs[0]!,
      missing: connected.missing?.[0] ?? null,
    });
  }
  return checkedScalar(input, subquery, guard);
}

/**
 * A scalar subquery that may have several rows: the join is with the checked rows of each outer value. Only
 * outer rows that ask for the value are looked at, since others must not make it fail.
 */
function checkedScalar(input: LogicalPlan, subquery: Subquery, guard: readonly Expr[]): Extended {
  const { conditions } = subquery.peeled;
  const outerOnly = conditions.filter((condition) => subquery.isOuterOnly(condition));
  const inner = conditions.filter((condition) => !outerOnly.includes(condition));
  const unnested = subquery.unnesting.materialize(subquery.unnestWhole(inner));
  const on = [...guard, ...outerOnly.map((condition) => subquery.overBoth(condition))];
  const exact = subquery.unnesting.exact(unnested, filterBy(input, on));
  const single = subquery.unnesting.single(exact, []);
  return leftJoined(input, single.plan, [...subquery.equalities(single), ...on], {
    value: subquery.overBoth(subquery.peeled.exprs[0]!),
    missing: null,
  });
}

/** `value` is over outer columns and then the right's; it counts only where the right has a row. */
function leftJoined(
  input: LogicalPlan,
  right: LogicalPlan,
  on: readonly Expr[],
  { value, missing }: { readonly value: Expr; readonly missing: Expr | null },
): Extended {
  const otherwise = missing ?? nullConstant(value.type);
  const width = input.schema.length;
  const fromRight = value.kind === 'column' && value.index >= width;
  if (fromRight && missing === null) {
    return { input: makeJoin('left', input, right, conjunction(on)), value };
  }
  const marked = appendColumns(right, [booleanConstant(true)], ['found']);
  const joined = makeJoin('left', input, marked, conjunction(on));
  const found = columnExpr(joined.schema.length - 1, types.boolean);
  return { input: joined, value: orElse(found, fromRight ? value : force(value), otherwise) };
}

/** A column of the outer row is there without a match too, so it must not pass for the joined value. */
function force(value: Expr): Expr {
  return value.kind === 'column' ? { kind: 'coalesce', args: [value], type: value.type } : value;
}

/** ARRAY(SELECT x … ORDER BY k) as SELECT coalesce(array_agg(x ORDER BY k), '{}'). */
function arrayPlan(plan: LogicalPlan, context: RuleContext): LogicalPlan {
  const { plan: rows, exprs, order } = orderOf(plan);
  const value = exprs[0]!;
  const type = value.type.kind === 'array' ? value.type : arrayOf(value.type);
  const fn = arrayAggregate(context, value.type.kind === 'array');
  const field = { name: 'array', type, nullable: true };
  const aggregate: AggregatePlan = {
    kind: 'aggregate',
    input: rows,
    keys: [],
    aggregates: [{ fn, args: [value], distinct: false, filter: null, orderBy: order }],
    groupingSets: null,
    schema: [field],
  };
  const empty: Expr = { kind: 'constant', value: SqlArray.empty, type };
  const result: Expr = { kind: 'coalesce', args: [columnExpr(0, type), empty], type };
  return makeProject(aggregate, [result], [field]);
}

function arrayAggregate(context: RuleContext, ofArrays: boolean): AggregateFunction {
  const candidates = context.functions.aggregates('array_agg');
  const takesArrays = (fn: AggregateFunction): boolean => fn.parameters[0] === 'anyarray';
  const fn = candidates.find((candidate) => takesArrays(candidate) === ofArrays) ?? candidates[0];
  if (fn === undefined) throw notSupported('ARRAY(subquery)');
  return fn;
}

/** Whether the subquery has a row for which `extra` (over its core and items) holds. */
function exists(input: LogicalPlan, subquery: Subquery, extra: readonly Expr[]): Extended {
  const width = input.schema.length;
  const connected = subquery.connect(extra);
  if (connected.on.length === 0 && propertiesOf(connected.right).atLeastOne) {
    return { input, value: booleanConstant(true) };
  }
  // A global aggregate has its row for every outer row; connect() has kept `missing` only without conditions.
  if (connected.missing !== null) return { input, value: booleanConstant(true) };
  const split = splitCondition(conjunction(connected.on), width);
  const rightOnly = split.residual.filter((part) => reads(part, (column) => column >= width));
  const leftOnly = split.residual.filter(
    (part) => !rightOnly.includes(part) && reads(part, (column) => column < width),
  );
  if (rightOnly.length + leftOnly.length === split.residual.length) {
    const rights = filterBy(
      connected.right,
      rightOnly.map((part) => moveColumns(part, -width)),
    );
    const keys = makeDistinct(
      makeProject(
        rights,
        split.keys.map((key) => key.right),
      ),
    );
    const on = split.keys.map((key, i) =>
      keyCondition(key.left, columnExpr(width + i, key.right.type), key.nullSafe),
    );
    return marked(input, keys, [...on, ...leftOnly]);
  }
  const conditions = [...subquery.peeled.conditions, ...extra];
  const whole = subquery.unnesting.materialize(subquery.unnestWhole(conditions));
  const items = pickColumns(whole.plan, [...whole.bound.values()]);
  const places = new Map([...whole.bound.keys()].map((item, i) => [item, i]));
  const distinct = { plan: makeDistinct(items), bound: places, missing: null };
  return marked(input, distinct.plan, subquery.equalities(distinct));
}

/** Equality of a key; NULL-safe equality is at hand for every type, so a test keeps NULLs out where needed. */
function keyCondition(left: Expr, right: Expr, nullSafe: boolean): Expr {
  const same = notDistinct(left, right);
  return nullSafe ? same : conjunction([same, isNull(right, true)]);
}

function reads(expr: Expr, test: (column: number) => boolean): boolean {
  return [...columnsRead(expr)].every(test);
}

function marked(input: LogicalPlan, right: LogicalPlan, on: readonly Expr[]): Extended {
  const withMark = appendColumns(right, [booleanConstant(true)], ['found']);
  const joined = makeJoin('left', input, withMark, conjunction(on));
  const found = columnExpr(joined.schema.length - 1, types.boolean);
  return { input: joined, value: isNull(found, true) };
}

/**
 * `args op ANY | ALL (subquery)` with its three values. One equality, as in IN, asks three times whether a
 * row exists: an equal one; a NULL one; any at all when the argument is NULL. Otherwise: one that
 * decides, and one that is unknown.
 */
function quantified(input: LogicalPlan, expr: SubqueryExpr, context: RuleContext): Extended {
  const plan = subqueryPlan(expr);
  let current = input;
  /** Each question unnests anew, over the outer rows as extended so far. */
  const ask = (
    condition: (row: readonly Expr[], args: readonly Expr[]) => readonly Expr[],
  ): Expr => {
    const subquery = new Subquery(plan, current, anyOrder(context));
    const args = expr.args.map((arg): Expr => {
      return columnsRead(arg).size === 0 && arg.kind === 'constant'
        ? arg
        : subquery.domain.add(arg);
    });
    const extended = exists(current, subquery, condition(subquery.peeled.exprs, args));
    current = extended.input;
    return extended.value;
  };
  const compare = (row: readonly Expr[], args: readonly Expr[]): Expr =>
    combine(expr, comparison({ ...expr, args }, row));
  const yes = booleanConstant(true);
  const no = booleanConstant(false);
  const unknown = nullConstant(types.boolean);
  if (expr.mode === 'any' && expr.args.length === 1 && isPlainEquality(expr)) {
    const arg = expr.args[0]!;
    const equal = ask((row, args) => [compare(row, args)]);
    const unknowns: Expr[] = [];
    if (plan.schema[0]!.nullable) unknowns.push(ask((row) => [isNull(row[0]!)]));
    if (isNullable(arg, input.schema)) {
      const any = ask(() => []);
      unknowns.push({ kind: 'and', args: [isNull(arg), any], type: types.boolean });
    }
    return { input: current, value: decide(equal, unknowns, { yes, unknown, no }) };
  }
  if (expr.mode === 'any') {
    const holds = ask((row, args) => [compare(row, args)]);
    const isUnknown = ask((row, args) => [isNull(compare(row, args))]);
    return { input: current, value: decide(holds, [isUnknown], { yes, unknown, no }) };
  }
  const fails = ask((row, args) => [isFalse(compare(row, args))]);
  const isUnknown = ask((row, args) => [isNull(compare(row, args))]);
  return { input: current, value: decide(fails, [isUnknown], { yes: no, unknown, no: yes }) };
}

function decide(
  first: Expr,
  unknowns: readonly Expr[],
  result: { readonly yes: Expr; readonly unknown: Expr; readonly no: Expr },
): Expr {
  return {
    kind: 'case',
    branches: [
      { when: first, then: result.yes },
      ...unknowns.map((when) => ({ when, then: result.unknown })),
    ],
    otherwise: result.no,
    type: types.boolean,
  };
}

export function isFalse(arg: Expr): Expr {
  return { kind: 'is-truth', arg, truth: false, negated: false, type: types.boolean };
}

export function isPlainEquality(expr: SubqueryExpr): boolean {
  return expr.fns.every((fn) => fn.operator && fn.name === '=' && fn.strict);
}

/** Rows compare equal when all columns are, unequal when one is; other row comparisons are refused. */
export function combine(expr: SubqueryExpr, parts: readonly Expr[]): Expr {
  if (parts.length === 1) return parts[0]!;
  const names = new Set(expr.fns.map((fn) => fn.name));
  if (names.size === 1 && names.has('=')) return conjunction(parts);
  if (names.size === 1 && names.has('<>')) {
    return { kind: 'or', args: parts, type: types.boolean };
  }
  throw new SqlError(
    sqlstate.featureNotSupported,
    'row comparison of this kind with a subquery is not supported yet',
    { position: expr.at, hint: 'Compare the columns one by one.' },
  );
}
