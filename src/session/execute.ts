/** Statement → result: the one dispatcher. Each kind of statement has a file of its own. */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import { unreachable } from '../base/assert.ts';
import type { BoundStatement, BoundTruncate } from '../binder/bound-statement.ts';
import { copyTo } from './copy.ts';
import { type Definition, Definitions } from './definitions.ts';
import { explain } from './explain.ts';
import type { StatementPlanner } from './prepare.ts';
import { Queries } from './queries.ts';
import type { ParameterValues, Prepared, SessionContext } from './session-context.ts';
import type { StatementResult } from './session-api.ts';
import { SessionStatements } from './session-statements.ts';
import { subscribe } from './subscribe.ts';
import { Writes } from './writes.ts';
import { checkView } from './check-view.ts';

export class Executor {
  readonly #session: SessionContext;
  readonly #planner: StatementPlanner;
  readonly queries: Queries;
  readonly writes: Writes;
  readonly #definitions: Definitions;
  readonly #statements: SessionStatements;

  constructor(session: SessionContext, planner: StatementPlanner) {
    this.#session = session;
    this.#planner = planner;
    this.queries = new Queries(session);
    this.writes = new Writes(session, this.queries);
    this.#definitions = new Definitions(session, this.queries);
    this.#statements = new SessionStatements(session, planner, {
      run: (prepared, parameters) => this.run(prepared, parameters),
      query: (query, parameters) => this.queries.run(query, parameters),
      subscribe: (bound, parameters) => subscribe(bound, session, parameters),
    });
  }

  async run(prepared: Prepared, parameters: ParameterValues): Promise<StatementResult> {
    const current = this.#planner.refresh(prepared);
    for (const notice of current.bound?.notices ?? []) this.#session.options.notice(notice);
    if (current.bound === null) return { kind: 'empty' };
    return await this.#dispatch(current.bound.statement, parameters);
  }

  async #dispatch(bound: BoundStatement, parameters: ParameterValues): Promise<StatementResult> {
    switch (bound.kind) {
      case 'query':
        return await this.queries.run(bound, parameters);
      case 'insert':
        return this.writes.insert(bound, parameters);
      case 'update':
        return this.writes.update(bound, parameters);
      case 'delete':
        return this.writes.delete(bound, parameters);
      case 'truncate':
        return await this.#truncate(bound);
      case 'create-table':
      case 'create-source':
      case 'create-view':
      case 'create-materialized-view':
      case 'create-sink':
      case 'create-index':
      case 'create-sequence':
      case 'create-type':
      case 'create-schema':
      case 'drop':
      case 'alter':
        return await this.#define(bound, parameters);
      case 'explain':
        return await explain(bound, {
          session: this.#session,
          queries: this.queries,
          parameters,
        });
      case 'copy-to':
        return await copyTo(bound, this.queries, this.#session, parameters);
      case 'declare':
        return await this.#statements.declare(bound, parameters);
      case 'check-view':
        return await checkView(bound.view, this.#session, this.queries);
      case 'refresh':
        return { kind: 'done', tag: 'REFRESH MATERIALIZED VIEW' };
      case 'copy-from':
        return this.writes.copyFrom(bound);
      case 'subscribe':
        return await subscribe(bound, this.#session, parameters);
      case 'session':
        return await this.#statements.run(bound.statement);
      default:
        return unreachable(bound);
    }
  }

  /** Values of sequences are never taken back, so they begin again where the removal of the rows commits. */
  async #truncate(bound: BoundTruncate): Promise<StatementResult> {
    if (bound.restart === null) return this.writes.truncate(bound);
    if (this.#session.transaction.explicit) {
      throw notSupported('TRUNCATE … RESTART IDENTITY inside a transaction block', {
        hint: 'End the transaction first, or leave RESTART IDENTITY out.',
      });
    }
    // What the same message changed before belongs before it.
    await this.#session.commit();
    const result = this.writes.truncate(bound);
    this.writes.restartAtCommit(bound.restart);
    await this.#session.commit();
    return result;
  }

  /** Definitions take effect at once, so they cannot be part of a transaction that may still roll back. */
  async #define(bound: Definition, parameters: ParameterValues): Promise<StatementResult> {
    if (this.#session.transaction.explicit) {
      throw new SqlError(
        sqlstate.activeSqlTransaction,
        'definitions cannot run inside a transaction block',
        { hint: 'End the transaction first. A definition takes effect at once and for everybody.' },
      );
    }
    // What the same message changed before belongs before the definition.
    await this.#session.commit();
    return await this.#definitions.run(bound, parameters);
  }

  async commitChanges(): Promise<void> {
    await this.writes.commit();
  }
}
