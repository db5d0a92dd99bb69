/**
 * Inner joins of two append-only inputs. Nothing is ever taken back, so a pair is made once, when the later of
 * its rows comes: a row is looked up once, in a table of keys that both sides share, joined with the other
 * side's rows under that key, and put in front of its own.
 *
 *   key ── left head ─→ row ─→ row …        ── right head ─→ row ─→ row …
 *
 * With time bounds (`JoinSpec.time`) a row goes when the other side's watermark has passed all it could match,
 * and late rows are kept out. A pair counts as late above when either of its rows came late for it: its
 * watermark is the higher one of its rows', whatever came first and however it was batched.
 */

import type { Operator, OperatorContext, Output } from '../dataflow/operator.ts';
import type { ColumnSpec, JoinSpec } from '../plan/dataflow-plan.ts';
import { KeyedTable } from '../state/keyed-table.ts';
import type { StateTable } from '../state/state-table.ts';
import type { Batch } from '../types/batch.ts';
import { AppendSide } from './append-side.ts';
import { JoinPairs } from './join-pairs.ts';
import { Outlet, Times } from './outlet.ts';

export class AppendJoin implements Operator {
  readonly stateTables: readonly StateTable[];
  readonly #spec: JoinSpec;
  readonly #keys: KeyedTable;
  readonly #sides: readonly [AppendSide, AppendSide];
  readonly #pairs: JoinPairs;
  readonly #times = new Times(2);
  readonly #outlet = new Outlet();
  #watermarks = new Float64Array(64);

  constructor(
    spec: JoinSpec,
    inputs: readonly [left: readonly ColumnSpec[], right: readonly ColumnSpec[]],
    context: OperatorContext,
  ) {
    this.#spec = spec;
    const [left, right] = inputs;
    const keyTypes = spec.leftKeys.map((key) => left[key]!.type);
    this.#keys = new KeyedTable({
      name: 'keys',
      keys: keyTypes,
      values: [{ kind: 'i32' }, { kind: 'i32' }],
      tracked: false,
    });
    const side = (which: 0 | 1): AppendSide =>
      new AppendSide({
        which,
        columns: inputs[which],
        spec,
        keys: this.#keys,
        context,
        counters: this.#outlet.counters,
      });
    this.#sides = [side(0), side(1)];
    this.#pairs = new JoinPairs({
      leftTypes: left.map((column) => column.type),
      rightTypes: right.map((column) => column.type),
      residual: spec.residual,
      context,
      onFailure: () => this.counters.rowsFailed++,
    });
    this.stateTables = [this.#sides[0].rows, this.#sides[1].rows, this.#times.table];
  }

  get counters() {
    return this.#outlet.counters;
  }

  connect(output: Output): void {
    this.#outlet.connect(output);
  }

  push(batch: Batch, input: number): void {
    for (const _ of this.pushSteps(batch, input));
  }

  *pushSteps(batch: Batch, input: number): Generator<void> {
    this.counters.rowsIn += batch.count;
    const side = this.#sides[input]!;
    const other = this.#sides[1 - input]!;
    const count = side.add(batch, this.#times.table.of(input));
    const { slots, found } = side;
    const { next } = other;
    const { heads } = other;
    const pairs = this.#pairs;
    for (let i = 0; i < count; i++) {
      const slot = slots[i]!;
      for (let o = heads[found[i]!]! - 1; o >= 0; o = next[o]!) {
        if (input === 0) pairs.add(slot, o, side.weight(slot) * other.weight(o));
        else pairs.add(o, slot, side.weight(slot) * other.weight(o));
        if (!pairs.full) continue;
        this.#handPairs();
        yield;
      }
    }
    this.#handPairs();
    side.link(count);
  }

  #handPairs(): void {
    const pairs = this.#pairs;
    if (pairs.count === 0) return;
    const [left, right] = this.#sides;
    pairs.filter(left.columns, right.columns);
    if (pairs.count > 0) {
      const batch = pairs.batch(left.columns, right.columns);
      if (this.#spec.time?.rowWatermarks === true) {
        batch.rowWatermarks = this.#pairWatermarks(this.#spec.time.delay);
      }
      this.#outlet.emit(batch);
    }
    pairs.count = 0;
  }

  #pairWatermarks(delay: number): Float64Array {
    const { left, right, count } = this.#pairs;
    if (this.#watermarks.length < count) this.#watermarks = new Float64Array(count * 2);
    const ofLeft = this.#sides[0].watermarks;
    const ofRight = this.#sides[1].watermarks;
    for (let i = 0; i < count; i++) {
      this.#watermarks[i] = Math.max(ofLeft[left[i]!]!, ofRight[right[i]!]!) - delay;
    }
    return this.#watermarks;
  }

  watermark(micros: number, input: number): void {
    this.#times.advance(input, micros);
  }

  flush(): void {
    this.#forget();
    this.#times.pass(this.#outlet, this.#spec.time?.delay ?? 0);
  }

  #forget(): void {
    const { table } = this.#times;
    this.#sides[0].forget(table.of(1), table.of(0));
    this.#sides[1].forget(table.of(0), table.of(1));
  }

  restored(): void {
    for (const side of this.#sides) side.restored();
    this.#forget();
  }
}
