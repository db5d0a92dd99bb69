/**
 * ORDER BY with LIMIT and OFFSET, for each partition: the rows at positions [offset, offset + limit),
 * with multiplicity, and with `withTies` also the peers of the last. Keeps every row, so that it refills
 * when a row inside goes; among peers the choice depends on the rows' values alone.
 */

import type { Operator, Output } from '../dataflow/operator.ts';
import type { TopNSpec } from '../plan/dataflow-plan.ts';
import type { StateTable } from '../state/state-table.ts';
import type { Batch } from '../types/batch.ts';
import type { SqlType } from '../types/sql-type.ts';
import { EntryOutput, Outlet, Times } from './outlet.ts';
import { Partitions } from './partitions.ts';

export class TopN implements Operator {
  readonly stateTables: readonly StateTable[];
  readonly #spec: TopNSpec;
  readonly #partitions: Partitions;
  readonly #times = new Times(1);
  readonly #outlet = new Outlet();
  readonly #output = new EntryOutput();
  /** By partition: entries that are in the output now. Their weight there is a value of the row. */
  readonly #shown = new Map<number, number[]>();

  constructor(spec: TopNSpec, types: readonly SqlType[]) {
    this.#spec = spec;
    const { partitionBy, order } = spec;
    this.#partitions = new Partitions({ types, partitionBy, order, values: [{ kind: 'f64' }] });
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

  /** Emits the difference between what the partition shows and what it should. */
  #refresh(partition: number): void {
    const { rows } = this.#partitions;
    const target = this.#choose(partition);
    const shown = rows.value(0).f64;
    for (const entry of this.#shown.get(partition) ?? []) {
      if (target.has(entry)) continue;
      this.#output.add(entry, -shown[entry]!);
      shown[entry] = 0;
      rows.touch(entry);
    }
    for (const [entry, weight] of target) {
      if (shown[entry] === weight) continue;
      this.#output.add(entry, weight - shown[entry]!);
      shown[entry] = weight;
      rows.touch(entry);
    }
    if (target.size === 0) this.#shown.delete(partition);
    else this.#shown.set(partition, [...target.keys()]);
  }

  /** Entry → weight of what the partition should show. */
  #choose(partition: number): Map<number, number> {
    const { limit, offset, withTies } = this.#spec;
    const { rows, peers } = this.#partitions;
    const chosen = new Map<number, number>();
    let skip = offset;
    let left = limit ?? Infinity;
    let last = -1;
    for (const entry of this.#partitions.sorted(partition)) {
      const weight = rows.weight(entry);
      if (weight <= 0) continue;
      if (left <= 0) {
        if (!withTies || last < 0 || peers(entry, last) !== 0) break;
        chosen.set(entry, weight);
        continue;
      }
      const skipped = Math.min(skip, weight);
      skip -= skipped;
      // With ties, the copies of the last row are its peers.
      const taken = withTies ? weight - skipped : Math.min(left, weight - skipped);
      if (taken === 0) continue;
      left -= taken;
      last = entry;
      chosen.set(entry, taken);
    }
    return chosen;
  }

  restored(): void {
    this.#partitions.restored();
    const { rows, index } = this.#partitions;
    rows.table.forEach((entry) => {
      if (rows.value(0).f64[entry] === 0) return;
      const partition = index.owner(entry);
      const list = this.#shown.get(partition);
      if (list === undefined) this.#shown.set(partition, [entry]);
      else list.push(entry);
    });
  }
}
