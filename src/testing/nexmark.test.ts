/**
 * The auction benchmark's queries (Nexmark), as views over our generator's streams in batches of 1, 7 and 1,024
 * rows, against PostgreSQL's answer over the same rows. Windows are spelled with date_bin there. What depends on
 * the clock (q12) is checked by its sums; q10 and q13 are their relational parts.
 */

import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MemoryStore } from '../checkpoint/memory-store.ts';
import { TestFeed } from '../connectors/test-feed.ts';
import { TestWorld } from './test-world.ts';

const events = 2000;
const streams = {
  person:
    'id bigint, name varchar, email_address varchar, credit_card varchar, city varchar, state varchar, date_time timestamp(3), extra varchar',
  auction:
    'id bigint, item_name varchar, description varchar, initial_bid bigint, reserve bigint, date_time timestamp(3), expires timestamp(3), seller bigint, category bigint, extra varchar',
  bid: 'auction bigint, bidder bigint, price bigint, channel varchar, url varchar, date_time timestamp(3), extra varchar',
};
type Stream = keyof typeof streams;
const names = Object.keys(streams) as Stream[];

interface Query {
  readonly ours: string;
  /** Null: the same text. */
  readonly theirs: string | null;
}

const same = (sql: string): Query => ({ ours: sql, theirs: null });

const winning = `SELECT a.*, b.auction, b.bidder, b.price, b.date_time AS bid_time,
    ROW_NUMBER() OVER (PARTITION BY a.id ORDER BY b.price DESC, b.date_time ASC) AS rownum
  FROM auction a, bid b WHERE a.id = b.auction AND b.date_time BETWEEN a.date_time AND a.expires`;
const tumbled = (stream: string): string =>
  `(SELECT *, date_bin('10 seconds', date_time, '1970-01-01') AS window_start,
      date_bin('10 seconds', date_time, '1970-01-01') + INTERVAL '10 seconds' AS window_end FROM ${stream}) w`;
const hopped = `(SELECT b.*, s AS window_start, s + INTERVAL '10 seconds' AS window_end FROM bid b,
    generate_series(date_bin('2 seconds', b.date_time, '1970-01-01') - INTERVAL '8 seconds',
      date_bin('2 seconds', b.date_time, '1970-01-01'), INTERVAL '2 seconds') AS s) w`;
const ranks = ['price < 10000', 'price >= 10000 AND price < 1000000', 'price >= 1000000'];
const counts = ['*', 'DISTINCT bidder', 'DISTINCT auction'].flatMap((what, w) => [
  `count(${what}) AS c${w}`,
  ...ranks.map((rank, r) => `count(${what}) FILTER (WHERE ${rank}) AS c${w}_${r}`),
]);
const hottest = (source: string, tumble: string): string => `
  SELECT n.auction, n.num, n.window_start FROM
    (SELECT auction, count(*) AS num, window_start, window_end FROM ${source}
     GROUP BY auction, window_start, window_end) AS n
  JOIN (SELECT max(c.num) AS maxn, c.window_start, c.window_end FROM
      (SELECT count(*) AS num, window_start, window_end FROM ${tumble}
       GROUP BY auction, window_start, window_end) AS c
    GROUP BY c.window_start, c.window_end) AS m
  ON n.window_start = m.window_start AND n.window_end = m.window_end AND n.num >= m.maxn`;
const highest = (source: string): string => `
  SELECT b.auction, b.price, b.bidder, b.date_time FROM bid b
  JOIN (SELECT max(price) AS maxprice, window_end AS date_time FROM ${source}
        GROUP BY window_start, window_end) m
  ON b.price = m.maxprice AND b.date_time BETWEEN m.date_time - INTERVAL '10' SECOND AND m.date_time`;
const newSellers = (persons: string, auctions: string): string => `
  SELECT p.id, p.name, p.window_start FROM
    (SELECT id, name, window_start, window_end FROM ${persons} GROUP BY id, name, window_start, window_end) p
  JOIN (SELECT seller, window_start, window_end FROM ${auctions} GROUP BY seller, window_start, window_end) a
  ON p.id = a.seller AND p.window_start = a.window_start AND p.window_end = a.window_end`;
const tumble = (stream: string): string =>
  `TABLE(TUMBLE(TABLE ${stream}, DESCRIPTOR(date_time), INTERVAL '10' SECOND))`;
const hop = `HOP(bid, date_time, INTERVAL '2' SECOND, INTERVAL '10' SECOND)`;

