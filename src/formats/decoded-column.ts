/**
 * The columns a decoder writes: pooled arrays that grow, a NULL flag array that exists only once a NULL
 * came, and a short list of rows whose value does not fit the narrow form. Generated code writes the
 * arrays directly; everybody else goes through the setters.
 *
 * Text is a view on the record bytes. Text that had to be decoded (escapes, values made from strings)
 * lies in a side arena shared by the columns of one decoder: such a row has a negative offset until
 * `finish`, which then moves the batch's stretch of record bytes behind the arena, once, so that the
 * column again views a single byte array.
 */

import { assert } from '../base/assert.ts';
import { fitsNarrow, narrowNumber, widenColumn } from '../types/column-access.ts';
import type { AnyColumn, Column } from '../types/column.ts';
import type { Datum } from '../types/datum.ts';
import { narrowKind, type ColumnKind, type SqlType } from '../types/sql-type.ts';

const none32 = new Int32Array(0);
const none64 = new Float64Array(0);
const none8 = new Uint8Array(0);
const padding = 16;

/** Decoded text of one batch, beside the record bytes. */
export class SideText {
  bytes: Buffer = Buffer.alloc(1024);
  length = 0;
  /** Where the stretch of record bytes was moved to, less where it was; null until someone asked. */
  #shift: number | null = null;

  clear(): void {
    this.length = 0;
    this.#shift = null;
  }

  /** Makes room for `count` bytes and returns where they start. */
  reserve(count: number): number {
    const start = this.length;
    const needed = start + count + padding;
    if (needed > this.bytes.length) {
      const larger = Buffer.alloc(Math.max(needed, this.bytes.length * 2));
      this.bytes.copy(larger, 0, 0, start);
      this.bytes = larger;
    }
    this.length = start + count;
    return start;
  }

  appendBytes(source: Uint8Array, start: number, length: number): number {
    const at = this.reserve(length);
    this.bytes.set(source.subarray(start, start + length), at);
    return at;
  }

  /** UTF-8 of `text`; returns its byte length, `length` before the call is where it starts. */
  appendText(text: string): number {
    const size = Buffer.byteLength(text, 'utf8');
    this.bytes.write(text, this.reserve(size), size, 'utf8');
    return size;
  }

  /** Copies source[from, to) once a batch and returns what to add to an offset into source. */
  shift(source: Uint8Array, from: number, to: number): number {
    if (this.#shift === null) this.#shift = this.appendBytes(source, from, to - from) - from;
    return this.#shift;
  }

  /** The next decode call of the same batch may bring another stretch. */
  forgetShift(): void {
    this.#shift = null;
  }
}

export class DecodedColumn {
  readonly type: SqlType;
  readonly kind: ColumnKind;
  readonly nullable: boolean;
  /** False: values are read for their form alone, and generated code does not store them. */
  readonly stored: boolean;
  /** Storage by kind; the others stay empty. */
  ints: Int32Array = none32;
  floats: Float64Array = none64;
  bools: Uint8Array = none8;
  offsets: Int32Array = none32;
  lengths: Int32Array = none32;
  anys: (Datum | null)[] = [];
  /** Null until the batch has a NULL. */
  nulls: Uint8Array | null = null;
  #nullsStore: Uint8Array = none8;
  #capacity = 0;
  #wide: Map<number, Datum> | null = null;
  readonly #side: SideText;
  #column: Column;

  constructor(type: SqlType, nullable: boolean, side: SideText, stored = true) {
    this.type = type;
    this.nullable = nullable;
    this.stored = stored;
    this.kind = narrowKind(type);
    this.#side = side;
    this.#column = this.#makeColumn();
  }

  #makeColumn(): Column {
    const nulls = this.nulls;
    switch (this.kind) {
      case 'i32':
        return { kind: 'i32', values: this.ints, nulls };
      case 'f64':
        return { kind: 'f64', values: this.floats, nulls };
      case 'bool':
        return { kind: 'bool', values: this.bools, nulls };
      case 'text':
        return { kind: 'text', bytes: none8, offsets: this.offsets, lengths: this.lengths, nulls };
      case 'any':
        return { kind: 'any', values: this.anys, nulls: null };
    }
  }

  /** Starts a batch (`rows` = 0) or goes on with one that has `rows` rows, over new record bytes. */
  begin(rows: number, rowsMax: number, bytes: Uint8Array): void {
    if (rows === 0) {
      this.nulls = null;
      this.#wide = null;
    }
    this.#grow(rowsMax, rows);
    if (this.kind === 'text' && rows > 0) this.#leaveViews(rows, bytes);
  }

