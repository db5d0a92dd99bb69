/**
 * How views and sinks begin, how anything that runs ends, and what becomes of it when it is renamed. A job begins
 * by reading all that is there; then it shares what it has in common with others, and checkpoints keep its state.
 * What ends leaves nothing behind: no reader, no state, no row in a ledger.
 */

import type { SqlError } from '../base/errors.ts';
import type { CatalogObject, MaterializedViewObject, SinkObject } from '../catalog/objects.ts';
import type { Segments } from '../checkpoint/segments.ts';
import type { DataflowPlan } from '../plan/dataflow-plan.ts';
import type { StoreChange } from '../state/store.ts';
import type { DataflowJob } from './dataflow-job.ts';
import type { JobStates } from './job-states.ts';
import { ledgerName } from './ledger.ts';
import type { Ledgers } from './ledgers.ts';
import type { ObjectMaker } from './object-maker.ts';
import type { Running } from './running.ts';
import type { Sequences } from './sequences.ts';
import type { Sharing } from './sharing.ts';
import { failureKey, SinkJob } from './sink-job.ts';
import type { SourceRuntime } from './source-runtime.ts';
import { dropped } from './subscriptions.ts';
import type { Ticks } from './ticks.ts';

export interface LifecycleParts {
  readonly running: Running;
  readonly ticks: Ticks;
  readonly maker: ObjectMaker;
  readonly states: JobStates;
  readonly sharing: Sharing;
  readonly segments: Segments;
  readonly ledgers: Ledgers;
  readonly sequences: Sequences;
}

/** What the engine does for it. */
export interface LifecycleHost {
  /** Something runs now that may have rows to read and windows to close. */
  readonly started: () => void;
  /** Something changed outside of ticks. */
  readonly changed: () => void;
  /** Resolves when all that changed is durable. */
  readonly checkpoint: () => Promise<void>;
  /** Changes that no checkpoint need wait for. */
  readonly forget: (changes: readonly StoreChange[]) => void;
  /** A sink that may have held up others is gone. */
  readonly sinkGone: () => void;
  /** Ends the subscriptions that read an object. */
  readonly endReaders: (oid: number, error: SqlError) => void;
  /** The last checkpoint has been, or is being, taken. */
  readonly stopped: () => boolean;
}

export class Lifecycle {
  readonly #parts: LifecycleParts;
  readonly #host: LifecycleHost;

  constructor(parts: LifecycleParts, host: LifecycleHost) {
    this.#parts = parts;
    this.#host = host;
  }

  // Beginning --------------------------------------------------------------------------------------

  /**
   * Starts a view over what exists; resolves when it shows all of it. On failure nothing is left.
   */
  async addView(view: MaterializedViewObject, plan: DataflowPlan): Promise<void> {
    try {
      const job = this.#parts.maker.view(view, plan);
      await this.fill(job);
      // Only now does its state belong to the positions of the sources that a checkpoint holds.
      this.#shareAndKeep(job);
    } catch (error) {
      await this.remove(view.oid);
      throw error;
    }
    this.#host.started();
  }

  /**
   * Starts a sink over what exists. It is durable when this resolves: from then on every row goes out once.
   */
  async addSink(sink: SinkObject, plan: DataflowPlan): Promise<void> {
    const job = this.#parts.maker.sink(sink, plan);
    try {
      await job.open();
      await this.fill(job);
      this.#shareAndKeep(job);
      await this.#host.checkpoint();
      if (job.failure !== null) throw job.failure;
    } catch (error) {
      await this.remove(sink.oid);
      throw error;
    }
    this.#host.started();
  }

  /** Lets a job read all that is there, and then what comes. Rejects where it fails, or a source does. */
  async fill(job: DataflowJob): Promise<void> {
    const { ticks, running } = this.#parts;
    ticks.inside(() => {
      for (const entry of job.entries) {
        running.relations.get(entry.relation)?.listen(entry.listener, true);
      }
      ticks.flush();
    });
    if (job.failure !== null) throw job.failure;
    const attached = [...job.entriesBySource()].map(([oid, listeners]) =>
      running.sources.get(oid)?.attach(listeners),
    );
    // All of them end before a failure is handled, so that none attaches what was just removed.
    const outcomes = await Promise.allSettled(attached);
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    if (job.failure !== null) throw job.failure;
  }

  #shareAndKeep(job: DataflowJob): void {
    if (this.#parts.sharing.share(job)) this.#host.changed();
    this.#parts.states.keep(job);
  }

  // Names ------------------------------------------------------------------------------------------

  /**
   * Takes the present names of the objects: what runs, and what the ledgers hold, goes by them from now on.
   * Resolves when that is durable.
   */
  async rename(objects: Iterable<CatalogObject>): Promise<void> {
    const { running, ledgers } = this.#parts;
    let renamed = false;
    for (const object of objects) {
      const known = running.jobs.get(object.oid) ?? running.sources.get(object.oid);
      if (known === undefined || known.name === ledgerName(object)) continue;
      renamed = true;
      ledgers.rename(object.oid, known.name, ledgerName(object));
      running.jobs.get(object.oid)?.rename(object);
      if (object.kind === 'source') running.sources.get(object.oid)?.rename(object);
    }
    if (renamed) await this.#host.checkpoint();
  }

  // End --------------------------------------------------------------------------------------------

  /** Stops an object and forgets its state. */
  async remove(oid: number): Promise<void> {
    const { running, segments, sequences, sharing } = this.#parts;
    if (running.removeIndex(oid)) return;
    sequences.remove(oid);
    this.#endReaders(oid);
    const changes = segments.remove(String(running.relations.get(oid)?.storage ?? oid));
    let forgotten = false;
    const job = running.jobs.get(oid);
    if (job !== undefined) forgotten = await this.#removeJob(job, changes);
    const source = running.sources.get(oid);
    if (source !== undefined) forgotten = await this.#removeSource(source);
    running.removeRelation(oid);
    const { idle, changes: left } = sharing.left(oid);
    this.#host.forget([...changes, ...left]);
    for (const part of idle) await this.remove(part);
    // The ledgers would otherwise come back with rows of what is gone.
    if (forgotten && !this.#host.stopped()) await this.#host.checkpoint();
  }

  /** Adds to `changes` what goes from the store; true when the ledgers knew of it. */
  async #removeJob(job: DataflowJob, changes: StoreChange[]): Promise<boolean> {
    const { running, states, ledgers } = this.#parts;
    const { oid } = job.object;
    running.removeJob(oid);
    changes.push(...states.remove(job));
    await running.disconnect(job);
    job.closeDataflow();
    const forgotten = ledgers.remove(oid, job.name);
    if (job instanceof SinkJob) {
      changes.push({ key: failureKey(oid), value: null });
      await job.close('drop');
      this.#host.sinkGone();
    }
    return forgotten;
  }

  /** True when the ledgers knew of it. */
  async #removeSource(source: SourceRuntime): Promise<boolean> {
    const { running, ledgers } = this.#parts;
    const { oid } = source.source;
    running.removeSource(oid);
    const forgotten = ledgers.remove(oid, source.name);
    await source.close();
    return forgotten;
  }

  /** Dataflows of subscriptions that read what is removed cannot go on. */
  #endReaders(oid: number): void {
    const { relations, sources } = this.#parts.running;
    const name = relations.get(oid)?.name ?? sources.get(oid)?.source.name;
    this.#host.endReaders(oid, dropped(name ?? ''));
  }
}
