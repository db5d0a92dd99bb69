/**
 * The streaming dialects: one tree for all spellings, the benchmark queries people bring, Kafka sources as
 * each engine writes them; and PostgreSQL's own meaning kept where words overlap.
 */

import { describe, expect, it } from 'vitest';
import type { CreateTable, Query, Select, Statement } from './ast.ts';
import { parseStatement, parseStatements } from './parse.ts';
import { printStatement } from './print.ts';
import { withoutSpans } from './without-spans.ts';

function query(sql: string): Query {
  const statement = parseStatement(sql);
  if (statement.kind !== 'query') throw new Error(statement.kind);
  return statement;
}

function select(sql: string): Select {
  const { body } = query(sql);
  if (body.kind !== 'select') throw new Error(body.kind);
  return body;
}

function table(sql: string): CreateTable {
  const statement = parseStatement(sql);
  if (statement.kind !== 'create-table') throw new Error(statement.kind);
  return statement;
}

/** Reads, prints, reads again. */
function roundTrip(sql: string): Statement {
  const statement = parseStatement(sql);
  const printed = printStatement(statement);
  expect(withoutSpans(parseStatement(printed)), printed).toEqual(withoutSpans(statement));
  return statement;
}

describe('window functions of time', () => {
  const flink = "SELECT * FROM TABLE(TUMBLE(TABLE bid, DESCRIPTOR(ts), INTERVAL '5' MINUTES))";

  it.each([
    "SELECT * FROM TABLE(TUMBLE(DATA => TABLE bid, TIMECOL => DESCRIPTOR(ts), SIZE => INTERVAL '5' MINUTE))",
    "SELECT * FROM TUMBLE(bid, ts, INTERVAL '5' MINUTE)",
    "SELECT * FROM tumble(TABLE bid, DESCRIPTOR(ts), INTERVAL '5' minutes)",
  ])('%s is the same as the positional form', (sql) => {
    expect(withoutSpans(select(sql).from)).toEqual(withoutSpans(select(flink).from));
  });

  it.each([
    [
      "HOP(bid, ts, INTERVAL '2 s', INTERVAL '10 s')",
      { function: 'hop', slide: '2 s', size: '10 s' },
    ],
    [
      "TABLE(HOP(TABLE bid, DESCRIPTOR(ts), INTERVAL '2 s', INTERVAL '10 s'))",
      { function: 'hop', slide: '2 s', size: '10 s' },
    ],
    [
      "TABLE(CUMULATE(TABLE bid, DESCRIPTOR(ts), INTERVAL '1 s', INTERVAL '10 s'))",
      { function: 'cumulate', step: '1 s', size: '10 s' },
    ],
    [
      "TABLE(SESSION(TABLE bid PARTITION BY bidder, DESCRIPTOR(ts), INTERVAL '10 s'))",
      { function: 'session', gap: '10 s' },
    ],
    [
      "TUMBLE(bid, ts, INTERVAL '1 h', INTERVAL '5 m')",
      { function: 'tumble', size: '1 h', offset: '5 m' },
    ],
  ])('%s', (call, expected) => {
    const [item] = select(`SELECT * FROM ${call} AS w`).from;
    if (item?.kind !== 'window-table') throw new Error(String(item?.kind));
    const found = new Map<string, string>([['function', item.function]]);
    for (const name of ['size', 'slide', 'step', 'gap', 'offset'] as const) {
      const value = item[name];
      if (value?.kind === 'interval') found.set(name, value.text);
    }
    expect(Object.fromEntries(found)).toEqual(expected);
    expect(item.alias?.name?.name).toBe('w');
  });

  it('refuses missing and unknown arguments', () => {
    expect(() => parseStatement('SELECT * FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts)))')).toThrow(
      'tumble takes the arguments (table, time column, size[, offset])',
    );
    expect(() =>
      parseStatement("SELECT * FROM TUMBLE(DATA => TABLE t, WIDTH => INTERVAL '1 s')"),
    ).toThrow('unknown argument "width"');
  });

  it('leaves the older grouping windows to be calls', () => {
    const sql =
      "SELECT TUMBLE_START(ts, INTERVAL '1' MINUTE) FROM t GROUP BY TUMBLE(ts, INTERVAL '1' MINUTE)";
    expect(select(sql).groupBy?.items[0]).toMatchObject({ expression: { kind: 'call' } });
  });
});

