/**
 * Joins each row of an append-only input, once, with the rows that the right side has when it comes (FOR
 * SYSTEM_TIME AS OF processing time). Changes of the right side take nothing back. In one tick the right
 * side's changes come first. Where the right side is read from bounded sources, rows wait until it is complete.
 *
 * Keeps the right side, and what waits.
 */

import type { Operator, OperatorContext, Output } from '../dataflow/operator.ts';
import type { ColumnSpec, LookupJoinSpec } from '../plan/dataflow-plan.ts';
import { gatherRows } from '../state/gather.ts';
import { SlotTable } from '../state/slot-table.ts';
import type { StateTable } from '../state/state-table.ts';
import type { Batch } from '../types/batch.ts';
import type { Column } from '../types/column.ts';
import type { SqlType } from '../types/sql-type.ts';
import { JoinPairs } from './join-pairs.ts';
import { JoinSide } from './join-side.ts';
import { Outlet, Times, outputRowsMax } from './outlet.ts';

export class LookupJoin implements Operator {
  readonly stateTables: readonly StateTable[];
  readonly #spec: LookupJoinSpec;
  readonly #leftTypes: readonly SqlType[];
  readonly #rightTypes: readonly SqlType[];
  /** Rows to be looked up, each with its weight and the watermark it came with; empty between ticks but for waiting. */
  readonly #waiting: SlotTable;
  /** Their slots, in order of arrival. */
  #order: number[] = [];
  readonly #right: JoinSide;
  readonly #pairs: JoinPairs;
  readonly #times = new Times(2);
  readonly #outlet = new Outlet();
  readonly #awaits: boolean;
  #sent = -Infinity;
  #slots = new Int32Array(64);
  #found = new Int32Array(64);

  constructor(
    spec: LookupJoinSpec,
    inputs: readonly [left: readonly ColumnSpec[], right: readonly ColumnSpec[]],
    context: OperatorContext,
  ) {
    this.#spec = spec;
    this.#awaits = spec.awaitsRight;
    this.#leftTypes = inputs[0].map((column) => column.type);
    this.#rightTypes = inputs[1].map((column) => column.type);
    this.#waiting = new SlotTable({
      name: 'waiting',
      types: this.#leftTypes,
      values: [{ kind: 'i32' }, { kind: 'f64' }],
    });
    this.#right = new JoinSide({
      name: 'right',
      types: this.#rightTypes,
      keys: spec.rightKeys,
      nullSafe: spec.nullSafe,
      counted: false,
      appendOnly: false,
      forget: null,
    });
    this.#pairs = new JoinPairs({
      leftTypes: this.#leftTypes,
      rightTypes: this.#rightTypes,
      residual: spec.residual,
      context,
      onFailure: () => this.counters.rowsFailed++,
    });
    this.stateTables = [this.#waiting, this.#right.rows, this.#times.table];
  }

  get counters() {
    return this.#outlet.counters;
  }

  connect(output: Output): void {
    this.#outlet.connect(output);
  }

  push(batch: Batch, input: number): void {
    const { count, columns, weights, rowWatermarks } = batch;
    this.counters.rowsIn += count;
    if (input === 1) {
      this.#right.apply(batch);
      return;
    }
    if (this.#slots.length < count) this.#slots = new Int32Array(count * 2);
    this.#waiting.add(columns, null, count, this.#slots);
    const kept = this.#waiting.values[0]!.i32;
    const before = this.#waiting.values[1]!.f64;
    const watermark = this.#times.table.of(0);
    for (let i = 0; i < count; i++) {
      const slot = this.#slots[i]!;
      kept[slot] = weights === null ? 1 : weights[i]!;
      before[slot] = rowWatermarks === null ? watermark : rowWatermarks[i]!;
      this.#order.push(slot);
    }
  }

  watermark(micros: number, input: number): void {
    this.#times.advance(input, micros);
  }

  flush(): void {
    this.#right.endTick(-Infinity, -Infinity);
    if (this.#awaits && this.#times.table.of(1) !== Infinity) return;
    for (let at = 0; at < this.#order.length; at += outputRowsMax) {
      this.#look(Int32Array.from(this.#order.slice(at, at + outputRowsMax)));
    }
    for (const slot of this.#order) this.#waiting.remove(slot);
    this.#order = [];
    const left = this.#times.table.of(0);
    if (left <= this.#sent) return;
    this.#sent = left;
    this.#outlet.watermark(left);
  }

  /** Looks up the rows in `slots`. */
  #look(slots: Int32Array): void {
    const count = slots.length;
    if (this.#found.length < count) this.#found = new Int32Array(count * 2);
    const { leftKeys } = this.#spec;
    const stored = this.#waiting.columns;
    const { index, rows } = this.#right;
    index.table.find(
      leftKeys.map((key) => gatherRows(stored[key]!, slots, count, null)),
      count,
      this.#found,
      leftKeys.map((key) => this.#leftTypes[key]!),
    );
    const matched = new Uint8Array(count);
    const weights = this.#waiting.values[0]!.i32;
    // Pairs name a left row by its place in `slots`, so that it can be told which ones found something.
    const chosen = stored.map((column) => gatherRows(column, slots, count, null));
    for (let i = 0; i < count; i++) {
      const key = this.#found[i]!;
      if (key < 0) continue;
      for (let r = index.head(key); r >= 0; r = index.next[r]!) {
        this.#pairs.add(i, r, weights[slots[i]!]! * rows.weight(r));
        if (this.#pairs.full) this.#handPairs(chosen, slots, matched);
      }
    }
    this.#handPairs(chosen, slots, matched);
    if (this.#spec.type === 'left') this.#giveUnmatched(chosen, slots, matched);
  }

  #handPairs(left: readonly Column[], slots: Int32Array, matched: Uint8Array): void {
    const pairs = this.#pairs;
    const leftColumns = (): readonly Column[] => left;
    pairs.filter(leftColumns, this.#right.columns);
    for (let i = 0; i < pairs.count; i++) matched[pairs.left[i]!] = 1;
    if (pairs.count > 0) {
      const batch = pairs.batch(leftColumns, this.#right.columns);
      batch.rowWatermarks = this.#watermarksOf(slots, pairs.left, pairs.count);
      this.#outlet.emit(batch);
    }
    pairs.count = 0;
  }

  #watermarksOf(slots: Int32Array, places: Int32Array, count: number): Float64Array {
    const before = this.#waiting.values[1]!.f64;
    const watermarks = new Float64Array(count);
    for (let i = 0; i < count; i++) watermarks[i] = before[slots[places[i]!]!]!;
    return watermarks;
  }

  #giveUnmatched(left: readonly Column[], slots: Int32Array, matched: Uint8Array): void {
    const places = Int32Array.from(slots.keys()).filter((i) => matched[i] === 0);
    const count = places.length;
    if (count === 0) return;
    const weights = this.#waiting.values[0]!.i32;
    const nothing = this.#rightTypes.map((): Column => ({
      kind: 'any',
      values: new Array<null>(count).fill(null),
      nulls: null,
    }));
    this.#outlet.emit({
      count,
      columns: [...left.map((column) => gatherRows(column, places, count, null)), ...nothing],
      weights: places.map((i) => weights[slots[i]!]!),
      rowWatermarks: this.#watermarksOf(slots, places, count),
      origin: null,
    });
  }

  restored(): void {
    this.#right.restored(-Infinity, -Infinity);
    this.#waiting.forEach((slot) => this.#order.push(slot));
  }
}
