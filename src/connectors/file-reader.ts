/**
 * Reads the files of one source: finds them, follows their growth and hands out blocks of records. One
 * read is under way at a time and reading waits while the queue of blocks is full.
 */

import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { assert, must } from '../base/assert.ts';
import type { Timer } from '../base/clock.ts';
import { ConnectorError, SqlError } from '../base/errors.ts';
import { markName } from './connector.ts';
import type {
  BadRecord,
  Positions,
  ReaderStatus,
  RecordBlock,
  SourceBlock,
  SourceContext,
  SourceReader,
} from './connector.ts';
import {
  checkAllowed,
  describePath,
  hasCode,
  messageOf,
  openAllowed,
  pathFromOption,
} from './file-access.ts';
import { LineCutter } from './file-lines.ts';
import type { CutRecords, LineOptions } from './file-lines.ts';
import { CutMarks, prefixMark, readHeader } from './file-prefix.ts';
import type { ReadableFile } from './file-prefix.ts';
import { Crc32c } from './kafka/crc32c.ts';

export interface FileOptions extends Omit<LineOptions, 'keepBlank'> {
  readonly path: string;
  readonly follow: boolean;
  readonly intervalMs: number;
}

interface FileState {
  /** Partition name: the file's name. */
  readonly name: string;
  readonly path: string;
  readonly cutter: LineCutter;
  /** Mark of the bytes before those that the cutter has not dealt with. */
  mark: number;
  /** What `mark` must be where reading begins; null: not known. */
  readonly markAtStart: number | null;
  /** The last bytes before the next to be read, which must stay as they are. */
  tail: Uint8Array;
  /** The header record of a CSV file, once it is known. */
  header: Uint8Array | null;
  /** Position after the blocks handed out. */
  position: number;
  size: number | null;
  /** Identity of the file as first opened. */
  inode: number | null;
  device: number | null;
  done: boolean;
}

const chunkBytes = 256 * 1024;
/** Read of a file before it is looked at anew: opening it, with all that is checked then, costs as much as a chunk. */
const chunksMax = 16;
/** Bytes read ahead of the engine. */
const queueBytesMax = 8 * 1024 * 1024;
const tailBytes = 64;

interface QueuedBlock {
  readonly block: RecordBlock;
  readonly file: FileState;
  readonly bytes: number;
}

export class FileReader implements SourceReader {
  readonly #context: SourceContext;
  readonly #options: FileOptions;
  readonly #path: string;
  readonly #files = new Map<string, FileState>();
  readonly #crc = new Crc32c();
  #queue: QueuedBlock[] = [];
  #queuedBytes = 0;
  #state: 'starting' | 'running' | 'retrying' | 'failed' | 'closed' = 'starting';
  #error: string | null = null;
  #working = false;
  #waitingForRoom = false;
  #listed = false;
  #timer: Timer | null = null;
  onReady: (() => void) | null = null;

  constructor(context: SourceContext, options: FileOptions) {
    this.#context = context;
    this.#options = options;
    this.#path = pathFromOption(options.path, context.environment.allowedDirectories);
  }

  async startPositions(): Promise<Positions> {
    const names = await this.#list();
    if (names.single && names.files.length === 0) throw this.#missing();
    for (const file of names.files) {
      const handle = await openAllowed(file.path, this.#allowed);
      await handle.close();
    }
    return new Map(names.files.map((file) => [file.name, 0]));
  }

  async open(from: Positions): Promise<void> {
    assert(this.#state === 'starting', `the file reader is opened while ${this.#state}`);
    // Which of file, directory and pattern the path is; what is there now is looked at in the first round.
    await this.#list();
    for (const [name, offset] of from) {
      if (name.startsWith('@')) continue;
      const mark = from.get(markName(name)) ?? null;
      this.#addFile(name, join(this.#directory(), name), { offset, mark });
    }
    this.#state = 'running';
    void this.#work();
  }

  #missing(): ConnectorError {
    const path = describePath(this.#options.path, this.#path);
    return new ConnectorError(`file ${path} does not exist`, { retryable: true, missing: true });
  }

  get #allowed(): readonly string[] {
    return this.#context.environment.allowedDirectories;
  }

  #isDirectory = false;
  #isSingle = false;

  #directory(): string {
    return this.#isDirectory ? this.#path : dirname(this.#path);
  }

