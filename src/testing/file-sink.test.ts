/** Files that a sink writes: every row once, whenever it crashes; formats, partitions, failures. */

import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { tableFromIPC } from 'apache-arrow';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { SeededRandom } from '../base/random.ts';
import { MemoryStore } from '../checkpoint/memory-store.ts';
import { TestFeed } from '../connectors/test-feed.ts';
import { TestWorld } from './test-world.ts';

let root: string;
let disk: { catalog: MemoryStore; state: MemoryStore; feed: TestFeed };
let world: TestWorld;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'millrace-sink-'));
  disk = { catalog: new MemoryStore(), state: new MemoryStore(), feed: new TestFeed() };
  await open();
  await world.sql(
    `CREATE SOURCE events (k int, v text, at timestamp, WATERMARK FOR at AS at) WITH (connector = 'test')`,
  );
});

afterEach(async () => {
  await world.crash();
  rmSync(root, { recursive: true });
});

async function open(): Promise<void> {
  world = await TestWorld.open({ ...disk, allowedDirectories: [root] });
}

async function restart(): Promise<void> {
  await world.crash();
  await open();
}

function push(...rows: readonly (readonly [number | null, string | null, number])[]): void {
  const micros = (minute: number): bigint => BigInt(minute) * 60_000_000n;
  disk.feed.stream('public.events').push(rows.map(([k, v, minute]) => [k, v, micros(minute)]));
  world.engine.settle();
}

/** A checkpoint, and what it lets be seen. */
async function checkpoint(): Promise<void> {
  await world.checkpoint();
  // What is shown is noted in a second one.
  await new Promise((resolve) => setTimeout(resolve, 20));
  await world.checkpoint();
}

function files(hidden = false): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(root, name)).isFile())
    .filter((name) => hidden || !name.split('/').at(-1)!.startsWith('.'))
    .sort();
}

