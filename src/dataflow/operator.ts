/**
 * The operator contract. An operator is a synchronous machine between edges: batches and watermarks in,
 * batches and a watermark out. One tick calls, for every node in topological order:
 *
 *   push(batch, input)*      zero or more batches an input, as predecessors emit them
 *   watermark(µs, input)*    after the batches it speaks about; never steps back on one input
 *   flush()                  once; predecessors have flushed already
 *
 * A stateless operator may emit inside push. A stateful one updates its state in push and emits in
 * flush, consolidated: for one tick, at most one −old and one +new for each group or key it touched.
 * Every operator passes a watermark on in flush (or in watermark), after the rows it speaks about.
 *
 * An operator that can make many rows of few (joins, table functions) also offers the same work in steps:
 * `pushSteps` and `flushSteps` yield after each batch they emit, so that a query may give up its turn there.
 *
 * No operator awaits, reads a clock or draws a random number; what it needs comes in `OperatorContext`.
 * It remembers only through its state tables; other fields are caches that `restored` rebuilds.
 */

import type { StateTable } from '../state/state-table.ts';
import type { Batch } from '../types/batch.ts';
import type { EvalContext } from '../expr/functions/registry.ts';
import type { Datum } from '../types/datum.ts';
import type { SqlType } from '../types/sql-type.ts';

/** Where an operator's output goes. */
export interface Output {
  emit(batch: Batch): void;
  /** Microseconds since 1970; rows with event time below it are late. Infinity: the input has ended. */
  watermark(micros: number): void;
}

export interface Operator {
  /** Called once, before anything else. */
  connect(output: Output): void;
  push(batch: Batch, input: number): void;
  watermark(micros: number, input: number): void;
  flush(): void;
  /** As push, with a pause after each batch that is emitted. */
  pushSteps?(batch: Batch, input: number): Iterable<void>;
  /** As flush, with a pause after each batch that is emitted. */
  flushSteps?(): Iterable<void>;
  /** Empty for a stateless operator. The list never changes after construction. */
  readonly stateTables: readonly StateTable[];
  /** Called after all state tables were loaded in recovery. */
  restored(): void;
  /** Exact counters for EXPLAIN ANALYZE, system tables and benchmarks. */
  readonly counters: OperatorCounters;
}

/** Plain numbers, incremented once a batch. */
export interface OperatorCounters {
  rowsIn: number;
  rowsOut: number;
  rowsLate: number;
  rowsFailed: number;
}

export interface OperatorContext {
  /** `view/3 aggregate`: for messages and counters. */
  readonly name: string;
  readonly evaluation: EvalContext;
  /** False runs the interpreter for everything: the judge of generated code. */
  readonly codegen: boolean;
  /** Keeps a late row for the late relation. */
  late(row: LateRow): void;
  /**
   * An expression failed in a row: its value there is NULL. `weight` is negative when a row that failed
   * before is retracted. Null in ad-hoc queries: the error is thrown instead.
   */
  readonly rowError: ((error: RowError) => void) | null;
  /** The most rounds of a recursive query before it is given up; a default where it is absent. */
  readonly recursionLimit?: number;
}

export interface LateRow {
  readonly columns: readonly string[];
  /** Types of the columns; filled in where the graph is built. */
  readonly types?: readonly SqlType[];
  readonly values: readonly (Datum | null)[];
  /** Qualified name of the source that the row came from, when known. */
  readonly source?: string | null;
  readonly windowStart: number | null;
  readonly windowEnd: number | null;
  readonly watermark: number;
  readonly stream: string | null;
  readonly partition: string | null;
  readonly offset: number | null;
}

export interface RowError {
  readonly code: string;
  readonly message: string;
  readonly values: readonly (Datum | null)[];
  /** Names and types of the values; filled in where the graph is built. */
  readonly columns?: readonly { readonly name: string; readonly type: SqlType }[];
  readonly weight: number;
}
