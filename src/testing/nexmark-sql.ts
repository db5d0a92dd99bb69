/**
 * The queries of the Nexmark benchmark as its Flink SQL files say them: tables over one stream of nested events,
 * and an INSERT for each query. What differs from the published files: the stream is read from a file.
 */

/** Over events in `path`, one JSON object a line. */
export function nexmarkTables(path: string): string {
  return `
CREATE TABLE kafka (
  event_type int,
  person ROW<
    id BIGINT, name VARCHAR, emailAddress VARCHAR, creditCard VARCHAR, city VARCHAR,
    state VARCHAR, \`dateTime\` TIMESTAMP(3), extra VARCHAR>,
  auction ROW<
    id BIGINT, itemName VARCHAR, description VARCHAR, initialBid BIGINT, reserve BIGINT,
    \`dateTime\` TIMESTAMP(3), expires TIMESTAMP(3), seller BIGINT, category BIGINT, extra VARCHAR>,
  bid ROW<
    auction BIGINT, bidder BIGINT, price BIGINT, channel VARCHAR, url VARCHAR,
    \`dateTime\` TIMESTAMP(3), extra VARCHAR>,
  \`dateTime\` AS
    CASE WHEN event_type = 0 THEN person.\`dateTime\`
         WHEN event_type = 1 THEN auction.\`dateTime\`
         ELSE bid.\`dateTime\` END,
  WATERMARK FOR \`dateTime\` AS \`dateTime\` - INTERVAL '4' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${path}', 'format' = 'json');

CREATE TEMPORARY VIEW person AS
  SELECT person.id, person.name, person.emailAddress, person.creditCard, person.city, person.state,
    \`dateTime\`, person.extra FROM kafka WHERE event_type = 0;
CREATE TEMPORARY VIEW auction AS
  SELECT auction.id, auction.itemName, auction.description, auction.initialBid, auction.reserve,
    \`dateTime\`, auction.expires, auction.seller, auction.category, auction.extra
  FROM kafka WHERE event_type = 1;
CREATE TEMPORARY VIEW bid AS
  SELECT bid.auction, bid.bidder, bid.price, bid.channel, bid.url, \`dateTime\`, bid.extra
  FROM kafka WHERE event_type = 2;
`;
}

export interface NexmarkQuery {
  readonly name: string;
  /** Columns of the target. */
  readonly columns: string;
  readonly query: string;
}

const hop = `TABLE(HOP(TABLE bid, DESCRIPTOR(\`dateTime\`), INTERVAL '2' SECOND, INTERVAL '10' SECOND))`;
const tumble = (table: string): string =>
  `TABLE(TUMBLE(TABLE ${table}, DESCRIPTOR(\`dateTime\`), INTERVAL '10' SECOND))`;
const channelCounts = `
  count(*) AS total_bids,
  count(*) FILTER (WHERE price < 10000) AS rank1_bids,
  count(*) FILTER (WHERE price >= 10000 AND price < 1000000) AS rank2_bids,
  count(*) FILTER (WHERE price >= 1000000) AS rank3_bids`;
const distinctCounts = ['bidder', 'auction']
  .map(
    (column) => `
  count(distinct ${column}) AS total_${column}s,
  count(distinct ${column}) FILTER (WHERE price < 10000) AS rank1_${column}s,
  count(distinct ${column}) FILTER (WHERE price >= 10000 AND price < 1000000) AS rank2_${column}s,
  count(distinct ${column}) FILTER (WHERE price >= 1000000) AS rank3_${column}s`,
  )
  .join(',');
const ranks = (of: string): string =>
  [`total_${of}`, `rank1_${of}`, `rank2_${of}`, `rank3_${of}`]
    .map((name) => `${name} BIGINT`)
    .join(', ');

