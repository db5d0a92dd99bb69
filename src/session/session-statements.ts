/** What the session does on its own: transactions, settings, prepared statements, cursors. */

import { unreachable } from '../base/assert.ts';
import { SqlError, notSupported, sqlstate } from '../base/errors.ts';
import { didYouMean } from '../binder/closest-name.ts';
import type {
  BoundDeclare,
  BoundQuery,
  BoundSession,
  BoundSubscribe,
} from '../binder/bound-statement.ts';
import type {
  DeclareStatement,
  ExecuteStatement,
  FetchStatement,
  MaintenanceStatement,
  OptionValue,
  SetStatement,
  SetTransactionStatement,
  TransactionStatement,
} from '../syntax/ast.ts';
import type { StatementPlanner } from './prepare.ts';
import { rowsResult, textFields } from './result-cursor.ts';
import type { ParameterValues, Prepared, SessionContext } from './session-context.ts';
import { canonicalName, parseMillis } from './settings.ts';
import type { SubscribeResult } from './subscribe.ts';
import type { StatementResult } from './session-api.ts';
import { describeRelation, showHint, showObjects } from './show-objects.ts';
import { dropTemporaryViews } from './temporary-views.ts';

const done = (tag: string): StatementResult => ({ kind: 'done', tag });

type Modes = TransactionStatement['modes'];

/** How other statements are run: EXECUTE's and a cursor's. */
export interface Running {
  run(prepared: Prepared, parameters: ParameterValues): Promise<StatementResult>;
  query(query: BoundQuery, parameters: ParameterValues): Promise<StatementResult>;
  subscribe(bound: BoundSubscribe, parameters: ParameterValues): Promise<SubscribeResult>;
}

export class SessionStatements {
  readonly #session: SessionContext;
  readonly #planner: StatementPlanner;
  readonly #running: Running;

  constructor(session: SessionContext, planner: StatementPlanner, running: Running) {
    this.#session = session;
    this.#planner = planner;
    this.#running = running;
  }

  async run(statement: BoundSession['statement']): Promise<StatementResult> {
    const session = this.#session;
    switch (statement.kind) {
      case 'transaction':
        return await this.#transaction(statement);
      case 'set-transaction':
        return this.#setTransaction(statement);
      case 'set':
        return this.#set(statement);
      case 'reset':
        if (statement.name === null) session.settings.resetAll();
        else session.settings.reset(canonicalName(statement.name));
        return done('RESET');
      case 'show':
        return this.#show(statement.name);
      case 'show-objects':
        return showObjects(statement, session);
      case 'describe':
        return describeRelation(statement, session);
      case 'discard':
        return this.#discard(statement.what);
      case 'prepare':
        return this.#prepare(statement);
      case 'execute':
        return await this.#execute(statement);
      case 'deallocate':
        return this.#deallocate(statement.name?.name ?? null);
      case 'fetch':
        return await this.#fetch(statement);
      case 'close':
        session.cursors.close(statement.name?.name ?? null);
        return done(statement.name === null ? 'CLOSE CURSOR ALL' : 'CLOSE CURSOR');
      case 'listen':
      case 'notify':
        throw notSupported(statement.kind.toUpperCase());
      case 'unlisten':
        // Connection pools send UNLISTEN * when they reset a session; there is nothing to undo.
        return done('UNLISTEN');
      case 'maintenance':
        return await this.#maintenance(statement);
      case 'lock':
        this.#requireTransaction('LOCK TABLE');
        // Readers hold snapshots and writers are checked at commit, so a lock would protect nothing.
        throw notSupported('LOCK TABLE', {
          hint: 'Transactions read one snapshot; conflicting writes fail with 40001 at COMMIT.',
        });
      case 'generic':
        throw notSupported(statement.command);
      default:
        return unreachable(statement);
    }
  }

  // Transactions -----------------------------------------------------------------------------------

