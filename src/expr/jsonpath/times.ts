/**
 * .datetime(): strings read as dates and times by PostgreSQL's default formats or by a template of the
 * standard's fields, and the order among them. Unlike to_timestamp, separators must match.
 */

import { notSupported, SqlError, sqlstate } from '../../base/errors.ts';
import { daysFromCivil, daysInMonth } from '../../types/calendar.ts';
import { localToUtc, type Zone } from '../../types/zones.ts';
import { dayMicros, PathFault, PathTime, type PathTimeKind } from './items.ts';

export interface SessionZone {
  readonly zone: Zone;
  /** Microseconds since 1970, UTC. */
  readonly now: bigint;
}

/** A field by its name, or a separator that must stand there. */
type Piece = { readonly field: string } | { readonly separator: string };

const fieldWord = /yyyy|mm|dd|hh24|mi|ss|ms|us|ff[1-6]|tzh|tzm/iy;
const quoted = /"((?:[^"\\]|\\[^])*)"/y;

/** Digits of a field when another one follows at once. */
const widths = new Map([
  ['yyyy', 4],
  ['ms', 3],
  ['us', 6],
]);

/** 0A000 for a field that is not one of the SQL standard's. */
export function readDateTemplate(template: string): readonly Piece[] {
  const pieces: Piece[] = [];
  for (let at = 0; at < template.length;) {
    fieldWord.lastIndex = at;
    quoted.lastIndex = at;
    const field = fieldWord.exec(template)?.[0];
    const text = quoted.exec(template);
    if (field !== undefined) {
      pieces.push({ field: field.toLowerCase() });
      at += field.length;
    } else if (text !== null) {
      for (const character of text[1]!.replace(/\\([^])/g, '$1')) {
        pieces.push({ separator: character });
      }
      at += text[0].length;
    } else {
      const character = template[at]!;
      if (!/[-./,';: ]/.test(character)) {
        throw notSupported(`"${template.slice(at)}" in a datetime template`, {
          hint: 'Fields are YYYY, MM, DD, HH24, MI, SS, MS, US, FF1 to FF6, TZH and TZM.',
        });
      }
      pieces.push({ separator: character });
      at++;
    }
  }
  return pieces;
}

const dates = ['yyyy-mm-dd', ''];
const clocks = ['HH24:MI:SS', 'HH24:MI:SS.US'];
const offsets = ['TZH:TZM', 'TZH', ''];

const defaultTemplates: readonly (readonly Piece[])[] = [
  'yyyy-mm-dd',
  ...dates.flatMap((date) =>
    (date === '' ? [''] : [' ', '"T"']).flatMap((between) =>
      clocks.flatMap((clock) => offsets.map((zone) => date + between + clock + zone)),
    ),
  ),
].map(readDateTemplate);

/** A string as a date or time. */
export function readDateTime(text: string, template: string | null): PathTime {
  if (template !== null) {
    const found = match(readDateTemplate(template), text);
    if (found !== null) return found;
    throw new PathFault(
      sqlstate.invalidDatetimeFormat,
      `value "${text}" does not match the datetime template "${template}"`,
    );
  }
  for (const pieces of defaultTemplates) {
    try {
      const found = match(pieces, text);
      if (found !== null) return found;
    } catch (error) {
      if (!(error instanceof PathFault)) throw error;
    }
  }
  throw new PathFault(
    sqlstate.invalidSqlJsonDatetimeArgument,
    `datetime format is not recognized: "${text}"`,
    { hint: 'Use a datetime template argument to specify the input data format.' },
  );
}

const spaces = /\s*/y;

/** Null when the text has another form; a fault when a field is out of its range. */
function match(pieces: readonly Piece[], text: string): PathTime | null {
  const values = new Map<string, number>();
  let at = 0;
  let negativeZone = false;
  const skip = (): void => {
    spaces.lastIndex = at;
    spaces.exec(text);
    at = spaces.lastIndex;
  };
  for (const [index, piece] of pieces.entries()) {
    if (!('separator' in piece && piece.separator === ' ' && text[at] === ' ')) skip();
    if ('separator' in piece) {
      if (text[at] !== piece.separator) return null;
      at++;
      continue;
    }
    const { field } = piece;
    if (field === 'tzh') {
      const sign = text[at];
      if (sign !== '+' && sign !== '-') return null;
      negativeZone = sign === '-';
      at++;
    }
    const next = pieces[index + 1];
    const digits = readDigits(field, next !== undefined && 'field' in next, text, at);
    if (digits === null) return null;
    at += digits.length;
    if (field === 'us' || field === 'ms' || field.startsWith('ff')) {
      values.set('us', Number(digits.padEnd(6, '0')));
    } else {
      values.set(field, Number(digits));
    }
  }
  skip();
  return at < text.length ? null : build(values, negativeZone ? -1 : 1, text);
}

const anyDigits = /[+-]?\d+/y;

function readDigits(field: string, tight: boolean, text: string, at: number): string | null {
  const fraction = /^(?:us|ms|ff)/.test(field);
  const width = field.startsWith('ff') ? Number(field[2]) : (widths.get(field) ?? 2);
  anyDigits.lastIndex = at;
  const found = anyDigits.exec(text)?.[0];
  if (found === undefined || (/^[+-]/.test(found) && (fraction || field.startsWith('tz')))) {
    return null;
  }
  const bounded = fraction || (tight && !field.startsWith('tz'));
  return bounded ? found.slice(0, width) : found;
}

function build(values: ReadonlyMap<string, number>, zoneSign: number, text: string): PathTime {
  const get = (field: string, fallback: number): number => values.get(field) ?? fallback;
  const inside = (value: number, low: number, high: number): number => {
    if (value >= low && value <= high) return value;
    throw new PathFault(
      sqlstate.datetimeFieldOverflow,
      `date/time field value out of range: "${text}"`,
    );
  };
  const dated = ['yyyy', 'mm', 'dd'].some((field) => values.has(field));
  const timed = ['hh24', 'mi', 'ss', 'us'].some((field) => values.has(field));
  const zoned = values.has('tzh') || values.has('tzm');
  if (!dated && !timed) {
    throw new PathFault(
      sqlstate.invalidDatetimeFormat,
      'datetime format is not dated and not timed',
    );
  }
  if (zoned && !timed) {
    throw new PathFault(sqlstate.invalidDatetimeFormat, 'datetime format is zoned but not timed');
  }
  // Years before the first count backwards from −1, and 0 is taken for it.
  const written = get('yyyy', 0);
  const year = inside(written < 0 ? written + 1 : written, -4712, 294276);
  const month = inside(get('mm', 1), 1, 12);
  const day = inside(get('dd', 1), 1, daysInMonth(year, month));
  const seconds =
    inside(get('hh24', 0), 0, 23) * 3600 +
    inside(get('mi', 0), 0, 59) * 60 +
    inside(get('ss', 0), 0, 59);
  const offset =
    zoneSign * (inside(get('tzh', 0), 0, 15) * 3600 + inside(get('tzm', 0), 0, 59) * 60);
  const micros = BigInt(seconds) * 1_000_000n + BigInt(get('us', 0));
  const days = dated ? daysFromCivil(year, month, day) : 0;
  return new PathTime(kindOf(dated, timed, zoned), days, micros, offset);
}

function kindOf(dated: boolean, timed: boolean, zoned: boolean): PathTimeKind {
  if (!timed) return 'date';
  if (dated) return zoned ? 'timestamptz' : 'timestamp';
  return zoned ? 'timetz' : 'time';
}

/**
 * The order of two dates or times; null when they have none. A value without a zone is taken to be in the
 * session's where the other has one; 0A000 where that is not allowed (`zone` null).
 */
export function comparePathTimes(
  a: PathTime,
  b: PathTime,
  zone: SessionZone | null,
): number | null {
  if (isTimeOfDay(a) !== isTimeOfDay(b)) return null;
  if (isZoned(a) !== isZoned(b) && zone === null) {
    const [from, to] = isZoned(a) ? [b, a] : [a, b];
    throw new SqlError(
      sqlstate.featureNotSupported,
      `cannot convert value from ${from.kind} to ${to.kind} without time zone usage`,
      { hint: 'Use *_tz() function for time zone support.' },
    );
  }
  const zoned = isZoned(a) || isZoned(b);
  const left = instant(a, zoned ? zone : null);
  const right = instant(b, zoned ? zone : null);
  if (left !== right) return left < right ? -1 : 1;
  return isTimeOfDay(a) && zoned ? offsetIn(b, zone) - offsetIn(a, zone) : 0;
}

function isTimeOfDay({ kind }: PathTime): boolean {
  return kind === 'time' || kind === 'timetz';
}

function isZoned({ kind }: PathTime): boolean {
  return kind === 'timetz' || kind === 'timestamptz';
}

function local(time: PathTime): bigint {
  return BigInt(time.days) * dayMicros + time.micros;
}

function instant(time: PathTime, zone: SessionZone | null): bigint {
  if (!isZoned(time) && zone === null) return local(time);
  return local(time) - BigInt(offsetIn(time, zone)) * 1_000_000n;
}

/** The written offset, or the session's: at that local time, and for a time of day the one of now. */
function offsetIn(time: PathTime, zone: SessionZone | null): number {
  if (isZoned(time) || zone === null) return time.offset;
  if (time.kind === 'time') return zone.zone.offsetAt(zone.now);
  const at = local(time);
  return Number((at - localToUtc(at, zone.zone)) / 1_000_000n);
}
