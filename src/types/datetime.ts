/**
 * Dates, times and timestamps as numbers, and their arithmetic with intervals. A timestamp is
 * microseconds since 1970-01-01 as bigint; months are calendar months; timestamptz moves by months and
 * days in local time. date_trunc and EXTRACT are in datetime-fields.ts.
 *
 * The end of the range is that of a 64-bit count from 1970, in the year 294247; PostgreSQL, counting
 * from 2000, ends 30 years later.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import { civilFromDays, daysFromCivil, daysInMonth, microsPerDay } from './calendar.ts';
import { Interval, TimeTz, roundHalfEven } from './interval.ts';
import { localToUtc, utcToLocal, type Zone } from './zones.ts';

export const timestampInfinity = 9223372036854775807n;
export const timestampNegativeInfinity = -9223372036854775808n;
export const dateInfinity = 2147483647;
export const dateNegativeInfinity = -2147483648;

/** 4713-11-24 BC, where Julian days begin. */
const timestampMin = -210866803200000000n;
const dateMin = -2440588;
/** 5874898-06-03: the first day past PostgreSQL's dates. */
const dateEnd = 2145042906;

const dayMicros = BigInt(microsPerDay);
const safeMax = BigInt(Number.MAX_SAFE_INTEGER);

export function isFiniteTimestamp(micros: bigint): boolean {
  return micros !== timestampInfinity && micros !== timestampNegativeInfinity;
}

export function isFiniteDate(days: number): boolean {
  return days !== dateInfinity && days !== dateNegativeInfinity;
}

/** The timestamp itself; 22008 "timestamp out of range" when it cannot be stored. */
export function checkTimestamp(micros: bigint): bigint {
  if (micros < timestampMin || micros >= timestampInfinity) throw timestampOutOfRange();
  return micros;
}

export function checkDate(days: number): number {
  if (days < dateMin || days >= dateEnd) {
    throw new SqlError(sqlstate.datetimeFieldOverflow, 'date out of range');
  }
  return days;
}

export interface SplitTimestamp {
  /** Days since 1970-01-01. */
  readonly days: number;
  /** Microseconds since midnight. */
  readonly time: number;
}

/** A finite timestamp as day and time of day. */
export function splitTimestamp(micros: bigint): SplitTimestamp {
  if (micros <= safeMax && micros >= -safeMax) {
    const number = Number(micros);
    const days = Math.floor(number / microsPerDay);
    return { days, time: number - days * microsPerDay };
  }
  const rest = micros % dayMicros;
  const time = rest < 0n ? rest + dayMicros : rest;
  return { days: Number((micros - time) / dayMicros), time: Number(time) };
}

/** The timestamp of a day and microseconds from its midnight. */
export function joinTimestamp(days: number, time: number): bigint {
  const number = days * microsPerDay + time;
  return Number.isSafeInteger(number) ? BigInt(number) : BigInt(days) * dayMicros + BigInt(time);
}

export interface TimestampParts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly micros: number;
}

/** Calendar fields of a finite timestamp; year 0 is 1 BC. */
export function timestampParts(micros: bigint): TimestampParts {
  const { days, time } = splitTimestamp(micros);
  return { ...civilFromDays(days), ...timeParts(time) };
}

/** Fields of microseconds since midnight. */
export function timeParts(time: number): Omit<TimestampParts, 'year' | 'month' | 'day'> {
  const seconds = Math.floor(time / 1e6);
  return {
    hour: Math.floor(seconds / 3600),
    minute: Math.floor(seconds / 60) % 60,
    second: seconds % 60,
    micros: time - seconds * 1e6,
  };
}

/** make_date: a negative year is BC. */
export function makeDate(year: number, month: number, day: number): number {
  const astronomical = year < 0 ? year + 1 : year;
  const valid =
    year !== 0 && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(astronomical, month);
  if (!valid) {
    const two = (value: number) => String(value).padStart(2, '0');
    throw new SqlError(
      sqlstate.datetimeFieldOverflow,
      `date field value out of range: ${year}-${two(month)}-${two(day)}`,
    );
  }
  return checkDate(daysFromCivil(astronomical, month, day));
}

/** make_time; 24:00:00 and 60 seconds are taken. */
export function makeTime(hour: number, minute: number, second: number): bigint {
  const micros = roundHalfEven(second * 1e6);
  const total = (hour * 3600 + minute * 60) * 1e6 + micros;
  const valid =
    hour >= 0 && minute >= 0 && minute < 60 && second >= 0 && second <= 60 && total <= microsPerDay;
  if (!valid) {
    const two = (value: number) => String(value).padStart(2, '0');
    throw new SqlError(
      sqlstate.datetimeFieldOverflow,
      `time field value out of range: ${hour}:${two(minute)}:${two(second)}`,
    );
  }
  return BigInt(total);
}

export function makeTimestamp(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): bigint {
  const days = makeDate(year, month, day);
  return checkTimestamp(joinTimestamp(days, Number(makeTime(hour, minute, second))));
}

export function dateToTimestamp(days: number): bigint {
  if (days === dateInfinity) return timestampInfinity;
  if (days === dateNegativeInfinity) return timestampNegativeInfinity;
  const micros = BigInt(days) * dayMicros;
  if (micros >= timestampInfinity || micros < timestampMin) {
    throw new SqlError(sqlstate.datetimeFieldOverflow, 'date out of range for timestamp');
  }
  return micros;
}

export function timestampToDate(micros: bigint): number {
  if (micros === timestampInfinity) return dateInfinity;
  if (micros === timestampNegativeInfinity) return dateNegativeInfinity;
  return splitTimestamp(micros).days;
}

