/**
 * What the front door offers to a protocol. `pgwire` (and any later protocol) sees only this: it turns
 * messages into these calls and answers into bytes. One Session per connection; calls are not concurrent,
 * except `cancel`.
 */

import type { Batch } from '../types/batch.ts';
import type { Datum } from '../types/datum.ts';
import type { Schema } from '../types/schema.ts';
import type { SqlType } from '../types/sql-type.ts';
import type { TextIoOptions } from '../types/text-io.ts';
import type { SqlError } from '../base/errors.ts';

export interface SessionOptions {
  readonly user: string;
  readonly database: string;
  /** Start-up parameters, names in lower case: application_name, client_encoding, options… */
  readonly parameters: ReadonlyMap<string, string>;
  readonly remoteAddress: string;
  /** The BackendKeyData pid, unique while the session lives. */
  readonly backendPid: number;
  readonly notice: (notice: Notice) => void;
  /** A reported setting changed (ParameterStatus). */
  readonly parameterChanged: (name: string, value: string) => void;
}

export interface Notice {
  readonly severity: 'WARNING' | 'NOTICE' | 'DEBUG' | 'INFO' | 'LOG';
  readonly code: string;
  readonly message: string;
  readonly detail?: string | undefined;
  readonly hint?: string | undefined;
}

/** `opened` throws SqlError 3D000 for an unknown database, 28000 for an unknown role. */
export interface SessionFactory {
  open(options: SessionOptions): Session;
}

/** One result of a statement. */
export type StatementResult =
  | {
      readonly kind: 'rows';
      readonly fields: Schema;
      readonly cursor: RowCursor;
      /** Completion tag once the rows are out: `SELECT` gets the count appended by the protocol. */
      readonly tag: string;
    }
  | { readonly kind: 'done'; readonly tag: string }
  | { readonly kind: 'empty' }
  | {
      readonly kind: 'copy-out';
      readonly fields: Schema;
      readonly cursor: RowCursor;
      readonly copy: CopyOptions;
    }
  /** The statement waits for data; the protocol hands it over and calls `finish` before it asks for anything else. */
  | { readonly kind: 'copy-in'; readonly copy: CopyIn };

/** COPY FROM STDIN. Every method throws SqlError for data that cannot be taken; then nothing of it remains. */
export interface CopyIn {
  readonly columns: number;
  push(bytes: Uint8Array): void;
  finish(): void;
  /** The client gave up. */
  fail(message: string): never;
  /** The completion tag; null before `finish`. */
  readonly tag: string | null;
}

export interface CopyOptions {
  readonly format: 'text' | 'csv' | 'binary';
  /** `match`: the names are compared, too. */
  readonly header: boolean | 'match';
  readonly delimiter: string;
  readonly nullText: string;
  readonly quote: string;
  readonly escape: string;
}

/** Rows of a result, on the snapshot where the statement ran. Weights are already expanded. */
export interface RowCursor {
  /**
   * Up to `max` rows as columns, or null at the end. The batch is valid until the next call. A live
   * subscription may resolve later; a query's cursor resolves at once.
   */
  next(max: number): Promise<Batch | null>;
  /**
   * Only of live subscriptions: true when `next` would have to wait, so that all that was made is to be sent now.
   */
  readonly idle?: boolean;
  close(): void;
}

export interface StatementDescription {
  readonly parameters: readonly SqlType[];
  /** Null: the statement gives no rows. */
  readonly fields: Schema | null;
}

/** How long a session may wait for its client before it is ended. */
export interface IdleLimit {
  readonly millis: number;
  /** It waits with a transaction open. */
  readonly inTransaction: boolean;
}

export interface Session {
  /** 'I' idle, 'T' in a transaction, 'E' in a failed one. */
  readonly transactionStatus: 'I' | 'T' | 'E';
  /** The reported settings (ParameterStatus) as they stand: server_version, TimeZone, DateStyle… */
  reportedParameters(): ReadonlyMap<string, string>;
  /** What the text forms of parameters and results depend on just now. */
  textOptions(): TextIoOptions;
  /** Null: it may stay idle for ever. */
  readonly idleLimit: IdleLimit | null;

  /**
   * A simple Query message: runs each statement in turn and hands its result to `each`, which sends it
   * before the next one runs. All statements are one implicit transaction unless they say otherwise. Stops at the first
   * error by throwing it.
   */
  simpleQuery(sql: string, each: (result: StatementResult) => Promise<void>): Promise<void>;

  /** Parse. `parameterOids` may hold 0 for "infer". An empty name is the unnamed statement. */
  parse(name: string, sql: string, parameterOids: readonly number[]): Promise<void>;
  describeStatement(name: string): StatementDescription;
  closeStatement(name: string): void;

  /** Bind. `parameters` were decoded to datums of the types that describeStatement gave. */
  bind(portal: string, statement: string, parameters: readonly (Datum | null)[]): Promise<void>;
  /** Null: gives no rows. */
  describePortal(name: string): Schema | null;
  /**
   * Starts a portal, or goes on with a suspended one: the result's cursor stays where it is between calls.
   * The protocol reads up to its row limit and keeps the portal until it is closed.
   */
  execute(portal: string): Promise<StatementResult>;
  /** The protocol goes on with the cursor of a suspended portal: it is running again. */
  resume(portal: string): void;
  closePortal(name: string): void;
  /** Sync: ends the implicit transaction, closing its portals; rolls it back when `failed`. */
  sync(failed: boolean): Promise<void>;
  /** Any error inside extended-protocol handling: the open transaction becomes failed. */
  fail(error: SqlError): void;

  /** From another connection: the running statement ends with 57014. Harmless when nothing runs. */
  cancel(): void;
  close(): void;
}
