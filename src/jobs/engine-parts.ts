/**
 * The parts of an engine and how they are put together: which part knows which, and what each tells the others.
 * The order is that of knowing; where a part has to tell one that comes later, it gets a function.
 */

import { CommitQueue } from '../checkpoint/commit-queue.ts';
import { Segments } from '../checkpoint/segments.ts';
import type { Store, StoreChange } from '../state/store.ts';
import { CheckpointContents } from './checkpoint-contents.ts';
import { Checkpointer } from './checkpointer.ts';
import { History } from './history.ts';
import { JobStates } from './job-states.ts';
import { ledgerOwner, Ledgers } from './ledgers.ts';
import { Lifecycle } from './lifecycle.ts';
import { type MakerOptions, ObjectMaker } from './object-maker.ts';
import { QueryJobs } from './query-jobs.ts';
import { Recovery, restoreJob } from './recovery.ts';
import { Running } from './running.ts';
import { Sequences } from './sequences.ts';
import { Sharing } from './sharing.ts';
import { SinkPressure } from './sink-pressure.ts';
import { Subscriptions } from './subscriptions.ts';
import { TableRewrites } from './table-rewrites.ts';
import { TableWrites } from './table-writes.ts';
import { Ticks, type TicksOptions } from './ticks.ts';

export interface PartsOptions extends TicksOptions, MakerOptions {
  readonly clock: TicksOptions['clock'];
  readonly store: Store;
  readonly checkpointIntervalMs: number;
  /** Rows kept in each of late_rows and dead_letters. */
  readonly ledgerRowsMax: number;
  /** Changed rows remembered for open snapshots. */
  readonly historyRowsMax: number;
  /** Memory of the changes kept for the subscriptions of one relation, about. */
  readonly subscriptionBytesMax: number;
}

/** What the engine does for its parts. */
export interface PartsHost {
  /** Something may have arrived: a turn is wanted. */
  readonly wake: () => void;
  /** Something runs now that may have rows to read and windows to close. */
  readonly started: () => void;
  /** The last checkpoint has been, or is being, taken. */
  readonly stopped: () => boolean;
}

/** Those that the engine speaks to. */
export interface EngineParts {
  readonly history: History;
  readonly running: Running;
  readonly ticks: Ticks;
  readonly ledgers: Ledgers;
  readonly maker: ObjectMaker;
  readonly lifecycle: Lifecycle;
  readonly queries: QueryJobs;
  readonly subscriptions: Subscriptions;
  readonly sequences: Sequences;
  readonly writes: TableWrites;
  readonly rewrites: TableRewrites;
  readonly pressure: SinkPressure;
  readonly commits: CommitQueue;
  readonly checkpointer: Checkpointer;
  readonly recovery: Recovery;
}

export function makeParts(options: PartsOptions, host: PartsHost): EngineParts {
  const { clock, log, store, fatal } = options;
  const commits = new CommitQueue(store);
  const segments = new Segments();
  const sequences = new Sequences();
  const history = new History(options.historyRowsMax);
  const tick = (): number => ticks.number;
  const running = new Running({ history, tick });
  const pressure = new SinkPressure(running.jobs);
  const subscriptions = new Subscriptions({
    bytesMax: options.subscriptionBytesMax,
    monotonicMs: () => clock.monotonicMs(),
    tick,
  });
  const changed = (): void => checkpointer.schedule();
  const ticks = new Ticks(options, { running, pressure, subscriptions, changed });
  const ledgers = new Ledgers(options.ledgerRowsMax);
  for (const table of [...ledgers.tables, ticks.mark]) {
    segments.add(ledgerOwner, table.name, table);
  }
  const states = new JobStates(segments, store);

  /** Sources and writers that waited for a sink go on. */
  const sinksDrained = (): void => {
    host.wake();
    pressure.drained();
  };
  /** For changes that no checkpoint need wait for. */
  const forget = (changes: readonly StoreChange[]): void => {
    if (changes.length > 0) commits.submit(changes).catch(fatal);
  };
  /**
   * Values of sequences are taken in the turn that submits them: what is taken counts as written, and whoever
   * commits next waits for what was submitted before, and for no more.
   */
  const commit = (changes: readonly StoreChange[]): Promise<void> =>
    commits.submit([...changes, ...sequences.takeChanges()]);

  const maker = new ObjectMaker(options, {
    running,
    ticks,
    segments,
    ledgers,
    arrived: host.wake,
    changed,
    sinkChanged: () => {
      changed();
      sinksDrained();
    },
    forget,
  });
  const sharing = makeSharing({ running, states, maker, fatal });
  const core = { running, ticks, maker, states, sharing, segments, ledgers, sequences };
  const lifecycle = new Lifecycle(core, {
    started: host.started,
    stopped: host.stopped,
    changed,
    checkpoint: () => checkpointer.take(),
    forget,
    sinkGone: sinksDrained,
    endReaders: (oid, error) => {
      subscriptions.fail(oid, error);
      queries.failReaders(oid, error);
    },
  });
  const queries = new QueryJobs(subscriptions, {
    makeJob: (view, plan, own) => maker.query(view, plan, own),
    fill: (job) => lifecycle.fill(job),
    remove: (oid) => {
      lifecycle.remove(oid).catch(fatal);
    },
    started: host.started,
  });
  const room = (): Promise<void> => pressure.room();
  const writes = new TableWrites({ running, ticks, commit, room, fatal });
  const checkpointer: Checkpointer = new Checkpointer({
    clock,
    intervalMs: options.checkpointIntervalMs,
    segments,
    begin: () => contents.take(),
    wake: host.wake,
    fatal,
  });
  const rewriteParts = { running, segments, checkpointer, commits, writes, subscriptions, queries };
  const rewrites = new TableRewrites({ ...rewriteParts, fatal });
  const contents = new CheckpointContents({
    ...core,
    writes,
    rewrites,
    pressure,
    commits,
    commit,
  });
  const recovery = new Recovery({ ...core, store, log, lifecycle, writes, commits, forget });
  const face = { history, lifecycle, queries, subscriptions, writes, rewrites, recovery };
  return { ...core, ...face, pressure, commits, checkpointer };
}

interface SharingParts {
  readonly running: Running;
  readonly states: JobStates;
  readonly maker: ObjectMaker;
  readonly fatal: (error: unknown) => void;
}

function makeSharing({ running, states, maker, fatal }: SharingParts): Sharing {
  return new Sharing({
    jobs: running.jobs,
    lasts: (job) => states.keeps(job),
    options: (part, plan) => maker.partOptions(part, plan),
    insert: (job, before) => running.insertJob(job, before),
    keep: (job) => states.keep(job),
    forget: (job, tables) => states.removeTables(job, tables),
    known: (oid, plan) => states.has(oid, plan),
    restore: (job) => restoreJob(job, { running, states }),
    listen: (entry) => running.listen(entry),
    unlisten: (entry) => {
      running.unlisten(entry).catch(fatal);
    },
  });
}
