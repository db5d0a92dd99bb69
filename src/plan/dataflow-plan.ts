/**
 * The dataflow plan: what will run, as plain data. A list of nodes in topological order; each names its
 * inputs by index. Expressions refer to columns of the node's input (joins: left columns, then right).
 * `lower` makes it; `operators/build.ts` is the only switch over its kinds.
 */

import type { AggregateFunction, TableFunction } from '../expr/functions/registry.ts';
import type { Expr } from '../expr/expr.ts';
import type { SqlType } from '../types/sql-type.ts';
import type { EmitMode, JoinType, RelationRef, WindowFrame, WindowSpec } from './logical.ts';

export interface DataflowPlan {
  readonly nodes: readonly NodeSpec[];
  /** Index of the node whose output is the plan's result. */
  readonly root: number;
  /** Hash of everything that decides what state means; state is never read under another fingerprint. */
  readonly fingerprint: string;
}

interface NodeBase {
  /** Position in `nodes`. */
  readonly id: number;
  readonly inputs: readonly number[];
  /** Output columns. */
  readonly columns: readonly ColumnSpec[];
  /** No row of the output is ever retracted. */
  readonly appendOnly: boolean;
  /** Output columns that together are unique, when known. */
  readonly key: readonly number[] | null;
}

export interface ColumnSpec {
  readonly name: string;
  readonly type: SqlType;
  readonly nullable: boolean;
}

/** Changes of a relation, projected to `ordinals`: the numbers of the relation's columns. */
export interface ScanSpec extends NodeBase {
  readonly kind: 'scan';
  readonly relation: RelationRef;
  readonly ordinals: readonly number[];
}

/** Constant rows, emitted once, when the graph starts. */
export interface ValuesSpec extends NodeBase {
  readonly kind: 'values';
  readonly rows: readonly (readonly Expr[])[];
}

/** Keep rows where `predicate` is TRUE (null: all), then compute `exprs`. One fused kernel. */
export interface MapSpec extends NodeBase {
  readonly kind: 'map';
  readonly predicate: Expr | null;
  readonly exprs: readonly Expr[];
}

/**
 * Tumbling, hopping and cumulating windows: one output row a window. Appends window_start, window_end and
 * window_time. On an append-only input with event time a row is late when its window's end + `lateness`
 * is at or before the row's watermark; late rows go to the late relation.
 */
export interface WindowNodeSpec extends NodeBase {
  readonly kind: 'window';
  readonly window: Exclude<WindowSpec, { fn: 'session' }>;
  readonly timeColumn: number;
  /** Microseconds; null when the input has no event time (then no row is late). */
  readonly lateness: number | null;
  /**
   * The time column is the time at which a row came: the clock closes windows (a second input carries it, which
   * is no node of the plan), and the input's watermark ends here.
   */
  readonly byClock: boolean;
}

/** Session windows: rows move between sessions as they merge, split and close. Same output columns. */
export interface SessionSpec extends NodeBase {
  readonly kind: 'session';
  readonly gap: number;
  readonly partitionBy: readonly number[];
  readonly timeColumn: number;
  readonly lateness: number | null;
}

/**
 * An aggregation by session over an append-only input: one entry a session instead of its rows. Gives what
 * `session` and `aggregate` give together. Output: the partition columns, the bounds, the calls.
 */
export interface SessionAggregateSpec extends NodeBase {
  readonly kind: 'session-aggregate';
  readonly gap: number;
  readonly partitionBy: readonly number[];
  readonly timeColumn: number;
  readonly lateness: number | null;
  /** At least the start or the end, either of which tells a partition's sessions apart. */
  readonly bounds: readonly SessionBound[];
  /** What the calls read, over columns of the input. */
  readonly exprs: readonly Expr[];
  /** Their columns are positions in `exprs`. All can be merged. */
  readonly calls: readonly AggregateCallSpec[];
  /** `window-close`: a session is emitted once, when the watermark closes it. */
  readonly emit: EmitMode;
}

export type SessionBound = 'start' | 'end' | 'time';

export interface AggregateSpec extends NodeBase {
  readonly kind: 'aggregate';
  /** Input columns that are the group key. */
  readonly keys: readonly number[];
  readonly calls: readonly AggregateCallSpec[];
  /** The input never retracts: extremes and counters need no history. */
  readonly insertOnly: boolean;
  /**
   * Set when the groups belong to time windows: `end` and `start` are positions in `keys`. Groups are kept
   * in panes by window end, and a pane is dropped when the watermark reaches end + lateness. `start` null: not a key.
   */
  readonly window: {
    readonly start: number | null;
    readonly end: number;
    readonly lateness: number;
  } | null;
  /** `window-close` needs `window`: a group is emitted once, when its pane closes. */
  readonly emit: EmitMode;
  /** True for a global aggregate, which has a row even over nothing. */
  readonly global: boolean;
}

export interface AggregateCallSpec {
  readonly fn: AggregateFunction;
  /** Input columns. */
  readonly args: readonly number[];
  readonly distinct: boolean;
  /** Input column of type boolean, or null. */
  readonly filter: number | null;
  readonly orderBy: readonly OrderSpec[];
  readonly type: SqlType;
}

