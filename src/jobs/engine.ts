/**
 * The engine: all running sources, tables and views, and the tick that carries changes through them.
 *
 * A tick is synchronous. It takes what has arrived (a batch a source, or one transaction of table writes),
 * pushes it through every view in order of their making, and is over; reads happen between ticks, so one
 * statement sees one instant. Table writes are applied at once, logged, and acknowledged when the log is on
 * stable storage; reads that saw a write wait for the same moment before they answer.
 *
 * A checkpoint is taken between two ticks: all dirty state tables, source positions and ledgers go into one
 * transaction of the store, which also deletes the log entries that it covers.
 */

import { assert, must } from '../base/assert.ts';
import type { Clock, Timer } from '../base/clock.ts';
import { SqlError, sqlstate } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import {
  type CatalogObject,
  type IndexObject,
  type MaterializedViewObject,
  type SinkObject,
  type SourceObject,
  storageOf,
  type TableObject,
} from '../catalog/objects.ts';
import { numbersOf } from '../catalog/column-numbers.ts';
import { CommitQueue } from '../checkpoint/commit-queue.ts';
import { Segments } from '../checkpoint/segments.ts';
import type { BadRecord } from '../connectors/connector.ts';
import type { SinkContext, SinkWriter } from '../connectors/sink.ts';
import type { EvalContext } from '../expr/functions/registry.ts';
import { type DataflowPlan, readsOf } from '../plan/dataflow-plan.ts';
import { RelationStore } from '../state/relation-store.ts';
import type { Store, StoreChange } from '../state/store.ts';
import type { Batch } from '../types/batch.ts';
import { BatchBuilder } from '../types/column-access.ts';
import type { SqlType } from '../types/sql-type.ts';
import { type CheckpointPart, Checkpointer } from './checkpointer.ts';
import { DeclaredIndexes } from './declared-indexes.ts';
import { History, type Snapshot } from './history.ts';
import type { Cuts, DataflowJob, JobEntry, JobObject, JobOptions } from './dataflow-job.ts';
import { ledgerName } from './ledger.ts';
import { Ledgers } from './ledgers.ts';
import { type OwnRun, QueryJobs, type QuerySubscription } from './query-jobs.ts';
import { Sequences } from './sequences.ts';
import { SharedJob } from './shared-job.ts';
import { type SharedReaders, Sharing } from './sharing.ts';
import { failureKey, SinkJob } from './sink-job.ts';
import { SinkPressure } from './sink-pressure.ts';
import type { SourceFeed } from './source-feed.ts';
import { SourceRuntime } from './source-runtime.ts';
import { StoredRelation } from './stored-relation.ts';
import type { Subscription } from './subscription.ts';
import { dropped, type SubscriptionRequest, Subscriptions } from './subscriptions.ts';
import { TickMark } from './tick-mark.ts';
import { type DataflowFactory, mergedState } from './view-dataflow.ts';
import { ViewJob } from './view-job.ts';
import {
  decodeWrite,
  encodeWrite,
  type TableChange,
  writeLogFrom,
  writeLogKey,
  writeLogSequence,
  writeLogTo,
} from './write-log.ts';

export interface EngineOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Store;
  /** Runs a function soon, after sockets had their turn (setImmediate); tests hand in a no-op and `settle`. */
  readonly defer: (run: () => void) => void;
  /** Makes a feed over one source; `deadLetter` gets its refused records. */
  readonly makeFeed: (source: SourceObject, deadLetter: (record: BadRecord) => void) => SourceFeed;
  /** Makes the writer of a sink, not yet open. */
  readonly makeWriter: (sink: SinkObject, events: SinkContext['events']) => SinkWriter;
  /** What expressions of views know of the world: UTC, and one instant a tick. */
  readonly evaluation: (nowMicros: bigint) => EvalContext;
  readonly codegen: boolean;
  /** Where a view's dataflow runs: in one graph, or divided over workers. */
  readonly dataflow: DataflowFactory;
  /** Rows of one batch at the most. Tests vary it; answers must not change. */
  readonly batchRowsMax: number;
  /** When much has arrived, a tick takes batches of a source up to so many rows before its views flush. */
  readonly tickRowsMax: number;
  /** How long a tick may take batches, in milliseconds: with many views one batch may be enough. */
  readonly tickMsMax: number;
  readonly checkpointIntervalMs: number;
  /** Rows kept in each of late_rows and dead_letters. */
  readonly ledgerRowsMax: number;
  /** Changed rows remembered for open snapshots. */
  readonly historyRowsMax: number;
  /** Memory of the changes kept for the subscriptions of one relation, about. */
  readonly subscriptionBytesMax: number;
  /** A failure that no answer can be trusted after: the process must end. */
  readonly fatal: (error: unknown) => void;
}

/** How long a turn may run ticks before sockets get theirs, in milliseconds. */
const turnMs = 4;
const heartbeatMs = 1000;
const ledgerOwner = 'ledgers';

