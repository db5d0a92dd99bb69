/**
 * Joins with time bounds forget, and nobody can tell: for random feeds whose rows come late, in any interleaving
 * of the two sources and with batches of any size, a view holds exactly the join of all rows that were not
 * late, where a row is late when it lies before its own source's watermark. A window above a join judges a pair
 * by the higher watermark of its two rows. The seed of a failure is in its name; MILLRACE_SEED runs another range.
 */

import { expect, test } from 'vitest';
import { type Random, SeededRandom } from '../base/random.ts';
import { MemoryStore } from '../checkpoint/memory-store.ts';
import { TestFeed } from '../connectors/test-feed.ts';
import { TestWorld } from './test-world.ts';

const firstSeed = Number(process.env['MILLRACE_SEED'] ?? 1);
const seedCount = Number(process.env['MILLRACE_SEEDS'] ?? 12);
const batchSizes = [1, 2, 7, 1024];
const day = 946_684_800_000;
const second = 1000;
const delay = 3 * second;

/** Times in milliseconds. */
interface Event {
  readonly k: number;
  readonly at: number;
  readonly until: number;
}

interface Judged extends Event {
  /** The watermark before it. */
  readonly watermark: number;
}

const columns = `k int, at timestamp, until timestamp, WATERMARK FOR at AS at - INTERVAL '3 seconds'`;
const bounds = `b.at BETWEEN a.at - INTERVAL '2 seconds' AND a.at + INTERVAL '4 seconds'`;
const views: Readonly<Record<string, string>> = {
  pairs: `SELECT a.k, a.at, b.at AS other FROM a JOIN b ON a.k = b.k AND ${bounds}`,
  lasting: `SELECT a.k, a.at, b.at AS other FROM a JOIN b ON a.k = b.k AND b.at BETWEEN a.at AND a.until`,
  optional: `SELECT a.k, a.at, b.at AS other FROM a LEFT JOIN b ON a.k = b.k AND ${bounds}`,
  alone: `SELECT a.k, a.at FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE b.k = a.k AND b.at >= a.at AND b.at < a.until)`,
  windows: `SELECT window_start, count(*) AS n FROM TUMBLE(
     (SELECT a.at AS at FROM a JOIN b ON a.k = b.k AND ${bounds}), at, INTERVAL '5 seconds') GROUP BY window_start`,
  unbounded: `SELECT window_start, count(*) AS n FROM TUMBLE(
     (SELECT b.at AS at FROM a JOIN b ON a.k = b.k), at, INTERVAL '5 seconds') GROUP BY window_start`,
};

function randomEvents(random: Random): Event[] {
  let at = 0;
  return Array.from({ length: 10 + random.below(30) }, () => {
    at += random.below(6) === 0 ? random.below(9000) : random.below(1500);
    // Often on a whole second, so that bounds are met exactly; one in five before the watermark.
    const early = random.below(5) === 0 ? random.below(9000) : random.below(2500);
    const own = random.below(3) === 0 ? Math.ceil(at / second) * second : at;
    return { k: random.below(3), at: own - early, until: own - early + random.below(6) * second };
  });
}

function judge(events: readonly Event[]): Judged[] {
  let watermark = -Infinity;
  return events.map((event) => {
    const judged = { ...event, watermark };
    watermark = Math.max(watermark, event.at - delay);
    return judged;
  });
}

/** As the test world prints a time: a day other than that of the tests in full. */
function time(ms: number): string {
  const [date, clock] = new Date(day + ms).toISOString().slice(0, 23).split('T') as [
    string,
    string,
  ];
  const trimmed = clock.replace(/\.?0*$/, '');
  return date === '2000-01-01' ? trimmed : `${date} ${trimmed}`;
}
const isTimely = (event: Judged): boolean => event.at >= event.watermark;

function counted(windows: readonly number[]): string[] {
  const counts = new Map<number, number>();
  for (const start of windows) counts.set(start, (counts.get(start) ?? 0) + 1);
  return [...counts].map(([start, n]) => `${time(start)} | ${n}`);
}

