/** corr, covar_* and the regr_* family over pairs (y, x) of doubles, from exact sums. */

import type { Datum } from '../types/datum.ts';
import { types, type SqlType } from '../types/sql-type.ts';
import { aggregate } from './aggregate-define.ts';
import { floatOverflow } from './cast-datum.ts';
import { doubleToUnits, ExactSum, ratioToDouble } from './exact-double.ts';
import type { Accumulator, AggregateFunction } from './functions/registry.ts';

const { double, bigint } = types;

/** Sums of squared deviations and of their products, and means. NaN spreads by itself. */
interface Moments {
  readonly n: number;
  readonly xx: number;
  readonly yy: number;
  readonly xy: number;
  readonly meanX: number;
  readonly meanY: number;
}

type Finish = (moments: Moments) => Datum | null;

export function regressionAggregates(): readonly AggregateFunction[] {
  const define = (
    name: string,
    finish: Finish | null,
    returns: SqlType = double,
  ): AggregateFunction =>
    aggregate(name, [double, double], returns, () => new Regression(finish), { skipsNull: false });
  const some =
    (finish: Finish): Finish =>
    (m) =>
      m.n < 1 ? null : finish(m);
  return [
    define('regr_count', null, bigint),
    define(
      'covar_pop',
      some((m) => m.xy / m.n),
    ),
    define('covar_samp', (m) => (m.n < 2 ? null : m.xy / (m.n - 1))),
    define(
      'corr',
      some((m) => (m.xx === 0 || m.yy === 0 ? null : m.xy / Math.sqrt(m.xx * m.yy))),
    ),
    define(
      'regr_avgx',
      some((m) => m.meanX),
    ),
    define(
      'regr_avgy',
      some((m) => m.meanY),
    ),
    define(
      'regr_sxx',
      some((m) => m.xx),
    ),
    define(
      'regr_syy',
      some((m) => m.yy),
    ),
    define(
      'regr_sxy',
      some((m) => m.xy),
    ),
    define(
      'regr_slope',
      some((m) => (m.xx === 0 ? null : m.xy / m.xx)),
    ),
    define(
      'regr_intercept',
      some((m) => (m.xx === 0 ? null : m.meanY - (m.meanX * m.xy) / m.xx)),
    ),
    define(
      'regr_r2',
      some((m) => (m.xx === 0 ? null : m.yy === 0 ? 1 : (m.xy * m.xy) / (m.xx * m.yy))),
    ),
  ];
}

class Regression implements Accumulator {
  /** Null: the number of pairs. */
  readonly #finish: Finish | null;
  readonly #x = new ExactSum();
  readonly #y = new ExactSum();
  #xx = 0n;
  #yy = 0n;
  #xy = 0n;
  #count = 0;

  constructor(finish: Finish | null) {
    this.#finish = finish;
  }

  /** Pairs with a NULL do not count. */
  add([y, x]: readonly (Datum | null)[], weight: number): void {
    if (y === null || x === null) return;
    this.#count += weight;
    this.#x.add(x as number, weight);
    this.#y.add(y as number, weight);
    const w = BigInt(weight);
    const ux = Number.isFinite(x) ? doubleToUnits(x as number) : null;
    const uy = Number.isFinite(y) ? doubleToUnits(y as number) : null;
    // What is not finite spreads to its own side only: the other may still have no deviation at all.
    if (ux !== null) this.#xx += ux * ux * w;
    if (uy !== null) this.#yy += uy * uy * w;
    if (ux !== null && uy !== null) this.#xy += ux * uy * w;
  }

  finish(): Datum | null {
    return this.#finish === null ? BigInt(this.#count) : this.#finish(this.#moments());
  }

  #moments(): Moments {
    const n = this.#count;
    const specialX = this.#x.special() !== null;
    const specialY = this.#y.special() !== null;
    const about = (squares: bigint, a: bigint, b: bigint): number =>
      n === 0 ? 0 : ratioToDouble(BigInt(n) * squares - a * b, BigInt(n), -2148);
    const [ux, uy] = [this.#x.units, this.#y.units];
    const xx = specialX ? NaN : about(this.#xx, ux, ux);
    const yy = specialY ? NaN : about(this.#yy, uy, uy);
    const xy = specialX || specialY ? NaN : about(this.#xy, ux, uy);
    const [sumX, sumY] = [this.#x.total(), this.#y.total()];
    // Infinite without an infinite input: whichever of them was asked for, as in PostgreSQL.
    const tooLarge = (special: boolean, value: number): boolean =>
      !special && Math.abs(value) === Infinity;
    if (
      [sumX, xx].some((value) => tooLarge(specialX, value)) ||
      [sumY, yy].some((value) => tooLarge(specialY, value)) ||
      tooLarge(specialX || specialY, xy)
    ) {
      throw floatOverflow();
    }
    return { n, xx, yy, xy, meanX: sumX / n, meanY: sumY / n };
  }
}
