/** The JSON format's rules, case by case, each on the plain and on the generated road. */

import { describe, expect, it } from 'vitest';
import { emptyBatch } from '../types/batch.ts';
import { readRows } from '../types/column-access.ts';
import type { Datum } from '../types/datum.ts';
import type { Schema } from '../types/schema.ts';
import { arrayOf, numeric, types, type SqlType } from '../types/sql-type.ts';
import { formatText } from '../types/text-io.ts';
import type { EncodedRecords } from './format.ts';
import { jsonFormat } from './json.ts';

function encode(records: readonly (string | Uint8Array | null)[]): EncodedRecords {
  const parts = records.map((record) => (record === null ? null : Buffer.from(record)));
  const size = parts.reduce((sum, part) => sum + (part?.length ?? 0), 0);
  const bytes = Buffer.alloc(size + 16, 0x22);
  const valueStart = new Int32Array(parts.length);
  const valueEnd = new Int32Array(parts.length);
  let at = 0;
  parts.forEach((part, index) => {
    valueStart[index] = at;
    if (part !== null) at += part.copy(bytes, at);
    valueEnd[index] = part === null ? -1 : at;
  });
  return { bytes, valueStart, valueEnd };
}

interface Case {
  readonly columns: readonly (readonly [string, SqlType, 'not null'?])[];
  readonly options?: ReadonlyMap<string, string>;
  readonly codegen: boolean;
}

function decode(records: readonly (string | Uint8Array | null)[], given: Case) {
  const schema: Schema = given.columns.map(([name, type, notNull]) => ({
    name,
    type,
    nullable: notNull === undefined,
  }));
  const decoder = jsonFormat.createDecoder({
    schema,
    keys: schema.map((field) => field.name),
    columns: schema.map((_, index) => index),
    options: given.options ?? new Map(),
    codegen: given.codegen,
  });
  const batch = emptyBatch([]);
  const results: string[] = records.map(() => 'lost');
  const rowOf = new Map<number, number>();
  const encoded = encode(records);
  decoder.decode(encoded, 0, records.length, batch, {
    rows: (index, row, count) => {
      for (let i = 0; i < count; i++) rowOf.set(index + i, row + i);
    },
    refused: (index, reason) => (results[index] = `refused: ${reason}`),
  });
  const rows = readRows(
    batch,
    schema.map((field) => field.type),
  );
  for (const [index, row] of rowOf) {
    results[index] = rows[row]!.row.map((value, column) => show(value, schema[column]!.type)).join(
      ' | ',
    );
  }
  return { results, decoder, batch };
}

function show(value: Datum | null, type: SqlType): string {
  return value === null ? 'NULL' : formatText(value, type, { timeZone: 'UTC' });
}

const refusedAs = (part: string): unknown => expect.stringContaining(part) as unknown;

