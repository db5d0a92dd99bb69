/**
 * The latest changes of one relation, tick by tick: what its subscriptions read. All of them share one log and
 * each keeps its own place in it, so a slow one costs nothing but its place, and one that comes again may go on
 * where it was.
 *
 * Bounded: past `bytesMax` the oldest ticks are given up, and whoever has not read them by then has lost its
 * place. A tick's changes stand together and are net: equal rows are summed, and what comes and goes within
 * one tick is not seen.
 */

import { assert } from '../base/assert.ts';
import { Consolidator } from '../dataflow/consolidate.ts';
import type { Batch } from '../types/batch.ts';
import { copyBatch } from '../types/column-access.ts';
import type { Column } from '../types/column.ts';
import type { SqlType } from '../types/sql-type.ts';
import type { ChangeListener } from './relation.ts';

/** Net changes of one tick; of append-only relations in several batches. */
export interface TickChanges {
  readonly tick: number;
  readonly batches: readonly Batch[];
  readonly rows: number;
  readonly bytes: number;
}

export interface ChangeLogOptions {
  readonly types: readonly SqlType[];
  /** Those of the relation's columns. */
  readonly numbers: readonly number[];
  /** No row is ever taken back: changes are net as they come. */
  readonly appendOnly: boolean;
  readonly bytesMax: number;
  /** The present tick, whose changes are not in it. */
  readonly tick: number;
}

export class ChangeLog implements ChangeListener {
  readonly ordinals: readonly number[];
  readonly #bytesMax: number;
  readonly #consolidator: Consolidator | null;
  /** Changes of the tick that is running, where they need not be summed. */
  #running: Batch[] = [];
  #touched = false;
  /** From `#head` on; what stands before it was given up. */
  #entries: TickChanges[] = [];
  #head = 0;
  /** Number of the entry at `#head`; entries are numbered from 0 on. */
  #first = 0;
  #bytes = 0;
  #rows = 0;
  #since: number;

  constructor(options: ChangeLogOptions) {
    this.ordinals = options.numbers;
    this.#bytesMax = options.bytesMax;
    this.#consolidator = options.appendOnly ? null : new Consolidator(options.types);
    this.#since = options.tick;
  }

  /** The changes of every tick after this one are here. */
  get since(): number {
    return this.#since;
  }

  /** Number that the next entry will get. */
  get end(): number {
    return this.#first + this.#entries.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get rows(): number {
    return this.#rows;
  }

  push(batch: Batch): void {
    if (batch.count === 0) return;
    this.#touched = true;
    if (this.#consolidator === null) this.#running.push(copyBatch(batch));
    else this.#consolidator.add(batch);
  }

  watermark(): void {
    // Subscriptions hear of rows alone.
  }

  /** Ends a tick; true when it changed something. */
  endTick(tick: number): boolean {
    if (!this.#touched) return false;
    this.#touched = false;
    const batches = this.#takeRunning();
    if (batches.length === 0) return false;
    let bytes = 0;
    let rows = 0;
    for (const batch of batches) {
      bytes += batchBytes(batch);
      rows += batch.count;
    }
    this.#entries.push({ tick, batches, rows, bytes });
    this.#bytes += bytes;
    this.#rows += rows;
    this.#giveUpOldest();
    return true;
  }

  #takeRunning(): readonly Batch[] {
    if (this.#consolidator === null) {
      const running = this.#running;
      this.#running = [];
      return running;
    }
    const net = this.#consolidator.take();
    return net === null ? [] : [copyBatch(net)];
  }

  /** The last entry stays whatever its size: nobody can have read it yet. */
  #giveUpOldest(): void {
    while (this.#bytes > this.#bytesMax && this.#head < this.#entries.length - 1) {
      const { tick, bytes, rows } = this.#entries[this.#head]!;
      this.#entries[this.#head++] = nothing;
      this.#first++;
      this.#bytes -= bytes;
      this.#rows -= rows;
      this.#since = tick;
    }
    // Moved down seldom, so that a full log costs no more than a filling one.
    if (this.#head <= this.#entries.length >> 1) return;
    this.#entries = this.#entries.slice(this.#head);
    this.#head = 0;
  }

  /** Number of the first entry after `tick`, which must not lie before `since`. */
  after(tick: number): number {
    assert(tick >= this.#since, 'these changes are no longer known');
    let number = this.end;
    while (number > this.#first && this.at(number - 1)!.tick > tick) number--;
    return number;
  }

  /** Entry `number`; null when there is none yet, undefined when it was given up. */
  at(number: number): TickChanges | null | undefined {
    if (number < this.#first) return undefined;
    return this.#entries[number - this.#first + this.#head] ?? null;
  }

  /** Rows and bytes from entry `number` on: what a reader at that place has still to read. */
  behind(number: number): { readonly rows: number; readonly bytes: number } {
    let rows = 0;
    let bytes = 0;
    for (let each = Math.max(number, this.#first); each < this.end; each++) {
      const entry = this.at(each)!;
      rows += entry.rows;
      bytes += entry.bytes;
    }
    return { rows, bytes };
  }
}

const nothing: TickChanges = { tick: 0, batches: [], rows: 0, bytes: 0 };

/** What a datum that is an object takes, about. */
const datumBytes = 48;
/** What a batch and each of its columns take besides their values, about. */
const batchOverheadBytes = 256;
const columnOverheadBytes = 192;

/** Memory of a batch, about. */
export function batchBytes(batch: Batch): number {
  let bytes = batchOverheadBytes + batch.columns.length * columnOverheadBytes;
  if (batch.weights !== null) bytes += 4 * batch.count;
  for (const column of batch.columns) bytes += columnBytes(column, batch.count);
  return bytes;
}

function columnBytes(column: Column, count: number): number {
  const nulls = column.nulls === null ? 0 : count;
  switch (column.kind) {
    case 'i32':
      return 4 * count + nulls;
    case 'f64':
      return 8 * count + nulls;
    case 'bool':
      return count + nulls;
    case 'text':
      return 8 * count + column.bytes.length + nulls;
    case 'any': {
      let bytes = 0;
      for (const value of column.values) {
        bytes += typeof value === 'string' ? datumBytes + value.length : datumBytes;
      }
      return bytes;
    }
  }
}
