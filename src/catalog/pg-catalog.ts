/** The rows of pg_catalog: our objects as PostgreSQL's tools look for them. */

import { must } from '../base/assert.ts';
import { columnsEver, numberOf } from './column-numbers.ts';
import { SqlArray } from '../types/array.ts';
import type { Datum } from '../types/datum.ts';
import { formatType, oidOf, typeLength, typmodOf } from '../types/oid.ts';
import { pgTypeByOid } from '../types/pg-types.ts';
import type { SqlType } from '../types/sql-type.ts';
import { indexDefinition, indexesOf, primaryKeyName } from './indexes.ts';
import type { CatalogObject, IndexObject, RelationObject } from './objects.ts';
import { qualifiedName, quoteName } from './names.ts';
import type { SystemContext } from './system-context.ts';
import { allTypes, enumRow, pgEnum } from './enum-relations.ts';
import { sequenceRelations } from './sequence-relations.ts';
import { defaultText, sequencesOf } from './sequences.ts';
import type { SystemProvider, SystemRecord, SystemRelations } from './system-relations.ts';

/** Oids that PostgreSQL gives these, too. */
export const ownerOid = 10;
export const databaseOid = 5;
const heapOid = 2;
const btreeOid = 403;
const hashOid = 405;
const catalogOid = { class: 1259, namespace: 2615, type: 1247, database: 1262 } as const;

/** Indexes are not objects of ours, but a primary key shows one: its oid follows from the table's. */
const indexOidBase = 0x4000_0000;
const constraintOidBase = 0x5000_0000;
export const primaryKeyIndexOid = (table: number): number => indexOidBase + table;
export const primaryKeyOid = (table: number): number => constraintOidBase + table;

type Provider = SystemProvider<SystemContext>;

export interface ColumnRow {
  /** From 0 on; attnum is one more. */
  readonly number: number;
  readonly name: string;
  readonly type: SqlType;
  readonly notNull: boolean;
  readonly defaultSql: string | null;
  /** Oid of the sequence whose next value is the default. */
  readonly sequence?: number | undefined;
  readonly identity?: 'always' | 'by-default' | undefined;
  readonly generated: boolean;
  readonly comment: string | null;
}

/** Columns of any object, in one form. */
export function columnRows(object: CatalogObject): readonly ColumnRow[] {
  if (object.kind === 'table' || object.kind === 'source') {
    return object.columns.map((column, ordinal) => ({
      number: numberOf(object.columns, ordinal),
      name: column.name,
      type: column.type,
      notNull: column.notNull || object.primaryKey.includes(object.columns.indexOf(column)),
      defaultSql:
        column.identity !== undefined
          ? null
          : column.source === 'computed'
            ? column.computedSql
            : column.defaultSql,
      sequence: column.sequence,
      identity: column.identity,
      generated: column.source === 'computed',
      comment: column.comment,
    }));
  }
  return object.columns.map((column, number) => ({
    number,
    name: column.name,
    type: column.type,
    notNull: object.kind === 'virtual' && !column.nullable,
    defaultSql: null,
    generated: false,
    comment: column.comment,
  }));
}

export function relkindOf(object: RelationObject, context: SystemContext): string {
  switch (object.kind) {
    case 'table':
    case 'source':
      return 'r';
    case 'view':
      return 'v';
    case 'materialized-view':
      return 'm';
    case 'virtual':
      return context.systemRelkind(object.oid);
  }
}

export function primaryKeyOf(object: CatalogObject): readonly number[] {
  return object.kind === 'table' || object.kind === 'source' ? object.primaryKey : [];
}

const namespaceOf = (context: SystemContext, schema: string): number =>
  context.catalog.schema(schema)?.oid ?? 0;

const vector = (numbers: readonly number[]): SqlArray =>
  new SqlArray(
    numbers,
    numbers.length === 0 ? [] : [numbers.length],
    numbers.length === 0 ? [] : [0],
  );

/** The name of a relation's primary key. */
export const keyName = (object: CatalogObject): string =>
  primaryKeyName(object.kind === 'table' ? object : { name: object.name });

