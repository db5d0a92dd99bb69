/**
 * A table whose columns change while a sink looks rows up in it and others write: the change waits for what the sink has
 * to bring outside, and writes wait behind it. Wherever it crashes, every acknowledged row is in the table, and every row
 * of the stream is in the files once.
 */

import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MemoryStore } from '../checkpoint/memory-store.ts';
import { TestFeed } from '../connectors/test-feed.ts';
import type { StoreChange } from '../state/store.ts';
import { TestWorld } from './test-world.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'millrace-alter-'));
  mkdirSync(join(root, 'out'));
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

/** A commit takes some turns, and `committed` hears of it before anybody else. */
class SlowStore extends MemoryStore {
  committed: () => void = () => undefined;

  override async commit(changes: readonly StoreChange[]): Promise<void> {
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    await super.commit(changes);
    this.committed();
  }
}

interface Instant {
  readonly catalog: MemoryStore;
  readonly state: MemoryStore;
  /** A copy of what is outside. */
  readonly files: string;
  readonly acknowledged: number;
  readonly changed: boolean;
}

function open(
  { catalog, state }: { catalog: MemoryStore; state: MemoryStore },
  feed: TestFeed,
): Promise<TestWorld> {
  return TestWorld.open({ catalog, state, feed, allowedDirectories: [root] });
}

/** The sink may be giving a file its name just then. */
function copyFolder(from: string, to: string): void {
  for (let tries = 0; ; tries++) {
    try {
      cpSync(from, to, { recursive: true });
      return;
    } catch (error) {
      if (tries === 20) throw error;
      rmSync(to, { recursive: true, force: true });
    }
  }
}

function written(): number[] {
  const folder = join(root, 'out');
  return readdirSync(folder)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => {
      const { k, note } = JSON.parse(line) as { k: number; note: string };
      expect(note).toBe('y');
      return k;
    })
    .sort((a, b) => a - b);
}

test.each(['ADD COLUMN n int DEFAULT 7, ADD COLUMN k serial', 'DROP COLUMN unread'])(
  'a crash at every commit of ALTER TABLE … %s',
  async (action) => {
    const stores = { catalog: new SlowStore(), state: new SlowStore() };
    const feed = new TestFeed();
    const world = await open(stores, feed);
    await world.sql(`
      CREATE TABLE t (id int PRIMARY KEY, unread text DEFAULT 'x', note text DEFAULT 'y');
      INSERT INTO t VALUES (0);
      CREATE SOURCE events (k int, id int, p AS PROCTIME()) WITH (connector = 'test');
      CREATE TABLE out (k int, note text) WITH ('connector' = 'filesystem', 'path' = '${root}/out', 'format' = 'json', 'sink.rolling-policy.file-size' = '1');
      INSERT INTO out SELECT k, note FROM events AS e JOIN t FOR SYSTEM_TIME AS OF e.p ON t.id = e.id`);
    const instants: Instant[] = [];
    let acknowledged = 0;
    let changed = false;
    const remember = (): void => {
      const files = join(root, `instant-${instants.length}`);
      copyFolder(join(root, 'out'), files);
      const { catalog, state } = stores;
      instants.push({
        catalog: catalog.snapshot(),
        state: state.snapshot(),
        files,
        acknowledged,
        changed,
      });
    };
    stores.catalog.committed = remember;
    stores.state.committed = remember;
    const session = world.session();
    const writing = async (): Promise<void> => {
      for (let id = 1; id <= 20; id++) {
        feed.stream('public.events').push([[id, 0]]);
        await world.sql(`INSERT INTO t (id) VALUES (${id})`, session);
        acknowledged = id;
      }
    };
    const altering = async (): Promise<void> => {
      while (acknowledged < 5) await new Promise((resolve) => setImmediate(resolve));
      await world.sql(`ALTER TABLE t ${action}`);
      changed = true;
    };
    await Promise.all([writing(), altering()]);
    await world.crash();
    const seen = { before: 0, after: 0 };
    for (const instant of instants) {
      rmSync(join(root, 'out'), { recursive: true });
      copyFolder(instant.files, join(root, 'out'));
      const again = await open(instant, feed);
      const columns = await again.sql(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 't'",
      );
      const isAfter = columns.length !== 3;
      seen[isAfter ? 'after' : 'before']++;
      if (instant.changed) expect(isAfter).toBe(true);
      const rows = (await again.sql('SELECT id FROM t')).map(Number).sort((a, b) => a - b);
      expect(rows.length).toBeGreaterThan(instant.acknowledged);
      expect(rows).toEqual(rows.map((_, i) => i));
      again.engine.settle();
      await again.sql('INSERT INTO t (id) VALUES (100)');
      await again.sql('DROP SINK insert_into_out');
      expect(written()).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
      await again.crash();
    }
    expect(seen.before).toBeGreaterThan(3);
    expect(seen.after).toBeGreaterThan(3);
  },
);
