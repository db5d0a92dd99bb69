/** What a session answers to statements about itself and the catalog: EXPLAIN, SHOW, activity. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SqlError } from '../base/errors.ts';
import { bindStatement } from '../binder/bind-statement.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { TestFeed, testConnector } from '../connectors/test-feed.ts';
import { inProcessSession, inProcessWorld } from '../server/in-process.ts';
import {
  defaultDatabaseOptions,
  openDatabase,
  type OpenDatabase,
} from '../server/open-database.ts';
import { batchCells } from '../sqltest/values.ts';
import { parseStatements } from '../syntax/parse.ts';
import { bindContext } from './bind-context.ts';
import type { Session } from './session-api.ts';
import type { SqlSession } from './session.ts';

let open: OpenDatabase;
let session: Session;

beforeEach(async () => {
  open = await openDatabase(
    inProcessWorld({ extraConnectors: [testConnector(new TestFeed())] }),
    defaultDatabaseOptions,
  );
  session = open.sessions.open(inProcessSession());
});

afterEach(async () => {
  await open.abandon();
});

/** Rows, cells parted by `|`; of a statement without rows its tag. */
async function run(sql: string, on: Session = session): Promise<string[]> {
  const lines: string[] = [];
  await on.simpleQuery(sql, async (result) => {
    if (result.kind === 'done') lines.push(result.tag);
    if (result.kind !== 'rows') return;
    for (let batch = await result.cursor.next(100); batch !== null;) {
      lines.push(...batchCells(batch, result.fields).map((row) => row.join('|')));
      batch = await result.cursor.next(100);
    }
  });
  return lines;
}

async function failure(sql: string): Promise<string> {
  try {
    await run(sql);
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    return `${error.code} ${error.message}${error.fields.hint === undefined ? '' : ` / ${error.fields.hint}`}`;
  }
  throw new Error(`no error: ${sql}`);
}

describe('EXPLAIN ANALYZE of a query', () => {
  beforeEach(async () => {
    await run('CREATE TABLE t (a int PRIMARY KEY, b int)');
    await run('INSERT INTO t SELECT i, i % 3 FROM generate_series(1, 10) AS i');
  });

  test('counts what goes through each operator and takes the time', async () => {
    const lines = await run('EXPLAIN ANALYZE SELECT b, count(*) FROM t WHERE a > 1 GROUP BY b');
    expect(lines.find((line) => line.includes('aggregate'))).toBeDefined();
    expect(lines.filter((line) => /in 9 {2}out 3$/.test(line))).toHaveLength(1);
    expect(lines.some((line) => /out 10$/.test(line))).toBe(true);
    expect(lines.at(-2)).toBe('Rows: 3');
    expect(lines.at(-1)).toMatch(/^Execution Time: \d+\.\d{3} ms$/);
  });

  test('is there as JSON, sees the transaction and takes a look-up by key as one', async () => {
    const text = await run(
      'BEGIN; INSERT INTO t VALUES (11, 0); EXPLAIN (ANALYZE, FORMAT json) SELECT * FROM t; ROLLBACK',
    );
    const [{ Plan: plan, ...rest }] = JSON.parse(text[2]!) as [Record<string, unknown>];
    expect(plan).toMatchObject({ 'Node Type': expect.any(String) as string });
    expect(rest).toEqual({ 'Actual Rows': 11, 'Execution Time': expect.any(Number) as number });
    expect(await run('EXPLAIN ANALYZE SELECT * FROM t WHERE a = 3')).toContain('Rows: 1');
  });

  test('fails as the query does, and refuses to change rows', async () => {
    expect(await failure('EXPLAIN ANALYZE SELECT 1 / (a - 1) FROM t')).toBe(
      '22012 division by zero',
    );
    expect(await failure('EXPLAIN ANALYZE DELETE FROM t')).toMatch(
      /^0A000 EXPLAIN ANALYZE of a statement other than a query is not supported yet/,
    );
    expect(await run('SELECT count(*) FROM t')).toEqual(['10']);
  });
});

