/**
 * Exact bytes of values, for state segments, the journal and files: what is read is what was written,
 * scale of a numeric and order of a map included. The bytes do not name the type; the container does,
 * and it carries the version.
 */

import { assert, fault, unreachable } from '../base/assert.ts';
import type { ByteReader } from '../base/bytes.ts';
import { ByteWriter } from '../base/bytes.ts';
import { SqlArray, SqlMap } from './array.ts';
import { compareBytes } from './compare.ts';
import type { Datum, Row, RowDatum } from './datum.ts';
import { Decimal } from './decimal.ts';
import { Interval, TimeTz } from './interval.ts';
import { isJsonArray, isJsonObject, JsonbValue, jsonObject, type JsonTree } from './jsonb.ts';
import { typeOfDatum } from './runtime-type.ts';
import { arrayOf, types, type SqlType } from './sql-type.ts';

/** Appends one value; NULL takes one byte. */
export function encodeDatum(writer: ByteWriter, value: Datum | null, type: SqlType): void {
  if (value === null) {
    writer.uint8(0);
    return;
  }
  writer.uint8(1);
  encodePayload(writer, value, type);
}

/** Whether two values look the same, to the last digit of a scale. */
export function identicalDatums(a: Datum | null, b: Datum | null, type: SqlType): boolean {
  if (Object.is(a, b)) return true;
  if (a === null || b === null || typeof a !== 'object') return false;
  const left = new ByteWriter(32);
  const right = new ByteWriter(32);
  encodeDatum(left, a, type);
  encodeDatum(right, b, type);
  return compareBytes(left.view(), right.view()) === 0;
}

export function decodeDatum(reader: ByteReader, type: SqlType): Datum | null {
  const mark = reader.uint8();
  if (mark > 1) fault(`mark ${mark} before a value`);
  return mark === 0 ? null : decodePayload(reader, type);
}

export function encodeRow(writer: ByteWriter, row: Row, rowTypes: readonly SqlType[]): void {
  for (let index = 0; index < rowTypes.length; index++) {
    encodeDatum(writer, row[index]!, rowTypes[index]!);
  }
}

export function decodeRow(reader: ByteReader, rowTypes: readonly SqlType[]): (Datum | null)[] {
  return rowTypes.map((type) => decodeDatum(reader, type));
}

function encodePayload(writer: ByteWriter, value: Datum, type: SqlType): void {
  switch (type.kind) {
    case 'boolean':
      writer.uint8(value === true ? 1 : 0);
      return;
    case 'smallint':
    case 'integer':
    case 'date':
      writer.int32(value as number);
      return;
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
      writer.uint32(value as number);
      return;
    case 'bigint':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      if (BigInt.asIntN(64, value as bigint) !== value) {
        fault(`${String(value)} is no 64-bit integer`);
      }
      writer.int64(value as bigint);
      return;
    case 'real':
    case 'double':
    case 'enum':
      writer.float64(value as number);
      return;
    case 'text':
    case 'varchar':
    case 'char':
    case 'name':
    case 'pgchar':
    case 'uuid':
    case 'json':
    case 'jsonpath':
    case 'unknown':
    case 'void':
      writer.text(value as string);
      return;
    case 'bytea':
      writer.lengthPrefixed(value as Uint8Array);
      return;
    case 'numeric':
      encodeDecimal(writer, value as Decimal);
      return;
    case 'interval':
      writer.int32((value as Interval).months).int32((value as Interval).days);
      writer.int64((value as Interval).micros);
      return;
    case 'timetz':
      writer.int64((value as TimeTz).micros).int32((value as TimeTz).zoneSeconds);
      return;
    case 'jsonb':
      encodeTree(writer, (value as JsonbValue).tree);
      return;
    case 'array':
      encodeArray(writer, value as SqlArray, type.element);
      return;
    case 'int2vector':
      encodeArray(writer, value as SqlArray, types.smallint);
      return;
    case 'oidvector':
      encodeArray(writer, value as SqlArray, types.oid);
      return;
    case 'row':
      type.fields.forEach((field, index) =>
        encodeDatum(writer, (value as RowDatum)[index]!, field.type),
      );
      return;
    case 'map':
      writer.varint((value as SqlMap).entries.length);
      for (const [key, each] of (value as SqlMap).entries) {
        encodeDatum(writer, key, type.key);
        encodeDatum(writer, each, type.value);
      }
      return;
    case 'record':
    case 'anyarray':
      encodeUntyped(writer, value);
      return;
    default:
      unreachable(type, 'type');
  }
}

