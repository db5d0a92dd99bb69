/**
 * Exact decimal numbers with PostgreSQL's numeric semantics: display scale, NaN, ±Infinity, result
 * scales and limits. A value is an unscaled bigint and a scale; sums and products of equal scale touch
 * nothing but bigints. Logarithms and powers are the expression library's.
 */

import { SqlError, sqlstate } from '../base/errors.ts';

/** Digits after the point that PostgreSQL keeps at most. */
const scaleMax = 16383;
/** Digits before the point that PostgreSQL keeps at most. */
const integerDigitsMax = 131072;
/** A quotient has at least this many significant digits. */
const divisionDigitsMin = 16;
const divisionScaleMax = 1000;
const roundScaleMax = 2000;
/** Only numbers past this can break a limit, so that ordinary results cost one comparison. */
const surelySmall = 1n << 4096n;

const powers: bigint[] = Array.from({ length: 64 }, (_, exponent) => 10n ** BigInt(exponent));

/** Powers past `powers` that were wanted last; each has up to 60 kB. */
const largePowers = new Map<number, bigint>();
const largePowersMax = 16;

/** 10^exponent. */
export function powerOfTen(exponent: number): bigint {
  return powers[exponent] ?? largePowerOfTen(exponent);
}

function largePowerOfTen(exponent: number): bigint {
  const known = largePowers.get(exponent);
  if (known !== undefined) return known;
  const power = 10n ** BigInt(exponent);
  if (exponent > integerDigitsMax + scaleMax) return power;
  if (largePowers.size >= largePowersMax) largePowers.clear();
  largePowers.set(exponent, power);
  return power;
}

/** Number of decimal digits of |value|; 1 for zero. */
export function countDigits(value: bigint): number {
  const magnitude = value < 0n ? -value : value;
  if (magnitude < 1000000000000000n) {
    let count = 1;
    for (let rest = Number(magnitude); rest >= 10; rest = Math.floor(rest / 10)) count++;
    return count;
  }
  return magnitude > surelySmall ? countManyDigits(magnitude) : magnitude.toString().length;
}

/** From the leading bits, since writing so many digits costs far more than calculating with them. */
function countManyDigits(magnitude: bigint): number {
  const hex = magnitude.toString(16);
  const exponent = Math.log10(parseInt(hex.slice(0, 13), 16)) + (hex.length - 13) * Math.log10(16);
  const nearest = Math.round(exponent);
  if (Math.abs(exponent - nearest) > 1e-6) return Math.floor(exponent) + 1;
  return magnitude >= powerOfTen(nearest) ? nearest + 1 : nearest;
}

type Special = 'finite' | 'nan' | 'infinity' | '-infinity';

/** An immutable numeric: unscaled × 10^−scale, or NaN, or ±Infinity. */
export class Decimal {
  readonly unscaled: bigint;
  /** Display scale, 0 to 16383; 0 for NaN and infinities. */
  readonly scale: number;
  readonly special: Special;

  private constructor(unscaled: bigint, scale: number, special: Special) {
    this.unscaled = unscaled;
    this.scale = scale;
    this.special = special;
  }

  static readonly zero = new Decimal(0n, 0, 'finite');
  static readonly one = new Decimal(1n, 0, 'finite');
  static readonly NaN = new Decimal(0n, 0, 'nan');
  static readonly infinity = new Decimal(0n, 0, 'infinity');
  static readonly negativeInfinity = new Decimal(0n, 0, '-infinity');

  /** PostgreSQL's numeric input; 22P02 when the text is no number. */
  static parse(text: string): Decimal {
    const match = numberText.exec(text);
    if (match === null) return parseSpecial(text);
    const [, sign, whole = '', fraction = '', fractionOnly, exponentText] = match;
    const digits = fractionOnly === undefined ? fraction : fractionOnly;
    const significant = (whole + digits).replace(leadingZeros, '');
    // Refused before the conversion, whose cost grows faster than the text.
    if (significant.length > integerDigitsMax + scaleMax) throw formatOverflow();
    let unscaled = BigInt(significant);
    if (sign === '-') unscaled = -unscaled;
    let scale = digits.length;
    if (exponentText !== undefined) {
      const exponent = Number(exponentText);
      if (Math.abs(exponent) >= 0x3fffffff) throw formatOverflow();
      scale -= exponent;
      if (scale < 0) {
        if (unscaled !== 0n) {
          if (-scale > integerDigitsMax) throw formatOverflow();
          unscaled *= powerOfTen(-scale);
        }
        scale = 0;
      }
    }
    if (scale > scaleMax) throw formatOverflow();
    return finite(unscaled, scale);
  }

  /** unscaled × 10^−scale. */
  static fromBigInt(unscaled: bigint, scale = 0): Decimal {
    return new Decimal(unscaled, scale, 'finite');
  }