export const nexmarkQueries: readonly NexmarkQuery[] = [
  {
    name: 'q0',
    columns: 'auction BIGINT, bidder BIGINT, price BIGINT, `dateTime` TIMESTAMP(3), extra VARCHAR',
    query: 'SELECT auction, bidder, price, `dateTime`, extra FROM bid',
  },
  {
    name: 'q1',
    columns:
      'auction BIGINT, bidder BIGINT, price DECIMAL(23, 3), `dateTime` TIMESTAMP(3), extra VARCHAR',
    query: 'SELECT auction, bidder, 0.908 * price as price, `dateTime`, extra FROM bid',
  },
  {
    name: 'q2',
    columns: 'auction BIGINT, price BIGINT',
    query: 'SELECT auction, price FROM bid WHERE MOD(auction, 123) = 0',
  },
  {
    name: 'q3',
    columns: 'name VARCHAR, city VARCHAR, state VARCHAR, id BIGINT',
    query: `SELECT P.name, P.city, P.state, A.id
      FROM auction AS A INNER JOIN person AS P on A.seller = P.id
      WHERE A.category = 10 and (P.state = 'OR' OR P.state = 'ID' OR P.state = 'CA')`,
  },
  {
    name: 'q4',
    columns: 'id BIGINT, final BIGINT',
    query: `SELECT Q.category, AVG(Q.final)
      FROM (SELECT MAX(B.price) AS final, A.category FROM auction A, bid B
        WHERE A.id = B.auction AND B.\`dateTime\` BETWEEN A.\`dateTime\` AND A.expires
        GROUP BY A.id, A.category) Q
      GROUP BY Q.category`,
  },
  {
    name: 'q5',
    columns: 'auction BIGINT, num BIGINT',
    query: `SELECT AuctionBids.auction, AuctionBids.num
      FROM (SELECT auction, count(*) AS num, window_start AS starttime, window_end AS endtime
        FROM ${hop} GROUP BY auction, window_start, window_end) AS AuctionBids
      JOIN (SELECT max(CountBids.num) AS maxn, CountBids.starttime, CountBids.endtime
        FROM (SELECT count(*) AS num, window_start AS starttime, window_end AS endtime
          FROM ${hop} GROUP BY auction, window_start, window_end) AS CountBids
        GROUP BY CountBids.starttime, CountBids.endtime) AS MaxBids
      ON AuctionBids.starttime = MaxBids.starttime AND AuctionBids.endtime = MaxBids.endtime
        AND AuctionBids.num >= MaxBids.maxn`,
  },
  {
    name: 'q6',
    columns: 'seller VARCHAR, avg_price BIGINT',
    query: `SELECT Q.seller,
        AVG(Q.final) OVER (PARTITION BY Q.seller ORDER BY Q.\`dateTime\` ROWS BETWEEN 10 PRECEDING AND CURRENT ROW)
      FROM (SELECT MAX(B.price) AS final, A.seller, B.\`dateTime\` FROM auction AS A, bid AS B
        WHERE A.id = B.auction and B.\`dateTime\` between A.\`dateTime\` and A.expires
        GROUP BY A.id, A.seller, B.\`dateTime\`) AS Q`,
  },
  {
    name: 'q7',
    columns: 'auction BIGINT, bidder BIGINT, price BIGINT, `dateTime` TIMESTAMP(3), extra VARCHAR',
    query: `SELECT B.auction, B.price, B.bidder, B.\`dateTime\`, B.extra
      from bid B
      JOIN (SELECT MAX(price) AS maxprice, window_end as \`dateTime\`
        FROM ${tumble('bid')} GROUP BY window_start, window_end) B1
      ON B.price = B1.maxprice
      WHERE B.\`dateTime\` BETWEEN B1.\`dateTime\` - INTERVAL '10' SECOND AND B1.\`dateTime\``,
  },
  {
    name: 'q8',
    columns: 'id BIGINT, name VARCHAR, stime TIMESTAMP(3)',
    query: `SELECT P.id, P.name, P.starttime
      FROM (SELECT id, name, window_start AS starttime, window_end AS endtime
        FROM ${tumble('person')} GROUP BY id, name, window_start, window_end) P
      JOIN (SELECT seller, window_start AS starttime, window_end AS endtime
        FROM ${tumble('auction')} GROUP BY seller, window_start, window_end) A
      ON P.id = A.seller AND P.starttime = A.starttime AND P.endtime = A.endtime`,
  },
  {
    name: 'q9',
    columns: `id BIGINT, itemName VARCHAR, description VARCHAR, initialBid BIGINT, reserve BIGINT,
      \`dateTime\` TIMESTAMP(3), expires TIMESTAMP(3), seller BIGINT, category BIGINT, extra VARCHAR,
      auction BIGINT, bidder BIGINT, price BIGINT, bid_dateTime TIMESTAMP(3), bid_extra VARCHAR`,
    query: `SELECT id, itemName, description, initialBid, reserve, \`dateTime\`, expires, seller, category, extra,
        auction, bidder, price, bid_dateTime, bid_extra
      FROM (SELECT A.*, B.auction, B.bidder, B.price, B.\`dateTime\` AS bid_dateTime, B.extra AS bid_extra,
          ROW_NUMBER() OVER (PARTITION BY A.id ORDER BY B.price DESC, B.\`dateTime\` ASC) AS rownum
        FROM auction A, bid B
        WHERE A.id = B.auction AND B.\`dateTime\` BETWEEN A.\`dateTime\` AND A.expires)
      WHERE rownum <= 1`,
  },
  {
    name: 'q10',
    columns:
      'auction BIGINT, bidder BIGINT, price BIGINT, `dateTime` TIMESTAMP(3), extra VARCHAR, dt STRING, hm STRING',
    query: `SELECT auction, bidder, price, \`dateTime\`, extra,
      DATE_FORMAT(\`dateTime\`, 'yyyy-MM-dd'), DATE_FORMAT(\`dateTime\`, 'HH:mm') FROM bid`,
  },
  {
    name: 'q11',
    columns: 'bidder BIGINT, bid_count BIGINT, starttime TIMESTAMP(3), endtime TIMESTAMP(3)',
    query: `SELECT B.bidder, count(*) as bid_count,
        SESSION_START(B.\`dateTime\`, INTERVAL '10' SECOND) as starttime,
        SESSION_END(B.\`dateTime\`, INTERVAL '10' SECOND) as endtime
      FROM bid B GROUP BY B.bidder, SESSION(B.\`dateTime\`, INTERVAL '10' SECOND)`,
  },
  {
    name: 'q12',
    columns: 'bidder BIGINT, bid_count BIGINT, starttime TIMESTAMP(3), endtime TIMESTAMP(3)',
    query: `SELECT B.bidder, count(*) as bid_count,
        TUMBLE_START(B.p_time, INTERVAL '10' SECOND) as starttime,
        TUMBLE_END(B.p_time, INTERVAL '10' SECOND) as endtime
      FROM (SELECT *, PROCTIME() as p_time FROM bid) B
      GROUP BY B.bidder, TUMBLE(B.p_time, INTERVAL '10' SECOND)`,
  },
  {
    name: 'q13',
    columns:
      'auction BIGINT, bidder BIGINT, price BIGINT, `dateTime` TIMESTAMP(3), \`value\` VARCHAR',
    query: `SELECT B.auction, B.bidder, B.price, B.\`dateTime\`, S.\`value\`
      FROM (SELECT *, PROCTIME() as p_time FROM bid) B
      JOIN side_input FOR SYSTEM_TIME AS OF B.p_time AS S ON mod(B.auction, 10000) = S.key`,
  },
  {
    name: 'q14',
    columns: `auction BIGINT, bidder BIGINT, price DECIMAL(23, 3), bidTimeType VARCHAR,
      \`dateTime\` TIMESTAMP(3), extra VARCHAR, c_counts BIGINT`,
    query: `SELECT auction, bidder, 0.908 * price as price,
        CASE WHEN HOUR(\`dateTime\`) >= 8 AND HOUR(\`dateTime\`) <= 18 THEN 'dayTime'
          WHEN HOUR(\`dateTime\`) <= 6 OR HOUR(\`dateTime\`) >= 20 THEN 'nightTime'
          ELSE 'otherTime' END AS bidTimeType,
        \`dateTime\`, extra, count_char(extra, 'c') AS c_counts
      FROM bid WHERE 0.908 * price > 1000000 AND 0.908 * price < 50000000`,
  },
  {
    name: 'q15',
    columns: `\`day\` VARCHAR, ${ranks('bids')}, ${ranks('bidders')}, ${ranks('auctions')}`,
    query: `SELECT DATE_FORMAT(\`dateTime\`, 'yyyy-MM-dd') as \`day\`, ${channelCounts}, ${distinctCounts}
      FROM bid GROUP BY DATE_FORMAT(\`dateTime\`, 'yyyy-MM-dd')`,
  },
  {
    name: 'q16',
    columns: `channel VARCHAR, \`day\` VARCHAR, \`minute\` VARCHAR, ${ranks('bids')}, ${ranks('bidders')}, ${ranks('auctions')}`,
    query: `SELECT channel, DATE_FORMAT(\`dateTime\`, 'yyyy-MM-dd') as \`day\`,
        max(DATE_FORMAT(\`dateTime\`, 'HH:mm')) as \`minute\`, ${channelCounts}, ${distinctCounts}
      FROM bid GROUP BY channel, DATE_FORMAT(\`dateTime\`, 'yyyy-MM-dd')`,
  },
  {
    name: 'q17',
    columns: `auction BIGINT, \`day\` VARCHAR, ${ranks('bids')}, min_price BIGINT, max_price BIGINT, avg_price BIGINT, sum_price BIGINT`,
    query: `SELECT auction, DATE_FORMAT(\`dateTime\`, 'yyyy-MM-dd') as \`day\`, ${channelCounts},
        min(price) AS min_price, max(price) AS max_price, avg(price) AS avg_price, sum(price) AS sum_price
      FROM bid GROUP BY auction, DATE_FORMAT(\`dateTime\`, 'yyyy-MM-dd')`,
  },
  {
    name: 'q18',
    columns: `auction BIGINT, bidder BIGINT, price BIGINT, channel VARCHAR, url VARCHAR,
      \`dateTime\` TIMESTAMP(3), extra VARCHAR`,
    query: `SELECT auction, bidder, price, channel, url, \`dateTime\`, extra
      FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY bidder, auction ORDER BY \`dateTime\` DESC) AS rank_number
        FROM bid)
      WHERE rank_number <= 1`,
  },
  {
    name: 'q19',
    columns: `auction BIGINT, bidder BIGINT, price BIGINT, channel VARCHAR, url VARCHAR,
      \`dateTime\` TIMESTAMP(3), extra VARCHAR, rank_number BIGINT`,
    query: `SELECT * FROM
      (SELECT *, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY price DESC) AS rank_number FROM bid)
      WHERE rank_number <= 10`,
  },
  {
    name: 'q20',
    columns: `auction BIGINT, bidder BIGINT, price BIGINT, channel VARCHAR, url VARCHAR,
      bid_dateTime TIMESTAMP(3), bid_extra VARCHAR, itemName VARCHAR, description VARCHAR,
      initialBid BIGINT, reserve BIGINT, auction_dateTime TIMESTAMP(3), expires TIMESTAMP(3),
      seller BIGINT, category BIGINT, auction_extra VARCHAR`,
    query: `SELECT auction, bidder, price, channel, url, B.\`dateTime\`, B.extra,
        itemName, description, initialBid, reserve, A.\`dateTime\`, expires, seller, category, A.extra
      FROM bid AS B INNER JOIN auction AS A on B.auction = A.id WHERE A.category = 10`,
  },
  {
    name: 'q21',
    columns: 'auction BIGINT, bidder BIGINT, price BIGINT, channel VARCHAR, channel_id VARCHAR',
    query: `SELECT auction, bidder, price, channel,
        CASE WHEN lower(channel) = 'apple' THEN '0' WHEN lower(channel) = 'google' THEN '1'
          WHEN lower(channel) = 'facebook' THEN '2' WHEN lower(channel) = 'baidu' THEN '3'
          ELSE REGEXP_EXTRACT(url, '(&|^)channel_id=([^&]*)', 2) END AS channel_id
      FROM bid
      where REGEXP_EXTRACT(url, '(&|^)channel_id=([^&]*)', 2) is not null
        or lower(channel) in ('apple', 'google', 'facebook', 'baidu')`,
  },
  {
    name: 'q22',
    columns:
      'auction BIGINT, bidder BIGINT, price BIGINT, channel VARCHAR, dir1 VARCHAR, dir2 VARCHAR, dir3 VARCHAR',
    query: `SELECT auction, bidder, price, channel,
        SPLIT_INDEX(url, '/', 3) as dir1, SPLIT_INDEX(url, '/', 4) as dir2, SPLIT_INDEX(url, '/', 5) as dir3
      FROM bid`,
  },
];
