/**
 * Columns value by value: reading datums, widening and narrowing, gathering rows, and building batches
 * row by row. It is the slow and general road; generated code reads the arrays itself. What a narrow
 * column's number means for each type is defined here and nowhere else.
 */

import { assert, unreachable } from '../base/assert.ts';
import type { Batch } from './batch.ts';
import { makeColumn, type AnyColumn, type Column, type TextColumn } from './column.ts';
import type { Datum, Row } from './datum.ts';
import { timestampInfinity, timestampNegativeInfinity } from './datetime.ts';
import { copyColumn, gatherColumn, textPadding } from './column-copy.ts';
import { Decimal } from './decimal.ts';
import { narrowKind, type SqlType } from './sql-type.ts';

/** Bytes a new text arena starts with. */
const arenaStart = 1024;
const safeMax = BigInt(Number.MAX_SAFE_INTEGER);
const slice = (Buffer.prototype as unknown as { utf8Slice: (from: number, to: number) => string })
  .utf8Slice;

export function isNullAt(column: Column, row: number): boolean {
  if (column.kind === 'any') return column.values[row] === null;
  return column.nulls !== null && column.nulls[row] === 1;
}

/** The text of a row that is not NULL. */
export function textToString(column: TextColumn, row: number): string {
  return bytesToString(column.bytes, column.offsets[row]!, column.lengths[row]!);
}

/** UTF-8 as a string. */
export function bytesToString(bytes: Uint8Array, offset: number, length: number): string {
  return slice.call(bytes, offset, offset + length);
}

/** One value as a datum. */
export function readDatum(column: Column, row: number, type: SqlType): Datum | null {
  if (column.kind === 'any') {
    const value = column.values[row];
    return value === undefined ? null : value;
  }
  if (column.nulls !== null && column.nulls[row] === 1) return null;
  switch (column.kind) {
    case 'i32':
      return column.values[row]!;
    case 'f64':
      return datumFromNumber(column.values[row]!, type);
    case 'bool':
      return column.values[row] === 1;
    case 'text':
      return textToString(column, row);
  }
}

export function readRow(batch: Batch, row: number, types: readonly SqlType[]): (Datum | null)[] {
  const values: (Datum | null)[] = new Array(types.length);
  for (let index = 0; index < types.length; index++) {
    values[index] = readDatum(batch.columns[index]!, row, types[index]!);
  }
  return values;
}

export interface WeightedRow {
  readonly row: (Datum | null)[];
  readonly weight: number;
}

/** All rows with their weights: for tests and slow paths. */
export function readRows(batch: Batch, types: readonly SqlType[]): WeightedRow[] {
  const rows: WeightedRow[] = [];
  for (let row = 0; row < batch.count; row++) {
    const weight = batch.weights === null ? 1 : batch.weights[row]!;
    rows.push({ row: readRow(batch, row, types), weight });
  }
  return rows;
}

/** Whether a value can stand in the narrow form of its type. */
export function fitsNarrow(value: Datum, type: SqlType): boolean {
  switch (type.kind) {
    case 'bigint':
    case 'time':
      return isSafe(value as bigint);
    case 'timestamp':
    case 'timestamptz':
      return (
        isSafe(value as bigint) ||
        value === timestampInfinity ||
        value === timestampNegativeInfinity
      );
    case 'numeric': {
      const decimal = value as Decimal;
      return decimal.scale === type.fixedScale && decimal.isFinite && isSafe(decimal.unscaled);
    }
    default:
      return narrowKind(type) !== 'any';
  }
}

function isSafe(value: bigint): boolean {
  return value <= safeMax && value >= -safeMax;
}

/** The number a value has in a narrow i32, f64 or bool column; only for values that fit. */
export function narrowNumber(value: Datum, type: SqlType): number {
  switch (type.kind) {
    case 'timestamp':
    case 'timestamptz':
      if (value === timestampInfinity) return Infinity;
      if (value === timestampNegativeInfinity) return -Infinity;
      return Number(value);
    case 'numeric':
      return Number((value as Decimal).unscaled);
    default:
      return Number(value);
  }
}

