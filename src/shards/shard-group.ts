/**
 * All shards, as the coordinator drives them. This interface is the one place where the order of messages
 * between workers is decided: by threads that run as they please (thread-shards.ts), or by a seeded scheduler
 * in one thread (local-shards.ts).
 */

import type { RecordBlock } from '../connectors/connector.ts';
import type { OperatorCounters } from '../dataflow/operator.ts';
import type { EvalContext } from '../expr/functions/registry.ts';
import type { PieceResult } from '../jobs/remote-decoding.ts';
import type { StateTable } from '../state/state-table.ts';
import type { Batch } from '../types/batch.ts';
import type { EnumRegistry } from '../types/enum-labels.ts';
import type { SqlType } from '../types/sql-type.ts';
import type { ViewSink } from './coordinator.ts';
import type { SourceSpec, SourceWorld } from './source-shard.ts';

export interface ShardNode {
  readonly shard: number;
  /** Position in the whole plan. */
  readonly id: number;
  readonly kind: string;
  readonly counters: OperatorCounters;
  readonly tables: readonly StateTable[];
}

export interface ShardGroupOptions {
  /** 2 or more. */
  readonly shards: number;
  readonly evaluation: EvalContext;
  readonly codegen: boolean;
  readonly world: SourceWorld;
  /** The catalog's; what changes here is known to all shards before they go on. */
  readonly enums: EnumRegistry;
}

/** Records [from, to). */
export interface PieceRange {
  readonly from: number;
  readonly to: number;
}

export interface ShardGroup {
  readonly shards: number;
  addView(sink: ViewSink): void;
  removeView(view: number): void;
  /** Rows for a scan of a view (in the order of its plan), to any one shard. Valid during the call. */
  pushRows(view: number, scan: number, batch: Batch, types: readonly SqlType[]): void;
  /** A watermark for a scan, to all shards. */
  pushWatermark(view: number, scan: number, micros: number): void;
  /** Makes a feed over a source known, or changes who listens to it. */
  setSource(feed: number, spec: SourceSpec): void;
  removeSource(feed: number): void;
  /**
   * Has records decoded by any one shard, all of a partition by the same; the block stays as it is until
   * `finishPieces`. Without `state` the piece goes on from the one of its partition before it.
   */
  sendPiece(feed: number, block: RecordBlock, range: PieceRange, state: Uint8Array | null): void;
  /** Waits until all pieces of the feed are decoded. */
  finishPieces(feed: number): readonly PieceResult[];
  /** One tick of a view in all shards; returns when its whole result was handed to the sink. */
  tick(view: number): void;
  /** Operators of a view in every shard. */
  nodes(view: number): Iterable<ShardNode>;
  /** After the state tables of a view were loaded. */
  restored(view: number): void;
  /** Ends threads. */
  close(): Promise<void>;
}
