/** Delimited and raw records. */

import { describe, expect, it } from 'vitest';
import { emptyBatch } from '../types/batch.ts';
import { readRows } from '../types/column-access.ts';
import type { Schema } from '../types/schema.ts';
import { types, type SqlType } from '../types/sql-type.ts';
import { formatText } from '../types/text-io.ts';
import { encodeJsonRow } from './json-encode.ts';
import type { Format } from './format.ts';
import { createFormats } from './registry.ts';
import { Decimal } from '../types/decimal.ts';
import { SqlArray } from '../types/array.ts';

const formats = createFormats();

function decode(
  format: Format,
  columns: readonly (readonly [string, SqlType])[],
  records: readonly (string | Uint8Array)[],
  options: ReadonlyMap<string, string> = new Map(),
  header: Uint8Array | null = null,
): string[] {
  const schema: Schema = columns.map(([name, type]) => ({ name, type, nullable: true }));
  const decoder = format.createDecoder({
    schema,
    keys: schema.map((field) => field.name),
    columns: schema.map((_, index) => index),
    options,
    codegen: true,
  });
  const parts = records.map((record) => Buffer.from(record));
  const bytes = Buffer.concat([...parts, Buffer.alloc(16)]);
  const valueStart = new Int32Array(parts.length);
  const valueEnd = new Int32Array(parts.length);
  let at = 0;
  parts.forEach((part, index) => {
    valueStart[index] = at;
    valueEnd[index] = at += part.length;
  });
  const results = records.map(() => 'no row');
  const batch = emptyBatch([]);
  const rowOf: number[] = [];
  const named = header === null ? {} : { header };
  decoder.decode({ bytes, valueStart, valueEnd, ...named }, 0, parts.length, batch, {
    rows: (index, row, count) => {
      for (let i = 0; i < count; i++) rowOf[row + i] = index + i;
    },
    refused: (index, reason) => (results[index] = `refused: ${reason}`),
  });
  readRows(
    batch,
    schema.map((field) => field.type),
  ).forEach(({ row }, index) => {
    results[rowOf[index]!] = row
      .map((value, column) =>
        value === null ? 'NULL' : `<${formatText(value, schema[column]!.type)}>`,
      )
      .join(' ');
  });
  return results;
}

const pair = [
  ['a', types.integer],
  ['b', types.text],
] as const;

describe('csv', () => {
  it('follows the rules of COPY for NULL, quotes and line ends', () => {
    const lines = [
      '1,',
      '2,""',
      '3,"x,""y"""',
      '4,"line\nbreak"\r\n',
      '5,é\n',
      '"6 ",NULL',
      '7',
      '8,x,extra',
    ];
    expect(decode(formats('csv')!, pair, lines)).toEqual([
      '<1> NULL',
      '<2> <>',
      '<3> <x,"y">',
      '<4> <line\nbreak>',
      '<5> <é>',
      '<6> <NULL>',
      'refused: the record has 1 fields, the relation 2 columns',
      'refused: the record has 3 fields, the relation 2 columns',
    ]);
  });

  it('refuses broken quotes, bad bytes and bad values', () => {
    const bad = Buffer.from([0x31, 0x2c, 0xc3, 0x28]);
    expect(
      decode(formats('csv')!, pair, ['1,"x', '1,"x"y', bad, '1,a\0', 'one,x', '99999999999,x']),
    ).toEqual([
      'refused: unterminated quoted field',
      'refused: text after a closing quote',
      'refused: invalid byte sequence for encoding "UTF8"',
      'refused: invalid byte sequence for encoding "UTF8": 0x00',
      'refused: column "a": invalid input syntax for type integer: "one"',
      'refused: column "a": value "99999999999" is out of range for type integer',
    ]);
  });

  it('goes by the names of a header, spelled as in the declaration', () => {
    const under = (header: string, ...lines: string[]): string[] =>
      decode(formats('csv')!, pair, lines, new Map(), Buffer.from(header));
    expect(under('b,more,a', 'x,,1', 'y,2')).toEqual([
      '<1> <x>',
      'refused: the record has 2 fields, the header 3',
    ]);
    expect(under('"a","b"\r\n', '1,x')).toEqual(['<1> <x>']);
    expect(under('A,b', '1,x')).toEqual([
      'refused: the header of the file has no column "a", only "A", "b"',
    ]);
    expect(under('a,b,a', '1,x,2')).toEqual([
      'refused: the header of the file has column "a" twice',
    ]);
    expect(under('a,"b', '1,x')).toEqual([
      'refused: the header of the file cannot be read: unterminated quoted field',
    ]);
  });

  it('takes its options', () => {
    const options = new Map([
      ['csv.field-delimiter', '\\t'],
      ['csv.quote-character', "'"],
      ['csv.null-literal', '\\N'],
      ['csv.allow-comments', 'true'],
      ['csv.ignore-parse-errors', 'true'],
    ]);
    const lines = ["1\t'it''s'", '# a comment', '2\t\\N', 'x\ty', '3\t'];
    expect(decode(formats('CSV')!, pair, lines, options)).toEqual([
      "<1> <it's>",
      'no row',
      '<2> NULL',
      'NULL <y>',
      '<3> <>',
    ]);
    expect(() => {
      formats('csv')!.validate(new Map([['csv.field-delimiter', '::']]), []);
    }).toThrow('csv.field-delimiter must be a single character');
  });
});

describe('raw', () => {
  it('gives the record as text or bytes', () => {
    expect(decode(formats('raw')!, [['v', types.text]], ['a,"b"\n', Buffer.from([0xff])])).toEqual([
      '<a,"b"\n>',
      'refused: invalid byte sequence for encoding "UTF8"',
    ]);
    expect(decode(formats('raw')!, [['v', types.bytea]], [Buffer.from([0xff, 0])])).toEqual([
      '<\\xff00>',
    ]);
    expect(() => decode(formats('raw')!, pair, [])).toThrow('exactly one column');
  });
});

it('encodes rows as JSON without losing digits', () => {
  const kinds = [
    types.bigint,
    types.numeric,
    types.double,
    types.text,
    types.timestamptz,
    { kind: 'array', element: types.integer },
    types.bytea,
  ] as const;
  const row = [
    9007199254740993n,
    Decimal.parse('1.10'),
    NaN,
    'a"\n',
    0n,
    SqlArray.of([1, null]),
    new Uint8Array([255]),
  ];
  expect(encodeJsonRow(['__proto__', 'n', 'd', 't', 'z', 'l', 'y'], kinds, row)).toBe(
    '{"__proto__":9007199254740993,"n":1.10,"d":"NaN","t":"a\\"\\n","z":"1970-01-01 00:00:00Z","l":[1,null],"y":"/w=="}',
  );
  expect(encodeJsonRow(['z'], [types.timestamptz], [0n], { timestamps: 'ISO-8601' })).toBe(
    '{"z":"1970-01-01T00:00:00Z"}',
  );
});
