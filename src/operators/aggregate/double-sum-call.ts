/**
 * sum and avg of doubles, exact: the sum is kept as two doubles whose exact sum it is, and an object
 * takes the rounding error of the second (rare), infinities and NaN. The result is the exact sum rounded
 * once, so it depends neither on the order of rows nor on what was retracted meanwhile.
 */

import { SqlError, sqlstate } from '../../base/errors.ts';
import type { StateTable } from '../../state/state-table.ts';
import type { ValueColumn, ValueSpec } from '../../state/value-column.ts';
import type { Column } from '../../types/column.ts';
import type { CallRows, CallState, ReportFailure } from './call.ts';
import { Remembered } from './counter-calls.ts';
import { DoubleTotal, doubleTotalCodec } from './double-total.ts';

/** Beyond this a sum of two doubles may overflow. */
const largest = 2 ** 1000;

export class DoubleSumCall implements CallState {
  readonly specs: readonly ValueSpec[] = [
    { kind: 'f64' },
    { kind: 'f64' },
    { kind: 'f64' },
    { kind: 'object', codec: doubleTotalCodec },
  ];
  readonly stateTables: readonly StateTable[] = [];
  readonly #average: boolean;
  readonly #real: boolean;
  readonly #highBefore = new Remembered();
  readonly #lowBefore = new Remembered();
  readonly #countBefore = new Remembered();
  #restBefore: (DoubleTotal | null)[] = [];
  #highs: ValueColumn | null = null;
  #lows: ValueColumn | null = null;
  #counts: ValueColumn | null = null;
  #rests: ValueColumn | null = null;

  constructor(options: { readonly average: boolean; readonly real: boolean }) {
    this.#average = options.average;
    this.#real = options.real;
  }

  attach(columns: readonly ValueColumn[]): void {
    this.#highs = columns[0]!;
    this.#lows = columns[1]!;
    this.#counts = columns[2]!;
    this.#rests = columns[3]!;
  }

  update(rows: CallRows): void {
    const column = rows.args[0]!;
    const { groups, weights, count } = rows;
    const values = (column as { values: ArrayLike<number | null> }).values;
    const { nulls } = column;
    const highs = this.#highs!.f64;
    const lows = this.#lows!.f64;
    const counts = this.#counts!.f64;
    for (let i = 0; i < count; i++) {
      const value = values[i]!;
      const weight = weights === null ? 1 : weights[i]!;
      if (weight === 0 || value === null || (nulls !== null && nulls[i] !== 0)) continue;
      const group = groups[i]!;
      counts[group] = counts[group]! + weight;
      const amount = weight === 1 ? value : -value;
      const size = Math.abs(amount);
      if (
        (weight !== 1 && weight !== -1) ||
        !(size < largest) ||
        !(Math.abs(highs[group]!) < largest)
      ) {
        this.#rest(group).add(value, weight);
        continue;
      }
      const high = highs[group]!;
      const sum = high + amount;
      const error = roundingError(high, amount, sum);
      const low = lows[group]!;
      const lowSum = low + error;
      const lost = roundingError(low, error, lowSum);
      highs[group] = sum;
      lows[group] = lowSum;
      if (lost !== 0) this.#rest(group).add(lost, 1);
    }
  }

  merge(from: number, to: number): void {
    const counts = this.#counts!.f64;
    counts[to] = counts[to]! + counts[from]!;
    const target = this.#rest(to);
    target.add(this.#highs!.f64[from]!, 1);
    target.add(this.#lows!.f64[from]!, 1);
    const rest = this.#rests!.objects.get(from) as DoubleTotal | null;
    if (rest !== null) target.addTotal(rest);
  }

  #rest(group: number): DoubleTotal {
    const { objects } = this.#rests!;
    const known = objects.get(group) as DoubleTotal | null;
    if (known !== null) return known;
    const made = new DoubleTotal();
    objects.set(group, made);
    return made;
  }

  capture(groups: Int32Array, from: number, to: number): void {
    this.#highBefore.take(this.#highs!.f64, groups, from, to);
    this.#lowBefore.take(this.#lows!.f64, groups, from, to);
    this.#countBefore.take(this.#counts!.f64, groups, from, to);
    const { objects } = this.#rests!;
    for (let t = from; t < to; t++) {
      const rest = objects.get(groups[t]!) as DoubleTotal | null;
      this.#restBefore[t] = rest === null ? null : rest.copy();
    }
  }

  output(groups: Int32Array, count: number, report: ReportFailure): Column {
    const highs = this.#highs!.f64;
    const lows = this.#lows!.f64;
    const counts = this.#counts!.f64;
    const { objects } = this.#rests!;
    return this.#column(count, report, (i) => {
      const group = groups[i]!;
      const rest = objects.get(group) as DoubleTotal | null;
      return { high: highs[group]!, low: lows[group]!, count: counts[group]!, rest };
    });
  }

  outputBefore(from: number, count: number, report: ReportFailure): Column {
    return this.#column(count, report, (i) => ({
      high: this.#highBefore.values[from + i]!,
      low: this.#lowBefore.values[from + i]!,
      count: this.#countBefore.values[from + i]!,
      rest: this.#restBefore[from + i]!,
    }));
  }

  #column(
    count: number,
    report: ReportFailure,
    at: (i: number) => { high: number; low: number; count: number; rest: DoubleTotal | null },
  ): Column {
    const values = new Float64Array(count);
    let nulls: Uint8Array | null = null;
    for (let i = 0; i < count; i++) {
      const state = at(i);
      const value = state.count === 0 ? null : this.#result(state);
      if (value !== null && (Number.isFinite(value) || state.rest?.isFinite === false)) {
        values[i] = value;
        continue;
      }
      if (value !== null) {
        const message = 'value out of range: overflow';
        report(i, new SqlError(sqlstate.numericValueOutOfRange, message));
      }
      nulls ??= new Uint8Array(count);
      nulls[i] = 1;
    }
    return { kind: 'f64', values, nulls };
  }

  #result(state: { high: number; low: number; count: number; rest: DoubleTotal | null }): number {
    const { high, low, rest } = state;
    const sum = rest === null ? high + low : rest.total(high, low);
    if (this.#average) return sum / state.count;
    return this.#real ? Math.fround(sum) : sum;
  }

  endTick(): void {
    this.#restBefore = [];
  }

  forget(): void {
    // Nothing beside the group's own columns.
  }

  restored(): void {
    // No caches.
  }
}

/** The exact error of `sum`, the rounded a + b (Knuth's two-sum). */
function roundingError(a: number, b: number, sum: number): number {
  const other = sum - a;
  return a - (sum - other) + (b - other);
}
