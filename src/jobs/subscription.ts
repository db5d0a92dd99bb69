/**
 * One subscription: the rows of a relation as they stand at one tick, and then every change after it, without
 * gap or overlap. It is read, never pushed: `read` gives what is there and `onNews` says when there is more.
 * The snapshot is a scan that stays open and is read at the reader's pace; the changes wait in the relation's
 * change log. A reader that loses its place there is told how far it was behind, and nothing waits for it.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import type { Batch } from '../types/batch.ts';
import { copyBatch } from '../types/column-access.ts';
import type { ChangeLog, TickChanges } from './change-log.ts';

/** Rows of one tick, or (null) the news that everything up to and including the tick has been given. */
export interface Delivery {
  readonly tick: number;
  readonly batch: Batch | null;
}

export interface SubscriptionOptions {
  readonly id: number;
  /** Oid of what is subscribed to; below 0: a query's own. */
  readonly relation: number;
  /** The session whose it is. */
  readonly pid: number;
  readonly log: ChangeLog;
  /** The tick of the snapshot; the changes that follow are those of later ticks. */
  readonly start: number;
  /** Null: changes alone are wanted. */
  readonly snapshot: Iterator<Batch> | null;
  readonly progress: boolean;
  /** Ends when all ticks before this one are complete; null: never. */
  readonly upTo: number | null;
  /** The last tick that is complete. */
  readonly tick: () => number;
  /** Rows that came too late for the windows of its own query. */
  readonly lateRows: () => number;
  readonly closed: (subscription: Subscription) => void;
}

export class Subscription {
  readonly id: number;
  readonly relation: number;
  readonly pid: number;
  readonly log: ChangeLog;
  readonly start: number;
  readonly progress: boolean;
  readonly #options: SubscriptionOptions;
  readonly #snapshot: Iterator<Batch> | null;
  /** The batch of the snapshot that comes next, read ahead; null: there is none. */
  #ahead: Batch | null = null;
  /** Number of the entry to be read next, and of the batch in it. */
  #entry: number;
  #batch = 0;
  /** Everything up to and including this tick has been given, and said so where that is wanted. */
  #complete: number;
  #failure: SqlError | null = null;
  #closed = false;
  rowsRead = 0;
  /** Called at the end of a tick after which there is something to read, and when it fails. */
  onNews: (() => void) | null = null;

  constructor(options: SubscriptionOptions) {
    this.#options = options;
    this.id = options.id;
    this.relation = options.relation;
    this.pid = options.pid;
    this.log = options.log;
    this.start = options.start;
    this.progress = options.progress;
    this.#entry = options.log.after(options.start);
    this.#complete = options.start - 1;
    this.#snapshot = options.snapshot;
    // A scan sees the moment of its first batch.
    this.#readAhead();
  }

  /** The last tick of which everything has been read. */
  get completeTick(): number {
    return this.#complete;
  }

  /** Rows that came too late for the windows of its own query; they are in none of its changes. */
  get lateRows(): number {
    return this.#options.lateRows();
  }

  /** What is there and not yet read, but for the snapshot. */
  get waiting(): { readonly rows: number; readonly bytes: number } {
    return this.log.behind(this.#entry);
  }

  /** Whether `read` would give anything (or throw) now. */
  get ready(): boolean {
    if (this.#failure !== null || this.#ahead !== null || this.ended) return true;
    if (this.log.at(this.#entry) !== null) return true;
    return this.progress && this.#complete < this.#options.tick();
  }

  /** Everything before UP TO has been given. */
  get ended(): boolean {
    const { upTo, tick } = this.#options;
    if (upTo === null || this.#ahead !== null) return false;
    const next = this.log.at(this.#entry);
    if (next === undefined) return false;
    return next === null ? tick() >= upTo - 1 : next.tick >= upTo;
  }

  /** What comes next, or null when nothing is there just now. Throws when the subscription has failed. */
  read(): Delivery | null {
    if (this.#failure !== null) throw this.#failure;
    const rows = this.#nextOfSnapshot() ?? this.#nextOfLog();
    if (rows !== null) {
      this.rowsRead += rows.batch!.count;
      return rows;
    }
    const tick = this.#options.tick();
    if (this.ended || this.#complete >= tick) return null;
    this.#complete = tick;
    return this.progress ? { tick, batch: null } : null;
  }

  #nextOfSnapshot(): Delivery | null {
    const batch = this.#ahead;
    if (batch === null) return null;
    this.#readAhead();
    return { tick: this.start, batch };
  }

  /** A scan's batch lives until the next change only, so it is copied. */
  #readAhead(): void {
    this.#ahead = null;
    for (let next = this.#snapshot?.next(); next?.done === false; next = this.#snapshot?.next()) {
      if (next.value.count === 0) continue;
      this.#ahead = copyBatch(next.value);
      return;
    }
  }

  #nextOfLog(): Delivery | null {
    if (this.ended) return null;
    const entry = this.log.at(this.#entry);
    if (entry === undefined) throw this.#lost();
    if (entry === null) return null;
    const batch = entry.batches[this.#batch++]!;
    if (this.#batch === entry.batches.length) this.#finish(entry);
    return { tick: entry.tick, batch };
  }

  #finish(entry: TickChanges): void {
    this.#entry++;
    this.#batch = 0;
    if (!this.progress) this.#complete = entry.tick;
  }

  /** Looks whether its place is still there, at the end of a tick. */
  check(): void {
    if (this.#failure === null && this.log.at(this.#entry) === undefined) this.fail(this.#lost());
  }

  #lost(): SqlError {
    const { rows, bytes } = this.log;
    return new SqlError(
      sqlstate.configurationLimitExceeded,
      'subscription ended because its reader is too slow',
      {
        detail: `More than ${rows} changed rows (${bytes} bytes) were waiting to be read; all changes up to tick ${this.#complete} were read.`,
        hint: 'Read faster, subscribe to fewer columns or rows, or read the view with SELECT.',
      },
    );
  }

  /** Ends it with an error, which the next `read` throws. */
  fail(error: SqlError): void {
    if (this.#closed || this.#failure !== null) return;
    this.#failure = error;
    this.#endSnapshot();
    this.onNews?.();
  }

  /** At the end of a tick. */
  tickEnded(): void {
    if (this.onNews !== null && this.ready) this.onNews();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.onNews = null;
    this.#endSnapshot();
    this.#options.closed(this);
  }

  #endSnapshot(): void {
    this.#snapshot?.return?.();
    this.#ahead = null;
  }
}
