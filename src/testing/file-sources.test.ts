/** Sources over files in a whole database, from one life of the server to the next. */

import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';
import { MemoryStore } from '../checkpoint/memory-store.ts';
import { TestFeed } from '../connectors/test-feed.ts';
import { TestWorld } from './test-world.ts';

let root: string;
let catalog: MemoryStore;
let state: MemoryStore;
let world: TestWorld;
let feed: TestFeed;

async function open(allowed = root): Promise<void> {
  feed = new TestFeed();
  world = await TestWorld.open({ catalog, state, feed, allowedDirectories: [allowed] });
}

async function restart(allowed = root): Promise<void> {
  await world.checkpoint();
  await world.crash();
  await open(allowed);
}

/** Asks until the answer is there. */
async function eventually(question: string, answer: readonly string[]): Promise<void> {
  await expect.poll(() => world.sql(question), { timeout: 10_000 }).toEqual(answer);
}

beforeEach(async () => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-files-')));
  mkdirSync(join(root, 'in'));
  catalog = new MemoryStore();
  state = new MemoryStore();
  await open();
});

afterEach(async () => {
  await world.crash();
  rmSync(root, { recursive: true, force: true });
});

const makeSource = `
  CREATE TABLE people (id int, "Name" text) WITH (connector = 'filesystem', path = 'in', format = 'csv', header = 'true');
  CREATE MATERIALIZED VIEW v AS SELECT id, "Name" FROM people`;

test('each file of a directory has its own header, which holds after a restart', async () => {
  writeFileSync(join(root, 'in', 'a.csv'), 'id,Name\n1,ann\n');
  writeFileSync(join(root, 'in', 'b.csv'), 'Name,extra,id\nbob,x,2\n');
  writeFileSync(join(root, 'in', 'c.csv'), 'id,name\n3,cyd\n');
  writeFileSync(join(root, 'in', '@d.csv'), 'id,Name\n4,dan\n');
  await world.sql(makeSource);
  await eventually('SELECT * FROM v', ['1 | ann', '2 | bob', '4 | dan']);
  const letters = 'SELECT partition, record_offset, reason FROM millrace.dead_letters';
  const letter = 'c.csv | 8 | the header of the file has no column "Name", only "id", "name"';
  await eventually(letters, [letter]);
  await restart();
  appendFileSync(join(root, 'in', 'b.csv'), 'bea,y,5\n');
  await eventually('SELECT * FROM v', ['1 | ann', '2 | bob', '4 | dan', '5 | bea']);
  expect(await world.sql(letters)).toEqual([letter]);
});

test('a file that was replaced while the server was down fails its source', async () => {
  const path = join(root, 'in', 'a.csv');
  writeFileSync(path, 'id,Name\n1,ann\n2,bob\n');
  await world.sql(makeSource);
  await eventually('SELECT id FROM v', ['1', '2']);
  await world.checkpoint();
  await world.crash();
  writeFileSync(path, 'id,Name\n7,eve\n8,fay\n9,gus\n');
  await open();
  await eventually('SELECT state, error FROM millrace.sources', [
    'failed | file "a.csv" was replaced or rewritten: its first 20 bytes are not those that were read',
  ]);
  expect(await world.sql('SELECT id FROM v')).toEqual(['1', '2']);
  await expect(
    world.sql('CREATE MATERIALIZED VIEW w AS SELECT id FROM people'),
  ).rejects.toMatchObject({
    code: '55000',
    message: 'source "people" has failed',
    fields: { detail: expect.stringContaining('was replaced or rewritten') as unknown },
  });
  expect(await world.sql('SELECT id FROM v')).toEqual(['1', '2']);
});

test('a view that is made while its source fails ends with the reason', async () => {
  const path = join(root, 'in', 'a.csv');
  writeFileSync(path, 'id,Name\n1,ann\n2,bob\n');
  await world.sql(makeSource);
  await eventually('SELECT id FROM v', ['1', '2']);
  // Nobody has looked at the file since: the reader of the second view never comes to where the first one is.
  writeFileSync(path, 'id,Name\n7,eve\n');
  let outcome: unknown = null;
  world.sql('CREATE MATERIALIZED VIEW w AS SELECT id FROM people').then(
    () => (outcome = 'made'),
    (error: unknown) => (outcome = error),
  );
  const later = (): unknown => {
    world.clock.advance(1000);
    return outcome;
  };
  await expect.poll(later, { timeout: 10_000 }).toMatchObject({
    code: '55000',
    fields: { detail: expect.stringContaining('file "a.csv" was') as unknown },
  });
  expect(await world.sql('SELECT name, state FROM millrace.views')).toEqual(['v | running']);
});

