/** What a test file is run against: an engine in a world of its own, on a manual clock. */

import type { Datum } from '../types/datum.ts';
import type { Schema } from '../types/schema.ts';

/** How an engine is opened; a mode is a choice of these. */
export interface TestModeOptions {
  /** Rows of one batch at the most. */
  readonly batchRowsMax: number;
  /** Each fed row is a tick of its own. */
  readonly apart: boolean;
  /** Crash and recover after every step. */
  readonly crash: boolean;
  readonly store: 'memory' | 'lmdb';
  readonly codegen: boolean;
  readonly optimize: boolean;
  /** Statements are printed and parsed again before they run. */
  readonly reprint: boolean;
  /** Shards that views are divided over, all in one thread. */
  readonly workers: number;
  /** Another number of them, 1 to 3, after each crash. */
  readonly varyWorkers: boolean;
  /** Through a socket and a PostgreSQL client. */
  readonly wire: boolean;
}

export interface FedRow {
  /** +1 comes, −1 goes. */
  readonly weight: number;
  readonly values: readonly (Datum | null)[];
}

export interface QueryAnswer {
  readonly columns: readonly string[];
  /** Cells as values.ts prints them. */
  readonly rows: readonly (readonly string[])[];
}

export interface EngineUnderTest {
  /** Runs SQL text of one or more statements; the answer of the last one that gives rows. Throws SqlError. */
  sql(text: string): Promise<QueryAnswer | null>;
  /** A relation's columns that can be fed. */
  columnsOf(relation: string): Schema;
  /** Feeds rows into a test source or a table, then runs until nothing is left to do. */
  feed(relation: string, rows: readonly FedRow[], partition: string): Promise<void>;
  /** Net changes of a view since this was last asked: cells with their weight. */
  changes(view: string): Promise<{
    readonly columns: readonly string[];
    readonly rows: readonly { weight: number; cells: readonly string[] }[];
  }>;
  explain(stage: string, sql: string): Promise<string>;
  /** States that no earlier row follows in a test source. */
  raiseWatermark(source: string, micros: number): void;
  watermark(relation: string): number;
  lateRows(relation: string): number;
  deadLetters(source: string): number;
  rowErrors(view: string): number;
  state(view: string): readonly { readonly table: string; readonly rows: number }[];
  advanceClock(ms: number): Promise<void>;
  idle(source: string): void;
  end(source: string): void;
  checkpoint(): Promise<void>;
  /** Forgets everything not durable and comes back from the store. */
  crash(): Promise<void>;
  close(): Promise<void>;
}

export type OpenEngine = (options: TestModeOptions) => Promise<EngineUnderTest>;