/** The datum that a number in a narrow i32, f64 or bool column means. */
export function datumFromNumber(value: number, type: SqlType): Datum {
  switch (type.kind) {
    case 'bigint':
    case 'time':
      return BigInt(value);
    case 'timestamp':
    case 'timestamptz':
      if (value === Infinity) return timestampInfinity;
      if (value === -Infinity) return timestampNegativeInfinity;
      return BigInt(value);
    case 'numeric':
      assert(type.fixedScale !== undefined, 'a numeric without fixed scale in a narrow column');
      return Decimal.fromBigInt(BigInt(value), type.fixedScale);
    case 'boolean':
      return value === 1;
    default:
      return value;
  }
}

/** The wide form: the column itself when it is wide already. */
export function widenColumn(column: Column, count: number, type: SqlType): AnyColumn {
  if (column.kind === 'any') return column;
  const values: (Datum | null)[] = new Array(count);
  for (let row = 0; row < count; row++) values[row] = readDatum(column, row, type);
  return { kind: 'any', values, nulls: null };
}

/** The narrow form when all values fit it, else the column itself. */
export function narrowColumn(column: Column, count: number, type: SqlType): Column {
  if (column.kind !== 'any') return column;
  const kind = narrowKind(type);
  if (kind === 'any') return column;
  for (let row = 0; row < count; row++) {
    const value = column.values[row]!;
    if (value !== null && !fitsNarrow(value, type)) return column;
  }
  const narrow = makeColumn(kind, count);
  if (narrow.kind === 'text') fillText(narrow, column.values, count);
  else if (narrow.kind !== 'any') {
    for (let row = 0; row < count; row++) {
      const value = column.values[row]!;
      if (value !== null) narrow.values[row] = narrowNumber(value, type);
    }
  }
  if (narrow.kind !== 'any') narrow.nulls = nullsOf(column.values, count);
  return narrow;
}

/** A run of the same text stands there once. */
function fillText(column: TextColumn, values: readonly (Datum | null)[], count: number): void {
  const { offsets, lengths } = column;
  let size = 0;
  let last: Datum | null = '';
  let from = 0;
  let length = 0;
  for (let row = 0; row < count; row++) {
    const value = values[row]!;
    if (value !== last) {
      last = value;
      from = size;
      length = typeof value === 'string' ? Buffer.byteLength(value) : 0;
      size += length;
    }
    offsets[row] = from;
    lengths[row] = length;
  }
  const bytes = Buffer.alloc(size + textPadding);
  let written = 0;
  for (let row = 0; row < count; row++) {
    const value = values[row];
    if (typeof value !== 'string' || offsets[row]! < written) continue;
    written = offsets[row]! + bytes.write(value, offsets[row]!);
  }
  column.bytes = bytes;
}

function nullsOf(values: readonly (Datum | null)[], count: number): Uint8Array | null {
  let nulls: Uint8Array | null = null;
  for (let row = 0; row < count; row++) {
    if (values[row] !== null) continue;
    nulls ??= new Uint8Array(count);
    nulls[row] = 1;
  }
  return nulls;
}

/** A fresh batch with the given rows; weights, row watermarks and origin follow them. */
export function gather(batch: Batch, rows: Int32Array, count: number): Batch {
  const { weights, rowWatermarks, origin } = batch;
  const pick = <T extends Int32Array | Float64Array>(source: T, target: T): T => {
    for (let index = 0; index < count; index++) target[index] = source[rows[index]!]!;
    return target;
  };
  return {
    count,
    columns: batch.columns.map((column) => gatherColumn(column, rows, count)),
    weights: weights === null ? null : pick(weights, new Int32Array(count)),
    rowWatermarks: rowWatermarks === null ? null : pick(rowWatermarks, new Float64Array(count)),
    origin:
      origin === null
        ? null
        : { ...origin, offsets: pick(origin.offsets, new Float64Array(count)) },
  };
}

