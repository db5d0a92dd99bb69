/**
 * The fields that date and time text is read into, and a short road for the usual ISO form. What the
 * short road does not take, errors included, is left to the full reader in datetime-parse.ts.
 */

import { daysFromCivil, daysInMonth } from './calendar.ts';
import { roundHalfEven } from './interval.ts';
import { fixedZone, type Zone } from './zones.ts';

export interface DateTimeFields {
  /** Days since 1970-01-01; null when no date was given. */
  readonly days: number | null;
  /** Microseconds since midnight, up to a day and a second; null when no time was given. */
  readonly time: number | null;
  readonly zone: Zone | null;
  readonly special: 'infinity' | '-infinity' | 'epoch' | 'now' | null;
}

const isoText =
  /^\s*(\d{4,6})-(\d{1,2})-(\d{1,2})(?:[ Tt]\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d*))?)?\s*(?:([zZ])|([+-])(\d{2})(?::?(\d{2}))?)?)?\s*$/;

/** The usual form without detours; null leaves everything else, errors included, to the reader. */
export function parseIsoDateTime(text: string): DateTimeFields | null {
  const match = isoText.exec(text);
  if (match === null) return null;
  const year = Number(match[1]);
  const month = Number(match[2]);
  const day = Number(match[3]);
  if (year === 0 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month))
    return null;
  const days = daysFromCivil(year, month, day);
  if (match[4] === undefined) return { days, time: null, zone: null, special: null };
  const hour = Number(match[4]);
  const minute = Number(match[5]);
  const second = Number(match[6] ?? 0);
  if (hour > 23 || minute > 59 || second > 59) return null;
  const time = (hour * 3600 + minute * 60 + second) * 1e6 + fractionMicros(match[7] ?? '');
  let zone: Zone | null = null;
  if (match[8] !== undefined) zone = fixedZone(0);
  else if (match[9] !== undefined) {
    const zoneHours = Number(match[10]);
    const zoneMinutes = Number(match[11] ?? 0);
    if (zoneHours > zoneHoursMax || zoneMinutes > 59) return null;
    const seconds = zoneHours * 3600 + zoneMinutes * 60;
    zone = fixedZone(match[9] === '-' ? -seconds : seconds);
  }
  return { days, time, zone, special: null };
}

/** Offsets of zones reach so far. */
export const zoneHoursMax = 15;
/** Microseconds of the digits after the point; more than six are rounded, halves to even. */
export function fractionMicros(digits: string): number {
  if (digits.length <= 6) return digits === '' ? 0 : Number(digits.padEnd(6, '0'));
  return roundHalfEven(Number(`0.${digits}`) * 1e6);
}
