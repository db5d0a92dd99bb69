/** What is known of the columns of a relation or an intermediate result. */

import type { SqlType } from './sql-type.ts';

export interface Field {
  readonly name: string;
  readonly type: SqlType;
  readonly nullable: boolean;
  /**
   * Set when the column is a time attribute: `event` for the column a watermark is declared on (and for
   * window_start, window_end and window_time made from it), `processing` for PROCTIME().
   */
  readonly time?: 'event' | 'processing';
  /** Catalog identity of a column that comes straight from a relation, for RowDescription. */
  readonly origin?: { readonly relationOid: number; readonly attribute: number };
}

export type Schema = readonly Field[];
