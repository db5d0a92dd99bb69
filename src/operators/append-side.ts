/**
 * One side of a join of append-only inputs: its rows in slots, each with its weight and, where something above
 * judges lateness, the watermark that it came with; chained by key. The keys are shared by both sides.
 */

import type { OperatorContext, OperatorCounters } from '../dataflow/operator.ts';
import type { ColumnSpec, JoinSpec } from '../plan/dataflow-plan.ts';
import { gatherRows } from '../state/gather.ts';
import type { KeyedTable } from '../state/keyed-table.ts';
import { SlotTable } from '../state/slot-table.ts';
import { grownInt32 } from '../state/grown.ts';
import type { Batch } from '../types/batch.ts';
import { gather, isNullAt } from '../types/column-access.ts';
import type { Column } from '../types/column.ts';
import type { SqlType } from '../types/sql-type.ts';
import { LateRows } from './late-rows.ts';
import { RowExpiry } from './row-expiry.ts';

export interface AppendSideOptions {
  /** 0 left, 1 right. */
  readonly which: 0 | 1;
  readonly columns: readonly ColumnSpec[];
  readonly spec: JoinSpec;
  /** Values: the first row of the left side under a key plus one, and that of the right side. */
  readonly keys: KeyedTable;
  readonly context: OperatorContext;
  readonly counters: OperatorCounters;
}

export class AppendSide {
  readonly rows: SlotTable;
  /** Of the batch added last: slots of its rows, and the entries of their keys. */
  slots: Int32Array = new Int32Array(64);
  found: Int32Array = new Int32Array(64);
  /** By slot: the next row under the same key, or −1. */
  next: Int32Array = new Int32Array(0);
  #previous: Int32Array = new Int32Array(0);
  /** By slot: the entry of its key. */
  #owner: Int32Array = new Int32Array(0);
  readonly #which: 0 | 1;
  readonly #keyColumns: readonly number[];
  readonly #keyTypes: readonly SqlType[];
  readonly #nullSafe: readonly boolean[];
  readonly #keys: KeyedTable;
  readonly #expiry: RowExpiry | null;
  readonly #late: LateRows | null;
  readonly #carries: boolean;

