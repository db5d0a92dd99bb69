/**
 * A PostgreSQL that says what is right: PGlite, which is always there, or a server of the machine's packages.
 * Both speak UTF-8, sort by code point and live in UTC.
 */

import { PGlite } from '@electric-sql/pglite';

export type Answer =
  | {
      readonly kind: 'rows';
      readonly names: readonly string[];
      readonly oids: readonly number[];
      readonly rows: readonly (readonly (string | null)[])[];
    }
  | { readonly kind: 'error'; readonly code: string; readonly message: string };

/** The answer of a statement that gives no rows. */
export const done: Answer = { kind: 'rows', names: [], oids: [], rows: [] };

export interface Judge {
  readonly name: string;
  /** The major version of its PostgreSQL. */
  readonly version: number;
  /** An empty schema. */
  reset(): Promise<void>;
  /** Statements; the error that stopped them, or null. A transaction that they leave open is rolled back. */
  run(sql: string): Promise<(Answer & { kind: 'error' }) | null>;
  /** The answer of each query by itself, in one round trip where none fails. */
  ask(queries: readonly string[]): Promise<Answer[]>;
  close(): Promise<void>;
}

/** How a judge reaches its database: several statements at once, all values as text. */
export interface JudgeConnection {
  readonly name: string;
  readonly version: number;
  /** Results of the statements that give rows, in order. Throws what has a `code`. */
  exec(sql: string): Promise<(Answer & { kind: 'rows' })[]>;
  close(): Promise<void>;
}

export const emptySchema = 'DROP SCHEMA public CASCADE; CREATE SCHEMA public';

export class SqlJudge implements Judge {
  readonly #connection: JudgeConnection;

  constructor(connection: JudgeConnection) {
    this.#connection = connection;
  }

  get name(): string {
    return this.#connection.name;
  }

  get version(): number {
    return this.#connection.version;
  }

  async reset(): Promise<void> {
    await this.#connection.exec(emptySchema);
  }

  async run(sql: string): Promise<(Answer & { kind: 'error' }) | null> {
    try {
      await this.#connection.exec(sql);
      return null;
    } catch (error) {
      await this.#connection.exec('ROLLBACK');
      return errorAnswer(error);
    }
  }

  async ask(queries: readonly string[]): Promise<Answer[]> {
    if (queries.length === 0) return [];
    try {
      const results = await this.#connection.exec(queries.join(';\n'));
      if (results.length === queries.length) return results;
      // Rows without columns are no rows to the clients.
      if (queries.length === 1) return [{ kind: 'error', code: '42601', message: 'no columns' }];
    } catch (error) {
      if (queries.length === 1) return [errorAnswer(error)];
    }
    // Half and half, so that one failing query costs few round trips.
    const middle = queries.length >> 1;
    return [
      ...(await this.ask(queries.slice(0, middle))),
      ...(await this.ask(queries.slice(middle))),
    ];
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }
}

function errorAnswer(error: unknown): Answer & { kind: 'error' } {
  const code = (error as { code?: unknown }).code;
  if (typeof code !== 'string') throw error;
  return { kind: 'error', code, message: (error as Error).message };
}

const asText = Object.fromEntries(
  Array.from({ length: 5000 }, (_, oid) => [oid, (text: string) => text]),
);

export async function openPglite(): Promise<Judge> {
  const database = await PGlite.create();
  await database.exec(`SET TimeZone = 'UTC'`);
  const told = await database.query<{ server_version: string }>('SHOW server_version');
  const version = parseInt(told.rows[0]!.server_version);
  return new SqlJudge({
    name: `PGlite (PostgreSQL ${version})`,
    version,
    exec: async (sql) => {
      const results = await database.exec(sql, { rowMode: 'array', parsers: asText });
      return results
        .filter((result) => result.fields.length > 0)
        .map((result) => ({
          kind: 'rows',
          names: result.fields.map((field) => field.name),
          oids: result.fields.map((field) => field.dataTypeID),
          rows: result.rows as unknown as (string | null)[][],
        }));
    },
    close: async () => {
      await database.close();
    },
  });
}
