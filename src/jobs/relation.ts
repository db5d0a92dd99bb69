/** How changes of a relation reach those who read it. */

import type { Batch } from '../types/batch.ts';

/** One reader of a relation's changes: a scan of a view's dataflow, or a subscription. */
export interface ChangeListener {
  /** The relation's columns it wants, by number; batches hold these, in this order. */
  readonly ordinals: readonly number[];
  push(batch: Batch): void;
  /** Microseconds; only relations with event time send it. */
  watermark(micros: number): void;
  /** Set when workers can push to the same scan by themselves. */
  readonly remote?: RemoteScan | undefined;
}

/** A scan of a view that is divided over workers. */
export interface RemoteScan {
  /** Oid of the view. */
  readonly view: number;
  /** Position among the scans of its plan. */
  readonly scan: number;
  /** Rows go into it from elsewhere in this tick. */
  heard(): void;
}

/** The listener's columns of a batch that holds all columns of the relation. Nothing is copied. */
export function projectBatch(batch: Batch, ordinals: readonly number[]): Batch {
  return { ...batch, columns: ordinals.map((ordinal) => batch.columns[ordinal]!) };
}
