/**
 * State that survives: what an operator remembers, as a table that can write what changed since the last
 * checkpoint as one columnar byte segment, write itself whole (a new base), and load segments back.
 *
 * Bytes start with a version. Segments are independent of physical column kinds (a column that has gone
 * wide since loads an older narrow segment, and the reverse).
 */

import type { ByteReader, ByteWriter } from '../base/bytes.ts';
import type { Column } from '../types/column.ts';
import type { SqlType } from '../types/sql-type.ts';
import type { ValueColumn } from './value-column.ts';

/**
 * A table's entries by their ids, for tables that may be too large to be written in one go. Between two ticks any
 * part of them may be written as a segment; applied in the order in which they were written, the segments hold what
 * the table held when the last of them had all that was dirty.
 */
export interface EntryRanges {
  /** One more than the largest id. */
  readonly high: number;
  /** How many entries are dirty, at most. */
  readonly dirtyRows: number;
  /** Like writeDelta, of up to `rows` dirty entries, which count as clean then. Gives how many were written. */
  writeDirty(writer: ByteWriter, rows: number): number;
  /**
   * Appends the live entries with ids `from` to `to` − 1, dirty or not, and gives how many. When all ranges up to a
   * `high` have been written, they and what was written since the first of them hold all that there is.
   */
  write(writer: ByteWriter, from: number, to: number): number;
}

/** What tables of entries show of themselves, to be compared with others. */
export interface Contents {
  readonly columns: readonly { readonly column: Column; readonly type: SqlType }[];
  readonly values: readonly ValueColumn[];
  /** Live entries, ascending. */
  entries(): Int32Array;
  /** Appends these entries without their ids. */
  writePart(writer: ByteWriter, entries: Int32Array): void;
}

export interface StateTable {
  /** Unique within its operator, e.g. `groups`, `left`, `right`. */
  readonly name: string;
  /** Live entries. */
  readonly rows: number;
  /** Estimated bytes of memory held. */
  readonly bytes: number;
  /** True when something changed since the last writeDelta or writeBase. */
  readonly dirty: boolean;
  /** Appends entries added, changed and removed since the last write, then counts as clean. */
  writeDelta(writer: ByteWriter): void;
  /** Appends every live entry, then counts as clean. */
  writeBase(writer: ByteWriter): void;
  /**
   * Appends every live entry for a table that holds others already and gives these ids of its own. Absent where
   * a base says the same.
   */
  writeForeign?(writer: ByteWriter): void;
  /** For tables that may be too large to be written whole in one checkpoint. */
  readonly ranges?: EntryRanges;
  /** Absent where nothing is compared. */
  readonly contents?: Contents;
  /** Whether a table without entries holds the same. */
  sameAs?(other: StateTable): boolean;
  /** Applies one segment; a base segment first, then deltas and ranges in order. Leaves the table clean. */
  load(reader: ByteReader): void;
}
