/**
 * The types of the differential tester, by their PostgreSQL names, and literals of each. A *calm* literal is
 * small, so that arithmetic on it does not fail; a wild one may be at the edge of its type.
 */

import type { Chance } from './chance.ts';

export type TypeName =
  | 'boolean'
  | 'smallint'
  | 'integer'
  | 'bigint'
  | 'numeric'
  | 'real'
  | 'double precision'
  | 'text'
  | 'varchar'
  | 'char'
  | 'bytea'
  | 'date'
  | 'time'
  | 'timetz'
  | 'timestamp'
  | 'timestamptz'
  | 'interval'
  | 'uuid'
  | 'json'
  | 'jsonb'
  | 'integer[]'
  | 'bigint[]'
  | 'numeric[]'
  | 'text[]'
  | 'smallint[]'
  | 'double precision[]'
  | 'date[]'
  | 'timestamp[]'
  | 'timestamptz[]'
  | 'interval[]'
  | 'uuid[]'
  | 'jsonb[]'
  | 'boolean[]'
  | 'mood';

/** The enum that columns of type `mood` are of. */
export const moodDefinition = `CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy', 'a')`;

export interface ColumnType {
  readonly base: TypeName;
  /** As declared, with its modifiers. */
  readonly declared: string;
  /** Equal values of it are always spelled alike, so that it may be a key. */
  readonly exact: boolean;
}

const plain = (base: TypeName, exact = true): ColumnType => ({ base, declared: base, exact });

export const columnTypes: readonly ColumnType[] = [
  plain('boolean'),
  plain('smallint'),
  plain('integer'),
  plain('integer'),
  plain('integer'),
  plain('bigint'),
  plain('bigint'),
  plain('numeric', false),
  { base: 'numeric', declared: 'numeric(10,2)', exact: true },
  { base: 'numeric', declared: 'numeric(6,3)', exact: true },
  { base: 'numeric', declared: 'numeric(30,10)', exact: true },
  plain('real', false),
  plain('double precision', false),
  plain('text'),
  plain('text'),
  plain('varchar'),
  { base: 'varchar', declared: 'varchar(5)', exact: true },
  { base: 'char', declared: 'char(4)', exact: false },
  plain('bytea'),
  plain('date'),
  plain('time'),
  plain('timetz'),
  plain('timestamp'),
  { base: 'timestamp', declared: 'timestamp(3)', exact: true },
  plain('timestamptz'),
  plain('interval', false),
  plain('uuid'),
  plain('json', false),
  plain('jsonb', false),
  plain('integer[]'),
  plain('text[]'),
  plain('numeric[]', false),
  plain('timestamp[]'),
  plain('boolean[]'),
  plain('bigint[]'),
  plain('smallint[]'),
  plain('double precision[]', false),
  plain('date[]'),
  plain('timestamptz[]'),
  plain('interval[]', false),
  plain('uuid[]'),
  plain('jsonb[]', false),
  plain('mood'),
];

