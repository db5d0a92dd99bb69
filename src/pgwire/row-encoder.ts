/**
 * DataRow messages straight from columns: digits, text bytes and binary numbers are written into the output
 * buffer without a string or an object for each value where the column is narrow.
 */

import type { Batch } from '../types/batch.ts';
import { encodeBinary } from '../types/binary-io.ts';
import { isNullAt, readDatum } from '../types/column-access.ts';
import type { Column } from '../types/column.ts';
import type { Schema } from '../types/schema.ts';
import type { SqlType } from '../types/sql-type.ts';
import { formatText, type TextIoOptions } from '../types/text-io.ts';
import { decimalBytesMax, writeDecimal, writeTwoDigits } from './digits.ts';
import type { MessageWriter } from './message-writer.ts';

/** Writes one value, its length before it. */
type FieldWriter = (writer: MessageWriter, row: number) => void;

/** Microseconds from 1970-01-01 to 2000-01-01, PostgreSQL's epoch. */
const epoch2000 = 946_684_800_000_000;
const microsPerDay = 86_400_000_000;
const zero = 48;
/** So few bytes are copied sooner than a view is made of them. */
const shortBytes = 48;

/** Encodes batches of one result. `formats` has a 0 (text) or 1 (binary) for each field. */
export class RowEncoder {
  readonly #fields: Schema;
  readonly #formats: readonly number[];
  readonly #io: TextIoOptions;

  constructor(fields: Schema, formats: readonly number[], io: TextIoOptions) {
    this.#fields = fields;
    this.#formats = formats;
    this.#io = io;
  }

  /** A function that writes row `row` of this batch as a DataRow message. */
  prepare(batch: Batch): (writer: MessageWriter, row: number) => void {
    const writers = this.#fields.map((field, index) =>
      fieldWriter(batch.columns[index]!, field.type, this.#formats[index]!, this.#io),
    );
    const { columns } = batch;
    return (writer, row) => {
      writer.begin('D').int16(writers.length);
      for (let index = 0; index < writers.length; index++) {
        if (isNullAt(columns[index]!, row)) writer.int32(-1);
        else writers[index]!(writer, row);
      }
      writer.end();
    };
  }
}

function fieldWriter(
  column: Column,
  type: SqlType,
  format: number,
  io: TextIoOptions,
): FieldWriter {
  return (
    (format === 1 ? binaryWriter(column, type) : textWriter(column, type, io)) ??
    general(column, type, format, io)
  );
}

/** Any type, by way of its datum. */
function general(column: Column, type: SqlType, format: number, io: TextIoOptions): FieldWriter {
  return (writer, row) => {
    const value = readDatum(column, row, type)!;
    if (format === 1) {
      const bytes = encodeBinary(value, type);
      writer.int32(bytes.length).raw(bytes);
    } else {
      writeString(writer, formatText(value, type, io));
    }
  };
}

function writeString(writer: MessageWriter, text: string): void {
  writer.reserve(4 + text.length * 3);
  const start = writer.offset;
  const size = writer.buffer.write(text, start + 4, 'utf8');
  writer.buffer.writeInt32BE(size, start);
  writer.advance(4 + size);
}

function textWriter(column: Column, type: SqlType, io: TextIoOptions): FieldWriter | null {
  switch (column.kind) {
    case 'text':
      return textBytes(column);
    case 'bool':
      return (writer, row) => writer.int32(1).byte(column.values[row] === 1 ? 116 : 102);
    case 'i32':
      return type.kind === 'date'
        ? null
        : (writer, row) => writeNumber(writer, column.values[row]!, 0);
    case 'f64':
      return doubleText(column.values, type, io);
    case 'any':
      return null;
  }
}

function textBytes(column: Extract<Column, { kind: 'text' }>): FieldWriter {
  return (writer, row) => {
    const length = column.lengths[row]!;
    const from = column.offsets[row]!;
    writer.int32(length).reserve(length);
    const { buffer, offset } = writer;
    if (length > shortBytes) buffer.set(column.bytes.subarray(from, from + length), offset);
    else for (let i = 0; i < length; i++) buffer[offset + i] = column.bytes[from + i]!;
    writer.advance(length);
  };
}

