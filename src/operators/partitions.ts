/**
 * Rows by partition, for operators that look at a partition as a whole: a row table with an index on the
 * partition's columns, and for each partition its rows in a total order. The order is a cache that is
 * built when a partition is first asked for.
 */

import type { OrderSpec } from '../plan/dataflow-plan.ts';
import type { RowIndex } from '../state/row-index.ts';
import { RowTable } from '../state/row-table.ts';
import type { EntryOrder } from '../state/sorted-entries.ts';
import { SortedEntries } from '../state/sorted-entries.ts';
import type { ValueSpec } from '../state/value-column.ts';
import type { Batch } from '../types/batch.ts';
import type { SqlType } from '../types/sql-type.ts';
import { orderOf, totalOrder } from './entry-order.ts';

export class Partitions {
  readonly rows: RowTable;
  readonly index: RowIndex;
  /** Partitions with changes in this tick. */
  readonly touched = new Set<number>();
  /** By order columns alone: 0 for peers. */
  readonly peers: EntryOrder;
  readonly #order: EntryOrder;
  readonly #sorted = new Map<number, SortedEntries>();
  /** New entries of this tick that are in their order already. */
  readonly #added = new Set<number>();

  constructor(options: {
    readonly types: readonly SqlType[];
    readonly partitionBy: readonly number[];
    readonly order: readonly OrderSpec[];
    readonly values?: readonly ValueSpec[];
    /** Of the row table; `rows` when not given. */
    readonly name?: string;
  }) {
    this.rows = new RowTable({
      name: options.name ?? 'rows',
      types: options.types,
      values: options.values ?? [],
    });
    this.index = this.rows.addIndex(options.partitionBy);
    this.#order = totalOrder(this.rows, options.order);
    this.peers = orderOf(this.rows, options.order);
  }

  /** Adds a batch. Rows that fell to weight 0 stay in the order until `endTick`. */
  apply(batch: Batch): void {
    this.rows.apply(batch.columns, batch.count, batch.weights);
    for (let i = 0; i < batch.count; i++) {
      const entry = this.rows.entries[i]!;
      const partition = this.index.owner(entry);
      this.touched.add(partition);
      if (this.rows.weightBefore(entry) !== 0) continue;
      const sorted = this.#sorted.get(partition);
      if (sorted === undefined || this.#added.has(entry)) continue;
      this.#added.add(entry);
      sorted.add(entry);
    }
  }

  /** A partition's entries in order, those of weight 0 among them. */
  sorted(partition: number): SortedEntries {
    let sorted = this.#sorted.get(partition);
    if (sorted === undefined) {
      sorted = new SortedEntries(this.#order);
      for (let row = this.index.head(partition); row >= 0; row = this.index.next[row]!) {
        sorted.add(row);
        if (this.rows.weightBefore(row) === 0) this.#added.add(row);
      }
      this.#sorted.set(partition, sorted);
    }
    return sorted;
  }

  /** The entries of this tick that weigh more or less than before it, by partition, in order. */
  changes(): Map<number, number[]> {
    const { rows, index } = this;
    const changes = new Map<number, number[]>();
    for (let i = 0; i < rows.touchedCount; i++) {
      const entry = rows.touched[i]!;
      if (rows.weight(entry) === rows.weightBefore(entry)) continue;
      const partition = index.owner(entry);
      const known = changes.get(partition);
      if (known === undefined) changes.set(partition, [entry]);
      else known.push(entry);
      this.#sorted.get(partition)?.reweigh(entry);
    }
    for (const entries of changes.values()) entries.sort(this.#order);
    return changes;
  }

  endTick(): void {
    for (let i = 0; i < this.rows.touchedCount; i++) {
      const entry = this.rows.touched[i]!;
      if (this.rows.weight(entry) !== 0) continue;
      const partition = this.index.owner(entry);
      const sorted = this.#sorted.get(partition);
      if (sorted === undefined) continue;
      sorted.delete(entry);
      if (sorted.size === 0) this.#sorted.delete(partition);
    }
    this.rows.endTick();
    this.touched.clear();
    this.#added.clear();
  }

  restored(): void {
    this.rows.restored();
  }
}
