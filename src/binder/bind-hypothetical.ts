/**
 * Hypothetical-set aggregates: `rank(v) WITHIN GROUP (ORDER BY x)` and its kin tell where a row would stand
 * among a group's rows. Each is arithmetic over counts of the rows that sort before it, so a change costs
 * what it costs a count.
 */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type { Expr } from '../expr/expr.ts';
import { resolveAggregate } from '../expr/resolve.ts';
import { volatilityOf } from '../expr/walk.ts';
import type { SortKey } from '../plan/logical.ts';
import type * as ast from '../syntax/ast.ts';
import { types } from '../types/sql-type.ts';
import { bindFilter, checkWithinGroup, gatherAt, ownerDepth } from './bind-aggregate-call.ts';
import { operatorCall } from './bind-operator.ts';
import { coerce, coerceToCommon, constant, settleUnknown, typeName } from './coerce.ts';
import { bindIn, checkAllowed, inClause, type ExprEnv } from './expr-env.ts';
import { sortKey } from './sort-key.ts';

const builders: ReadonlyMap<string, (group: Group) => Expr> = new Map([
  ['rank', (group: Group) => group.plusOne(group.count(group.before(false)))],
  ['dense_rank', (group: Group) => group.plusOne(group.countDistinct(group.before(false)))],
  ['percent_rank', (group: Group) => group.shareBefore()],
  [
    'cume_dist',
    (group: Group) =>
      group.quotient(
        group.plusOne(group.count(group.before(true))),
        group.plusOne(group.count(null)),
      ),
  ],
]);

export function isHypothetical(name: string): boolean {
  return builders.has(name);
}

export function bindHypothetical(call: ast.FunctionCall, name: string, env: ExprEnv): Expr {
  const at = call.span.start;
  checkAllowed('aggregate', env.clause, at);
  if (call.withinGroup.length === 0) {
    throw new SqlError(
      sqlstate.wrongObjectType,
      `WITHIN GROUP is required for ordered-set aggregate ${name}`,
      { position: at },
    );
  }
  checkWithinGroup(call);
  const inner = inClause(env, 'aggregate arguments');
  const written = call.arguments.map((argument) => bindIn(inner, argument.value));
  const sorted = call.withinGroup.map((item) => bindIn(inner, item.expression));
  if (written.length !== sorted.length) throw countsDiffer(name, written, sorted, at);
  const places = written.map((value, i): Place => {
    if (volatilityOf(value) === 'volatile') throw volatileArgument(value);
    const { exprs } = coerceToCommon(env.binding, [sorted[i]!, value], 'WITHIN GROUP');
    const [own, other] = exprs as readonly [Expr, Expr];
    const key = sortKey(env.binding, call.withinGroup[i]!, own);
    return { ...key, value: settleUnknown(env.binding, other) };
  });
  const group = new Group(env, places, bindFilter(call, env), at);
  return { ...builders.get(name)!(group), at };
}

function countsDiffer(
  name: string,
  written: readonly Expr[],
  sorted: readonly Expr[],
  position: number,
): SqlError {
  const all = [...written, ...sorted];
  const shown = all.map((expr) => typeName(expr.type)).join(', ');
  return new SqlError(sqlstate.undefinedFunction, `function ${name}(${shown}) does not exist`, {
    hint:
      `To use the hypothetical-set aggregate ${name}, the number of hypothetical direct arguments ` +
      `(here ${written.length}) must match the number of ordering columns (here ${sorted.length}).`,
    position,
  });
}

/** It would be evaluated for each row here, but once a group by PostgreSQL. */
function volatileArgument(expr: Expr): SqlError {
  return notSupported('a volatile direct argument', {
    hint: 'Compute the value in a subquery.',
    position: expr.at,
  });
}

/** One sort key and the hypothetical row's value for it. */
interface Place extends SortKey {
  readonly value: Expr;
}

/** The rows of a group beside the hypothetical one: what is counted, each as a mark in the query it belongs to. */
class Group {
  readonly #env: ExprEnv;
  readonly #places: readonly Place[];
  readonly #filter: Expr | null;
  readonly #depth: number;
  readonly #at: number;

  constructor(env: ExprEnv, places: readonly Place[], filter: Expr | null, at: number) {
    this.#env = env;
    this.#places = places;
    this.#filter = filter;
    this.#at = at;
    this.#depth = ownerDepth([
      ...places.flatMap(({ expr, value }) => [expr, value]),
      ...(filter === null ? [] : [filter]),
    ]);
  }

  /** Whether a row sorts before the hypothetical one; NULL and false are no. */
  before(orEqual: boolean): Expr {
    let result: Expr | null = null;
    for (const place of this.#places.toReversed()) {
      const steps = [this.#valueBefore(place), this.#nullBefore(place)];
      const same = areSame(place);
      if (result !== null) steps.push({ kind: 'and', args: [same, result], type: types.boolean });
      else if (orEqual) steps.push(same);
      result = { kind: 'or', args: steps, type: types.boolean };
    }
    return result!;
  }

  #valueBefore({ expr, value, descending }: Place): Expr {
    return operatorCall(this.#env.binding, descending ? '>' : '<', expr, value, this.#at);
  }

  #nullBefore({ expr, value, nullsFirst }: Place): Expr {
    const isNull = (arg: Expr, negated: boolean): Expr => ({
      kind: 'is-null',
      arg,
      negated,
      type: types.boolean,
    });
    return {
      kind: 'and',
      args: [isNull(expr, !nullsFirst), isNull(value, nullsFirst)],
      type: types.boolean,
    };
  }

  count(condition: Expr | null): Expr {
    return this.#gather([], false, condition);
  }

  /** Of the sort keys together; as one row, so that NULLs count. */
  countDistinct(condition: Expr): Expr {
    const keys = this.#places.map(({ expr }) => expr);
    const fields = keys.map((key, i) => ({ name: `f${i + 1}`, type: key.type }));
    const row: Expr = { kind: 'row', fields: keys, type: { kind: 'row', fields } };
    return this.#gather([row], true, condition);
  }

  #gather(args: readonly Expr[], distinct: boolean, condition: Expr | null): Expr {
    const parts = [this.#filter, condition].filter((part) => part !== null);
    const filter: Expr | null =
      parts.length < 2 ? (parts[0] ?? null) : { kind: 'and', args: parts, type: types.boolean };
    const { fn, returns } = resolveAggregate(
      this.#env.binding.functions,
      'count',
      args.map((arg) => arg.type),
    );
    const call = { fn, args, distinct, filter, orderBy: [] };
    const direct = this.#places.map(({ value }) => value);
    return gatherAt(this.#env, { call, type: returns, direct }, this.#depth, this.#at);
  }

  plusOne(count: Expr): Expr {
    return operatorCall(this.#env.binding, '+', count, constant(1n, types.bigint));
  }

  quotient(part: Expr, whole: Expr): Expr {
    const { binding } = this.#env;
    const double = (expr: Expr): Expr => coerce(binding, expr, types.double, 'implicit');
    return operatorCall(binding, '/', double(part), double(whole));
  }

  /** percent_rank: zero where there are no rows. */
  shareBefore(): Expr {
    const all = this.count(null);
    const none = operatorCall(this.#env.binding, '=', all, constant(0n, types.bigint));
    return {
      kind: 'case',
      branches: [{ when: none, then: constant(0, types.double) }],
      otherwise: this.quotient(this.count(this.before(false)), all),
      type: types.double,
    };
  }
}

function areSame({ expr, value }: Place): Expr {
  return { kind: 'is-distinct', left: expr, right: value, negated: true, type: types.boolean };
}
