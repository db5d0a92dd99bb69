/**
 * node-postgres against the server: parameters and results of every type in text, prepared statements,
 * pipelining, cursors, cancel, time limits, notices, settings, and fairness between sessions. Binary results
 * are read with our own decoder and must say the same as the text.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type pg from 'pg';
import { serialize } from 'pg-protocol';
import { arrayOf, numeric, types, type SqlType } from '../types/sql-type.ts';
import { decodeBinary, encodeBinary } from '../types/binary-io.ts';
import { formatText, parseText } from '../types/text-io.ts';
import { oidOf } from '../types/oid.ts';
import { frame, WireClient } from '../testing/wire-client.ts';
import { startWireServer, type WireServer } from '../testing/wire-server.ts';

let server: WireServer;
let client: pg.Client;

beforeAll(async () => {
  server = await startWireServer();
  client = await server.client({
    types: { getTypeParser: () => (text: unknown) => text },
  } as never);
});

afterAll(async () => {
  await client.end();
  expect(server.faults).toEqual([]);
  await server.close();
});

const failure = async (run: Promise<unknown>): Promise<pg.DatabaseError> => {
  try {
    await run;
  } catch (error) {
    return error as pg.DatabaseError;
  }
  throw new Error('it was expected to fail');
};

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Types with texts that PostgreSQL prints in the same way. */
const samples: readonly (readonly [string, SqlType, readonly string[]])[] = [
  ['boolean', types.boolean, ['t', 'f']],
  ['smallint', types.smallint, ['-32768', '0', '32767']],
  ['integer', types.integer, ['-2147483648', '0', '2147483647']],
  [
    'bigint',
    types.bigint,
    ['-9223372036854775808', '9007199254740993', '9223372036854775807', '-1'],
  ],
  ['real', types.real, ['0.1', '-1.5e+30', 'NaN', 'Infinity']],
  ['double precision', types.double, ['0.1', '-1e+300', 'NaN', '-Infinity', '5e-324']],
  [
    'numeric',
    types.numeric,
    [
      '0',
      '0.00',
      '-12.3400',
      '10000',
      'NaN',
      'Infinity',
      `${'9'.repeat(500)}.${'1'.repeat(500)}`,
      '1e-10'.replace('1e-10', '0.0000000001'),
    ],
  ],
  ['numeric(10,2)', numeric(10, 2), ['12.30', '-99999999.99']],
  ['text', types.text, ['', 'é😀', "o'neil\\", 'NULL']],
  ['varchar', types.varchar, ['a b']],
  ['bytea', types.bytea, ['\\x', '\\x00ff5c']],
  ['date', types.date, ['2024-02-29', '1900-01-01', '0044-03-15 BC', 'infinity']],
  ['time', types.time, ['00:00:00', '23:59:59.999999']],
  [
    'timestamp',
    types.timestamp,
    [
      '2024-02-29 12:34:56.000001',
      '1999-12-31 23:59:59.999999',
      '1969-12-31 23:59:59.5',
      'infinity',
      '-infinity',
    ],
  ],
  ['timestamptz', types.timestamptz, ['2024-02-29 12:34:56.789+00', '-infinity']],
  ['interval', types.interval, ['1 year 2 mons -3 days +04:05:06.7', '-00:00:01', '00:00:00']],
  ['uuid', types.uuid, ['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11']],
  ['json', types.json, ['{"a" : [1, 2]}', 'null']],
  ['jsonb', types.jsonb, ['{"a": [1, 2.50, null]}', '"x"']],
  ['integer[]', arrayOf(types.integer), ['{1,NULL,3}', '{}', '{{1,2},{3,4}}', '[0:1]={5,6}']],
  ['text[]', arrayOf(types.text), ['{a,"b,c",NULL,"NULL",""}']],
  ['numeric[]', arrayOf(types.numeric), ['{1.50,NaN}']],
  ['timestamptz[]', arrayOf(types.timestamptz), ['{"2024-01-01 00:00:00+00"}']],
  ['oid', types.oid, ['0', '4294967295']],
];

