/** ALTER TABLE of columns while others write and read: a crash at every commit, and who is in the middle of something. */

import { describe, expect, test } from 'vitest';
import { SqlError } from '../base/errors.ts';
import { MemoryStore } from '../checkpoint/memory-store.ts';
import { inProcessSession, inProcessWorld } from '../server/in-process.ts';
import {
  defaultDatabaseOptions,
  openDatabase,
  type OpenDatabase,
} from '../server/open-database.ts';
import { batchCells } from '../sqltest/values.ts';
import type { StoreChange } from '../state/store.ts';
import type { Session } from './session-api.ts';

interface Stores {
  readonly catalog: MemoryStore;
  readonly state: MemoryStore;
}

/** A commit takes some turns, and `committed` hears of it before anybody else. */
class SlowStore extends MemoryStore {
  committed: () => void = () => undefined;

  override async commit(changes: readonly StoreChange[]): Promise<void> {
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    await super.commit(changes);
    this.committed();
  }
}

function openOn(stores: Stores): Promise<OpenDatabase> {
  return openDatabase(inProcessWorld({ stores }), defaultDatabaseOptions);
}

function sessionOf(open: OpenDatabase, backendPid: number): Session {
  return open.sessions.open(inProcessSession({ backendPid }));
}

async function run(sql: string, on: Session): Promise<string[]> {
  const lines: string[] = [];
  await on.simpleQuery(sql, async (result) => {
    if (result.kind !== 'rows') return;
    for (let batch = await result.cursor.next(100); batch !== null;) {
      lines.push(...batchCells(batch, result.fields).map((row) => row.join('|')));
      batch = await result.cursor.next(100);
    }
  });
  return lines;
}

async function code(sql: string, on: Session): Promise<string> {
  try {
    await run(sql, on);
  } catch (error) {
    if (error instanceof SqlError) return error.code;
    throw error;
  }
  return 'none';
}

interface Change {
  readonly sql: string;
  /** Columns of the table with their types. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** Of how many rows this query finds the new values, when the change is there. */
  readonly found: string;
}

const changes: readonly Change[] = [
  {
    sql: "ALTER TABLE t ADD COLUMN b text DEFAULT 'x', ADD COLUMN id serial",
    before: ['a integer', 'n text'],
    after: ['a integer', 'n text', 'b text', 'id integer'],
    found: 'SELECT count(DISTINCT id) FROM t WHERE b = $$x$$',
  },
  {
    sql: 'ALTER TABLE t DROP COLUMN n CASCADE',
    before: ['a integer', 'n text'],
    after: ['a integer'],
    found:
      'SELECT count(*) FROM t WHERE (SELECT count(*) FROM pg_class WHERE relname = $$uses$$) = 0',
  },
  {
    sql: 'ALTER TABLE t ALTER COLUMN n TYPE int USING a * 2',
    before: ['a integer', 'n text'],
    after: ['a integer', 'n integer'],
    found: 'SELECT count(*) FROM t WHERE n = a * 2 OR n = 5',
  },
  {
    sql: 'ALTER TABLE t DROP COLUMN n CASCADE, ADD COLUMN n int DEFAULT 7',
    before: ['a integer', 'n text'],
    after: ['a integer', 'n integer'],
    found: 'SELECT count(*) FROM t WHERE n = 7',
  },
];

