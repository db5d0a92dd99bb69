/**
 * date_trunc and EXTRACT for every date and time type, with PostgreSQL's formulas (a decade, century or
 * millennium before year 1 included) and its exact numeric results. NULL is what PostgreSQL gives for a
 * cyclic field of an infinite value; a growing field is ±Infinity there.
 */

import { must } from '../base/assert.ts';
import { SqlError, sqlstate } from '../base/errors.ts';
import {
  civilFromDays,
  dayOfWeek,
  dayOfYear,
  daysFromCivil,
  isoWeek,
  microsPerDay,
  mondayOf,
} from './calendar.ts';
import {
  checkTimestamp,
  dateInfinity,
  isFiniteDate,
  isFiniteTimestamp,
  joinTimestamp,
  splitTimestamp,
  timestampInfinity,
} from './datetime.ts';
import { Decimal } from './decimal.ts';
import { Interval, type TimeTz } from './interval.ts';
import { extractUnit, timeUnit, type ExtractOnlyUnit, type TimeUnit } from './time-units.ts';
import { localToUtc, utcToLocal, type Zone } from './zones.ts';

const timestampName = 'timestamp without time zone';
const timestamptzName = 'timestamp with time zone';
const julianOfEpoch = 2440588;

/** date_trunc on a local timestamp. */
export function truncateTimestamp(field: string, micros: bigint): bigint {
  // PostgreSQL looks at the unit last.
  if (!isFiniteTimestamp(micros)) return micros;
  return checkTimestamp(truncate(truncationUnit(field, timestampName), micros));
}

/** date_trunc on an instant: in the zone's local time; from days up the zone's offset is found anew. */
export function truncateTimestamptz(field: string, micros: bigint, zone: Zone): bigint {
  if (!isFiniteTimestamp(micros)) return micros;
  const unit = truncationUnit(field, timestamptzName);
  const local = utcToLocal(micros, zone);
  const truncated = truncate(unit, local);
  if (unit in microsOf) return truncated - (local - micros);
  return checkTimestamp(localToUtc(truncated, zone));
}

/** Units below a day, by their length. */
const microsOf: Partial<Record<TimeUnit, number>> = {
  microseconds: 1,
  milliseconds: 1e3,
  second: 1e6,
  minute: 60e6,
  hour: 3600e6,
};

/** Units of several years. */
const yearsOf: Partial<Record<TimeUnit, number>> = { decade: 10, century: 100, millennium: 1000 };

function truncationUnit(field: string, type: string): TimeUnit {
  const unit = timeUnit(field);
  if (unit !== null) return unit;
  if (/^timezone/i.test(field)) throw unsupportedUnit(field, type);
  throw unknownUnit(field, type);
}

function truncate(unit: TimeUnit, micros: bigint): bigint {
  const { days, time } = splitTimestamp(micros);
  const width = microsOf[unit];
  if (width !== undefined) return joinTimestamp(days, time - (time % width));
  if (unit === 'day') return joinTimestamp(days, 0);
  if (unit === 'week') return joinTimestamp(mondayOf(days), 0);
  const { year, month } = civilFromDays(days);
  if (unit === 'month') return joinTimestamp(daysFromCivil(year, month, 1), 0);
  if (unit === 'quarter')
    return joinTimestamp(daysFromCivil(year, month - ((month - 1) % 3), 1), 0);
  return joinTimestamp(daysFromCivil(firstYear(unit, year), 1, 1), 0);
}

/** Decades begin with a 0; centuries and millennia with a 1, and there is none that holds both 1 and −1. */
function firstYear(unit: TimeUnit, year: number): number {
  const width = yearsOf[unit];
  if (width === undefined) return year;
  if (width === 10) {
    return year > 0 ? Math.trunc(year / 10) * 10 : -Math.trunc((8 - (year - 1)) / 10) * 10;
  }
  const rest = width - 1;
  return year > 0
    ? Math.trunc((year + rest) / width) * width - rest
    : -Math.trunc((rest - (year - 1)) / width) * width + 1;
}

