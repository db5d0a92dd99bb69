/**
 * Answers to catalog functions that need little of the catalog: privileges (whoever is connected may do what
 * the server lets anybody do), the state of the server, sizes of types as information_schema prints them.
 * What PostgreSQL keeps and we do not (WAL, tablespaces, per-relation counters) is NULL, or 0 where it counts.
 */

import { privilegeKinds, relationCounters } from '../expr/functions/catalog.ts';
import { SqlArray } from '../types/array.ts';
import type { Datum } from '../types/datum.ts';
import { Interval } from '../types/interval.ts';
import { findZone, utcToLocal } from '../types/zones.ts';
import { isSystemSchema } from './catalog.ts';
import { parseSearchPath } from './names.ts';
import type { SystemContext } from './system-context.ts';

type Arguments = readonly (Datum | null)[];
export type CatalogAnswer = (args: Arguments) => Datum | null;

export interface AnswerWorld {
  readonly context: () => SystemContext;
  readonly setting: (name: string) => string | undefined;
}

const nothing: CatalogAnswer = () => null;
const always =
  (value: Datum): CatalogAnswer =>
  () =>
    value;

export function catalogAnswers(world: AnswerWorld): readonly (readonly [string, CatalogAnswer])[] {
  return [...privileges(), ...server(world), ...advisoryLocks(), ...typeSizes(), ...absent()];
}

function privileges(): [string, CatalogAnswer][] {
  return [
    ...[...privilegeKinds, 'column'].map((kind): [string, CatalogAnswer] => [
      `has_${kind}_privilege`,
      always(true),
    ]),
    ['pg_has_role', always(true)],
    ['row_security_active', always(false)],
  ];
}

function server({ context, setting }: AnswerWorld): [string, CatalogAnswer][] {
  const schemas = (): readonly string[] => {
    const { catalog, user } = context();
    // A user that is called like a system schema does not get it as the first of the path.
    const own = isSystemSchema(user) ? '' : user;
    return parseSearchPath(setting('search_path') ?? '', own).filter(
      (name) => catalog.schema(name) !== undefined,
    );
  };
  const transaction = (): bigint => BigInt(setting('transaction_id') ?? '0');
  const started = (): bigint | null => {
    const micros = setting('server_started_micros');
    return micros === undefined ? null : BigInt(micros);
  };
  return [
    ['current_schema', () => schemas()[0] ?? null],
    [
      'current_schemas',
      ([implicit]) => {
        const { catalog, searchPath } = context();
        const known = searchPath.filter((name) => catalog.schema(name) !== undefined);
        return SqlArray.of(implicit === true ? known : schemas());
      },
    ],
    ['pg_blocking_pids', always(SqlArray.empty)],
    ['pg_is_in_recovery', always(false)],
    ['pg_is_wal_replay_paused', always(false)],
    ['pg_postmaster_start_time', started],
    ['pg_conf_load_time', started],
    ['pg_my_temp_schema', always(0)],
    ['pg_is_other_temp_schema', always(false)],
    ['pg_reload_conf', always(true)],
    ['txid_current', transaction],
    ['txid_current_if_assigned', nothing],
    ['pg_current_xact_id', transaction],
    ['pg_current_snapshot', () => `${transaction()}:${transaction()}:`],
    ['txid_current_snapshot', () => `${transaction()}:${transaction()}:`],
    ['inet_client_addr', () => setting('remote_address') || null],
    ['pg_char_to_encoding', ([name]) => (/^utf-?8$/i.test(String(name)) ? 6 : -1)],
    ['pg_relation_is_updatable', ([oid]) => (isTable(context(), oid) ? 28 : 0)],
    ['pg_column_is_updatable', ([oid]) => isTable(context(), oid)],
    ['pg_relation_filepath', nothing],
    ['pg_tablespace_size', nothing],
    ['pg_describe_object', nothing],
    ['getdatabaseencoding', always('UTF8')],
    ['pg_timezone_names', () => zoneNames(Number(setting('clock_micros') ?? '0'))],
    ['pg_partition_tree', nothing],
    ['pg_partition_ancestors', nothing],
    ['pg_get_publication_tables', nothing],
  ];
}

const halfYearMicros = 182 * 86_400_000_000;