describe('a crash', () => {
  test.each(changes)('at every commit of $sql', async ({ sql, before, after, found }) => {
    const stores = { catalog: new SlowStore(), state: new SlowStore() };
    const open = await openOn(stores);
    const [first, second] = [sessionOf(open, 1), sessionOf(open, 2)];
    await run("CREATE TABLE t (a int PRIMARY KEY, n text DEFAULT '5')", first);
    await run('CREATE MATERIALIZED VIEW v AS SELECT count(*) AS n, sum(a) AS s FROM t', first);
    if (sql.includes('CASCADE')) {
      await run('CREATE MATERIALIZED VIEW uses AS SELECT n, count(*) FROM t GROUP BY n', first);
    }
    if (sql.includes('TYPE')) await run('ALTER TABLE t ALTER n SET DEFAULT 5::int', first);
    await run('INSERT INTO t SELECT * FROM generate_series(1, 10)', first);
    const acknowledged = new Set(Array.from({ length: 10 }, (_, i) => i + 1));
    let changed = false;
    const instants: (Stores & { acknowledged: readonly number[]; changed: boolean })[] = [];
    const remember = (): void => {
      instants.push({
        catalog: stores.catalog.snapshot(),
        state: stores.state.snapshot(),
        acknowledged: [...acknowledged],
        changed,
      });
    };
    stores.catalog.committed = remember;
    stores.state.committed = remember;
    const write = async (): Promise<void> => {
      for (let a = 11; a < 28; a++) {
        await run(`INSERT INTO t (a) VALUES (${a})`, second);
        acknowledged.add(a);
      }
    };
    const alter = async (): Promise<void> => {
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      await run(sql, first);
      changed = true;
    };
    await Promise.all([write(), alter()]);
    await open.abandon();
    expect(instants.length).toBeGreaterThan(10);
    const seen = { before: 0, after: 0, pending: 0 };
    for (const instant of instants) {
      if (instant.state.get('definition/pending') !== undefined) seen.pending++;
      const again = await openOn(instant);
      const session = sessionOf(again, 1);
      const columns = await run(
        `SELECT attname || ' ' || format_type(atttypid, atttypmod) FROM pg_attribute
         WHERE attrelid = 't'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
        session,
      );
      const isAfter = columns.join() === after.join();
      seen[isAfter ? 'after' : 'before']++;
      expect(columns).toEqual(isAfter ? after : before);
      if (instant.changed) expect(isAfter).toBe(true);
      const rows = (await run('SELECT a FROM t', session)).map(Number);
      for (const a of instant.acknowledged) expect(rows).toContain(a);
      const sum = rows.reduce((total, a) => total + a, 0);
      expect(await run('SELECT * FROM v', session)).toEqual([`${rows.length}|${sum}`]);
      if (isAfter) expect(await run(found, session)).toEqual([String(rows.length)]);
      // It goes on from there, and comes up once more.
      await run('INSERT INTO t (a) VALUES (1000)', session);
      await again.abandon();
      const third = await openOn(instant);
      const count = await run('SELECT count(*) FROM t', sessionOf(third, 1));
      expect(count).toEqual([String(rows.length + 1)]);
      expect(await run('SELECT n FROM v', sessionOf(third, 1))).toEqual(count);
      expect(instant.state.get('definition/pending')).toBeUndefined();
      await third.abandon();
    }
    expect(seen.before).toBeGreaterThan(3);
    expect(seen.after).toBeGreaterThan(3);
    expect(seen.pending).toBeGreaterThan(0);
  });
});

describe('those who are in the middle of something', () => {
  test('an open transaction with rows of the old width fails', async () => {
    const open = await openOn({ catalog: new MemoryStore(), state: new MemoryStore() });
    const [first, second] = [sessionOf(open, 1), sessionOf(open, 2)];
    await run('CREATE TABLE t (a int); INSERT INTO t VALUES (1)', first);
    await run('BEGIN; INSERT INTO t VALUES (2)', second);
    await run('ALTER TABLE t ADD COLUMN b int DEFAULT 5', first);
    expect(await code('SELECT * FROM t', second)).toBe('40001');
    await run('ROLLBACK; BEGIN; INSERT INTO t VALUES (3)', second);
    await run('ALTER TABLE t ADD COLUMN c int', first);
    expect(await code('COMMIT', second)).toBe('40001');
    expect(await run('SELECT * FROM t', first)).toEqual(['1|5|NULL']);
    await open.abandon();
  });

  test('a snapshot that undoes changes of the table keeps it as it is', async () => {
    const open = await openOn({ catalog: new MemoryStore(), state: new MemoryStore() });
    const [first, second] = [sessionOf(open, 1), sessionOf(open, 2)];
    await run('CREATE TABLE t (a int); INSERT INTO t VALUES (1)', first);
    await run('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM t', second);
    await run('ALTER TABLE t ADD COLUMN b int DEFAULT 5', first);
    await run('INSERT INTO t VALUES (2, 6)', first);
    expect(await run('SELECT * FROM t', second)).toEqual(['1|5']);
    expect(await code('ALTER TABLE t ADD COLUMN c int', first)).toBe('55006');
    await run('COMMIT', second);
    expect(await code('ALTER TABLE t ADD COLUMN c int', first)).toBe('none');
    expect(await run('SELECT * FROM t ORDER BY a', second)).toEqual(['1|5|NULL', '2|6|NULL']);
    await open.abandon();
  });

  test('a cursor goes on, a prepared statement says that its result has changed', async () => {
    const open = await openOn({ catalog: new MemoryStore(), state: new MemoryStore() });
    const [first, second] = [sessionOf(open, 1), sessionOf(open, 2)];
    await run('CREATE TABLE t (a int); INSERT INTO t SELECT generate_series(1, 3)', first);
    await run('PREPARE every AS SELECT * FROM t; PREPARE put AS INSERT INTO t VALUES ($1)', second);
    await run('BEGIN; DECLARE c CURSOR FOR SELECT * FROM t ORDER BY a; FETCH 1 FROM c', second);
    await run('ALTER TABLE t ADD COLUMN b int DEFAULT 5', first);
    expect(await run('FETCH 5 FROM c', second)).toEqual(['2', '3']);
    await run('COMMIT; EXECUTE put (4)', second);
    expect(await code('EXECUTE every', second)).toBe('0A000');
    expect(await run('SELECT * FROM t WHERE a > 2 ORDER BY a', second)).toEqual(['3|5', '4|5']);
    await open.abandon();
  });

  test('rows of the same width are of the old table all the same', async () => {
    const open = await openOn({ catalog: new MemoryStore(), state: new MemoryStore() });
    const [first, second] = [sessionOf(open, 1), sessionOf(open, 2)];
    await run('CREATE TABLE t (a int, b text); INSERT INTO t VALUES (1, $$x$$)', first);
    await run('BEGIN; INSERT INTO t VALUES (2, $$y$$)', second);
    await run('ALTER TABLE t DROP COLUMN b, ADD COLUMN c int DEFAULT 5', first);
    expect(await code('COMMIT', second)).toBe('40001');
    await run('BEGIN; INSERT INTO t VALUES (3, 3)', second);
    await run('ALTER TABLE t ALTER COLUMN c TYPE text', first);
    expect(await code('SELECT * FROM t', second)).toBe('40001');
    await run('ROLLBACK', second);
    expect(await run('SELECT * FROM t', second)).toEqual(['1|5']);
    await open.abandon();
  });

  test('cursors, snapshots and prepared statements when columns go', async () => {
    const open = await openOn({ catalog: new MemoryStore(), state: new MemoryStore() });
    const [first, second] = [sessionOf(open, 1), sessionOf(open, 2)];
    await run('CREATE TABLE t (a int, b int, c int)', first);
    await run('INSERT INTO t SELECT i, i * 10, i * 100 FROM generate_series(1, 3) AS i', first);
    await run('PREPARE every AS SELECT * FROM t; PREPARE one AS SELECT c FROM t', second);
    await run('PREPARE put AS INSERT INTO t (a, c) VALUES ($1, $2)', second);
    await run('BEGIN; DECLARE k CURSOR FOR SELECT * FROM t ORDER BY a; FETCH 1 FROM k', second);
    await run('ALTER TABLE t DROP COLUMN b', first);
    expect(await run('FETCH 5 FROM k', second)).toEqual(['2|20|200', '3|30|300']);
    await run('COMMIT; EXECUTE put (4, 400)', second);
    expect(await code('EXECUTE every', second)).toBe('0A000');
    expect(await run('EXECUTE one', second)).toEqual(['100', '200', '300', '400']);
    await run('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM t', second);
    await run('DELETE FROM t WHERE a = 1', first);
    expect(await code('ALTER TABLE t DROP COLUMN c', first)).toBe('55006');
    await run('COMMIT', second);
    expect(await code('ALTER TABLE t DROP COLUMN c', first)).toBe('none');
    expect(await run('SELECT * FROM t ORDER BY a', second)).toEqual(['2', '3', '4']);
    await open.abandon();
  });

  test('subscriptions to the table and to queries over it end when a column goes', async () => {
    const open = await openOn({ catalog: new MemoryStore(), state: new MemoryStore() });
    const [first, second] = [sessionOf(open, 1), sessionOf(open, 2)];
    await run('CREATE TABLE t (a int, b int); INSERT INTO t VALUES (1, 1)', first);
    await run('CREATE MATERIALIZED VIEW v AS SELECT sum(a) AS s FROM t', first);
    for (const what of ['t', '(SELECT b FROM t WHERE a > 0)', 'v']) {
      await run(`BEGIN; DECLARE k CURSOR FOR SUBSCRIBE ${what}`, second);
      await run('FETCH ALL k', second);
      await run('ALTER TABLE t ADD COLUMN c int', first);
      if (what !== 't') {
        await run('INSERT INTO t VALUES (2, 2)', first);
        expect(await run('FETCH 1 k', second)).toHaveLength(1);
      }
      await run('ALTER TABLE t DROP COLUMN c', first);
      expect(await code("FETCH ALL k WITH (timeout = '0s')", second)).toBe(
        what === 'v' ? 'none' : '55000',
      );
      await run('ROLLBACK', second);
    }
    await open.abandon();
  });

  test('a change that fails leaves table and views as they were', async () => {
    const open = await openOn({ catalog: new MemoryStore(), state: new MemoryStore() });
    const session = sessionOf(open, 1);
    await run('CREATE TABLE t (a int PRIMARY KEY, b int, c int)', session);
    await run('CREATE MATERIALIZED VIEW v AS SELECT sum(c) AS s FROM t', session);
    await run('CREATE MATERIALIZED VIEW w AS SELECT b FROM t', session);
    await run('INSERT INTO t VALUES (1, 1, 1), (2, 2, 2)', session);
    const failing = 'ALTER TABLE t DROP COLUMN b CASCADE, ALTER COLUMN a TYPE text USING $$same$$';
    expect(await code(failing, session)).toBe('23505');
    await run('INSERT INTO t VALUES (3, 3, 3)', session);
    expect(await run('SELECT * FROM v', session)).toEqual(['6']);
    expect(await run('SELECT * FROM w ORDER BY b', session)).toEqual(['1', '2', '3']);
    await open.abandon();
  });
});
