/**
 * = <> < <= > >= of every type. Order and equality themselves are defined in types/compare.ts; here is
 * which pairs of types may be compared, and the mixed pairs of numbers and of dates and times.
 */

import { compareDatums, equalDatums } from '../../types/compare.ts';
import { dateInfinity, dateToTimestamp, timestampInfinity } from '../../types/datetime.ts';
import type { Datum } from '../../types/datum.ts';
import type { SqlType } from '../../types/sql-type.ts';
import { types } from '../../types/sql-type.ts';
import { localToUtc } from '../../types/zones.ts';
import { sessionZone } from '../context-io.ts';
import { call2, operator, scalar, specializedOnly } from './define.ts';
import type { EvalContext, ParameterType, ScalarFunction } from './registry.ts';

type Compare = (a: Datum, b: Datum, context: EvalContext) => number;

export function comparisonFunctions(): readonly ScalarFunction[] {
  return [...sameTypePairs(), ...numberPairs(), ...timePairs(), ...polymorphic(), ...extremes()];
}

const { boolean, smallint, integer, bigint, real, double, date, timestamp, timestamptz } = types;
const bpchar: SqlType = { kind: 'char', length: null };

function sameTypePairs(): ScalarFunction[] {
  const kinds: readonly SqlType[] = [
    types.boolean,
    smallint,
    integer,
    bigint,
    real,
    double,
    types.numeric,
    types.text,
    bpchar,
    types.name,
    types.pgchar,
    types.bytea,
    date,
    types.time,
    types.timetz,
    timestamp,
    timestamptz,
    types.interval,
    types.uuid,
    types.jsonb,
    types.oid,
    types.oidvector,
  ];
  return [
    ...kinds.flatMap((type) => {
      const compare: Compare = (a, b) => compareDatums(a, b, type);
      return comparisons(type, type, compare, (a, b) => equalDatums(a, b, type));
    }),
    ...equalities(types.xid, types.xid, (a, b) => a === b),
    ...equalities(types.xid, integer, (a, b) => a === Number(b) >>> 0),
  ];
}

function comparisons(
  left: ParameterType,
  right: ParameterType,
  compare: Compare,
  equal: (a: Datum, b: Datum, context: EvalContext) => boolean = (a, b, c) =>
    compare(a, b, c) === 0,
): ScalarFunction[] {
  const define = (symbol: string, test: (order: number) => boolean): ScalarFunction =>
    operator(
      symbol,
      [left, right],
      boolean,
      call2<Datum, Datum>((a, b, context) => test(compare(a, b, context))),
      { volatility: mixesZones(left, right) ? 'stable' : 'immutable' },
    );
  return [
    ...equalities(left, right, equal),
    define('<', (order) => order < 0),
    define('<=', (order) => order <= 0),
    define('>', (order) => order > 0),
    define('>=', (order) => order >= 0),
  ];
}

function equalities(
  left: ParameterType,
  right: ParameterType,
  equal: (a: Datum, b: Datum, context: EvalContext) => boolean,
): ScalarFunction[] {
  const volatility = mixesZones(left, right) ? 'stable' : 'immutable';
  const define = (symbol: string, wanted: boolean): ScalarFunction =>
    operator(
      symbol,
      [left, right],
      boolean,
      call2<Datum, Datum>((a, b, context) => equal(a, b, context) === wanted),
      { volatility },
    );
  return [define('=', true), define('<>', false)];
}

/** Comparing local time with an instant depends on the session's zone. */
function mixesZones(left: ParameterType, right: ParameterType): boolean {
  if (typeof left === 'string' || typeof right === 'string' || left.kind === right.kind)
    return false;
  return left.kind === 'timestamptz' || right.kind === 'timestamptz';
}

/** Integers of different widths, and real with double. */
function numberPairs(): ScalarFunction[] {
  const integers = [smallint, integer, bigint];
  const compareIntegers: Compare = (a, b) => {
    const [x, y] = [a as number | bigint, b as number | bigint];
    return x < y ? -1 : x > y ? 1 : 0;
  };
  const mixed = (list: readonly SqlType[], compare: Compare): ScalarFunction[] =>
    list.flatMap((left) =>
      list.flatMap((right) => (left === right ? [] : comparisons(left, right, compare))),
    );
  return [
    ...mixed(integers, compareIntegers),
    ...mixed([real, double], (a, b) => compareDatums(a, b, double)),
  ];
}

/** date, timestamp and timestamptz with each other. */
function timePairs(): ScalarFunction[] {
  const local = (value: Datum, type: SqlType): bigint =>
    type === date ? timestampLike(value as number) : (value as bigint);
  const instant = (value: Datum, type: SqlType, context: EvalContext): bigint =>
    type === timestamptz ? (value as bigint) : localToUtc(local(value, type), sessionZone(context));
  const list = [date, timestamp, timestamptz];
  return list.flatMap((left) =>
    list.flatMap((right) => {
      if (left === right) return [];
      const zoned = left === timestamptz || right === timestamptz;
      const compare: Compare = zoned
        ? (a, b, context) => order(instant(a, left, context), instant(b, right, context))
        : (a, b) => order(local(a, left), local(b, right));
      return comparisons(left, right, compare);
    }),
  );
}

const lastTimestampDay = 106_751_991;

/** A day after all timestamps is greater than each but infinity; to compare with it is no error. */
function timestampLike(days: number): bigint {
  if (days > lastTimestampDay && days !== dateInfinity) return timestampInfinity - 1n;
  return dateToTimestamp(days);
}

function order(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Arrays, enums and whole rows, by the type they turn out to have. */
function polymorphic(): ScalarFunction[] {
  const tests: readonly [string, (order: number) => boolean][] = [
    ['=', (each) => each === 0],
    ['<>', (each) => each !== 0],
    ['<', (each) => each < 0],
    ['<=', (each) => each <= 0],
    ['>', (each) => each > 0],
    ['>=', (each) => each >= 0],
  ];
  return (['anyarray', 'anyenum', types.record] as const).flatMap((parameter) =>
    tests.map(([symbol, test]) =>
      operator(symbol, [parameter, parameter], boolean, specializedOnly, {
        specialize: ([type]) =>
          call2<Datum, Datum>((a, b) => test(compareDatums(a, b, type ?? types.record))),
      }),
    ),
  );
}

/** GREATEST and LEAST ignore NULLs. */
function extremes(): ScalarFunction[] {
  const define = (name: string, sign: number): ScalarFunction =>
    scalar(name, ['anyelement'], (args) => args[0] ?? types.text, specializedOnly, {
      variadic: true,
      strict: false,
      specialize:
        ([type]) =>
        (args) => {
          let chosen: Datum | null = null;
          for (const arg of args) {
            if (arg === null) continue;
            if (chosen === null || compareDatums(arg, chosen, type!) * sign > 0) chosen = arg;
          }
          return chosen;
        },
    });
  return [define('greatest', 1), define('least', -1)];
}