function decodePayload(reader: ByteReader, type: SqlType): Datum {
  switch (type.kind) {
    case 'boolean':
      return reader.uint8() === 1;
    case 'smallint':
    case 'integer':
    case 'date':
      return reader.int32();
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
    case 'bigint':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return reader.int64();
    case 'real':
    case 'double':
    case 'enum':
      return reader.float64();
    case 'text':
    case 'varchar':
    case 'char':
    case 'name':
    case 'pgchar':
    case 'uuid':
    case 'json':
    case 'jsonpath':
    case 'unknown':
    case 'void':
      return reader.text();
    case 'bytea':
      return Uint8Array.from(reader.lengthPrefixed());
    case 'numeric':
      return decodeDecimal(reader);
    case 'interval':
      return new Interval(reader.int32(), reader.int32(), reader.int64());
    case 'timetz':
      return new TimeTz(reader.int64(), reader.int32());
    case 'jsonb':
      return new JsonbValue(decodeTree(reader));
    case 'array':
      return decodeArray(reader, type.element);
    case 'int2vector':
      return decodeArray(reader, types.smallint);
    case 'oidvector':
      return decodeArray(reader, types.oid);
    case 'row':
      return type.fields.map((field) => decodeDatum(reader, field.type));
    case 'map':
      return new SqlMap(
        times(reader.varint(), () => {
          const key = decodeDatum(reader, type.key);
          assert(key !== null, 'NULL as the key of a map');
          return [key, decodeDatum(reader, type.value)] as const;
        }),
      );
    case 'record':
    case 'anyarray':
      return decodeUntyped(reader);
    default:
      return unreachable(type, 'type');
  }
}

const decimalSpecials = [Decimal.NaN, Decimal.infinity, Decimal.negativeInfinity] as const;
const decimalSmall = 4;
const decimalLargePositive = 5;
const decimalLargeNegative = 6;
/** Zigzag doubles a number, and a varint ends at 2^53. */
const decimalSmallMax = 2n ** 51n;

