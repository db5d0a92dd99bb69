/** to_timestamp and to_date: text read by a template. Separators match any separators, spaces are skipped. */

import { notSupported, SqlError, sqlstate } from '../../base/errors.ts';
import { daysFromCivil, daysInMonth } from '../../types/calendar.ts';
import { checkTimestamp } from '../../types/datetime.ts';
import { dayNames, monthNames, romanMonths } from './time-print.ts';
import type { TemplateField, TemplateNode } from './time-template.ts';

export interface ReadTime {
  /** Local µs since 1970. */
  readonly micros: bigint;
  /** Days since 1970. */
  readonly days: number;
  /** Seconds east of UTC, when the text had an offset. */
  readonly offset: number | null;
}

export function readTemplate(nodes: readonly TemplateNode[], text: string): ReadTime {
  const reader = new TemplateReader(text);
  nodes.forEach((node, i) => reader.read(node, nodes[i + 1]));
  return reader.result();
}

const lengths = new Map<string, number>([
  ['YYYY', 4],
  ['IYYY', 4],
  ['YYY', 3],
  ['YY', 2],
  ['Y', 1],
  ['MM', 2],
  ['DD', 2],
  ['DDD', 3],
  ['HH24', 2],
  ['HH12', 2],
  ['HH', 2],
  ['MI', 2],
  ['SS', 2],
  ['MS', 3],
  ['US', 6],
  ['FF1', 1],
  ['FF2', 2],
  ['FF3', 3],
  ['FF4', 4],
  ['FF5', 5],
  ['FF6', 6],
  ['SSSS', 5],
  ['SSSSS', 5],
  ['J', 7],
  ['WW', 2],
  ['IW', 2],
  ['W', 1],
  ['D', 1],
  ['ID', 1],
  ['Q', 1],
  ['CC', 2],
]);

const separator = /[^A-Za-z0-9]/;

class TemplateReader {
  readonly #text: string;
  readonly #numbers = new Map<string, number>();
  #at = 0;
  #month: number | null = null;
  #afternoon: boolean | null = null;
  #beforeChrist = false;
  #zoneSign = 1;

  constructor(text: string) {
    this.#text = text;
  }

  read(node: TemplateNode, next: TemplateNode | undefined): void {
    if (this.#at >= this.#text.length) return;
    if (node.kind === 'text') return this.#skip(node.text, node.quoted);
    this.#skipSpaces();
    this.#field(node, next);
  }

  #skipSpaces(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at++;
  }

