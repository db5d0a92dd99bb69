/** The rows of a relation as its store keeps them: a multiset (row-table.ts), or by key (keyed-rows.ts). */

import type { Column } from '../types/column.ts';
import type { KeyedTable } from './keyed-table.ts';
import type { RowIndex } from './row-index.ts';
import type { EntryRanges, StateTable } from './state-table.ts';

export interface StoredRows extends StateTable {
  /** Entries are rows; its other columns are the owner's. */
  readonly table: KeyedTable;
  /** By ordinal; row i of a column is entry i. */
  readonly columns: readonly Column[];
  /** Entry of each row of the batch applied last. */
  readonly entries: Int32Array;
  readonly totalWeight: number;
  readonly ranges: EntryRanges;
  weight(entry: number): number;
  addIndex(columns: readonly number[]): RowIndex;
  removeIndex(index: RowIndex): void;
  /** Adds weighted rows (null: +1 each). */
  apply(columns: readonly Column[], count: number, weights: Int32Array | null): void;
  endTick(): void;
  restored(): void;
}
