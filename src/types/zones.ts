/**
 * Time zones: named ones through the runtime's copy of the time zone database (Intl), abbreviations and
 * POSIX-style offsets by rule. Offsets are found once a year and zone and then looked up.
 *
 * Local times that do not exist, or exist twice, are read as PostgreSQL does: in a gap with the offset
 * before it, in an overlap with the offset after it.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import { civilFromDays, daysFromCivil } from './calendar.ts';
import { abbreviationOffset } from './zone-abbreviations.ts';

export interface Zone {
  readonly name: string;
  /** Seconds east of UTC at an instant (µs since 1970). */
  offsetAt(utcMicros: bigint): number;
  /** Seconds east of UTC for a local time. */
  offsetAtLocal(localMicros: bigint): number;
  /** CET, CEST, +0545… */
  abbreviationAt(utcMicros: bigint): string;
  isDaylight(utcMicros: bigint): boolean;
}

export const utcZone: Zone = {
  name: 'UTC',
  offsetAt: () => 0,
  offsetAtLocal: () => 0,
  abbreviationAt: () => 'UTC',
  isDaylight: () => false,
};

/** A zone that never changes. */
export function fixedZone(secondsEast: number, name = `<${offsetText(secondsEast)}>`): Zone {
  return {
    name,
    offsetAt: () => secondsEast,
    offsetAtLocal: () => secondsEast,
    abbreviationAt: () => (name.startsWith('<') ? offsetText(secondsEast) : name),
    isDaylight: () => false,
  };
}

/** +0545 as the time zone database abbreviates zones without a name of their own. */
function offsetText(secondsEast: number): string {
  const magnitude = Math.abs(secondsEast);
  const two = (value: number) => String(value).padStart(2, '0');
  const minutes = Math.floor(magnitude / 60) % 60;
  const hours = two(Math.floor(magnitude / 3600));
  return `${secondsEast < 0 ? '-' : '+'}${hours}${minutes === 0 ? '' : two(minutes)}`;
}

/** Zones that were looked up; their number is that of the database's names at most. */
const namedZones = new Map<string, Zone | null>();
const namedZonesMax = 2000;

/**
 * What AT TIME ZONE takes: an abbreviation, a name of the database, or a POSIX specification, whose
 * offsets count west of UTC. Null when it is none.
 */
export function findZone(name: string): Zone | null {
  const key = name.toLowerCase();
  if (key === 'utc') return utcZone;
  const known = namedZones.get(key);
  if (known !== undefined) return known;
  const abbreviation = abbreviationOffset(name);
  const zone =
    abbreviation === undefined
      ? (posixZone(name) ?? databaseZone(name))
      : fixedZone(abbreviation, name.toUpperCase());
  if (namedZones.size >= namedZonesMax) namedZones.clear();
  namedZones.set(key, zone);
  return zone;
}

/** As `findZone`; 22023 when there is none. */
export function resolveZone(name: string): Zone {
  const zone = findZone(name);
  if (zone === null) {
    throw new SqlError(sqlstate.invalidParameterValue, `time zone "${name}" not recognized`);
  }
  return zone;
}

/** What SET TimeZone takes: also a number of hours, which counts east of UTC. Null when it is none. */
export function findSessionZone(setting: string): Zone | null {
  const hours = /^\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)\s*$/.test(setting) ? Number(setting) : null;
  if (hours === null) return findZone(setting);
  return Math.abs(hours) >= 168 ? null : fixedZone(Math.round(hours * 3600));
}

/** +05:30, UTC+3, <+03>-03, EST5; zones with a rule for summer go to the database. */
function posixZone(name: string): Zone | null {
  const match =
    /^(<[A-Za-z0-9+-]+>|[A-Za-z]{3,})?([+-]?)(\d{1,3})(?::(\d{1,2}))?(?::(\d{1,2}))?$/.exec(name);
  if (match === null) return null;
  const [, label, sign, hours, minutes = '0', seconds = '0'] = match;
  const west = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  if (Number(hours) > 167 || Number(minutes) > 59 || Number(seconds) > 59) return null;
  const east = (sign === '-' ? west : -west) + 0;
  return fixedZone(east, label === undefined || label.startsWith('<') ? undefined : label);
}

function databaseZone(name: string): Zone | null {
  // Intl takes offsets as names too, but counts them the other way round.
  if (!/^[A-Za-z]/.test(name)) return null;
  try {
    return new DatabaseZone(name);
  } catch {
    return null;
  }
}

/** Offsets before this are the local mean time of that day. */
const firstYear = 1800;
/** Past this year rules repeat every 400 years. */
const lastYear = 2500;
const secondsPerDay = 86400;
/** No zone has two changes within this span that cancel each other. */
const sampleSeconds = 7 * secondsPerDay;

interface OffsetSpan {
  /** Seconds since 1970 from which the offset holds. */
  readonly from: number;
  readonly offset: number;
}

class DatabaseZone implements Zone {
  readonly name: string;
  readonly #format: Intl.DateTimeFormat;
  /** Spans of each UTC year that was asked for; bounded by firstYear to lastYear. */
  readonly #years = new Map<number, readonly OffsetSpan[]>();

