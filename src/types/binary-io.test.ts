import { describe, expect, it } from 'vitest';
import { SqlError } from '../base/errors.ts';
import { SeededRandom } from '../base/random.ts';
import { decodeBinary, encodeBinary } from './binary-io.ts';
import { equalDatums } from './compare.ts';
import { edgeCases, randomDatum, randomTypes } from './samples.ts';
import { arrayOf, types, type SqlType } from './sql-type.ts';
import { formatText, parseText } from './text-io.ts';

const hex = (text: string, type: SqlType) =>
  Buffer.from(encodeBinary(parseText(text, type), type)).toString('hex');
const back = (digits: string, type: SqlType) =>
  formatText(decodeBinary(Buffer.from(digits, 'hex'), type), type);

/** Verified against the *_send functions of PostgreSQL 15. */
const bytes: [SqlType, string, string][] = [
  [types.boolean, 't', '01'],
  [types.integer, '-2', 'fffffffe'],
  [types.bigint, '9007199254740993', '0020000000000001'],
  [types.double, '1.5', '3ff8000000000000'],
  [types.real, '1.5', '3fc00000'],
  [types.numeric, '12345.678900', '00030001000000060001092 91a85'.replace(' ', '')],
  [types.numeric, '0.00', '0000000000000002'],
  [types.numeric, '-0.0001', '0001ffff400000040001'],
  [types.numeric, 'NaN', '00000000c0000000'],
  [types.numeric, 'Infinity', '00000000d0000020'],
  [types.timestamp, '2000-01-01 00:00:00.000001', '0000000000000001'],
  [types.timestamp, '1999-12-31 23:59:59.999999', 'ffffffffffffffff'],
  [types.timestamp, 'infinity', '7fffffffffffffff'],
  [types.date, '2000-01-02', '00000001'],
  [types.date, '-infinity', '80000000'],
  [types.timetz, '10:00:00+01', '0000000861c46800fffff1f0'],
  [types.interval, '1 year 2 days 00:00:00.000003', '0000000000000003000000020000000c'],
  [types.uuid, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'a0eebc999c0b4ef8bb6d6bb9bd380a11'],
  [types.jsonb, '{"a": 1}', '017b2261223a20317d'],
  [types.pgchar, '\\303', 'c3'],
  [types.pgchar, '', '00'],
  [
    arrayOf(types.integer),
    '{1,NULL}',
    '00000001000000010000001700000002000000010000000400000001ffffffff',
  ],
  [arrayOf(types.text), '{}', '000000000000000000000019'],
  [types.oidvector, '7', '00000001000000000000001a00000001000000000000000400000007'],
  [types.regtype, 'integer', '00000017'],
];

describe('binary forms are PostgreSQL’s', () => {
  it.each(bytes)('%o %s', (type, text, digits) => {
    expect(hex(text, type)).toBe(digits);
    expect(back(digits, type)).toBe(text);
  });
});

describe('binary and text agree', () => {
  const decodable = edgeCases.filter(([type]) => type.kind !== 'record');
  it.each(decodable)('for edge cases of %o', (type, values) => {
    for (const value of values) {
      const again = decodeBinary(encodeBinary(value, type), type);
      if (type.kind === 'map') {
        expect(equalDatums(again, value, type)).toBe(true);
        continue;
      }
      expect(formatText(again, type)).toBe(
        type.kind === 'char'
          ? formatText(parseText(formatText(value, type), type), type)
          : formatText(value, type),
      );
    }
  });

  it.each(randomTypes)('for random values of %o', (type) => {
    const random = new SeededRandom(8);
    for (let count = 0; count < 100; count++) {
      const value = randomDatum(type, random);
      const again = decodeBinary(encodeBinary(value, type), type);
      // A map's entries may come back in another order.
      if (type.kind === 'map') expect(equalDatums(again, value, type)).toBe(true);
      else expect(again).toStrictEqual(value);
    }
  });
});

describe('bytes of clients are checked', () => {
  const failure = (digits: string, type: SqlType): string => {
    try {
      return back(digits, type);
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      return `${error.code} ${error.message}`;
    }
  };

  it.each([
    ['00', types.integer, '22P03 insufficient data left in message'],
    ['0000000000', types.integer, '22P03 incorrect binary data format'],
    ['', types.boolean, '22P03 insufficient data left in message'],
    ['00010000000000002710', types.numeric, '22P03 invalid digit in external "numeric" value'],
    ['0000000012340000', types.numeric, '22P03 invalid sign in external "numeric" value'],
    ['ffff000000000000', types.numeric, '22P03 insufficient data left in message'],
    ['027b7d', types.jsonb, '22P03 unsupported jsonb version number 2'],
    ['01ff', types.jsonb, '22021 invalid byte sequence for encoding "UTF8": 0xff'],
    ['61ff62', types.text, '22021 invalid byte sequence for encoding "UTF8": 0xff'],
    ['e28261', types.text, '22021 invalid byte sequence for encoding "UTF8": 0xe2 0x82 0x61'],
    ['610062', types.text, '22021 invalid byte sequence for encoding "UTF8": 0x00'],
    ['7ffffffffffffffe', types.timestamp, '22008 timestamp out of range'],
    ['ffffffffffffffff', types.time, '22008 time out of range'],
    [
      '7fffffff',
      arrayOf(types.integer),
      '54000 number of array dimensions (2147483647) exceeds the maximum allowed (6)',
    ],
    [
      '000000010000000000000017' + '7fffffff00000001',
      arrayOf(types.integer),
      '22P03 insufficient data left in message',
    ],
    [
      '000000000000000000000019',
      arrayOf(types.integer),
      '42804 binary data has array element type 25 (text) instead of expected 23 (integer)',
    ],
    ['ffffffff0000000000000017', arrayOf(types.integer), '22P03 invalid number of dimensions: -1'],
  ] as [string, SqlType, string][])('%s', (digits, type, message) => {
    expect(failure(digits, type)).toBe(message);
  });

  it('random bytes never crash', () => {
    const random = new SeededRandom(6);
    let refused = 0;
    for (let count = 0; count < 5000; count++) {
      const [type] = edgeCases[random.below(edgeCases.length)]!;
      const noise = Uint8Array.from({ length: random.below(40) }, () =>
        random.below(3) === 0 ? random.below(256) : 0,
      );
      try {
        decodeBinary(noise, type);
      } catch (error) {
        expect(error).toBeInstanceOf(SqlError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(1000);
  });
});
