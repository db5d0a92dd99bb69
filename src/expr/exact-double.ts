/**
 * Sums of doubles without rounding: every finite double is a whole number of units of 2^−1074, so sums,
 * sums of squares and of products are big integers, and taking a value back leaves no trace. One rounding
 * happens at the end, to the nearest double.
 */

const view = (bits: DataView, value: number): bigint => {
  bits.setFloat64(0, value);
  return bits.getBigUint64(0);
};

/** A finite double in units of 2^−1074. */
export function doubleToUnits(value: number): bigint {
  const bits = view(new DataView(new ArrayBuffer(8)), value);
  const exponent = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  const magnitude =
    exponent === 0 ? fraction : (fraction | 0x10000000000000n) << BigInt(exponent - 1);
  return bits >> 63n === 1n ? -magnitude : magnitude;
}

/**
 * numerator / denominator × 2^exponent as the nearest double, ties to even. ±Infinity when it is out of
 * range. The denominator is positive.
 */
export function ratioToDouble(numerator: bigint, denominator: bigint, exponent: number): number {
  if (numerator === 0n) return 0;
  const negative = numerator < 0n;
  let top = negative ? -numerator : numerator;
  // Bring the quotient to 64 to 66 bits: more than a double holds, with a sticky bit for the rest.
  const shift = 65 - (bitLength(top) - bitLength(denominator));
  if (shift > 0) top <<= BigInt(shift);
  const divisor = shift < 0 ? denominator << BigInt(-shift) : denominator;
  let quotient = top / divisor;
  if (quotient * divisor !== top) quotient |= 1n;
  const magnitude = roundToDouble(quotient, exponent - shift);
  return negative ? -magnitude : magnitude;
}

/** quotient × 2^exponent, rounded to the 53 bits (fewer for subnormals) that a double has. */
function roundToDouble(quotient: bigint, exponent: number): number {
  const bits = bitLength(quotient);
  const kept = Math.min(53, bits + exponent + 1074);
  if (kept < 0) return 0;
  const dropped = BigInt(bits - kept);
  const half = 1n << (dropped - 1n);
  let mantissa = quotient >> dropped;
  const rest = quotient - (mantissa << dropped);
  if (rest > half || (rest === half && (mantissa & 1n) === 1n)) mantissa += 1n;
  return scale(Number(mantissa), exponent + Number(dropped));
}

/** value × 2^exponent in steps that neither overflow nor round twice. */
function scale(value: number, exponent: number): number {
  let result = value;
  let rest = exponent;
  while (rest > 1000) {
    result *= 2 ** 1000;
    rest -= 1000;
  }
  while (rest < -1000) {
    // The mantissa is whole, so that this division is exact until the last step.
    result *= 2 ** -1000;
    rest += 1000;
  }
  return result * 2 ** rest;
}

function bitLength(value: bigint): number {
  const hex = value.toString(16);
  return (hex.length - 1) * 4 + (32 - Math.clz32(parseInt(hex[0]!, 16)));
}

/** An exact running sum of doubles that also knows NaN and infinities. */
export class ExactSum {
  units = 0n;
  #nan = 0;
  #positive = 0;
  #negative = 0;

  add(value: number, weight: number): void {
    if (Number.isNaN(value)) this.#nan += weight;
    else if (value === Infinity) this.#positive += weight;
    else if (value === -Infinity) this.#negative += weight;
    else this.units += doubleToUnits(value) * BigInt(weight);
  }

  /** NaN or an infinity that swallows the rest; null when all values are finite. */
  special(): number | null {
    if (this.#nan > 0 || (this.#positive > 0 && this.#negative > 0)) return NaN;
    if (this.#positive > 0) return Infinity;
    return this.#negative > 0 ? -Infinity : null;
  }

  /** Infinite when finite values sum up to more than a double holds. */
  total(): number {
    return this.special() ?? ratioToDouble(this.units, 1n, -1074);
  }
}
