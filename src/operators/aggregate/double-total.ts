/**
 * What a running double sum could not hold exactly: an amount in units of 2^−1074, the smallest double,
 * as a big integer, and how many NaN and infinite values there are. With it, sums of doubles are exact,
 * whatever was added and taken back in which order.
 */

import type { ByteReader, ByteWriter } from '../../base/bytes.ts';
import { doubleToUnits, ratioToDouble } from '../../expr/exact-double.ts';
import type { ObjectCodec } from '../../state/value-column.ts';

export class DoubleTotal {
  units = 0n;
  nan = 0;
  positive = 0;
  negative = 0;

  /** Adds any double `weight` times. */
  add(value: number, weight: number): void {
    if (value !== value) this.nan += weight;
    else if (value === Infinity) this.positive += weight;
    else if (value === -Infinity) this.negative += weight;
    else this.units += doubleToUnits(value) * BigInt(weight);
  }

  /** Adds all that another total has. */
  addTotal(other: DoubleTotal): void {
    this.units += other.units;
    this.nan += other.nan;
    this.positive += other.positive;
    this.negative += other.negative;
  }

  /** The sum with two further doubles, rounded once. Infinite when it is out of range. */
  total(high: number, low: number): number {
    if (this.nan > 0 || (this.positive > 0 && this.negative > 0)) return NaN;
    if (this.positive > 0) return Infinity;
    if (this.negative > 0) return -Infinity;
    const units = this.units + doubleToUnits(high) + doubleToUnits(low);
    return ratioToDouble(units, 1n, -1074);
  }

  get isFinite(): boolean {
    return this.nan === 0 && this.positive === 0 && this.negative === 0;
  }

  copy(): DoubleTotal {
    const copy = new DoubleTotal();
    copy.units = this.units;
    copy.nan = this.nan;
    copy.positive = this.positive;
    copy.negative = this.negative;
    return copy;
  }

  write(writer: ByteWriter): void {
    writer.text(this.units.toString(36)).float64(this.nan);
    writer.float64(this.positive).float64(this.negative);
  }

  static read(reader: ByteReader): DoubleTotal {
    const total = new DoubleTotal();
    total.units = parseBase36(reader.text());
    total.nan = reader.float64();
    total.positive = reader.float64();
    total.negative = reader.float64();
    return total;
  }
}

export const doubleTotalCodec: ObjectCodec = {
  write: (writer, value) => (value as DoubleTotal).write(writer),
  read: (reader) => DoubleTotal.read(reader),
};

function parseBase36(text: string): bigint {
  const negative = text.startsWith('-');
  let value = 0n;
  for (const digit of negative ? text.slice(1) : text) {
    value = value * 36n + BigInt(parseInt(digit, 36));
  }
  return negative ? -value : value;
}
