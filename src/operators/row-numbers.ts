/**
 * row_number() OVER: the input's columns and each row's number within its partition. A change of a partition
 * walks its rows once in order, counting them as they were and as they are, and emits those whose numbers differ:
 * old rows first, then new ones. Equal rows count as many and have numbers in a row; ties of the order are
 * settled by the rows' values, so the result depends on the rows alone. Keeps every row.
 */

import type { Operator, Output } from '../dataflow/operator.ts';
import type { OverSpec } from '../plan/dataflow-plan.ts';
import type { StateTable } from '../state/state-table.ts';
import type { Batch } from '../types/batch.ts';
import type { SqlType } from '../types/sql-type.ts';
import { NumberedRows } from './numbered-rows.ts';
import { Outlet, Times } from './outlet.ts';
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
