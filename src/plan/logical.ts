/**
 * The logical plan: what a query means, as plain data. The binder makes it, the optimizer rewrites it,
 * `lower` turns it into a DataflowPlan. Every node carries the schema of its output; column references
 * inside a node's expressions index its input's schema (for joins: left columns, then right columns).
 */

import type { AggregateFunction, TableFunction } from '../expr/functions/registry.ts';
import type { Expr } from '../expr/expr.ts';
import type { Schema } from '../types/schema.ts';
import type { FieldColumn } from './field-columns.ts';

/** Rows of a catalog relation; `columns` are the numbers of the relation's columns (or ordinals of fields) that are read. */
export interface ScanPlan {
  readonly kind: 'scan';
  readonly relation: RelationRef;
  readonly columns: readonly number[];
  readonly schema: Schema;
}

/** A relation by identity; plans never hold catalog objects. */
export interface RelationRef {
  readonly oid: number;
  /** Schema and name as they stood at binding, for printing. */
  readonly schemaName: string;
  readonly name: string;
  /** source: rows come from outside and are not kept; table, view: rows are kept; virtual: made on demand. */
  readonly kind: 'source' | 'table' | 'view' | 'virtual';
  /** No row of it is ever retracted. */
  readonly appendOnly: boolean;
  /** A source that comes to an end by itself. */
  readonly bounded?: true;
  /** Sets of the relation's columns, by number, each unique together (NULLs counting as equal). */
  readonly keys?: readonly (readonly number[])[];
  /** Fields of composite columns that a scan may read by themselves, by their ordinals. */
  readonly fieldColumns?: readonly FieldColumn[];
}

export interface ValuesPlan {
  readonly kind: 'values';
  readonly rows: readonly (readonly Expr[])[];
  readonly schema: Schema;
}

export interface FilterPlan {
  readonly kind: 'filter';
  readonly input: LogicalPlan;
  readonly predicate: Expr;
  readonly schema: Schema;
}

export interface ProjectPlan {
  readonly kind: 'project';
  readonly input: LogicalPlan;
  readonly exprs: readonly Expr[];
  /** All of it is computed, for every row of the input, whatever is read: WITH … AS MATERIALIZED. */
  readonly whole?: true;
  readonly schema: Schema;
}

/**
 * A windowing table function. Output: all input columns, then window_start, window_end, window_time.
 * Times in microseconds. Windows are [start, end), aligned to the epoch plus `offset`, floor division.
 * Without an event-time input (a table) no row is ever late and nothing is forgotten.
 */
export interface WindowPlan {
  readonly kind: 'window';
  readonly input: LogicalPlan;
  readonly window: WindowSpec;
  /** Index of the time column in the input. */
  readonly timeColumn: number;
  readonly schema: Schema;
}

export type WindowSpec =
  | { readonly fn: 'tumble'; readonly size: number; readonly offset: number }
  | { readonly fn: 'hop'; readonly size: number; readonly slide: number; readonly offset: number }
  | {
      readonly fn: 'cumulate';
      readonly size: number;
      readonly step: number;
      readonly offset: number;
    }
  | { readonly fn: 'session'; readonly gap: number; readonly partitionBy: readonly number[] };

