/**
 * Chosen rows of a batch as bytes for another shard, and back. Types are not written: both sides have the
 * plan. What is read shares nothing with the bytes.
 */

import type { ByteReader, ByteWriter } from '../base/bytes.ts';
import { readColumn, writeColumn, writeFloat64, writeInt32 } from '../state/column-segment.ts';
import type { Batch } from '../types/batch.ts';
import type { SqlType } from '../types/sql-type.ts';

const hasWeights = 1;
const hasRowWatermarks = 2;
const hasOrigin = 4;

/** What goes along beside values and weights, where the batch has it. */
export interface Carried {
  readonly rowWatermarks: boolean;
  readonly origin: boolean;
}

export const carryAll: Carried = { rowWatermarks: true, origin: true };

/** Appends rows `rows[0..count)` of `batch`. */
export function writeRows(
  writer: ByteWriter,
  batch: Batch,
  types: readonly SqlType[],
  rows: Int32Array,
  count: number,
  carried: Carried,
): void {
  const { weights } = batch;
  const rowWatermarks = carried.rowWatermarks ? batch.rowWatermarks : null;
  const origin = carried.origin ? batch.origin : null;
  writer.varint(count);
  writer.uint8(
    (weights === null ? 0 : hasWeights) |
      (rowWatermarks === null ? 0 : hasRowWatermarks) |
      (origin === null ? 0 : hasOrigin),
  );
  if (weights !== null) writeInt32(writer, weights, rows, count);
  if (rowWatermarks !== null) writeFloat64(writer, rowWatermarks, rows, count);
  if (origin !== null) {
    writer.text(origin.source).text(origin.stream).text(origin.partition);
    writeFloat64(writer, origin.offsets, rows, count);
  }
  for (let c = 0; c < types.length; c++) {
    writeColumn(writer, batch.columns[c]!, types[c]!, rows, count);
  }
}

export function writeBatch(
  writer: ByteWriter,
  batch: Batch,
  types: readonly SqlType[],
  carried: Carried,
): void {
  writeRows(writer, batch, types, allRows(batch.count), batch.count, carried);
}

export function readBatch(reader: ByteReader, types: readonly SqlType[]): Batch {
  const count = reader.varint();
  const marks = reader.uint8();
  const weights = (marks & hasWeights) === 0 ? null : reader.int32Array(count);
  const rowWatermarks = (marks & hasRowWatermarks) === 0 ? null : reader.float64Array(count);
  const origin =
    (marks & hasOrigin) === 0
      ? null
      : {
          source: reader.text(),
          stream: reader.text(),
          partition: reader.text(),
          offsets: reader.float64Array(count),
        };
  const columns = types.map((type) => readColumn(reader, type, count));
  return { count, columns, weights, rowWatermarks, origin };
}

let counted = new Int32Array(0);

/** 0 to count − 1, in memory that is shared and never written. */
export function allRows(count: number): Int32Array {
  if (counted.length < count) counted = Int32Array.from({ length: count * 2 }, (_, i) => i);
  return counted;
}
