/**
 * Canonical key bytes: equal SQL values give equal bytes, and the order of the bytes is the SQL order
 * (NULL last). Every key says where it ends, so that composite keys never collide. Keys are not decoded;
 * whoever needs the value keeps it with row-codec.ts.
 *
 *   NULL          02
 *   not NULL      01 then the payload
 *   integers      big-endian with the sign bit flipped
 *   doubles       IEEE bits, big-endian, turned so that they order as unsigned numbers
 *   text          UTF-8, 00 at the end (text has no NUL)
 *   bytea         00 escaped as 00 FF, 00 00 at the end
 *   numeric       class, exponent, digits in pairs + 1, 00; all complemented when negative
 */

import { assert, fault, unreachable } from '../base/assert.ts';
import { ByteWriter } from '../base/bytes.ts';
import type { SqlArray, SqlMap } from './array.ts';
import { compareBytes, trimBlanks } from './compare.ts';
import type { Datum, Row, RowDatum } from './datum.ts';
import type { Decimal } from './decimal.ts';
import type { Interval, TimeTz } from './interval.ts';
import { isJsonArray, isJsonObject, jsonRank, type JsonbValue, type JsonTree } from './jsonb.ts';
import { typeOfDatum } from './runtime-type.ts';
import { types, type SqlType } from './sql-type.ts';

const endMark = 0;
const valueMark = 1;
const nullMark = 2;

/** Appends the key of one value. */
export function encodeKey(writer: ByteWriter, value: Datum | null, type: SqlType): void {
  if (value === null) {
    writer.uint8(nullMark);
    return;
  }
  writer.uint8(valueMark);
  encodePayload(writer, value, type);
}

/** Appends a composite key, column after column. */
export function encodeRowKey(writer: ByteWriter, row: Row, keyTypes: readonly SqlType[]): void {
  for (let index = 0; index < keyTypes.length; index++) {
    encodeKey(writer, row[index]!, keyTypes[index]!);
  }
}

/** A composite key as a string of its bytes, one character each: for a Map, in slow paths. */
export function rowKeyString(row: Row, keyTypes: readonly SqlType[]): string {
  const writer = new ByteWriter(64);
  encodeRowKey(writer, row, keyTypes);
  return Buffer.from(writer.view()).toString('latin1');
}

function encodePayload(writer: ByteWriter, value: Datum, type: SqlType): void {
  switch (type.kind) {
    case 'boolean':
      writer.uint8(value === true ? 1 : 0);
      return;
    case 'smallint':
    case 'integer':
    case 'date':
      writer.uint32BigEndian(((value as number) ^ 0x80000000) >>> 0);
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
      writer.uint32BigEndian((value as number) >>> 0);
      return;
    case 'bigint':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      writeInt64(writer, value as bigint);
      return;
    case 'real':
    case 'double':
    case 'enum':
      writeDouble(writer, value as number);
      return;
    case 'text':
    case 'varchar':
    case 'name':
    case 'pgchar':
    case 'json':
    case 'jsonpath':
    case 'unknown':
    case 'void':
      writeText(writer, value as string);
      return;
    case 'char':
      writeText(writer, trimBlanks(value as string));
      return;
    case 'uuid':
      writer.bytes(Buffer.from((value as string).replaceAll('-', ''), 'hex'));
      return;
    case 'bytea':
      writeBytes(writer, value as Uint8Array);
      return;
    case 'numeric':
      writeDecimal(writer, value as Decimal);
      return;
    case 'interval':
      writeInt128(writer, (value as Interval).comparable());
      return;
    case 'timetz':
      writeInt64(writer, (value as TimeTz).utcMicros());
      writer.uint32BigEndian((-(value as TimeTz).zoneSeconds ^ 0x80000000) >>> 0);
      return;
    case 'jsonb':
      writeJsonb(writer, value as JsonbValue);
      return;
    case 'array':
      writeArray(writer, value as SqlArray, type.element);
      return;
    case 'int2vector':
      writeArray(writer, value as SqlArray, types.smallint);
      return;
    case 'oidvector':
      writeArray(writer, value as SqlArray, types.oid);
      return;
    case 'row':
      type.fields.forEach((field, index) =>
        encodeKey(writer, (value as RowDatum)[index]!, field.type),
      );
      return;
    case 'map':
      writeMap(writer, value as SqlMap, type.key, type.value);
      return;
    case 'record':
    case 'anyarray':
      writeUntyped(writer, value);
      return;
    default:
      unreachable(type, 'type');
  }
}

function writeInt64(writer: ByteWriter, value: bigint): void {
  if (BigInt.asIntN(64, value) !== value) fault(`${value} is no 64-bit integer`);
  writer.uint32BigEndian((Number(value >> 32n) ^ 0x80000000) >>> 0);
  writer.uint32BigEndian(Number(value & 0xffffffffn));
}

/** An interval's value in microseconds can pass 64 bits. */
function writeInt128(writer: ByteWriter, value: bigint): void {
  writeInt64(writer, value >> 64n);
  writer.uint32BigEndian(Number((value >> 32n) & 0xffffffffn));
  writer.uint32BigEndian(Number(value & 0xffffffffn));
}

