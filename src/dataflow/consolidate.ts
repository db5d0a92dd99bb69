/**
 * Consolidation: rows that print the same become one row with the sum of their weights; sums of 0 go.
 */

import { gatherRows } from '../state/gather.ts';
import { RowTable } from '../state/row-table.ts';
import type { Batch } from '../types/batch.ts';
import type { Column } from '../types/column.ts';
import type { SqlType } from '../types/sql-type.ts';

/** Gathers batches and gives them back consolidated. Rows may have negative sums. */
export class Consolidator {
  readonly #rows: RowTable;

  constructor(types: readonly SqlType[]) {
    this.#rows = new RowTable({ name: 'consolidate', types, tracked: false });
  }

  add(batch: Batch): void {
    this.#rows.apply(batch.columns, batch.count, batch.weights);
  }

  /**
   * All that was added, in order of first appearance; starts over. Null when nothing is left. The batch
   * is valid until the next `add`.
   */
  take(): Batch | null {
    const rows = this.#rows;
    const entries = new Int32Array(rows.touchedCount);
    const weights = new Int32Array(rows.touchedCount);
    let count = 0;
    let plain = true;
    for (let i = 0; i < rows.touchedCount; i++) {
      const weight = rows.weight(rows.touched[i]!);
      if (weight === 0) continue;
      plain &&= weight === 1;
      entries[count] = rows.touched[i]!;
      weights[count++] = weight;
    }
    const columns = rows.columns.map((column): Column => gatherRows(column, entries, count, null));
    for (let i = 0; i < count; i++) rows.addWeight(entries[i]!, -weights[i]!);
    rows.endTick();
    if (count === 0) return null;
    return {
      count,
      columns,
      weights: plain ? null : weights,
      rowWatermarks: null,
      origin: null,
    };
  }
}

/** `batch` consolidated; null when nothing is left. */
export function consolidate(batch: Batch, types: readonly SqlType[]): Batch | null {
  const consolidator = new Consolidator(types);
  consolidator.add(batch);
  return consolidator.take();
}
