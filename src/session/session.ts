/**
 * One client's session: prepared statements, portals, the transaction state machine and cancellation. What a
 * statement does is in execute.ts; this file decides when transactions begin and end around it.
 *
 *   simple query   all statements of one message are one implicit transaction, unless they say otherwise
 *   extended       everything up to Sync is
 *
 * After an error in an explicit transaction every statement but its end is refused (25P02).
 */

import type { Timer } from '../base/clock.ts';
import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type { Statement } from '../syntax/ast.ts';
import type { TextIoOptions } from '../types/text-io.ts';
import type { Schema } from '../types/schema.ts';
import { Cursors } from './cursors.ts';
import type { Database } from './database.ts';
import { sessionTextOptions } from './evaluation.ts';
import { Executor } from './execute.ts';
import { openSettings } from './open-settings.ts';
import { StatementPlanner } from './prepare.ts';
import { withDialectHint } from './other-dialect.ts';
import type {
  NamedStatement,
  ParameterValues,
  Prepared,
  SessionContext,
} from './session-context.ts';
import type {
  IdleLimit,
  RowCursor,
  Session,
  SessionOptions,
  StatementDescription,
  StatementResult,
} from './session-api.ts';
import { parseMillis, type Settings } from './settings.ts';
import { dropTemporaryViews } from './temporary-views.ts';
import { SequenceValues } from './sequence-values.ts';
import { Transaction } from './transaction.ts';
import type { Catalog } from '../catalog/catalog.ts';

interface Portal {
  readonly prepared: Prepared;
  readonly parameters: ParameterValues;
}

/** Named statements a session may keep. */
const statementsMax = 10_000;

export class SqlSession implements Session, SessionContext {
  readonly options: SessionOptions;
  readonly database: Database;
  readonly settings: Settings;
  readonly transaction: Transaction;
  readonly cursors = new Cursors();
  readonly live = new Set<RowCursor>();
  readonly #planner: StatementPlanner;
  readonly #executor: Executor;
  readonly #statements = new Map<string, NamedStatement>();
  readonly sequenceValues: SequenceValues;
  readonly #portals = new Map<string, Portal>();
  /** Set by cancel, looked at by long work. */
  #cancelRequested = false;
  #running = false;
  /** When the running statement's time is up, on the clock that never steps back. */
  #deadlineMs = Infinity;
  /** For pg_stat_activity. */
  currentQuery = '';
  queryMicros: number;
  readonly startedMicros: number;
  transactionMicros: bigint;

  constructor(options: SessionOptions, database: Database) {
    this.options = options;
    this.database = database;
    this.startedMicros = database.clock.nowMicros();
    this.queryMicros = this.startedMicros;
    this.transactionMicros = BigInt(this.startedMicros);
    this.settings = openSettings(options);
    this.settings.force('millrace.workers', String(database.workers));
    this.transaction = new Transaction(database.engine);
    this.sequenceValues = new SequenceValues(database);
    this.#planner = new StatementPlanner(this);
    this.#executor = new Executor(this, this.#planner);
    database.sessions.add(this);
  }

  get readOnly(): boolean {
    const { transaction, settings } = this;
    return transaction.explicit
      ? transaction.readOnly
      : settings.get('default_transaction_read_only') === 'on';
  }

  get transactionStatus(): 'I' | 'T' | 'E' {
    if (!this.transaction.explicit) return 'I';
    return this.transaction.failed ? 'E' : 'T';
  }

