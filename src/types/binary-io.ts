/**
 * PostgreSQL's binary formats, both ways, for every type: what binary parameters, binary results and
 * COPY … BINARY carry. Decoding trusts nothing: every length is checked, and bytes that are not the
 * type's form are 22P03. A map, which PostgreSQL lacks, travels as its text.
 */

import { unreachable } from '../base/assert.ts';
import { SqlError, sqlstate } from '../base/errors.ts';
import { SqlArray } from './array.ts';
import { BinaryReader, invalidBinary } from './binary-reader.ts';
import { decodeNumeric, encodeNumeric } from './binary-numeric.ts';
import { microsPerDay } from './calendar.ts';
import {
  checkDate,
  checkTimestamp,
  dateInfinity,
  dateNegativeInfinity,
  isFiniteDate,
  isFiniteTimestamp,
  roundTime,
  roundTimestamp,
  timestampInfinity,
  timestampNegativeInfinity,
} from './datetime.ts';
import type { Datum, RowDatum } from './datum.ts';
import type { Decimal } from './decimal.ts';
import { Interval, TimeTz } from './interval.ts';
import { validateJson } from './json-parse.ts';
import { JsonbValue } from './jsonb.ts';
import { formatType, formatTypeOid, oidOf, typeFromOid } from './oid.ts';
import { typeOfDatum } from './runtime-type.ts';
import { cutName, decodeUtf8, limitVarchar, padChar, uuidFromHex } from './scalar-text.ts';
import { types, type SqlType } from './sql-type.ts';
import { formatText, parseText } from './text-io.ts';

/** PostgreSQL counts from 2000-01-01. */
const epochDays = 10957;
const epochMicros = 946684800000000n;
const dimensionsMax = 6;
const jsonbVersion = 1;
const jsonpathVersion = 1;

export function encodeBinary(value: Datum, type: SqlType): Uint8Array {
  switch (type.kind) {
    case 'boolean':
      return Uint8Array.of(value === true ? 1 : 0);
    case 'smallint':
      return int16(value as number);
    case 'integer':
      return int32(value as number);
    case 'bigint':
    case 'time':
      return int64(value as bigint);
    case 'real':
      return float32(value as number);
    case 'double':
      return float64(value as number);
    case 'numeric':
      return encodeNumeric(value as Decimal);
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
      return int32((value as number) | 0);
    case 'text':
    case 'varchar':
    case 'char':
    case 'name':
    case 'json':
    case 'unknown':
      return Buffer.from(value as string, 'utf8');
    case 'pgchar':
      return encodeSingleChar(value as string);
    case 'bytea':
      return value as Uint8Array;
    case 'date':
      return int32(
        isFiniteDate(value as number) ? (value as number) - epochDays : (value as number),
      );
    case 'timestamp':
    case 'timestamptz':
      return int64(
        isFiniteTimestamp(value as bigint) ? (value as bigint) - epochMicros : (value as bigint),
      );
    case 'timetz': {
      const { micros, zoneSeconds } = value as TimeTz;
      // On the wire, as within PostgreSQL, zones count west of UTC.
      return Buffer.concat([int64(micros), int32(-zoneSeconds)]);
    }
    case 'interval': {
      const { micros, days, months } = value as Interval;
      return Buffer.concat([int64(micros), int32(days), int32(months)]);
    }
    case 'uuid':
      return Buffer.from((value as string).replaceAll('-', ''), 'hex');
    case 'jsonb':
      return Buffer.concat([
        Uint8Array.of(jsonbVersion),
        Buffer.from((value as JsonbValue).toString()),
      ]);
    case 'jsonpath':
      return Buffer.concat([Uint8Array.of(jsonpathVersion), Buffer.from(value as string)]);
    case 'enum':
      return Buffer.from(type.labels.labelOf(value as number), 'utf8');
    case 'array':
      return encodeArray(value as SqlArray, innermost(type.element));
    case 'int2vector':
      return encodeArray(value as SqlArray, types.smallint);
    case 'oidvector':
      return encodeArray(value as SqlArray, types.oid);
    case 'row':
      return encodeRecord(
        value as RowDatum,
        type.fields.map((field) => field.type),
      );
    case 'record':
      return encodeRecord(
        value as RowDatum,
        (value as RowDatum).map((field) => (field === null ? types.text : typeOfDatum(field))),
      );
    case 'anyarray':
      return encodeBinary(value, typeOfDatum(value));
    case 'map':
      return Buffer.from(formatText(value, type), 'utf8');
    case 'void':
      return new Uint8Array(0);
    default:
      return unreachable(type, 'type');
  }
}

