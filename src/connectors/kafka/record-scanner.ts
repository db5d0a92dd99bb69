/**
 * Reads the records inside one batch (already decompressed) into block arrays: positions of key and
 * value, offset, timestamp. The loop is the hot one of the Kafka source; varints of one and two bytes,
 * which nearly all are, are read in place.
 */

import { ConnectorError } from '../../base/errors.ts';
import type { Answer } from './answer-memory.ts';
import type { BlockArrays } from './block-pool.ts';

/** What the header of a batch says of its records. */
export interface RecordBatchFacts {
  /** Records in it. */
  readonly count: number;
  readonly baseOffset: number;
  /** Offset after the whole batch. */
  readonly nextOffset: number;
  /** Records before this offset are passed over. */
  readonly minOffset: number;
  readonly baseTimestamp: number;
  /** With LogAppendTime, the time of all records. */
  readonly fixedTimestamp: number | null;
}

/**
 * The records of one batch that are still to be read. A class, so that all have one hidden class: with
 * several, the scanner's compiled loop is of no use for most.
 */
export class RecordRun {
  readonly facts: RecordBatchFacts;
  readonly bytes: Uint8Array;
  /** What `bytes` belong to; null when nobody else uses them. */
  readonly memory: Answer | null;
  at: number;
  readonly end: number;
  remaining: number;

  constructor(
    facts: RecordBatchFacts,
    where: {
      readonly bytes: Uint8Array;
      readonly memory: Answer | null;
      readonly at: number;
      readonly end: number;
    },
  ) {
    this.facts = facts;
    this.bytes = where.bytes;
    this.memory = where.memory;
    this.at = where.at;
    this.end = where.end;
    this.remaining = facts.count;
  }
}

/** Bytes brought into the cache at a time, before their records are read. */
const warmBytes = 16 * 1024;

export class RecordScanner {
  readonly #where: string;
  /** Keeps the reads of `warm` from being left out as useless. */
  #warmed = 0;
  /** Where reading goes on after `#varint`. */
  #next = 0;

  constructor(where: string) {
    this.#where = where;
  }

  /** Appends records to `into` from row `count` on, until it is full or the run ends; the new count. */
  scan(run: RecordRun, into: BlockArrays, count: number): number {
    const { bytes, end } = run;
    const { baseOffset, minOffset, baseTimestamp, fixedTimestamp } = run.facts;
    const { valueStart, valueEnd, keyStart, keyEnd, headerStart, offsets, timestampsMs } = into;
    const capacity = into.capacity;
    let at = run.at;
    let remaining = run.remaining;
    let row = count;
    let byte = 0;
    let second = 0;
    let warm = at;
    while (remaining > 0 && row < capacity) {
      if (at >= warm) {
        // Where a record begins is known only once the one before it was read, so that every one would
        // wait for memory in turn; reads in a row are fetched ahead.
        warm = Math.min(end, at + warmBytes);
        this.#warmed ^= touch(bytes, at, warm);
      }
      let length: number;
      if ((byte = bytes[at]!) < 128) {
        length = (byte >>> 1) ^ -(byte & 1);
        at += 1;
      } else if ((second = bytes[at + 1]!) < 128) {
        byte = (byte & 127) | (second << 7);
        length = (byte >>> 1) ^ -(byte & 1);
        at += 2;
      } else {
        length = this.#varint(bytes, at, end);
        at = this.#next;
      }
      const recordEnd = at + length;
      if (length < 6 || recordEnd > end) throw this.#damaged(`record of ${length} bytes`);
      at += 1; // attributes, unused

      let timestampDelta: number;
      if ((byte = bytes[at]!) < 128) {
        timestampDelta = (byte >>> 1) ^ -(byte & 1);
        at += 1;
      } else if ((second = bytes[at + 1]!) < 128) {
        byte = (byte & 127) | (second << 7);
        timestampDelta = (byte >>> 1) ^ -(byte & 1);
        at += 2;
      } else {
        timestampDelta = this.#varint(bytes, at, recordEnd);
        at = this.#next;
      }

      let offsetDelta: number;
      if ((byte = bytes[at]!) < 128) {
        offsetDelta = (byte >>> 1) ^ -(byte & 1);
        at += 1;
      } else if ((second = bytes[at + 1]!) < 128) {
        byte = (byte & 127) | (second << 7);
        offsetDelta = (byte >>> 1) ^ -(byte & 1);
        at += 2;
      } else {
        offsetDelta = this.#varint(bytes, at, recordEnd);
        at = this.#next;
      }

      let keyLength: number;
      if ((byte = bytes[at]!) < 128) {
        keyLength = (byte >>> 1) ^ -(byte & 1);
        at += 1;
      } else {
        keyLength = this.#varint(bytes, at, recordEnd);
        at = this.#next;
      }
      const keyAt = at;
      if (keyLength > 0) at += keyLength;

      let valueLength: number;
      if ((byte = bytes[at]!) < 128) {
        valueLength = (byte >>> 1) ^ -(byte & 1);
        at += 1;
      } else if ((second = bytes[at + 1]!) < 128) {
        byte = (byte & 127) | (second << 7);
        valueLength = (byte >>> 1) ^ -(byte & 1);
        at += 2;
      } else {
        valueLength = this.#varint(bytes, at, recordEnd);
        at = this.#next;
      }
      const valueAt = at;
      if (valueLength > 0) at += valueLength;
      // The header count takes at least one more byte.
      if (at >= recordEnd) throw this.#damaged('a key or value is longer than its record');

      remaining -= 1;
      const offset = baseOffset + offsetDelta;
      if (offset >= minOffset) {
        keyStart[row] = keyAt;
        keyEnd[row] = keyLength < 0 ? -1 : keyAt + keyLength;
        valueStart[row] = valueAt;
        valueEnd[row] = valueLength < 0 ? -1 : valueAt + valueLength;
        headerStart[row] = at;
        offsets[row] = offset;
        timestampsMs[row] = fixedTimestamp ?? baseTimestamp + timestampDelta;
        row += 1;
      }
      at = recordEnd;
      // Here and not behind the loop: what stands there is met first by code compiled in the middle of the
      // loop, which knows nothing of it, and would be left and entered anew for every batch.
      run.at = at;
      run.remaining = remaining;
    }
    if (remaining === 0 && at !== end) throw this.#damaged('bytes are left after its last record');
    return row;
  }

