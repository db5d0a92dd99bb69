/** What a subscription gives: snapshot and changes without gap or overlap, ticks whole, bounds, and its ends. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SqlError } from '../base/errors.ts';
import { TestFeed, testConnector } from '../connectors/test-feed.ts';
import { inProcessSession, inProcessWorld } from '../server/in-process.ts';
import {
  type DatabaseOptions,
  defaultDatabaseOptions,
  openDatabase,
  type OpenDatabase,
} from '../server/open-database.ts';
import { batchCells } from '../sqltest/values.ts';
import type { RowCursor, Session, StatementResult } from './session-api.ts';
import type { SqlSession } from './session.ts';

let open: OpenDatabase;
let feed: TestFeed;
let session: Session;

async function start(options: Partial<DatabaseOptions> = {}): Promise<void> {
  feed = new TestFeed();
  open = await openDatabase(inProcessWorld({ extraConnectors: [testConnector(feed)] }), {
    ...defaultDatabaseOptions,
    ...options,
  });
  session = open.sessions.open(inProcessSession());
}

beforeEach(async () => {
  await start();
});

afterEach(async () => {
  await open.abandon();
});

type Cells = readonly (string | null)[];

async function run(sql: string, on: Session = session): Promise<Cells[]> {
  const rows: Cells[] = [];
  await on.simpleQuery(sql, async (result) => {
    if (result.kind !== 'rows') return;
    for (let batch = await result.cursor.next(100); batch !== null;) {
      rows.push(...(batchCells(batch, result.fields) as Cells[]));
      batch = await result.cursor.next(100);
    }
  });
  return rows;
}

async function failure(run: Promise<unknown>): Promise<string> {
  try {
    await run;
  } catch (error) {
    if (error instanceof SqlError) return `${error.code} ${error.message}`;
    throw error;
  }
  throw new Error('no error');
}

/** A subscription that is left open: its rows as they come. */
class Live {
  readonly session: Session;
  readonly result: Extract<StatementResult, { kind: 'rows' }>;
  /** Ends with the statement. */
  readonly over: Promise<void>;

  constructor(
    on: Session,
    result: Extract<StatementResult, { kind: 'rows' }>,
    over: Promise<void>,
  ) {
    this.session = on;
    this.result = result;
    this.over = over;
  }

  static async open(sql: string): Promise<Live> {
    const on = open.sessions.open(inProcessSession({ backendPid: 7 }));
    let over: Promise<void> = Promise.resolve();
    const result = await new Promise<Extract<StatementResult, { kind: 'rows' }>>(
      (resolve, reject) => {
        over = on.simpleQuery(sql, (each) => {
          if (each.kind !== 'rows') throw new Error('no rows');
          resolve(each);
          return new Promise(() => undefined);
        });
        over.catch(reject);
      },
    );
    return new Live(on, result, over);
  }

  get cursor(): RowCursor {
    return this.result.cursor;
  }

  /** Everything that is there, each row as its cells joined; ticks by number of appearance, from 0. */
  async take(): Promise<string[]> {
    const lines: string[] = [];
    while (this.cursor.idle === false) {
      const batch = await this.cursor.next(1000);
      if (batch === null) break;
      lines.push(...this.#lines(batchCells(batch, this.result.fields) as Cells[]));
    }
    return lines;
  }

  #lines(rows: readonly Cells[]): string[] {
    return rows.map(([tick, ...cells]) =>
      [this.number(tick!), ...cells].join('|').replaceAll('NULL', ''),
    );
  }

  readonly ticks: string[] = [];

  number(tick: string): number {
    if (!this.ticks.includes(tick)) this.ticks.push(tick);
    return this.ticks.indexOf(tick);
  }

  close(): void {
    this.session.cancel();
    this.session.close();
  }
}

const items = 'CREATE TABLE items (id int PRIMARY KEY, name text)';

