/**
 * What only faults and restarts show of the engine: views whose plan has changed, views that failed, and views
 * made while their source is read.
 */

import { expect, test } from 'vitest';
import { must } from '../base/assert.ts';
import { MemoryStore } from '../checkpoint/memory-store.ts';
import { TestFeed } from '../connectors/test-feed.ts';
import { ruleNames } from '../optimizer/optimize.ts';
import type { DatabaseOptions } from '../server/open-database.ts';
import { TestWorld } from './test-world.ts';

const at = (second: number): bigint => BigInt(946_684_800 + second) * 1_000_000n;

/** Lets everything happen that can. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** One disk and one feed, opened again and again. */
class Disk {
  readonly catalog = new MemoryStore();
  readonly state = new MemoryStore();
  readonly feed = new TestFeed();

  open(database: Partial<DatabaseOptions> = {}): Promise<TestWorld> {
    return TestWorld.open({ catalog: this.catalog, state: this.state, feed: this.feed, database });
  }
}

test('a view whose plan has changed is made anew, with all that reads it', async () => {
  const disk = new Disk();
  const first = await disk.open();
  await first.sql(`
    CREATE SOURCE events (k int, v int, at timestamp, WATERMARK FOR at AS at) WITH (connector = 'test');
    CREATE TABLE names (k int PRIMARY KEY, name text);
    INSERT INTO names VALUES (1, 'one'), (2, 'two');
    CREATE MATERIALIZED VIEW counts AS
      SELECT window_start, k, count(*) AS n FROM TUMBLE(events, at, INTERVAL '10 seconds')
      WHERE k + 0 < 10 GROUP BY window_start, k;
    CREATE MATERIALIZED VIEW named AS SELECT name, n FROM counts JOIN names USING (k) WHERE n + 1 > 1;
    CREATE MATERIALIZED VIEW copy AS SELECT * FROM counts`);
  disk.feed.stream('public.events').push([
    [1, 1, at(1)],
    [1, 2, at(2)],
    [2, 3, at(15)],
    [2, 4, null],
    [1, 5, at(3)],
  ]);
  first.engine.settle();
  await first.checkpoint();
  const questions = [
    'SELECT k, n FROM counts',
    'SELECT * FROM named',
    'SELECT k, n FROM copy',
    'SELECT view_name, record_offset FROM millrace.late_rows',
    'SELECT source, record_offset FROM millrace.dead_letters',
  ];
  const ask = async (world: TestWorld): Promise<string[][]> => {
    const answers: string[][] = [];
    for (const question of questions) answers.push(await world.sql(question));
    return answers;
  };
  const before = await ask(first);
  expect(before).toEqual([
    ['1 | 2', '2 | 1'],
    ['one | 2', 'two | 1'],
    ['1 | 2', '2 | 1'],
    ['public.counts | 4'],
    ['public.events | 3'],
  ]);
  await first.crash();
  // Other rules, other plans: their fingerprints are not those of the stored state.
  const second = await disk.open({ disabledRules: new Set(ruleNames) });
  expect(await ask(second)).toEqual(before);
  disk.feed.stream('public.events').push([[2, 6, at(16)]]);
  second.engine.settle();
  expect(await second.sql('SELECT * FROM named')).toEqual(['one | 2', 'two | 2']);
  await second.checkpoint();
  await second.crash();
  const third = await disk.open({ disabledRules: new Set(ruleNames) });
  expect(await third.sql('SELECT * FROM named')).toEqual(['one | 2', 'two | 2']);
  expect(await third.sql('SELECT k, n FROM copy')).toEqual(['1 | 2', '2 | 2']);
  await third.crash();
});

test('a view that failed says so, as do those that read it, and a restart mends them', async () => {
  const disk = new Disk();
  const world = await disk.open();
  await world.sql(`
    CREATE TABLE t (v int);
    CREATE MATERIALIZED VIEW a AS SELECT v, count(*) AS n FROM t GROUP BY v;
    CREATE MATERIALIZED VIEW b AS SELECT sum(n) AS n FROM a;
    CREATE MATERIALIZED VIEW other AS SELECT count(*) AS n FROM t;
    INSERT INTO t VALUES (1), (2)`);
  await world.checkpoint();
  const failed = must(
    [...world.engine.jobs].find((job) => job.object.name === 'a'),
    'view a',
  );
  failed.fail(new Error('planted'));
  await world.sql('INSERT INTO t VALUES (3)');
  await expect(world.sql('SELECT * FROM a')).rejects.toThrow('"a" has failed');
  await expect(world.sql('SELECT * FROM b')).rejects.toThrow('"b" has failed');
  expect(await world.sql('SELECT n FROM other')).toEqual(['3']);
  await world.checkpoint();
  await world.crash();
  const again = await disk.open();
  expect(await again.sql('SELECT * FROM a')).toEqual(['1 | 1', '2 | 1', '3 | 1']);
  expect(await again.sql('SELECT n FROM b')).toEqual(['3']);
  await again.crash();
});

