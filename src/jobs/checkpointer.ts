/**
 * When checkpoints are taken, and how long they may hold up ticks. One is due an interval after the first change:
 * then slices of dirty state are written between ticks until little is left, the rest is collected in one instant,
 * and all of it is committed in one transaction while ticks go on.
 */

import type { Clock, Timer } from '../base/clock.ts';
import type { Segments } from '../checkpoint/segments.ts';
import type { StoreChange } from '../state/store.ts';

/** A checkpoint that held up ticks for longer, in milliseconds, makes the next one come sooner and be smaller. */
const pauseMsWanted = 4;
/** Part of the interval that it is not brought below. */
const soonest = 0.1;

/** What a checkpoint holds beside the segments of state, as of one instant. */
export interface CheckpointPart {
  readonly changes: StoreChange[];
  /** Makes everything durable. */
  readonly submit: (changes: readonly StoreChange[]) => Promise<void>;
  /** It is. */
  readonly committed: () => void;
}

export interface CheckpointerOptions {
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly segments: Segments;
  /** Called between two ticks. */
  readonly begin: () => CheckpointPart;
  /** Asks for a turn of the engine, which calls `writeAhead`. */
  readonly wake: () => void;
  readonly fatal: (error: unknown) => void;
}

export class Checkpointer {
  readonly stats = { count: 0, lastBytes: 0, lastMs: 0, lastAtMicros: 0 };
  readonly #options: CheckpointerOptions;
  #timer: Timer | null = null;
  #running: Promise<void> | null = null;
  /** A checkpoint is due, and slices of state are written between ticks until little is left for it. */
  #ahead: 'no' | 'soon' | 'now' = 'no';
  /** Part of the interval after which the next checkpoint is due: less than 1 while much changes. */
  #part = 1;
  #holdsTicks = false;
  #stopped = false;

  constructor(options: CheckpointerOptions) {
    this.#options = options;
  }

  /** Slices are to be written before the next tick. */
  get holdsTicks(): boolean {
    return this.#holdsTicks;
  }

  /** Something changed: a checkpoint follows. */
  schedule(): void {
    if (this.#timer !== null || this.#ahead !== 'no' || this.#stopped) return;
    const { clock, intervalMs } = this.#options;
    this.#timer = clock.after(intervalMs * this.#part, () => {
      this.#timer = null;
      this.#ahead = 'soon';
      // One that is being committed comes first; whoever began it hears of its failure.
      if (this.#running === null) this.#beginAhead();
      else
        this.#running.then(
          () => this.#beginAhead(),
          () => undefined,
        );
    });
  }

  #beginAhead(): void {
    if (this.#stopped) return;
    const { segments, wake, fatal } = this.#options;
    this.#ahead = segments.planAhead() ? 'now' : 'no';
    if (this.#ahead === 'now') wake();
    else this.take().catch(fatal);
  }

  /** Writes a part of what is dirty, if a checkpoint is due; false when there is nothing more to do. */
  writeAhead(): boolean {
    if (this.#ahead !== 'now') return false;
    const next = this.#options.segments.writeAhead();
    this.#holdsTicks = next === 'again';
    if (next !== 'collect') return true;
    this.#ahead = 'no';
    this.take().catch(this.#options.fatal);
    return false;
  }

  /**
   * Writes all that changed since the last one; resolves when it is durable. One at a time. `first` runs in the
   * same instant; when it throws, nothing is written.
   */
  async take(first: () => void = () => undefined): Promise<void> {
    while (this.#running !== null) await this.#running;
    first();
    const { clock, segments, begin } = this.#options;
    const started = clock.monotonicMs();
    const { changes, submit, committed } = begin();
    changes.push(...segments.collect());
    this.#adjust(clock.monotonicMs() - started);
    if (changes.length === 0) return;
    this.#running = submit(changes).then(() => {
      committed();
      this.#running = null;
      this.stats.count++;
      this.stats.lastBytes = segments.lastBytes;
      this.stats.lastMs = clock.monotonicMs() - started;
      this.stats.lastAtMicros = clock.nowMicros();
    });
    await this.#running;
  }

  /** Rows wait while dirty state is copied, so much of it is copied in several pieces. */
  #adjust(pauseMs: number): void {
    const wanted = this.#part * (pauseMsWanted / Math.max(pauseMs, 0.1));
    // Half of the way, since one long pause may have had another cause.
    const next = (this.#part + Math.min(wanted, 1)) / 2;
    this.#part = Math.max(soonest, next);
  }

  /** No more by itself. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }
}
