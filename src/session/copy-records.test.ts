/** Records of COPY data, in whatever pieces it comes. */

import { describe, expect, test } from 'vitest';

import { SqlError } from '../base/errors.ts';
import { SeededRandom } from '../base/random.ts';
import { CopyRecords } from './copy-records.ts';
import type { CopyOptions } from './session-api.ts';

const csv: CopyOptions = {
  format: 'csv',
  header: false,
  delimiter: ',',
  nullText: '',
  quote: '"',
  escape: '"',
};
const text: CopyOptions = { ...csv, format: 'text', delimiter: '\t', nullText: '\\N' };

type Fields = readonly (string | null)[];

function read(options: CopyOptions, data: string, size: () => number, lengthMax?: number) {
  const records = new CopyRecords(options, lengthMax);
  const bytes = Buffer.from(data, 'utf8');
  const found: Fields[] = [];
  for (let at = 0; at < bytes.length;) {
    const next = at + size();
    for (const { fields } of records.push(bytes.subarray(at, next))) found.push(fields);
    at = next;
  }
  for (const { fields } of records.end()) found.push(fields);
  return found;
}

function csvText(fields: Fields, escape: string): string {
  return fields
    .map((field) =>
      field === null
        ? ''
        : `"${field.replaceAll(/["\\]/g, (c) => {
            return c === '"' || c === escape ? escape + c : c;
          })}"`,
    )
    .join(',');
}

const spelled: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\\': '\\\\',
  é: '\\303\\xa9',
};

function plainText(fields: Fields): string {
  return fields
    .map((field) => (field === null ? '\\N' : [...field].map((c) => spelled[c] ?? c).join('')))
    .join('\t');
}

describe('what was written comes back, in pieces of any size', () => {
  test.each(['"', '\\'])('CSV with the escape %s', (escape) => {
    const random = new SeededRandom(7);
    for (let round = 0; round < 60; round++) {
      const rows = randomRows(random);
      const data = rows.map((row) => `${csvText(row, escape)}\n`).join('');
      const most = pick(random, [1, 5, 100, 100_000]);
      expect(read({ ...csv, escape }, data, () => 1 + random.below(most))).toEqual(rows);
    }
  });

  test('text', () => {
    const random = new SeededRandom(8);
    for (let round = 0; round < 60; round++) {
      const rows = randomRows(random);
      const data = rows.map((row) => `${plainText(row)}\r\n`).join('');
      const most = pick(random, [1, 5, 100, 100_000]);
      expect(read(text, data, () => 1 + random.below(most))).toEqual(rows);
    }
  });
});

function pick<T>(random: SeededRandom, from: readonly T[]): T {
  return from[random.below(from.length)]!;
}

function randomRows(random: SeededRandom): Fields[] {
  const field = (): string | null => {
    if (random.below(8) === 0) return null;
    const length = random.below(20) === 0 ? 3000 : random.below(8);
    return Array.from({ length }, () => pick(random, [...'ab,"\\\n\r\té;.'])).join('');
  };
  return Array.from({ length: 1 + random.below(30) }, () => [field(), field(), field()]);
}

describe('one long field in many pieces', () => {
  const length = 6_000_000;

  // Copied whole with each piece it would be 70 GB.
  test('of CSV takes time in proportion to its length', () => {
    const field = 'x""\n'.repeat(length / 4);
    const [[value] = []] = read(csv, `"${field}"\n`, () => 256);
    expect(value).toBe('x"\n'.repeat(length / 4));
  });

  test('of text takes time in proportion to its length', () => {
    const [[value] = []] = read(text, `${'x\\n.'.repeat(length / 4)}\n`, () => 256);
    expect(value).toBe('x\n.'.repeat(length / 4));
  });
});

test('a record that is too long is refused before its end has come', () => {
  const records = new CopyRecords(csv, 100);
  expect([...records.push(Buffer.from(`1,${'x'.repeat(98)}\n2,"`))]).toHaveLength(1);
  expect([...records.push(Buffer.from('y\n'.repeat(48)))]).toEqual([]);
  let error: unknown = null;
  try {
    [...records.push(Buffer.from('yy'))];
  } catch (caught) {
    error = caught;
  }
  expect(error).toBeInstanceOf(SqlError);
  expect((error as SqlError).code).toBe('54000');
  expect(() => read(csv, `1,${'x'.repeat(99)}\n`, () => 1000, 100)).toThrow('too long');
});