  /** A separator takes one separator if there is one; other text takes as many characters as it has. */
  #skip(text: string, quoted: boolean): void {
    if (!quoted && separator.test(text)) {
      this.#skipSpaces();
      const here = this.#text[this.#at] ?? '';
      if (here !== '' && separator.test(here) && here !== '+' && here !== '-') this.#at++;
      else if (here === '-' && text === '-') this.#at++;
      else if (here === '-' && /\d/.test(this.#text[this.#at - 1] ?? '')) this.#at++;
      return;
    }
    this.#at += [...text].length;
  }

  #field(field: TemplateField, next: TemplateNode | undefined): void {
    switch (field.name) {
      case 'MONTH':
      case 'MON':
        this.#month = this.#name(monthNames, field) + 1;
        return;
      case 'RM':
        this.#month = this.#roman() + 1;
        return;
      case 'DAY':
      case 'DY':
        this.#name(dayNames, field);
        return;
      case 'AM':
      case 'PM':
      case 'A.M.':
      case 'P.M.':
        this.#afternoon = this.#word(/^[ap]\.?m\.?/i, field)
          .toLowerCase()
          .startsWith('p');
        return;
      case 'BC':
      case 'AD':
      case 'B.C.':
      case 'A.D.':
        this.#beforeChrist = this.#word(/^[ab]\.?[dc]\.?/i, field)
          .toLowerCase()
          .startsWith('b');
        return;
      case 'TZ':
      case 'OF':
        throw notSupported(`formatting field "${field.name}" outside of to_char`);
      case 'TZH':
        this.#zoneSign = this.#text[this.#at] === '-' ? -1 : 1;
        if (/[+-]/.test(this.#text[this.#at] ?? '')) this.#at++;
        this.#numbers.set('TZH', Number(this.#digits(field, 2, false)));
        return;
      case 'TZM':
        this.#numbers.set('TZM', Number(this.#digits(field, 2, false)));
        return;
      default:
        return this.#number(field, next);
    }
  }

  #number(field: TemplateField, next: TemplateNode | undefined): void {
    const width = lengths.get(field.name) ?? 4;
    // Only what may be a digit of the next field ends a number; up to anything else, all digits are taken.
    const crowded = next?.kind === 'field' ? lengths.has(next.name) : /^\d/.test(next?.text ?? '');
    const fixed = crowded && !field.fill && field.ordinal === '';
    const fraction = /^(MS|US|FF\d)$/.test(field.name);
    const digits = this.#digits(field, width, fixed);
    if (field.ordinal !== '') this.#at += 2;
    const value = Number(digits);
    if (fraction) {
      // The digits are those behind the point, but more of them than the field has make it overflow.
      const unit = field.name === 'MS' ? 1000 : 1;
      const places = field.name === 'MS' ? 3 : 6;
      this.#numbers.set('micros', value * unit * 10 ** Math.max(places - digits.length, 0));
      return;
    }
    this.#numbers.set(
      field.name,
      /^Y{1,3}$/.test(field.name) ? nearYear(value, digits.length) : value,
    );
  }

