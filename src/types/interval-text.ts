/**
 * Text of intervals: input in every spelling that PostgreSQL accepts (its own, the SQL standard's with a
 * qualifier such as DAY TO SECOND, ISO 8601), output in the four IntervalStyles.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import { fractionMicros } from './datetime-iso.ts';
import { fractionDigits } from './datetime-text.ts';
import { tokenizeDateTime, type DateTimeToken } from './datetime-tokens.ts';
import { Interval } from './interval.ts';
import { parseIsoDuration } from './iso-duration.ts';
import { IntervalParts } from './interval-parts.ts';
import { timeUnit, type TimeUnit } from './time-units.ts';

export type IntervalStyle = 'postgres' | 'postgres_verbose' | 'sql_standard' | 'iso_8601';

/**
 * The interval a text means. `fields` is SQL's qualifier in lower case: 'second', 'year to month',
 * 'day to second'…, '' for none; it gives a bare number its unit and cuts off what is finer.
 */
export function parseInterval(
  text: string,
  fields = '',
  style: IntervalStyle = 'postgres',
): Interval {
  const parts = readParts(text, fields, style) ?? parseIsoDuration(text);
  if (parts === null) {
    throw new SqlError(
      sqlstate.invalidDatetimeFormat,
      `invalid input syntax for type interval: "${text}"`,
    );
  }
  if (!parts.isInRange) throw outOfRange(text);
  return cutToFields(parts.toInterval(), fields);
}

/** Null when the text is no interval in PostgreSQL's or SQL's spelling. */
function readParts(text: string, fields: string, style: IntervalStyle): IntervalParts | null {
  const tokens = tokenizeDateTime(text);
  if (tokens === null || tokens.length === 0) return null;
  const reader = new IntervalReader(text, fields);
  const signsAll = style === 'sql_standard' && leadsWithOnlySign(tokens);
  // From the right, because a unit follows its number.
  for (let index = tokens.length - 1; index >= 0; index--) {
    if (!reader.token(tokens[index]!, signsAll && index > 0)) return null;
  }
  return reader.finish();
}

/** In the SQL standard one sign in front is that of all fields. */
function leadsWithOnlySign(tokens: readonly DateTimeToken[]): boolean {
  return (
    tokens[0]!.text.startsWith('-') && tokens.slice(1).every((token) => !/^[-+]/.test(token.text))
  );
}

/** The unit of the last field that the qualifier names. */
function defaultUnit(fields: string): TimeUnit {
  return timeUnit(fields.slice(fields.lastIndexOf(' ') + 1)) ?? 'second';
}

class IntervalReader {
  readonly #text: string;
  readonly #fields: string;
  readonly #parts = new IntervalParts();
  readonly #seen = new Set<string>();
  #unit: TimeUnit | null = null;
  #isAgo = false;

  constructor(text: string, fields: string) {
    this.#text = text;
    this.#fields = fields;
  }

  /** False when the token has no place in an interval. */
  token(token: DateTimeToken, negate: boolean): boolean {
    switch (token.kind) {
      case 'time':
        return this.#time(token.text, negate ? -1 : 1);
      case 'zone':
        if (token.text.includes(':')) {
          return this.#time(token.text.slice(1), token.text.startsWith('-') ? -1 : 1);
        }
        return this.#number(token.text);
      case 'number':
      case 'date':
        return this.#number(negate ? `-${token.text}` : token.text);
      case 'word':
        return this.#word(token.text);
      case 'special':
        return false;
    }
  }

