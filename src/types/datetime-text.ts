/**
 * Text of dates, times and timestamps: input in any accepted spelling, output in the session's DateStyle
 * (ISO unless told otherwise). Zones of timestamps without time zone are read and ignored, as in
 * PostgreSQL.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import { civilFromDays, dayOfWeek } from './calendar.ts';
import {
  checkTimestamp,
  dateInfinity,
  dateNegativeInfinity,
  joinTimestamp,
  splitTimestamp,
  timeParts,
  timestampInfinity,
  timestampNegativeInfinity,
} from './datetime.ts';
import type { DateTimeFields } from './datetime-iso.ts';
import { invalidDateTime, parseDateTimeFields, type DateOrder } from './datetime-parse.ts';
import { shortDay, shortMonth } from './datetime-words.ts';
import { TimeTz } from './interval.ts';
import { findSessionZone, localToUtc, utcToLocal, utcZone, type Zone } from './zones.ts';

export interface DateTimeTextOptions {
  /** Session TimeZone; UTC when not given. */
  readonly timeZone?: string;
  /** As SHOW DateStyle prints it, e.g. "ISO, MDY". */
  readonly dateStyle?: string;
  /** What now and today mean: µs since 1970 UTC. Without it those words are refused. */
  readonly now?: bigint;
}

const noOptions: DateTimeTextOptions = {};
const dateMin = -2440588;
const dateEnd = 2145042906;

export function parseDate(text: string, options: DateTimeTextOptions = noOptions): number {
  const fields = readFields(text, 'date', options);
  switch (fields.special) {
    case 'infinity':
      return dateInfinity;
    case '-infinity':
      return dateNegativeInfinity;
    case 'epoch':
      return 0;
    case 'now':
      return splitTimestamp(localNow('date', text, options)).days;
    case null:
      break;
  }
  if (fields.days === null) throw invalidDateTime('date', text);
  if (fields.days < dateMin || fields.days >= dateEnd) {
    throw new SqlError(sqlstate.datetimeFieldOverflow, `date out of range: "${text}"`);
  }
  return fields.days;
}

export function parseTimestamp(text: string, options: DateTimeTextOptions = noOptions): bigint {
  const fields = readFields(text, 'timestamp', options);
  if (fields.special === 'now') return localNow('timestamp', text, options);
  return specialTimestamp(fields) ?? localTimestamp(fields, 'timestamp', text);
}

export function parseTimestamptz(text: string, options: DateTimeTextOptions = noOptions): bigint {
  const type = 'timestamp with time zone';
  const fields = readFields(text, type, options);
  if (fields.special === 'now') return needNow(type, text, options);
  const special = specialTimestamp(fields);
  if (special !== null) return special;
  const local = localTimestamp(fields, type, text);
  return inRange(localToUtc(local, fields.zone ?? sessionZone(options)), text);
}

function specialTimestamp(fields: DateTimeFields): bigint | null {
  switch (fields.special) {
    case 'infinity':
      return timestampInfinity;
    case '-infinity':
      return timestampNegativeInfinity;
    case 'epoch':
      return 0n;
    default:
      return null;
  }
}

function localTimestamp(fields: DateTimeFields, type: string, text: string): bigint {
  if (fields.days === null) throw invalidDateTime(type, text);
  return inRange(joinTimestamp(fields.days, fields.time ?? 0), text);
}

function inRange(micros: bigint, text: string): bigint {
  try {
    return checkTimestamp(micros);
  } catch {
    throw new SqlError(sqlstate.datetimeFieldOverflow, `timestamp out of range: "${text}"`);
  }
}

export function parseTime(text: string, options: DateTimeTextOptions = noOptions): bigint {
  const fields = readFields(text, 'time', options);
  if (fields.special === 'now') {
    return BigInt(splitTimestamp(localNow('time', text, options)).time);
  }
  return BigInt(timeOf(fields, 'time', text));
}

export function parseTimetz(text: string, options: DateTimeTextOptions = noOptions): TimeTz {
  const type = 'time with time zone';
  const fields = readFields(text, type, options);
  if (fields.special === 'now') {
    const now = needNow(type, text, options);
    const seconds = sessionZone(options).offsetAt(now);
    const local = utcToLocal(now, sessionZone(options));
    return new TimeTz(BigInt(splitTimestamp(local).time), seconds);
  }
  const time = timeOf(fields, type, text);
  const zone = fields.zone ?? sessionZone(options);
  // The offset of a named zone depends on the day: the given one, else today.
  const day = fields.days === null ? splitTimestamp(options.now ?? 0n).days : fields.days;
  return new TimeTz(BigInt(time), zone.offsetAtLocal(joinTimestamp(day, time)));
}

function timeOf(fields: DateTimeFields, type: string, text: string): number {
  if (fields.time === null || fields.special !== null) throw invalidDateTime(type, text);
  return fields.time;
}

function readFields(text: string, type: string, options: DateTimeTextOptions): DateTimeFields {
  return parseDateTimeFields(text, {
    type,
    isTime: type === 'time' || type === 'time with time zone',
    order: dateOrder(options),
    today: () => splitTimestamp(localNow(type, text, options)).days,
  });
}