function encodeDecimal(writer: ByteWriter, value: Decimal): void {
  if (!value.isFinite) {
    writer.uint8(decimalSpecials.indexOf(value));
    return;
  }
  const { unscaled, scale } = value;
  if (unscaled <= decimalSmallMax && unscaled >= -decimalSmallMax) {
    const number = Number(unscaled);
    writer.uint8(decimalSmall).varint(scale);
    writer.varint(number < 0 ? -2 * number - 1 : 2 * number);
    return;
  }
  const negative = unscaled < 0n;
  const hex = (negative ? -unscaled : unscaled).toString(16);
  writer.uint8(negative ? decimalLargeNegative : decimalLargePositive).varint(scale);
  writer.lengthPrefixed(Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex'));
}

function decodeDecimal(reader: ByteReader): Decimal {
  const form = reader.uint8();
  const special = decimalSpecials[form];
  if (special !== undefined) return special;
  const scale = reader.varint();
  if (form === decimalSmall) {
    const zigzag = reader.varint();
    const number = zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
    return Decimal.fromBigInt(BigInt(number), scale);
  }
  assert(form === decimalLargePositive || form === decimalLargeNegative, `numeric form ${form}`);
  const magnitude = BigInt(`0x${Buffer.from(reader.lengthPrefixed()).toString('hex')}`);
  return Decimal.fromBigInt(form === decimalLargeNegative ? -magnitude : magnitude, scale);
}

const treeNull = 0;
const treeFalse = 1;
const treeTrue = 2;
const treeString = 3;
const treeNumber = 4;
const treeArray = 5;
const treeObject = 6;

function encodeTree(writer: ByteWriter, tree: JsonTree): void {
  if (tree === null) {
    writer.uint8(treeNull);
  } else if (typeof tree === 'boolean') {
    writer.uint8(tree ? treeTrue : treeFalse);
  } else if (typeof tree === 'string') {
    writer.uint8(treeString).text(tree);
  } else if (isJsonArray(tree)) {
    writer.uint8(treeArray).varint(tree.length);
    for (const element of tree) encodeTree(writer, element);
  } else if (isJsonObject(tree)) {
    writer.uint8(treeObject).varint(tree.size);
    for (const [key, value] of tree) encodeTree(writer.text(key), value);
  } else {
    encodeDecimal(writer.uint8(treeNumber), tree);
  }
}

function decodeTree(reader: ByteReader): JsonTree {
  const form = reader.uint8();
  switch (form) {
    case treeNull:
      return null;
    case treeFalse:
      return false;
    case treeTrue:
      return true;
    case treeString:
      return reader.text();
    case treeNumber:
      return decodeDecimal(reader);
    case treeArray:
      return times(reader.varint(), () => decodeTree(reader));
    default:
      assert(form === treeObject, `JSON form ${form}`);
      return jsonObject(times(reader.varint(), () => [reader.text(), decodeTree(reader)] as const));
  }
}

function encodeArray(writer: ByteWriter, array: SqlArray, element: SqlType): void {
  writer.uint8(array.dimensions.length);
  for (const length of array.dimensions) writer.varint(length);
  for (const bound of array.lowerBounds) writer.int32(bound);
  for (const value of array.elements) encodeDatum(writer, value, element);
}

function decodeArray(reader: ByteReader, element: SqlType): SqlArray {
  const rank = reader.uint8();
  const dimensions = times(rank, () => reader.varint());
  const lowerBounds = times(rank, () => reader.int32());
  const count = rank === 0 ? 0 : dimensions.reduce((product, length) => product * length, 1);
  return new SqlArray(
    times(count, () => decodeDatum(reader, element)),
    dimensions,
    lowerBounds,
  );
}

/** The forms a datum without a declared type can have; the index is written before it. */
const untypedForms: readonly SqlType[] = [
  types.boolean,
  types.double,
  types.bigint,
  types.text,
  types.bytea,
  types.numeric,
  types.interval,
  types.timetz,
  types.jsonb,
  types.record,
];
const untypedArray = 32;
const untypedMap = 33;

function encodeUntyped(writer: ByteWriter, value: Datum): void {
  const type = typeOfDatum(value);
  encodeForm(writer, type);
  if (type.kind !== 'record') {
    encodePayload(writer, value, type);
    return;
  }
  const fields = value as RowDatum;
  writer.varint(fields.length);
  for (const field of fields) {
    writer.uint8(field === null ? 0 : 1);
    if (field !== null) encodeUntyped(writer, field);
  }
}

function decodeUntyped(reader: ByteReader): Datum {
  const type = decodeForm(reader);
  if (type.kind !== 'record') return decodePayload(reader, type);
  return times(reader.varint(), () => (reader.uint8() === 0 ? null : decodeUntyped(reader)));
}

function encodeForm(writer: ByteWriter, type: SqlType): void {
  if (type.kind === 'array') {
    encodeForm(writer.uint8(untypedArray), type.element);
  } else if (type.kind === 'map') {
    encodeForm(writer.uint8(untypedMap), type.key);
    encodeForm(writer, type.value);
  } else {
    const form = untypedForms.findIndex((each) => each.kind === type.kind);
    assert(form >= 0, `no form for ${type.kind}`);
    writer.uint8(form);
  }
}

function decodeForm(reader: ByteReader): SqlType {
  const form = reader.uint8();
  if (form === untypedArray) return arrayOf(decodeForm(reader));
  if (form === untypedMap)
    return { kind: 'map', key: decodeForm(reader), value: decodeForm(reader) };
  const type = untypedForms[form];
  assert(type !== undefined, `no type has form ${form}`);
  return type;
}

function times<T>(count: number, make: () => T): T[] {
  const result: T[] = [];
  for (let index = 0; index < count; index++) result.push(make());
  return result;
}
