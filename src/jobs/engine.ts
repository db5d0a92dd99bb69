/**
 * The engine: all running sources, tables and views, and the ticks that carry changes through them.
 *
 * A tick is synchronous. It takes what has arrived (a batch a source, or one transaction of table writes),
 * pushes it through every view in order of their making, and is over; reads happen between ticks, so one
 * statement sees one instant. Table writes are applied at once, logged, and acknowledged when the log is on
 * stable storage; reads that saw a write wait for the same moment before they answer.
 *
 * A checkpoint is taken between two ticks: all dirty state tables, source positions and ledgers go into one
 * transaction of the store, which also deletes the log entries that it covers.
 *
 * Here are its face and the turns in which ticks and checkpoints get their time; the work is done by its parts
 * (engine-parts.ts).
 */

import type { Timer } from '../base/clock.ts';
import { SqlError, sqlstate } from '../base/errors.ts';
import type {
  CatalogObject,
  IndexObject,
  MaterializedViewObject,
  SinkObject,
  SourceObject,
  TableObject,
} from '../catalog/objects.ts';
import type { DataflowPlan } from '../plan/dataflow-plan.ts';
import type { Checkpointer } from './checkpointer.ts';
import type { DataflowJob } from './dataflow-job.ts';
import { type EngineParts, makeParts, type PartsOptions } from './engine-parts.ts';
import type { Snapshot } from './history.ts';
import type { Ledgers } from './ledgers.ts';
import type { QuerySubscription } from './query-jobs.ts';
import type { PlannedView } from './recovery.ts';
import type { Sequences } from './sequences.ts';
import { SharedJob } from './shared-job.ts';
import type { SourceRuntime } from './source-runtime.ts';
import type { StoredRelation } from './stored-relation.ts';
import type { Subscription } from './subscription.ts';
import type { SubscriptionRequest, Subscriptions } from './subscriptions.ts';
import type { Rewritten } from './table-rewrites.ts';
import type { TableChange } from './write-log.ts';

export interface EngineOptions extends PartsOptions {
  /** Runs a function soon, after sockets had their turn (setImmediate); tests hand in a no-op and `settle`. */
  readonly defer: (run: () => void) => void;
}

/** How long a turn may run ticks before sockets get theirs, in milliseconds. */
const turnMs = 4;
const heartbeatMs = 1000;

