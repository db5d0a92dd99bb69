/**
 * SQL types as plain data, and what a value of each type is in JavaScript.
 *
 * A *datum* is one non-NULL SQL value outside a column; `null` is SQL NULL everywhere:
 *
 *   boolean                                   boolean
 *   smallint integer oid reg* date            number (date: days since 1970-01-01)
 *   bigint                                    bigint
 *   numeric                                   Decimal (decimal.ts)
 *   real double                               number
 *   text varchar char name pgchar unknown     string (well-formed, no NUL)
 *   bytea                                     Uint8Array
 *   timestamp timestamptz                     bigint, microseconds since 1970-01-01 00:00:00 UTC;
 *                                             ±infinity are the ends of the int64 range
 *   time                                      bigint, microseconds since midnight
 *   timetz                                    TimeTz { micros: bigint, zoneSeconds: number }
 *   interval                                  Interval { months, days: number, micros: bigint }
 *   uuid json jsonpath                        string (uuid, jsonpath: canonical; json: as written)
 *   enum                                      number, the place of the label in its type (enum-labels.ts)
 *   jsonb                                     JsonbValue (jsonb.ts)
 *   array int2vector oidvector                SqlArray (array.ts)
 *   row record                                (Datum | null)[]
 *   map                                       SqlMap (array.ts): ordered pairs
 *   void                                      '' (empty string)
 *
 * date ±infinity are 2147483647 and -2147483648, as in PostgreSQL.
 */

import type { EnumLabels } from './enum-labels.ts';

export type SimpleKind =
  | 'boolean'
  | 'smallint'
  | 'integer'
  | 'bigint'
  | 'real'
  | 'double'
  | 'text'
  | 'name'
  | 'pgchar'
  | 'bytea'
  | 'date'
  | 'interval'
  | 'uuid'
  | 'json'
  | 'jsonb'
  | 'jsonpath'
  | 'oid'
  | 'xid'
  | 'regclass'
  | 'regtype'
  | 'regproc'
  | 'regprocedure'
  | 'regnamespace'
  | 'regrole'
  | 'regoper'
  | 'regoperator'
  | 'int2vector'
  | 'oidvector'
  | 'unknown'
  | 'void'
  | 'record'
  | 'anyarray';

export interface SimpleType {
  readonly kind: SimpleKind;
}

export interface NumericType {
  readonly kind: 'numeric';
  /** Declared precision and scale; both null when unconstrained. */
  readonly precision: number | null;
  readonly scale: number | null;
  /**
   * When set, every value of this expression is known to have exactly this display scale and at most
   * 15 digits, so that it may travel as a scaled double. Set for declared NUMERIC(p<=15,s), carried
   * through + - * and sums by the binder; never part of a type's identity.
   */
  readonly fixedScale?: number;
  /**
   * With a fixedScale: the most digits a value can have, where it is known and is not the precision (results
   * of arithmetic). Never part of a type's identity either.
   */
  readonly fixedDigits?: number;
}

export interface LengthType {
  readonly kind: 'varchar' | 'char';
  /** Characters; null for varchar without a limit. */
  readonly length: number | null;
}

export interface TimeType {
  readonly kind: 'time' | 'timetz' | 'timestamp' | 'timestamptz';
  /** Digits of fractional seconds kept, 0 to 6; null means 6. */
  readonly precision: number | null;
}

export interface ArrayType {
  readonly kind: 'array';
  readonly element: SqlType;
}

export interface RowField {
  readonly name: string;
  /** The spelling of the declaration, where it is another: the key in JSON. */
  readonly declaredName?: string;
  readonly type: SqlType;
}

/** The key of a field's value in a JSON object. */
export function fieldKey(field: RowField): string {
  return field.declaredName ?? field.name;
}

export interface RowType {
  readonly kind: 'row';
  readonly fields: readonly RowField[];
}

export interface MapType {
  readonly kind: 'map';
  readonly key: SqlType;
  readonly value: SqlType;
}

