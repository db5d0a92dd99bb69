/**
 * Equi-joins of all kinds, with NULL-safe keys where asked, a residual condition, and retraction on both
 * sides; without keys a cross join. Bilinear in its inputs: with L and R as they stood before the tick,
 *
 *   change of L⋈R = Σ over changed l, all r:       w′(l)·w′(r) − w(l)·w(r)
 *                 + Σ over changed r, unchanged l: w(l)·(w′(r) − w(r))
 *
 * which is net already: a pair is emitted at most once a tick. Outer, semi and anti joins count each
 * row's matches and emit when the count leaves or reaches 0. (A matched row of NULLs only looks like the
 * padding it replaces; such a pair of changes is not cancelled here.) Keeps every row of both sides, but for
 * those that time bounds let go (`JoinSpec.time`). Two append-only inputs have an operator of their own.
 */

import { fault } from '../base/assert.ts';
import type { Operator, OperatorContext, Output } from '../dataflow/operator.ts';
import type { ColumnSpec, JoinSpec } from '../plan/dataflow-plan.ts';
import { gatherRows } from '../state/gather.ts';
import type { StateTable } from '../state/state-table.ts';
import type { Batch } from '../types/batch.ts';
import type { Column } from '../types/column.ts';
import { JoinPairs } from './join-pairs.ts';
import { JoinSide } from './join-side.ts';
import { LateRows } from './late-rows.ts';
import { EntryOutput, Outlet, Times } from './outlet.ts';

export interface JoinInputs {
  readonly left: readonly ColumnSpec[];
  readonly right: readonly ColumnSpec[];
  /** Per side: no row is ever retracted. Its rows are then kept without a hash of the whole row. */
  readonly leftAppendOnly: boolean;
  readonly rightAppendOnly: boolean;
}

export class Join implements Operator {
  readonly stateTables: readonly StateTable[];
  readonly #type: JoinSpec['type'];
  readonly #left: JoinSide;
  readonly #right: JoinSide;
  readonly #pairs: JoinPairs;
  readonly #times = new Times(2);
  readonly #outlet = new Outlet();
  readonly #output = new EntryOutput();
  /** For each changed row, the entry of its key on the other side. */
  #probe = new Int32Array(64);
  /** Pairs are output rows (not so for semi and anti joins). */
  readonly #givesPairs: boolean;
  readonly #late: readonly [LateRows | null, LateRows | null];
  readonly #delay: number;
  readonly #padding: { readonly left: Column[]; readonly right: Column[] };

