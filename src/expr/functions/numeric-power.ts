/**
 * Roots, logarithms and powers of numeric, to the scale that PostgreSQL chooses for each: about sixteen
 * significant digits, never fewer than the operands show. The series run on scaled bigints with guard
 * digits, and the result is rounded once.
 */

import { SqlError, sqlstate } from '../../base/errors.ts';
import { countDigits, Decimal, powerOfTen } from '../../types/decimal.ts';
import { complexPower, negativeLogarithm, zeroLogarithm, zeroToNegativePower } from './float.ts';

const significantDigits = 16;
const scaleMax = 1000;
const ln10 = 2.302585092994046;

const clampScale = (scale: number, ...atLeast: number[]): number =>
  Math.min(Math.max(scale, 0, ...atLeast), scaleMax);

function overflow(): SqlError {
  return new SqlError(sqlstate.numericValueOutOfRange, 'value overflows numeric format');
}

/** Exponent of the first digit in base 10,000, in which PostgreSQL counts. */
function weight(value: Decimal): number {
  return Math.floor((countDigits(value.unscaled) - value.scale - 1) / 4);
}

export function squareRoot(value: Decimal): Decimal {
  if (value.isNaN || (!value.isFinite && value.sign > 0)) return value;
  if (value.sign < 0) {
    throw new SqlError('2201F', 'cannot take square root of a negative number');
  }
  const resultWeight = Math.trunc(((value.sign === 0 ? 0 : weight(value)) + 1) * 2) - 1;
  const scale = clampScale(significantDigits - resultWeight, value.scale);
  return squareRootToScale(value, scale);
}

/** The root of a value that is not negative. */
export function squareRootToScale(value: Decimal, scale: number): Decimal {
  // One digit more, rounded at the end; the root of a decimal is never an exact tie.
  const guard = scale + 1;
  const radicand = rescale(value.unscaled, value.scale, 2 * guard);
  return Decimal.fromBigInt(integerRoot(radicand), guard).round(scale);
}

