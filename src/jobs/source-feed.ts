/**
 * One reading of one source: blocks from its reader become batches of the columns that the listening views
 * need, with watermarks, offsets and dead letters. A feed never waits: `pull` takes what has arrived.
 *
 * Usually a source has one feed, shared by all views over it. A view made later starts with a feed of its
 * own from the source's first positions and joins the shared one when both stand at the same place.
 */

import { assert, must } from '../base/assert.ts';
import { type ByteReader, ByteWriter } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import type { SourceObject } from '../catalog/objects.ts';
import { markName } from '../connectors/connector.ts';
import type {
  BadRecord,
  ReaderStatus,
  SourceBlock,
  SourceReader,
} from '../connectors/connector.ts';
import type { EvalContext } from '../expr/functions/registry.ts';
import type { Decoder, DecodeSink, Format } from '../formats/format.ts';
import type { StateTable } from '../state/state-table.ts';
import { emptyBatch, type Batch } from '../types/batch.ts';
import { gather, isNullAt } from '../types/column-access.ts';
import { ledgerName } from './ledger.ts';
import type { ChangeListener } from './relation.ts';
import type { RemoteDecoding } from './remote-decoding.ts';
import type { SourceProgram } from './source-program.ts';
import { SourceProjection } from './source-projection.ts';
import { SourceWatermark } from './source-watermark.ts';

export interface FeedOptions {
  readonly source: SourceObject;
  readonly program: SourceProgram;
  readonly reader: SourceReader;
  /** Null for connectors that make columns. */
  readonly format: Format | null;
  readonly clock: Clock;
  readonly evaluation: () => EvalContext;
  readonly codegen: boolean;
  readonly idleTimeoutMicros: number | null;
  readonly maxAheadMicros: number | null;
  readonly deadLetter: (record: BadRecord) => void;
  /** Decodes in workers, where all listeners are there. */
  readonly remote?: RemoteDecoding | null;
}

/** A block whose bytes are kept while its partition waits at the feed's limit. */
const heldBlocksMax = 64;
/** Pieces handed to workers in one tick at the most. */
const piecesMax = 16;
const stateVersion = 1;

