/**
 * row_number() OVER: the input's columns and each row's number within its partition. A change of a partition
 * walks its rows in order, from each that changed to where as many have come as have gone, counting them as they
 * were and as they are, and emits those whose numbers differ: old rows first, then new ones. Equal rows count as many and have numbers in a row; ties of the order are
 * settled by the rows' values, so the result depends on the rows alone. Keeps every row.
 */

import type { Operator, Output } from '../dataflow/operator.ts';
import type { OverSpec } from '../plan/dataflow-plan.ts';
import { RankedView } from '../state/ranked-view.ts';
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
  /** Rows looked at so far: what the work is in proportion to. */
  walked = 0;
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
    for (const [partition, entries] of this.#partitions.changes()) {
      this.#renumber(partition, entries);
    }
    const { columns } = this.#partitions.rows;
    this.#old.send(this.#outlet, columns);
    this.#new.send(this.#outlet, columns);
    this.#partitions.endTick();
    this.#times.pass(this.#outlet);
  }

  #renumber(partition: number, changed: readonly number[]): void {
    const { rows } = this.#partitions;
    const sorted = this.#partitions.sorted(partition);
    const view = new RankedView(sorted, (entry) => rows.weightBefore(entry));
    /** Rows more than before, among those that come before the walk. */
    let grown = 0;
    let next = 0;
    while (next < changed.length) {
      const first = changed[next]!;
      let before = view.firstWhere((entry) => sorted.compare(entry, first) >= 0);
      let now = before + grown;
      for (const entry of sorted.from(first)) {
        const beforeEnd = before + rows.weightBefore(entry);
        const nowEnd = now + rows.weight(entry);
        this.#emitNumbers(entry, { before, beforeEnd, now, nowEnd });
        before = beforeEnd;
        now = nowEnd;
        this.walked++;
        if (entry === changed[next]) next++;
        if (before === now) break;
      }
      grown = now - before;
    }
    new RankedView(sorted, (entry) => rows.weight(entry)).settle();
  }

  #emitNumbers(
    entry: number,
    places: {
      readonly before: number;
      readonly beforeEnd: number;
      readonly now: number;
      readonly nowEnd: number;
    },
  ): void {
    const { before, beforeEnd, now, nowEnd } = places;
    // Copies keep the numbers that they have both before and after.
    for (let n = before; n < beforeEnd; n++) {
      if (n < now || n >= nowEnd) this.#old.add(entry, n + 1);
    }
    for (let n = now; n < nowEnd; n++) {
      if (n < before || n >= beforeEnd) this.#new.add(entry, n + 1);
    }
  }

  restored(): void {
    this.#partitions.restored();
  }
}
