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

/** A cursor whose rows come as they are made: it only goes forward, and ends with its transaction. */
interface LiveSource extends RowCursor {
  fetch(count: number, timeoutMs: number | null): Promise<readonly Batch[]>;
}

interface LiveCursor {
  readonly fields: Schema;
  readonly source: LiveSource;
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
  /** How long a cursor over SUBSCRIBE waits for `count` rows; null: only until it has one. */
  readonly timeoutMs: number | null;
}

export class Cursors {
  readonly #cursors = new Map<string, SqlCursor>();
  readonly #live = new Map<string, LiveCursor>();

  checkFree(name: string): void {
    if (!this.#cursors.has(name) && !this.#live.has(name)) return;
    throw new SqlError(sqlstate.duplicateCursor, `cursor "${name}" already exists`);
  }

  /** Over a subscription. */
  declareLive(name: string, fields: Schema, source: LiveSource): void {
    this.#live.set(name, { fields, source });
  }

  declare(options: CursorOptions): void {
    this.checkFree(options.name);
    this.#cursors.set(options.name, new SqlCursor(options));
  }

  fieldsOf(name: string): Schema | null {
    return this.#cursors.get(name)?.options.fields ?? this.#live.get(name)?.fields ?? null;
  }

  #find(name: string): SqlCursor {
    const found = this.#cursors.get(name);
    if (found !== undefined) return found;
    throw new SqlError(sqlstate.invalidCursorName, `cursor "${name}" does not exist`);
  }

  async fetch(name: string, request: FetchRequest): Promise<StatementResult> {
    const { direction, count } = request;
    const ahead = direction === 'forward' && (count === 'all' || count >= 0);
    const countMax = count === 'all' ? Infinity : count;
    const live = this.#live.get(name);
    if (live !== undefined) {
      if (!ahead) throw onlyForward();
      return fetched(live.fields, await live.source.fetch(countMax, request.timeoutMs), request);
    }
    const cursor = this.#find(name);
    const batches = ahead
      ? await forward(cursor, countMax)
      : await scroll(cursor, direction, count);
    return fetched(cursor.options.fields, batches, request);
  }

  /** `null`: all. */
  close(name: string | null): void {
    if (name === null) {
      this.closeAll();
      return;
    }
    const live = this.#live.get(name);
    if (live === undefined) this.#find(name).close();
    else live.source.close();
    this.#live.delete(name);
    this.#cursors.delete(name);
  }

  closeAll(): void {
    for (const cursor of this.#cursors.values()) cursor.close();
    this.#cursors.clear();
    this.#closeLive();
  }

  #closeLive(): void {
    for (const { source } of this.#live.values()) source.close();
    this.#live.clear();
  }

  /** WITH HOLD cursors live on after a commit, with their rows read out; the others end. */
  async endTransaction(committed: boolean): Promise<void> {
    this.#closeLive();
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

function fetched(
  fields: Schema,
  batches: readonly Batch[],
  { move }: FetchRequest,
): StatementResult {
  const rows = batches.reduce((sum, batch) => sum + batch.count, 0);
  if (move) return { kind: 'done', tag: `MOVE ${rows}` };
  return { kind: 'rows', fields, cursor: new BatchCursor(batches), tag: 'FETCH' };
}

function onlyForward(hint?: string): SqlError {
  const message = 'cursor can only scan forward';
  return new SqlError(sqlstate.objectNotInPrerequisiteState, message, { hint });
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
    throw onlyForward('Declare it with SCROLL option to enable backward scan.');
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
