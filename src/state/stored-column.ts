/**
 * One column of state: values by entry id, in the narrow physical form of their type until a value comes
 * that does not fit, then wide (an array of datums) for ever. `column` is an ordinary Column whose rows
 * are the entries, so everything that reads batches reads state too.
 *
 * Text stands in an arena that is reused when entries go; a Column read from here is valid until the
 * next change of the table.
 */

import { assert } from '../base/assert.ts';
import { fitsNarrow, narrowColumn, narrowNumber, widenColumn } from '../types/column-access.ts';
import type { Column, TextColumn } from '../types/column.ts';
import { makeColumn } from '../types/column.ts';
import type { Datum } from '../types/datum.ts';
import type { ColumnKind, SqlType } from '../types/sql-type.ts';
import { narrowKind } from '../types/sql-type.ts';
import { ByteArena } from './arena.ts';
import { isRange } from './entry-ids.ts';
import type { EntryIds } from './entry-ids.ts';
import { grownFloat64, grownInt32, grownUint8 } from './grown.ts';

/** Whether columns of two types have the same physical form for equal values. */
export function sameForm(a: SqlType, b: SqlType): boolean {
  if (a.kind === 'numeric' && b.kind === 'numeric') return a.fixedScale === b.fixedScale;
  return narrowKind(a) === narrowKind(b);
}

/** `column`, whose values are of type `from`, in the physical form that type `to` asks for. */
export function alignColumn(column: Column, count: number, from: SqlType, to: SqlType): Column {
  if (sameForm(from, to)) return column;
  return narrowColumn(widenColumn(column, count, from), count, to);
}

export class StoredColumn {
  readonly type: SqlType;
  column: Column;
  #arena: ByteArena | null;
  readonly #entries: EntryIds;

  /** `entries` are those that it has values for. */
  constructor(type: SqlType, entries: EntryIds) {
    this.type = type;
    this.#entries = entries;
    const kind = narrowKind(type);
    this.column = makeColumn(kind, entries.capacity);
    this.#arena = null;
    if (kind === 'text') this.#makeArena();
  }

  get kind(): ColumnKind {
    return this.column.kind;
  }

  /** Bytes of memory in use; an estimate where values are datums. */
  get bytes(): number {
    const column = this.column;
    const { high } = this.#entries;
    if (column.kind === 'any') return column.values.length * 48;
    const nulls = column.nulls === null ? 0 : high;
    if (column.kind === 'text') return high * 8 + this.#arena!.used + nulls;
    return high * column.values.BYTES_PER_ELEMENT + nulls;
  }

  grow(capacity: number): void {
    const column = this.column;
    if (column.kind === 'any') return;
    if (column.nulls !== null) column.nulls = grownUint8(column.nulls, capacity);
    switch (column.kind) {
      case 'i32':
        column.values = grownInt32(column.values, capacity);
        break;
      case 'f64':
        column.values = grownFloat64(column.values, capacity);
        break;
      case 'bool':
        column.values = grownUint8(column.values, capacity);
        break;
      case 'text':
        column.offsets = grownInt32(column.offsets, capacity);
        column.lengths = grownInt32(column.lengths, capacity);
        break;
    }
  }

  /**
   * Brings a batch's column into the form this column has now, turning this one wide when a value of
   * the batch asks for it.
   */
  accept(source: Column, count: number, sourceType: SqlType = this.type): Column {
    const aligned = alignColumn(source, count, sourceType, this.type);
    if (aligned.kind === this.column.kind) return aligned;
    if (this.column.kind === 'any') return widenColumn(aligned, count, this.type);
    assert(aligned.kind === 'any', `a ${aligned.kind} column came for ${this.column.kind} state`);
    const narrowed = narrowColumn(aligned, count, this.type);
    if (narrowed.kind === 'any') this.widen();
    return narrowed;
  }