const calmLiterals: Readonly<Record<TypeName, readonly string[]>> = {
  boolean: ['true', 'false'],
  smallint: ['0', '1', '2', '3', '-1', '7', '100'],
  integer: ['0', '1', '2', '3', '4', '-1', '10', '42'],
  bigint: ['0', '1', '2', '3', '-5', '1000', '60000'],
  numeric: ['0', '1', '1.50', '2.25', '-3.10', '10', '99.99', '0.01'],
  real: ['0', '1.5', '-2.25', '3', '0.1'],
  'double precision': ['0', '1.5', '-2.25', '3', '0.1', '1e3'],
  text: ['', 'a', 'b', 'ab', 'B', 'abc', 'a b', 'Zoé', '日本', '10', 'x_y', 'a%b', ' c '],
  varchar: ['', 'a', 'b', 'ab', 'x y', 'é', '日本'],
  char: ['', 'a', 'b', 'ab', 'abcd'],
  bytea: ['\\x', '\\x00', '\\x6162', '\\xff00'],
  date: ['2000-01-01', '2024-02-29', '2023-12-31', '2024-03-31', '1999-06-15'],
  time: ['00:00:00', '12:30:00', '23:59:59.999999', '06:07:08.9'],
  timetz: ['00:00:00+00', '12:30:00+02', '12:30:00-05:30', '23:59:59+00'],
  timestamp: ['2000-01-01 00:00:00', '2024-02-29 23:59:59', '2024-03-31 01:30:00'].concat([
    '2023-10-29 02:30:00.5',
    '1999-12-31 23:59:59.999999',
  ]),
  timestamptz: [
    '2000-01-01 00:00:00+00',
    '2024-02-29 23:59:59+05',
    '2024-03-31 01:30:00+00',
  ].concat(['2023-10-29 00:30:00+00', '2024-11-03 06:30:00-07']),
  interval: [
    '0',
    '1 day',
    '-1 day',
    '1 mon',
    '02:03:04',
    '1 year 2 mons -3 days 04:05:06.7',
  ].concat(['-00:00:01', '30 days']),
  uuid: [
    '00000000-0000-0000-0000-000000000000',
    'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
    'ffffffff-ffff-ffff-ffff-ffffffffffff',
  ],
  json: ['{}', '[]', '1', '"a"', 'null', 'true', '{"a": 1, "b": [1, 2, null]}', '[1,"x",{"k":2}]'],
  jsonb: [
    '{}',
    '[]',
    '1',
    '"a"',
    'null',
    'true',
    '{"a": 1, "b": [1, 2, null]}',
    '[1,"x",{"k":2}]',
  ].concat(['{"b": {"a": "x"}, "a": 2}', '[[1,2],[3]]']),
  'integer[]': ['{}', '{1}', '{1,2,3}', '{3,NULL,1}', '{0,-1}'],
  'bigint[]': ['{}', '{1}', '{1,2,3}', '{60000,NULL}'],
  'numeric[]': ['{}', '{1.5}', '{1,2.50,NULL}'],
  'text[]': ['{}', '{a}', '{a,b,NULL}', '{"x y","",c}', '{"a,b","\\"q\\"","{z}"}'],
  'timestamp[]': ['{}', '{"2000-01-01 00:00:00"}', '{"2024-02-29 12:00:00",NULL}'],
  'boolean[]': ['{}', '{t,f}', '{NULL}'],
  'smallint[]': ['{}', '{1,2}', '{7,NULL,-1}'],
  'double precision[]': ['{}', '{1.5,-2}', '{0.1,NULL}'],
  'date[]': ['{}', '{2024-02-29}', '{1999-06-15,NULL}'],
  'timestamptz[]': ['{}', '{"2024-02-29 12:00:00+05"}'],
  'interval[]': ['{}', '{"1 day",01:00}', '{NULL,"-1 mon"}'],
  'uuid[]': ['{}', '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11,NULL}'],
  mood: ['sad', 'ok', 'happy', 'a'],
  'jsonb[]': ['{}', '{"{\\"a\\": 1}","[1]"}', '{"\\"x\\"",NULL,"null"}'],
};

