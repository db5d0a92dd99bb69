/** Pieces of record blocks as bytes for a worker, and what it says of them. */

import type { ByteReader, ByteWriter } from '../base/bytes.ts';
import type { BadRecord, RecordBlock } from '../connectors/connector.ts';
import type { PieceResult } from '../jobs/remote-decoding.ts';

/** Bytes that a decoder may read past the last record. */
const padding = 16;

/** Records [from, to) of a block, in its own memory. */
export function partOf(block: RecordBlock, { from, to }: Range): RecordBlock {
  return {
    ...block,
    count: to - from,
    valueStart: block.valueStart.subarray(from, to),
    valueEnd: block.valueEnd.subarray(from, to),
    keyStart: block.keyStart.subarray(from, to),
    keyEnd: block.keyEnd.subarray(from, to),
    offsets: block.offsets.subarray(from, to),
    timestampsMs: block.timestampsMs.subarray(from, to),
    nextOffset: block.offsets[to - 1]! + 1,
    bad: [],
    release: () => undefined,
  };
}

interface Range {
  readonly from: number;
  /** Greater than `from`. */
  readonly to: number;
}

/** Appends a piece and the watermark before it. */
export function writePiece(writer: ByteWriter, { block, state }: Piece): void {
  const { valueStart, valueEnd, keyStart, keyEnd, count } = block;
  let low = Infinity;
  let high = 0;
  for (let i = 0; i < count; i++) {
    if (valueEnd[i]! >= 0) {
      low = Math.min(low, valueStart[i]!);
      high = Math.max(high, valueEnd[i]!);
    }
    if (keyEnd[i]! >= 0) {
      low = Math.min(low, keyStart[i]!);
      high = Math.max(high, keyEnd[i]!);
    }
  }
  const base = high === 0 ? 0 : low;
  writer.uint8(state === null ? 0 : 1).lengthPrefixed(state ?? new Uint8Array(0));
  writer.text(block.stream).text(block.partition).varint(count).varint(base);
  // What follows the bytes is longer than what a decoder may read past the last record.
  writer.lengthPrefixed(block.bytes.subarray(base, high));
  for (const positions of [valueStart, valueEnd, keyStart, keyEnd]) writer.array(positions);
  writer.array(block.offsets).array(block.timestampsMs);
}

export interface Piece {
  /** The watermark before it, for SourceWatermark.read; null: as the piece of its partition before it left it. */
  readonly state: Uint8Array | null;
  readonly block: RecordBlock;
}

/** The records stay in `frame`, from which `reader` reads. */
export function readPiece(reader: ByteReader, frame: Uint8Array): Piece {
  const hasState = reader.uint8() === 1;
  const state = reader.lengthPrefixed();
  const stream = reader.text();
  const partition = reader.text();
  const count = reader.varint();
  const base = reader.varint();
  const length = reader.varint();
  const bytes = frame.subarray(reader.offset, reader.offset + length + padding);
  reader.bytes(length);
  const [valueStart, valueEnd, keyStart, keyEnd] = [0, 1, 2, 3].map(() =>
    moved(reader.int32Array(count), base),
  ) as [Int32Array, Int32Array, Int32Array, Int32Array];
  const offsets = reader.float64Array(count);
  const timestampsMs = reader.float64Array(count);
  const block: RecordBlock = {
    kind: 'records',
    ...{ stream, partition, count, bytes, valueStart, valueEnd, keyStart, keyEnd },
    ...{ offsets, timestampsMs },
    headers: null,
    nextOffset: offsets[count - 1]! + 1,
    bad: [],
    release: () => undefined,
  };
  return { state: hasState ? state : null, block };
}

/** Positions in the piece's own bytes; what is absent (below 0) stays so. */
function moved(positions: Int32Array, base: number): Int32Array {
  for (let i = 0; i < positions.length; i++) {
    if (positions[i]! >= 0) positions[i] = positions[i]! - base;
  }
  return positions;
}

export function writeResult(writer: ByteWriter, result: PieceResult): void {
  writer.text(result.partition).float64(result.watermark).float64(result.rowsAhead);
  writer.varint(result.refused.length);
  for (const { stream, partition, offset, timestampMs, reason, raw, key } of result.refused) {
    writer
      .text(stream)
      .text(partition)
      .float64(offset)
      .float64(timestampMs ?? NaN)
      .text(reason);
    for (const bytes of [raw, key]) {
      writer.uint8(bytes === null ? 0 : 1);
      if (bytes !== null) writer.lengthPrefixed(bytes);
    }
  }
}

export function readResult(reader: ByteReader): PieceResult {
  const partition = reader.text();
  const watermark = reader.float64();
  const rowsAhead = reader.float64();
  const refused: BadRecord[] = [];
  for (let left = reader.varint(); left > 0; left--) {
    const record = { stream: reader.text(), partition: reader.text(), offset: reader.float64() };
    const timestamp = reader.float64();
    refused.push({
      ...record,
      timestampMs: Number.isNaN(timestamp) ? null : timestamp,
      reason: reader.text(),
      raw: readBytes(reader),
      key: readBytes(reader),
    });
  }
  return { partition, watermark, rowsAhead, refused };
}

function readBytes(reader: ByteReader): Uint8Array | null {
  return reader.uint8() === 0 ? null : Uint8Array.from(reader.lengthPrefixed());
}
