/**
 * Reads date and time text into fields, accepting what PostgreSQL accepts: ISO and its compact form,
 * named months in any place, three orders of day and month, BC, AM and PM, zones, Julian days, and the
 * words now, today, epoch and infinity. It decides nothing about the type that the fields are for.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import { daysFromCivil, daysInMonth } from './calendar.ts';
import {
  fractionMicros,
  parseIsoDateTime,
  zoneHoursMax,
  type DateTimeFields,
} from './datetime-iso.ts';
import { tokenizeDateTime, type DateTimeToken } from './datetime-tokens.ts';
import { isDayName, monthNumber } from './datetime-words.ts';
import { abbreviationOffset } from './zone-abbreviations.ts';
import { findZone, fixedZone, resolveZone, type Zone } from './zones.ts';

export type DateOrder = 'MDY' | 'DMY' | 'YMD';

export interface ParseContext {
  /** Type name for messages: `timestamp`, `date`, `time with time zone`. */
  readonly type: string;
  /** Whether a time is wanted, and a date need not be there. */
  readonly isTime: boolean;
  readonly order: DateOrder;
  /** Local date of now, for today and its neighbours; asked only when needed. */
  readonly today: () => number;
}

/** The fields of a text; 22007, 22008 or 22009 as PostgreSQL. */
export function parseDateTimeFields(text: string, context: ParseContext): DateTimeFields {
  return parseIsoDateTime(text) ?? new FieldReader(text, context).read();
}

/** The last year of PostgreSQL's dates. */
const yearMax = 5874898;

class FieldReader {
  readonly #text: string;
  readonly #context: ParseContext;
  #year: number | null = null;
  #month: number | null = null;
  #day: number | null = null;
  #dayOfYear: number | null = null;
  /** Days since 1970, when given as a whole: today, J2451187. */
  #days: number | null = null;
  #twoDigitYear = false;
  #monthByName = false;
  #isBc = false;
  #half: 'am' | 'pm' | null = null;
  #hour: number | null = null;
  #minute = 0;
  #second = 0;
  #micros = 0;
  #zone: Zone | null = null;
  #zoneNeedsDate = false;
  #special: DateTimeFields['special'] = null;
  /** A word that says what the next number is. */
  #expected: 'time' | 'julian' | null = null;

  constructor(text: string, context: ParseContext) {
    this.#text = text;
    this.#context = context;
  }

