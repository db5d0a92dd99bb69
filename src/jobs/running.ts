/**
 * What runs: the stored relations, sources and jobs by their oids, and the indexes that the relations keep. It says
 * who reads whom, and makes and cuts these connections. How something begins and ends is told in lifecycle.ts.
 */

import { numbersOf } from '../catalog/column-numbers.ts';
import {
  type IndexObject,
  type MaterializedViewObject,
  storageOf,
  type TableObject,
} from '../catalog/objects.ts';
import { RelationStore } from '../state/relation-store.ts';
import type { DataflowJob, JobEntry } from './dataflow-job.ts';
import { DeclaredIndexes } from './declared-indexes.ts';
import type { History } from './history.ts';
import { SharedJob } from './shared-job.ts';
import type { SourceRuntime } from './source-runtime.ts';
import { StoredRelation } from './stored-relation.ts';

export interface RunningOptions {
  readonly history: History;
  /** The present tick. */
  readonly tick: () => number;
}

/** How the rows of a view can be kept. */
export interface ViewRows {
  /** Each key's old row goes before its new one comes; null: no such key is known. */
  readonly key: readonly number[] | null;
  /** No row is ever taken back. */
  readonly appendOnly: boolean;
}

export class Running {
  readonly #options: RunningOptions;
  readonly #relations = new Map<number, StoredRelation>();
  readonly #sources = new Map<number, SourceRuntime>();
  readonly #jobs = new Map<number, DataflowJob>();
  readonly #indexes = new DeclaredIndexes();

  constructor(options: RunningOptions) {
    this.#options = options;
  }

  /** Tables, and the results of views. */
  get relations(): ReadonlyMap<number, StoredRelation> {
    return this.#relations;
  }

  get sources(): ReadonlyMap<number, SourceRuntime> {
    return this.#sources;
  }

  /**
   * In order of making, so that one comes after all that it reads: views, sinks, the parts that several of them
   * share, and the queries of subscriptions under oids below 0.
   */
  get jobs(): ReadonlyMap<number, DataflowJob> {
    return this.#jobs;
  }

  // Relations --------------------------------------------------------------------------------------

  addTable(table: TableObject): StoredRelation {
    const types = table.columns.map((column) => column.type);
    return this.#add(
      new StoredRelation({
        oid: table.oid,
        storage: storageOf(table),
        name: table.name,
        types,
        numbers: numbersOf(table.columns),
        store: new RelationStore('rows', types),
        appendOnly: false,
        ...this.#options,
      }),
    );
  }

  addResult(view: MaterializedViewObject, { key, appendOnly }: ViewRows): StoredRelation {
    const types = view.columns.map((column) => column.type);
    return this.#add(
      new StoredRelation({
        oid: view.oid,
        storage: storageOf(view),
        name: view.name,
        types,
        numbers: types.map((_, i) => i),
        store: new RelationStore('rows', types, key),
        appendOnly,
        ...this.#options,
      }),
    );
  }

  #add(relation: StoredRelation): StoredRelation {
    this.#relations.set(relation.oid, relation);
    this.#indexes.apply(relation.oid, relation.store);
    return relation;
  }

  removeRelation(oid: number): void {
    this.#relations.delete(oid);
  }

  // Indexes ----------------------------------------------------------------------------------------

  /** The relation keeps it once it is there, and makes it when it is asked for. */
  declareIndex(index: IndexObject): void {
    this.#indexes.add(index);
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

  /** False: there is no index of that oid. */
  removeIndex(oid: number): boolean {
    const relation = this.#indexes.remove(oid);
    if (relation === null) return false;
    const store = this.#relations.get(relation)?.store;
    if (store !== undefined) this.#indexes.apply(relation, store);
    return true;
  }

  /** Tells a store that becomes the relation's which indexes to keep. */
  applyIndexes(oid: number, store: RelationStore): void {
    this.#indexes.apply(oid, store);
  }

  // Sources and jobs -------------------------------------------------------------------------------

  addSource(runtime: SourceRuntime): void {
    this.#sources.set(runtime.source.oid, runtime);
  }

  removeSource(oid: number): void {
    this.#sources.delete(oid);
  }

  addJob(job: DataflowJob): void {
    this.#jobs.set(job.object.oid, job);
  }

  /** A part of several jobs, before the first of those that were there (null: all will come later). */
  insertJob(job: SharedJob, before: DataflowJob | null): void {
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

  removeJob(oid: number): void {
    this.#jobs.delete(oid);
  }

  // Who reads whom ---------------------------------------------------------------------------------

  /** What passes its changes on within the tick; a source has a pace of its own. */
  #read(oid: number): SharedJob | StoredRelation | undefined {
    const job = this.#jobs.get(oid);
    return job instanceof SharedJob ? job : this.#relations.get(oid);
  }

  /** The entry gets all changes from here on. */
  listen({ relation, listener }: JobEntry): void {
    this.#read(relation)?.listen(listener, false);
    this.#sources.get(relation)?.resume([listener]);
  }

  /** Nothing comes to it any more. Resolves when a source that nobody else reads is closed. */
  async unlisten({ relation, listener }: JobEntry): Promise<void> {
    this.#read(relation)?.unlisten(listener);
    await this.#sources.get(relation)?.detach([listener]);
  }

  /** As `unlisten`, of all entries of a job. */
  async disconnect(job: DataflowJob): Promise<void> {
    for (const { relation, listener } of job.entries) this.#read(relation)?.unlisten(listener);
    for (const [source, listeners] of job.entriesBySource()) {
      await this.#sources.get(source)?.detach(listeners);
    }
  }
}
