/**
 * Query plans that are made once: optimized and lowered with $1, $2, … standing in them, and kept as long as
 * the bound plan they were made from. A run puts its values into what is lowered.
 *
 * Some parameters cannot wait that long. Those of LIMIT, OFFSET and frames become numbers in the plan,
 * which is then kept for these numbers; and a plan whose subqueries are still to be taken apart is made anew
 * with all values, since what can be done with a subquery depends on what is constant. So is one whose LIMIT
 * depends on time or chance.
 */

import type { ConstantExpr, Expr } from '../expr/expr.ts';
import type { EvalContext } from '../expr/functions/registry.ts';
import { mapExpr, someExpr, visitExpr, volatilityOf } from '../expr/walk.ts';
import { type LoweredQuery, lowerQuery } from '../lower/lower-query.ts';
import { optimize } from '../optimizer/optimize.ts';
import { simplifyExpr } from '../optimizer/rules/simplify.ts';
import { expressionsOf, mapExpressions, mapPlan } from '../plan/children.ts';
import { mapPlanDeep } from '../plan/expressions.ts';
import type { LogicalPlan } from '../plan/logical.ts';
import { mapNodeExpressions } from '../plan/node-expressions.ts';
import { DirectRead } from '../serving/direct-read.ts';
import { ScanRead } from '../serving/scan-read.ts';
import type { Datum } from '../types/datum.ts';
import type { ParameterValues, SessionContext } from './session-context.ts';

/** A query ready to be run any number of times. */
export interface QueryPlan {
  readonly lowered: LoweredQuery;
  /** Expressions in it still ask for $1, $2, … */
  readonly parameters: boolean;
  /** How it is read without a graph, when it has that form. */
  readonly direct: DirectRead | null;
  /** The same over many rows; without parameters. */
  readonly scan: ScanRead | null;
}

interface Kept {
  readonly use: ParameterUse;
  /** The plan for the values of `use.counts` that it was made for last. */
  plan: QueryPlan | null;
  values: ParameterValues;
}

/** What a bound plan does with parameters. */
interface ParameterUse {
  readonly any: boolean;
  /** Indices of those that must be numbers before the plan is lowered. */
  readonly counts: readonly number[];
  /** The number of a LIMIT, OFFSET or frame depends on time or chance. */
  readonly unsteady: boolean;
  readonly subqueries: boolean;
}

export class QueryPlans {
  readonly #session: SessionContext;
  readonly #kept = new WeakMap<LogicalPlan, Kept>();

  constructor(session: SessionContext) {
    this.#session = session;
  }

  /** The plan of a statement's own bound plan; the same one each time, as far as `parameters` allow. */
  of(plan: LogicalPlan, parameters: ParameterValues, evaluation: EvalContext): QueryPlan {
    const kept = this.#kept.get(plan) ?? { use: parameterUse(plan), plan: null, values: [] };
    this.#kept.set(plan, kept);
    const { any, counts, unsteady, subqueries } = kept.use;
    if (unsteady || (any && subqueries))
      return this.make(withParameters(plan, parameters), false, evaluation);
    const values = counts.map((index) => parameters[index - 1] ?? null);
    const fits = values.every((value, i) => value === kept.values[i]);
    if (kept.plan !== null && fits) return kept.plan;
    const fixed = counts.length === 0 ? plan : withParameters(plan, parameters, new Set(counts));
    kept.plan = this.make(fixed, any, evaluation);
    kept.values = values;
    return kept.plan;
  }

  /** A plan for one run. */
  make(plan: LogicalPlan, parameters: boolean, evaluation: EvalContext): QueryPlan {
    const { database } = this.#session;
    const optimized = optimize(plan, {
      evaluation,
      functions: database.registry,
      disabled: database.disabledRules,
    });
    const lowered = lowerQuery(optimized);
    return {
      lowered,
      parameters,
      direct: DirectRead.of(lowered.plan),
      scan: parameters ? null : ScanRead.of(lowered.plan),
    };
  }
}

function parameterUse(plan: LogicalPlan): ParameterUse {
  const counts = new Set<number>();
  let any = false;
  let subqueries = false;
  let unsteady = false;
  const countsIn = (expr: Expr | null): void => {
    if (expr === null) return;
    visitExpr(expr, (part) => {
      if (part.kind === 'parameter') counts.add(part.index);
    });
    const valued = mapExpr(expr, (part) => valueOf(part, []));
    unsteady ||= volatilityOf(valued) !== 'immutable';
  };
  mapPlanDeep(plan, (node) => {
    for (const expr of expressionsOf(node)) {
      any ||= someExpr(expr, (part) => part.kind === 'parameter');
      subqueries ||= someExpr(expr, (part) => part.kind === 'subquery');
    }
    subqueries ||= node.kind === 'join' && node.lateral;
    if (node.kind === 'sort') {
      countsIn(node.limit);
      countsIn(node.offset);
    }
    if (node.kind === 'over') {
      for (const { frame } of node.calls) {
        countsIn(frame.start.offset);
        countsIn(frame.end.offset);
      }
    }
    return node;
  });
  return { any, counts: [...counts], unsteady, subqueries };
}

/** $n replaced by its value, everywhere in the plan; with `only` just these. */
export function withParameters(
  plan: LogicalPlan,
  parameters: ParameterValues,
  only: ReadonlySet<number> | null = null,
): LogicalPlan {
  if (parameters.length === 0) return plan;
  const replace = (expr: Expr): Expr =>
    mapExpr(expr, (part) => {
      if (part.kind === 'subquery') return { ...part, plan: inPlan(part.plan as LogicalPlan) };
      return only === null || (part.kind === 'parameter' && only.has(part.index))
        ? valueOf(part, parameters)
        : part;
    });
  const inPlan = (each: LogicalPlan): LogicalPlan =>
    mapPlan(each, (node) => mapExpressions(node, replace));
  return inPlan(plan);
}

/** The same in an expression without subqueries. */
export function exprWithParameters(expr: Expr, parameters: ParameterValues): Expr {
  return mapExpr(expr, (part) => valueOf(part, parameters));
}

/** The same in a plan that is lowered. Conditions become simple again: `$1 IS NULL OR …` is decided now. */
export function loweredWithParameters(
  { lowered }: QueryPlan,
  parameters: ParameterValues,
  evaluation: EvalContext,
): LoweredQuery['plan'] {
  const { plan } = lowered;
  return mapNodeExpressions(plan, (expr, node) => {
    const known = exprWithParameters(expr, parameters);
    if (known === expr || node.kind !== 'map') return known;
    return simplifyExpr(known, plan.nodes[node.inputs[0]!]!.columns, evaluation);
  });
}

function valueOf(expr: Expr, parameters: ParameterValues): Expr {
  if (expr.kind !== 'parameter') return expr;
  const value: Datum | null = parameters[expr.index - 1] ?? null;
  const constant: ConstantExpr = { kind: 'constant', value, type: expr.type };
  return expr.at === undefined ? constant : { ...constant, at: expr.at };
}
