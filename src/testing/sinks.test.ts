/** Sinks as a user meets them: made, dropped, restarted, refused. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LmdbStore } from '../checkpoint/lmdb-store.ts';
import { MemoryStore } from '../checkpoint/memory-store.ts';
import { TestFeed } from '../connectors/test-feed.ts';
import { TestWorld } from './test-world.ts';

const disk = { catalog: new MemoryStore(), state: new MemoryStore(), feed: new TestFeed() };
let world: TestWorld;

beforeEach(async () => {
  disk.catalog = new MemoryStore();
  disk.state = new MemoryStore();
  disk.feed = new TestFeed();
  world = await TestWorld.open(disk);
  await world.sql(`
    CREATE SOURCE events (k int, v int, at timestamp, WATERMARK FOR at AS at) WITH (connector = 'test');
    CREATE TABLE t (a int, b text);
    CREATE TABLE hole (k bigint, v text) WITH ('connector' = 'blackhole')`);
});

afterEach(async () => {
  await world.crash();
});

async function restart(workers = 1): Promise<void> {
  await world.crash();
  world = await TestWorld.open({ ...disk, database: { workers } });
}

const counts =
  'SELECT name, connector, target, state, rows_written, rows_committed FROM millrace.sinks';

test('INSERT INTO a blackhole goes on, over restarts, until it is dropped', async () => {
  await world.sql('INSERT INTO hole SELECT k, v::text FROM events');
  disk.feed.stream('public.events').push([
    [1, 1, 0n],
    [2, 2, 0n],
  ]);
  world.engine.settle();
  expect(await world.sql(counts)).toEqual([
    'insert_into_hole | blackhole | public.hole | running | 2 | 0',
  ]);
  await world.checkpoint();
  disk.feed.stream('public.events').push([[3, 3, 0n]]);
  world.engine.settle();
  // The third row is in no checkpoint: it is read again.
  await restart();
  world.engine.settle();
  await world.checkpoint();
  expect(await world.sql(counts)).toEqual([
    'insert_into_hole | blackhole | public.hole | running | 3 | 3',
  ]);
  await expect(world.sql('DROP TABLE hole')).rejects.toThrow('other objects depend on it');
  await world.sql('DROP SINK insert_into_hole');
  expect(await world.sql(counts)).toEqual([]);
  await world.sql('DROP TABLE hole');
});

test('CREATE SINK FROM and AS, changes counted each', async () => {
  await world.sql(
    `
    CREATE MATERIALIZED VIEW m AS SELECT b, count(*) AS n FROM t GROUP BY b;
    CREATE SINK s1 FROM m WITH (connector = 'blackhole');
    CREATE SINK s2 AS SELECT a FROM t WITH (connector = 'print', print_identifier = 'x')`.replace(
      'print_identifier',
      "'print-identifier'",
    ),
  );
  await world.sql(`INSERT INTO t VALUES (1, 'x'), (2, 'x')`);
  await world.sql(`INSERT INTO t VALUES (3, 'x')`);
  expect(await world.sql(counts)).toEqual([
    's1 | blackhole | NULL | running | 3 | 0',
    's2 | print | NULL | running | 3 | 0',
  ]);
  await world.sql('ALTER TABLE t RENAME TO t2');
  await restart();
  expect(await world.sql(counts)).toHaveLength(2);
  await world.sql('DROP TABLE t2 CASCADE');
  expect(await world.sql(counts)).toEqual([]);
});

test('temporary views go with their session, and the sink keeps what they said', async () => {
  const other = world.session();
  await world.sql(
    `CREATE TEMPORARY VIEW evens AS SELECT k, v FROM events WHERE k % 2 = 0;
     CREATE TEMPORARY VIEW few AS SELECT k, v AS w FROM evens WHERE v < 10;
     INSERT INTO hole SELECT few.k, w FROM few`.replace(', w FROM', ', w::text FROM'),
    other,
  );
  other.close();
  await expect(world.sql('SELECT * FROM few')).rejects.toThrow('does not exist');
  await restart();
  disk.feed.stream('public.events').push([
    [1, 1, 0n],
    [2, 2, 0n],
    [4, 20, 0n],
  ]);
  world.engine.settle();
  expect(await world.sql('SELECT rows_written FROM millrace.sinks')).toEqual(['1']);
  await world.sql('ALTER TABLE events RENAME TO happenings');
  await restart();
  expect(await world.sql('SELECT state FROM millrace.sinks')).toEqual(['running']);
});

test('a sink keeps the state of its query when the number of workers changes', async () => {
  await world.sql(
    `CREATE SINK s AS SELECT b, count(*) AS n FROM t GROUP BY b WITH (connector = 'blackhole')`,
  );
  await world.sql(`INSERT INTO t VALUES (1, 'x'), (2, 'x')`);
  await world.checkpoint();
  const written = 'SELECT state, rows_written FROM millrace.sinks';
  expect(await world.sql(written)).toEqual(['running | 1']);
  // Each further row takes the old count back and gives the new one.
  let expected = 1;
  for (const workers of [2, 3, 1]) {
    await restart(workers);
    await world.sql(`INSERT INTO t VALUES (3, 'x')`);
    world.engine.settle();
    expected += 2;
    expect(await world.sql(written)).toEqual([`running | ${expected}`]);
    await world.checkpoint();
  }
});

test('a sink finds its own state among the segments of others', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-sinks-'));
  const open = async (workers: number): Promise<{ world: TestWorld; stores: LmdbStore[] }> => {
    const catalog = new LmdbStore(join(directory, 'catalog.mdb'));
    const state = new LmdbStore(join(directory, 'state.mdb'));
    const made = await TestWorld.open({
      catalog,
      state,
      feed: new TestFeed(),
      database: { workers },
    });
    return { world: made, stores: [catalog, state] };
  };
  const written = 'SELECT state, rows_written FROM millrace.sinks';
  try {
    let opened = await open(1);
    await opened.world.sql(`
      CREATE TABLE c (a int, b text);
      CREATE SINK s AS SELECT b, count(*) AS n FROM c GROUP BY b WITH (connector = 'blackhole');
      INSERT INTO c SELECT i, 'a rather long text ' || i % 50 FROM generate_series(1, 500) i`);
    await opened.world.checkpoint();
    for (const [turn, workers] of [2, 1, 1].entries()) {
      await opened.world.crash();
      for (const store of opened.stores) await store.close();
      opened = await open(workers);
      await opened.world.sql(`INSERT INTO c VALUES (0, 'a rather long text 7')`);
      expect(await opened.world.sql(written)).toEqual([`running | ${50 + 2 * (turn + 1)}`]);
      await opened.world.checkpoint();
    }
    await opened.world.crash();
    for (const store of opened.stores) await store.close();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
