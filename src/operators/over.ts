/**
 * Window functions with OVER: the input's columns and one column a call. A change of a partition computes the
 * rows that it reaches (over-reach.ts), as they were and as they are, and emits those that differ: old rows first,
 * then new ones. Rows that are equal in every column count as many; ties of the order are settled by the rows'
 * values, so the result depends on the rows alone. Keeps every row.
 */

import { evaluationError, SqlError } from '../base/errors.ts';
import { Consolidator } from '../dataflow/consolidate.ts';
import type { Operator, OperatorContext, Output } from '../dataflow/operator.ts';
import { compileInterpreter } from '../expr/interpret.ts';
import type { OverSpec } from '../plan/dataflow-plan.ts';
import type { FrameBound } from '../plan/logical.ts';
import { RankedView } from '../state/ranked-view.ts';
import type { StateTable } from '../state/state-table.ts';
import type { Batch } from '../types/batch.ts';
import type { Datum } from '../types/datum.ts';
import type { SqlType } from '../types/sql-type.ts';
import { Outlet, Times } from './outlet.ts';
import { OverCall } from './over-call.ts';
import { OverOutput } from './over-output.ts';
import { OverRows } from './over-rows.ts';
import type { Span } from './partition-changes.ts';
import { PartitionChanges, mergeSpans } from './partition-changes.ts';
import { Partitions } from './partitions.ts';
import { reportFailure } from './row-failure.ts';
import type { FrameTotal } from './over-aggregates.ts';

/** Smaller partitions are added up again when they change. */
const totalsFrom = 64;

/** A partition, before and after. */
interface Changed {
  readonly changes: PartitionChanges;
  readonly before: OverRows;
  readonly now: OverRows;
}

/** By call: the values of the rows in some spans. */
type Values = readonly (readonly (Datum | null)[])[];

export class Over implements Operator {
  readonly stateTables: readonly StateTable[];
  readonly #spec: OverSpec;
  readonly #context: OperatorContext;
  readonly #partitions: Partitions;
  readonly #calls: readonly OverCall[];
  readonly #output: OverOutput;
  readonly #changes: Consolidator;
  readonly #times = new Times(1);
  readonly #outlet = new Outlet();
  /** Partitions in which a call fails. */
  readonly #failing = new Set<number>();
  /** Partitions that came from a checkpoint: nobody knows yet whether a call fails in them. */
  readonly #unknown = new Set<number>();
  /** By partition, by call: totals to go on from. */
  readonly #totals = new Map<number, (FrameTotal | null)[]>();

  constructor(spec: OverSpec, types: readonly SqlType[], context: OperatorContext) {
    this.#spec = spec;
    this.#context = context;
    const { partitionBy, order } = spec;
    this.#partitions = new Partitions({ types, partitionBy, order });
    this.#calls = spec.calls.map(
      (call, index) =>
        new OverCall({
          call,
          index,
          offsets: {
            start: offsetOf(call.frame.start, context),
            end: offsetOf(call.frame.end, context),
          },
          argTypes: call.args.map((arg) => types[arg]!),
          evaluation: context.evaluation,
        }),
    );
    this.#output = new OverOutput(spec.calls.map((call) => call.type));
    this.#changes = new Consolidator(spec.columns.map((column) => column.type));
    this.stateTables = [this.#partitions.rows, this.#times.table];
  }

  get counters() {
    return this.#outlet.counters;
  }

  /** How many values of calls have been computed: what the work is in proportion to. */
  get computed(): number {
    return this.#calls.reduce((sum, call) => sum + call.computed, 0);
  }

  connect(output: Output): void {
    this.#outlet.connect(output);
  }

