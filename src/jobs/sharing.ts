/**
 * Equal parts of plans run once. When a view or a sink has been filled, what it has in common with those before it
 * is compared: where the state is the same too, the part goes on as a job of its own (shared-job.ts), and both
 * read its changes from the next tick on. A failure in one of them is then none of the other.
 *
 * The next checkpoint holds all of it at once: the state of the part under its own name, no more of it under the name
 * of the older job, and who reads what, as `shared/<oid>`. A crash before that finds the jobs as they were. State is
 * never compared in recovery: the parts are made again as they were cut, or those that read them are made anew.
 */

import { assert, must } from '../base/assert.ts';
import { ByteReader, ByteWriter } from '../base/bytes.ts';
import type { DataflowPlan } from '../plan/dataflow-plan.ts';
import { type NodeKeys, nodeKeys, subPlan } from '../plan/sub-plans.ts';
import { sameContents } from '../state/same-contents.ts';
import type { Store, StoreChange } from '../state/store.ts';
import type { Operator } from '../dataflow/operator.ts';
import { commonCuts, type RunningPlan } from './common-cuts.ts';
import type { Cuts, DataflowJob, JobEntry, JobOptions, SharedPart } from './dataflow-job.ts';
import { firstSharedOid, SharedJob } from './shared-job.ts';
import { LocalDataflow, type Part } from './view-dataflow.ts';

const prefix = 'shared/';
const end = 'shared0';
const recordVersion = 1;

/** What the engine does for it. */
export interface SharingHost {
  /** All jobs, in order of making. */
  readonly jobs: ReadonlyMap<number, DataflowJob>;
  /** Jobs that others may share with: they have been filled, and their state is kept. */
  readonly lasts: (job: DataflowJob) => boolean;
  readonly options: (part: SharedReaders, plan: DataflowPlan) => JobOptions;
  /** Puts a job before another one, or last (null). */
  readonly insert: (job: SharedJob, before: DataflowJob | null) => void;
  /** Keeps its state from now on, which nobody has kept before. */
  readonly keep: (job: SharedJob) => void;
  /** State of the job that it has no more. */
  readonly forget: (job: DataflowJob, tables: ReadonlySet<string>) => readonly StoreChange[];
  /** Loads its state and lets it go on from there; false: there is none. */
  readonly restore: (job: SharedJob) => boolean;
  /** Whether there is state of it. */
  readonly known: (oid: number, plan: DataflowPlan) => boolean;
  readonly listen: (entry: JobEntry) => void;
  readonly unlisten: (entry: JobEntry) => void;
}

/** Who reads a part, for what it reports. */
export interface SharedReaders {
  readonly oid: number;
  /** Qualified names of the views and sinks that it works for. */
  names(): readonly string[];
}

interface SharedRecord {
  readonly oid: number;
  readonly key: string;
  readonly readers: Set<number>;
}

export class Sharing {
  readonly #host: SharingHost;
  readonly #records = new Map<number, SharedRecord>();
  readonly #parts = new Map<number, SharedJob>();
  #nextOid = firstSharedOid + 1;
  #changes: StoreChange[] = [];

  constructor(host: SharingHost) {
    this.#host = host;
  }

  part(oid: number): SharedJob | undefined {
    return this.#parts.get(oid);
  }

  /** What belongs into the next checkpoint, in one transaction with the state of the jobs. */
  takeChanges(): StoreChange[] {
    const changes = this.#changes;
    this.#changes = [];
    return changes;
  }

  // Beginning ----------------------------------------------------------------------------------------

