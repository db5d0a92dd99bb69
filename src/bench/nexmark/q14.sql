-- Calculation: kinds of time of day, and a count of letters, for bids of some prices.
CREATE TABLE nexmark_q14 (
  auction BIGINT, bidder BIGINT, price DECIMAL(23, 3), bidTimeType VARCHAR, customTime TIMESTAMP(3),
  extra VARCHAR, c_counts BIGINT
) WITH ('connector' = 'blackhole');

INSERT INTO nexmark_q14
SELECT auction, bidder, 0.908 * price AS price,
       CASE WHEN HOUR(customTime) >= 8 AND HOUR(customTime) <= 18 THEN 'dayTime'
            WHEN HOUR(customTime) <= 6 OR HOUR(customTime) >= 20 THEN 'nightTime'
            ELSE 'otherTime' END AS bidTimeType,
       customTime, extra,
       CAST(CHAR_LENGTH(extra) - CHAR_LENGTH(REPLACE(extra, 'c', '')) AS BIGINT) AS c_counts
FROM bid
WHERE 0.908 * price > 1000000 AND 0.908 * price < 50000000;
