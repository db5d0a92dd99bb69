/**
 * TPC-H's queries as materialized views, equal to PostgreSQL after every batch of changes. MILLRACE_TPCH_SCALE and
 * MILLRACE_TPCH_BATCHES change the size.
 */

import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SeededRandom } from '../../base/random.ts';
import { MemoryStore } from '../../checkpoint/memory-store.ts';
import { TestFeed } from '../../connectors/test-feed.ts';
import { TestWorld } from '../test-world.ts';
import { queries } from './queries.ts';
import { BusinessGenerator, tableDefinitions } from './tables.ts';

const scale = Number(process.env['MILLRACE_TPCH_SCALE'] ?? 0.01);
const batches = Number(process.env['MILLRACE_TPCH_BATCHES'] ?? 4);

const asText = Object.fromEntries(
  Array.from({ length: 5000 }, (_, oid) => [oid, (text: string) => text]),
);

const generator = new BusinessGenerator(new SeededRandom(22), scale);
let postgres: PGlite;
let world: TestWorld;

async function inBoth(sql: string): Promise<void> {
  await postgres.exec(sql);
  await world.sql(sql);
}

async function postgresRows(sql: string): Promise<string[]> {
  const results = await postgres.exec(sql, { rowMode: 'array', parsers: asText });
  const rows = results.at(-1)!.rows as unknown as (string | null)[][];
  return rows.map((row) => row.map((cell) => cell ?? 'NULL').join(' | ')).sort();
}

beforeAll(async () => {
  postgres = await PGlite.create();
  world = await TestWorld.open({
    catalog: new MemoryStore(),
    state: new MemoryStore(),
    feed: new TestFeed(),
  });
  for (const sql of tableDefinitions) await inBoth(sql);
  for (const sql of generator.fill()) await inBoth(sql);
  await postgres.exec(
    'CREATE INDEX ON lineitem (l_partkey); CREATE INDEX ON orders (o_custkey); ANALYZE',
  );
  for (const [name, sql] of queries) {
    await world.sql(`CREATE MATERIALIZED VIEW ${name} AS ${sql}`);
  }
}, 300_000);

afterAll(async () => {
  await world.crash();
  await postgres.close();
});

async function compareAll(): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for (const [name, sql] of queries) {
    const expected = await postgresRows(sql);
    expect(await world.sql(`SELECT * FROM ${name}`), name).toEqual(expected);
    sizes.set(name, expected.length);
  }
  return sizes;
}

test('all views equal PostgreSQL, and show something', async () => {
  const sizes = await compareAll();
  expect([...sizes].filter(([, rows]) => rows === 0)).toEqual([]);
}, 120_000);

test.each(Array.from({ length: batches }, (_, index) => index + 1))(
  'so they do after batch %i of changes',
  async () => {
    for (const sql of generator.changes()) await inBoth(sql);
    await compareAll();
  },
  120_000,
);

test('no row failed on the way', async () => {
  expect(await world.sql('SELECT * FROM millrace.row_errors')).toEqual([]);
});
