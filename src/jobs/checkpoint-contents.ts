/**
 * What one checkpoint holds beside the segments of state, as of one instant: tables that were rewritten, who shares
 * parts with whom, failures, and the log entries that it covers. It becomes durable after the rows of sinks that it
 * counts as written.
 */

import type { CommitQueue } from '../checkpoint/commit-queue.ts';
import type { StoreChange } from '../state/store.ts';
import type { CheckpointPart } from './checkpointer.ts';
import { type JobStates, stateOwner } from './job-states.ts';
import type { Running } from './running.ts';
import type { Sequences } from './sequences.ts';
import type { Sharing } from './sharing.ts';
import { SinkJob } from './sink-job.ts';
import type { SinkPressure } from './sink-pressure.ts';
import type { TableRewrites } from './table-rewrites.ts';
import type { TableWrites } from './table-writes.ts';

export interface CheckpointContentsParts {
  readonly running: Running;
  readonly states: JobStates;
  readonly sharing: Sharing;
  readonly sequences: Sequences;
  readonly writes: TableWrites;
  readonly rewrites: TableRewrites;
  readonly pressure: SinkPressure;
  readonly commits: CommitQueue;
  /** Submits changes together with what sequences have given out; resolves when they are durable. */
  readonly commit: (changes: readonly StoreChange[]) => Promise<void>;
}

export class CheckpointContents {
  readonly #parts: CheckpointContentsParts;

  constructor(parts: CheckpointContentsParts) {
    this.#parts = parts;
  }

  /** Between two ticks: what belongs to this instant, and how it becomes durable. */
  take(): CheckpointPart {
    const { sharing, writes, rewrites, pressure } = this.#parts;
    const rewriting = rewrites.takeChanges();
    const log = writes.covered();
    const changes = [
      ...rewriting,
      ...sharing.takeChanges(),
      ...this.#withoutFailed(),
      ...log.changes,
    ];
    const sinks = pressure.sinks();
    return {
      changes,
      submit: (all) => this.#submit(all, sinks, rewriting.length > 0),
      committed: () => {
        for (const job of sinks) job.committed();
        log.committed();
      },
    };
  }

  /**
   * The rows of sinks come to stable storage before the checkpoint that says so. `first`: nothing that is written
   * from now on may be durable sooner.
   */
  #submit(
    changes: readonly StoreChange[],
    sinks: readonly SinkJob[],
    first: boolean,
  ): Promise<void> {
    const { commit, commits, sequences } = this.#parts;
    if (sinks.length === 0) return commit(changes);
    const ready = Promise.all(sinks.map((job) => job.synced())).then(() => {
      const failed = this.#withoutFailed();
      return [...this.#withoutGone(changes, sinks), ...failed];
    });
    // Writes that come meanwhile need not wait for what is outside.
    if (!first) return ready.then((all) => commit(all));
    const values = sequences.takeChanges();
    return commits.submit(ready.then((all) => [...all, ...values]));
  }

  /** What failed or was dropped meanwhile must leave no state behind. */
  #withoutGone(changes: readonly StoreChange[], sinks: readonly SinkJob[]): StoreChange[] {
    const { jobs } = this.#parts.running;
    const gone = sinks.filter((job) => job.failure !== null || jobs.get(job.sink.oid) !== job);
    const owners = gone.map((job) => `seg/${stateOwner(job.sink.oid, job.plan)}/`);
    return changes.filter(
      ({ key, value }) => value === null || !owners.some((owner) => key.startsWith(owner)),
    );
  }

  /** The state of a view that failed may be half changed: it is dropped, and a restart makes the view anew. */
  #withoutFailed(): StoreChange[] {
    const { running, states } = this.#parts;
    const failed = [...running.jobs.values()].filter((job) => job.failure !== null);
    return failed.flatMap((job) => [
      ...states.remove(job),
      ...(job instanceof SinkJob ? job.failureChanges() : []),
    ]);
  }
}