const pgNamespace: Provider = (context) =>
  context.catalog.schemas().map((schema) => ({
    oid: schema.oid,
    nspname: schema.name,
    nspowner: ownerOid,
  }));

const pgClass: Provider = function* (context) {
  for (const object of context.catalog.relations()) {
    const relkind = relkindOf(object, context);
    const rows = context.rowCount(object.oid);
    yield {
      oid: object.oid,
      relname: object.name,
      relnamespace: namespaceOf(context, object.schema),
      relowner: ownerOid,
      relam: relkind === 'r' || relkind === 'm' ? heapOid : 0,
      reltuples: rows ?? -1,
      relhasindex: hasIndex(object, context),
      relpersistence: object.schema.startsWith('pg_temp_') ? 't' : 'p',
      relkind,
      relnatts: object.kind === 'table' ? columnsEver(object) : object.columns.length,
      relchecks: object.kind === 'table' ? object.checks.length : 0,
      relhasrules: relkind === 'v' || relkind === 'm',
      relispopulated: true,
      relreplident: 'd',
    };
    if (primaryKeyOf(object).length > 0) yield primaryKeyClass(object, context);
    for (const index of indexesOf(context.catalog, object.oid))
      yield indexClass(index, rows, context);
  }
  for (const sequence of sequencesOf(context.catalog)) {
    yield {
      oid: sequence.oid,
      relname: sequence.name,
      relnamespace: namespaceOf(context, sequence.schema),
      relowner: ownerOid,
      reltuples: 1,
      relpersistence: 'p',
      relkind: 'S',
      relnatts: sequence.columns.length,
      relispopulated: true,
      relreplident: 'n',
    };
  }
};

function hasIndex(object: CatalogObject, { catalog }: SystemContext): boolean {
  return primaryKeyOf(object).length > 0 || indexesOf(catalog, object.oid).length > 0;
}

function indexClass(index: IndexObject, rows: number | null, context: SystemContext): SystemRecord {
  return {
    oid: index.oid,
    relname: index.name,
    relnamespace: namespaceOf(context, index.schema),
    relowner: ownerOid,
    relam: index.method === 'hash' ? hashOid : btreeOid,
    reltuples: rows ?? -1,
    relpersistence: 'p',
    relkind: 'i',
    relnatts: index.key.length,
    relispopulated: true,
    relreplident: 'n',
  };
}

function primaryKeyClass(object: CatalogObject, context: SystemContext): SystemRecord {
  return {
    oid: primaryKeyIndexOid(object.oid),
    relname: keyName(object),
    relnamespace: namespaceOf(context, object.schema),
    relowner: ownerOid,
    relam: btreeOid,
    reltuples: context.rowCount(object.oid) ?? -1,
    relpersistence: 'p',
    relkind: 'i',
    relnatts: primaryKeyOf(object).length,
    relispopulated: true,
    relreplident: 'n',
  };
}

const pgAttribute: Provider = function* (context) {
  for (const object of context.catalog.relations()) {
    const columns = columnRows(object);
    for (const column of columns) yield attribute(object.oid, column, column.number);
    const dropped = object.kind === 'table' ? (object.dropped ?? []) : [];
    for (const { number } of dropped) yield droppedAttribute(object.oid, number);
    const key = primaryKeyOf(object);
    for (const [index, ordinal] of key.entries()) {
      yield attribute(primaryKeyIndexOid(object.oid), columns[ordinal]!, index);
    }
    for (const index of indexesOf(context.catalog, object.oid)) {
      for (const [at, ordinal] of index.key.entries()) {
        yield attribute(index.oid, plainOf(columns[ordinal]!), at);
      }
    }
  }
};

/** The column as an index has it: neither NOT NULL nor a default is the index's. */
function plainOf(column: ColumnRow): ColumnRow {
  return { ...column, notNull: false, defaultSql: null, identity: undefined, generated: false };
}

