/**
 * State that survives: what an operator remembers, as a table that can write what changed since the last
 * checkpoint as one columnar byte segment, write itself whole (a new base), and load segments back.
 *
 * Bytes start with a version. Segments are independent of physical column kinds (a column that has gone
 * wide since loads an older narrow segment, and the reverse). Loading rehashes by key.
 */

import type { ByteReader, ByteWriter } from '../base/bytes.ts';

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
  /** Applies one segment; a base segment first, then deltas in order. Leaves the table clean. */
  load(reader: ByteReader): void;
  /**
   * Segments loaded from now on come from another table than those before: one table takes over from several.
   * Absent where entries are known by their keys, which no two of them share.
   */
  beginPart?(): void;
}
