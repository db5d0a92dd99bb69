/** A view that has failed says so to its readers, also when it fails again at the next start. */

import { expect, test } from 'vitest';
import { SqlError } from '../base/errors.ts';
import { MemoryStore } from '../checkpoint/memory-store.ts';
import { TestFeed } from '../connectors/test-feed.ts';
import { TestWorld } from './test-world.ts';

/** Message and detail of the error that reading a view gives. */
async function failure(view: string, world: TestWorld): Promise<string> {
  const error: unknown = await world
    .sql(`SELECT * FROM ${view}`)
    .catch((thrown: unknown) => thrown);
  if (!(error instanceof SqlError)) throw new Error(`no error of ${view}`);
  return `${error.message}: ${error.fields.detail ?? ''}`;
}

test('an endless recursion is told after a restart, and the view can be dropped', async () => {
  const disk = { catalog: new MemoryStore(), state: new MemoryStore(), feed: new TestFeed() };
  const walks =
    'CREATE MATERIALIZED VIEW walks AS WITH RECURSIVE w(n) AS (SELECT 1 UNION ALL SELECT e.dst FROM w JOIN e ON e.src = w.n) SELECT * FROM w';
  const first = await TestWorld.open(disk);
  await first.sql('CREATE TABLE e (src int, dst int); INSERT INTO e VALUES (1, 2)');
  await first.sql(walks);
  await first.sql('CREATE MATERIALIZED VIEW walked AS SELECT count(*) AS n FROM walks');
  await first.sql('CREATE MATERIALIZED VIEW others AS SELECT count(*) AS n FROM e');
  await first.sql('INSERT INTO e VALUES (2, 1)');
  const said = await failure('walks', first);
  expect(said).toMatch(/^materialized view "walks" has failed: .*rounds/);
  await first.crash();
  const second = await TestWorld.open(disk);
  expect(await failure('walks', second)).toBe(said);
  expect(await failure('walked', second)).toMatch(/it reads "public.walks", which has failed/);
  expect(await second.sql('SELECT n FROM others')).toEqual(['2']);
  const states = "SELECT name, state FROM millrace.views WHERE name LIKE 'walk%'";
  expect(await second.sql(states)).toEqual(['walked | failed', 'walks | failed']);
  await second.sql('DELETE FROM e WHERE src = 2; DROP MATERIALIZED VIEW walks CASCADE');
  await second.sql(walks);
  await second.crash();
  const third = await TestWorld.open(disk);
  expect(await third.sql('SELECT n FROM walks')).toEqual(['1', '2']);
  await third.crash();
});
