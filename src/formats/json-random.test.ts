/**
 * Random records with random damage: the generated decoder must agree with the plain one record for
 * record, reasons included, and whatever JSON.parse cannot read must be refused. Seeded.
 */

import { describe, expect, it } from 'vitest';
import { SeededRandom, type Random } from '../base/random.ts';
import { emptyBatch } from '../types/batch.ts';
import { readRows } from '../types/column-access.ts';
import type { Datum } from '../types/datum.ts';
import type { Schema } from '../types/schema.ts';
import { numeric, types, type RowType, type SqlType } from '../types/sql-type.ts';
import { formatText } from '../types/text-io.ts';
import type { EncodedRecords, FieldPath } from './format.ts';
import { jsonFormat } from './json.ts';

const schema: Schema = [
  { name: 'id', type: types.bigint, nullable: true },
  { name: 'n', type: types.integer, nullable: true },
  { name: 'price', type: numeric(9, 3), nullable: true },
  { name: 'ratio', type: types.double, nullable: true },
  { name: 'ok', type: types.boolean, nullable: true },
  { name: 'name', type: types.text, nullable: true },
  { name: 'größe', type: types.text, nullable: false },
  { name: 'at', type: types.timestamp, nullable: true },
  { name: 'day', type: types.date, nullable: true },
  { name: 'any', type: types.jsonb, nullable: true },
];

const texts = [
  '',
  'a',
  'plain text',
  'é',
  '日本語 text',
  'q"uote',
  'back\\slash',
  'tab\t',
  '😀',
  'null',
];

function anyOf<T>(random: Random, list: readonly T[]): T {
  return list[random.below(list.length)]!;
}

/** Mostly the first of each list, so that most records are regular but for a value or two. */
function value(random: Random, name: string): string {
  const pick = <T>(from: Random, list: readonly T[]): T =>
    list[from.below(10) === 0 ? from.below(list.length) : 0]!;
  if (random.below(40) === 0)
    return anyOf(random, ['null', '"x"', '1', 'true', '{}', '[1,{"a":2}]', '-1.5e3']);
  const small = String(random.below(1000) - 500);
  switch (name) {
    case 'id':
      return pick(random, [
        small,
        '9007199254740993',
        '-9007199254740991',
        '1e3',
        `"${small}"`,
        '9'.repeat(19),
      ]);
    case 'n':
      return pick(random, [
        small,
        '2147483647',
        '-2147483648',
        '2147483648',
        '1.0',
        '0',
        '-0',
        '00',
        '9'.repeat(10),
      ]);
    case 'price':
      return pick(random, [
        small,
        `${small}.5`,
        '0.123',
        '0.1234',
        '999999.999',
        '1000000',
        '-0.0',
        '1.',
        '12.500000',
        '"1.5"',
      ]);
    case 'ratio':
      return pick(random, [
        small,
        `${small}.25`,
        '0.1',
        '1e308',
        '1e309',
        '-0',
        '123456789012345678',
        '3.141592653589793',
        '1E-7',
      ]);
    case 'ok':
      return pick(random, ['true', 'false', 'tru', '"true"', 'truefalse']);
    case 'at':
      return pick(random, [
        `"2024-0${1 + random.below(9)}-15 1${random.below(10)}:00:00.${random.below(1000)}"`,
        '"2024-02-30 00:00:00"',
        '"2024-02-29T23:59:59Z"',
        '"2024-02-29 23:59"',
      ]);
    case 'day':
      return pick(random, ['"2024-02-29"', '"2023-02-29"', '"0001-01-01"', '"2024-1-1"']);
    case 'any':
      return pick(random, ['{"b":[1,2.50],"a":"\\u00e9"}', '"x"', '[]', '1.10', 'true']);
    default: {
      const text = JSON.stringify(anyOf(random, texts) + anyOf(random, texts));
      return random.below(4) === 0 ? text.replace(/é/g, '\\u00e9') : text;
    }
  }
}

function record(random: Random): string {
  const names = schema.map((field) => field.name);
  if (random.below(9) === 0) names.reverse();
  if (random.below(20) === 0) names.splice(random.below(names.length), 1);
  if (random.below(20) === 0)
    names.splice(random.below(names.length), 0, anyOf(random, ['extra', 'id', 'name']));
  const [comma, colon] = anyOf(random, [
    [',', ':'],
    [',', ':'],
    [',', ':'],
    [', ', ': '],
  ] as const);
  return `{${names.map((name) => JSON.stringify(name) + colon + value(random, name)).join(comma)}}`;
}

function damaged(random: Random, bytes: Buffer): Buffer {
  const at = random.below(bytes.length);
  switch (random.below(16)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
    case 2: {
      const copy = Buffer.from(bytes);
      copy[at] = random.below(256);
      return copy;
    }
    case 3:
      return Buffer.concat([
        bytes.subarray(0, at),
        Buffer.from(anyOf(random, [' ', '"', '\\', '\n', '{', '0', '\u0000'])),
        bytes.subarray(at),
      ]);
    default:
      return bytes;
  }
}

function encode(parts: readonly Buffer[]): EncodedRecords {
  const bytes = Buffer.concat([...parts, Buffer.from('"}]0123456789"}]')]);
  const valueStart = new Int32Array(parts.length);
  const valueEnd = new Int32Array(parts.length);
  let at = 0;
  parts.forEach((part, index) => {
    valueStart[index] = at;
    valueEnd[index] = at += part.length;
  });
  return { bytes, valueStart, valueEnd };
}

interface Reading {
  readonly schema: Schema;
  readonly columns: readonly number[];
  readonly fields?: readonly FieldPath[];
  readonly checked?: readonly FieldPath[];
  readonly codegen: boolean;
}