describe('Kafka sources', () => {
  it('Flink', () => {
    const found = table(`CREATE TABLE bids (
      auction BIGINT, price DECIMAL(10, 2), \`user\` ROW<id BIGINT, \`name\` STRING>, tags ARRAY<STRING>,
      props MAP<STRING, ARRAY<INT>>, event_time TIMESTAMP(3) METADATA FROM 'timestamp' VIRTUAL,
      proc AS PROCTIME(), total AS price * 2,
      WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND,
      PRIMARY KEY (auction) NOT ENFORCED
    ) COMMENT 'bids' WITH ('connector' = 'kafka', 'properties.bootstrap.servers' = 'b:9092', 'format' = 'json')`);
    expect(found.options.map((option) => [option.name, option.value?.text])).toEqual([
      ['connector', 'kafka'],
      ['properties.bootstrap.servers', 'b:9092'],
      ['format', 'json'],
    ]);
    expect(found.elements).toMatchObject([
      { name: { name: 'auction' }, type: { kind: 'named-type' } },
      { type: { modifiers: [{ text: '10' }, { text: '2' }] } },
      { name: { name: 'user', quoted: true }, type: { kind: 'row-type' } },
      { type: { kind: 'array-type', dimensions: [null] } },
      { type: { kind: 'map-type', value: { kind: 'array-type' } } },
      { metadata: { key: 'timestamp', virtual: true } },
      { type: null, computed: { kind: 'call' } },
      { type: null, computed: { kind: 'binary' } },
      { kind: 'watermark', column: { parts: [{ name: 'event_time' }] } },
      { kind: 'table-constraint', constraint: 'primary-key', enforced: false },
    ]);
  });

  it('RisingWave', () => {
    const found = table(`CREATE SOURCE IF NOT EXISTS bids (auction BIGINT, at TIMESTAMPTZ,
        WATERMARK FOR at AS at - INTERVAL '5 seconds')
      INCLUDE KEY AS k INCLUDE header 'trace' AS h INCLUDE partition
      WITH (connector = 'kafka', topic = 'bids', properties.bootstrap.server = 'b:9092', scan.startup.mode = 'earliest')
      FORMAT UPSERT ENCODE JSON (timestamptz.handling.mode = 'utc') KEY ENCODE TEXT`);
    expect(found).toMatchObject({
      relation: 'source',
      ifNotExists: true,
      include: [
        { what: 'key' },
        { what: 'header', header: 'trace' },
        { what: 'partition', alias: null },
      ],
      format: { format: 'upsert', encode: 'json', keyEncode: 'text' },
    });
    expect(found.options[2]).toMatchObject({ name: 'properties.bootstrap.server' });
    expect(found.format?.options[0]).toMatchObject({ name: 'timestamptz.handling.mode' });
  });

  it('Materialize', () => {
    const found = table(`CREATE SOURCE bids FROM KAFKA CONNECTION kafka_conn (TOPIC 'bids')
      KEY FORMAT TEXT VALUE FORMAT JSON INCLUDE KEY AS k, PARTITION ENVELOPE UPSERT`);
    expect(found.from).toMatchObject({ connector: 'kafka', options: [{ name: 'topic' }] });
    expect(found.include).toHaveLength(2);
  });

  it('ksqlDB', () => {
    const found = table(
      "CREATE STREAM bids (id INT KEY, price DOUBLE) WITH (KAFKA_TOPIC = 'bids', VALUE_FORMAT = 'JSON')",
    );
    expect(found).toMatchObject({ relation: 'stream', elements: [{ key: true }, { key: false }] });
    expect(found.options[0]!.name).toBe('kafka_topic');
  });

  it('keeps the spelling of a column for its JSON key', () => {
    const [column] = table('CREATE TABLE t (userId INT)').elements ?? [];
    expect(column).toMatchObject({ name: { name: 'userid', spelling: 'userId', quoted: false } });
  });
});