test('a table whose file is not there yet waits for it, and says so', async () => {
  const table = `(id int) WITH (connector = 'filesystem', path = 'later.csv', format = 'csv'`;
  await world.sql(`CREATE TABLE followed ${table}); CREATE TABLE ending ${table}, follow = 'false');
    CREATE MATERIALIZED VIEW v AS SELECT id FROM followed UNION ALL SELECT id FROM ending`);
  const states = 'SELECT name, state, error FROM millrace.sources';
  const missing = `file "later.csv" (a relative path starts at the first allowed directory, so it is "${join(root, 'later.csv')}") does not exist`;
  const waiting = [`ending | retrying | ${missing}`, `followed | retrying | ${missing}`];
  await eventually(states, waiting);
  writeFileSync(join(root, 'later.csv'), '7\n');
  const later = (): Promise<string[]> => {
    world.clock.advance(1000);
    return world.sql(states);
  };
  const there = ['ending | finished | NULL', 'followed | running | NULL'];
  await expect.poll(later, { timeout: 10_000 }).toEqual(there);
  await eventually('SELECT id FROM v', ['7', '7']);
});

test('a table that is only written to is no source', async () => {
  const table = (path: string): string =>
    `(k int) WITH (connector = 'filesystem', path = '${path}', format = 'json')`;
  await world.sql(`CREATE TABLE target ${table('out')}; CREATE SOURCE s (k int) WITH (connector = 'test');
    INSERT INTO target SELECT k FROM s`);
  expect(await world.sql('SHOW SOURCES')).toEqual(['public | s | test | running | 0 | NULL']);
  expect(await world.sql('SELECT name FROM millrace.sources')).toEqual(['s']);
  expect(await world.sql('SELECT target FROM millrace.sinks')).toEqual(['public.target']);
  await world.sql(`CREATE MATERIALIZED VIEW back AS SELECT k FROM target`);
  expect(await world.sql('SELECT name FROM millrace.sources')).toEqual(['s', 'target']);
});

test('a source that cannot be opened at start has failed, and says why', async () => {
  writeFileSync(join(root, 'in', 'a.csv'), 'id,Name\n1,ann\n');
  await world.sql(makeSource.replace("'in'", `'${join(root, 'in')}'`));
  await eventually('SELECT id FROM v', ['1']);
  mkdirSync(join(root, 'other'));
  await restart(join(root, 'other'));
  const [line] = await world.sql('SELECT state, error FROM millrace.sources');
  expect(line).toMatch(/^failed \| permission denied for file/);
  expect(await world.sql('SELECT id FROM v')).toEqual(['1']);
});

test('a lookup joins rows with a file that ends, and refuses one that is followed', async () => {
  writeFileSync(join(root, 'in', 'names.csv'), '1,web\n2,app\n');
  await world.sql(`CREATE SOURCE bids (price int, channel int, seen AS PROCTIME()) WITH (connector = 'test');
    CREATE TABLE followed (id int, name text) WITH (connector = 'filesystem', path = 'in', format = 'csv');
    CREATE TABLE names (id int, name text) WITH (connector = 'filesystem', path = 'in', format = 'csv',
      follow = 'false', 'source.monitor-interval' = '1 s')`);
  const lookUp = (names: string): string => `CREATE MATERIALIZED VIEW named AS
    SELECT b.price, c.name FROM bids AS b
    JOIN ${names} FOR SYSTEM_TIME AS OF b.seen AS c ON b.channel = c.id`;
  await expect(world.sql(lookUp('followed'))).rejects.toMatchObject({
    code: '0A000',
    fields: { hint: expect.stringContaining("'follow' = 'false'") as unknown },
  });
  await world.sql(lookUp('names'));
  feed.stream('public.bids').push([
    [10, 1],
    [20, 2],
  ]);
  await eventually('SELECT * FROM named', ['10 | web', '20 | app']);
});

test('errors of paths say what is meant and what to do', async () => {
  const make = (path: string): Promise<string[]> =>
    world.sql(makeSource.replace('TABLE', 'SOURCE').replace("'in'", `'${path}'`));
  await expect(make('/etc')).rejects.toMatchObject({
    code: '42501',
    fields: { hint: expect.stringContaining('--allow-dir') as unknown },
  });
  await expect(make('nowhere.csv')).rejects.toThrow(
    `file "nowhere.csv" (a relative path starts at the first allowed directory, so it is "${join(root, 'nowhere.csv')}") does not exist`,
  );
  await expect(make('no/*.csv')).rejects.toThrow(/directory "no" \(a relative.* does not exist/);
  await expect(make('../x.csv')).rejects.toMatchObject({
    fields: { detail: `A relative path starts at "${root}", and this one leads out of it.` },
  });
});