export interface OrderSpec {
  readonly column: number;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

export interface JoinSpec extends NodeBase {
  readonly kind: 'join';
  readonly type: JoinType;
  readonly leftKeys: readonly number[];
  readonly rightKeys: readonly number[];
  /** Per key: NULL matches NULL (IS NOT DISTINCT FROM). */
  readonly nullSafe: readonly boolean[];
  /** Further condition over left columns, then right columns. */
  readonly residual: Expr | null;
  /** What time has to do with it; null: nothing. */
  readonly time: JoinTime | null;
}

/**
 * Each left row, once, with the rows that the right side has when it comes. The left side is append-only and so
 * is the output; the right side may change and takes nothing back.
 */
export interface LookupJoinSpec extends NodeBase {
  readonly kind: 'lookup-join';
  readonly type: 'inner' | 'left';
  readonly leftKeys: readonly number[];
  readonly rightKeys: readonly number[];
  readonly nullSafe: readonly boolean[];
  readonly residual: Expr | null;
  /** The right side reads bounded sources: left rows wait until these have been read. */
  readonly awaitsRight: boolean;
}

/** Left, then right. */
export type BySide<T> = readonly [left: T, right: T];

/** How a join uses event time: to forget rows that can match nothing any more, and to say who is late. */
export interface JoinTime {
  /** What lets each side forget a row; null: it keeps its rows. */
  readonly forget: BySide<ForgetSpec | null>;
  /**
   * The column of each side by which a row is late: the other side forgets by it, so a row before its own
   * watermark may have lost its matches. Late rows are not joined and go to the late relation. Null: none is.
   */
  readonly lateBy: BySide<number | null>;
  /** The output's watermark trails the inputs' by so many microseconds: so old may the times of a pair be. */
  readonly delay: number;
  /** Output rows carry the watermark they are judged by, since something above tells late rows. */
  readonly rowWatermarks: boolean;
}

/** All in columns of the row's own side, times and offsets in microseconds. */
export interface ForgetSpec {
  /** No row of the other side matches this one once that side's watermark is above column + offset. */
  readonly column: number;
  readonly offset: number;
  /** For a side that may retract: this row does not change once its own watermark is above column + offset. */
  readonly settled: { readonly column: number; readonly offset: number } | null;
}

export interface UnionSpec extends NodeBase {
  readonly kind: 'union';
}

export interface SetSpec extends NodeBase {
  readonly kind: 'set';
  readonly op: 'intersect' | 'except';
  readonly all: boolean;
}

export interface DistinctSpec extends NodeBase {
  readonly kind: 'distinct';
}

/** The rows at positions [offset, offset + limit) of each partition. limit null: all. */
export interface TopNSpec extends NodeBase {
  readonly kind: 'top-n';
  readonly partitionBy: readonly number[];
  readonly order: readonly OrderSpec[];
  readonly limit: number | null;
  readonly offset: number;
  readonly withTies: boolean;
  /**
   * In how many columns each row's number follows, from 1 in each partition. Not 0 only where the input is append-only
   * and there are a limit up to `numberedMax`, no offset and no ties.
   */
  readonly numbers: number;
}

/** Rows of a partition that are numbered where they are kept. */
export const numberedMax = 1024;

export interface OverSpec extends NodeBase {
  readonly kind: 'over';
  readonly partitionBy: readonly number[];
  readonly order: readonly OrderSpec[];
  readonly calls: readonly {
    readonly name: string;
    readonly aggregate: AggregateFunction | null;
    readonly args: readonly number[];
    readonly filter: number | null;
    readonly frame: WindowFrame;
    readonly type: SqlType;
  }[];
}

export interface FlatMapSpec extends NodeBase {
  readonly kind: 'flat-map';
  readonly fn: TableFunction;
  readonly args: readonly Expr[];
  readonly ordinality: boolean;
  readonly outer: boolean;
}

export interface SingleRowSpec extends NodeBase {
  readonly kind: 'single-row';
  readonly keys: readonly number[];
}

/**
 * Where the rounds of a recursive query begin. Output: its rows, and last the number of the round that gave each,
 * from 0; the rows of a round come as changes of their own, and those of the next when all that is made of them
 * has reached the `recursion-end` over this node. Every node between the two keeps the rounds apart.
 */
export interface RecursionSpec extends NodeBase {
  readonly kind: 'recursion';
  /** Tells the recursions of a plan apart. */
  readonly loop: number;
  /** As the query calls it, for messages. */
  readonly name: string;
  /** UNION ALL: rows count as often as they are made. Otherwise a row belongs to the first round that makes it. */
  readonly all: boolean;
}

/** Where a round ends. Inputs: the `recursion`, and what a round makes of the rows of the one before it. */
export interface RecursionEndSpec extends NodeBase {
  readonly kind: 'recursion-end';
  /** Rows go out round by round: the plan runs once, and none will be taken back. */
  readonly once: boolean;
}

export type NodeSpec =
  | ScanSpec
  | ValuesSpec
  | MapSpec
  | WindowNodeSpec
  | SessionSpec
  | SessionAggregateSpec
  | AggregateSpec
  | JoinSpec
  | LookupJoinSpec
  | UnionSpec
  | SetSpec
  | DistinctSpec
  | TopNSpec
  | OverSpec
  | FlatMapSpec
  | SingleRowSpec
  | RecursionSpec
  | RecursionEndSpec;

/** Oids of what a plan reads; one that is read twice comes twice. */
export function readsOf(plan: DataflowPlan): number[] {
  return plan.nodes.flatMap((node) => (node.kind === 'scan' ? [node.relation.oid] : []));
}