function integerRoot(value: bigint): bigint {
  if (value < 2n) return value;
  let root = 1n << BigInt(Math.ceil(value.toString(2).length / 2));
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

function rescale(unscaled: bigint, from: number, to: number): bigint {
  return to >= from ? unscaled * powerOfTen(to - from) : unscaled / powerOfTen(from - to);
}

export function exponential(value: Decimal): Decimal {
  if (!value.isFinite) {
    return value.isNaN || value.sign > 0 ? value : Decimal.zero;
  }
  const exponent = Math.max(-2000, Math.min(2000, value.toNumber() * 0.434294481903252));
  const scale = clampScale(significantDigits - Math.trunc(exponent), value.scale);
  return expToScale(value, scale);
}

function expToScale(value: Decimal, scale: number): Decimal {
  const approximate = value.toNumber();
  if (Math.abs(approximate) >= 6000) {
    if (approximate > 0) throw overflow();
    return Decimal.fromBigInt(0n, scale);
  }
  const digits = Math.max(0, Math.trunc(approximate * 0.434294481903252)) + scale + 12;
  return Decimal.fromBigInt(
    expFixed(rescale(value.unscaled, value.scale, digits), digits),
    digits,
  ).round(scale);
}

/** e^x for x × 10^digits: halve until small, Taylor, square back. */
function expFixed(value: bigint, digits: number): bigint {
  const magnitude = value < 0n ? -value : value;
  const size =
    magnitude === 0n
      ? 0
      : Math.max(0, magnitude.toString(2).length - powerOfTen(digits).toString(2).length);
  const halvings = size + 8;
  const extra = digits + halvings;
  const one = powerOfTen(extra);
  const x = (value * powerOfTen(halvings)) >> BigInt(halvings);
  let term = one;
  let sum = one;
  for (let n = 1n; term !== 0n; n++) {
    term = (term * x) / one / n;
    sum += term;
  }
  for (let i = 0; i < halvings; i++) sum = (sum * sum) / one;
  return sum / powerOfTen(halvings);
}

/** Decimal exponent of |ln x|, roughly: PostgreSQL's estimate_ln_dweight. */
function logarithmWeight(value: Decimal): number {
  if (value.sign <= 0) return 0;
  const nearOne =
    value.compare(Decimal.fromBigInt(9n, 1)) >= 0 && value.compare(Decimal.fromBigInt(11n, 1)) <= 0;
  if (nearOne) {
    const rest = value.sub(Decimal.one).abs();
    if (rest.sign === 0) return 0;
    return countDigits(rest.unscaled) - rest.scale - 1;
  }
  return Math.trunc(Math.log10(Math.abs(approximateLog(value))));
}

/** ln x as a double, also where x itself is no double. */
function approximateLog(value: Decimal): number {
  const digits = countDigits(value.unscaled);
  const head = Number(value.unscaled.toString().slice(0, 17));
  return Math.log(head) + (digits - Math.min(digits, 17) - value.scale) * ln10;
}

function checkLogarithm(value: Decimal): void {
  if (value.sign < 0) throw negativeLogarithm();
  if (value.sign === 0 && !value.isNaN) throw zeroLogarithm();
}

export function naturalLogarithm(value: Decimal): Decimal {
  if (value.isNaN) return value;
  checkLogarithm(value);
  if (!value.isFinite) return value;
  const scale = clampScale(significantDigits - logarithmWeight(value), value.scale);
  return lnToScale(value, scale);
}

function lnToScale(value: Decimal, scale: number): Decimal {
  const digits = scale + 12;
  return Decimal.fromBigInt(lnFixed(value, digits), digits).round(scale);
}

/** ln x × 10^digits: x = m × 2^k with m near 1, and ln m = 2 artanh((m − 1) / (m + 1)). */
function lnFixed(value: Decimal, digits: number): bigint {
  const extra = digits + 10 + Math.max(0, countDigits(value.unscaled) - value.scale);
  const one = powerOfTen(extra);
  let x = rescale(value.unscaled, value.scale, extra + value.scale + 10);
  let unit = powerOfTen(extra + value.scale + 10);
  const shift = x.toString(2).length - unit.toString(2).length;
  if (shift > 0) unit <<= BigInt(shift);
  else x <<= BigInt(-shift);
  const mantissa = (x * one) / unit;
  return (
    ((artanhSeries(mantissa, one) + BigInt(shift) * artanhSeries(2n * one, one)) *
      powerOfTen(digits)) /
    one
  );
}

function artanhSeries(x: bigint, one: bigint): bigint {
  const ratio = ((x - one) * one) / (x + one);
  const square = (ratio * ratio) / one;
  let term = ratio;
  let sum = 0n;
  for (let n = 1n; term !== 0n; n += 2n) {
    sum += term / n;
    term = (term * square) / one;
  }
  return 2n * sum;
}

/** log(base, x). */
export function logarithm(base: Decimal, value: Decimal): Decimal {
  if (base.isNaN || value.isNaN) return Decimal.NaN;
  checkLogarithm(base);
  checkLogarithm(value);
  if (!base.isFinite || !value.isFinite) {
    if (!base.isFinite && !value.isFinite) return Decimal.NaN;
    return base.isFinite ? value : Decimal.zero;
  }
  const resultWeight = logarithmWeight(value) - logarithmWeight(base);
  const scale = clampScale(significantDigits - resultWeight, base.scale, value.scale);
  const digits = scale + 24 + Math.max(0, -logarithmWeight(base));
  const denominator = lnFixed(base, digits);
  if (denominator === 0n) throw new SqlError(sqlstate.divisionByZero, 'division by zero');
  const quotient = (lnFixed(value, digits) * powerOfTen(scale + 4)) / denominator;
  return Decimal.fromBigInt(quotient, scale + 4).round(scale);
}

/** base ^ exponent. */
export function power(base: Decimal, exponent: Decimal): Decimal {
  if (!base.isFinite || !exponent.isFinite) return specialPower(base, exponent);
  if (base.sign === 0 && exponent.sign < 0) throw zeroToNegativePower();
  const whole = exponent.trunc(0);
  const isWhole = whole.compare(exponent) === 0;
  if (isWhole && whole.abs().compare(Decimal.fromBigInt(2147483647n)) <= 0) {
    return wholePower(base, Number(whole.unscaled), exponent.scale);
  }
  if (base.sign === 0) return Decimal.fromBigInt(0n, significantDigits);
  if (base.sign < 0 && !isWhole) throw complexPower();
  const odd = isWhole && whole.unscaled % 2n !== 0n;
  const result = fractionalPower(base.abs(), exponent, base.scale);
  return base.sign < 0 && odd ? result.neg() : result;
}

function fractionalPower(base: Decimal, exponent: Decimal, baseScale: number): Decimal {
  const estimate = approximateLog(base) * exponent.toNumber();
  if (Math.abs(estimate) > 2000 * 3.01) {
    if (estimate > 0) throw overflow();
    return Decimal.fromBigInt(0n, scaleMax);
  }
  const resultWeight = Math.trunc(estimate * 0.434294481903252);
  const scale = clampScale(significantDigits - resultWeight, baseScale, exponent.scale);
  const digits = scale + Math.max(0, resultWeight) + 20 + countDigits(exponent.trunc(0).unscaled);
  const product = Decimal.fromBigInt(lnFixed(base, digits), digits).mul(exponent);
  return expToScale(product, scale);
}

/** To sixteen significant digits, or as many after the point as the base or the exponent shows. */
function wholePower(base: Decimal, exponent: number, exponentScale: number): Decimal {
  const estimate = base.sign === 0 ? 0 : (approximateLog(base.abs()) / Math.LN10) * exponent;
  if (estimate > 131072) throw overflow();
  if (estimate + 1 < -scaleMax) return Decimal.fromBigInt(0n, scaleMax);
  const scale = clampScale(significantDigits - Math.trunc(estimate), base.scale, exponentScale);
  const digits =
    scale + Math.max(0, Math.ceil(estimate)) + 12 + countDigits(BigInt(Math.abs(exponent)));
  if (exponent >= 0) return raise(base, exponent, digits).round(scale);
  const inverse = raise(base, -exponent, digits + 2 * Math.max(0, Math.ceil(-estimate)) + 12);
  const wide = scale + 4;
  const numerator = powerOfTen(wide + inverse.scale);
  return Decimal.fromBigInt(numerator / inverse.unscaled, wide).round(scale);
}

/** Square and multiply, keeping at most `significant` digits on the way. */
function raise(base: Decimal, exponent: number, significant: number): Decimal {
  let result = { unscaled: 1n, scale: 0 };
  let square = { unscaled: base.unscaled, scale: base.scale };
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = cut(product(result, square), significant);
    if (rest > 1) square = cut(product(square, square), significant);
  }
  if (result.scale >= 0) return Decimal.fromBigInt(result.unscaled, result.scale);
  return Decimal.fromBigInt(result.unscaled * powerOfTen(-result.scale), 0);
}

