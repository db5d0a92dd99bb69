/**
 * Record batches (message format v2): the header, and a decoder that turns the records of one partition
 * into columnar blocks. Nothing is allocated per record. Rules it keeps:
 * - positions move by baseOffset + lastOffsetDelta + 1, so that compacted, control and empty batches pass;
 * - a producer becomes "aborted" once the broker's list names a transaction that begins at or before the
 *   batch's last offset, and stops being so only at a control batch whose key says abort;
 * - a null value (tombstone) is not an empty one; with LogAppendTime all records take the batch's time.
 */

import { ConnectorError } from '../../base/errors.ts';
import type { RecordBlock } from '../connector.ts';
import type { Answer } from './answer-memory.ts';
import type { BlockArrays, BlockPool } from './block-pool.ts';
import { compressionNames, padding } from './compression.ts';
import type { Decompressor } from './compression.ts';
import type { Crc32c } from './crc32c.ts';
import { RecordRun, RecordScanner } from './record-scanner.ts';

/** Bytes of a batch before its first record. */
export const batchHeaderSize = 61;
/** Offset and length, which stand before what the length counts. */
export const batchPrefixSize = 12;
/** Where the checked part of a batch begins. */
export const batchCrcStart = 21;

/** What one fetch brought for one partition. */
export interface FetchedRecords {
  /** Goes on for 16 bytes after `end`. */
  readonly bytes: Buffer;
  /** What `bytes` belong to, which is held as long as they are read; null when nobody else uses them. */
  readonly memory: Answer | null;
  readonly start: number;
  readonly end: number;
  /** Offset that was asked for; the first batch may begin before it. */
  readonly fetchOffset: number;
  /** Aborted transactions that overlap these records, by first offset. */
  readonly aborted: readonly AbortedTransaction[];
}

export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

export interface RecordDecoderOptions {
  readonly stream: string;
  readonly partition: string;
  readonly blockRowsMax: number;
  readonly committedOnly: boolean;
  readonly checkCrc: boolean;
  readonly crc: Crc32c;
  readonly decompressor: Decompressor;
  readonly pool: BlockPool;
}

/** Decompressed batches up to this size share a buffer, so that small batches make full blocks. */
const smallBatchBytes = 32 * 1024;
const arenaBytes = 256 * 1024;

interface BatchHeader {
  readonly start: number;
  readonly end: number;
  readonly baseOffset: number;
  readonly nextOffset: number;
  readonly attributes: number;
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  readonly producerId: number;
  readonly recordCount: number;
}

/** Turns fetched bytes of one partition into blocks, in order, lazily. */
export class RecordDecoder {
  readonly #options: RecordDecoderOptions;
  readonly #scanner: RecordScanner;
  #queue: FetchedRecords[] = [];
  #queuedBytes = 0;
  /** Place of the next batch within the first entry of the queue. */
  #at = 0;
  #aborted = new Set<number>();
  #abortedSeen = 0;
  #run: RecordRun | null = null;
  #position: number;
  #arena: Buffer | null = null;
  #arenaUsed = 0;
  #error: ConnectorError | null = null;

  constructor(options: RecordDecoderOptions, position: number) {
    this.#options = options;
    this.#scanner = new RecordScanner(`${options.stream}, partition ${options.partition}`);
    this.#position = position;
  }

  /** Next offset to hand out. */
  get position(): number {
    return this.#position;
  }