/** Rows of name, abbreviation, offset from UTC now, and whether that is daylight saving time. */
function zoneNames(nowMicros: number): SqlArray {
  const rows = Intl.supportedValuesOf('timeZone').map((name) => {
    const zone = findZone(name);
    if (zone === null) return null;
    const offset = (micros: number): number => Number(utcToLocal(BigInt(micros), zone)) - micros;
    const now = offset(nowMicros);
    const format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'short' });
    const parts = format.formatToParts(new Date(nowMicros / 1000));
    const abbreviation = parts.find((part) => part.type === 'timeZoneName')?.value ?? '';
    const isDst = now > offset(nowMicros + halfYearMicros);
    return [name, abbreviation, new Interval(0, 0, BigInt(now)), isDst];
  });
  return SqlArray.of(rows.filter((row) => row !== null));
}

function isTable({ catalog }: SystemContext, oid: Datum | null | undefined): boolean {
  return typeof oid === 'number' && catalog.byOid(oid)?.kind === 'table';
}

/** Pools release all locks when they take a session back; there never are any. Taking one is an error. */
function advisoryLocks(): [string, CatalogAnswer][] {
  return [['pg_advisory_unlock_all', always('')]];
}

const bits = new Map([
  [21, 16],
  [23, 32],
  [20, 64],
  [700, 24],
  [701, 53],
]);
const numericOid = 1700;
const characterOids: ReadonlySet<number> = new Set([1042, 1043]);
const dateOid = 1082;
const timeOids: ReadonlySet<number> = new Set([1083, 1114, 1184, 1266]);
const intervalOid = 1186;

/** The formulas of information_schema's own functions, on a type's oid and modifier. */
function typeSizes(): [string, CatalogAnswer][] {
  const numbers =
    (answer: (oid: number, typmod: number) => number | null): CatalogAnswer =>
    ([oid, typmod]) =>
      answer(Number(oid), Number(typmod));
  const field =
    (index: number): CatalogAnswer =>
    ([attribute]) =>
      Array.isArray(attribute) ? ((attribute as Arguments)[index] ?? null) : null;
  return [
    // Of a pg_attribute row: there are no domains, so a column's type is its own.
    ['_pg_truetypid', field(2)],
    ['_pg_truetypmod', field(8)],
    [
      '_pg_char_max_length',
      numbers((oid, typmod) => (characterOids.has(oid) && typmod >= 4 ? typmod - 4 : null)),
    ],
    [
      '_pg_char_octet_length',
      numbers((oid, typmod) =>
        oid === 25 || characterOids.has(oid)
          ? typmod >= 4 && oid !== 25
            ? (typmod - 4) * 4
            : 1_073_741_824
          : null,
      ),
    ],
    [
      '_pg_numeric_precision',
      numbers((oid, typmod) =>
        oid === numericOid
          ? typmod < 4
            ? null
            : ((typmod - 4) >> 16) & 0xffff
          : (bits.get(oid) ?? null),
      ),
    ],
    [
      '_pg_numeric_precision_radix',
      numbers((oid) => (oid === numericOid ? 10 : bits.has(oid) ? 2 : null)),
    ],
    [
      '_pg_numeric_scale',
      numbers((oid, typmod) => {
        if (oid === 20 || oid === 21 || oid === 23) return 0;
        return oid === numericOid && typmod >= 4 ? (typmod - 4) & 0x7ff : null;
      }),
    ],
    [
      '_pg_datetime_precision',
      numbers((oid, typmod) => {
        if (oid === dateOid) return 0;
        if (timeOids.has(oid)) return typmod < 0 ? 6 : typmod;
        if (oid !== intervalOid) return null;
        return typmod < 0 || (typmod & 0xffff) === 0xffff ? 6 : typmod & 0xffff;
      }),
    ],
    ['_pg_interval_type', nothing],
    ['_pg_index_position', nothing],
  ];
}

/** Things that are not here: the answer that PostgreSQL gives where they are absent. */
function absent(): [string, CatalogAnswer][] {
  const nulls = [
    'pg_get_function_arg_default',
    'pg_get_partition_constraintdef',
    'pg_get_statisticsobjdef_expressions',
    'pg_get_replica_identity_index',
    'inet_server_addr',
    'inet_server_port',
    'inet_client_port',
    'pg_last_wal_replay_lsn',
    'pg_last_wal_receive_lsn',
    'pg_last_xact_replay_timestamp',
    'pg_index_column_has_property',
    'pg_index_has_property',
    'pg_indexam_has_property',
  ];
  return [
    ...nulls.map((name): [string, CatalogAnswer] => [name, nothing]),
    ...relationCounters.map((name): [string, CatalogAnswer] => [`pg_stat_get_${name}`, always(0n)]),
  ];
}