export class Engine {
  readonly #options: EngineOptions;
  readonly #parts: EngineParts;
  #deferred = false;
  #stopped = false;
  #heartbeatTimer: Timer | null = null;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#parts = makeParts(options, {
      wake: () => this.wake(),
      started: () => this.#started(),
      stopped: () => this.#stopped,
    });
  }

  // What runs --------------------------------------------------------------------------------------

  /** The last tick that is complete. */
  get tick(): number {
    return this.#parts.ticks.number;
  }

  get lateRows(): Ledgers['lateRows'] {
    return this.#parts.ledgers.lateRows;
  }

  get deadLetters(): Ledgers['deadLetters'] {
    return this.#parts.ledgers.deadLetters;
  }

  get rowErrors(): Ledgers['rowErrors'] {
    return this.#parts.ledgers.rowErrors;
  }

  get subscriptions(): Subscriptions {
    return this.#parts.subscriptions;
  }

  get sequences(): Sequences {
    return this.#parts.sequences;
  }

  /** Of views and sinks; the dataflows of subscriptions are not among them, nor are the parts that several share. */
  get jobs(): Iterable<DataflowJob> {
    return [...this.#parts.running.jobs.values()].filter(
      (job) => !this.#parts.queries.has(job) && !(job instanceof SharedJob),
    );
  }

  get sources(): Iterable<SourceRuntime> {
    return this.#parts.running.sources.values();
  }

  relation(oid: number): StoredRelation | undefined {
    return this.#parts.running.relations.get(oid);
  }

  source(oid: number): SourceRuntime | undefined {
    return this.#parts.running.sources.get(oid);
  }

  job(oid: number): DataflowJob | undefined {
    return this.#parts.running.jobs.get(oid);
  }

  // What begins and ends ---------------------------------------------------------------------------

  /**
   * Brings everything back as of the last checkpoint plus the log, then starts reading. `objects` in order of
   * oid; `plan` gives a view's dataflow. A view without state under its plan's fingerprint is made anew, and so
   * is all that reads it.
   */
  async recover(
    objects: readonly CatalogObject[],
    plan: (view: MaterializedViewObject) => PlannedView,
    sinkPlan: (sink: SinkObject) => DataflowPlan,
  ): Promise<void> {
    await this.#parts.recovery.run(objects, { view: plan, sink: sinkPlan });
    this.#started();
  }

  addTable(table: TableObject): void {
    this.#parts.maker.table(table);
  }

  /** See `TableRewrites`. */
  rewriteTable(rewrite: () => Rewritten, save: () => Promise<void>): Promise<void> {
    return this.#parts.rewrites.rewrite(rewrite, save);
  }

  /** Rows of its relation are found by it from now on; kept while rows come and go. */
  addIndex(index: IndexObject): void {
    this.#parts.running.addIndex(index);
  }

  hasIndex(oid: number): boolean {
    return this.#parts.running.hasIndex(oid);
  }

  /** Nothing is read of it while no view does. */
  addSource(source: SourceObject): void {
    this.#parts.maker.source(source);
  }

  /** Starts a view over what exists; resolves when it shows all of it. On failure nothing is left. */
  addView(view: MaterializedViewObject, plan: DataflowPlan): Promise<void> {
    return this.#parts.lifecycle.addView(view, plan);
  }

  /** Starts a sink over what exists. It is durable when this resolves: from then on every row goes out once. */
  addSink(sink: SinkObject, plan: DataflowPlan): Promise<void> {
    return this.#parts.lifecycle.addSink(sink, plan);
  }

  /** Before sinks are dropped: every row that they took is shown outside. */
  async finishSinks(oids: readonly number[]): Promise<void> {
    const sinks = this.#parts.pressure.sinks().filter((job) => oids.includes(job.sink.oid));
    if (sinks.length === 0) return;
    for (const job of sinks) job.finish();
    await this.checkpoint();
  }

  /** Stops an object and forgets its state. */
  remove(oid: number): Promise<void> {
    return this.#parts.lifecycle.remove(oid);
  }

  /**
   * Takes the present names of the objects: what runs, and what the ledgers hold, goes by them from now on.
   * Resolves when that is durable.
   */
  rename(objects: Iterable<CatalogObject>): Promise<void> {
    return this.#parts.lifecycle.rename(objects);
  }

  // Ticks ------------------------------------------------------------------------------------------

  /** Something may have arrived. */
  wake(): void {
    if (this.#deferred || this.#stopped) return;
    this.#deferred = true;
    this.#options.defer(() => {
      this.#deferred = false;
      this.#turn();
    });
  }

  #turn(): void {
    if (this.#stopped) return;
    const { clock } = this.#options;
    const start = clock.monotonicMs();
    let progressed = true;
    this.#parts.ticks.sent();
    try {
      while (progressed && !this.#parts.ticks.given && clock.monotonicMs() - start < turnMs) {
        progressed = this.#parts.checkpointer.holdsTicks || this.runTick();
        progressed = this.#parts.checkpointer.writeAhead() || progressed;
      }
    } catch (error) {
      this.#options.fatal(error);
      return;
    }
    if (progressed) this.wake();
  }

  /** Carries what has arrived through all views. False: there was nothing. */
  runTick(): boolean {
    return !this.#stopped && this.#parts.ticks.next();
  }

  /** Runs ticks until nothing is left to do. */
  settle(): void {
    while (this.runTick());
  }

  #started(): void {
    this.#startHeartbeat();
    this.wake();
  }

  #startHeartbeat(): void {
    if (this.#heartbeatTimer !== null || this.#stopped) return;
    this.#heartbeatTimer = this.#options.clock.after(heartbeatMs, () => {
      this.#heartbeatTimer = null;
      this.heartbeat();
      this.#startHeartbeat();
    });
  }

  /** Lets idle partitions go and the clock close windows. */
  heartbeat(): void {
    if (!this.#stopped) this.#parts.ticks.heartbeat();
  }

  /** Declares every partition of a source idle at once. */
  markIdle(oid: number): void {
    this.#parts.ticks.markIdle(oid);
  }

  // Writes -----------------------------------------------------------------------------------------

  /**
   * Applies one transaction's changes of tables, checked by the caller, in a tick of its own, before this
   * returns. The promise resolves when they are durable.
   */
  write(changes: readonly TableChange[], options: { readonly wait: boolean }): Promise<void> {
    return this.#parts.writes.write(changes, options);
  }

  /** Resolves when everything that a read could have seen by now is durable. */
  settled(): Promise<void> | null {
    return this.#parts.writes.settled();
  }

  // Reads ------------------------------------------------------------------------------------------

  /** Remembers the present instant; release it soon. */
  openSnapshot(): Snapshot {
    return this.#parts.history.open(this.tick);
  }

  releaseSnapshot(snapshot: Snapshot): void {
    this.#parts.history.release(snapshot);
  }

  /** Whether somebody reads the table as it was before changes that came since. */
  isReadAsBefore(oid: number): boolean {
    return this.#parts.history.has(oid);
  }

  /** To a table or a view, by its oid; between ticks. */
  subscribe(oid: number, request: SubscriptionRequest): Subscription {
    const relation = this.relation(oid);
    if (relation === undefined) {
      throw new SqlError(sqlstate.undefinedTable, `relation with OID ${oid} is not running`);
    }
    return this.subscriptions.open(relation, request);
  }

  /** To a query, by a dataflow of its own; see `QueryJobs`. */
  subscribeQuery(plan: DataflowPlan, query: QuerySubscription): Promise<Subscription> {
    return this.#parts.queries.subscribe(plan, query);
  }

  // Checkpoints ------------------------------------------------------------------------------------

  /** Writes all that changed since the last one; resolves when it is durable. */
  checkpoint(): Promise<void> {
    return this.#parts.checkpointer.take();
  }

  get checkpoints(): Checkpointer['stats'] {
    return this.#parts.checkpointer.stats;
  }

  /** Stops reading, takes a last checkpoint and ends. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.subscriptions.stop();
    this.#parts.checkpointer.stop();
    this.#heartbeatTimer?.cancel();
    await this.checkpoint();
    for (const source of this.sources) await source.close();
    for (const job of this.#parts.pressure.sinks()) await job.close('stop');
    await this.#parts.commits.drained();
  }

  /** Ends as a crash would: nothing more is written. */
  async abandon(): Promise<void> {
    this.#stopped = true;
    this.#parts.checkpointer.stop();
    this.#heartbeatTimer?.cancel();
    // First of all nothing is committed: writers that are closed have not written what they were given.
    const atRest = this.#parts.commits.abandon();
    for (const job of this.#parts.pressure.sinks()) await job.close('crash');
    await atRest;
    for (const source of this.sources) await source.close();
  }
}
