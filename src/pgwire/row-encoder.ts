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
import { valueBytesMax, valueWriter } from '../types/value-text.ts';
import type { MessageWriter } from './message-writer.ts';

/** Writes one value, its length before it. */
type FieldWriter = (writer: MessageWriter, row: number) => void;

/** Microseconds from 1970-01-01 to 2000-01-01, PostgreSQL's epoch. */
const epoch2000 = 946_684_800_000_000;
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
    case 'f64':
      return numberText(column, type, io);
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

/** A value with its length before it; rare ones by way of their datum. */
function numberText(column: Column, type: SqlType, io: TextIoOptions): FieldWriter | null {
  const write = valueWriter(column, type, io);
  if (write === null) return null;
  const rare = general(column, type, 0, io);
  return (writer, row) => {
    writer.reserve(4 + valueBytesMax);
    const { buffer, offset } = writer;
    const end = write(buffer, offset + 4, row);
    if (end < 0) {
      rare(writer, row);
      return;
    }
    buffer.writeInt32BE(end - offset - 4, offset);
    writer.advance(end - offset);
  };
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
