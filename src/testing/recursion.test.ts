/**
 * Recursive views under random changes, with PostgreSQL as the oracle, which computes the whole query anew after
 * each. Half of the runs are stopped and recovered between changes. A failure names its seed; MILLRACE_SEED=n
 * MILLRACE_SEEDS=1 repeats it.
 */

import { PGlite } from '@electric-sql/pglite';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { SeededRandom } from '../base/random.ts';
import { MemoryStore } from '../checkpoint/memory-store.ts';
import { TestFeed } from '../connectors/test-feed.ts';
import { graphDefinitions, RecursionGenerator } from './random-recursion.ts';
import { TestWorld } from './test-world.ts';

const firstSeed = Number(process.env['MILLRACE_SEED'] ?? 1);
const seedCount = Number(process.env['MILLRACE_SEEDS'] ?? 40);
const changesPerSeed = 10;

const asText = Object.fromEntries(
  Array.from({ length: 5000 }, (_, oid) => [oid, (text: string) => text]),
);

let postgres: PGlite;

beforeAll(async () => {
  postgres = await PGlite.create();
});

// Vitest hears of progress only between turns of the event loop.
afterEach(() => new Promise<void>((resolve) => setImmediate(resolve)));

afterAll(async () => {
  await postgres.close();
});

async function postgresRows(sql: string): Promise<string[]> {
  const results = await postgres.exec(sql, { rowMode: 'array', parsers: asText });
  const rows = results.at(-1)!.rows as unknown as (string | null)[][];
  return rows.map((row) => row.map((cell) => cell ?? 'NULL').join(' | ')).sort();
}

const seeds = Array.from({ length: seedCount }, (_, index) => firstSeed + index);

test.each(seeds)('seed %i', async (seed) => {
  const generator = new RecursionGenerator(new SeededRandom(seed));
  const query = generator.query();
  const setup = graphDefinitions.join('; ');
  const stores = { catalog: new MemoryStore(), state: new MemoryStore(), feed: new TestFeed() };
  let world = await TestWorld.open(stores);
  await postgres.exec(`DROP SCHEMA public CASCADE; CREATE SCHEMA public; ${setup}`);
  await world.sql(setup);
  const script = [setup];
  const both = async (change: string): Promise<void> => {
    script.push(change);
    await postgres.exec(change);
    await world.sql(change);
  };
  await both('INSERT INTO start VALUES (1), (4)');
  for (let i = 0; i < 4; i++) await both(generator.change());
  script.push(`CREATE MATERIALIZED VIEW v AS ${query}`);
  await postgres.exec(`CREATE VIEW v AS ${query}`);
  await world.sql(`CREATE MATERIALIZED VIEW v AS ${query}`);
  for (let i = 0; i < changesPerSeed; i++) {
    await both(generator.change());
    const expected = await postgresRows('SELECT * FROM v');
    const where = script.join(';\n');
    expect(await world.sql('SELECT * FROM v'), where).toEqual(expected);
    expect(await world.sql(query), `${where};\n${query}`).toEqual(expected);
    if (seed % 2 === 0 && i % 3 === 2) {
      if (i === 5) await world.checkpoint();
      await world.crash();
      world = await TestWorld.open(stores);
    }
  }
  expect(await world.sql('SELECT * FROM millrace.row_errors')).toEqual([]);
  await world.crash();
});