describe('EXPLAIN options', () => {
  test.each([
    'COSTS OFF',
    'COSTS false, BUFFERS 0, TIMING off, SUMMARY off, SETTINGS off, WAL off, GENERIC_PLAN off',
    'VERBOSE',
    'VERBOSE off',
    'ANALYZE off',
    'FORMAT TEXT',
  ])('(%s) is what is done anyway', async (options) => {
    expect(await run(`EXPLAIN (${options}) SELECT 1`)).toEqual(await run('EXPLAIN SELECT 1'));
  });

  test.each(['COSTS', 'BUFFERS on', 'TIMING true', 'SUMMARY 1', 'SETTINGS', 'WAL', 'GENERIC_PLAN'])(
    '(%s) is refused',
    async (option) => {
      const name = option.split(' ')[0];
      expect(await failure(`EXPLAIN (${option}) SELECT 1`)).toContain(
        `0A000 EXPLAIN option ${name}`,
      );
    },
  );

  test('are checked as PostgreSQL checks them', async () => {
    expect(await failure('EXPLAIN (COST off) SELECT 1')).toBe(
      '42601 unrecognized EXPLAIN option "cost" / Did you mean "costs"?',
    );
    expect(await failure('EXPLAIN (COSTS maybe) SELECT 1')).toBe(
      '42601 costs requires a Boolean value',
    );
    expect(await failure('EXPLAIN (FORMAT tree) SELECT 1')).toBe(
      '22023 unrecognized value for EXPLAIN option "format": "tree"',
    );
    expect(await failure('EXPLAIN (FORMAT xml) SELECT 1')).toMatch(/^0A000 /);
  });

  test('FORMAT JSON gives one document of each stage', async () => {
    await run('CREATE TABLE t (a int, b int)');
    const explain = async (options: string): Promise<unknown> => {
      const rows = await run(`EXPLAIN (${options}) SELECT sum(a) FROM t WHERE b > 1`);
      expect(rows).toHaveLength(1);
      return (JSON.parse(rows[0]!) as unknown[])[0];
    };
    const labels = (node: { 'Node Type': string; Plans?: never[] }): string[] => [
      node['Node Type'],
      ...(node.Plans ?? []).flatMap(labels),
    ];
    const { Plan } = (await explain('FORMAT JSON')) as { Plan: Parameters<typeof labels>[0] };
    const lines = await run('EXPLAIN SELECT sum(a) FROM t WHERE b > 1');
    expect(labels(Plan)).toEqual(lines.map((line) => line.replace(/^[ └├│─]*/, '')));
    for (const stage of ['BOUND', 'DATAFLOW', 'STATE']) {
      expect(await explain(`FORMAT JSON, ${stage}`)).toHaveProperty('Plan.Node Type');
    }
    expect(await explain('FORMAT JSON, AST')).toHaveProperty('Statement.kind', 'query');
    expect(await explain('FORMAT JSON, RULES')).toHaveProperty('Rules');
    expect(await explain('FORMAT JSON, CODE')).toHaveProperty('Code.0.Source');
  });
});

describe('CREATE and SHOW', () => {
  const columns = "(a int) WITH (connector = 'test')";

  test('answers with the word of the statement', async () => {
    expect(await run(`CREATE SOURCE s ${columns}`)).toEqual(['CREATE SOURCE']);
    expect(await run(`CREATE SOURCE IF NOT EXISTS s ${columns}`)).toEqual(['CREATE SOURCE']);
    expect(await run(`CREATE TABLE t ${columns}`)).toEqual(['CREATE TABLE']);
  });

  test('lists plain and materialized views apart', async () => {
    await run('CREATE VIEW v AS SELECT 1 AS a; CREATE MATERIALIZED VIEW m AS SELECT 1 AS a');
    expect(await run('SHOW VIEWS')).toEqual(['public|v']);
    expect(await run('SHOW MATERIALIZED VIEWS')).toEqual(['public|m']);
  });

  test.each([
    ['SHOW SOURCE', '42704', 'Did you mean SHOW SOURCES?'],
    ['SHOW VIEW', '42704', 'Did you mean SHOW VIEWS?'],
    ['SHOW TABLE', '0A000', 'Did you mean SHOW TABLES?'],
    ['SHOW MATERIALIZED VIEW', '0A000', 'Did you mean SHOW MATERIALIZED VIEWS?'],
    ['SHOW serch_path', '42704', 'Did you mean "search_path"?'],
    ['SHOW indexes', '0A000', 'What can be listed: tables'],
  ])('%s is answered with what was meant', async (sql, code, hint) => {
    const shown = await failure(sql);
    expect(shown.slice(0, 5)).toBe(code);
    expect(shown).toContain(hint);
  });
});