  push(batch: Batch): void {
    this.counters.rowsIn += batch.count;
    this.#partitions.apply(batch);
    const { rows } = this.#partitions;
    for (const call of this.#calls) call.notice(rows, rows.entries, batch.count);
  }

  watermark(micros: number, input: number): void {
    this.#times.advance(input, micros);
  }

  flush(): void {
    for (const [partition, entries] of this.#partitions.changes()) {
      this.#refresh(partition, entries);
    }
    const { columns } = this.#partitions.rows;
    if (this.#output.hasCopies) {
      this.#output.send((batch) => this.#changes.add(batch), columns);
      const changes = this.#changes.take();
      if (changes !== null) this.#outlet.emit(changes);
    } else {
      this.#output.send((batch) => this.#outlet.emit(batch), columns);
    }
    this.#partitions.endTick();
    this.#times.pass(this.#outlet);
  }

  #refresh(partition: number, entries: readonly number[]): void {
    const { rows, peers } = this.#partitions;
    const { order } = this.#spec;
    const sorted = this.#partitions.sorted(partition);
    const before = new RankedView(sorted, (entry) => rows.weightBefore(entry));
    const now = new RankedView(sorted, (entry) => rows.weight(entry));
    const changed: Changed = {
      changes: new PartitionChanges(entries, { rows, sorted, before, now }),
      before: new OverRows({ view: before, rows, order, peers }),
      now: new OverRows({ view: now, rows, order, peers }),
    };
    if (!this.#refreshReached(partition, changed)) this.#refreshAll(partition, changed);
    now.settle();
    if (now.count === 0) this.#failing.delete(partition);
    if (now.count < totalsFrom) this.#totals.delete(partition);
  }

  /** False when a call fails: then it is NULL in the whole partition, and nothing was given out yet. */
  #refreshReached(partition: number, changed: Changed): boolean {
    if (this.#failing.has(partition) || this.#unknown.has(partition)) return false;
    const { before, now, changes } = changed;
    const totals = this.#totals.get(partition) ?? this.#calls.map((call) => call.makeTotal());
    try {
      const spans = mergeSpans([
        ...changes.gaps.map((gap) => ({ from: gap, to: gap })),
        ...(changes.unchanged === 0
          ? []
          : this.#calls.flatMap((call, c) => call.reach(changed, totals[c]!))),
      ]);
      const reached = changes.stretches(spans, 'before');
      const old = this.#calls.map((call, c) => call.evaluate(before, reached, totals[c]!));
      for (const total of totals) total?.rebase(now, changes, 'now');
      const fresh = changes.stretches(spans, 'now');
      const values = this.#calls.map((call, c) => call.evaluate(now, fresh, totals[c]!));
      this.#output.addChanges(changed, spans, { old, now: values });
    } catch (thrown) {
      if (!(evaluationError(thrown) instanceof SqlError)) throw thrown;
      this.#totals.delete(partition);
      return false;
    }
    this.#totals.set(partition, totals);
    return true;
  }

  #refreshAll(partition: number, changed: Changed): void {
    const { before, now, changes } = changed;
    const spans: Span[] = [{ from: 0, to: changes.unchanged }];
    this.#failing.delete(partition);
    const old = this.#valuesOfAll(partition, before, -1);
    this.#failing.delete(partition);
    const values = this.#valuesOfAll(partition, now, 1);
    this.#unknown.delete(partition);
    this.#output.addChanges(changed, spans, { old, now: values });
  }

  /** A call that fails is NULL in the whole partition. */
  #valuesOfAll(partition: number, rows: OverRows, weight: 1 | -1): Values {
    if (rows.count === 0) return this.#calls.map(() => []);
    return this.#calls.map((call) => {
      try {
        return call.evaluate(rows, [{ from: 0, to: rows.count }], null);
      } catch (thrown) {
        const error = evaluationError(thrown);
        if (!(error instanceof SqlError)) throw error;
        this.#failing.add(partition);
        const { counters } = this;
        reportFailure(error, { context: this.#context, counters, values: rows.rowAt(0), weight });
        return new Array<null>(rows.count).fill(null);
      }
    });
  }

  restored(): void {
    this.#partitions.restored();
    const { rows, index } = this.#partitions;
    const entries = rows.table.entries();
    for (const call of this.#calls) call.notice(rows, entries, entries.length);
    rows.table.forEach((entry) => this.#unknown.add(index.owner(entry)));
  }
}

/** Offsets of frames are constants by the time a plan runs. */
function offsetOf(bound: FrameBound, context: OperatorContext): Datum | null {
  if (bound.offset === null) return null;
  return compileInterpreter(bound.offset)([], context.evaluation);
}