/** A copy that shares nothing with its producer. */
export function copyBatch(batch: Batch): Batch {
  const { count, origin } = batch;
  return {
    count,
    columns: batch.columns.map((column) => copyColumn(column, count)),
    weights: batch.weights === null ? null : batch.weights.slice(0, count),
    rowWatermarks: batch.rowWatermarks === null ? null : batch.rowWatermarks.slice(0, count),
    origin: origin === null ? null : { ...origin, offsets: origin.offsets.slice(0, count) },
  };
}

/**
 * Builds a batch row by row: narrow while the values fit, wide from the first that does not. A batch is
 * valid until `clear`, which starts over on the same memory.
 */
export class BatchBuilder {
  readonly #columns: ColumnBuilder[];
  #weights: Int32Array;
  #allOnes = true;
  #count = 0;

  constructor(types: readonly SqlType[], capacity = 1024) {
    this.#columns = types.map((type) => new ColumnBuilder(type, capacity));
    this.#weights = new Int32Array(capacity);
  }

  get count(): number {
    return this.#count;
  }

  append(row: Row, weight = 1): void {
    assert(
      row.length === this.#columns.length,
      `${row.length} values for ${this.#columns.length} columns`,
    );
    for (let index = 0; index < row.length; index++) {
      this.#columns[index]!.append(this.#count, row[index]!);
    }
    this.#weigh(weight);
  }

  /** Copies one row of a batch with the same types; its weight is multiplied by `weight`. */
  appendFrom(batch: Batch, row: number, weight = 1): void {
    for (let index = 0; index < this.#columns.length; index++) {
      this.#columns[index]!.appendFrom(this.#count, batch.columns[index]!, row);
    }
    this.#weigh(batch.weights === null ? weight : batch.weights[row]! * weight);
  }

