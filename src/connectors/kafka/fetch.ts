/**
 * The Fetch request and its answer, versions 4 to 11, without fetch sessions. The answer's records stay
 * where they arrived.
 */

import { errorCode } from './error-codes.ts';
import type { AbortedTransaction } from './record-batch.ts';
import { WireReader, WireWriter, malformed } from './wire.ts';

export const fetchApi = 1;
export const fetchVersions = { api: fetchApi, name: 'Fetch', from: 4, to: 11 };

export interface FetchPartition {
  readonly partition: number;
  readonly leaderEpoch: number;
  readonly offset: number;
}

export interface FetchRequest {
  readonly topic: string;
  readonly partitions: readonly FetchPartition[];
  readonly committedOnly: boolean;
  readonly waitMs: number;
  readonly bytesMax: number;
  readonly partitionBytesMax: number;
}

export interface FetchedPartition {
  readonly partition: number;
  readonly error: number;
  readonly highWatermark: number;
  /** End of what transactions leave readable; -1 when not known. */
  readonly stableOffset: number;
  /** First offset that is still there; -1 when not known. */
  readonly logStart: number;
  readonly aborted: readonly AbortedTransaction[];
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

export function encodeFetch(request: FetchRequest, version: number): Buffer {
  const writer = new WireWriter(64 + request.partitions.length * 32);
  writer.int32(-1).int32(request.waitMs).int32(1).int32(request.bytesMax);
  writer.int8(request.committedOnly ? 1 : 0);
  if (version >= 7) writer.int32(0).int32(-1); // no session
  writer.int32(1).string(request.topic).int32(request.partitions.length);
  for (const each of request.partitions) {
    writer.int32(each.partition);
    if (version >= 9) writer.int32(each.leaderEpoch);
    writer.int64(each.offset);
    if (version >= 5) writer.int64(-1); // only followers have a log start of their own
    writer.int32(request.partitionBytesMax);
  }
  if (version >= 7) writer.int32(0); // no forgotten topics
  if (version >= 11) writer.string(''); // no rack
  return writer.finish();
}

export interface FetchAnswer {
  /** Error of the whole request. */
  readonly error: number;
  readonly partitions: readonly FetchedPartition[];
}

/** Decodes the first `length` of `bytes`, which go on for `padding` more. */
export function decodeFetch(bytes: Buffer, length: number, version: number): FetchAnswer {
  const reader = new WireReader(bytes.subarray(0, length));
  reader.int32(); // throttle time
  const error = version >= 7 ? reader.int16() : errorCode.none;
  if (version >= 7) reader.int32(); // session
  const topics = reader.array(() => {
    reader.string();
    return reader.array(() => decodePartition(reader, bytes, version));
  });
  if (topics.length > 1) throw malformed('records of a topic that was not asked for');
  return { error, partitions: topics[0] ?? [] };
}

function decodePartition(reader: WireReader, bytes: Buffer, version: number): FetchedPartition {
  const partition = reader.int32();
  const error = reader.int16();
  const highWatermark = reader.int64();
  const stableOffset = reader.int64();
  const logStart = version >= 5 ? reader.int64() : -1;
  const aborted = reader.array(() => ({
    producerId: reader.int64(),
    firstOffset: reader.int64(),
  }));
  aborted.sort((a, b) => a.firstOffset - b.firstOffset);
  if (version >= 11) reader.int32(); // preferred replica
  const range = reader.bytesRange();
  return { partition, error, highWatermark, stableOffset, logStart, aborted, bytes, ...range };
}
