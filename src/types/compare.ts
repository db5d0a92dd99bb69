/**
 * Equality and order of SQL values: the only place that defines them (key-codec.ts gives the same order
 * as bytes, and a test holds the two together). Text orders by code point as in the C collation, NaN
 * equals itself and is greatest, −0 equals 0, char(n) ignores trailing blanks.
 */

import { unreachable } from '../base/assert.ts';
import type { SqlArray, SqlMap } from './array.ts';
import type { Datum, RowDatum } from './datum.ts';
import type { Decimal } from './decimal.ts';
import type { Interval, TimeTz } from './interval.ts';
import { compareCodePoints, type JsonbValue } from './jsonb.ts';
import { typeOfDatum } from './runtime-type.ts';
import { types, type SqlType } from './sql-type.ts';

export type Comparator = (a: Datum, b: Datum) => number;

/** Negative, 0 or positive; NULL is not a datum, but within arrays and rows NULL is greatest. */
export function compareDatums(a: Datum, b: Datum, type: SqlType): number {
  return comparatorOf(type)(a, b);
}

export function equalDatums(a: Datum, b: Datum, type: SqlType): boolean {
  return a === b ? true : comparatorOf(type)(a, b) === 0;
}

/** IS NOT DISTINCT FROM. */
export function sameDatums(a: Datum | null, b: Datum | null, type: SqlType): boolean {
  return a === null || b === null ? a === b : equalDatums(a, b, type);
}

export interface OrderOptions {
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

/** The order of one key of ORDER BY. */
export function compareNullable(
  a: Datum | null,
  b: Datum | null,
  type: SqlType,
  options: OrderOptions,
): number {
  if (a === null || b === null) {
    if (a === b) return 0;
    return (a === null) === options.nullsFirst ? -1 : 1;
  }
  const order = compareDatums(a, b, type);
  return options.descending ? -order : order;
}

/** The comparison of a type; loops choose it once. */
export function comparatorOf(type: SqlType): Comparator {
  switch (type.kind) {
    case 'smallint':
    case 'integer':
    case 'date':
    case 'oid':
    case 'xid':
    case 'regclass':
    case 'regtype':
    case 'regproc':
    case 'regprocedure':
    case 'regnamespace':
    case 'regrole':
    case 'regoper':
    case 'regoperator':
      return compareIntegers as Comparator;
    case 'real':
    case 'double':
    case 'enum':
      return compareNumbers as Comparator;
    case 'boolean':
      return compareBooleans as Comparator;
    case 'bigint':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return compareBigInts as Comparator;
    case 'text':
    case 'varchar':
    case 'name':
    case 'pgchar':
    case 'uuid':
    case 'json':
    case 'jsonpath':
    case 'unknown':
    case 'void':
      return compareText as Comparator;
    case 'char':
      return compareBlankPadded as Comparator;
    case 'numeric':
      return compareDecimals as Comparator;
    case 'bytea':
      return compareBytes as Comparator;
    case 'interval':
      return compareIntervals as Comparator;
    case 'timetz':
      return compareTimeTz as Comparator;
    case 'jsonb':
      return compareJsonb as Comparator;
    case 'array':
      return compareArraysOf(type.element);
    case 'int2vector':
      return compareArraysOf(types.smallint);
    case 'oidvector':
      return compareArraysOf(types.oid);
    case 'row': {
      const fields = type.fields.map((field) => field.type);
      return ((a: RowDatum, b: RowDatum) => compareRows(a, b, fields)) as Comparator;
    }
    case 'map':
      return ((a: SqlMap, b: SqlMap) => compareMaps(a, b, type.key, type.value)) as Comparator;
    case 'record':
    case 'anyarray':
      return compareUntyped;
    default:
      return unreachable(type, 'type');
  }
}

/** Text order by code point, which is that of its UTF-8 bytes. */
export const compareText: (a: string, b: string) => number = compareCodePoints;

/** −0 equals 0; NaN equals itself and is greatest. */
export function compareNumbers(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b) return 0;
  return Number(a !== a) - Number(b !== b);
}

