/** Window functions of time in all spellings, time attributes, and what a materialized view refuses. */

import { beforeEach, describe, expect, it } from 'vitest';
import { TestBinder } from './bind-for-test.ts';

let binder: TestBinder;

beforeEach(() => {
  binder = new TestBinder();
  binder.define(`
    CREATE SOURCE bid (auction BIGINT, bidder BIGINT, price BIGINT, at TIMESTAMP(3),
        twice AS price * 2, proc AS PROCTIME(), WATERMARK FOR at AS at - INTERVAL '4 seconds')
      WITH (connector = 'kafka', topic = 'bid', properties.bootstrap.server = 'b:9092')
      FORMAT PLAIN ENCODE JSON;
  `);
});

const times = (sql: string): string => {
  const { statement } = binder.bind(sql);
  if (statement.kind !== 'query') throw new Error('no query');
  return statement.fields.map(({ name, time }) => `${name} ${time ?? '-'}`).join(', ');
};

describe('a window function of time', () => {
  it.each([
    [
      `TABLE(TUMBLE(TABLE bid, DESCRIPTOR(at), INTERVAL '1' MINUTES))`,
      { fn: 'tumble', size: 60e6, offset: 0 },
    ],
    [`TUMBLE(bid, at, INTERVAL '1 minute')`, { fn: 'tumble', size: 60e6, offset: 0 }],
    [
      `TABLE(TUMBLE(TABLE bid, DESCRIPTOR(at), INTERVAL '7' DAY, INTERVAL '4' DAY))`,
      { fn: 'tumble', size: 604_800e6, offset: 345_600e6 },
    ],
    [
      `TABLE(HOP(TABLE bid, DESCRIPTOR(at), INTERVAL '2' SECOND, INTERVAL '10' SECOND))`,
      { fn: 'hop', size: 10e6, slide: 2e6, offset: 0 },
    ],
    [
      `HOP(bid, at, INTERVAL '2 seconds', INTERVAL '10 seconds')`,
      { fn: 'hop', size: 10e6, slide: 2e6, offset: 0 },
    ],
    [
      `TABLE(HOP(DATA => TABLE bid, TIMECOL => DESCRIPTOR(at), SLIDE => INTERVAL '2' SECOND, SIZE => INTERVAL '10' SECOND))`,
      { fn: 'hop', size: 10e6, slide: 2e6, offset: 0 },
    ],
    [
      `TABLE(CUMULATE(TABLE bid, DESCRIPTOR(at), INTERVAL '2' MINUTE, INTERVAL '10' MINUTE))`,
      { fn: 'cumulate', size: 600e6, step: 120e6, offset: 0 },
    ],
    [
      `TABLE(SESSION(TABLE bid PARTITION BY bidder, DESCRIPTOR(at), INTERVAL '10' SECOND))`,
      { fn: 'session', gap: 10e6, partitionBy: [1] },
    ],
  ])('%s', (from, window) => {
    const { statement } = binder.bind(`SELECT window_end FROM ${from}`);
    if (statement.kind !== 'query' || statement.plan.kind !== 'project')
      throw new Error('no query');
    expect(statement.plan.input).toMatchObject({ kind: 'window', window, timeColumn: 3 });
    expect(statement.fields[0]).toMatchObject({
      name: 'window_end',
      type: { kind: 'timestamp', precision: 3 },
      nullable: false,
      time: 'event',
    });
  });

  it('gives all input columns, then its own', () => {
    expect(binder.columns(`SELECT * FROM TUMBLE(bid, at, INTERVAL '1 minute')`)).toMatch(
      /^auction bigint, .*, window_start timestamp\(3\) .*, window_end .*, window_time timestamp/,
    );
  });

  it.each([
    [`TUMBLE(bid, price, INTERVAL '1 minute')`, '42804'],
    [`TUMBLE(bid, nope, INTERVAL '1 minute')`, '42703'],
    [`TUMBLE(bid, at, INTERVAL '1 month')`, '22023'],
    [`TUMBLE(bid, at, INTERVAL '0 seconds')`, '22023'],
    [`HOP(bid, at, INTERVAL '-1 seconds', INTERVAL '1 minute')`, '22023'],
    [
      `TABLE(CUMULATE(TABLE bid, DESCRIPTOR(at), INTERVAL '3' MINUTE, INTERVAL '10' MINUTE))`,
      '22023',
    ],
    [`absent, TUMBLE(bid, at, INTERVAL '1 minute')`, '42P01'],
  ])('refuses %s', (from, code) => {
    expect(binder.error(`SELECT 1 FROM ${from}`)).toMatch(new RegExp(`^${code}`));
  });
});

describe('a window in GROUP BY', () => {
  it('groups by its start and end, and names them', () => {
    const sql = `SELECT bidder, TUMBLE_START(at, INTERVAL '1' MINUTE) AS s, TUMBLE_END(at, INTERVAL '1' MINUTE), count(*)
      FROM bid GROUP BY TUMBLE(at, INTERVAL '1' MINUTE), bidder`;
    expect(binder.plan(sql)).toBe(
      [
        'project bidder, s, tumble_end, count',
        '  aggregate 3 keys: count',
        '    window {"fn":"tumble","size":60000000,"offset":0} on 3',
        '      scan bid',
      ].join('\n'),
    );
    expect(times(sql)).toBe('bidder -, s event, tumble_end event, count -');
  });

  it('keeps sessions apart by the other keys, computed ones too', () => {
    expect(
      binder.plan(
        `SELECT SESSION_START(at, INTERVAL '10' SECOND), bidder % 2 FROM bid
         GROUP BY bidder % 2, SESSION(at, INTERVAL '10' SECOND)`,
      ),
    ).toContain('window {"fn":"session","gap":10000000,"partitionBy":[6]} on 3');
  });

  it('has its row time as a key only when asked for', () => {
    const sql = `SELECT HOP_ROWTIME(at, INTERVAL '2' SECOND, INTERVAL '10' SECOND) FROM bid
      GROUP BY HOP(at, INTERVAL '2' SECOND, INTERVAL '10' SECOND)`;
    expect(binder.plan(sql)).toContain('aggregate 3 keys');
  });

  it('is needed by TUMBLE_START', () => {
    expect(binder.error(`SELECT TUMBLE_START(at, INTERVAL '1' MINUTE) FROM bid`)).toBe(
      '42803 TUMBLE_START needs TUMBLE in GROUP BY\nat: TUMBLE_START',
    );
  });
});

