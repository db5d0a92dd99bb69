/**
 * Aggregation by session over an append-only input: what `session` and `aggregate` give together, with one
 * entry a session instead of its rows. A row costs the same however long its session is. A tick emits at most
 * −old and +new for each session that it touched, and nothing where the result is the same.
 *
 * With event time a session is forgotten when the watermark reaches its end plus the allowed lateness, and
 * rows that would only be in closed sessions are late, judged by the watermark they came with. `window-close`
 * emits each session once, at that moment.
 */

import { assert } from '../base/assert.ts';
import { SqlError } from '../base/errors.ts';
import type { Operator, OperatorContext, Output } from '../dataflow/operator.ts';
import { compileMap } from '../expr/codegen.ts';
import type { MapKernel, RowFailure } from '../expr/codegen.ts';
import type { ColumnSpec, SessionAggregateSpec } from '../plan/dataflow-plan.ts';
import { gatherFloat64, gatherRows } from '../state/gather.ts';
import type { StateTable } from '../state/state-table.ts';
import { emptyBatch } from '../types/batch.ts';
import type { Batch } from '../types/batch.ts';
import type { Column } from '../types/column.ts';
import { gather, readDatum } from '../types/column-access.ts';
import type { Datum } from '../types/datum.ts';
import { AggregateCalls } from './aggregate/calls.ts';
import { GroupChanges } from './aggregate/group-changes.ts';
import { EventTimes, windowTimeGap } from './event-time.ts';
import { OpenSessions } from './open-sessions.ts';
import type { TimedRows } from './open-sessions.ts';
import { Outlet, Times, outputRowsMax } from './outlet.ts';
import { reportFailure } from './row-failure.ts';

export class SessionAggregate implements Operator {
  readonly stateTables: readonly StateTable[];
  readonly #spec: SessionAggregateSpec;
  readonly #context: OperatorContext;
  readonly #events: EventTimes;
  readonly #sessions: OpenSessions;
  readonly #kernel: MapKernel;
  readonly #read: Batch = emptyBatch([]);
  readonly #onRowError: ((failure: RowFailure) => void) | null;
  readonly #calls: AggregateCalls;
  /** Sessions in `touched` up to here are captured. */
  #captured = 0;
  readonly #changes: GroupChanges;
  readonly #times = new Times(1);
  readonly #outlet = new Outlet();

