/**
 * Recovery: brings everything back as of the last checkpoint plus the log of writes, then opens the sources. What has
 * no state under its plan's fingerprint is made anew, and so is every view that reads it; a sink that cannot go on
 * where it was fails instead, since it would send rows twice. One object that cannot be brought back keeps no other
 * from running.
 */

import type { Log } from '../base/log.ts';
import {
  type CatalogObject,
  type MaterializedViewObject,
  type SinkObject,
  storageOf,
} from '../catalog/objects.ts';
import type { CommitQueue } from '../checkpoint/commit-queue.ts';
import type { Segments } from '../checkpoint/segments.ts';
import { type DataflowPlan, readsOf } from '../plan/dataflow-plan.ts';
import type { Store, StoreChange } from '../state/store.ts';
import type { DataflowJob } from './dataflow-job.ts';
import { type JobStates, stateOwner } from './job-states.ts';
import { ledgerName } from './ledger.ts';
import { ledgerOwner, type Ledgers } from './ledgers.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { ObjectMaker } from './object-maker.ts';
import type { Running } from './running.ts';
import type { Sequences } from './sequences.ts';
import type { Sharing } from './sharing.ts';
import { failureKey } from './sink-job.ts';
import type { SourceFeed } from './source-feed.ts';
import type { TableWrites } from './table-writes.ts';
import type { Ticks } from './ticks.ts';

/** A view as it is now, which may be another than the catalog held, and its dataflow. */
export interface PlannedView {
  readonly view: MaterializedViewObject;
  readonly plan: DataflowPlan;
}

/** Gives the dataflows of what the catalog holds. */
export interface Planning {
  readonly view: (view: MaterializedViewObject) => PlannedView;
  readonly sink: (sink: SinkObject) => DataflowPlan;
}

export interface RecoveryParts {
  readonly store: Store;
  readonly log: Log;
  readonly running: Running;
  readonly ticks: Ticks;
  readonly maker: ObjectMaker;
  readonly lifecycle: Lifecycle;
  readonly states: JobStates;
  readonly sharing: Sharing;
  readonly segments: Segments;
  readonly ledgers: Ledgers;
  readonly sequences: Sequences;
  readonly writes: TableWrites;
  readonly commits: CommitQueue;
  /** Changes that nothing need wait for. */
  readonly forget: (changes: readonly StoreChange[]) => void;
}

/** What has no state to go on from. */
interface Fresh {
  readonly views: Map<number, PlannedView>;
  readonly sinks: { readonly sink: SinkObject; readonly plan: DataflowPlan }[];
}

export class Recovery {
  readonly #parts: RecoveryParts;

  constructor(parts: RecoveryParts) {
    this.#parts = parts;
  }

  /** `objects`: all of the catalog, in order of oid. Resolves when all are there that can be. */
  async run(objects: readonly CatalogObject[], planning: Planning): Promise<void> {
    const { store, ledgers, segments, sequences, sharing, ticks, writes } = this.#parts;
    segments.load(ledgerOwner, store);
    ledgers.follow(objects);
    sharing.load(store);
    ticks.resume();
    sequences.load(store, new Set(objects.map((object) => object.oid)));
    const fresh = this.#restore(objects, planning);
    await this.#endIdleParts();
    await this.#dropOrphans();
    writes.replay(store);
    await this.#openSources();
    for (const each of fresh.views.values()) await this.#makeAnew(each);
    for (const { sink, plan } of fresh.sinks) await this.#start(sink, plan);
  }

