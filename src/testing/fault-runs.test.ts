/**
 * A short history of tables, a source, a windowed view and a join, with the disk failing at every commit in
 * turn, both before and after the commit landed. After recovery the rest of the history is run, and the
 * answers are those of a run without faults; what was acknowledged is never lost.
 */

import { describe, expect, test } from 'vitest';
import { MemoryStore } from '../checkpoint/memory-store.ts';
import { TestFeed } from '../connectors/test-feed.ts';
import { CrashStore, type Fault, FaultPlan, HeldStore } from './crash-store.ts';
import { TestWorld } from './test-world.ts';

type Step =
  | {
      readonly sql: string;
      /** Orders that exist once this is acknowledged. */ readonly orders?: number[];
    }
  | { readonly feed: readonly (readonly [item: number, second: number | null])[] }
  | { readonly checkpoint: true };

/** Every statement may be run again after a crash in its middle. */
const history: readonly Step[] = [
  { sql: 'CREATE TABLE IF NOT EXISTS items (id int PRIMARY KEY, name text)' },
  { sql: 'CREATE TABLE IF NOT EXISTS orders (id int PRIMARY KEY, item int, amount int)' },
  {
    sql: `CREATE SOURCE IF NOT EXISTS clicks (item int, at timestamp, WATERMARK FOR at AS at - INTERVAL '2 seconds')
      WITH (connector = 'test')`,
  },
  { sql: "INSERT INTO items VALUES (1, 'lamp'), (2, 'chair') ON CONFLICT (id) DO NOTHING" },
  {
    sql: `CREATE MATERIALIZED VIEW IF NOT EXISTS sold AS
      SELECT name, count(*) AS n, sum(amount) AS total FROM orders JOIN items ON items.id = item GROUP BY name`,
  },
  {
    sql: `CREATE MATERIALIZED VIEW IF NOT EXISTS clicked AS
      SELECT window_start, item, count(*) AS n FROM TUMBLE(clicks, at, INTERVAL '10 seconds')
      GROUP BY window_start, item EMIT ON WINDOW CLOSE`,
  },
  {
    feed: [
      [1, 1],
      [2, 3],
      [1, 8],
    ],
  },
  { sql: 'INSERT INTO orders VALUES (1, 1, 10) ON CONFLICT (id) DO NOTHING', orders: [1] },
  { checkpoint: true },
  {
    feed: [
      [1, 13],
      [1, null],
      [2, 4],
    ],
  },
  {
    sql: "BEGIN; INSERT INTO orders VALUES (2, 2, 20), (3, 2, 30) ON CONFLICT (id) DO NOTHING; UPDATE items SET name = 'stool' WHERE id = 2; COMMIT",
    orders: [2, 3],
  },
  {
    sql: `CREATE MATERIALIZED VIEW IF NOT EXISTS late_view AS
      SELECT item, count(*) AS n FROM clicks GROUP BY item`,
  },
  {
    // Shares its join and aggregate with `sold`.
    sql: `CREATE MATERIALIZED VIEW IF NOT EXISTS again AS
      SELECT name, count(*) AS n, sum(amount) AS total FROM orders JOIN items ON items.id = item GROUP BY name`,
  },
  { sql: 'INSERT INTO orders VALUES (4, 1, 40) ON CONFLICT (id) DO NOTHING', orders: [4] },
  { checkpoint: true },
  {
    feed: [
      [2, 18],
      [2, 24],
      [1, 5],
    ],
  },
  { sql: 'DELETE FROM orders WHERE id = 1' },
  { checkpoint: true },
  { feed: [[1, 40]] },
  { sql: 'DROP MATERIALIZED VIEW IF EXISTS late_view' },
  { sql: 'CREATE TABLE IF NOT EXISTS passing (v text)' },
  { sql: "INSERT INTO passing VALUES ('x')" },
  { sql: 'DROP TABLE IF EXISTS passing' },
  { sql: 'INSERT INTO orders VALUES (5, 2, 50) ON CONFLICT (id) DO NOTHING', orders: [5] },
];

const questions = [
  'SELECT * FROM orders',
  'SELECT * FROM items',
  'SELECT * FROM sold',
  'SELECT * FROM again',
  'SELECT * FROM clicked',
  'SELECT view_name, record_offset FROM millrace.late_rows',
  'SELECT source, record_offset FROM millrace.dead_letters',
];

class Run {
  readonly #catalog = new MemoryStore();
  readonly #state = new MemoryStore();
  readonly #feed = new TestFeed();
  readonly plan: FaultPlan;
  #world!: TestWorld;
  #acknowledged: number[] = [];
  crashes = 0;

  constructor(fault: Fault | null) {
    this.plan = new FaultPlan(fault);
  }