  constructor(spec: SessionAggregateSpec, input: readonly ColumnSpec[], context: OperatorContext) {
    this.#spec = spec;
    this.#context = context;
    const { counters } = this.#outlet;
    this.#events = new EventTimes({ column: spec.timeColumn, columns: input, context, counters });
    this.#kernel = compileMap(
      { inputTypes: input.map((each) => each.type), predicate: null, exprs: spec.exprs },
      { codegen: context.codegen },
    );
    const { rowError } = context;
    this.#onRowError =
      rowError === null
        ? null
        : (failure) => {
            counters.rowsFailed++;
            rowError(failure);
          };
    const read = spec.exprs.map((expr, i) => ({ name: `c${i}`, type: expr.type, nullable: true }));
    this.#calls = new AggregateCalls({ keys: [], calls: spec.calls, insertOnly: true }, read, {
      context,
      counters,
      countsRows: false,
      groupKeys: () => [],
      groupsOf: () => new Int32Array(0),
    });
    assert(this.#calls.canMerge, 'an aggregate that cannot be merged is in a session aggregate');
    this.#sessions = new OpenSessions({
      types: spec.partitionBy.map((column) => input[column]!.type),
      values: this.#calls.specs,
      gap: spec.gap,
      lateness: spec.lateness,
      // A key of the output then never moves from one slot to another within a tick.
      keepsLatest: !spec.bounds.includes('start'),
      merging: (from, to) => {
        this.#capture();
        this.#calls.merge(from, to);
      },
    });
    this.#calls.attach(this.#sessions.values, null);
    const timeType = input[spec.timeColumn]!.type;
    this.#changes = new GroupChanges([...spec.bounds.map(() => timeType), ...this.#calls.types]);
    this.stateTables = [this.#sessions.table, this.#times.table];
  }

  get counters() {
    return this.#outlet.counters;
  }

  connect(output: Output): void {
    this.#outlet.connect(output);
  }

  push(batch: Batch): void {
    this.counters.rowsIn += batch.count;
    this.#events.read(batch);
    const rows: TimedRows = {
      columns: this.#spec.partitionBy.map((column) => batch.columns[column]!),
      times: this.#events.times,
      skip: this.#events.skip,
      batch,
      watermark: this.#times.least,
    };
    const sessions = this.#sessions;
    sessions.place(rows);
    const kept = sessions.unplaced === 0 ? batch : this.#withoutLate(rows);
    if (kept.count === 0) return;
    this.#capture();
    this.#kernel.run(kept, this.#read, this.#context.evaluation, this.#onRowError);
    this.#calls.update(this.#read, [], sessions.slots);
  }

  /** The rows that are in sessions, with their slots at the front; late ones are reported. */
  #withoutLate(rows: TimedRows): Batch {
    const { batch, skip, times } = rows;
    const { slots } = this.#sessions;
    const kept = new Int32Array(batch.count);
    let count = 0;
    for (let i = 0; i < batch.count; i++) {
      if (slots[i]! >= 0) {
        slots[count] = slots[i]!;
        kept[count++] = i;
      } else if (skip === null || skip[i] === 0) {
        const window = { start: times[i]!, end: times[i]! + this.#spec.gap };
        this.#events.late(batch, i, window, this.#sessions.watermarkOf(rows, i));
      }
    }
    return gather(batch, kept, count);
  }

  /** Remembers the results of sessions touched for the first time in this tick, before they change. */
  #capture(): void {
    const { touched } = this.#sessions;
    if (this.#spec.emit === 'update') {
      this.#calls.capture(touched.entries, this.#captured, touched.count);
    }
    this.#captured = touched.count;
  }

  watermark(micros: number, input: number): void {
    this.#times.advance(input, micros);
  }

  flush(): void {
    const sessions = this.#sessions;
    if (this.#spec.emit === 'update') this.#emitChanges();
    sessions.settle();
    this.#captured = 0;
    this.#calls.endTick();
    const closed = sessions.takeClosed(this.#times.least);
    if (this.#spec.emit === 'window-close') this.#emitFinal(closed);
    sessions.forget(closed);
    this.#times.pass(this.#outlet);
  }

  #emitChanges(): void {
    const sessions = this.#sessions;
    const { touched } = sessions;
    for (let from = 0; from < touched.count; from += outputRowsMax) {
      const count = Math.min(outputRowsMax, touched.count - from);
      const slots = touched.entries.slice(from, from + count);
      const until = from + count;
      const boundsBefore = this.#bounds(
        sessions.firstBefore.subarray(from, until),
        sessions.lastBefore.subarray(from, until),
      );
      const callsBefore = this.#calls.outputBefore(from, count, (i, error) => {
        if (touched.before(slots[i]!) === 1) this.#report(slots[i]!, boundsBefore, i, error, -1);
      });
      const bounds = this.#boundsOf(slots);
      const calls = this.#calls.output(slots, count, (i, error) => {
        if (!sessions.isMerged(slots[i]!)) this.#report(slots[i]!, bounds, i, error, 1);
      });
      const changes = this.#changes;
      changes.compare([...boundsBefore, ...callsBefore], [...bounds, ...calls], count);
      for (let i = 0; i < count; i++) {
        const slot = slots[i]!;
        changes.add(i, slot, touched.before(slot), sessions.isMerged(slot) ? 0 : 1);
      }
      changes.send(this.#outlet, sessions.table.columns);
    }
  }

  #emitFinal(slots: Int32Array): void {
    for (let from = 0; from < slots.length; from += outputRowsMax) {
      const chunk = slots.slice(from, from + outputRowsMax);
      const count = chunk.length;
      const bounds = this.#boundsOf(chunk);
      const calls = this.#calls.output(chunk, count, (i, error) =>
        this.#report(chunk[i]!, bounds, i, error, 1),
      );
      const keys = this.#sessions.table.columns.map((column) =>
        gatherRows(column, chunk, count, null),
      );
      this.#outlet.emit({
        count,
        columns: [...keys, ...bounds, ...calls],
        weights: null,
        rowWatermarks: null,
        origin: null,
      });
    }
  }

  #boundsOf(slots: Int32Array): Column[] {
    const { length } = slots;
    const firsts = new Float64Array(length);
    const lasts = new Float64Array(length);
    gatherFloat64(this.#sessions.firsts, slots, length, firsts);
    gatherFloat64(this.#sessions.lasts, slots, length, lasts);
    return this.#bounds(firsts, lasts);
  }

  /** The bounds that are in the output, of sessions with these first and last times. */
  #bounds(firsts: Float64Array, lasts: Float64Array): Column[] {
    const { bounds, gap } = this.#spec;
    return bounds.map((bound): Column => {
      if (bound === 'start') return { kind: 'f64', values: firsts, nulls: null };
      const shift = bound === 'end' ? gap : gap - windowTimeGap;
      const values = new Float64Array(lasts.length);
      for (let i = 0; i < values.length; i++) values[i] = lasts[i]! + shift;
      return { kind: 'f64', values, nulls: null };
    });
  }

  /** A result that cannot be given is NULL, with a row error that shows the session's key. */
  #report(slot: number, bounds: readonly Column[], i: number, error: Error, weight: number): void {
    assert(error instanceof SqlError, `an aggregate failed: ${error.message}`);
    const { table } = this.#sessions;
    const { type } = this.#spec.columns[this.#spec.partitionBy.length]!;
    const values: (Datum | null)[] = [
      ...table.columns.map((column, k) => readDatum(column, slot, table.types[k]!)),
      ...bounds.map((column) => readDatum(column, i, type)),
    ];
    const columns = this.#spec.columns.slice(0, values.length);
    reportFailure(error, {
      context: this.#context,
      counters: this.counters,
      values,
      columns,
      weight,
    });
  }

  restored(): void {
    this.#calls.restored();
    this.#sessions.restored(this.#times.least);
  }
}