  read(): DateTimeFields {
    const tokens = tokenizeDateTime(this.#text);
    if (tokens === null || tokens.length === 0) throw this.#invalid();
    for (const token of tokens) this.#token(token);
    if (this.#expected !== null) throw this.#invalid();
    const days = this.#finishDate();
    if (this.#zoneNeedsDate && days === null) throw this.#invalid();
    return {
      days,
      time: this.#finishTime(),
      zone: this.#zone,
      special: this.#special,
    };
  }

  #token(token: DateTimeToken): void {
    switch (token.kind) {
      case 'date':
        return this.#dateToken(token.text);
      case 'time':
        this.#expected = null;
        return this.#timeToken(token.text);
      case 'zone':
        return this.#zoneToken(token.text);
      case 'number':
        return this.#numberToken(token.text);
      case 'word':
      case 'special':
        return this.#word(token.text);
    }
  }

  /** A bare number is then a time of day. */
  get #isTimeOnly(): boolean {
    return this.#context.isTime && this.#year === null && this.#month === null;
  }

  get #hasDate(): boolean {
    return (
      this.#days !== null ||
      this.#special !== null ||
      (this.#year !== null &&
        (this.#dayOfYear !== null || (this.#month !== null && this.#day !== null)))
    );
  }

  #dateToken(text: string): void {
    if (this.#special !== null) throw this.#invalid();
    if (this.#isTimeOnly && /^[0-9]{4,6}-[0-9]+$/.test(text)) {
      this.#timeWithZone(text);
      return;
    }
    const hasMonthAndDay = this.#month !== null && this.#day !== null;
    if (this.#expected === 'time' || this.#days !== null || hasMonthAndDay) {
      if (/^[0-9]/.test(text)) this.#timeWithZone(text);
      else if (this.#zone !== null) throw this.#invalid();
      else this.#namedZone(text);
      return;
    }
    if (/^[a-z]+[/_][a-z]/.test(text)) {
      // A zone may stand before the date.
      this.#namedZone(text);
      return;
    }
    const parts = text.split(/[^a-z0-9]+/);
    if (parts.length > 3 || parts.some((part) => part === '')) throw this.#invalid();
    const names = parts.filter((part) => /^[a-z]/.test(part));
    for (const name of names) {
      const month = monthNumber(name);
      if (month === null || this.#month !== null) throw this.#invalid();
      this.#month = month;
      this.#monthByName = true;
    }
    for (const part of parts) {
      if (/^[0-9]+$/.test(part)) this.#dateNumber(part);
      else if (!names.includes(part)) throw this.#invalid();
    }
  }

  #namedZone(name: string): void {
    this.#zone = resolveZone(name);
    this.#zoneNeedsDate = true;
  }

  /** 101010-08: a time run together with its zone. */
  #timeWithZone(text: string): void {
    const at = text.indexOf('-');
    if (at < 0) throw this.#invalid();
    this.#expected = null;
    this.#runTogether(text.slice(0, at));
    this.#zoneToken(text.slice(at));
  }

  #timeToken(text: string): void {
    if (this.#hour !== null) throw this.#invalid();
    const match = /^(\d+):(\d+)(?::(\d+)(?:\.(\d*))?)?$/.exec(text);
    if (match === null) throw this.#invalid();
    this.#setTime(Number(match[1]), Number(match[2]), Number(match[3] ?? 0), match[4] ?? '');
  }

  #setTime(hour: number, minute: number, second: number, fraction: string): void {
    if (this.#hour !== null) throw this.#invalid();
    this.#hour = hour;
    this.#minute = minute;
    this.#second = second;
    this.#micros = fractionMicros(fraction);
    if (minute > 59 || second > 60 || hour > 24) throw this.#outOfRange();
    if (hour === 24 && (minute > 0 || second > 0 || this.#micros > 0)) throw this.#outOfRange();
  }

  #zoneToken(text: string): void {
    const match = /^([+-])(\d+)(?::(\d+))?(?::(\d+))?$/.exec(text);
    if (match === null || this.#zone !== null) throw this.#invalid();
    let hours = Number(match[2]);
    let minutes = Number(match[3] ?? 0);
    const seconds = Number(match[4] ?? 0);
    if (match[3] === undefined && match[2]!.length > 2) {
      minutes = hours % 100;
      hours = Math.floor(hours / 100);
    }
    if (hours > zoneHoursMax || minutes > 59 || seconds > 59) {
      throw new SqlError('22009', `time zone displacement out of range: "${this.#text}"`);
    }
    const total = hours * 3600 + minutes * 60 + seconds;
    this.#zone = fixedZone(match[1] === '-' ? -total : total);
  }

  #numberToken(text: string): void {
    if (this.#expected === 'julian') {
      this.#julian(text);
      return;
    }
    if (this.#expected === 'time') {
      this.#expected = null;
      this.#runTogether(text);
      return;
    }
    if (this.#isTimeOnly) {
      this.#runTogether(text);
      return;
    }
    const [whole = '', fraction] = text.split('.');
    const lacksAny = !this.#hasDate || this.#hour === null;
    const hasNoDatePart = this.#year === null && this.#month === null && this.#day === null;
    if (fraction !== undefined && hasNoDatePart && this.#days === null) this.#dateToken(text);
    else if (fraction !== undefined && whole.length > 2) this.#runTogether(text);
    else if (whole.length >= 6 && lacksAny) this.#runTogether(text);
    else if (fraction === undefined) this.#dateNumber(whole);
    else throw this.#invalid();
  }

  #julian(text: string): void {
    const match = /^(\d+)(?:\.(\d*))?$/.exec(text);
    if (match === null) throw this.#invalid();
    this.#expected = null;
    this.#days = Number(match[1]) - 2440588;
    if (match[2] === undefined) return;
    const time = Math.round(Number(`0.${match[2]}0`) * 86400);
    this.#setTime(Math.floor(time / 3600), Math.floor(time / 60) % 60, time % 60, '');
  }

  /** yymmdd, yyyymmdd, hhmm, hhmmss: by length and by what is known already. */
  #runTogether(text: string): void {
    const [digits = '', fraction = ''] = text.split('.');
    if (!/^\d+$/.test(digits)) throw this.#invalid();
    const hasFraction = text.includes('.');
    if (!this.#hasDate && !hasFraction && !this.#isTimeOnly) {
      if (digits.length < 6) throw this.#invalid();
      this.#year = Number(digits.slice(0, -4));
      this.#month = Number(digits.slice(-4, -2));
      this.#day = Number(digits.slice(-2));
      this.#twoDigitYear = digits.length === 6;
    } else if (this.#hour === null && digits.length === 6) {
      const second = Number(digits.slice(4));
      this.#setTime(Number(digits.slice(0, 2)), Number(digits.slice(2, 4)), second, fraction);
    } else if (this.#hour === null && digits.length === 4) {
      this.#setTime(Number(digits.slice(0, 2)), Number(digits.slice(2)), 0, fraction);
    } else {
      throw this.#invalid();
    }
  }

  /** A number of a date: which part it is depends on what is known and on the order asked for. */
  #dateNumber(text: string): void {
    if (this.#hasDate) {
      this.#runTogether(text);
      return;
    }
    const value = Number(text);
    const { order } = this.#context;
    const hasYear = this.#year !== null;
    const hasMonth = this.#month !== null;
    const hasDay = this.#day !== null;
    const isDayOfYear = text.length === 3 && value >= 1 && value <= 366;
    if (hasYear && !hasMonth && !hasDay && isDayOfYear) {
      this.#dayOfYear = value;
    } else if (!hasYear && !hasMonth && !hasDay) {
      if (text.length >= 3 || order === 'YMD') this.#setYear(text);
      else if (order === 'DMY') this.#day = value;
      else this.#month = value;
    } else if (hasMonth && !hasYear && !hasDay) {
      if (this.#monthByName && (text.length >= 3 || order === 'YMD')) this.#setYear(text);
      else this.#day = value;
    } else if (hasYear && hasMonth && !hasDay) {
      this.#dayAfterYear(text);
    } else if (hasYear && !hasMonth && !hasDay) {
      this.#month = value;
    } else if (hasDay && !hasMonth && !hasYear) {
      this.#month = value;
    } else if (hasMonth && hasDay && !hasYear) {
      this.#setYear(text);
    } else {
      throw this.#invalid();
    }
  }

  /** With a month by name the first number may have been the day after all: 08-Jan-1999. */
  #dayAfterYear(text: string): void {
    if (this.#monthByName && text.length >= 3 && this.#twoDigitYear) {
      this.#day = this.#year;
      this.#setYear(text);
    } else {
      this.#day = Number(text);
    }
  }

  #setYear(text: string): void {
    this.#year = Number(text);
    this.#twoDigitYear = text.length <= 2;
  }