  /** Runs the history; a step that fails is run again after recovery. Gives the answers. */
  async answers(): Promise<string[][]> {
    await this.#guarded(() => this.#openWorld());
    for (const step of history) {
      if ('feed' in step) this.#push(step.feed);
      await this.#guarded(() => this.#take(step));
      if ('orders' in step) this.#acknowledged.push(...step.orders!);
    }
    const answers: string[][] = [];
    for (const question of questions) answers.push(await this.#world.sql(question));
    await this.#world.crash();
    return answers;
  }

  async #guarded(run: () => Promise<void>): Promise<void> {
    try {
      await run();
      return;
    } catch (error) {
      if (!this.plan.failed || this.crashes > 0) throw error;
    }
    this.crashes++;
    await this.#world?.crash();
    await this.#openWorld();
    const gone = this.#acknowledged.filter((id) => id !== 1);
    if (gone.length > 0) {
      const kept = await this.#world.sql(
        `SELECT count(*) FROM orders WHERE id IN (${gone.join(', ')})`,
      );
      expect(kept).toEqual([String(gone.length)]);
    }
    await run();
  }

  async #openWorld(): Promise<void> {
    // After the crash the disk works again, so that recovery is tested and not a second fault.
    const plan = this.crashes === 0 ? this.plan : new FaultPlan(null);
    this.#world = await TestWorld.open({
      catalog: new CrashStore(this.#catalog, plan),
      state: new CrashStore(this.#state, plan),
      feed: this.#feed,
    });
  }

  #push(rows: readonly (readonly [number, number | null])[]): void {
    const micros = (second: number): bigint => BigInt(946_684_800 + second) * 1_000_000n;
    this.#feed
      .stream('public.clicks')
      .push(rows.map(([item, second]) => [item, second === null ? null : micros(second)]));
  }

  async #take(step: Step): Promise<void> {
    if ('sql' in step) await this.#world.sql(step.sql);
    else if ('checkpoint' in step) await this.#world.checkpoint();
    this.#world.engine.settle();
  }
}

describe('a disk that fails', async () => {
  const clean = new Run(null);
  const expected = await clean.answers();
  const commits = clean.plan.commits;

  test('the run without faults says something', () => {
    expect(expected).toEqual([
      ['2 | 2 | 20', '3 | 2 | 30', '4 | 1 | 40', '5 | 2 | 50'],
      ['1 | lamp', '2 | stool'],
      ['lamp | 1 | 40', 'stool | 3 | 100'],
      ['lamp | 1 | 40', 'stool | 3 | 100'],
      [
        '00:00:00 | 1 | 2',
        '00:00:00 | 2 | 1',
        '00:00:10 | 1 | 1',
        '00:00:10 | 2 | 1',
        '00:00:20 | 2 | 1',
      ],
      ['public.clicked | 5', 'public.clicked | 8'],
      ['public.clicks | 4'],
    ]);
    expect(commits).toBeGreaterThan(15);
  });

  const faults = Array.from({ length: commits }, (_, index) => index + 1).flatMap((commit) => [
    { commit, lands: false },
    { commit, lands: true },
  ]);

  test.each(faults)('at commit $commit (it landed: $lands) nothing is lost', async (fault) => {
    const run = new Run(fault);
    expect(await run.answers()).toEqual(expected);
    expect(run.crashes).toBe(1);
  });
});

describe('acknowledged means flushed', () => {
  async function held(): Promise<{ world: TestWorld; store: HeldStore }> {
    const store = new HeldStore();
    const world = await TestWorld.open({
      catalog: new MemoryStore(),
      state: store,
      feed: new TestFeed(),
    });
    await world.sql(
      'CREATE TABLE t (v int); CREATE MATERIALIZED VIEW m AS SELECT sum(v) AS s FROM t',
    );
    store.holding = true;
    return { world, store };
  }

  /** Whether it settles while everything else that can happen does. */
  async function settles(promise: Promise<unknown>): Promise<boolean> {
    let settled = false;
    void promise.then(() => {
      settled = true;
    });
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    return settled;
  }

  test('INSERT returns when its log entry is on stable storage', async () => {
    const { world, store } = await held();
    const insert = world.sql('INSERT INTO t VALUES (1)');
    expect(await settles(insert)).toBe(false);
    store.release();
    expect(await settles(insert)).toBe(true);
    await world.crash();
  });

  test('a read that would see the row waits for the same moment', async () => {
    const { world, store } = await held();
    const insert = world.sql('INSERT INTO t VALUES (1)');
    expect(await settles(insert)).toBe(false);
    const reader = world.session();
    const read = world.sql('SELECT s FROM m', reader);
    expect(await settles(read)).toBe(false);
    store.release();
    expect(await read).toEqual(['1']);
    await insert;
    await world.crash();
  });

  test('with synchronous_commit off the INSERT does not wait', async () => {
    const { world, store } = await held();
    await world.sql('SET synchronous_commit = off');
    expect(await settles(world.sql('INSERT INTO t VALUES (1)'))).toBe(true);
    store.release();
    await world.crash();
  });
});