function doubleText(values: Float64Array, type: SqlType, io: TextIoOptions): FieldWriter | null {
  switch (type.kind) {
    case 'bigint':
    case 'oid':
      return (writer, row) => writeNumber(writer, values[row]!, 0);
    case 'numeric': {
      const scale = type.fixedScale ?? 0;
      return (writer, row) => writeNumber(writer, values[row]!, scale);
    }
    case 'timestamp': {
      const iso = (io.dateStyle ?? 'ISO').startsWith('ISO');
      return iso ? timestampText(values) : null;
    }
    default:
      return null;
  }
}

/** A safe integer over 10^scale, its length before it. */
function writeNumber(writer: MessageWriter, value: number, scale: number): void {
  writer.reserve(4 + decimalBytesMax + scale);
  const { buffer, offset } = writer;
  const end = writeDecimal(buffer, offset + 4, value, scale);
  buffer.writeInt32BE(end - offset - 4, offset);
  writer.advance(end - offset);
}

/** ISO timestamps of years 1 to 9999; the calendar day is computed once for runs of equal days. */
function timestampText(values: Float64Array): FieldWriter {
  let cachedDay = NaN;
  let cachedText = '';
  return (writer, row) => {
    const micros = values[row]!;
    const day = Math.floor(micros / microsPerDay);
    if (!(day >= -719_162 && day <= 2_932_896)) {
      const rare = micros === Infinity ? 'infinity' : micros === -Infinity ? '-infinity' : null;
      writeString(
        writer,
        rare ?? formatText(BigInt(micros), { kind: 'timestamp', precision: null }),
      );
      return;
    }
    if (day !== cachedDay) {
      cachedDay = day;
      cachedText = new Date(day * 86_400_000).toISOString().slice(0, 10);
    }
    writer.reserve(40);
    const { buffer, offset } = writer;
    buffer.write(cachedText, offset + 4, 'latin1');
    const end = writeTimeOfDay(buffer, offset + 14, micros - day * microsPerDay);
    buffer.writeInt32BE(end - offset - 4, offset);
    writer.advance(end - offset);
  };
}

/** ` HH:MM:SS[.ffffff]` at `at`; returns where it ends. */
function writeTimeOfDay(buffer: Buffer, at: number, micros: number): number {
  const seconds = Math.floor(micros / 1_000_000);
  let fraction = micros - seconds * 1_000_000;
  buffer[at] = 32;
  writeTwoDigits(buffer, at + 1, Math.floor(seconds / 3600));
  buffer[at + 3] = 58;
  writeTwoDigits(buffer, at + 4, Math.floor(seconds / 60) % 60);
  buffer[at + 6] = 58;
  writeTwoDigits(buffer, at + 7, seconds % 60);
  if (fraction === 0) return at + 9;
  buffer[at + 9] = 46;
  for (let index = 5; index >= 0; index--) {
    buffer[at + 10 + index] = zero + (fraction % 10);
    fraction = Math.floor(fraction / 10);
  }
  let end = at + 16;
  while (buffer[end - 1] === zero) end--;
  return end;
}

function binaryWriter(column: Column, type: SqlType): FieldWriter | null {
  switch (column.kind) {
    case 'text':
      return textBytes(column);
    case 'bool':
      return (writer, row) => writer.int32(1).byte(column.values[row]!);
    case 'i32':
      if (type.kind === 'smallint') {
        return (writer, row) => writer.int32(2).int16(column.values[row]!);
      }
      return type.kind === 'integer'
        ? (writer, row) => writer.int32(4).int32(column.values[row]!)
        : null;
    case 'f64':
      return doubleBinary(column.values, type);
    case 'any':
      return null;
  }
}

function doubleBinary(values: Float64Array, type: SqlType): FieldWriter | null {
  switch (type.kind) {
    case 'double':
      return (writer, row) => {
        writer.int32(8).reserve(8);
        writer.buffer.writeDoubleBE(values[row]!, writer.offset);
        writer.advance(8);
      };
    case 'bigint':
      return (writer, row) => writeInt64(writer, values[row]!);
    case 'timestamp':
    case 'timestamptz':
      return (writer, row) => {
        const micros = values[row]!;
        if (Number.isFinite(micros)) writeInt64(writer, micros - epoch2000);
        else
          writer
            .int32(8)
            .int32(micros > 0 ? 0x7fffffff : -0x80000000)
            .int32(micros > 0 ? -1 : 0);
      };
    default:
      return null;
  }
}

/** A safe integer as eight bytes, two's complement. */
function writeInt64(writer: MessageWriter, value: number): void {
  const high = Math.floor(value / 0x1_0000_0000);
  writer
    .int32(8)
    .int32(high)
    .int32(value - high * 0x1_0000_0000);
}