/** Scratch for the bits of a double, written and read within one call. */
const doubleBits = new DataView(new ArrayBuffer(8));

function writeDouble(writer: ByteWriter, value: number): void {
  const view = doubleBits;
  // Adding 0 makes −0 to 0; NaN has many bit patterns and is set to the greatest one.
  view.setFloat64(0, value !== value ? NaN : value + 0);
  const high = value !== value ? 0x7ff80000 : view.getInt32(0);
  const low = value !== value ? 0 : view.getUint32(4);
  writer.uint32BigEndian(high < 0 ? ~high >>> 0 : (high | 0x80000000) >>> 0);
  writer.uint32BigEndian(high < 0 ? ~low >>> 0 : low);
}

function writeText(writer: ByteWriter, text: string): void {
  assert(!text.includes('\0'), 'text with NUL in a key');
  writer.utf8(text).uint8(endMark);
}

function writeBytes(writer: ByteWriter, bytes: Uint8Array): void {
  for (const byte of bytes) {
    writer.uint8(byte);
    if (byte === 0) writer.uint8(0xff);
  }
  writer.uint8(0).uint8(0);
}

const negativeInfinityClass = 0;
const negativeClass = 1;
const zeroClass = 2;
const positiveClass = 3;
const infinityClass = 4;
const nanClass = 5;

function writeDecimal(writer: ByteWriter, value: Decimal): void {
  switch (value.special) {
    case 'nan':
      writer.uint8(nanClass);
      return;
    case 'infinity':
      writer.uint8(infinityClass);
      return;
    case '-infinity':
      writer.uint8(negativeInfinityClass);
      return;
    case 'finite':
      break;
  }
  if (value.unscaled === 0n) {
    writer.uint8(zeroClass);
    return;
  }
  const negative = value.unscaled < 0n;
  const digits = (negative ? -value.unscaled : value.unscaled).toString();
  const exponent = digits.length - value.scale;
  const flip = negative ? 0xff : 0;
  writer.uint8(negative ? negativeClass : positiveClass);
  const biased = (exponent ^ 0x80000000) >>> 0;
  writer.uint32BigEndian(negative ? ~biased >>> 0 : biased);
  let end = digits.length;
  while (digits.charCodeAt(end - 1) === 48) end--;
  for (let index = 0; index < end; index += 2) {
    const tens = digits.charCodeAt(index) - 48;
    const ones = index + 1 < end ? digits.charCodeAt(index + 1) - 48 : 0;
    writer.uint8((tens * 10 + ones + 1) ^ flip);
  }
  writer.uint8(endMark ^ flip);
}

/** An empty array at the top is least of all, as in compare. */
function writeJsonb(writer: ByteWriter, value: JsonbValue): void {
  const { tree } = value;
  if (isJsonArray(tree) && tree.length === 0) writer.uint8(0);
  else writeJsonTree(writer.uint8(1), tree);
}

function writeJsonTree(writer: ByteWriter, tree: JsonTree): void {
  writer.uint8(jsonRank(tree));
  if (tree === null) return;
  if (typeof tree === 'boolean') {
    writer.uint8(Number(tree));
  } else if (typeof tree === 'string') {
    writeText(writer, tree);
  } else if (isJsonArray(tree)) {
    writer.uint32BigEndian(tree.length);
    for (const element of tree) writeJsonTree(writer, element);
  } else if (isJsonObject(tree)) {
    writer.uint32BigEndian(tree.size);
    for (const [key, element] of tree) {
      writeText(writer, key);
      writeJsonTree(writer, element);
    }
  } else {
    writeDecimal(writer, tree);
  }
}

/** Elements, each behind its mark, then the end mark, then the shape. */
function writeArray(writer: ByteWriter, array: SqlArray, element: SqlType): void {
  for (const value of array.elements) encodeKey(writer, value, element);
  writer.uint8(endMark).uint8(array.dimensions.length);
  for (const length of array.dimensions) writer.uint32BigEndian(length);
  for (const bound of array.lowerBounds) writer.uint32BigEndian((bound ^ 0x80000000) >>> 0);
}

function writeMap(writer: ByteWriter, map: SqlMap, keyType: SqlType, valueType: SqlType): void {
  const entries = map.entries.map(([key, value]) => {
    const entry = new ByteWriter(64);
    encodeKey(entry, key, keyType);
    encodeKey(entry, value, valueType);
    return entry.take();
  });
  for (const entry of entries.sort(compareBytes)) writer.bytes(entry);
  writer.uint8(endMark);
}

/** Records name their fields' kinds; fields of different kinds order by the kind's name, as in compare. */
function writeUntyped(writer: ByteWriter, value: Datum): void {
  if (Array.isArray(value)) {
    for (const field of value as RowDatum) {
      if (field === null) {
        writer.uint8(nullMark);
      } else {
        writer.uint8(valueMark);
        writeUntyped(writer, field);
      }
    }
    writer.uint8(endMark);
    return;
  }
  const type = typeOfDatum(value);
  writeText(writer, type.kind);
  encodePayload(writer, value, type);
}
