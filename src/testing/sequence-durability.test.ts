/** Values of sequences are durable when whoever took them is told so, also while a checkpoint waits for a sink. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { MemoryStore } from '../checkpoint/memory-store.ts';
import { TestFeed } from '../connectors/test-feed.ts';
import { SinkJob } from '../jobs/sink-job.ts';
import { TestWorld } from './test-world.ts';

const disk = { catalog: new MemoryStore(), state: new MemoryStore(), feed: new TestFeed() };
let world: TestWorld;
let release: () => void;
let asked: Promise<void>;

beforeEach(async () => {
  disk.catalog = new MemoryStore();
  disk.state = new MemoryStore();
  disk.feed = new TestFeed();
  world = await TestWorld.open(disk);
  await world.sql(`
    CREATE SOURCE events (k int) WITH (connector = 'test');
    CREATE SEQUENCE s;
    CREATE TABLE hole (k int) WITH ('connector' = 'blackhole');
    INSERT INTO hole SELECT k FROM events`);
  await world.checkpoint();
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  asked = new Promise((resolve) => {
    vi.spyOn(SinkJob.prototype, 'synced').mockImplementation(() => {
      resolve();
      return held;
    });
  });
});

afterEach(async () => {
  vi.restoreAllMocks();
  release();
  await world.crash();
});

/** Begins a checkpoint that waits for its sink. */
function checkpointHeld(): Promise<void> {
  disk.feed.stream('public.events').push([[1]]);
  world.engine.settle();
  return world.checkpoint();
}

async function restart(): Promise<void> {
  vi.restoreAllMocks();
  await world.crash();
  world = await TestWorld.open(disk);
}

test('a commit is durable though a checkpoint began before it and is not through', async () => {
  const session = world.session();
  await world.sql('BEGIN', session);
  expect(await world.sql("SELECT nextval('s')", session)).toEqual(['1']);
  let through = false;
  checkpointHeld().then(
    () => (through = true),
    () => undefined,
  );
  await asked;
  await world.sql('COMMIT', session);
  expect(through).toBe(false);
  await restart();
  expect(await world.sql("SELECT nextval('s')")).toEqual(['2']);
});

test('a checkpoint that ends late puts no older value over a newer one', async () => {
  const session = world.session();
  await world.sql('BEGIN', session);
  expect(await world.sql("SELECT nextval('s')", session)).toEqual(['1']);
  const checkpoint = checkpointHeld();
  await asked;
  expect(await world.sql("SELECT nextval('s')")).toEqual(['2']);
  release();
  await checkpoint;
  await restart();
  expect(await world.sql("SELECT nextval('s')")).toEqual(['3']);
});
