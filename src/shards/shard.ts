/**
 * One shard of the key space: its part of every view, driven by frames. It knows nothing of threads: frames
 * go out through `send` and come in through `accept`, which is called while no operator runs.
 */

import { fault, must } from '../base/assert.ts';
import { ByteReader } from '../base/bytes.ts';
import type { EvalContext } from '../expr/functions/registry.ts';
import type { DataflowPlan } from '../plan/dataflow-plan.ts';
import type { Batch } from '../types/batch.ts';
import { EnumRegistry } from '../types/enum-labels.ts';
import { readBatch } from './batch-codec.ts';
import { frames } from './frames.ts';
import type { ShardReport } from './report.ts';
import { type Piece, readPiece } from './piece-codec.ts';
import { SourceShard, type SourceSpec, type SourceWorld } from './source-shard.ts';
import { ViewShard } from './view-shard.ts';

export interface ShardOptions {
  readonly index: number;
  readonly shards: number;
  readonly evaluation: EvalContext;
  readonly codegen: boolean;
  /** The bytes are valid during the call. */
  readonly send: (to: number, frame: Uint8Array) => void;
  readonly report: ShardReport;
  readonly world: SourceWorld;
}

export class Shard {
  readonly index: number;
  /** Where the types in plans have their labels, for a shard that gets its plans as bytes. */
  readonly enums = new EnumRegistry();
  readonly #options: ShardOptions;
  readonly #views = new Map<number, ViewShard>();
  readonly #sources = new Map<number, SourceShard>();

  constructor(options: ShardOptions) {
    this.index = options.index;
    this.#options = options;
  }

  addView(id: number, name: string, plan: DataflowPlan): void {
    const { index, shards, evaluation, codegen, send, report } = this.#options;
    this.#views.set(
      id,
      new ViewShard({
        ...{ id, name, plan, shards, evaluation, codegen, send, report },
        shard: index,
      }),
    );
  }

  removeView(id: number): void {
    this.#views.delete(id);
  }

  view(id: number): ViewShard {
    return must(this.#views.get(id), `view ${id} in shard ${this.index}`);
  }

  /** Makes a feed known, or changes who listens to it. */
  setSource(feed: number, spec: SourceSpec): void {
    const push = (view: number, scan: number, batch: Batch): void =>
      this.#views.get(view)?.pushRows(scan, batch);
    this.#sources.set(feed, new SourceShard(spec, this.#options.world, push));
  }

  removeSource(feed: number): void {
    this.#sources.delete(feed);
  }

  /** Decodes a piece of a feed's records. */
  decode(feed: number, piece: Piece): void {
    const source = must(this.#sources.get(feed), `feed ${feed} in shard ${this.index}`);
    this.#options.report.pieceDone(feed, source.decode(piece));
  }

  /** A frame of data from the coordinator or another shard. The bytes may be reused afterwards. */
  accept(from: number, frame: Uint8Array): void {
    const reader = new ByteReader(frame);
    const kind = reader.uint8();
    const id = reader.varint();
    if (kind === frames.piece) {
      this.decode(id, readPiece(reader, frame));
      return;
    }
    // What was under way when a view was dropped is of no use any more.
    const view = this.#views.get(id);
    if (view === undefined) return;
    switch (kind) {
      case frames.scanRows: {
        const scan = reader.varint();
        view.pushRows(scan, readBatch(reader, view.inputTypes(scan)));
        return;
      }
      case frames.scanWatermark:
        view.pushWatermark(reader.varint(), reader.float64());
        return;
      case frames.exchangeRows: {
        const exchange = reader.varint();
        const batch: Batch = readBatch(reader, view.exchangeTypes(exchange));
        view.exchangeRows(exchange, batch);
        return;
      }
      case frames.exchangeWatermark:
        view.exchangeWatermark(reader.varint(), from, reader.float64());
        return;
      case frames.stageEnded:
        view.stageEnded(reader.varint());
        return;
      default:
        fault(`frame of kind ${kind}`);
    }
  }
}
