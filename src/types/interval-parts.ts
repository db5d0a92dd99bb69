/**
 * The sum of an interval's fields while its text is read. A fraction of a unit spills into the finer
 * parts exactly as in PostgreSQL: of years into months, of months and weeks into days, of days into time.
 */

import { Interval, roundHalfEven } from './interval.ts';
import type { TimeUnit } from './time-units.ts';

const microsPerDay = 86_400_000_000;
const daysPerMonth = 30;

/** Microseconds of the units below a day. */
const microsOf: Partial<Record<TimeUnit, number>> = {
  microseconds: 1,
  milliseconds: 1e3,
  second: 1e6,
  minute: 60e6,
  hour: 3600e6,
};

const yearsOf: Partial<Record<TimeUnit, number>> = {
  year: 1,
  decade: 10,
  century: 100,
  millennium: 1000,
};

export class IntervalParts {
  months = 0;
  days = 0;
  micros = 0n;

  /** `whole` and `fraction` have the same sign; |fraction| < 1. */
  add(unit: TimeUnit, whole: number, fraction: number): void {
    const width = microsOf[unit];
    const years = yearsOf[unit];
    if (width !== undefined) {
      this.micros += BigInt(whole) * BigInt(width);
      this.#addMicros(fraction, width);
    } else if (years !== undefined) {
      this.months += whole * years * 12 + roundHalfEven(fraction * years * 12);
    } else if (unit === 'month') {
      this.months += whole;
      this.#addDays(fraction, daysPerMonth);
    } else if (unit === 'week') {
      this.days += whole * 7;
      this.#addDays(fraction, 7);
    } else {
      this.days += whole;
      this.#addMicros(fraction, microsPerDay);
    }
  }

  #addDays(fraction: number, scale: number): void {
    const days = Math.trunc(fraction * scale);
    this.days += days;
    this.#addMicros(fraction * scale - days, microsPerDay);
  }

  #addMicros(fraction: number, scale: number): void {
    if (fraction === 0) return;
    let micros = Math.trunc(fraction * scale);
    const rest = fraction * scale - micros;
    if (rest > 0.5) micros++;
    else if (rest < -0.5) micros--;
    this.micros += BigInt(micros);
  }

  negate(): void {
    this.months = -this.months;
    this.days = -this.days;
    this.micros = -this.micros;
  }

  /** Months are left to the interval itself, whose error PostgreSQL gives for them. */
  get isInRange(): boolean {
    return isInt32(this.days) && BigInt.asIntN(64, this.micros) === this.micros;
  }

  toInterval(): Interval {
    return new Interval(this.months, this.days, this.micros);
  }
}

function isInt32(value: number): boolean {
  return value <= 2147483647 && value >= -2147483648;
}
