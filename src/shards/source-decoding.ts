/** The coordinator's side of decoding one feed's records in the shards. */

import type { RecordBlock } from '../connectors/connector.ts';
import type { ChangeListener, RemoteScan } from '../jobs/relation.ts';
import type { PieceResult, RemoteDecoding } from '../jobs/remote-decoding.ts';
import type { ShardGroup } from './shard-group.ts';
import type { SourceSpec } from './source-shard.ts';

export class SourceDecoding implements RemoteDecoding {
  readonly #group: ShardGroup;
  readonly #feed: number;
  readonly #spec: Omit<SourceSpec, 'scans'>;
  #known = false;

  /** `feed` tells it from all other feeds. */
  constructor(group: ShardGroup, feed: number, spec: Omit<SourceSpec, 'scans'>) {
    this.#group = group;
    this.#feed = feed;
    this.#spec = spec;
  }

  setListeners(listeners: readonly ChangeListener[]): boolean {
    const remotes = listeners.map(({ remote }) => remote);
    if (remotes.length === 0 || !remotes.every((each) => each !== undefined)) return false;
    const scans = remotes.map(({ view, scan }: RemoteScan, index) => {
      const { ordinals } = listeners[index]!;
      return { view, scan, ordinals };
    });
    this.#group.setSource(this.#feed, { ...this.#spec, scans });
    this.#known = true;
    return true;
  }

  send(block: RecordBlock, from: number, to: number, state: Uint8Array | null): void {
    this.#group.sendPiece(this.#feed, block, { from, to }, state);
  }

  finish(done: (result: PieceResult) => void): void {
    for (const result of this.#group.finishPieces(this.#feed)) done(result);
  }

  close(): void {
    if (this.#known) this.#group.removeSource(this.#feed);
    this.#known = false;
  }
}