/** What became of each record: its values, or why it was refused. */
function decodeAll(records: EncodedRecords, reading: Reading) {
  const decoder = jsonFormat.createDecoder({
    ...reading,
    keys: reading.schema.map((field) => field.name),
    options: new Map(),
  });
  const columnTypes = [
    ...reading.columns.map((column) => reading.schema[column]!.type),
    ...(reading.fields ?? []).map((field) => typeAt(reading.schema, field)),
  ];
  const results: (string | (Datum | null)[])[] = [];
  const count = records.valueStart.length;
  const step = 100;
  for (let from = 0; from < count; from += step) {
    const batch = emptyBatch([]);
    const rowOf = new Map<number, number>();
    decoder.decode(records, from, Math.min(count, from + step), batch, {
      rows: (index, row, count) => {
        for (let i = 0; i < count; i++) rowOf.set(row + i, index + i);
      },
      refused: (index, reason) => (results[index] = reason),
    });
    readRows(batch, columnTypes).forEach(({ row }, at) => {
      results[rowOf.get(at)!] = [...row];
    });
  }
  return { results, counters: decoder.counters };
}

function typeAt(of: Schema, { ordinal, path }: FieldPath): SqlType {
  let { type } = of[ordinal]!;
  for (const index of path) type = (type as RowType).fields[index]!.type;
  return type;
}

function shown(results: ReturnType<typeof decodeAll>['results'], columnTypes: readonly SqlType[]) {
  return results.map((result) => {
    if (typeof result === 'string') return result;
    const texts = result.map((each, column) =>
      each === null ? 'NULL' : formatText(each, columnTypes[column]!),
    );
    return texts.join(' | ');
  });
}

describe('random records', () => {
  it.each([1, 2, 3, 4, 5, 6])('agree on both roads, seed %i', (seed) => {
    const random = new SeededRandom(seed);
    const parts = Array.from({ length: 3000 }, () => damaged(random, Buffer.from(record(random))));
    const records = encode(parts);
    const columns = schema.map((_, index) => index).filter(() => seed < 3 || random.below(2) === 0);
    const columnTypes = columns.map((column) => schema[column]!.type);
    const plain = decodeAll(records, { schema, columns, codegen: false });
    const generated = decodeAll(records, { schema, columns, codegen: true });
    expect(shown(generated.results, columnTypes)).toEqual(shown(plain.results, columnTypes));
    expect(generated.results.length).toBe(parts.length);
    expect(generated.counters.fast).toBeGreaterThan(400);
    expect(generated.counters.refused).toBe(plain.counters.refused);
    parts.forEach((part, index) => {
      let readable = true;
      try {
        JSON.parse(part.toString('utf8'));
      } catch {
        readable = false;
      }
      if (!readable)
        expect(String(plain.results[index])).toMatch(/invalid|too early|empty|not a JSON object/);
    });
  });

  it.each([11, 12, 13, 14])('read field by field say what whole ones say, seed %i', (seed) => {
    const random = new SeededRandom(seed);
    const inner = { name: 'inner', type: { kind: 'row', fields: rowFields(schema) } as const };
    const nested: Schema = [
      { name: 'kind', type: types.integer, nullable: true },
      { name: 'left', type: { kind: 'row', fields: rowFields(schema) }, nullable: true },
      {
        name: 'right',
        type: { kind: 'row', fields: [inner, { name: 'n', type: types.integer }] },
        nullable: seed % 2 === 0,
      },
    ];
    const parts = Array.from({ length: 3000 }, () =>
      damaged(random, Buffer.from(nestedRecord(random))),
    );
    const records = encode(parts);
    const leaves: FieldPath[] = [
      ...schema.map((_, index) => ({ ordinal: 1, path: [index] })),
      ...schema.map((_, index) => ({ ordinal: 2, path: [0, index] })),
      { ordinal: 2, path: [1] },
    ];
    const read = leaves.map(() => random.below(3) > 0);
    const fields = leaves.filter((_, i) => read[i]!);
    const checked = leaves.filter((_, i) => !read[i]!);
    const whole = decodeAll(records, { schema: nested, columns: [0, 1, 2], codegen: false });
    const asFields = whole.results.map((result) =>
      typeof result === 'string'
        ? result
        : [result[0]!, ...fields.map(({ ordinal, path }) => at(result[ordinal]!, path))],
    );
    const columnTypes = [types.integer, ...fields.map((field) => typeAt(nested, field))];
    for (const codegen of [false, true]) {
      const reading = { schema: nested, columns: [0], fields, checked, codegen };
      const { results, counters } = decodeAll(records, reading);
      expect(shown(results, columnTypes)).toEqual(shown(asFields, columnTypes));
      if (codegen) expect(counters.fast).toBeGreaterThan(300);
    }
  });
});

function rowFields(fields: Schema): { readonly name: string; readonly type: SqlType }[] {
  return fields.map(({ name, type }) => ({ name, type }));
}

/** A field of a composite value; NULL in a NULL one. */
function at(value: Datum | null, path: readonly number[]): Datum | null {
  let inside = value;
  for (const index of path) {
    if (inside === null) return null;
    inside = (inside as readonly (Datum | null)[])[index] ?? null;
  }
  return inside;
}

function nestedRecord(random: Random): string {
  const object = (): string => (random.below(3) === 0 ? 'null' : record(random));
  const right = random.below(8) === 0 ? 'null' : `{"inner":${object()},"n":${random.below(9)}}`;
  const members = [`"kind":${random.below(3)}`, `"left":${object()}`, `"right":${right}`];
  if (random.below(15) === 0) members.push(`"left":${object()}`);
  if (random.below(15) === 0) members.splice(random.below(3), 1);
  if (random.below(40) === 0) members.push('"right":[1]', '"more":{"left":1}');
  return `{${members.join(',')}}`;
}
