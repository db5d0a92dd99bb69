/**
 * How one value becomes a value of another type: PostgreSQL's cast functions, its conversions through
 * text, and the coercion to a declared length, precision or scale. Whether a cast may be used at all is
 * decided in casts.ts; here every pair that is listed there is carried out.
 */

import { must } from '../base/assert.ts';
import { SqlError, sqlstate } from '../base/errors.ts';
import { SqlArray } from '../types/array.ts';
import { dateToTimestamp, timestampToDate, timestampToTime } from '../types/datetime.ts';
import type { ArrayDatum, Datum, RowDatum } from '../types/datum.ts';
import { Decimal } from '../types/decimal.ts';
import { Interval, roundHalfEven, TimeTz } from '../types/interval.ts';
import { JsonbValue, jsonTypeOf } from '../types/jsonb.ts';
import { formatType, sameType } from '../types/oid.ts';
import type { SqlType } from '../types/sql-type.ts';
import { types } from '../types/sql-type.ts';
import { formatText, parseText } from '../types/text-io.ts';
import { localToUtc, utcToLocal } from '../types/zones.ts';
import { sessionZone, textIo } from './context-io.ts';
import type { EvalContext } from './functions/registry.ts';
import { coerceModifiers, fitLength } from './cast-modifiers.ts';
import { parseRegName, printRegName } from './cast-reg.ts';
import { elementOf, isRegType, isStringType, withoutModifiers } from './type-category.ts';

type CastMode = 'implicit' | 'assignment' | 'explicit';

/** `value` of type `from` as a value of type `to`, modifiers of `to` applied. NULL stays NULL. */
export function castDatum(
  value: Datum | null,
  from: SqlType,
  to: SqlType,
  mode: CastMode,
  context: EvalContext,
): Datum | null {
  if (value === null) return null;
  if (from.kind === 'unknown' || (isStringType(from) && !isStringType(to))) {
    return coerceModifiers(fromText(value as string, to, context), to, mode);
  }
  if (isStringType(to)) return toStringType(value, from, to, mode, context);
  if (from.kind === to.kind && !isComposite(to)) return coerceModifiers(value, to, mode);
  const converted = convert(value, from, to, mode, context);
  return converted === null ? null : coerceModifiers(converted, to, mode);
}

function isComposite(type: SqlType): boolean {
  return type.kind === 'array' || type.kind === 'row' || type.kind === 'map';
}

/** The text form of any value, as its output function gives it; reg* values print as names. */
export function datumToText(value: Datum, type: SqlType, context: EvalContext): string {
  if (isRegType(type)) return printRegName(value as number, type, context);
  const element = type.kind === 'array' ? type.element : null;
  if (element !== null && isRegType(element)) {
    const array = value as ArrayDatum;
    const names = array.elements.map((each) =>
      each === null ? null : printRegName(each as number, element, context),
    );
    const printed = new SqlArray(names, array.dimensions, array.lowerBounds);
    return formatText(printed, { kind: 'array', element: types.text });
  }
  return formatText(value, type, textIo(context));
}

function fromText(text: string, to: SqlType, context: EvalContext): Datum {
  if (isRegType(to)) return parseRegName(text, to, context);
  if (to.kind === 'array' && isRegType(to.element)) {
    const names = parseText(text, { kind: 'array', element: types.text }) as ArrayDatum;
    const oids = names.elements.map((each) =>
      each === null ? null : parseRegName(each as string, to.element, context),
    );
    return new SqlArray(oids, names.dimensions, names.lowerBounds);
  }
  if (to.kind === 'varchar' || to.kind === 'char') return text;
  return parseText(text, withoutModifiers(to), textIo(context));
}

function toStringType(
  value: Datum,
  from: SqlType,
  to: SqlType,
  mode: CastMode,
  context: EvalContext,
): Datum {
  const text = stringOf(value, from, to, context);
  return to.kind === 'varchar' || to.kind === 'char' || to.kind === 'name'
    ? fitLength(text, to, mode)
    : text;
}

function stringOf(value: Datum, from: SqlType, to: SqlType, context: EvalContext): string {
  if (from.kind === 'char' && to.kind !== 'char') return (value as string).replace(/ +$/, '');
  if (from.kind === 'boolean' && to.kind !== 'name') return value === true ? 'true' : 'false';
  if (isStringType(from) || from.kind === 'pgchar') return value as string;
  return datumToText(value, from, context);
}