  /** Makes all objects and loads what there is of them. */
  #restore(objects: readonly CatalogObject[], planning: Planning): Fresh {
    const { store, running, maker, segments } = this.#parts;
    const fresh: Fresh = { views: new Map(), sinks: [] };
    const readsFresh = (plan: DataflowPlan): boolean =>
      readsOf(plan).some((oid) => fresh.views.has(oid));
    for (const object of objects) if (object.kind === 'index') running.declareIndex(object);
    for (const object of objects) {
      if (object.kind === 'table') {
        maker.table(object);
        segments.load(String(storageOf(object)), store);
      } else if (object.kind === 'source') {
        if (object.unreadable === undefined) maker.source(object);
      } else if (object.kind === 'materialized-view') {
        const planned = planning.view(object);
        if (readsFresh(planned.plan) || !this.#restoreView(planned)) {
          fresh.views.set(object.oid, planned);
        }
      } else if (object.kind === 'sink') {
        const plan = planning.sink(object);
        if (!this.#restoreSink(object, plan, readsFresh(plan))) {
          fresh.sinks.push({ sink: object, plan });
        }
      }
    }
    return fresh;
  }

  #restoreView({ view, plan }: PlannedView): boolean {
    const { states, sharing, maker } = this.#parts;
    if (!states.has(view.oid, plan)) return false;
    const cuts = sharing.restore(view.oid, plan);
    return cuts !== null && restoreJob(maker.view(view, plan, cuts), this.#parts);
  }

  /** False: it was made, but no checkpoint knows of it, so that nothing of it was shown. */
  #restoreSink(sink: SinkObject, plan: DataflowPlan, readsFresh: boolean): boolean {
    const { store, states, sharing, maker } = this.#parts;
    const failed = store.get(failureKey(sink.oid));
    if (failed === undefined && !states.hasAny(sink.oid)) return false;
    const present = failed === undefined && !readsFresh && states.has(sink.oid, plan);
    const cuts = present ? sharing.restore(sink.oid, plan) : null;
    const job = maker.sink(sink, plan, cuts ?? new Map());
    if (failed !== undefined) {
      job.restoreFailure(failed);
    } else if (readsFresh) {
      job.fail(new Error('a view that it reads was made anew and would send every row again'));
    } else if (cuts === null) {
      job.fail(
        new Error('this release runs its query in another way, so its state cannot be used'),
      );
    } else {
      restoreJob(job, this.#parts);
      job.open().catch((error: unknown) => job.fail(toError(error)));
    }
    return true;
  }

  /** Parts that nobody shares any more. */
  async #endIdleParts(): Promise<void> {
    const { sharing, lifecycle, forget } = this.#parts;
    const { idle, changes } = sharing.restored();
    forget(changes);
    for (const part of idle) await lifecycle.remove(part);
  }

  /** Segments that belong to nothing: of views whose plan changed, or of objects dropped before a crash. */
  async #dropOrphans(): Promise<void> {
    const { store, running, ledgers, commits } = this.#parts;
    const known = new Set<string>([ledgerOwner]);
    for (const { storage } of running.relations.values()) known.add(String(storage));
    // A source that no restored view reads starts anew.
    for (const [oid, { shared, source }] of running.sources) {
      if (shared !== null) known.add(String(oid));
      else ledgers.deadLetters.forget(ledgerName(source));
    }
    for (const [oid, job] of running.jobs) {
      if (job.failure === null) known.add(stateOwner(oid, job.plan));
    }
    const changes: StoreChange[] = [];
    for (const [key] of store.range('seg/', 'seg0')) {
      if (!known.has(key.split('/')[1]!)) changes.push({ key, value: null });
    }
    await commits.submit(changes);
  }

  async #openSources(): Promise<void> {
    const { store, log, running, segments, ticks } = this.#parts;
    const feeds: SourceFeed[] = [];
    for (const runtime of running.sources.values()) {
      const feed = runtime.shared;
      if (feed === null) continue;
      const owner = String(runtime.source.oid);
      segments.add(owner, feed.name, feed);
      segments.load(owner, store);
      feeds.push(feed);
    }
    ticks.inside(() => {
      for (const feed of feeds) feed.sendWatermark();
      ticks.flush();
    });
    for (const feed of feeds) {
      await feed.open(feed.source.startPositions).catch((error: unknown) => {
        // A source that is not to be had now (a directory no longer allowed) keeps nothing else from running.
        log.error('a source could not be opened; its views keep the rows they have', {
          source: ledgerName(feed.source),
          error: toError(error).message,
        });
      });
    }
  }

  async #makeAnew({ view, plan }: PlannedView): Promise<void> {
    const { ledgers, lifecycle, log } = this.#parts;
    // What a former life of the view reported will be reported again.
    ledgers.forget(ledgerName(view));
    await lifecycle.addView(view, plan).catch((error: unknown) => {
      // One view that cannot be made again does not keep the others from running.
      log.error('a view could not be made again', {
        view: ledgerName(view),
        error: toError(error).message,
      });
      this.#addFailed(view, plan, toError(error));
    });
  }

  /** The view is there, to say to its readers why it does not run, and to be dropped. */
  #addFailed(view: MaterializedViewObject, plan: DataflowPlan, error: Error): void {
    const { maker, log } = this.#parts;
    try {
      maker.view(view, plan).fail(error);
    } catch (again) {
      // Not even its dataflow can be built.
      log.error('a view is not there', {
        view: ledgerName(view),
        error: toError(again).message,
      });
    }
  }

  async #start(sink: SinkObject, plan: DataflowPlan): Promise<void> {
    const { lifecycle, log } = this.#parts;
    await lifecycle.addSink(sink, plan).catch((error: unknown) => {
      log.error('a sink could not be started', {
        sink: ledgerName(sink),
        error: toError(error).message,
      });
    });
  }
}

/** Loads a job's state and lets changes come in from where the checkpoint stood. False: there is no state of it. */
export function restoreJob(
  job: DataflowJob,
  { running, states }: Pick<RecoveryParts, 'running' | 'states'>,
): boolean {
  states.keep(job);
  const found = states.load(job);
  const merged = states.takeOver(job);
  job.restored();
  for (const entry of job.entries) running.listen(entry);
  return found || merged;
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
