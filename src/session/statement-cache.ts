/**
 * Statement texts that come again: their trees, and what was bound from them, are kept for as long as they
 * mean the same. Clients repeat themselves, by name, through the unnamed statement and as plain text.
 *
 * A text is bound anew when the catalog or a setting has changed since, for other parameter types, and always
 * when binding has looked at the time ('now'::timestamptz is the time of its statement).
 */

import type { EvalContext } from '../expr/functions/registry.ts';
import type { Statement } from '../syntax/ast.ts';
import { parseStatements } from '../syntax/parse.ts';
import type { Prepared, SessionContext } from './session-context.ts';

/** Texts kept for a session, and how long one may be. */
const textsMax = 128;
const lengthMax = 8192;

interface Made {
  readonly prepared: Prepared;
  readonly settings: string;
  readonly oids: readonly number[];
}

export class StatementCache {
  readonly #session: SessionContext;
  /** The one used last comes last. */
  readonly #texts = new Map<string, readonly Statement[]>();
  readonly #made = new WeakMap<Statement, Made>();
  #settings = '';
  #settingsVersion = -1;

  constructor(session: SessionContext) {
    this.#session = session;
  }

  /** Throws as the parser does. Equal texts may give the same trees. */
  parse(sql: string): readonly Statement[] {
    const known = this.#texts.get(sql);
    if (known !== undefined) {
      this.#texts.delete(sql);
      this.#texts.set(sql, known);
      return known;
    }
    const statements = parseStatements(sql);
    if (sql.length > lengthMax || statements.some((each) => !kept.has(each.kind))) {
      return statements;
    }
    this.#texts.set(sql, statements);
    if (this.#texts.size > textsMax) this.#texts.delete(this.#texts.keys().next().value!);
    return statements;
  }

  /** What was made of a tree, if it would be made like that again. */
  find(statement: Statement, oids: readonly number[]): Prepared | null {
    const made = this.#made.get(statement);
    if (made === undefined) return null;
    const same =
      made.prepared.catalogVersion === this.#session.database.catalog.version &&
      made.settings === this.#meaning() &&
      made.oids.length === oids.length &&
      made.oids.every((oid, i) => oid === oids[i]);
    return same ? made.prepared : null;
  }

  keep(prepared: Prepared, oids: readonly number[]): void {
    const { statement, bound } = prepared;
    if (statement === null || !kept.has(statement.kind)) return;
    // SELECT INTO defines something.
    if (bound?.statement.kind === 'create-table') return;
    this.#made.set(statement, { prepared, settings: this.#meaning(), oids });
  }

  /** Values of the settings that decide what a text means. */
  #meaning(): string {
    const { settings } = this.#session;
    if (this.#settingsVersion !== settings.version) {
      this.#settingsVersion = settings.version;
      this.#settings = JSON.stringify(meaningful.map((name) => settings.get(name)));
    }
    return this.#settings;
  }
}

const meaningful = [
  'search_path',
  'TimeZone',
  'DateStyle',
  'IntervalStyle',
  'extra_float_digits',
  'bytea_output',
];

/** What other statements mean may depend on more than the catalog. */
const kept: ReadonlySet<Statement['kind']> = new Set<Statement['kind']>([
  'query',
  'insert',
  'update',
  'delete',
  'transaction',
  'set',
]);

/** The same context; `looked` is called when the time or chance is asked for. */
export function watchTime(evaluation: EvalContext, looked: () => void): EvalContext {
  return {
    get nowMicros() {
      looked();
      return evaluation.nowMicros;
    },
    clockMicros: () => {
      looked();
      return evaluation.clockMicros();
    },
    random: () => {
      looked();
      return evaluation.random();
    },
    get timeZone() {
      return evaluation.timeZone;
    },
    get catalog() {
      return evaluation.catalog;
    },
  };
}
