/**
 * The domain of a correlated subquery: which expressions over the outer row it depends on (its *items*), and
 * the distinct values they take. Inside a subquery being unnested an item is written as an outer
 * reference of depth 0; `localize` makes them, `Unnesting` (unnest.ts) replaces them by columns.
 */

import { must } from '../../base/assert.ts';
import type { Expr, OuterExpr } from '../../expr/expr.ts';
import { mapExpr, visitExpr } from '../../expr/walk.ts';
import { children, expressionsOf, mapExpressions, mapPlan } from '../../plan/children.ts';
import { fieldFor } from '../../plan/expressions.ts';
import type { LogicalPlan } from '../../plan/logical.ts';
import { makeDistinct, makeProject } from '../../plan/make.ts';

export class Domain {
  /** The outer rows. */
  readonly source: LogicalPlan;
  readonly #items: Expr[] = [];

  constructor(source: LogicalPlan) {
    this.source = source;
  }

  /** Adds an expression over the outer row and gives the reference that stands for it. */
  add(expr: Expr): OuterExpr {
    const known =
      expr.kind === 'column'
        ? this.#items.findIndex((item) => item.kind === 'column' && item.index === expr.index)
        : -1;
    const index = known >= 0 ? known : this.#items.push(expr) - 1;
    return { kind: 'outer', depth: 0, index, type: expr.type };
  }

  /** The expression over the outer row that an item stands for. */
  item(index: number): Expr {
    return must(this.#items[index], `item ${index} of ${this.#items.length}`);
  }

  /** The distinct values of some items, one column an item. */
  rows(items: readonly number[], source: LogicalPlan = this.source): LogicalPlan {
    const exprs = items.map((item) => this.item(item));
    const fields = exprs.map((expr) =>
      fieldFor(
        expr.kind === 'column' ? source.schema[expr.index]!.name : '?column?',
        expr,
        source.schema,
      ),
    );
    return makeDistinct(makeProject(source, exprs, fields));
  }

  /**
   * A subquery's plan in which references to the outer row are items and deeper references count one level
   * less, for the plan now stands beside the outer rows. An implicit cast of an outer column is an
   * item itself, so that equality with it can bind it.
   */
  localize(plan: LogicalPlan): LogicalPlan {
    return mapPlan(plan, (node) =>
      mapExpressions(node, (expr) =>
        mapExpr(expr, (part) => {
          if (part.kind === 'outer') {
            if (part.depth > 1) return { ...part, depth: part.depth - 1 };
            return this.add({ kind: 'column', index: part.index, type: part.type });
          }
          if (part.kind === 'cast' && part.mode === 'implicit' && isItem(part.arg)) {
            const arg = this.item(part.arg.index);
            if (arg.kind === 'column') return this.add({ ...part, arg });
          }
          return part;
        }),
      ),
    );
  }

  /** An expression of the subquery over outer columns where it has items; its own columns are kept. */
  overOuter(expr: Expr): Expr {
    return mapExpr(expr, (part) => (isItem(part) ? this.item(part.index) : part));
  }
}

/** Whether an expression is a reference to an item. */
export function isItem(expr: Expr): expr is OuterExpr {
  return expr.kind === 'outer' && expr.depth === 0;
}

export function itemsOf(expr: Expr, into: Set<number> = new Set()): Set<number> {
  visitExpr(expr, (part) => {
    if (isItem(part)) into.add(part.index);
  });
  return into;
}

export function hasItems(plan: LogicalPlan): boolean {
  if (expressionsOf(plan).some((expr) => itemsOf(expr).size > 0)) return true;
  return children(plan).some(hasItems);
}
