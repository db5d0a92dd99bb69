/** Dates, times, timestamps and intervals: the clock, parts, truncation, making and zones. */

import { SqlError, sqlstate } from '../../base/errors.ts';
import {
  dateBin,
  dateToTimestamp,
  makeDate,
  makeTime,
  makeTimestamp,
  timestampToDate,
  timestampToTime,
} from '../../types/datetime.ts';
import {
  extractDate,
  extractInterval,
  extractTime,
  extractTimestamp,
  extractTimestamptz,
  extractTimetz,
  truncateInterval,
  truncateTimestamp,
  truncateTimestamptz,
} from '../../types/datetime-fields.ts';
import type { Decimal } from '../../types/decimal.ts';
import { Interval, TimeTz } from '../../types/interval.ts';
import type { SqlType } from '../../types/sql-type.ts';
import { types } from '../../types/sql-type.ts';
import { formatTimestamptz } from '../../types/datetime-text.ts';
import { localToUtc, resolveZone, utcToLocal } from '../../types/zones.ts';
import { sessionZone, textIo } from '../context-io.ts';
import { call0, call1, call2, call3, callAll, scalar } from './define.ts';
import type { EvalContext, ScalarFunction } from './registry.ts';

const { text, integer, double, numeric, date, time, timetz, timestamp, timestamptz, interval } =
  types;

export function timeFunctions(): readonly ScalarFunction[] {
  return [...clock(), ...truncation(), ...extraction(), ...making()];
}

const stable = { volatility: 'stable' } as const;

function clock(): ScalarFunction[] {
  const now = call0((context) => context.nowMicros);
  const localNow = (context: EvalContext): bigint =>
    utcToLocal(context.nowMicros, sessionZone(context));
  const localTime = (context: EvalContext): bigint => timestampToTime(localNow(context)) ?? 0n;
  return [
    ...[
      'now',
      'transaction_timestamp',
      'statement_timestamp',
      'current_timestamp',
      'current_row_timestamp',
      'proctime',
    ].map((name) => scalar(name, [], timestamptz, now, stable)),
    scalar(
      'clock_timestamp',
      [],
      timestamptz,
      call0((context) => context.clockMicros()),
      { volatility: 'volatile' },
    ),
    scalar(
      'timeofday',
      [],
      text,
      call0((context) =>
        formatTimestamptz(context.clockMicros(), {
          ...textIo(context),
          dateStyle: 'Postgres, MDY',
        }),
      ),
      { volatility: 'volatile' },
    ),
    scalar('localtimestamp', [], timestamp, call0(localNow), stable),
    scalar(
      'current_date',
      [],
      date,
      call0((context) => timestampToDate(localNow(context))),
      stable,
    ),
    scalar('localtime', [], time, call0(localTime), stable),
    scalar(
      'current_time',
      [],
      timetz,
      call0(
        (context) =>
          new TimeTz(localTime(context), sessionZone(context).offsetAt(context.nowMicros)),
      ),
      stable,
    ),
    scalar(
      'unix_timestamp',
      [],
      types.bigint,
      call0((context) => context.nowMicros / 1_000_000n),
      stable,
    ),
  ];
}

function truncation(): ScalarFunction[] {
  return [
    scalar('date_trunc', [text, timestamp], timestamp, call2(truncateTimestamp)),
    scalar(
      'date_trunc',
      [text, timestamptz],
      timestamptz,
      call2((field: string, at: bigint, context) =>
        truncateTimestamptz(field, at, sessionZone(context)),
      ),
      stable,
    ),
    scalar(
      'date_trunc',
      [text, timestamptz, text],
      timestamptz,
      call3((field: string, at: bigint, zone: string) =>
        truncateTimestamptz(field, at, resolveZone(zone)),
      ),
    ),
    scalar('date_trunc', [text, interval], interval, call2(truncateInterval)),
    scalar('date_bin', [interval, timestamp, timestamp], timestamp, call3(dateBin)),
    scalar('date_bin', [interval, timestamptz, timestamptz], timestamptz, call3(dateBin)),
  ];
}

/** extract() gives numeric, date_part() the same as a double. */
function extraction(): ScalarFunction[] {
  const define = (
    type: SqlType,
    compute: (field: string, value: never, context: EvalContext) => Decimal | null,
    options: { readonly volatility?: 'stable' } = {},
  ): ScalarFunction[] => [
    scalar('extract', [text, type], numeric, call2(compute), options),
    scalar(
      'date_part',
      [text, type],
      double,
      call2(
        (field: string, value: never, context) =>
          compute(field, value, context)?.toNumber() ?? null,
      ),
      options,
    ),
  ];
  return [
    ...define(timestamp, (field, value) => extractTimestamp(field, value)),
    ...define(
      timestamptz,
      (field, value, context) => extractTimestamptz(field, value, sessionZone(context)),
      stable,
    ),
    ...define(date, (field, value) => extractDate(field, value)),
    ...define(time, (field, value) => extractTime(field, value)),
    ...define(timetz, (field, value) => extractTimetz(field, value)),
    ...define(interval, (field, value) => extractInterval(field, value)),
    ...shortExtraction(),
  ];
}

