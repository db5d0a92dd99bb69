/**
 * Which partition each row of a batch belongs to. What is known of a partition, its directory and its time, is
 * found out once for its values and then by a hash of them; rows mostly go where the one before them went.
 */

import { SqlError } from '../../base/errors.ts';
import type { Column } from '../../types/column.ts';
import { isNullAt, readDatum } from '../../types/column-access.ts';
import type { Datum, Row } from '../../types/datum.ts';
import { partitionPath, type PartitionColumn } from './partition-path.ts';

/** What rows with the same values in the partition columns have in common. */
export interface Partition {
  /** Relative to the sink's directory. */
  readonly directory: string;
  /** The time that the values stand for, in milliseconds. */
  readonly timeMs: number;
  /** Why its rows cannot be written; null when they can. */
  readonly error: SqlError | null;
}

/** Partitions that are remembered; then all are forgotten and found out anew. */
const knownMax = 4096;

/** A value as it is compared: bytes of text, or the number or datum in its column; null is NULL. */
type Value = Uint8Array | Datum | null;

interface Known {
  readonly values: readonly Value[];
  readonly partition: Partition;
}

export class PartitionRouter {
  readonly #columns: readonly PartitionColumn[];
  readonly #defaultName: string;
  readonly #timeOf: (row: Row) => number;
  /** By hash. */
  readonly #known = new Map<number, Known[]>();
  #knownCount = 0;
  #batch: readonly Column[] = [];
  #last: Known | null = null;

  /** `timeOf` gives the time that a row's values stand for, and throws SqlError when there is none. */
  constructor(
    columns: readonly PartitionColumn[],
    defaultName: string,
    timeOf: (row: Row) => number,
  ) {
    this.#columns = columns;
    this.#defaultName = defaultName;
    this.#timeOf = timeOf;
  }

  begin(columns: readonly Column[]): void {
    this.#batch = columns;
  }

  /** The partition of a row of the batch; the same object for as long as it is remembered. */
  partitionOf(row: number): Partition {
    if (this.#last !== null && this.#isAt(this.#last, row)) return this.#last.partition;
    this.#last = this.#find(row);
    return this.#last.partition;
  }

  #find(row: number): Known {
    let hash = 0;
    for (const { ordinal } of this.#columns) hash = hashAt(this.#batch[ordinal]!, row, hash);
    const known = this.#known.get(hash)?.find((each) => this.#isAt(each, row));
    return known ?? this.#add(hash, row);
  }

  #add(hash: number, row: number): Known {
    const known = { values: this.#values(row), partition: this.#make(row) };
    if (this.#knownCount++ >= knownMax) {
      this.#known.clear();
      this.#knownCount = 1;
    }
    const bucket = this.#known.get(hash);
    if (bucket === undefined) this.#known.set(hash, [known]);
    else bucket.push(known);
    return known;
  }

  #make(row: number): Partition {
    const values: (Datum | null)[] = [];
    for (const { ordinal, type } of this.#columns) {
      values[ordinal] = readDatum(this.#batch[ordinal]!, row, type);
    }
    try {
      const directory = partitionPath(this.#columns, values, this.#defaultName);
      return { directory, timeMs: this.#timeOf(values), error: null };
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      return { directory: '', timeMs: NaN, error };
    }
  }

  #values(row: number): Value[] {
    return this.#columns.map(({ ordinal }) => {
      const column = this.#batch[ordinal]!;
      if (isNullAt(column, row)) return null;
      if (column.kind !== 'text') return column.values[row]!;
      const from = column.offsets[row]!;
      // A copy: the slice of a Buffer would be a view.
      return Uint8Array.from(column.bytes.subarray(from, from + column.lengths[row]!));
    });
  }

  #isAt({ values }: Known, row: number): boolean {
    for (let index = 0; index < values.length; index++) {
      const column = this.#batch[this.#columns[index]!.ordinal]!;
      if (!sameAt(column, row, values[index]!)) return false;
    }
    return true;
  }
}

function sameAt(column: Column, row: number, value: Value): boolean {
  if (column.kind === 'any') return Object.is(column.values[row], value);
  if (column.nulls !== null && column.nulls[row] !== 0) return value === null;
  if (column.kind !== 'text') return Object.is(column.values[row], value);
  if (!(value instanceof Uint8Array) || value.length !== column.lengths[row]) return false;
  const { bytes } = column;
  const from = column.offsets[row]!;
  for (let i = 0; i < value.length; i++) if (bytes[from + i] !== value[i]) return false;
  return true;
}

/** A hash of a value in whatever form it has; values that differ may have the same. */
function hashAt(column: Column, row: number, seed: number): number {
  let hash = seed ^ 0x3c6ef372;
  if (isNullAt(column, row)) return Math.imul(hash, 0x5bd1e995);
  if (column.kind === 'text') {
    const from = column.offsets[row]!;
    const to = from + column.lengths[row]!;
    for (let i = from; i < to; i++) hash = Math.imul(hash ^ column.bytes[i]!, 0x01000193);
    return hash;
  }
  if (column.kind !== 'any') return hashNumber(column.values[row]!, hash);
  const value = column.values[row]!;
  if (typeof value === 'number') return hashNumber(value, hash);
  if (typeof value === 'object') return hash;
  const text = String(value);
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

function hashNumber(value: number, seed: number): number {
  const high = (value * 2 ** -32) | 0;
  const hash = Math.imul(seed ^ (value | 0) ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1);
  return hash ^ (hash >>> 15);
}
