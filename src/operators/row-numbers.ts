/**
 * row_number() OVER: the input's columns and each row's number within its partition. A change of a partition
 * walks its rows once in order, counting them as they were and as they are, and emits those whose numbers differ:
 * old rows first, then new ones. Equal rows count as many and have numbers in a row; ties of the order are
 * settled by the rows' values, so the result depends on the rows alone. Keeps every row.
 */

import type { Operator, Output } from '../dataflow/operator.ts';
import type { OverSpec } from '../plan/dataflow-plan.ts';
import { gatherRows } from '../state/gather.ts';
import type { StateTable } from '../state/state-table.ts';
import { grownFloat64, grownInt32 } from '../state/grown.ts';
import type { Batch } from '../types/batch.ts';
import type { Column } from '../types/column.ts';
import type { SqlType } from '../types/sql-type.ts';
import { Outlet, Times, outputRowsMax } from './outlet.ts';
import { Partitions } from './partitions.ts';

/** Whether all calls number rows and do nothing else. */
export function numbersRows({ calls }: OverSpec): boolean {
  return calls.every((call) => call.aggregate === null && call.name === 'row_number');
}

export class RowNumbers implements Operator {
  readonly stateTables: readonly StateTable[];
  readonly #partitions: Partitions;
  readonly #old: NumberedRows;
  readonly #new: NumberedRows;
  readonly #times = new Times(1);
  readonly #outlet = new Outlet();

  constructor({ partitionBy, order, calls }: OverSpec, types: readonly SqlType[]) {
    this.#partitions = new Partitions({ types, partitionBy, order });
    this.#old = new NumberedRows(calls.length, -1);
    this.#new = new NumberedRows(calls.length, 1);
    this.stateTables = [this.#partitions.rows, this.#times.table];
  }

  get counters() {
    return this.#outlet.counters;
  }

  connect(output: Output): void {
    this.#outlet.connect(output);
  }

  push(batch: Batch): void {
    this.counters.rowsIn += batch.count;
    this.#partitions.apply(batch);
  }

  watermark(micros: number, input: number): void {
    this.#times.advance(input, micros);
  }

  flush(): void {
    for (const partition of this.#partitions.touched) this.#renumber(partition);
    const { columns } = this.#partitions.rows;
    this.#old.send(this.#outlet, columns);
    this.#new.send(this.#outlet, columns);
    this.#partitions.endTick();
    this.#times.pass(this.#outlet);
  }

  #renumber(partition: number): void {
    const { rows } = this.#partitions;
    let before = 0;
    let now = 0;
    for (const entry of this.#partitions.sorted(partition)) {
      const beforeEnd = before + rows.weightBefore(entry);
      const nowEnd = now + rows.weight(entry);
      // Copies keep the numbers that they have both before and after.
      for (let n = before; n < beforeEnd; n++) {
        if (n < now || n >= nowEnd) this.#old.add(entry, n + 1);
      }
      for (let n = now; n < nowEnd; n++) {
        if (n < before || n >= beforeEnd) this.#new.add(entry, n + 1);
      }
      before = beforeEnd;
      now = nowEnd;
    }
  }

  restored(): void {
    this.#partitions.restored();
  }
}

/** Rows with their numbers, to go out with one sign. */
class NumberedRows {
  readonly #calls: number;
  readonly #weight: number;
  #rows: Int32Array = new Int32Array(64);
  #numbers: Float64Array = new Float64Array(64);
  #count = 0;
  readonly #reused: (Column | null)[] = [];

  constructor(calls: number, weight: 1 | -1) {
    this.#calls = calls;
    this.#weight = weight;
  }

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