/** Flink's YEAR(x) … SECOND(x), and DAYOFWEEK with Sunday as 1. */
function shortExtraction(): ScalarFunction[] {
  const fields = ['year', 'quarter', 'month', 'week', 'hour', 'minute', 'second'] as const;
  const special = [
    ['dayofyear', 'doy', 0],
    ['dayofmonth', 'day', 0],
    ['dayofweek', 'dow', 1],
  ] as const;
  const all = [...fields.map((field) => [field, field, 0] as const), ...special];
  return all.flatMap(([name, field, plus]) => [
    scalar(
      name,
      [timestamp],
      types.bigint,
      call1((at: bigint) => wholeField(extractTimestamp(field, at), plus)),
    ),
    scalar(
      name,
      [timestamptz],
      types.bigint,
      call1((at: bigint, context) =>
        wholeField(extractTimestamptz(field, at, sessionZone(context)), plus),
      ),
      stable,
    ),
    scalar(
      name,
      [date],
      types.bigint,
      call1((days: number) => wholeField(extractTimestamp(field, dateToTimestamp(days)), plus)),
    ),
  ]);
}

function wholeField(value: Decimal | null, plus: number): bigint | null {
  return value === null || !value.isFinite ? null : value.trunc(0).toBigInt() + BigInt(plus);
}

function making(): ScalarFunction[] {
  return [
    scalar('make_date', [integer, integer, integer], date, call3(makeDate)),
    scalar('make_time', [integer, integer, double], time, call3(makeTime)),
    scalar(
      'make_timestamp',
      [integer, integer, integer, integer, integer, double],
      timestamp,
      callAll<[number, number, number, number, number, number]>((parts) => makeTimestamp(...parts)),
    ),
    scalar(
      'make_timestamptz',
      [integer, integer, integer, integer, integer, double, text],
      timestamptz,
      callAll<[number, number, number, number, number, number, string?]>(
        ([y, mo, d, h, mi, s, zone], context) =>
          localToUtc(
            makeTimestamp(y, mo, d, h, mi, s),
            zone === undefined ? sessionZone(context) : resolveZone(zone),
          ),
      ),
      { optional: 1, volatility: 'stable' },
    ),
    scalar(
      'make_interval',
      [integer, integer, integer, integer, integer, integer, double],
      interval,
      callAll<number[]>((parts) => makeInterval(parts)),
      { optional: 7 },
    ),
    scalar('to_timestamp', [double], timestamptz, call1(fromEpoch)),
    scalar(
      'to_timestamp_ltz',
      [types.bigint, integer],
      timestamptz,
      call2((value: bigint, precision: number) => fromEpochUnits(value, precision)),
      { optional: 1 },
    ),
    scalar(
      'from_unixtime',
      [types.bigint],
      text,
      call1((seconds: bigint, context) =>
        formatTimestamptz(seconds * 1_000_000n, textIo(context)).slice(0, 19),
      ),
      stable,
    ),
    scalar(
      'justify_hours',
      [interval],
      interval,
      call1((a: Interval) => a.justifyHours()),
    ),
    scalar(
      'justify_days',
      [interval],
      interval,
      call1((a: Interval) => a.justifyDays()),
    ),
    scalar(
      'justify_interval',
      [interval],
      interval,
      call1((a: Interval) => a.justifyInterval()),
    ),
  ];
}

function makeInterval(parts: readonly (number | undefined)[]): Interval {
  const [years = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = parts;
  if (!Number.isFinite(seconds)) throw intervalOutOfRange();
  const micros =
    BigInt(hours) * 3_600_000_000n +
    BigInt(minutes) * 60_000_000n +
    BigInt(Math.round(seconds * 1e6));
  return new Interval(years * 12 + months, weeks * 7 + days, micros);
}

function intervalOutOfRange(): SqlError {
  return new SqlError(sqlstate.datetimeFieldOverflow, 'interval out of range');
}

/** Seconds since 1970 as a double. */
function fromEpoch(seconds: number): bigint {
  if (Number.isNaN(seconds)) {
    throw new SqlError(sqlstate.datetimeFieldOverflow, 'timestamp cannot be NaN');
  }
  if (seconds === Infinity) return 9223372036854775807n;
  if (seconds === -Infinity) return -9223372036854775808n;
  if (seconds < -210866803200 || seconds >= 9224318016000) {
    throw new SqlError(sqlstate.datetimeFieldOverflow, `timestamp out of range: "${seconds}"`);
  }
  return BigInt(Math.round(seconds * 1e6));
}

/** Flink's TO_TIMESTAMP_LTZ: seconds with precision 0, milliseconds with 3. */
function fromEpochUnits(value: bigint, precision = 3): bigint {
  if (precision === 0) return value * 1_000_000n;
  if (precision === 3) return value * 1000n;
  if (precision === 6) return value;
  throw new SqlError(
    sqlstate.invalidParameterValue,
    `precision of to_timestamp_ltz must be 0, 3 or 6, not ${precision}`,
  );
}
