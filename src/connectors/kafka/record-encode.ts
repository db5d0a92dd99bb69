/**
 * Makes record batches (message format v2): records are appended to one growing buffer and the header is
 * filled in at the end. One builder serves one partition at a time and is reused.
 */

import { gzipSync } from 'node:zlib';

import { assert } from '../../base/assert.ts';
import type { Crc32c } from './crc32c.ts';
import { batchCrcStart, batchHeaderSize, batchPrefixSize } from './record-batch.ts';

export type RecordHeaders = readonly (readonly [string, Uint8Array | null])[];

export interface BatchFields {
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly transactional?: boolean;
  readonly control?: boolean;
  readonly logAppendTime?: boolean;
  readonly compression?: 'none' | 'gzip';
  /** Brokers give offsets; tests that make logs of their own set it. */
  readonly baseOffset?: number;
}

export class RecordBatchBuilder {
  readonly #crc: Crc32c;
  #bytes = Buffer.allocUnsafeSlow(64 * 1024);
  #length = batchHeaderSize;
  #count = 0;
  #lastOffsetDelta = -1;
  #baseTimestamp = 0;
  #maxTimestamp = -1;

  constructor(crc: Crc32c) {
    this.#crc = crc;
  }

  get count(): number {
    return this.#count;
  }

  /** Bytes of the batch as it would be now, uncompressed. */
  get size(): number {
    return this.#length;
  }

  /** Appends a record; `offsetDelta` leaves gaps as compaction does, and is the next one by default. */
  append(
    key: Uint8Array | null,
    value: Uint8Array | null,
    timestampMs: number,
    more: { readonly headers?: RecordHeaders; readonly offsetDelta?: number } = {},
  ): void {
    const headers = more.headers ?? [];
    const offsetDelta = more.offsetDelta ?? this.#lastOffsetDelta + 1;
    assert(offsetDelta > this.#lastOffsetDelta, `offset delta ${offsetDelta} steps back`);
    if (this.#count === 0) this.#baseTimestamp = timestampMs;
    const timestampDelta = timestampMs - this.#baseTimestamp;
    const headerSizes = headers.map(([name, content]) => ({
      name: Buffer.from(name, 'utf8'),
      content,
    }));
    let size = 1 + varintSize(timestampDelta) + varintSize(offsetDelta);
    size += fieldSize(key) + fieldSize(value) + varintSize(headers.length);
    for (const { name, content } of headerSizes) size += fieldSize(name) + fieldSize(content);

    this.#ensure(size + 10);
    this.#varint(size);
    this.#bytes[this.#length++] = 0;
    this.#varint(timestampDelta);
    this.#varint(offsetDelta);
    this.#field(key);
    this.#field(value);
    this.#varint(headers.length);
    for (const { name, content } of headerSizes) {
      this.#field(name);
      this.#field(content);
    }
    this.#count += 1;
    this.#lastOffsetDelta = offsetDelta;
    this.#maxTimestamp = Math.max(this.#maxTimestamp, timestampMs);
  }

  /** The finished batch, as a copy; the builder is empty afterwards. */
  finish(fields: BatchFields = {}): Buffer {
    const gzip = fields.compression === 'gzip';
    let batch = Buffer.from(this.#bytes.subarray(0, this.#length));
    if (gzip) {
      const packed = gzipSync(batch.subarray(batchHeaderSize));
      batch = Buffer.concat([batch.subarray(0, batchHeaderSize), packed]);
    }
    let attributes = gzip ? 1 : 0;
    if (fields.logAppendTime === true) attributes |= 8;
    if (fields.transactional === true) attributes |= 16;
    if (fields.control === true) attributes |= 32;
    batch.writeBigInt64BE(BigInt(fields.baseOffset ?? 0), 0);
    batch.writeInt32BE(batch.length - batchPrefixSize, 8);
    batch.writeInt32BE(-1, 12);
    batch[16] = 2;
    batch.writeInt16BE(attributes, 21);
    batch.writeInt32BE(Math.max(this.#lastOffsetDelta, 0), 23);
    batch.writeBigInt64BE(BigInt(this.#baseTimestamp), 27);
    batch.writeBigInt64BE(BigInt(this.#maxTimestamp), 35);
    batch.writeBigInt64BE(BigInt(fields.producerId ?? -1), 43);
    batch.writeInt16BE(fields.producerEpoch ?? -1, 51);
    batch.writeInt32BE(fields.baseSequence ?? -1, 53);
    batch.writeInt32BE(this.#count, 57);
    batch.writeUInt32BE(this.#crc.sum(batch, batchCrcStart, batch.length), 17);
    this.clear();
    return batch;
  }

  clear(): void {
    this.#length = batchHeaderSize;
    this.#count = 0;
    this.#lastOffsetDelta = -1;
    this.#baseTimestamp = 0;
    this.#maxTimestamp = -1;
  }

  #ensure(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#length + more, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }

  #varint(value: number): void {
    let rest = value < 0 ? -2 * value - 1 : 2 * value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  #field(content: Uint8Array | null): void {
    this.#varint(content === null ? -1 : content.length);
    if (content === null) return;
    this.#bytes.set(content, this.#length);
    this.#length += content.length;
  }
}

function varintSize(value: number): number {
  let rest = value < 0 ? -2 * value - 1 : 2 * value;
  let size = 1;
  while (rest >= 0x80) {
    rest = Math.floor(rest / 0x80);
    size += 1;
  }
  return size;
}

function fieldSize(content: Uint8Array | null): number {
  return content === null ? 1 : varintSize(content.length) + content.length;
}