function convert(
  value: Datum,
  from: SqlType,
  to: SqlType,
  mode: CastMode,
  context: EvalContext,
): Datum | null {
  if (from.kind === 'jsonb' && to.kind !== 'json') return fromJsonb(value as JsonbValue, to);
  switch (to.kind) {
    case 'smallint':
      return toSmallint(value, from);
    case 'integer':
      return toInteger(value, from);
    case 'bigint':
      return toBigint(value, from);
    case 'numeric':
      return toNumeric(value, from);
    case 'double':
      return toDouble(value);
    case 'real':
      return toReal(value);
    case 'boolean':
      return value !== 0;
    case 'pgchar':
      return toPgChar(value as number);
    case 'json':
      return (value as JsonbValue).toString();
    case 'jsonb':
      return JsonbValue.parse(value as string);
    case 'date':
    case 'timestamp':
    case 'timestamptz':
    case 'time':
    case 'timetz':
    case 'interval':
      return toTemporal(value, from, to, context);
    case 'array':
      return toArray(value as ArrayDatum, from, to, mode, context);
    case 'row':
      return toRow(value as RowDatum, from, to, mode, context);
    case 'record':
    case 'anyarray':
    case 'xid':
      return value;
    default:
      if (to.kind === 'oid' || isRegType(to)) return toOid(value);
      throw cannotCast(from, to);
  }
}

/** 42846 as the binder words it too. */
export function cannotCast(from: SqlType, to: SqlType, position?: number): SqlError {
  return new SqlError(
    sqlstate.cannotCoerce,
    `cannot cast type ${formatType(withoutModifiers(from))} to ${formatType(withoutModifiers(to))}`,
    { position },
  );
}

export function outOfRange(typeName: string): SqlError {
  return new SqlError(sqlstate.numericValueOutOfRange, `${typeName} out of range`);
}

function toSmallint(value: Datum, from: SqlType): number {
  const number = integralNumber(value, from, 'smallint');
  if (!(number >= -32768 && number <= 32767)) throw outOfRange('smallint');
  return number;
}

function toInteger(value: Datum, from: SqlType): number {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (from.kind === 'pgchar') return pgCharCode(value as string);
  const number = integralNumber(value, from, 'integer');
  if (from.kind === 'oid' || isRegType(from)) return number | 0;
  if (!(number >= -2147483648 && number <= 2147483647)) throw outOfRange('integer');
  return number;
}

/** NaN passes through, so that range checks written with >= and <= refuse it. */
function integralNumber(value: Datum, from: SqlType, target: string): number {
  if (value instanceof Decimal) return Number(value.toBigInt(target));
  if (typeof value === 'bigint') return Number(value);
  const number = value as number;
  return (from.kind === 'double' || from.kind === 'real' ? roundHalfEven(number) : number) + 0;
}

const bigintMax = 9223372036854775807n;
const bigintMin = -9223372036854775808n;

function toBigint(value: Datum, from: SqlType): bigint {
  if (typeof value === 'bigint') return value;
  if (value instanceof Decimal) {
    const integer = value.toBigInt('bigint');
    if (integer > bigintMax || integer < bigintMin) throw outOfRange('bigint');
    return integer;
  }
  const number = value as number;
  if (from.kind !== 'double' && from.kind !== 'real') return BigInt(number);
  const rounded = roundHalfEven(number);
  if (!(rounded >= -(2 ** 63) && rounded < 2 ** 63)) throw outOfRange('bigint');
  return BigInt(rounded);
}

function toNumeric(value: Datum, from: SqlType): Decimal {
  if (typeof value === 'bigint') return Decimal.fromBigInt(value);
  if (value instanceof Decimal) return value;
  return Decimal.fromNumber(value as number, from.kind === 'real' ? 6 : 15);
}

function toDouble(value: Datum): number {
  if (!(value instanceof Decimal)) return Number(value as number | bigint);
  const number = value.toNumber();
  if (value.isFinite && !Number.isFinite(number)) {
    throw new SqlError(
      sqlstate.numericValueOutOfRange,
      `"${value.toString()}" is out of range for type double precision`,
    );
  }
  return number;
}

function toReal(value: Datum): number {
  const exact = value instanceof Decimal ? value.toNumber() : Number(value as number | bigint);
  const real = Math.fround(exact);
  const finite = value instanceof Decimal ? value.isFinite : Number.isFinite(exact);
  const nonzero = value instanceof Decimal ? value.sign !== 0 : exact !== 0;
  if (value instanceof Decimal && ((finite && !Number.isFinite(real)) || (nonzero && real === 0))) {
    throw new SqlError(
      sqlstate.numericValueOutOfRange,
      `"${value.toString()}" is out of range for type real`,
    );
  }
  if (finite && !Number.isFinite(real)) throw floatOverflow();
  if (nonzero && real === 0) throw floatUnderflow();
  return real;
}