describe('a time attribute', () => {
  it('is the watermark column and what comes from it unchanged', () => {
    expect(times("SELECT at, at AS ts, at + INTERVAL '1 s' AS later, proc FROM bid")).toBe(
      'at event, ts event, later -, proc processing',
    );
    expect(times('SELECT ts FROM (SELECT at AS ts FROM bid) q')).toBe('ts event');
    expect(times('SELECT at FROM bid UNION ALL SELECT at FROM bid')).toBe('at event');
    expect(times('SELECT at FROM bid UNION ALL SELECT NULL')).toBe('at -');
    expect(times('SELECT max(at) AS m FROM bid')).toBe('m -');
  });

  it('passes through views', () => {
    binder.define(
      'CREATE VIEW v AS SELECT at, price FROM bid; CREATE MATERIALIZED VIEW m AS SELECT at FROM v;',
    );
    expect(times('SELECT * FROM v')).toBe('at event, price -');
    expect(times('SELECT * FROM m')).toBe('at event');
  });
});

describe('a materialized view', () => {
  it.each([
    ['SELECT * FROM bid LIMIT 5', 'LIMIT without ORDER BY in a materialized view'],
    [
      'SELECT * FROM (SELECT * FROM bid OFFSET 5) q',
      'LIMIT without ORDER BY in a materialized view',
    ],
    [
      'SELECT DISTINCT ON (auction) * FROM bid',
      'DISTINCT ON without ORDER BY in a materialized view',
    ],
    ['SELECT * FROM bid WHERE at > now()', 'now() in a materialized view'],
    ['SELECT * FROM bid WHERE at > current_timestamp', 'now() in a materialized view'],
    ['SELECT (SELECT max(price) FROM bid WHERE at > now())', 'now() in a materialized view'],
    ['SELECT random() FROM bid', 'random() in a materialized view'],
  ])('refuses %s', (query, what) => {
    expect(binder.error(`CREATE MATERIALIZED VIEW m AS ${query}`)).toMatch(
      new RegExp(`^0A000 ${what.replace(/[()]/g, '\\$&')} is not supported yet\n`),
    );
  });

  it.each([
    'SELECT * FROM bid ORDER BY price LIMIT 5',
    'SELECT DISTINCT ON (auction) * FROM bid ORDER BY auction, price',
    'SELECT auction FROM bid b WHERE EXISTS (SELECT 1 FROM bid c WHERE c.price > b.price LIMIT 1)',
  ])('takes %s', (query) => {
    expect(binder.error(`CREATE MATERIALIZED VIEW m AS ${query}`)).toBe('no error');
  });

  it('takes no parameters, and neither does a view', () => {
    const where = 'AS SELECT * FROM bid WHERE price > $1';
    expect(binder.error(`CREATE MATERIALIZED VIEW m ${where}`)).toMatch(/^42P02/);
    expect(binder.error(`CREATE VIEW m ${where}`)).toMatch(/^42P02/);
  });

  it.each([
    ['EMIT ON WINDOW CLOSE', 'window-close'],
    ['EMIT FINAL', 'window-close'],
    ['EMIT CHANGES', 'update'],
    ['', 'update'],
  ])('with %s emits by %s', (clause, mode) => {
    const { statement } = binder.bind(
      `CREATE MATERIALIZED VIEW m AS SELECT window_start, count(*)
       FROM TUMBLE(bid, at, INTERVAL '1 minute') GROUP BY window_start ${clause}`,
    );
    expect(statement).toMatchObject({ object: { emit: mode } });
  });
});

describe('not supported yet', () => {
  it.each([
    [
      'SELECT * FROM bid JOIN bid b FOR SYSTEM_TIME AS OF bid.at ON true',
      'FOR SYSTEM_TIME AS OF a time other than processing time',
    ],
    [
      'SELECT * FROM bid MATCH_RECOGNIZE (ORDER BY at MEASURES A.price AS p PATTERN (A) DEFINE A AS A.price > 1)',
      'MATCH_RECOGNIZE',
    ],
    ['SELECT * FROM (SELECT * FROM bid EMIT CHANGES) q', 'EMIT inside of a query'],
    ['SELECT * FROM bid FOR UPDATE', 'FOR UPDATE'],
    ['MERGE INTO bid USING bid b ON true WHEN MATCHED THEN DELETE', 'MERGE'],
    ['CREATE INDEX i ON bid (price)', 'CREATE INDEX'],
  ])('%s', (sql, what) => {
    expect(binder.error(sql)).toMatch(new RegExp(`^0A000 ${what} is not supported yet\nhint: .+`));
  });

  it('is not a recursive query that does not refer to itself', () => {
    expect(binder.columns('WITH RECURSIVE r AS (SELECT 1 AS n) SELECT * FROM r')).toBe('n integer');
  });
});
