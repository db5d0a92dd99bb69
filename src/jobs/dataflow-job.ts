/**
 * A dataflow while it runs, of a view or a sink: its graph, the entries through which changes of what it reads
 * come in, and the target that its result goes into. A fault inside the graph fails this job alone: it stops
 * changing, says so, and the others go on. Parts of the plan may run in jobs of their own, which others read
 * too (sharing.ts).
 */

import { assert } from '../base/assert.ts';
import type { ByteReader, ByteWriter } from '../base/bytes.ts';
import type { Log } from '../base/log.ts';
import type { Output } from '../dataflow/operator.ts';
import type { EvalContext } from '../expr/functions/registry.ts';
import type { DataflowPlan } from '../plan/dataflow-plan.ts';
import type { RelationRef } from '../plan/logical.ts';
import { isNowhere, nodeKeys, type NodeKeys, withoutSubPlans } from '../plan/sub-plans.ts';
import type { StateTable } from '../state/state-table.ts';
import type { Batch } from '../types/batch.ts';
import type { Row } from '../types/datum.ts';
import { ledgerName } from './ledger.ts';
import type { ChangeListener } from './relation.ts';
import {
  type DataflowContext,
  type DataflowFactory,
  type DataflowNode,
  LocalDataflow,
  type Part,
  type TableSize,
  type ViewDataflow,
} from './view-dataflow.ts';

/** What a job has of the catalog. */
export interface JobObject {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
}

/** Where the result of a dataflow goes. */
export interface JobTarget {
  /** Weighted changes over all columns of the plan. */
  apply(batch: Batch): void;
  /** Event time of the rows to come is at or after `micros`. */
  advance(micros: number): void;
  endStep(): void;
  /** Nothing comes any more. */
  fail(error: Error): void;
  /** What the target keeps, as state tables. */
  readonly tables: readonly (readonly [name: string, table: StateTable])[];
}

export interface JobOptions {
  readonly plan: DataflowPlan;
  readonly dataflow: DataflowFactory;
  readonly codegen: boolean;
  readonly evaluation: EvalContext;
  /** A row for the late-rows ledger, but for its arrival time. */
  readonly late: (row: Row) => void;
  readonly rowError: (code: string, message: string, row: string, weight: number) => void;
  readonly log: Log;
  /** Nodes of the plan that run elsewhere. */
  readonly cuts?: Cuts;
}

export interface JobEntry {
  /** Node of the plan. */
  readonly id: number;
  /** Oid of what is read. */
  readonly relation: number;
  readonly listener: ChangeListener;
}

/** A job that carries out a part of other jobs' plans. */
export interface SharedPart {
  /** In which its result comes to them. */
  readonly relation: RelationRef;
  readonly keys: NodeKeys;
  tables(): Iterable<JobTable>;
  operators(): Iterable<JobOperator>;
}

export interface JobTable {
  /** Node of the plan. */
  readonly operator: number;
  readonly table: TableSize;
}

export type JobOperator = Omit<DataflowNode, 'tables'>;

/** By node of the plan. */
export type Cuts = ReadonlyMap<number, SharedPart>;

export class DataflowJob {
  /** As if it ran by itself. */
  readonly plan: DataflowPlan;
  #keys: NodeKeys | null = null;
  #cuts: Cuts;
  #entries: readonly JobEntry[];
  #context: DataflowContext;
  #dataflow: ViewDataflow;
  /** The last watermark that each scan was told. */
  #watermarks = new Map<number, number>();
  readonly #log: Log;
  readonly #made = new MadeMark();
  readonly #target: JobTarget;
  #object: JobObject;
  /** What each clock entry was told last. */
  #clocks: number[] = [];
  /** Why the job has stopped, or null. */
  failure: Error | null = null;

