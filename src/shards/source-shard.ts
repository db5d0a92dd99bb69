/**
 * A source's decoding in one shard: a feed of its own, with the same decoder, projection and judgement of
 * rows as the coordinator's, which is given pieces of blocks instead of a connector. It has no positions and
 * no watermark of its own: each piece brings the watermark as it stands before it.
 */

import { must } from '../base/assert.ts';
import { ByteReader, ByteWriter } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import type { SourceObject } from '../catalog/objects.ts';
import type { BadRecord, RecordBlock, SourceReader } from '../connectors/connector.ts';
import type { EvalContext } from '../expr/functions/registry.ts';
import type { Format } from '../formats/format.ts';
import type { PieceResult } from '../jobs/remote-decoding.ts';
import { SourceFeed } from '../jobs/source-feed.ts';
import type { SourceProgram } from '../jobs/source-program.ts';
import type { Batch } from '../types/batch.ts';
import type { Piece } from './piece-codec.ts';

/** What a shard must know to decode a source. */
export interface SourceSpec {
  readonly source: SourceObject;
  readonly program: SourceProgram;
  readonly maxAheadMicros: number | null;
  readonly scans: readonly {
    readonly view: number;
    readonly scan: number;
    readonly ordinals: readonly number[];
  }[];
}

export interface SourceWorld {
  readonly clock: Clock;
  /** For computed columns, as of now. */
  readonly sourceEvaluation: (nowMicros: bigint) => EvalContext;
  readonly formats: (name: string) => Format | undefined;
  readonly codegen: boolean;
  /** Rows of one batch at the most. */
  readonly batchRowsMax: number;
}

export class SourceShard {
  readonly #world: SourceWorld;
  readonly #feed: SourceFeed;
  readonly #reader = new PieceReader();
  /** By partition: the watermark after its last piece. */
  readonly #states = new Map<string, Uint8Array>();
  #refused: BadRecord[] = [];

  constructor(
    spec: SourceSpec,
    world: SourceWorld,
    push: (view: number, scan: number, batch: Batch) => void,
  ) {
    const { source, program, maxAheadMicros } = spec;
    const { clock, codegen } = world;
    this.#world = world;
    this.#feed = new SourceFeed({
      ...{ source, program, clock, codegen, maxAheadMicros },
      reader: this.#reader,
      format: must(world.formats(must(source.format, 'format')), 'format'),
      evaluation: () => world.sourceEvaluation(BigInt(clock.nowMicros())),
      idleTimeoutMicros: null,
      deadLetter: (record) => this.#refused.push(record),
    });
    for (const { view, scan, ordinals } of spec.scans) {
      this.#feed.listen({
        ordinals,
        push: (batch) => push(view, scan, batch),
        watermark: () => undefined,
      });
    }
  }

  /** Decodes a piece and pushes its rows. */
  decode({ state, block }: Piece): PieceResult {
    const feed = this.#feed;
    const { watermarks } = feed;
    const { partition } = block;
    const before = state ?? must(this.#states.get(partition), 'the piece before');
    watermarks.read(new ByteReader(before), this.#world.clock.monotonicMs());
    const aheadBefore = watermarks.rowsAhead;
    this.#reader.block = block;
    while (feed.pull(this.#world.batchRowsMax));
    const refused = this.#refused;
    this.#refused = [];
    const writer = new ByteWriter(64);
    watermarks.write(writer);
    this.#states.set(partition, writer.view());
    let watermark = -Infinity;
    for (const [name, micros] of watermarks.partitions()) {
      if (name === partition) watermark = micros;
    }
    return { partition, watermark, rowsAhead: watermarks.rowsAhead - aheadBefore, refused };
  }
}

/** Gives the one piece that was put in. */
class PieceReader implements SourceReader {
  block: RecordBlock | null = null;
  onReady: (() => void) | null = null;
  readonly finished = false;

  poll(): RecordBlock | null {
    const { block } = this;
    this.block = null;
    return block;
  }

  startPositions(): Promise<ReadonlyMap<string, number>> {
    return Promise.resolve(new Map());
  }

  open(): Promise<void> {
    return Promise.resolve();
  }

  status(): ReturnType<SourceReader['status']> {
    return { state: 'running', error: null, partitions: [] };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
