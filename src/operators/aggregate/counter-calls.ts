/** count, bool_and, bool_or, every: numbers a group that add and subtract. */

import { assert, must } from '../../base/assert.ts';
import { grownFloat64 } from '../../state/grown.ts';
import type { StateTable } from '../../state/state-table.ts';
import type { ValueColumn, ValueSpec } from '../../state/value-column.ts';
import type { Column } from '../../types/column.ts';
import type { CallRows, CallState } from './call.ts';

/** Adds the rows' weights to numbers by group, where `skip` allows. */
function addWeights(
  target: Float64Array,
  rows: CallRows,
  counts: ((row: number) => boolean) | null,
): void {
  const { groups, weights, count } = rows;
  if (weights === null && counts === null) {
    for (let i = 0; i < count; i++) target[groups[i]!] = target[groups[i]!]! + 1;
    return;
  }
  for (let i = 0; i < count; i++) {
    if (counts !== null && !counts(i)) continue;
    target[groups[i]!] = target[groups[i]!]! + (weights === null ? 1 : weights[i]!);
  }
}

function addOne(target: Float64Array, from: number, to: number): void {
  target[to] = target[to]! + target[from]!;
}

/** Which rows have a non-NULL value; null when all have. */
function notNull(column: Column): ((row: number) => boolean) | null {
  if (column.kind === 'any') return (row) => column.values[row] !== null;
  const { nulls } = column;
  return nulls === null ? null : (row) => nulls[row] === 0;
}

/** Numbers remembered by position, growing. */
export class Remembered {
  values: Float64Array = new Float64Array(64);

  take(source: Float64Array, groups: Int32Array, from: number, to: number): void {
    if (this.values.length < to) {
      this.values = grownFloat64(this.values, Math.max(to, this.values.length * 2));
    }
    for (let t = from; t < to; t++) this.values[t] = source[groups[t]!]!;
  }
}

export class CountCall implements CallState {
  readonly specs: readonly ValueSpec[];
  readonly stateTables: readonly StateTable[] = [];
  readonly #ofAll: boolean;
  readonly #before = new Remembered();
  #counts: ValueColumn | null = null;

  /** `ofAll`: it counts every row of its group, which the group does anyway. */
  constructor(ofAll: boolean) {
    this.#ofAll = ofAll;
    this.specs = ofAll ? [] : [{ kind: 'f64' }];
  }

  attach(columns: readonly ValueColumn[], groupRows: ValueColumn | null): void {
    this.#counts = this.#ofAll ? must(groupRows, 'rows of groups') : columns[0]!;
  }

  update(rows: CallRows): void {
    if (this.#ofAll) return;
    const column = rows.args[0];
    addWeights(this.#counts!.f64, rows, column === undefined ? null : notNull(column));
  }

  capture(groups: Int32Array, from: number, to: number): void {
    this.#before.take(this.#counts!.f64, groups, from, to);
  }

  merge(from: number, to: number): void {
    assert(!this.#ofAll, 'the owner of the groups merges their rows');
    addOne(this.#counts!.f64, from, to);
  }

  output(groups: Int32Array, count: number): Column {
    const values = new Float64Array(count);
    const counts = this.#counts!.f64;
    for (let i = 0; i < count; i++) values[i] = counts[groups[i]!]!;
    return { kind: 'f64', values, nulls: null };
  }

  outputBefore(from: number, count: number): Column {
    return { kind: 'f64', values: this.#before.values.slice(from, from + count), nulls: null };
  }

  endTick(): void {
    // Positions are overwritten.
  }

  forget(): void {
    // Nothing beside the group's own columns.
  }

  restored(): void {
    // No caches.
  }
}

/** How many TRUE and how many FALSE values a group has decides. */
export class BooleanCall implements CallState {
  readonly specs: readonly ValueSpec[] = [{ kind: 'f64' }, { kind: 'f64' }];
  readonly stateTables: readonly StateTable[] = [];
  readonly #all: boolean;
  readonly #trueBefore = new Remembered();
  readonly #falseBefore = new Remembered();
  #trues: ValueColumn | null = null;
  #falses: ValueColumn | null = null;

  /** `all` for bool_and, otherwise bool_or. */
  constructor(all: boolean) {
    this.#all = all;
  }

  attach(columns: readonly ValueColumn[]): void {
    this.#trues = columns[0]!;
    this.#falses = columns[1]!;
  }

  update(rows: CallRows): void {
    const column = rows.args[0]!;
    const isTrue = (row: number): boolean =>
      column.kind === 'any'
        ? column.values[row] === true
        : (column as { values: Uint8Array }).values[row] !== 0;
    const present = notNull(column);
    addWeights(this.#trues!.f64, rows, (row) => (present === null || present(row)) && isTrue(row));
    addWeights(
      this.#falses!.f64,
      rows,
      (row) => (present === null || present(row)) && !isTrue(row),
    );
  }

  capture(groups: Int32Array, from: number, to: number): void {
    this.#trueBefore.take(this.#trues!.f64, groups, from, to);
    this.#falseBefore.take(this.#falses!.f64, groups, from, to);
  }

  merge(from: number, to: number): void {
    addOne(this.#trues!.f64, from, to);
    addOne(this.#falses!.f64, from, to);
  }

  output(groups: Int32Array, count: number): Column {
    const trues = this.#trues!.f64;
    const falses = this.#falses!.f64;
    return this.#column(count, (i) => [trues[groups[i]!]!, falses[groups[i]!]!]);
  }

  outputBefore(from: number, count: number): Column {
    const trues = this.#trueBefore.values;
    const falses = this.#falseBefore.values;
    return this.#column(count, (i) => [trues[from + i]!, falses[from + i]!]);
  }

  #column(count: number, at: (i: number) => readonly [number, number]): Column {
    const values = new Uint8Array(count);
    let nulls: Uint8Array | null = null;
    for (let i = 0; i < count; i++) {
      const [trues, falses] = at(i);
      if (trues === 0 && falses === 0) {
        nulls ??= new Uint8Array(count);
        nulls[i] = 1;
      } else {
        values[i] = (this.#all ? falses === 0 : trues > 0) ? 1 : 0;
      }
    }
    return { kind: 'bool', values, nulls };
  }

  endTick(): void {
    // Positions are overwritten.
  }

  forget(): void {
    // Nothing beside the group's own columns.
  }

  restored(): void {
    // No caches.
  }
}