  /** The files there are now, by name; `single` when the path names one file. */
  async #list(): Promise<{ single: boolean; files: { name: string; path: string }[] }> {
    const pattern = basename(this.#path);
    const isPattern = /[*?]/.test(pattern);
    if (!isPattern) {
      await checkAllowed(this.#path, this.#allowed);
      const found = await stat(this.#path).catch((error: unknown) => {
        if (hasCode(error, 'ENOENT')) return null;
        throw error;
      });
      this.#isDirectory = found?.isDirectory() === true;
      if (!this.#isDirectory) {
        this.#isSingle = true;
        const files = found === null ? [] : [{ name: partitionName(pattern), path: this.#path }];
        return { single: true, files };
      }
    }
    const directory = this.#directory();
    await checkAllowed(directory, this.#allowed);
    const matches = isPattern ? patternToRegExp(pattern) : /^[^._]/;
    const names = (await this.#namesIn(directory)).filter((name) => matches.test(name)).sort();
    const files: { name: string; path: string }[] = [];
    for (const name of names) {
      const path = join(directory, name);
      const found = await stat(path).catch(() => null);
      if (found?.isDirectory() === false) files.push({ name: partitionName(name), path });
    }
    return { single: false, files };
  }

  async #namesIn(directory: string): Promise<string[]> {
    return await readdir(directory).catch((error: unknown) => {
      if (!hasCode(error, 'ENOENT')) throw error;
      const path = describePath(dirname(this.#options.path), directory);
      throw new ConnectorError(`directory ${path} does not exist`, { retryable: true });
    });
  }

  #addFile(
    name: string,
    path: string,
    from: { readonly offset: number; readonly mark: number | null },
  ): void {
    const { kind } = this.#options;
    const keepBlank = kind === 'csv' && this.#context.columns.length === 1;
    const file: FileState = {
      name,
      path,
      cutter: new LineCutter({ ...this.#options, keepBlank }, from.offset),
      mark: 0,
      markAtStart: from.mark,
      tail: new Uint8Array(0),
      header: null,
      position: from.offset,
      size: null,
      inode: null,
      device: null,
      done: false,
    };
    this.#files.set(name, file);
  }

  /** One round: look for files, read what is new, then wait for the next round. */
  async #work(): Promise<void> {
    if (this.#working || !this.#isLive()) return;
    this.#working = true;
    try {
      await this.#round();
      if (this.#isLive()) {
        this.#state = 'running';
        this.#error = null;
      }
    } catch (error) {
      this.#report(error);
    } finally {
      this.#working = false;
    }
    if (!this.#isLive() || this.#waitingForRoom) return;
    const more = [...this.#files.values()].some((file) => !file.done);
    if (this.#options.follow || this.#state === 'retrying' || more) {
      this.#timer = this.#context.environment.clock.after(this.#options.intervalMs, () => {
        void this.#work();
      });
    }
    this.onReady?.();
  }

  async #round(): Promise<void> {
    if (this.#options.follow || !this.#listed) {
      const { single, files } = await this.#list();
      if (single && files.length === 0 && this.#files.size === 0) throw this.#missing();
      for (const { name, path } of files) {
        if (!this.#files.has(name)) this.#addFile(name, path, { offset: 0, mark: null });
      }
      this.#listed = true;
    }
    for (const file of this.#files.values()) {
      while (this.#isLive() && !file.done) {
        if (!this.#hasRoom()) {
          this.#waitingForRoom = true;
          return;
        }
        if (!(await this.#readOn(file))) break;
      }
    }
  }

  /** Opens the file and reads some chunks; false when it has no more at present. */
  async #readOn(file: FileState): Promise<boolean> {
    const from = file.cutter.fed;
    const found = await stat(file.path).catch((error: unknown) => {
      if (hasCode(error, 'ENOENT')) return null;
      throw error;
    });
    if (found === null) {
      // A file that was read to its last byte may go; with half a record left, something is lost.
      if (this.#isSingle || file.cutter.position !== file.size) throw lost(file, 'is gone');
      file.done = true;
      return false;
    }
    const known = file.inode !== null && found.ino === file.inode && found.dev === file.device;
    if (known && found.size === from && this.#options.follow) {
      file.size = found.size;
      return false;
    }
    const handle = await openAllowed(file.path, this.#allowed);
    try {
      const opened = await handle.stat();
      file.size = opened.size;
      await this.#checkIdentity(file, opened, handle);
      let more = true;
      for (let chunks = 0; more && chunks < chunksMax && this.#hasRoom(); chunks++) {
        more = await this.#readChunk(file, handle);
      }
      return more;
    } finally {
      await handle.close();
    }
  }

  #hasRoom(): boolean {
    return this.#queuedBytes < queueBytesMax;
  }

  async #readChunk(file: FileState, handle: ReadableFile): Promise<boolean> {
    const from = file.cutter.fed;
    const chunk = await this.#readFrom(file, from, handle);
    if (this.#options.header && file.header === null) {
      file.header = await readHeader(handle, file.name, this.#options);
    }
    if (!this.#isLive()) return false;
    const last = !this.#options.follow && from + chunk.length >= (file.size ?? 0);
    if (chunk.length > 0 || last) this.#enqueue(file, file.cutter.feed(chunk, last));
    file.done = last;
    return chunk.length > 0 && !last;
  }

  /** The bytes from `from` on, which must stand where they stood before. */
  async #readFrom(file: FileState, from: number, handle: ReadableFile): Promise<Buffer> {
    const { tail } = file;
    const size = Math.min(chunkBytes, Math.max(0, must(file.size, 'size') - from));
    const bytes = Buffer.allocUnsafe(tail.length + size);
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, from - tail.length);
    if (bytesRead < tail.length || !bytes.subarray(0, tail.length).equals(tail)) {
      throw lost(file, `was rewritten before position ${from}`);
    }
    const start = Math.max(0, bytesRead - tailBytes);
    file.tail = Uint8Array.prototype.slice.call(bytes, start, bytesRead);
    return bytes.subarray(tail.length, bytesRead);
  }

  /** The file must be the one whose positions we have. */
  async #checkIdentity(
    file: FileState,
    opened: { ino: number; dev: number; size: number },
    handle: ReadableFile,
  ): Promise<void> {
    if (file.inode !== null && (file.inode !== opened.ino || file.device !== opened.dev)) {
      throw lost(file, 'was replaced by another file');
    }
    if (opened.size < file.cutter.fed) {
      throw lost(file, `was cut to ${opened.size} bytes, but ${file.cutter.fed} were read`);
    }
    if (file.inode === null && file.cutter.position > 0) await this.#checkPrefix(file, handle);
    file.inode = opened.ino;
    file.device = opened.dev;
  }

  /** Reading begins behind bytes that were read in another life: they must be the same ones. */
  async #checkPrefix(file: FileState, handle: ReadableFile): Promise<void> {
    const { position } = file.cutter;
    file.mark = await prefixMark(handle, position, this.#crc);
    if (file.markAtStart === file.mark) return;
    if (file.markAtStart === null) {
      // Positions without a mark: all that is known is that a record began here.
      const before = Buffer.alloc(1);
      await handle.read(before, 0, 1, position - 1);
      const bounded = !this.#options.follow && position === file.size;
      if (before[0] === 10 || bounded) return;
      throw lost(file, 'was replaced by another file');
    }
    throw lost(
      file,
      `was replaced or rewritten: its first ${position} bytes are not those that were read`,
    );
  }

  #enqueue(file: FileState, cut: CutRecords): void {
    const bad = cut.tooLong.map((offset) => this.#tooLong(file, offset));
    const marks = new CutMarks(cut, file.mark, this.#crc);
    file.mark = this.#crc.sum(cut.bytes, 0, cut.nextBase - cut.base, file.mark);
    const rowsMax = this.#context.blockRowsMax;
    let from = 0;
    do {
      const to = Math.min(cut.count, from + rowsMax);
      const last = to === cut.count;
      const nextOffset = last ? cut.nextOffset : cut.nextOffsets[to - 1]!;
      const range = { from, to, nextOffset, bad: last ? bad : [] };
      const block = this.#block(file, cut, range, marks);
      if (block.count > 0 || block.bad.length > 0) {
        const bytes = last ? cut.bytes.length : 0;
        this.#queue.push({ block, file, bytes });
        this.#queuedBytes += bytes;
      }
      from = to;
    } while (from < cut.count);
    if (this.#queue.length > 0) this.onReady?.();
  }

  #tooLong(file: FileState, offset: number): BadRecord {
    return {
      stream: this.#options.path,
      partition: file.name,
      offset,
      timestampMs: null,
      reason: `record is longer than ${this.#options.recordBytesMax} bytes`,
      raw: null,
      key: null,
    };
  }

  #block(
    file: FileState,
    cut: CutRecords,
    range: { from: number; to: number; nextOffset: number; bad: readonly BadRecord[] },
    marks: CutMarks,
  ): RecordBlock {
    const { from, to } = range;
    const count = to - from;
    return {
      kind: 'records',
      stream: this.#options.path,
      partition: file.name,
      count,
      bytes: cut.bytes,
      valueStart: cut.starts.subarray(from, to),
      valueEnd: cut.ends.subarray(from, to),
      keyStart: new Int32Array(count),
      keyEnd: new Int32Array(count).fill(-1),
      offsets: cut.offsets.subarray(from, to),
      timestampsMs: new Float64Array(count).fill(-1),
      headers: null,
      nextOffset: range.nextOffset,
      ...(file.header === null ? {} : { header: file.header }),
      markAt: (offset) => marks.at(offset),
      bad: range.bad,
      release: () => undefined,
    };
  }

  #report(error: unknown): void {
    if (!this.#isLive()) return;
    const retryable = !(error instanceof SqlError) && !isLost(error);
    this.#state = retryable ? 'retrying' : 'failed';
    const reason = messageOf(error);
    // What is tried again each second is told once.
    if (reason !== this.#error) {
      this.#context.environment.log.warn('file source', { source: this.#context.source, reason });
    }
    this.#error = reason;
    if (!retryable) this.onReady?.();
  }

  #isLive(): boolean {
    return this.#state === 'running' || this.#state === 'retrying';
  }

  poll(): SourceBlock | null {
    const queued = this.#queue.shift();
    if (queued === undefined || this.#state === 'closed') return null;
    this.#queuedBytes -= queued.bytes;
    queued.file.position = queued.block.nextOffset;
    if (this.#waitingForRoom && this.#queuedBytes < queueBytesMax / 2) {
      this.#waitingForRoom = false;
      void this.#work();
    }
    return queued.block;
  }

  status(): ReaderStatus {
    return {
      state: this.finished ? 'finished' : this.#state,
      error: this.#error,
      partitions: [...this.#files.values()].map((file) => ({
        partition: file.name,
        position: file.position,
        end: file.size,
      })),
    };
  }

  get finished(): boolean {
    if (this.#options.follow || !this.#listed || this.#queue.length > 0) return false;
    return this.#state === 'running' && [...this.#files.values()].every((file) => file.done);
  }

  close(): Promise<void> {
    this.#state = 'closed';
    this.#timer?.cancel();
    this.#queue = [];
    return Promise.resolve();
  }
}

function lost(file: FileState, what: string): ConnectorError {
  return new ConnectorError(`file "${file.name}" ${what}`, { retryable: false });
}

function isLost(error: unknown): boolean {
  return error instanceof ConnectorError && !error.retryable;
}

/** A file's name as a partition; names with @ before them are facts beside the positions. */
function partitionName(file: string): string {
  return file.startsWith('@') ? `./${file}` : file;
}

/** `*` is any number of characters, `?` is one. */
function patternToRegExp(pattern: string): RegExp {
  const source = [...pattern].map((char) => {
    if (char === '*') return '.*';
    if (char === '?') return '.';
    return char.replace(/[\\^$.|+()[\]{}]/, '\\$&');
  });
  return new RegExp(`^${source.join('')}$`, 's');
}
