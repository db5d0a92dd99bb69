/** Decimal digits straight into a buffer: of integers, and of numerics that are kept as scaled integers. */

const zero = 48;
const minus = 45;
const point = 46;
const int32Above = 2_147_483_648;

/** The longest that `writeDecimal` writes but for the scale: a sign, 16 digits and a point. */
export const decimalBytesMax = 18;

/**
 * Writes a safe integer divided by 10^scale, with exactly `scale` digits after the point, at `at`; returns where
 * it ends. Takes at most `decimalBytesMax` + scale bytes.
 */
export function writeDecimal(buffer: Buffer, at: number, value: number, scale: number): number {
  const whole = value | 0;
  if (whole === value && whole >= 0 && scale === 0) return writeWhole(buffer, at, whole);
  let from = at;
  let rest = value;
  if (value < 0) {
    buffer[from++] = minus;
    rest = -value;
  }
  const digits = Math.max(digitCount(rest), scale + 1);
  const end = from + digits + (scale > 0 ? 1 : 0);
  // Where the point stands, or a place that is never come to.
  const pointAt = scale > 0 ? end - 1 - scale : -1;
  let i = end - 1;
  while (rest >= int32Above) {
    // Exact: below 2^53 a tenth is never rounded up to the next integer.
    const tenth = Math.floor(rest / 10);
    if (i === pointAt) buffer[i--] = point;
    buffer[i--] = zero + (rest - tenth * 10);
    rest = tenth;
  }
  let small = rest | 0;
  while (i >= from) {
    if (i === pointAt) {
      buffer[i--] = point;
      continue;
    }
    const tenth = (small / 10) | 0;
    buffer[i--] = zero + (small - tenth * 10);
    small = tenth;
  }
  return end;
}

/** A number from 0 to 2^31 − 1. */
function writeWhole(buffer: Buffer, at: number, value: number): number {
  let end = at + 1;
  if (value >= 100_000) end += value >= 10_000_000 ? 7 : value >= 1_000_000 ? 6 : 5;
  else end += value >= 1000 ? (value >= 10_000 ? 4 : 3) : value >= 100 ? 2 : value >= 10 ? 1 : 0;
  if (value >= 100_000_000) end += value >= 1_000_000_000 ? 2 : 1;
  let rest = value;
  for (let i = end - 1; i >= at; i--) {
    const tenth = (rest / 10) | 0;
    buffer[i] = zero + (rest - tenth * 10);
    rest = tenth;
  }
  return end;
}

/** 0 has one digit. */
function digitCount(value: number): number {
  let count = 1;
  for (let power = 10; value >= power; power *= 10) count++;
  return count;
}

/** Two digits of a number from 0 to 99. */
export function writeTwoDigits(buffer: Buffer, at: number, value: number): void {
  const tens = (value / 10) | 0;
  buffer[at] = zero + tens;
  buffer[at + 1] = zero + (value - tens * 10);
}
