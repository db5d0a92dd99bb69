/**
 * Which casts exist and when they apply by themselves. `implicit` casts happen anywhere, `assignment` ones
 * where a value is stored, `explicit` ones when written. The table is pg_cast of PostgreSQL 15 for the
 * types we have; strings convert to and from everything through the text form. How a value is converted
 * stands in cast-datum.ts.
 */

import { regKinds } from '../types/reg-names.ts';
import type { SqlKind, SqlType } from '../types/sql-type.ts';
import { sameType } from '../types/oid.ts';
import { categoryOf, elementOf } from './type-category.ts';

export { castDatum } from './cast-datum.ts';

export type CastMode = 'implicit' | 'assignment' | 'explicit';

const strength: Readonly<Record<CastMode, number>> = { implicit: 0, assignment: 1, explicit: 2 };

/** True when a value of `from` may become `to` in a context that allows casts of `mode` and weaker. */
export function castAllowed(from: SqlType, to: SqlType, mode: CastMode): boolean {
  const needed = castStrength(from, to);
  return needed !== null && strength[needed] <= strength[mode];
}

/** The weakest context in which the cast applies; null when there is no such cast. */
export function castStrength(from: SqlType, to: SqlType): CastMode | null {
  if (sameType(from, to) || from.kind === 'unknown') return 'implicit';
  const direct = castTable.get(from.kind)?.get(to.kind);
  if (direct !== undefined) return direct;
  if (from.kind === 'row' || from.kind === 'record' || to.kind === 'row' || to.kind === 'record') {
    return rowStrength(from, to);
  }
  const array = arrayStrength(from, to);
  return array ?? textStrength(from, to);
}

function arrayStrength(from: SqlType, to: SqlType): CastMode | null {
  if (to.kind === 'anyarray') return elementOf(from) === null ? null : 'implicit';
  if (to.kind !== 'array') return null;
  const element = elementOf(from);
  if (element === null) return null;
  return castStrength(element, to.element);
}

/** Any row passes as a record; two row types convert field by field when every field does. */
function rowStrength(from: SqlType, to: SqlType): CastMode | null {
  if (from.kind === 'row' && to.kind === 'record') return 'implicit';
  if (from.kind === 'record' && to.kind === 'row') return 'explicit';
  if (from.kind !== 'row' || to.kind !== 'row') return textStrength(from, to);
  if (from.fields.length !== to.fields.length) return null;
  let worst: CastMode = 'implicit';
  for (const [i, field] of from.fields.entries()) {
    const each = castStrength(field.type, to.fields[i]!.type);
    if (each === null) return null;
    if (strength[each] > strength[worst]) worst = each;
  }
  return worst;
}

/** Anything goes to a string by assignment and from a string explicitly, through its text form. */
function textStrength(from: SqlType, to: SqlType): CastMode | null {
  if (from.kind === 'void' || to.kind === 'void' || to.kind === 'unknown') return null;
  if (to.kind === 'anyarray' || from.kind === 'anyarray') return null;
  if (categoryOf(to) === 'S') return 'assignment';
  if (categoryOf(from) === 'S') return 'explicit';
  return null;
}

type Targets = readonly [CastMode, readonly SqlKind[]];

function row(from: SqlKind, ...targets: Targets[]): [SqlKind, ReadonlyMap<SqlKind, CastMode>] {
  const map = new Map<SqlKind, CastMode>();
  for (const [mode, kinds] of targets) for (const kind of kinds) map.set(kind, mode);
  return [from, map];
}

const oidKinds: readonly SqlKind[] = ['oid', ...regKinds];

const castTable: ReadonlyMap<SqlKind, ReadonlyMap<SqlKind, CastMode>> = new Map([
  row(
    'pgchar',
    ['assignment', ['char', 'varchar']],
    ['explicit', ['integer']],
    ['implicit', ['text']],
  ),
  row(
    'bigint',
    ['implicit', ['double', 'numeric', 'real', ...oidKinds]],
    ['assignment', ['integer', 'smallint']],
  ),
  row('boolean', ['assignment', ['char', 'varchar', 'text']], ['explicit', ['integer']]),
  row('char', ['implicit', ['varchar', 'name', 'text']], ['assignment', ['pgchar']]),
  row('varchar', ['implicit', ['char', 'name', 'regclass', 'text']], ['assignment', ['pgchar']]),
  row('text', ['implicit', ['char', 'varchar', 'name', 'regclass']], ['assignment', ['pgchar']]),
  row('name', ['implicit', ['text']], ['assignment', ['char', 'varchar']]),
  row('date', ['implicit', ['timestamptz', 'timestamp']]),
  row('double', ['assignment', ['bigint', 'integer', 'numeric', 'real', 'smallint']]),
  row(
    'integer',
    ['implicit', ['bigint', 'double', 'numeric', 'real', ...oidKinds]],
    ['assignment', ['smallint']],
    ['explicit', ['pgchar', 'boolean']],
  ),
  row('interval', ['assignment', ['time']]),
  row('json', ['assignment', ['jsonb']]),
  row(
    'jsonb',
    ['assignment', ['json']],
    ['explicit', ['bigint', 'boolean', 'double', 'integer', 'numeric', 'real', 'smallint']],
  ),
  row(
    'numeric',
    ['implicit', ['double', 'real']],
    ['assignment', ['bigint', 'integer', 'smallint']],
  ),
  row('oid', ['implicit', regKinds], ['assignment', ['bigint', 'integer']]),
  row(
    'real',
    ['implicit', ['double']],
    ['assignment', ['bigint', 'integer', 'numeric', 'smallint']],
  ),
  row('regproc', ['implicit', ['oid', 'regprocedure']], ['assignment', ['bigint', 'integer']]),
  row('regoper', ['implicit', ['oid', 'regoperator']], ['assignment', ['bigint', 'integer']]),
  row('regoperator', ['implicit', ['oid', 'regoper']], ['assignment', ['bigint', 'integer']]),
  row('regprocedure', ['implicit', ['oid', 'regproc']], ['assignment', ['bigint', 'integer']]),
  ...(['regclass', 'regtype', 'regnamespace', 'regrole'] as const).map((kind) =>
    row(kind, ['implicit', ['oid']], ['assignment', ['bigint', 'integer']]),
  ),
  row('smallint', ['implicit', ['bigint', 'double', 'integer', 'numeric', 'real', ...oidKinds]]),
  row('timetz', ['assignment', ['time']]),
  row('time', ['implicit', ['interval', 'timetz']]),
  row('timestamptz', ['assignment', ['date', 'timetz', 'time', 'timestamp']]),
  row('timestamp', ['assignment', ['date', 'time']], ['implicit', ['timestamptz']]),
  row('int2vector', ['implicit', ['anyarray']]),
  row('oidvector', ['implicit', ['anyarray']]),
]);
