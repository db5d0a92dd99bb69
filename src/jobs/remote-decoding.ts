/**
 * Decoding records in workers: a feed hands pieces of its blocks out, the first of a partition and tick with the
 * watermark as it stands, and hears what became of them. The rows go straight into the scans of the views
 * there; positions, limits and the watermark stay with the feed.
 */

import type { BadRecord, RecordBlock } from '../connectors/connector.ts';
import type { ChangeListener } from './relation.ts';

export interface PieceResult {
  readonly partition: string;
  /** Of the partition, µs; -Infinity when none of its rows has given one. */
  readonly watermark: number;
  /** Rows kept out of the watermark because they lie too far in the future. */
  readonly rowsAhead: number;
  readonly refused: readonly BadRecord[];
}

export interface RemoteDecoding {
  /** Says who listens from now on; false when one of them is not in the workers. */
  setListeners(listeners: readonly ChangeListener[]): boolean;
  /**
   * Records [from, to) of a block, which stays as it is until `finish`. `state`: the watermark as read by
   * SourceWatermark; null: as the piece of its partition before this one has left it.
   */
  send(block: RecordBlock, from: number, to: number, state: Uint8Array | null): void;
  /** Waits until all that was sent is decoded; `done` is called for each piece. */
  finish(done: (result: PieceResult) => void): void;
  close(): void;
}