/** date_trunc on an interval: lower parts become zero. */
export function truncateInterval(field: string, interval: Interval): Interval {
  const unit = truncationUnit(field, 'interval');
  const { months, days, micros } = interval;
  const width = microsOf[unit];
  if (width !== undefined) return new Interval(months, days, micros - (micros % BigInt(width)));
  switch (unit) {
    case 'day':
      return new Interval(months, days, 0n);
    case 'month':
      return new Interval(months, 0, 0n);
    case 'quarter':
      return new Interval(months - (months % 3), 0, 0n);
    case 'week':
      throw unsupportedUnit(field, 'interval', 'Months usually have fractional weeks.');
    default: {
      const width = 12 * (yearsOf[unit] ?? 1);
      return new Interval(months - (months % width), 0, 0n);
    }
  }
}

/** EXTRACT from a local timestamp. */
export function extractTimestamp(field: string, micros: bigint): Decimal | null {
  const unit = knownUnit(field, timestampName);
  if (!isFiniteTimestamp(micros)) return infiniteField(unit, micros === timestampInfinity);
  if (isZoneUnit(unit)) throw unsupportedUnit(field, timestampName);
  if (unit === 'epoch') return Decimal.fromBigInt(micros, 6);
  return timestampField(unit, micros);
}

/** EXTRACT from an instant, in the zone's local time. */
export function extractTimestamptz(field: string, micros: bigint, zone: Zone): Decimal | null {
  const unit = knownUnit(field, timestamptzName);
  if (!isFiniteTimestamp(micros)) return infiniteField(unit, micros === timestampInfinity);
  if (unit === 'epoch') return Decimal.fromBigInt(micros, 6);
  if (isZoneUnit(unit)) return zoneField(unit, zone.offsetAt(micros));
  return timestampField(unit, utcToLocal(micros, zone));
}

export function extractDate(field: string, days: number): Decimal | null {
  const unit = knownUnit(field, 'date');
  if (unit in microsOf || isZoneUnit(unit)) throw unsupportedUnit(field, 'date');
  if (!isFiniteDate(days)) return infiniteField(unit, days === dateInfinity);
  if (unit === 'epoch') return integer(days * 86400);
  if (unit === 'julian') return integer(days + julianOfEpoch);
  return known(dateField(unit, days));
}

export function extractTime(field: string, micros: bigint): Decimal | null {
  const name = 'time without time zone';
  const unit = knownUnit(field, name);
  if (unit === 'epoch') return Decimal.fromBigInt(micros, 6);
  const value = timeField(unit, Number(micros));
  if (value === null) throw unsupportedUnit(field, name);
  return value;
}

export function extractTimetz(field: string, time: TimeTz): Decimal | null {
  const name = 'time with time zone';
  const unit = knownUnit(field, name);
  if (unit === 'epoch') return Decimal.fromBigInt(time.utcMicros(), 6);
  if (isZoneUnit(unit)) return zoneField(unit, time.zoneSeconds);
  const value = timeField(unit, Number(time.micros));
  if (value === null) throw unsupportedUnit(field, name);
  return value;
}

export function extractInterval(field: string, interval: Interval): Decimal | null {
  const unit = knownUnit(field, 'interval');
  const { months, days, micros } = interval;
  switch (unit) {
    case 'microseconds':
      return Decimal.fromBigInt(micros % 60000000n);
    case 'milliseconds':
      return Decimal.fromBigInt(micros % 60000000n, 3);
    case 'second':
      return Decimal.fromBigInt(micros % 60000000n, 6);
    case 'minute':
      return Decimal.fromBigInt((micros / 60000000n) % 60n);
    case 'hour':
      return Decimal.fromBigInt(micros / 3600000000n);
    case 'day':
      return integer(days);
    case 'month':
      return integer(months % 12);
    case 'quarter':
      return integer(Math.trunc((months % 12) / 3) + 1);
    case 'year':
      return integer(Math.trunc(months / 12));
    case 'decade':
    case 'century':
    case 'millennium':
      return integer(Math.trunc(months / 12 / yearsOf[unit]!));
    case 'epoch':
      return Decimal.fromBigInt(intervalEpoch(months, days) * 1000000n + micros, 6);
    default:
      throw unsupportedUnit(field, 'interval');
  }
}