  #weigh(weight: number): void {
    assert(weight !== 0, 'a row of weight 0');
    if (this.#count === this.#weights.length) {
      const larger = new Int32Array(Math.max(16, this.#count * 2));
      larger.set(this.#weights);
      this.#weights = larger;
    }
    this.#weights[this.#count++] = weight;
    if (weight !== 1) this.#allOnes = false;
  }

  /** What was appended; valid until `clear`. Weights are null when all are 1. */
  batch(): Batch {
    return {
      count: this.#count,
      columns: this.#columns.map((each) => each.column),
      weights: this.#allOnes ? null : this.#weights,
      rowWatermarks: null,
      origin: null,
    };
  }

  clear(): void {
    for (const each of this.#columns) each.clear();
    this.#allOnes = true;
    this.#count = 0;
  }
}

/** One growing column: its memory is reused from batch to batch, text goes into an arena of its own. */
class ColumnBuilder {
  readonly #type: SqlType;
  readonly #narrow: Column;
  #capacity: number;
  #wide: AnyColumn | null = null;
  #nulls: Uint8Array;
  #arena: Buffer = Buffer.alloc(0);
  #arenaUsed = 0;

  constructor(type: SqlType, capacity: number) {
    this.#type = type;
    this.#capacity = capacity;
    this.#narrow = makeColumn(narrowKind(type), capacity);
    this.#nulls = new Uint8Array(0);
    if (this.#narrow.kind === 'text') this.#growArena(arenaStart);
  }

  /** What was appended so far; valid until `clear`. */
  get column(): Column {
    return this.#wide ?? this.#narrow;
  }

  clear(): void {
    this.#wide = null;
    this.#arenaUsed = 0;
    if (this.#narrow.kind === 'any') this.#narrow.values.length = 0;
    else this.#narrow.nulls = null;
  }

  /** Sets row `row`, which is the next one. */
  append(row: number, value: Datum | null): void {
    const column = this.column;
    if (column.kind === 'any') {
      column.values[row] = value;
      return;
    }
    if (row >= this.#capacity) this.#grow();
    if (value === null) {
      this.#setNull(row);
    } else if (column.kind === 'text') {
      this.#appendText(column, row, value as string);
    } else if (fitsNarrow(value, this.#type)) {
      column.values[row] = narrowNumber(value, this.#type);
      if (column.nulls !== null) column.nulls[row] = 0;
    } else {
      this.#wide = widenColumn(column, row, this.#type);
      this.#wide.values[row] = value;
    }
  }

  /** Sets row `row` from another column of the same type. */
  appendFrom(row: number, source: Column, from: number): void {
    const column = this.column;
    if (column.kind === 'any' || column.kind !== source.kind || isNullAt(source, from)) {
      this.append(row, readDatum(source, from, this.#type));
      return;
    }
    if (row >= this.#capacity) this.#grow();
    if (column.kind === 'text' && source.kind === 'text') {
      const start = source.offsets[from]!;
      const length = source.lengths[from]!;
      this.#reserve(length);
      this.#arena.set(source.bytes.subarray(start, start + length), this.#arenaUsed);
      this.#placeText(column, row, length);
    } else if (column.kind !== 'text' && source.kind !== 'text') {
      column.values[row] = source.values[from] as number;
      if (column.nulls !== null) column.nulls[row] = 0;
    }
  }

  #appendText(column: TextColumn, row: number, text: string): void {
    this.#reserve(text.length * 3);
    const length = this.#arena.write(text, this.#arenaUsed);
    this.#placeText(column, row, length);
  }

  #placeText(column: TextColumn, row: number, length: number): void {
    column.offsets[row] = this.#arenaUsed;
    column.lengths[row] = length;
    this.#arenaUsed += length;
    if (column.nulls !== null) column.nulls[row] = 0;
  }

  /** Makes the arena hold `count` more bytes and the padding. */
  #reserve(count: number): void {
    const needed = this.#arenaUsed + count + textPadding;
    if (needed > this.#arena.length) this.#growArena(Math.max(needed, this.#arena.length * 2));
  }

  #growArena(size: number): void {
    const larger = Buffer.alloc(size);
    this.#arena.copy(larger, 0, 0, this.#arenaUsed);
    this.#arena = larger;
    if (this.#narrow.kind === 'text') this.#narrow.bytes = larger;
  }

  #setNull(row: number): void {
    const column = this.#narrow;
    switch (column.kind) {
      case 'any':
        return;
      case 'text':
        column.offsets[row] = 0;
        column.lengths[row] = 0;
        break;
      case 'i32':
      case 'f64':
      case 'bool':
        column.values[row] = 0;
        break;
      default:
        unreachable(column, 'column');
    }
    if (column.nulls === null) {
      if (this.#nulls.length < this.#capacity) this.#nulls = new Uint8Array(this.#capacity);
      else this.#nulls.fill(0, 0, row);
      column.nulls = this.#nulls;
    }
    column.nulls[row] = 1;
  }

  #grow(): void {
    this.#capacity = Math.max(16, this.#capacity * 2);
    const larger = makeColumn(this.#narrow.kind, this.#capacity);
    const column = this.#narrow;
    if (column.kind === 'text' && larger.kind === 'text') {
      larger.offsets.set(column.offsets);
      larger.lengths.set(column.lengths);
      column.offsets = larger.offsets;
      column.lengths = larger.lengths;
    } else if (column.kind === 'i32' && larger.kind === 'i32') {
      larger.values.set(column.values);
      column.values = larger.values;
    } else if (column.kind === 'f64' && larger.kind === 'f64') {
      larger.values.set(column.values);
      column.values = larger.values;
    } else if (column.kind === 'bool' && larger.kind === 'bool') {
      larger.values.set(column.values);
      column.values = larger.values;
    }
    if (column.kind !== 'any' && column.nulls !== null) {
      const nulls = new Uint8Array(this.#capacity);
      nulls.set(column.nulls);
      this.#nulls = nulls;
      column.nulls = nulls;
    }
  }
}
