/**
 * Virtual relations: definitions parsed from system-columns.ts, rows from providers. A provider gives
 * records by column name; a column it leaves out is NULL, or the empty value of its type where the column
 * is NOT NULL. A relation without a provider is empty, as most of them are in PostgreSQL.
 */

import { assert, must } from '../base/assert.ts';
import { SqlArray } from '../types/array.ts';
import type { Datum, Row } from '../types/datum.ts';
import { arrayOf, types, type SqlType } from '../types/sql-type.ts';
import type { Catalog } from './catalog.ts';
import type { ViewColumn, VirtualRelation } from './objects.ts';
import { informationSchemaColumns, pgCatalogColumns } from './system-columns.ts';

/** A row as a provider gives it. Keys are column names of ours. */
export type SystemRecord = Readonly<Record<string, Datum | null>>;

export type SystemProvider<Context> = (context: Context) => Iterable<SystemRecord>;

const typeByName = new Map<string, SqlType>([
  ['name', types.name],
  ['oid', types.oid],
  ['boolean', types.boolean],
  ['varchar', types.varchar],
  ['integer', types.integer],
  ['bigint', types.bigint],
  ['text', types.text],
  ['"char"', types.pgchar],
  ['regproc', types.regproc],
  ['regtype', types.regtype],
  ['timestamptz', types.timestamptz],
  ['timestamp', types.timestamp],
  ['smallint', types.smallint],
  ['xid', types.xid],
  ['real', types.real],
  ['float8', types.double],
  ['numeric', types.numeric],
  ['bytea', types.bytea],
  ['interval', types.interval],
  ['jsonb', types.jsonb],
  ['int2vector', types.int2vector],
  ['oidvector', types.oidvector],
  // Types that only PostgreSQL's own machinery fills; always NULL here.
  ['pg_node_tree', types.text],
  ['pg_lsn', types.text],
  ['inet', types.text],
  ['pg_ndistinct', types.text],
  ['pg_dependencies', types.text],
  ['pg_mcv_list', types.text],
  ['aclitem', types.text],
  ['pg_statistic', types.text],
  ['anyarray', types.text],
]);

function typeNamed(name: string): SqlType {
  if (name.endsWith('[]')) return arrayOf(typeNamed(name.slice(0, -2)));
  return must(typeByName.get(name), `system column type ${name}`);
}

export interface SystemDefinition {
  readonly relation: VirtualRelation;
  /** pg_class.relkind as PostgreSQL has it: r or v. */
  readonly relkind: string;
}

/** Definitions in the text form of system-columns.ts. */
export function parseDefinitions(schema: string, text: string): SystemDefinition[] {
  const found: { name: string; oid: number; relkind: string; columns: string }[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    if (line.startsWith(' ')) {
      found[found.length - 1]!.columns += ` ${line.trim()}`;
      continue;
    }
    const [name, oid, relkind] = line.split(' ');
    found.push({ name: name!, oid: Number(oid), relkind: relkind!, columns: '' });
  }
  return found.map(({ name, oid, relkind, columns }) => ({
    relkind,
    relation: {
      kind: 'virtual',
      oid,
      schema,
      name,
      comment: null,
      sql: '',
      columns: columns.trim().split(', ').map(parseColumn),
    },
  }));
}

function parseColumn(text: string): ViewColumn {
  const at = text.indexOf(' ');
  const notNull = text.endsWith('!');
  const type = typeNamed(text.slice(at + 1, notNull ? -1 : undefined));
  return { name: text.slice(0, at), type, nullable: !notNull, comment: null };
}

/** All virtual relations of one engine: what they are and how their rows are made. */
export class SystemRelations<Context> {
  readonly #definitions = new Map<number, SystemDefinition>();
  readonly #providers = new Map<string, SystemProvider<Context>>();

  /** Registers the system schemas' relations with the catalog. */
  constructor(catalog: Catalog) {
    this.define(catalog, parseDefinitions('pg_catalog', pgCatalogColumns));
    this.define(catalog, parseDefinitions('information_schema', informationSchemaColumns));
  }

  define(catalog: Catalog, definitions: readonly SystemDefinition[]): void {
    for (const definition of definitions) {
      catalog.registerVirtual(definition.relation);
      this.#definitions.set(definition.relation.oid, definition);
    }
  }

  /** `name` is qualified, e.g. `pg_catalog.pg_class`. */
  provide(name: string, provider: SystemProvider<Context>): void {
    const known = [...this.#definitions.values()].some(
      ({ relation }) => `${relation.schema}.${relation.name}` === name,
    );
    assert(known, `no system relation ${name}`);
    this.#providers.set(name, provider);
  }

  relkind(oid: number): string {
    return this.#definitions.get(oid)?.relkind ?? 'v';
  }

  *rows(oid: number, context: Context): Iterable<Row> {
    const { relation } = must(this.#definitions.get(oid), `system relation ${oid}`);
    const provider = this.#providers.get(`${relation.schema}.${relation.name}`);
    if (provider === undefined) return;
    for (const record of provider(context)) {
      yield relation.columns.map((column) => record[column.name] ?? emptyValue(column));
    }
  }
}

/** NULL, or for a NOT NULL column what PostgreSQL has where there is nothing to say. */
function emptyValue(column: ViewColumn): Datum | null {
  if (column.nullable) return null;
  switch (column.type.kind) {
    case 'boolean':
      return false;
    case 'bigint':
      return 0n;
    case 'pgchar':
    case 'name':
    case 'text':
    case 'varchar':
      return '';
    case 'int2vector':
    case 'oidvector':
    case 'array':
      return new SqlArray([]);
    case 'timestamptz':
      return 0n;
    default:
      return 0;
  }
}
