/**
 * Writes rows to files, each row once. Rows are encoded during the tick and appended by one chain of operations
 * behind it. A checkpoint keeps the length of every file: the bytes up to there are synced before it is
 * durable, and after a crash what lies beyond is cut off. A file is ended by size, age or silence, and gets its
 * visible name when a checkpoint that knows its end is durable.
 */

import type { FileHandle } from 'node:fs/promises';

import type { Timer } from '../../base/clock.ts';
import { SqlError } from '../../base/errors.ts';
import { encodeJsonRow } from '../../formats/json-encode.ts';
import type { Batch } from '../../types/batch.ts';
import { readRow } from '../../types/column-access.ts';
import { pathFromOption } from '../file-access.ts';
import type { SinkContext, SinkStatus, SinkWriter } from '../sink.ts';
import { createEncoder } from './encoder.ts';
import { decodeState, encodeState, type FileSinkState } from './file-sink-state.ts';
import type { FileSinkOptions } from './options.ts';
import { Part } from './part.ts';
import type { PartEncoder } from './part-encoder.ts';
import { PartitionCommits } from './partition-commits.ts';
import type { PartitionColumn } from './partition-path.ts';
import { PartitionRouter, type Partition } from './partition-router.ts';
import { SinkDirectory } from './sink-directory.ts';

/** Bytes that may wait before sources are held back. */
const waitingBytesMax = 16 * 2 ** 20;
/** Files written to at one time; beyond, the one that was silent longest is ended. */
const openFilesMax = 64;

export class FileSinkWriter implements SinkWriter {
  readonly #context: SinkContext;
  readonly #options: FileSinkOptions;
  readonly #directory: SinkDirectory;
  readonly #encoder: PartEncoder;
  readonly #router: PartitionRouter;
  readonly #written: readonly number[];
  readonly #commits: PartitionCommits | null;
  /** Files that take rows, by directory. */
  readonly #open = new Map<string, Part>();
  /** Ended files that are not yet shown. */
  #ended: Part[] = [];
  #cutEnded: Part[] = [];
  #cutPartitions: readonly string[] = [];
  #tail: Promise<void> = Promise.resolve();
  #cutDone: Promise<void> = Promise.resolve();
  #failure: Error | null = null;
  #closed = false;
  #waiting = 0;
  #timer: Timer | null = null;
  #rows = 0;
  #bytes = 0;
  #rowsCommitted = 0;
  #filesCommitted = 0;
  #nextFile = 1;
  /** The file used last. */
  #lastPart: Part | null = null;
  dirty = true;

