-- The three streams straight from the generator, under the names that the queries use.
CREATE SOURCE person_stream (
  id BIGINT, name VARCHAR, email_address VARCHAR, credit_card VARCHAR, city VARCHAR, state VARCHAR,
  date_time TIMESTAMP(3), extra VARCHAR, WATERMARK FOR date_time AS date_time - INTERVAL '4' SECOND
) WITH ('connector' = 'nexmark', 'nexmark.table.type' = 'Person', ${generator});

CREATE SOURCE auction_stream (
  id BIGINT, item_name VARCHAR, description VARCHAR, initial_bid BIGINT, reserve BIGINT,
  date_time TIMESTAMP(3), expires TIMESTAMP(3), seller BIGINT, category BIGINT, extra VARCHAR,
  WATERMARK FOR date_time AS date_time - INTERVAL '4' SECOND
) WITH ('connector' = 'nexmark', 'nexmark.table.type' = 'Auction', ${generator});

CREATE SOURCE bid_stream (
  auction BIGINT, bidder BIGINT, price BIGINT, channel VARCHAR, url VARCHAR, date_time TIMESTAMP(3),
  extra VARCHAR, WATERMARK FOR date_time AS date_time - INTERVAL '4' SECOND
) WITH ('connector' = 'nexmark', 'nexmark.table.type' = 'Bid', ${generator});

CREATE VIEW person AS
SELECT id, name, email_address AS emailAddress, credit_card AS creditCard, city, state,
       date_time AS customTime, extra
FROM person_stream;

CREATE VIEW auction AS
SELECT id, item_name AS itemName, description, initial_bid AS initialBid, reserve,
       date_time AS customTime, expires, seller, category, extra
FROM auction_stream;

CREATE VIEW bid AS
SELECT auction, bidder, price, channel, url, date_time AS customTime, extra
FROM bid_stream;