export interface SortKey {
  readonly expr: Expr;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

export interface AggregateCall {
  readonly fn: AggregateFunction;
  readonly args: readonly Expr[];
  readonly distinct: boolean;
  readonly filter: Expr | null;
  readonly orderBy: readonly SortKey[];
}

/** Output: the keys, then the aggregates. No keys: one row always (a global aggregate). */
export interface AggregatePlan {
  readonly kind: 'aggregate';
  readonly input: LogicalPlan;
  readonly keys: readonly Expr[];
  readonly aggregates: readonly AggregateCall[];
  /** Each set lists indices into `keys`; null for plain GROUP BY. Keys absent from a set are NULL in its rows. */
  readonly groupingSets: readonly (readonly number[])[] | null;
  readonly schema: Schema;
}

export type JoinType = 'inner' | 'left' | 'right' | 'full' | 'semi' | 'anti';

/** `on` sees left columns, then right columns. Semi and anti joins give left columns only. */
export interface JoinPlan {
  readonly kind: 'join';
  readonly type: JoinType;
  readonly left: LogicalPlan;
  readonly right: LogicalPlan;
  readonly on: Expr;
  /**
   * LATERAL: `right` is one query deeper than the join, and its `outer` references of depth 1 are columns
   * of `left`; what is depth 1 in the join itself is depth 2 in `right`. Gone after decorrelation.
   */
  readonly lateral: boolean;
  /**
   * FOR SYSTEM_TIME AS OF processing time: a row of `left` meets the rows that `right` has when it comes, and
   * what it found stays as it was. Inner or left, never reordered.
   */
  readonly lookup?: true;
  readonly schema: Schema;
}

/** UNION ALL of two or more inputs with equal column types. */
export interface UnionPlan {
  readonly kind: 'union';
  readonly inputs: readonly LogicalPlan[];
  readonly schema: Schema;
}

/** INTERSECT and EXCEPT, with or without ALL. (UNION is a distinct over a union.) */
export interface SetPlan {
  readonly kind: 'set';
  readonly op: 'intersect' | 'except';
  readonly all: boolean;
  readonly left: LogicalPlan;
  readonly right: LogicalPlan;
  readonly schema: Schema;
}

export interface DistinctPlan {
  readonly kind: 'distinct';
  readonly input: LogicalPlan;
  readonly schema: Schema;
}

/**
 * ORDER BY with or without LIMIT, per partition (Top-N per group, DISTINCT ON) or over all. A sort
 * without limit below another node is dropped by the optimizer; at the top of an ad-hoc query it orders
 * the result. limit and offset are constants or parameters by the time a plan is lowered; null is none.
 */
export interface SortPlan {
  readonly kind: 'sort';
  readonly input: LogicalPlan;
  readonly partitionBy: readonly Expr[];
  readonly order: readonly SortKey[];
  readonly limit: Expr | null;
  readonly offset: Expr | null;
  readonly withTies: boolean;
  readonly schema: Schema;
}

export interface WindowFunctionCall {
  readonly name: string;
  /** Null for the pure window functions (row_number, rank, lag…), which go by name. */
  readonly aggregate: AggregateFunction | null;
  readonly args: readonly Expr[];
  readonly filter: Expr | null;
  readonly frame: WindowFrame;
}

export interface FrameBound {
  readonly kind:
    'unbounded-preceding' | 'preceding' | 'current-row' | 'following' | 'unbounded-following';
  readonly offset: Expr | null;
}

export interface WindowFrame {
  readonly mode: 'rows' | 'range' | 'groups';
  readonly start: FrameBound;
  readonly end: FrameBound;
  readonly exclude: 'no others' | 'current row' | 'group' | 'ties';
}

/** OVER: output is the input's columns, then one column a call. All calls share partition and order. */
export interface OverPlan {
  readonly kind: 'over';
  readonly input: LogicalPlan;
  readonly partitionBy: readonly Expr[];
  readonly order: readonly SortKey[];
  readonly calls: readonly WindowFunctionCall[];
  readonly schema: Schema;
}

/**
 * A table function applied to each input row (LATERAL). Output: input columns, the function's columns, and
 * `ordinality` last where asked. `outer` keeps input rows without a result (LEFT JOIN LATERAL … ON true).
 */
export interface FlatMapPlan {
  readonly kind: 'flat-map';
  readonly input: LogicalPlan;
  readonly fn: TableFunction;
  readonly args: readonly Expr[];
  readonly ordinality: boolean;
  readonly outer: boolean;
  readonly schema: Schema;
}

/** Fails with 21000 when more than one row is in a group of `keys` (scalar subqueries). */
export interface SingleRowPlan {
  readonly kind: 'single-row';
  readonly input: LogicalPlan;
  readonly keys: readonly number[];
  readonly schema: Schema;
}

/** Tells one recursive query from another, by identity. */
export interface RecursionRef {
  readonly name: string;
}

/**
 * WITH RECURSIVE: the rows of `base`, then the rows that `step` makes of them, then those it makes of these,
 * until it makes none. `step` reads the rows of the round before it by the node `self` of the same `ref`.
 * Without `all` a row that was there before is no new row.
 */
export interface RecursionPlan {
  readonly kind: 'recursion';
  readonly ref: RecursionRef;
  readonly all: boolean;
  readonly base: LogicalPlan;
  readonly step: LogicalPlan;
  readonly schema: Schema;
}

/** In the step of a recursion: the rows that the round before gave. */
export interface SelfPlan {
  readonly kind: 'self';
  readonly ref: RecursionRef;
  readonly schema: Schema;
}

export type LogicalPlan =
  | ScanPlan
  | ValuesPlan
  | FilterPlan
  | ProjectPlan
  | WindowPlan
  | AggregatePlan
  | JoinPlan
  | UnionPlan
  | SetPlan
  | DistinctPlan
  | SortPlan
  | OverPlan
  | FlatMapPlan
  | SingleRowPlan
  | RecursionPlan
  | SelfPlan;

/** window_time is so many microseconds before window_end, as in Flink. */
export const windowTimeLagMicros = 1000;

/** How a view's results leave it. */
export type EmitMode = 'update' | 'window-close';
