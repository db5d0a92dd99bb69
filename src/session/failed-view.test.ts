/** A view that has failed says so to its readers, also when it fails again at the next start. */

import { expect, test } from 'vitest';
import { SqlError } from '../base/errors.ts';
import { MemoryStore } from '../checkpoint/memory-store.ts';
import { inProcessSession, inProcessWorld } from '../server/in-process.ts';
import {
  defaultDatabaseOptions,
  openDatabase,
  type OpenDatabase,
} from '../server/open-database.ts';
import { batchCells } from '../sqltest/values.ts';

async function run(sql: string, open: OpenDatabase): Promise<string[]> {
  const lines: string[] = [];
  const session = open.sessions.open(inProcessSession({ backendPid: 1 }));
  await session.simpleQuery(sql, async (result) => {
    if (result.kind !== 'rows') return;
    for (let batch = await result.cursor.next(100); batch !== null;) {
      lines.push(...batchCells(batch, result.fields).map((row) => row.join('|')));
      batch = await result.cursor.next(100);
    }
  });
  return lines;
}

async function failure(sql: string, open: OpenDatabase): Promise<string> {
  try {
    await run(sql, open);
  } catch (error) {
    if (error instanceof SqlError) return `${error.message}: ${error.fields.detail ?? ''}`;
    throw error;
  }
  return 'none';
}

test('an endless recursion is told after a restart, and the view can be dropped', async () => {
  const stores = { catalog: new MemoryStore(), state: new MemoryStore() };
  const world = (): Promise<OpenDatabase> =>
    openDatabase(inProcessWorld({ stores }), defaultDatabaseOptions);
  const walks =
    'CREATE MATERIALIZED VIEW walks AS WITH RECURSIVE w(n) AS (SELECT 1 UNION ALL SELECT e.dst FROM w JOIN e ON e.src = w.n) SELECT * FROM w';
  const first = await world();
  await run('CREATE TABLE e (src int, dst int); INSERT INTO e VALUES (1, 2)', first);
  await run(walks, first);
  await run('CREATE MATERIALIZED VIEW walked AS SELECT count(*) AS n FROM walks', first);
  await run('CREATE MATERIALIZED VIEW others AS SELECT count(*) AS n FROM e', first);
  await run('INSERT INTO e VALUES (2, 1)', first);
  const said = await failure('SELECT * FROM walks', first);
  expect(said).toMatch(/^materialized view "walks" has failed: .*rounds/);
  await first.abandon();
  const second = await world();
  expect(await failure('SELECT * FROM walks', second)).toBe(said);
  expect(await failure('SELECT * FROM walked', second)).toMatch(
    /it reads "public.walks", which has failed/,
  );
  expect(await run('SELECT n FROM others', second)).toEqual(['2']);
  expect(await run("SELECT state FROM millrace.views WHERE name = 'walks'", second)).toEqual([
    'failed',
  ]);
  await run('DELETE FROM e WHERE src = 2; DROP MATERIALIZED VIEW walks CASCADE', second);
  await run(walks, second);
  await second.abandon();
  const third = await world();
  expect(await run('SELECT n FROM walks ORDER BY n', third)).toEqual(['1', '2']);
  await third.abandon();
});
