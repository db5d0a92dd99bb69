/**
 * text-io.cases.txt holds [type, input, output] a line, verified against PostgreSQL 15 with TimeZone UTC;
 * an output that starts with "! " is the SQLSTATE, message, D:detail and H:hint of the error.
 */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { must } from '../base/assert.ts';
import { SqlError } from '../base/errors.ts';
import { SqlMap } from './array.ts';
import { arrayOf, numeric, types, type SqlType } from './sql-type.ts';
import { formatText, parseText, type TextIoOptions } from './text-io.ts';
import { parseTypeText } from './type-names.ts';

function roundTrip(text: string, type: SqlType, io: TextIoOptions = {}): string {
  try {
    return formatText(parseText(text, type, io), type, io);
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    const { detail, hint } = error.fields;
    const rest = (detail ? ` D:${detail}` : '') + (hint ? ` H:${hint}` : '');
    return `! ${error.code} ${error.message}${rest}`;
  }
}

describe('text of every type is what PostgreSQL reads and prints', () => {
  const lines = readFileSync(new URL('./text-io.cases.txt', import.meta.url), 'utf8');
  const cases = lines
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as [string, string, string]);
  const names = [...new Set(cases.map(([name]) => name))];
  it.each(names)('%s', (name) => {
    const type = must(parseTypeText(name), `no type ${name}`);
    for (const [, input, output] of cases.filter((each) => each[0] === name)) {
      const actual = roundTrip(input, type, { timeZone: 'UTC', now: 0n });
      expect(`${input} → ${actual}`).toBe(`${input} → ${output}`);
    }
  });
});

describe('text of types', () => {
  it('limits varchar(n) and pads char(n), cutting blanks alone', () => {
    expect(roundTrip('ab  ', { kind: 'varchar', length: 3 })).toBe('ab ');
    expect(roundTrip('😀b', { kind: 'char', length: 4 })).toBe('😀b  ');
    expect(roundTrip('abcd', { kind: 'varchar', length: 3 })).toBe(
      '! 22001 value too long for type character varying(3)',
    );
    expect(roundTrip('abcd', { kind: 'char', length: 3 })).toBe(
      '! 22001 value too long for type character(3)',
    );
  });

  it('refuses NUL and lone surrogates in text', () => {
    expect(roundTrip('a\0b', types.text)).toBe(
      '! 22021 invalid byte sequence for encoding "UTF8": 0x00',
    );
    expect(roundTrip('\ud83d', types.text)).toBe(
      '! 22021 invalid byte sequence for encoding "UTF8": 0xed 0xa0 0xbd',
    );
  });

  it('reads and prints rows', () => {
    const fields = [types.integer, types.text, types.text, types.text];
    const type: SqlType = {
      kind: 'row',
      fields: fields.map((field, index) => ({ name: `f${index}`, type: field })),
    };
    expect(roundTrip('(1,"a b",,"")', type)).toBe('(1,"a b",,"")');
    expect(roundTrip('(1,a"b c""\\)"d,x\\,y,z)', type)).toBe('(1,"ab c"")d","x,y",z)');
    expect(roundTrip('(1,2,3)', type)).toBe(
      '! 22P02 malformed record literal: "(1,2,3)" D:Too few columns.',
    );
    expect(roundTrip('(1,2,3,4,5)', type)).toBe(
      '! 22P02 malformed record literal: "(1,2,3,4,5)" D:Too many columns.',
    );
    expect(roundTrip('(1,2,3,4)x', type)).toBe(
      '! 22P02 malformed record literal: "(1,2,3,4)x" D:Junk after right parenthesis.',
    );
  });

  it('reads and prints maps as JSON objects', () => {
    const type: SqlType = { kind: 'map', key: types.text, value: arrayOf(types.integer) };
    expect(roundTrip('{"b": "{1,NULL}", "__proto__": null}', type)).toBe(
      '{"b": "{1,NULL}", "__proto__": null}',
    );
    const amounts: SqlType = { kind: 'map', key: types.integer, value: numeric(10, 2) };
    expect(roundTrip('{"7": 1.5}', amounts)).toBe('{"7": 1.50}');
    expect(
      formatText(new SqlMap([[1, 2]]), { kind: 'map', key: types.integer, value: types.date }),
    ).toBe('{"1": "1970-01-03"}');
  });

  it('knows names for reg types through the options alone', () => {
    const io: TextIoOptions = {
      nameOfOid: (_, oid) => (oid === 16400 ? 'orders' : null),
      lookupOid: (_, name) => (name === 'orders' ? 16400 : null),
    };
    expect(roundTrip('orders', types.regclass, io)).toBe('orders');
    expect(roundTrip('16401', types.regclass, io)).toBe('16401');
    expect(roundTrip('-', types.regclass, io)).toBe('-');
  });

  it('follows the session: zone, styles, float digits', () => {
    const berlin = { timeZone: 'Europe/Berlin' };
    expect(roundTrip('2024-07-01 10:00', types.timestamptz, berlin)).toBe('2024-07-01 10:00:00+02');
    expect(roundTrip('2024-01-02', types.date, { dateStyle: 'German, DMY' })).toBe('02.01.2024');
    expect(roundTrip('1/2/2024', types.date, { dateStyle: 'SQL, DMY' })).toBe('01/02/2024');
    expect(
      roundTrip('2024-07-01 10:00:00.5', types.timestamptz, {
        dateStyle: 'Postgres, MDY',
        timeZone: 'America/New_York',
      }),
    ).toBe('Mon Jul 01 10:00:00.5 2024 EDT');
    expect(roundTrip('0.1', types.double, { extraFloatDigits: -10 })).toBe('0.1');
    expect(roundTrip('123456789.5', types.double, { extraFloatDigits: -10 })).toBe('1.2346e+08');
    expect(roundTrip('today', types.date, { now: 86400000000n })).toBe('1970-01-02');
    expect(roundTrip('\\x5c00', types.bytea, { byteaOutput: 'escape' })).toBe('\\\\\\000');
  });

  it('has no input for anonymous records', () => {
    expect(roundTrip('(1)', types.record)).toBe(
      '! 0A000 input of anonymous composite types is not implemented',
    );
    expect(formatText([1, 'a b', null, true], types.record)).toBe('(1,"a b",,t)');
  });
});
