/**
 * A subquery made ready to meet its outer rows: projections and filters at its top are peeled off, since
 * after the join they can be computed over both rows, and what is below them is unnested.
 */

import type { Expr, SubqueryExpr } from '../../expr/expr.ts';
import type { EvalContext } from '../../expr/functions/registry.ts';
import { mapExpr } from '../../expr/walk.ts';
import {
  columnExpr,
  columnsFor,
  columnsRead,
  conjuncts,
  isVolatile,
  notDistinct,
  substitute,
} from '../../plan/expressions.ts';
import type { LogicalPlan, SortKey } from '../../plan/logical.ts';
import { filterBy } from '../../plan/make.ts';
import { pushFilters } from '../rules/push-filter.ts';
import { Domain } from './domain.ts';
import { Unnesting } from './unnest.ts';
import type { Unnested } from './unnested.ts';

/** A subquery without the projections and filters at its top. Expressions are over `core` and items. */
export interface Peeled {
  readonly core: LogicalPlan;
  readonly exprs: readonly Expr[];
  readonly conditions: readonly Expr[];
}

/** How a subquery is joined to its outer rows. Expressions are over outer columns, then right columns. */
export interface Connected {
  readonly right: LogicalPlan;
  readonly on: readonly Expr[];
  /** The subquery's own columns. */
  readonly exprs: readonly Expr[];
  /** Those columns for an outer row without a match; null: it has no row then. */
  readonly missing: readonly Expr[] | null;
}

export class Subquery {
  readonly domain: Domain;
  readonly unnesting: Unnesting;
  readonly peeled: Peeled;
  readonly #outerWidth: number;

  /** `plan` stands one query deeper than the rows of `outer`; its own subqueries are gone already. */
  constructor(
    plan: LogicalPlan,
    outer: LogicalPlan,
    options: { readonly evaluation: EvalContext; readonly anyOrder: boolean },
  ) {
    this.domain = new Domain(outer);
    this.unnesting = new Unnesting(this.domain, options.evaluation);
    this.peeled = peel(pushFilters(this.domain.localize(plan)), options.anyOrder);
    this.#outerWidth = outer.schema.length;
  }

  /** The join with the outer rows under further conditions over the core's columns and items. */
  connect(extra: readonly Expr[] = []): Connected {
    const conditions = [...this.peeled.conditions, ...extra];
    const core = this.unnesting.unnest(this.peeled.core);
    const unnested = conditions.length === 0 ? core : this.unnesting.materialize(core);
    const on = [
      ...this.equalities(unnested),
      ...conditions.map((condition) => this.overBoth(condition)),
    ];
    const { missing } = unnested;
    return {
      right: unnested.plan,
      on,
      exprs: this.peeled.exprs.map((expr) => this.overBoth(expr)),
      missing:
        missing === null
          ? null
          : this.peeled.exprs.map((expr) => this.domain.overOuter(substitute(expr, missing))),
    };
  }

  /** All of the subquery, with conditions, as one unnested plan over the core's columns. */
  unnestWhole(conditions: readonly Expr[]): Unnested {
    const filtered = filterBy(this.peeled.core, conditions);
    return this.unnesting.unnest(filtered);
  }

  /** Outer items equal to the columns that they are bound to on the right. */
  equalities(unnested: Unnested): Expr[] {
    return [...unnested.bound].map(([item, column]) => {
      const { type } = unnested.plan.schema[column]!;
      return notDistinct(this.domain.item(item), columnExpr(this.#outerWidth + column, type));
    });
  }

  /** An expression over the core's columns and items, over outer columns and then the core's. */
  overBoth(expr: Expr): Expr {
    return this.domain.overOuter(
      mapExpr(expr, (part) =>
        part.kind === 'column' ? { ...part, index: part.index + this.#outerWidth } : part,
      ),
    );
  }

  /** Conditions that read no column of the subquery itself. */
  isOuterOnly(condition: Expr): boolean {
    return columnsRead(condition).size === 0 && !isVolatile(condition);
  }
}

/** `anyOrder`: the order of rows and their duplicates do not matter. */
function peel(plan: LogicalPlan, anyOrder: boolean): Peeled {
  switch (plan.kind) {
    case 'project': {
      const below = peel(plan.input, anyOrder);
      if (below.exprs.some(isVolatile)) break;
      const exprs = plan.exprs.map((expr) => substitute(expr, below.exprs));
      return { ...below, exprs };
    }
    case 'filter': {
      const below = peel(plan.input, anyOrder);
      if (below.exprs.some(isVolatile) || isVolatile(plan.predicate)) break;
      const own = conjuncts(plan.predicate).map((part) => substitute(part, below.exprs));
      return { ...below, conditions: [...below.conditions, ...own] };
    }
    case 'distinct':
      if (anyOrder) return peel(plan.input, anyOrder);
      break;
    case 'sort':
      if (plan.limit === null && plan.offset === null) return peel(plan.input, anyOrder);
      break;
    default:
      break;
  }
  return { core: plan, exprs: columnsFor(plan.schema), conditions: [] };
}

/** The order that a subquery's rows come in, over the rows of `plan`, for ARRAY(SELECT … ORDER BY …). */
export function orderOf(plan: LogicalPlan): {
  readonly plan: LogicalPlan;
  readonly exprs: readonly Expr[];
  readonly order: readonly SortKey[];
} {
  if (plan.kind === 'project') {
    const below = orderOf(plan.input);
    return { ...below, exprs: plan.exprs.map((expr) => substitute(expr, below.exprs)) };
  }
  const exprs = columnsFor(plan.schema);
  if (plan.kind !== 'sort' || plan.partitionBy.length > 0) return { plan, exprs, order: [] };
  const rows = plan.limit === null && plan.offset === null ? plan.input : plan;
  return { plan: rows, exprs, order: plan.order };
}

/** The comparison of a quantified subquery's arguments with one of its rows. */
export function comparison(subquery: SubqueryExpr, row: readonly Expr[]): readonly Expr[] {
  return subquery.fns.map((fn, i): Expr => ({
    kind: 'call',
    fn,
    args: [subquery.args[i]!, row[i]!],
    type: { kind: 'boolean' },
    ...(subquery.at === undefined ? {} : { at: subquery.at }),
  }));
}
