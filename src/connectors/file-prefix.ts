/**
 * What a reader of files must know of the bytes before its position: their checksum, by which a file that was
 * replaced or rewritten is told from one that grew, and the header of a CSV file.
 */

import { ConnectorError } from '../base/errors.ts';
import { isComment, LineCutter } from './file-lines.ts';
import type { CutRecords, LineOptions } from './file-lines.ts';
import type { Crc32c } from './kafka/crc32c.ts';

/** The part of a file handle that is needed here. */
export interface ReadableFile {
  read(
    buffer: Uint8Array,
    at: number,
    length: number,
    position: number,
  ): Promise<{ bytesRead: number }>;
}

const chunkBytes = 1024 * 1024;

/** The checksum of a file's first `end` bytes; of all of them when there are fewer. */
export async function prefixMark(file: ReadableFile, end: number, crc: Crc32c): Promise<number> {
  const bytes = Buffer.allocUnsafe(Math.min(end, chunkBytes));
  let mark = 0;
  for (let from = 0; from < end;) {
    const { bytesRead } = await file.read(bytes, 0, Math.min(bytes.length, end - from), from);
    if (bytesRead === 0) break;
    mark = crc.sum(bytes, 0, bytesRead, mark);
    from += bytesRead;
  }
  return mark;
}

/** Checksums of a file up to positions within one cut of it. */
export class CutMarks {
  readonly #cut: CutRecords;
  readonly #crc: Crc32c;
  readonly #baseMark: number;
  #offset: number;
  #mark: number;

  /** `mark` is that of all bytes before the cut. */
  constructor(cut: CutRecords, mark: number, crc: Crc32c) {
    this.#cut = cut;
    this.#crc = crc;
    this.#baseMark = mark;
    this.#offset = cut.base;
    this.#mark = mark;
  }

  /** The checksum of the file's first `offset` bytes. Cheap where offsets ascend. */
  at(offset: number): number {
    const { bytes, base } = this.#cut;
    if (offset < this.#offset) {
      this.#offset = base;
      this.#mark = this.#baseMark;
    }
    this.#mark = this.#crc.sum(bytes, this.#offset - base, offset - base, this.#mark);
    this.#offset = offset;
    return this.#mark;
  }
}

/** The first record of a CSV file that is no comment, without its line end; null while it is not whole. */
export async function readHeader(
  file: ReadableFile,
  name: string,
  options: Omit<LineOptions, 'keepBlank'> & { readonly follow: boolean },
): Promise<Uint8Array | null> {
  const cutter = new LineCutter({ ...options, header: false, keepBlank: true }, 0);
  const bytes = Buffer.allocUnsafe(64 * 1024);
  for (;;) {
    const { bytesRead } = await file.read(bytes, 0, bytes.length, cutter.fed);
    const ended = bytesRead === 0;
    const cut = cutter.feed(bytes.subarray(0, bytesRead), ended && !options.follow);
    for (let record = 0; record < cut.count; record++) {
      const start = cut.starts[record]!;
      if (isComment(options, cut.bytes, start)) continue;
      return Uint8Array.prototype.slice.call(cut.bytes, start, cut.ends[record]);
    }
    if (cut.tooLong.length > 0 || cutter.fed - cutter.position > options.recordBytesMax) {
      const message = `the header of file "${name}" is longer than ${options.recordBytesMax} bytes`;
      throw new ConnectorError(message, { retryable: false });
    }
    if (ended) return null;
  }
}
