/**
 * Which columns of relations a query uses: those that it says or gives, whether or not its result turns on them. The
 * plan is one that was bound and not optimized.
 */

import type { Expr } from '../expr/expr.ts';
import { visitExpr } from '../expr/walk.ts';
import { children, expressionsOf } from './children.ts';
import { isLateralRight, subqueryPlan } from './expressions.ts';
import type { LogicalPlan, ScanPlan } from './logical.ts';

/** Where a column of a row was read; null: it was computed. */
type Origin = { readonly oid: number; readonly number: number } | null;
type Origins = readonly Origin[];

/** By the oid of the relation: the numbers of its columns. */
export type ColumnsUsed = ReadonlyMap<number, ReadonlySet<number>>;

export function columnsUsed(plan: LogicalPlan): ColumnsUsed {
  const uses = new Uses();
  uses.all(uses.of(plan, []));
  return uses.found;
}

class Uses {
  readonly found = new Map<number, Set<number>>();

  all(origins: Origins): void {
    for (const origin of origins) this.#use(origin);
  }

  #use(origin: Origin | undefined): void {
    if (origin === null || origin === undefined) return;
    const columns = this.found.get(origin.oid) ?? new Set();
    columns.add(origin.number);
    this.found.set(origin.oid, columns);
  }

  /** What `plan` gives. `outer`: rows of the queries around it, the nearest first. */
  of(plan: LogicalPlan, outer: readonly Origins[]): Origins {
    const inputs: Origins[] = [];
    children(plan).forEach((input, position) => {
      const around = isLateralRight(plan, position) ? [inputs[0]!, ...outer] : outer;
      inputs.push(this.of(input, around));
    });
    const row = inputs.flat();
    for (const expr of expressionsOf(plan)) this.#inExpr(expr, row, outer);
    return this.#given(plan, inputs, row);
  }

  #inExpr(expr: Expr, row: Origins, outer: readonly Origins[]): void {
    visitExpr(expr, (part) => {
      if (part.kind === 'column') this.#use(row[part.index]);
      if (part.kind === 'outer') this.#use(outer[part.depth - 1]?.[part.index]);
      if (part.kind === 'subquery') this.all(this.of(subqueryPlan(part), [row, ...outer]));
    });
  }

  /** The origins of what a node gives; those of its inputs that it looks at as whole rows are used. */
  #given(plan: LogicalPlan, inputs: readonly Origins[], row: Origins): Origins {
    switch (plan.kind) {
      case 'scan':
        return scanned(plan);
      case 'filter':
      case 'sort':
        return row;
      case 'single-row':
        for (const key of plan.keys) this.#use(row[key]);
        return row;
      case 'window': {
        this.#use(row[plan.timeColumn]);
        const { window } = plan;
        if (window.fn === 'session') for (const key of window.partitionBy) this.#use(row[key]);
        return padded(row, plan);
      }
      case 'over':
      case 'flat-map':
        return padded(row, plan);
      case 'join':
        return plan.type === 'semi' || plan.type === 'anti' ? inputs[0]! : row;
      case 'values':
      case 'project':
      case 'aggregate':
      case 'self':
        return computed(plan);
      case 'distinct':
      case 'union':
      case 'set':
      case 'recursion':
        this.all(row);
        return computed(plan);
    }
  }
}

function scanned({ relation, columns }: ScanPlan): Origins {
  return columns.map((number) => ({ oid: relation.oid, number }));
}

/** The input's columns, then new ones. */
function padded(row: Origins, { schema }: LogicalPlan): Origins {
  return schema.map((_, i) => row[i] ?? null);
}

function computed({ schema }: LogicalPlan): Origins {
  return schema.map(() => null);
}
