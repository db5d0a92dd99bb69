/**
 * What one SELECT gathers while its expressions are bound: aggregates, window functions, set-returning
 * functions, GROUPING calls. Until it is known where in the plan each is computed, an expression refers to
 * it by a *mark*: a column index beyond every real one. Marks never leave the binder.
 */

import { assert } from '../base/assert.ts';
import type { ColumnExpr, Expr } from '../expr/expr.ts';
import type { TableFunction } from '../expr/functions/registry.ts';
import type { AggregateCall, SortKey, WindowFunctionCall } from '../plan/logical.ts';
import type { SqlType } from '../types/sql-type.ts';
import type * as ast from '../syntax/ast.ts';

/** The kinds of marks; each has 2^24 places. */
const markBases = { aggregate: 1, over: 2, rows: 3, grouping: 4 } as const;
const markSize = 1 << 24;

export type MarkKind = keyof typeof markBases;

/** A reference to the n-th gathered thing of a kind. */
export function mark(kind: MarkKind, position: number, type: SqlType, at?: number): ColumnExpr {
  assert(position < markSize, `mark ${position} is too high`);
  return { kind: 'column', index: markBases[kind] * markSize + position, type, at };
}

/** What a column index stands for when it is a mark, or null for a real column. */
export function markOf(
  index: number,
): { readonly kind: MarkKind; readonly position: number } | null {
  if (index < markSize) return null;
  const base = Math.floor(index / markSize);
  for (const kind of ['aggregate', 'over', 'rows', 'grouping'] as const) {
    if (markBases[kind] === base) return { kind, position: index % markSize };
  }
  assert(false, `column ${index} is neither a column nor a mark`);
}

export function isMark(expr: Expr, kind: MarkKind): boolean {
  return expr.kind === 'column' && markOf(expr.index)?.kind === kind;
}

/** A window function with its window. */
export interface OverCall {
  readonly call: WindowFunctionCall;
  readonly type: SqlType;
  readonly partitionBy: readonly Expr[];
  readonly order: readonly SortKey[];
}

/** A set-returning function in the select list. Its columns are `rows` marks from `first`. */
export interface RowsCall {
  readonly fn: TableFunction;
  readonly args: readonly Expr[];
  readonly columns: readonly { readonly name: string; readonly type: SqlType }[];
  readonly first: number;
}

/** An older Flink window in GROUP BY: where its columns are in the input. */
export interface GroupWindow {
  readonly fn: 'tumble' | 'hop' | 'session';
  readonly startColumn: number;
  readonly type: SqlType;
}

export class QueryLevel {
  readonly aggregates: {
    readonly call: AggregateCall;
    readonly type: SqlType;
    /** Arguments that must have one value a group. */
    readonly direct: readonly Expr[];
    readonly at: number;
  }[] = [];
  readonly overs: OverCall[] = [];
  readonly rows: RowsCall[] = [];
  /** Arguments of each GROUPING call. */
  readonly groupings: (readonly Expr[])[] = [];
  /** The WINDOW clause, by name. */
  windows: ReadonlyMap<string, ast.NamedWindow> = new Map();
  groupWindow: GroupWindow | null = null;
}
