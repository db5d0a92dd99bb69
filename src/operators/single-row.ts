/**
 * At most one row a group: what a scalar subquery promises. A group with more fails with 21000: in an
 * ad-hoc query the statement does; in a view the group gives no row (so the value is NULL) and a row
 * error, until it has one row again.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import type { Operator, OperatorContext, Output } from '../dataflow/operator.ts';
import type { SingleRowSpec } from '../plan/dataflow-plan.ts';
import { keyDatum } from '../state/keyed-table.ts';
import type { StateTable } from '../state/state-table.ts';
import type { Batch } from '../types/batch.ts';
import type { SqlType } from '../types/sql-type.ts';
import { EntryOutput, Outlet, Times } from './outlet.ts';
import { Partitions } from './partitions.ts';
import { reportFailure } from './row-failure.ts';

export class SingleRow implements Operator {
  readonly stateTables: readonly StateTable[];
  readonly #context: OperatorContext;
  readonly #partitions: Partitions;
  readonly #times = new Times(1);
  readonly #outlet = new Outlet();
  readonly #output = new EntryOutput();

  constructor(spec: SingleRowSpec, types: readonly SqlType[], context: OperatorContext) {
    this.#context = context;
    this.#partitions = new Partitions({ types, partitionBy: spec.keys, order: [] });
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
    for (const partition of this.#partitions.touched) this.#refresh(partition);
    this.#output.send(this.#outlet, this.#partitions.rows.columns);
    this.#partitions.endTick();
    this.#times.pass(this.#outlet);
  }

  #refresh(partition: number): void {
    const { rows, index } = this.#partitions;
    let before = 0;
    let now = 0;
    for (let row = index.head(partition); row >= 0; row = index.next[row]!) {
      before += rows.weightBefore(row);
      now += rows.weight(row);
    }
    for (let row = index.head(partition); row >= 0; row = index.next[row]!) {
      const shown = before === 1 ? rows.weightBefore(row) : 0;
      this.#output.add(row, (now === 1 ? rows.weight(row) : 0) - shown);
    }
    if (before > 1 !== now > 1) this.#report(index.head(partition), now > 1 ? 1 : -1);
  }

  #report(row: number, weight: number): void {
    const { table } = this.#partitions.rows;
    const values = this.#partitions.rows.types.map((_, c) => keyDatum(table, c, row));
    const message = 'more than one row returned by a subquery used as an expression';
    reportFailure(new SqlError(sqlstate.cardinalityViolation, message), {
      context: this.#context,
      counters: this.counters,
      values,
      weight,
    });
  }

  restored(): void {
    this.#partitions.restored();
  }
}