function attribute(relation: number, column: ColumnRow, index: number): SystemRecord {
  const { type } = column;
  const row = pgTypeByOid(oidOf(type)) ?? enumRow(type);
  return {
    attrelid: relation,
    attname: column.name,
    atttypid: oidOf(type),
    attstattarget: -1,
    attlen: typeLength(type),
    attnum: index + 1,
    attndims: type.kind === 'array' ? 1 : 0,
    attcacheoff: -1,
    atttypmod: typmodOf(type),
    attbyval: row?.byValue ?? false,
    attalign: row?.align ?? 'i',
    attstorage: row?.storage ?? 'p',
    attnotnull: column.notNull,
    atthasdef: column.defaultSql !== null,
    attidentity: column.identity === undefined ? '' : column.identity === 'always' ? 'a' : 'd',
    attgenerated: column.generated ? 's' : '',
    attislocal: true,
    attcollation: row?.collation ?? 0,
  };
}

/** The place of a column that is gone, as PostgreSQL shows it. */
function droppedAttribute(relation: number, number: number): SystemRecord {
  return {
    attrelid: relation,
    attname: `........pg.dropped.${number + 1}........`,
    atttypid: 0,
    attstattarget: 0,
    attlen: -1,
    attnum: number + 1,
    attndims: 0,
    attcacheoff: -1,
    atttypmod: -1,
    attbyval: false,
    attalign: 'i',
    attstorage: 'x',
    attnotnull: false,
    atthasdef: false,
    attidentity: '',
    attgenerated: '',
    attisdropped: true,
    attislocal: true,
    attcollation: 0,
  };
}

const pgAttrdef: Provider = function* (context) {
  for (const object of context.catalog.relations()) {
    for (const column of columnRows(object)) {
      if (column.defaultSql === null) continue;
      // The text stands for the node tree: pg_get_expr gives it back.
      yield {
        oid: object.oid * 1000 + column.number,
        adrelid: object.oid,
        adnum: column.number + 1,
        adbin: defaultText(column, (oid) => shownName(context, oid)),
      };
    }
  }
};

/** A relation's name as its reader may write it: with its schema where the search path needs it. */
export function shownName({ catalog, searchPath }: SystemContext, oid: number): string {
  const { schema, name } = must(catalog.byOid(oid), `relation ${oid}`);
  const visible = catalog.findInPath(searchPath, name)?.oid === oid;
  return visible ? quoteName(name) : qualifiedName(schema, name);
}

const pgType: Provider = function* (context) {
  const proc = (name: string): number => context.procs.oidOf(name);
  for (const { type, schema } of allTypes(context)) {
    yield {
      oid: type.oid,
      typname: type.name,
      typnamespace: schema === null ? 11 : namespaceOf(context, schema),
      typowner: ownerOid,
      typlen: type.length,
      typbyval: type.byValue,
      typtype: type.type,
      typcategory: type.category,
      typispreferred: type.preferred,
      typisdefined: true,
      typdelim: type.delimiter,
      typsubscript: proc(type.subscript),
      typelem: type.elementOid,
      typarray: type.arrayOid,
      typinput: proc(type.input),
      typoutput: proc(type.output),
      typreceive: proc(type.receive),
      typsend: proc(type.send),
      typmodin: proc(type.typmodIn),
      typmodout: proc(type.typmodOut),
      typalign: type.align,
      typstorage: type.storage,
      typtypmod: -1,
      typcollation: type.collation,
    };
  }
};

const pgProc: Provider = (context) =>
  context.procs.procs.map((proc) => ({
    oid: proc.oid,
    proname: proc.name,
    pronamespace: 11,
    proowner: ownerOid,
    prolang: 12,
    procost: 1,
    prorows: proc.returnsSet ? 1000 : 0,
    provariadic: proc.variadic ? (proc.argumentOids.at(-1) ?? 0) : 0,
    prokind: proc.kind,
    proisstrict: proc.strict,
    proretset: proc.returnsSet,
    provolatile: proc.volatility,
    proparallel: 's',
    pronargs: proc.argumentOids.length,
    pronargdefaults: proc.optional,
    prorettype: proc.returnOid,
    proargtypes: vector(proc.argumentOids),
    prosrc: proc.name,
  }));