export function floatOverflow(): SqlError {
  return new SqlError(sqlstate.numericValueOutOfRange, 'value out of range: overflow');
}

export function floatUnderflow(): SqlError {
  return new SqlError(sqlstate.numericValueOutOfRange, 'value out of range: underflow');
}

function toOid(value: Datum): number {
  if (typeof value === 'bigint') {
    if (value < 0n || value > 4294967295n) throw outOfRange('OID');
    return Number(value);
  }
  return (value as number) >>> 0;
}

function toPgChar(code: number): string {
  if (code < -128 || code > 127) throw outOfRange('"char"');
  if (code === 0) return '';
  return code < 0 ? `\\${(code & 0xff).toString(8)}` : String.fromCharCode(code);
}

function pgCharCode(value: string): number {
  const octal = /^\\([0-7]{3})$/.exec(value);
  const code = octal === null ? (value.codePointAt(0) ?? 0) : parseInt(octal[1]!, 8);
  return code > 127 ? code - 256 : code;
}

function fromJsonb(value: JsonbValue, to: SqlType): Datum {
  const { tree } = value;
  const kind = jsonTypeOf(tree);
  if (to.kind === 'boolean' ? typeof tree === 'boolean' : tree instanceof Decimal) {
    if (typeof tree === 'boolean') return tree;
    return must(convertNumber(tree as Decimal, to), 'a number converts to a number');
  }
  throw new SqlError(
    sqlstate.invalidParameterValue,
    `cannot cast jsonb ${kind === 'number' ? 'numeric' : kind} to type ${formatType(withoutModifiers(to))}`,
  );
}

function convertNumber(value: Decimal, to: SqlType): Datum | null {
  switch (to.kind) {
    case 'smallint':
      return toSmallint(value, types.numeric);
    case 'integer':
      return toInteger(value, types.numeric);
    case 'bigint':
      return toBigint(value, types.numeric);
    case 'double':
      return toDouble(value);
    case 'real':
      return toReal(value);
    case 'numeric':
      return value;
    default:
      throw cannotCast(types.jsonb, to);
  }
}

function toTemporal(value: Datum, from: SqlType, to: SqlType, context: EvalContext): Datum | null {
  const zone = () => sessionZone(context);
  switch (`${from.kind} ${to.kind}`) {
    case 'date timestamp':
      return dateToTimestamp(value as number);
    case 'date timestamptz':
      return localToUtc(dateToTimestamp(value as number), zone());
    case 'timestamp date':
      return timestampToDate(value as bigint);
    case 'timestamp timestamptz':
      return localToUtc(value as bigint, zone());
    case 'timestamp time':
      return timestampToTime(value as bigint);
    case 'timestamptz timestamp':
      return utcToLocal(value as bigint, zone());
    case 'timestamptz date':
      return timestampToDate(utcToLocal(value as bigint, zone()));
    case 'timestamptz time':
      return timestampToTime(utcToLocal(value as bigint, zone()));
    case 'timestamptz timetz': {
      const time = timestampToTime(utcToLocal(value as bigint, zone()));
      return time === null ? null : new TimeTz(time, zone().offsetAt(value as bigint));
    }
    case 'time timetz':
      return new TimeTz(value as bigint, zone().offsetAt(context.nowMicros));
    case 'time interval':
      return new Interval(0, 0, value as bigint);
    case 'timetz time':
      return (value as TimeTz).micros;
    case 'interval time':
      return timeOfInterval(value as Interval);
    default:
      throw cannotCast(from, to);
  }
}

const dayMicros = 86_400_000_000n;

function timeOfInterval(interval: Interval): bigint {
  const rest = interval.micros % dayMicros;
  return rest < 0n ? rest + dayMicros : rest;
}

function toArray(
  array: ArrayDatum,
  from: SqlType,
  to: SqlType & { kind: 'array' },
  mode: CastMode,
  context: EvalContext,
): Datum {
  const element = must(elementOf(from), 'an array is cast to an array');
  if (sameType(element, to.element) && from.kind !== 'array') return array;
  const cast = array.elements.map((each) => castDatum(each, element, to.element, mode, context));
  return new SqlArray(cast, array.dimensions, array.lowerBounds);
}

function toRow(
  row: RowDatum,
  from: SqlType,
  to: SqlType & { kind: 'row' },
  mode: CastMode,
  context: EvalContext,
): Datum {
  if (from.kind !== 'row') throw cannotCast(from, to);
  return row.map((each, i) => {
    return castDatum(each, from.fields[i]!.type, to.fields[i]!.type, mode, context);
  });
}
