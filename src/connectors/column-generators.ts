/** Column makers shared by the generators: each fills one column for a run of row numbers. */

import { assert } from '../base/assert.ts';
import type { Column, TextColumn } from '../types/column.ts';
import { makeColumn } from '../types/column.ts';
import type { ColumnKind } from '../types/sql-type.ts';
import type { RowGenerator } from './generator-reader.ts';

/** Fills rows 0 .. count − 1 of `column` with the values of rows first .. first + count − 1. */
export type FillColumn = (
  column: Column,
  first: number,
  count: number,
  originMicros: number,
) => void;

export interface GeneratedColumn {
  readonly kind: ColumnKind;
  readonly fill: FillColumn;
}

export class ColumnwiseGenerator implements RowGenerator {
  readonly #columns: readonly GeneratedColumn[];
  readonly #originMicros: number | null;

  /** Rows are made from `originMicros`, where it is given, and not from the source's own origin. */
  constructor(columns: readonly GeneratedColumn[], originMicros: number | null = null) {
    this.#columns = columns;
    this.#originMicros = originMicros;
  }

  makeColumns(capacity: number): Column[] {
    return this.#columns.map((column) => makeColumn(column.kind, capacity));
  }

  fill(columns: Column[], first: number, count: number, originMicros: number): void {
    const origin = this.#originMicros ?? originMicros;
    for (let index = 0; index < columns.length; index++) {
      this.#columns[index]!.fill(columns[index]!, first, count, origin);
    }
  }
}

/** A column of doubles (bigint, timestamp, double…) from a function of row number and origin. */
export function numbers(value: (row: number, originMicros: number) => number): GeneratedColumn {
  return {
    kind: 'f64',
    fill: (column, first, count, originMicros) => {
      assert(column.kind === 'f64', `a column of doubles is ${column.kind}`);
      const { values } = column;
      for (let row = 0; row < count; row++) values[row] = value(first + row, originMicros);
    },
  };
}

/** A column of 32-bit integers. */
export function integers(value: (row: number, originMicros: number) => number): GeneratedColumn {
  return {
    kind: 'i32',
    fill: (column, first, count, originMicros) => {
      assert(column.kind === 'i32', `a column of integers is ${column.kind}`);
      const { values } = column;
      for (let row = 0; row < count; row++) values[row] = value(first + row, originMicros);
    },
  };
}

/** Texts that all lie in one buffer made before: a row is a place in it, nothing is copied. */
export function textSlices(
  pool: Uint8Array,
  place: (row: number, offsets: Int32Array, lengths: Int32Array, at: number) => void,
): GeneratedColumn {
  return {
    kind: 'text',
    fill: (column, first, count) => {
      assert(column.kind === 'text', `a column of texts is ${column.kind}`);
      column.bytes = pool;
      const { offsets, lengths } = column;
      for (let row = 0; row < count; row++) place(first + row, offsets, lengths, row);
    },
  };
}

/** ASCII texts made one by one. */
export function texts(value: (row: number) => string): GeneratedColumn {
  return {
    kind: 'text',
    fill: (column, first, count) => {
      assert(column.kind === 'text', `a column of texts is ${column.kind}`);
      let used = 0;
      for (let row = 0; row < count; row++) {
        const text = value(first + row);
        const bytes = roomFor(column, used, text.length);
        column.offsets[row] = used;
        column.lengths[row] = text.length;
        used += bytes.write(text, used, 'latin1');
      }
    },
  };
}

/** The column's bytes, enlarged when `count` more bytes and the padding do not fit. */
function roomFor(column: TextColumn, used: number, count: number): Buffer {
  const needed = used + count + 16;
  if (column.bytes.length < needed) {
    const larger = Buffer.alloc(Math.max(needed, column.bytes.length * 2, 4096));
    larger.set(column.bytes.subarray(0, used));
    column.bytes = larger;
  }
  const { bytes } = column;
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** One buffer holding `entries` behind each other, padded, with where each begins; ASCII only. */
export function textPool(entries: readonly string[]): { bytes: Uint8Array; starts: Int32Array } {
  const starts = new Int32Array(entries.length + 1);
  let used = 0;
  entries.forEach((entry, index) => {
    starts[index] = used;
    used += entry.length;
  });
  starts[entries.length] = used;
  const bytes = Buffer.alloc(used + 16);
  bytes.write(entries.join(''), 'latin1');
  return { bytes, starts };
}
