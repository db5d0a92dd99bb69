/** What `millrace demo` runs: a live auction from the built-in generator, and a view of each kind over it. */

/** Bids among all events of the generator: with it, event time runs as fast as the clock. */
const bidShare = 46 / 50;

/** The pipeline; `rate` is events of all kinds a second. */
export function demoPipeline(rate: number): string {
  return `
CREATE SOURCE bids (
    auction bigint, bidder bigint, price bigint, channel varchar, url varchar,
    date_time timestamp(3), extra varchar,
    WATERMARK FOR date_time AS date_time - INTERVAL '1 second'
  ) WITH (connector = 'nexmark', nexmark.table.type = 'Bid', 'rows-per-second' = '${rate}',
          nexmark.min.event.gap.in.ns = '${Math.max(1000, Math.round((1e9 / rate) * bidShare))}');

-- Tumbling: bids and the highest price, every ten seconds.
CREATE MATERIALIZED VIEW bids_per_10s AS
  SELECT window_start, count(*) AS bids, max(price) AS highest
  FROM TUMBLE(bids, date_time, INTERVAL '10 seconds')
  GROUP BY window_start;

-- Hopping: the channels of the last half minute, every ten seconds.
CREATE MATERIALIZED VIEW channels AS
  SELECT window_start, window_end, channel, count(*) AS bids, avg(price) AS average
  FROM HOP(bids, date_time, INTERVAL '10 seconds', INTERVAL '30 seconds')
  GROUP BY window_start, window_end, channel;

-- Sessions: how long each bidder stays, until five seconds of silence; final results only.
CREATE MATERIALIZED VIEW visits AS
  SELECT bidder, window_start, window_end, count(*) AS bids
  FROM TABLE(SESSION(TABLE bids PARTITION BY bidder, DESCRIPTOR(date_time), INTERVAL '5' SECONDS))
  GROUP BY bidder, window_start, window_end
  EMIT ON WINDOW CLOSE;

-- A view over a view.
CREATE MATERIALIZED VIEW busiest AS
  SELECT max(bids) AS most_bids_in_10s, sum(bids) AS all_bids FROM bids_per_10s;
`;
}

/** What the demo shows moving. */
export const demoQuery = `SELECT window_start::text, bids, highest FROM bids_per_10s ORDER BY window_start DESC LIMIT 8`;