/** Time of day; infinite timestamps have none (the cast gives NULL in PostgreSQL). */
export function timestampToTime(micros: bigint): bigint | null {
  return isFiniteTimestamp(micros) ? BigInt(splitTimestamp(micros).time) : null;
}

/** PostgreSQL rounds timestamps around the year 2000, halves away from it. */
const roundingEpoch = 946684800000000n;
const precisionMax = 6;

/** Keeps 0 to 6 digits of fractional seconds; null keeps all. */
export function roundTimestamp(micros: bigint, precision: number | null): bigint {
  if (precision === null || precision >= precisionMax || !isFiniteTimestamp(micros)) return micros;
  const unit = 10n ** BigInt(precisionMax - precision);
  const fromEpoch = micros - roundingEpoch;
  const half = fromEpoch < 0n ? -unit / 2n : unit / 2n;
  return ((fromEpoch + half) / unit) * unit + roundingEpoch;
}

export function roundTime(micros: bigint, precision: number | null): bigint {
  if (precision === null || precision >= precisionMax) return micros;
  const unit = 10n ** BigInt(precisionMax - precision);
  return ((micros + unit / 2n) / unit) * unit;
}

/** timestamp + interval: months first (the day is cut to the month's length), then days, then time. */
export function addInterval(micros: bigint, interval: Interval): bigint {
  if (!isFiniteTimestamp(micros)) return micros;
  let result = micros;
  if (interval.months !== 0) result = addMonths(result, interval.months);
  if (interval.days !== 0) result = checkTimestamp(result + BigInt(interval.days) * dayMicros);
  return checkTimestamp(result + interval.micros);
}

/** timestamptz + interval: months and days move the local time, the rest the instant. */
export function addIntervalZoned(micros: bigint, interval: Interval, zone: Zone): bigint {
  if (!isFiniteTimestamp(micros)) return micros;
  let result = micros;
  if (interval.months !== 0) {
    result = localToUtc(addMonths(utcToLocal(result, zone), interval.months), zone);
  }
  if (interval.days !== 0) {
    const local = utcToLocal(result, zone) + BigInt(interval.days) * dayMicros;
    result = localToUtc(checkTimestamp(local), zone);
  }
  return checkTimestamp(result + interval.micros);
}

function addMonths(micros: bigint, months: number): bigint {
  const { days, time } = splitTimestamp(micros);
  const date = civilFromDays(days);
  const count = date.year * 12 + date.month - 1 + months;
  const year = Math.floor(count / 12);
  const month = count - year * 12 + 1;
  const day = Math.min(date.day, daysInMonth(year, month));
  return checkTimestamp(joinTimestamp(daysFromCivil(year, month, day), time));
}

/** time + interval, around the clock; months and days do not count. */
export function addIntervalToTime(time: bigint, interval: Interval): bigint {
  const sum = (time + interval.micros) % dayMicros;
  return sum < 0n ? sum + dayMicros : sum;
}

export function addIntervalToTimetz(time: TimeTz, interval: Interval): TimeTz {
  return new TimeTz(addIntervalToTime(time.micros, interval), time.zoneSeconds);
}

/** a − b as days and time. */
export function subtractTimestamps(a: bigint, b: bigint): Interval {
  if (!isFiniteTimestamp(a) || !isFiniteTimestamp(b)) {
    throw new SqlError(sqlstate.datetimeFieldOverflow, 'cannot subtract infinite timestamps');
  }
  return new Interval(0, 0, a - b).justifyHours();
}

/** age(a, b): the difference by calendar fields, all of one sign. */
export function age(a: bigint, b: bigint): Interval {
  if (!isFiniteTimestamp(a) || !isFiniteTimestamp(b)) throw timestampOutOfRange();
  const negative = a < b;
  // The month that lends its days is that of the earlier timestamp.
  const [later, earlier] = negative ? [b, a] : [a, b];
  const to = splitTimestamp(later);
  const from = splitTimestamp(earlier);
  const toDate = civilFromDays(to.days);
  const fromDate = civilFromDays(from.days);
  let time = to.time - from.time;
  let days = toDate.day - fromDate.day;
  let months = (toDate.year - fromDate.year) * 12 + toDate.month - fromDate.month;
  if (time < 0) {
    time += microsPerDay;
    days--;
  }
  if (days < 0) {
    days += daysInMonth(fromDate.year, fromDate.month);
    months--;
  }
  const span = new Interval(months, days, BigInt(time));
  return negative ? span.neg() : span;
}

/** age of two instants, by their local times. */
export function ageZoned(a: bigint, b: bigint, zone: Zone): Interval {
  return age(utcToLocal(a, zone), utcToLocal(b, zone));
}

/** date_bin(stride, micros, origin): the start of the bin, rounding down also before the origin. */
export function dateBin(stride: Interval, micros: bigint, origin: bigint): bigint {
  if (!isFiniteTimestamp(micros)) return micros;
  if (!isFiniteTimestamp(origin)) {
    throw new SqlError(sqlstate.datetimeFieldOverflow, 'origin out of range');
  }
  if (stride.months !== 0) {
    throw new SqlError(
      sqlstate.featureNotSupported,
      'timestamps cannot be binned into intervals containing months or years',
    );
  }
  const width = BigInt(stride.days) * dayMicros + stride.micros;
  if (width <= 0n) {
    throw new SqlError(sqlstate.datetimeFieldOverflow, 'stride must be greater than zero');
  }
  const rest = (micros - origin) % width;
  return checkTimestamp(micros - rest - (rest < 0n ? width : 0n));
}

function timestampOutOfRange(): SqlError {
  return new SqlError(sqlstate.datetimeFieldOverflow, 'timestamp out of range');
}
