import { describe, expect, it } from 'vitest';
import { formatType } from './oid.ts';
import { parseTypeText, resolveTypeName } from './type-names.ts';

const named = (name: string, ...modifiers: number[]) => {
  const type = resolveTypeName(name, modifiers);
  return type === null ? null : formatType(type);
};

describe('type names', () => {
  it.each([
    ['int8', 'bigint'],
    ['int', 'integer'],
    ['double precision', 'double precision'],
    ['float', 'double precision'],
    ['string', 'text'],
    ['bytes', 'bytea'],
    ['tinyint', 'smallint'],
    ['timestamp_ltz', 'timestamp with time zone'],
    ['timestamp without time zone', 'timestamp without time zone'],
    ['char', 'character(1)'],
    ['"char"', '"char"'],
    ['pg_catalog.char', '"char"'],
    ['bpchar', 'bpchar'],
    ['_int4', 'integer[]'],
    ['pg_catalog.bool', 'boolean'],
    ['national character varying', 'character varying'],
    ['constructor', null],
    ['__proto__', null],
    ['money', null],
  ])('%s', (name, printed) => expect(named(name)).toBe(printed));

  it('take modifiers', () => {
    expect(named('decimal', 10, 2)).toBe('numeric(10,2)');
    expect(named('dec', 10)).toBe('numeric(10,0)');
    expect(named('varchar', 5)).toBe('character varying(5)');
    expect(named('varchar', 2147483647)).toBe('character varying');
    expect(named('timestamp', 9)).toBe('timestamp(6) without time zone');
    expect(named('timestamp_ltz', 3)).toBe('timestamp(3) with time zone');
    expect([named('float', 24), named('float', 25)]).toEqual(['real', 'double precision']);
    expect(resolveTypeName('decimal', [10, 2])).toMatchObject({ fixedScale: 2 });
    expect(resolveTypeName('decimal', [16, 2])).not.toHaveProperty('fixedScale');
  });

  it.each([
    ['numeric', [0], 'NUMERIC precision 0 must be between 1 and 1000'],
    ['numeric', [5, 1001], 'NUMERIC scale 1001 must be between -1000 and 1000'],
    ['numeric', [1, 2, 3], 'invalid NUMERIC type modifier'],
    ['varchar', [0], 'length for type varchar must be at least 1'],
    ['char', [10485761], 'length for type char cannot exceed 10485760'],
    ['timestamp', [-1], 'TIMESTAMP(-1) precision must not be negative'],
    ['float', [54], 'precision for type float must be less than 54 bits'],
    ['integer', [4], 'type modifier is not allowed for type "integer"'],
  ])('%s(%s) is refused', (name, modifiers, message) => {
    expect(() => resolveTypeName(name, modifiers)).toThrow(message);
  });

  it('read whole types back', () => {
    for (const text of [
      'numeric(10,2)[]',
      'timestamp(3) without time zone',
      'timestamp with time zone[]',
      'character varying(10)',
      '"char"',
      'double precision',
    ]) {
      expect(formatType(parseTypeText(text)!)).toBe(text);
    }
    expect(formatType(parseTypeText(' INT [ ] '.replace(' ]', ']').replace('[ ', '['))!)).toBe(
      'integer[]',
    );
    expect(parseTypeText('no such type')).toBe(null);
    expect(parseTypeText('int(')).toBe(null);
  });
});
