/**
 * Casts, called by the name of their type. Every expectation was taken from PostgreSQL 15.
 * A line is: function or operator, arguments as `type:text` (`~` is NULL), result or `!SQLSTATE message`.
 */

import { describe, expect, it } from 'vitest';
import { createRegistry } from './builtin.ts';
import { evaluateText } from '../evaluate-for-test.ts';

const cases: readonly (readonly [string, string, string])[] = [
  ['int4', 'double precision:2.5', '2'],
  ['int4', 'double precision:1e10', '!22003 integer out of range'],
  ['int4', 'double precision:NaN', '!22003 integer out of range'],
  ['int8', 'double precision:9.3e18', '!22003 bigint out of range'],
  ['int2', 'integer:40000', '!22003 smallint out of range'],
  ['int4', 'numeric:2.5', '3'],
  ['int4', 'numeric:-2.5', '-3'],
  ['int4', 'numeric:NaN', '!0A000 cannot convert NaN to integer'],
  ['int4', 'bigint:3000000000', '!22003 integer out of range'],
  ['numeric', 'double precision:0.1', '0.1'],
  ['numeric', 'real:0.1', '0.1'],
  ['float4', 'double precision:1e300', '!22003 value out of range: overflow'],
  [
    'float4',
    'numeric:1e50',
    '!22003 "100000000000000000000000000000000000000000000000000" is out of range for type real',
  ],
  [
    'float8',
    'numeric:1e400',
    '!22003 "10000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000" is out of range for type double precision',
  ],
  ['int4', 'boolean:t', '1'],
  ['bool', 'integer:0', 'f'],
  ['text', 'boolean:t', 'true'],
  ['text', 'integer:5', '5'],
  ['text', 'double precision:1e20', '1e+20'],
  ['text', 'numeric:1.50', '1.50'],
  ['text', 'timestamp:2024-05-06 07:08:09.5', '2024-05-06 07:08:09.5'],
  ['text', 'date:2024-05-06', '2024-05-06'],
  ['text', 'interval:1 day 02:03:04', '1 day 02:03:04'],
  ['text', 'integer[]:{1,2}', '{1,2}'],
  ['text', 'jsonb:{"a":1}', '{"a": 1}'],
  ['text', 'bytea:\\xff', '\\xff'],
  ['text', 'character(5):ab', 'ab'],
  ['varchar', 'character(5):ab', 'ab'],
  ['date', 'timestamp:2024-05-06 23:00', '2024-05-06'],
  ['date', 'timestamptz:2024-05-06 23:00+00', '2024-05-06'],
  ['int4', 'jsonb:5.5', '6'],
  ['int4', 'jsonb:"a"', '!22023 cannot cast jsonb string to type integer'],
  ['bool', 'jsonb:true', 't'],
  ['int4', 'text:5', '5'],
  ['int4', 'text:x', '!22P02 invalid input syntax for type integer: "x"'],
  ['int4', 'text: 7 ', '7'],
  ['float8', 'text:1e5', '100000'],
  ['bool', 'text:yes', 't'],
  ['bool', 'text:maybe', '!22P02 invalid input syntax for type boolean: "maybe"'],
  ['date', 'text:2024-13-01', '!22008 date/time field value out of range: "2024-13-01"'],
  ['uuid', 'text:xyz', '!22P02 invalid input syntax for type uuid: "xyz"'],
  [
    'int8',
    'text:99999999999999999999',
    '!22003 value "99999999999999999999" is out of range for type bigint',
  ],
  ['oid', 'bigint:4294967296', '!22003 OID out of range'],
  ['oid', 'integer:-1', '4294967295'],
  ['int4', 'oid:4294967295', '-1'],
  [
    'name',
    'text:aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggg',
    'aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg',
  ],
];

describe('casts functions give what PostgreSQL gives', () => {
  const registry = createRegistry();
  it.each(cases)('%s (%s) is %s', (name, args, expected) => {
    expect(evaluateText(registry, name, args)).toBe(expected);
  });
});
