import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../base/random.ts';
import { civilFromDays, dayOfWeek, daysFromCivil, isoWeek } from './calendar.ts';
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
} from './datetime-fields.ts';
import {
  formatTimestamp,
  formatTimestamptz,
  parseDate,
  parseTime,
  parseTimestamp,
  parseTimestamptz,
  parseTimetz,
} from './datetime-text.ts';
import {
  addInterval,
  addIntervalToTime,
  addIntervalZoned,
  age,
  dateBin,
  dateToTimestamp,
  joinTimestamp,
  makeDate,
  makeTime,
  makeTimestamp,
  roundTimestamp,
  splitTimestamp,
  subtractTimestamps,
  timestampToTime,
} from './datetime.ts';
import { formatInterval, parseInterval } from './interval-text.ts';
import { resolveZone, utcZone } from './zones.ts';

const ts = parseTimestamp;
const i = parseInterval;
const berlin = resolveZone('Europe/Berlin');
const inBerlin = { timeZone: 'Europe/Berlin' };

describe('the calendar', () => {
  it('agrees with itself and with Date over 8,000 years', () => {
    const random = new SeededRandom(4);
    for (let count = 0; count < 2000; count++) {
      const days = random.below(3000000) - 1500000;
      const { year, month, day } = civilFromDays(days);
      expect(daysFromCivil(year, month, day)).toBe(days);
      const date = new Date(days * 86400000);
      expect([date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()]).toEqual([
        year,
        month,
        day,
      ]);
      expect(date.getUTCDay()).toBe(dayOfWeek(days));
    }
  });

  it('counts ISO weeks by their Thursday', () => {
    expect(isoWeek(daysFromCivil(2021, 1, 3))).toEqual({ year: 2020, week: 53 });
    expect(isoWeek(daysFromCivil(2018, 12, 31))).toEqual({ year: 2019, week: 1 });
  });

  it('splits timestamps of any size', () => {
    for (const micros of [0n, -1n, 1n, 2n ** 53n, -(2n ** 53n) - 1n, 9000000000000000000n]) {
      const { days, time } = splitTimestamp(micros);
      expect(joinTimestamp(days, time)).toBe(micros);
      expect(time).toBeGreaterThanOrEqual(0);
    }
  });
});

describe('timestamp arithmetic', () => {
  it.each([
    ['2024-01-31', '1 month', '2024-02-29 00:00:00'],
    ['2023-01-31', '1 month', '2023-02-28 00:00:00'],
    ['2024-01-31', '2 months', '2024-03-31 00:00:00'],
    ['2024-02-29', '-1 year', '2023-02-28 00:00:00'],
    ['2024-02-29', '1 mon -1 day 01:00', '2024-03-28 01:00:00'],
    ['0001-01-01', '-1 day', '0001-12-31 00:00:00 BC'],
    ['infinity', '-1 day', 'infinity'],
  ])('%s + %s', (start, span, end) => {
    expect(formatTimestamp(addInterval(ts(start), i(span)))).toBe(end);
  });

  it('moves days in local time and hours in absolute time', () => {
    const start = parseTimestamptz('2024-03-30 02:30', inBerlin);
    const add = (span: string) =>
      formatTimestamptz(addIntervalZoned(start, i(span), berlin), inBerlin);
    expect(add('24 hours')).toBe('2024-03-31 03:30:00+02');
    expect(add('1 day')).toBe('2024-03-31 03:30:00+02');
    expect(add('2 days')).toBe('2024-04-01 02:30:00+02');
    expect(add('48 hours')).toBe('2024-04-01 03:30:00+02');
    expect(add('1 month')).toBe('2024-04-30 02:30:00+02');
  });

  it('subtracts to days and time, and ages by the calendar', () => {
    expect(formatInterval(subtractTimestamps(ts('2024-03-01'), ts('2024-02-01')))).toBe('29 days');
    expect(formatInterval(subtractTimestamps(ts('2024-01-01'), ts('2024-01-02 01:00')))).toBe(
      '-1 days -01:00:00',
    );
    expect(formatInterval(age(ts('2001-04-10'), ts('1957-06-13')))).toBe('43 years 9 mons 27 days');
    expect(formatInterval(age(ts('1957-06-13'), ts('2001-04-10 12:00')))).toBe(
      '-43 years -9 mons -27 days -12:00:00',
    );
    expect(() => subtractTimestamps(ts('infinity'), 0n)).toThrow('cannot subtract infinite');
  });

  it('bins downwards, also before the origin', () => {
    const bin = (stride: string, at: string) =>
      formatTimestamp(dateBin(i(stride), ts(at), ts('2001-01-01')));
    expect(bin('15 minutes', '2020-02-11 15:44:17')).toBe('2020-02-11 15:30:00');
    expect(bin('15 minutes', '2000-12-31 23:59:59')).toBe('2000-12-31 23:45:00');
    expect(() => bin('1 month', '2020-01-01')).toThrow('containing months or years');
    expect(() => bin('-1 day', '2020-01-01')).toThrow('stride must be greater than zero');
  });

  it('stays in range', () => {
    expect(() => addInterval(ts('294246-01-01'), i('2 years'))).toThrow('timestamp out of range');
    expect(() => addInterval(ts('4713-01-01 BC'), i('-1 year'))).toThrow('timestamp out of range');
    expect(() => dateToTimestamp(parseDate('5874897-12-31'))).toThrow(
      'date out of range for timestamp',
    );
  });

  it('rounds around the year 2000', () => {
    const round = (text: string) => formatTimestamp(roundTimestamp(ts(text), 3));
    expect(round('2024-01-01 00:00:00.1235')).toBe('2024-01-01 00:00:00.124');
    expect(round('1999-12-31 23:59:59.0005')).toBe('1999-12-31 23:59:59');
  });

  it('makes dates and times or says what is wrong', () => {
    expect(formatTimestamp(makeTimestamp(2024, 2, 29, 10, 0, 1.5))).toBe('2024-02-29 10:00:01.5');
    expect(makeDate(-44, 3, 15)).toBe(parseDate('0044-03-15 BC'));
    expect(() => makeDate(0, 1, 1)).toThrow('date field value out of range: 0-01-01');
    expect(() => makeTime(24, 0, 1)).toThrow('time field value out of range: 24:00:01');
    expect(addIntervalToTime(parseTime('23:30'), i('1 day 01:00'))).toBe(parseTime('00:30'));
    expect(timestampToTime(ts('infinity'))).toBe(null);
  });
});