const nexmarkFlink: readonly string[] = [
  'SELECT auction, bidder, 0.908 * price as price, `dateTime`, extra FROM bid',
  'INSERT INTO nexmark_q2 SELECT auction, price FROM bid WHERE MOD(auction, 123) = 0',
  "SELECT P.name, P.city, P.state, A.id FROM auction AS A INNER JOIN person AS P on A.seller = P.id WHERE A.category = 10 and (P.state = 'OR' OR P.state = 'ID' OR P.state = 'CA')",
  'SELECT Q.category, AVG(Q.final) FROM (SELECT MAX(B.price) AS final, A.category FROM auction A, bid B WHERE A.id = B.auction AND B.`dateTime` BETWEEN A.`dateTime` AND A.expires GROUP BY A.id, A.category) Q GROUP BY Q.category',
  "SELECT AuctionBids.auction, AuctionBids.num FROM (SELECT auction, count(*) AS num, window_start AS starttime, window_end AS endtime FROM TABLE(HOP(TABLE bid, DESCRIPTOR(`dateTime`), INTERVAL '2' SECOND, INTERVAL '10' SECOND)) GROUP BY auction, window_start, window_end) AS AuctionBids JOIN (SELECT max(CountBids.num) AS maxn, CountBids.starttime FROM CountBids GROUP BY CountBids.starttime) AS MaxBids ON AuctionBids.starttime = MaxBids.starttime AND AuctionBids.num >= MaxBids.maxn",
  'SELECT Q.seller, AVG(Q.final) OVER (PARTITION BY Q.seller ORDER BY Q.`dateTime` ROWS BETWEEN 10 PRECEDING AND CURRENT ROW) FROM Q',
  "SELECT B.auction FROM bid B JOIN (SELECT MAX(price) AS maxprice, window_end AS `dateTime` FROM TABLE(TUMBLE(TABLE bid, DESCRIPTOR(`dateTime`), INTERVAL '10' SECOND)) GROUP BY window_start, window_end) B1 ON B.price = B1.maxprice WHERE B.`dateTime` BETWEEN B1.`dateTime` - INTERVAL '10' SECOND AND B1.`dateTime`",
  'SELECT id, auction FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY A.id ORDER BY B.price DESC, B.`dateTime` ASC) AS rownum FROM auction A, bid B WHERE A.id = B.auction) WHERE rownum <= 1',
  "SELECT B.bidder, count(*) as bid_count, SESSION_START(B.`dateTime`, INTERVAL '10' SECOND) as starttime FROM bid B GROUP BY B.bidder, SESSION(B.`dateTime`, INTERVAL '10' SECOND)",
  'SELECT B.auction, S.value FROM (SELECT *, PROCTIME() as p_time FROM bid) B JOIN side_input FOR SYSTEM_TIME AS OF B.p_time AS S ON mod(B.auction, 10000) = S.key',
  "SELECT auction, CASE WHEN HOUR(`dateTime`) >= 8 AND HOUR(`dateTime`) <= 18 THEN 'dayTime' ELSE 'otherTime' END AS bidTimeType FROM bid WHERE 0.908 * price > 1000000 AND 0.908 * price < 50000000",
  "SELECT DATE_FORMAT(`dateTime`, 'yyyy-MM-dd') as `day`, count(*) filter (where price < 10000) AS rank1_bids, count(distinct bidder) AS total_bidders FROM bid GROUP BY DATE_FORMAT(`dateTime`, 'yyyy-MM-dd')",
  "SELECT SPLIT_INDEX(url, '/', 3) as dir1, split(url, '/')[4] as dir2 FROM bid",
  'CREATE TEMPORARY VIEW bid AS SELECT bid.auction, CAST(bid.price AS DOUBLE) AS price FROM datagen WHERE event_type = 2',
  "SELECT * FROM bid MATCH_RECOGNIZE (PARTITION BY auction ORDER BY ts MEASURES FIRST(A.price) AS p, LAST(B.ts) AS t ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW PATTERN (A B+? C{2,3} (D | E)*) WITHIN INTERVAL '1' HOUR DEFINE A AS A.price > 10, B AS B.price < LAST(A.price, 1)) AS m",
  'EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT * FROM t; INSERT INTO b SELECT * FROM t; END',
];

