/**
 * The type that a datum's JavaScript form suggests, for the few places where no declared type is known:
 * fields of an anonymous record and elements of anyarray. Integers, dates and doubles all look like
 * double precision, and timestamps like bigint, so whoever knows the type must not ask here.
 */

import { SqlArray, SqlMap } from './array.ts';
import type { Datum } from './datum.ts';
import { Decimal } from './decimal.ts';
import { Interval, TimeTz } from './interval.ts';
import { JsonbValue } from './jsonb.ts';
import { arrayOf, types, type SqlType } from './sql-type.ts';

export function typeOfDatum(value: Datum): SqlType {
  switch (typeof value) {
    case 'boolean':
      return types.boolean;
    case 'number':
      return types.double;
    case 'bigint':
      return types.bigint;
    case 'string':
      return types.text;
    default:
      return typeOfObject(value);
  }
}

function typeOfObject(value: Exclude<Datum, boolean | number | bigint | string>): SqlType {
  if (value instanceof Decimal) return types.numeric;
  if (value instanceof Uint8Array) return types.bytea;
  if (value instanceof Interval) return types.interval;
  if (value instanceof TimeTz) return types.timetz;
  if (value instanceof JsonbValue) return types.jsonb;
  if (value instanceof SqlArray) return arrayOf(elementTypeOf(value.elements));
  if (value instanceof SqlMap) {
    return {
      kind: 'map',
      key: elementTypeOf(value.entries.map((entry) => entry[0])),
      value: elementTypeOf(value.entries.map((entry) => entry[1])),
    };
  }
  return types.record;
}

function elementTypeOf(elements: readonly (Datum | null)[]): SqlType {
  const sample = elements.find((element) => element !== null);
  return sample === undefined || sample === null ? types.text : typeOfDatum(sample);
}
