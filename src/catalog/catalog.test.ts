/** The catalog: names, search path, dependencies, snapshots, stored bytes. */

import { describe, expect, it } from 'vitest';
import { SqlError } from '../base/errors.ts';
import { types } from '../types/sql-type.ts';
import { Catalog, firstUserOid } from './catalog.ts';
import { effectivePath, parseQualifiedName, parseSearchPath, qualifiedName } from './names.ts';
import type {
  CatalogObject,
  MaterializedViewObject,
  PlainViewObject,
  SourceObject,
  TableObject,
} from './objects.ts';
import { decodeObject, encodeObject } from './store.ts';
import { EnumRegistry } from '../types/enum-labels.ts';

const base = { schema: 'public', comment: null, sql: '' } as const;

function table(catalog: Catalog, name: string, schema = 'public'): TableObject {
  const made: TableObject = {
    ...base,
    schema,
    kind: 'table',
    oid: catalog.allocateOid(),
    name,
    columns: [],
    primaryKey: [],
    checks: [],
    watermark: null,
  };
  catalog.create(made);
  return made;
}

function view(catalog: Catalog, name: string, dependsOn: readonly number[]): PlainViewObject {
  const made: PlainViewObject = {
    ...base,
    kind: 'view',
    oid: catalog.allocateOid(),
    name,
    columns: [],
    querySql: 'SELECT',
    dependsOn,
    temporary: false,
  };
  catalog.create(made);
  return made;
}

const codeOf = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    if (error instanceof SqlError) return error.code;
    throw error;
  }
  return 'none';
};

const visible = (): boolean => true;

describe('the catalog', () => {
  it('gives oids to objects, never twice', () => {
    const catalog = new Catalog();
    const first = table(catalog, 'a');
    expect(first.oid).toBe(firstUserOid);
    catalog.drop({ objects: [first], schemas: [], cascaded: [] });
    expect(table(catalog, 'a').oid).toBe(firstUserOid + 1);
  });

  it('refuses taken names and schemas that do not exist', () => {
    const catalog = new Catalog();
    table(catalog, 'a');
    expect(codeOf(() => table(catalog, 'a'))).toBe('42P07');
    expect(codeOf(() => table(catalog, 'a', 'nope'))).toBe('3F000');
    expect(
      codeOf(() => catalog.createSchema({ kind: 'schema', oid: 1, name: 'public', comment: null })),
    ).toBe('42P06');
  });

  it('finds names along a path, and names that are special in JavaScript', () => {
    const catalog = new Catalog();
    catalog.createSchema({ kind: 'schema', oid: catalog.allocateOid(), name: 's', comment: null });
    const inPublic = table(catalog, '__proto__');
    const inS = table(catalog, '__proto__', 's');
    expect(catalog.findInPath(['s', 'public'], '__proto__')).toBe(inS);
    expect(catalog.findInPath(['nope', 'public'], '__proto__')).toBe(inPublic);
    expect(catalog.find('public', 'constructor')).toBe(undefined);
    expect(catalog.find('constructor', 'a')).toBe(undefined);
  });

  it('raises its version with each change', () => {
    const catalog = new Catalog();
    const before = catalog.version;
    const made = table(catalog, 'a');
    expect(catalog.version).toBeGreaterThan(before);
    const then = catalog.version;
    catalog.replace({ ...made, comment: 'x' });
    expect(catalog.version).toBeGreaterThan(then);
  });

  it('renames, and the old name is free', () => {
    const catalog = new Catalog();
    const made = table(catalog, 'a');
    catalog.replace({ ...made, name: 'b' });
    expect(catalog.find('public', 'a')).toBe(undefined);
    expect(catalog.find('public', 'b')?.oid).toBe(made.oid);
    table(catalog, 'a');
    expect(codeOf(() => catalog.replace({ ...made, name: 'a' }))).toBe('42P07');
  });

  it('drops in an order in which nothing is left hanging', () => {
    const catalog = new Catalog();
    const t = table(catalog, 't');
    const v1 = view(catalog, 'v1', [t.oid]);
    const v2 = view(catalog, 'v2', [v1.oid, t.oid]);
    expect(codeOf(() => catalog.planDrop([t], false, visible))).toBe('2BP01');
    expect(codeOf(() => catalog.planDrop([t, v1, v2], false, visible))).toBe('none');
    const plan = catalog.planDrop([t], true, visible);
    expect(plan.objects.map((each) => each.name)).toEqual(['v2', 'v1', 't']);
    expect(plan.cascaded.map((each) => each.name)).toEqual(['v1', 'v2']);
    catalog.drop(plan);
    expect(catalog.objects()).toEqual([]);
  });

  it('goes back to a snapshot', () => {
    const catalog = new Catalog();
    table(catalog, 'a');
    const before = catalog.snapshot();
    const { oid } = table(catalog, 'b');
    catalog.restore(before);
    expect(catalog.objects().map((each) => each.name)).toEqual(['a']);
    expect(catalog.allocateOid()).toBeGreaterThan(oid);
  });

  it('moves objects with their schema', () => {
    const catalog = new Catalog();
    const made = table(catalog, 'a');
    catalog.replaceSchema({ ...catalog.schema('public')!, name: 'p' });
    expect(catalog.find('p', 'a')?.oid).toBe(made.oid);
    expect(catalog.schema('public')).toBe(undefined);
  });

  it('goes on with stored oids after a restart', () => {
    const catalog = new Catalog();
    const other = new Catalog();
    const made = table(other, 'a');
    catalog.load([], [made], other.nextOid + 5);
    expect(catalog.allocateOid()).toBe(other.nextOid + 5);
    expect(catalog.find('public', 'a')).toEqual(made);
  });
});

