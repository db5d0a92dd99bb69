import { describe, expect, it } from 'vitest';
import { AssertionFailed } from '../base/assert.ts';
import { ByteReader, ByteWriter } from '../base/bytes.ts';
import { SeededRandom } from '../base/random.ts';
import type { Datum } from './datum.ts';
import { Decimal } from './decimal.ts';
import { decodeDatum, decodeRow, encodeDatum, encodeRow } from './row-codec.ts';
import { edgeCases, randomDatum, randomTypes } from './samples.ts';
import { types, type SqlType } from './sql-type.ts';

function roundTrip(value: Datum | null, type: SqlType): Datum | null {
  const writer = new ByteWriter(16);
  encodeDatum(writer, value, type);
  const reader = new ByteReader(writer.take());
  const result = decodeDatum(reader, type);
  expect(reader.remaining).toBe(0);
  return result;
}

describe('what is read is what was written', () => {
  it.each(edgeCases)('edge cases of %o', (type, values) => {
    for (const value of values) expect(roundTrip(value, type)).toStrictEqual(value);
  });

  it.each(randomTypes)('random values of %o', (type) => {
    const random = new SeededRandom(3);
    for (let count = 0; count < 200; count++) {
      const value = randomDatum(type, random);
      expect(roundTrip(value, type)).toStrictEqual(value);
    }
  });

  it('keeps the scale of a numeric and the sign of zero', () => {
    expect(String(roundTrip(Decimal.parse('1.00'), types.numeric))).toBe('1.00');
    expect(Object.is(roundTrip(-0, types.double), -0)).toBe(true);
  });

  it('keeps numerics around the border of the short form', () => {
    for (const power of [50n, 51n, 52n, 53n, 64n, 200n]) {
      for (const near of [-1n, 0n, 1n]) {
        for (const sign of [1n, -1n]) {
          const value = Decimal.fromBigInt(sign * (2n ** power + near), 3);
          expect(roundTrip(value, types.numeric)).toStrictEqual(value);
        }
      }
    }
  });

  it('takes rows with NULLs', () => {
    const rowTypes = [types.integer, types.text, types.jsonb];
    const writer = new ByteWriter(16);
    encodeRow(writer, [null, 'a', null], rowTypes);
    expect(decodeRow(new ByteReader(writer.take()), rowTypes)).toEqual([null, 'a', null]);
  });

  it('asserts on damaged bytes', () => {
    expect(() => decodeDatum(new ByteReader(Uint8Array.of(7)), types.integer)).toThrow(
      AssertionFailed,
    );
    expect(() => decodeDatum(new ByteReader(Uint8Array.of(1, 0)), types.integer)).toThrow(
      AssertionFailed,
    );
  });
});
