/** Every query of the benchmark, as its files say it, runs over some events into a sink. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { MemoryStore } from '../checkpoint/memory-store.ts';
import { TestFeed } from '../connectors/test-feed.ts';
import { nexmarkQueries, nexmarkTables } from './nexmark-sql.ts';
import { TestWorld } from './test-world.ts';

const states = ['OR', 'ID', 'CA', 'WA'];
const channels = ['apple', 'Google', 'channel-7', 'none'];

/**
 * Of 50 events one is a person, three are auctions and the rest are bids. Ten events a second; one more person comes
 * an hour later, so that all windows close.
 */
function events(count: number): string {
  const lines: string[] = [];
  for (let i = 0; i <= count; i++) {
    const dateTime = new Date(946_684_800_000 + (i === count ? 3_600_000 : i * 100))
      .toISOString()
      .slice(0, 23)
      .replace('T', ' ');
    const expires = new Date(946_684_860_000 + i * 100)
      .toISOString()
      .slice(0, 23)
      .replace('T', ' ');
    const person = Math.floor(i / 50);
    const auction = 123 * (1 + Math.floor(i / 50));
    const extra = 'abccc';
    if (i % 50 === 0) {
      const state = states[person % states.length]!;
      lines.push(
        JSON.stringify({
          event_type: 0,
          person: {
            id: person,
            name: `n${person}`,
            emailAddress: 'e',
            creditCard: 'c',
            city: 'x',
            state,
            dateTime,
            extra,
          },
        }),
      );
    } else if (i % 50 === 1) {
      lines.push(
        JSON.stringify({
          event_type: 1,
          auction: {
            id: auction,
            itemName: 'i',
            description: 'd',
            initialBid: 1,
            reserve: 2,
            dateTime,
            expires,
            seller: person,
            category: 10,
            extra,
          },
        }),
      );
    } else {
      const price = 1_200_000 + (i % 7) * 1000;
      const channel = channels[i % channels.length]!;
      const url = `https://site/a/b/c?x=1&channel_id=${i % 5}`;
      lines.push(
        JSON.stringify({
          event_type: 2,
          bid: { auction, bidder: i % 9, price, channel, url, dateTime, extra },
        }),
      );
    }
  }
  return `${lines.join('\n')}\n`;
}

let root: string;
let world: TestWorld;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'millrace-nexmark-'));
  writeFileSync(join(root, 'events.json'), events(500));
  world = await TestWorld.open({
    catalog: new MemoryStore(),
    state: new MemoryStore(),
    feed: new TestFeed(),
    allowedDirectories: [root],
  });
  await world.sql(nexmarkTables(join(root, 'events.json')));
  await world.sql(`CREATE TABLE side_input (key BIGINT PRIMARY KEY, \`value\` VARCHAR);
    INSERT INTO side_input SELECT 123 * i, 'v' || i FROM generate_series(1, 20) AS g (i)`);
});

afterAll(async () => {
  await world.crash();
  rmSync(root, { recursive: true });
});

/** Until nothing comes any more. */
async function settled(sink: string): Promise<number> {
  const ask = async (): Promise<number> =>
    Number((await world.sql(`SELECT rows_written FROM millrace.sinks WHERE name = '${sink}'`))[0]);
  let before = -1;
  for (let quiet = 0; quiet < 3;) {
    await new Promise((resolve) => setTimeout(resolve, 30));
    world.engine.settle();
    const now = await ask();
    quiet = now === before ? quiet + 1 : 0;
    before = now;
  }
  return before;
}

test.each(nexmarkQueries)('$name', async ({ name, columns, query }) => {
  const target = `nexmark_${name}`;
  await world.sql(`CREATE TABLE ${target} (${columns}) WITH ('connector' = 'blackhole')`);
  // Windows by the clock are not over here; their changes come at once.
  const emit = name === 'q12' ? 'EMIT CHANGES' : '';
  await world.sql(`INSERT INTO ${target} ${query} ${emit}`);
  expect(await settled(`insert_into_${target}`)).toBeGreaterThan(0);
  expect(await world.sql('SELECT view_name, message FROM millrace.row_errors')).toEqual([]);
  await world.sql(`DROP SINK insert_into_${target}`);
});

test('q10 into partitioned files', async () => {
  const { columns, query } = nexmarkQueries.find((each) => each.name === 'q10')!;
  await world.sql(`
    CREATE TABLE fs_sink (${columns}) PARTITIONED BY (dt, hm) WITH (
      'connector' = 'filesystem', 'path' = '${root}/q10', 'format' = 'csv',
      'sink.partition-commit.trigger' = 'partition-time', 'sink.partition-commit.delay' = '1 min',
      'sink.partition-commit.policy.kind' = 'success-file',
      'partition.time-extractor.timestamp-pattern' = '$dt $hm:00',
      'sink.rolling-policy.rollover-interval' = '1min', 'sink.rolling-policy.check-interval' = '1min')`);
  await world.sql(`INSERT INTO fs_sink ${query}`);
  expect(await settled('insert_into_fs_sink')).toBe(480);
  await world.sql('DROP SINK insert_into_fs_sink');
  const files = readdirSync(join(root, 'q10'), { recursive: true, encoding: 'utf8' }).filter(
    (each) => statSync(join(root, 'q10', each)).isFile(),
  );
  const lines = files.flatMap((each) =>
    readFileSync(join(root, 'q10', each), 'utf8')
      .split('\n')
      .filter((line) => line !== ''),
  );
  expect(lines).toHaveLength(480);
  const first = 'dt=2000-01-01/hm=00%3A00/';
  expect(files.filter((each) => each.startsWith(`${first}part-`))).toHaveLength(1);
  expect(files).toContain(`${first}_SUCCESS`);
});
