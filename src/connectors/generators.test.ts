import { describe, expect, test } from 'vitest';

import { ManualClock } from '../base/clock.ts';
import { createReader } from '../testing/source-reading.ts';
import type { Schema } from '../types/schema.ts';
import { numeric, types } from '../types/sql-type.ts';
import type { SqlType } from '../types/sql-type.ts';
import type { Column } from '../types/column.ts';
import type { Positions, SourceConnector, SourceReader } from './connector.ts';
import { datagenConnector } from './datagen.ts';
import { nexmarkConnector } from './nexmark.ts';

type Cell = number | string | boolean | null | unknown;

function cell(column: Column, row: number): Cell {
  if (column.kind === 'any') return column.values[row];
  if (column.nulls?.[row] === 1) return null;
  if (column.kind !== 'text') return column.values[row];
  const start = column.offsets[row]!;
  return Buffer.from(column.bytes.subarray(start, start + column.lengths[row]!)).toString();
}

/** Takes rows until the reader has none at present. */
function take(reader: SourceReader, rowsMax = 100_000): Cell[][] {
  const rows: Cell[][] = [];
  while (rows.length < rowsMax) {
    const block = reader.poll();
    if (block === null) break;
    if (block.kind !== 'columns') throw new Error('columns were expected');
    expect(block.nextOffset).toBe(block.firstOffset + block.batch.count);
    for (let row = 0; row < block.batch.count; row++) {
      rows.push(block.batch.columns.map((column) => cell(column, row)));
    }
    block.release();
  }
  return rows;
}

const origin = 1_700_000_000_000_000;

function schema(columns: Readonly<Record<string, SqlType>>): Schema {
  return Object.entries(columns).map(([name, type]) => ({ name, type, nullable: true }));
}

async function open(
  connector: SourceConnector,
  options: Readonly<Record<string, string>>,
  columns?: Schema,
  from: Positions = new Map([
    ['0', 0],
    ['@origin', origin],
  ]),
  clock = new ManualClock(origin),
): Promise<SourceReader> {
  const all = new Map(Object.entries(options));
  const reader = createReader(connector, {
    options,
    columns: columns ?? connector.columns!(all),
    clock,
    blockRowsMax: 256,
  });
  await reader.open(from);
  return reader;
}

describe('nexmark', () => {
  const bids = { 'nexmark.table.type': 'Bid', 'nexmark.event.num': '50000' };

  test('persons, auctions and bids come in the proportion 1 : 3 : 46', async () => {
    const counts: number[] = [];
    for (const type of ['Person', 'Auction', 'Bid']) {
      const options = { 'nexmark.table.type': type, 'nexmark.event.num': '50003' };
      const reader = await open(nexmarkConnector, options);
      counts.push(take(reader).length);
      expect(reader.finished).toBe(true);
    }
    expect(counts).toEqual([1001, 3002, 46_000]);
  });

  test('the same seed gives the same rows, from any offset on, in blocks of any size', async () => {
    const all = take(await open(nexmarkConnector, bids));
    const from = new Map([
      ['0', 12_345],
      ['@origin', origin],
    ]);
    expect(take(await open(nexmarkConnector, bids, undefined, from))).toEqual(all.slice(12_345));
    const other = take(await open(nexmarkConnector, { ...bids, seed: '7' }));
    expect(other).not.toEqual(all);
  });

  test('bids are for auctions and by persons that exist or are about to', async () => {
    const rows = take(await open(nexmarkConnector, bids));
    const wrong = rows.filter(([auction, bidder, price, channel, url, time], index) => {
      const round = Math.floor(index / 46);
      const event = round * 50 + 4 + (index % 46);
      const within = (value: Cell, least: number, most: number) =>
        Number(value) >= least && Number(value) <= most;
      return !(
        within(auction, 1000, 1000 + round * 3 + 2 + 10) &&
        within(bidder, 1000, 1000 + round + 1 + 10) &&
        within(price, 100, 100_000_000) &&
        /^https:\/\/www\.nexmark\.com(\/[a-z]{5}){3}\/item\.htm\?query=1(&channel_id=\d+)?$/.test(
          String(url),
        ) &&
        /^(Google|Facebook|Baidu|Apple|channel-\d{1,4})$/.test(String(channel)) &&
        time === origin + Math.floor((event * 100) / 1000) * 1000
      );
    });
    expect(rows).toHaveLength(46_000);
    expect(wrong).toEqual([]);
    const hot = rows.filter(([auction]) => (auction as number) % 100 === 0).length;
    expect(hot / rows.length).toBeGreaterThan(0.48);
    expect(hot / rows.length).toBeLessThan(0.56);
  });

  test('times out of order stay within their bound', async () => {
    const rows = take(await open(nexmarkConnector, { ...bids, 'out-of-order': '50 ms' }));
    const late = rows.map(([, , , , , time], index) => {
      const event = Math.floor(index / 46) * 50 + 4 + (index % 46);
      return (origin + Math.floor((event * 100) / 1000) * 1000 - (time as number)) / 1000;
    });
    expect(Math.min(...late)).toBe(0);
    expect(Math.max(...late)).toBe(50);
  });

  test('a column that the stream lacks is an error with the names there are', async () => {
    const options = { 'nexmark.table.type': 'person' };
    await expect(
      open(nexmarkConnector, options, schema({ id: types.bigint, nom: types.text })),
    ).rejects.toThrow('the nexmark person stream has no column "nom"');
    await expect(open(nexmarkConnector, options, schema({ id: types.text }))).rejects.toThrow(
      /is of another type/,
    );
  });
});