describe('rows', () => {
  test('the snapshot is one tick, and each transaction after it another', async () => {
    await run(`${items}; INSERT INTO items VALUES (1, 'a'), (2, 'b')`);
    const live = await Live.open('SUBSCRIBE items');
    expect(live.result.fields.map((field) => field.name)).toEqual(['tick', 'weight', 'id', 'name']);
    expect((await live.take()).sort()).toEqual(['0|1|1|a', '0|1|2|b']);
    expect(live.cursor.idle).toBe(true);
    await run(
      `BEGIN; UPDATE items SET name = 'c' WHERE id = 1; DELETE FROM items WHERE id = 2; COMMIT`,
    );
    await run(`INSERT INTO items VALUES (3, 'd')`);
    expect((await live.take()).sort()).toEqual(['1|-1|1|a', '1|-1|2|b', '1|1|1|c', '2|1|3|d']);
    live.close();
  });

  test('what comes and goes within one tick is not seen', async () => {
    await run(`${items}; CREATE MATERIALIZED VIEW n AS SELECT count(*) AS n FROM items`);
    const live = await Live.open('SUBSCRIBE n WITH (SNAPSHOT = false)');
    await run(`BEGIN; INSERT INTO items VALUES (1, 'a'); DELETE FROM items; COMMIT`);
    expect(await live.take()).toEqual([]);
    await run(`INSERT INTO items VALUES (1, 'a')`);
    expect((await live.take()).sort()).toEqual(['0|-1|0', '0|1|1']);
    live.close();
  });

  test('a snapshot that is read slowly has no gap and no overlap', async () => {
    await run(`${items}; INSERT INTO items SELECT n, 'x' FROM generate_series(1, 5000) AS g (n)`);
    const live = await Live.open('SUBSCRIBE items');
    const sum = new Map<string, number>();
    const add = (batch: NonNullable<Awaited<ReturnType<RowCursor['next']>>>): void => {
      for (const [, weight, ...row] of batchCells(batch, live.result.fields)) {
        const key = row.join('|');
        sum.set(key, (sum.get(key) ?? 0) + Number(weight));
      }
    };
    add((await live.cursor.next(100))!);
    await run(`UPDATE items SET name = 'y' WHERE id % 2 = 0; DELETE FROM items WHERE id > 4000`);
    while (live.cursor.idle === false) add((await live.cursor.next(100))!);
    const rows = [...sum].filter(([, weight]) => weight !== 0);
    expect(rows.every(([, weight]) => weight === 1)).toBe(true);
    expect(rows.map(([row]) => row).sort()).toEqual(
      (await run('SELECT id, name FROM items')).map((row) => row.join('|')).sort(),
    );
    live.close();
  });

  test('progress comes when everything of a tick is there', async () => {
    await run(items);
    const live = await Live.open('SUBSCRIBE items WITH (PROGRESS)');
    expect(live.result.fields.map((field) => field.name)).toEqual([
      'tick',
      'progressed',
      'weight',
      'id',
      'name',
    ]);
    expect(await live.take()).toEqual(['0|t|||']);
    await run(`INSERT INTO items VALUES (1, 'a')`);
    expect(await live.take()).toEqual(['1|f|1|1|a', '1|t|||']);
    await run('CREATE TABLE other (x int); INSERT INTO other VALUES (1)');
    expect(await live.take()).toEqual(['2|t|||']);
    live.close();
  });
});

