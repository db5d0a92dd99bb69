/** to_char of timestamps and intervals: each field of a template as text. */

import { SqlError, sqlstate } from '../../base/errors.ts';
import { dayOfWeek, dayOfYear, daysFromCivil, isoWeek } from '../../types/calendar.ts';
import { timestampParts } from '../../types/datetime.ts';
import type { Interval } from '../../types/interval.ts';
import type { TemplateField, TemplateNode } from './time-template.ts';

export interface PrintedTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly micros: number;
  /** Null for intervals, which belong to no calendar. */
  readonly days: number | null;
  /** Null without a time zone. */
  readonly zone: { readonly name: string; readonly offset: number } | null;
}

export const monthNames = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;
export const dayNames = [
  'Sunday',
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday',
] as const;
export const romanMonths = [
  'I',
  'II',
  'III',
  'IV',
  'V',
  'VI',
  'VII',
  'VIII',
  'IX',
  'X',
  'XI',
  'XII',
] as const;

export function timeOfTimestamp(micros: bigint, zone: PrintedTime['zone']): PrintedTime {
  const parts = timestampParts(micros);
  return { ...parts, days: daysFromCivil(parts.year, parts.month, parts.day), zone };
}

export function timeOfInterval(interval: Interval): PrintedTime {
  const part = (unit: bigint, modulo: bigint): number => Number((interval.micros / unit) % modulo);
  return {
    year: Math.trunc(interval.months / 12),
    month: interval.months % 12,
    day: interval.days,
    hour: Number(interval.micros / 3_600_000_000n),
    minute: part(60_000_000n, 60n),
    second: part(1_000_000n, 60n),
    micros: part(1n, 1_000_000n),
    days: null,
    zone: null,
  };
}

export function printTemplate(nodes: readonly TemplateNode[], time: PrintedTime): string {
  return nodes.map((node) => (node.kind === 'text' ? node.text : printField(node, time))).join('');
}

function printField(field: TemplateField, time: PrintedTime): string {
  const text = fieldText(field, time);
  if (field.ordinal === '' || !/\d$/.test(text)) return text;
  const suffix = ordinalSuffix(text);
  return text + (field.ordinal === 'TH' ? suffix.toUpperCase() : suffix);
}

export function ordinalSuffix(digits: string): string {
  if (/1\d$/.test(digits)) return 'th';
  return { 1: 'st', 2: 'nd', 3: 'rd' }[digits.slice(-1)] ?? 'th';
}

function fieldText(field: TemplateField, time: PrintedTime): string {
  const { fill } = field;
  const number = (value: number, width: number): string => {
    const digits = String(Math.abs(value));
    const padded = fill ? digits : digits.padStart(width, '0');
    return value < 0 ? `-${padded}` : padded;
  };
  const hour12 = time.hour % 12 === 0 ? 12 : time.hour % 12;
  switch (field.name) {
    case 'HH24':
      return number(time.hour, 2);
    case 'HH12':
    case 'HH':
      return number(hour12, 2);
    case 'MI':
      return number(time.minute, 2);
    case 'SS':
      return number(time.second, 2);
    case 'MS':
      return number(Math.trunc(time.micros / 1000), 3);
    case 'US':
      return number(time.micros, 6);
    case 'SSSS':
    case 'SSSSS':
      return String(time.hour * 3600 + time.minute * 60 + time.second);
    case 'AM':
    case 'PM':
    case 'A.M.':
    case 'P.M.':
      return halfDay(field, time.hour % 24 >= 12);
    case 'MM':
      return number(time.month, 2);
    case 'DD':
      return number(time.day, 2);
    case 'Q':
      return time.month === 0 ? '' : String(Math.floor((time.month - 1) / 3) + 1);
    default:
      if (/^FF\d$/.test(field.name)) {
        return String(time.micros).padStart(6, '0').slice(0, Number(field.name[2]));
      }
      return yearText(field, time, number) ?? calendarText(field, time, number);
  }
}

function cased(written: string, text: string): string {
  if (written === written.toUpperCase()) return text.toUpperCase();
  return written === written.toLowerCase() ? text.toLowerCase() : text;
}

function halfDay(field: TemplateField, afternoon: boolean): string {
  const text = afternoon ? 'PM' : 'AM';
  const dotted = field.name.includes('.') ? `${text[0]!}.${text[1]!}.` : text;
  return cased(field.written, dotted);
}