export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b);
}

function compareIntegers(a: number, b: number): number {
  return a - b;
}

function compareBooleans(a: boolean, b: boolean): number {
  return Number(a) - Number(b);
}

function compareBigInts(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareBlankPadded(a: string, b: string): number {
  return compareCodePoints(trimBlanks(a), trimBlanks(b));
}

/** char(n) without the blanks it was padded with. */
export function trimBlanks(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 32) end--;
  return end === text.length ? text : text.slice(0, end);
}

function compareDecimals(a: Decimal, b: Decimal): number {
  return a.compare(b);
}

function compareIntervals(a: Interval, b: Interval): number {
  return a.compare(b);
}

function compareTimeTz(a: TimeTz, b: TimeTz): number {
  return a.compare(b);
}

function compareJsonb(a: JsonbValue, b: JsonbValue): number {
  return a.compare(b);
}

function compareArraysOf(element: SqlType): Comparator {
  const compare = comparatorOf(element);
  return ((a: SqlArray, b: SqlArray) => compareArrays(a, b, compare)) as Comparator;
}

/** Elements first, then their number, then the shape: PostgreSQL's array order. */
function compareArrays(a: SqlArray, b: SqlArray, compare: Comparator): number {
  const shared = Math.min(a.elements.length, b.elements.length);
  for (let index = 0; index < shared; index++) {
    const order = compareNullsLast(a.elements[index]!, b.elements[index]!, compare);
    if (order !== 0) return order;
  }
  return (
    a.elements.length - b.elements.length ||
    a.dimensions.length - b.dimensions.length ||
    compareNumberLists(a.dimensions, b.dimensions) ||
    compareNumberLists(a.lowerBounds, b.lowerBounds)
  );
}

function compareNumberLists(a: readonly number[], b: readonly number[]): number {
  const index = a.findIndex((value, at) => value !== b[at]);
  return index < 0 ? 0 : a[index]! - b[index]!;
}

function compareRows(a: RowDatum, b: RowDatum, fields: readonly SqlType[]): number {
  for (let index = 0; index < fields.length; index++) {
    const order = compareNullsLast(a[index]!, b[index]!, comparatorOf(fields[index]!));
    if (order !== 0) return order;
  }
  return 0;
}

function compareNullsLast(a: Datum | null, b: Datum | null, compare: Comparator): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return compare(a, b);
}

/** Maps are equal whatever the order of their entries; they order as their entries sorted by key. */
function compareMaps(a: SqlMap, b: SqlMap, keyType: SqlType, valueType: SqlType): number {
  const compareKeys = comparatorOf(keyType);
  const compareValues = comparatorOf(valueType);
  const left = sortedEntries(a, compareKeys);
  const right = sortedEntries(b, compareKeys);
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const order =
      compareKeys(left[index]![0], right[index]![0]) ||
      compareNullsLast(left[index]![1], right[index]![1], compareValues);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function sortedEntries(map: SqlMap, compare: Comparator): (readonly [Datum, Datum | null])[] {
  return [...map.entries].sort((a, b) => compare(a[0], b[0]));
}

/** The value of a key; undefined when the map has no such key. */
export function lookupMap(map: SqlMap, key: Datum, keyType: SqlType): Datum | null | undefined {
  const compare = comparatorOf(keyType);
  return map.entries.find((entry) => compare(entry[0], key) === 0)?.[1];
}

function compareUntyped(a: Datum, b: Datum): number {
  if (Array.isArray(a) && Array.isArray(b)) return compareRecords(a as RowDatum, b as RowDatum);
  const left = typeOfDatum(a);
  const right = typeOfDatum(b);
  if (left.kind !== right.kind) return compareCodePoints(left.kind, right.kind);
  return compareDatums(a, b, left);
}

function compareRecords(a: RowDatum, b: RowDatum): number {
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const order = compareNullsLast(a[index]!, b[index]!, compareUntyped);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}
