import { describe, expect, it } from 'vitest';
import { SqlMap } from './array.ts';
import { compareDatums, compareNullable, equalDatums, lookupMap, sameDatums } from './compare.ts';
import type { Datum } from './datum.ts';
import { edgeCases, mapSample, rowSample } from './samples.ts';
import { arrayOf, types, type SqlType } from './sql-type.ts';
import { formatText, parseText } from './text-io.ts';

function sorted(type: SqlType, ...texts: string[]): string[] {
  return texts
    .map((text) => parseText(text, type))
    .sort((a, b) => compareDatums(a, b, type))
    .map((value) => formatText(value, type));
}

describe('order', () => {
  it('of text is by code point', () => {
    expect(sorted(types.text, '～', '😀', 'z', 'Z')).toEqual(['Z', 'z', '～', '😀']);
  });

  it('of numbers puts NaN last', () => {
    const texts = ['NaN', '0', 'Infinity', '-Infinity', '-1'];
    expect(sorted(types.double, ...texts)).toEqual(['-Infinity', '-1', '0', 'Infinity', 'NaN']);
    expect(sorted(types.numeric, ...texts)).toEqual(['-Infinity', '-1', '0', 'Infinity', 'NaN']);
  });

  it('of jsonb is PostgreSQL’s', () => {
    const texts = ['{"a":1}', '[1]', 'true', '2', '"b"', 'null', '[]', '{}', '[0,0]', 'false'];
    expect(sorted(types.jsonb, ...texts).join(' < ')).toBe(
      '[] < null < "b" < 2 < false < true < [1] < [0, 0] < {} < {"a": 1}',
    );
  });

  it('of arrays goes element by element, then by length, NULL last', () => {
    const texts = ['{2}', '{1,NULL}', '{1,2}', '{}', '{1}', '{NULL}', '[0:0]={1}'];
    expect(sorted(arrayOf(types.integer), ...texts).join(' ')).toBe(
      '{} [0:0]={1} {1} {1,2} {1,NULL} {2} {NULL}',
    );
  });

  it('of rows goes field by field, NULL last', () => {
    expect(sorted(rowSample, '(2,a)', '(1,)', '(,a)', '(1,b)').join(' ')).toBe(
      '(1,b) (1,) (2,a) (,a)',
    );
  });

  it('of timetz is by instant, then east first', () => {
    expect(sorted(types.timetz, '10:00+00', '11:00+01', '09:00-02').join(' ')).toBe(
      '11:00:00+01 10:00:00+00 09:00:00-02',
    );
  });

  it.each(edgeCases)('is total and consistent for %o', (type, values) => {
    for (const a of values) {
      expect(compareDatums(a, a, type)).toBe(0);
      for (const b of values) {
        const forward = Math.sign(compareDatums(a, b, type));
        expect(Math.sign(compareDatums(b, a, type)) + forward).toBe(0);
        for (const c of values) {
          if (forward <= 0 && compareDatums(b, c, type) <= 0) {
            expect(compareDatums(a, c, type)).toBeLessThanOrEqual(0);
          }
        }
      }
    }
  });

  it('of sort keys follows direction and place of NULLs', () => {
    const order = (descending: boolean, nullsFirst: boolean) =>
      [1, null, 2]
        .sort((a, b) => compareNullable(a, b, types.integer, { descending, nullsFirst }))
        .join();
    expect(order(false, false)).toBe('1,2,');
    expect(order(true, true)).toBe(',2,1');
    expect(order(true, false)).toBe('2,1,');
  });
});

describe('equality', () => {
  const equal = (type: SqlType, a: string, b: string) =>
    equalDatums(parseText(a, type), parseText(b, type), type);

  it('does not see spelling', () => {
    expect(equal(types.numeric, '1.0', '1.00')).toBe(true);
    expect(equal(types.double, '0', '-0')).toBe(true);
    expect(equal(types.double, 'NaN', 'NaN')).toBe(true);
    expect(equal(types.interval, '1 month', '30 days')).toBe(true);
    expect(equal({ kind: 'char', length: 3 }, 'a', 'a  ')).toBe(true);
    expect(equal(types.jsonb, '{"b":1,"a":2}', '{"a":2,"b":1.0}')).toBe(true);
  });

  it('sees trailing blanks and case of text, and normal forms', () => {
    expect(equal(types.text, 'a', 'a ')).toBe(false);
    expect(equal(types.text, 'a', 'A')).toBe(false);
    expect(equal(types.text, 'é', 'e\u0301')).toBe(false);
  });

  it('of NULLs is IS NOT DISTINCT FROM', () => {
    expect(sameDatums(null, null, types.integer)).toBe(true);
    expect(sameDatums(null, 0, types.integer)).toBe(false);
  });

  it('of maps does not see the order of entries', () => {
    const entries: [Datum, Datum | null][] = [
      ['a', 1],
      ['b', null],
    ];
    const map = new SqlMap(entries);
    expect(equalDatums(map, new SqlMap(entries.toReversed()), mapSample)).toBe(true);
    expect(lookupMap(map, 'b', types.text)).toBe(null);
    expect(lookupMap(map, 'c', types.text)).toBe(undefined);
  });
});
