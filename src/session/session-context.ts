/** A session as its statements see it: what they may read, and what they may do to it. */

import type { Bound } from '../binder/bound-statement.ts';
import type { Statement } from '../syntax/ast.ts';
import type { Datum } from '../types/datum.ts';
import type { Schema } from '../types/schema.ts';
import type { SqlType } from '../types/sql-type.ts';
import type { Cursors } from './cursors.ts';
import type { Database, SessionActivity } from './database.ts';
import type { RowCursor } from './session-api.ts';
import type { SequenceValues } from './sequence-values.ts';
import type { Settings } from './settings.ts';
import type { Transaction } from './transaction.ts';

/** Values of $1, $2, … */
export type ParameterValues = readonly (Datum | null)[];

/** A statement made ready: bound against the catalog as it stood then. */
export interface Prepared {
  readonly sql: string;
  /** Null: an empty statement. */
  readonly statement: Statement | null;
  readonly bound: Bound | null;
  readonly parameters: readonly SqlType[];
  /** Null: gives no rows. */
  readonly fields: Schema | null;
  readonly parameterOids: readonly number[];
  /** What it was bound against. */
  readonly catalogVersion: number;
  readonly searchPath: string;
}

/** A prepared statement under its name. */
export interface NamedStatement {
  readonly prepared: Prepared;
  /** As it was sent: the whole text, for PREPARE too. */
  readonly text: string;
  /** By PREPARE, and not by the protocol. */
  readonly fromSql: boolean;
  /** Microseconds since 1970. */
  readonly preparedMicros: number;
  uses: number;
}

export interface SessionContext extends SessionActivity {
  readonly database: Database;
  readonly settings: Settings;
  readonly transaction: Transaction;
  readonly cursors: Cursors;
  /** Cursors over subscriptions that are open; they end with the session. */
  readonly live: Set<RowCursor>;
  readonly sequenceValues: SequenceValues;
  /** The open transaction, or each statement by itself, may change nothing. */
  readonly readOnly: boolean;
  /** now() of the running transaction, µs since 1970. */
  readonly transactionMicros: bigint;
  /** Throws 57014 when the client asked to stop. */
  checkCancel(): void;
  /**
   * Hands a function to `arm` and resolves when that is called, the client cancels, the statement's time is up
   * or `timeoutMs` have passed. To be followed by `checkCancel`.
   */
  untilWoken(arm: (wake: () => void) => void, timeoutMs?: number | null): Promise<void>;
  begin(): void;
  commit(): Promise<void>;
  rollback(): void;
  discardAll(): void;
  prepared(name: string): Prepared;
  /** The same, to be executed. */
  usePrepared(name: string): Prepared;
  hasPrepared(name: string): boolean;
  /** `how`: by PREPARE, or by the protocol. */
  savePrepared(name: string, prepared: Prepared, how: 'sql' | 'protocol'): void;
  /** Those with a name. */
  namedStatements(): Iterable<readonly [name: string, statement: NamedStatement]>;
  /** Null: all of them. */
  closeStatement(name: string | null): void;
}
