/**
 * The dataflow of one view as its job sees it: entries, ticks, state. It runs in this thread as one graph, or
 * divided into shards (shards/sharded-dataflow.ts), which the job need not know.
 */

import { must } from '../base/assert.ts';
import { ByteReader, ByteWriter } from '../base/bytes.ts';
import { Graph } from '../dataflow/graph.ts';
import type { Operator, OperatorContext, OperatorCounters, Output } from '../dataflow/operator.ts';
import type { EvalContext } from '../expr/functions/registry.ts';
import {
  type BuiltGraph,
  type ClockEntry,
  type ScanEntry,
  buildGraph,
} from '../operators/build.ts';
import type { DataflowPlan } from '../plan/dataflow-plan.ts';
import type { StateTable } from '../state/state-table.ts';
import type { Row } from '../types/datum.ts';
import type { RemoteScan } from './relation.ts';
import { errorRow, lateRow } from './row-reports.ts';

export interface DataflowContext {
  /** Oid of the view. */
  readonly id: number;
  /** Schema-qualified name of the view or sink, which may change. */
  readonly name: () => string;
  readonly plan: DataflowPlan;
  readonly codegen: boolean;
  readonly evaluation: EvalContext;
  /** Where the view's changes and its watermark go, during a tick. */
  readonly output: Output;
  /** A row for the late-rows ledger, but for its arrival time. */
  readonly late: (row: Row) => void;
  readonly rowError: (code: string, message: string, row: string, weight: number) => void;
  /** A fault that was not thrown to the caller. */
  readonly failed: (error: Error) => void;
}

export interface DataflowNode {
  /** Position in the plan. */
  readonly id: number;
  readonly kind: string;
  readonly counters: OperatorCounters;
  readonly tables: readonly TableSize[];
}

export type TableSize = Pick<StateTable, 'name' | 'rows' | 'bytes'>;

export interface ViewDataflow {
  readonly scans: readonly (ScanEntry & { readonly remote?: RemoteScan })[];
  /** Where the time of the clock enters. */
  readonly clocks: readonly ClockEntry[];
  /** Carries everything that was pushed to the output. */
  tick(): void;
  /** After the state tables were loaded. */
  restored(): void;
  /**
   * All state, by names that stay the same for a plan: `<node>.<table>`, and for the part of one of several
   * shards `<node>.<table>@<shard>of<shards>`.
   */
  stateTables(): Iterable<readonly [name: string, table: StateTable]>;
  /** Takes over the state of the same plan that ran in one graph. */
  adopt(merged: ViewDataflow): void;
  /** Operators, all shards together. */
  nodes(): Iterable<DataflowNode>;
  close(): void;
}

export type DataflowFactory = (context: DataflowContext) => ViewDataflow;

/** An operator that may go on in another dataflow, and whom it tells of late and failed rows. */
export interface Part {
  readonly operator: Operator;
  readonly reports: { to: DataflowContext };
}

/** One graph in this thread. */
export class LocalDataflow implements ViewDataflow {
  readonly #graph = new Graph();
  readonly #built: BuiltGraph;
  readonly #reports = new Map<number, Part['reports']>();

  /** `parts`, by node of the plan, go on here with what they hold; the others begin with nothing. */
  constructor(context: DataflowContext, parts: ReadonlyMap<number, Part> = new Map()) {
    for (const { id } of context.plan.nodes) {
      const reports = parts.get(id)?.reports ?? { to: context };
      reports.to = context;
      this.#reports.set(id, reports);
    }
    this.#built = buildGraph(context.plan, {
      graph: this.#graph,
      operator: {
        name: context.name(),
        evaluation: context.evaluation,
        codegen: context.codegen,
        ...this.#reportsOf(context.plan.root),
      },
      reports: (id) => this.#reportsOf(id),
      reused: new Map([...parts].map(([id, { operator }]) => [id, operator])),
      output: context.output,
    });
  }

  #reportsOf(id: number): Pick<OperatorContext, 'late' | 'rowError'> {
    const reports = must(this.#reports.get(id), `reports of node ${id}`);
    return {
      late: (row) => reports.to.late(lateRow(reports.to.name(), row)),
      rowError: (error) =>
        reports.to.rowError(error.code, error.message, errorRow(error), error.weight),
    };
  }

  /** What runs here, by node of the plan. */
  parts(): Map<number, Part> {
    const parts = new Map<number, Part>();
    for (const { spec, operator } of this.#built.nodes) {
      if (operator === null) continue;
      parts.set(spec.id, { operator, reports: this.#reports.get(spec.id)! });
    }
    return parts;
  }

  get scans(): readonly ScanEntry[] {
    return this.#built.scans;
  }

  get clocks(): readonly ClockEntry[] {
    return this.#built.clocks;
  }

  tick(): void {
    this.#graph.tick();
  }

  restored(): void {
    this.#built.restored();
  }

  *stateTables(): Iterable<readonly [name: string, table: StateTable]> {
    for (const { name, table } of this.#built.stateTables) yield [name.replace('/', '.'), table];
  }

  adopt(merged: ViewDataflow): void {
    const own = new Map(this.stateTables());
    for (const [name, table] of merged.stateTables()) {
      const writer = new ByteWriter(4096);
      table.writeBase(writer);
      must(own.get(name), `state ${name}`).load(new ByteReader(writer.take()));
    }
  }

  /** Adds the state of a shard of the same plan. */
  absorb(shard: LocalDataflow): void {
    const own = new Map(this.stateTables());
    for (const [name, table] of shard.stateTables()) {
      const writer = new ByteWriter(4096);
      // Shards know their entries by ids of their own.
      if (table.writeForeign === undefined) table.writeBase(writer);
      else table.writeForeign(writer);
      must(own.get(name), `state ${name}`).load(new ByteReader(writer.take()));
    }
  }

  *nodes(): Iterable<DataflowNode> {
    for (const { spec, operator } of this.#built.nodes) {
      if (operator === null) continue;
      const { counters, stateTables } = operator;
      yield { id: spec.id, kind: spec.kind, counters, tables: stateTables };
    }
  }

  close(): void {
    // Memory is all it holds.
  }
}

/**
 * Brings together in one graph what tables of one run hold, whatever its number of shards: segments by names of
 * `stateTables`, those of a table in order. `make` gives a dataflow without state.
 */
export function mergedState(
  segments: Iterable<readonly [name: string, segment: Uint8Array]>,
  make: () => LocalDataflow,
): LocalDataflow {
  const shards = new Map<string, LocalDataflow>();
  for (const [name, segment] of segments) {
    const [table, shard = ''] = name.split('@');
    let part = shards.get(shard);
    if (part === undefined) shards.set(shard, (part = make()));
    const tables = new Map(part.stateTables());
    must(tables.get(table!), `state ${name}`).load(new ByteReader(segment));
  }
  const merged = make();
  for (const part of shards.values()) merged.absorb(part);
  return merged;
}
