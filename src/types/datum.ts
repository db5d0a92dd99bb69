/**
 * The JavaScript forms of one SQL value; sql-type.ts says which type has which form. Arrays and maps are
 * given here by their shape, so that their classes (array.ts) can speak of datums without a cycle.
 */

import type { Decimal } from './decimal.ts';
import type { Interval, TimeTz } from './interval.ts';
import type { JsonbValue } from './jsonb.ts';

export type Datum =
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Decimal
  | Interval
  | TimeTz
  | JsonbValue
  | ArrayDatum
  | MapDatum
  | RowDatum;

/** What a SqlArray holds: elements in row-major order, one length and one lower bound a dimension. */
export interface ArrayDatum {
  readonly elements: readonly (Datum | null)[];
  readonly dimensions: readonly number[];
  readonly lowerBounds: readonly number[];
}

/** What a SqlMap holds: pairs in their order; no two keys are equal. */
export interface MapDatum {
  readonly entries: readonly (readonly [Datum, Datum | null])[];
}

/** A composite value: one entry a field. */
export type RowDatum = readonly (Datum | null)[];

/** One row outside a batch. */
export type Row = readonly (Datum | null)[];
