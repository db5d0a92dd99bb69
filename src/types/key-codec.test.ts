import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../base/bytes.ts';
import { SeededRandom } from '../base/random.ts';
import { compareDatums, compareNullable } from './compare.ts';
import type { Datum } from './datum.ts';
import { encodeKey, encodeRowKey, rowKeyString } from './key-codec.ts';
import { edgeCases, randomDatum, randomTypes } from './samples.ts';
import { types, type SqlType } from './sql-type.ts';

function keyOf(value: Datum | null, type: SqlType): Uint8Array {
  const writer = new ByteWriter(16);
  encodeKey(writer, value, type);
  return writer.take();
}

function expectSameOrder(a: Datum, b: Datum, type: SqlType): void {
  const byKey = Buffer.compare(keyOf(a, type), keyOf(b, type));
  const byValue = Math.sign(compareDatums(a, b, type));
  if (byKey !== byValue) expect({ type, a, b, byKey }).toEqual({ type, a, b, byKey: byValue });
}

describe('key bytes order as SQL values do', () => {
  it.each(edgeCases)('edge cases of %o', (type, values) => {
    for (const a of values) for (const b of values) expectSameOrder(a, b, type);
    expect(values.length).toBeGreaterThan(0);
  });

  it.each(randomTypes)('random pairs of %o', (type) => {
    const random = new SeededRandom(11);
    const values = Array.from({ length: 150 }, () => randomDatum(type, random));
    for (const a of values) for (const b of values) expectSameOrder(a, b, type);
    expect(
      new Set(values.map((value) => Buffer.from(keyOf(value, type)).toString('hex'))).size,
    ).toBeGreaterThan(3);
  });

  it('NULL comes last', () => {
    expect(Buffer.compare(keyOf(null, types.text), keyOf('\u{10ffff}', types.text))).toBe(1);
  });
});

describe('composite keys', () => {
  it('never collide and order column by column', () => {
    const random = new SeededRandom(5);
    const columns = [types.text, types.bytea, types.numeric, types.text];
    const rows = Array.from({ length: 120 }, () =>
      columns.map((type) => (random.below(4) === 0 ? null : randomDatum(type, random))),
    );
    const options = { descending: false, nullsFirst: false };
    for (const a of rows) {
      for (const b of rows) {
        const keys = [a, b].map((row) => {
          const writer = new ByteWriter(16);
          encodeRowKey(writer, row, columns);
          return writer.take();
        });
        let order = 0;
        for (let index = 0; order === 0 && index < columns.length; index++) {
          order = compareNullable(a[index]!, b[index]!, columns[index]!, options);
        }
        expect(Buffer.compare(keys[0]!, keys[1]!)).toBe(Math.sign(order));
      }
    }
  });

  it('tell text from its neighbour and from NULL', () => {
    const rows = [
      ['a', 'b,c'],
      ['a,b', 'c'],
      ['', 'x'],
      ['x', ''],
      [null, 'x'],
      ['NULL', 'x'],
      ['a\u0001', 'b'],
    ];
    const keys = rows.map((row) => rowKeyString(row, [types.text, types.text]));
    expect(new Set(keys).size).toBe(rows.length);
  });
});