const wildLiterals: Readonly<Record<TypeName, readonly string[]>> = {
  boolean: [],
  smallint: ['32767', '-32768'],
  integer: ['2147483647', '-2147483648', '65536'],
  bigint: ['9223372036854775807', '-9223372036854775808', '9007199254740993', '4294967296'],
  numeric: [
    'NaN',
    'Infinity',
    '-Infinity',
    '123456789012345678901234567890.123456789',
    '1.500',
  ].concat(['0.000000000000000000001', '-0.00', '9007199254740993']),
  real: ['NaN', 'Infinity', '-Infinity', '-0', '3.4028235e38', '1e-45', '16777217'],
  'double precision': [
    'NaN',
    'Infinity',
    '-Infinity',
    '-0',
    '1.7976931348623157e308',
    '5e-324',
  ].concat(['9007199254740993', '1e15', '123456789.123456789']),
  text: [
    '😀',
    'é',
    "it's",
    'a\tb',
    'line\nbreak',
    '\\',
    '"q"',
    'ÀÉ',
    '  ',
    '-7',
    '1.5',
    'true',
    '{}',
  ],
  varchar: ['😀', "'", 'ÀÉ'],
  char: ['é', "'", '日本'],
  bytea: ['\\xdeadbeef', '\\x00ff0a0d', '\\xc3a9'],
  date: ['infinity', '-infinity', '0001-01-01', '4713-01-01 BC', '9999-12-31', '5874897-12-31'],
  time: ['24:00:00', '00:00:00.000001'],
  timetz: ['24:00:00+15:59', '00:00:00.000001-15:59', '10:00:00+00:00:30'],
  timestamp: ['infinity', '-infinity', '0001-01-01 00:00:00', '4713-01-01 00:00:00 BC'].concat([
    '9999-12-31 23:59:59',
  ]),
  timestamptz: ['infinity', '-infinity', '0001-01-01 00:00:00 BC', '9999-12-31 23:59:59+00'],
  interval: [
    '178000000 years',
    '-178000000 years',
    '1 mon -1 day',
    '-1 mon 31 days -24:00:00',
  ].concat(['00:00:00.000001', '2147483647 days']),
  uuid: ['12345678-1234-1234-1234-123456789abc'],
  json: ['{"a":1,"a":2}', '  [1 , 2]  ', '"\\u00e9\\n"', '1.50', '1e400', '{"":{}}'],
  jsonb: ['"\\u00e9\\n"', '1.50', '12345678901234567890', '-0.0', '{"":{}}', '{"a b":"c\\"d"}'],
  'integer[]': ['{2147483647}', '[2:3]={1,2}', '{{1,2},{3,4}}'],
  'bigint[]': ['{9223372036854775807}', '{{1},{2}}'],
  'numeric[]': ['{NaN,1.00}', '{{1.5,2}}'],
  'text[]': ['{NULL,"NULL","null"}', '{{a,b},{c,d}}', '{"\\\\",é}', '[0:1]={x,y}'],
  'timestamp[]': ['{infinity}'],
  'boolean[]': ['{{t},{f}}'],
  'smallint[]': ['{32767}', '{{1},{2}}'],
  'double precision[]': ['{NaN,-Infinity}', '{-0}'],
  'date[]': ['{infinity}', '[3:3]={0001-01-01}'],
  'timestamptz[]': ['{-infinity}'],
  'interval[]': ['{"1 mon -1 day"}', '{{00:00:00.000001}}'],
  'uuid[]': ['{{ffffffff-ffff-ffff-ffff-ffffffffffff}}'],
  mood: [],
  'jsonb[]': ['{{"1"},{"[]"}}', '{"{\\"b\\":1,\\"a\\":1.50}"}'],
};

/** A quoted constant of the type, its type not said; `NULL` now and then. */
export function cellText(chance: Chance, base: TypeName, calm: boolean): string {
  if (chance.oneIn(7)) return 'NULL';
  return quote(valueText(chance, base, calm));
}

/** A constant of exactly this type. */
export function literal(chance: Chance, base: TypeName, calm: boolean): string {
  if (chance.oneIn(12)) return `NULL::${base}`;
  const text = valueText(chance, base, calm);
  const bare = /^\d{1,9}$/.test(text) && base === 'integer';
  return bare ? text : `${quote(text)}::${base === 'char' ? 'char(4)' : base}`;
}

function valueText(chance: Chance, base: TypeName, calm: boolean): string {
  const wild = wildLiterals[base];
  if (!calm && wild.length > 0 && chance.oneIn(3)) return chance.pick(wild);
  return chance.pick(calmLiterals[base]);
}

export function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
