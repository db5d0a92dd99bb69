-- Not one of Nexmark's: bids above a price, counted and summed by channel every ten seconds.
CREATE TABLE nexmark_tumble (starttime TIMESTAMP(3), channel VARCHAR, bids BIGINT, total BIGINT, highest BIGINT)
WITH ('connector' = 'blackhole');

INSERT INTO nexmark_tumble
SELECT window_start AS starttime, channel, count(*) AS bids, sum(price) AS total, max(price) AS highest
FROM TABLE(TUMBLE(TABLE bid, DESCRIPTOR(customTime), INTERVAL '10' SECOND))
WHERE price > 100000
GROUP BY window_start, window_end, channel;