const nexmarkRisingWave: readonly string[] = [
  'CREATE MATERIALIZED VIEW q1 AS SELECT auction, bidder, 0.908 * price::numeric AS price, date_time FROM bid',
  "CREATE SINK q4 AS SELECT category, avg(final) FROM q GROUP BY category WITH (connector = 'blackhole', type = 'append-only')",
  "CREATE MATERIALIZED VIEW q5 AS SELECT auction, count(*) AS num, window_start FROM HOP(bid, date_time, INTERVAL '2' SECOND, INTERVAL '10' SECOND) GROUP BY auction, window_start EMIT ON WINDOW CLOSE",
  "CREATE MATERIALIZED VIEW q8 AS SELECT p.id FROM (SELECT id, window_start FROM TUMBLE(person, date_time, INTERVAL '10' SECOND)) p JOIN auction a ON p.id = a.seller",
  "CREATE TABLE t (v1 INT, v2 INT AS v1 + 1, PRIMARY KEY (v1)) APPEND ONLY ON CONFLICT DO UPDATE IF NOT NULL WITH (connector = 'kafka') FORMAT PLAIN ENCODE AVRO",
  "CREATE SINK s FROM mv WITH (connector = 'kafka', primary_key = 'id') FORMAT DEBEZIUM ENCODE JSON",
  'SELECT * FROM a JOIN dim FOR SYSTEM_TIME AS OF PROCTIME() ON a.id = dim.id',
  "SELECT (regexp_match(channel, '(&|^)channel_id=([^&]*)'))[2] FROM bid",
  'CREATE TABLE s (data STRUCT<a INT, b STRUCT<c VARCHAR, d VARCHAR[]>>)',
  'ALTER MATERIALIZED VIEW mv SET PARALLELISM = 4',
  "CREATE SOURCE c (*, extra INT AS 1) WITH (connector = 'kafka') FORMAT PLAIN ENCODE PROTOBUF (message = 'm')",
];

const others: readonly string[] = [
  'SUBSCRIBE v',
  'SUBSCRIBE (SELECT * FROM v) WITH (SNAPSHOT = false, PROGRESS) AS OF now() UP TO 5',
  'COPY (SUBSCRIBE TO v WITH (PROGRESS)) TO STDOUT WITH (FORMAT binary)',
  'DECLARE c CURSOR FOR SUBSCRIBE v',
  "FETCH ALL c WITH (timeout = '1s')",
  'SELECT * FROM v AS OF 100',
  'CREATE MATERIALIZED VIEW v IN CLUSTER c AS SELECT 1',
  "CREATE CONNECTION k TO KAFKA (BROKER 'b:9092', SECURITY PROTOCOL = 'PLAINTEXT')",
  "CREATE SINK s FROM v INTO KAFKA CONNECTION k (TOPIC 't') KEY (a) FORMAT JSON ENVELOPE UPSERT",
  'SELECT id, count(*) FROM s GROUP BY id EMIT CHANGES',
  'SELECT id, count(*) FROM s GROUP BY id EMIT FINAL',
  'CHECK VIEW v',
  'EXPLAIN (DATAFLOW, STATE) SELECT 1',
  'EXPLAIN ANALYZE v',
  "SET 'table.exec.state.ttl' = '1 h'",
];

