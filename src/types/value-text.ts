/**
 * The text of values in narrow columns, as bytes straight into a buffer: the same text that `formatText` gives,
 * without a datum or a string for each value. For the types that have a short road: whole numbers, numerics with
 * a fixed scale, and moments in ISO style.
 */

import { civilFromDays } from './calendar.ts';
import type { Column } from './column.ts';
import { decimalBytesMax, writeDecimal, writeTwoDigits } from './digits.ts';
import type { SqlType } from './sql-type.ts';
import type { TextIoOptions } from './text-io.ts';

/**
 * Writes the value of a row that is not NULL at `at`, and returns where it ends; −1 when this value is one of the
 * rare ones that only `formatText` writes (infinite, or before year 1 or after 9999).
 */
export type WriteValue = (buffer: Buffer, at: number, row: number) => number;

/** Numerics with more digits after the point take the long road. */
const scaleMax = 32;
/** No value takes more bytes than this. */
export const valueBytesMax = decimalBytesMax + scaleMax;

const microsPerDay = 86_400_000_000;
const zero = 48;
/** 0001-01-01 and 9999-12-31. */
const firstDay = -719_162;
const lastDay = 2_932_896;

/** Null where a column's values have no short road. */
export function valueWriter(column: Column, type: SqlType, io: TextIoOptions): WriteValue | null {
  if (column.kind === 'i32') return int32Writer(column.values, type, io);
  return column.kind === 'f64' ? float64Writer(column.values, type, io) : null;
}

function int32Writer(values: Int32Array, type: SqlType, io: TextIoOptions): WriteValue | null {
  if (type.kind !== 'date') return (buffer, at, row) => writeDecimal(buffer, at, values[row]!, 0);
  if (!isIso(io)) return null;
  const days = new DayText();
  return (buffer, at, row) => days.write(buffer, at, values[row]!);
}

function float64Writer(values: Float64Array, type: SqlType, io: TextIoOptions): WriteValue | null {
  switch (type.kind) {
    case 'bigint':
    case 'oid':
      return (buffer, at, row) => writeDecimal(buffer, at, values[row]!, 0);
    case 'numeric': {
      const scale = type.fixedScale ?? 0;
      if (scale > scaleMax) return null;
      return (buffer, at, row) => writeDecimal(buffer, at, values[row]!, scale);
    }
    case 'time':
      return (buffer, at, row) => writeTimeOfDay(buffer, at, values[row]!);
    case 'timestamp':
      return isIso(io) ? timestampWriter(values) : null;
    case 'timestamptz':
      return isIso(io) && (io.timeZone ?? 'UTC') === 'UTC' ? utcWriter(values) : null;
    default:
      return null;
  }
}

function isIso(io: TextIoOptions): boolean {
  return (io.dateStyle ?? 'ISO').startsWith('ISO');
}

function timestampWriter(values: Float64Array): WriteValue {
  const days = new DayText();
  return (buffer, at, row) => {
    const micros = values[row]!;
    const day = Math.floor(micros / microsPerDay);
    const end = days.write(buffer, at, day);
    if (end < 0) return -1;
    buffer[end] = 32;
    return writeTimeOfDay(buffer, end + 1, micros - day * microsPerDay);
  };
}

function utcWriter(values: Float64Array): WriteValue {
  const write = timestampWriter(values);
  return (buffer, at, row) => {
    const end = write(buffer, at, row);
    if (end < 0) return -1;
    buffer[end] = 43;
    buffer[end + 1] = zero;
    buffer[end + 2] = zero;
    return end + 3;
  };
}

/** `YYYY-MM-DD`; the calendar is asked once for a run of equal days. */
class DayText {
  #day = NaN;
  readonly #text = Buffer.alloc(10, '0000-00-00');

  write(buffer: Buffer, at: number, day: number): number {
    // Written so that NaN and infinities are outside too.
    if (!(day >= firstDay && day <= lastDay)) return -1;
    if (day !== this.#day) this.#set(day);
    const text = this.#text;
    for (let i = 0; i < 10; i++) buffer[at + i] = text[i]!;
    return at + 10;
  }

  #set(number: number): void {
    const { year, month, day } = civilFromDays(number);
    const century = Math.floor(year / 100);
    writeTwoDigits(this.#text, 0, century);
    writeTwoDigits(this.#text, 2, year - century * 100);
    writeTwoDigits(this.#text, 5, month);
    writeTwoDigits(this.#text, 8, day);
    this.#day = number;
  }
}

/** `HH:MM:SS[.ffffff]` of microseconds since midnight. */
function writeTimeOfDay(buffer: Buffer, at: number, micros: number): number {
  const seconds = Math.floor(micros / 1_000_000);
  let fraction = (micros - seconds * 1_000_000) | 0;
  const hour = (seconds / 3600) | 0;
  const minute = ((seconds - hour * 3600) / 60) | 0;
  writeTwoDigits(buffer, at, hour);
  buffer[at + 2] = 58;
  writeTwoDigits(buffer, at + 3, minute);
  buffer[at + 5] = 58;
  writeTwoDigits(buffer, at + 6, seconds - hour * 3600 - minute * 60);
  if (fraction === 0) return at + 8;
  buffer[at + 8] = 46;
  for (let index = 5; index >= 0; index--) {
    const tenth = (fraction / 10) | 0;
    buffer[at + 9 + index] = zero + (fraction - tenth * 10);
    fraction = tenth;
  }
  let end = at + 15;
  while (buffer[end - 1] === zero) end--;
  return end;
}