  /** From now on values are datums. */
  widen(): void {
    if (this.column.kind === 'any') return;
    this.column = widenColumn(this.column, this.#entries.high, this.type);
    this.#arena = null;
  }

  /** The null flags, made when the first NULL comes. Not for wide columns. */
  makeNulls(): Uint8Array {
    const column = this.column;
    assert(column.kind !== 'any', 'a wide column keeps NULL in its values');
    return (column.nulls ??= new Uint8Array(this.#entries.capacity));
  }

  setText(entry: number, bytes: Uint8Array, offset: number, length: number): void {
    const column = this.column as TextColumn;
    const arena = this.#arena!;
    arena.release(column.offsets[entry]!, column.lengths[entry]!);
    column.offsets[entry] = arena.put(bytes, offset, length);
    column.lengths[entry] = length;
    column.bytes = arena.bytes;
  }

  /** Sets entries[i] from row rows[i] (row i when `rows` is null). `source` must have been accepted. */
  scatter(source: Column, rows: Int32Array | null, entries: Int32Array, count: number): void {
    const column = this.column;
    assert(source.kind === column.kind, `scatter of ${source.kind} into ${column.kind}`);
    if (source.kind === 'any' && column.kind === 'any') {
      for (let i = 0; i < count; i++) {
        column.values[entries[i]!] = source.values[rows === null ? i : rows[i]!]!;
      }
      return;
    }
    if (source.kind === 'text') {
      for (let i = 0; i < count; i++) {
        const row = rows === null ? i : rows[i]!;
        this.setText(entries[i]!, source.bytes, source.offsets[row]!, source.lengths[row]!);
      }
    } else if (source.kind === 'f64' && column.kind === 'f64') {
      scatterFloat64(source.values, rows, column.values, entries, count);
    } else if (source.kind === 'i32' && column.kind === 'i32') {
      scatterInt32(source.values, rows, column.values, entries, count);
    } else if (source.kind === 'bool' && column.kind === 'bool') {
      scatterUint8(source.values, rows, column.values, entries, count);
    }
    if (source.nulls !== null) {
      scatterUint8(source.nulls, rows, this.makeNulls(), entries, count);
    } else if (column.nulls !== null) {
      for (let i = 0; i < count; i++) column.nulls[entries[i]!] = 0;
    }
  }

  /** Sets entries[i] from row i of a column that a segment gave. */
  put(source: Column, entries: Int32Array): void {
    const count = entries.length;
    if (count === 0) return;
    const accepted = this.accept(source, count);
    const { column } = this;
    const inRow = accepted.nulls === null && column.nulls === null && isRange(entries);
    if (inRow && accepted.kind === 'f64' && column.kind === 'f64') {
      column.values.set(accepted.values, entries[0]!);
    } else if (inRow && accepted.kind === 'i32' && column.kind === 'i32') {
      column.values.set(accepted.values, entries[0]!);
    } else {
      this.scatter(accepted, null, entries, count);
    }
  }

  setDatum(entry: number, value: Datum | null): void {
    if (value !== null && this.column.kind !== 'any' && !fitsNarrow(value, this.type)) this.widen();
    const column = this.column;
    if (column.kind === 'any') {
      column.values[entry] = value;
      return;
    }
    if (value === null) this.makeNulls()[entry] = 1;
    else if (column.nulls !== null) column.nulls[entry] = 0;
    if (column.kind === 'text') {
      const bytes = Buffer.from((value ?? '') as string, 'utf8');
      this.setText(entry, bytes, 0, bytes.length);
    } else {
      column.values[entry] = value === null ? 0 : narrowNumber(value, this.type);
    }
  }

  /** Forgets the value of an entry: text memory is reused, objects are let go. */
  clear(entry: number): void {
    const column = this.column;
    if (column.kind === 'any') {
      column.values[entry] = null;
      return;
    }
    if (column.kind === 'text') {
      this.#arena!.release(column.offsets[entry]!, column.lengths[entry]!);
      column.offsets[entry] = 0;
      column.lengths[entry] = 0;
    } else {
      column.values[entry] = 0;
    }
    if (column.nulls !== null) column.nulls[entry] = 0;
  }

  #makeArena(): void {
    this.#arena = new ByteArena();
    (this.column as TextColumn).bytes = this.#arena.bytes;
  }
}

function scatterFloat64(
  source: Float64Array,
  rows: Int32Array | null,
  target: Float64Array,
  entries: Int32Array,
  count: number,
): void {
  for (let i = 0; i < count; i++) target[entries[i]!] = source[rows === null ? i : rows[i]!]!;
}

function scatterInt32(
  source: Int32Array,
  rows: Int32Array | null,
  target: Int32Array,
  entries: Int32Array,
  count: number,
): void {
  for (let i = 0; i < count; i++) target[entries[i]!] = source[rows === null ? i : rows[i]!]!;
}

function scatterUint8(
  source: Uint8Array,
  rows: Int32Array | null,
  target: Uint8Array,
  entries: Int32Array,
  count: number,
): void {
  for (let i = 0; i < count; i++) target[entries[i]!] = source[rows === null ? i : rows[i]!]!;
}
