/** SQL-level cursors (DECLARE, FETCH, MOVE, CLOSE). A cursor's rows are those of the moment it was declared. */

import { SqlError, sqlstate } from '../base/errors.ts';
import type { Batch } from '../types/batch.ts';
import { copyBatch, gather } from '../types/column-access.ts';
import type { Schema } from '../types/schema.ts';
import type { RowCursor, StatementResult } from './session-api.ts';
import { BatchCursor } from './result-cursor.ts';

export interface CursorOptions {
  readonly name: string;
  readonly fields: Schema;
  readonly source: RowCursor;
  readonly hold: boolean;
  /** NO SCROLL was given: going back is an error. */
  readonly noScroll: boolean;
}

/** Rows asked of the source at once. */
const chunkRows = 1024;

class SqlCursor {
  readonly options: CursorOptions;
  #batches: Batch[] = [];
  #rows = 0;
  #complete = false;
  /** 0: before the first row; n: on row n; rows + 1: after the last. */
  position = 0;

  constructor(options: CursorOptions) {
    this.options = options;
  }

  /** Reads on until row `count` is there or the source has ended. */
  async #readTo(count: number): Promise<void> {
    while (!this.#complete && this.#rows < count) {
      const batch = await this.options.source.next(chunkRows);
      if (batch === null) {
        this.#complete = true;
        return;
      }
      this.#batches.push(copyBatch(batch));
      this.#rows += batch.count;
    }
  }

  async readAll(): Promise<number> {
    await this.#readTo(Infinity);
    return this.#rows;
  }

  /** Rows `from`..`to` (from 1, inclusive) as far as they exist. */
  async slice(from: number, to: number): Promise<Batch[]> {
    await this.#readTo(to);
    const found: Batch[] = [];
    let first = 1;
    for (const batch of this.#batches) {
      const low = Math.max(from, first);
      const high = Math.min(to, first + batch.count - 1);
      if (low <= high) {
        const rows = Int32Array.from({ length: high - low + 1 }, (_, index) => low - first + index);
        found.push(gather(batch, rows, rows.length));
      }
      first += batch.count;
    }
    return found.map(copyBatch);
  }

  get rowsKnown(): number {
    return this.#rows;
  }

  close(): void {
    this.options.source.close();
  }
}

export interface FetchRequest {
  readonly direction: 'forward' | 'backward' | 'absolute' | 'relative';
  readonly count: number | 'all';
  readonly move: boolean;
}

export class Cursors {
  readonly #cursors = new Map<string, SqlCursor>();

  declare(options: CursorOptions): void {
    if (this.#cursors.has(options.name)) {
      throw new SqlError(sqlstate.duplicateCursor, `cursor "${options.name}" already exists`);
    }
    this.#cursors.set(options.name, new SqlCursor(options));
  }

  fieldsOf(name: string): Schema | null {
    return this.#cursors.get(name)?.options.fields ?? null;
  }

  #find(name: string): SqlCursor {
    const found = this.#cursors.get(name);
    if (found !== undefined) return found;
    throw new SqlError(sqlstate.invalidCursorName, `cursor "${name}" does not exist`);
  }

  async fetch(name: string, request: FetchRequest): Promise<StatementResult> {
    const cursor = this.#find(name);
    const { direction, count } = request;
    const batches =
      direction === 'forward' && (count === 'all' || count >= 0)
        ? await forward(cursor, count === 'all' ? Infinity : count)
        : await scroll(cursor, direction, count);
    const rows = batches.reduce((sum, batch) => sum + batch.count, 0);
    if (request.move) return { kind: 'done', tag: `MOVE ${rows}` };
    return {
      kind: 'rows',
      fields: cursor.options.fields,
      cursor: new BatchCursor(batches),
      tag: 'FETCH',
    };
  }

  /** `null`: all. */
  close(name: string | null): void {
    if (name === null) {
      this.closeAll();
      return;
    }
    this.#find(name).close();
    this.#cursors.delete(name);
  }

  closeAll(): void {
    for (const cursor of this.#cursors.values()) cursor.close();
    this.#cursors.clear();
  }

  /** WITH HOLD cursors live on after a commit, with their rows read out; the others end. */
  async endTransaction(committed: boolean): Promise<void> {
    for (const [name, cursor] of [...this.#cursors]) {
      if (cursor.options.hold && committed) {
        await cursor.readAll();
      } else if (!cursor.options.hold) {
        cursor.close();
        this.#cursors.delete(name);
      }
    }
  }
}

async function forward(cursor: SqlCursor, count: number): Promise<Batch[]> {
  if (count === 0) return await cursor.slice(cursor.position, cursor.position);
  const from = cursor.position + 1;
  const batches = await cursor.slice(from, from + count - 1);
  const rows = batches.reduce((sum, batch) => sum + batch.count, 0);
  cursor.position = rows < count ? cursor.rowsKnown + 1 : cursor.position + rows;
  return batches;
}

async function scroll(
  cursor: SqlCursor,
  direction: FetchRequest['direction'],
  count: number | 'all',
): Promise<Batch[]> {
  if (cursor.options.noScroll) {
    throw new SqlError(sqlstate.objectNotInPrerequisiteState, 'cursor can only scan forward', {
      hint: 'Declare it with SCROLL option to enable backward scan.',
    });
  }
  const total = await cursor.readAll();
  if (direction === 'absolute' || direction === 'relative') {
    const number = count === 'all' ? total : count;
    const base = direction === 'relative' ? cursor.position + number : number;
    const target = direction === 'absolute' && number < 0 ? total + 1 + number : base;
    cursor.position = Math.max(0, Math.min(total + 1, target));
    return await cursor.slice(cursor.position, cursor.position);
  }
  const back = direction === 'backward' ? count : count === 'all' ? 'all' : -count;
  if (back !== 'all' && back < 0) return await forward(cursor, -back);
  const to = Math.min(cursor.position, total + 1) - 1;
  const from = back === 'all' ? 1 : Math.max(1, to - back + 1);
  const batches: Batch[] = [];
  for (let row = to; row >= from; row--) batches.push(...(await cursor.slice(row, row)));
  cursor.position = back === 'all' || to - back + 1 < 1 ? 0 : from;
  return batches;
}