/** The datum that the bytes mean; the type's modifiers are applied as in text input. */
export function decodeBinary(bytes: Uint8Array, type: SqlType): Datum {
  const reader = new BinaryReader(bytes);
  const value = decode(reader, type);
  reader.end();
  return value;
}

function decode(reader: BinaryReader, type: SqlType): Datum {
  switch (type.kind) {
    case 'boolean':
      return reader.uint8() !== 0;
    case 'smallint':
      return reader.int16();
    case 'integer':
      return reader.int32();
    case 'bigint':
      return reader.int64();
    case 'real':
      return reader.float32();
    case 'double':
      return reader.float64();
    case 'numeric': {
      const value = decodeNumeric(reader);
      return type.precision === null ? value : value.coerce(type.precision, type.scale ?? 0);
    }
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
      return reader.uint32();
    case 'text':
    case 'unknown':
      return decodeUtf8(reader.rest());
    case 'varchar':
      return limitVarchar(decodeUtf8(reader.rest()), type.length);
    case 'char':
      return padChar(decodeUtf8(reader.rest()), type.length);
    case 'name':
      return cutName(decodeUtf8(reader.rest()));
    case 'json': {
      const text = decodeUtf8(reader.rest());
      validateJson(text);
      return text;
    }
    case 'pgchar':
      return decodeSingleChar(reader.uint8());
    case 'bytea':
      return Uint8Array.from(reader.rest());
    case 'date':
      return decodeDate(reader.int32());
    case 'time':
      return roundTime(decodeTime(reader.int64()), type.precision);
    case 'timetz':
      return decodeTimetz(reader, type.precision);
    case 'timestamp':
    case 'timestamptz':
      return roundTimestamp(decodeTimestamp(reader.int64()), type.precision);
    case 'interval': {
      const micros = reader.int64();
      const days = reader.int32();
      return new Interval(reader.int32(), days, micros);
    }
    case 'uuid':
      return uuidFromHex(Buffer.from(reader.bytes(16)).toString('hex'));
    case 'jsonb':
      return decodeJsonb(reader);
    case 'jsonpath':
      return decodeJsonPath(reader);
    case 'enum':
      return type.labels.orderOf(decodeUtf8(reader.rest()));
    case 'array':
      return decodeArray(reader, innermost(type.element));
    case 'int2vector':
      return decodeArray(reader, types.smallint);
    case 'oidvector':
      return decodeArray(reader, types.oid);
    case 'row':
      return decodeRecord(
        reader,
        type.fields.map((field) => field.type),
      );
    case 'record':
      throw new SqlError(
        sqlstate.featureNotSupported,
        'input of anonymous composite types is not implemented',
      );
    case 'anyarray':
      throw new SqlError(sqlstate.featureNotSupported, 'cannot accept a value of type anyarray');
    case 'map':
      return parseText(decodeUtf8(reader.rest()), type);
    case 'void':
      return '';
    default:
      return unreachable(type, 'type');
  }
}

function int16(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function int64(value: bigint): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigInt64BE(value);
  return bytes;
}

function float32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeFloatBE(value);
  return bytes;
}

function float64(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeDoubleBE(value);
  return bytes;
}

/** The datum writes a byte that is not ASCII as \ooo, as the text form does. */
function encodeSingleChar(text: string): Uint8Array {
  if (text.length === 4) return Uint8Array.of(parseInt(text.slice(1), 8));
  return Uint8Array.of(text === '' ? 0 : text.charCodeAt(0));
}

function decodeSingleChar(byte: number): string {
  if (byte === 0) return '';
  return byte < 128 ? String.fromCharCode(byte) : `\\${byte.toString(8)}`;
}

function decodeDate(value: number): number {
  if (value === dateInfinity || value === dateNegativeInfinity) return value;
  return checkDate(value + epochDays);
}

function decodeTime(micros: bigint): bigint {
  if (micros < 0n || micros > BigInt(microsPerDay)) {
    throw new SqlError(sqlstate.datetimeFieldOverflow, 'time out of range');
  }
  return micros;
}

const zoneSecondsMax = 16 * 3600;

function decodeTimetz(reader: BinaryReader, precision: number | null): TimeTz {
  const micros = decodeTime(reader.int64());
  const west = reader.int32();
  if (Math.abs(west) >= zoneSecondsMax) {
    throw new SqlError('22009', 'time zone displacement out of range');
  }
  return new TimeTz(roundTime(micros, precision), -west + 0);
}

function decodeTimestamp(micros: bigint): bigint {
  if (micros === timestampInfinity || micros === timestampNegativeInfinity) return micros;
  return checkTimestamp(micros + epochMicros);
}