function dateOrder(options: DateTimeTextOptions): DateOrder {
  const style = options.dateStyle;
  if (style === undefined || style.includes('MDY')) return 'MDY';
  return style.includes('DMY') ? 'DMY' : style.includes('YMD') ? 'YMD' : 'MDY';
}

function sessionZone(options: DateTimeTextOptions): Zone {
  if (options.timeZone === undefined || options.timeZone === 'UTC') return utcZone;
  return findSessionZone(options.timeZone) ?? utcZone;
}

function localNow(type: string, text: string, options: DateTimeTextOptions): bigint {
  return utcToLocal(needNow(type, text, options), sessionZone(options));
}

function needNow(type: string, text: string, options: DateTimeTextOptions): bigint {
  if (options.now === undefined) throw invalidDateTime(type, text);
  return options.now;
}

export function formatDate(days: number, options: DateTimeTextOptions = noOptions): string {
  if (days === dateInfinity) return 'infinity';
  if (days === dateNegativeInfinity) return '-infinity';
  const { year, month, day } = civilFromDays(days);
  const era = year <= 0 ? ' BC' : '';
  const fullYear = String(year > 0 ? year : 1 - year).padStart(4, '0');
  const dayFirst = dateOrder(options) === 'DMY';
  switch (dateStyle(options)) {
    case 'sql':
      return `${two(dayFirst ? day : month)}/${two(dayFirst ? month : day)}/${fullYear}${era}`;
    case 'german':
      return `${two(day)}.${two(month)}.${fullYear}${era}`;
    case 'postgres':
      return `${two(dayFirst ? day : month)}-${two(dayFirst ? month : day)}-${fullYear}${era}`;
    default:
      return `${fullYear}-${two(month)}-${two(day)}${era}`;
  }
}

export function formatTimestamp(micros: bigint, options: DateTimeTextOptions = noOptions): string {
  if (micros === timestampInfinity) return 'infinity';
  if (micros === timestampNegativeInfinity) return '-infinity';
  return formatLocal(micros, '', options);
}

export function formatTimestamptz(
  micros: bigint,
  options: DateTimeTextOptions = noOptions,
): string {
  if (micros === timestampInfinity) return 'infinity';
  if (micros === timestampNegativeInfinity) return '-infinity';
  const zone = sessionZone(options);
  const local = utcToLocal(micros, zone);
  if (dateStyle(options) === 'iso') {
    const offset = Number((local - micros) / 1000000n);
    return formatLocal(local, formatOffset(offset), options);
  }
  return formatLocal(local, ` ${zone.abbreviationAt(micros)}`, options);
}

/** `zone` follows the time directly; an era comes last. */
function formatLocal(local: bigint, zone: string, options: DateTimeTextOptions): string {
  const { days, time } = splitTimestamp(local);
  if (dateStyle(options) === 'postgres') return formatPostgres(days, time, zone, options);
  const date = formatDate(days, options);
  const isBc = date.endsWith(' BC');
  const plain = isBc ? date.slice(0, -3) : date;
  return `${plain} ${formatTimeOfDay(time)}${zone}${isBc ? ' BC' : ''}`;
}

/** Wed Jan 03 10:00:00 2024 UTC */
function formatPostgres(
  days: number,
  time: number,
  zone: string,
  options: DateTimeTextOptions,
): string {
  const { year, month, day } = civilFromDays(days);
  const date =
    dateOrder(options) === 'DMY'
      ? `${two(day)} ${shortMonth(month)}`
      : `${shortMonth(month)} ${two(day)}`;
  const fullYear = String(year > 0 ? year : 1 - year).padStart(4, '0');
  const weekday = shortDay(dayOfWeek(days));
  const era = year <= 0 ? ' BC' : '';
  return `${weekday} ${date} ${formatTimeOfDay(time)} ${fullYear}${zone}${era}`;
}

export function formatTime(micros: bigint): string {
  return formatTimeOfDay(Number(micros));
}

export function formatTimetz(time: TimeTz): string {
  return formatTimeOfDay(Number(time.micros)) + formatOffset(time.zoneSeconds);
}

/** +01, -05:30, +00:53:28 */
export function formatOffset(secondsEast: number): string {
  const magnitude = Math.abs(secondsEast);
  const seconds = magnitude % 60;
  const minutes = Math.floor(magnitude / 60) % 60;
  let text = (secondsEast < 0 ? '-' : '+') + two(Math.floor(magnitude / 3600));
  if (minutes !== 0 || seconds !== 0) text += `:${two(minutes)}`;
  return seconds === 0 ? text : `${text}:${two(seconds)}`;
}

function formatTimeOfDay(time: number): string {
  const { hour, minute, second, micros } = timeParts(time);
  const clock = `${two(hour)}:${two(minute)}:${two(second)}`;
  return micros === 0 ? clock : `${clock}.${fractionDigits(micros)}`;
}

/** Six digits without the zeros at the end. */
export function fractionDigits(micros: number): string {
  return String(micros).padStart(6, '0').replace(/0+$/, '');
}

function dateStyle(options: DateTimeTextOptions): 'iso' | 'sql' | 'german' | 'postgres' {
  const style = options.dateStyle;
  if (style === undefined || style.startsWith('ISO')) return 'iso';
  const word = style.slice(0, style.search(/,|$/)).trim().toLowerCase();
  return word === 'sql' || word === 'german' || word === 'postgres' ? word : 'iso';
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}
