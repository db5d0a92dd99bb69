/**
 * Which rows of a join side the watermarks have passed: a heap of rows by the time after which they can match
 * nothing. Rows come nearly in the order of their times, so that adding one is a comparison or two. A cache:
 * it is filled again from the rows after recovery.
 *
 * Slots and entries are reused, so the heap may name a row twice or one that lives on with another time; what
 * counts is what the row says when its turn comes.
 */

import type { ForgetSpec } from '../plan/dataflow-plan.ts';
import type { StoredColumn } from '../state/stored-column.ts';
import { grownFloat64, grownInt32 } from '../state/grown.ts';
import { readDatum } from '../types/column-access.ts';

export interface ExpiringRows {
  readonly stored: readonly StoredColumn[];
  readonly isLive: (row: number) => boolean;
}

export class RowExpiry {
  readonly #spec: ForgetSpec;
  readonly #rows: ExpiringRows;
  readonly #unmatched = new RowHeap();
  /** Rows that match nothing any more but may still be retracted. */
  readonly #unsettled = new RowHeap();

  constructor(spec: ForgetSpec, rows: ExpiringRows) {
    this.#spec = spec;
    this.#rows = rows;
  }

  /** A row that was added. */
  add(row: number): void {
    this.#unmatched.push(this.#time(this.#spec, row), row);
  }

  /** Calls `forget` for each row that nothing can happen to any more. */
  pass(other: number, own: number, forget: (row: number) => void): void {
    for (let row = this.#unmatched.pop(other); row >= 0; row = this.#unmatched.pop(other)) {
      if (!this.#rows.isLive(row) || !(this.#time(this.#spec, row) < other)) continue;
      const { settled } = this.#spec;
      if (settled === null) forget(row);
      else this.#unsettled.push(this.#time(settled, row), row);
    }
    for (let row = this.#unsettled.pop(own); row >= 0; row = this.#unsettled.pop(own)) {
      if (!this.#rows.isLive(row)) continue;
      const gone =
        this.#time(this.#spec, row) < other && this.#time(this.#spec.settled!, row) < own;
      if (gone) forget(row);
    }
  }

  /** A row without a time matches nothing. */
  #time(at: { readonly column: number; readonly offset: number }, row: number): number {
    const { column, type } = this.#rows.stored[at.column]!;
    if (column.kind === 'f64' && column.nulls === null) return column.values[row]! + at.offset;
    const value = readDatum(column, row, type);
    return value === null ? -Infinity : Number(value) + at.offset;
  }
}

/** A binary heap of row numbers by a time. */
class RowHeap {
  #times: Float64Array = new Float64Array(64);
  #rows: Int32Array = new Int32Array(64);
  #count = 0;

  push(time: number, row: number): void {
    if (this.#count === this.#rows.length) {
      this.#times = grownFloat64(this.#times, this.#count * 2);
      this.#rows = grownInt32(this.#rows, this.#count * 2);
    }
    const times = this.#times;
    const rows = this.#rows;
    let at = this.#count++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (times[parent]! <= time) break;
      times[at] = times[parent]!;
      rows[at] = rows[parent]!;
      at = parent;
    }
    times[at] = time;
    rows[at] = row;
  }

  /** Takes the earliest row whose time is before `limit`; −1 when there is none. */
  pop(limit: number): number {
    const times = this.#times;
    const rows = this.#rows;
    if (this.#count === 0 || !(times[0]! < limit)) return -1;
    const top = rows[0]!;
    const count = --this.#count;
    const time = times[count]!;
    const row = rows[count]!;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= count) break;
      if (child + 1 < count && times[child + 1]! < times[child]!) child++;
      if (times[child]! >= time) break;
      times[at] = times[child]!;
      rows[at] = rows[child]!;
      at = child;
    }
    times[at] = time;
    rows[at] = row;
    return top;
  }
}
