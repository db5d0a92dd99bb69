/** Cursors over finished results, and the small results that statements such as SHOW give. */

import type { Batch } from '../types/batch.ts';
import { BatchBuilder, gather } from '../types/column-access.ts';
import type { Row } from '../types/datum.ts';
import type { Schema } from '../types/schema.ts';
import { types } from '../types/sql-type.ts';
import type { RowCursor, StatementResult } from './session-api.ts';

/** Hands out batches in pieces of the size asked for. */
export class BatchCursor implements RowCursor {
  readonly #batches: Iterator<Batch>;
  #current: Batch | null = null;
  #at = 0;

  readonly #check: () => void;

  /** `check` throws when the statement was canceled. */
  constructor(batches: Iterable<Batch>, check: () => void = () => undefined) {
    this.#batches = batches[Symbol.iterator]();
    this.#check = check;
  }

  next(max: number): Promise<Batch | null> {
    try {
      this.#check();
      return Promise.resolve(this.take(max));
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  /** Up to `max` rows, or null at the end. */
  take(max: number): Batch | null {
    while (this.#current === null || this.#at >= this.#current.count) {
      const next = this.#batches.next();
      if (next.done === true) return null;
      this.#current = next.value;
      this.#at = 0;
    }
    const batch = this.#current;
    const from = this.#at;
    const count = Math.min(max, batch.count - from);
    this.#at += count;
    if (count === batch.count) return batch;
    return gather(
      batch,
      Int32Array.from({ length: count }, (_, index) => from + index),
      count,
    );
  }

  close(): void {
    this.#current = null;
    this.#batches.return?.();
  }
}

/** Rows that were made here, as a result. */
export function rowsResult(fields: Schema, rows: readonly Row[], tag = 'SELECT'): StatementResult {
  const builder = new BatchBuilder(
    fields.map((field) => field.type),
    rows.length,
  );
  for (const row of rows) builder.append(row);
  const batches = rows.length === 0 ? [] : [builder.batch()];
  return { kind: 'rows', fields, cursor: new BatchCursor(batches), tag };
}

/** Columns of text, by name. */
export function textFields(...names: readonly string[]): Schema {
  return names.map((name) => ({ name, type: types.text, nullable: true }));
}