  /** As PostgreSQL casts double precision (15 digits) or, with digits 6, real. */
  static fromNumber(value: number, digits: 15 | 6 = 15): Decimal {
    if (Number.isInteger(value) && Math.abs(value) < (digits === 15 ? 1e15 : 1e6)) {
      return new Decimal(BigInt(value), 0, 'finite');
    }
    if (!Number.isFinite(value)) {
      if (value !== value) return Decimal.NaN;
      return value > 0 ? Decimal.infinity : Decimal.negativeInfinity;
    }
    return Decimal.parse(toPrecisionHalfEven(value, digits)).normalize();
  }

  get isNaN(): boolean {
    return this.special === 'nan';
  }

  get isFinite(): boolean {
    return this.special === 'finite';
  }

  /** −1, 0 or 1; NaN gives NaN. */
  get sign(): number {
    if (this.special !== 'finite') {
      return this.special === 'nan' ? NaN : this.special === 'infinity' ? 1 : -1;
    }
    return this.unscaled > 0n ? 1 : this.unscaled < 0n ? -1 : 0;
  }

  add(other: Decimal): Decimal {
    if (this.special !== 'finite' || other.special !== 'finite') return addSpecial(this, other);
    const gap = this.scale - other.scale;
    if (gap === 0) return finite(this.unscaled + other.unscaled, this.scale);
    return gap > 0
      ? finite(this.unscaled + other.unscaled * powerOfTen(gap), this.scale)
      : finite(this.unscaled * powerOfTen(-gap) + other.unscaled, other.scale);
  }

  sub(other: Decimal): Decimal {
    return this.add(other.neg());
  }

  mul(other: Decimal): Decimal {
    if (this.special !== 'finite' || other.special !== 'finite') {
      return infinityOf(this.sign * other.sign);
    }
    const unscaled = this.unscaled * other.unscaled;
    const scale = this.scale + other.scale;
    if (scale <= scaleMax) return finite(unscaled, scale);
    return finite(divideRounding(unscaled, powerOfTen(scale - scaleMax)), scaleMax);
  }

  /** The quotient with PostgreSQL's result scale; 22012 on division by zero. */
  div(other: Decimal): Decimal {
    if (this.special !== 'finite' || other.special !== 'finite') return divideSpecial(this, other);
    if (other.unscaled === 0n) throw divisionByZero();
    const scale = divisionScale(this, other);
    const shift = scale - this.scale + other.scale;
    return finite(divideRounding(this.unscaled * powerOfTen(shift), other.unscaled), scale);
  }

  /** PostgreSQL's div(): the quotient truncated to an integer. */
  divTrunc(other: Decimal): Decimal {
    if (this.special !== 'finite' || other.special !== 'finite') return divideSpecial(this, other);
    if (other.unscaled === 0n) throw divisionByZero();
    const [left, right] = aligned(this, other);
    return finite(left / right, 0);
  }

  /** The remainder with the dividend's sign. */
  mod(other: Decimal): Decimal {
    if (this.special === 'nan' || other.special === 'nan') return Decimal.NaN;
    if (other.special === 'finite' && other.unscaled === 0n) throw divisionByZero();
    if (this.special !== 'finite') return Decimal.NaN;
    if (other.special !== 'finite') return this;
    const [left, right] = aligned(this, other);
    return finite(left % right, Math.max(this.scale, other.scale));
  }

  neg(): Decimal {
    switch (this.special) {
      case 'finite':
        return new Decimal(-this.unscaled, this.scale, 'finite');
      case 'nan':
        return this;
      case 'infinity':
        return Decimal.negativeInfinity;
      case '-infinity':
        return Decimal.infinity;
    }
  }

  abs(): Decimal {
    return this.sign < 0 ? this.neg() : this;
  }

  /** Half away from zero; a negative scale rounds left of the point. */
  round(scale: number): Decimal {
    return this.#rescale(scale, divideRounding);
  }

  trunc(scale: number): Decimal {
    return this.#rescale(scale, (dividend, divisor) => dividend / divisor);
  }

  ceil(): Decimal {
    return this.#rescale(0, (dividend, divisor) => -floorDivide(-dividend, divisor));
  }

  floor(): Decimal {
    return this.#rescale(0, floorDivide);
  }

