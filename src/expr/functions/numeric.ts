/** Arithmetic and rounding of numeric; roots, logarithms and powers are in numeric-power.ts. */

import { SqlError, sqlstate } from '../../base/errors.ts';
import { Decimal } from '../../types/decimal.ts';
import { types } from '../../types/sql-type.ts';
import { productType, sameNumericType, sumType } from '../numeric-scale.ts';
import { call1, call2, operator, scalar } from './define.ts';
import { gcdBig, lcmBig } from './integer.ts';
import { exponential, logarithm, naturalLogarithm, power, squareRoot } from './numeric-power.ts';
import type { ScalarFunction } from './registry.ts';

const { numeric, integer, bigint } = types;

export function numericFunctions(): readonly ScalarFunction[] {
  return [
    operator(
      '+',
      [numeric, numeric],
      sumType,
      call2((a: Decimal, b: Decimal) => a.add(b)),
    ),
    operator(
      '-',
      [numeric, numeric],
      sumType,
      call2((a: Decimal, b: Decimal) => a.sub(b)),
    ),
    operator(
      '*',
      [numeric, numeric],
      productType,
      call2((a: Decimal, b: Decimal) => a.mul(b)),
    ),
    operator(
      '/',
      [numeric, numeric],
      numeric,
      call2((a: Decimal, b: Decimal) => a.div(b)),
    ),
    operator(
      '%',
      [numeric, numeric],
      numeric,
      call2((a: Decimal, b: Decimal) => a.mod(b)),
    ),
    operator(
      '-',
      [numeric],
      sameNumericType,
      call1((a: Decimal) => a.neg()),
    ),
    operator(
      '+',
      [numeric],
      sameNumericType,
      call1((a: Decimal) => a),
    ),
    operator(
      '@',
      [numeric],
      sameNumericType,
      call1((a: Decimal) => a.abs()),
    ),
    operator('^', [numeric, numeric], numeric, call2(power)),
    ...rounding(),
    ...powers(),
    ...divisors(),
  ];
}

function rounding(): ScalarFunction[] {
  const one = (name: string, compute: (a: Decimal) => Decimal): ScalarFunction =>
    scalar(name, [numeric], numeric, call1(compute));
  return [
    one('round', (a) => a.round(0)),
    one('trunc', (a) => a.trunc(0)),
    one('ceil', (a) => a.ceil()),
    one('ceiling', (a) => a.ceil()),
    one('floor', (a) => a.floor()),
    scalar(
      'abs',
      [numeric],
      sameNumericType,
      call1((a: Decimal) => a.abs()),
    ),
    scalar(
      'round',
      [numeric, integer],
      numeric,
      call2((a: Decimal, b: number) => a.round(b)),
    ),
    scalar(
      'trunc',
      [numeric, integer],
      numeric,
      call2((a: Decimal, b: number) => a.trunc(b)),
    ),
    one('sign', (a) => (a.isNaN ? a : Decimal.fromBigInt(BigInt(a.sign)))),
    one('trim_scale', trimScale),
    scalar(
      'scale',
      [numeric],
      integer,
      call1((a: Decimal) => (a.isFinite ? a.scale : null)),
    ),
    scalar(
      'min_scale',
      [numeric],
      integer,
      call1((a: Decimal) => (a.isFinite ? trimScale(a).scale : null)),
    ),
  ];
}

/** Trailing zeros after the point dropped, never those before it. */
function trimScale(value: Decimal): Decimal {
  if (!value.isFinite) return value;
  let { unscaled, scale } = value;
  while (scale > 0 && unscaled % 10n === 0n) {
    unscaled /= 10n;
    scale--;
  }
  return Decimal.fromBigInt(unscaled, scale);
}

function powers(): ScalarFunction[] {
  return [
    scalar('sqrt', [numeric], numeric, call1(squareRoot)),
    scalar('exp', [numeric], numeric, call1(exponential)),
    scalar('ln', [numeric], numeric, call1(naturalLogarithm)),
    scalar(
      'log',
      [numeric],
      numeric,
      call1((a: Decimal) => logarithm(Decimal.fromBigInt(10n), a)),
    ),
    scalar(
      'log10',
      [numeric],
      numeric,
      call1((a: Decimal) => logarithm(Decimal.fromBigInt(10n), a)),
    ),
    scalar('log', [numeric, numeric], numeric, call2(logarithm)),
    scalar('power', [numeric, numeric], numeric, call2(power)),
    scalar('pow', [numeric, numeric], numeric, call2(power)),
  ];
}

function divisors(): ScalarFunction[] {
  return [
    scalar(
      'mod',
      [numeric, numeric],
      numeric,
      call2((a: Decimal, b: Decimal) => a.mod(b)),
    ),
    scalar(
      'div',
      [numeric, numeric],
      numeric,
      call2((a: Decimal, b: Decimal) => a.divTrunc(b)),
    ),
    scalar(
      'gcd',
      [numeric, numeric],
      numeric,
      call2((a: Decimal, b: Decimal) => onIntegers(a, b, gcdBig)),
    ),
    scalar(
      'lcm',
      [numeric, numeric],
      numeric,
      call2((a: Decimal, b: Decimal) => onIntegers(a, b, lcmBig)),
    ),
    scalar('factorial', [bigint], numeric, call1(factorial)),
  ];
}

/** Greatest common divisors of fractions are those of their numerators at the larger scale. */
function onIntegers(a: Decimal, b: Decimal, compute: (a: bigint, b: bigint) => bigint): Decimal {
  if (!a.isFinite || !b.isFinite) return Decimal.NaN;
  const scale = Math.max(a.scale, b.scale);
  return Decimal.fromBigInt(compute(a.round(scale).unscaled, b.round(scale).unscaled), scale);
}

function factorial(value: bigint): Decimal {
  if (value < 0n) {
    throw new SqlError(
      sqlstate.numericValueOutOfRange,
      'factorial of a negative number is undefined',
    );
  }
  if (value > 32177n) {
    throw new SqlError(sqlstate.numericValueOutOfRange, 'value overflows numeric format');
  }
  let product = 1n;
  for (let factor = 2n; factor <= value; factor++) product *= factor;
  return Decimal.fromBigInt(product);
}
