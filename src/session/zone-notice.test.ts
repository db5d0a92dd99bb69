/** Views compute in UTC; whoever makes one in another time zone is told where that may matter. */

import { expect, test } from 'vitest';
import { MemoryStore } from '../checkpoint/memory-store.ts';
import { inProcessSession, inProcessWorld } from '../server/in-process.ts';
import { defaultDatabaseOptions, openDatabase } from '../server/open-database.ts';

test('a view over instants, made where the time zone is not UTC, is announced', async () => {
  const stores = { catalog: new MemoryStore(), state: new MemoryStore() };
  const open = await openDatabase(inProcessWorld({ stores }), defaultDatabaseOptions);
  const heard: string[] = [];
  const session = open.sessions.open(
    inProcessSession({
      backendPid: 1,
      notice: ({ message }) => {
        heard.push(message);
      },
    }),
  );
  const run = async (sql: string): Promise<string[]> => {
    heard.length = 0;
    await session.simpleQuery(sql, () => Promise.resolve());
    return [...heard];
  };
  const perDay = "SELECT date_trunc('day', at) AS day, count(*) AS n FROM t GROUP BY 1";
  await run('CREATE TABLE t (id int, at timestamptz, local timestamp)');
  expect(await run(`CREATE MATERIALIZED VIEW utc AS ${perDay}`)).toEqual([]);
  await run("SET TimeZone = 'Europe/Paris'");
  expect(await run(`CREATE MATERIALIZED VIEW paris AS ${perDay}`)).toEqual([
    'materialized view "paris" computes in UTC, not in the session\'s time zone Europe/Paris',
  ]);
  expect(await run(`CREATE MATERIALIZED VIEW IF NOT EXISTS paris AS ${perDay}`)).toHaveLength(1);
  const [shown] = await run('CREATE MATERIALIZED VIEW shown AS SELECT id, at::text AS at FROM t');
  expect(shown).toMatch(/"shown" computes in UTC/);
  const quiet = [
    'CREATE MATERIALIZED VIEW plain AS SELECT id, at FROM t WHERE id > 3',
    'CREATE MATERIALIZED VIEW latest AS SELECT max(at) AS at FROM t',
    "CREATE MATERIALIZED VIEW said AS SELECT date_trunc('day', at AT TIME ZONE 'Europe/Paris') AS day FROM t",
    "CREATE MATERIALIZED VIEW local AS SELECT date_trunc('day', local) AS day FROM t",
    `CREATE VIEW follows AS ${perDay}`,
  ];
  for (const sql of quiet) expect(await run(sql)).toEqual([]);
  const sink = `CREATE SINK s AS ${perDay} WITH (connector = 'blackhole')`;
  expect((await run(sink))[0]).toMatch(/^sink "s" computes in UTC/);
  await open.abandon();
});