function lines(): string[] {
  return files()
    .flatMap((name) => readFileSync(join(root, name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .sort();
}

async function sink(format: string, more = '', columns = 'k int, v text'): Promise<void> {
  await world.sql(`
    CREATE TABLE out (${columns}) WITH ('connector' = 'filesystem', 'path' = '${root}/out', 'format' = '${format}'${more});
    INSERT INTO out SELECT k, v FROM events`);
}

test('rows are seen when a checkpoint covers their finished file', async () => {
  await sink('json', `, 'sink.rolling-policy.file-size' = '1'`);
  push([1, 'a', 0], [2, null, 0]);
  expect(files()).toEqual([]);
  await checkpoint();
  expect(lines()).toEqual(['{"k":1,"v":"a"}', '{"k":2,"v":null}']);
  expect(
    await world.sql(
      'SELECT state, rows_written, rows_committed, files_committed FROM millrace.sinks',
    ),
  ).toEqual(['running | 2 | 2 | 1']);
});

test('a large file goes on over restarts, and what no checkpoint knew is cut off', async () => {
  await sink('csv');
  push([1, 'a,"b"', 0], [2, '', 0], [3, null, 0]);
  await checkpoint();
  push([4, 'lost', 0]);
  await new Promise((resolve) => setTimeout(resolve, 20));
  await restart();
  // The row is read again, and written behind the part that was known.
  world.engine.settle();
  expect(files()).toEqual([]);
  expect(files(true)).toHaveLength(1);
  await world.sql('DROP SINK insert_into_out');
  expect(lines()).toEqual(['1,"a,""b"""', '2,""', '3,', '4,lost']);
  expect(files(true)).toHaveLength(1);
});

test('partitions are directories that no value leaves', async () => {
  await world.sql(`
    CREATE TABLE out (k int, Dt text, hm text) PARTITIONED BY (dt, hm)
      WITH ('connector' = 'filesystem', 'path' = '${root}/out', 'format' = 'json');
    INSERT INTO out SELECT k, v, v FROM events`);
  push([1, '../../x', 0], [2, null, 0], [3, 'a=b/c%:', 0], [4, 'x'.repeat(300), 0], [5, '..', 0]);
  await world.sql('DROP SINK insert_into_out; DROP TABLE out');
  expect(files().map((name) => name.replace(/part-\w+-\d+/, 'part'))).toEqual([
    'out/Dt=..%2F..%2Fx/hm=..%2F..%2Fx/part.jsonl',
    'out/Dt=../hm=../part.jsonl',
    'out/Dt=__DEFAULT_PARTITION__/hm=__DEFAULT_PARTITION__/part.jsonl',
    'out/Dt=a%3Db%2Fc%25%3A/hm=a%3Db%2Fc%25%3A/part.jsonl',
  ]);
  expect(lines()).toEqual(['{"k":1}', '{"k":2}', '{"k":3}', '{"k":5}']);
});

test('a partition is committed when the watermark has passed it', async () => {
  await world.sql(`
    CREATE TABLE fs_sink (k int, dt STRING, hm STRING) PARTITIONED BY (dt, hm) WITH (
      'connector' = 'filesystem', 'path' = '${root}/out', 'format' = 'csv',
      'sink.partition-commit.trigger' = 'partition-time', 'sink.partition-commit.delay' = '1 min',
      'sink.partition-commit.policy.kind' = 'success-file',
      'partition.time-extractor.timestamp-pattern' = '$dt $hm:00',
      'sink.rolling-policy.rollover-interval' = '1min', 'sink.rolling-policy.check-interval' = '1min');
    INSERT INTO fs_sink SELECT k, DATE_FORMAT(at, 'yyyy-MM-dd'), DATE_FORMAT(at, 'HH:mm') FROM events`);
  push([1, 'a', 0], [2, 'b', 1]);
  await checkpoint();
  push([3, 'c', 1]);
  await checkpoint();
  await checkpoint();
  const named = (): string[] => files().map((name) => name.replace(/part-\w+-\d+/, 'part'));
  expect(named()).toEqual([
    'out/dt=1970-01-01/hm=00%3A00/_SUCCESS',
    'out/dt=1970-01-01/hm=00%3A00/part.csv',
  ]);
  await restart();
  push([4, 'd', 9]);
  await checkpoint();
  push([5, 'd', 9]);
  await checkpoint();
  await checkpoint();
  expect(named()).toContain('out/dt=1970-01-01/hm=00%3A01/_SUCCESS');
  expect(lines()).toEqual(['1', '2', '3']);
});

test('a file may end while a checkpoint is syncing it', async () => {
  await sink('json', `, 'sink.rolling-policy.file-size' = '30'`);
  push([1, 'a', 0]);
  const running = world.engine.checkpoint();
  push([2, 'b', 0], [3, 'c', 0], [4, 'd', 0]);
  await running;
  await checkpoint();
  expect(await world.sql('SELECT state, error FROM millrace.sinks')).toEqual(['running | NULL']);
  expect(lines()).toHaveLength(4);
});

test('rows of many partitions mixed together each find their own', async () => {
  await world.sql(`
    CREATE TABLE out (k int, v text, n int, d date) PARTITIONED BY (v, n, d)
      WITH ('connector' = 'filesystem', 'path' = '${root}/out', 'format' = 'csv', 'csv.header' = 'true');
    INSERT INTO out SELECT k, v, k % 5, at::date FROM events`);
  const day = 24 * 60;
  const rows = Array.from({ length: 300 }, (_, i) => {
    return [i, ['a', 'b', null, 'ä/', ''][i % 3 === 0 ? 0 : i % 5]!, (i % 2) * day] as const;
  });
  push(...rows.slice(0, 170));
  await checkpoint();
  push(...rows.slice(170, 250));
  await restart();
  push(...rows.slice(250));
  await world.sql('DROP SINK insert_into_out; DROP TABLE out');
  const found: string[] = [];
  for (const name of files()) {
    const directory = name.split('/').slice(1, -1).join('/');
    const [head, ...written] = readFileSync(join(root, name), 'utf8').trimEnd().split('\n');
    expect(head).toBe('k');
    found.push(...written.map((line) => `${line} ${directory}`));
  }
  const expected = rows.map(([k, v, minute]) => {
    const value = v === null || v === '' ? '__DEFAULT_PARTITION__' : v.replace('/', '%2F');
    return `${k} v=${value}/n=${k % 5}/d=1970-01-0${minute === 0 ? 1 : 2}`;
  });
  expect(found.sort()).toEqual(expected.sort());
});

test('Arrow files hold what was written, over a restart', async () => {
  await world.sql(`
    CREATE TABLE out (k bigint, v text, at timestamp, n numeric(10, 2), ok boolean, d double precision, day date)
      WITH ('connector' = 'filesystem', 'path' = '${root}/out', 'format' = 'arrow');
    INSERT INTO out SELECT k, v, at, k + 0.5, k > 1, k / 4.0, at::date FROM events`);
  await expect(world.sql('SELECT * FROM out')).rejects.toThrow('reading table "out"');
  push([1, 'ä', 1], [null, null, 2]);
  await checkpoint();
  push([7, 'lost', 3]);
  await restart();
  push([2, 'b', 60 * 24]);
  await world.sql('DROP SINK insert_into_out');
  const [name, more] = files();
  expect(more).toBeUndefined();
  const table = tableFromIPC(readFileSync(join(root, name!)));
  expect(table.schema.fields.map((field) => `${field.name} ${String(field.type)}`)).toEqual([
    'k Int64',
    'v Utf8',
    'at Timestamp<MICROSECOND>',
    'n Utf8',
    'ok Bool',
    'd Float64',
    'day Date32<DAY>',
  ]);
  expect(table.getChild('k')!.toArray()).toEqual(BigInt64Array.of(1n, 0n, 7n, 2n));
  expect([...table.getChild('k')!]).toEqual([1n, null, 7n, 2n]);
  expect([...table.getChild('v')!]).toEqual(['ä', null, 'lost', 'b']);
  expect([...table.getChild('at')!]).toEqual([60_000, 120_000, 180_000, 86_400_000]);
  expect([...table.getChild('n')!]).toEqual(['1.50', null, '7.50', '2.50']);
  expect([...table.getChild('ok')!]).toEqual([false, null, true, true]);
  expect([...table.getChild('d')!]).toEqual([0.25, null, 1.75, 0.5]);
});

test('what does not fit is refused at the door', async () => {
  await world.sql(`
    CREATE TABLE out (k int, n bigint) WITH ('connector' = 'filesystem', 'path' = '${root}/out', 'format' = 'json')`);
  const refused = async (sql: string, message: string): Promise<void> => {
    await expect(world.sql(sql)).rejects.toThrow(message);
    expect(await world.sql('SELECT name FROM millrace.sinks')).toEqual([]);
  };
  await refused('INSERT INTO out SELECT k, count(*) FROM events GROUP BY k', 'takes new rows only');
  await refused('INSERT INTO out VALUES (1, 2)', 'INSERT … VALUES');
  await refused('INSERT INTO out SELECT v, 1 FROM events', 'is of type integer but expression is');
  await refused('INSERT INTO out SELECT k, 1, 2 FROM events', 'more expressions than target');
  await refused(
    `CREATE SINK s AS SELECT k FROM events WITH (connector = 'file', path = '/etc', format = 'json')`,
    'permission denied',
  );
  symlinkSync('/tmp', join(root, 'way-out'));
  await refused(
    `CREATE SINK s AS SELECT k FROM events WITH (connector = 'file', path = '${root}/way-out/x', format = 'json')`,
    'permission denied',
  );
  unlinkSync(join(root, 'way-out'));
  // A window's results are final when it closes, so the sink gets them then.
  await world.sql(`
    INSERT INTO out SELECT k, count(*) FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(at), INTERVAL '1' MINUTE))
    GROUP BY window_start, window_end, k`);
  push([1, 'a', 0], [1, 'b', 0], [1, 'c', 5]);
  await world.sql('DROP SINK insert_into_out');
  expect(lines()).toEqual(['{"k":1,"n":2}']);
});

test('a disk that fails stops the sink alone, also after a restart', async () => {
  await sink('json', `, 'sink.rolling-policy.file-size' = '1'`);
  await world.sql('CREATE MATERIALIZED VIEW m AS SELECT count(*) AS n FROM events');
  push([1, 'a', 0]);
  await checkpoint();
  rmSync(join(root, 'out'), { recursive: true });
  push([2, 'b', 0]);
  await checkpoint();
  push([3, 'c', 0]);
  await checkpoint();
  expect(await world.sql('SELECT n FROM m')).toEqual(['3']);
  expect(await world.sql('SELECT name, state FROM millrace.sinks')).toEqual([
    'insert_into_out | failed',
  ]);
  await restart();
  expect(
    await world.sql('SELECT name, state, error LIKE $$%ENOENT%$$ FROM millrace.sinks'),
  ).toEqual(['insert_into_out | failed | t']);
  await world.sql('DROP SINK insert_into_out');
  await restart();
  expect(await world.sql('SELECT n FROM m')).toEqual(['3']);
});

test.each([1, 2, 3, 4])('crashes at any moment lose and repeat nothing (seed %i)', async (seed) => {
  const random = new SeededRandom(seed);
  await sink('json', `, 'sink.rolling-policy.file-size' = '100'`);
  const expected: string[] = [];
  for (let step = 0; step < 60; step++) {
    const count = 1 + random.below(4);
    const rows = Array.from({ length: count }, (_, i) => [step * 10 + i, 'x', 0] as const);
    for (const [k] of rows) expected.push(`{"k":${k},"v":"x"}`);
    push(...rows);
    const fate = random.below(5);
    if (fate === 0) await world.checkpoint();
    if (fate === 1) await new Promise((resolve) => setTimeout(resolve, random.below(4)));
    if (fate === 2) {
      // In the midst of a checkpoint, or of what follows it.
      const running = world.checkpoint().catch(() => undefined);
      if (random.below(2) === 0) await Promise.race([running, new Promise(setImmediate)]);
      await restart();
    }
    if (fate === 3) await restart();
  }
  world.engine.settle();
  expect(await world.sql('SELECT state, error FROM millrace.sinks')).toEqual(['running | NULL']);
  await world.sql('DROP SINK insert_into_out');
  expect(lines()).toEqual(expected.sort());
  expect(files(true).filter((name) => name.includes('inprogress'))).toEqual([]);
});
