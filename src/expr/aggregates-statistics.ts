/**
 * variance and standard deviation. Integers and numerics are exact with PostgreSQL's result scale; doubles are
 * computed from exact sums and rounded once, so that the order of rows and retraction do not matter.
 */

import type { Datum } from '../types/datum.ts';
import { Decimal } from '../types/decimal.ts';
import { types } from '../types/sql-type.ts';
import { aggregate } from './aggregate-define.ts';
import { NumericTotal } from './aggregates-sum.ts';
import { doubleToUnits, ExactSum, ratioToDouble } from './exact-double.ts';
import { squareRootToScale } from './functions/numeric-power.ts';
import type { Accumulator, AggregateFunction } from './functions/registry.ts';

const { smallint, integer, bigint, numeric, real, double } = types;

interface Statistic {
  /** Divides by n − 1 instead of n. */
  readonly sample: boolean;
  readonly root: boolean;
}

const statistics: readonly (readonly [string, Statistic])[] = [
  ['variance', { sample: true, root: false }],
  ['var_samp', { sample: true, root: false }],
  ['var_pop', { sample: false, root: false }],
  ['stddev', { sample: true, root: true }],
  ['stddev_samp', { sample: true, root: true }],
  ['stddev_pop', { sample: false, root: true }],
];

export function statisticAggregates(): readonly AggregateFunction[] {
  return statistics.flatMap(([name, statistic]) => [
    ...[smallint, integer, bigint, numeric].map((type) =>
      aggregate(name, [type], numeric, () => new NumericDeviation(statistic)),
    ),
    ...[real, double].map((type) =>
      aggregate(name, [type], double, () => new DoubleDeviation(statistic)),
    ),
  ]);
}

class NumericDeviation implements Accumulator {
  readonly #statistic: Statistic;
  readonly #sum = new NumericTotal();
  readonly #squares = new NumericTotal();

  constructor(statistic: Statistic) {
    this.#statistic = statistic;
  }

  add([value]: readonly (Datum | null)[], weight: number): void {
    if (value === null || value === undefined) return;
    const exact =
      value instanceof Decimal ? value : Decimal.fromBigInt(BigInt(value as number | bigint));
    this.#sum.add(exact, weight);
    this.#squares.add(exact.mul(exact), weight);
  }

  finish(): Datum | null {
    const { count } = this.#sum;
    const divisor = this.#statistic.sample ? count - 1 : count;
    if (count === 0 || divisor <= 0) return null;
    const sum = this.#sum.total();
    if (!sum.isFinite) return Decimal.NaN;
    const n = Decimal.fromBigInt(BigInt(count));
    const top = n.mul(this.#squares.total()).sub(sum.mul(sum));
    if (top.sign <= 0) return Decimal.zero;
    const variance = top.div(n.mul(Decimal.fromBigInt(BigInt(divisor))));
    return this.#statistic.root ? squareRootToScale(variance, variance.scale) : variance;
  }
}

class DoubleDeviation implements Accumulator {
  readonly #statistic: Statistic;
  readonly #sum = new ExactSum();
  #squares = 0n;
  #count = 0;

  constructor(statistic: Statistic) {
    this.#statistic = statistic;
  }

  add([value]: readonly (Datum | null)[], weight: number): void {
    if (value === null) return;
    const number = value as number;
    this.#count += weight;
    this.#sum.add(number, weight);
    if (Number.isFinite(number)) this.#squares += doubleToUnits(number) ** 2n * BigInt(weight);
  }

  finish(): Datum | null {
    const divisor = this.#statistic.sample ? this.#count - 1 : this.#count;
    if (this.#count === 0 || divisor <= 0) return null;
    if (this.#sum.special() !== null) return NaN;
    const n = BigInt(this.#count);
    const top = n * this.#squares - this.#sum.units ** 2n;
    const variance = ratioToDouble(top, n * BigInt(divisor), -2148);
    return this.#statistic.root ? Math.sqrt(variance) : variance;
  }
}
