/**
 * Window functions with OVER: the input's columns and one column a call. A change of a partition computes
 * the partition anew, before and after, and emits the difference. Rows that are equal in every column
 * count as many; ties of the order are settled by the rows' values, so the result depends on the rows
 * alone. Keeps every row.
 */

import { evaluationError, SqlError } from '../base/errors.ts';
import { Consolidator } from '../dataflow/consolidate.ts';
import type { Operator, OperatorContext, Output } from '../dataflow/operator.ts';
import { compileInterpreter } from '../expr/interpret.ts';
import type { OverSpec } from '../plan/dataflow-plan.ts';
import type { FrameBound } from '../plan/logical.ts';
import { keyDatum } from '../state/keyed-table.ts';
import type { StateTable } from '../state/state-table.ts';
import type { Batch } from '../types/batch.ts';
import { BatchBuilder } from '../types/column-access.ts';
import type { Datum, Row } from '../types/datum.ts';
import type { SqlType } from '../types/sql-type.ts';
import { Outlet, Times, outputRowsMax } from './outlet.ts';
import type { CallSite, Partition } from './over-functions.ts';
import { evaluateCall } from './over-functions.ts';
import { Partitions } from './partitions.ts';
import { reportFailure } from './row-failure.ts';

export class Over implements Operator {
  readonly stateTables: readonly StateTable[];
  readonly #spec: OverSpec;
  readonly #context: OperatorContext;
  readonly #partitions: Partitions;
  readonly #sites: readonly CallSite[];
  readonly #builder: BatchBuilder;
  readonly #changes: Consolidator;
  readonly #times = new Times(1);
  readonly #outlet = new Outlet();

  constructor(spec: OverSpec, types: readonly SqlType[], context: OperatorContext) {
    this.#spec = spec;
    this.#context = context;
    const { partitionBy, order } = spec;
    this.#partitions = new Partitions({ types, partitionBy, order });
    this.#sites = spec.calls.map((call) => ({
      call,
      offsets: {
        start: offsetOf(call.frame.start, context),
        end: offsetOf(call.frame.end, context),
      },
      argTypes: call.args.map((arg) => types[arg]!),
      evaluation: context.evaluation,
    }));
    const output = spec.columns.map((column) => column.type);
    this.#builder = new BatchBuilder(output);
    this.#changes = new Consolidator(output);
    this.stateTables = [this.#partitions.rows, this.#times.table];
  }

  get counters() {
    return this.#outlet.counters;
  }

  connect(output: Output): void {
    this.#outlet.connect(output);
  }

  push(batch: Batch): void {
    this.counters.rowsIn += batch.count;
    this.#partitions.apply(batch);
  }

  watermark(micros: number, input: number): void {
    this.#times.advance(input, micros);
  }

  flush(): void {
    const { rows } = this.#partitions;
    for (const partition of this.#partitions.touched) {
      this.#add(partition, (entry) => rows.weightBefore(entry), -1);
      this.#add(partition, (entry) => rows.weight(entry), 1);
    }
    this.#send();
    this.#partitions.endTick();
    const changes = this.#changes.take();
    if (changes !== null) this.#outlet.emit(changes);
    this.#times.pass(this.#outlet);
  }

  /** Adds the partition's output rows, as of the given weights, with a sign. */
  #add(partition: number, weightOf: (entry: number) => number, sign: 1 | -1): void {
    const rows = this.#ordered(partition, weightOf);
    if (rows.count === 0) return;
    const results = this.#sites.map((site) => this.#evaluate(site, rows, sign));
    for (let i = 0; i < rows.count; i++) {
      this.#builder.append([...rows.rowAt(i), ...results.map((values) => values[i]!)], sign);
      if (this.#builder.count === outputRowsMax) this.#send();
    }
  }

  #send(): void {
    if (this.#builder.count === 0) return;
    this.#changes.add(this.#builder.batch());
    this.#builder.clear();
  }

  /** A call that fails is NULL in the whole partition. */
  #evaluate(site: CallSite, rows: Partition, weight: 1 | -1): (Datum | null)[] {
    try {
      return evaluateCall({ ...site, evaluation: this.#context.evaluation }, rows);
    } catch (thrown) {
      const error = evaluationError(thrown);
      if (!(error instanceof SqlError)) throw error;
      const { counters } = this;
      reportFailure(error, { context: this.#context, counters, values: rows.rowAt(0), weight });
      return new Array<null>(rows.count).fill(null);
    }
  }

  #ordered(partition: number, weightOf: (entry: number) => number): Partition {
    const { rows: table, peers } = this.#partitions;
    const entries: number[] = [];
    for (const entry of this.#partitions.sorted(partition)) {
      for (let copies = weightOf(entry); copies > 0; copies--) entries.push(entry);
    }
    const count = entries.length;
    const peersFrom = new Int32Array(count);
    const peersTo = new Int32Array(count);
    for (let from = 0; from < count;) {
      let to = from + 1;
      while (to < count && peers(entries[from]!, entries[to]!) === 0) to++;
      peersFrom.fill(from, from, to);
      peersTo.fill(to, from, to);
      from = to;
    }
    const cached = new Map<number, Row>();
    const rowAt = (i: number): Row => {
      const entry = entries[i]!;
      let row = cached.get(entry);
      if (row === undefined) {
        row = table.types.map((_, c) => keyDatum(table.table, c, entry));
        cached.set(entry, row);
      }
      return row;
    };
    const { order } = this.#spec;
    const only = order.length === 1 ? order[0]! : null;
    return {
      count,
      peersFrom,
      peersTo,
      rowAt,
      order:
        only === null
          ? null
          : {
              valueAt: (i) => rowAt(i)[only.column]!,
              type: table.types[only.column]!,
              descending: only.descending,
            },
    };
  }

  restored(): void {
    this.#partitions.restored();
  }
}

/** Offsets of frames are constants by the time a plan runs. */
function offsetOf(bound: FrameBound, context: OperatorContext): Datum | null {
  if (bound.offset === null) return null;
  return compileInterpreter(bound.offset)([], context.evaluation);
}