  #rescale(wanted: number, divide: (dividend: bigint, divisor: bigint) => bigint): Decimal {
    if (this.special !== 'finite') return this;
    const scale = Math.max(-roundScaleMax, Math.min(wanted, roundScaleMax));
    if (scale === this.scale) return this;
    if (scale > this.scale) {
      return finite(this.unscaled * powerOfTen(scale - this.scale), scale);
    }
    const quotient = divide(this.unscaled, powerOfTen(this.scale - scale));
    return scale >= 0 ? finite(quotient, scale) : finite(quotient * powerOfTen(-scale), 0);
  }

  /** To numeric(precision, scale); 22003 "numeric field overflow" with PostgreSQL's detail. */
  coerce(precision: number, scale: number): Decimal {
    if (this.special === 'nan') return this;
    if (this.special !== 'finite') {
      throw fieldOverflow(precision, scale, 'cannot hold an infinite value');
    }
    const rounded = this.round(scale);
    const limit = precision - scale;
    const magnitude = rounded.unscaled < 0n ? -rounded.unscaled : rounded.unscaled;
    const bound = limit + rounded.scale;
    if (magnitude !== 0n && (bound <= 0 || magnitude >= powerOfTen(bound))) {
      const power = limit === 0 ? '1' : `10^${limit}`;
      throw fieldOverflow(precision, scale, `must round to an absolute value less than ${power}`);
    }
    return rounded;
  }

  /** The same value without trailing zeros in the fraction (trim_scale). */
  normalize(): Decimal {
    let { unscaled, scale } = this;
    if (unscaled === 0n) return scale === 0 ? this : Decimal.zero;
    if (scale === 0 || unscaled % 10n !== 0n) return this;
    // There are fewer zeros than twice the first step, and after each than twice the next.
    for (let step = 2 ** Math.floor(Math.log2(scale)); step >= 1; step /= 2) {
      if (step > scale || unscaled % powerOfTen(step) !== 0n) continue;
      unscaled /= powerOfTen(step);
      scale -= step;
    }
    return scale === this.scale ? this : finite(unscaled, scale);
  }

  /** SQL order: −Infinity < numbers < Infinity < NaN, and NaN equals itself. */
  compare(other: Decimal): number {
    if (this.special !== 'finite' || other.special !== 'finite') {
      return specialRank[this.special] - specialRank[other.special];
    }
    const [left, right] =
      this.scale === other.scale ? [this.unscaled, other.unscaled] : aligned(this, other);
    return left < right ? -1 : left > right ? 1 : 0;
  }

  equals(other: Decimal): boolean {
    return this.compare(other) === 0;
  }

  toString(): string {
    switch (this.special) {
      case 'finite':
        return this.scale === 0 ? this.unscaled.toString() : printScaled(this.unscaled, this.scale);
      case 'nan':
        return 'NaN';
      case 'infinity':
        return 'Infinity';
      case '-infinity':
        return '-Infinity';
    }
  }

  /**
   * Rounded half away from zero. NaN and infinities are 0A000, worded as PostgreSQL's cast to `target`;
   * whether the integer fits the target is the caller's to check.
   */
  toBigInt(target = 'bigint'): bigint {
    if (this.special !== 'finite') {
      const what = this.special === 'nan' ? 'NaN' : 'infinity';
      throw new SqlError(sqlstate.featureNotSupported, `cannot convert ${what} to ${target}`);
    }
    return this.scale === 0 ? this.unscaled : divideRounding(this.unscaled, powerOfTen(this.scale));
  }

  /** The nearest double; ±Infinity when too large. */
  toNumber(): number {
    if (this.special !== 'finite') {
      return this.special === 'nan' ? NaN : this.special === 'infinity' ? Infinity : -Infinity;
    }
    const unscaled = Number(this.unscaled);
    if (this.scale === 0) return unscaled;
    // Both operands are exact doubles, so that the one division rounds correctly.
    if (this.scale <= 22 && Number.isSafeInteger(unscaled)) return unscaled / 10 ** this.scale;
    return Number(this.toString());
  }
}

/** Sign, whole part, fraction after it, or fraction alone, exponent; spaces around are C's isspace. */
const numberText =
  /^[ \t\n\v\f\r]*([+-]?)(?:([0-9]+)(?:\.([0-9]*))?|\.([0-9]+))(?:[eE]([+-]?[0-9]+))?[ \t\n\v\f\r]*$/;
const leadingZeros = /^0+/;
const specialText = /^[ \t\n\v\f\r]*(?:(nan)|([+-]?)inf(?:inity)?)[ \t\n\v\f\r]*$/i;

function parseSpecial(text: string): Decimal {
  const match = specialText.exec(text);
  if (match === null) throw invalidText(text);
  if (match[1] !== undefined) return Decimal.NaN;
  return match[2] === '-' ? Decimal.negativeInfinity : Decimal.infinity;
}

const specialRank: Record<Special, number> = { '-infinity': 0, finite: 1, infinity: 2, nan: 3 };

function finite(unscaled: bigint, scale: number): Decimal {
  if (unscaled > surelySmall || unscaled < -surelySmall) {
    if (countDigits(unscaled) - scale > integerDigitsMax) throw formatOverflow();
  }
  return Decimal.fromBigInt(unscaled, scale);
}