  constructor(name: string) {
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    this.name = canonicalCase(name, this.#format.resolvedOptions().timeZone);
  }

  offsetAt(utcMicros: bigint): number {
    return this.#offsetAtSecond(floorSeconds(utcMicros));
  }

  #offsetAtSecond(second: number): number {
    const instant = withinRules(second);
    const { year } = civilFromDays(Math.floor(instant / secondsPerDay));
    let spans = this.#years.get(year);
    if (spans === undefined) {
      spans = this.#spansOf(year);
      this.#years.set(year, spans);
    }
    let offset = spans[0]!.offset;
    for (const span of spans) {
      if (span.from > instant) break;
      ({ offset } = span);
    }
    return offset;
  }

  offsetAtLocal(localMicros: bigint): number {
    const local = floorSeconds(localMicros);
    const before = this.#offsetAtSecond(local - secondsPerDay);
    const after = this.#offsetAtSecond(local + secondsPerDay);
    if (before === after) return before;
    const beforeHolds = this.#offsetAtSecond(local - before) === before;
    const afterHolds = this.#offsetAtSecond(local - after) === after;
    // Both: the hour that comes twice, read as its second time. Neither: the hour that is left out.
    return afterHolds ? after : beforeHolds ? before : before;
  }

  abbreviationAt(utcMicros: bigint): string {
    // Only local mean times have odd seconds.
    if (this.offsetAt(utcMicros) % 60 !== 0) return 'LMT';
    const date = new Date(withinRules(floorSeconds(utcMicros)) * 1000);
    for (const locale of abbreviationLocales) {
      const parts = new Intl.DateTimeFormat(locale, {
        timeZone: this.name,
        timeZoneName: 'short',
      }).formatToParts(date);
      const name = parts.find((part) => part.type === 'timeZoneName')?.value ?? '';
      if (/^[A-Z]{2,5}$/.test(name) && (name !== 'GMT' || this.offsetAt(utcMicros) === 0)) {
        return name;
      }
    }
    return offsetText(this.offsetAt(utcMicros));
  }

  isDaylight(utcMicros: bigint): boolean {
    const instant = withinRules(floorSeconds(utcMicros));
    const { year } = civilFromDays(Math.floor(instant / secondsPerDay));
    const january = this.#offsetAtSecond(daysFromCivil(year, 1, 1) * secondsPerDay);
    const july = this.#offsetAtSecond(daysFromCivil(year, 7, 1) * secondsPerDay);
    return this.#offsetAtSecond(instant) > Math.min(january, july);
  }

  #spansOf(year: number): readonly OffsetSpan[] {
    const start = daysFromCivil(year, 1, 1) * secondsPerDay;
    const end = daysFromCivil(year + 1, 1, 1) * secondsPerDay;
    let from = start;
    let offset = this.#ask(start);
    const spans: OffsetSpan[] = [{ from, offset }];
    while (from < end) {
      const to = Math.min(from + sampleSeconds, end);
      const next = this.#ask(to);
      if (next !== offset) spans.push({ from: this.#change(from, to, offset), offset: next });
      offset = next;
      from = to;
    }
    return spans;
  }

  /** The first second in (from, to] whose offset is not that of `from`. */
  #change(from: number, to: number, offset: number): number {
    let low = from;
    let high = to;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.#ask(middle) === offset) low = middle;
      else high = middle;
    }
    return high;
  }

  /** Local time minus UTC at a second, from the formatted local time. */
  #ask(second: number): number {
    const field = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0 };
    for (const { type, value } of this.#format.formatToParts(second * 1000)) {
      if (type in field) field[type as keyof typeof field] = Number(value);
    }
    const days = daysFromCivil(field.year, field.month, field.day);
    return days * secondsPerDay + field.hour * 3600 + field.minute * 60 + field.second - second;
  }
}

/** Locales whose short names are those of the time zone database for their part of the world. */
const abbreviationLocales = ['en-US', 'en-GB', 'en-AU', 'en-IN', 'en-ZA', 'en-CA', 'ja-JP'];

/** PostgreSQL prints a zone's name as the database spells it; Intl's canonical name may be another one. */
function canonicalCase(given: string, resolved: string): string {
  if (resolved.toLowerCase() === given.toLowerCase()) return resolved;
  return given;
}

function withinRules(second: number): number {
  const first = daysFromCivil(firstYear, 1, 2) * secondsPerDay;
  if (second < first) return first;
  const last = daysFromCivil(lastYear, 1, 1) * secondsPerDay;
  if (second < last) return second;
  // The calendar repeats, weekdays included, every 400 years of 146,097 days.
  const cycle = 146097 * secondsPerDay;
  return second - Math.ceil((second - last + 1) / cycle) * cycle;
}

function floorSeconds(micros: bigint): number {
  const seconds = micros / 1000000n;
  return Number(micros % 1000000n < 0n ? seconds - 1n : seconds);
}

const infinity = 9223372036854775807n;
const negativeInfinity = -9223372036854775808n;

/** AT TIME ZONE on an instant: the local time there. Infinities pass. */
export function utcToLocal(utcMicros: bigint, zone: Zone): bigint {
  if (utcMicros === infinity || utcMicros === negativeInfinity) return utcMicros;
  const offset = zone.offsetAt(utcMicros);
  return offset === 0 ? utcMicros : utcMicros + BigInt(offset) * 1000000n;
}

/** AT TIME ZONE on a local time: the instant it was or will be. Infinities pass. */
export function localToUtc(localMicros: bigint, zone: Zone): bigint {
  if (localMicros === infinity || localMicros === negativeInfinity) return localMicros;
  const offset = zone.offsetAtLocal(localMicros);
  return offset === 0 ? localMicros : localMicros - BigInt(offset) * 1000000n;
}
