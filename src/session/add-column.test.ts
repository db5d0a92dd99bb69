/** ALTER TABLE ADD COLUMN while others write and read: a crash at every commit, and who is in the middle of something. */

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

describe('a crash', () => {
  test('at every commit leaves the table before or after, with every acknowledged row', async () => {
    const stores = { catalog: new SlowStore(), state: new SlowStore() };
    const open = await openOn(stores);
    const [first, second] = [sessionOf(open, 1), sessionOf(open, 2)];
    await run('CREATE TABLE t (a int PRIMARY KEY)', first);
    await run('CREATE MATERIALIZED VIEW v AS SELECT count(*) AS n, sum(a) AS s FROM t', first);
    await run('INSERT INTO t SELECT * FROM generate_series(1, 10)', first);
    const acknowledged = new Set(Array.from({ length: 10 }, (_, i) => i + 1));
    let added = false;
    const instants: (Stores & { acknowledged: readonly number[]; added: boolean })[] = [];
    const remember = (): void => {
      instants.push({
        catalog: stores.catalog.snapshot(),
        state: stores.state.snapshot(),
        acknowledged: [...acknowledged],
        added,
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
      await run("ALTER TABLE t ADD COLUMN b text DEFAULT 'x', ADD COLUMN id serial", first);
      added = true;
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
        "SELECT attname FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0 ORDER BY attnum",
        session,
      );
      const after = columns.length > 1;
      seen[after ? 'after' : 'before']++;
      expect(columns).toEqual(after ? ['a', 'b', 'id'] : ['a']);
      if (instant.added) expect(after).toBe(true);
      const rows = (await run('SELECT a FROM t', session)).map(Number);
      for (const a of instant.acknowledged) expect(rows).toContain(a);
      const sum = rows.reduce((total, a) => total + a, 0);
      expect(await run('SELECT * FROM v', session)).toEqual([`${rows.length}|${sum}`]);
      if (after) {
        const values = 'SELECT count(*), count(DISTINCT id) FROM t WHERE b = $$x$$';
        expect(await run(values, session)).toEqual([`${rows.length}|${rows.length}`]);
      }
      // It goes on from there, and comes up once more.
      await run('INSERT INTO t (a) VALUES (1000)', session);
      await again.abandon();
      const third = await openOn(instant);
      const count = await run('SELECT count(*) FROM t', sessionOf(third, 1));
      expect(count).toEqual([String(rows.length + 1)]);
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
});