const queries: Readonly<Record<string, Query>> = {
  q0: same('SELECT auction, bidder, price, date_time, extra FROM bid'),
  q1: same('SELECT auction, bidder, 0.908 * price AS price, date_time, extra FROM bid'),
  q2: same('SELECT auction, price FROM bid WHERE MOD(auction, 7) = 0'),
  q3: same(`SELECT p.name, p.city, p.state, a.id FROM auction AS a INNER JOIN person AS p ON a.seller = p.id
    WHERE a.category = 10 AND (p.state = 'OR' OR p.state = 'ID' OR p.state = 'CA')`),
  q4: same(`SELECT q.category, AVG(q.final) AS average FROM (
      SELECT MAX(b.price) AS final, a.category FROM auction a, bid b
      WHERE a.id = b.auction AND b.date_time BETWEEN a.date_time AND a.expires
      GROUP BY a.id, a.category) q GROUP BY q.category`),
  q5: { ours: hottest(hop, hop), theirs: hottest(hopped, hopped) },
  q6: same(`SELECT q.seller, q.id, AVG(q.price) OVER (PARTITION BY q.seller ORDER BY q.bid_time, q.id
      ROWS BETWEEN 10 PRECEDING AND CURRENT ROW) AS average
    FROM (SELECT * FROM (${winning}) r WHERE rownum <= 1) q`),
  q7: { ours: highest(tumble('bid')), theirs: highest(tumbled('bid')) },
  q8: {
    ours: newSellers(tumble('person'), tumble('auction')),
    theirs: newSellers(tumbled('person'), tumbled('auction')),
  },
  q9: same(`SELECT id, item_name, date_time, expires, auction, bidder, price, bid_time
    FROM (${winning}) r WHERE rownum <= 1`),
  q10: same(`SELECT auction, bidder, price, to_char(date_time, 'YYYY-MM-DD') AS dt,
    to_char(date_time, 'HH24:MI') AS hm FROM bid`),
  q11: {
    ours: `SELECT bidder, count(*) AS bid_count, window_start, window_end FROM
      TABLE(SESSION(TABLE bid PARTITION BY bidder, DESCRIPTOR(date_time), INTERVAL '3' SECOND))
      GROUP BY bidder, window_start, window_end`,
    theirs: `SELECT bidder, count(*) AS bid_count, min(date_time) AS window_start,
        max(date_time) + INTERVAL '3 seconds' AS window_end FROM (
        SELECT bidder, date_time, sum(starts) OVER (PARTITION BY bidder ORDER BY date_time) AS session FROM (
          SELECT bidder, date_time, CASE WHEN date_time - lag(date_time) OVER (PARTITION BY bidder ORDER BY date_time)
            <= INTERVAL '3 seconds' THEN 0 ELSE 1 END AS starts FROM bid) s) t
      GROUP BY bidder, session`,
  },
  q13: {
    ours: `SELECT b.auction, b.bidder, b.price, s.value FROM (SELECT *, PROCTIME() AS p_time FROM bid) b
      JOIN side FOR SYSTEM_TIME AS OF b.p_time AS s ON MOD(b.auction, 100) = s.key`,
    theirs: `SELECT b.auction, b.bidder, b.price, s.value FROM bid b JOIN side s ON MOD(b.auction, 100) = s.key`,
  },
  q14: same(`SELECT auction, bidder, 0.908 * price AS price,
      CASE WHEN EXTRACT(hour FROM date_time) BETWEEN 8 AND 18 THEN 'day'
        WHEN EXTRACT(hour FROM date_time) <= 6 OR EXTRACT(hour FROM date_time) >= 20 THEN 'night'
        ELSE 'other' END AS kind,
      length(extra) - length(replace(extra, 'c', '')) AS c_counts
    FROM bid WHERE 0.908 * price > 1000000 AND 0.908 * price < 50000000`),
  q15: same(
    `SELECT to_char(date_time, 'YYYY-MM-DD') AS day, ${counts.join(', ')} FROM bid GROUP BY 1`,
  ),
  q16: same(`SELECT channel, to_char(date_time, 'YYYY-MM-DD') AS day, max(to_char(date_time, 'HH24:MI')) AS minute,
    ${counts.join(', ')} FROM bid GROUP BY channel, to_char(date_time, 'YYYY-MM-DD')`),
  q17: same(`SELECT auction, to_char(date_time, 'YYYY-MM-DD') AS day, count(*) AS total,
    ${ranks.map((rank, r) => `count(*) FILTER (WHERE ${rank}) AS r${r}`).join(', ')},
    min(price) AS least, max(price) AS most, avg(price) AS average, sum(price) AS total_price
    FROM bid GROUP BY auction, to_char(date_time, 'YYYY-MM-DD')`),
  q18: same(`SELECT auction, bidder, price, channel, date_time FROM (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY bidder, auction ORDER BY date_time DESC) AS rank_number FROM bid) r
    WHERE rank_number <= 1`),
  q19: same(`SELECT auction, bidder, price, date_time, rank_number FROM (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY price DESC, date_time) AS rank_number FROM bid) r
    WHERE rank_number <= 10`),
  q20: same(`SELECT b.auction, b.bidder, b.price, b.date_time, a.item_name, a.seller, a.category
    FROM bid b INNER JOIN auction a ON b.auction = a.id WHERE a.category = 10`),
  q21: same(`SELECT auction, bidder, price, channel,
    CASE WHEN lower(channel) = 'apple' THEN '0' WHEN lower(channel) = 'google' THEN '1'
      WHEN lower(channel) = 'facebook' THEN '2' WHEN lower(channel) = 'baidu' THEN '3'
      ELSE substring(url FROM 'channel_id=([^&]*)') END AS channel_id
    FROM bid WHERE substring(url FROM 'channel_id=([^&]*)') IS NOT NULL
      OR lower(channel) IN ('apple', 'google', 'facebook', 'baidu')`),
  q22: same(`SELECT auction, bidder, price, channel, split_part(url, '/', 4) AS dir1,
    split_part(url, '/', 5) AS dir2, split_part(url, '/', 6) AS dir3 FROM bid`),
};