test('no secret is shown to anybody', async () => {
  const secret = 'hunter2';
  const other = open.sessions.open(inProcessSession({ backendPid: 2 }));
  const create = `CREATE SOURCE s (a int, ts timestamp, WATERMARK FOR ts AS ts) WITH (connector = 'kafka', topic = 't',
    properties.bootstrap.servers = '127.0.0.1:1', properties.security.protocol = 'sasl_plaintext',
    properties.sasl.mechanism = 'PLAIN', properties.sasl.username = 'me',
    properties.sasl.password = '${secret}') FORMAT PLAIN ENCODE JSON (json.strict = 'true')`;
  // Nobody listens there, so the error is one of the texts to look at.
  const seen = [await failure(create), JSON.stringify(await activity())];
  seen.push(await failure(create.replace('topic =', 'tpoic =')), JSON.stringify(await activity()));
  seen.push(...(await run(`EXPLAIN (AST) ${create}`)));
  await run("CREATE SOURCE u (a int) WITH (connector = 'test')");
  await run('CREATE MATERIALIZED VIEW m AS SELECT count(*) AS n FROM u');
  hold(open.database.catalog);
  for (const relation of await relations()) {
    seen.push(...(await run(`SELECT x::text FROM ${relation} x`)));
  }
  seen.push(...(await run('SHOW CREATE SOURCE s')), ...(await run('SHOW SOURCES')));
  seen.push(...(await run('SELECT pg_get_viewdef(oid) FROM pg_class')));
  seen.push(...open.database.catalog.objects().map((object) => object.sql));
  expect(seen.join('\n')).toContain("properties.sasl.password = '***'");
  expect(seen.filter((text) => text.includes(secret))).toEqual([]);

  function activity(): Promise<string[]> {
    return run('SELECT query FROM pg_stat_activity ORDER BY pid', other);
  }

  /** Every system relation. */
  async function relations(): Promise<string[]> {
    const rows = await run(
      `SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_class c
       JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname IN ('pg_catalog', 'information_schema', 'millrace') ORDER BY 1`,
    );
    expect(rows.length).toBeGreaterThan(50);
    return rows;
  }

  /** Puts the source into the catalog, as CREATE does where the broker answers. */
  function hold(catalog: Catalog): void {
    const context = bindContext(session as SqlSession, []);
    const bound = bindStatement(parseStatements(create)[0]!, context);
    if (bound.statement.kind !== 'create-source') throw new Error('not a source');
    catalog.create({ ...bound.statement.object, oid: catalog.allocateOid() });
  }
});

test('prepared statements that have a name are listed, with what became of them', async () => {
  await run('PREPARE "a b" (text) AS SELECT $1 || $2::int');
  await run(`EXECUTE "a b" ('x', 1)`);
  await session.parse('sent', `SELECT 'secret' WHERE $1`, [0]);
  await session.parse('', 'SELECT 1', []);
  const other = open.sessions.open(inProcessSession({ backendPid: 8 }));
  await run('PREPARE elsewhere AS SELECT 1', other);
  const listed = `SELECT name, statement, parameter_types, from_sql, generic_plans, custom_plans,
    prepare_time <= now() FROM pg_prepared_statements`;
  expect(await run(listed)).toEqual([
    'a b|PREPARE "a b" (text) AS SELECT $1 || $2::int|{text,integer}|t|1|0|t',
    "sent|SELECT 'secret' WHERE $1|{boolean}|f|0|0|t",
  ]);
  await run('DEALLOCATE "a b"');
  expect(await run('SELECT name FROM pg_prepared_statements')).toEqual(['sent']);
});
