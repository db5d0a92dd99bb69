/**
 * Where the state of jobs stands in the store: under their oid and their plan's fingerprint, so that it is never read
 * under another plan. A checkpoint keeps the state of those jobs that have been filled or restored.
 */

import { must } from '../base/assert.ts';
import type { Segments } from '../checkpoint/segments.ts';
import type { DataflowPlan } from '../plan/dataflow-plan.ts';
import type { Store, StoreChange } from '../state/store.ts';
import type { DataflowJob } from './dataflow-job.ts';
import { mergedState } from './view-dataflow.ts';

export class JobStates {
  readonly #segments: Segments;
  readonly #store: Store;
  /** Jobs that have read all that was there before them; the others may stand anywhere in their sources. */
  readonly #kept = new WeakSet<DataflowJob>();

  constructor(segments: Segments, store: Store) {
    this.#segments = segments;
    this.#store = store;
  }

  /** Whether it has been filled, so that checkpoints keep its state. */
  keeps(job: DataflowJob): boolean {
    return this.#kept.has(job);
  }

  /** For jobs that have been filled. */
  keep(job: DataflowJob): void {
    this.#kept.add(job);
    const owner = stateOwner(job.object.oid, job.plan);
    for (const [table, state] of job.stateTables()) this.#segments.add(owner, table, state);
  }

  /** Whether the store has state of an object under this plan. */
  has(oid: number, plan: DataflowPlan): boolean {
    const owner = stateOwner(oid, plan);
    return this.#hasKeys(`seg/${owner}/`, `seg/${owner}0`);
  }

  /** Whether the store has state of it under any plan. */
  hasAny(oid: number): boolean {
    return this.#hasKeys(`seg/${oid}-`, `seg/${oid}.`);
  }

  #hasKeys(from: string, to: string): boolean {
    const [first] = this.#store.range(from, to);
    return first !== undefined;
  }

  /** Loads what the store has for a job that is kept. False: it has nothing. */
  load(job: DataflowJob): boolean {
    return this.#segments.load(stateOwner(job.object.oid, job.plan), this.#store);
  }

  /** State that was written under another number of workers is brought together and divided anew. */
  takeOver(job: DataflowJob): boolean {
    const owner = stateOwner(job.object.oid, job.plan);
    const foreign = [...this.#segments.foreign(owner, this.#store)];
    if (foreign.length === 0) return false;
    const segments = foreign.map(([name, key]) => [name, must(this.#store.get(key), key)] as const);
    job.adopt(mergedState(segments, () => job.emptyDataflow()));
    this.#segments.supersede(
      owner,
      foreign.map(([, key]) => key),
    );
    return true;
  }

  /** State that the job has no more; the changes belong into the next checkpoint. */
  removeTables(job: DataflowJob, names: ReadonlySet<string>): StoreChange[] {
    return this.#segments.removeTables(stateOwner(job.object.oid, job.plan), names);
  }

  /** All of a job's state; the changes delete it. */
  remove(job: DataflowJob): StoreChange[] {
    return this.#segments.remove(stateOwner(job.object.oid, job.plan));
  }
}

/** The owner of its segments. */
export function stateOwner(oid: number, plan: DataflowPlan): string {
  return `${oid}-${plan.fingerprint.slice(0, 16)}`;
}