  #word(word: string): void {
    const month = monthNumber(word);
    if (month !== null) {
      this.#monthName(month);
      return;
    }
    switch (word) {
      case 't':
        if (!this.#hasDate && !this.#context.isTime) throw this.#invalid();
        this.#expected = 'time';
        return;
      case 'j':
      case 'jd':
      case 'julian':
        this.#expected = 'julian';
        return;
      case 'am':
      case 'pm':
        this.#half = word;
        return;
      case 'ad':
      case 'bc':
        this.#isBc = word === 'bc';
        return;
      case 'at':
      case 'on':
        return;
      case 'now':
      case 'epoch':
      case 'infinity':
      case '-infinity':
        if (this.#hasDate) throw this.#invalid();
        this.#special = word;
        return;
      case 'today':
        this.#days = this.#context.today();
        return;
      case 'tomorrow':
        this.#days = this.#context.today() + 1;
        return;
      case 'yesterday':
        this.#days = this.#context.today() - 1;
        return;
      case 'allballs':
        this.#setTime(0, 0, 0, '');
        this.#zone = fixedZone(0);
        return;
      default:
        this.#zoneWord(word);
    }
  }

  #monthName(month: number): void {
    // A number that was taken for the month was the day.
    if (this.#month !== null && !this.#monthByName && this.#day === null) this.#day = this.#month;
    else if (this.#month !== null) throw this.#invalid();
    this.#month = month;
    this.#monthByName = true;
  }

  #zoneWord(word: string): void {
    if (isDayName(word)) return;
    if (this.#zone !== null) throw this.#invalid();
    const offset = abbreviationOffset(word);
    const zone = offset === undefined ? findZone(word) : fixedZone(offset, word.toUpperCase());
    if (zone === null) throw this.#invalid();
    this.#zone = zone;
  }

  #finishDate(): number | null {
    if (this.#days !== null) return this.#days;
    if (this.#year === null && this.#month === null && this.#day === null) {
      if (this.#isBc) throw this.#invalid();
      return null;
    }
    if (!this.#hasDate) throw this.#invalid();
    const year = this.#finishYear();
    if (this.#dayOfYear !== null) {
      return daysFromCivil(year, 1, this.#dayOfYear);
    }
    const month = this.#month!;
    const day = this.#day!;
    if (month < 1 || month > 12 || day < 1 || day > 31) throw this.#wrongOrder();
    if (day > daysInMonth(year, month) || year > yearMax) throw this.#outOfRange();
    return daysFromCivil(year, month, day);
  }

  #finishYear(): number {
    const year = this.#year!;
    if (this.#isBc) {
      if (year <= 0) throw this.#outOfRange();
      return 1 - year;
    }
    if (this.#twoDigitYear) return year + (year < 70 ? 2000 : 1900);
    if (year <= 0) throw this.#outOfRange();
    return year;
  }

  #finishTime(): number | null {
    if (this.#hour === null) return null;
    let hour = this.#hour;
    if (this.#half !== null) {
      if (hour > 12) throw this.#outOfRange();
      hour = (hour % 12) + (this.#half === 'pm' ? 12 : 0);
    }
    return (hour * 3600 + this.#minute * 60 + this.#second) * 1e6 + this.#micros;
  }

  #invalid(): SqlError {
    return invalidDateTime(this.#context.type, this.#text);
  }

  #outOfRange(): SqlError {
    return new SqlError(
      sqlstate.datetimeFieldOverflow,
      `date/time field value out of range: "${this.#text}"`,
    );
  }

  #wrongOrder(): SqlError {
    return new SqlError(
      sqlstate.datetimeFieldOverflow,
      `date/time field value out of range: "${this.#text}"`,
      { hint: 'Perhaps you need a different "datestyle" setting.' },
    );
  }
}

/** 22007 with PostgreSQL's text. */
export function invalidDateTime(type: string, text: string): SqlError {
  return new SqlError(
    sqlstate.invalidDatetimeFormat,
    `invalid input syntax for type ${type}: "${text}"`,
  );
}