  /** Bytes fetched and not yet decoded. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  add(records: FetchedRecords): void {
    if (records.end === records.start) return;
    records.memory?.hold();
    this.#queue.push(records);
    this.#queuedBytes += records.end - records.start;
    if (this.#queue.length === 1) this.#beginSet(records);
  }

  /** Forgets what was fetched and goes on from `position`. */
  reset(position: number): void {
    for (const { memory } of this.#queue) memory?.letGo();
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#run = null;
    this.#error = null;
    this.#position = position;
  }

  /** The next block, or null when nothing is queued. Throws a `ConnectorError` on damaged batches. */
  next(): RecordBlock | null {
    if (this.#error !== null) throw this.#error;
    if (this.#queue.length === 0) return null;
    const before = this.#position;
    const arrays = this.#options.pool.take();
    let bytes: Uint8Array | null = null;
    let memory: Answer | null = null;
    let count = 0;
    try {
      while (this.#run !== null || this.#advance()) {
        const run: RecordRun = this.#run!;
        if (count > 0 && run.bytes !== bytes) break;
        if (count === arrays.capacity) break;
        if (run.bytes !== bytes) {
          memory?.letGo(); // nothing for us was in it
          bytes = run.bytes;
          memory = run.memory;
          memory?.hold();
        }
        count = this.#scanner.scan(run, arrays, count);
        if (run.remaining === 0) {
          this.#position = run.facts.nextOffset;
          this.#run = null;
        } else {
          this.#position = arrays.offsets[count - 1]! + 1;
        }
      }
    } catch (error) {
      if (!(error instanceof ConnectorError)) throw error;
      this.#error = error; // what was decoded before it goes out first
    }
    if (count === 0) {
      this.#options.pool.give(arrays);
      memory?.letGo();
      if (this.#position !== before) return this.#block(emptyBytes, null, arrays, 0);
      if (this.#error !== null) throw this.#error;
      return null;
    }
    return this.#block(bytes!, memory, arrays, count);
  }

  #block(
    bytes: Uint8Array,
    memory: Answer | null,
    arrays: BlockArrays,
    count: number,
  ): RecordBlock {
    const { pool, stream, partition } = this.#options;
    const scanner = this.#scanner;
    return {
      kind: 'records',
      stream,
      partition,
      count,
      bytes,
      valueStart: arrays.valueStart,
      valueEnd: arrays.valueEnd,
      keyStart: arrays.keyStart,
      keyEnd: arrays.keyEnd,
      offsets: arrays.offsets,
      timestampsMs: arrays.timestampsMs,
      headers: (index) => scanner.headers(bytes, arrays.headerStart[index]!),
      nextOffset: this.#position,
      bad: [],
      release: () => {
        if (count === 0) return;
        pool.give(arrays);
        memory?.letGo();
      },
    };
  }

  #beginSet(records: FetchedRecords): void {
    this.#at = records.start;
    // Each answer carries the whole list for its range, so that nothing needs to be remembered between.
    this.#aborted = new Set();
    this.#abortedSeen = 0;
  }

  /** Moves to the next batch that holds records for us; false when the queue is used up. */
  #advance(): boolean {
    for (;;) {
      const set = this.#queue[0];
      if (set === undefined) return false;
      const header = readBatchHeader(set, this.#at, this.#options);
      if (header === null) {
        this.#queue.shift();
        set.memory?.letGo();
        this.#queuedBytes -= set.end - set.start;
        const next = this.#queue[0];
        if (next !== undefined) this.#beginSet(next);
        continue;
      }
      const wanted = header.nextOffset > this.#position && this.#isWanted(set, header);
      if (wanted && header.recordCount > 0) {
        this.#run = this.#openRun(set, header);
        this.#at = header.end;
        return true;
      }
      this.#at = header.end;
      this.#position = Math.max(this.#position, header.nextOffset);
    }
  }

  /** False for control batches and for batches of aborted transactions. */
  #isWanted(set: FetchedRecords, header: BatchHeader): boolean {
    const transactional = (header.attributes & 0x10) !== 0;
    const control = (header.attributes & 0x20) !== 0;
    if (this.#options.committedOnly && header.producerId >= 0) {
      while (this.#abortedSeen < set.aborted.length) {
        const entry = set.aborted[this.#abortedSeen]!;
        if (entry.firstOffset >= header.nextOffset) break;
        this.#aborted.add(entry.producerId);
        this.#abortedSeen += 1;
      }
      if (control) {
        if (this.#scanner.isAbortMarker(set.bytes, header.start + batchHeaderSize, header.end)) {
          this.#aborted.delete(header.producerId);
        }
      } else if (transactional && this.#aborted.has(header.producerId)) {
        return false;
      }
    }
    return !control;
  }

  #openRun(set: FetchedRecords, header: BatchHeader): RecordRun {
    const codec = header.attributes & 7;
    const start = header.start + batchHeaderSize;
    const logAppendTime = (header.attributes & 8) !== 0;
    const facts = {
      count: header.recordCount,
      baseOffset: header.baseOffset,
      nextOffset: header.nextOffset,
      minOffset: this.#position,
      baseTimestamp: header.baseTimestamp,
      fixedTimestamp: logAppendTime ? header.maxTimestamp : null,
    };
    if (codec === 0) {
      return new RecordRun(facts, {
        bytes: set.bytes,
        memory: set.memory,
        at: start,
        end: header.end,
      });
    }
    const output = this.#options.decompressor.decompress(
      codec,
      set.bytes.subarray(start, header.end),
    );
    if (output.length > smallBatchBytes) {
      const bytes = new Uint8Array(output.buffer, output.byteOffset, output.length + padding);
      return new RecordRun(facts, { bytes, memory: null, at: 0, end: output.length });
    }
    const at = this.#intoArena(output);
    const end = at + output.length;
    return new RecordRun(facts, { bytes: this.#arena!, memory: null, at, end });
  }

  #intoArena(output: Uint8Array): number {
    if (this.#arena === null || this.#arenaUsed + output.length + padding > this.#arena.length) {
      this.#arena = Buffer.allocUnsafeSlow(arenaBytes);
      this.#arenaUsed = 0;
    }
    const at = this.#arenaUsed;
    this.#arena.set(output, at);
    this.#arenaUsed += output.length;
    return at;
  }
}

const emptyBytes = new Uint8Array(padding);

/** Offset after the last whole batch in bytes[start .. end), for the next fetch; `otherwise` if none is. */
export function offsetAfter(bytes: Buffer, start: number, end: number, otherwise: number): number {
  let next = otherwise;
  let at = start;
  while (at + batchHeaderSize <= end) {
    const batchEnd = at + batchPrefixSize + bytes.readInt32BE(at + 8);
    if (batchEnd > end || batchEnd <= at) break;
    // Older formats are refused when they are decoded.
    if (bytes[at + 16] === 2) next = int64(bytes, at) + bytes.readInt32BE(at + 23) + 1;
    at = batchEnd;
  }
  return Math.max(next, otherwise);
}

/** The batch at `at`, checked, or null when no whole batch is left (answers may end within one). */
function readBatchHeader(
  set: FetchedRecords,
  at: number,
  options: RecordDecoderOptions,
): BatchHeader | null {
  const { bytes } = set;
  if (at + batchPrefixSize > set.end) return null;
  const end = at + batchPrefixSize + bytes.readInt32BE(at + 8);
  if (end > set.end) return null;
  const where = `topic "${options.stream}", partition ${options.partition}`;
  if (end < at + 17) throw damaged(where, 'a batch has no length');
  const magic = bytes[at + 16]!;
  if (magic < 2) {
    throw new ConnectorError(
      `${where} holds records in the old message format v${magic}; ` +
        `only format v2 (Kafka 0.11 and later) is read`,
      { retryable: false },
    );
  }
  if (magic > 2 || end < at + batchHeaderSize) throw damaged(where, `format ${magic}`);
  const baseOffset = int64(bytes, at);
  if (options.checkCrc) {
    const sum = options.crc.sum(bytes, at + batchCrcStart, end);
    if (sum !== bytes.readUInt32BE(at + 17)) {
      throw damaged(where, `the batch at offset ${baseOffset} has a wrong checksum`);
    }
  }
  const attributes = bytes.readInt16BE(at + 21);
  const lastOffsetDelta = bytes.readInt32BE(at + 23);
  const recordCount = bytes.readInt32BE(at + 57);
  if (lastOffsetDelta < 0 || recordCount < 0 || (attributes & 7) >= compressionNames.length) {
    throw damaged(where, `the batch at offset ${baseOffset} has an impossible header`);
  }
  return {
    start: at,
    end,
    baseOffset,
    nextOffset: baseOffset + lastOffsetDelta + 1,
    attributes,
    baseTimestamp: int64(bytes, at + 27),
    maxTimestamp: int64(bytes, at + 35),
    producerId: int64(bytes, at + 43),
    recordCount,
  };
}

function int64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4);
}

function damaged(where: string, what: string): ConnectorError {
  return new ConnectorError(`a record batch of ${where} is damaged: ${what}`, { retryable: true });
}
