/** min and max over rows that never go: the extreme itself is all that is kept. */

import type { StateTable } from '../../state/state-table.ts';
import type { StoredColumn } from '../../state/stored-column.ts';
import type { ValueColumn, ValueSpec } from '../../state/value-column.ts';
import type { Column } from '../../types/column.ts';
import { readDatum } from '../../types/column-access.ts';
import { comparatorOf } from '../../types/compare.ts';
import type { Datum } from '../../types/datum.ts';
import type { SqlType } from '../../types/sql-type.ts';
import { narrowColumn } from '../../types/column-access.ts';
import { gatherRows } from '../../state/gather.ts';
import type { CallRows, CallState } from './call.ts';

export class InsertOnlyExtreme implements CallState {
  /** The extreme, and whether there is one. */
  readonly specs: readonly ValueSpec[];
  readonly stateTables: readonly StateTable[] = [];
  readonly #type: SqlType;
  readonly #sign: 1 | -1;
  readonly #compare: (a: Datum, b: Datum) => number;
  #before: (Datum | null)[] = [];
  #values: StoredColumn | null = null;
  #present: ValueColumn | null = null;

  constructor(options: {
    readonly max: boolean;
    readonly type: SqlType;
    /** That of the type when not given; another needs a type that is kept as datums. */
    readonly compare?: (a: Datum, b: Datum) => number;
  }) {
    this.#type = options.type;
    this.#sign = options.max ? 1 : -1;
    this.#compare = options.compare ?? comparatorOf(options.type);
    this.specs = [{ kind: 'datum', type: options.type }, { kind: 'u8' }];
  }

  attach(columns: readonly ValueColumn[]): void {
    this.#values = columns[0]!.stored!;
    this.#present = columns[1]!;
  }

  update(rows: CallRows): void {
    const source = this.#values!.accept(rows.args[0]!, rows.count);
    const target = this.#values!.column;
    if (source.kind === 'f64' && target.kind === 'f64') {
      this.#updateFloat64(source.values, source.nulls, target.values, rows);
    } else if (source.kind === 'i32' && target.kind === 'i32') {
      this.#updateInt32(source.values, source.nulls, target.values, rows);
    } else {
      this.#updateDatums(source, rows);
    }
  }

  #updateFloat64(
    values: Float64Array,
    nulls: Uint8Array | null,
    extremes: Float64Array,
    rows: CallRows,
  ): void {
    const { groups, weights, count } = rows;
    const present = this.#present!.u8;
    const sign = this.#sign;
    for (let i = 0; i < count; i++) {
      if ((nulls !== null && nulls[i] !== 0) || (weights !== null && weights[i] === 0)) continue;
      const group = groups[i]!;
      const value = values[i]!;
      // NaN is the greatest: it replaces anything for max and is replaced by anything for min.
      const known = extremes[group]!;
      const better =
        value !== value
          ? sign === 1 && known === known
          : (value - known) * sign > 0 || (known !== known && sign === -1);
      if (present[group] === 0 || better) {
        extremes[group] = value;
        present[group] = 1;
      }
    }
  }

  #updateInt32(
    values: Int32Array,
    nulls: Uint8Array | null,
    extremes: Int32Array,
    rows: CallRows,
  ): void {
    const { groups, weights, count } = rows;
    const present = this.#present!.u8;
    const sign = this.#sign;
    for (let i = 0; i < count; i++) {
      if ((nulls !== null && nulls[i] !== 0) || (weights !== null && weights[i] === 0)) continue;
      const group = groups[i]!;
      if (present[group] === 0 || (values[i]! - extremes[group]!) * sign > 0) {
        extremes[group] = values[i]!;
        present[group] = 1;
      }
    }
  }

  #updateDatums(source: Column, rows: CallRows): void {
    const { groups, weights, count } = rows;
    const present = this.#present!.u8;
    const stored = this.#values!;
    for (let i = 0; i < count; i++) {
      if (weights !== null && weights[i] === 0) continue;
      const value = readDatum(source, i, this.#type);
      if (value === null) continue;
      const group = groups[i]!;
      if (present[group] !== 0) {
        const known = readDatum(stored.column, group, this.#type)!;
        if (this.#compare(value, known) * this.#sign <= 0) continue;
      }
      stored.setDatum(group, value);
      present[group] = 1;
    }
  }

  capture(groups: Int32Array, from: number, to: number): void {
    for (let t = from; t < to; t++) this.#before[t] = this.#result(groups[t]!);
  }

  merge(from: number, to: number): void {
    const value = this.#result(from);
    if (value === null) return;
    const known = this.#result(to);
    if (known !== null && this.#compare(value, known) * this.#sign <= 0) return;
    this.#values!.setDatum(to, value);
    this.#present!.u8[to] = 1;
  }

  #result(group: number): Datum | null {
    if (this.#present!.u8[group] === 0) return null;
    return readDatum(this.#values!.column, group, this.#type);
  }

  output(groups: Int32Array, count: number): Column {
    const rows = groups.slice(0, count);
    for (let i = 0; i < count; i++) if (this.#present!.u8[rows[i]!] === 0) rows[i] = -1;
    return gatherRows(this.#values!.column, rows, count, null, { mayMiss: true });
  }

  outputBefore(from: number, count: number): Column {
    const values = this.#before.slice(from, from + count);
    return narrowColumn({ kind: 'any', values, nulls: null }, count, this.#type);
  }

  endTick(): void {
    this.#before = [];
  }

  forget(): void {
    // Nothing beside the group's own columns.
  }

  restored(): void {
    // No caches.
  }
}