type PrintNumber = (value: number, width: number) => string;

function yearText(field: TemplateField, time: PrintedTime, number: PrintNumber): string | null {
  // A year before 1 is shown as its number BC, also where BC is not asked for.
  const shown = (year: number): number => (time.days !== null && year <= 0 ? 1 - year : year);
  const iso = (): number => shown(isoWeek(onCalendar(time)).year);
  const year = shown(time.year);
  switch (field.name) {
    case 'Y,YYY': {
      const text = String(year % 1000).padStart(3, '0');
      return `${Math.floor(year / 1000)},${text}`;
    }
    case 'YYYY':
      return number(year, 4);
    case 'YYY':
      return number(year % 1000, 3);
    case 'YY':
      return number(year % 100, 2);
    case 'Y':
      return String(year % 10);
    case 'IYYY':
      return number(iso(), 4);
    case 'IYY':
      return number(iso() % 1000, 3);
    case 'IY':
      return number(iso() % 100, 2);
    case 'I':
      return String(iso() % 10);
    case 'CC':
      return number(
        time.year > 0 ? Math.floor((time.year - 1) / 100) + 1 : Math.floor(time.year / 100) - 1,
        2,
      );
    case 'BC':
    case 'AD':
      return cased(field.written, time.year <= 0 ? 'BC' : 'AD');
    case 'B.C.':
    case 'A.D.':
      return cased(field.written, time.year <= 0 ? 'B.C.' : 'A.D.');
    default:
      return null;
  }
}

function onCalendar(time: PrintedTime): number {
  if (time.days !== null) return time.days;
  throw new SqlError(
    sqlstate.invalidDatetimeFormat,
    'invalid format specification for an interval value',
    { hint: 'Intervals are not tied to specific calendar dates.' },
  );
}

function calendarText(field: TemplateField, time: PrintedTime, number: PrintNumber): string {
  const name = (text: string, width: number): string =>
    cased(field.written, field.fill ? text : text.padEnd(width));
  switch (field.name) {
    case 'MONTH':
      return onCalendar(time) === null ? '' : name(monthNames[time.month - 1] ?? '', 9);
    case 'MON':
      return onCalendar(time) === null
        ? ''
        : name((monthNames[time.month - 1] ?? '').slice(0, 3), 3);
    case 'RM':
      return cased(
        field.written,
        field.fill
          ? (romanMonths[time.month - 1] ?? '')
          : (romanMonths[time.month - 1] ?? '').padEnd(4),
      );
    case 'DAY':
      return name(dayNames[dayOfWeek(onCalendar(time))]!, 9);
    case 'DY':
      return name(dayNames[dayOfWeek(onCalendar(time))]!.slice(0, 3), 3);
    case 'D':
      return String(dayOfWeek(onCalendar(time)) + 1);
    case 'ID':
      return String(dayOfWeek(onCalendar(time)) || 7);
    case 'DDD':
      return number(
        time.days === null ? time.year * 360 + time.month * 30 + time.day : dayOfYear(time.days),
        3,
      );
    case 'IDDD':
      return number(
        (isoWeek(onCalendar(time)).week - 1) * 7 + (dayOfWeek(onCalendar(time)) || 7),
        3,
      );
    case 'WW':
      return number(Math.floor((dayOfYear(onCalendar(time)) - 1) / 7) + 1, 2);
    case 'IW':
      return number(isoWeek(onCalendar(time)).week, 2);
    case 'W':
      return String(Math.floor((time.day - 1) / 7) + 1);
    case 'J':
      return String(
        (time.days ?? time.year * 360 + time.month * 30 + time.day - 2440588) + 2440588,
      );
    default:
      return zoneText(field, time);
  }
}

function zoneText(field: TemplateField, time: PrintedTime): string {
  const offset = time.zone?.offset ?? 0;
  const sign = offset < 0 ? '-' : '+';
  const two = (value: number): string => String(value).padStart(2, '0');
  const hours = two(Math.floor(Math.abs(offset) / 3600));
  const minutes = two(Math.floor(Math.abs(offset) / 60) % 60);
  switch (field.name) {
    case 'TZ':
      return time.zone === null ? '' : cased(field.written, time.zone.name);
    case 'TZH':
      return sign + hours;
    case 'TZM':
      return minutes;
    default:
      return `${sign}${hours}${minutes === '00' ? '' : `:${minutes}`}`;
  }
}