  #grow(rowsMax: number, rows: number): void {
    if (rowsMax <= this.#capacity) return;
    const capacity = Math.max(rowsMax, this.#capacity * 2, 64);
    this.#capacity = capacity;
    if (this.kind === 'i32') this.ints = grown(this.ints, new Int32Array(capacity), rows);
    if (this.kind === 'f64') this.floats = grown(this.floats, new Float64Array(capacity), rows);
    if (this.kind === 'bool') this.bools = grown(this.bools, new Uint8Array(capacity), rows);
    if (this.kind === 'text') {
      this.offsets = grown(this.offsets, new Int32Array(capacity), rows);
      this.lengths = grown(this.lengths, new Int32Array(capacity), rows);
    }
    if (this.nulls !== null) this.nulls = grown(this.nulls, new Uint8Array(capacity), rows);
    this.#nullsStore = this.nulls ?? new Uint8Array(capacity);
  }

  /** Rows of an earlier decode call keep their text although the record bytes change. */
  #leaveViews(rows: number, bytes: Uint8Array): void {
    assert(this.#column.kind === 'text' || this.#wide !== null, 'text column lost its form');
    if (this.#column.kind !== 'text' || this.#column.bytes === bytes) return;
    const inSide = this.#column.bytes === this.#side.bytes;
    for (let row = 0; row < rows; row++) {
      const offset = this.offsets[row]!;
      const at = inSide
        ? offset
        : this.#side.appendBytes(this.#column.bytes, offset, this.lengths[row]!);
      this.offsets[row] = -1 - at;
    }
  }

  /** The NULL flags, made on the first NULL of the batch; generated code calls this. */
  ensureNulls(): Uint8Array {
    if (this.nulls === null) {
      this.nulls = this.#nullsStore;
      this.nulls.fill(0);
    }
    return this.nulls;
  }

  /** Forgets what a refused record may have left in the row. */
  clearRow(row: number): void {
    if (this.nulls !== null) this.nulls[row] = 0;
    this.#wide?.delete(row);
  }

  setNull(row: number): void {
    switch (this.kind) {
      case 'i32':
        this.ints[row] = 0;
        break;
      case 'f64':
        this.floats[row] = 0;
        break;
      case 'bool':
        this.bools[row] = 0;
        break;
      case 'text':
        this.offsets[row] = 0;
        this.lengths[row] = 0;
        break;
      case 'any':
        this.anys[row] = null;
        return;
    }
    this.ensureNulls()[row] = 1;
  }

  /** Text that stands in the record bytes as it is. Only for kind text. */
  setView(row: number, start: number, length: number): void {
    this.offsets[row] = start;
    this.lengths[row] = length;
  }

  /** Text that stands in the side arena. */
  setSide(row: number, at: number, length: number): void {
    this.offsets[row] = -1 - at;
    this.lengths[row] = length;
  }

  set(row: number, value: Datum | null): void {
    if (value === null) return this.setNull(row);
    if (this.kind === 'any') {
      this.anys[row] = value;
    } else if (this.kind === 'text') {
      assert(typeof value === 'string', `text column got a ${typeof value}`);
      const at = this.#side.length;
      this.setSide(row, at, this.#side.appendText(value));
    } else if (!fitsNarrow(value, this.type)) {
      this.setNull(row);
      this.clearRow(row);
      (this.#wide ??= new Map()).set(row, value);
    } else if (this.kind === 'i32') {
      this.ints[row] = narrowNumber(value, this.type);
    } else if (this.kind === 'f64') {
      this.floats[row] = narrowNumber(value, this.type);
    } else {
      this.bools[row] = narrowNumber(value, this.type);
    }
  }

  /** The column of `rows` rows; record bytes [from, to) are what its views may point into. */
  finish(rows: number, bytes: Uint8Array, from: number, to: number): Column {
    const column = this.#fill(rows, bytes, from, to);
    return this.#wide === null ? column : this.#widened(column, rows, this.#wide);
  }

  #fill(rows: number, bytes: Uint8Array, from: number, to: number): Column {
    let column = this.#column;
    if (column.kind !== this.kind) column = this.#column = this.#makeColumn();
    switch (column.kind) {
      case 'i32':
        column.values = this.ints;
        column.nulls = this.nulls;
        break;
      case 'f64':
        column.values = this.floats;
        column.nulls = this.nulls;
        break;
      case 'bool':
        column.values = this.bools;
        column.nulls = this.nulls;
        break;
      case 'text':
        column.offsets = this.offsets;
        column.lengths = this.lengths;
        column.nulls = this.nulls;
        column.bytes = this.#settleText(rows, bytes, from, to);
        break;
      case 'any':
        this.anys.length = rows;
        column.values = this.anys;
        break;
    }
    return column;
  }

  #settleText(rows: number, bytes: Uint8Array, from: number, to: number): Uint8Array {
    const offsets = this.offsets;
    let lowest = 0;
    for (let row = 0; row < rows; row++) lowest |= offsets[row]!;
    if (lowest >= 0) return bytes;
    const shift = this.#side.shift(bytes, from, to);
    for (let row = 0; row < rows; row++) {
      const offset = offsets[row]!;
      if (offset < 0) offsets[row] = -1 - offset;
      else offsets[row] = this.lengths[row] === 0 ? 0 : offset + shift;
    }
    return this.#side.bytes;
  }

  #widened(column: Column, rows: number, wide: ReadonlyMap<number, Datum>): AnyColumn {
    const any = widenColumn(column, rows, this.type);
    for (const [row, value] of wide) if (row < rows) any.values[row] = value;
    return any;
  }
}

function grown<T extends Int32Array | Float64Array | Uint8Array>(old: T, next: T, rows: number): T {
  next.set(old.subarray(0, rows));
  return next;
}