function decodeJsonb(reader: BinaryReader): JsonbValue {
  const version = reader.uint8();
  if (version !== jsonbVersion) {
    throw invalidBinary(`unsupported jsonb version number ${version}`);
  }
  return JsonbValue.parse(decodeUtf8(reader.rest()));
}

function decodeJsonPath(reader: BinaryReader): string {
  const version = reader.uint8();
  if (version !== jsonpathVersion) {
    throw invalidBinary(`unsupported jsonpath version number: ${version}`);
  }
  return parseText(decodeUtf8(reader.rest()), types.jsonpath) as string;
}

/** An array of arrays is one array of more dimensions. */
function innermost(type: SqlType): SqlType {
  return type.kind === 'array' ? innermost(type.element) : type;
}

function encodeArray(array: SqlArray, element: SqlType): Uint8Array {
  const parts: Uint8Array[] = [
    int32(array.dimensions.length),
    int32(array.elements.includes(null) ? 1 : 0),
    int32(oidOf(element)),
  ];
  array.dimensions.forEach((length, index) => {
    parts.push(int32(length), int32(array.lowerBounds[index]!));
  });
  for (const value of array.elements) pushField(parts, value, element);
  return Buffer.concat(parts);
}

function pushField(parts: Uint8Array[], value: Datum | null, type: SqlType): void {
  if (value === null) {
    parts.push(int32(-1));
    return;
  }
  const bytes = encodeBinary(value, type);
  parts.push(int32(bytes.length), bytes);
}

function decodeArray(reader: BinaryReader, element: SqlType): SqlArray {
  const rank = reader.int32();
  if (rank < 0) throw invalidBinary(`invalid number of dimensions: ${rank}`);
  if (rank > dimensionsMax) {
    throw new SqlError(
      sqlstate.programLimitExceeded,
      `number of array dimensions (${rank}) exceeds the maximum allowed (${dimensionsMax})`,
    );
  }
  const flags = reader.int32();
  if (flags !== 0 && flags !== 1) throw invalidBinary('invalid array flags');
  checkElementOid(reader.uint32(), element);
  const dimensions: number[] = [];
  const lowerBounds: number[] = [];
  let count = rank === 0 ? 0 : 1;
  for (let index = 0; index < rank; index++) {
    const length = reader.int32();
    if (length < 0) throw invalidBinary(`invalid array length: ${length}`);
    dimensions.push(length);
    lowerBounds.push(reader.int32());
    count *= length;
  }
  // Each element takes four bytes at least, so that a false count cannot make us allocate.
  if (count * 4 > reader.remaining) throw invalidBinary('insufficient data left in message');
  const elements: (Datum | null)[] = [];
  for (let index = 0; index < count; index++) elements.push(decodeField(reader, element));
  if (count === 0) return SqlArray.empty;
  return new SqlArray(elements, dimensions, lowerBounds);
}

function checkElementOid(oid: number, element: SqlType): void {
  const expected = oidOf(element);
  if (oid === expected) return;
  throw new SqlError(
    sqlstate.datatypeMismatch,
    `binary data has array element type ${oid} (${formatTypeOid(oid, null)}) ` +
      `instead of expected ${expected} (${formatType(element)})`,
  );
}

function decodeField(reader: BinaryReader, type: SqlType): Datum | null {
  const length = reader.int32();
  if (length === -1) return null;
  if (length < 0) throw invalidBinary('insufficient data left in message');
  return decodeBinary(reader.bytes(length), type);
}

function encodeRecord(fields: RowDatum, fieldTypes: readonly SqlType[]): Uint8Array {
  const parts: Uint8Array[] = [int32(fields.length)];
  fields.forEach((field, index) => {
    parts.push(int32(oidOf(fieldTypes[index]!)));
    pushField(parts, field, fieldTypes[index]!);
  });
  return Buffer.concat(parts);
}

function decodeRecord(reader: BinaryReader, fieldTypes: readonly SqlType[]): RowDatum {
  const count = reader.int32();
  if (count !== fieldTypes.length) {
    throw new SqlError(
      sqlstate.datatypeMismatch,
      `wrong number of columns: ${count}, expected ${fieldTypes.length}`,
    );
  }
  return fieldTypes.map((type, index) => {
    const oid = reader.uint32();
    if (oid !== oidOf(type) || typeFromOid(oid) === null) {
      throw new SqlError(
        sqlstate.datatypeMismatch,
        `binary data has type ${oid} (${formatTypeOid(oid, null)}) instead of expected ` +
          `${oidOf(type)} (${formatType(type)}) in record column ${index + 1}`,
      );
    }
    return decodeField(reader, type);
  });
}
