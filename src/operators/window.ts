/**
 * Tumbling, hopping and cumulating windows: one output row for each window that a row is in, with
 * window_start, window_end and window_time appended. Deterministic in the row, so retractions go the
 * same way. With event time, a row is late for a window that its own watermark (else the operator's) has
 * closed; each late (row, window) goes to the late relation. Keeps nothing but the watermark.
 */

import type { Operator, OperatorContext, Output } from '../dataflow/operator.ts';
import type { ColumnSpec, WindowNodeSpec } from '../plan/dataflow-plan.ts';
import { gatherFloat64, gatherInt32, gatherRows } from '../state/gather.ts';
import type { StateTable } from '../state/state-table.ts';
import type { Batch } from '../types/batch.ts';
import type { Column } from '../types/column.ts';
import { EventTimes, windowTimeGap } from './event-time.ts';
import { MergeRows } from './merge-rows.ts';
import { Outlet, Times, outputRowsMax } from './outlet.ts';
import { Assigned, assignWindows } from './window-assign.ts';

export class TimeWindow implements Operator {
  readonly stateTables: readonly StateTable[];
  readonly #spec: WindowNodeSpec;
  readonly #events: EventTimes;
  readonly #times = new Times(1);
  readonly #outlet = new Outlet();
  readonly #inTime = new Assigned();
  readonly #late = new Assigned();
  readonly #reused: (Column | null)[] = [];
  #windowTimes = new Float64Array(64);
  readonly #merge: MergeRows | null;

  /** `merged`: rows that agree in these input columns may go on as one (plan/merged-rows.ts). */
  constructor(
    spec: WindowNodeSpec,
    input: readonly ColumnSpec[],
    context: OperatorContext,
    merged: readonly number[] | null = null,
  ) {
    this.#spec = spec;
    this.#merge =
      merged === null
        ? null
        : new MergeRows(
            spec.window,
            merged,
            merged.map((column) => input[column]!.type),
          );
    this.#events = new EventTimes({
      column: spec.timeColumn,
      columns: input,
      context,
      counters: this.#outlet.counters,
    });
    this.stateTables = [this.#times.table];
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
    const { lateness, window, byClock } = this.#spec;
    const watermark = this.#times.least;
    const merged = this.#merged(batch);
    if (merged !== null) {
      this.#events.read(merged);
      const rows = { count: merged.count, skip: null };
      const assigned = { inTime: this.#inTime, late: this.#late };
      assignWindows(window, this.#events.times, rows, null, assigned);
      this.#send(merged);
      return;
    }
    assignWindows(
      window,
      byClock ? this.#afterClock(batch.count, watermark) : this.#events.times,
      { count: batch.count, skip: this.#events.skip },
      lateness === null
        ? null
        : { rowWatermarks: batch.rowWatermarks, watermark, allowed: lateness },
      { inTime: this.#inTime, late: this.#late },
    );
    this.#reportLate(batch, watermark);
    this.#send(batch);
  }

  /** Equal rows as one, when that may be and no row is late for any window; otherwise null. */
  #merged(batch: Batch): Batch | null {
    const { skip, times } = this.#events;
    if (this.#merge === null || skip !== null) return null;
    const { lateness } = this.#spec;
    if (lateness === null) return this.#merge.merge(batch, times, -Infinity);
    let latest = this.#times.least;
    const { rowWatermarks, count } = batch;
    for (let i = 0; rowWatermarks !== null && i < count; i++) {
      if (rowWatermarks[i]! > latest) latest = rowWatermarks[i]!;
    }
    return this.#merge.merge(batch, times, latest - lateness);
  }

  /** A clock that was set back does not open windows again that it has closed. */
  #afterClock(count: number, watermark: number): Float64Array {
    const { times } = this.#events;
    let first = 0;
    while (first < count && !(times[first]! < watermark)) first++;
    if (first === count) return times;
    return times.slice(0, count).map((time) => (time < watermark ? watermark : time));
  }

  #reportLate(batch: Batch, watermark: number): void {
    const { rows, starts, ends, count } = this.#late;
    for (let i = 0; i < count; i++) {
      const row = rows[i]!;
      const window = { start: starts[i]!, end: ends[i]! };
      this.#events.late(batch, row, window, batch.rowWatermarks?.[row] ?? watermark);
    }
  }

  #send(batch: Batch): void {
    const { count } = this.#inTime;
    if (count === batch.count && this.#spec.window.fn === 'tumble') {
      // Every row in exactly one window: the input columns go on as they are.
      this.#emit(batch, 0, count);
      return;
    }
    for (let at = 0; at < count; at += outputRowsMax) {
      const size = Math.min(outputRowsMax, count - at);
      this.#emit(this.#pick(batch, this.#inTime.rows.subarray(at, at + size), size), at, size);
    }
  }

  #pick(batch: Batch, rows: Int32Array, count: number): Batch {
    const columns = batch.columns.map(
      (column, c) => (this.#reused[c] = gatherRows(column, rows, count, this.#reused[c] ?? null)),
    );
    const { weights, rowWatermarks, origin } = batch;
    return {
      count,
      columns,
      weights: weights === null ? null : pickInt32(weights, rows, count),
      rowWatermarks: rowWatermarks === null ? null : pickFloat64(rowWatermarks, rows, count),
      origin:
        origin === null ? null : { ...origin, offsets: pickFloat64(origin.offsets, rows, count) },
    };
  }

  #emit(batch: Batch, at: number, count: number): void {
    const starts = this.#inTime.starts.subarray(at, at + count);
    const ends = this.#inTime.ends.subarray(at, at + count);
    if (this.#windowTimes.length < count) this.#windowTimes = new Float64Array(count * 2);
    const times = this.#windowTimes;
    for (let i = 0; i < count; i++) times[i] = ends[i]! - windowTimeGap;
    this.#outlet.emit({
      ...batch,
      columns: [...batch.columns, timeColumn(starts), timeColumn(ends), timeColumn(times)],
    });
  }

  watermark(micros: number, input: number): void {
    if (this.#spec.byClock && input === 0) return;
    if (this.#spec.byClock && micros <= this.#times.least) return;
    this.#times.advance(0, micros);
    this.#times.pass(this.#outlet);
  }

  flush(): void {
    // Everything went on in push.
  }

  restored(): void {
    // No caches.
  }
}

function timeColumn(values: Float64Array): Column {
  return { kind: 'f64', values, nulls: null };
}

function pickInt32(source: Int32Array, rows: Int32Array, count: number): Int32Array {
  const target = new Int32Array(count);
  gatherInt32(source, rows, count, target);
  return target;
}

function pickFloat64(source: Float64Array, rows: Int32Array, count: number): Float64Array {
  const target = new Float64Array(count);
  gatherFloat64(source, rows, count, target);
  return target;
}
