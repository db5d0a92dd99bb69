/**
 * An exact sum of numerics that can take values back: the total as a big integer at the largest scale
 * met, how many values of each display scale are in it (the result shows the largest), and how many
 * NaN and infinite ones.
 */

import type { ByteReader, ByteWriter } from '../../base/bytes.ts';
import type { ObjectCodec } from '../../state/value-column.ts';
import { Decimal, powerOfTen } from '../../types/decimal.ts';

export class NumericTotal {
  unscaled = 0n;
  scale = 0;
  /** Values in it, of every kind. */
  count = 0;
  nan = 0;
  positive = 0;
  negative = 0;
  readonly scales = new Map<number, number>();

  /** Adds an amount at a scale without counting it as a value. */
  addAmount(unscaled: bigint, scale: number): void {
    if (scale > this.scale) {
      this.unscaled *= powerOfTen(scale - this.scale);
      this.scale = scale;
    }
    this.unscaled += scale === this.scale ? unscaled : unscaled * powerOfTen(this.scale - scale);
  }

  add(value: Decimal, weight: number): void {
    this.count += weight;
    if (value.isNaN) this.nan += weight;
    else if (!value.isFinite) {
      if (value.sign > 0) this.positive += weight;
      else this.negative += weight;
    } else {
      this.addAmount(value.unscaled * BigInt(weight), value.scale);
      const left = (this.scales.get(value.scale) ?? 0) + weight;
      if (left === 0) this.scales.delete(value.scale);
      else this.scales.set(value.scale, left);
    }
  }

  /** Adds all that another total has. */
  addTotal(other: NumericTotal): void {
    this.addAmount(other.unscaled, other.scale);
    this.count += other.count;
    this.nan += other.nan;
    this.positive += other.positive;
    this.negative += other.negative;
    for (const [scale, count] of other.scales) {
      this.scales.set(scale, (this.scales.get(scale) ?? 0) + count);
    }
  }

  /** The sum together with `amount`, whose values show `amountScale` (−1: there are none). */
  total(amount: bigint, amountAt: number, amountScale: number): Decimal {
    if (this.nan > 0 || (this.positive > 0 && this.negative > 0)) return Decimal.NaN;
    if (this.positive > 0) return Decimal.infinity;
    if (this.negative > 0) return Decimal.negativeInfinity;
    const all = this.copy();
    all.addAmount(amount, amountAt);
    const shown = Math.max(amountScale, 0, ...this.scales.keys());
    if (shown >= all.scale) {
      return Decimal.fromBigInt(all.unscaled * powerOfTen(shown - all.scale), shown);
    }
    // The digits beyond cancelled out: every value left has at most `shown` of them.
    return Decimal.fromBigInt(all.unscaled / powerOfTen(all.scale - shown), shown);
  }

  copy(): NumericTotal {
    const copy = new NumericTotal();
    copy.unscaled = this.unscaled;
    copy.scale = this.scale;
    copy.count = this.count;
    copy.nan = this.nan;
    copy.positive = this.positive;
    copy.negative = this.negative;
    for (const [scale, count] of this.scales) copy.scales.set(scale, count);
    return copy;
  }

  write(writer: ByteWriter): void {
    writer.text(this.unscaled.toString()).varint(this.scale).float64(this.count);
    writer.float64(this.nan).float64(this.positive).float64(this.negative);
    writer.varint(this.scales.size);
    for (const [scale, count] of this.scales) writer.varint(scale).float64(count);
  }

  static read(reader: ByteReader): NumericTotal {
    const total = new NumericTotal();
    total.unscaled = BigInt(reader.text());
    total.scale = reader.varint();
    total.count = reader.float64();
    total.nan = reader.float64();
    total.positive = reader.float64();
    total.negative = reader.float64();
    const scales = reader.varint();
    for (let i = 0; i < scales; i++) {
      const scale = reader.varint();
      total.scales.set(scale, reader.float64());
    }
    return total;
  }
}

export const numericTotalCodec: ObjectCodec = {
  write: (writer, value) => (value as NumericTotal).write(writer),
  read: (reader) => NumericTotal.read(reader),
};