describe('a query', () => {
  test('has a dataflow of its own while it is subscribed to', async () => {
    await run(`${items}; INSERT INTO items VALUES (1, 'a'), (2, 'a')`);
    const live = await Live.open('SUBSCRIBE (SELECT name, count(*) FROM items GROUP BY name)');
    expect(await live.take()).toEqual(['0|1|a|2']);
    await run(`INSERT INTO items VALUES (3, 'a')`);
    expect((await live.take()).sort()).toEqual(['1|-1|a|2', '1|1|a|3']);
    const shown = await run(
      'SELECT pid, relation, rows_read, waiting_rows FROM millrace.subscriptions',
    );
    expect(shown).toEqual([['7', 'NULL', '3', '0']]);
    expect(await run('SELECT name FROM millrace.views')).toEqual([]);
    live.close();
    await settle();
    expect(await run('SELECT * FROM millrace.subscriptions')).toEqual([]);
    expect(open.database.engine.relation(-1)).toBeUndefined();
  });

  test('over a source begins with what was read before', async () => {
    await run(`CREATE SOURCE s (k text, n int) WITH (connector = 'test');
      CREATE MATERIALIZED VIEW v AS SELECT count(*) AS n FROM s`);
    feed.stream('public.s').push([
      ['a', 1],
      ['b', 2],
    ]);
    open.database.engine.settle();
    const live = await Live.open('SUBSCRIBE (SELECT k, sum(n) FROM s GROUP BY k)');
    expect((await live.take()).sort()).toEqual(['0|1|a|1', '0|1|b|2']);
    feed.stream('public.s').push([['a', 5]]);
    open.database.engine.settle();
    expect((await live.take()).sort()).toEqual(['1|-1|a|1', '1|1|a|6']);
    live.close();
  });

  test('counts the rows that come too late for its windows', async () => {
    await run(`CREATE SOURCE s (at timestamp, WATERMARK FOR at AS at) WITH (connector = 'test')`);
    const minute = 60_000_000n;
    feed.stream('public.s').push([[5n * minute], [0n], [minute], [5n * minute]]);
    const live = await Live.open(`SUBSCRIBE (SELECT window_start, count(*)
      FROM TUMBLE(s, at, INTERVAL '1 minute') GROUP BY window_start)`);
    open.database.engine.settle();
    expect(await live.take()).toEqual(['0|1|1970-01-01 00:05:00|2']);
    const late = 'SELECT late_rows FROM millrace.subscriptions';
    expect(await run(late)).toEqual([['2']]);
    feed.stream('public.s').push([[2n * minute]]);
    open.database.engine.settle();
    expect(await run(late)).toEqual([['3']]);
    expect(await run('SELECT * FROM millrace.late_rows')).toEqual([]);
    live.close();
  });

  test('a row that fails ends it', async () => {
    await run(`${items}; INSERT INTO items VALUES (1, 'a')`);
    const live = await Live.open('SUBSCRIBE (SELECT 1 / (id - 2) FROM items)');
    expect(await live.take()).toEqual(['0|1|-1']);
    await run(`INSERT INTO items VALUES (2, 'b')`);
    expect(await failure(live.take())).toBe('22012 division by zero');
    live.close();
    expect(await failure(run('SUBSCRIBE (SELECT 1 / (id - 2) FROM items)'))).toBe(
      '22012 division by zero',
    );
  });

  test('takes parameters', async () => {
    await run(`${items}; INSERT INTO items VALUES (1, 'a'), (2, 'b')`);
    await session.parse('', 'SUBSCRIBE (SELECT id FROM items WHERE name = $1)', []);
    await session.bind('', '', ['b']);
    const result = await session.execute('');
    if (result.kind !== 'rows') throw new Error('no rows');
    const batch = (await result.cursor.next(10))!;
    expect(batchCells(batch, result.fields).map((row) => row.slice(1))).toEqual([['1', '2']]);
    result.cursor.close();
  });

  test.each([
    ['SUBSCRIBE (SELECT now())', '0A000 now() in a subscription is not supported yet'],
    [
      'SUBSCRIBE millrace.views',
      '0A000 system relation "views" in a subscription is not supported yet',
    ],
    ['SUBSCRIBE nothing', '42P01 relation "nothing" does not exist'],
    ['SUBSCRIBE (SELECT 1) WITH (snap)', '42601 option "snap" not recognized'],
    ['SUBSCRIBE (SELECT 1) WITH (SNAPSHOT = 7)', '42601 snapshot requires a Boolean value'],
    [
      'SUBSCRIBE (SELECT 1) ENVELOPE UPSERT (KEY (a))',
      '0A000 ENVELOPE UPSERT is not supported yet',
    ],
    ['SUBSCRIBE (SELECT 1) AS OF 1', '0A000 SUBSCRIBE to a query with AS OF is not supported yet'],
  ])('%s', async (sql, message) => {
    expect(await failure(run(sql))).toBe(message);
  });
});

describe('AS OF', () => {
  test('goes on after the tick that was seen last', async () => {
    await run(items);
    const live = await Live.open('SUBSCRIBE items WITH (PROGRESS)');
    await run(`INSERT INTO items VALUES (1, 'a')`);
    await live.take();
    const seen = live.ticks.at(-1)!;
    live.close();
    await run(`INSERT INTO items VALUES (2, 'b')`);
    await run(`DELETE FROM items WHERE id = 1`);
    const again = await Live.open(`SUBSCRIBE items WITH (SNAPSHOT = false) AS OF ${seen}`);
    expect(await again.take()).toEqual(['0|1|2|b', '1|-1|1|a']);
    again.close();
    const whole = await Live.open(`SUBSCRIBE items AS OF ${seen}`);
    expect(await whole.take()).toEqual(['0|1|1|a', '1|1|2|b', '2|-1|1|a']);
    expect(whole.ticks[0]).toBe(seen);
    whole.close();
  });

  test('a tick whose changes are gone, or that has not come, is an error', async () => {
    await run(items);
    const { tick } = open.database.engine;
    await run(`INSERT INTO items VALUES (1, 'a')`);
    expect(await failure(run(`SUBSCRIBE items AS OF ${tick}`))).toMatch(
      /^55000 the changes of "items" since tick \d+ are not kept any more$/,
    );
    expect(await failure(run(`SUBSCRIBE items AS OF ${tick + 1_000_000_000}`))).toMatch(
      /^22023 tick \d+ has not come yet; the present one is \d+$/,
    );
    expect(await failure(run('SUBSCRIBE items AS OF -1'))).toMatch(/^22023 a tick must not be/);
  });

  test('UP TO ends it', async () => {
    await run(`${items}; INSERT INTO items VALUES (1, 'a')`);
    const { tick } = open.database.engine;
    expect(await run(`SUBSCRIBE items UP TO ${tick}`)).toEqual([[String(tick), '1', '1', 'a']]);
    for (const what of ['items', '(SELECT id FROM items)']) {
      await expect(run(`SUBSCRIBE ${what} UP TO 1`)).rejects.toMatchObject({
        code: '22023',
        message: 'UP TO 1 lies before the first tick',
      });
    }
  });
});