const pgIndex: Provider = function* (context) {
  for (const object of context.catalog.relations()) {
    const key = primaryKeyOf(object);
    if (key.length > 0) {
      yield {
        ...indexRow(object, key),
        indexrelid: primaryKeyIndexOid(object.oid),
        indisunique: true,
        indisprimary: true,
        indoption: vector(key.map(() => 0)),
      };
    }
    for (const index of indexesOf(context.catalog, object.oid)) {
      const options = index.order.map(
        ({ descending, nullsFirst }) => (descending ? 1 : 0) + (nullsFirst ? 2 : 0),
      );
      yield {
        ...indexRow(object, index.key),
        indexrelid: index.oid,
        indisunique: index.unique,
        indisprimary: false,
        indoption: vector(options),
      };
    }
  }
};

/** attnum of columns that are given by ordinal. */
function attributeNumbers(object: CatalogObject, key: readonly number[]): number[] {
  const columns = columnRows(object);
  return key.map((ordinal) => columns[ordinal]!.number + 1);
}

function indexRow(object: CatalogObject, key: readonly number[]): SystemRecord {
  return {
    indrelid: object.oid,
    indnatts: key.length,
    indnkeyatts: key.length,
    indimmediate: true,
    indisvalid: true,
    indisready: true,
    indislive: true,
    indkey: vector(attributeNumbers(object, key)),
    indcollation: vector(key.map(() => 0)),
    indclass: vector(key.map(() => 0)),
  };
}

const pgConstraint: Provider = function* (context) {
  for (const object of context.catalog.relations()) {
    const namespace = namespaceOf(context, object.schema);
    const base = {
      connamespace: namespace,
      convalidated: true,
      conrelid: object.oid,
      conislocal: true,
      connoinherit: true,
    };
    const key = primaryKeyOf(object);
    if (key.length > 0) {
      yield {
        ...base,
        oid: primaryKeyOid(object.oid),
        conname: keyName(object),
        contype: 'p',
        conindid: primaryKeyIndexOid(object.oid),
        conkey: new SqlArray(attributeNumbers(object, key)),
      };
    }
    for (const index of indexesOf(context.catalog, object.oid)) {
      if (!index.constraint) continue;
      yield {
        ...base,
        oid: constraintOidBase + index.oid,
        conname: index.name,
        contype: 'u',
        conindid: index.oid,
        conkey: new SqlArray(attributeNumbers(object, index.key)),
      };
    }
    if (object.kind !== 'table') continue;
    for (const [index, check] of object.checks.entries()) {
      yield {
        ...base,
        oid: constraintOidBase + object.oid * 1000 + index + 1,
        conname: check.name,
        contype: 'c',
        conbin: check.sql,
      };
    }
  }
};

const pgDescription: Provider = function* (context) {
  for (const object of context.catalog.relations()) {
    const base = { objoid: object.oid, classoid: catalogOid.class };
    if (object.comment !== null) yield { ...base, objsubid: 0, description: object.comment };
    for (const { number, comment } of columnRows(object)) {
      if (comment !== null) yield { ...base, objsubid: number + 1, description: comment };
    }
  }
  for (const schema of context.catalog.schemas()) {
    if (schema.comment === null) continue;
    yield {
      objoid: schema.oid,
      classoid: catalogOid.namespace,
      objsubid: 0,
      description: schema.comment,
    };
  }
};

const pgDatabase: Provider = (context) => [
  {
    oid: databaseOid,
    datname: context.database,
    datdba: ownerOid,
    encoding: 6,
    datlocprovider: 'c',
    datistemplate: false,
    datallowconn: true,
    datconnlimit: -1,
    dattablespace: 1663,
    datcollate: 'C',
    datctype: 'C.UTF-8',
  },
];

const role = (context: SystemContext): SystemRecord => ({
  oid: ownerOid,
  rolname: context.user,
  rolsuper: true,
  rolinherit: true,
  rolcreaterole: false,
  rolcreatedb: false,
  rolcanlogin: true,
  rolreplication: false,
  rolconnlimit: -1,
  rolbypassrls: true,
});

const pgUser: Provider = (context) => [
  {
    usename: context.user,
    usesysid: ownerOid,
    usecreatedb: false,
    usesuper: true,
    userepl: false,
    usebypassrls: true,
  },
];

