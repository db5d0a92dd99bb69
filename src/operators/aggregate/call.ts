/**
 * One aggregate call of an aggregation: what it keeps for each group and how rows change it. A group is
 * an entry of the group table; a call's columns stand in that table, or in a table of its own.
 */

import type { OperatorContext, OperatorCounters } from '../../dataflow/operator.ts';
import type { StateTable } from '../../state/state-table.ts';
import type { ValueColumn, ValueSpec } from '../../state/value-column.ts';
import type { Column } from '../../types/column.ts';
import type { Datum } from '../../types/datum.ts';
import type { SqlType } from '../../types/sql-type.ts';

/** Rows on their way into groups. */
export interface CallRows {
  readonly count: number;
  /** Group keys, then the call's arguments, then its order columns. */
  readonly keys: readonly Column[];
  readonly args: readonly Column[];
  readonly order: readonly Column[];
  /** Group entry of each row. */
  readonly groups: Int32Array;
  /** Null: +1 each. 0: the row does not count for this call. */
  readonly weights: Int32Array | null;
}

export interface CallState {
  /** Columns that it keeps in the group table. */
  readonly specs: readonly ValueSpec[];
  /** Tables of its own. */
  readonly stateTables: readonly StateTable[];
  /** Called once with its columns, in the order of `specs`; `groupRows` counts a group's rows, if that is done. */
  attach(columns: readonly ValueColumn[], groupRows: ValueColumn | null): void;
  update(rows: CallRows): void;
  /** Remembers groups[from..to), as they are before this tick's changes, at the same positions. */
  capture(groups: Int32Array, from: number, to: number): void;
  /** Results of groups as they are now. `report` hears of values that cannot be given. */
  output(groups: Int32Array, count: number, report: ReportFailure): Column;
  /** Results as remembered at positions from..from + count. */
  outputBefore(from: number, count: number, report: ReportFailure): Column;
  /** Adds what group `from` has to group `to`; absent where a group's rows are kept one by one. */
  merge?(from: number, to: number): void;
  /** The tick is over; forget what was captured. */
  endTick(): void;
  /** The groups are forgotten although they have rows: so are rows that the call keeps of its own. */
  forget(groups: Int32Array, count: number): void;
  restored(): void;
}

/** Says that the result of the i-th group failed. */
export type ReportFailure = (i: number, error: Error) => void;

export interface CallOptions {
  readonly keyTypes: readonly SqlType[];
  readonly argTypes: readonly SqlType[];
  readonly type: SqlType;
  readonly context: OperatorContext;
  readonly counters: OperatorCounters;
  readonly insertOnly: boolean;
  /** The rows of a group are counted in a column of the groups. */
  readonly countsRows: boolean;
  /** Unique name for tables of its own. */
  readonly name: string;
  /** The key columns of the group table. */
  readonly groupKeys: () => readonly Column[];
}

/** Results as datums, brought into the narrow form where they fit. */
export type Results = (Datum | null)[];
