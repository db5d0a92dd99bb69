/** Views with equal parts: each part runs once, and no view notices, whatever becomes of the others. */

import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../base/random.ts';
import { MemoryStore } from '../checkpoint/memory-store.ts';
import { TestFeed } from '../connectors/test-feed.ts';
import { SharedJob } from '../jobs/shared-job.ts';
import { TestWorld } from './test-world.ts';

class Server {
  readonly feed = new TestFeed();
  #catalog = new MemoryStore();
  #state = new MemoryStore();
  world!: TestWorld;

  async open(workers = 1): Promise<this> {
    const [catalog, state] = [this.#catalog, this.#state];
    this.world = await TestWorld.open({ catalog, state, feed: this.feed, database: { workers } });
    return this;
  }

  /** What is in the stores now is what there will be. */
  async crash(workers = 1): Promise<void> {
    await this.world.crash();
    this.#catalog = this.#catalog.snapshot();
    this.#state = this.#state.snapshot();
    await this.open(workers);
  }

  async sql(text: string): Promise<string[]> {
    const rows = await this.world.sql(text);
    this.world.engine.settle();
    return rows;
  }

  /** Kinds of the operators that run for a view alone. */
  own(view: string): string[] {
    const { engine } = this.world;
    const job = [...engine.jobs].find(({ name }) => name === `public.${view}`)!;
    const kinds = job.running.nodes.map(({ kind }) => kind);
    return kinds.filter((kind) => kind !== 'scan' && kind !== 'map');
  }

  isShared(view: string): boolean {
    const jobs = [...this.world.engine.jobs];
    return jobs.find(({ name }) => name === `public.${view}`)!.cuts.size > 0;
  }

  click(...rows: readonly (readonly [item: number, second: number])[]): void {
    const micros = (second: number): bigint => BigInt(946_684_800 + second) * 1_000_000n;
    this.feed.stream('public.clicks').push(rows.map(([item, second]) => [item, micros(second)]));
    this.world.engine.settle();
  }
}

const total = 'SELECT item, count(*) AS n, sum(amount) AS total FROM orders GROUP BY item';

async function orders(): Promise<Server> {
  const server = await new Server().open();
  await server.sql('CREATE TABLE orders (id int PRIMARY KEY, item int, amount int)');
  await server.sql('INSERT INTO orders SELECT i, i % 7, i FROM generate_series(1, 100) i');
  return server;
}

describe('equal parts', () => {
  test('run once', async () => {
    const server = await orders();
    await server.sql(`CREATE MATERIALIZED VIEW a AS ${total}`);
    expect(server.own('a')).toEqual(['aggregate']);
    await server.sql(
      `CREATE MATERIALIZED VIEW b AS SELECT max(total) AS m, max(n) AS n, max(item) AS i FROM (${total}) t`,
    );
    expect(server.own('a')).toEqual([]);
    expect(server.own('b')).toEqual(['aggregate']);
    await server.sql(`CREATE MATERIALIZED VIEW c AS ${total}`);
    expect(server.own('c')).toEqual([]);
    await server.sql('UPDATE orders SET amount = amount + 100 WHERE item = 3');
    expect(await server.sql('SELECT * FROM a WHERE item = 3')).toEqual(['3 | 14 | 2079']);
    expect(await server.sql('SELECT * FROM c WHERE item = 3')).toEqual(['3 | 14 | 2079']);
    expect(await server.sql('SELECT * FROM b')).toEqual(['2079 | 15 | 6']);
    await server.world.checkpoint();
    await server.crash();
    expect(server.own('a').concat(server.own('c'))).toEqual([]);
    await server.sql('DELETE FROM orders WHERE item = 3');
    for (const view of ['a', 'b', 'c']) await server.sql(`CHECK MATERIALIZED VIEW ${view}`);
    await server.world.crash();
  });

  test('show their operators in every view', async () => {
    const server = await orders();
    await server.sql(`CREATE MATERIALIZED VIEW a AS ${total}`);
    const operators = (view: string): Promise<string[]> =>
      server.sql(
        `SELECT operator, kind, rows_out FROM millrace.operators WHERE view_name = 'public.${view}'`,
      );
    const tables = (view: string): Promise<string[]> =>
      server.sql(
        `SELECT operator, name, rows FROM millrace.state_tables WHERE view_name = 'public.${view}'`,
      );
    const before = [await operators('a'), await tables('a')];
    await server.sql(`CREATE MATERIALIZED VIEW b AS ${total}`);
    expect([await operators('a'), await tables('a')]).toEqual(before);
    expect([await operators('b'), await tables('b')]).toEqual(before);
    await server.world.crash();
  });

  test('go on for those who stay', async () => {
    const server = await orders();
    for (const view of ['a', 'b', 'c']) {
      await server.sql(`CREATE MATERIALIZED VIEW ${view} AS ${total}`);
    }
    await server.sql('DROP MATERIALIZED VIEW a');
    await server.sql('INSERT INTO orders VALUES (1000, 3, 1)');
    await server.world.checkpoint();
    await server.crash();
    await server.sql('DROP MATERIALIZED VIEW c');
    await server.sql('INSERT INTO orders VALUES (1001, 3, 1)');
    expect(await server.sql('SELECT * FROM b WHERE item = 3')).toEqual(['3 | 16 | 681']);
    await server.sql('DROP MATERIALIZED VIEW b');
    await server.sql('DROP TABLE orders');
    await server.world.checkpoint();
    await server.crash();
    await server.world.crash();
  });

  test('go on in one thread when the others are divided', async () => {
    const server = await orders();
    await server.sql(`CREATE MATERIALIZED VIEW a AS ${total}`);
    await server.sql(
      'CREATE MATERIALIZED VIEW b AS SELECT item, count(*) AS n, sum(amount) * 2 AS t FROM orders GROUP BY item',
    );
    expect(server.isShared('b')).toBe(true);
    await server.sql('DROP MATERIALIZED VIEW a');
    await server.world.checkpoint();
    for (const workers of [2, 3, 1]) {
      await server.crash(workers);
      await server.sql(`UPDATE orders SET amount = amount + ${workers}`);
      await server.sql('CHECK VIEW b');
      await server.world.checkpoint();
    }
    const [first] = await server.sql('SELECT * FROM b WHERE item = 3');
    expect(first).toBe(`3 | 14 | ${2 * (679 + 14 * 6)}`);
    await server.world.crash();
  });

  test('report to every view', async () => {
    const server = await orders();
    const failing = 'SELECT item, sum(100 / (amount - 200)) AS s FROM orders GROUP BY item';
    await server.sql(`CREATE MATERIALIZED VIEW a AS ${failing}`);
    await server.sql(`CREATE MATERIALIZED VIEW b AS ${failing}`);
    expect(server.own('b')).toEqual([]);
    await server.sql('INSERT INTO orders VALUES (1000, 3, 200)');
    const errors = 'SELECT view_name, code, rows FROM millrace.row_errors';
    expect(await server.sql(errors)).toEqual(['public.a | 22012 | 1', 'public.b | 22012 | 1']);
    await server.sql('DROP MATERIALIZED VIEW a');
    await server.sql('DELETE FROM orders WHERE id = 1000');
    expect(await server.sql(errors)).toEqual([]);
    await server.world.crash();
  });

  test('are shared by sinks', async () => {
    const server = await orders();
    await server.sql(`CREATE MATERIALIZED VIEW a AS ${total}`);
    await server.sql(`CREATE SINK s AS ${total} WITH (connector = 'blackhole')`);
    expect(server.own('a').concat(server.own('s'))).toEqual([]);
    const written = 'SELECT rows_written, state FROM millrace.sinks';
    expect(await server.sql(written)).toEqual(['7 | running']);
    await server.sql('UPDATE orders SET amount = amount + 100 WHERE item = 3');
    expect(await server.sql(written)).toEqual(['9 | running']);
    await server.world.checkpoint();
    await server.crash();
    expect(server.own('a').concat(server.own('s'))).toEqual([]);
    await server.sql('DROP MATERIALIZED VIEW a');
    await server.sql('UPDATE orders SET amount = amount + 100 WHERE item = 3');
    expect(await server.sql(written)).toEqual(['11 | running']);
    await server.world.crash();
  });

  test('fail for all who read them, and are made again', async () => {
    const server = await orders();
    await server.sql(`CREATE MATERIALIZED VIEW a AS ${total}`);
    await server.sql(`CREATE MATERIALIZED VIEW b AS ${total}`);
    await server.sql('CREATE MATERIALIZED VIEW c AS SELECT count(*) AS n FROM orders');
    await server.world.checkpoint();
    const [part] = new Set([...server.world.engine.jobs].flatMap(({ cuts }) => [...cuts.values()]));
    expect(part).toBeInstanceOf(SharedJob);
    (part as SharedJob).fail(new Error('a fault'));
    await server.sql('INSERT INTO orders VALUES (1000, 3, 1)');
    for (const view of ['a', 'b']) {
      await expect(server.sql(`SELECT * FROM ${view}`)).rejects.toMatchObject({
        code: 'XX001',
        fields: { detail: 'a fault' },
      });
    }
    expect(await server.sql('SELECT * FROM c')).toEqual(['101']);
    await server.world.checkpoint();
    await server.crash();
    expect(await server.sql('SELECT * FROM a WHERE item = 3')).toEqual(['3 | 15 | 680']);
    expect(server.isShared('a') && server.isShared('b')).toBe(true);
    await server.world.crash();
  });

  test('of a stream are shared while nothing tells them apart', async () => {
    const server = await new Server().open();
    await server.sql(`CREATE SOURCE clicks (item int, at timestamp, WATERMARK FOR at AS at - INTERVAL '2 seconds')
      WITH (connector = 'test')`);
    const clicked = `SELECT window_start, item, count(*) AS n
      FROM TUMBLE(clicks, at, INTERVAL '10 seconds') GROUP BY window_start, item`;
    await server.sql(`CREATE MATERIALIZED VIEW a AS ${clicked}`);
    server.click([1, 1], [2, 3], [1, 11]);
    const made = server.sql(
      `CREATE MATERIALIZED VIEW b AS SELECT item, max(n) AS m FROM (${clicked}) GROUP BY item`,
    );
    for (let turn = 0; turn < 20; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      server.world.engine.settle();
    }
    await made;
    expect(server.own('a').concat(server.own('b'))).toEqual(['aggregate']);
    server.click([1, 12], [1, 30], [2, 1]);
    expect(await server.sql('SELECT item, n FROM a')).toEqual(['1 | 1', '1 | 1', '1 | 2', '2 | 1']);
    expect(await server.sql('SELECT * FROM b')).toEqual(['1 | 2', '2 | 1']);
    expect(await server.sql('SELECT view_name FROM millrace.late_rows')).toEqual([
      'public.a',
      'public.b',
    ]);
    await server.world.checkpoint();
    await server.crash();
    expect(server.own('a')).toEqual([]);
    server.click([2, 31], [2, 32]);
    expect(await server.sql('SELECT * FROM b')).toEqual(['1 | 2', '2 | 2']);
    await server.world.crash();
  });
});

const inner = [
  'SELECT a, sum(b) AS s FROM t GROUP BY a',
  'SELECT DISTINCT a, c AS s FROM t JOIN u USING (a)',
  'SELECT a, s FROM (SELECT a, b AS s, row_number() OVER (PARTITION BY a ORDER BY b, id) AS n FROM t) r WHERE n <= 2',
  'SELECT a, max(c) AS s FROM u GROUP BY a EXCEPT SELECT a, b FROM t',
];
const outer = [
  (from: string) => from,
  (from: string) => `SELECT s, count(*) AS n FROM (${from}) x GROUP BY s`,
  (from: string) => `SELECT x.a, x.s, y.s AS o FROM (${from}) x JOIN (${inner[0]}) y ON x.a = y.a`,
  (from: string) => `SELECT a, s, rank() OVER (ORDER BY s, a) AS r FROM (${from}) x`,
  (from: string) => `SELECT x.s FROM (${from}) x WHERE x.a IN (SELECT a FROM (${inner[1]}) z)`,
  (from: string) => `SELECT a FROM (${from}) x UNION ALL SELECT a FROM (${inner[2]}) z`,
];

describe('views that come and go', () => {
  test.each(Array.from({ length: 6 }, (_, seed) => seed))('seed %i', async (seed) => {
    const random = new SeededRandom(seed + 1);
    const server = await new Server().open();
    await server.sql(
      'CREATE TABLE t (id int PRIMARY KEY, a int, b int); CREATE TABLE u (a int, c int)',
    );
    const views: string[] = [];
    let shared = 0;
    let next = 0;
    for (let step = 0; step < 50; step++) {
      const number = random.below(12);
      switch (random.below(8)) {
        case 0:
        case 1: {
          const view = `v${next++}`;
          const query = outer[random.below(outer.length)]!(inner[random.below(inner.length)]!);
          await server.sql(`CREATE MATERIALIZED VIEW ${view} AS ${query}`);
          views.push(view);
          if (server.isShared(view)) shared++;
          break;
        }
        case 2:
          if (views.length > 4) {
            const [view] = views.splice(random.below(views.length), 1);
            await server.sql(`DROP MATERIALIZED VIEW ${view}`);
          }
          break;
        case 3:
          await server.sql(`INSERT INTO t VALUES (${step}, ${number % 4}, ${number})`);
          break;
        case 4:
          await server.sql(`INSERT INTO u VALUES (${number % 5}, ${number}), (1, ${step})`);
          break;
        case 5:
          await server.sql(
            `UPDATE t SET b = b + 1 WHERE a = ${number % 4}; DELETE FROM u WHERE c = ${number}`,
          );
          break;
        case 6:
          await server.world.checkpoint();
          break;
        default:
          // With several workers nothing is shared anew, and what is shared stays so.
          await server.crash(number % 4 === 0 ? 2 : 1);
      }
      for (const view of views) await server.sql(`CHECK MATERIALIZED VIEW ${view}`);
    }
    expect(shared).toBeGreaterThan(0);
    await server.world.crash();
  });
});