const clocked = `SELECT bidder, count(*) AS bid_count, window_start, window_end FROM
  TABLE(TUMBLE(TABLE (SELECT *, PROCTIME() AS p_time FROM bid), DESCRIPTOR(p_time), INTERVAL '10' SECOND))
  GROUP BY bidder, window_start, window_end`;

async function openWorld(batchRowsMax: number): Promise<TestWorld> {
  const world = await TestWorld.open({
    catalog: new MemoryStore(),
    state: new MemoryStore(),
    feed: new TestFeed(),
    database: { batchRowsMax },
  });
  for (const name of names) {
    await world.sql(`CREATE SOURCE ${name} (${streams[name]},
      WATERMARK FOR date_time AS date_time - INTERVAL '4 seconds')
      WITH (connector = 'nexmark', 'nexmark.table.type' = '${name}', 'nexmark.event.num' = '${events}',
        'nexmark.min.event.gap.in.ns' = '20000000')`);
  }
  await world.sql('CREATE TABLE side (key bigint PRIMARY KEY, value text)');
  await world.sql("INSERT INTO side SELECT i, 'value ' || i FROM generate_series(0, 99) AS i");
  return world;
}

/** Every column as text, the rows sorted. */
function asText(columns: readonly string[], from: string): string {
  return `SELECT ${columns.map((column) => `coalesce("${column}"::text, '(null)')`).join(` || '; ' || `)} AS line FROM ${from}`;
}

describe('Nexmark', () => {
  let judge: PGlite;
  let bids = 0;
  const expected = new Map<string, { columns: readonly string[]; rows: readonly string[] }>();

  beforeAll(async () => {
    judge = await PGlite.create();
    const world = await openWorld(1024);
    for (const name of names) {
      const columns = streams[name].split(', ').map((column) => column.split(' ')[0]!);
      await world.sql(`CREATE MATERIALIZED VIEW raw_${name} AS SELECT * FROM ${name}`);
      world.engine.settle();
      const list = columns.map((column) => `${column}::text AS ${column}`).join(', ');
      const json = await world.sql(
        `SELECT json_agg(r)::text FROM (SELECT ${list} FROM raw_${name}) r`,
      );
      await judge.exec(`CREATE TABLE ${name} (${streams[name]})`);
      await judge.query(
        `INSERT INTO ${name} SELECT * FROM json_populate_recordset(null::${name}, $1::json)`,
        [json.join('\n')],
      );
    }
    await judge.exec(`CREATE TABLE side AS
      SELECT i::bigint AS key, 'value ' || i AS value FROM generate_series(0, 99) AS i`);
    const counted = await judge.query<{ n: number }>('SELECT count(*)::int AS n FROM bid');
    bids = counted.rows[0]!.n;
    for (const [name, { ours, theirs }] of Object.entries(queries)) {
      const sql = theirs ?? ours;
      const { fields } = await judge.query(`SELECT * FROM (${sql}) q LIMIT 0`);
      const columns = fields.map((field) => field.name);
      const { rows } = await judge.query<{ line: string }>(asText(columns, `(${sql}) q`));
      expected.set(name, { columns, rows: rows.map((row) => row.line).sort() });
    }
    await world.crash();
  }, 120_000);

  afterAll(async () => {
    await judge.close();
  });

  test.each([1, 7, 1024])(
    'batches of %i rows',
    async (batchRowsMax) => {
      const world = await openWorld(batchRowsMax);
      for (const [name, { ours }] of Object.entries(queries)) {
        await world.sql(`CREATE MATERIALIZED VIEW ${name} AS ${ours}`);
      }
      await world.sql(`CREATE MATERIALIZED VIEW q12 AS ${clocked}`);
      world.engine.settle();
      for (const [name, { columns, rows }] of expected) {
        expect(rows.length, name).toBeGreaterThan(0);
        const found = await world.sql(asText(columns, name));
        expect(found.sort(), name).toEqual(rows);
      }
      expect(await world.sql('SELECT sum(bid_count) FROM q12')).toEqual([String(bids)]);
      expect(await world.sql('SELECT count(*) FROM millrace.late_rows')).toEqual(['0']);
      await world.crash();
    },
    120_000,
  );
});