export class Engine {
  readonly #options: EngineOptions;
  readonly #commits: CommitQueue;
  readonly #segments = new Segments();
  readonly #history: History;
  readonly #relations = new Map<number, StoredRelation>();
  readonly #sources = new Map<number, SourceRuntime>();
  /** In order of making, so that a view comes after all that it reads. */
  readonly #jobs = new Map<number, DataflowJob>();
  readonly #indexes = new DeclaredIndexes();
  readonly sequences = new Sequences();
  readonly #pressure = new SinkPressure(this.#jobs);
  /** Jobs that have read all that was there before them; the others may stand anywhere in their sources. */
  readonly #filled = new WeakSet<DataflowJob>();
  readonly #sharing: Sharing;
  /** Those of subscriptions are among `#jobs`, under oids below 0. */
  readonly #queries: QueryJobs;
  readonly subscriptions: Subscriptions;
  readonly #ledgers: Ledgers;
  /**
   * Clients name ticks (SUBSCRIBE … AS OF), also of a former life of the process, so none comes twice: they begin
   * at the clock's microseconds, and ticks take longer than that.
   */
  #tick: number;
  readonly #tickMark = new TickMark();
  #inTick = false;
  /** The last tick had rows for a subscription, which are sent before the next one runs. */
  #given = false;
  /** The clock at the beginning of the tick; it never steps back in the life of the process. */
  #instant = 0;
  #deferred = false;
  #stopped = false;
  #logSequence = 0;
  /** Log entries up to here are in a checkpoint. */
  #checkpointed = 0;
  /** Durability of the last write that must be durable before it is shown. */
  #lastWrite: Promise<void> = Promise.resolve();
  #writesPending = 0;
  #heartbeatTimer: Timer | null = null;
  readonly #checkpointer: Checkpointer;
  /** Changes that must be in the next checkpoint, before anything that is written later: a table was rewritten. */
  #rewriting: StoreChange[] = [];

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#commits = new CommitQueue(options.store);
    this.#tick = options.clock.nowMicros();
    this.#history = new History(options.historyRowsMax);
    this.subscriptions = new Subscriptions({
      bytesMax: options.subscriptionBytesMax,
      monotonicMs: () => options.clock.monotonicMs(),
      tick: () => this.#tick,
    });
    this.#queries = new QueryJobs(this.subscriptions, {
      makeJob: (view, plan, own) => this.#makeJob(view, plan, own),
      fill: (job) => this.#fill(job),
      remove: (oid) => {
        this.remove(oid).catch(options.fatal);
      },
      started: () => {
        this.#startHeartbeat();
        this.wake();
      },
    });
    this.#sharing = new Sharing({
      jobs: this.#jobs,
      lasts: (job) => this.#filled.has(job),
      options: (part, plan) => this.#partOptions(part, plan),
      insert: (job, before) => this.#insertJob(job, before),
      keep: (job) => this.#keepState(job),
      forget: (job, tables) =>
        this.#segments.removeTables(ownerOf(job.object.oid, job.plan), tables),
      known: (oid, plan) => hasState(options.store, ownerOf(oid, plan)),
      restore: (job) => this.#restoreJob(job),
      listen: (entry) => this.#listen(entry),
      unlisten: (entry) => this.#unlisten(entry),
    });
    this.#checkpointer = new Checkpointer({
      clock: options.clock,
      intervalMs: options.checkpointIntervalMs,
      segments: this.#segments,
      begin: () => this.#checkpointPart(),
      wake: () => this.wake(),
      fatal: options.fatal,
    });
    this.#ledgers = new Ledgers(options.ledgerRowsMax);
    for (const table of [...this.#ledgers.tables, this.#tickMark]) {
      this.#segments.add(ledgerOwner, table.name, table);
    }
  }

  get tick(): number {
    return this.#tick;
  }

  get lateRows(): Ledgers['lateRows'] {
    return this.#ledgers.lateRows;
  }

  get deadLetters(): Ledgers['deadLetters'] {
    return this.#ledgers.deadLetters;
  }

  get rowErrors(): Ledgers['rowErrors'] {
    return this.#ledgers.rowErrors;
  }

  /** Of views and sinks; the dataflows of subscriptions are not among them, nor are the parts that several share. */
  get jobs(): Iterable<DataflowJob> {
    return [...this.#jobs.values()].filter(
      (job) => !this.#queries.has(job) && !(job instanceof SharedJob),
    );
  }

  get sources(): Iterable<SourceRuntime> {
    return this.#sources.values();
  }

  relation(oid: number): StoredRelation | undefined {
    return this.#relations.get(oid);
  }

  source(oid: number): SourceRuntime | undefined {
    return this.#sources.get(oid);
  }

  job(oid: number): DataflowJob | undefined {
    return this.#jobs.get(oid);
  }

  // What exists ------------------------------------------------------------------------------------

  addTable(table: TableObject): void {
    const relation = this.#store(table, typesOf(table), null, false);
    this.#segments.add(String(relation.storage), relation.store.name, relation.store);
  }

  /**
   * A table gets other columns. `rewrite` is called between two ticks and gives the new rows, or throws, and
   * then nothing has happened. From that instant on the table has the columns; `pending` of them, a change of the
   * store, is durable together with the rows and everything before, or none of it is. Then `save` makes the
   * definition durable, and `pending` is undone.
   */
  async rewriteTable(rewrite: () => Rewritten, save: () => Promise<void>): Promise<void> {
    let key: string | null = null;
    let shown = (): void => undefined;
    try {
      await this.#checkpointer.take(() => {
        const rewritten = rewrite();
        key = rewritten.pending.key;
        this.#rewriting = [...this.#replaceRows(rewritten), rewritten.pending];
        // Whoever sees the new columns answers only when they are there to stay.
        this.#writesPending++;
        this.#lastWrite = new Promise((resolve) => {
          shown = resolve;
        });
      });
      this.#writesPending--;
      shown();
      await save();
      await this.#commits.submit([{ key: must<string>(key, 'pending definition'), value: null }]);
    } catch (error) {
      // What a restart will find is not what is in memory.
      if (key !== null) this.#options.fatal(error);
      throw error;
    }
  }

  /** The changes forget the old rows. */
  #replaceRows({ table, rows, indexes, readersEnd }: Rewritten): StoreChange[] {
    const relation = must(this.#relations.get(table.oid), `table ${table.name}`);
    const forgotten = this.#segments.remove(String(relation.storage));
    const store = new RelationStore('rows', typesOf(table));
    for (const batch of rows) store.add(batch);
    store.endStep();
    for (const index of indexes) this.#indexes.add(index);
    this.#indexes.apply(table.oid, store);
    relation.rewrite(store, storageOf(table), numbersOf(table.columns));
    this.#segments.add(String(relation.storage), store.name, store);
    const error = altered(table.name);
    this.subscriptions.fail(table.oid, error);
    if (readersEnd) this.#queries.failReaders(table.oid, error);
    return forgotten;
  }

  /** Whether somebody reads the table as it was before changes that came since. */
  isReadAsBefore(oid: number): boolean {
    return this.#history.has(oid);
  }

  #store(
    object: CatalogObject,
    types: readonly SqlType[],
    key: readonly number[] | null,
    appendOnly: boolean,
  ): StoredRelation {
    const relation = new StoredRelation({
      oid: object.oid,
      storage: storageOf(object),
      name: object.name,
      types,
      numbers: object.kind === 'table' ? numbersOf(object.columns) : types.map((_, i) => i),
      store: new RelationStore('rows', types, key),
      appendOnly,
      history: this.#history,
      tick: () => this.#tick,
    });
    this.#relations.set(object.oid, relation);
    this.#indexes.apply(object.oid, relation.store);
    return relation;
  }

  /** Rows of its relation are found by it from now on; kept while rows come and go. */
  addIndex(index: IndexObject): void {
    this.#indexes.add(index);
    const store = this.#relations.get(index.relation)?.store;
    if (store === undefined) return;
    this.#indexes.apply(index.relation, store);
    store.makeIndex(index.key);
  }

  hasIndex(oid: number): boolean {
    return this.#indexes.has(oid);
  }

  addSource(source: SourceObject): void {
    const makeFeed = (current: SourceObject): SourceFeed => {
      const feed = this.#options.makeFeed(current, (record) => {
        if (runtime.firstRefusal(record)) this.#deadLetter(runtime.name, record);
      });
      feed.reader.onReady = () => this.wake();
      return feed;
    };
    const runtime: SourceRuntime = new SourceRuntime(source, makeFeed, {
      sharedChanged: (feed, open) => {
        if (open) this.#segments.add(String(source.oid), feed.name, feed);
        else this.#forget(this.#segments.remove(String(source.oid)));
      },
      refused: () => this.#ledgers.refused(runtime.name),
    });
    this.#sources.set(source.oid, runtime);
    this.#ledgers.add(source);
  }

  /**
   * Starts a view over what exists; resolves when it shows all of it. On failure nothing is left.
   */
  async addView(view: MaterializedViewObject, plan: DataflowPlan): Promise<void> {
    try {
      const job = this.#makeJob(view, plan);
      await this.#fill(job);
      // Only now does its state belong to the positions of the sources that a checkpoint holds.
      this.#shareAndKeep(job);
    } catch (error) {
      await this.remove(view.oid);
      throw error;
    }
    this.#startHeartbeat();
    this.wake();
  }

  // Subscriptions ------------------------------------------------------------------------------------

  /** To a table or a view, by its oid; between ticks. */
  subscribe(oid: number, request: SubscriptionRequest): Subscription {
    const relation = this.#relations.get(oid);
    if (relation === undefined) {
      throw new SqlError(sqlstate.undefinedTable, `relation with OID ${oid} is not running`);
    }
    return this.subscriptions.open(relation, request);
  }

  /** To a query, by a dataflow of its own; see `QueryJobs`. */
  subscribeQuery(plan: DataflowPlan, query: QuerySubscription): Promise<Subscription> {
    return this.#queries.subscribe(plan, query);
  }

  /** Dataflows of subscriptions that read what is removed cannot go on. */
  #endReaders(oid: number): void {
    const name = this.#relations.get(oid)?.name ?? this.#sources.get(oid)?.source.name;
    const error = dropped(name ?? '');
    this.subscriptions.fail(oid, error);
    this.#queries.failReaders(oid, error);
  }

  async #fill(job: DataflowJob): Promise<void> {
    this.#insideTick(() => {
      for (const entry of job.entries) {
        this.#relations.get(entry.relation)?.listen(entry.listener, true);
      }
      this.#flush();
    });
    if (job.failure !== null) throw job.failure;
    const attached = [...job.entriesBySource()].map(([oid, listeners]) =>
      this.#sources.get(oid)?.attach(listeners),
    );
    // All of them end before a failure is handled, so that none attaches what was just removed.
    const outcomes = await Promise.allSettled(attached);
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    if (job.failure !== null) throw job.failure;
  }

  #shareAndKeep(job: DataflowJob): void {
    if (this.#sharing.share(job)) this.#checkpointer.schedule();
    this.#keepState(job);
  }

  /** A part of several jobs, before the first of those that were there (null: all will come later). */
  #insertJob(job: SharedJob, before: DataflowJob | null): void {
    const later = [...this.#jobs];
    if (before === null) later.length = 0;
    else
      later.splice(
        0,
        later.findIndex(([, each]) => each === before),
      );
    for (const [oid] of later) this.#jobs.delete(oid);
    this.#jobs.set(job.object.oid, job);
    for (const [oid, each] of later) this.#jobs.set(oid, each);
  }

  /** The entry gets all changes from here on. */
  #listen({ relation, listener }: JobEntry): void {
    const read = this.#sharing.part(relation) ?? this.#relations.get(relation);
    read?.listen(listener, false);
    this.#sources.get(relation)?.resume([listener]);
  }

  #unlisten({ relation, listener }: JobEntry): void {
    const read = this.#sharing.part(relation) ?? this.#relations.get(relation);
    read?.unlisten(listener);
    this.#sources.get(relation)?.detach([listener]).catch(this.#options.fatal);
  }

  #makeJob(
    view: MaterializedViewObject,
    plan: DataflowPlan,
    own: OwnRun | null = null,
    cuts: Cuts | null = null,
  ): ViewJob {
    const types = view.columns.map((column) => column.type);
    const { appendOnly } = plan.nodes[plan.root]!;
    const relation = this.#store(view, types, keyInPlace(plan), appendOnly);
    const options = { ...this.#jobOptions(view, plan), ...own };
    const job = new ViewJob({ view, relation, ...options, ...(cuts === null ? {} : { cuts }) });
    this.#jobs.set(view.oid, job);
    if (own === null) this.#ledgers.add(view);
    return job;
  }

  #jobOptions(object: JobObject, plan: DataflowPlan): JobOptions {
    // Its name may change while it runs.
    const name = (): string => this.#jobs.get(object.oid)?.name ?? ledgerName(object);
    return {
      plan,
      dataflow: this.#options.dataflow,
      codegen: this.#options.codegen,
      evaluation: this.#viewEvaluation(),
      late: (row) => this.#ledgers.late(row, this.#nowMicros()),
      rowError: (code, message, row, weight) =>
        this.rowErrors.add(name(), code, message, row, weight),
      log: this.#options.log.with({ view: ledgerName(object) }),
    };
  }

  /** What a part reports is reported of all that it works for. */
  #partOptions(part: SharedReaders, plan: DataflowPlan): JobOptions {
    const object = { oid: part.oid, schema: 'shared', name: String(part.oid) };
    return {
      ...this.#jobOptions(object, plan),
      late: ([, ...row]) => {
        for (const name of part.names()) this.#ledgers.late([name, ...row], this.#nowMicros());
      },
      rowError: (code, message, row, weight) => {
        for (const name of part.names()) this.rowErrors.add(name, code, message, row, weight);
      },
    };
  }

  /** For jobs that have been filled. */
  #keepState(job: DataflowJob): void {
    this.#filled.add(job);
    const owner = ownerOf(job.object.oid, job.plan);
    for (const [table, state] of job.stateTables()) this.#segments.add(owner, table, state);
  }

  /**
   * Starts a sink over what exists. It is durable when this resolves: from then on every row goes out once.
   */
  async addSink(sink: SinkObject, plan: DataflowPlan): Promise<void> {
    const job = this.#makeSink(sink, plan);
    try {
      await job.open();
      await this.#fill(job);
      this.#shareAndKeep(job);
      await this.checkpoint();
      if (job.failure !== null) throw job.failure;
    } catch (error) {
      await this.remove(sink.oid);
      throw error;
    }
    this.#startHeartbeat();
    this.wake();
  }

  #makeSink(sink: SinkObject, plan: DataflowPlan, cuts: Cuts = new Map()): SinkJob {
    const job = new SinkJob({
      sink,
      makeWriter: this.#options.makeWriter,
      changed: () => {
        this.#checkpointer.schedule();
        this.#sinksDrained();
      },
      ...this.#jobOptions(sink, plan),
      cuts,
    });
    this.#jobs.set(sink.oid, job);
    this.#ledgers.add(sink);
    return job;
  }

  /** What views know of the world: PROCTIME() is the instant of the tick. */
  #viewEvaluation(): EvalContext {
    const instant = (): bigint => BigInt(this.#instant);
    const base = this.#options.evaluation(0n);
    return {
      ...base,
      get nowMicros(): bigint {
        return instant();
      },
    };
  }

  /** Before sinks are dropped: every row that they took is shown outside. */
  async finishSinks(oids: readonly number[]): Promise<void> {
    const sinks = this.#pressure.sinks().filter((job) => oids.includes(job.sink.oid));
    if (sinks.length === 0) return;
    for (const job of sinks) job.finish();
    await this.checkpoint();
  }

  /** Stops an object and forgets its state. */
  async remove(oid: number): Promise<void> {
    const indexed = this.#indexes.remove(oid);
    if (indexed !== null) {
      const store = this.#relations.get(indexed)?.store;
      if (store !== undefined) this.#indexes.apply(indexed, store);
      return;
    }
    this.sequences.remove(oid);
    this.#endReaders(oid);
    const job = this.#jobs.get(oid);
    const changes = this.#segments.remove(String(this.#relations.get(oid)?.storage ?? oid));
    let forgotten = false;
    if (job !== undefined) {
      this.#jobs.delete(oid);
      changes.push(...this.#segments.remove(ownerOf(oid, job.plan)));
      for (const { relation, listener } of job.entries) {
        (this.#sharing.part(relation) ?? this.#relations.get(relation))?.unlisten(listener);
      }
      for (const [source, listeners] of job.entriesBySource()) {
        await this.#sources.get(source)?.detach(listeners);
      }
      job.closeDataflow();
      forgotten = this.#ledgers.remove(oid, job.name);
    }
    if (job instanceof SinkJob) {
      changes.push({ key: failureKey(oid), value: null });
      await job.close('drop');
      this.#sinksDrained();
    }
    const source = this.#sources.get(oid);
    if (source !== undefined) {
      this.#sources.delete(oid);
      forgotten = this.#ledgers.remove(oid, source.name);
      await source.close();
    }
    this.#relations.delete(oid);
    const { idle, changes: left } = this.#sharing.left(oid);
    this.#forget([...changes, ...left]);
    for (const part of idle) await this.remove(part);
    // The ledgers would otherwise come back with rows of what is gone.
    if (forgotten && !this.#stopped) await this.checkpoint();
  }

  #forget(changes: readonly StoreChange[]): void {
    if (changes.length > 0) this.#commits.submit(changes).catch(this.#options.fatal);
  }

  /**
   * Takes the present names of the objects: what runs, and what the ledgers hold, goes by them from now on.
   * Resolves when that is durable.
   */
  async rename(objects: Iterable<CatalogObject>): Promise<void> {
    let renamed = false;
    for (const object of objects) {
      const known = this.#jobs.get(object.oid) ?? this.#sources.get(object.oid);
      if (known === undefined || known.name === ledgerName(object)) continue;
      renamed = true;
      this.#ledgers.rename(object.oid, known.name, ledgerName(object));
      this.#jobs.get(object.oid)?.rename(object);
      if (object.kind === 'source') this.#sources.get(object.oid)?.rename(object);
    }
    if (renamed) await this.checkpoint();
  }

  // Recovery ---------------------------------------------------------------------------------------

  /**
   * Brings everything back as of the last checkpoint plus the log, then starts reading. `objects` in order of
   * oid; `plan` gives a view's dataflow. A view without state under its plan's fingerprint is made anew, and so
   * is all that reads it.
   */
  async recover(
    objects: readonly CatalogObject[],
    plan: (view: MaterializedViewObject) => {
      readonly view: MaterializedViewObject;
      readonly plan: DataflowPlan;
    },
    sinkPlan: (sink: SinkObject) => DataflowPlan,
  ): Promise<void> {
    const { store } = this.#options;
    this.#segments.load(ledgerOwner, store);
    this.#ledgers.follow(objects);
    this.#sharing.load(store);
    this.#tick = Math.max(this.#tick, this.#tickMark.unused);
    for (const object of objects) if (object.kind === 'index') this.#indexes.add(object);
    this.sequences.load(store, new Set(objects.map((object) => object.oid)));
    const freshSinks: { readonly object: SinkObject; readonly plan: DataflowPlan }[] = [];
    const fresh = new Map<number, { view: MaterializedViewObject; plan: DataflowPlan }>();
    for (const object of objects) {
      if (object.kind === 'table') {
        this.addTable(object);
        this.#segments.load(String(storageOf(object)), store);
      } else if (object.kind === 'source') {
        if (object.unreadable === undefined) this.addSource(object);
      } else if (object.kind === 'materialized-view') {
        const planned = plan(object);
        const readsFresh = readsOf(planned.plan).some((oid) => fresh.has(oid));
        if (readsFresh || !this.#restoreView(planned.view, planned.plan)) {
          fresh.set(object.oid, planned);
        }
      } else if (object.kind === 'sink') {
        const sink = { object, plan: sinkPlan(object) };
        const readsFresh = readsOf(sink.plan).some((oid) => fresh.has(oid));
        if (!this.#restoreSink(sink.object, sink.plan, readsFresh)) freshSinks.push(sink);
      }
    }
    const { idle, changes } = this.#sharing.restored();
    this.#forget(changes);
    for (const part of idle) await this.remove(part);
    await this.#dropOrphans();
    this.#replayLog();
    await this.#openSources();
    for (const each of fresh.values()) {
      // What a former life of the view reported will be reported again.
      this.#ledgers.forget(ledgerName(each.view));
      await this.addView(each.view, each.plan).catch((error: unknown) => {
        // One view that cannot be made again does not keep the others from running.
        this.#options.log.error('a view could not be made again', {
          view: ledgerName(each.view),
          error: toError(error).message,
        });
        this.#addFailed(each.view, each.plan, toError(error));
      });
    }
    for (const { object, plan } of freshSinks) {
      await this.addSink(object, plan).catch((error: unknown) => {
        this.#options.log.error('a sink could not be started', {
          sink: `${object.schema}.${object.name}`,
          error: error instanceof Error ? error.message : String(error),
        });
      });
    }
    this.#startHeartbeat();
    this.wake();
  }

  /** The view is there, to say to its readers why it does not run, and to be dropped. */
  #addFailed(view: MaterializedViewObject, plan: DataflowPlan, error: Error): void {
    try {
      this.#makeJob(view, plan).fail(error);
    } catch (again) {
      // Not even its dataflow can be built.
      this.#options.log.error('a view is not there', {
        view: ledgerName(view),
        error: toError(again).message,
      });
    }
  }

  /** False: it was made, but no checkpoint knows of it, so that nothing of it was shown. */
  #restoreSink(sink: SinkObject, plan: DataflowPlan, readsFresh: boolean): boolean {
    const { store } = this.#options;
    const failed = store.get(failureKey(sink.oid));
    const owner = ownerOf(sink.oid, plan);
    const known = hasKeys(store, `seg/${sink.oid}-`, `seg/${sink.oid}.`);
    if (failed === undefined && !known) return false;
    const present = failed === undefined && !readsFresh && hasState(store, owner);
    const cuts = present ? this.#sharing.restore(sink.oid, plan) : null;
    const job = this.#makeSink(sink, plan, cuts ?? new Map());
    if (failed !== undefined) {
      job.restoreFailure(failed);
    } else if (readsFresh) {
      job.fail(new Error('a view that it reads was made anew and would send every row again'));
    } else if (cuts === null) {
      job.fail(
        new Error('this release runs its query in another way, so its state cannot be used'),
      );
    } else {
      this.#keepState(job);
      this.#segments.load(owner, store);
      job.restored();
      for (const entry of job.entries) this.#listen(entry);
      job.open().catch((error: unknown) => job.fail(toError(error)));
    }
    return true;
  }

  #restoreView(view: MaterializedViewObject, plan: DataflowPlan): boolean {
    if (!hasState(this.#options.store, ownerOf(view.oid, plan))) return false;
    const cuts = this.#sharing.restore(view.oid, plan);
    return cuts !== null && this.#restoreJob(this.#makeJob(view, plan, null, cuts));
  }

  /** Loads a job's state and lets changes come in from where the checkpoint stood. */
  #restoreJob(job: DataflowJob): boolean {
    const owner = ownerOf(job.object.oid, job.plan);
    this.#keepState(job);
    const found = this.#segments.load(owner, this.#options.store);
    const merged = this.#takeOver(job, owner);
    job.restored();
    for (const entry of job.entries) this.#listen(entry);
    return found || merged;
  }

  /** State that was written under another number of workers is brought together and divided anew. */
  #takeOver(job: DataflowJob, owner: string): boolean {
    const { store } = this.#options;
    const foreign = [...this.#segments.foreign(owner, store)];
    if (foreign.length === 0) return false;
    const segments = foreign.map(([name, key]) => [name, must(store.get(key), key)] as const);
    job.adopt(mergedState(segments, () => job.emptyDataflow()));
    this.#segments.supersede(
      owner,
      foreign.map(([, key]) => key),
    );
    return true;
  }

  /** Segments that belong to nothing: of views whose plan changed, or of objects dropped before a crash. */
  async #dropOrphans(): Promise<void> {
    const known = new Set<string>([ledgerOwner]);
    for (const { storage } of this.#relations.values()) known.add(String(storage));
    // A source that no restored view reads starts anew.
    for (const [oid, { shared, source }] of this.#sources) {
      if (shared !== null) known.add(String(oid));
      else this.deadLetters.forget(ledgerName(source));
    }
    for (const [oid, job] of this.#jobs) {
      if (job.failure === null) known.add(ownerOf(oid, job.plan));
    }
    const changes: StoreChange[] = [];
    for (const [key] of this.#options.store.range('seg/', 'seg0')) {
      if (!known.has(key.split('/')[1]!)) changes.push({ key, value: null });
    }
    await this.#commits.submit(changes);
  }

  #replayLog(): void {
    const kept = new Map<number, StoredRelation>();
    for (const relation of this.#relations.values()) kept.set(relation.storage, relation);
    const relationOf = (storage: number): StoredRelation =>
      must(kept.get(storage), `table of storage ${storage}`);
    for (const [key, value] of this.#options.store.range(writeLogFrom, writeLogTo)) {
      const sequence = writeLogSequence(key);
      if (this.#logSequence === 0) this.#checkpointed = sequence - 1;
      this.#logSequence = sequence;
      const written = decodeWrite(value, (storage) => kept.get(storage)?.types ?? null);
      this.#applyWrites(written.map(({ oid, rows }) => ({ oid: relationOf(oid).oid, rows })));
    }
  }

  async #openSources(): Promise<void> {
    const feeds: SourceFeed[] = [];
    for (const runtime of this.#sources.values()) {
      const feed = runtime.shared;
      if (feed === null) continue;
      const owner = String(runtime.source.oid);
      this.#segments.add(owner, feed.name, feed);
      this.#segments.load(owner, this.#options.store);
      feeds.push(feed);
    }
    this.#insideTick(() => {
      for (const feed of feeds) feed.sendWatermark();
      this.#flush();
    });
    for (const feed of feeds) {
      await feed.open(feed.source.startPositions).catch((error: unknown) => {
        // A source that is not to be had now (a directory no longer allowed) keeps nothing else from running.
        this.#options.log.error('a source could not be opened; its views keep the rows they have', {
          source: ledgerName(feed.source),
          error: error instanceof Error ? error.message : String(error),
        });
      });
    }
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
    this.#given = false;
    try {
      while (progressed && !this.#given && clock.monotonicMs() - start < turnMs) {
        progressed = this.#checkpointer.holdsTicks || this.runTick();
        progressed = this.#checkpointer.writeAhead() || progressed;
      }
    } catch (error) {
      this.#options.fatal(error);
      return;
    }
    if (progressed) this.wake();
  }

  /** Carries what has arrived through all views. False: there was nothing. */
  runTick(): boolean {
    if (this.#stopped) return false;
    return this.#insideTick(() => {
      const progressed = this.#advanceClocks();
      const pulled = this.#pullSources();
      if (progressed || pulled) this.#flush();
      return progressed || pulled;
    });
  }

  /**
   * Takes a batch of each source, and more while there are more: what a group or key becomes in between is
   * never sent on, which is most of the work where few keys are hot.
   */
  #pullSources(): boolean {
    const { batchRowsMax, tickRowsMax, tickMsMax, clock } = this.#options;
    const start = clock.monotonicMs();
    const held = this.#pressure.held();
    let rows = 0;
    for (;;) {
      let progressed = false;
      for (const [oid, source] of this.#sources) {
        if (held.has(oid)) continue;
        progressed = source.pull(batchRowsMax) || progressed;
      }
      if (!progressed) return rows > 0;
      rows += batchRowsMax;
      if (rows >= tickRowsMax || clock.monotonicMs() - start >= tickMsMax) return true;
    }
  }

  /** Sources and writers that waited for a sink go on. */
  #sinksDrained(): void {
    this.wake();
    this.#pressure.drained();
  }

  /** Runs ticks until nothing is left to do. */
  settle(): void {
    while (this.runTick());
  }

  #insideTick<T>(run: () => T): T {
    assert(!this.#inTick, 'a tick inside a tick');
    this.#inTick = true;
    this.#tick++;
    this.#instant = Math.max(this.#instant, this.#nowMicros());
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

  /** Lets the clock close windows by processing time; true when it did. */
  #advanceClocks(): boolean {
    let moved = false;
    for (const job of this.#jobs.values()) moved = job.advanceClock(this.#instant) || moved;
    return moved;
  }

  #flush(): void {
    for (const job of this.#jobs.values()) {
      job.flush();
      if (job.failure !== null) this.#failReaders(job);
    }
    this.#tickMark.set(this.#tick);
    this.#given = this.subscriptions.endTick(this.#tick) || this.#given;
    this.#checkpointer.schedule();
  }

  /** A view over one that has stopped would show an old instant of it as the present one. */
  #failReaders(failed: DataflowJob): void {
    const { failure } = failed;
    if (failure instanceof SqlError) this.subscriptions.fail(failed.object.oid, failure);
    for (const job of this.#jobs.values()) {
      if (job.failure !== null || !reads(job, failed.object.oid)) continue;
      // A part is nothing that the user knows of.
      const why = failed instanceof SharedJob ? failure : null;
      job.fail(why ?? new Error(`it reads "${failed.name}", which has failed`));
    }
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
    if (this.#stopped || this.#inTick) return;
    this.subscriptions.heartbeat();
    this.#insideTick(() => {
      let moved = this.#advanceClocks();
      for (const source of this.#sources.values()) moved = source.heartbeat() || moved;
      if (moved) this.#flush();
    });
  }

  /** Declares every partition of a source idle at once. */
  markIdle(oid: number): void {
    const feed = this.#sources.get(oid)?.shared;
    if (feed === null || feed === undefined) return;
    this.#insideTick(() => {
      feed.watermarks.markIdle(this.#options.clock.monotonicMs());
      if (feed.sendWatermark()) this.#flush();
    });
  }

  #nowMicros(): number {
    return this.#options.clock.nowMicros();
  }

  #deadLetter(source: string, record: BadRecord): void {
    this.#ledgers.deadLetter(source, record, this.#nowMicros());
    this.#checkpointer.schedule();
  }

  // Writes -----------------------------------------------------------------------------------------

  /**
   * Applies one transaction's changes of tables, checked by the caller, in a tick of its own, before this
   * returns. The promise resolves when they are durable.
   */
  write(changes: readonly TableChange[], options: { readonly wait: boolean }): Promise<void> {
    const durable = this.#commitWithSequences(this.#log(changes));
    this.#writesPending++;
    const done = durable.then(() => this.#pressure.room()).finally(() => this.#writesPending--);
    done.catch(this.#options.fatal);
    if (!options.wait) return Promise.resolve();
    this.#lastWrite = done;
    return done;
  }

  /** Makes the changes, and gives their entry of the log. */
  #log(changes: readonly TableChange[]): StoreChange[] {
    if (changes.length === 0) return [];
    this.#logSequence++;
    const key = writeLogKey(this.#logSequence);
    const relationOf = (oid: number): StoredRelation =>
      must(this.#relations.get(oid), `table ${oid}`);
    const value = encodeWrite(changes, relationOf);
    this.#applyWrites(changes);
    return [{ key, value }];
  }

  #applyWrites(changes: readonly TableChange[]): void {
    this.#insideTick(() => {
      for (const { oid, rows } of changes) {
        const relation = must(this.#relations.get(oid), `table ${oid}`);
        relation.apply(toBatch(rows, relation.types));
        relation.endStep();
      }
      this.#flush();
    });
  }

  /** Resolves when everything that a read could have seen by now is durable. */
  settled(): Promise<void> | null {
    return this.#writesPending === 0 ? null : this.#lastWrite;
  }

  // Reads ------------------------------------------------------------------------------------------

  /** Remembers the present instant; release it soon. */
  openSnapshot(): Snapshot {
    return this.#history.open(this.#tick);
  }

  releaseSnapshot(snapshot: Snapshot): void {
    this.#history.release(snapshot);
  }

  // Checkpoints ------------------------------------------------------------------------------------

  /** Writes all that changed since the last one; resolves when it is durable. */
  checkpoint(): Promise<void> {
    return this.#checkpointer.take();
  }

  get checkpoints(): Checkpointer['stats'] {
    return this.#checkpointer.stats;
  }

  /** Beside the state: the log entries that it covers, and what sinks have to bring to stable storage before. */
  #checkpointPart(): CheckpointPart {
    const rewriting = this.#rewriting;
    this.#rewriting = [];
    const changes = [...rewriting, ...this.#sharing.takeChanges(), ...this.#withoutFailed()];
    const upTo = this.#logSequence;
    for (let entry = this.#checkpointed + 1; entry <= upTo; entry++) {
      changes.push({ key: writeLogKey(entry), value: null });
    }
    const sinks = this.#pressure.sinks();
    return {
      changes,
      submit: (all) => this.#submit(all, sinks, rewriting.length > 0),
      committed: () => {
        for (const job of sinks) job.committed();
        this.#checkpointed = upTo;
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
    if (sinks.length === 0) return this.#commitWithSequences(changes);
    const ready = Promise.all(sinks.map((job) => job.synced())).then(() => {
      const failed = this.#withoutFailed();
      // What failed or was dropped meanwhile must leave no state behind.
      const gone = sinks.filter(
        (job) => job.failure !== null || this.#jobs.get(job.sink.oid) !== job,
      );
      const owners = gone.map((job) => `seg/${ownerOf(job.sink.oid, job.plan)}/`);
      const kept = changes.filter(
        ({ key, value }) => value === null || !owners.some((owner) => key.startsWith(owner)),
      );
      return [...kept, ...failed];
    });
    // Writes that come meanwhile need not wait for what is outside.
    if (!first) return ready.then((all) => this.#commitWithSequences(all));
    const sequences = this.sequences.takeChanges();
    return this.#commits.submit(ready.then((all) => [...all, ...sequences]));
  }

  /**
   * Values of sequences are taken in the turn that submits them: what is taken counts as written, and whoever
   * commits next waits for what was submitted before, and for no more.
   */
  #commitWithSequences(changes: readonly StoreChange[]): Promise<void> {
    return this.#commits.submit([...changes, ...this.sequences.takeChanges()]);
  }

  /** The state of a view that failed may be half changed: it is dropped, and a restart makes the view anew. */
  #withoutFailed(): StoreChange[] {
    const failed = [...this.#jobs.values()].filter((job) => job.failure !== null);
    return failed.flatMap((job) => [
      ...this.#segments.remove(ownerOf(job.object.oid, job.plan)),
      ...(job instanceof SinkJob ? job.failureChanges() : []),
    ]);
  }

  /** Stops reading, takes a last checkpoint and ends. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.subscriptions.stop();
    this.#checkpointer.stop();
    this.#heartbeatTimer?.cancel();
    await this.checkpoint();
    for (const source of this.#sources.values()) await source.close();
    for (const job of this.#pressure.sinks()) await job.close('stop');
    await this.#commits.drained();
  }

  /** Ends as a crash would: nothing more is written. */
  async abandon(): Promise<void> {
    this.#stopped = true;
    this.#checkpointer.stop();
    this.#heartbeatTimer?.cancel();
    // First of all nothing is committed: writers that are closed have not written what they were given.
    const atRest = this.#commits.abandon();
    for (const job of this.#pressure.sinks()) await job.close('crash');
    await atRest;
    for (const source of this.#sources.values()) await source.close();
  }
}

function reads(job: DataflowJob, oid: number): boolean {
  return job.entries.some(({ relation }) => relation === oid) || readsOf(job.plan).includes(oid);
}

function hasState(store: Store, owner: string): boolean {
  return hasKeys(store, `seg/${owner}/`, `seg/${owner}0`);
}

function hasKeys(store: Store, from: string, to: string): boolean {
  const [first] = store.range(from, to);
  return first !== undefined;
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** Where a job's state stands: never read under another plan. */
function ownerOf(oid: number, plan: DataflowPlan): string {
  return `${oid}-${plan.fingerprint.slice(0, 16)}`;
}

/**
 * The key by which the rows of a plan's result can be kept: known, and each key's old row goes before its new one
 * comes. Aggregates promise that; what is mapped one to one from them keeps it.
 */
function keyInPlace(plan: DataflowPlan): readonly number[] | null {
  const root = plan.nodes[plan.root]!;
  let node = root;
  while (node.kind === 'map') node = plan.nodes[node.inputs[0]!]!;
  return node.kind === 'aggregate' || node.kind === 'session-aggregate' ? root.key : null;
}

/** A table with other columns, its rows with their values, and what brings its definition back after a crash. */
export interface Rewritten {
  readonly table: TableObject;
  readonly rows: readonly Batch[];
  /** Indexes of it whose columns stand elsewhere now. */
  readonly indexes: readonly IndexObject[];
  /** Queries that are subscribed to may read what is no more, or has another type. */
  readonly readersEnd: boolean;
  readonly pending: StoreChange;
}

function typesOf(table: TableObject): readonly SqlType[] {
  return table.columns.map((column) => column.type);
}

function altered(name: string): SqlError {
  return new SqlError(
    sqlstate.objectNotInPrerequisiteState,
    `subscription ended because the columns of table "${name}" have changed`,
    { hint: 'Subscribe again.' },
  );
}

function toBatch(rows: TableChange['rows'], types: readonly SqlType[]): Batch {
  const builder = new BatchBuilder(types, rows.length);
  for (const { row, weight } of rows) builder.append(row, weight);
  return builder.batch();
}

/** Shown where a statement would read rows that are not kept. */
export function notKept(name: string): SqlError {
  return new SqlError(sqlstate.featureNotSupported, `cannot read source "${name}" directly`, {
    detail: 'The rows of a source are not kept; they flow into the views that are made over it.',
    hint: `Make one: CREATE MATERIALIZED VIEW … AS SELECT … FROM ${name};`,
  });
}