function expected(a: readonly Judged[], b: readonly Judged[]): Record<string, string[]> {
  const left = a.filter(isTimely);
  const right = b.filter(isTimely);
  const near = (l: Event, r: Event): boolean =>
    l.k === r.k && r.at >= l.at - 2 * second && r.at <= l.at + 4 * second;
  const pairs = (match: (l: Event, r: Event) => boolean, from = left, to = right) =>
    from.flatMap((l) => to.filter((r) => match(l, r)).map((r) => [l, r] as const));
  const print = ([l, r]: readonly [Event, Event]): string =>
    `${l.k} | ${time(l.at)} | ${time(r.at)}`;
  const start = (at: number): number => Math.floor(at / 5000) * 5000;
  const inTime = (at: number, l: Judged, r: Judged, behind: number): boolean =>
    start(at) + 5000 > Math.max(l.watermark, r.watermark) - behind;
  const found = {
    pairs: pairs(near).map(print),
    lasting: pairs((l, r) => l.k === r.k && r.at >= l.at && r.at <= l.until).map(print),
    optional: [
      ...pairs(near).map(print),
      ...left
        .filter((l) => !right.some((r) => near(l, r)))
        .map((l) => `${l.k} | ${time(l.at)} | NULL`),
    ],
    alone: left
      .filter((l) => !right.some((r) => l.k === r.k && r.at >= l.at && r.at < l.until))
      .map((l) => `${l.k} | ${time(l.at)}`),
    windows: counted(
      pairs(near)
        .filter(([l, r]) => inTime(l.at, l as Judged, r as Judged, 4 * second))
        .map(([l]) => start(l.at)),
    ),
    unbounded: counted(
      pairs((l, r) => l.k === r.k, [...a], [...b])
        .filter(([l, r]) => inTime(r.at, l as Judged, r as Judged, 0))
        .map(([, r]) => start(r.at)),
    ),
  };
  return Object.fromEntries(Object.entries(found).map(([name, rows]) => [name, rows.sort()]));
}

async function answers(
  feeds: { readonly a: readonly Event[]; readonly b: readonly Event[] },
  batchRowsMax: number,
  random: Random,
): Promise<Record<string, string[]>> {
  const feed = new TestFeed();
  const catalog = new MemoryStore();
  const state = new MemoryStore();
  const open = () => TestWorld.open({ catalog, state, feed, database: { batchRowsMax } });
  let world = await open();
  for (const name of ['a', 'b']) {
    await world.sql(`CREATE SOURCE ${name} (${columns}) WITH (connector = 'test')`);
  }
  for (const [name, sql] of Object.entries(views)) {
    await world.sql(`CREATE MATERIALIZED VIEW ${name} AS ${sql}`);
  }
  const left = { a: [...feeds.a], b: [...feeds.b] };
  while (left.a.length + left.b.length > 0) {
    // One source may run far ahead of the other.
    const name = left.a.length > 0 && (left.b.length === 0 || random.below(2) === 0) ? 'a' : 'b';
    const part = left[name].splice(0, 1 + random.below(9));
    const micros = (ms: number): bigint => BigInt(day + ms) * 1000n;
    feed
      .stream(`public.${name}`)
      .push(part.map(({ k, at, until }) => [k, micros(at), micros(until)]));
    world.engine.settle();
    if (random.below(4) === 0) await world.engine.checkpoint();
    if (random.below(6) > 0) continue;
    await world.crash();
    world = await open();
    world.engine.settle();
  }
  const found: Record<string, string[]> = {};
  for (const name of Object.keys(views))
    found[name] = (await world.sql(`SELECT * FROM ${name}`)).sort();
  await world.crash();
  return found;
}

const seeds = Array.from({ length: seedCount }, (_, index) => firstSeed + index);

test.each(seeds)('seed %i: what is forgotten is not missed', async (seed) => {
  const random = new SeededRandom(seed);
  const feeds = { a: randomEvents(random), b: randomEvents(random) };
  const wanted = expected(judge(feeds.a), judge(feeds.b));
  for (const batchRowsMax of batchSizes) {
    const found = await answers(feeds, batchRowsMax, random);
    expect(found, `batches of ${batchRowsMax}`).toEqual(wanted);
  }
});
