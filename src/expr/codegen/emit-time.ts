/** date_trunc, extract, date_part and timestamp ± interval where they are plain arithmetic in UTC. */

import type { Datum } from '../../types/datum.ts';
import { Interval } from '../../types/interval.ts';
import type { SqlType } from '../../types/sql-type.ts';
import { trip, type Emitter } from './emitter.ts';
import { numberText, safeMax, type NumberValue } from './value.ts';

const day = 86_400_000_000;
const units = new Map([
  ['milliseconds', 1000],
  ['second', 1_000_000],
  ['minute', 60_000_000],
  ['hour', 3_600_000_000],
  ['day', day],
]);

function inUtc(emitter: Emitter, type: SqlType): void {
  if (type.kind === 'timestamptz') emitter.line(`if(!utc) ${trip}`);
}

function isMoment(type: SqlType): boolean {
  return type.kind === 'timestamp' || type.kind === 'timestamptz';
}

/** date_trunc(field, moment): infinities stay. 1970-01-01 was a Thursday, weeks begin on Monday. */
export function emitTruncate(
  emitter: Emitter,
  field: Datum | null,
  value: NumberValue,
  type: SqlType,
): NumberValue | null {
  if (typeof field !== 'string' || !isMoment(type)) return null;
  const name = field.toLowerCase();
  const unit = units.get(name);
  const code =
    name === 'week'
      ? `Math.floor((${value.code}+${3 * day})/${7 * day})*${7 * day}-${3 * day}`
      : unit === undefined
        ? null
        : `Math.floor(${value.code}/${unit})*${unit}`;
  if (code === null) return null;
  inUtc(emitter, type);
  return { ...value, code: emitter.let(code) };
}

/** Whole-number fields, and epoch at microseconds, as a numeric of that scale. */
export function emitExtract(
  emitter: Emitter,
  field: Datum | null,
  value: NumberValue,
  type: SqlType,
): NumberValue | null {
  if (typeof field !== 'string' || !isMoment(type)) return null;
  const name = field.toLowerCase();
  const compute = fieldCode(name, value.code);
  if (compute === null) return null;
  if (name !== 'epoch') inUtc(emitter, type);
  const code = emitter.guarded(value.nul, '0', (set) => {
    emitter.line(`if(${value.code}-${value.code}!==0) ${trip}`);
    set(compute);
  });
  return { rep: 'number', code, scale: name === 'epoch' ? 6 : 0, nul: value.nul };
}

/** Fields by the names of Flink's functions, and what is added to them. */
const shortExtractions: ReadonlyMap<string, readonly [field: string, plus: number]> = new Map([
  ['year', ['year', 0]],
  ['month', ['month', 0]],
  ['dayofmonth', ['day', 0]],
  ['dayofweek', ['dow', 1]],
  ['hour', ['hour', 0]],
  ['minute', ['minute', 0]],
]);

/** HOUR(moment) and its kin, as Flink has them. */
export function emitShortExtract(
  emitter: Emitter,
  name: string,
  value: NumberValue,
  type: SqlType,
): NumberValue | null {
  const short = shortExtractions.get(name);
  if (short === undefined) return null;
  const [field, plus] = short;
  const found = emitExtract(emitter, field, value, type);
  return found === null || plus === 0 ? found : { ...found, code: `(${found.code}+${plus})` };
}

function fieldCode(field: string, v: string): string | null {
  const days = `Math.floor(${v}/${day})`;
  const within = `(${v}-${days}*${day})`;
  switch (field) {
    case 'epoch':
      return v;
    case 'hour':
      return `Math.floor(${within}/3600000000)`;
    case 'minute':
      return `Math.floor(${within}/60000000)%60`;
    case 'dow':
      return `(((${days}+4)%7)+7)%7`;
    case 'year':
    case 'month':
    case 'day':
      return field === 'year'
        ? `(R.year(${days})>0?R.year(${days}):R.year(${days})-1)`
        : `R.${field}(${days})`;
    default:
      return null;
  }
}

/** moment ± a constant interval without months; days of a timestamptz are 24 hours only in UTC. */
export function emitShift(
  emitter: Emitter,
  op: '+' | '-',
  value: NumberValue,
  by: { readonly interval: Datum | null; readonly type: SqlType },
): NumberValue | null {
  const { interval, type } = by;
  if (!(interval instanceof Interval) || interval.months !== 0 || !isMoment(type)) return null;
  const micros = interval.days * day + Number(interval.micros);
  if (!Number.isSafeInteger(micros)) return null;
  if (interval.days !== 0) inUtc(emitter, type);
  const code = emitter.guarded(value.nul, '0', (set) => {
    const moved = emitter.let(`${value.code}${op}${numberText(micros)}`);
    // Beyond the safe integers, but not infinite.
    emitter.line(`if((${moved}>${safeMax}||${moved}<-${safeMax})&&${moved}-${moved}===0) ${trip}`);
    set(moved);
  });
  return { ...value, code };
}
