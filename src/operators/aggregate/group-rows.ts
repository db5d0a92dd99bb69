/**
 * Rows that a call keeps for its groups: (group key, arguments, order columns) with multiplicity, found
 * again by group. What its loops cannot keep in a few columns, an aggregate keeps here: ordered values for
 * min and max with retraction, the values of string_agg, percentiles.
 */

import type { OrderSpec } from '../../plan/dataflow-plan.ts';
import { gatherRows } from '../../state/gather.ts';
import type { Column } from '../../types/column.ts';
import type { SqlType } from '../../types/sql-type.ts';
import { types } from '../../types/sql-type.ts';
import { Partitions } from '../partitions.ts';
import type { CallOptions, CallRows } from './call.ts';

export class GroupRows {
  readonly partitions: Partitions;
  /** Position of the first argument among the columns. */
  readonly firstArg: number;
  readonly #options: CallOptions;
  readonly #sequenced: boolean;
  #sequence = 0;
  #found = new Int32Array(64);

  constructor(
    options: CallOptions,
    kept: {
      readonly orderTypes: readonly SqlType[];
      /** Positions count from the group's first key column. */
      readonly order: readonly OrderSpec[];
      /** Rows keep the order in which they came; only without retraction. */
      readonly sequenced?: boolean;
    },
  ) {
    this.#options = options;
    this.#sequenced = kept.sequenced ?? false;
    const { keyTypes, argTypes } = options;
    const all = [...keyTypes, ...argTypes, ...kept.orderTypes];
    const sequence: OrderSpec = { column: all.length, descending: false, nullsFirst: false };
    this.firstArg = keyTypes.length;
    this.partitions = new Partitions({
      name: options.name,
      types: this.#sequenced ? [...all, types.bigint] : all,
      partitionBy: keyTypes.map((_, k) => k),
      order: this.#sequenced ? [...kept.order, sequence] : kept.order,
    });
  }

  /** Adds the rows that count (weight not 0). */
  apply(rows: CallRows): void {
    const chosen = chosenRows(rows);
    const count = chosen === null ? rows.count : chosen.length;
    if (count === 0) return;
    const pick = (column: Column): Column =>
      chosen === null ? column : gatherRows(column, chosen, count, null);
    const columns = [...rows.keys, ...rows.args, ...rows.order].map(pick);
    if (this.#sequenced) columns.push(this.#numbers(count));
    let weights = rows.weights;
    if (weights !== null && chosen !== null) weights = chosen.map((row) => rows.weights![row]!);
    this.partitions.apply({ count, columns, weights, rowWatermarks: null, origin: null });
  }

  #numbers(count: number): Column {
    const values = new Float64Array(count);
    for (let i = 0; i < count; i++) values[i] = this.#sequence++;
    return { kind: 'f64', values, nulls: null };
  }

  /** Partition of each group, −1 where it has no rows. Valid until the next call. */
  find(groups: Int32Array, count: number): Int32Array {
    if (this.#found.length < count) this.#found = new Int32Array(count * 2);
    const keys = this.#options.groupKeys().map((column) => gatherRows(column, groups, count, null));
    this.partitions.index.table.find(keys, count, this.#found);
    return this.#found;
  }

  /** Lets go of all rows of the groups. */
  forget(groups: Int32Array, count: number): void {
    const { index, rows } = this.partitions;
    const found = this.find(groups, count).slice(0, count);
    for (const partition of found) {
      if (partition < 0) continue;
      for (let row = index.head(partition); row >= 0; row = index.next[row]!) {
        rows.addWeight(row, -rows.weight(row));
      }
    }
  }

  restored(): void {
    this.partitions.restored();
    if (!this.#sequenced) return;
    const { table, types: all } = this.partitions.rows;
    const sequence = table.keys[all.length - 1]!.stored.column as { values: Float64Array };
    table.forEach((entry) => {
      this.#sequence = Math.max(this.#sequence, sequence.values[entry]! + 1);
    });
  }
}

function chosenRows(rows: CallRows): Int32Array | null {
  const { weights, count } = rows;
  if (weights === null) return null;
  const chosen = new Int32Array(count);
  let kept = 0;
  for (let i = 0; i < count; i++) if (weights[i] !== 0) chosen[kept++] = i;
  return chosen.subarray(0, kept);
}