  get activity(): 'active' | 'idle' | 'idle in transaction' | 'idle in transaction (aborted)' {
    if (this.#running) return 'active';
    if (!this.transaction.explicit) return 'idle';
    return this.transaction.failed ? 'idle in transaction (aborted)' : 'idle in transaction';
  }

  reportedParameters(): ReadonlyMap<string, string> {
    return this.settings.reported();
  }

  textOptions(): TextIoOptions {
    return sessionTextOptions(this);
  }

  // Simple protocol --------------------------------------------------------------------------------

  async simpleQuery(sql: string, each: (result: StatementResult) => Promise<void>): Promise<void> {
    this.#begin(sql);
    try {
      const statements = this.#planner.parse(sql);
      if (statements.length === 0) await each({ kind: 'empty' });
      for (const [index, statement] of statements.entries()) {
        this.#refuseInFailed(statement);
        this.#startTimer();
        const prepared = this.#planner.prepare(sql, statement, []);
        refuseParameters(prepared);
        const result = await this.#received(await this.#run(prepared, []), each);
        // The last statement's commit comes before the client hears of it.
        if (index === statements.length - 1) await this.#endImplicit(false);
        await each(result);
      }
    } catch (error) {
      await this.#failed();
      throw await withDialectHint(error, sql);
    } finally {
      this.#end();
    }
  }

  /** A statement that waits for data is complete, and may be committed, when that is there. */
  async #received(
    result: StatementResult,
    each: (result: StatementResult) => Promise<void>,
  ): Promise<StatementResult> {
    if (result.kind !== 'copy-in') return result;
    await each(result);
    if (result.copy.tag !== null) return { kind: 'done', tag: result.copy.tag };
    throw notSupported('COPY FROM STDIN without a client', {
      hint: "Send the rows from a client, or read a file with connector = 'file'.",
    });
  }

  // Extended protocol ------------------------------------------------------------------------------

  async parse(name: string, sql: string, parameterOids: readonly number[]): Promise<void> {
    if (name !== '' && this.#statements.has(name)) {
      throw new SqlError(
        sqlstate.duplicatePreparedStatement,
        `prepared statement "${name}" already exists`,
      );
    }
    const statements = await this.#parsed(sql);
    if (statements.length > 1) {
      throw new SqlError(
        sqlstate.syntaxError,
        'cannot insert multiple commands into a prepared statement',
      );
    }
    const [statement = null] = statements;
    if (statement !== null) this.#refuseInFailed(statement);
    for (const oid of parameterOids) checkTypeOid(oid, this.database.catalog);
    await Promise.resolve();
    this.savePrepared(name, this.#planner.prepare(sql, statement, parameterOids), 'protocol');
  }

  async #parsed(sql: string): Promise<readonly Statement[]> {
    try {
      return this.#planner.parse(sql);
    } catch (error) {
      throw await withDialectHint(error, sql);
    }
  }

