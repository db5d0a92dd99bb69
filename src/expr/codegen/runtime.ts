/**
 * What generated kernels call: boxing of numbers, bytes of text, the calendar. Each function is small and
 * sees arguments of one shape, so that it can be inlined.
 */

import { civilFromDays } from '../../types/calendar.ts';
import {
  bytesToString,
  datumFromNumber,
  fitsNarrow,
  narrowNumber,
} from '../../types/column-access.ts';
import type { Datum } from '../../types/datum.ts';
import { Decimal } from '../../types/decimal.ts';
import { types, type SqlType } from '../../types/sql-type.ts';
import { characterCount } from '../functions/code-points.ts';

const smallDecimals = Array.from({ length: 4096 }, (_, value) => Decimal.fromBigInt(BigInt(value)));

export class KernelRuntime {
  #day = Number.NaN;
  #civil = civilFromDays(0);
  #momentNumber = Number.NaN;
  #moment: Datum = 0n;

  text(bytes: Uint8Array, offset: number, length: number): string {
    return bytesToString(bytes, offset, length);
  }

  decimal(value: number, scale: number): Decimal {
    if (scale === 0 && value >= 0 && value < 4096) return smallDecimals[value]!;
    return Decimal.fromBigInt(BigInt(value), scale);
  }

  /** Rows close to each other often have the same time, and making a big integer costs. */
  moment(value: number): Datum {
    if (value === this.#momentNumber) return this.#moment;
    this.#momentNumber = value;
    this.#moment = datumFromNumber(value, types.timestamp);
    return this.#moment;
  }

  /** The narrow number of a datum; NaN when it does not fit. Never for types with NaN of their own. */
  narrow(value: Datum, type: SqlType): number {
    return fitsNarrow(value, type) ? narrowNumber(value, type) : Number.NaN;
  }

  equal(a: Uint8Array, at: number, b: Uint8Array, from: number, length: number): boolean {
    for (let index = 0; index < length; index++) {
      if (a[at + index] !== b[from + index]) return false;
    }
    return true;
  }

  /** Text order: by bytes, which is by code point. */
  compare(
    a: Uint8Array,
    at: number,
    lengthA: number,
    b: Uint8Array,
    from: number,
    lengthB: number,
  ): number {
    const length = lengthA < lengthB ? lengthA : lengthB;
    for (let index = 0; index < length; index++) {
      const difference = a[at + index]! - b[from + index]!;
      if (difference !== 0) return difference;
    }
    return lengthA - lengthB;
  }

  contains(
    a: Uint8Array,
    at: number,
    length: number,
    part: Uint8Array,
    partLength: number,
  ): boolean {
    for (let index = 0; index + partLength <= length; index++) {
      if (this.equal(a, at + index, part, 0, partLength)) return true;
    }
    return false;
  }

  /** Number of characters. */
  characters(bytes: Uint8Array, offset: number, length: number): number {
    for (let index = 0; index < length; index++) {
      if (bytes[offset + index]! >= 0x80) {
        return characterCount(bytesToString(bytes, offset, length));
      }
    }
    return length;
  }

  roundHalfEven(value: number): number {
    const floor = Math.floor(value);
    const rest = value - floor;
    if (rest < 0.5) return floor;
    return rest > 0.5 || floor % 2 !== 0 ? floor + 1 : floor;
  }

  year(days: number): number {
    return this.#look(days).year;
  }

  month(days: number): number {
    return this.#look(days).month;
  }

  day(days: number): number {
    return this.#look(days).day;
  }

  #look(days: number): { readonly year: number; readonly month: number; readonly day: number } {
    if (days !== this.#day) {
      this.#day = days;
      this.#civil = civilFromDays(days);
    }
    return this.#civil;
  }
}

/** UTF-8 of a constant, with the padding that readers of text may expect. */
export function constantBytes(text: string): Uint8Array {
  const length = Buffer.byteLength(text, 'utf8');
  const bytes = new Uint8Array(length + 16);
  bytes.set(Buffer.from(text, 'utf8'));
  return bytes;
}
