/**
 * The changes of some groups in one tick: which had a row, which have one, and whether it is the same.
 * Old rows go out first, then new ones.
 */

import { ByteWriter } from '../../base/bytes.ts';
import { gatherRows } from '../../state/gather.ts';
import type { Column } from '../../types/column.ts';
import { readDatum } from '../../types/column-access.ts';
import { compareBytes } from '../../types/compare.ts';
import { encodeDatum } from '../../types/row-codec.ts';
import type { SqlType } from '../../types/sql-type.ts';
import type { Outlet } from '../outlet.ts';

export class GroupChanges {
  readonly #types: readonly SqlType[];
  #before: readonly Column[] = [];
  #now: readonly Column[] = [];
  /** By position: 1 where a result differs. */
  #differs = new Uint8Array(64);
  readonly #old = new Chosen();
  readonly #new = new Chosen();

  constructor(types: readonly SqlType[]) {
    this.#types = types;
  }

  /** Takes the results of the calls, by position. */
  compare(before: readonly Column[], now: readonly Column[], count: number): void {
    this.#before = before;
    this.#now = now;
    if (this.#differs.length < count) this.#differs = new Uint8Array(count * 2);
    this.#differs.fill(0, 0, count);
    for (let c = 0; c < this.#types.length; c++) {
      markDifferences(before[c]!, now[c]!, this.#types[c]!, count, this.#differs);
    }
    this.#old.clear(count);
    this.#new.clear(count);
  }

  /** `existed` and `exists` are 0 or 1: whether the group had and has a row. */
  add(position: number, group: number, existed: number, exists: number): void {
    if (existed === 1 && exists === 1 && this.#differs[position] === 0) return;
    if (existed === 1) this.#old.add(position, group);
    if (exists === 1) this.#new.add(position, group);
  }

  send(outlet: Outlet, keys: readonly Column[]): void {
    this.#old.emit(outlet, keys, this.#before, -1);
    this.#new.emit(outlet, keys, this.#now, 1);
  }
}

/** Groups whose rows go out with one sign, in reused memory. */
class Chosen {
  #positions = new Int32Array(64);
  #groups = new Int32Array(64);
  #weights = new Int32Array(0);
  #count = 0;
  readonly #reused: (Column | null)[] = [];

  clear(capacity: number): void {
    this.#count = 0;
    if (this.#positions.length >= capacity) return;
    this.#positions = new Int32Array(capacity);
    this.#groups = new Int32Array(capacity);
  }

  add(position: number, group: number): void {
    this.#positions[this.#count] = position;
    this.#groups[this.#count++] = group;
  }

  emit(outlet: Outlet, keys: readonly Column[], results: readonly Column[], weight: 1 | -1): void {
    const count = this.#count;
    if (count === 0) return;
    const columns: Column[] = [];
    const take = (column: Column, rows: Int32Array): void => {
      const at = columns.length;
      const gathered = gatherRows(column, rows, count, this.#reused[at] ?? null);
      this.#reused[at] = gathered;
      columns.push(gathered);
    };
    for (const key of keys) take(key, this.#groups);
    for (const result of results) take(result, this.#positions);
    if (weight === -1 && this.#weights.length < count) {
      this.#weights = new Int32Array(count).fill(-1);
    }
    const weights = weight === 1 ? null : this.#weights;
    outlet.emit({ count, columns, weights, rowWatermarks: null, origin: null });
  }
}

/** Sets flags where two columns show different values. */
function markDifferences(
  a: Column,
  b: Column,
  type: SqlType,
  count: number,
  differs: Uint8Array,
): void {
  if (a.kind === 'f64' && b.kind === 'f64' && a.nulls === null && b.nulls === null) {
    const before = a.values;
    const now = b.values;
    for (let i = 0; i < count; i++) if (!Object.is(before[i], now[i])) differs[i] = 1;
    return;
  }
  for (let i = 0; i < count; i++) {
    if (differs[i] === 0 && !sameAt(a, b, i, type)) differs[i] = 1;
  }
}

/** Whether two columns show the same value at a row. */
function sameAt(a: Column, b: Column, row: number, type: SqlType): boolean {
  if (a.kind !== 'any' && a.kind !== 'text' && b.kind === a.kind) {
    const nullA = a.nulls !== null && a.nulls[row] !== 0;
    const nullB = b.nulls !== null && b.nulls[row] !== 0;
    return nullA === nullB && (nullA || Object.is(a.values[row], b.values[row]));
  }
  const before = readDatum(a, row, type);
  const now = readDatum(b, row, type);
  if (before === null || now === null || typeof before !== 'object') return Object.is(before, now);
  const writer = new ByteWriter(64);
  encodeDatum(writer, before, type);
  const { length } = writer;
  encodeDatum(writer, now, type);
  const bytes = writer.view();
  return compareBytes(bytes.subarray(0, length), bytes.subarray(length)) === 0;
}