  async #transaction(statement: TransactionStatement): Promise<StatementResult> {
    const session = this.#session;
    const { transaction } = session;
    const name = statement.savepoint?.name ?? '';
    switch (statement.action) {
      case 'begin':
        return await this.#begin(statement);
      case 'commit':
        return await this.#commit(statement);
      case 'rollback':
        return this.#rollback(statement);
      case 'savepoint':
        this.#requireTransaction('SAVEPOINT');
        transaction.savepoint(name);
        return done('SAVEPOINT');
      case 'release':
        this.#requireTransaction('RELEASE SAVEPOINT');
        transaction.release(name);
        return done('RELEASE');
      case 'rollback-to':
        this.#requireTransaction('ROLLBACK TO SAVEPOINT');
        transaction.rollbackTo(name);
        return done('ROLLBACK');
      case 'prepare':
      case 'commit-prepared':
      case 'rollback-prepared':
        throw notSupported('two-phase commit');
    }
  }

  async #begin(statement: TransactionStatement): Promise<StatementResult> {
    const session = this.#session;
    if (session.transaction.explicit) {
      this.#warn(sqlstate.activeSqlTransaction, 'there is already a transaction in progress');
      return done('BEGIN');
    }
    // What the same message changed before becomes part of the transaction, as in PostgreSQL.
    session.begin();
    this.#applyModes(statement.modes);
    await Promise.resolve();
    return done('BEGIN');
  }

  async #commit(statement: TransactionStatement): Promise<StatementResult> {
    const session = this.#session;
    if (!session.transaction.explicit) {
      this.#warn(sqlstate.noActiveSqlTransaction, 'there is no transaction in progress');
      await session.commit();
      return done('COMMIT');
    }
    const { failed } = session.transaction;
    if (failed) session.rollback();
    else await session.commit();
    if (statement.chain) session.begin();
    return done(failed ? 'ROLLBACK' : 'COMMIT');
  }

  #rollback(statement: TransactionStatement): StatementResult {
    const session = this.#session;
    if (!session.transaction.explicit) {
      this.#warn(sqlstate.noActiveSqlTransaction, 'there is no transaction in progress');
    }
    session.rollback();
    if (statement.chain) session.begin();
    return done('ROLLBACK');
  }

  #requireTransaction(what: string): void {
    if (this.#session.transaction.explicit) return;
    throw new SqlError(
      sqlstate.noActiveSqlTransaction,
      `${what} can only be used in transaction blocks`,
    );
  }

  #applyModes(modes: Modes): void {
    const { settings, transaction } = this.#session;
    if (modes.isolation !== null) {
      settings.set('transaction_isolation', modes.isolation, { local: true });
    }
    if (modes.readOnly !== null) transaction.readOnly = modes.readOnly;
  }

  #setTransaction(statement: SetTransactionStatement): StatementResult {
    const { settings, transaction } = this.#session;
    const { modes } = statement;
    if (statement.snapshot !== null) throw notSupported('SET TRANSACTION SNAPSHOT');
    if (statement.session) {
      if (modes.isolation !== null) {
        settings.set('default_transaction_isolation', modes.isolation, { local: false });
      }
      if (modes.readOnly !== null) {
        const value = modes.readOnly ? 'on' : 'off';
        settings.set('default_transaction_read_only', value, { local: false });
      }
    } else if (transaction.explicit) {
      this.#applyModes(modes);
    } else {
      this.#warn(
        sqlstate.noActiveSqlTransaction,
        'SET TRANSACTION can only be used in transaction blocks',
      );
    }
    return done('SET');
  }

  #warn(code: string, message: string): void {
    this.#session.options.notice({ severity: 'WARNING', code, message });
  }

  // Settings ---------------------------------------------------------------------------------------

  #set(statement: SetStatement): StatementResult {
    const { settings, transaction } = this.#session;
    const name = canonicalName(statement.name);
    const local = statement.scope === 'local';
    if (local && !transaction.explicit) {
      this.#warn(
        sqlstate.noActiveSqlTransaction,
        'SET LOCAL can only be used in transaction blocks',
      );
      return done('SET');
    }
    if (statement.values === null) settings.reset(name);
    else settings.set(name, settingValue(name, statement.values), { local });
    return done('SET');
  }

  #show(name: string | null): StatementResult {
    const { settings } = this.#session;
    if (name === null) {
      const rows = settings
        .all()
        .map(({ definition, value }) => [definition.name, value, definition.help]);
      return rowsResult(textFields('name', 'setting', 'description'), rows, 'SHOW');
    }
    const setting = canonicalName(name);
    const value = settings.find(setting);
    if (value === undefined) {
      const known = settings.all().map(({ definition }) => definition.name);
      throw new SqlError(
        sqlstate.undefinedObject,
        `unrecognized configuration parameter "${setting}"`,
        { hint: showHint(setting) ?? didYouMean(setting, known) },
      );
    }
    return rowsResult(textFields(settings.displayName(name)), [[value]], 'SHOW');
  }

  #discard(what: 'all' | 'plans' | 'sequences' | 'temporary'): StatementResult {
    if (what === 'all') {
      if (this.#session.transaction.explicit) {
        throw new SqlError(
          sqlstate.activeSqlTransaction,
          'DISCARD ALL cannot run inside a transaction block',
        );
      }
      this.#session.discardAll();
    }
    if (what === 'sequences') this.#session.sequenceValues.forget();
    if (what === 'temporary') dropTemporaryViews(this.#session);
    return done(`DISCARD ${what === 'temporary' ? 'TEMP' : what.toUpperCase()}`);
  }

  // Prepared statements and cursors ----------------------------------------------------------------

  #prepare(statement: Extract<BoundSession['statement'], { kind: 'prepare' }>): StatementResult {
    const { name } = statement.name;
    if (this.#session.hasPrepared(name)) {
      throw new SqlError(
        sqlstate.duplicatePreparedStatement,
        `prepared statement "${name}" already exists`,
      );
    }
    this.#session.savePrepared(name, this.#planner.prepareSql(statement), 'sql');
    return done('PREPARE');
  }

  async #execute(statement: ExecuteStatement): Promise<StatementResult> {
    const prepared = this.#session.usePrepared(statement.name.name);
    const values = this.#planner.executeArguments(statement, prepared);
    return await this.#running.run(prepared, values);
  }

  #deallocate(name: string | null): StatementResult {
    if (name !== null) this.#session.prepared(name);
    this.#session.closeStatement(name);
    return done(name === null ? 'DEALLOCATE ALL' : 'DEALLOCATE');
  }

  async declare(bound: BoundDeclare, parameters: ParameterValues): Promise<StatementResult> {
    const { declare, source } = bound;
    if (!declare.hold) this.#requireTransaction('DECLARE CURSOR');
    if (source.kind === 'subscribe') return await this.#declareLive(declare, source, parameters);
    const result = await this.#running.query(source, parameters);
    if (result.kind !== 'rows') return result;
    this.#session.cursors.declare({
      name: declare.name.name,
      fields: result.fields,
      source: result.cursor,
      hold: declare.hold,
      noScroll: declare.scroll === false,
    });
    return done('DECLARE CURSOR');
  }

  async #declareLive(
    declare: DeclareStatement,
    source: BoundSubscribe,
    parameters: ParameterValues,
  ): Promise<StatementResult> {
    if (declare.hold) throw notSupported('WITH HOLD for a cursor over SUBSCRIBE');
    if (declare.scroll === true) throw notSupported('SCROLL for a cursor over SUBSCRIBE');
    this.#session.cursors.checkFree(declare.name.name);
    const { fields, cursor } = await this.#running.subscribe(source, parameters);
    this.#session.cursors.declareLive(declare.name.name, fields, cursor);
    return done('DECLARE CURSOR');
  }

  async #fetch(statement: FetchStatement): Promise<StatementResult> {
    const { direction, count, move } = statement;
    const timeoutMs = fetchTimeout(statement);
    const request = { direction, count, move, timeoutMs };
    return await this.#session.cursors.fetch(statement.cursor.name, request);
  }

  async #maintenance(statement: MaintenanceStatement): Promise<StatementResult> {
    if (statement.command === 'checkpoint') await this.#session.database.engine.checkpoint();
    // FLUSH waits for what was written to be visible, which it is; ANALYZE and VACUUM have nothing to do.
    return done(statement.command.toUpperCase());
  }
}

/** `WITH (timeout = '1s')`, in milliseconds; null: not given. Only a cursor over SUBSCRIBE ever waits. */
function fetchTimeout({ options }: FetchStatement): number | null {
  let timeoutMs: number | null = null;
  for (const { name, value, span } of options) {
    if (name !== 'timeout' || timeoutMs !== null) {
      const problem =
        name === 'timeout' ? 'conflicting or redundant options' : `option "${name}" not recognized`;
      throw new SqlError(sqlstate.syntaxError, problem, { position: span.start });
    }
    timeoutMs = parseMillis(value?.text ?? '');
    if (timeoutMs !== null) continue;
    throw new SqlError(
      sqlstate.invalidParameterValue,
      `invalid value for option "timeout": "${value?.text ?? ''}"`,
      { hint: "Write it with its unit, for example '500ms' or '1s'.", position: span.start },
    );
  }
  return timeoutMs;
}

function settingValue(name: string, values: readonly OptionValue[]): string {
  // Each name of a search path keeps its own quotes; elsewhere a list is joined as it is.
  if (name.toLowerCase() === 'search_path') {
    return values.map((value) => quoteIfNeeded(value.text)).join(', ');
  }
  return values.map((value) => value.text).join(', ');
}

function quoteIfNeeded(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