test.each([1, 7, 64])(
  'views made while rows pour in equal the first (batches of %i)',
  async (max) => {
    const disk = new Disk();
    const world = await disk.open({ batchRowsMax: max });
    await world.sql(
      `CREATE SOURCE events (k int, v int) WITH (connector = 'test', partitions = '3')`,
    );
    const stream = disk.feed.stream('public.events');
    let pushed = 0;
    const push = (rows: number): void => {
      for (let i = 0; i < rows; i++, pushed++)
        stream.push([[pushed % 5, pushed]], String(pushed % 3));
    };
    push(500);
    const query = 'SELECT k, count(*) AS n, sum(v) AS s FROM events GROUP BY k';
    await world.sql(`CREATE MATERIALIZED VIEW m0 AS ${query}`);
    for (let view = 1; view <= 5; view++) {
      let making = true;
      const made = world.sql(`CREATE MATERIALIZED VIEW m${view} AS ${query}`).finally(() => {
        making = false;
      });
      for (let turn = 0; making && turn < 10_000; turn++) {
        if (turn < 200) push(2);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await made;
      // One statement reads both at one instant, whatever is still to come.
      const gap = `SELECT * FROM m0 EXCEPT ALL SELECT * FROM m${view}`;
      expect(await world.sql(gap)).toEqual([]);
    }
    world.engine.settle();
    expect(await world.sql('SELECT sum(n) FROM m5')).toEqual([String(pushed)]);
    await world.checkpoint();
    await world.crash();
    const again = await disk.open({ batchRowsMax: max });
    for (let view = 0; view <= 5; view++) {
      expect(await again.sql(`SELECT sum(n), sum(s) FROM m${view}`)).toEqual([
        `${pushed} | ${(pushed * (pushed - 1)) / 2}`,
      ]);
    }
    await again.crash();
  },
);

test('closing while a view catches up ends its CREATE with an error, and leaves nothing behind', async () => {
  const disk = new Disk();
  let stalled = false;
  const world = await TestWorld.open({
    catalog: disk.catalog,
    state: disk.state,
    feed: disk.feed,
    defer: (run) => {
      if (!stalled) setImmediate(run);
    },
  });
  await world.sql("CREATE SOURCE events (v int) WITH (connector = 'test')");
  disk.feed.stream('public.events').push(Array.from({ length: 100 }, (_, v) => [v]));
  await world.sql('CREATE MATERIALIZED VIEW a AS SELECT sum(v) AS s FROM events');
  world.engine.settle();
  await world.checkpoint();
  await turns();
  stalled = true;
  const outcome = world.sql('CREATE MATERIALIZED VIEW b AS SELECT max(v) AS top FROM events').then(
    () => 'made',
    (error: Error) => error.message,
  );
  await turns();
  expect([...world.engine.jobs]).toHaveLength(2);
  // Nobody can see it before it shows everything.
  await expect(world.sql('SELECT * FROM b', world.session())).rejects.toThrow('does not exist');
  await world.crash();
  expect(await outcome).toBe('reading of the source was stopped');
  const again = await disk.open();
  expect(await again.sql('SELECT s FROM a')).toEqual(['4950']);
  await expect(again.sql('SELECT * FROM b')).rejects.toThrow('relation "b" does not exist');
  await again.crash();
});

test('a crash between a definition and its checkpoint leaves nothing under an old name', async () => {
  const disk = new Disk();
  const first = await disk.open();
  const window = `FROM TUMBLE(events, at, INTERVAL '10 seconds') GROUP BY window_start`;
  await first.sql(`
    CREATE SOURCE events (v int, at timestamp, WATERMARK FOR at AS at) WITH (connector = 'test', feed = 'f');
    CREATE MATERIALIZED VIEW counts AS SELECT 1 / min(v) AS q, count(*) AS n ${window};
    CREATE MATERIALIZED VIEW gone AS SELECT count(*) AS n ${window}`);
  disk.feed.stream('f').push([
    [1, null],
    [0, at(20)],
    [2, at(1)],
  ]);
  first.engine.settle();
  await first.checkpoint();
  const before = disk.state.snapshot();
  await first.sql(`DROP MATERIALIZED VIEW gone; ALTER MATERIALIZED VIEW counts RENAME TO totals;
    ALTER TABLE events RENAME TO happenings`);
  const questions = [
    'SELECT view_name, source, record_offset FROM millrace.late_rows',
    'SELECT source, record_offset FROM millrace.dead_letters',
    'SELECT view_name, code FROM millrace.row_errors',
    'SELECT name, late_rows, failed_rows FROM millrace.views',
    'SELECT name FROM millrace.sources',
  ];
  const answers = [
    ['public.totals | public.happenings | 2'],
    ['public.happenings | 0'],
    ['public.totals | 22012'],
    ['totals | 1 | 1'],
    ['happenings'],
  ];
  const ask = async (world: TestWorld): Promise<string[][]> => {
    const found: string[][] = [];
    for (const question of questions) found.push(await world.sql(question));
    return found;
  };
  expect(await ask(first)).toEqual(answers);
  const catalog = disk.catalog.snapshot();
  await first.crash();
  const second = await TestWorld.open({ catalog, state: before, feed: disk.feed });
  expect(await ask(second)).toEqual(answers);
  await second.checkpoint();
  await second.crash();
  const third = await TestWorld.open({ catalog, state: before, feed: disk.feed });
  expect(await ask(third)).toEqual(answers);
  await third.crash();
});
