-- Log to the file system: every bid into a file of its day and minute.
CREATE TABLE nexmark_q10 (
  auction BIGINT, bidder BIGINT, price BIGINT, customTime TIMESTAMP(3), extra VARCHAR, dt VARCHAR, hm VARCHAR
) PARTITIONED BY (dt, hm) WITH (
  'connector' = 'filesystem', 'path' = 'file://${directory}/q10', 'format' = 'csv',
  'sink.partition-commit.trigger' = 'partition-time', 'sink.partition-commit.delay' = '1 min',
  'sink.partition-commit.policy.kind' = 'success-file',
  'partition.time-extractor.timestamp-pattern' = '$dt $hm:00',
  'sink.rolling-policy.rollover-interval' = '1 min', 'sink.rolling-policy.check-interval' = '1 min'
);

INSERT INTO nexmark_q10
SELECT auction, bidder, price, customTime, extra,
       DATE_FORMAT(customTime, 'yyyy-MM-dd') AS dt, DATE_FORMAT(customTime, 'HH:mm') AS hm
FROM bid;
