/**
 * Coercion to a declared length, precision or scale: numeric(p,s), varchar(n), char(n), timestamp(p).
 * A value stored in a column must fit; an explicit cast of a string cuts it to fit.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import { SqlArray } from '../types/array.ts';
import { isFiniteTimestamp, roundTime, roundTimestamp } from '../types/datetime.ts';
import type { ArrayDatum, Datum } from '../types/datum.ts';
import type { Decimal } from '../types/decimal.ts';
import { TimeTz } from '../types/interval.ts';
import { formatType } from '../types/oid.ts';
import type { SqlType } from '../types/sql-type.ts';

type CastMode = 'implicit' | 'assignment' | 'explicit';

/** `value`, which has the kind of `type`, made to obey the modifiers of `type`. */
export function coerceModifiers(value: Datum, type: SqlType, mode: CastMode): Datum {
  switch (type.kind) {
    case 'numeric':
      if (type.precision === null) return value;
      return (value as Decimal).coerce(type.precision, type.scale ?? 0);
    case 'varchar':
    case 'char':
    case 'name':
      return fitLength(value as string, type, mode);
    case 'timestamp':
    case 'timestamptz':
      if (type.precision === null || !isFiniteTimestamp(value as bigint)) return value;
      return roundTimestamp(value as bigint, type.precision);
    case 'time':
      return roundTime(value as bigint, type.precision);
    case 'timetz': {
      if (type.precision === null) return value;
      const time = value as TimeTz;
      return new TimeTz(roundTime(time.micros, type.precision), time.zoneSeconds);
    }
    case 'array': {
      if (!hasModifiers(type.element)) return value;
      const array = value as ArrayDatum;
      const elements = array.elements.map((each) =>
        each === null ? null : coerceModifiers(each, type.element, mode),
      );
      return new SqlArray(elements, array.dimensions, array.lowerBounds);
    }
    default:
      return value;
  }
}

/** Whether `coerceModifiers` may change a value of this type. */
export function hasModifiers(type: SqlType): boolean {
  switch (type.kind) {
    case 'numeric':
    case 'time':
    case 'timetz':
    case 'timestamp':
    case 'timestamptz':
      return type.precision !== null;
    case 'varchar':
    case 'char':
      return type.length !== null;
    case 'array':
      return hasModifiers(type.element);
    default:
      return false;
  }
}

const nameBytesMax = 63;

/** Cuts or pads a string for varchar(n), char(n) or name; only spaces are cut without being asked. */
export function fitLength(text: string, type: SqlType, mode: CastMode): string {
  if (type.kind === 'name') return truncateBytes(text, nameBytesMax);
  if (type.kind !== 'varchar' && type.kind !== 'char') return text;
  const { length } = type;
  if (length === null) return text;
  // A JavaScript string never has more code points than units, so that short texts are not counted.
  const count = text.length <= length && type.kind === 'varchar' ? 0 : codePointCount(text);
  if (count <= length) return type.kind === 'char' ? text + ' '.repeat(length - count) : text;
  const kept = [...text].slice(0, length).join('');
  if (mode !== 'explicit' && /[^ ]/.test(text.slice(kept.length))) {
    throw new SqlError(
      sqlstate.stringDataRightTruncation,
      `value too long for type ${formatType(type)}`,
    );
  }
  return kept;
}

function codePointCount(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** The longest prefix of whole characters within `bytesMax` bytes of UTF-8. */
export function truncateBytes(text: string, bytesMax: number): string {
  if (text.length * 3 <= bytesMax || Buffer.byteLength(text) <= bytesMax) return text;
  let bytes = 0;
  let kept = '';
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > bytesMax) break;
    kept += character;
  }
  return kept;
}