  constructor(spec: JoinSpec, inputs: JoinInputs, context: OperatorContext) {
    this.#type = spec.type;
    this.#delay = spec.time?.delay ?? 0;
    const countsLeft = ['left', 'full', 'semi', 'anti'].includes(spec.type);
    const countsRight = ['right', 'full'].includes(spec.type);
    const { nullSafe } = spec;
    const leftTypes = inputs.left.map((column) => column.type);
    const rightTypes = inputs.right.map((column) => column.type);
    this.#left = new JoinSide({
      name: 'left',
      types: leftTypes,
      keys: spec.leftKeys,
      nullSafe,
      counted: countsLeft,
      appendOnly: inputs.leftAppendOnly,
      forget: spec.time?.forget[0] ?? null,
    });
    this.#right = new JoinSide({
      name: 'right',
      types: rightTypes,
      keys: spec.rightKeys,
      nullSafe,
      counted: countsRight,
      appendOnly: inputs.rightAppendOnly,
      forget: spec.time?.forget[1] ?? null,
    });
    this.#givesPairs = spec.type !== 'semi' && spec.type !== 'anti';
    this.#pairs = new JoinPairs({
      leftTypes,
      rightTypes,
      residual: spec.residual,
      context,
      onFailure: () => this.counters.rowsFailed++,
    });
    const nothing = (): Column => ({ kind: 'any', values: [], nulls: null });
    this.#padding = {
      left: leftTypes.map(nothing),
      right: rightTypes.map(nothing),
    };
    const guard = (side: 0 | 1, columns: readonly ColumnSpec[]): LateRows | null => {
      const column = spec.time?.lateBy[side] ?? null;
      if (column === null) return null;
      return new LateRows({ column, columns, context, counters: this.counters });
    };
    this.#late = [guard(0, inputs.left), guard(1, inputs.right)];
    this.stateTables = [this.#left.rows, this.#right.rows, this.#times.table];
  }

  get counters() {
    return this.#outlet.counters;
  }

  connect(output: Output): void {
    this.#outlet.connect(output);
  }

  push(batch: Batch, input: number): void {
    this.counters.rowsIn += batch.count;
    const side = input === 0 ? this.#left : this.#right;
    const late = this.#late[input] ?? null;
    const timely = late === null ? batch : late.without(batch, this.#times.table.of(input));
    if (timely.count > 0) side.apply(timely);
  }

  watermark(micros: number, input: number): void {
    this.#times.advance(input, micros);
  }

  flush(): void {
    for (const _ of this.flushSteps());
  }

  *flushSteps(): Generator<void> {
    yield* this.#pairLeft();
    yield* this.#pairRight();
    this.#handPairs();
    if (this.#left.counted) this.#emitUnmatched(this.#left);
    if (this.#right.counted) this.#emitUnmatched(this.#right);
    const [left, right] = [this.#times.table.of(0), this.#times.table.of(1)];
    this.#left.endTick(right, left);
    this.#right.endTick(left, right);
    this.#times.pass(this.#outlet, this.#delay);
  }

  /** Changed left rows against all right rows. */
  *#pairLeft(): Generator<void> {
    const { rows } = this.#left;
    const { index, rows: others } = this.#right;
    const changed = rows.touched.slice(0, rows.touchedCount);
    this.#findKeys(this.#left, this.#right, changed);
    const { heads, next } = index;
    const { weights } = others;
    const steady = others.touchedCount === 0;
    for (let i = 0; i < changed.length; i++) {
      const row = changed[i]!;
      const key = this.#probe[i]!;
      if (key < 0) continue;
      const before = rows.weightBefore(row);
      const now = rows.weight(row);
      if (before === now) continue;
      for (let o = heads[key]! - 1; o >= 0; o = next[o]!) {
        const weight = weights[o]!;
        this.#pair(row, o, now * weight - before * (steady ? weight : others.weightBefore(o)));
        if (!this.#pairs.full) continue;
        this.#handPairs();
        yield;
      }
    }
  }

  /** Changed right rows against the left rows that did not change. */
  *#pairRight(): Generator<void> {
    const { rows } = this.#right;
    const { index, rows: others } = this.#left;
    const changed = rows.touched.slice(0, rows.touchedCount);
    this.#findKeys(this.#right, this.#left, changed);
    const { heads, next } = index;
    const { weights } = others;
    for (let i = 0; i < changed.length; i++) {
      const row = changed[i]!;
      const key = this.#probe[i]!;
      if (key < 0) continue;
      const change = rows.weight(row) - rows.weightBefore(row);
      if (change === 0) continue;
      for (let o = heads[key]! - 1; o >= 0; o = next[o]!) {
        const weight = weights[o]!;
        if (weight === others.weightBefore(o)) this.#pair(o, row, weight * change);
        if (!this.#pairs.full) continue;
        this.#handPairs();
        yield;
      }
    }
  }

  /** Fills #probe with the key entries on the other side of `changed`; −1 where nothing can match. */
  #findKeys(side: JoinSide, other: JoinSide, changed: Int32Array): void {
    const count = changed.length;
    if (this.#probe.length < count) this.#probe = new Int32Array(count * 2);
    if (count === 0) return;
    const stored = side.rows.columns;
    const columns = side.keys.map((key) => gatherRows(stored[key]!, changed, count, null));
    other.index.table.find(columns, count, this.#probe, side.keyTypes);
    for (let i = 0; i < count; i++) {
      if (side.index.owner(changed[i]!) < 0) this.#probe[i] = -1;
    }
  }

  /**
   * A pair whose weight changes. Also one with change 0 matters where matches are counted: both rows may
   * have changed so that the products cancel.
   */
  #pair(left: number, right: number, weight: number): void {
    if (weight === 0 && !this.#left.counted && !this.#right.counted) return;
    if (!(Math.abs(weight) <= 0x7fff_ffff)) fault(`a joined row has multiplicity ${weight}`);
    this.#pairs.add(left, right, weight);
  }

  #handPairs(): void {
    const pairs = this.#pairs;
    if (pairs.count === 0) return;
    const left = this.#left.columns;
    const right = this.#right.columns;
    pairs.filter(left, right);
    if (this.#left.counted || this.#right.counted) this.#countMatches();
    if (this.#givesPairs) {
      this.#dropZeros();
      this.#outlet.emit(pairs.batch(left, right));
    }
    pairs.count = 0;
  }

  #countMatches(): void {
    const { left, right, count } = this.#pairs;
    for (let i = 0; i < count; i++) {
      const l = left[i]!;
      const r = right[i]!;
      if (this.#left.counted) this.#left.addMatches(l, matchChange(this.#left, l, this.#right, r));
      if (this.#right.counted) {
        this.#right.addMatches(r, matchChange(this.#right, r, this.#left, l));
      }
    }
  }

  #dropZeros(): void {
    const { left, right, weights, count } = this.#pairs;
    let kept = 0;
    for (let i = 0; i < count; i++) {
      if (weights[i] === 0) continue;
      left[kept] = left[i]!;
      right[kept] = right[i]!;
      weights[kept++] = weights[i]!;
    }
    this.#pairs.count = kept;
  }

  /** Rows that are in the output by themselves: unmatched ones of outer joins, or as semi and anti say. */
  #emitUnmatched(side: JoinSide): void {
    const { rows } = side;
    for (let i = 0; i < rows.touchedCount; i++) {
      const row = rows.touched[i]!;
      const before = this.#shows(side.matchesBefore(row)) ? rows.weightBefore(row) : 0;
      const now = this.#shows(side.matches(row)) ? rows.weight(row) : 0;
      this.#output.add(row, now - before);
    }
    if (!this.#givesPairs) {
      this.#output.send(this.#outlet, rows.columns);
      return;
    }
    const { left, right } = this.#padding;
    if (side === this.#left) {
      this.#output.send(this.#outlet, rows.columns, (count) => nullColumns(right, count));
    } else {
      this.#output.send(this.#outlet, rows.columns, (count) => nullColumns(left, count), 'before');
    }
  }

  #shows(matches: number): boolean {
    return this.#type === 'semi' ? matches > 0 : matches === 0;
  }

  restored(): void {
    const [left, right] = [this.#times.table.of(0), this.#times.table.of(1)];
    this.#left.restored(right, left);
    this.#right.restored(left, right);
  }
}

/**
 * By how much a pair changes the number of matches of `row`: a row that is new in this tick counts all
 * of the other's weight, one that was there the change of it.
 */
function matchChange(side: JoinSide, row: number, others: JoinSide, other: number): number {
  const now = others.rows.weight(other);
  return side.rows.weightBefore(row) === 0 ? now : now - others.rows.weightBefore(other);
}

function nullColumns(columns: Column[], count: number): Column[] {
  for (const column of columns) {
    if (column.kind === 'any') while (column.values.length < count) column.values.push(null);
  }
  return columns;
}
