/**
 * Functions and operators that Millrace and the judge have under the same name, parameters and result: read
 * from the function registry and from pg_proc and pg_operator, so that a new function is tested from its first day.
 */

import { createRegistry } from '../../expr/functions/builtin.ts';
import type { ScalarFunction } from '../../expr/functions/registry.ts';
import { oidOf } from '../../types/oid.ts';
import { arrayOf, type SqlType, types } from '../../types/sql-type.ts';
import type { TypeName } from './value-types.ts';
import type { Judge } from './judge.ts';

export interface Signature {
  readonly name: string;
  readonly operator: boolean;
  readonly parameters: readonly TypeName[];
  readonly result: TypeName;
}

const sqlTypes: ReadonlyMap<TypeName, SqlType> = new Map<TypeName, SqlType>([
  ['boolean', types.boolean],
  ['smallint', types.smallint],
  ['integer', types.integer],
  ['bigint', types.bigint],
  ['numeric', types.numeric],
  ['real', types.real],
  ['double precision', types.double],
  ['text', types.text],
  ['varchar', types.varchar],
  ['char', { kind: 'char', length: null }],
  ['bytea', types.bytea],
  ['date', types.date],
  ['time', types.time],
  ['timetz', types.timetz],
  ['timestamp', types.timestamp],
  ['timestamptz', types.timestamptz],
  ['interval', types.interval],
  ['uuid', types.uuid],
  ['json', types.json],
  ['jsonb', types.jsonb],
  ['integer[]', arrayOf(types.integer)],
  ['bigint[]', arrayOf(types.bigint)],
  ['numeric[]', arrayOf(types.numeric)],
  ['text[]', arrayOf(types.text)],
  ['timestamp[]', arrayOf(types.timestamp)],
  ['boolean[]', arrayOf(types.boolean)],
  ['smallint[]', arrayOf(types.smallint)],
  ['double precision[]', arrayOf(types.double)],
  ['date[]', arrayOf(types.date)],
  ['timestamptz[]', arrayOf(types.timestamptz)],
  ['interval[]', arrayOf(types.interval)],
  ['uuid[]', arrayOf(types.uuid)],
  ['jsonb[]', arrayOf(types.jsonb)],
]);

const nameOfOid: ReadonlyMap<number, TypeName> = new Map(
  [...sqlTypes].map(([name, type]) => [oidOf(type), name]),
);

/** Stable functions that depend on nothing but the time zone, which is UTC on both sides. */
const stableButFixed = new Set(
  [
    'to_char',
    'to_timestamp',
    'make_timestamptz',
    'age',
    'timezone',
    'date_trunc',
    'extract',
  ].concat(
    ['date_part', 'concat', 'concat_ws', 'format', 'quote_literal', 'quote_nullable', 'date', '+'],
    ['-', '=', '<>', '<', '<=', '>', '>=', '||', 'array_to_string', 'to_json', 'to_jsonb'],
  ),
);

/** Keywords, whose calls have a syntax of their own. */
const keywords = new Set([
  'extract',
  'position',
  'normalize',
  'like',
  'notlike',
  'isnull',
  'xmlparse',
]);

/** One-argument forms that read the clock. */
const readsClock = (name: string, count: number): boolean => name === 'age' && count === 1;

export async function sharedSignatures(judge: Judge): Promise<Signature[]> {
  const known = await judgeFunctions(judge);
  return createRegistry()
    .all()
    .scalars.filter((fn) => fn.operator || !keywords.has(fn.name))
    .filter((fn) => fn.volatility === 'immutable' || stableButFixed.has(fn.name))
    .flatMap((fn) => signaturesOf(fn, known));
}

function signaturesOf(fn: ScalarFunction, known: ReadonlyMap<string, TypeName>): Signature[] {
  if (fn.variadic) return [];
  const parameters = fn.parameters.map((type) =>
    typeof type === 'string' ? undefined : nameOfOid.get(oidOf(type)),
  );
  if (!parameters.every((name) => name !== undefined)) return [];
  const found: Signature[] = [];
  for (let count = parameters.length - fn.optional; count <= parameters.length; count++) {
    const used = parameters.slice(0, count);
    const result = known.get(keyOf(fn.name, fn.operator, used.map(oidOfName)));
    if (result === undefined || readsClock(fn.name, count)) continue;
    found.push({ name: fn.name, operator: fn.operator, parameters: used, result });
  }
  return found;
}

function oidOfName(name: TypeName): number {
  return oidOf(sqlTypes.get(name)!);
}

function keyOf(name: string, operator: boolean, oids: readonly number[]): string {
  return `${operator ? 'operator ' : ''}${name} ${oids.join(' ')}`;
}

async function judgeFunctions(judge: Judge): Promise<Map<string, TypeName>> {
  const answers = await judge.ask([
    `SELECT 'f', proname, proargtypes::text, prorettype::int FROM pg_proc
       WHERE prokind = 'f' AND NOT proretset AND pronamespace = 'pg_catalog'::regnamespace
     UNION ALL
     SELECT 'o', oprname, concat_ws(' ', nullif(oprleft, 0), oprright), oprresult::int FROM pg_operator
       WHERE oprnamespace = 'pg_catalog'::regnamespace`,
  ]);
  const [answer] = answers;
  if (answer?.kind !== 'rows') throw new Error('the judge does not tell its functions');
  const found = new Map<string, TypeName>();
  for (const [kind, name, parameters, result] of answer.rows) {
    const type = nameOfOid.get(Number(result));
    if (type === undefined) continue;
    found.set(`${kind === 'o' ? 'operator ' : ''}${name!} ${parameters!}`, type);
  }
  return found;
}