  constructor(object: JobObject, target: JobTarget, options: JobOptions) {
    this.#object = object;
    this.plan = options.plan;
    this.#target = target;
    this.#log = options.log;
    this.#cuts = options.cuts ?? new Map();
    this.#context = {
      id: object.oid,
      name: () => this.name,
      plan: runningPlan(options.plan, this.#cuts),
      codegen: options.codegen,
      evaluation: options.evaluation,
      output: {
        emit: (batch) => target.apply(batch),
        watermark: (micros) => target.advance(micros),
      },
      late: options.late,
      rowError: options.rowError,
      failed: (error) => this.fail(error),
    };
    this.#dataflow = options.dataflow(this.#context);
    this.#entries = this.#listeners();
  }

  /** Where it takes in what it reads; `cut` changes them. */
  get entries(): readonly JobEntry[] {
    return this.#entries;
  }

  get keys(): NodeKeys {
    return (this.#keys ??= nodeKeys(this.plan));
  }

  get cuts(): Cuts {
    return this.#cuts;
  }

  /** What runs here: the other nodes are scans. */
  get running(): DataflowPlan {
    return this.#context.plan;
  }

  /** Its operators, where they run in this thread in one graph; null: they cannot go elsewhere. */
  get parts(): Map<number, Part> | null {
    return this.#dataflow instanceof LocalDataflow ? this.#dataflow.parts() : null;
  }

  /**
   * Between ticks: from now on the nodes of `cuts` run elsewhere, and what only they need is let go of. The entries
   * are others afterwards; nobody is told.
   */
  cut(cuts: Cuts): void {
    const parts = this.parts;
    assert(parts !== null, `${this.name} runs in several graphs`);
    this.#cuts = cuts;
    const plan = runningPlan(this.plan, cuts);
    this.#context = { ...this.#context, plan };
    const kept = [...parts].filter(([id]) => plan.nodes[id]!.kind !== 'scan');
    this.#dataflow = new LocalDataflow(this.#context, new Map(kept));
    this.#clocks = [];
    this.#entries = this.#listeners();
  }

  /** The last watermark of a scan, so that a scan of the same rows elsewhere is told of none before it. */
  watermarkOf(node: number): number {
    return this.#watermarks.get(node) ?? -Infinity;
  }

  startAt(node: number, micros: number): void {
    this.#watermarks.set(node, micros);
  }

  #listeners(): JobEntry[] {
    const scans = this.#dataflow.scans.filter((scan) => !isNowhere(scan));
    return scans.map(({ id, relation, ordinals, input, remote }) => ({
      id,
      relation: relation.oid,
      listener: { ...this.#listener(id, ordinals, input), remote },
    }));
  }

  get object(): JobObject {
    return this.#object;
  }

  /** Schema-qualified. */
  get name(): string {
    return ledgerName(this.#object);
  }

  /** The same under another name. */
  rename(object: JobObject): void {
    this.#object = object;
  }

  /**
   * Tells windows by processing time what time it is (µs), before the rows of a tick. True when that may close
   * one.
   */
  advanceClock(micros: number): boolean {
    let moved = false;
    this.#dataflow.clocks.forEach(({ input, step }, i) => {
      const bound = Math.floor((micros - step.offset) / step.size) * step.size + step.offset;
      if (bound <= (this.#clocks[i] ?? -Infinity)) return;
      this.#clocks[i] = bound;
      moved = true;
      this.#guard(() => input.watermark(bound));
    });
    return moved;
  }

  #listener(node: number, ordinals: readonly number[], input: Output): ChangeListener {
    return {
      ordinals,
      push: (batch: Batch) => this.#guard(() => input.emit(batch)),
      watermark: (micros: number) => {
        // A job that joins another reading of its source may be told of an older watermark again.
        if (micros <= this.watermarkOf(node)) return;
        this.#watermarks.set(node, micros);
        this.#guard(() => input.watermark(micros));
      },
    };
  }

  #guard(run: () => void): void {
    if (this.failure !== null) return;
    try {
      run();
    } catch (error) {
      this.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Stops the job: from now on reading its result is an error. */
  fail(error: Error): void {
    if (this.failure !== null) return;
    this.failure = error;
    this.#target.fail(error);
    this.#log.error('a dataflow has failed', { error: error.stack ?? error.message });
  }

  /** Ends a tick: everything that was pushed is carried to the target. */
  flush(): void {
    this.#guard(() => {
      this.#dataflow.tick();
      this.#target.endStep();
    });
  }