describe('values', () => {
  it.each(samples)('%s as text both ways, NULL too', async (name, _, texts) => {
    for (const text of [...texts, null]) {
      const { rows, fields } = await client.query(`SELECT $1::${name} AS v`, [text]);
      expect(rows).toEqual([{ v: text }]);
      expect(fields[0]!.name).toBe('v');
    }
  });

  it.each(samples)('%s in binary agrees with its text (J7)', async (name, type, texts) => {
    const raw = await WireClient.login(server.port);
    for (const text of texts) {
      const datum = parseText(text, type);
      raw.send(
        serialize.parse({
          name: '',
          text: `SELECT $1::${name}, $1::${name}::text`,
          types: [oidOf(type)],
        }),
        bindBinary(encodeBinary(datum, type)),
        serialize.execute({ portal: '', rows: 0 }),
        serialize.sync(),
      );
      const [binary, asText] = await rawRow(raw);
      expect(formatText(decodeBinary(binary!, type), type)).toBe(text);
      // A boolean casts to true and false, but prints as t and f.
      if (type.kind !== 'boolean') expect(asText!.toString()).toBe(text);
    }
    raw.close();
  });

  it.each<[string, SqlType, Buffer]>([
    ['int4', types.integer, Buffer.from([1, 2, 3])],
    ['int8', types.bigint, Buffer.alloc(9)],
    ['numeric', types.numeric, Buffer.from([0, 9, 0, 0])],
    ['timestamp', types.timestamp, Buffer.alloc(3)],
    ['uuid', types.uuid, Buffer.alloc(15)],
    ['int4[]', arrayOf(types.integer), Buffer.from([0, 0, 0, 1, 0, 0])],
    ['interval', types.interval, Buffer.alloc(15)],
  ])('binary %s of a wrong length is refused', async (name, type, bytes) => {
    const raw = await WireClient.login(server.port);
    raw.send(
      serialize.parse({ name: '', text: `SELECT $1::${name}`, types: [oidOf(type)] }),
      bindBinary(bytes),
      serialize.sync(),
    );
    const [, error] = await raw.until('readyForQuery');
    expect(error?.code).toMatch(/^(22P03|08P01)$/);
    raw.close();
  });

  it('infers the types of parameters', async () => {
    const cases: [string, unknown[], string][] = [
      ['SELECT $1 AS v', ['x'], 'text'],
      ['SELECT $1 + 1 AS v', ['2'], 'integer'],
      ['SELECT $1::bigint + 1 AS v', ['2'], 'bigint'],
      [`SELECT now() - $1 < interval '1 day' AS v`, ['2024-01-01'], 'boolean'],
      ['SELECT 1.5 * $1 AS v', ['2'], 'numeric'],
      [`SELECT coalesce($1, 7) AS v`, [null], 'integer'],
    ];
    for (const [sql, values, type] of cases) {
      const { rows } = await client.query(`SELECT pg_typeof(v)::text AS t FROM (${sql}) q`, values);
      expect([sql, rows]).toEqual([sql, [{ t: type }]]);
    }
  });

  it('prints and reads names of catalog objects and follows the settings of text output', async () => {
    const { rows } = await client.query(
      `SELECT 'pg_class'::regclass AS c, 'int4'::regtype AS t, 'lower'::regproc AS p, $1::regclass AS q,
              $2::regtype AS r`,
      ['pg_catalog.pg_constraint', 'bigint'],
    );
    expect(rows).toEqual([
      { c: 'pg_class', t: 'integer', p: 'lower', q: 'pg_constraint', r: 'bigint' },
    ]);
    await client.query(
      `SET bytea_output = 'escape'; SET extra_float_digits = 0; SET IntervalStyle = 'iso_8601'`,
    );
    expect(
      (
        await client.query(
          `SELECT '\\x41ff'::bytea AS b, 0.1::float8 + 0.2 AS d, interval '1 day' AS i`,
        )
      ).rows,
    ).toEqual([{ b: 'A\\377', d: '0.3', i: 'P1D' }]);
    await client.query('RESET ALL');
  });

  it('runs a named statement many times', async () => {
    for (let round = 0; round < 20; round++) {
      const { rows } = await client.query({
        name: 'many',
        text: 'SELECT $1::int * 2 AS v',
        values: [round],
      });
      expect(rows).toEqual([{ v: String(round * 2) }]);
    }
  });
});

/** Bind of one binary parameter, results: binary, then text. */
function bindBinary(bytes: Uint8Array): Buffer {
  const head = Buffer.from('\0\0\0\x01\0\x01\0\x01', 'latin1');
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes.length);
  return frame(
    'B',
    Buffer.concat([head, length, bytes, Buffer.from('\0\x02\0\x01\0\0', 'latin1')]),
  );
}