export class SourceFeed implements StateTable {
  readonly name: string;
  readonly #options: FeedOptions;
  #source: SourceObject;
  readonly #listeners = new Set<ChangeListener>();
  readonly watermarks: SourceWatermark;
  #positions = new Map<string, number>();
  #held: HeldBlock[] = [];
  #limit: ReadonlyMap<string, number> | null = null;
  #projection: SourceProjection | null = null;
  #decoder: Decoder | null = null;
  /** Whether the present listeners are all in workers; null: not known yet. */
  #inWorkers: boolean | null = null;
  #sentWatermark = -Infinity;
  #openError: string | null = null;
  #raw: Batch = emptyBatch([]);
  #recordOfRow = new Int32Array(0);
  #offsets = new Float64Array(0);
  #rowWatermarks = new Float64Array(0);
  dirty = false;
  rowsRead = 0;
  rowsRefused = 0;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#source = options.source;
    this.name = `positions`;
    this.watermarks = new SourceWatermark(options);
  }

  get reader(): SourceReader {
    return this.#options.reader;
  }

  get source(): SourceObject {
    return this.#source;
  }

  /** The same source under another name. */
  rename(source: SourceObject): void {
    this.#source = source;
  }

  get listening(): boolean {
    return this.#listeners.size > 0;
  }

  get positions(): ReadonlyMap<string, number> {
    return this.#positions;
  }

  /** Starts reading at `from`, or where a restored state stands. */
  async open(from: ReadonlyMap<string, number>): Promise<void> {
    for (const [partition, offset] of from) {
      if (!this.#positions.has(partition)) this.#positions.set(partition, offset);
    }
    const now = this.#options.clock.monotonicMs();
    for (const partition of this.#positions.keys()) {
      if (!partition.startsWith('@')) this.watermarks.addPartition(partition, now);
    }
    try {
      await this.reader.open(this.#positions);
    } catch (error) {
      this.#openError = error instanceof Error ? error.message : String(error);
      throw error;
    }
  }

  /** What the reader says of itself; a source that could not be opened has failed, with the reason. */
  status(): ReaderStatus {
    const status = this.reader.status();
    if (this.#openError === null) return status;
    return { ...status, state: 'failed', error: status.error ?? this.#openError };
  }

  listen(listener: ChangeListener): void {
    this.#listeners.add(listener);
    this.#projection = null;
    this.#inWorkers = null;
    if (this.#sentWatermark !== -Infinity) listener.watermark(this.#sentWatermark);
  }

  unlisten(listener: ChangeListener): void {
    this.#listeners.delete(listener);
    this.#projection = null;
    this.#inWorkers = null;
  }

  /** Moves every listener of `other`, which stands at the same positions, to this feed. */
  adopt(other: SourceFeed): void {
    // The listeners have closed windows up to their watermark, so no later row may count as older in time.
    this.watermarks.raiseTo(other.watermarks.current);
    this.sendWatermark();
    for (const listener of other.#listeners) this.listen(listener);
    other.#listeners.clear();
    other.#inWorkers = null;
  }

  /** No partition is read past its offset here; null lifts the limit. */
  setLimit(limit: ReadonlyMap<string, number> | null): void {
    this.#limit = limit;
  }

  /** Takes up to `rowsMax` rows of one block and pushes them. False: nothing was there. */
  pull(rowsMax: number): boolean {
    const { remote } = this.#options;
    if (remote && this.#decodesIn(remote)) return this.#pullInto(remote);
    const held = this.#nextBlock();
    if (held === null) return this.#finish();
    this.dirty = true;
    const from = held.next;
    const to = Math.min(held.count, from + rowsMax, this.#endBefore(held));
    this.#take(held, from, to);
    held.next = to;
    if (to === held.count) this.#retire(held);
    return true;
  }

  #decodesIn(remote: RemoteDecoding): boolean {
    if (this.#inWorkers === null) {
      // Headers are read from the connector's own memory.
      const readsHeaders = this.source.columns.some(
        (column) => column.metadataKey?.startsWith('header:') === true,
      );
      const listeners = [...this.#listeners];
      this.#inWorkers =
        this.#options.format !== null && !readsHeaders && remote.setListeners(listeners);
    }
    return this.#inWorkers;
  }

  /** The watermark before a piece, for a worker. */
  #stateOf(block: SourceBlock): Uint8Array {
    const writer = new ByteWriter(64);
    this.watermarks.writeFor(block.partition, writer, this.#options.clock.monotonicMs());
    return writer.view();
  }

  /** Hands what is there to the workers, and waits for them. */
  #pullInto(remote: RemoteDecoding): boolean {
    const nowMs = this.#options.clock.monotonicMs();
    const taken: { readonly held: HeldBlock; readonly to: number }[] = [];
    const begun = new Set<string>();
    while (taken.length < piecesMax) {
      const held = this.#nextBlock();
      if (held === null) break;
      const { block, next } = held;
      assert(block.kind === 'records', 'only records are decoded in workers');
      const to = this.#endBefore(held);
      if (next === 0) for (const bad of block.bad) this.#refuse(bad);
      if (to > next) {
        remote.send(block, next, to, begun.has(block.partition) ? null : this.#stateOf(block));
        begun.add(block.partition);
        this.rowsRead += to - next;
      }
      held.next = to;
      if (to === held.count) this.#held = this.#held.filter((each) => each !== held);
      taken.push({ held, to });
    }
    if (taken.length === 0) return this.#finish();
    this.dirty = true;
    for (const { remote: scan } of this.#listeners) scan?.heard();
    remote.finish(({ partition, watermark, rowsAhead, refused }) => {
      this.watermarks.settle(partition, watermark, rowsAhead, nowMs);
      for (const bad of refused) this.#refuse(bad);
    });
    for (const { held, to } of taken) {
      if (to === held.count) this.#retire(held);
      else this.#positions.set(held.block.partition, held.offsetOf(to));
    }
    this.sendWatermark();
    return true;
  }

  /** Tells listeners of a watermark that has moved, e.g. after `pull` or by the clock. */
  sendWatermark(): boolean {
    const current = this.watermarks.current;
    if (current <= this.#sentWatermark) return false;
    this.#sentWatermark = current;
    this.dirty = true;
    for (const listener of this.#listeners) listener.watermark(current);
    return true;
  }

  /** Lets idle partitions go and the clock close windows; true when the watermark moved. */
  heartbeat(): boolean {
    const ends = new Map(
      this.reader.status().partitions.map((each) => [each.partition, each.end] as const),
    );
    const caughtUp = (partition: string): boolean => {
      const end = ends.get(partition) ?? null;
      return end === null || (this.#positions.get(partition) ?? 0) >= end;
    };
    this.watermarks.heartbeat(this.#options.clock.monotonicMs(), caughtUp);
    return this.sendWatermark();
  }

  #finish(): boolean {
    if (!this.reader.finished || this.#held.length > 0) return false;
    this.watermarks.raiseTo(Infinity);
    return this.sendWatermark();
  }

  /** The first block that may be read now: one held at a limit that has moved, or the reader's next. */
  #nextBlock(): HeldBlock | null {
    for (const held of this.#held) {
      if (this.#endBefore(held) > held.next) return held;
      this.#reachLimit(held.block.partition);
    }
    while (this.#held.length < heldBlocksMax) {
      const block = this.reader.poll();
      if (block === null) return null;
      const held = holdBlock(block);
      this.#held.push(held);
      // A block without rows may still move the position and the watermark.
      if (held.count === 0 || this.#endBefore(held) > held.next) return held;
      this.#reachLimit(held.block.partition);
    }
    return null;
  }

  /** The next record lies at or past the limit, although the last one may have been far before it. */
  #reachLimit(partition: string): void {
    const limit = this.#limit?.get(partition) ?? 0;
    if (limit <= (this.#positions.get(partition) ?? 0)) return;
    this.#positions.set(partition, limit);
    const name = markName(partition);
    const mark = this.#limit?.get(name);
    if (mark !== undefined) this.#positions.set(name, mark);
  }

  /** Stands at `offset` of the block's partition from now on. */
  #moveTo(block: SourceBlock, offset: number): void {
    this.#positions.set(block.partition, offset);
    if (block.kind !== 'records' || block.markAt === undefined) return;
    this.#positions.set(markName(block.partition), block.markAt(offset));
  }

  /** Index of the first record of `held` at or past the limit; its count when there is none. */
  #endBefore(held: HeldBlock): number {
    const limit = this.#limit?.get(held.block.partition);
    if (limit === undefined) return held.count;
    let end = held.next;
    while (end < held.count && held.offsetOf(end) < limit) end++;
    return end;
  }

  #retire(held: HeldBlock): void {
    const { block } = held;
    this.#held = this.#held.filter((each) => each !== held);
    const limit = this.#limit?.get(block.partition) ?? Infinity;
    this.#moveTo(block, Math.min(block.nextOffset, Math.max(limit, held.lastOffset + 1)));
    if (block.kind === 'columns' && block.watermark !== undefined) {
      const nowMs = this.#options.clock.monotonicMs();
      this.watermarks.raisePartition(block.partition, block.watermark, nowMs);
      this.sendWatermark();
    }
    block.release();
  }

  #take(held: HeldBlock, from: number, to: number): void {
    const { block } = held;
    if (from === 0 && block.kind === 'records') for (const bad of block.bad) this.#refuse(bad);
    if (to > from) {
      const batch = this.#decode(held, from, to);
      this.rowsRead += to - from;
      // Offsets need not be dense (bytes of a file, compaction), so the next record says where we stand.
      if (to < held.count) this.#moveTo(block, held.offsetOf(to));
      if (batch.count > 0) this.#push(batch, block.partition);
    }
    this.sendWatermark();
  }

  #refuse(record: BadRecord): void {
    this.rowsRefused++;
    this.#options.deadLetter(record);
  }

  /** Raw columns of records [from, to), then computed columns and the watermark candidate. */
  #decode(held: HeldBlock, from: number, to: number): Batch {
    const projection = this.#currentProjection();
    const { block } = held;
    this.#reserve(to - from);
    if (block.kind === 'columns') {
      projection.pickColumns(block.batch, from, to, this.#raw);
      for (let row = 0; row < this.#raw.count; row++) this.#recordOfRow[row] = from + row;
    } else {
      this.#raw.count = 0;
      must(this.#decoder, 'decoder').decode(block, from, to, this.#raw, this.#sink(held));
    }
    projection.addMetadata(block, this.#recordOfRow, this.#raw);
    const count = this.#raw.count;
    for (let row = 0; row < count; row++) {
      this.#offsets[row] = held.offsetOf(this.#recordOfRow[row]!);
    }
    this.#raw.origin = {
      source: ledgerName(this.#source),
      stream: block.stream,
      partition: block.partition,
      offsets: this.#offsets,
    };
    const failed = new Map<number, string>();
    const mapped = projection.compute(this.#raw, this.#options.evaluation(), (row, reason) =>
      failed.set(row, reason),
    );
    return this.#withoutRefused(mapped, failed, held);
  }

  #sink(held: HeldBlock): DecodeSink {
    const { block } = held;
    assert(block.kind === 'records', 'only records are decoded');
    return {
      rows: (index, row, count) => {
        const records = this.#recordOfRow;
        for (let i = 0; i < count; i++) records[row + i] = index + i;
      },
      refused: (index, reason) => this.#refuse(badRecord(block, index, reason)),
    };
  }

  /**
   * Leaves out the rows in which an expression failed, and those without event time, which can be in no
   * window: they are refused, and stand in the dead letters.
   */
  #withoutRefused(batch: Batch, failed: ReadonlyMap<number, string>, held: HeldBlock): Batch {
    const time = this.#currentProjection().timeColumn;
    const times = time === null ? null : batch.columns[time]!;
    const whole = times === null || (times.kind !== 'any' && times.nulls === null);
    if (whole && failed.size === 0) return batch;
    const kept = new Int32Array(batch.count);
    let count = 0;
    for (let row = 0; row < batch.count; row++) {
      const noTime = times !== null && isNullAt(times, row);
      const reason = failed.get(row) ?? (noTime ? 'null value in the event-time column' : null);
      if (reason === null) kept[count++] = row;
      else this.#refuse(badRecord(held.block, this.#recordOfRow[row]!, reason));
    }
    return count === batch.count ? batch : gather(batch, kept, count);
  }

  #push(batch: Batch, partition: string): void {
    const projection = this.#currentProjection();
    if (projection.hasWatermark) {
      const { clock } = this.#options;
      const now = { micros: clock.nowMicros(), monotonicMs: clock.monotonicMs() };
      const candidates = projection.candidates(batch);
      this.watermarks.advance(partition, candidates, batch.count, this.#rowWatermarks, now);
      batch.rowWatermarks = this.#rowWatermarks;
    }
    for (const listener of this.#listeners) listener.push(projection.project(batch, listener));
  }

  #currentProjection(): SourceProjection {
    if (this.#projection !== null) return this.#projection;
    const { source, program, format, codegen } = this.#options;
    const projection = new SourceProjection(source, program, [...this.#listeners], {
      readsFields: format?.readsFields === true,
      codegen,
    });
    this.#projection = projection;
    this.#raw = emptyBatch([]);
    this.#decoder =
      format?.createDecoder({
        schema: projection.physicalSchema,
        keys: projection.physicalKeys,
        columns: projection.decoded,
        fields: projection.fields,
        checked: projection.checked,
        options: source.formatOptions,
        codegen,
      }) ?? null;
    return projection;
  }

  #reserve(rows: number): void {
    if (this.#offsets.length >= rows) return;
    this.#recordOfRow = new Int32Array(rows);
    this.#offsets = new Float64Array(rows);
    this.#rowWatermarks = new Float64Array(rows);
  }

  get rows(): number {
    return this.#positions.size;
  }

  get bytes(): number {
    return this.#positions.size * 64;
  }

  writeDelta(writer: ByteWriter): void {
    this.writeBase(writer);
  }

  writeBase(writer: ByteWriter): void {
    writer.uint8(stateVersion).float64(this.rowsRead).float64(this.rowsRefused);
    writer.varint(this.#positions.size);
    for (const [partition, offset] of this.#positions) writer.text(partition).float64(offset);
    this.watermarks.write(writer);
    this.dirty = false;
  }

  load(reader: ByteReader): void {
    assert(reader.uint8() === stateVersion, 'source positions have another version');
    this.rowsRead = reader.float64();
    this.rowsRefused = reader.float64();
    this.#positions = new Map();
    for (let left = reader.varint(); left > 0; left--) {
      const partition = reader.text();
      this.#positions.set(partition, reader.float64());
    }
    this.watermarks.read(reader, this.#options.clock.monotonicMs());
    this.#sentWatermark = -Infinity;
    this.dirty = false;
  }

  async close(): Promise<void> {
    this.#options.remote?.close();
    for (const held of this.#held) held.block.release();
    this.#held = [];
    await this.reader.close();
  }
}

interface HeldBlock {
  readonly block: SourceBlock;
  readonly count: number;
  readonly lastOffset: number;
  readonly offsetOf: (index: number) => number;
  /** First record not yet taken. */
  next: number;
}

function holdBlock(block: SourceBlock): HeldBlock {
  const count = block.kind === 'records' ? block.count : block.batch.count;
  const offsetOf =
    block.kind === 'records'
      ? (index: number): number => block.offsets[index]!
      : (index: number): number => block.firstOffset + index;
  const lastOffset = count === 0 ? block.nextOffset - 1 : offsetOf(count - 1);
  return { block, count, lastOffset, offsetOf, next: 0 };
}

function badRecord(block: SourceBlock, index: number, reason: string): BadRecord {
  const { stream, partition } = block;
  if (block.kind === 'columns') {
    const offset = block.firstOffset + index;
    return { stream, partition, offset, timestampMs: null, reason, raw: null, key: null };
  }
  const timestamp = block.timestampsMs[index]!;
  return {
    stream,
    partition,
    offset: block.offsets[index]!,
    timestampMs: timestamp < 0 ? null : timestamp,
    reason,
    raw: slice(block.bytes, block.valueStart[index]!, block.valueEnd[index]!),
    key: slice(block.bytes, block.keyStart[index]!, block.keyEnd[index]!),
  };
}

function slice(bytes: Uint8Array, start: number, end: number): Uint8Array | null {
  return end < 0 ? null : Uint8Array.prototype.slice.call(bytes, start, end);
}