const pgSettings: Provider = (context) =>
  context.settings().map((setting) => ({
    name: setting.name,
    setting: setting.value,
    category: 'Millrace',
    short_desc: setting.help,
    context: setting.readOnly ? 'internal' : 'user',
    vartype: setting.value === 'on' || setting.value === 'off' ? 'bool' : 'string',
    source: setting.value === setting.default ? 'default' : 'session',
    boot_val: setting.default,
    reset_val: setting.default,
    pending_restart: false,
  }));

const pgStatActivity: Provider = (context) =>
  context.sessions().map((session) => ({
    datid: databaseOid,
    datname: session.database,
    pid: session.pid,
    usesysid: ownerOid,
    usename: session.user,
    application_name: session.application,
    client_addr: session.address === '' ? null : session.address,
    backend_start: BigInt(session.startedMicros),
    query_start: BigInt(session.queryMicros),
    state: session.state,
    query: session.query,
    backend_type: 'client backend',
  }));

/** One plan serves all executions. */
const pgPreparedStatements: Provider = (context) =>
  context.statements().map((each) => ({
    name: each.name,
    statement: each.text,
    prepare_time: BigInt(each.preparedMicros),
    parameter_types: SqlArray.of(each.parameterOids),
    from_sql: each.fromSql,
    generic_plans: BigInt(each.uses),
    custom_plans: 0n,
  }));

const pgTables: Provider = (context) =>
  context.catalog
    .relations()
    .filter((object) => relkindOf(object, context) === 'r')
    .map((object) => ({
      schemaname: object.schema,
      tablename: object.name,
      tableowner: context.user,
      hasindexes: hasIndex(object, context),
      hasrules: false,
      hastriggers: false,
      rowsecurity: false,
    }));

const pgViews: Provider = (context) =>
  context.catalog.relations().flatMap((object) =>
    object.kind === 'view' || (object.kind === 'virtual' && relkindOf(object, context) === 'v')
      ? [
          {
            schemaname: object.schema,
            viewname: object.name,
            viewowner: context.user,
            definition: object.kind === 'view' ? `${object.querySql};` : null,
          },
        ]
      : [],
  );

const pgMatviews: Provider = (context) =>
  context.catalog.relations().flatMap((object) =>
    object.kind === 'materialized-view'
      ? [
          {
            schemaname: object.schema,
            matviewname: object.name,
            matviewowner: context.user,
            hasindexes: hasIndex(object, context),
            ispopulated: true,
            definition: `${object.querySql};`,
          },
        ]
      : [],
  );

const pgIndexes: Provider = (context) =>
  context.catalog.relations().flatMap((object) => {
    const base = { schemaname: object.schema, tablename: object.name };
    const declared = indexesOf(context.catalog, object.oid).map((index) => ({
      ...base,
      indexname: index.name,
      indexdef: indexDefinition(index, object),
    }));
    if (primaryKeyOf(object).length === 0) return declared;
    const key = { ...base, indexname: keyName(object), indexdef: keyDefinition(object) };
    return [key, ...declared];
  });

/** `CREATE UNIQUE INDEX …` of a primary key, as pg_get_indexdef prints it. */
export function keyDefinition(object: CatalogObject): string {
  const columns = columnRows(object);
  const key = primaryKeyOf(object).map((ordinal) => quoteName(columns[ordinal]!.name));
  return `CREATE UNIQUE INDEX ${quoteName(keyName(object))} ON ${qualifiedName(object.schema, object.name)} USING btree (${key.join(', ')})`;
}

const pgRewrite: Provider = (context) =>
  context.catalog.relations().flatMap((object) =>
    object.kind === 'view' || object.kind === 'materialized-view'
      ? [
          {
            oid: object.oid + 0x2000_0000,
            rulename: '_RETURN',
            ev_class: object.oid,
            ev_type: '1',
            ev_enabled: 'O',
            is_instead: true,
          },
        ]
      : [],
  );

/** The oid of pg_type. */
const typeCatalog = 1247;