describe('names', () => {
  it.each([
    ['public, "My Schema"', ['public', 'My Schema']],
    ['"$user", Public', ['ann', 'public']],
    ['', []],
    ['"a""b"', ['a"b']],
  ])('search path %s', (text, path) => {
    expect(parseSearchPath(text, 'ann')).toEqual(path);
  });

  it.each(['a,,b', '"', 'a b', '""'])('search path %s is refused', (text) => {
    expect(codeOf(() => parseSearchPath(text, 'ann'))).toBe('22023');
  });

  it('looks through the temporary schema and pg_catalog first', () => {
    expect(effectivePath(['public'])).toEqual(['pg_catalog', 'public']);
    expect(effectivePath(['public', 'pg_catalog'])).toEqual(['public', 'pg_catalog']);
    expect(effectivePath(['public'], 'pg_temp_1')).toEqual(['pg_temp_1', 'pg_catalog', 'public']);
  });

  it('parses and prints qualified names', () => {
    expect(parseQualifiedName('Pg_Class')).toEqual(['pg_class']);
    expect(parseQualifiedName('public."A.b"')).toEqual(['public', 'A.b']);
    expect(codeOf(() => parseQualifiedName('a.'))).toBe('42602');
    expect(qualifiedName('public', 'A"b')).toBe('public."A""b"');
  });
});

describe('stored objects', () => {
  const column = {
    name: 'a',
    declaredName: 'A',
    type: { kind: 'array', element: { kind: 'numeric', precision: 10, scale: 2, fixedScale: 2 } },
    notNull: true,
    defaultSql: null,
    source: 'physical',
    computedSql: null,
    metadataKey: null,
    comment: 'x',
  } as const;
  const source: SourceObject = {
    ...base,
    kind: 'source',
    oid: 5,
    name: '__proto__',
    columns: [column],
    primaryKey: [0],
    watermark: { column: 0, sql: 'a' },
    connector: 'kafka',
    format: 'json',
    options: new Map([['__proto__', 'x']]),
    formatOptions: new Map(),
    startPositions: new Map([['0', 42]]),
  };
  const materialized: MaterializedViewObject = {
    ...base,
    kind: 'materialized-view',
    oid: 6,
    name: 'm',
    columns: [{ name: 'a', type: types.text, nullable: false, time: 'event', comment: null }],
    querySql: 'SELECT 1',
    dependsOn: [5],
    emit: 'window-close',
    appendOnly: true,
    key: [0],
    fingerprint: 'f',
  };

  it.each<CatalogObject>([source, materialized])('come back as they were', (object) => {
    expect(decodeObject(encodeObject(object), new EnumRegistry())).toEqual(object);
  });

  it('begin with a version; a newer one is refused', () => {
    const bytes = encodeObject(materialized);
    expect(bytes[0]).toBe(1);
    bytes[0] = 2;
    expect(codeOf(() => decodeObject(bytes, new EnumRegistry()))).toBe('55000');
  });

  it('are refused when damaged', () => {
    const bytes = encodeObject(source);
    expect(codeOf(() => decodeObject(bytes.subarray(0, 20), new EnumRegistry()))).toBe('XX001');
    expect(codeOf(() => decodeObject(new Uint8Array(), new EnumRegistry()))).toBe('XX001');
    const other = new TextEncoder().encode(' {"kind":"nope","oid":1,"name":"x"}');
    other[0] = 1;
    expect(codeOf(() => decodeObject(other, new EnumRegistry()))).toBe('XX001');
  });
});
