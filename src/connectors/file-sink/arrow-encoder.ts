/**
 * Rows as an Arrow IPC file: magic, schema, record batches, footer. Batches are encoded one by one, so that an
 * unfinished file can be cut after any of them and written on; the footer says where they stand.
 * Types without an equal in Arrow (NUMERIC, intervals, arrays, JSON …) are written as their text.
 */

import type { DataType, Schema as ArrowSchema } from 'apache-arrow';

import { SqlError, sqlstate } from '../../base/errors.ts';
import type { Column } from '../../types/column.ts';
import { readDatum } from '../../types/column-access.ts';
import { timestampInfinity, timestampNegativeInfinity } from '../../types/datetime.ts';
import type { Datum, Row } from '../../types/datum.ts';
import type { Schema } from '../../types/schema.ts';
import type { SqlType } from '../../types/sql-type.ts';
import { formatText } from '../../types/text-io.ts';
import { arrow } from './arrow.ts';
import type { ChunkBuilder, ChunkMark, PartEncoder } from './part-encoder.ts';

const magic = Buffer.from('ARROW1');
/** A stream ends with a continuation mark and a length of zero. */
const endOfStream = 8;
const rowsPerChunk = 1024;

type Chunk = ReturnType<ChunkBuilder['take']>;

export class ArrowEncoder implements PartEncoder {
  readonly extension = 'arrow';
  readonly head: Uint8Array;
  readonly #types: readonly SqlType[];
  #batch: readonly Column[] = [];
  readonly #schema: ArrowSchema;
  readonly #schemaBytes: Uint8Array;