const pgDepend: Provider = function* (context) {
  for (const { oid, owner } of sequencesOf(context.catalog)) {
    const table = owner === null ? undefined : context.catalog.byOid(owner.relation);
    if (owner === null || table === undefined) continue;
    yield {
      classid: catalogOid.class,
      objid: oid,
      refclassid: catalogOid.class,
      refobjid: table.oid,
      refobjsubid: table.columns.findIndex((column) => column.name === owner.column) + 1,
      deptype: owner.identity ? 'i' : 'a',
    };
  }
  for (const object of context.catalog.relations()) {
    if (object.kind !== 'view' && object.kind !== 'materialized-view') continue;
    for (const on of object.dependsOn) {
      yield {
        classid: 2618,
        objid: object.oid + 0x2000_0000,
        refclassid: context.catalog.byOid(on)?.kind === 'type' ? typeCatalog : catalogOid.class,
        refobjid: on,
        deptype: 'n',
      };
    }
  }
};

const statistics: Provider = (context) =>
  context.catalog
    .relations()
    .filter((object) => object.kind !== 'virtual' && relkindOf(object, context) !== 'v')
    .map((object) => ({
      relid: object.oid,
      schemaname: object.schema,
      relname: object.name,
      n_live_tup: BigInt(context.rowCount(object.oid) ?? 0),
    }));

const fixed =
  (...records: Readonly<Record<string, Datum>>[]): Provider =>
  () =>
    records;

const collation = (oid: number, name: string): Record<string, Datum> => ({
  oid,
  collname: name,
  collnamespace: 11,
  collowner: ownerOid,
  collprovider: oid === 100 ? 'd' : 'c',
  collisdeterministic: true,
  collencoding: -1,
});

export function providePgCatalog(system: SystemRelations<SystemContext>): void {
  const providers: readonly (readonly [string, Provider])[] = [
    ['pg_namespace', pgNamespace],
    ['pg_class', pgClass],
    ['pg_attribute', pgAttribute],
    ['pg_attrdef', pgAttrdef],
    ['pg_type', pgType],
    ['pg_proc', pgProc],
    ['pg_index', pgIndex],
    ['pg_constraint', pgConstraint],
    ['pg_description', pgDescription],
    ['pg_database', pgDatabase],
    ['pg_roles', (context) => [role(context)]],
    ['pg_user', pgUser],
    ['pg_settings', pgSettings],
    ['pg_stat_activity', pgStatActivity],
    ['pg_prepared_statements', pgPreparedStatements],
    ['pg_tables', pgTables],
    ['pg_views', pgViews],
    ['pg_matviews', pgMatviews],
    ['pg_indexes', pgIndexes],
    ['pg_rewrite', pgRewrite],
    ['pg_depend', pgDepend],
    ...sequenceRelations,
    ['pg_enum', pgEnum],
    ['pg_stat_user_tables', statistics],
    ['pg_stat_all_tables', statistics],
    ['pg_statio_user_tables', statistics],
    ['pg_statio_all_tables', statistics],
    [
      'pg_am',
      fixed(
        { oid: heapOid, amname: 'heap', amtype: 't' },
        { oid: btreeOid, amname: 'btree', amtype: 'i' },
        { oid: hashOid, amname: 'hash', amtype: 'i' },
      ),
    ],
    [
      'pg_language',
      fixed(
        { oid: 12, lanname: 'internal', lanowner: ownerOid },
        { oid: 14, lanname: 'sql', lanowner: ownerOid, lanpltrusted: true },
      ),
    ],
    [
      'pg_tablespace',
      fixed(
        { oid: 1663, spcname: 'pg_default', spcowner: ownerOid },
        { oid: 1664, spcname: 'pg_global', spcowner: ownerOid },
      ),
    ],
    [
      'pg_collation',
      fixed(collation(100, 'default'), collation(950, 'C'), collation(951, 'POSIX')),
    ],
  ];
  for (const [name, provider] of providers) system.provide(`pg_catalog.${name}`, provider);
}

/** `format_type` of a column. */
export function columnTypeText(column: ColumnRow): string {
  return formatType(column.type);
}
