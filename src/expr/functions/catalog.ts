/**
 * PostgreSQL's catalog functions. Each is only a signature here: the answer comes from the catalog that the
 * statement's context carries, by the function's own name.
 */

import { regKinds } from '../../types/reg-names.ts';
import type { SqlType } from '../../types/sql-type.ts';
import { arrayOf, types } from '../../types/sql-type.ts';
import { scalar, type ScalarOptions } from './define.ts';
import type { ParameterType, ScalarFunction } from './registry.ts';

const { text, name, oid, integer, smallint, boolean, bigint, regclass, timestamptz } = types;
const names = arrayOf(name);
const texts = arrayOf(text);

export function catalogFunctions(): readonly ScalarFunction[] {
  return [
    ...printing(),
    ...visibility(),
    ...comments(),
    ...privileges(),
    ...storage(),
    ...activity(),
    ...statistics(),
    ...schemas(),
    ...lookups(),
  ];
}

function delegate(
  functionName: string,
  parameters: readonly ParameterType[],
  returns: SqlType,
  options: ScalarOptions = {},
): ScalarFunction {
  return scalar(
    functionName,
    parameters,
    returns,
    (args, context) => context.catalog.call(functionName, args),
    { volatility: 'stable', ...options },
  );
}

function printing(): ScalarFunction[] {
  return [
    delegate('format_type', [oid, integer], text, { strict: false }),
    delegate('pg_get_expr', [text, oid, boolean], text, { optional: 1 }),
    delegate('pg_get_viewdef', [oid, boolean], text, { optional: 1 }),
    delegate('pg_get_viewdef', [text, boolean], text, { optional: 1 }),
    delegate('pg_get_viewdef', [oid, integer], text),
    delegate('pg_get_constraintdef', [oid, boolean], text, { optional: 1 }),
    delegate('pg_get_indexdef', [oid, integer, boolean], text, { optional: 2 }),
    delegate('pg_get_triggerdef', [oid, boolean], text, { optional: 1 }),
    delegate('pg_get_ruledef', [oid, boolean], text, { optional: 1 }),
    delegate('pg_get_functiondef', [oid], text),
    delegate('pg_get_function_arguments', [oid], text),
    delegate('pg_get_function_identity_arguments', [oid], text),
    delegate('pg_get_function_result', [oid], text),
    delegate('pg_get_function_sqlbody', [oid], text),
    delegate('pg_get_function_arg_default', [oid, integer], text),
    delegate('pg_get_partkeydef', [oid], text),
    delegate('pg_get_partition_constraintdef', [oid], text),
    delegate('pg_get_statisticsobjdef', [oid], text),
    delegate('pg_get_statisticsobjdef_columns', [oid], text),
    delegate('pg_get_statisticsobjdef_expressions', [oid], texts),
    delegate('pg_get_serial_sequence', [text, text], text),
    delegate('pg_get_userbyid', [oid], name),
    delegate('pg_get_replica_identity_index', [regclass], regclass),
    delegate('pg_encoding_to_char', [integer], name),
    delegate('getdatabaseencoding', [], name),
    delegate('pg_char_to_encoding', [name], integer),
    delegate('pg_describe_object', [oid, oid, integer], text),
    delegate('pg_index_column_has_property', [regclass, integer, text], boolean),
    delegate('pg_index_has_property', [regclass, text], boolean),
    delegate('pg_indexam_has_property', [oid, text], boolean),
    delegate('pg_relation_is_updatable', [regclass, boolean], integer),
    delegate('pg_column_is_updatable', [regclass, smallint, boolean], boolean),
    delegate('pg_relation_is_publishable', [regclass], boolean),
  ];
}

function visibility(): ScalarFunction[] {
  const kinds = [
    'table',
    'type',
    'function',
    'operator',
    'opclass',
    'opfamily',
    'collation',
    'conversion',
    'statistics_obj',
    'ts_config',
    'ts_dict',
    'ts_parser',
    'ts_template',
  ];
  return kinds.map((kind) => delegate(`pg_${kind}_is_visible`, [oid], boolean));
}

function comments(): ScalarFunction[] {
  return [
    delegate('obj_description', [oid, name], text, { optional: 1 }),
    delegate('col_description', [oid, integer], text),
    delegate('shobj_description', [oid, name], text),
  ];
}

/** What has_X_privilege asks about, but for a column, which also takes a table. */
export const privilegeKinds: readonly string[] = [
  'table',
  'any_column',
  'schema',
  'database',
  'function',
  'language',
  'sequence',
  'server',
  'tablespace',
  'type',
  'foreign_data_wrapper',
  'parameter',
];

/** has_X_privilege([user,] object, privilege), with user and object by name or oid. */
function privileges(): ScalarFunction[] {
  const define = (functionName: string, rest: readonly ParameterType[]): ScalarFunction[] => [
    delegate(functionName, [text, ...rest], boolean),
    delegate(functionName, [oid, ...rest], boolean),
    delegate(functionName, [name, text, ...rest], boolean),
    delegate(functionName, [name, oid, ...rest], boolean),
    delegate(functionName, [oid, text, ...rest], boolean),
    delegate(functionName, [oid, oid, ...rest], boolean),
  ];
  return [
    ...privilegeKinds.flatMap((kind) => define(`has_${kind}_privilege`, [text])),
    ...define('has_column_privilege', [text, text]),
    ...define('has_column_privilege', [smallint, text]),
    ...define('pg_has_role', [text]),
    delegate('row_security_active', [text], boolean),
    delegate('row_security_active', [oid], boolean),
  ];
}

