/** The units of time that EXTRACT, date_trunc and interval literals name, with PostgreSQL's aliases. */

export type TimeUnit =
  | 'microseconds'
  | 'milliseconds'
  | 'second'
  | 'minute'
  | 'hour'
  | 'day'
  | 'week'
  | 'month'
  | 'quarter'
  | 'year'
  | 'decade'
  | 'century'
  | 'millennium';

/** Fields that only EXTRACT knows. */
export type ExtractOnlyUnit =
  | 'epoch'
  | 'dow'
  | 'isodow'
  | 'doy'
  | 'isoyear'
  | 'julian'
  | 'timezone'
  | 'timezone_hour'
  | 'timezone_minute';

const spellings: readonly (readonly [TimeUnit, string])[] = [
  ['microseconds', 'us usec usecs usecond useconds microsecon'],
  ['milliseconds', 'ms msec msecs msecond mseconds millisecon'],
  ['second', 's sec secs second seconds'],
  ['minute', 'm min mins minute minutes'],
  ['hour', 'h hr hrs hour hours'],
  ['day', 'd day days'],
  ['week', 'w week weeks'],
  ['month', 'mon mons month months'],
  ['quarter', 'qtr quarter'],
  ['year', 'y yr yrs year years'],
  ['decade', 'dec decs decade decades'],
  ['century', 'c cent century centuries'],
  ['millennium', 'mil mils millennia millennium'],
];

/** PostgreSQL compares the first ten characters of a unit's name. */
const significant = 10;

const units: ReadonlyMap<string, TimeUnit> = new Map(
  spellings.flatMap(([unit, names]) =>
    names.split(' ').map((name): [string, TimeUnit] => [name.slice(0, significant), unit]),
  ),
);

const extractOnly: ReadonlyMap<string, ExtractOnlyUnit> = new Map([
  ['epoch', 'epoch'],
  ['dow', 'dow'],
  ['isodow', 'isodow'],
  ['doy', 'doy'],
  ['isoyear', 'isoyear'],
  ['julian', 'julian'],
  ['j', 'julian'],
  ['jd', 'julian'],
  ['timezone', 'timezone'],
  ['timezone_h', 'timezone_hour'],
  ['timezone_m', 'timezone_minute'],
]);

/** The unit of time a word names, in any case; null when none. */
export function timeUnit(word: string): TimeUnit | null {
  return units.get(word.toLowerCase().slice(0, significant)) ?? null;
}

export function extractUnit(word: string): TimeUnit | ExtractOnlyUnit | null {
  return timeUnit(word) ?? extractOnly.get(word.toLowerCase().slice(0, significant)) ?? null;
}
