/** Plans that are kept: the same statement again must mean what it would mean if it were planned anew. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { inProcessSession, inProcessWorld } from '../server/in-process.ts';
import {
  defaultDatabaseOptions,
  openDatabase,
  type OpenDatabase,
} from '../server/open-database.ts';
import { batchCells } from '../sqltest/values.ts';
import { Decimal } from '../types/decimal.ts';
import type { Datum } from '../types/datum.ts';
import type { Session, StatementResult } from './session-api.ts';

let open: OpenDatabase;
let session: Session;

beforeEach(async () => {
  open = await openDatabase(inProcessWorld({}), defaultDatabaseOptions);
  session = open.sessions.open(inProcessSession());
  await run(`
    CREATE TABLE t (id int PRIMARY KEY, name varchar, n bigint, price numeric(10,2));
    CREATE MATERIALIZED VIEW v AS SELECT id, name, n, price FROM t;
    INSERT INTO t SELECT g, 'name ' || (g % 50), g * 10, g / 4.0 FROM generate_series(1, 1000) g`);
});

afterEach(async () => {
  await open.abandon();
});

async function lines(result: StatementResult): Promise<string[]> {
  if (result.kind === 'done') return [result.tag];
  if (result.kind !== 'rows') return [];
  const found: string[] = [];
  for (let batch = await result.cursor.next(100); batch !== null;) {
    found.push(...batchCells(batch, result.fields).map((row) => row.join('|')));
    batch = await result.cursor.next(100);
  }
  return found;
}

async function run(sql: string, on: Session = session): Promise<string[]> {
  const found: string[] = [];
  await on.simpleQuery(sql, async (result) => {
    found.push(...(await lines(result)));
  });
  return found;
}

/** By the unnamed statement, as drivers do, or by one that was prepared before. */
async function ask(
  sql: string | { readonly name: string },
  parameters: readonly (Datum | null)[],
  on: Session = session,
): Promise<string[]> {
  let failed = true;
  try {
    if (typeof sql === 'string') await on.parse('', sql, []);
    await on.bind('', typeof sql === 'string' ? '' : sql.name, parameters);
    const found = await lines(await on.execute(''));
    failed = false;
    return found;
  } finally {
    await on.sync(failed);
  }
}

describe('a statement with parameters means what it means with their values', () => {
  const literal = (value: Datum | null): string =>
    value === null ? 'NULL' : typeof value === 'string' ? `'${value}'` : String(value);

  test.each<[string, ...(Datum | null)[][]]>([
    ['SELECT * FROM v WHERE id = $1', [7], [8], [null], [5000], [7]],
    ['SELECT * FROM v WHERE id = $1::bigint', [7n], [5_000_000_000n], [-1n], [null], [8n]],
    ['SELECT id FROM v WHERE n = $1::int', [70], [71], [null]],
    ['SELECT id, upper(name) FROM v WHERE name = $1 ORDER BY id', ['name 3'], ['no'], [null]],
    ['SELECT id FROM v WHERE name = $1 AND n > $2 ORDER BY id DESC', ['name 3', 5000n]],
    ['SELECT id FROM v WHERE ($1::int IS NULL OR id = $1) ORDER BY id LIMIT 3', [7], [null], [9]],
    [
      'SELECT id FROM v ORDER BY id LIMIT $1 OFFSET $2',
      [3n, 5n],
      [2n, 0n],
      [null, 998n],
      [0n, null],
    ],
    ['SELECT id FROM v WHERE id IN ($1, $2) ORDER BY id', [1, 2], [2, null], [3, 3]],
    ['SELECT id, $1::text FROM v WHERE id < $2 ORDER BY id', ['x', 3], ['y', 2]],
    ['SELECT id % $1, count(*) FROM v GROUP BY 1 ORDER BY 1', [2], [3]],
    ['SELECT id FROM v WHERE id = (SELECT max(id) FROM t WHERE n <= $1)', [55n], [120n]],
    ['SELECT v.id FROM v JOIN t ON t.id = v.id AND t.n = $1 ORDER BY 1', [50n], [60n]],
    [
      'SELECT sum(n) OVER (ORDER BY id ROWS $1 PRECEDING) FROM v WHERE id < 5 ORDER BY id',
      [1n],
      [2n],
    ],
    ['SELECT g FROM generate_series($1::int, $2::int) g ORDER BY g', [1, 3], [4, 5]],
    ['VALUES ($1::int), ($1 + 1), ($2)', [1, 5], [2, null]],
    ['SELECT price FROM v WHERE price = $1::numeric ORDER BY id', ['2.5'], ['2.50'], ['3']],
    ['SELECT DISTINCT name FROM v WHERE id BETWEEN $1 AND $2 ORDER BY 1', [1, 4], [4, 1]],
  ])('%#', async (sql, ...runs) => {
    await session.parse('named', sql, []);
    for (const parameters of runs) {
      const types = session.describeStatement('named').parameters;
      const typed = parameters.map((value, i) => {
        const kind = types[i]!.kind;
        if (value === null || typeof value === 'string') return value;
        return kind === 'bigint' ? BigInt(value as number) : Number(value);
      });
      const decoded = sql.includes('::numeric') ? [Decimal.parse(String(parameters[0]))] : typed;
      const expected = await run(
        sql.replace(/\$(\d)/g, (_, digit) => literal(parameters[Number(digit) - 1]!)),
      );
      expect(await ask(sql, decoded)).toEqual(expected);
      expect(await ask({ name: 'named' }, decoded)).toEqual(expected);
    }
  });
});

