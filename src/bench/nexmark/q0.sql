-- Pass through: what reading and writing alone cost.
CREATE TABLE nexmark_q0 (auction BIGINT, bidder BIGINT, price BIGINT, customTime TIMESTAMP(3), extra VARCHAR)
WITH ('connector' = 'blackhole');

INSERT INTO nexmark_q0
SELECT auction, bidder, price, customTime, extra FROM bid;
