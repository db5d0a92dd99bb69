/**
 * sum and avg. Integers and numerics are added exactly as integers; doubles are added without rounding
 * (exact-double.ts), so that retraction leaves no trace; intervals field by field.
 */

import type { Datum } from '../types/datum.ts';
import { Decimal } from '../types/decimal.ts';
import { Interval } from '../types/interval.ts';
import type { SqlType } from '../types/sql-type.ts';
import { types } from '../types/sql-type.ts';
import { aggregate } from './aggregate-define.ts';
import { floatOverflow } from './cast-datum.ts';
import { ExactSum } from './exact-double.ts';
import type { Accumulator, AggregateFunction } from './functions/registry.ts';
import { checkBigint } from './functions/integer.ts';
import { integerTotalType, totalType } from './numeric-scale.ts';

const { smallint, integer, bigint, numeric, real, double, interval } = types;

export function sumAggregates(): readonly AggregateFunction[] {
  const counter = { state: 'counter' } as const;
  const total = (
    type: SqlType,
    returns: AggregateFunction['returns'],
    make: () => Accumulator,
  ): AggregateFunction => aggregate('sum', [type], returns, make, counter);
  const average = (type: SqlType, returns: SqlType, make: () => Accumulator): AggregateFunction =>
    aggregate('avg', [type], returns, make, counter);
  return [
    total(smallint, bigint, () => new IntegerSum('sum', true)),
    total(integer, bigint, () => new IntegerSum('sum', true)),
    total(bigint, integerTotalType, () => new IntegerSum('sum', false)),
    total(numeric, totalType, () => new NumericSum(false)),
    total(real, real, () => new DoubleSum({ average: false, real: true })),
    total(double, double, () => new DoubleSum({ average: false, real: false })),
    total(interval, interval, () => new IntervalSum(false)),
    average(smallint, numeric, () => new IntegerSum('avg', false)),
    average(integer, numeric, () => new IntegerSum('avg', false)),
    average(bigint, numeric, () => new IntegerSum('avg', false)),
    average(numeric, numeric, () => new NumericSum(true)),
    average(real, double, () => new DoubleSum({ average: true, real: false })),
    average(double, double, () => new DoubleSum({ average: true, real: false })),
    average(interval, interval, () => new IntervalSum(true)),
  ];
}

class IntegerSum implements Accumulator {
  readonly #what: 'sum' | 'avg';
  /** The sum is a bigint (of smaller integers), else numeric. */
  readonly #toBigint: boolean;
  #sum = 0n;
  #count = 0;

  constructor(what: 'sum' | 'avg', toBigint: boolean) {
    this.#what = what;
    this.#toBigint = toBigint;
  }

  add([value]: readonly (Datum | null)[], weight: number): void {
    if (value === null || value === undefined) return;
    this.#sum += BigInt(value as number | bigint) * BigInt(weight);
    this.#count += weight;
  }

  finish(): Datum | null {
    if (this.#count === 0) return null;
    if (this.#toBigint) return checkBigint(this.#sum);
    const sum = Decimal.fromBigInt(this.#sum);
    return this.#what === 'sum' ? sum : sum.div(Decimal.fromBigInt(BigInt(this.#count)));
  }
}

/**
 * An exact numeric sum whose display scale is that of the values that are there, so that taking back the
 * only value with many digits also takes back its zeros.
 */
export class NumericTotal {
  #unscaled = 0n;
  #scale = 0;
  #nan = 0;
  #positive = 0;
  #negative = 0;
  readonly #scales = new Map<number, number>();
  count = 0;

  add(value: Decimal, weight: number): void {
    this.count += weight;
    if (!value.isFinite) {
      if (value.isNaN) this.#nan += weight;
      else if (value.sign > 0) this.#positive += weight;
      else this.#negative += weight;
      return;
    }
    this.#scales.set(value.scale, (this.#scales.get(value.scale) ?? 0) + weight);
    this.#addScaled(value.unscaled * BigInt(weight), value.scale);
  }

  #addScaled(unscaled: bigint, scale: number): void {
    if (scale > this.#scale) {
      this.#unscaled *= 10n ** BigInt(scale - this.#scale);
      this.#scale = scale;
    }
    this.#unscaled += unscaled * 10n ** BigInt(this.#scale - scale);
  }

  total(): Decimal {
    if (this.#nan > 0 || (this.#positive > 0 && this.#negative > 0)) return Decimal.NaN;
    if (this.#positive > 0) return Decimal.infinity;
    if (this.#negative > 0) return Decimal.negativeInfinity;
    let shown = 0;
    for (const [scale, count] of this.#scales) if (count > 0 && scale > shown) shown = scale;
    return Decimal.fromBigInt(this.#unscaled, this.#scale).round(shown);
  }
}

class NumericSum implements Accumulator {
  readonly #average: boolean;
  readonly #total = new NumericTotal();

  constructor(average: boolean) {
    this.#average = average;
  }

  add([value]: readonly (Datum | null)[], weight: number): void {
    if (value !== null) this.#total.add(value as Decimal, weight);
  }

  finish(): Datum | null {
    const { count } = this.#total;
    if (count === 0) return null;
    const total = this.#total.total();
    return this.#average ? total.div(Decimal.fromBigInt(BigInt(count))) : total;
  }
}

class DoubleSum implements Accumulator {
  readonly #average: boolean;
  readonly #real: boolean;
  readonly #sum = new ExactSum();
  #count = 0;

  constructor(options: { readonly average: boolean; readonly real: boolean }) {
    this.#average = options.average;
    this.#real = options.real;
  }

  add([value]: readonly (Datum | null)[], weight: number): void {
    if (value === null) return;
    this.#sum.add(value as number, weight);
    this.#count += weight;
  }

  finish(): Datum | null {
    if (this.#count === 0) return null;
    const exact = this.#sum.total();
    const sum = this.#real ? Math.fround(exact) : exact;
    if (!Number.isFinite(sum) && this.#sum.special() === null) throw floatOverflow();
    return this.#average ? sum / this.#count : sum;
  }
}

class IntervalSum implements Accumulator {
  readonly #average: boolean;
  #months = 0;
  #days = 0;
  #micros = 0n;
  #count = 0;

  constructor(average: boolean) {
    this.#average = average;
  }

  add([value]: readonly (Datum | null)[], weight: number): void {
    if (value === null) return;
    const span = value as Interval;
    this.#months += span.months * weight;
    this.#days += span.days * weight;
    this.#micros += span.micros * BigInt(weight);
    this.#count += weight;
  }

  finish(): Datum | null {
    if (this.#count === 0) return null;
    const sum = new Interval(this.#months, this.#days, this.#micros);
    return this.#average ? sum.div(this.#count) : sum;
  }
}