describe('date_trunc', () => {
  it.each([
    ['minute', '1969-12-31 23:59:30', '1969-12-31 23:59:00'],
    ['hour', '1901-12-13 20:45:52', '1901-12-13 20:00:00'],
    ['week', '2021-01-03', '2020-12-28 00:00:00'],
    ['quarter', '2024-05-31', '2024-04-01 00:00:00'],
    ['decade', '0044-03-15 BC', '0051-01-01 00:00:00 BC'],
    ['century', '0001-12-31 BC', '0100-01-01 00:00:00 BC'],
    ['millennium', '2000-12-31', '1001-01-01 00:00:00'],
    ['milliseconds', '2024-01-01 00:00:00.123456', '2024-01-01 00:00:00.123'],
    ['foo', 'infinity', 'infinity'],
  ])('%s of %s', (unit, at, result) => {
    expect(formatTimestamp(truncateTimestamp(unit, ts(at)))).toBe(result);
  });

  it('finds the zone’s offset anew from days up', () => {
    const trunc = (unit: string, text: string) =>
      formatTimestamptz(
        truncateTimestamptz(unit, parseTimestamptz(text, inBerlin), berlin),
        inBerlin,
      );
    expect(trunc('day', '2024-03-31 12:00')).toBe('2024-03-31 00:00:00+01');
    expect(trunc('month', '2024-10-31 12:00')).toBe('2024-10-01 00:00:00+02');
    expect(trunc('hour', '2024-10-27 00:30+00')).toBe('2024-10-27 02:00:00+02');
    expect(trunc('hour', '2024-10-27 01:30+00')).toBe('2024-10-27 02:00:00+01');
  });

  it('truncates intervals and refuses unknown units', () => {
    const trunc = (unit: string) =>
      formatInterval(truncateInterval(unit, i('13 mons 5 days 01:02:03')));
    expect([trunc('year'), trunc('quarter'), trunc('hour')]).toEqual([
      '1 year',
      '1 year',
      '1 year 1 mon 5 days 01:00:00',
    ]);
    expect(() => trunc('week')).toThrow('unit "week" not supported for type interval');
    expect(() => truncateTimestamp('Foo', 0n)).toThrow(
      'unit "foo" not recognized for type timestamp without time zone',
    );
  });
});

describe('EXTRACT is exact', () => {
  it.each([
    ['epoch', '1969-12-31 23:59:59.5', '-0.500000'],
    ['second', '2024-01-01 00:00:01.5', '1.500000'],
    ['milliseconds', '2024-01-01 00:00:01.5', '1500.000'],
    ['microseconds', '2024-01-01 00:00:01.5', '1500000'],
    ['julian', '2024-01-01 12:00', '2460311.50000000000000000000'],
    ['century', '0001-01-01 BC', '-1'],
    ['year', '0044-01-01 BC', '-44'],
    ['decade', '0001-01-01 BC', '0'],
    ['isoyear', '2021-01-03', '2020'],
    ['week', '2021-01-03', '53'],
    ['isodow', '2021-01-03', '7'],
    ['dow', '2021-01-03', '0'],
    ['doy', '2024-12-31', '366'],
    ['epoch', 'infinity', 'Infinity'],
    ['year', '-infinity', '-Infinity'],
    ['day', 'infinity', 'null'],
  ])('%s of %s', (field, at, result) => {
    expect(String(extractTimestamp(field, ts(at)))).toBe(result);
  });

  it('knows the other types', () => {
    const now = parseTimestamptz('2024-07-01 12:00+00');
    expect(String(extractTimestamptz('timezone', now, berlin))).toBe('7200');
    expect(String(extractTimestamptz('hour', now, berlin))).toBe('14');
    expect(String(extractDate('epoch', parseDate('2024-01-01')))).toBe('1704067200');
    expect(String(extractTime('epoch', parseTime('00:00:01.5')))).toBe('1.500000');
    expect(String(extractTimetz('timezone_minute', parseTimetz('10:00-05:30')))).toBe('-30');
    expect(String(extractInterval('epoch', i('1 year 2 mons 3 days 4.5s')))).toBe(
      '37000804.500000',
    );
    expect(String(extractInterval('hour', i('100:30')))).toBe('100');
  });

  it('refuses what a type does not have', () => {
    expect(() => extractDate('hour', 0)).toThrow('unit "hour" not supported for type date');
    expect(() => extractTime('day', 0n)).toThrow('not supported for type time without time zone');
    expect(() => extractTimestamp('timezone', 0n)).toThrow('not supported for type timestamp');
    expect(() => extractTimestamptz('foo', 0n, utcZone)).toThrow('unit "foo" not recognized');
  });
});
