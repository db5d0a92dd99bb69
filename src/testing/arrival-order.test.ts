/**
 * Arrival order within the allowed delay makes no difference: for random feeds that are out of order by less
 * than the watermark's delay, every windowed view ends as it does with the rows sorted, whatever the size of
 * the batches. The seed of a failure is in its name; MILLRACE_SEED runs another range.
 */

import { expect, test } from 'vitest';
import { type Random, SeededRandom } from '../base/random.ts';
import { MemoryStore } from '../checkpoint/memory-store.ts';
import { TestFeed } from '../connectors/test-feed.ts';
import { TestWorld } from './test-world.ts';

const firstSeed = Number(process.env['MILLRACE_SEED'] ?? 1);
const feeds = Number(process.env['MILLRACE_SEEDS'] ?? 15);
const shufflesPerFeed = 5;
const delaySeconds = 5;
const batchSizes = [1, 2, 7, 1024];
const day = 946_684_800;

interface Event {
  readonly k: number;
  readonly v: number;
  /** Milliseconds since the start of the day; may be negative. */
  readonly at: number;
}

const views: readonly (readonly [name: string, sql: string])[] = [
  [
    'tumbling',
    `SELECT window_start, k, count(*) AS n, sum(v) AS s, min(v) AS lo
     FROM TUMBLE(events, at, INTERVAL '4 seconds') GROUP BY window_start, k`,
  ],
  [
    'closed',
    `SELECT window_start, count(*) AS n, count(DISTINCT v) AS kinds
     FROM TUMBLE(events, at, INTERVAL '4 seconds') GROUP BY window_start EMIT ON WINDOW CLOSE`,
  ],
  [
    'hopping',
    `SELECT window_start, window_end, sum(v) AS s
     FROM HOP(events, at, INTERVAL '3 seconds', INTERVAL '7 seconds') GROUP BY window_start, window_end`,
  ],
  [
    'cumulating',
    `SELECT window_start, window_end, count(*) AS n
     FROM CUMULATE(events, at, INTERVAL '2 seconds', INTERVAL '6 seconds') GROUP BY window_start, window_end`,
  ],
  [
    'sessions',
    `SELECT k, window_start, window_end, count(*) AS n, sum(v) AS s
     FROM TABLE(SESSION(TABLE events PARTITION BY k, DESCRIPTOR(at), INTERVAL '2' SECOND))
     GROUP BY k, window_start, window_end`,
  ],
  [
    'closed_sessions',
    `SELECT window_start, window_end, max(v) AS top
     FROM TABLE(SESSION(TABLE events, DESCRIPTOR(at), INTERVAL '1' SECOND))
     GROUP BY window_start, window_end EMIT ON WINDOW CLOSE`,
  ],
];

function randomEvents(random: Random): Event[] {
  let at = -8000;
  return Array.from({ length: 12 + random.below(40) }, () => {
    at += random.below(10) === 0 ? random.below(9000) : random.below(900);
    // Often exactly on a window's bound.
    const on = random.below(4) === 0 ? Math.ceil(at / 1000) * 1000 : at;
    at = on;
    return { k: random.below(3), v: random.below(5), at: on };
  });
}

/** Rows come in order of their time plus a random wait below the delay. */
function shuffled(events: readonly Event[], random: Random): Event[] {
  return events
    .map((event) => ({ event, arrives: event.at + random.below(delaySeconds * 1000) }))
    .sort((a, b) => a.arrives - b.arrives)
    .map(({ event }) => event);
}

/** What every view says after all events, in the order given, and how many were late. */
async function answers(
  events: readonly Event[],
  batchRowsMax: number,
  pushRows: (events: readonly Event[], push: (part: readonly Event[]) => void) => void,
): Promise<Record<string, string[]>> {
  const feed = new TestFeed();
  const world = await TestWorld.open({
    catalog: new MemoryStore(),
    state: new MemoryStore(),
    feed,
    database: { batchRowsMax },
  });
  await world.sql(
    `CREATE SOURCE events (k int, v int, at timestamp,
       WATERMARK FOR at AS at - INTERVAL '${delaySeconds} seconds') WITH (connector = 'test')`,
  );
  for (const [name, sql] of views) await world.sql(`CREATE MATERIALIZED VIEW ${name} AS ${sql}`);
  const stream = feed.stream('public.events');
  pushRows(events, (part) => {
    stream.push(part.map(({ k, v, at }) => [k, v, BigInt(day * 1000 + at) * 1000n]));
    world.engine.settle();
  });
  stream.finish();
  world.engine.settle();
  const found: Record<string, string[]> = {};
  for (const [name] of views) found[name] = await world.sql(`SELECT * FROM ${name}`);
  found['late'] = await world.sql('SELECT count(*) FROM millrace.late_rows');
  await world.crash();
  return found;
}

const seeds = Array.from({ length: feeds }, (_, index) => firstSeed + index);

test.each(seeds)(
  'seed %i: any arrival order within the delay gives the same windows',
  async (seed) => {
    const random = new SeededRandom(seed);
    const events = randomEvents(random);
    const expected = await answers(events, 1024, (all, push) => push(all));
    expect(expected['late']).toEqual(['0']);
    expect(expected['tumbling']).not.toHaveLength(0);
    expect(expected['closed_sessions']).not.toHaveLength(0);
    for (let shuffle = 0; shuffle < shufflesPerFeed; shuffle++) {
      const order = shuffled(events, random);
      for (const batchRowsMax of batchSizes) {
        const found = await answers(order, batchRowsMax, (all, push) => {
          for (let from = 0; from < all.length;) {
            const to = from + 1 + random.below(12);
            push(all.slice(from, to));
            from = to;
          }
        });
        expect(found, `shuffle ${shuffle}, batches of ${batchRowsMax}`).toEqual(expected);
      }
    }
  },
);
