/**
 * What a transaction has done to one table so far, in order. Rows with certain values in some columns are found
 * without a look at the others: an index is made when it is first asked for and kept up from then on, so that a
 * statement costs what it changes and not what the statements before it have changed.
 */

import type { Row } from '../types/datum.ts';
import type { SqlType } from '../types/sql-type.ts';
import { KeyTexts, type WeightedRow } from './row-set.ts';

interface Index {
  readonly columns: readonly number[];
  readonly places: Map<string, number[]>;
  /** Rows that are in it. */
  count: number;
}

export class PendingRows {
  readonly #rows: WeightedRow[] = [];
  readonly #keys: KeyTexts;
  readonly #indexes = new Map<string, Index>();
  /** Rows that were read or written to answer, for tests: what the work is in proportion to. */
  visited = 0;

  /** The types of the table's columns. */
  constructor(types: readonly SqlType[]) {
    this.#keys = new KeyTexts(types);
  }

  get rows(): readonly WeightedRow[] {
    return this.#rows;
  }

  add(rows: readonly WeightedRow[]): void {
    for (const row of rows) this.#rows.push(row);
  }

  /** Forgets all but the first `count` rows. */
  truncate(count: number): void {
    for (const index of this.#indexes.values()) {
      while (index.count > count) {
        const key = this.#keys.of(this.#rows[--index.count]!.row, index.columns);
        const places = index.places.get(key);
        places?.pop();
        if (places?.length === 0) index.places.delete(key);
        this.visited++;
      }
    }
    this.#rows.length = count;
  }

  /** The rows that have, as SQL compares, the same values as `row` in some columns; in order. */
  matching(row: Row, columns: readonly number[]): readonly WeightedRow[] {
    if (this.#rows.length === 0) return [];
    const places = this.#index(columns).places.get(this.#keys.of(row, columns)) ?? [];
    this.visited += places.length;
    return places.map((place) => this.#rows[place]!);
  }

  #index(columns: readonly number[]): Index {
    const name = columns.join();
    let index = this.#indexes.get(name);
    if (index === undefined) {
      index = { columns, places: new Map(), count: 0 };
      this.#indexes.set(name, index);
    }
    for (; index.count < this.#rows.length; index.count++) {
      const key = this.#keys.of(this.#rows[index.count]!.row, columns);
      const places = index.places.get(key);
      if (places === undefined) index.places.set(key, [index.count]);
      else places.push(index.count);
      this.visited++;
    }
    return index;
  }
}
