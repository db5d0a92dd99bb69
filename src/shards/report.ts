/** What a shard tells the coordinator of a view: called at once in its own thread, or sent as frames. */

import type { PieceResult } from '../jobs/remote-decoding.ts';
import type { Row } from '../types/datum.ts';
import type { Batch } from '../types/batch.ts';

export interface ShardReport {
  /** Changes of the view's result; valid during the call. */
  rows(view: number, batch: Batch): void;
  watermark(view: number, shard: number, micros: number): void;
  /** A row for the late-rows ledger, but for its arrival time. */
  late(view: number, row: Row): void;
  rowError(view: number, code: string, message: string, row: string, weight: number): void;
  /** A fault inside the view: it does nothing more in this shard. */
  failed(view: number, message: string): void;
  /** The shard has done its part of the tick. */
  ended(view: number): void;
  /** A piece of a source's records is decoded and its rows are in the views' scans. */
  pieceDone(feed: number, result: PieceResult): void;
}
