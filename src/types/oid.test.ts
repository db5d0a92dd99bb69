import { PGlite } from '@electric-sql/pglite';
import { afterAll, describe, expect, it } from 'vitest';
import {
  formatType,
  formatTypeOid,
  identicalType,
  oidOf,
  sameType,
  typeFromOid,
  typeLength,
  typeName,
  typmodOf,
} from './oid.ts';
import { mapOid, pgTypeByName, pgTypes } from './pg-types.ts';
import { arrayOf, numeric, types, type SqlType } from './sql-type.ts';

const database = await PGlite.create();
afterAll(() => database.close());

describe('pg_type', () => {
  it('has PostgreSQL’s rows', async () => {
    // The judge in tests is a 32-bit build, where types of eight bytes go by reference.
    const result = await database.query<Record<string, unknown>>(
      `SELECT oid::int, typname AS name, typlen AS length, typbyval OR typlen = 8 AS "byValue",
         typcategory::text AS category, typispreferred AS preferred, typtype::text AS type,
         typalign::text AS align, typstorage::text AS storage, typarray::int AS "arrayOid",
         typelem::int AS "elementOid", typdelim::text AS delimiter, typinput::text AS input,
         typoutput::text AS output, typreceive::text AS receive, typsend::text AS send,
         typmodin::text AS "typmodIn", typmodout::text AS "typmodOut",
         typsubscript::text AS subscript, typcollation::int AS collation
       FROM pg_type WHERE oid = ANY ($1::oid[]) ORDER BY oid`,
      [pgTypes.map((type) => type.oid)],
    );
    const ours = pgTypes
      .filter((type) => type.oid !== mapOid && type.oid !== mapOid + 1)
      .sort((a, b) => a.oid - b.oid);
    expect(ours).toEqual(result.rows);
    expect(ours.length).toBeGreaterThan(70);
  });
});

const named: SqlType[] = [
  ...Object.values(types),
  { kind: 'varchar', length: 10 },
  { kind: 'char', length: 3 },
  { kind: 'char', length: null },
  numeric(10, 2),
  numeric(3, -3),
  numeric(1000, 1000),
  { kind: 'timestamp', precision: 3 },
  { kind: 'timestamptz', precision: 0 },
  { kind: 'time', precision: 6 },
  { kind: 'timetz', precision: 2 },
  arrayOf(types.integer),
  arrayOf(numeric(10, 2)),
  arrayOf({ kind: 'varchar', length: 5 }),
];

describe('types', () => {
  it('print as format_type prints them', async () => {
    for (const type of named) {
      const result = await database.query<{ text: string }>('SELECT format_type($1, $2) AS text', [
        oidOf(type),
        typmodOf(type),
      ]);
      expect(formatType(type)).toBe(result.rows[0]!.text);
    }
    expect(formatType({ kind: 'map', key: types.text, value: numeric(5, 1) })).toBe(
      'map(text,numeric(5,1))',
    );
    expect(formatType(arrayOf(arrayOf(types.text)))).toBe('text[]');
  });

  it('come back from OID and typmod', () => {
    for (const type of named) {
      const back = typeFromOid(oidOf(type), typmodOf(type))!;
      expect(back).toEqual(type);
      expect(identicalType(back, type)).toBe(true);
    }
    expect(typeFromOid(2276)).toBe(null);
    expect(typeFromOid(123456)).toBe(null);
  });

  it('have names and lengths', () => {
    expect([typeName(types.bigint), typeName(arrayOf(types.pgchar))]).toEqual(['int8', '_char']);
    expect([typeLength(types.uuid), typeLength(types.text), typeLength(types.unknown)]).toEqual([
      16, -1, -2,
    ]);
    expect(pgTypeByName('_timestamptz')?.oid).toBe(1185);
    expect(oidOf({ kind: 'row', fields: [] })).toBe(2249);
    expect([formatTypeOid(0, null), formatTypeOid(99999, -1), formatTypeOid(1042, null)]).toEqual([
      '-',
      '???',
      'character',
    ]);
  });

  it('are the same without modifiers, identical with them', () => {
    const short: SqlType = { kind: 'varchar', length: 1 };
    expect(sameType(short, types.varchar)).toBe(true);
    expect(identicalType(short, types.varchar)).toBe(false);
    expect(identicalType(numeric(5, 2), { kind: 'numeric', precision: 5, scale: 2 })).toBe(true);
    expect(sameType(arrayOf(types.text), arrayOf(types.integer))).toBe(false);
  });
});
