/**
 * JSON records straight from columns: the bytes that `encodeJsonRow` gives, without a datum or a string for each
 * value of the common types. The other types take the road through their datums.
 */

import type { Column, TextColumn } from '../types/column.ts';
import { isNullAt, readDatum } from '../types/column-access.ts';
import type { SqlType } from '../types/sql-type.ts';
import { valueBytesMax, valueWriter } from '../types/value-text.ts';
import { encodeJson, type JsonEncodeOptions } from './json-encode.ts';
import { appendShort, type RecordEncoder, type RecordWriter } from './record-writer.ts';
import { textCopier, wantedBytes } from './text-copy.ts';

const utc = { timeZone: 'UTC' } as const;
const quote = 34;
const nullBytes = Buffer.from('null');
/** How each ASCII character is written inside a string. */
const escapes = Array.from({ length: 128 }, (_, byte) =>
  Buffer.from(JSON.stringify(String.fromCharCode(byte)).slice(1, -1)),
);
/** Control characters, quotes and backslashes. Bytes beyond ASCII are parts of characters that stay. */
const wanted = wantedBytes(32, quote, 92);

/** Ends each record with a line end. */
export function jsonColumnsEncoder(
  keys: readonly string[],
  types: readonly SqlType[],
  options: JsonEncodeOptions,
): RecordEncoder {
  const heads = keys.map((key, index) =>
    Buffer.from(`${index === 0 ? '{' : ','}${JSON.stringify(key)}:`, 'utf8'),
  );
  const tail = Buffer.from(keys.length === 0 ? '{}\n' : '}\n');
  return (columns) => {
    const members = types.map((type, index) => memberWriter(columns[index]!, type, options));
    return (out, row) => {
      for (let index = 0; index < members.length; index++) {
        appendShort(out, heads[index]!);
        if (isNullAt(columns[index]!, row)) appendShort(out, nullBytes);
        else members[index]!(out, row);
      }
      appendShort(out, tail);
    };
  };
}

function memberWriter(column: Column, type: SqlType, options: JsonEncodeOptions): RecordWriter {
  const general: RecordWriter = (out, row) => {
    out.utf8(encodeJson(readDatum(column, row, type), type, options));
  };
  switch (type.kind) {
    case 'boolean':
      return column.kind === 'bool' ? booleanWriter(column.values) : general;
    case 'smallint':
    case 'integer':
    case 'bigint':
    case 'oid':
    case 'numeric':
      return numberWriter(column, type) ?? general;
    case 'date':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return momentWriter(column, type, options, general) ?? general;
    case 'text':
    case 'varchar':
    case 'name':
      return column.kind === 'text' ? textWriter(column) : general;
    default:
      return general;
  }
}

function booleanWriter(values: Uint8Array): RecordWriter {
  const no = Buffer.from('false');
  const yes = Buffer.from('true');
  return (out, row) => appendShort(out, values[row] === 0 ? no : yes);
}

function numberWriter(column: Column, type: SqlType): RecordWriter | null {
  const write = valueWriter(column, type, utc);
  if (write === null) return null;
  return (out, row) => {
    const at = out.room(valueBytesMax);
    out.length = write(out.buffer, at, row);
  };
}

function momentWriter(
  column: Column,
  type: SqlType,
  { timestamps }: JsonEncodeOptions,
  general: RecordWriter,
): RecordWriter | null {
  const write = valueWriter(column, type, utc);
  if (write === null) return null;
  const zoned = type.kind === 'timestamptz';
  const withT = timestamps === 'ISO-8601' && (zoned || type.kind === 'timestamp');
  return (out, row) => {
    const at = out.room(valueBytesMax + 2);
    const { buffer } = out;
    let end = write(buffer, at + 1, row);
    if (end < 0) {
      general(out, row);
      return;
    }
    buffer[at] = quote;
    // The year has four digits, others go the long road.
    if (withT) buffer[at + 11] = 84;
    if (zoned) {
      // Z in place of +00.
      end -= 2;
      buffer[end - 1] = 90;
    }
    buffer[end] = quote;
    out.length = end + 1;
  };
}

function textWriter(column: TextColumn): RecordWriter {
  const { bytes, offsets, lengths } = column;
  const copy = textCopier(column, wanted);
  return (out, row) => {
    const from = offsets[row]!;
    const length = lengths[row]!;
    const at = out.room(length + 5);
    const { buffer } = out;
    buffer[at] = quote;
    if (!copy(out, at + 1, row)) {
      buffer[at + 1 + length] = quote;
      out.length = at + length + 2;
      return;
    }
    out.length = at + 1;
    for (let i = from; i < from + length; i++) {
      const byte = bytes[i]!;
      if (byte < 128) appendShort(out, escapes[byte]!);
      else out.uint8(byte);
    }
    out.uint8(quote);
  };
}
