/** What `millrace demo` runs: a live auction from the built-in generator, and a view of each kind over it. */

/** The pipeline; `rate` is events of all kinds a second. */
export function demoPipeline(rate: number): string {
  return `
CREATE SOURCE bids (WATERMARK FOR date_time AS date_time - INTERVAL '1 second')
  WITH (connector = 'nexmark', nexmark.table.type = 'Bid', rows-per-second = '${rate}');

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
  FROM SESSION(bids PARTITION BY bidder, date_time, INTERVAL '5 seconds')
  GROUP BY bidder, window_start, window_end
  EMIT ON WINDOW CLOSE;

-- A view over a view.
CREATE MATERIALIZED VIEW busiest AS
  SELECT max(bids) AS most_bids_in_10s, sum(bids) AS all_bids FROM bids_per_10s;
`;
}

/** What the demo shows moving. */
export const demoQuery = `SELECT window_start::text, bids, highest FROM bids_per_10s ORDER BY window_start DESC LIMIT 8`;