/** The fields of the next DataRow as bytes; pg-protocol reads them as text only. */
async function rawRow(raw: WireClient): Promise<(Buffer | null)[]> {
  const chunks: Buffer[] = [];
  const collect = (chunk: Buffer): void => void chunks.push(chunk);
  raw.socket.on('data', collect);
  const messages = await raw.until('readyForQuery');
  raw.socket.off('data', collect);
  const bytes = Buffer.concat(chunks);
  for (let at = 0; at < bytes.length; at += 1 + bytes.readInt32BE(at + 1)) {
    if (bytes[at] !== 'D'.charCodeAt(0)) continue;
    let field = at + 7;
    return Array.from({ length: bytes.readInt16BE(at + 5) }, () => {
      const length = bytes.readInt32BE(field);
      field += 4 + Math.max(0, length);
      return length < 0 ? null : bytes.subarray(field - length, field);
    });
  }
  throw new Error(JSON.stringify(messages));
}

describe('sessions', () => {
  it('go on after errors', async () => {
    expect((await failure(client.query('SELECT 1/0'))).code).toBe('22012');
    expect((await failure(client.query('SELECT $1::int', ['x']))).code).toBe('22P02');
    expect((await client.query('SELECT 1 AS v')).rows).toEqual([{ v: '1' }]);
  });

  it('answer pipelined queries in order', async () => {
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) => client.query('SELECT $1::int AS v', [n])),
    );
    expect(answers.map(({ rows }) => Number((rows[0] as { v: string }).v))).toEqual(
      Array.from({ length: 100 }, (_, n) => n),
    );
  });

  it('tell of notices and changed settings', async () => {
    const notices: string[] = [];
    client.on('notice', (notice) => notices.push(notice.message ?? ''));
    await client.query('DROP TABLE IF EXISTS nothing_there');
    expect(notices).toEqual(['table "nothing_there" does not exist, skipping']);
    const raw = await WireClient.login(server.port);
    const messages = await raw.query(`SET TimeZone = 'Europe/Berlin'`);
    expect(messages).toContainEqual(
      expect.objectContaining({ parameterName: 'TimeZone', parameterValue: 'Europe/Berlin' }),
    );
    raw.close();
  });

  it('roll back to savepoints and leave the failed state', async () => {
    await client.query('CREATE TABLE saved (v INT)');
    await client.query('BEGIN');
    await client.query('INSERT INTO saved VALUES (1)');
    await client.query('SAVEPOINT a');
    await client.query('INSERT INTO saved VALUES (2)');
    await failure(client.query('SELECT 1/0'));
    expect((await failure(client.query('SELECT 1'))).code).toBe('25P02');
    await client.query('ROLLBACK TO SAVEPOINT a');
    await client.query('INSERT INTO saved VALUES (3)');
    await client.query('RELEASE a');
    await client.query('COMMIT');
    expect((await client.query('SELECT v FROM saved ORDER BY v')).rows).toEqual([
      { v: '1' },
      { v: '3' },
    ]);
  });

  it('DECLARE, FETCH, MOVE and CLOSE; WITH HOLD outlives the transaction', async () => {
    await client.query('BEGIN');
    await client.query('DECLARE c SCROLL CURSOR FOR SELECT * FROM generate_series(1, 10) AS v');
    const values = async (sql: string): Promise<number[]> =>
      (await client.query<{ v: string }>(sql)).rows.map(({ v }) => Number(v));
    expect(await values('FETCH 3 FROM c')).toEqual([1, 2, 3]);
    expect(await values('FETCH BACKWARD 2 FROM c')).toEqual([2, 1]);
    expect((await client.query('MOVE 5 IN c')).rowCount).toBe(5);
    expect(await values('FETCH ALL FROM c')).toEqual([7, 8, 9, 10]);
    expect(await values('FETCH NEXT FROM c')).toEqual([]);
    expect(await values('FETCH LAST FROM c')).toEqual([10]);
    await client.query('DECLARE h CURSOR WITH HOLD FOR SELECT * FROM generate_series(1, 4) AS v');
    expect(await values('FETCH 1 FROM h')).toEqual([1]);
    await client.query('COMMIT');
    expect((await failure(client.query('FETCH 1 FROM c'))).code).toBe('34000');
    expect(await values('FETCH ALL FROM h')).toEqual([2, 3, 4]);
    await client.query('CLOSE h');
    expect((await failure(client.query('FETCH 1 FROM h'))).code).toBe('34000');
  });

  it('DISCARD ALL and the reset statements of pools', async () => {
    await client.query(`SET TimeZone = 'Asia/Tokyo'; PREPARE p AS SELECT 1`);
    await client.query('DISCARD ALL');
    expect((await client.query('SHOW timezone')).rows).toEqual([{ TimeZone: 'UTC' }]);
    expect((await failure(client.query('EXECUTE p'))).code).toBe('26000');
    await client.query('SELECT pg_advisory_unlock_all(); CLOSE ALL; UNLISTEN *; RESET ALL;');
  });
});