  savePrepared(name: string, prepared: Prepared, how: 'sql' | 'protocol'): void {
    if (this.#statements.size >= statementsMax && !this.#statements.has(name)) {
      throw new SqlError(sqlstate.outOfMemory, 'too many prepared statements in this session', {
        hint: 'Deallocate some of them.',
      });
    }
    this.#statements.set(name, {
      prepared,
      text: how === 'sql' ? this.currentQuery : prepared.sql,
      fromSql: how === 'sql',
      preparedMicros: this.database.clock.nowMicros(),
      uses: 0,
    });
  }

  *namedStatements(): Iterable<readonly [name: string, statement: NamedStatement]> {
    for (const entry of this.#statements) if (entry[0] !== '') yield entry;
  }

  prepared(name: string): Prepared {
    return this.#named(name).prepared;
  }

  usePrepared(name: string): Prepared {
    const found = this.#named(name);
    found.uses++;
    return found.prepared;
  }

  #named(name: string): NamedStatement {
    const found = this.#statements.get(name);
    if (found !== undefined) return found;
    throw new SqlError(
      sqlstate.invalidSqlStatementName,
      name === ''
        ? 'unnamed prepared statement does not exist'
        : `prepared statement "${name}" does not exist`,
    );
  }

  hasPrepared(name: string): boolean {
    return this.#statements.has(name);
  }

  describeStatement(name: string): StatementDescription {
    const prepared = this.prepared(name);
    return { parameters: prepared.parameters, fields: prepared.fields };
  }

  /** `null`: all of them. */
  closeStatement(name: string | null): void {
    if (name === null) this.#statements.clear();
    else this.#statements.delete(name);
  }

  async bind(portal: string, statement: string, parameters: ParameterValues): Promise<void> {
    if (portal !== '' && this.#portals.has(portal)) {
      throw new SqlError(sqlstate.duplicateCursor, `cursor "${portal}" already exists`);
    }
    const prepared = this.usePrepared(statement);
    if (prepared.statement !== null) this.#refuseInFailed(prepared.statement);
    await Promise.resolve();
    this.#portals.set(portal, { prepared, parameters });
  }

  describePortal(name: string): Schema | null {
    return this.#portal(name).prepared.fields;
  }

  #portal(name: string): Portal {
    const found = this.#portals.get(name);
    if (found !== undefined) return found;
    throw new SqlError(sqlstate.invalidCursorName, `portal "${name}" does not exist`);
  }

  async execute(name: string): Promise<StatementResult> {
    const { prepared, parameters } = this.#portal(name);
    // Until Sync the statement counts as running: its rows are still to be sent.
    this.#begin(prepared.sql);
    this.#startTimer();
    if (prepared.statement !== null) this.#refuseInFailed(prepared.statement);
    return await this.#run(prepared, parameters);
  }

  resume(name: string): void {
    this.#begin(this.#portal(name).prepared.sql);
    this.#startTimer();
  }

  closePortal(name: string): void {
    this.#portals.delete(name);
  }

  async sync(failed: boolean): Promise<void> {
    this.#end();
    if (failed) await this.#failed();
    else await this.#endImplicit(false);
    if (!this.transaction.explicit) this.#portals.clear();
  }

  fail(): void {
    if (this.transaction.explicit) this.transaction.failed = true;
    else this.transaction.end();
  }

  // Transactions -----------------------------------------------------------------------------------

  /** One statement inside the transaction that is open, or in one of its own. */
  async #run(prepared: Prepared, parameters: ParameterValues): Promise<StatementResult> {
    if (prepared.statement === null) return { kind: 'empty' };
    const mark = this.transaction.mark();
    try {
      return await this.#executor.run(prepared, parameters);
    } catch (error) {
      this.transaction.undoTo(Math.min(mark, this.transaction.mark()));
      throw error;
    }
  }

  /** Only the end of a failed transaction may follow its error. */
  #refuseInFailed(statement: Statement): void {
    if (!this.transaction.failed) return;
    if (statement.kind === 'transaction' && endsFailed.has(statement.action)) return;
    throw new SqlError(
      sqlstate.inFailedSqlTransaction,
      'current transaction is aborted, commands ignored until end of transaction block',
    );
  }

  /** Commits what an implicit transaction has changed. */
  async #endImplicit(rollback: boolean): Promise<void> {
    if (this.transaction.explicit) return;
    if (rollback) this.rollback();
    if (!rollback || this.sequenceValues.used) await this.commit();
  }

  async #failed(): Promise<void> {
    if (this.transaction.explicit) this.transaction.failed = true;
    else await this.#endImplicit(true);
  }

  begin(): void {
    this.transaction.explicit = true;
    this.transaction.readOnly = this.settings.get('default_transaction_read_only') === 'on';
    this.settings.begin();
  }

  /** Makes the open transaction's changes visible and durable. On failure nothing of it remains. */
  async commit(): Promise<void> {
    const { transaction } = this;
    const explicit = transaction.explicit;
    try {
      const { used } = this.sequenceValues;
      this.sequenceValues.used = false;
      if (used || transaction.hasChanges) await this.#executor.commitChanges();
    } catch (error) {
      this.rollback();
      throw error;
    }
    if (explicit) {
      this.#portals.clear();
      await this.cursors.endTransaction(true);
    }
    transaction.end();
    this.settings.end(true);
  }

  rollback(): void {
    if (this.transaction.explicit) this.#portals.clear();
    void this.cursors.endTransaction(false);
    this.transaction.end();
    this.settings.end(false);
  }

  // Cancel and end ---------------------------------------------------------------------------------

  #begin(sql: string): void {
    this.#cancelRequested = false;
    this.#running = true;
    this.currentQuery = sql;
    this.queryMicros = this.database.clock.nowMicros();
    if (!this.transaction.explicit) this.transactionMicros = BigInt(this.queryMicros);
  }

  #end(): void {
    this.#running = false;
    this.#deadlineMs = Infinity;
  }

  #startTimer(): void {
    const limit = this.#millis('statement_timeout');
    this.#deadlineMs = limit === 0 ? Infinity : this.database.clock.monotonicMs() + limit;
  }

  #millis(setting: string): number {
    const text = this.settings.get(setting);
    return text === '0' ? 0 : (parseMillis(text) ?? 0);
  }

  get idleLimit(): IdleLimit | null {
    const { transactionStatus } = this;
    const inTransaction = transactionStatus !== 'I';
    const setting = inTransaction ? 'idle_in_transaction_session_timeout' : 'idle_session_timeout';
    const millis = this.#millis(setting);
    return millis === 0 ? null : { millis, inTransaction };
  }

  cancel(): void {
    if (this.#running) this.#cancelRequested = true;
    this.#onCancel?.();
  }

  /** Wakes something that waits, e.g. a subscription without news. */
  #onCancel: (() => void) | null = null;

  async untilWoken(
    arm: (wake: () => void) => void,
    timeoutMs: number | null = null,
  ): Promise<void> {
    const { clock } = this.database;
    const leftMs = Math.min(timeoutMs ?? Infinity, this.#deadlineMs - clock.monotonicMs());
    let timer: Timer | null = null;
    try {
      await new Promise<void>((resolve) => {
        this.#onCancel = resolve;
        if (leftMs !== Infinity) timer = clock.after(Math.max(0, leftMs), resolve);
        arm(resolve);
        if (this.#cancelRequested) resolve();
      });
    } finally {
      this.#onCancel = null;
      (timer as Timer | null)?.cancel();
    }
  }

  get cancelRequested(): boolean {
    return this.#cancelRequested;
  }

  /** Throws 57014 when the client asked to stop or the statement's time is up. */
  checkCancel(): void {
    if (this.#cancelRequested) {
      this.#cancelRequested = false;
      throw new SqlError(sqlstate.queryCanceled, 'canceling statement due to user request');
    }
    if (this.#deadlineMs === Infinity) return;
    if (this.database.clock.monotonicMs() < this.#deadlineMs) return;
    this.#deadlineMs = Infinity;
    throw new SqlError(sqlstate.queryCanceled, 'canceling statement due to statement timeout');
  }

  /** Forgets everything that belongs to the session alone (DISCARD ALL). */
  discardAll(): void {
    this.rollback();
    this.closeStatement(null);
    this.#portals.clear();
    this.cursors.closeAll();
    this.sequenceValues.forget();
    this.settings.resetAll();
    dropTemporaryViews(this);
  }

  close(): void {
    this.rollback();
    this.cursors.closeAll();
    for (const cursor of [...this.live]) cursor.close();
    this.#portals.clear();
    this.#statements.clear();
    dropTemporaryViews(this);
    this.database.sessions.delete(this);
  }
}

const endsFailed: ReadonlySet<string> = new Set(['commit', 'rollback', 'rollback-to']);

/** In the simple protocol there is nothing to give a parameter its value. */
function refuseParameters({ parameters }: Prepared): void {
  if (parameters.length === 0) return;
  throw new SqlError(sqlstate.undefinedParameter, `there is no parameter $${parameters.length}`, {
    hint: 'Prepare the statement, or write the value in its place.',
  });
}

/** 0 and 705 (unknown) leave the type to be inferred. */
function checkTypeOid(oid: number, catalog: Catalog): void {
  if (oid === 0 || oid === 705 || catalog.typeOfOid(oid) !== null) return;
  throw new SqlError(sqlstate.undefinedObject, `type with OID ${oid} does not exist`);
}
