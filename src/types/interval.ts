/**
 * SQL intervals and times with time zone as immutable values. An interval keeps months, days and
 * microseconds apart, as PostgreSQL does, because a month has no fixed length and a day may have 23
 * hours; equality and order count a month as 30 days of 24 hours.
 */

import { SqlError, sqlstate } from '../base/errors.ts';

const microsPerDay = 86_400_000_000n;
const secondsPerDay = 86_400;
const daysPerMonth = 30;
const int32Max = 2147483647;
const int64Max = 9223372036854775807n;

export class Interval {
  readonly months: number;
  readonly days: number;
  readonly micros: bigint;

  /** 22008 "interval out of range" when a part does not fit. */
  constructor(months: number, days: number, micros: bigint) {
    if (
      !(Math.abs(months) <= int32Max + 1 && Math.abs(days) <= int32Max + 1) ||
      months > int32Max ||
      days > int32Max ||
      micros > int64Max ||
      micros < -int64Max - 1n
    ) {
      throw outOfRange();
    }
    // No −0: it would be seen in JSON and in tests.
    this.months = months + 0;
    this.days = days + 0;
    this.micros = micros;
  }

  static readonly zero = new Interval(0, 0, 0n);

  /** A span without months. */
  static ofMicros(micros: bigint): Interval {
    return new Interval(0, 0, micros);
  }

  add(other: Interval): Interval {
    return new Interval(
      this.months + other.months,
      this.days + other.days,
      this.micros + other.micros,
    );
  }

  sub(other: Interval): Interval {
    return new Interval(
      this.months - other.months,
      this.days - other.days,
      this.micros - other.micros,
    );
  }

  neg(): Interval {
    return new Interval(-this.months, -this.days, -this.micros);
  }

  /** Fractions of months spill into days and those of days into time, as in PostgreSQL. */
  mul(factor: number): Interval {
    return this.#scaled(
      this.months * factor,
      this.days * factor,
      Number(this.micros) * factor,
      Number.isInteger(factor) && Math.abs(factor) <= Number.MAX_SAFE_INTEGER
        ? this.micros * BigInt(factor)
        : null,
    );
  }

  /** 22012 on zero. */
  div(divisor: number): Interval {
    if (divisor === 0) throw new SqlError(sqlstate.divisionByZero, 'division by zero');
    return this.#scaled(
      this.months / divisor,
      this.days / divisor,
      Number(this.micros) / divisor,
      null,
    );
  }

  /** `exactMicros`, when known and no fraction spills into it, spares the rounding of large times. */
  #scaled(months: number, days: number, micros: number, exactMicros: bigint | null): Interval {
    const wholeMonths = Math.trunc(months);
    let wholeDays = Math.trunc(days);
    if (!inInt32(months) || !inInt32(days)) throw outOfRange();
    const monthDays = roundToMicros((months - wholeMonths) * daysPerMonth);
    let seconds = roundToMicros(
      (days - wholeDays + monthDays - Math.trunc(monthDays)) * secondsPerDay,
    );
    if (Math.abs(seconds) >= secondsPerDay) {
      const spilled = Math.trunc(seconds / secondsPerDay);
      wholeDays += spilled;
      seconds -= spilled * secondsPerDay;
    }
    wholeDays += Math.trunc(monthDays);
    if (exactMicros !== null && seconds === 0 && !Number.isSafeInteger(micros)) {
      return new Interval(wholeMonths, wholeDays, exactMicros);
    }
    const total = roundHalfEven(micros + seconds * 1e6);
    if (!Number.isFinite(total)) throw outOfRange();
    return new Interval(wholeMonths, wholeDays, BigInt(total));
  }

  /** 24 hours become a day. */
  justifyHours(): Interval {
    let days = this.days + Number(this.micros / microsPerDay);
    let micros = this.micros % microsPerDay;
    if (days > 0 && micros < 0n) {
      micros += microsPerDay;
      days--;
    } else if (days < 0 && micros > 0n) {
      micros -= microsPerDay;
      days++;
    }
    return new Interval(this.months, days, micros);
  }

  /** 30 days become a month. */
  justifyDays(): Interval {
    let months = this.months + Math.trunc(this.days / daysPerMonth);
    let days = this.days % daysPerMonth;
    if (months > 0 && days < 0) {
      days += daysPerMonth;
      months--;
    } else if (months < 0 && days > 0) {
      days -= daysPerMonth;
      months++;
    }
    return new Interval(months, days, this.micros);
  }

  /** Both, with one sign for all parts. */
  justifyInterval(): Interval {
    const allDays = this.days + Number(this.micros / microsPerDay);
    let micros = this.micros % microsPerDay;
    let months = this.months + Math.trunc(allDays / daysPerMonth);
    let days = allDays % daysPerMonth;
    if (months > 0 && (days < 0 || (days === 0 && micros < 0n))) {
      days += daysPerMonth;
      months--;
    } else if (months < 0 && (days > 0 || (days === 0 && micros > 0n))) {
      days -= daysPerMonth;
      months++;
    }
    if (days > 0 && micros < 0n) {
      micros += microsPerDay;
      days--;
    } else if (days < 0 && micros > 0n) {
      micros -= microsPerDay;
      days++;
    }
    return new Interval(months, days, micros);
  }

  /** What it is compared by: microseconds, with months of 30 days of 24 hours. */
  comparable(): bigint {
    return this.micros + BigInt(this.months * daysPerMonth + this.days) * microsPerDay;
  }

  compare(other: Interval): number {
    const left = this.comparable();
    const right = other.comparable();
    return left < right ? -1 : left > right ? 1 : 0;
  }
}

/** A time of day and the zone it is in: microseconds since local midnight, seconds east of UTC. */
export class TimeTz {
  readonly micros: bigint;
  readonly zoneSeconds: number;

  constructor(micros: bigint, zoneSeconds: number) {
    this.micros = micros;
    this.zoneSeconds = zoneSeconds;
  }

  /** Microseconds since midnight UTC; may lie outside of one day. */
  utcMicros(): bigint {
    return this.micros - BigInt(this.zoneSeconds) * 1_000_000n;
  }

  /** By instant, then the more eastern zone first, as PostgreSQL. */
  compare(other: TimeTz): number {
    const left = this.utcMicros();
    const right = other.utcMicros();
    if (left !== right) return left < right ? -1 : 1;
    return other.zoneSeconds - this.zoneSeconds;
  }
}

/** C's rint: halves go to the even neighbour. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest < 0.5) return floor;
  if (rest > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

function roundToMicros(value: number): number {
  return roundHalfEven(value * 1e6) / 1e6;
}

function inInt32(value: number): boolean {
  return value <= int32Max && value >= -int32Max - 1;
}

function outOfRange(): SqlError {
  return new SqlError(sqlstate.datetimeFieldOverflow, 'interval out of range');
}
