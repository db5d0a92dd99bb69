/**
 * Statements made ready: bound, with parameter types and result columns known, and bound again when the
 * catalog has changed since. Texts that come again (clients repeat themselves) are found in a small cache.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import {
  bindExecuteArguments,
  bindPreparedTypes,
  bindStatement,
} from '../binder/bind-statement.ts';
import { compileInterpreter } from '../expr/interpret.ts';
import type { ExecuteStatement, PrepareStatement, Statement } from '../syntax/ast.ts';
import { parseStatements } from '../syntax/parse.ts';
import { printStatement } from '../syntax/print.ts';
import { identicalType, oidOf } from '../types/oid.ts';
import type { Schema } from '../types/schema.ts';
import { bindContext } from './bind-context.ts';
import { resultFields } from './result-fields.ts';
import type { ParameterValues, Prepared, SessionContext } from './session-context.ts';
import { StatementCache, watchTime } from './statement-cache.ts';

export class StatementPlanner {
  readonly #session: SessionContext;

  readonly #cache: StatementCache;

  constructor(session: SessionContext) {
    this.#session = session;
    this.#cache = new StatementCache(session);
  }

  /** The statements of a text. */
  parse(sql: string): readonly Statement[] {
    return this.#cache.parse(sql);
  }

  /** A statement of a text that `parse` has given. */
  prepare(sql: string, statement: Statement | null, parameterOids: readonly number[]): Prepared {
    const known = statement === null ? null : this.#cache.find(statement, parameterOids);
    if (known !== null) return known;
    let timeless = true;
    const prepared = this.#make(sql, statement, parameterOids, () => {
      timeless = false;
    });
    if (timeless) this.#cache.keep(prepared, parameterOids);
    return prepared;
  }

  #make(
    sql: string,
    statement: Statement | null,
    parameterOids: readonly number[],
    lookedAtTime: () => void,
  ): Prepared {
    const { database, settings } = this.#session;
    const stamp = {
      catalogVersion: database.catalog.version,
      searchPath: settings.get('search_path'),
    };
    if (statement === null) {
      return { sql, statement, bound: null, parameters: [], fields: null, parameterOids, ...stamp };
    }
    const context = bindContext(this.#session, parameterOids);
    const bound = bindStatement(this.#reprinted(statement), {
      ...context,
      evaluation: watchTime(context.evaluation, lookedAtTime),
    });
    return {
      sql,
      statement,
      bound,
      parameters: bound.parameters,
      fields: resultFields(bound.statement, this.#session),
      parameterOids,
      ...stamp,
    };
  }

  /** In the `reprint` test mode every statement goes through its printed text once. */
  #reprinted(statement: Statement): Statement {
    if (!this.#session.database.reprint) return statement;
    const [again] = parseStatements(printStatement(statement));
    return again ?? statement;
  }

  /** The same statement against the catalog as it is now. */
  refresh(prepared: Prepared): Prepared {
    const { database, settings } = this.#session;
    const current =
      prepared.catalogVersion === database.catalog.version &&
      prepared.searchPath === settings.get('search_path');
    if (current || prepared.statement === null) return prepared;
    const oids = prepared.parameters.map(oidOf);
    const fresh = this.prepare(prepared.sql, prepared.statement, oids);
    if (!sameFields(prepared.fields, fresh.fields)) {
      throw new SqlError(sqlstate.featureNotSupported, 'cached plan must not change result type', {
        hint: 'Prepare the statement again.',
      });
    }
    return fresh;
  }

  /** PREPARE name (types) AS statement. */
  prepareSql(statement: PrepareStatement): Prepared {
    const oids = bindPreparedTypes(statement, bindContext(this.#session, [])).map(oidOf);
    return this.prepare(printStatement(statement.statement), statement.statement, oids);
  }

  /** The values of EXECUTE's arguments, in the types of the statement's parameters. */
  executeArguments(statement: ExecuteStatement, prepared: Prepared): ParameterValues {
    const context = bindContext(this.#session, []);
    return bindExecuteArguments(statement, prepared.parameters, context).map((expr) =>
      compileInterpreter(expr)([], context.evaluation),
    );
  }
}

function sameFields(a: Schema | null, b: Schema | null): boolean {
  if (a === null || b === null) return a === b;
  return (
    a.length === b.length &&
    a.every((field, index) => {
      const other = b[index]!;
      return field.name === other.name && identicalType(field.type, other.type);
    })
  );
}
