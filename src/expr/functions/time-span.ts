/** AT TIME ZONE, age and Flink's TIMESTAMPDIFF and TIMESTAMPADD, isfinite. */

import { notSupported, SqlError, sqlstate } from '../../base/errors.ts';
import {
  addInterval,
  age,
  ageZoned,
  isFiniteDate,
  isFiniteTimestamp,
} from '../../types/datetime.ts';
import { truncateTimestamp } from '../../types/datetime-fields.ts';
import { Interval, TimeTz } from '../../types/interval.ts';
import type { SqlType } from '../../types/sql-type.ts';
import { types } from '../../types/sql-type.ts';
import { fixedZone, localToUtc, resolveZone, utcToLocal, type Zone } from '../../types/zones.ts';
import { sessionZone } from '../context-io.ts';
import { call1, call2, call3, scalar } from './define.ts';
import type { EvalContext, ScalarFunction } from './registry.ts';

const { text, integer, boolean, date, timetz, timestamp, timestamptz, interval } = types;
const stable = { volatility: 'stable' } as const;

export function timeSpanFunctions(): readonly ScalarFunction[] {
  return [...zones(), ...differences(), ...tests()];
}

/** AT TIME ZONE, by name or by interval. */
function zones(): ScalarFunction[] {
  const byInterval = (offset: Interval): Zone => {
    if (offset.months !== 0 || offset.days !== 0) {
      throw new SqlError(
        sqlstate.invalidParameterValue,
        'interval time zone must not include months or days',
      );
    }
    return fixedZone(Number(offset.micros / 1_000_000n));
  };
  // Infinity is the same in every zone, in one that would be refused too.
  const define = <Z>(type: SqlType, find: (zone: Z) => Zone): ScalarFunction[] => [
    scalar(
      'timezone',
      [type, timestamp],
      timestamptz,
      call2((zone: Z, at: bigint) => (isFiniteTimestamp(at) ? localToUtc(at, find(zone)) : at)),
    ),
    scalar(
      'timezone',
      [type, timestamptz],
      timestamp,
      call2((zone: Z, at: bigint) => (isFiniteTimestamp(at) ? utcToLocal(at, find(zone)) : at)),
    ),
    scalar(
      'timezone',
      [type, timetz],
      timetz,
      call2((zone: Z, at: TimeTz, context) => moveTime(at, find(zone).offsetAt(context.nowMicros))),
      stable,
    ),
  ];
  return [...define<string>(text, resolveZone), ...define<Interval>(interval, byInterval)];
}

function moveTime(value: TimeTz, zoneSeconds: number): TimeTz {
  const day = 86_400_000_000n;
  const micros = (value.micros + BigInt(zoneSeconds - value.zoneSeconds) * 1_000_000n) % day;
  return new TimeTz(micros < 0n ? micros + day : micros, zoneSeconds);
}

function differences(): ScalarFunction[] {
  return [
    scalar('age', [timestamp, timestamp], interval, call2(age)),
    scalar(
      'age',
      [timestamptz, timestamptz],
      interval,
      call2((a: bigint, b: bigint, context) => ageZoned(a, b, sessionZone(context))),
      stable,
    ),
    scalar(
      'age',
      [timestamp],
      interval,
      call1((a: bigint, context) => age(today(context), a)),
      stable,
    ),
    scalar(
      'age',
      [timestamptz],
      interval,
      call1((a: bigint, context) => age(today(context), utcToLocal(a, sessionZone(context)))),
      stable,
    ),
    // It is there so that an untyped constant has no one meaning.
    scalar(
      'age',
      [types.xid],
      integer,
      call1(() => {
        throw notSupported('age of a transaction id');
      }),
      stable,
    ),
    ...['timestampdiff', 'datediff'].map((name) =>
      scalar(
        name,
        [text, timestamp, timestamp],
        types.bigint,
        call3((unit: string, a: bigint, b: bigint) => wholeUnits(unit, a, b)),
      ),
    ),
    scalar(
      'timestampadd',
      [text, integer, timestamp],
      timestamp,
      call3((unit: string, count: number, at: bigint) => addUnits(unit, count, at)),
    ),
  ];
}

function today(context: EvalContext): bigint {
  return truncateTimestamp('day', utcToLocal(context.nowMicros, sessionZone(context)));
}

const unitMicros = new Map<string, bigint>([
  ['microsecond', 1n],
  ['millisecond', 1000n],
  ['second', 1_000_000n],
  ['minute', 60_000_000n],
  ['hour', 3_600_000_000n],
  ['day', 86_400_000_000n],
  ['week', 604_800_000_000n],
]);
const unitMonths = new Map<string, number>([
  ['month', 1],
  ['quarter', 3],
  ['year', 12],
]);

function unknownUnit(unit: string): SqlError {
  return new SqlError(sqlstate.invalidParameterValue, `unit "${unit}" not recognized`);
}

/** Flink's TIMESTAMPDIFF: whole units from a to b, towards zero. */
function wholeUnits(unit: string, a: bigint, b: bigint): bigint {
  const name = unit.toLowerCase().replace(/s$/, '');
  const micros = unitMicros.get(name);
  if (micros !== undefined) return (b - a) / micros;
  const months = unitMonths.get(name);
  if (months === undefined) throw unknownUnit(unit);
  return BigInt(Math.trunc(age(b, a).months / months));
}

function addUnits(unit: string, count: number, at: bigint): bigint {
  const name = unit.toLowerCase().replace(/s$/, '');
  const micros = unitMicros.get(name);
  const months = unitMonths.get(name);
  if (micros === undefined && months === undefined) throw unknownUnit(unit);
  const step = new Interval((months ?? 0) * count, 0, (micros ?? 0n) * BigInt(count));
  return addInterval(at, step);
}

function tests(): ScalarFunction[] {
  return [
    scalar('isfinite', [date], boolean, call1(isFiniteDate)),
    scalar('isfinite', [timestamp], boolean, call1(isFiniteTimestamp)),
    scalar('isfinite', [timestamptz], boolean, call1(isFiniteTimestamp)),
    scalar('isfinite', [interval], boolean, () => true),
  ];
}