describe('the end', () => {
  test('a slow reader is told how far behind it was, and others are not', async () => {
    await open.abandon();
    await start({ subscriptionBytesMax: 20_000 });
    await run(items);
    const slow = await Live.open('SUBSCRIBE items');
    const quick = await Live.open('SUBSCRIBE items');
    for (let id = 1; id <= 40; id++) {
      await run(`INSERT INTO items VALUES (${id}, repeat('x', 1000))`);
      expect(await quick.take()).toHaveLength(1);
    }
    await expect(slow.take()).rejects.toMatchObject({
      code: '53400',
      message: 'subscription ended because its reader is too slow',
      fields: { detail: expect.stringMatching(/^More than \d+ changed rows \(1\d{4} bytes\)/) },
    });
    slow.close();
    quick.close();
  });

  test('what is dropped takes its subscriptions with it', async () => {
    await run(`${items}; CREATE MATERIALIZED VIEW v AS SELECT id FROM items`);
    const named = await Live.open('SUBSCRIBE v');
    const over = await Live.open('SUBSCRIBE (SELECT id + 1 FROM v)');
    const waiting = failure(over.cursor.next(1));
    await run('DROP MATERIALIZED VIEW v');
    const message = '55000 subscription ended because "v" was dropped or replaced';
    expect(await failure(named.take())).toBe(message);
    expect(await waiting).toBe(message);
    named.close();
    over.close();
  });

  test('cancel and statement_timeout wake one that waits', async () => {
    await run(items);
    const live = await Live.open('SUBSCRIBE items');
    const waiting = failure(live.cursor.next(1));
    live.session.cancel();
    expect(await waiting).toBe('57014 canceling statement due to user request');
    live.close();
    await run(`SET statement_timeout = '20ms'`);
    expect(await failure(run('SUBSCRIBE items'))).toBe(
      '57014 canceling statement due to statement timeout',
    );
    await settle();
    expect([...open.database.engine.subscriptions.all()]).toEqual([]);
  });

  test('a session that closes leaves nothing behind', async () => {
    await run(items);
    const other = open.sessions.open(inProcessSession()) as SqlSession;
    await run('BEGIN; DECLARE c CURSOR FOR SUBSCRIBE items', other);
    expect([...open.database.engine.subscriptions.all()]).toHaveLength(1);
    other.close();
    expect([...open.database.engine.subscriptions.all()]).toEqual([]);
  });
});

describe('cursors', () => {
  const weights = (rows: readonly Cells[]): string[] => rows.map((row) => row.slice(1).join('|'));

  test('FETCH gives what is there, and waits for the first row only', async () => {
    await run(`${items}; INSERT INTO items VALUES (1, 'a'), (2, 'b'), (3, 'c')`);
    const other = open.sessions.open(inProcessSession());
    await run('BEGIN; DECLARE c CURSOR FOR SUBSCRIBE items', other);
    expect(weights(await run('FETCH 2 c', other))).toEqual(['1|1|a', '1|2|b']);
    expect(weights(await run('FETCH ALL c', other))).toEqual(['1|3|c']);
    expect(await run(`FETCH ALL c WITH (timeout = '0s')`, other)).toEqual([]);
    expect(await run(`FETCH 5 c WITH (timeout = '10ms')`, other)).toEqual([]);
    const waiting = run('FETCH ALL c', other);
    await run(`INSERT INTO items VALUES (4, 'd')`);
    expect(weights(await waiting)).toEqual(['1|4|d']);
    expect(await failure(run('FETCH PRIOR c', other))).toBe('55000 cursor can only scan forward');
    await run('ROLLBACK', other);
    expect([...open.database.engine.subscriptions.all()]).toEqual([]);
  });

  test('options of FETCH are checked', async () => {
    await run(items);
    const other = open.sessions.open(inProcessSession());
    await run('BEGIN; DECLARE c CURSOR FOR SUBSCRIBE items; SAVEPOINT s', other);
    expect(await failure(run(`FETCH 1 c WITH (timeout = 'soon')`, other))).toMatch(/^22023 /);
    await run('ROLLBACK TO s', other);
    expect(await failure(run('FETCH 1 c WITH (patience)', other))).toMatch(/^42601 /);
    other.close();
  });

  test('need a transaction, and may not outlive it', async () => {
    await run(items);
    expect(await failure(run('DECLARE c CURSOR FOR SUBSCRIBE items'))).toMatch(/^25P01 /);
    expect(await failure(run('DECLARE c CURSOR WITH HOLD FOR SUBSCRIBE items'))).toBe(
      '0A000 WITH HOLD for a cursor over SUBSCRIBE is not supported yet',
    );
  });
});

/** Lets what goes on by itself end. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}