/** Seconds of the months and days: a year has 365.25 days, a month of the rest 30. */
function intervalEpoch(months: number, days: number): bigint {
  const quarterDays = 1461 * Math.trunc(months / 12) + 120 * (months % 12) + 4 * days;
  return BigInt(quarterDays) * 21600n;
}

function timestampField(unit: TimeUnit | ExtractOnlyUnit, micros: bigint): Decimal {
  const { days, time } = splitTimestamp(micros);
  if (unit === 'julian') {
    const fraction = integer(time).div(integer(microsPerDay));
    return integer(days + julianOfEpoch).add(fraction);
  }
  return timeField(unit, time) ?? known(dateField(unit, days));
}

function timeField(unit: TimeUnit | ExtractOnlyUnit, time: number): Decimal | null {
  const withinMinute = time % 60e6;
  switch (unit) {
    case 'microseconds':
      return integer(withinMinute);
    case 'milliseconds':
      return Decimal.fromBigInt(BigInt(withinMinute), 3);
    case 'second':
      return Decimal.fromBigInt(BigInt(withinMinute), 6);
    case 'minute':
      return integer(Math.floor(time / 60e6) % 60);
    case 'hour':
      return integer(Math.floor(time / 3600e6));
    default:
      return null;
  }
}

function dateField(unit: TimeUnit | ExtractOnlyUnit, days: number): Decimal | null {
  const { year, month, day } = civilFromDays(days);
  switch (unit) {
    case 'day':
      return integer(day);
    case 'month':
      return integer(month);
    case 'quarter':
      return integer(Math.floor((month - 1) / 3) + 1);
    case 'week':
      return integer(isoWeek(days).week);
    case 'year':
      return integer(withoutYearZero(year));
    case 'isoyear':
      return integer(withoutYearZero(isoWeek(days).year));
    case 'decade':
      return integer(year >= 0 ? Math.trunc(year / 10) : -Math.trunc((8 - (year - 1)) / 10));
    case 'century':
    case 'millennium': {
      const width = yearsOf[unit]!;
      const rest = width - 1;
      return integer(
        year > 0 ? Math.trunc((year + rest) / width) : -Math.trunc((rest - (year - 1)) / width),
      );
    }
    case 'dow':
      return integer(dayOfWeek(days));
    case 'isodow':
      return integer(dayOfWeek(days) || 7);
    case 'doy':
      return integer(dayOfYear(days));
    default:
      return null;
  }
}

function withoutYearZero(year: number): number {
  return year > 0 ? year : year - 1;
}

function zoneField(unit: TimeUnit | ExtractOnlyUnit, seconds: number): Decimal {
  if (unit === 'timezone_hour') return integer(Math.trunc(seconds / 3600));
  return integer(unit === 'timezone_minute' ? Math.trunc((seconds % 3600) / 60) : seconds);
}

function infiniteField(unit: TimeUnit | ExtractOnlyUnit, positive: boolean): Decimal | null {
  switch (unit) {
    case 'year':
    case 'decade':
    case 'century':
    case 'millennium':
    case 'julian':
    case 'isoyear':
    case 'epoch':
      return positive ? Decimal.infinity : Decimal.negativeInfinity;
    default:
      return null;
  }
}

function isZoneUnit(unit: TimeUnit | ExtractOnlyUnit): boolean {
  return unit.startsWith('timezone');
}

function knownUnit(field: string, type: string): TimeUnit | ExtractOnlyUnit {
  const unit = extractUnit(field);
  if (unit === null) throw unknownUnit(field, type);
  return unit;
}

function integer(value: number): Decimal {
  return Decimal.fromBigInt(BigInt(value));
}

function known(value: Decimal | null): Decimal {
  return must(value, 'a field that belongs to neither date nor time');
}

function unknownUnit(field: string, type: string): SqlError {
  return new SqlError(
    sqlstate.invalidParameterValue,
    `unit "${field.toLowerCase()}" not recognized for type ${type}`,
  );
}

function unsupportedUnit(field: string, type: string, detail?: string): SqlError {
  return new SqlError(
    sqlstate.featureNotSupported,
    `unit "${field.toLowerCase()}" not supported for type ${type}`,
    { detail },
  );
}
