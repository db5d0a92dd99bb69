/**
 * The binary form of numeric: count of base-10000 digits, weight of the first, sign, display scale, then
 * the digits, 16 bits each. Digits past the display scale are cut, as PostgreSQL does.
 */

import type { BinaryReader } from './binary-reader.ts';
import { invalidBinary } from './binary-reader.ts';
import { Decimal, powerOfTen } from './decimal.ts';

const positiveSign = 0x0000;
const negativeSign = 0x4000;
const nanSign = 0xc000;
const infinitySign = 0xd000;
const negativeInfinitySign = 0xf000;
/** A bit that PostgreSQL sends where the scale of an infinity would stand. */
const infinityScale = 0x20;
const scaleMax = 0x3fff;
const digitBase = 10000;
const digitWidth = 4;

export function encodeNumeric(value: Decimal): Uint8Array {
  switch (value.special) {
    case 'nan':
      return pack(0, nanSign, 0, []);
    case 'infinity':
      return pack(0, infinitySign, infinityScale, []);
    case '-infinity':
      return pack(0, negativeInfinitySign, infinityScale, []);
    case 'finite':
      break;
  }
  const { unscaled, scale } = value;
  const fractionDigits = Math.ceil(scale / digitWidth);
  const magnitude = unscaled < 0n ? -unscaled : unscaled;
  const text = (magnitude * powerOfTen(fractionDigits * digitWidth - scale)).toString();
  const count = Math.ceil(text.length / digitWidth);
  const padded = text.padStart(count * digitWidth, '0');
  const digits: number[] = [];
  for (let at = 0; at < padded.length; at += digitWidth) {
    digits.push(Number(padded.slice(at, at + digitWidth)));
  }
  while (digits.length > 0 && digits[digits.length - 1] === 0) digits.pop();
  const weight = digits.length === 0 ? 0 : count - fractionDigits - 1;
  return pack(weight, unscaled < 0n ? negativeSign : positiveSign, scale, digits);
}

function pack(weight: number, sign: number, scale: number, digits: readonly number[]): Uint8Array {
  const bytes = Buffer.allocUnsafe(8 + digits.length * 2);
  bytes.writeUInt16BE(digits.length, 0);
  bytes.writeInt16BE(weight, 2);
  bytes.writeUInt16BE(sign, 4);
  bytes.writeUInt16BE(scale, 6);
  digits.forEach((digit, index) => bytes.writeUInt16BE(digit, 8 + index * 2));
  return bytes;
}

export function decodeNumeric(reader: BinaryReader): Decimal {
  const count = reader.uint16();
  const weight = reader.int16();
  const sign = reader.uint16();
  const scale = reader.uint16();
  let unscaled = 0n;
  if (count * 2 > reader.remaining) throw invalidBinary('insufficient data left in message');
  const digits: string[] = [];
  for (let index = 0; index < count; index++) {
    const digit = reader.uint16();
    if (digit >= digitBase) throw invalidBinary('invalid digit in external "numeric" value');
    digits.push(String(digit).padStart(digitWidth, '0'));
  }
  switch (sign) {
    case nanSign:
      return Decimal.NaN;
    case infinitySign:
      return Decimal.infinity;
    case negativeInfinitySign:
      return Decimal.negativeInfinity;
    case positiveSign:
    case negativeSign:
      break;
    default:
      throw invalidBinary('invalid sign in external "numeric" value');
  }
  if (scale > scaleMax) throw invalidBinary('invalid scale in external "numeric" value');
  if (count > 0) {
    const shift = (weight - count + 1) * digitWidth + scale;
    const integer = BigInt(digits.join(''));
    unscaled = shift >= 0 ? integer * powerOfTen(shift) : integer / powerOfTen(-shift);
  }
  return Decimal.fromBigInt(sign === negativeSign ? -unscaled : unscaled, scale);
}