  constructor(options: AppendSideOptions) {
    const { which, columns, spec, context, counters } = options;
    this.#which = which;
    this.#keys = options.keys;
    this.#keyColumns = which === 0 ? spec.leftKeys : spec.rightKeys;
    const types = columns.map((column) => column.type);
    this.#keyTypes = this.#keyColumns.map((key) => types[key]!);
    this.#nullSafe = spec.nullSafe;
    this.#carries = spec.time?.rowWatermarks ?? false;
    this.rows = new SlotTable({
      name: which === 0 ? 'left' : 'right',
      types,
      values: [{ kind: 'i32' }, ...(this.#carries ? [{ kind: 'f64' } as const] : [])],
    });
    const forget = spec.time?.forget[which] ?? null;
    this.#expiry =
      forget === null
        ? null
        : new RowExpiry(forget, {
            stored: this.rows.stored,
            isLive: (slot) => this.rows.isLive(slot),
          });
    const column = spec.time?.lateBy[which] ?? null;
    this.#late = column === null ? null : new LateRows({ column, columns, context, counters });
  }

  readonly columns = (): readonly Column[] => this.rows.columns;

  /** By key entry: the first row plus one, 0 for none. */
  get heads(): Int32Array {
    return this.#keys.values[this.#which]!.i32;
  }

  /** By slot: the watermark that a row came with. */
  get watermarks(): Float64Array {
    return this.rows.values[1]!.f64;
  }

  weight(slot: number): number {
    return this.rows.values[0]!.i32[slot]!;
  }

  /**
   * Stores the rows that may match something, and gives their number; `link` has to follow. `watermark` counts
   * for rows that carry none.
   */
  add(input: Batch, watermark: number): number {
    const timely = this.#late === null ? input : this.#late.without(input, watermark);
    const { count, columns, weights, rowWatermarks } = this.#matchable(timely);
    if (this.slots.length < count) {
      this.slots = new Int32Array(count * 2);
      this.found = new Int32Array(count * 2);
    }
    if (count === 0) return 0;
    this.rows.add(columns, null, count, this.slots);
    this.#keys.findOrAdd(
      this.#keyColumns.map((key) => columns[key]!),
      count,
      this.found,
      this.#keyTypes,
    );
    const kept = this.rows.values[0]!.i32;
    for (let i = 0; i < count; i++) kept[this.slots[i]!] = weights === null ? 1 : weights[i]!;
    if (this.#carries) {
      const before = this.watermarks;
      for (let i = 0; i < count; i++) {
        before[this.slots[i]!] = rowWatermarks === null ? watermark : rowWatermarks[i]!;
      }
    }
    return count;
  }

  /** Rows without a NULL in a key column where NULL matches nothing. */
  #matchable(batch: Batch): Batch {
    const tested: Column[] = [];
    for (let k = 0; k < this.#keyColumns.length; k++) {
      const column = batch.columns[this.#keyColumns[k]!]!;
      const mayBeNull = column.kind === 'any' || column.nulls !== null;
      if (mayBeNull && !this.#nullSafe[k]!) tested.push(column);
    }
    if (tested.length === 0) return batch;
    const kept: number[] = [];
    for (let i = 0; i < batch.count; i++) {
      if (!tested.some((column) => isNullAt(column, i))) kept.push(i);
    }
    if (kept.length === batch.count) return batch;
    return gather(batch, Int32Array.from(kept), kept.length);
  }

  /** Puts the rows that were added last in front of their keys' chains. */
  link(count: number): void {
    this.#growChains();
    for (let i = 0; i < count; i++) this.#linkOne(this.slots[i]!, this.found[i]!);
  }

  #growChains(): void {
    const { capacity } = this.rows;
    if (this.next.length >= capacity) return;
    this.next = grownInt32(this.next, capacity);
    if (this.#expiry === null) return;
    this.#previous = grownInt32(this.#previous, capacity);
    this.#owner = grownInt32(this.#owner, capacity);
  }

  #linkOne(slot: number, key: number): void {
    const { heads } = this;
    const first = heads[key]! - 1;
    this.next[slot] = first;
    heads[key] = slot + 1;
    if (this.#expiry === null) return;
    this.#previous[slot] = -1;
    if (first >= 0) this.#previous[first] = slot;
    this.#owner[slot] = key;
    this.#expiry.add(slot);
  }

  /** Lets rows go that neither watermark leaves anything to do. */
  forget(other: number, own: number): void {
    this.#expiry?.pass(other, own, this.#drop);
  }

  readonly #drop = (slot: number): void => {
    const next = this.next[slot]!;
    const previous = this.#previous[slot]!;
    if (next >= 0) this.#previous[next] = previous;
    if (previous >= 0) this.next[previous] = next;
    else this.#cut(this.#owner[slot]!, next);
    this.rows.remove(slot);
  };

  /** The chain of a key begins at another row; a key without rows on either side goes. */
  #cut(key: number, first: number): void {
    this.heads[key] = first + 1;
    const [left, right] = this.#keys.values;
    if (left!.i32[key] === 0 && right!.i32[key] === 0) this.#keys.remove(key);
  }

  restored(): void {
    const list: number[] = [];
    this.rows.forEach((slot) => list.push(slot));
    const { columns } = this.rows;
    this.slots = Int32Array.from(list);
    this.found = new Int32Array(list.length);
    this.#keys.findOrAdd(
      this.#keyColumns.map((key) => gatherRows(columns[key]!, this.slots, list.length, null)),
      list.length,
      this.found,
      this.#keyTypes,
    );
    this.link(list.length);
  }
}
