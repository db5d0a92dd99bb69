/**
 * UNION ALL: every batch goes on as it comes; the watermark is the least of the inputs'. A row's own
 * watermark is bounded by what the other inputs have said, so that no row looks later than it is.
 */

import type { Operator, Output } from '../dataflow/operator.ts';
import type { StateTable } from '../state/state-table.ts';
import { alignColumn, sameForm } from '../state/stored-column.ts';
import type { Batch } from '../types/batch.ts';
import type { SqlType } from '../types/sql-type.ts';
import { Outlet, Times } from './outlet.ts';

export class Union implements Operator {
  readonly stateTables: readonly StateTable[];
  readonly #types: readonly SqlType[];
  readonly #inputTypes: readonly (readonly SqlType[])[];
  /** Per input: its columns have the physical form of the output. */
  readonly #aligned: readonly boolean[];
  readonly #times: Times;
  readonly #outlet = new Outlet();
  #rowWatermarks = new Float64Array(0);

  constructor(types: readonly SqlType[], inputTypes: readonly (readonly SqlType[])[]) {
    this.#types = types;
    this.#inputTypes = inputTypes;
    this.#aligned = inputTypes.map((each) => each.every((type, c) => sameForm(type, types[c]!)));
    this.#times = new Times(inputTypes.length);
    this.stateTables = [this.#times.table];
  }

  get counters() {
    return this.#outlet.counters;
  }

  connect(output: Output): void {
    this.#outlet.connect(output);
  }

  push(batch: Batch, input: number): void {
    this.counters.rowsIn += batch.count;
    this.#outlet.emit({
      count: batch.count,
      columns: this.#aligned[input] === true ? batch.columns : this.#align(batch, input),
      weights: batch.weights,
      rowWatermarks: this.#bounded(batch, input),
      origin: batch.origin,
    });
  }

  #align(batch: Batch, input: number): Batch['columns'] {
    const from = this.#inputTypes[input]!;
    return batch.columns.map((column, c) =>
      alignColumn(column, batch.count, from[c]!, this.#types[c]!),
    );
  }

  #bounded(batch: Batch, input: number): Float64Array | null {
    const source = batch.rowWatermarks;
    if (source === null || this.#inputTypes.length === 1) return source;
    if (this.#rowWatermarks.length < batch.count) {
      this.#rowWatermarks = new Float64Array(batch.count * 2);
    }
    const bound = this.#times.table.leastBut(input);
    for (let i = 0; i < batch.count; i++) this.#rowWatermarks[i] = Math.min(source[i]!, bound);
    return this.#rowWatermarks;
  }

  watermark(micros: number, input: number): void {
    this.#times.advance(input, micros);
  }

  flush(): void {
    this.#times.pass(this.#outlet);
  }

  restored(): void {
    // No caches.
  }
}