const endless = 'SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b';

describe('long queries', () => {
  it.each([
    endless,
    'SELECT max(a) FROM generate_series(1, 10000000000) a',
    'SELECT a FROM generate_series(1, 3000) a, generate_series(1, 3000) b, generate_series(1, 3000) c ORDER BY 1 LIMIT 1',
    'SELECT count(*) FROM generate_series(1, 100000) a, LATERAL generate_series(1, a) b, LATERAL generate_series(1, b) c',
    'SELECT DISTINCT a * b % 10 FROM generate_series(1, 1000000) a LEFT JOIN generate_series(1, 1000000) b ON a > b',
  ])('end at statement_timeout: %s', async (sql) => {
    const own = await server.client();
    await own.query(`SET statement_timeout = '200ms'`);
    const started = performance.now();
    const error = await failure(own.query(sql));
    expect(error).toMatchObject({
      code: '57014',
      message: 'canceling statement due to statement timeout',
    });
    expect(performance.now() - started).toBeLessThan(2000);
    expect((await own.query('SELECT 1 AS v')).rows).toEqual([{ v: 1 }]);
    await own.end();
  });

  it('pg_cancel_backend and pg_terminate_backend reach them', async () => {
    const own = await server.client();
    const { rows } = await own.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const running = failure(own.query(endless));
    await wait(50);
    await client.query('SELECT pg_cancel_backend($1)', [rows[0]!.pid]);
    expect((await running).code).toBe('57014');
    const again = failure(own.query(endless));
    await wait(50);
    await client.query('SELECT pg_terminate_backend($1)', [rows[0]!.pid]);
    await again;
    await expect.poll(() => failure(own.query('SELECT 1')).then(() => true)).toBe(true);
  });

  it('leave the others their turns (K12)', async () => {
    const own = await server.client();
    const running = failure(own.query(endless));
    const times: number[] = [];
    for (let round = 0; round < 40; round++) {
      const started = performance.now();
      await client.query('SELECT 1');
      times.push(performance.now() - started);
    }
    times.sort((a, b) => a - b);
    expect(times.at(-2)).toBeLessThan(250);
    await client.query(
      `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT count(*) FROM gen%'`,
    );
    await running;
    await own.end();
  });

  it('see one instant although writes go on meanwhile', async () => {
    await client.query('CREATE TABLE accounts (id INT PRIMARY KEY, balance BIGINT)');
    await client.query(
      'CREATE MATERIALIZED VIEW sums AS SELECT sum(balance) AS total FROM accounts',
    );
    await client.query('INSERT INTO accounts SELECT a, 100 FROM generate_series(1, 20000) a');
    const writer = await server.client();
    let stop = false;
    let writes = 0;
    let overlapped = false;
    const writing = (async () => {
      for (; !stop; writes++) {
        const from = 1 + ((writes * 7919) % 20000);
        const to = 1 + ((writes * 104729 + 13) % 20000);
        await writer.query(
          `UPDATE accounts SET balance = balance + CASE WHEN id = ${from} THEN -1 ELSE 1 END
           WHERE id IN (${from}, ${to}) AND ${from} <> ${to}`,
        );
        if (writes % 5 === 4) {
          await writer.query(`DELETE FROM accounts WHERE id = ${20001 + writes}`);
          await writer.query(`INSERT INTO accounts VALUES (${20001 + writes}, 0)`);
        }
      }
    })();
    for (let round = 0; round < 6; round++) {
      const before = writes;
      const { rows } = await client.query<{ direct: string; kept: string }>(
        `SELECT (SELECT sum(balance) FROM accounts a, generate_series(1, 100) g)::numeric / 100 AS direct,
                (SELECT total FROM sums) AS kept, (SELECT sum(balance) FROM accounts) AS again`,
      );
      expect(Number(rows[0]!.direct)).toBe(2_000_000);
      expect(rows[0]).toMatchObject({ kept: '2000000', again: '2000000' });
      overlapped ||= writes > before;
    }
    stop = true;
    await writing;
    expect(overlapped).toBe(true);
    await writer.end();
  }, 60_000);
});