  /** Between ticks: shares what a job that was just filled has in common with others. True when there was something. */
  share(job: DataflowJob): boolean {
    let shared = false;
    for (const other of [...this.#host.jobs.values()]) {
      if (other === job || !this.#host.lasts(other) || other.failure !== null) continue;
      shared = this.#shareWith(other, job) || shared;
    }
    return shared;
  }

  #shareWith(older: DataflowJob, job: DataflowJob): boolean {
    const first = runningOf(older);
    const second = runningOf(job);
    if (!haveCommon(first, second)) return false;
    const [mine, others] = [job.parts, older.parts];
    if (mine === null || others === null) return false;
    const cuts = commonCuts(first, second, (a, b) =>
      sameState(must(others.get(a), `node ${a}`).operator, must(mine.get(b), `node ${b}`).operator),
    );
    if (cuts.length === 0) return false;
    const olderCuts = new Map(older.cuts);
    const newCuts = new Map(job.cuts);
    const made: SharedJob[] = [];
    for (const { first: a, second: b } of cuts) {
      const known = older instanceof SharedJob && a === older.plan.root ? older : null;
      const part = known ?? this.#make(job, b, newCuts, mine, older);
      if (known === null) {
        made.push(part);
        olderCuts.set(a, part);
        this.#reads(part, older);
      }
      newCuts.set(b, part);
      this.#reads(part, job);
    }
    // First of all somebody listens, so that no source is closed.
    for (const part of made) for (const entry of part.entries) this.#host.listen(entry);
    if (made.length > 0) this.#cutOlder(older, olderCuts);
    this.#recut(job, newCuts);
    return true;
  }

  /** A part that goes on with the operators of `job` at a node and below it. */
  #make(
    job: DataflowJob,
    node: number,
    cuts: Cuts,
    operators: ReadonlyMap<number, Part>,
    older: DataflowJob,
  ): SharedJob {
    const { plan, ids } = subPlan(job.plan, job.keys, node);
    const inner = new Map<number, SharedPart>();
    const parts = new Map<number, Part>();
    for (const [old, id] of ids) {
      const cut = cuts.get(old);
      const operator = operators.get(old);
      if (cut !== undefined) inner.set(id, cut);
      else if (operator !== undefined) parts.set(id, operator);
    }
    const oid = this.#nextOid++;
    this.#records.set(oid, { oid, key: must(job.keys[node], 'key'), readers: new Set() });
    const part = this.#newJob(oid, plan, inner, (context) => {
      const running = [...parts].filter(([id]) => context.plan.nodes[id]!.kind !== 'scan');
      return new LocalDataflow(context, new Map(running));
    });
    for (const [old, id] of ids) part.startAt(id, job.watermarkOf(old));
    for (const each of new Set(part.cuts.values()))
      this.#reads(this.#parts.get(each.relation.oid)!, part);
    this.#host.insert(part, older);
    this.#host.keep(part);
    return part;
  }

  #newJob(
    oid: number,
    plan: DataflowPlan,
    cuts: Cuts,
    dataflow: JobOptions['dataflow'] | null,
  ): SharedJob {
    const options = this.#host.options({ oid, names: () => this.#namesOf(oid) }, plan);
    const job = new SharedJob(oid, { ...options, cuts, dataflow: dataflow ?? options.dataflow });
    this.#parts.set(oid, job);
    return job;
  }

  /** The older job lets go of what it has no more, in memory now and in the store with the next checkpoint. */
  #cutOlder(older: DataflowJob, cuts: Cuts): void {
    const before = tableNames(older);
    this.#recut(older, cuts);
    for (const name of tableNames(older)) before.delete(name);
    this.#changes.push(...this.#host.forget(older, before));
  }

  /** Nothing comes to the old entries from here on, and nothing is missed by the new ones. */
  #recut(job: DataflowJob, cuts: Cuts): void {
    const before = job.entries;
    job.cut(cuts);
    for (const entry of job.entries) this.#host.listen(entry);
    for (const entry of before) this.#host.unlisten(entry);
  }

  #reads(part: SharedJob, reader: DataflowJob): void {
    const record = must(this.#records.get(part.object.oid), part.name);
    record.readers.add(reader.object.oid);
    this.#changes.push(changeOf(record));
  }

  /** Names of the views and sinks that read a part, directly or through others. */
  #namesOf(oid: number): string[] {
    const names = new Set<string>();
    for (const reader of this.#records.get(oid)?.readers ?? []) {
      if (this.#records.has(reader)) for (const name of this.#namesOf(reader)) names.add(name);
      else names.add(this.#host.jobs.get(reader)?.name ?? String(reader));
    }
    return [...names];
  }

  // End ----------------------------------------------------------------------------------------------

  /** A job is gone. Gives the parts that nobody reads any more, to be removed too, and what changes in the store. */
  left(oid: number): { readonly idle: number[]; readonly changes: StoreChange[] } {
    const idle: number[] = [];
    const changes: StoreChange[] = [];
    if (this.#parts.delete(oid)) {
      this.#records.delete(oid);
      changes.push({ key: prefix + String(oid), value: null });
    }
    for (const record of this.#records.values()) {
      if (!record.readers.delete(oid)) continue;
      if (record.readers.size === 0) idle.push(record.oid);
      else changes.push(changeOf(record));
    }
    // Those would bring back what has gone.
    const gone = new Set([...idle, oid].map((each) => prefix + String(each)));
    this.#changes = this.#changes.filter(({ key }) => !gone.has(key));
    return { idle, changes };
  }

  // Recovery -----------------------------------------------------------------------------------------

  load(store: Store): void {
    for (const [key, value] of store.range(prefix, end)) {
      const oid = Number(key.slice(prefix.length));
      const reader = new ByteReader(value);
      assert(reader.uint8() === recordVersion, `${key} has another version`);
      const record = { oid, key: reader.text(), readers: new Set<number>() };
      for (let left = reader.varint(); left > 0; left--) record.readers.add(reader.float64());
      this.#records.set(oid, record);
      this.#nextOid = Math.max(this.#nextOid, oid + 1);
    }
  }

  /**
   * The parts of a job's plan that ran elsewhere at the last checkpoint, which are made again where that has not
   * been done. Null: one cannot be, so the job's own state means nothing.
   */
  restore(oid: number, plan: DataflowPlan): Cuts | null {
    const records = [...this.#records.values()].filter(({ readers }) => readers.has(oid));
    const cuts = new Map<number, SharedPart>();
    if (records.length === 0) return cuts;
    const keys = nodeKeys(plan);
    if (!records.every((record) => this.#canRestore(record, plan, keys))) return null;
    for (const record of records) {
      const node = keys.indexOf(record.key);
      cuts.set(node, this.#parts.get(record.oid) ?? this.#restorePart(record, plan, keys, node));
    }
    return cuts;
  }

  #canRestore(record: SharedRecord, plan: DataflowPlan, keys: NodeKeys): boolean {
    if (this.#parts.has(record.oid)) return true;
    const node = keys.indexOf(record.key);
    if (node < 0) return false;
    const { plan: part } = subPlan(plan, keys, node);
    if (!this.#host.known(record.oid, part)) return false;
    const inner = [...this.#records.values()].filter(({ readers }) => readers.has(record.oid));
    return inner.every((each) => this.#canRestore(each, part, nodeKeys(part)));
  }

  #restorePart(record: SharedRecord, plan: DataflowPlan, keys: NodeKeys, node: number): SharedJob {
    const { plan: part } = subPlan(plan, keys, node);
    const cuts = must(this.restore(record.oid, part), 'parts that can be restored');
    const job = this.#newJob(record.oid, part, cuts, null);
    this.#host.insert(job, null);
    this.#host.restore(job);
    return job;
  }

  /** All has been restored that can be: gives the parts that nobody reads, to be removed, and what changes. */
  restored(): { readonly idle: number[]; readonly changes: StoreChange[] } {
    const idle: number[] = [];
    const changes: StoreChange[] = [];
    // Those that read others come later.
    for (const record of [...this.#records.values()].reverse()) {
      for (const reader of record.readers) {
        if (this.#host.jobs.get(reader)?.cuts.size) continue;
        record.readers.delete(reader);
      }
      if (record.readers.size > 0) {
        changes.push(changeOf(record));
      } else if (this.#parts.has(record.oid)) {
        idle.push(record.oid);
      } else {
        this.#records.delete(record.oid);
        changes.push({ key: prefix + String(record.oid), value: null });
      }
    }
    return { idle, changes };
  }
}

function changeOf({ oid, key, readers }: SharedRecord): StoreChange {
  const writer = new ByteWriter(128).uint8(recordVersion).text(key).varint(readers.size);
  for (const reader of readers) writer.float64(reader);
  return { key: prefix + String(oid), value: writer.take() };
}

function runningOf(job: DataflowJob): RunningPlan {
  return { plan: job.running, keys: job.keys };
}

/** Whether anything but a scan runs in both; most often it does not. */
function haveCommon(first: RunningPlan, second: RunningPlan): boolean {
  const keys = new Set(first.keys);
  return second.plan.nodes.some((node) => {
    const key = second.keys[node.id] ?? null;
    return node.kind !== 'scan' && key !== null && keys.has(key);
  });
}

function sameState(a: Operator, b: Operator): boolean {
  const others = b.stateTables;
  return (
    a.stateTables.length === others.length &&
    a.stateTables.every((table, i) => sameContents(table, others[i]!))
  );
}

function tableNames(job: DataflowJob): Set<string> {
  return new Set([...job.stateTables()].map(([name]) => name));
}
