/** CREATE, ALTER, DROP and COMMENT: the catalog objects they make, and what they refuse. */

import { beforeEach, describe, expect, it } from 'vitest';
import type { CatalogObject } from '../catalog/objects.ts';
import { bindScalarSql } from './bind-scalar.ts';
import { TestBinder } from './bind-for-test.ts';

let binder: TestBinder;

beforeEach(() => {
  binder = new TestBinder();
});

const kafka = `connector = 'kafka', topic = 'x', properties.bootstrap.servers = 'h:1'`;

function object(name: string, schema = 'public'): CatalogObject {
  const found = binder.catalog.find(schema, name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
}

describe('a source', () => {
  it('in the spelling of Flink', () => {
    binder.define(`CREATE TABLE clicks (userId INT, \`page\` STRING, ts TIMESTAMP(3), cost AS userId * 2,
        part INT METADATA FROM 'partition', WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
      WITH ('connector' = 'kafka', 'topic' = 'clicks', 'properties.bootstrap.servers' = 'b:9092',
        'properties.sasl.password' = 'hunter2', 'format' = 'json', 'json.ignore-parse-errors' = 'true')`);
    const source = object('clicks');
    if (source.kind !== 'source') throw new Error('no source');
    expect(
      source.columns.map((c) => [c.name, c.declaredName, c.source, c.computedSql ?? c.metadataKey]),
    ).toEqual([
      ['userid', 'userId', 'physical', null],
      ['page', 'page', 'physical', null],
      ['ts', 'ts', 'physical', null],
      ['cost', 'cost', 'computed', 'userId * 2'],
      ['part', 'part', 'metadata', 'partition'],
    ]);
    expect(source.watermark).toEqual({ column: 2, sql: "ts - INTERVAL '5' SECOND" });
    expect([...source.options]).toEqual([
      ['topic', 'clicks'],
      ['properties.bootstrap.servers', 'b:9092'],
      ['properties.sasl.password', 'hunter2'],
      ['format', 'json'],
    ]);
    expect([...source.formatOptions]).toEqual([['json.ignore-parse-errors', 'true']]);
    expect(source.sql).not.toContain('hunter2');
    expect(source.sql).toContain('public.clicks');
  });

  it('in the spelling of RisingWave, with aliases of options', () => {
    binder.define(`CREATE SOURCE bid (auction BIGINT) INCLUDE offset AS o INCLUDE timestamp INCLUDE header 'h'
      WITH (connector = 'kafka', kafka.topic = 'bid', properties.bootstrap.server = 'b:9092')
      FORMAT PLAIN ENCODE JSON (ignore_parse_errors = 'true')`);
    const source = object('bid');
    if (source.kind !== 'source') throw new Error('no source');
    expect(source.columns.map((c) => `${c.name} ${c.metadataKey ?? ''}`)).toEqual([
      'auction ',
      'o offset',
      'timestamp timestamp',
      'h header:h',
    ]);
    expect(source.options.get('topic')).toBe('bid');
    expect(source.formatOptions.get('json.ignore-parse-errors')).toBe('true');
  });

  it('takes the columns of a connector that knows them', () => {
    binder.define(`CREATE SOURCE b WITH (connector = 'nexmark', 'table.type' = 'bid')`);
    expect(binder.columns('SELECT auction, date_time FROM b')).toBe(
      'auction bigint, date_time timestamp(3) without time zone',
    );
  });

  it.each([
    [
      `connector = 'kafkaa'`,
      '42704 connector "kafkaa" does not exist\nhint: Did you mean "kafka"?',
    ],
    [
      `connector = 'kafka', topik = 'x', format = 'json'`,
      '22023 option "topik" is not known to connector "kafka" or format "json"\nhint: Did you mean "topic"?',
    ],
    [
      `connector = 'kafka', topic = 'x', format = 'json'`,
      '22023 option "properties.bootstrap.servers" is required by connector "kafka"',
    ],
    [
      `${kafka}, 'kafka.topic' = 'y', format = 'json'`,
      '42601 option "kafka.topic" is given more than once',
    ],
    [
      `${kafka}, format = 'jsn'`,
      '0A000 format "jsn" is not supported yet\nhint: Did you mean "json"?',
    ],
    [kafka, '22023 connector "kafka" needs a format'],
    [`connector = 'datagen', format = 'json'`, '22023 connector "datagen" makes its rows itself'],
    [`${kafka}, format = 'json', __proto__ = 'x'`, '22023 option "__proto__" is not known'],
    [`${kafka}, format = 'json', constructor = 'x'`, '22023 option "constructor" is not known'],
    [`fillfactor = 70`, '22023 unrecognized parameter "fillfactor"'],
  ])('WITH (%s) is refused', (options, message) => {
    const error = binder.error(`CREATE TABLE x (a INT) WITH (${options})`);
    expect(error.startsWith(message), error).toBe(true);
  });

  it.each([
    ['a INT, WATERMARK FOR a AS a', '42804'],
    ['a TIMESTAMP, WATERMARK FOR b AS a', '42703'],
    ['a TIMESTAMP, WATERMARK FOR a AS 5', '42804'],
    ['a TIMESTAMP, WATERMARK FOR a AS a, WATERMARK FOR a AS a', '42P16'],
    [`a INT METADATA FROM 'nope'`, '42703'],
    ['a INT, b AS nope', '42703'],
    ['b AS a, a INT', '42703'],
    ['a INT UNIQUE', '0A000'],
    ['a INT REFERENCES x', '0A000'],
    ['a SERIAL', '0A000'],
  ])('(%s) is refused with %s', (columns, code) => {
    expect(binder.error(`CREATE TABLE x (${columns}) WITH (${kafka}, format = 'json')`)).toMatch(
      new RegExp(`^${code} `),
    );
  });
});

describe('a table', () => {
  it('keeps defaults, checks and its key', () => {
    binder.define(
      `CREATE TABLE t (a INT DEFAULT 1 + 1 CHECK (a > 0), b TEXT NOT NULL, PRIMARY KEY (b, a))`,
    );
    const table = object('t');
    if (table.kind !== 'table') throw new Error('no table');
    expect(table.columns.map((c) => [c.name, c.notNull, c.defaultSql])).toEqual([
      ['a', true, '1 + 1'],
      ['b', true, null],
    ]);
    expect(table.primaryKey).toEqual([1, 0]);
    expect(table.checks).toEqual([{ name: 't_a_check', sql: 'a > 0' }]);
  });

  it('is source of LIKE', () => {
    binder.define(`CREATE TABLE t (a INT PRIMARY KEY, b TEXT DEFAULT 'x');
      CREATE TABLE u (LIKE t, c INT); CREATE TABLE v (LIKE t INCLUDING ALL);`);
    expect(object('u')).toMatchObject({
      primaryKey: [],
      columns: [{ notNull: true }, { defaultSql: null }, {}],
    });
    expect(object('v')).toMatchObject({ primaryKey: [0], columns: [{}, { defaultSql: "'x'" }] });
  });

  it('may be there already', () => {
    binder.define('CREATE TABLE t (a INT)');
    const { statement, notices } = binder.bind('CREATE TABLE IF NOT EXISTS t (b INT)');
    expect(statement).toMatchObject({ kind: 'create-table', skip: true });
    expect(notices).toMatchObject([
      { code: '42P07', message: 'relation "t" already exists, skipping' },
    ]);
  });
});

describe('the stored text of a view', () => {
  beforeEach(() => {
    binder.define('CREATE TABLE t (a INT, b INT); CREATE VIEW v AS SELECT a FROM t;');
  });

  const querySql = (name: string, schema = 'public'): string => {
    const view = object(name, schema);
    if (view.kind !== 'view' && view.kind !== 'materialized-view') throw new Error('no view');
    return view.querySql;
  };

  it.each([
    ['SELECT * FROM t', 'SELECT t.a, t.b FROM public.t'],
    ['SELECT x.* FROM t AS x', 'SELECT x.a, x.b FROM public.t AS x'],
    ['SELECT * FROM v JOIN t USING (a)', 'SELECT v.a, t.b FROM public.v JOIN public.t USING (a)'],
    [
      'WITH q AS (SELECT * FROM t) SELECT * FROM q',
      'WITH q AS (SELECT t.a, t.b FROM public.t) SELECT q.a, q.b FROM q',
    ],
    ['SELECT (SELECT max(a) FROM v) FROM t', 'SELECT (SELECT max(a) FROM public.v) FROM public.t'],
    ['SELECT a AS "select" FROM t ORDER BY 1', 'SELECT a AS "select" FROM public.t ORDER BY 1'],
  ])('%s', (query, text) => {
    binder.define(`CREATE VIEW w AS ${query}`);
    expect(querySql('w')).toBe(text);
    expect(binder.error('SELECT * FROM w')).toBe('no error');
  });

  it('means the same under another search path, and when a view under it gets more columns', () => {
    binder.define(
      'CREATE VIEW w AS SELECT * FROM v JOIN t USING (a); CREATE OR REPLACE VIEW v AS SELECT a, b FROM t;',
    );
    binder.searchPath = [];
    expect(binder.columns('SELECT * FROM public.w')).toBe('a integer, b integer');
  });

  it('follows a relation and a schema to their new names', () => {
    binder.define(
      `CREATE MATERIALIZED VIEW m AS SELECT t.a, public.t.b FROM t; ALTER TABLE t RENAME TO "T x";`,
    );
    expect(querySql('m')).toBe('SELECT t.a, t.b FROM public."T x" AS t');
    binder.define('ALTER SCHEMA public RENAME TO s;');
    expect(querySql('m', 's')).toBe('SELECT t.a, t.b FROM s."T x" AS t');
    binder.searchPath = ['s'];
    expect(binder.columns('SELECT * FROM m')).toBe('a integer, b integer');
    expect(binder.plan('SELECT * FROM v')).toContain('scan T x');
  });

  it('gives no positions to errors and expressions of the statement that reads it', () => {
    binder.define(`CREATE VIEW w AS SELECT a + 1 AS c FROM t`);
    const { statement } = binder.bind('SELECT c FROM w');
    if (statement.kind !== 'query' || statement.plan.kind !== 'project')
      throw new Error('no query');
    const { input } = statement.plan;
    expect(input.kind === 'project' && input.exprs[0]?.at).toBe(undefined);
  });

  it('names what the view depends on directly', () => {
    binder.define('CREATE VIEW w AS SELECT * FROM v');
    expect(object('w')).toMatchObject({ dependsOn: [object('v').oid] });
  });
});

describe('DROP', () => {
  beforeEach(() => {
    binder.define(`CREATE TABLE t (a INT); CREATE MATERIALIZED VIEW m AS SELECT a FROM t;
      CREATE VIEW v AS SELECT a FROM m;`);
  });

  it('is refused while something depends on the object', () => {
    expect(binder.error('DROP TABLE t')).toBe(
      [
        '2BP01 cannot drop table t because other objects depend on it',
        'detail: materialized view m depends on table t',
        'view v depends on materialized view m',
        'hint: Use DROP ... CASCADE to drop the dependent objects too.',
      ].join('\n'),
    );
  });

  it('takes dependents along with CASCADE, those first that need others', () => {
    const { statement, notices } = binder.bind('DROP TABLE t CASCADE');
    if (statement.kind !== 'drop') throw new Error('no drop');
    expect(statement.tag).toBe('DROP TABLE');
    expect(statement.plan.objects.map((each) => each.name)).toEqual(['v', 'm', 't']);
    expect(notices).toMatchObject([
      {
        message: 'drop cascades to 2 other objects',
        detail: expect.stringContaining('view v') as string,
      },
    ]);
  });

  it('of everything at once needs no CASCADE', () => {
    expect(binder.error('DROP VIEW v; ')).toBe('no error');
    expect(binder.error('DROP SCHEMA public')).toMatch(/^2BP01/);
  });

  it('of what is not there gives a notice with IF EXISTS', () => {
    const { statement, notices } = binder.bind('DROP VIEW IF EXISTS nope, v');
    expect(statement).toMatchObject({ plan: { objects: [{ name: 'v' }] } });
    expect(notices.map((each) => each.message)).toEqual(['view "nope" does not exist, skipping']);
  });

  it.each([
    ['DROP VIEW t', '42809 "t" is not a view\nhint: Use DROP TABLE to remove a table.'],
    [
      'DROP TABLE m',
      '42809 "m" is not a table\nhint: Use DROP MATERIALIZED VIEW to remove a materialized view.',
    ],
    ['DROP SCHEMA pg_catalog', '2BP01 cannot drop schema pg_catalog'],
    ['DROP INDEX i', '42704 index "i" does not exist'],
  ])('%s', (sql, message) => {
    expect(binder.error(sql).startsWith(message)).toBe(true);
  });
});

describe('bindScalarSql', () => {
  const columns = [
    { name: 'a', type: { kind: 'integer' } as const },
    { name: 'ts', type: { kind: 'timestamp', precision: 3 } as const },
  ];

  it('binds stored text over columns, to a wanted type', () => {
    const target = { name: 'b', type: { kind: 'bigint' } as const };
    expect(bindScalarSql('a + 1', columns, binder.context(), { target })).toMatchObject({
      kind: 'cast',
      type: { kind: 'bigint' },
      arg: { kind: 'call', args: [{ kind: 'column', index: 0 }, { kind: 'constant' }] },
    });
  });

  it.each(['nope', '(SELECT 1)', 'count(a)', 'row_number() OVER ()'])('refuses %s', (sql) => {
    expect(() => bindScalarSql(sql, columns, binder.context())).toThrow();
  });
});