// Each list is decoded twice over, so that the generated road meets shapes it has learned.
describe.each([false, true])('json, generated code %s', (codegen) => {
  const run = (
    columns: Case['columns'],
    records: readonly (string | Uint8Array | null)[],
    options?: Case['options'],
  ): string[] => {
    const given = { columns, codegen, ...(options === undefined ? {} : { options }) };
    const twice = decode([...records, ...records], given).results;
    expect(twice.slice(records.length)).toEqual(twice.slice(0, records.length));
    return twice.slice(0, records.length);
  };

  it('keeps numbers exact, refuses what is out of range, and takes valid text', () => {
    const columns = [
      ['id', types.bigint],
      ['x', types.numeric],
      ['d', types.double],
    ] as const;
    expect(
      run(columns, [
        '{"id": 9007199254740993, "x": 0.1000000000000000055, "d": 1}',
        '{"id": 9007199254740993, "x": 0.1000000000000000055, "d": 1e400}',
        '{"id": 9223372036854775808, "x": 1, "d": 1}',
        '{"id": 1.0, "x": 1E2, "d": -0}',
        '{"id": "12", "x": "3.50", "d": "4"}',
        '{"id": 1.5, "x": 1, "d": 1}',
        '{"id": 9223372036854775807, "x": -0, "d": 0.1}',
        '{"id": -9223372036854775808, "x": -0.0, "d": 123456789012345678}',
        '{"id": 9007199254740991, "x": 1, "d": 1.7976931348623157e308}',
        '{"id": 012, "x": 1, "d": 1}',
        '{"id": -, "x": 1, "d": 1}',
        '{"id": +1, "x": 1, "d": 1}',
        '{"id": 1, "x": 1., "d": 1}',
        '{"id": 1, "x": 1, "d": .5}',
        '{"id": 1, "x": 1, "d": NaN}',
        '{"id": 1, "x": "NaN", "d": "NaN"}',
        '{"id": 1e1000000000, "x": 1, "d": 1}',
        '{"id": "0x10", "x": 1, "d": 1}',
      ]),
    ).toEqual([
      '9007199254740993 | 0.1000000000000000055 | 1',
      refusedAs('out of range for type double precision'),
      refusedAs('out of range for type bigint'),
      '1 | 100 | -0',
      '12 | 3.50 | 4',
      refusedAs('invalid input syntax for type bigint: "1.5"'),
      '9223372036854775807 | 0 | 0.1',
      '-9223372036854775808 | 0.0 | 1.2345678901234568e+17',
      '9007199254740991 | 1 | 1.7976931348623157e+308',
      refusedAs('invalid JSON'),
      refusedAs('invalid JSON'),
      refusedAs('invalid JSON'),
      refusedAs('invalid JSON'),
      refusedAs('invalid JSON'),
      refusedAs('invalid JSON'),
      '1 | NaN | NaN',
      refusedAs('out of range'),
      refusedAs('invalid input syntax'),
    ]);
  });

  it('treats special keys, duplicates, missing and null members as ordinary', () => {
    expect(
      run(
        [['k', types.integer]],
        [
          '{"k": 1, "k": 2}',
          '{"K": 1}',
          '{}',
          '{"k": null}',
          '{"k": {"__proto__": {"polluted": 1}}}',
          '{"__proto__": {"k": 5}}',
          '{"constructor": {"prototype": {"k": 6}}}',
          '{"\\u006b": 7}',
          '{}',
        ],
      ),
    ).toEqual([
      '2',
      'NULL',
      'NULL',
      'NULL',
      refusedAs('a JSON object cannot become a value of type integer'),
      'NULL',
      'NULL',
      '7',
      'NULL',
    ]);
    const plain = {} as { k?: unknown; polluted?: unknown };
    expect([plain.k, plain.polluted]).toEqual([undefined, undefined]);
    expect(run([['k', types.integer, 'not null']], ['{"k":1}', '{"k":null}', '{}'])).toEqual([
      '1',
      refusedAs('NOT NULL'),
      refusedAs('NOT NULL'),
    ]);
    expect(run([['__proto__', types.integer]], ['{"__proto__":3}'])).toEqual(['3']);
  });

  it('decodes escapes and refuses text that is not sound', () => {
    const bad = Buffer.concat([
      Buffer.from('{"v":"'),
      Buffer.from([0xc3, 0x28]),
      Buffer.from('"}'),
    ]);
    const overlong = Buffer.concat([
      Buffer.from('{"v":"abcdefgh'),
      Buffer.from([0xc0, 0xaf]),
      Buffer.from('"}'),
    ]);
    const bom = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from('{"v":"bom"}')]);
    expect(
      run(
        [['v', types.text]],
        [
          '{"v":"plain"}',
          '{"v":"\\ud83d\\ude00 \\n\\/\\"\\\\\\u00e9\\u20ac"}',
          '{"v":"\\ud83d"}',
          '{"v":"\\ude00"}',
          '{"v":"\\ud83d\\u0041"}',
          '{"v":"\\u0000"}',
          '{"v":"a\u0001"}',
          '{"v":"a\n"}',
          '{"v":"\\x41"}',
          bad,
          overlong,
          bom,
          '{"v":"é😀～ and more text"}',
          '{"v":""}',
          '{"v":"open}',
          '{"v":"x"} trailing',
          '{"v":"x"',
          '[1]',
          '"text"',
          'not json',
          '',
          null,
          '{"v":12.50}',
          '{"v":true}',
          '{"v":{"a": [1, "é"]}}',
        ],
      ),
    ).toEqual([
      'plain',
      '😀 \n/"\\é€',
      refusedAs('invalid JSON'),
      refusedAs('invalid JSON'),
      refusedAs('invalid JSON'),
      refusedAs('invalid JSON'),
      refusedAs('invalid JSON'),
      refusedAs('invalid JSON'),
      refusedAs('invalid JSON'),
      refusedAs('invalid byte sequence'),
      refusedAs('invalid byte sequence'),
      'bom',
      'é😀～ and more text',
      '',
      refusedAs('invalid JSON'),
      refusedAs('invalid JSON'),
      refusedAs('ends too early'),
      refusedAs('not a JSON object'),
      refusedAs('not a JSON object'),
      refusedAs('invalid JSON'),
      refusedAs('empty'),
      'refused: null value',
      '12.50',
      'true',
      '{"a": [1, "é"]}',
    ]);
  });

  it('bounds depth and size', () => {
    const deep = '['.repeat(100_000);
    const nested = (levels: number): string =>
      `{"x":${'['.repeat(levels)}${']'.repeat(levels)},"v":"ok"}`;
    const long = 'y'.repeat(10_000_000);
    const results = run(
      [['v', types.text]],
      [deep, `{"x":${deep}}`, nested(99), nested(100), `{"v":"${long}"}`, '{"v":"after"}'],
    );
    expect(results.slice(0, 4)).toEqual([
      refusedAs('deeper than 100'),
      refusedAs('deeper than 100'),
      'ok',
      refusedAs('deeper than 100'),
    ]);
    expect(results[4] === long).toBe(true);
    expect(results[5]).toBe('after');
    const limit = new Map([['json.max-record-bytes', '20']]);
    expect(
      run(
        [['v', types.text]],
        ['{"v":"a"}', `{"v":"${'b'.repeat(20)}"}`, '{"v":null}', '{"v":"c"}'],
        limit,
      ),
    ).toEqual(['a', refusedAs('more than json.max-record-bytes (20)'), 'NULL', 'c']);
  });

  it('reads times in both standards and refuses what is no time', () => {
    const columns = [
      ['t', types.timestamp],
      ['z', types.timestamptz],
      ['d', types.date],
    ] as const;
    const one = (t: string, z = t, d = '2024-02-29'): string =>
      `{"t":"${t}","z":"${z}","d":"${d}"}`;
    expect(
      run(columns, [
        one('2024-02-29 12:34:56.123456'),
        one('2024-02-29T12:34:56'),
        one('2024-02-29 12:34:56.1', '2024-02-29T12:34:56.100Z'),
        one('2024-02-29 00:00:00', '2024-02-29T01:00:00+01:00'),
        one('2024-02-29 24:00:00', '2023-12-31 23:59:60Z'),
        one('1969-12-31 23:59:59.999999'),
        one('2024-02-29 12:34:56.1234567'),
        one('2024-02-29 12:34:56.123456000'),
        one('2023-02-29 00:00:00'),
        one('2024-13-01 00:00:00'),
        one('2024-02-29 25:00:00'),
        one('now'),
        one('2024-02-29 12:34:5x'),
        '{"t":1700000000,"z":null,"d":null}',
        '{"t":null,"z":null,"d":null}',
        one('infinity', '-infinity', 'infinity'),
      ]),
    ).toEqual([
      '2024-02-29 12:34:56.123456 | 2024-02-29 12:34:56.123456+00 | 2024-02-29',
      '2024-02-29 12:34:56 | 2024-02-29 12:34:56+00 | 2024-02-29',
      '2024-02-29 12:34:56.1 | 2024-02-29 12:34:56.1+00 | 2024-02-29',
      '2024-02-29 00:00:00 | 2024-02-29 00:00:00+00 | 2024-02-29',
      '2024-03-01 00:00:00 | 2024-01-01 00:00:00+00 | 2024-02-29',
      '1969-12-31 23:59:59.999999 | 1969-12-31 23:59:59.999999+00 | 2024-02-29',
      '2024-02-29 12:34:56.123457 | 2024-02-29 12:34:56.123457+00 | 2024-02-29',
      '2024-02-29 12:34:56.123456 | 2024-02-29 12:34:56.123456+00 | 2024-02-29',
      refusedAs('column "t"'),
      refusedAs('column "t"'),
      refusedAs('column "t"'),
      refusedAs('column "t"'),
      refusedAs('column "t"'),
      refusedAs('a JSON number cannot become a value of type timestamp'),
      'NULL | NULL | NULL',
      'infinity | -infinity | infinity',
    ]);
  });

  it('reads nested values by name', () => {
    const row: SqlType = {
      kind: 'row',
      fields: [
        { name: 'a', type: types.bigint },
        { name: 'B', type: types.text },
      ],
    };
    expect(
      run(
        [
          ['r', row],
          ['l', arrayOf(types.integer)],
          ['m', { kind: 'map', key: types.text, value: types.integer }],
          ['j', types.jsonb],
        ],
        [
          '{"r":{"B":"x","a":9007199254740993,"c":0},"l":[1,null,3],"m":{"k":1,"k":2},"j":{"b":1.10,"a":[]}}',
          '{"r":null,"l":[[1,2],[3,4]],"m":{},"j":null}',
          '{"r":{},"l":[],"m":null,"j":"s"}',
          '{"r":{},"l":[[1],[2,3]],"m":null,"j":1}',
          '{"r":[1],"l":[],"m":null,"j":1}',
        ],
      ).map((result) => result.replace(/ \| [^|]*(?= \| [^|]*$)/, '')),
    ).toEqual([
      '(9007199254740993,x) | {1,NULL,3} | {"a": [], "b": 1.10}',
      'NULL | {{1,2},{3,4}} | NULL',
      '(,) | {} | "s"',
      refusedAs('not rectangular'),
      refusedAs('a JSON array cannot become a value of type row'),
    ]);
  });

  it('scales decimals and checks lengths and booleans', () => {
    expect(
      run(
        [
          ['n', numeric(7, 2)],
          ['v', { kind: 'varchar', length: 3 }],
          ['b', types.boolean],
          ['s', types.smallint],
        ],
        [
          '{"n":12345.67,"v":"abc","b":true,"s":-32768}',
          '{"n":-0.5,"v":"日本語","b":false,"s":1}',
          '{"n":1.005,"v":"a","b":"TRUE","s":"7"}',
          '{"n":99999.994,"v":null,"b":null,"s":null}',
          '{"n":100000,"v":null,"b":null,"s":1}',
          '{"n":99999.995,"v":null,"b":null,"s":1}',
          '{"n":1.10,"v":"abcd","b":true,"s":1}',
          '{"n":1,"v":"a","b":1,"s":1}',
          '{"n":1,"v":"a","b":true,"s":32768}',
          '{"n":"12.5","v":"a","b":true,"s":3.0}',
          '{"n":12.3400,"v":"a","b":true,"s":3}',
        ],
      ),
    ).toEqual([
      '12345.67 | abc | t | -32768',
      '-0.50 | 日本語 | f | 1',
      '1.01 | a | t | 7',
      '99999.99 | NULL | NULL | NULL',
      refusedAs('numeric field overflow'),
      refusedAs('numeric field overflow'),
      refusedAs('value too long'),
      refusedAs('boolean'),
      refusedAs('out of range for type smallint'),
      '12.50 | a | t | 3',
      '12.34 | a | t | 3',
    ]);
  });

  it('honours the missing-field and parse-error options', () => {
    const columns = [
      ['a', types.integer],
      ['b', types.integer],
    ] as const;
    const records = ['{"a":1,"b":2}', '{"a":1}', '{"a":"x","b":2}', '{', '{"a":null,"b":3}'];
    expect(run(columns, records, new Map([['json.fail-on-missing-field', 'true']]))).toEqual([
      '1 | 2',
      refusedAs('column "b": the key is missing'),
      refusedAs('invalid input syntax for type integer: "x"'),
      refusedAs('invalid JSON'),
      'NULL | 3',
    ]);
    expect(run(columns, records, new Map([['json.ignore-parse-errors', 'true']]))).toEqual([
      '1 | 2',
      '1 | NULL',
      'NULL | 2',
      refusedAs('invalid JSON'),
      'NULL | 3',
    ]);
    const both = new Map([
      ['json.fail-on-missing-field', 'true'],
      ['json.ignore-parse-errors', 'true'],
    ]);
    expect(() => {
      jsonFormat.validate(both, []);
    }).toThrow('cannot both be true');
  });
});

