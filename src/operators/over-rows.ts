/**
 * The rows of one partition in order, as they are or as they were before this tick: what window functions
 * look at. Values are read where they stand, so that looking at a few rows costs as much and no more.
 */

import type { OrderSpec } from '../plan/dataflow-plan.ts';
import { keyDatum } from '../state/keyed-table.ts';
import type { RankedView } from '../state/ranked-view.ts';
import type { RowTable } from '../state/row-table.ts';
import type { EntryOrder } from '../state/sorted-entries.ts';
import type { Datum, Row } from '../types/datum.ts';
import type { OrderColumn, OrderedRows } from './over-frame.ts';

export interface OverRowsOptions {
  readonly view: RankedView;
  readonly rows: RowTable;
  readonly order: readonly OrderSpec[];
  /** By the order alone: 0 for peers. */
  readonly peers: EntryOrder;
}

export class OverRows implements OrderedRows {
  readonly count: number;
  readonly view: RankedView;
  readonly order: OrderColumn | null;
  readonly #rows: RowTable;
  readonly #peers: EntryOrder;
  readonly #ordered: boolean;
  /** The peers asked for last. */
  #from = 0;
  #to = 0;

  constructor({ view, rows, order, peers }: OverRowsOptions) {
    this.view = view;
    this.count = view.count;
    this.#rows = rows;
    this.#peers = peers;
    this.#ordered = order.length > 0;
    const only = order.length === 1 ? order[0]! : null;
    this.order =
      only === null
        ? null
        : {
            column: only.column,
            valueAt: (i) => this.datum(i, only.column),
            type: rows.types[only.column]!,
            descending: only.descending,
          };
  }

  /** A column's value in the row at a position. */
  datum(i: number, column: number): Datum | null {
    return this.datumOf(this.view.entryAt(i), column);
  }

  /** The same in the row of an entry. */
  datumOf(entry: number, column: number): Datum | null {
    return keyDatum(this.#rows.table, column, entry);
  }

  rowAt(i: number): Row {
    return this.#rows.types.map((_, column) => this.datum(i, column));
  }

  peersFrom(i: number): number {
    this.#findPeers(i);
    return this.#from;
  }

  peersTo(i: number): number {
    this.#findPeers(i);
    return this.#to;
  }

  /** The positions of an entry's peers, [from, to): none when no row has its order. */
  peersOf(entry: number): { readonly from: number; readonly to: number } {
    if (!this.#ordered) return { from: 0, to: this.count };
    const { view } = this;
    return {
      from: view.firstWhere((other) => this.#peers(other, entry) >= 0),
      to: view.firstWhere((other) => this.#peers(other, entry) > 0),
    };
  }

  arePeers(i: number, j: number): boolean {
    return this.areEntriesPeers(this.view.entryAt(i), this.view.entryAt(j));
  }

  areEntriesPeers(a: number, b: number): boolean {
    return !this.#ordered || this.#peers(a, b) === 0;
  }

  #findPeers(i: number): void {
    if (i >= this.#from && i < this.#to) return;
    if (!this.#ordered) {
      this.#from = 0;
      this.#to = this.count;
      return;
    }
    // Alone, as rows mostly are, or the first of its peers after a group that is known.
    const startsHere = i === this.#to || i === 0 || !this.arePeers(i - 1, i);
    const endsHere = i + 1 === this.count || !this.arePeers(i, i + 1);
    const entry = this.view.entryAt(i);
    const found = startsHere && endsHere ? null : this.peersOf(entry);
    this.#from = startsHere ? i : found!.from;
    this.#to = endsHere ? i + 1 : found!.to;
  }
}