test('values reach RETURNING and ON CONFLICT', async () => {
  const sql =
    'INSERT INTO t (id, n) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET n = $2 + 1 RETURNING n, $3::text';
  expect(await ask(sql, [1, 5n, 'a'])).toEqual(['6|a']);
  expect(await ask(sql, [2001, 5n, 'b'])).toEqual(['5|b']);
  expect(await ask('SELECT n FROM v WHERE id = $1', [1])).toEqual(['6']);
});

test('definitions make plans anew', async () => {
  const sql = 'SELECT n FROM v WHERE id = $1';
  expect(await ask(sql, [3])).toEqual(['30']);
  await run('DROP MATERIALIZED VIEW v');
  await expect(ask(sql, [3])).rejects.toThrow('relation "v" does not exist');
  await run('CREATE MATERIALIZED VIEW v AS SELECT id, n + 1 AS n FROM t');
  expect(await ask(sql, [3])).toEqual(['31']);
});

test('settings decide what a text means each time', async () => {
  await run('CREATE SCHEMA other; CREATE TABLE other.t (id int); INSERT INTO other.t VALUES (42)');
  expect(await run('SELECT max(id) FROM t')).toEqual(['1000']);
  await run('SET search_path = other');
  expect(await run('SELECT max(id) FROM t')).toEqual(['42']);
  await run('RESET search_path');
  expect(await run('SELECT max(id) FROM t')).toEqual(['1000']);
  const moment = "SELECT extract(epoch FROM timestamptz '2026-01-01 00:00')::bigint";
  expect(await run(moment)).toEqual(['1767225600']);
  await run("SET TimeZone = 'Europe/Berlin'");
  expect(await run(moment)).toEqual(['1767222000']);
  const date = "SELECT extract(month FROM date '02/03/2026')";
  expect(await run(date)).toEqual(['2']);
  await run("SET DateStyle = 'ISO, DMY'");
  expect(await run(date)).toEqual(['3']);
});

test('time and chance are asked at each run', async () => {
  const now = "SELECT 'now'::timestamptz = now(), now()";
  const [first] = await run(now);
  await new Promise((resolve) => setTimeout(resolve, 2));
  const [second] = await run(now);
  expect([first!.slice(0, 2), second!.slice(0, 2)]).toEqual(['t|', 't|']);
  expect(first).not.toBe(second);
  expect(await run('SELECT random()')).not.toEqual(await run('SELECT random()'));
  const counts = new Set<string>();
  const chance = 'SELECT id FROM v ORDER BY id LIMIT (random() * 1000)::int';
  for (let i = 0; i < 8; i++) counts.add(String((await run(chance)).length));
  expect(counts.size).toBeGreaterThan(1);
});

test('a transaction keeps its instant and sees its own changes', async () => {
  const other = open.sessions.open(inProcessSession());
  const point = 'SELECT n FROM v WHERE id = $1';
  const all = 'SELECT n FROM v WHERE n < 30';
  expect(await ask(point, [1], other)).toEqual(['10']);
  await run('BEGIN', other);
  expect(await ask(point, [1], other)).toEqual(['10']);
  await run('UPDATE t SET n = 11 WHERE id = 1; DELETE FROM t WHERE id = 2');
  expect(await ask(point, [1])).toEqual(['11']);
  expect(await ask(point, [2])).toEqual([]);
  expect(await ask(point, [1], other)).toEqual(['10']);
  expect(await ask(point, [2], other)).toEqual(['20']);
  expect((await run(all, other)).sort()).toEqual(['10', '20']);
  await ask('UPDATE t SET n = $1 WHERE id = $2', [99n, 3], other);
  expect(await ask(point, [3], other)).toEqual(['99']);
  expect(await ask(point, [3])).toEqual(['30']);
  await run('ROLLBACK', other);
  expect(await ask(point, [1], other)).toEqual(['11']);
  expect(await ask(point, [3], other)).toEqual(['30']);
  other.close();
});

test('a result stands although its rows change before it is read', async () => {
  for (const sql of ['SELECT name FROM v WHERE id < 300', 'SELECT name FROM v WHERE id = 1']) {
    await session.parse('', sql, []);
    await session.bind('', '', []);
    const result = await session.execute('');
    const other = open.sessions.open(inProcessSession());
    await run("UPDATE t SET name = 'changed' WHERE id < 300", other);
    const found = await lines(result);
    await session.sync(false);
    expect(found).not.toContain('changed');
    expect(new Set(found.map((name) => name.slice(0, 5)))).toEqual(new Set(['name ']));
    await run("UPDATE t SET name = 'name ' || (id % 50) WHERE id < 300", other);
    other.close();
  }
});

test('LIMIT without an order stops early and gives so many rows', async () => {
  expect(await run('SELECT id FROM v LIMIT 5')).toHaveLength(5);
  expect(await run('SELECT id FROM v LIMIT 5 OFFSET 998')).toHaveLength(2);
});
