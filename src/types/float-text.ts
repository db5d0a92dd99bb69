/**
 * real and double precision as PostgreSQL reads and prints them: the shortest digits that read back the
 * same, with an exponent of at least two digits below 1e-4 and from 1e15 (real: 1e6) on.
 */

import { SqlError, sqlstate } from '../base/errors.ts';

const doubleDigits = 15;
const realDigits = 6;

export function formatDouble(value: number, extraFloatDigits = 1): string {
  if (extraFloatDigits <= 0) return formatRounded(value, doubleDigits + extraFloatDigits);
  const magnitude = Math.abs(value);
  // Within these bounds JavaScript prints the same digits in the same way; 0 may be −0.
  if (magnitude >= 1e-4 && magnitude < 1e15) return String(value);
  return formatSpecial(value) ?? withExponent(shortestDouble(value), doubleDigits);
}

export function formatReal(value: number, extraFloatDigits = 1): string {
  if (extraFloatDigits <= 0) return formatRounded(value, realDigits + extraFloatDigits);
  return formatSpecial(value) ?? withExponent(shortestReal(value), realDigits);
}

function formatSpecial(value: number): string | null {
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  if (value === Infinity) return 'Infinity';
  if (value === -Infinity) return '-Infinity';
  return value !== value ? 'NaN' : null;
}

/**
 * The shortest decimal that reads back as `value`, in exponent form. JavaScript takes one that lies
 * exactly half way to the neighbour and rounds to even; PostgreSQL does not rely on that and gives one
 * digit more. Only large integers have decimals half way that are so short.
 */
function shortestDouble(value: number): string {
  const text = value.toExponential();
  if (Math.abs(value) < 2 ** 53 || Math.abs(value) >= 1e45) return text;
  if (!isHalfWay(text, value)) return text;
  for (let digits = significantDigits(text); digits < 17; digits++) {
    const longer = value.toExponential(digits);
    if (Number(longer) === value && !isHalfWay(longer, value)) return longer;
  }
  return value.toExponential(16);
}

function significantDigits(text: string): number {
  return text.slice(0, text.indexOf('e')).replace(/[-.]/g, '').length;
}

function isHalfWay(text: string, value: number): boolean {
  const digits = text.slice(0, text.indexOf('e')).replace('.', '');
  const zeros = Number(text.slice(text.indexOf('e') + 1)) - significantDigits(text) + 1;
  if (zeros < 0) return false;
  const distance = BigInt(digits) * 10n ** BigInt(zeros) - BigInt(value);
  if (distance === 0n) return false;
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  const away = distance > 0n === value > 0;
  bits.setBigInt64(0, bits.getBigInt64(0) + (away ? 1n : -1n));
  return BigInt(bits.getFloat64(0)) - BigInt(value) === distance * 2n;
}

/** Likewise for a real; decimals half way between reals are ordinary doubles. */
function shortestReal(value: number): string {
  for (let digits = 0; digits < 9; digits++) {
    const text = value.toExponential(digits);
    const decimal = Number(text);
    if (Math.fround(decimal) === value && !isHalfWayReal(decimal, value)) return text;
  }
  return value.toExponential(8);
}

function isHalfWayReal(decimal: number, value: number): boolean {
  if (decimal === value) return false;
  const bits = new DataView(new ArrayBuffer(4));
  bits.setFloat32(0, value);
  const away = decimal > value === value > 0;
  bits.setInt32(0, bits.getInt32(0) + (away ? 1 : -1));
  return (bits.getFloat32(0) + value) / 2 === decimal;
}

/** C's %.{digits}g. */
function formatRounded(value: number, wanted: number): string {
  const digits = Math.max(1, wanted);
  return formatSpecial(value) ?? withExponent(value.toExponential(digits - 1), digits);
}

/** From exponent form to plain digits, when the exponent is within −4 ≤ e < limit. */
function withExponent(text: string, limit: number): string {
  const at = text.indexOf('e');
  const exponent = Number(text.slice(at + 1));
  const negative = text.startsWith('-');
  const digits = text
    .slice(negative ? 1 : 0, at)
    .replace('.', '')
    .replace(/0+$/, '');
  const sign = negative ? '-' : '';
  if (exponent < -4 || exponent >= limit) {
    const mantissa = digits.length > 1 ? `${digits[0]}.${digits.slice(1)}` : digits;
    const power = String(Math.abs(exponent)).padStart(2, '0');
    return `${sign}${mantissa}e${exponent < 0 ? '-' : '+'}${power}`;
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const fraction = digits.slice(exponent + 1);
  return fraction === '' ? `${sign}${whole}` : `${sign}${whole}.${fraction}`;
}

const numberText =
  /^[ \t\n\v\f\r]*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)[ \t\n\v\f\r]*$/;
const specialText = /^[ \t\n\v\f\r]*(?:(nan)|([+-]?)inf(?:inity)?)[ \t\n\v\f\r]*$/i;

export function parseDouble(text: string): number {
  return parseFloating(text, 'double precision', (value) => value);
}

export function parseReal(text: string): number {
  return parseFloating(text, 'real', Math.fround);
}

function parseFloating(text: string, type: string, round: (value: number) => number): number {
  const match = numberText.exec(text);
  if (match === null) return parseSpecial(text, type);
  const number = match[1]!;
  const value = round(Number(number));
  const lost = value === 0 && /[1-9]/.test(number.replace(/[eE].*/, ''));
  if (!Number.isFinite(value) || lost) {
    throw new SqlError(
      sqlstate.numericValueOutOfRange,
      `"${number}" is out of range for type ${type}`,
    );
  }
  return value;
}

function parseSpecial(text: string, type: string): number {
  const match = specialText.exec(text);
  if (match === null) {
    throw new SqlError(
      sqlstate.invalidTextRepresentation,
      `invalid input syntax for type ${type}: "${text}"`,
    );
  }
  if (match[1] !== undefined) return NaN;
  return match[2] === '-' ? -Infinity : Infinity;
}