describe('point queries', () => {
  it('find rows by key in tables and views, in transactions and after changes', async () => {
    await client.query('CREATE TABLE points (id INT PRIMARY KEY, g TEXT, v BIGINT)');
    await client.query(
      'CREATE MATERIALIZED VIEW by_g AS SELECT g, count(*) AS n, sum(v) AS s FROM points GROUP BY g',
    );
    await client.query(
      `INSERT INTO points SELECT i, 'g' || i % 500, i FROM generate_series(1, 5000) i`,
    );
    const one = async (on: pg.Client, id: number): Promise<unknown> =>
      (await on.query('SELECT v FROM points WHERE id = $1', [id])).rows;
    const group = async (g: string): Promise<unknown> =>
      (await client.query('SELECT n, s FROM by_g WHERE g = $1', [g])).rows;
    expect(await one(client, 77)).toEqual([{ v: '77' }]);
    expect(await one(client, 99_999)).toEqual([]);
    expect(await group('g7')).toEqual([{ n: '10', s: '22570' }]);
    await client.query('BEGIN');
    expect(await one(client, 78)).toEqual([{ v: '78' }]);
    const other = await server.client();
    await other.query('UPDATE points SET v = -1 WHERE id IN (77, 78)');
    await other.query('DELETE FROM points WHERE id = 79');
    await other.query(`INSERT INTO points VALUES (6000, 'new', 1)`);
    expect(await one(other, 77)).toEqual([{ v: '-1' }]);
    expect(await one(client, 77)).toEqual([{ v: '77' }]);
    expect(await one(client, 79)).toEqual([{ v: '79' }]);
    expect(await one(client, 6000)).toEqual([]);
    await client.query('UPDATE points SET v = 5 WHERE id = 1');
    expect(await one(client, 1)).toEqual([{ v: '5' }]);
    expect(await one(other, 1)).toEqual([{ v: '1' }]);
    await client.query('COMMIT');
    expect(await one(client, 77)).toEqual([{ v: '-1' }]);
    expect(await one(client, 79)).toEqual([]);
    expect(await group('new')).toEqual([{ n: '1', s: '1' }]);
    await other.end();
  });
});

describe('idle sessions', () => {
  it('end when they sit in a transaction for too long', async () => {
    const own = await server.client();
    const gone = new Promise<pg.DatabaseError>((resolve) => own.once('error', resolve as never));
    await own.query(`SET idle_in_transaction_session_timeout = '100ms'`);
    await wait(200);
    await own.query('BEGIN');
    expect((await gone).code).toBe('25P03');
  });

  it('end when they are idle for too long', async () => {
    const own = await server.client();
    const gone = new Promise<pg.DatabaseError>((resolve) => own.once('error', resolve as never));
    await own.query(`SET idle_session_timeout = '100ms'`);
    expect((await gone).code).toBe('57P05');
  });
});

it.each([
  ['regclass', '42P01', 'relation "nosuch" does not exist'],
  ['regtype', '42704', 'type "nosuch" does not exist'],
  ['regproc', '42883', 'function "nosuch" does not exist'],
  ['regnamespace', '3F000', 'schema "nosuch" does not exist'],
  ['regrole', '42704', 'role "nosuch" does not exist'],
  ['regoper', '42883', 'operator does not exist: nosuch'],
  ['regoperator', '22P02', 'expected a left parenthesis'],
])(
  'an unknown name as a parameter of type %s is refused as a literal is',
  async (type, code, message) => {
    const parameter = await failure(client.query(`SELECT $1::${type}`, ['nosuch']));
    const literal = await failure(client.query(`SELECT 'nosuch'::${type}`));
    expect(parameter).toMatchObject({ code, message });
    expect(literal).toMatchObject({ code, message });
  },
);

it('operators go by their number', async () => {
  const { rows } = await client.query(
    "SELECT 0::regoperator AS z, 96::regoperator AS n, '96'::regoper AS o",
  );
  expect(rows).toEqual([{ z: '0', n: '96', o: '96' }]);
});
