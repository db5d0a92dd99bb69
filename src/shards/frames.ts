/**
 * Frames: what shards and their coordinator send each other. A frame begins with its kind and the view it
 * belongs to. Frames between two threads arrive in the order in which they were sent.
 */

export const frames = {
  /** Coordinator to shard: rows for a scan. view, scan, batch */
  scanRows: 1,
  /** view, scan, µs */
  scanWatermark: 2,
  /** view: do your part of the tick. */
  tick: 3,
  /** Shard to shard. view, exchange, batch */
  exchangeRows: 4,
  /** view, exchange, µs */
  exchangeWatermark: 5,
  /** view, stage: nothing more of this stage follows in this tick. */
  stageEnded: 6,
  /** Shard to coordinator. view, batch */
  resultRows: 7,
  /** view, shard, µs */
  resultWatermark: 8,
  /** view, ledger row */
  late: 9,
  /** view, code, message, row, weight */
  rowError: 10,
  /** view, message */
  failed: 11,
  /** view */
  tickEnded: 12,
  /** Coordinator to shard: a request (requests.ts), and its answer. */
  request: 13,
  answer: 14,
  /** A fault outside of any view: message. The shard has stopped. */
  died: 15,
  /** Coordinator to shard: records to decode. feed, piece (piece-codec.ts) */
  piece: 16,
  /** Shard to coordinator. feed, result */
  pieceDone: 17,
} as const;
