-- User sessions: bids of each bidder until ten seconds of silence.
CREATE TABLE nexmark_q11 (bidder BIGINT, bid_count BIGINT, starttime TIMESTAMP(3), endtime TIMESTAMP(3))
WITH ('connector' = 'blackhole');

INSERT INTO nexmark_q11
SELECT B.bidder, count(*) AS bid_count,
       SESSION_START(B.customTime, INTERVAL '10' SECOND) AS starttime,
       SESSION_END(B.customTime, INTERVAL '10' SECOND) AS endtime
FROM bid B
GROUP BY B.bidder, SESSION(B.customTime, INTERVAL '10' SECOND);
