import { describe, expect, it } from 'vitest';
import { formatTimestamp, parseTimestamp } from './datetime-text.ts';
import { findSessionZone, findZone, localToUtc, resolveZone, utcToLocal } from './zones.ts';

const toUtc = (local: string, zone: string) =>
  formatTimestamp(localToUtc(parseTimestamp(local), resolveZone(zone)));
const toLocal = (utc: string, zone: string) =>
  formatTimestamp(utcToLocal(parseTimestamp(utc), resolveZone(zone)));

describe('named zones', () => {
  it.each([
    ['2024-03-31 00:00:00', 'Europe/Berlin', '2024-03-30 23:00:00'],
    ['2024-04-01 00:00:00', 'Europe/Berlin', '2024-03-31 22:00:00'],
    // In the gap: the offset before it. In the overlap: the offset after it.
    ['2024-03-31 02:30:00', 'Europe/Berlin', '2024-03-31 01:30:00'],
    ['2024-10-27 02:30:00', 'Europe/Berlin', '2024-10-27 01:30:00'],
    ['2024-03-10 02:30:00', 'America/New_York', '2024-03-10 07:30:00'],
    ['2024-11-03 01:30:00', 'America/New_York', '2024-11-03 06:30:00'],
    // A day that was left out.
    ['2011-12-30 10:00:00', 'Pacific/Apia', '2011-12-30 20:00:00'],
    ['1850-01-01 00:00:00', 'Europe/Berlin', '1849-12-31 23:06:32'],
    ['2600-07-01 12:00:00', 'Europe/Berlin', '2600-07-01 10:00:00'],
    ['infinity', 'Europe/Berlin', 'infinity'],
  ])('%s in %s', (local, zone, utc) => expect(toUtc(local, zone)).toBe(utc));

  it('give local times', () => {
    expect(toLocal('2024-01-01 00:00:00', 'Asia/Kathmandu')).toBe('2024-01-01 05:45:00');
    expect(toLocal('2024-10-27 00:59:59.999999', 'europe/berlin')).toBe(
      '2024-10-27 02:59:59.999999',
    );
    expect(toLocal('2024-10-27 01:00:00', 'Europe/Berlin')).toBe('2024-10-27 02:00:00');
    expect(toLocal('0044-03-15 12:00 BC', 'Europe/Berlin')).toBe('0044-03-15 12:53:28 BC');
  });

  it('know abbreviations and daylight saving', () => {
    const berlin = resolveZone('Europe/Berlin');
    const summer = parseTimestamp('2024-07-01');
    const winter = parseTimestamp('2024-01-01');
    expect([berlin.abbreviationAt(summer), berlin.abbreviationAt(winter)]).toEqual(['CEST', 'CET']);
    expect([berlin.isDaylight(summer), berlin.isDaylight(winter)]).toEqual([true, false]);
    expect(resolveZone('America/New_York').abbreviationAt(summer)).toBe('EDT');
    expect(resolveZone('Asia/Kathmandu').abbreviationAt(summer)).toBe('+0545');
    expect(berlin.abbreviationAt(parseTimestamp('1850-01-01'))).toBe('LMT');
  });
});

describe('other zones', () => {
  it.each([
    ['UTC', 0],
    ['est', -18000],
    ['CEST', 7200],
    // POSIX counts west of UTC.
    ['+05:30', -19800],
    ['UTC+3', -10800],
    ['<+03>-03', 10800],
    ['Etc/GMT+5', -18000],
    ['5', -18000],
  ])('%s', (name, seconds) => expect(findZone(name)?.offsetAt(0n)).toBe(seconds));

  it('are refused when unknown', () => {
    for (const name of ['Mars/Olympus', '', 'foo', '+99:99', '../../etc/passwd']) {
      expect(findZone(name)).toBe(null);
    }
    expect(() => resolveZone('Mars/Olympus')).toThrow('time zone "Mars/Olympus" not recognized');
  });

  it('of a session may be a number of hours east', () => {
    expect(findSessionZone('-7')?.offsetAt(0n)).toBe(-25200);
    expect(findSessionZone('5.5')?.offsetAt(0n)).toBe(19800);
    expect(findSessionZone('Europe/Berlin')?.offsetAt(0n)).toBe(3600);
    expect(findSessionZone('200')).toBe(null);
  });
});