describe('datagen', () => {
  test('sequences and random values keep within their bounds, for every type', async () => {
    const columns = schema({
      id: types.bigint,
      s: types.smallint,
      i: types.integer,
      d: types.double,
      n: numeric(6, 2),
      wide: types.numeric,
      b: types.boolean,
      t: types.text,
      v: { kind: 'varchar', length: 7 },
      c: { kind: 'char', length: 4 },
      at: { kind: 'timestamptz', precision: 3 },
      day: types.date,
      clock: types.time,
      u: types.uuid,
      raw: types.bytea,
    });
    const options = {
      'fields.id.kind': 'sequence',
      'fields.id.start': '5',
      'fields.id.end': '2004',
      'fields.i.min': '-3',
      'fields.i.max': '3',
      'fields.d.min': '2.5',
      'fields.d.max': '3.5',
      'fields.n.min': '0.5',
      'fields.n.max': '9.99',
      'fields.t.length': '11',
      'fields.raw.length': '3',
      'fields.at.max-past': '10 s',
      'rows-per-second': '0',
    };
    const reader = await open(datagenConnector, options, columns);
    const rows = take(reader);
    expect(rows).toHaveLength(2000);
    expect(reader.finished).toBe(true);
    expect(rows.map(([id]) => id)).toEqual(rows.map((_, index) => 5 + index));
    expect(new Set(rows.map((row) => row[2]))).toEqual(new Set([-3, -2, -1, 0, 1, 2, 3]));
    for (const row of rows) {
      expect(row[3]).toBeGreaterThanOrEqual(2.5);
      expect(row[3]).toBeLessThan(3.5);
      expect(row[4]).toBeGreaterThanOrEqual(50);
      expect(row[4]).toBeLessThanOrEqual(999);
      expect(Number.isInteger(row[4])).toBe(true);
      expect(String(row[5])).toMatch(/^\d+\.\d\d$/);
      expect(row[7]).toHaveLength(11);
      expect(row[8]).toHaveLength(7);
      expect(row[9]).toHaveLength(4);
      expect((row[10] as number) % 1000).toBe(0);
      expect(row[11]).toBe(19_675);
      expect(row[13]).toMatch(
        /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      );
      expect(row[14]).toHaveLength(3);
    }
    const from = new Map([
      ['0', 1500],
      ['@origin', origin],
    ]);
    expect(take(await open(datagenConnector, options, columns, from))).toEqual(rows.slice(1500));
  });

  test('the pace is kept by the clock, also after a restart', async () => {
    const clock = new ManualClock(origin);
    const columns = schema({ id: types.bigint });
    const options = {
      'rows-per-second': '50',
      'number-of-rows': '120',
      'fields.id.kind': 'sequence',
      'fields.id.start': '0',
    };
    const from = new Map([
      ['0', 10],
      ['@origin', origin],
    ]);
    const reader = await open(datagenConnector, options, columns, from, clock);
    let calls = 0;
    reader.onReady = () => void (calls += 1);
    expect(take(reader)).toEqual([]);
    clock.advance(1000);
    expect(calls).toBeGreaterThan(0);
    // Fifty a second since the origin, of which ten were read before the restart.
    expect(take(reader).map(([id]) => id)).toEqual(Array.from({ length: 40 }, (_, i) => 10 + i));
    clock.advance(10_000);
    expect(take(reader)).toHaveLength(70);
    expect(reader.finished).toBe(true);
    await reader.close();
  });

  test('nulls come at their rate', async () => {
    const options = { 'fields.a.null-rate': '0.25', 'number-of-rows': '10000' };
    const rows = take(await open(datagenConnector, options, schema({ a: types.integer })));
    const nulls = rows.filter(([a]) => a === null).length;
    expect(nulls).toBeGreaterThan(2200);
    expect(nulls).toBeLessThan(2800);
  });

  test.each([
    [{ 'fields.a.kinds': 'random' }, 'unknown option "fields.a.kinds"'],
    [{ 'fields.b.kind': 'random' }, 'names a column "b" that does not exist'],
    [{ 'fields.a.kind': 'wave' }, 'invalid value for option "kind": "wave"'],
    [{ 'fields.a.min': '5', 'fields.a.max': '4' }, 'cannot be random between 5 and 4'],
    [{ 'fields.a.max': '99999999999' }, 'cannot be random between'],
    [{ 'fields.a.kind': 'sequence' }, 'of kind sequence needs "start"'],
    [{ 'rows-per-second': '-1' }, 'invalid value for option "rows-per-second": "-1"'],
  ])('%j is refused', async (options, message) => {
    await expect(
      open(datagenConnector, options as Record<string, string>, schema({ a: types.integer })),
    ).rejects.toThrow(message);
  });

  test('the origin is the time of creation and travels with the positions', async () => {
    const clock = new ManualClock(origin + 5);
    const reader = createReader(datagenConnector, { options: {}, columns: [], clock });
    expect(await reader.startPositions()).toEqual(
      new Map([
        ['0', 0],
        ['@origin', origin + 5],
      ]),
    );
  });
});
