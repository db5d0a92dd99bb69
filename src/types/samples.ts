/** Sample values of every type for tests: fixed edge cases, and random ones from a seed. */

import type { Random } from '../base/random.ts';
import { SqlArray, SqlMap } from './array.ts';
import type { Datum } from './datum.ts';
import { Decimal } from './decimal.ts';
import { Interval, TimeTz } from './interval.ts';
import { jsonFromPlain, JsonbValue } from './jsonb.ts';
import { arrayOf, numeric, types, type SqlType } from './sql-type.ts';
import { parseText } from './text-io.ts';

const texts = (type: SqlType, ...inputs: string[]): [SqlType, Datum[]] => [
  type,
  inputs.map((input) => parseText(input, type)),
];

export const rowSample: SqlType = {
  kind: 'row',
  fields: [
    { name: 'a', type: types.integer },
    { name: 'b', type: types.text },
  ],
};
export const mapSample: SqlType = { kind: 'map', key: types.text, value: types.integer };

/** Values that are easily mixed up, of every type. */
export const edgeCases: readonly (readonly [SqlType, readonly Datum[]])[] = [
  [types.boolean, [true, false]],
  [types.smallint, [0, 1, -1, 32767, -32768]],
  [types.integer, [0, 1, -1, 255, 256, 2147483647, -2147483648]],
  [types.date, [0, -1, 19000, 2147483647, -2147483648]],
  [types.oid, [0, 1, 2147483648, 4294967295]],
  [
    types.bigint,
    [0n, 1n, -1n, 4294967296n, 9007199254740992n, 9007199254740993n, -9007199254740993n].concat([
      9223372036854775807n,
      -9223372036854775808n,
    ]),
  ],
  [types.timestamp, [0n, -1n, 1700000000000000n, 9223372036854775807n, -9223372036854775808n]],
  [types.time, [0n, 1n, 86400000000n]],
  [types.double, [0, -0, 1, -1, 0.1, 5e-324, -5e-324, 1e308, Infinity, -Infinity, NaN]],
  [types.real, [0, Math.fround(0.1), -1.5, NaN]],
  [types.text, ['', 'a', 'b', 'ab', 'a\u0001', '～', '😀', 'z', 'Z', '__proto__', 'é', 'e\u0301']],
  [{ kind: 'char', length: 4 }, ['a   ', 'ab  ', 'a', '    ']],
  texts(
    types.numeric,
    ...['0', '0.00', '1', '1.0', '1.00', '-1', '10', '9.99', '-9.99', '-10', '0.001', '0.0010001'],
    ...['1e100', '-1e100', '1e-100', 'NaN', 'inf', '-inf', '12345678901234567890.12', '100', '1e2'],
  ),
  [
    types.bytea,
    ['', '00', '0000', '00ff', '01', 'ff', 'ff00'].map((hex) =>
      Uint8Array.from(Buffer.from(hex, 'hex')),
    ),
  ],
  texts(types.uuid, '00000000-0000-0000-0000-000000000000', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'),
  texts(
    types.interval,
    '1 month',
    '30 days',
    '720:00:00',
    '-1 day',
    '0',
    '1 us',
    '100000 years',
    '-170000000 years',
  ),
  texts(types.timetz, '10:00+01', '09:00+00', '10:00+00', '08:59:59.999999-00:30', '23:00-10'),
  texts(
    types.jsonb,
    'null',
    '"a"',
    '"b"',
    '1',
    '1.0',
    '-2',
    'true',
    'false',
    '[]',
    '[1]',
    '[1,2]',
    '["a"]',
    '{}',
    '{"a":1}',
    '{"b":1}',
    '{"a":1,"b":2}',
    '{"aa":1,"b":2}',
    '[[]]',
    '[{}]',
    '"～"',
    '"😀"',
  ),
  texts(
    arrayOf(types.integer),
    '{}',
    '{1}',
    '{1,2}',
    '{2}',
    '{NULL}',
    '{1,NULL}',
    '{{1},{2}}',
    '[0:1]={1,2}',
    '{{1,2}}',
  ),
  texts(arrayOf(types.text), '{a,b}', '{"a,b"}', '{""}', '{NULL}', '{"NULL"}', '{ab}', '{a,b,c}'),
  texts(types.int2vector, '1 2', '1', ''),
  texts(rowSample, '(1,a)', '(1,b)', '(2,)', '(,a)', '(1,"")', '(,)'),
  [
    mapSample,
    [
      new SqlMap([
        ['a', 1],
        ['b', null],
      ]),
      new SqlMap([
        ['b', null],
        ['a', 1],
      ]),
      new SqlMap([]),
      new SqlMap([['a', 2]]),
    ],
  ],
  [types.record, [[1, 'a'], [1, null], [1], ['a', 1], []]],
];

/** A random value of a type for which `randomDatum` is defined. */
export const randomTypes: readonly SqlType[] = [
  types.integer,
  types.bigint,
  types.double,
  types.numeric,
  types.text,
  types.bytea,
  types.interval,
  types.timetz,
  types.jsonb,
  arrayOf(types.text),
  rowSample,
  mapSample,
];

export function randomDatum(type: SqlType, random: Random): Datum {
  switch (type.kind) {
    case 'integer':
      return (random.uint32() | 0) >> random.below(32);
    case 'bigint':
      return randomBigint(random);
    case 'double':
      return (random.float() - 0.5) * 10 ** (random.below(40) - 20);
    case 'numeric':
      return randomDecimal(random);
    case 'text':
      return randomText(random);
    case 'bytea':
      return Uint8Array.from({ length: random.below(4) }, () => random.below(3));
    case 'interval':
      return new Interval(random.below(3) - 1, random.below(60) - 30, randomBigint(random) >> 16n);
    case 'timetz':
      return new TimeTz(BigInt(random.below(24)) * 3600000000n, (random.below(5) - 2) * 3600);
    case 'jsonb':
      return new JsonbValue(jsonFromPlain(randomJson(random, 3)));
    case 'array':
      return SqlArray.of(
        Array.from({ length: random.below(3) }, () =>
          random.below(4) === 0 ? null : randomDatum(type.element, random),
        ),
      );
    case 'row':
      return type.fields.map((field) =>
        random.below(4) === 0 ? null : randomDatum(field.type, random),
      );
    case 'map': {
      const keys = new Set(Array.from({ length: random.below(3) }, () => randomText(random)));
      return new SqlMap([...keys].map((key) => [key, random.below(2)]));
    }
    default:
      throw new Error(`no random values of ${type.kind}`);
  }
}

function randomBigint(random: Random): bigint {
  const bits = (BigInt(random.uint32()) << 32n) | BigInt(random.uint32());
  return BigInt.asIntN(64, bits) >> BigInt(random.below(64));
}

function randomDecimal(random: Random): Decimal {
  const scale = random.below(8);
  return Decimal.fromBigInt(
    randomBigint(random) * (random.below(3) === 0 ? 10n ** 20n : 1n),
    scale,
  );
}

const alphabet = ['', 'a', 'b', '\u0001', 'é', '～', '😀', '"', '\\', ',', 'zz'];

function randomText(random: Random): string {
  return Array.from(
    { length: random.below(4) },
    () => alphabet[random.below(alphabet.length)],
  ).join('');
}

function randomJson(random: Random, depth: number): unknown {
  const kind = random.below(depth === 0 ? 4 : 6);
  if (kind === 0) return null;
  if (kind === 1) return random.below(2) === 0;
  if (kind === 2) return random.below(200) / 10 - 10;
  if (kind === 3) return randomText(random);
  const length = random.below(3);
  if (kind === 4) return Array.from({ length }, () => randomJson(random, depth - 1));
  return new Map(Array.from({ length }, () => [randomText(random), randomJson(random, depth - 1)]));
}

/** numeric(12,2), whose columns are narrow. */
export const amount = numeric(12, 2);