  finish(): IntervalParts | null {
    if (this.#seen.size === 0) return null;
    if (this.#isAgo) this.#parts.negate();
    return this.#parts;
  }

  #word(word: string): boolean {
    if (word === 'ago') {
      this.#isAgo = true;
      return true;
    }
    this.#unit = timeUnit(word);
    // PostgreSQL extracts quarters, but takes none in an interval.
    return this.#unit !== null && this.#unit !== 'quarter';
  }

  /** hh:mm[:ss[.f]]; mm:ss.f, also without fraction for MINUTE TO SECOND. */
  #time(text: string, sign: number): boolean {
    if (this.#seen.has('hour') || this.#seen.has('minute') || this.#seen.has('second'))
      return false;
    const match = /^(\d+):(\d+)(?::(\d+))?(?:\.(\d*))?$/.exec(text);
    if (match === null) return false;
    let numbers = [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
    const isMinutes =
      match[3] === undefined && (match[4] !== undefined || this.#fields === 'minute to second');
    if (isMinutes) numbers = [0, numbers[0]!, numbers[1]!];
    const [hours = 0, minutes = 0, seconds = 0] = numbers;
    if (minutes > 59 || seconds > 60) throw outOfRange(this.#text);
    const rest = (minutes * 60 + seconds) * 1e6 + fractionMicros(match[4] ?? '');
    this.#parts.micros += BigInt(sign) * (BigInt(hours) * 3600000000n + BigInt(rest));
    this.#mark('hour').#mark('minute').#mark('second');
    // A number before a time without unit counts days.
    this.#unit = 'day';
    return true;
  }

  #mark(field: string): this {
    this.#seen.add(field);
    return this;
  }

  #number(text: string): boolean {
    const match = /^([-+]?)(\d*)(?:-(\d+)|\.(\d*))?$/.exec(text);
    if (match === null || (match[2] === '' && match[4] === undefined)) return false;
    const sign = match[1] === '-' ? -1 : 1;
    const whole = sign * Number(match[2]);
    if (match[3] !== undefined) return this.#yearsAndMonths(whole, sign * Number(match[3]));
    const fraction = match[4] === undefined ? 0 : sign * Number(`0.${match[4]}0`);
    const unit = this.#unit ?? defaultUnit(this.#fields);
    if (Math.abs(whole) > 2147483647 && !finestUnits.has(unit)) throw outOfRange(this.#text);
    if (this.#repeats(unit, fraction)) return false;
    this.#parts.add(unit, whole, fraction);
    // '1 2' HOUR: a number before the hours counts days.
    if (unit === 'hour') this.#unit = 'day';
    return true;
  }

  /** SQL's '1-2': one year and two months. */
  #yearsAndMonths(years: number, months: number): boolean {
    if (Math.abs(months) >= 12) throw outOfRange(this.#text);
    if (
      this.#unit !== null &&
      this.#unit !== 'year' &&
      this.#unit !== 'month' &&
      this.#unit !== 'day'
    ) {
      return false;
    }
    if (this.#seen.has('month')) return false;
    this.#mark('month');
    this.#parts.months += years * 12 + months;
    return true;
  }

  /** Each unit may be given once; seconds with a fraction take the place of the finer units too. */
  #repeats(unit: TimeUnit, fraction: number): boolean {
    const fields =
      unit === 'second' && fraction !== 0 ? ['second', 'milliseconds', 'microseconds'] : [unit];
    if (fields.some((field) => this.#seen.has(field))) return true;
    for (const field of fields) this.#mark(field);
    return false;
  }
}

/** Units whose count may pass 32 bits. */
const finestUnits: ReadonlySet<TimeUnit> = new Set([
  'microseconds',
  'milliseconds',
  'second',
  'minute',
  'hour',
]);

/** What is finer than the qualifier's last field is cut off. */
function cutToFields(interval: Interval, fields: string): Interval {
  if (fields === '') return interval;
  const { months, days, micros } = interval;
  const cut = (unit: bigint) => new Interval(months, days, micros - (micros % unit));
  switch (defaultUnit(fields)) {
    case 'year':
      return new Interval(months - (months % 12), 0, 0n);
    case 'month':
      return new Interval(months, 0, 0n);
    case 'day':
      return new Interval(months, days, 0n);
    case 'hour':
      return cut(3600000000n);
    case 'minute':
      return cut(60000000n);
    default:
      return interval;
  }
}

function outOfRange(text: string): SqlError {
  return new SqlError('22015', `interval field value out of range: "${text}"`);
}

interface PrintedParts {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  micros: number;
}

export function formatInterval(interval: Interval, style: IntervalStyle = 'postgres'): string {
  const seconds = interval.micros / 1000000n;
  const parts: PrintedParts = {
    year: Math.trunc(interval.months / 12),
    month: interval.months % 12,
    day: interval.days,
    hour: Number(seconds / 3600n),
    minute: Number((seconds / 60n) % 60n),
    second: Number(seconds % 60n),
    micros: Number(interval.micros % 1000000n),
  };
  switch (style) {
    case 'postgres':
      return formatPostgres(parts);
    case 'postgres_verbose':
      return formatVerbose(parts);
    case 'iso_8601':
      return formatIso(parts);
    case 'sql_standard':
      return formatStandard(parts);
  }
}

/** 1 year 2 mons -3 days +04:05:06.7: a sign only where it differs from the part before. */
function formatPostgres(parts: PrintedParts): string {
  const words: string[] = [];
  let isBefore = false;
  const units: [number, string][] = [
    [parts.year, 'year'],
    [parts.month, 'mon'],
    [parts.day, 'day'],
  ];
  for (const [value, unit] of units) {
    if (value === 0) continue;
    words.push(`${isBefore && value > 0 ? '+' : ''}${value} ${unit}${value === 1 ? '' : 's'}`);
    isBefore = value < 0;
  }
  if (words.length === 0 || hasTime(parts)) {
    const sign = isTimeNegative(parts) ? '-' : isBefore ? '+' : '';
    words.push(`${sign}${clock(parts, true)}`);
  }
  return words.join(' ');
}

function hasTime(parts: PrintedParts): boolean {
  return parts.hour !== 0 || parts.minute !== 0 || parts.second !== 0 || parts.micros !== 0;
}

function isTimeNegative(parts: PrintedParts): boolean {
  return parts.hour < 0 || parts.minute < 0 || parts.second < 0 || parts.micros < 0;
}

/** hh:mm:ss without sign. */
function clock(parts: PrintedParts, padHours: boolean): string {
  const hours = String(Math.abs(parts.hour)).padStart(padHours ? 2 : 1, '0');
  const minutes = String(Math.abs(parts.minute)).padStart(2, '0');
  return `${hours}:${minutes}:${seconds(parts, 2)}`;
}

/** Seconds without sign, with the digits of a fraction. */
function seconds(parts: PrintedParts, wholeDigits: number): string {
  const whole = String(Math.abs(parts.second)).padStart(wholeDigits, '0');
  const micros = Math.abs(parts.micros);
  return micros === 0 ? whole : `${whole}.${fractionDigits(micros)}`;
}

/** @ 1 year 2 mons -3 days 4 hours 5 mins 6.7 secs ago */
function formatVerbose(parts: PrintedParts): string {
  let text = '@';
  let isZero = true;
  let isBefore = false;
  const units: [number, string][] = [
    [parts.year, 'year'],
    [parts.month, 'mon'],
    [parts.day, 'day'],
    [parts.hour, 'hour'],
    [parts.minute, 'min'],
  ];
  for (const [value, unit] of units) {
    if (value === 0) continue;
    if (isZero) isBefore = value < 0;
    const shown = isBefore ? -value : value;
    text += ` ${shown} ${unit}${shown === 1 ? '' : 's'}`;
    isZero = false;
  }
  if (parts.second !== 0 || parts.micros !== 0) {
    const negative = parts.second < 0 || parts.micros < 0;
    if (isZero) isBefore = negative;
    const sign = negative === isBefore ? '' : '-';
    const plural = Math.abs(parts.second) !== 1 || parts.micros !== 0 ? 's' : '';
    text += ` ${sign}${seconds(parts, 1)} sec${plural}`;
    isZero = false;
  }
  if (isZero) text += ' 0';
  return isBefore ? `${text} ago` : text;
}

/** P1Y2M-3DT4H5M6.7S */
function formatIso(parts: PrintedParts): string {
  const part = (value: number, letter: string) => (value === 0 ? '' : `${value}${letter}`);
  const date = part(parts.year, 'Y') + part(parts.month, 'M') + part(parts.day, 'D');
  if (!hasTime(parts)) return date === '' ? 'PT0S' : `P${date}`;
  let time = part(parts.hour, 'H') + part(parts.minute, 'M');
  if (parts.second !== 0 || parts.micros !== 0) {
    time += `${parts.second < 0 || parts.micros < 0 ? '-' : ''}${seconds(parts, 1)}S`;
  }
  return `P${date}T${time}`;
}

/** 1-2, 3 4:05:06, or all parts with their signs when the standard has no form for them. */
function formatStandard(parts: PrintedParts): string {
  const values = Object.values(parts) as number[];
  const hasNegative = values.some((value) => value < 0);
  const hasPositive = values.some((value) => value > 0);
  if (!hasNegative && !hasPositive) return '0';
  const hasYearMonth = parts.year !== 0 || parts.month !== 0;
  const hasDayTime = parts.day !== 0 || hasTime(parts);
  const time = clock(parts, false);
  if ((hasNegative && hasPositive) || (hasYearMonth && hasDayTime)) {
    const years = `${parts.year < 0 || parts.month < 0 ? '-' : '+'}${Math.abs(parts.year)}`;
    const days = `${parts.day < 0 ? '-' : '+'}${Math.abs(parts.day)}`;
    const sign = isTimeNegative(parts) ? '-' : '+';
    return `${years}-${Math.abs(parts.month)} ${days} ${sign}${time}`;
  }
  const sign = hasNegative ? '-' : '';
  if (hasYearMonth) return `${sign}${Math.abs(parts.year)}-${Math.abs(parts.month)}`;
  return parts.day === 0 ? `${sign}${time}` : `${sign}${Math.abs(parts.day)} ${time}`;
}