  constructor(context: SinkContext, options: FileSinkOptions) {
    const { environment, columns, keys, partitionedBy } = context;
    this.#context = context;
    this.#options = options;
    const root = pathFromOption(options.path, environment.allowedDirectories);
    this.#directory = new SinkDirectory(root, environment.allowedDirectories, context.uid);
    const partitions: readonly PartitionColumn[] = partitionedBy.map((ordinal) => ({
      ordinal,
      key: keys[ordinal]!,
      type: columns[ordinal]!.type,
    }));
    this.#written = columns.flatMap((_, i) => (partitionedBy.includes(i) ? [] : [i]));
    this.#encoder = createEncoder(
      context.format ?? 'json',
      this.#written.map((ordinal) => columns[ordinal]!),
      this.#written.map((ordinal) => keys[ordinal]!),
      { ...context, header: context.options.get('csv.header')?.toLowerCase() === 'true' },
    );
    this.#commits =
      options.commit === null || partitions.length === 0
        ? null
        : new PartitionCommits(partitions, options.commit);
    this.#router = new PartitionRouter(
      partitions,
      options.defaultName,
      (row) => this.#commits?.timeOf(row) ?? NaN,
    );
  }

  // Rows -------------------------------------------------------------------------------------------

  write(batch: Batch): void {
    const { columns, count, weights } = batch;
    const nowMs = this.#nowMs();
    this.#encoder.begin(this.#written.map((ordinal) => columns[ordinal]!));
    this.#router.begin(columns);
    const touched = new Map<Part, Partition>();
    let partition: Partition | null = null;
    let part: Part | null = null;
    let noted: Part | null = null;
    for (let row = 0; row < count; row++) {
      const next = this.#router.partitionOf(row);
      if (next.error !== null) {
        this.#refuse(next.error, batch, row);
        continue;
      }
      if (next !== partition || part === null) {
        partition = next;
        part = this.#partIn(next.directory, nowMs);
      }
      const copies = weights === null ? 1 : weights[row]!;
      try {
        part.pending.add(row, copies);
      } catch (error) {
        if (!(error instanceof SqlError)) throw error;
        this.#refuse(error, batch, row);
        continue;
      }
      part.rows += copies;
      this.#rows += copies;
      if (part === noted) continue;
      touched.set(part, next);
      noted = part;
    }
    for (const [each, { directory, timeMs }] of touched) {
      this.#commits?.saw(directory, timeMs, nowMs);
      if (each.ended) continue;
      if (each.pending.full) this.#flush(each);
      if (each.bytes + each.pending.bytes >= this.#options.fileBytesMax) this.#end(each);
    }
    if (touched.size > 0) this.#change();
  }

  /** Tells of a row that cannot be written. */
  #refuse(error: SqlError, batch: Batch, row: number): void {
    const { keys, columns, events } = this.#context;
    const types = columns.map((column) => column.type);
    events.refused(error, encodeJsonRow(keys, types, readRow(batch, row, types)));
  }

  #partIn(directory: string, nowMs: number): Part {
    const found = this.#open.get(directory);
    if (found !== undefined && found === this.#lastPart) {
      found.lastMs = nowMs;
      return found;
    }
    this.#lastPart = found ?? null;
    if (found !== undefined) {
      // In order of their last use, so that the first is the one that was silent longest.
      this.#open.delete(directory);
      this.#open.set(directory, found);
      found.lastMs = nowMs;
      return found;
    }
    if (this.#open.size >= openFilesMax) {
      const [oldest] = this.#open.values();
      this.#end(oldest!);
    }
    const number = String(this.#nextFile++).padStart(6, '0');
    const name = `part-${this.#context.uid}-${number}.${this.#encoder.extension}`;
    const part = new Part(directory, name, this.#encoder.makeBuilder(), nowMs);
    this.#open.set(directory, part);
    return part;
  }

  #flush(part: Part): void {
    if (part.pending.empty) return;
    if (part.bytes === 0 && this.#encoder.head.length > 0) this.#append(part, this.#encoder.head);
    const { bytes, mark } = part.pending.take();
    if (mark !== null) part.chunks.push({ offset: part.bytes, mark });
    this.#append(part, bytes);
  }

  #append(part: Part, bytes: Uint8Array): void {
    const position = part.bytes;
    part.bytes += bytes.length;
    part.unsynced = true;
    this.#bytes += bytes.length;
    this.#waiting += bytes.length;
    this.#enqueue(async () => {
      const handle = await this.#handle(part);
      await writeAll(handle, bytes, position);
      const wasFull = this.full;
      this.#waiting -= bytes.length;
      if (wasFull && !this.full) this.#context.events.changed();
    });
  }

  async #handle(part: Part): Promise<FileHandle> {
    part.handle ??= await this.#directory.openPart(part.directory, part.name, part.known);
    return part.handle;
  }

  /** Nothing goes into the file any more. */
  #end(part: Part): void {
    this.#open.delete(part.directory);
    this.#flush(part);
    // All rows that came for it were refused.
    if (part.bytes === 0) return;
    const tail = this.#encoder.tail(part.chunks);
    if (tail.length > 0) this.#append(part, tail);
    part.ended = true;
    // The last sync also closes the file.
    part.unsynced = true;
    this.#ended.push(part);
    this.#change();
  }

  #change(): void {
    if (this.dirty) return;
    this.dirty = true;
    this.#context.events.changed();
  }

  get full(): boolean {
    return this.#waiting > waitingBytesMax;
  }

  // Time -------------------------------------------------------------------------------------------

  watermark(micros: number): void {
    if (this.#commits?.advance(micros / 1000) === true) this.#commitDue();
  }

  #nowMs(): number {
    return this.#context.environment.clock.nowMicros() / 1000;
  }

  #check(): void {
    this.#timer = this.#context.environment.clock.after(this.#options.checkMs, () => {
      const nowMs = this.#nowMs();
      for (const part of [...this.#open.values()]) {
        const old = nowMs - part.openedMs >= this.#options.rolloverMs;
        if (old || nowMs - part.lastMs >= this.#options.inactivityMs) this.#end(part);
      }
      if (this.#commits?.tick(nowMs) === true) this.#commitDue();
      this.#check();
    });
  }

  /** Files of partitions that are complete end now. */
  #commitDue(): void {
    for (const directory of this.#commits?.due ?? []) {
      const part = this.#open.get(directory);
      if (part !== undefined) this.#end(part);
    }
    this.#change();
  }

  finish(): void {
    for (const part of [...this.#open.values()]) this.#end(part);
    this.#change();
  }

  // Checkpoints ------------------------------------------------------------------------------------

  cut(): Uint8Array {
    for (const part of this.#open.values()) this.#flush(part);
    const written = [...this.#open.values()].filter((part) => part.bytes > 0);
    const parts = [...this.#ended, ...written];
    for (const part of parts) if (part.unsynced) this.#sync(part);
    this.#cutDone = this.#tail;
    this.#cutEnded = [...this.#ended];
    const waiting = new Set(this.#open.keys());
    this.#cutPartitions = (this.#commits?.due ?? []).filter((each) => !waiting.has(each));
    this.dirty = false;
    return encodeState({
      rows: this.#rows,
      bytes: this.#bytes,
      rowsCommitted: this.#rowsCommitted,
      filesCommitted: this.#filesCommitted,
      nextFile: this.#nextFile,
      parts: parts.map((part) => part.state()),
      partitions: this.#commits?.state() ?? [],
    });
  }

  #sync(part: Part): void {
    part.unsynced = false;
    // When it ends later, more is written to it behind this.
    const { ended } = part;
    this.#enqueue(async () => {
      const handle = await this.#handle(part);
      await handle.sync();
      await this.#directory.sync(part.directory);
      if (!ended) return;
      part.handle = null;
      await handle.close();
    });
  }

  async synced(): Promise<void> {
    await this.#cutDone;
    if (this.#failure !== null) throw this.#failure;
  }

  committed(): void {
    const parts = this.#cutEnded;
    const partitions = this.#cutPartitions;
    this.#cutEnded = [];
    this.#cutPartitions = [];
    if (parts.length === 0 && partitions.length === 0) return;
    this.#enqueue(async () => {
      for (const part of parts) await this.#show(part);
      for (const directory of partitions) await this.#commitPartition(directory);
      this.#change();
    });
  }

  async #show(part: Part): Promise<void> {
    await this.#directory.show(part.directory, part.name);
    this.#ended = this.#ended.filter((each) => each !== part);
    this.#rowsCommitted += part.rows;
    this.#filesCommitted++;
  }

  async #commitPartition(directory: string): Promise<void> {
    await this.#directory.writeEmpty(directory, this.#options.commit!.successFile);
    this.#commits?.done(directory);
  }

  // Beginning and end ------------------------------------------------------------------------------

  async open(bytes: Uint8Array | null): Promise<void> {
    const state = bytes === null ? null : decodeState(bytes);
    if (state !== null) this.#restore(state);
    const parts = [...this.#ended, ...this.#open.values()];
    const ended = [...this.#ended];
    // Rows come from now on; what is written waits behind this.
    this.#enqueue(async () => {
      await this.#directory.make('');
      const names = parts.map((part) => [part.directory, this.#directory.hiddenName(part.name)]);
      await this.#directory.removeHidden(
        new Set(names.map((name) => name.filter((each) => each !== '').join('/'))),
      );
      for (const part of ended) await this.#show(part);
      for (const part of this.#open.values()) if (part.known !== null) await this.#handle(part);
      if (ended.length > 0) this.#change();
    });
    this.#check();
    await this.#tail;
    if (this.#failure !== null) throw this.#failure;
  }

  #restore(state: FileSinkState): void {
    this.#rows = state.rows;
    this.#bytes = state.bytes;
    this.#rowsCommitted = state.rowsCommitted;
    this.#filesCommitted = state.filesCommitted;
    this.#nextFile = state.nextFile;
    this.#commits?.restore(state.partitions);
    for (const stored of state.parts) {
      const part = new Part(
        stored.directory,
        stored.name,
        this.#encoder.makeBuilder(),
        stored.openedMs,
      );
      part.bytes = stored.bytes;
      part.known = stored.bytes;
      part.rows = stored.rows;
      part.ended = stored.ended;
      part.lastMs = this.#nowMs();
      part.chunks.push(...stored.chunks);
      if (part.ended) this.#ended.push(part);
      else this.#open.set(part.directory, part);
    }
    this.dirty = false;
  }

  /** Behind everything that was asked for before. The first failure is the last operation. */
  #enqueue(operation: () => Promise<void>): void {
    this.#tail = this.#tail.then(async () => {
      if (this.#failure !== null || this.#closed) return;
      try {
        await operation();
      } catch (error) {
        this.#failure = error instanceof Error ? error : new Error(String(error));
        this.#context.events.failed(this.#failure);
      }
    });
  }

  status(): SinkStatus {
    return {
      rowsCommitted: this.#rowsCommitted,
      rowsWritten: this.#rows,
      bytesWritten: this.#bytes,
      bytesWaiting: this.#waiting,
      filesCommitted: this.#filesCommitted,
      filesOpen: this.#open.size + this.#ended.length,
    };
  }

  async close(how: 'stop' | 'drop' | 'crash'): Promise<void> {
    this.#timer?.cancel();
    if (how === 'crash') this.#closed = true;
    await this.#tail;
    this.#closed = true;
    const parts = [...this.#open.values(), ...this.#ended];
    for (const part of parts) await part.handle?.close().catch(() => undefined);
    if (how !== 'drop' || this.#failure !== null) return;
    // Rows that came after the last checkpoint go with the sink.
    await this.#directory.removeHidden(new Set()).catch(() => undefined);
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
