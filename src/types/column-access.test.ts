import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../base/random.ts';
import type { Batch } from './batch.ts';
import {
  BatchBuilder,
  copyBatch,
  gather,
  narrowColumn,
  readDatum,
  readRow,
  readRows,
  widenColumn,
} from './column-access.ts';
import type { Row } from './datum.ts';
import { Decimal } from './decimal.ts';
import { amount, edgeCases } from './samples.ts';
import { types, type SqlType } from './sql-type.ts';

function build(columnTypes: readonly SqlType[], rows: readonly Row[], capacity = 2): Batch {
  const builder = new BatchBuilder(columnTypes, capacity);
  for (const row of rows) builder.append(row);
  return builder.batch();
}

const rowsOf = (batch: Batch, columnTypes: readonly SqlType[]) =>
  readRows(batch, columnTypes).map(({ row }) => row);

const mixed = [types.integer, types.bigint, types.text, types.boolean, amount, types.timestamp];
const mixedRows: Row[] = [
  [1, 2n, 'a', true, Decimal.parse('1.50'), 5n],
  [null, null, null, null, null, null],
  [-1, -(2n ** 53n - 1n), '', false, Decimal.parse('-0.01'), 9223372036854775807n],
  [7, 0n, '😀é', true, Decimal.parse('0.00'), -9223372036854775808n],
];

describe('BatchBuilder', () => {
  it('stays narrow while the values fit, NULLs and infinities included', () => {
    const batch = build(mixed, mixedRows);
    expect(batch.columns.map((column) => column.kind)).toEqual([
      'i32',
      'f64',
      'text',
      'bool',
      'f64',
      'f64',
    ]);
    expect(batch.weights).toBe(null);
    expect(rowsOf(batch, mixed)).toStrictEqual(mixedRows);
    const { columns } = batch;
    expect(columns[4]!.kind === 'f64' && columns[4]!.values[0]).toBe(150);
    expect(columns[5]!.kind === 'f64' && columns[5]!.values[2]).toBe(Infinity);
  });

  it.each([
    [types.bigint, 1n, 2n ** 53n],
    [types.timestamp, 1n, -(2n ** 53n)],
    [amount, Decimal.parse('1.00'), Decimal.parse('1.0')],
    [amount, Decimal.parse('1.00'), Decimal.NaN],
    [amount, Decimal.parse('1.00'), Decimal.parse('99999999999999999.00')],
  ])('turns one column of %o wide at the first value that does not fit', (type, small, large) => {
    const rows = [
      [small, 1],
      [null, 2],
      [large, 3],
      [small, null],
    ];
    const batch = build([type, types.integer], rows);
    expect(batch.columns.map((column) => column.kind)).toEqual(['any', 'i32']);
    expect(rowsOf(batch, [type, types.integer])).toStrictEqual(rows);
  });

  it('starts over narrow after clear, without NULLs of the last batch', () => {
    const builder = new BatchBuilder([types.bigint, types.text], 2);
    for (let count = 0; count < 5; count++) builder.append([null, null]);
    builder.append([2n ** 60n, 'long text '.repeat(500)]);
    builder.clear();
    builder.append([5n, 'x']);
    builder.append([null, 'y'], -2);
    const batch = builder.batch();
    expect(batch.columns.map((column) => column.kind)).toEqual(['f64', 'text']);
    expect(batch.columns[1]!.nulls).toBe(null);
    expect(readRows(batch, [types.bigint, types.text])).toEqual([
      { row: [5n, 'x'], weight: 1 },
      { row: [null, 'y'], weight: -2 },
    ]);
  });

  it('keeps 16 bytes behind the last text', () => {
    const batch = build([types.text], [['x'.repeat(1024)], ['y'.repeat(5000)]]);
    const column = batch.columns[0]!;
    expect(
      column.kind === 'text' && column.bytes.length - column.offsets[1]! - 5000,
    ).toBeGreaterThanOrEqual(16);
  });

  it('copies rows of other batches, narrow or wide', () => {
    const narrow = build(mixed, mixedRows);
    const wide: Batch = {
      ...narrow,
      weights: Int32Array.of(1, -1, 2, 3),
      columns: narrow.columns.map((column, index) => widenColumn(column, 4, mixed[index]!)),
    };
    const builder = new BatchBuilder(mixed, 1);
    for (let row = 0; row < 4; row++) {
      builder.appendFrom(narrow, row);
      builder.appendFrom(wide, row, -1);
    }
    const rows = readRows(builder.batch(), mixed);
    expect(rows.map(({ row }) => row)).toStrictEqual(mixedRows.flatMap((row) => [row, row]));
    expect(rows.map(({ weight }) => weight)).toEqual([1, -1, 1, 1, 1, -2, 1, -3]);
  });

  it.each(edgeCases)('holds every value of %o', (type, values) => {
    const rows = values.map((value) => [value]);
    const batch = build([type], rows);
    expect(rowsOf(batch, [type])).toStrictEqual(rows);
    const wide = widenColumn(batch.columns[0]!, batch.count, type);
    const again = narrowColumn(wide, batch.count, type);
    expect(again.kind).toBe(batch.columns[0]!.kind);
    values.forEach((value, row) => expect(readDatum(again, row, type)).toStrictEqual(value));
  });
});

describe('gather and copy', () => {
  const random = new SeededRandom(9);
  const builder = new BatchBuilder(mixed, 4);
  for (let count = 0; count < 50; count++) {
    builder.append(mixedRows[random.below(4)]!, random.below(3) + 1);
  }
  const batch: Batch = {
    ...builder.batch(),
    rowWatermarks: Float64Array.from({ length: 50 }, (_, row) => row),
    origin: {
      source: 'public.t',
      stream: 's',
      partition: '0',
      offsets: Float64Array.from({ length: 50 }, (_, row) => row * 2),
    },
  };

  it('takes rows in any order with what belongs to them', () => {
    const picked = gather(batch, Int32Array.of(49, 0, 7, 7, -1), 4);
    expect(picked.count).toBe(4);
    [49, 0, 7, 7].forEach((from, row) => {
      expect(readRow(picked, row, mixed)).toStrictEqual(readRow(batch, from, mixed));
      expect(picked.weights?.[row]).toBe(batch.weights?.[from]);
      expect(picked.rowWatermarks?.[row]).toBe(from);
      expect(picked.origin?.offsets[row]).toBe(from * 2);
    });
  });

  it('copies so that the producer may go on', () => {
    const copy = copyBatch(batch);
    const before = readRows(batch, mixed);
    builder.clear();
    for (let count = 0; count < 50; count++) builder.append([9, 9n, 'zzzzz', false, null, 0n]);
    expect(readRows(copy, mixed)).toStrictEqual(before);
  });
});
