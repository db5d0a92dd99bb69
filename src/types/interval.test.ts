import { describe, expect, it } from 'vitest';
import { formatInterval, parseInterval, type IntervalStyle } from './interval-text.ts';
import { Interval, TimeTz } from './interval.ts';

const i = (text: string) => parseInterval(text);
const text = (interval: Interval) => formatInterval(interval);

describe('interval arithmetic', () => {
  it('spills fractions down, as PostgreSQL', () => {
    expect(text(i('1 month').mul(0.5))).toBe('15 days');
    expect(text(i('1 year 2 mons -3 days 04:05:06.789').mul(1.5))).toBe(
      '1 year 9 mons -4 days -05:52:19.8165',
    );
    expect(text(i('1 month').div(3))).toBe('10 days');
    expect(text(i('1 day').mul(-0.3))).toBe('-07:12:00');
    expect(text(i('1 month').mul(3.3333))).toBe('3 mons 9 days 23:58:33.6');
    expect(() => i('1 month').mul(1e10)).toThrow('interval out of range');
    expect(() => i('1 month').mul(NaN)).toThrow('interval out of range');
    expect(() => i('1 month').div(0)).toThrow('division by zero');
  });

  it('justifies hours and days', () => {
    expect(text(i('35 days 25:00').justifyHours())).toBe('36 days 01:00:00');
    expect(text(i('-14 mons 45 days -30:00').justifyInterval())).toBe(
      '-1 years -16 days -06:00:00',
    );
    expect(text(i('35 days').justifyDays())).toBe('1 mon 5 days');
    expect(text(i('1 mon -1 day').justifyDays())).toBe('29 days');
  });

  it('is bounded', () => {
    expect(() => new Interval(2 ** 31, 0, 0n)).toThrow('interval out of range');
    expect(() => new Interval(0, 0, 2n ** 63n)).toThrow('interval out of range');
    expect(() => i('2147483647 days').add(i('1 day'))).toThrow('interval out of range');
  });

  it('compares months as 30 days', () => {
    expect(i('1 month').compare(i('30 days'))).toBe(0);
    expect(i('1 month').compare(i('30 days 1 us'))).toBe(-1);
    expect(i('1 day').compare(i('23:59'))).toBe(1);
    expect(new TimeTz(0n, 3600).compare(new TimeTz(0n, 0))).toBe(-1);
  });
});

describe('SQL’s qualifiers give a unit and cut what is finer', () => {
  it.each([
    ['5', 'second', '00:00:05'],
    ['5', 'year', '5 years'],
    ['1-2', 'year to month', '1 year 2 mons'],
    ['1 2:03:04', 'day to second', '1 day 02:03:04'],
    ['1 2:03:04', 'day to hour', '1 day 02:00:00'],
    ['2:03', 'minute to second', '00:02:03'],
    ['2:03', 'hour to minute', '02:03:00'],
    ['1 2', 'day to hour', '1 day 02:00:00'],
    ['1 year 2 months 3 days 4 hours', 'month', '1 year 2 mons'],
    ['1.5', 'minute', '00:01:00'],
  ])('%s %s', (input, fields, output) => {
    expect(text(parseInterval(input, fields))).toBe(output);
  });
});

describe('styles of output', () => {
  const styles: IntervalStyle[] = ['postgres', 'postgres_verbose', 'sql_standard', 'iso_8601'];
  it.each([
    [
      '1 year 2 mons -3 days 04:05:06.7',
      '1 year 2 mons -3 days +04:05:06.7',
      '@ 1 year 2 mons -3 days 4 hours 5 mins 6.7 secs',
      '+1-2 -3 +4:05:06.7',
      'P1Y2M-3DT4H5M6.7S',
    ],
    ['-1-2', '-1 years -2 mons', '@ 1 year 2 mons ago', '-1-2', 'P-1Y-2M'],
    ['3 4:05:06', '3 days 04:05:06', '@ 3 days 4 hours 5 mins 6 secs', '3 4:05:06', 'P3DT4H5M6S'],
    ['-00:00:01', '-00:00:01', '@ 1 sec ago', '-0:00:01', 'PT-1S'],
    ['0', '00:00:00', '@ 0', '0', 'PT0S'],
    ['100:00', '100:00:00', '@ 100 hours', '100:00:00', 'PT100H'],
  ])('%s', (input, ...outputs) => {
    expect(styles.map((style) => formatInterval(i(input), style))).toEqual(outputs);
  });

  it('a leading sign counts for all fields in the SQL standard’s style', () => {
    expect(text(parseInterval('-1 2:03:04', '', 'sql_standard'))).toBe('-1 days -02:03:04');
    expect(text(parseInterval('-1 2:03:04'))).toBe('-1 days +02:03:04');
  });
});