function storage(): ScalarFunction[] {
  return [
    ...['pg_table_size', 'pg_indexes_size', 'pg_total_relation_size'].map((each) =>
      delegate(each, [regclass], bigint),
    ),
    delegate('pg_relation_size', [regclass, text], bigint, { optional: 1 }),
    delegate('pg_database_size', [name], bigint),
    delegate('pg_database_size', [oid], bigint),
    delegate('pg_tablespace_size', [name], bigint),
    delegate('pg_tablespace_size', [oid], bigint),
    delegate('pg_tablespace_location', [oid], text),
    delegate('pg_relation_filenode', [regclass], oid),
    delegate('pg_relation_filepath', [regclass], text),
  ];
}

function activity(): ScalarFunction[] {
  const volatile = { volatility: 'volatile' } as const;
  return [
    delegate('pg_is_in_recovery', [], boolean),
    delegate('pg_is_wal_replay_paused', [], boolean),
    delegate('pg_postmaster_start_time', [], timestamptz),
    delegate('pg_conf_load_time', [], timestamptz),
    delegate('pg_my_temp_schema', [], oid),
    delegate('pg_is_other_temp_schema', [oid], boolean),
    delegate('pg_cancel_backend', [integer], boolean, volatile),
    delegate('pg_terminate_backend', [integer, bigint], boolean, { ...volatile, optional: 1 }),
    delegate('pg_reload_conf', [], boolean, volatile),
    delegate('pg_notify', [text, text], types.void, { ...volatile, strict: false }),
    delegate('txid_current', [], bigint, volatile),
    delegate('txid_current_if_assigned', [], bigint, volatile),
    delegate('pg_current_xact_id', [], bigint, volatile),
    delegate('pg_current_snapshot', [], text),
    delegate('txid_current_snapshot', [], text),
    delegate('pg_blocking_pids', [integer], arrayOf(integer)),
    delegate('inet_server_addr', [], text),
    delegate('inet_server_port', [], integer),
    delegate('inet_client_addr', [], text),
    delegate('inet_client_port', [], integer),
    delegate('pg_advisory_unlock_all', [], types.void, volatile),
    ...['pg_advisory_lock', 'pg_advisory_xact_lock'].flatMap((each) => [
      delegate(each, [bigint], types.void, volatile),
      delegate(each, [integer, integer], types.void, volatile),
    ]),
    ...['pg_try_advisory_lock', 'pg_try_advisory_xact_lock', 'pg_advisory_unlock'].flatMap(
      (each) => [
        delegate(each, [bigint], boolean, volatile),
        delegate(each, [integer, integer], boolean, volatile),
      ],
    ),
    delegate('pg_export_snapshot', [], text, volatile),
    delegate('pg_current_wal_lsn', [], text),
    delegate('pg_last_wal_replay_lsn', [], text),
    delegate('pg_last_wal_receive_lsn', [], text),
    delegate('pg_last_xact_replay_timestamp', [], timestamptz),
  ];
}

/** pg_stat_get_*: what PostgreSQL counts of each relation. */
export const relationCounters = [
  'numscans',
  'tuples_returned',
  'tuples_fetched',
  'tuples_inserted',
  'tuples_updated',
  'tuples_deleted',
  'live_tuples',
  'dead_tuples',
  'blocks_fetched',
  'blocks_hit',
] as const;

function statistics(): ScalarFunction[] {
  return relationCounters.map((each) => delegate(`pg_stat_get_${each}`, [oid], bigint));
}

function schemas(): ScalarFunction[] {
  return [
    delegate('current_schema', [], name),
    delegate('current_schemas', [boolean], names),
    delegate('_pg_truetypid', ['any', 'any'], oid),
    delegate('_pg_truetypmod', ['any', 'any'], integer),
    delegate('_pg_char_max_length', [oid, integer], integer),
    delegate('_pg_char_octet_length', [oid, integer], integer),
    delegate('_pg_numeric_precision', [oid, integer], integer),
    delegate('_pg_numeric_precision_radix', [oid, integer], integer),
    delegate('_pg_numeric_scale', [oid, integer], integer),
    delegate('_pg_datetime_precision', [oid, integer], integer),
    delegate('_pg_interval_type', [oid, integer], text),
    delegate('_pg_index_position', [oid, smallint], integer),
  ];
}

/** to_reg*(name): the oid or NULL, where a cast would be an error. */
function lookups(): ScalarFunction[] {
  return regKinds.map((kind) =>
    scalar(
      `to_${kind}`,
      [text],
      types[kind],
      (args, context) => context.catalog.lookupOid(kind, args[0] as string),
      { volatility: 'stable' },
    ),
  );
}
