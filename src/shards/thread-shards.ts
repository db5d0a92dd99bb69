/**
 * Shards in threads. The first is in the coordinator's own, which would only wait for the others otherwise;
 * each further one has a thread without sockets, driven through rings of shared memory. A tick is synchronous
 * here too: it returns when every shard has ended it, so that all else stays as it is with one worker.
 */

import { AssertionFailed, must } from '../base/assert.ts';
import { ByteReader, ByteWriter } from '../base/bytes.ts';
import type { RecordBlock } from '../connectors/connector.ts';
import type { PieceResult } from '../jobs/remote-decoding.ts';
import { encodePlan } from '../plan/encode.ts';
import type { StateTable } from '../state/state-table.ts';
import type { Batch } from '../types/batch.ts';
import type { EnumRegistry } from '../types/enum-labels.ts';
import type { SqlType } from '../types/sql-type.ts';
import { carryAll, writeBatch } from './batch-codec.ts';
import { Coordinator, type ViewSink } from './coordinator.ts';
import { frames } from './frames.ts';
import {
  beginRequest,
  type NodeStatus,
  readAnswer,
  requests,
  type TableStatus,
} from './requests.ts';
import { partOf, type Piece, writePiece } from './piece-codec.ts';
import { Shard } from './shard.ts';
import { encodeSource } from './source-codec.ts';
import type { SourceSpec } from './source-shard.ts';
import type { PieceRange, ShardGroup, ShardGroupOptions, ShardNode } from './shard-group.ts';
import { makeSharedMemory, type SharedMemory, ThreadLink } from './thread-link.ts';

/** Starts the thread of shard `index`. */
export type StartThread = (
  index: number,
  memory: SharedMemory,
) => { readonly stop: () => Promise<unknown> };

export class ThreadShards implements ShardGroup {
  readonly shards: number;
  readonly #coordinator: Coordinator;
  readonly #own: Shard;
  readonly #link: ThreadLink;
  readonly #threads: readonly { readonly stop: () => Promise<unknown> }[];
  readonly #writer = new ByteWriter(4096);
  readonly #tables = new Map<string, RemoteTable>();
  readonly #enums: EnumRegistry;
  /** The version of `enums` that the others know. */
  #enumsSent = 0;
  #next = 0;
  #nextDecoder = 0;
  /** Which shard decodes a partition in this tick. */
  readonly #decoding = new Map<string, number>();
  /** Of the feed that hands pieces out, which is one at a time. */
  #piecesSent = 0;
  #ownPieces: Piece[] = [];

