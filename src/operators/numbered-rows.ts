/**
 * Rows with their numbers, gathered by their place in columns of state and sent on as batches that all have one
 * sign. How operators that number rows emit them: old rows with their old numbers first, then new ones.
 */

import { gatherRows } from '../state/gather.ts';
import { grownFloat64, grownInt32 } from '../state/grown.ts';
import type { Column } from '../types/column.ts';
import { type Outlet, outputRowsMax } from './outlet.ts';

export class NumberedRows {
  readonly #calls: number;
  readonly #weight: number;
  #rows: Int32Array = new Int32Array(64);
  #numbers: Float64Array = new Float64Array(64);
  #count = 0;
  readonly #reused: (Column | null)[] = [];

  /** A row's number comes in `calls` columns after its own. */
  constructor(calls: number, weight: 1 | -1) {
    this.#calls = calls;
    this.#weight = weight;
  }

  /** `row` is a place in the columns that `send` will be given; numbers begin with 1. */
  add(row: number, number: number): void {
    if (this.#count === this.#rows.length) {
      this.#rows = grownInt32(this.#rows, this.#count * 2);
      this.#numbers = grownFloat64(this.#numbers, this.#count * 2);
    }
    this.#rows[this.#count] = row;
    this.#numbers[this.#count++] = number;
  }

  /** Emits the rows of `columns` and starts over. */
  send(outlet: Outlet, columns: readonly Column[]): void {
    for (let at = 0; at < this.#count; at += outputRowsMax) {
      const count = Math.min(outputRowsMax, this.#count - at);
      const rows = this.#rows.subarray(at, at + count);
      const gathered = columns.map(
        (column, c) => (this.#reused[c] = gatherRows(column, rows, count, this.#reused[c] ?? null)),
      );
      const values = this.#numbers.slice(at, at + count);
      const numbers = Array.from({ length: this.#calls }, (): Column => {
        return { kind: 'f64', values, nulls: null };
      });
      outlet.emit({
        count,
        columns: [...gathered, ...numbers],
        weights: this.#weight === 1 ? null : new Int32Array(count).fill(this.#weight),
        rowWatermarks: null,
        origin: null,
      });
    }
    this.#count = 0;
  }
}
