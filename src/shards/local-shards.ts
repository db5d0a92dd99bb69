/**
 * Several shards in one thread under a seeded scheduler: at every step it delivers one waiting frame or lets
 * one shard go on, chosen by chance. Frames between two shards keep their order, as they do between threads;
 * everything else may happen in any order, and answers must not change.
 */

import { assert, must } from '../base/assert.ts';
import { ByteWriter } from '../base/bytes.ts';
import type { Random } from '../base/random.ts';
import type { RecordBlock } from '../connectors/connector.ts';
import type { PieceResult } from '../jobs/remote-decoding.ts';
import type { Batch } from '../types/batch.ts';
import type { SqlType } from '../types/sql-type.ts';
import { carryAll, writeBatch } from './batch-codec.ts';
import { Coordinator, ReportWriter, type ViewSink } from './coordinator.ts';
import { frames } from './frames.ts';
import { partOf, writePiece } from './piece-codec.ts';
import { Shard } from './shard.ts';
import type { SourceSpec } from './source-shard.ts';
import type { PieceRange, ShardGroup, ShardGroupOptions, ShardNode } from './shard-group.ts';

interface Queue {
  readonly frames: Uint8Array[];
  readonly deliver: (frame: Uint8Array) => void;
}

export class LocalShards implements ShardGroup {
  readonly shards: number;
  readonly #random: Random;
  readonly #coordinator: Coordinator;
  readonly #all: Shard[] = [];
  /** One for each pair that has sent something; the coordinator is the sender and receiver `shards`. */
  readonly #queues = new Map<number, Queue>();
  /** Of the feed that hands pieces out, which is one at a time. */
  #piecesSent = 0;
  /** Which shard decodes a partition in this tick. */
  readonly #decoding = new Map<string, number>();
  readonly #resultTypes = new Map<number, readonly SqlType[]>();

  constructor(options: ShardGroupOptions, random: Random) {
    this.shards = options.shards;
    this.#random = random;
    this.#coordinator = new Coordinator(options.shards);
    for (let index = 0; index < options.shards; index++) {
      const report = new ReportWriter(
        (frame) => this.#send(index, options.shards, frame),
        (view) => must(this.#resultTypes.get(view), `view ${view}`),
      );
      this.#all.push(
        new Shard({
          index,
          shards: options.shards,
          evaluation: options.evaluation,
          codegen: options.codegen,
          world: options.world,
          send: (to, frame) => this.#send(index, to, frame),
          // The first shard is in the coordinator's thread in any case.
          report: index === 0 ? this.#coordinator : report,
        }),
      );
    }
  }

  #send(from: number, to: number, frame: Uint8Array): void {
    const key = from * (this.shards + 1) + to;
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      const shard = this.#all[to];
      queue = {
        frames: [],
        deliver:
          shard === undefined
            ? (each) => this.#coordinator.accept(each)
            : (each) => shard.accept(from, each),
      };
      this.#queues.set(key, queue);
    }
    queue.frames.push(Uint8Array.from(frame));
  }

  addView(sink: ViewSink): void {
    this.#coordinator.add(sink);
    const root = sink.plan.nodes[sink.plan.root]!;
    this.#resultTypes.set(
      sink.id,
      root.columns.map((column) => column.type),
    );
    for (const shard of this.#all) shard.addView(sink.id, sink.name(), sink.plan);
  }

  removeView(view: number): void {
    for (const shard of this.#all) shard.removeView(view);
    this.#coordinator.remove(view);
  }

  pushRows(view: number, scan: number, batch: Batch, types: readonly SqlType[]): void {
    const writer = new ByteWriter(1024).uint8(frames.scanRows).varint(view).varint(scan);
    writeBatch(writer, batch, types, carryAll);
    this.#send(this.shards, this.#random.below(this.shards), writer.view());
  }

  pushWatermark(view: number, scan: number, micros: number): void {
    const writer = new ByteWriter(16).uint8(frames.scanWatermark).varint(view).varint(scan);
    writer.float64(micros);
    for (const { index } of this.#all) this.#send(this.shards, index, writer.view());
  }

  setSource(feed: number, spec: SourceSpec): void {
    for (const shard of this.#all) shard.setSource(feed, spec);
  }

  removeSource(feed: number): void {
    for (const shard of this.#all) shard.removeSource(feed);
  }

  sendPiece(feed: number, block: RecordBlock, range: PieceRange, state: Uint8Array | null): void {
    const { partition } = block;
    const shard = this.#decoding.get(partition) ?? this.#random.below(this.shards);
    this.#decoding.set(partition, shard);
    const writer = new ByteWriter(1024).uint8(frames.piece).varint(feed);
    writePiece(writer, { block: partOf(block, range), state });
    this.#send(this.shards, shard, writer.view());
    this.#piecesSent++;
  }

  finishPieces(feed: number): readonly PieceResult[] {
    while (this.#coordinator.piecesDone(feed) < this.#piecesSent) {
      const waiting = this.#waiting();
      const queue = must(waiting[this.#random.below(waiting.length)], 'a frame');
      queue.deliver(queue.frames.shift()!);
    }
    this.#piecesSent = 0;
    this.#decoding.clear();
    return this.#coordinator.takePieces(feed);
  }

  #waiting(): Queue[] {
    return [...this.#queues.values()].filter((queue) => queue.frames.length > 0);
  }

  tick(view: number): void {
    // What was pushed comes before the word to begin.
    const running = this.#all.map((shard) => ({ shard, steps: this.#whenFed(shard, view) }));
    for (;;) {
      const waiting = this.#waiting();
      const choices = waiting.length + running.length;
      if (choices === 0) break;
      const choice = this.#random.below(choices);
      const queue = waiting[choice];
      if (queue !== undefined) {
        queue.deliver(queue.frames.shift()!);
        continue;
      }
      const at = choice - waiting.length;
      if (running[at]!.steps.next().done === true) running.splice(at, 1);
    }
    assert(this.#coordinator.takeEnded(view), 'a tick did not end in all shards');
  }

  *#whenFed(shard: Shard, view: number): Generator<void> {
    const fromCoordinator = this.#queues.get(this.shards * (this.shards + 1) + shard.index);
    while (fromCoordinator !== undefined && fromCoordinator.frames.length > 0) yield;
    yield* shard.view(view).tick();
  }

  *nodes(view: number): Iterable<ShardNode> {
    for (const shard of this.#all) {
      for (const { id, kind, operator } of shard.view(view).nodes()) {
        const { counters, stateTables } = operator;
        yield { shard: shard.index, id, kind, counters, tables: stateTables };
      }
    }
  }

  restored(view: number): void {
    for (const shard of this.#all) shard.view(view).restored();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