/** A type made by CREATE TYPE … AS ENUM. Its oid is its identity; the rest is looked up in its labels. */
export interface EnumType {
  readonly kind: 'enum';
  readonly oid: number;
  readonly labels: EnumLabels;
}

export type SqlType =
  SimpleType | NumericType | LengthType | TimeType | ArrayType | RowType | MapType | EnumType;

export type SqlKind = SqlType['kind'];

const simple = (kind: SimpleKind): SimpleType => ({ kind });

/** The types that need no parameters, by their usual names. */
export const types = {
  boolean: simple('boolean'),
  smallint: simple('smallint'),
  integer: simple('integer'),
  bigint: simple('bigint'),
  real: simple('real'),
  double: simple('double'),
  numeric: { kind: 'numeric', precision: null, scale: null } as NumericType,
  text: simple('text'),
  varchar: { kind: 'varchar', length: null } as LengthType,
  name: simple('name'),
  pgchar: simple('pgchar'),
  bytea: simple('bytea'),
  date: simple('date'),
  time: { kind: 'time', precision: null } as TimeType,
  timetz: { kind: 'timetz', precision: null } as TimeType,
  timestamp: { kind: 'timestamp', precision: null } as TimeType,
  timestamptz: { kind: 'timestamptz', precision: null } as TimeType,
  interval: simple('interval'),
  uuid: simple('uuid'),
  json: simple('json'),
  jsonb: simple('jsonb'),
  jsonpath: simple('jsonpath'),
  oid: simple('oid'),
  xid: simple('xid'),
  regclass: simple('regclass'),
  regtype: simple('regtype'),
  regproc: simple('regproc'),
  regprocedure: simple('regprocedure'),
  regnamespace: simple('regnamespace'),
  regrole: simple('regrole'),
  regoper: simple('regoper'),
  regoperator: simple('regoperator'),
  int2vector: simple('int2vector'),
  oidvector: simple('oidvector'),
  unknown: simple('unknown'),
  void: simple('void'),
  record: simple('record'),
  anyarray: simple('anyarray'),
} as const;

export function arrayOf(element: SqlType): ArrayType {
  return { kind: 'array', element };
}

export function enumOf(labels: EnumLabels): EnumType {
  return { kind: 'enum', oid: labels.oid, labels };
}

export function numeric(precision: number, scale: number): NumericType {
  const type: NumericType = { kind: 'numeric', precision, scale };
  return precision <= 15 && scale >= 0 ? { ...type, fixedScale: scale } : type;
}

/**
 * The physical form that columns of a type take when their values allow it.
 *
 *   i32    Int32Array: smallint, integer, date
 *   f64    Float64Array: double, real; and, while values are safe integers: bigint, oid, time,
 *          timestamp(tz) in microseconds (±Infinity for infinity), numeric with a fixedScale as
 *          value × 10^fixedScale
 *   bool   Uint8Array of 0 and 1
 *   text   (offset, length) views on UTF-8 bytes
 *   any    plain array of datums: every other type, and the *wide* form of every type above.
 *
 * A column that cannot hold a value in its narrow form (a bigint past ±(2^53 − 1), a numeric with other
 * scale, NaN in a numeric) is sent as `any`; whoever keeps state turns its own columns wide then.
 */
export type ColumnKind = 'i32' | 'f64' | 'bool' | 'text' | 'any';

export function narrowKind(type: SqlType): ColumnKind {
  switch (type.kind) {
    case 'smallint':
    case 'integer':
    case 'date':
      return 'i32';
    case 'bigint':
    case 'real':
    case 'double':
    case 'oid':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return 'f64';
    case 'numeric':
      return type.fixedScale === undefined ? 'any' : 'f64';
    case 'boolean':
      return 'bool';
    case 'text':
    case 'varchar':
    case 'name':
      return 'text';
    default:
      return 'any';
  }
}