  /** After the state tables were loaded. */
  restored(): void {
    this.#dataflow.restored();
  }

  /** The dataflow in one graph that leads nowhere, for state to be loaded into. */
  emptyDataflow(): LocalDataflow {
    const nothing = (): void => undefined;
    return new LocalDataflow({
      ...this.#context,
      codegen: false,
      output: { emit: nothing, watermark: nothing },
      late: nothing,
      rowError: nothing,
    });
  }

  /** Takes over state that was loaded into one graph. */
  adopt(merged: ViewDataflow): void {
    this.#dataflow.adopt(merged);
  }

  /** State tables with names that are the same in every process for one plan and number of workers. */
  *stateTables(): Iterable<readonly [name: string, table: StateTable]> {
    yield* this.#dataflow.stateTables();
    yield* this.#target.tables;
    yield ['made', this.#made];
  }

  /** Also of the parts that run elsewhere, which other jobs count as theirs too. */
  *tables(): Iterable<JobTable> {
    for (const { id, tables } of this.#dataflow.nodes()) {
      for (const table of tables) yield { operator: id, table };
    }
    for (const [id, part] of this.#elsewhere()) {
      for (const each of part.tables()) {
        if (part.keys[each.operator] === this.keys[id]) yield { operator: id, table: each.table };
      }
    }
  }

  /** As `tables`. */
  *operators(): Iterable<JobOperator> {
    yield* this.#dataflow.nodes();
    for (const [id, part] of this.#elsewhere()) {
      for (const each of part.operators()) {
        if (part.keys[each.id] === this.keys[id]) yield { ...each, id };
      }
    }
  }

  /** Nodes that do not run here, each with the part in which it does. */
  *#elsewhere(): Iterable<readonly [id: number, part: SharedPart]> {
    const parts = new Set(this.#cuts.values());
    for (const { id, kind } of this.plan.nodes) {
      if (kind === 'scan' || this.running.nodes[id]!.kind !== 'scan') continue;
      for (const part of parts) {
        if (!part.keys.includes(this.keys[id]!)) continue;
        yield [id, part];
        break;
      }
    }
  }

  /** Lets go of what the dataflow holds elsewhere. */
  closeDataflow(): void {
    this.#dataflow.close();
  }

  get memoryBytes(): number {
    let bytes = 0;
    for (const [, table] of this.#target.tables) bytes += table.bytes;
    for (const { table } of this.tables()) bytes += table.bytes;
    return Math.round(bytes);
  }

  /** The listeners by what they read. */
  entriesBySource(): ReadonlyMap<number, readonly ChangeListener[]> {
    const grouped = new Map<number, ChangeListener[]>();
    for (const { relation, listener } of this.entries) {
      const listeners = grouped.get(relation);
      if (listeners === undefined) grouped.set(relation, [listener]);
      else listeners.push(listener);
    }
    return grouped;
  }
}

function runningPlan(plan: DataflowPlan, cuts: Cuts): DataflowPlan {
  return withoutSubPlans(plan, new Map([...cuts].map(([id, { relation }]) => [id, relation])));
}

/** Says in a checkpoint that the job was filled, also where it has no rows and no state. */
class MadeMark implements StateTable {
  readonly name = 'made';
  readonly rows = 1;
  readonly bytes = 0;
  dirty = true;

  writeDelta(writer: ByteWriter): void {
    this.writeBase(writer);
  }

  writeBase(writer: ByteWriter): void {
    writer.uint8(1);
    this.dirty = false;
  }

  load(reader: ByteReader): void {
    assert(reader.uint8() === 1, 'the mark of a job has another version');
    this.dirty = false;
  }
}