describe('the generated road', () => {
  it('takes all regular records but the first, and follows a change of shape', () => {
    const columns = [
      ['a', types.bigint],
      ['b', types.text],
    ] as const;
    const first = Array.from({ length: 50 }, (_, i) => `{"a":${i},"b":"x${i}"}`);
    const second = Array.from({ length: 50 }, (_, i) => `{ "b": "y\\t${i}", "z": [1], "a": ${i} }`);
    const mixed = [...first, ...second, ...first.map((_, i) => (i % 2 ? first[i]! : second[i]!))];
    const { results, decoder } = decode(mixed, { columns, codegen: true });
    expect(results[49]).toBe('49 | x49');
    expect(results[99]).toBe('49 | y\t49');
    expect(results[149]).toBe('49 | x49');
    expect(decoder.counters).toEqual({ fast: 150 - 1 - 16, slow: 17, refused: 0 });
  });

  it('keeps the key bytes out of the source', () => {
    const name = 'a"); throw 1; ("`${x}';
    const { results, decoder } = decode(
      Array.from({ length: 3 }, (_, i) => JSON.stringify({ [name]: i })),
      { columns: [[name, types.integer]], codegen: true },
    );
    expect(results).toEqual(['0', '1', '2']);
    const [source] = (decoder as unknown as { sources(): string[] }).sources();
    expect(source).toContain('getInt32');
    expect(source).not.toContain('throw');
  });

  it('leaves no trace of a record that another shape or the slow path takes over', () => {
    const columns = [
      ['a', types.integer],
      ['b', types.integer],
    ] as const;
    // The second record fails after its NULL was written; the third fills the same row.
    const { results } = decode(['{"a":1,"b":1}', '{"a":null,"b":[]}', '{"a":3,"b":3}'], {
      columns,
      codegen: true,
    });
    expect(results[2]).toBe('3 | 3');
  });

  it('appends over several calls with different bytes', () => {
    const decoder = jsonFormat.createDecoder({
      schema: [{ name: 'v', type: types.text, nullable: true }],
      keys: ['v'],
      columns: [0],
      options: new Map(),
      codegen: true,
    });
    const batch = emptyBatch([]);
    const sink = { rows: () => undefined, refused: () => undefined };
    for (const text of ['one', 'tw\\u006f', 'three', 'four']) {
      decoder.decode(encode([`{"v":"${text}"}`]), 0, 1, batch, sink);
    }
    expect(readRows(batch, [types.text]).map(({ row }) => row[0])).toEqual([
      'one',
      'two',
      'three',
      'four',
    ]);
  });
});