  constructor(options: ShardGroupOptions, start: StartThread) {
    const { shards, evaluation, codegen, world } = options;
    this.shards = shards;
    this.#enums = options.enums;
    const memory = makeSharedMemory(shards);
    this.#coordinator = new Coordinator(shards);
    this.#link = new ThreadLink(memory, 0);
    this.#own = new Shard({
      ...{ index: 0, shards, evaluation, codegen, world },
      send: (to, frame) => this.#link.send(to, frame),
      report: this.#coordinator,
    });
    this.#threads = this.#others.map((index) => start(index, memory));
  }

  /** Labels that were added or renamed, before anything that may hold them. */
  #sendEnums(): void {
    if (this.#enumsSent === this.#enums.version) return;
    this.#enumsSent = this.#enums.version;
    const text = JSON.stringify(this.#enums.definitions());
    for (const shard of this.#others) {
      this.#ask(shard, beginRequest(requests.defineEnums, 0).text(text));
    }
  }

  get #others(): number[] {
    return [...Array(this.shards).keys()].slice(1);
  }

  addView(sink: ViewSink): void {
    this.#sendEnums();
    this.#coordinator.add(sink);
    this.#own.addView(sink.id, sink.name(), sink.plan);
    const plan = encodePlan(sink.plan);
    for (const shard of this.#others) {
      this.#ask(shard, beginRequest(requests.addView, sink.id).text(sink.name()).text(plan));
    }
  }

  removeView(view: number): void {
    this.#own.removeView(view);
    for (const shard of this.#others) this.#ask(shard, beginRequest(requests.removeView, view));
    this.#coordinator.remove(view);
    for (const key of this.#tables.keys()) {
      if (key.startsWith(`${view}/`)) this.#tables.delete(key);
    }
  }

  pushRows(view: number, scan: number, batch: Batch, types: readonly SqlType[]): void {
    const shard = this.#next;
    this.#next = (shard + 1) % this.shards;
    if (shard === 0) {
      this.#own.view(view).pushRows(scan, batch);
      return;
    }
    this.#writer.clear();
    this.#writer.uint8(frames.scanRows).varint(view).varint(scan);
    writeBatch(this.#writer, batch, types, carryAll);
    this.#link.send(shard, this.#writer.view());
  }

  pushWatermark(view: number, scan: number, micros: number): void {
    this.#own.view(view).pushWatermark(scan, micros);
    this.#writer.clear();
    this.#writer.uint8(frames.scanWatermark).varint(view).varint(scan).float64(micros);
    for (const shard of this.#others) this.#link.send(shard, this.#writer.view());
  }

  setSource(feed: number, spec: SourceSpec): void {
    this.#sendEnums();
    this.#own.setSource(feed, spec);
    const bytes = encodeSource(spec);
    for (const shard of this.#others) {
      this.#ask(shard, beginRequest(requests.setSource, feed).bytes(bytes));
    }
  }

  removeSource(feed: number): void {
    this.#own.removeSource(feed);
    for (const shard of this.#others) this.#ask(shard, beginRequest(requests.removeSource, feed));
  }

  /** The others begin at once; what this thread does itself comes when they all have something to do. */
  sendPiece(feed: number, block: RecordBlock, range: PieceRange, state: Uint8Array | null): void {
    if (this.#piecesSent === 0) this.#sendEnums();
    this.#piecesSent++;
    const piece = { block: partOf(block, range), state };
    const shard = this.#decoderOf(block.partition);
    if (shard === 0) {
      this.#ownPieces.push(piece);
      return;
    }
    this.#writer.clear();
    writePiece(this.#writer.uint8(frames.piece).varint(feed), piece);
    this.#link.send(shard, this.#writer.view());
    this.#link.ringAll();
  }

  #decoderOf(partition: string): number {
    let shard = this.#decoding.get(partition);
    if (shard === undefined) {
      shard = this.#nextDecoder = (this.#nextDecoder + 1) % this.shards;
      this.#decoding.set(partition, shard);
    }
    return shard;
  }

  finishPieces(feed: number): readonly PieceResult[] {
    for (const piece of this.#ownPieces) this.#own.decode(feed, piece);
    this.#ownPieces = [];
    while (this.#coordinator.piecesDone(feed) < this.#piecesSent) this.#receive();
    this.#piecesSent = 0;
    this.#decoding.clear();
    return this.#coordinator.takePieces(feed);
  }

  tick(view: number): void {
    this.#sendEnums();
    this.#writer.clear();
    this.#writer.uint8(frames.tick).varint(view);
    for (const shard of this.#others) this.#link.send(shard, this.#writer.view());
    this.#link.ringAll();
    for (const _ of this.#own.view(view).tick()) this.#receive();
    while (!this.#coordinator.takeEnded(view)) this.#receive();
  }

  /** Takes one frame, waiting for it; gives back an answer and handles everything else. */
  #receive(): Uint8Array | null {
    const frame = this.#link.wait();
    if (frame === null) return null;
    const { bytes, from } = frame;
    const kind = must(bytes[0], 'kind of a frame');
    if (kind === frames.answer) return bytes;
    if (kind === frames.died) {
      throw new AssertionFailed(`worker ${from} has died: ${new ByteReader(bytes, 1).text()}`);
    }
    if (kind >= frames.resultRows) this.#coordinator.accept(bytes);
    else this.#own.accept(from, bytes);
    this.#link.recycle(bytes);
    return null;
  }

  #ask(shard: number, request: ByteWriter): ByteReader {
    this.#link.send(shard, request.view());
    for (;;) {
      const answer = this.#receive();
      if (answer !== null) return readAnswer(answer);
    }
  }

  *nodes(view: number): Iterable<ShardNode> {
    for (const { id, kind, operator } of this.#own.view(view).nodes()) {
      const { counters, stateTables } = operator;
      yield { shard: 0, id, kind, counters, tables: stateTables };
    }
    for (const shard of this.#others) {
      for (const { id, kind, counters, tables } of this.#status(shard, view)) {
        const remote = tables.map((table, index) => {
          const key = `${view}/${shard}/${id}/${index}`;
          const known = this.#tables.get(key) ?? this.#remoteTable(shard, { view, id, index });
          this.#tables.set(key, known);
          known.status = table;
          return known;
        });
        yield { shard, id, kind, counters, tables: remote };
      }
    }
  }

  #status(shard: number, view: number): NodeStatus[] {
    return JSON.parse(this.#ask(shard, beginRequest(requests.nodes, view)).text()) as NodeStatus[];
  }

  #remoteTable(
    shard: number,
    { view, id, index }: { readonly view: number; readonly id: number; readonly index: number },
  ): RemoteTable {
    const about = (kind: number): ByteWriter => beginRequest(kind, view).varint(id).varint(index);
    return new RemoteTable({
      refresh: () =>
        must(
          this.#status(shard, view).find((node) => node.id === id)?.tables[index],
          `table ${index} of node ${id}`,
        ),
      write: (base) => {
        const answer = this.#ask(shard, about(requests.writeTable).uint8(base ? 1 : 0));
        return answer.bytes(answer.remaining);
      },
      load: (segment) => {
        this.#ask(shard, about(requests.loadTable).bytes(segment));
      },
    });
  }

  restored(view: number): void {
    this.#own.view(view).restored();
    for (const shard of this.#others) this.#ask(shard, beginRequest(requests.restored, view));
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.stop()));
  }
}

interface RemoteTableOptions {
  readonly refresh: () => TableStatus;
  readonly write: (base: boolean) => Uint8Array;
  readonly load: (segment: Uint8Array) => void;
}

/** A state table in another thread. Name and sizes are as they were last asked. */
class RemoteTable implements StateTable {
  status: TableStatus = { name: '', rows: 0, bytes: 0, dirty: false };
  readonly #options: RemoteTableOptions;

  constructor(options: RemoteTableOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.status.name;
  }

  get rows(): number {
    return this.status.rows;
  }

  get bytes(): number {
    return this.status.bytes;
  }

  get dirty(): boolean {
    this.status = this.#options.refresh();
    return this.status.dirty;
  }

  writeDelta(writer: ByteWriter): void {
    writer.bytes(this.#options.write(false));
  }

  writeBase(writer: ByteWriter): void {
    writer.bytes(this.#options.write(true));
  }

  load(reader: ByteReader): void {
    this.#options.load(reader.bytes(reader.remaining));
  }
}