function infinityOf(sign: number): Decimal {
  // Infinity times zero is no number, and neither is anything with NaN.
  if (sign !== sign || sign === 0) return Decimal.NaN;
  return sign > 0 ? Decimal.infinity : Decimal.negativeInfinity;
}

function addSpecial(left: Decimal, right: Decimal): Decimal {
  if (left.isNaN || right.isNaN) return Decimal.NaN;
  if (left.isFinite) return right;
  if (right.isFinite) return left;
  return left.special === right.special ? left : Decimal.NaN;
}

function divideSpecial(left: Decimal, right: Decimal): Decimal {
  if (left.isNaN || right.isNaN) return Decimal.NaN;
  if (left.isFinite) return Decimal.zero;
  if (!right.isFinite) return Decimal.NaN;
  if (right.unscaled === 0n) throw divisionByZero();
  return infinityOf(left.sign * right.sign);
}

/**
 * PostgreSQL chooses the scale from the leading base-10000 digits of both operands, so that the quotient
 * has at least 16 significant digits; the base shows in the result and must be followed.
 */
function divisionScale(left: Decimal, right: Decimal): number {
  const dividend = leadingDigit(left);
  const divisor = leadingDigit(right);
  let weight = dividend.weight - divisor.weight;
  if (dividend.digit <= divisor.digit) weight--;
  const wanted = Math.max(divisionDigitsMin - weight * 4, left.scale, right.scale, 0);
  return Math.max(Math.min(wanted, divisionScaleMax), 0);
}

/** The first non-zero base-10000 digit and its weight. */
function leadingDigit(value: Decimal): { weight: number; digit: number } {
  if (value.unscaled === 0n) return { weight: 0, digit: 0 };
  const magnitude = value.unscaled < 0n ? -value.unscaled : value.unscaled;
  const count = countDigits(magnitude);
  const exponent = count - 1 - value.scale;
  const weight = Math.floor(exponent / 4);
  const wanted = exponent - weight * 4 + 1;
  const digit =
    count >= wanted
      ? Number(magnitude / powerOfTen(count - wanted))
      : Number(magnitude) * 10 ** (wanted - count);
  return { weight, digit };
}

/** Both unscaled numbers at the larger of the two scales. */
function aligned(left: Decimal, right: Decimal): [bigint, bigint] {
  const gap = left.scale - right.scale;
  return gap >= 0
    ? [left.unscaled, right.unscaled * powerOfTen(gap)]
    : [left.unscaled * powerOfTen(-gap), right.unscaled];
}

/** Integer division that rounds half away from zero. */
function divideRounding(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  const rest = dividend - quotient * divisor;
  if (rest === 0n) return quotient;
  const twice = rest < 0n ? rest * -2n : rest * 2n;
  if (twice < (divisor < 0n ? -divisor : divisor)) return quotient;
  return dividend < 0n === divisor < 0n ? quotient + 1n : quotient - 1n;
}

function floorDivide(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return dividend < 0n && quotient * divisor !== dividend ? quotient - 1n : quotient;
}

function printScaled(unscaled: bigint, scale: number): string {
  const negative = unscaled < 0n;
  const digits = (negative ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const point = digits.length - scale;
  return `${negative ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** C's %.*e: JavaScript's toPrecision rounds exact halves up, C rounds them to even. */
function toPrecisionHalfEven(value: number, digits: number): string {
  const rounded = value.toPrecision(digits);
  const exact = value.toExponential(Math.min(100, digits + 60));
  const mantissa = exact.slice(0, exact.indexOf('e')).replace(/[-.]/g, '');
  const isHalf = /^50*$/.test(mantissa.slice(digits));
  if (!isHalf || Number(mantissa[digits - 1]) % 2 === 1) return rounded;
  const kept = `${mantissa[0]}.${mantissa.slice(1, digits)}`;
  return `${value < 0 ? '-' : ''}${kept}${exact.slice(exact.indexOf('e'))}`;
}

function invalidText(text: string): SqlError {
  return new SqlError(
    sqlstate.invalidTextRepresentation,
    `invalid input syntax for type numeric: "${text}"`,
  );
}

function formatOverflow(): SqlError {
  return new SqlError(sqlstate.numericValueOutOfRange, 'value overflows numeric format');
}

function divisionByZero(): SqlError {
  return new SqlError(sqlstate.divisionByZero, 'division by zero');
}

function fieldOverflow(precision: number, scale: number, what: string): SqlError {
  return new SqlError(sqlstate.numericValueOutOfRange, 'numeric field overflow', {
    detail: `A field with precision ${precision}, scale ${scale} ${what}.`,
  });
}
