import { expect, test } from 'vitest';

import { createReader } from '../testing/source-reading.ts';
import { types } from '../types/sql-type.ts';
import { readRows } from '../types/column-access.ts';
import type { ColumnBlock, SourceReader } from './connector.ts';
import { createConnectors } from './registry.ts';
import { TestFeed, testConnector } from './test-feed.ts';

const columns = [
  { name: 'id', type: types.bigint, nullable: true },
  { name: 'name', type: types.text, nullable: true },
];

function take(reader: SourceReader) {
  const seen: unknown[] = [];
  for (let block = reader.poll(); block !== null; block = reader.poll()) {
    const { batch, firstOffset, nextOffset, watermark } = block as ColumnBlock;
    const rows = readRows(
      batch,
      columns.map((column) => column.type),
    ).map(({ row }) => row);
    seen.push({ rows, firstOffset, nextOffset, watermark });
    block.release();
  }
  return seen;
}

test('rows and watermarks come out in order, and again from any offset', async () => {
  const feed = new TestFeed();
  const make = () =>
    createReader(testConnector(feed), { options: { feed: 's' }, columns, blockRowsMax: 2 });
  const reader = make();
  let calls = 0;
  reader.onReady = () => void (calls += 1);
  await reader.open(await reader.startPositions());
  const stream = feed.stream('s');
  stream.push([
    [1n, 'a'],
    [2n, null],
    [3n, 'c'],
  ]);
  stream.watermark(5000);
  expect(calls).toBe(2);
  const last = { rows: [[3n, 'c']], firstOffset: 2, nextOffset: 4, watermark: 5000 };
  expect(take(reader)).toEqual([
    {
      rows: [
        [1n, 'a'],
        [2n, null],
      ],
      firstOffset: 0,
      nextOffset: 2,
      watermark: undefined,
    },
    last,
  ]);
  expect(reader.finished).toBe(false);

  const again = make();
  await again.open(new Map([['0', 2]]));
  expect(take(again)).toEqual([last]);
  stream.finish();
  expect([reader.finished, again.finished]).toEqual([true, true]);
});

test('connectors are found by every name, extra ones among them', () => {
  const connectors = createConnectors([testConnector(new TestFeed())]);
  expect(connectors.names).toEqual(['datagen', 'file', 'kafka', 'nexmark', 'test']);
  expect(connectors('FileSystem')?.name).toBe('file');
  expect(connectors('test')?.name).toBe('test');
  expect(connectors('constructor')).toBeUndefined();
});
