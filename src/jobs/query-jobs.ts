/**
 * Subscriptions to queries. Each has a dataflow of its own, made as a view's, that lives as long as it does and
 * that no catalog and no checkpoint knows. Its rows are kept only until the snapshot is taken.
 */

import { must } from '../base/assert.ts';
import { SqlError } from '../base/errors.ts';
import type { MaterializedViewObject } from '../catalog/objects.ts';
import { type DataflowPlan, readsOf } from '../plan/dataflow-plan.ts';
import type { EmitMode } from '../plan/logical.ts';
import type { DataflowJob } from './dataflow-job.ts';
import type { Subscription } from './subscription.ts';
import type { SubscriptionRequest, Subscriptions } from './subscriptions.ts';
import { LocalDataflow } from './view-dataflow.ts';
import type { ViewJob, ViewJobOptions } from './view-job.ts';

/** What is asked for beside the plan. */
export interface QuerySubscription {
  readonly emit: EmitMode;
  readonly request: SubscriptionRequest;
  /** Gives up while what is there is still being read. */
  readonly signal: AbortSignal;
}

/** In what such a dataflow differs from a view's. */
export type OwnRun = Pick<ViewJobOptions, 'dataflow' | 'late' | 'rowError'>;

/** What the engine does for them. */
export interface QueryHost {
  readonly makeJob: (view: MaterializedViewObject, plan: DataflowPlan, own: OwnRun) => ViewJob;
  /** Resolves when the job has read all that is there. */
  readonly fill: (job: DataflowJob) => Promise<void>;
  readonly remove: (oid: number) => void;
  /** There is a job more. */
  readonly started: () => void;
}

export class QueryJobs {
  readonly #subscriptions: Subscriptions;
  readonly #host: QueryHost;
  readonly #jobs = new Set<DataflowJob>();
  #nextOid = -1;

  constructor(subscriptions: Subscriptions, host: QueryHost) {
    this.#subscriptions = subscriptions;
    this.#host = host;
  }

  has(job: DataflowJob): boolean {
    return this.#jobs.has(job);
  }

  /** Resolves when it has read all that is there. A row that fails ends it. */
  async subscribe(
    plan: DataflowPlan,
    { emit, request, signal }: QuerySubscription,
  ): Promise<Subscription> {
    const oid = this.#nextOid--;
    let lateRows = 0;
    const job = this.#host.makeJob(queryView(oid, plan, emit), plan, {
      dataflow: (context) => new LocalDataflow(context),
      // Each reader of a stream would fill the ledger with the same rows, so they are only counted.
      late: () => lateRows++,
      rowError: (code, message) => {
        throw new SqlError(code, message);
      },
    });
    const { relation } = job;
    if (!request.snapshot) relation.passOn();
    this.#jobs.add(job);
    const end = (): void => {
      this.#jobs.delete(job);
      this.#host.remove(oid);
    };
    signal.addEventListener('abort', end, { once: true });
    try {
      await this.#host.fill(job);
      signal.throwIfAborted();
      const subscription = this.#subscriptions.open(relation, request, {
        closed: end,
        lateRows: () => lateRows,
      });
      relation.passOn();
      this.#host.started();
      return subscription;
    } catch (error) {
      end();
      throw error;
    } finally {
      signal.removeEventListener('abort', end);
    }
  }

  /** Those that read a relation cannot go on. */
  failReaders(oid: number, error: SqlError): void {
    for (const job of this.#jobs) {
      if (!readsOf(job.plan).includes(oid)) continue;
      job.failure ??= error;
      this.#subscriptions.fail(job.object.oid, error);
    }
  }
}

/** What a query's dataflow is made under; no catalog holds it. */
function queryView(oid: number, plan: DataflowPlan, emit: EmitMode): MaterializedViewObject {
  const root = must(plan.nodes[plan.root], 'root of the plan');
  return {
    kind: 'materialized-view',
    oid,
    schema: 'subscription',
    name: `query ${-oid}`,
    columns: root.columns.map(({ type }, index) => ({
      name: String(index),
      type,
      nullable: true,
      comment: null,
    })),
    querySql: '',
    sql: '',
    comment: null,
    dependsOn: readsOf(plan),
    emit,
    appendOnly: root.appendOnly,
    key: root.key,
    fingerprint: plan.fingerprint,
  };
}
