/**
 * The rows of information_schema. Materialized views stand in `tables` and `columns` as views, although
 * PostgreSQL leaves its own out, because many tools look nowhere else.
 */

import type { Datum } from '../types/datum.ts';
import { typeName } from '../types/oid.ts';
import { formatType } from '../types/oid.ts';
import type { SqlType } from '../types/sql-type.ts';
import type { RelationObject } from './objects.ts';
import {
  type ColumnRow,
  columnRows,
  keyName,
  primaryKeyOf,
  relkindOf,
  shownName,
} from './pg-catalog.ts';
import { informationSequences } from './sequence-relations.ts';
import { defaultText, sequencesOf } from './sequences.ts';
import type { SystemContext } from './system-context.ts';
import type { SystemProvider, SystemRecord, SystemRelations } from './system-relations.ts';

type Provider = SystemProvider<SystemContext>;

function tableType(object: RelationObject, context: SystemContext): string {
  if (object.schema.startsWith('pg_temp_')) return 'LOCAL TEMPORARY';
  return relkindOf(object, context) === 'r' ? 'BASE TABLE' : 'VIEW';
}

const schemata: Provider = (context) =>
  context.catalog.schemas().map((schema) => ({
    catalog_name: context.database,
    schema_name: schema.name,
    schema_owner: context.user,
  }));

const tables: Provider = (context) =>
  context.catalog.relations().map((object) => ({
    table_catalog: context.database,
    table_schema: object.schema,
    table_name: object.name,
    table_type: tableType(object, context),
    is_insertable_into: object.kind === 'table' ? 'YES' : 'NO',
    is_typed: 'NO',
  }));

const views: Provider = (context) =>
  context.catalog
    .relations()
    .filter((object) => tableType(object, context) === 'VIEW')
    .map((object) => ({
      table_catalog: context.database,
      table_schema: object.schema,
      table_name: object.name,
      view_definition: 'querySql' in object ? `${object.querySql};` : null,
      check_option: 'NONE',
      is_updatable: 'NO',
      is_insertable_into: 'NO',
      is_trigger_updatable: 'NO',
      is_trigger_deletable: 'NO',
      is_trigger_insertable_into: 'NO',
    }));

const columns: Provider = function* (context) {
  for (const object of context.catalog.relations()) {
    for (const column of columnRows(object)) {
      yield {
        table_catalog: context.database,
        table_schema: object.schema,
        table_name: object.name,
        column_name: column.name,
        ordinal_position: column.number + 1,
        column_default:
          column.generated || column.identity !== undefined
            ? null
            : defaultText(column, (oid) => shownName(context, oid)),
        is_nullable: column.notNull ? 'NO' : 'YES',
        ...typeColumns(column.type),
        udt_catalog: context.database,
        udt_schema: 'pg_catalog',
        udt_name: typeName(column.type),
        dtd_identifier: String(column.number + 1),
        is_self_referencing: 'NO',
        ...identityColumns(context, column),
        is_generated: column.generated ? 'ALWAYS' : 'NEVER',
        generation_expression: column.generated ? column.defaultSql : null,
        is_updatable: object.kind === 'table' ? 'YES' : 'NO',
      };
    }
  }
};

function identityColumns(context: SystemContext, column: ColumnRow): SystemRecord {
  const sequence = sequencesOf(context.catalog).find((each) => each.oid === column.sequence);
  if (column.identity === undefined || sequence === undefined) {
    return { is_identity: 'NO', identity_cycle: 'NO' };
  }
  return {
    is_identity: 'YES',
    identity_generation: column.identity === 'always' ? 'ALWAYS' : 'BY DEFAULT',
    identity_start: sequence.start,
    identity_increment: sequence.increment,
    identity_maximum: sequence.max,
    identity_minimum: sequence.min,
    identity_cycle: sequence.cycle ? 'YES' : 'NO',
  };
}

/** data_type and the length, precision and scale columns that go with it. */
function typeColumns(type: SqlType): Record<string, Datum | null> {
  switch (type.kind) {
    case 'array':
      return { data_type: 'ARRAY' };
    case 'varchar':
    case 'char':
      return {
        data_type: type.kind === 'char' ? 'character' : 'character varying',
        character_maximum_length: type.length,
        character_octet_length: type.length === null ? 1073741824 : type.length * 4,
      };
    case 'text':
      return { data_type: 'text', character_octet_length: 1073741824 };
    case 'numeric':
      return {
        data_type: 'numeric',
        numeric_precision: type.precision,
        numeric_precision_radix: 10,
        numeric_scale: type.scale,
      };
    case 'smallint':
      return integerColumns('smallint', 16);
    case 'integer':
      return integerColumns('integer', 32);
    case 'bigint':
      return integerColumns('bigint', 64);
    case 'real':
      return { data_type: 'real', numeric_precision: 24, numeric_precision_radix: 2 };
    case 'double':
      return { data_type: 'double precision', numeric_precision: 53, numeric_precision_radix: 2 };
    case 'time':
    case 'timetz':
    case 'timestamp':
    case 'timestamptz':
      return {
        data_type: formatType({ ...type, precision: null }),
        datetime_precision: type.precision ?? 6,
      };
    case 'date':
      return { data_type: 'date', datetime_precision: 0 };
    case 'interval':
      return { data_type: 'interval', datetime_precision: 6 };
    default:
      return { data_type: formatType(type) };
  }
}

function integerColumns(name: string, bits: number): Record<string, Datum> {
  return {
    data_type: name,
    numeric_precision: bits,
    numeric_precision_radix: 2,
    numeric_scale: 0,
  };
}

const keyed = (context: SystemContext): readonly RelationObject[] =>
  context.catalog.relations().filter((object) => primaryKeyOf(object).length > 0);

const tableConstraints: Provider = function* (context) {
  for (const object of keyed(context)) {
    yield {
      ...constraintNames(context, object),
      table_catalog: context.database,
      table_schema: object.schema,
      table_name: object.name,
      constraint_type: 'PRIMARY KEY',
      is_deferrable: 'NO',
      initially_deferred: 'NO',
      enforced: object.kind === 'table' ? 'YES' : 'NO',
      nulls_distinct: 'YES',
    };
  }
};

function constraintNames(context: SystemContext, object: RelationObject): Record<string, Datum> {
  return {
    constraint_catalog: context.database,
    constraint_schema: object.schema,
    constraint_name: keyName(object),
  };
}

const keyColumns: Provider = function* (context) {
  for (const object of keyed(context)) {
    const all = columnRows(object);
    for (const [index, ordinal] of primaryKeyOf(object).entries()) {
      yield {
        ...constraintNames(context, object),
        table_catalog: context.database,
        table_schema: object.schema,
        table_name: object.name,
        column_name: all[ordinal]!.name,
        ordinal_position: index + 1,
      };
    }
  }
};

export function provideInformationSchema(system: SystemRelations<SystemContext>): void {
  const providers: readonly (readonly [string, Provider])[] = [
    ['information_schema_catalog_name', (context) => [{ catalog_name: context.database }]],
    ['schemata', schemata],
    ['tables', tables],
    ['views', views],
    ['columns', columns],
    ['table_constraints', tableConstraints],
    ['sequences', informationSequences],
    ['key_column_usage', keyColumns],
    ['constraint_column_usage', keyColumns],
    ['enabled_roles', (context) => [{ role_name: context.user }]],
    [
      'applicable_roles',
      (context) => [{ grantee: context.user, role_name: context.user, is_grantable: 'YES' }],
    ],
  ];
  for (const [name, provider] of providers) system.provide(`information_schema.${name}`, provider);
}
