/**
 * Ticks. Each takes what has arrived, carries it through every job in order of their making, and has one number and
 * one instant. It is synchronous, and none runs inside another. A fault of one job stops that job and those that
 * read it; any other fault is fatal, since state may be half changed.
 */

import { assert } from '../base/assert.ts';
import type { Clock } from '../base/clock.ts';
import { SqlError } from '../base/errors.ts';
import { readsOf } from '../plan/dataflow-plan.ts';
import type { DataflowJob } from './dataflow-job.ts';
import type { Running } from './running.ts';
import { SharedJob } from './shared-job.ts';
import type { SinkPressure } from './sink-pressure.ts';
import type { Subscriptions } from './subscriptions.ts';
import { TickMark } from './tick-mark.ts';

export interface TicksOptions {
  readonly clock: Clock;
  /** Rows of one batch at the most. Tests vary it; answers must not change. */
  readonly batchRowsMax: number;
  /** When much has arrived, a tick takes batches of a source up to so many rows before its views flush. */
  readonly tickRowsMax: number;
  /** How long a tick may take batches, in milliseconds: with many views one batch may be enough. */
  readonly tickMsMax: number;
  /** A failure that no answer can be trusted after: the process must end. */
  readonly fatal: (error: unknown) => void;
}

/** What takes part in a tick. */
export interface TickParts {
  readonly running: Running;
  readonly pressure: SinkPressure;
  readonly subscriptions: Subscriptions;
  /** A tick has changed something. */
  readonly changed: () => void;
}

export class Ticks {
  readonly #options: TicksOptions;
  readonly #parts: TickParts;
  /** Part of each checkpoint. */
  readonly mark = new TickMark();
  /**
   * Clients name ticks (SUBSCRIBE … AS OF), also of a former life of the process, so none comes twice: they begin
   * at the clock's microseconds, and ticks take longer than that.
   */
  #number: number;
  #inTick = false;
  #given = false;
  #instant = 0;

  constructor(options: TicksOptions, parts: TickParts) {
    this.#options = options;
    this.#parts = parts;
    this.#number = options.clock.nowMicros();
  }

  /** The present one, or the last. */
  get number(): number {
    return this.#number;
  }

  /** The clock at the beginning of the tick (µs); it never steps back in the life of the process. */
  get instant(): number {
    return this.#instant;
  }

  /** A tick had rows for a subscription, which are to be sent before the next one runs. */
  get given(): boolean {
    return this.#given;
  }

  /** What was given has been sent. */
  sent(): void {
    this.#given = false;
  }

  /** After the mark was loaded: the ticks to come have numbers that no former life has used. */
  resume(): void {
    this.#number = Math.max(this.#number, this.mark.unused);
  }

  /** Carries what has arrived through all jobs. False: there was nothing. */
  next(): boolean {
    return this.inside(() => {
      const progressed = this.#advanceClocks();
      const pulled = this.#pullSources();
      if (progressed || pulled) this.flush();
      return progressed || pulled;
    });
  }

  /** A tick of what `run` does, which flushes what it has pushed. */
  inside<T>(run: () => T): T {
    assert(!this.#inTick, 'a tick inside a tick');
    this.#inTick = true;
    this.#number++;
    this.#instant = Math.max(this.#instant, this.#options.clock.nowMicros());
    try {
      return run();
    } catch (error) {
      // State may be half changed, so nothing of it may be shown or checkpointed.
      if (!(error instanceof SqlError)) this.#options.fatal(error);
      throw error;
    } finally {
      this.#inTick = false;
    }
  }

  /**
   * Takes a batch of each source, and more while there are more: what a group or key becomes in between is
   * never sent on, which is most of the work where few keys are hot.
   */
  #pullSources(): boolean {
    const { batchRowsMax, tickRowsMax, tickMsMax, clock } = this.#options;
    const start = clock.monotonicMs();
    const held = this.#parts.pressure.held();
    let rows = 0;
    for (;;) {
      let progressed = false;
      for (const [oid, source] of this.#parts.running.sources) {
        if (held.has(oid)) continue;
        progressed = source.pull(batchRowsMax) || progressed;
      }
      if (!progressed) return rows > 0;
      rows += batchRowsMax;
      if (rows >= tickRowsMax || clock.monotonicMs() - start >= tickMsMax) return true;
    }
  }

  /** Lets the clock close windows by processing time; true when it did. */
  #advanceClocks(): boolean {
    let moved = false;
    for (const job of this.#parts.running.jobs.values()) {
      moved = job.advanceClock(this.#instant) || moved;
    }
    return moved;
  }

  /** Ends the tick's changes: they are carried to the results of all jobs, and to subscriptions. */
  flush(): void {
    const { running, subscriptions, changed } = this.#parts;
    for (const job of running.jobs.values()) {
      job.flush();
      if (job.failure !== null) this.#failReaders(job);
    }
    this.mark.set(this.#number);
    this.#given = subscriptions.endTick(this.#number) || this.#given;
    changed();
  }

  /** A view over one that has stopped would show an old instant of it as the present one. */
  #failReaders(failed: DataflowJob): void {
    const { failure } = failed;
    const { running, subscriptions } = this.#parts;
    if (failure instanceof SqlError) subscriptions.fail(failed.object.oid, failure);
    for (const job of running.jobs.values()) {
      if (job.failure !== null || !reads(job, failed.object.oid)) continue;
      // A part is nothing that the user knows of.
      const why = failed instanceof SharedJob ? failure : null;
      job.fail(why ?? new Error(`it reads "${failed.name}", which has failed`));
    }
  }

  /** Lets idle partitions go and the clock close windows; now and then, between ticks. */
  heartbeat(): void {
    if (this.#inTick) return;
    this.#parts.subscriptions.heartbeat();
    this.inside(() => {
      let moved = this.#advanceClocks();
      for (const source of this.#parts.running.sources.values()) {
        moved = source.heartbeat() || moved;
      }
      if (moved) this.flush();
    });
  }

  /** Declares every partition of a source idle at once. */
  markIdle(oid: number): void {
    const feed = this.#parts.running.sources.get(oid)?.shared;
    if (feed === null || feed === undefined) return;
    this.inside(() => {
      feed.watermarks.markIdle(this.#options.clock.monotonicMs());
      if (feed.sendWatermark()) this.flush();
    });
  }
}

function reads(job: DataflowJob, oid: number): boolean {
  return job.entries.some(({ relation }) => relation === oid) || readsOf(job.plan).includes(oid);
}
