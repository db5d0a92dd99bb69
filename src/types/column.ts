/**
 * Columns: the physical form of one attribute of a batch. Plain objects with typed arrays, pooled by
 * their owner and reused; nothing here is allocated per row. The layout is Arrow's (values, validity
 * as a byte a row, text as views on UTF-8 bytes), so that a batch can be wrapped at the edges.
 *
 * `nulls` is null when no row is NULL; otherwise nulls[i] is 1 where row i is NULL. The value slot of a
 * NULL row is unspecified but safe (0, empty, null).
 */

import type { Datum } from './datum.ts';
import type { ColumnKind } from './sql-type.ts';

export interface Int32Column {
  readonly kind: 'i32';
  values: Int32Array;
  nulls: Uint8Array | null;
}

export interface Float64Column {
  readonly kind: 'f64';
  values: Float64Array;
  nulls: Uint8Array | null;
}

export interface BooleanColumn {
  readonly kind: 'bool';
  values: Uint8Array;
  nulls: Uint8Array | null;
}

/** Row i is bytes[offsets[i] .. offsets[i] + lengths[i]). Readers may over-read up to 16 bytes past the end. */
export interface TextColumn {
  readonly kind: 'text';
  bytes: Uint8Array;
  offsets: Int32Array;
  lengths: Int32Array;
  nulls: Uint8Array | null;
}

/** Datums as sql-type.ts defines them; SQL NULL is null in `values`, and `nulls` is always null. */
export interface AnyColumn {
  readonly kind: 'any';
  values: (Datum | null)[];
  nulls: null;
}

export type Column = Int32Column | Float64Column | BooleanColumn | TextColumn | AnyColumn;

/** A fresh column with room for `capacity` rows. */
export function makeColumn(kind: ColumnKind, capacity: number): Column {
  switch (kind) {
    case 'i32':
      return { kind, values: new Int32Array(capacity), nulls: null };
    case 'f64':
      return { kind, values: new Float64Array(capacity), nulls: null };
    case 'bool':
      return { kind, values: new Uint8Array(capacity), nulls: null };
    case 'text':
      return {
        kind,
        bytes: emptyBytes,
        offsets: new Int32Array(capacity),
        lengths: new Int32Array(capacity),
        nulls: null,
      };
    case 'any':
      return { kind, values: [], nulls: null };
  }
}

/** Text columns start on these; 16 bytes of padding make over-reading safe. */
const emptyBytes = new Uint8Array(16);
