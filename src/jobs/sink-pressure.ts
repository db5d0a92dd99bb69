/**
 * What a sink that has too much to write holds up: the sources that it reads, directly or through views, wait, and
 * so do the writers of tables (DESIGN, promise P6). All go on when no sink is full any more.
 */

import { type DataflowPlan, readsOf } from '../plan/dataflow-plan.ts';
import type { DataflowJob } from './dataflow-job.ts';
import { SinkJob } from './sink-job.ts';

export class SinkPressure {
  readonly #jobs: ReadonlyMap<number, DataflowJob>;
  readonly #waiting: (() => void)[] = [];

  /** `jobs`: all that run, by oid, as they come and go. */
  constructor(jobs: ReadonlyMap<number, DataflowJob>) {
    this.#jobs = jobs;
  }

  sinks(): SinkJob[] {
    return [...this.#jobs.values()].filter((job) => job instanceof SinkJob);
  }

  /** Oids of sources, and of tables, that a full sink reads. */
  held(): ReadonlySet<number> {
    const held = new Set<number>();
    const hold = (plan: DataflowPlan): void => {
      for (const oid of readsOf(plan)) {
        const job = this.#jobs.get(oid);
        if (job === undefined) held.add(oid);
        else hold(job.plan);
      }
    };
    for (const job of this.#jobs.values()) {
      if (job instanceof SinkJob && job.full) hold(job.plan);
    }
    return held;
  }

  /** Resolves when no sink is full. */
  room(): Promise<void> {
    if (!this.#anyFull()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** A sink has written something, or has gone. */
  drained(): void {
    if (this.#waiting.length === 0 || this.#anyFull()) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #anyFull(): boolean {
    return this.sinks().some((job) => job.full);
  }
}
