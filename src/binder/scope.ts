/**
 * Which names are visible where. A scope holds the relations of one FROM clause; its parent is the
 * enclosing query (or, for LATERAL, what stands left of it), and each step outward is one level of `outer`
 * references. Looking up a name gives an expression over the columns of the FROM clause's plan.
 */

import type { CatalogObject } from '../catalog/objects.ts';
import type { Expr } from '../expr/expr.ts';
import { mapExpr, shiftColumns } from '../expr/walk.ts';
import type { Field } from '../types/schema.ts';
import type { QueryLevel } from './query-level.ts';

export interface ScopeColumn {
  readonly name: string;
  /** Over the columns of the scope's plan; not a plain column for merged columns of FULL JOIN USING. */
  readonly expr: Expr;
  readonly field: Field;
}

/** One relation as FROM names it, or an unnamed join with its merged columns. */
export interface ScopeItem {
  /** Alias, or the relation's name; null for a join without an alias. */
  readonly name: string | null;
  /** Of a relation without an alias. */
  readonly schema: string | null;
  readonly columns: readonly ScopeColumn[];
  /** The catalog object that the columns are of, in its order; null for everything else. */
  readonly relation: CatalogObject | null;
  /** The columns are a single value named like the item: a function that gives one column. */
  readonly scalar: boolean;
  /** It stands on the side of an outer join whose rows may be missing; then the whole row is NULL. */
  readonly optional: boolean;
  /** `name.column` finds it. */
  readonly tableVisible: boolean;
  /** A plain `column` finds its columns. */
  readonly columnsVisible: boolean;
}

export class Scope {
  readonly items: readonly ScopeItem[];
  readonly parent: Scope | null;
  /** Where aggregates and window functions of this level are gathered. */
  readonly level: QueryLevel;
  /** Number of scopes around this one. */
  readonly depth: number;
  /** False between a FROM item that is not LATERAL and what stands left of it: names are seen, not usable. */
  readonly reachable: boolean;
  /** Why names to the left cannot be used: LATERAL under RIGHT or FULL JOIN. */
  readonly forbidden: boolean;
  /** It holds what stands left of a FROM item, rather than the whole FROM clause of a query. */
  readonly left: boolean;

  constructor(
    items: readonly ScopeItem[],
    parent: Scope | null,
    level: QueryLevel,
    options: {
      readonly reachable?: boolean;
      readonly forbidden?: boolean;
      readonly left?: boolean;
    } = {},
  ) {
    this.items = items;
    this.parent = parent;
    this.level = level;
    this.depth = parent === null ? 0 : parent.depth + 1;
    this.reachable = options.reachable ?? true;
    this.forbidden = options.forbidden ?? false;
    this.left = options.left ?? false;
  }
}

/** The scope of a FROM item that is not LATERAL: what stands left of it is seen, for hints, but not usable. */
export function hideLeft(scope: Scope | null): Scope | null {
  if (scope === null || !scope.left) return scope;
  const parent = hideLeft(scope.parent);
  return new Scope(scope.items, parent, scope.level, { reachable: false, left: true });
}

/** The number of scopes from the outermost to `parent`, which a query inside it stands under. */
export function depthUnder(parent: Scope | null): number {
  return parent === null ? 0 : parent.depth + 1;
}

/** The item with its columns moved `offset` to the right, as the right side of a join is. */
export function shiftItem(item: ScopeItem, offset: number): ScopeItem {
  if (offset === 0) return item;
  const columns = item.columns.map((column) => ({
    ...column,
    expr: shiftColumns(column.expr, offset),
  }));
  return { ...item, columns };
}

/** An expression of a scope `depth` levels out, as it is written inside. */
export function outward(expr: Expr, depth: number): Expr {
  if (depth === 0) return expr;
  return mapExpr(expr, (part) => {
    if (part.kind === 'column') {
      return { kind: 'outer', depth, index: part.index, type: part.type, at: part.at };
    }
    return part.kind === 'outer' ? { ...part, depth: part.depth + depth } : part;
  });
}