  /** A number; a fixed one has to be as wide as its field. */
  #digits(field: TemplateField, width: number, fixed: boolean): string {
    const rest = this.#text.slice(this.#at);
    const copy = rest.slice(0, width);
    if (fixed && copy.length < width) {
      throw new SqlError(
        sqlstate.invalidDatetimeFormat,
        `source string too short for "${field.written}" formatting field`,
        { detail: `Field requires ${width} characters, but only ${copy.length} remain.` },
      );
    }
    const digits = /^\s*[+-]?\d+/.exec(fixed ? copy : rest)?.[0] ?? '';
    if (digits === '') throw invalidValue(copy, field.written, 'Value must be an integer.');
    if (fixed && digits.length < width) {
      const detail = `Field requires ${width} characters, but only ${digits.length} could be parsed.`;
      throw invalidValue(copy, field.written, detail);
    }
    if (Math.abs(Number(digits)) > 0x7fffffff) {
      throw new SqlError(
        sqlstate.datetimeFieldOverflow,
        `value for "${field.written}" in source string is out of range`,
      );
    }
    this.#at += digits.length;
    return digits;
  }

  #name(names: readonly string[], field: TemplateField): number {
    const rest = this.#text.slice(this.#at).toLowerCase();
    const short = field.name === 'MON' || field.name === 'DY';
    const index = names.findIndex((name) =>
      rest.startsWith(short ? name.slice(0, 3).toLowerCase() : name.toLowerCase()),
    );
    if (index < 0) {
      throw invalidValue(
        this.#text.slice(this.#at).split(/\s/)[0]!,
        field.written,
        'The given value did not match any of the allowed values for this field.',
      );
    }
    this.#at += short ? 3 : names[index]!.length;
    return index;
  }

  #roman(): number {
    const match = /^(?:xii|xi|x|ix|viii|vii|vi|v|iv|iii|ii|i)/i.exec(this.#text.slice(this.#at));
    if (match === null)
      throw invalidValue(
        this.#text.slice(this.#at),
        'RM',
        'The given value did not match any of the allowed values for this field.',
      );
    this.#at += match[0].length;
    return romanMonths.findIndex((each) => each === match[0].toUpperCase());
  }

  #word(pattern: RegExp, field: TemplateField): string {
    const match = pattern.exec(this.#text.slice(this.#at));
    if (match === null)
      throw invalidValue(
        this.#text.slice(this.#at),
        field.written,
        'The given value did not match any of the allowed values for this field.',
      );
    this.#at += match[0].length;
    return match[0];
  }

  result(): ReadTime {
    const days = this.#days();
    const seconds = this.#seconds();
    const micros =
      BigInt(days) * 86_400_000_000n +
      BigInt(seconds) * 1_000_000n +
      BigInt(this.#numbers.get('micros') ?? 0);
    const hours = this.#numbers.get('TZH');
    const offset =
      hours === undefined
        ? null
        : this.#zoneSign * (hours * 3600 + (this.#numbers.get('TZM') ?? 0) * 60);
    return { micros: checkTimestamp(micros), days, offset };
  }

  #outOfRange(): SqlError {
    return new SqlError(
      sqlstate.datetimeFieldOverflow,
      `date/time field value out of range: "${this.#text}"`,
    );
  }

  #days(): number {
    const get = (name: string): number | undefined => this.#numbers.get(name);
    const julian = get('J');
    if (julian !== undefined) return julian - 2440588;
    let year = get('YYYY') ?? get('YYY') ?? get('YY') ?? get('Y') ?? 0;
    const century = get('CC');
    if (century !== undefined && get('YYYY') === undefined)
      year = (century - 1) * 100 + (year === 0 ? 1 : year % 100);
    const isoYear = get('IYYY');
    if (isoYear !== undefined) return isoDays(isoYear, get('IW') ?? 1, get('ID') ?? 1);
    if (this.#beforeChrist) year = 1 - year;
    const dayInYear = get('DDD');
    if (dayInYear !== undefined && this.#month === null && get('MM') === undefined) {
      const length = daysFromCivil(year + 1, 1, 1) - daysFromCivil(year, 1, 1);
      if (dayInYear < 0 || dayInYear > length) throw this.#outOfRange();
      return daysFromCivil(year, 1, 1) + Math.max(dayInYear, 1) - 1;
    }
    // As in PostgreSQL, a month or day of zero was not given.
    const month = this.#month ?? (get('MM') || 1);
    const day = get('DD') || 1;
    if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month))
      throw this.#outOfRange();
    return daysFromCivil(year, month, day);
  }

  #seconds(): number {
    const get = (name: string): number | undefined => this.#numbers.get(name);
    const whole = get('SSSSS') ?? get('SSSS');
    if (whole !== undefined) return whole;
    let hour = get('HH24') ?? get('HH12') ?? get('HH') ?? 0;
    if (get('HH24') === undefined && (get('HH12') ?? get('HH')) !== undefined) {
      if (hour < 1 || hour > 12) {
        throw new SqlError(
          sqlstate.invalidDatetimeFormat,
          `hour "${hour}" is invalid for the 12-hour clock`,
          { hint: 'Use the 24-hour clock, or give an hour between 1 and 12.' },
        );
      }
      if (this.#afternoon === true && hour < 12) hour += 12;
      else if (this.#afternoon === false && hour === 12) hour = 0;
    }
    const minute = get('MI') ?? 0;
    const second = get('SS') ?? 0;
    if (hour > 24 || minute > 59 || second > 59) throw this.#outOfRange();
    return hour * 3600 + minute * 60 + second;
  }
}

/** A year of one to three digits means the one nearest to 2020. */
function nearYear(value: number, digits: number): number {
  if (digits > 3) return value;
  if (value < 70) return value + 2000;
  if (value < 100) return value + 1900;
  return value < 520 ? value + 2000 : value + 1000;
}

function isoDays(year: number, week: number, day: number): number {
  const fourth = daysFromCivil(year, 1, 4);
  const monday = fourth - ((((fourth + 3) % 7) + 7) % 7);
  return monday + (week - 1) * 7 + day - 1;
}

function invalidValue(value: string, field: string, detail: string): SqlError {
  return new SqlError(sqlstate.invalidDatetimeFormat, `invalid value "${value}" for "${field}"`, {
    detail,
  });
}