interface Scaled {
  readonly unscaled: bigint;
  readonly scale: number;
}

function product(a: Scaled, b: Scaled): Scaled {
  return { unscaled: a.unscaled * b.unscaled, scale: a.scale + b.scale };
}

function cut(value: Scaled, significant: number): Scaled {
  const surplus = countDigits(value.unscaled) - significant;
  if (surplus <= 0) return value;
  return { unscaled: value.unscaled / powerOfTen(surplus), scale: value.scale - surplus };
}

/** POSIX pow's rules for NaN and infinities. */
function specialPower(base: Decimal, exponent: Decimal): Decimal {
  if (base.isNaN) return exponent.isFinite && exponent.sign === 0 ? Decimal.one : base;
  if (exponent.isNaN)
    return base.isFinite && base.compare(Decimal.one) === 0 ? Decimal.one : exponent;
  if (exponent.isFinite && exponent.sign === 0) return Decimal.one;
  if (base.isFinite && base.sign === 0 && exponent.sign < 0) throw zeroToNegativePower();
  if (!exponent.isFinite) {
    const size = base.abs().compare(Decimal.one);
    if (size === 0) return Decimal.one;
    return size > 0 === exponent.sign > 0 ? Decimal.infinity : Decimal.zero;
  }
  const whole = exponent.trunc(0);
  if (exponent.sign < 0) return Decimal.zero;
  if (base.sign > 0) return Decimal.infinity;
  if (whole.compare(exponent) !== 0) throw complexPower();
  return whole.unscaled % 2n === 0n ? Decimal.infinity : Decimal.negativeInfinity;
}