  constructor(columns: Schema, keys: readonly string[]) {
    this.#types = columns.map((column) => column.type);
    const { Field, Schema } = arrow();
    this.#schema = new Schema(
      columns.map(
        ({ type, nullable }, index) => new Field(keys[index]!, arrowType(type), nullable),
      ),
    );
    const empty = this.#stream([]);
    this.#schemaBytes = empty.subarray(0, schemaLength(empty));
    // The magic is padded, so that everything stands at multiples of eight.
    this.head = Buffer.concat([magic, Buffer.alloc(2), this.#schemaBytes]);
  }

  begin(columns: readonly Column[]): void {
    this.#batch = columns;
  }

  makeBuilder(): ChunkBuilder {
    return new ArrowBuilder(
      (row) => this.#read(row),
      (rows) => this.#chunk(rows),
    );
  }

  #read(index: number): Row {
    return this.#types.map((type, column) => {
      const value = readDatum(this.#batch[column]!, index, type);
      if (isFinite(value, type)) return value;
      throw new SqlError(sqlstate.datetimeFieldOverflow, 'infinity cannot be written in Arrow');
    });
  }

  #chunk(rows: readonly Row[]): Chunk {
    const stream = this.#stream(rows);
    const bytes = stream.subarray(this.#schemaBytes.length, stream.length - endOfStream);
    const metadata = 8 + new DataView(bytes.buffer, bytes.byteOffset).getInt32(4, true);
    return { bytes, mark: [metadata, bytes.length - metadata] };
  }

  tail(chunks: readonly { readonly offset: number; readonly mark: ChunkMark }[]): Uint8Array {
    const { FileBlock, Footer, MetadataVersion } = arrow();
    const blocks = chunks.map(
      ({ offset, mark: [metadata, body] }) => new FileBlock(metadata, body, offset),
    );
    const footer = Footer.encode(new Footer(this.#schema, MetadataVersion.V5, blocks, []));
    const length = Buffer.alloc(4);
    length.writeInt32LE(footer.length);
    const end = Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
    return Buffer.concat([end, footer, length, magic]);
  }

  /** Schema, one batch of these rows, and the end of the stream. */
  #stream(rows: readonly Row[]): Uint8Array {
    const children = this.#types.map((type, column) =>
      columnData(
        type,
        rows.map((row) => row[column]!),
      ),
    );
    const { makeData, RecordBatch, RecordBatchStreamWriter, Struct } = arrow();
    const type = new Struct(this.#schema.fields);
    const data = makeData({ type, length: rows.length, nullCount: 0, children });
    const writer = new RecordBatchStreamWriter();
    writer.write(new RecordBatch(this.#schema, data));
    writer.finish();
    return writer.toUint8Array(true);
  }
}

/** Rows of one file, which become a record batch together. */
class ArrowBuilder implements ChunkBuilder {
  readonly bytes = 0;
  readonly #read: (row: number) => Row;
  readonly #chunk: (rows: readonly Row[]) => Chunk;
  #rows: Row[] = [];

  constructor(read: (row: number) => Row, chunk: (rows: readonly Row[]) => Chunk) {
    this.#read = read;
    this.#chunk = chunk;
  }

  get empty(): boolean {
    return this.#rows.length === 0;
  }

  get full(): boolean {
    return this.#rows.length >= rowsPerChunk;
  }

  add(row: number, copies: number): void {
    const values = this.#read(row);
    for (let copy = 0; copy < copies; copy++) this.#rows.push(values);
  }

  take(): Chunk {
    const chunk = this.#chunk(this.#rows);
    this.#rows = [];
    return chunk;
  }
}

function isFinite(value: Datum | null, type: SqlType): boolean {
  switch (type.kind) {
    case 'timestamp':
    case 'timestamptz':
      return value !== timestampInfinity && value !== timestampNegativeInfinity;
    case 'date':
      return value === null || Math.abs(value as number) <= dateMax;
    default:
      return true;
  }
}

/** Days; infinity stands beyond. */
const dateMax = 2 ** 30;

/** Length of the first message of a stream. */
function schemaLength(stream: Uint8Array): number {
  return 8 + new DataView(stream.buffer, stream.byteOffset).getInt32(4, true);
}

function arrowType(type: SqlType): DataType {
  const { Binary, Bool, DateDay, Float32, Float64, Int16, Int32, Int64 } = arrow();
  const { TimestampMicrosecond, Utf8 } = arrow();
  switch (type.kind) {
    case 'boolean':
      return new Bool();
    case 'smallint':
      return new Int16();
    case 'integer':
      return new Int32();
    case 'bigint':
      return new Int64();
    case 'real':
      return new Float32();
    case 'double':
      return new Float64();
    case 'date':
      return new DateDay();
    case 'timestamp':
      return new TimestampMicrosecond();
    case 'timestamptz':
      return new TimestampMicrosecond('UTC');
    case 'bytea':
      return new Binary();
    default:
      return new Utf8();
  }
}

function columnData(type: SqlType, values: readonly (Datum | null)[]) {
  const { Binary, Bool, DateDay, Float32, Float64, Int16, Int32, Int64 } = arrow();
  const { makeData, TimestampMicrosecond, Utf8 } = arrow();
  const { length } = values;
  const nullBitmap = bitmap(values.map((value) => value !== null));
  const nullCount = values.reduce((count: number, value) => count + (value === null ? 1 : 0), 0);
  const base = { length, nullCount, nullBitmap };
  const numbers = (): number[] => values.map((value) => (value === null ? 0 : Number(value)));
  const wide = (): BigInt64Array =>
    BigInt64Array.from(values, (value) => (value === null ? 0n : BigInt(value as bigint)));
  switch (type.kind) {
    case 'boolean':
      return makeData({
        type: new Bool(),
        ...base,
        data: bitmap(values.map((v) => v === true)),
      });
    case 'smallint':
      return makeData({
        type: new Int16(),
        ...base,
        data: Int16Array.from(numbers()),
      });
    case 'integer':
      return makeData({
        type: new Int32(),
        ...base,
        data: Int32Array.from(numbers()),
      });
    case 'bigint':
      return makeData({ type: new Int64(), ...base, data: wide() });
    case 'real':
      return makeData({
        type: new Float32(),
        ...base,
        data: Float32Array.from(numbers()),
      });
    case 'double':
      return makeData({
        type: new Float64(),
        ...base,
        data: Float64Array.from(numbers()),
      });
    case 'date':
      return makeData({
        type: new DateDay(),
        ...base,
        data: Int32Array.from(numbers()),
      });
    case 'timestamp':
      return makeData({
        type: new TimestampMicrosecond(),
        ...base,
        data: wide(),
      });
    case 'timestamptz':
      return makeData({
        type: new TimestampMicrosecond('UTC'),
        ...base,
        data: wide(),
      });
    case 'bytea': {
      const parts = values.map((value) => (value ?? noBytes) as Uint8Array);
      return makeData({ type: new Binary(), ...base, ...joined(parts) });
    }
    default: {
      const parts = values.map((value) =>
        value === null
          ? noBytes
          : Buffer.from(formatText(value, type, { timeZone: 'UTC' }), 'utf8'),
      );
      return makeData({ type: new Utf8(), ...base, ...joined(parts) });
    }
  }
}

const noBytes = new Uint8Array(0);

function joined(parts: readonly Uint8Array[]) {
  const valueOffsets = new Int32Array(parts.length + 1);
  parts.forEach((part, index) => {
    valueOffsets[index + 1] = valueOffsets[index]! + part.length;
  });
  return { valueOffsets, data: Buffer.concat(parts) };
}

function bitmap(bits: readonly boolean[]): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  bits.forEach((bit, index) => {
    if (bit) bytes[index >> 3]! |= 1 << (index & 7);
  });
  return bytes;
}