describe.each([
  ['Nexmark in Flink', nexmarkFlink],
  ['Nexmark in RisingWave', nexmarkRisingWave],
  ['Materialize, ksqlDB and our own', others],
])('%s', (_, statements) => {
  it.each(statements.map((sql) => [sql]))('%s', (sql) => {
    roundTrip(sql);
  });
});

describe('emit', () => {
  it.each([
    ['EMIT CHANGES', 'changes'],
    ['EMIT FINAL', 'on-window-close'],
    ['EMIT ON WINDOW CLOSE', 'on-window-close'],
  ])('%s is %s', (clause, mode) => {
    expect(query(`SELECT a FROM t ${clause}`).emit?.mode).toBe(mode);
  });
});

describe("PostgreSQL's meaning stays", () => {
  it.each([
    ['SELECT 1 emit', { items: [{ alias: { name: 'emit' } }] }],
    ['SELECT 1 AS of', { items: [{ alias: { name: 'of' } }] }],
    ['SELECT a FROM t emit', { from: [{ alias: { name: { name: 'emit' } } }] }],
    [
      'SELECT a FROM t AS of JOIN u ON true',
      { from: [{ left: { alias: { name: { name: 'of' } } } }] },
    ],
    [
      'SELECT a FROM t source, sink watermark',
      {
        from: [{ alias: { name: { name: 'source' } } }, { alias: { name: { name: 'watermark' } } }],
      },
    ],
    ['SELECT a FROM t match_recognize (x, y)', { from: [{ alias: { columns: [{}, {}] } }] }],
    [
      "SELECT interval '5' minutes",
      { items: [{ alias: { name: 'minutes' }, expression: { fields: null } }] },
    ],
    ['SELECT map[1] FROM t', { items: [{ expression: { kind: 'subscript' } }] }],
    ['SELECT * FROM tumble(1, 2)', { from: [{ kind: 'function-table' }] }],
    ['SELECT * FROM session(a)', { from: [{ kind: 'function-table' }] }],
    ['SELECT descriptor, struct, string FROM t', { items: [{}, {}, {}] }],
  ])('%s', (sql, expected) => {
    expect(select(sql)).toMatchObject(expected);
  });

  it('takes a plural unit where a label cannot stand', () => {
    const { items } = select("SELECT ts - interval '5' minutes AS x, f(interval '1' weeks) FROM t");
    expect(items[0]).toMatchObject({ expression: { right: { fields: { from: 'minute' } } } });
    expect(items[1]).toMatchObject({
      expression: { arguments: [{ value: { fields: { from: 'week' } } }] },
    });
  });
});

describe('mistakes in streaming statements', () => {
  it.each([
    ['CREATE SOURCE s (a int) WITH (connector = )', 'syntax error at or near ")"', 42],
    ['CREATE TABLE t (WATERMARK FOR AS ts)', 'syntax error at or near "AS"', 30],
    ['CREATE TABLE t (a ARRAY<INT)', 'syntax error at or near ")"', 27],
    ['CREATE SINK s WITH (a = 1)', 'syntax error at or near "WITH"', 14],
    ['SELECT 1 EMIT ON WINDOW', 'syntax error at end of input', 23],
    ['SELECT * FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(), 1))', 'syntax error at or near ")"', 47],
    ['SUBSCRIBE', 'syntax error at end of input', 9],
    ['CREATE MATERIALIZED SOURCE s', 'syntax error at or near "SOURCE"', 20],
    ['SELECT `a', 'unterminated quoted identifier at or near "`a"', 7],
  ])('%s', (sql, message, position) => {
    expect(() => parseStatements(sql)).toThrow(
      expect.objectContaining({
        code: '42601',
        message,
        fields: expect.objectContaining({ position }) as unknown,
      }),
    );
  });
});