  /** The headers of the record whose header count stands at `start`. */
  headers(bytes: Uint8Array, start: number): (readonly [string, Uint8Array | null])[] {
    const count = this.#varint(bytes, start, bytes.length);
    if (count < 0 || count > bytes.length) throw this.#damaged(`${count} headers`);
    const headers: (readonly [string, Uint8Array | null])[] = [];
    for (let index = 0; index < count; index++) {
      const name = this.#slice(bytes);
      const value = this.#slice(bytes);
      headers.push([Buffer.from(name ?? []).toString('utf8'), value]);
    }
    return headers;
  }

  #slice(bytes: Uint8Array): Uint8Array | null {
    const length = this.#varint(bytes, this.#next, bytes.length);
    const start = this.#next;
    if (start + length > bytes.length) throw this.#damaged('a header is cut short');
    if (length < 0) return null;
    this.#next = start + length;
    return bytes.subarray(start, start + length);
  }

  /** Whether a control batch whose first record is at `at` says "abort". */
  isAbortMarker(bytes: Uint8Array, at: number, end: number): boolean {
    if (at >= end) return false; // compaction may leave a control batch without its record
    this.#varint(bytes, at, end); // length
    this.#next += 1; // attributes
    this.#varint(bytes, this.#next, end); // timestamp
    this.#varint(bytes, this.#next, end); // offset
    const keyLength = this.#varint(bytes, this.#next, end);
    const key = this.#next;
    if (keyLength < 4 || key + 4 > end) throw this.#damaged('a control record has no type');
    const type = (bytes[key + 2]! << 8) | bytes[key + 3]!;
    return type === 0;
  }

  /** A zigzag varint of any length up to ten bytes; `#next` is the place after it. */
  #varint(bytes: Uint8Array, start: number, end: number): number {
    let value = 0;
    let scale = 1;
    for (let at = start; at < end && at < start + 10; at++) {
      const byte = bytes[at]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        this.#next = at + 1;
        return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      }
      scale *= 0x80;
    }
    throw this.#damaged('a number is cut short');
  }

  #damaged(what: string): ConnectorError {
    return new ConnectorError(`a record batch of topic ${this.#where} is damaged: ${what}`, {
      retryable: true,
    });
  }
}

/** Reads one byte of each cache line. */
function touch(bytes: Uint8Array, start: number, end: number): number {
  let seen = 0;
  for (let at = start; at < end; at += 64) seen ^= bytes[at]!;
  return seen;
}
