/**
 * GROUP BY: one output row a group, changed when the group's rows change. Input may retract. A tick
 * emits at most −old and +new for each group that it touched, and nothing for a group whose results came
 * out the same. A group goes with its last row; a global aggregate has its one row always, from the first
 * tick on.
 *
 * With a time window among the keys, a window's groups are forgotten when the watermark reaches its end
 * plus the allowed lateness; rows for a closed window are late. `window-close` emits each group once, at
 * that moment, and never before.
 *
 * Keeps per group: its number of rows, whether it is shown, and the columns of its calls. Values that no
 * few columns can hold are in tables of the calls.
 */

import { assert, fault } from '../base/assert.ts';
import { SqlError } from '../base/errors.ts';
import type { Operator, OperatorContext, Output } from '../dataflow/operator.ts';
import type { AggregateSpec, ColumnSpec } from '../plan/dataflow-plan.ts';
import { gatherRows } from '../state/gather.ts';
import { KeyedTable, keyDatum } from '../state/keyed-table.ts';
import type { StateTable } from '../state/state-table.ts';
import { TouchList } from '../state/touch-list.ts';
import type { Batch } from '../types/batch.ts';
import type { Column } from '../types/column.ts';
import type { SqlType } from '../types/sql-type.ts';
import { AggregateCalls } from './aggregate/calls.ts';
import { ClosedWindows } from './aggregate/closed-windows.ts';
import { Panes } from './aggregate/panes.ts';
import { GroupChanges } from './aggregate/group-changes.ts';
import { Outlet, Times, outputRowsMax } from './outlet.ts';
import { reportFailure } from './row-failure.ts';

export class Aggregate implements Operator {
  readonly stateTables: readonly StateTable[];
  readonly #spec: AggregateSpec;
  readonly #context: OperatorContext;
  readonly #keyTypes: readonly SqlType[];
  readonly #groups: KeyedTable;
  readonly #calls: AggregateCalls;
  readonly #panes: Panes | null;
  readonly #closed: ClosedWindows | null;
  readonly #changes: GroupChanges;
  readonly #touched = new TouchList();
  readonly #times = new Times(1);
  readonly #outlet = new Outlet();
  #entries = new Int32Array(64);

  constructor(spec: AggregateSpec, input: readonly ColumnSpec[], context: OperatorContext) {
    this.#spec = spec;
    this.#context = context;
    this.#keyTypes = spec.keys.map((key) => input[key]!.type);
    this.#calls = new AggregateCalls(spec, input, {
      context,
      counters: this.#outlet.counters,
      countsRows: true,
      groupKeys: () => this.#keyColumns(),
      groupsOf: (keys, count) => this.#find(keys, count),
    });
    this.#changes = new GroupChanges(this.#calls.types);
    this.#groups = new KeyedTable({
      name: 'groups',
      keys: this.#keyTypes,
      values: [{ kind: 'f64' }, { kind: 'u8' }, ...this.#calls.specs],
    });
    this.#calls.attach(this.#groups.values.slice(2), this.#groups.values[0]!);
    assert(spec.emit === 'update' || spec.window !== null, 'emission on close needs a window');
    this.#panes = spec.window === null ? null : new Panes(this.#groups, spec.window.end);
    this.#closed =
      spec.window === null ? null : new ClosedWindows(spec, input, context, this.#outlet.counters);
    this.stateTables = [this.#groups, this.#times.table, ...this.#calls.stateTables];
  }

  get counters() {
    return this.#outlet.counters;
  }

  connect(output: Output): void {
    this.#outlet.connect(output);
  }

  /** Rows of a group. */
  get #rows(): Float64Array {
    return this.#groups.values[0]!.f64;
  }

  /** 1 where the group's row is in the output. */
  get #shown(): Uint8Array {
    return this.#groups.values[1]!.u8;
  }

  #keyColumns(): Column[] {
    return this.#groups.keys.map((key) => key.stored.column);
  }

  push(input: Batch): void {
    this.counters.rowsIn += input.count;
    const batch = this.#closed === null ? input : this.#closed.without(input);
    const { count, columns, weights } = batch;
    if (count === 0) return;
    const keys = this.#spec.keys.map((key) => columns[key]!);
    if (this.#entries.length < count) this.#entries = new Int32Array(count * 2);
    const groups = this.#entries;
    this.#groups.findOrAdd(keys, count, groups);
    this.#touch(groups, count);
    const rows = this.#rows;
    if (weights === null) {
      for (let i = 0; i < count; i++) rows[groups[i]!] = rows[groups[i]!]! + 1;
    } else {
      for (let i = 0; i < count; i++) rows[groups[i]!] = rows[groups[i]!]! + weights[i]!;
    }
    this.#calls.update(batch, keys, groups);
  }

  /** Notes the groups touched for the first time in this tick, and what they were like before. */
  #touch(groups: Int32Array, count: number): void {
    const touched = this.#touched;
    const from = touched.count;
    touched.touchAll(groups, count, this.#rows);
    if (this.#panes !== null) {
      for (let t = from; t < touched.count; t++) {
        const group = touched.entries[t]!;
        if (touched.before(group) === 0) this.#panes.add(group);
      }
    }
    if (this.#spec.emit === 'update') this.#calls.capture(touched.entries, from, touched.count);
  }

  #find(keys: readonly Column[], count: number): Int32Array {
    const found = new Int32Array(count);
    this.#groups.find(keys, count, found);
    return found;
  }

  watermark(micros: number, input: number): void {
    this.#times.advance(input, micros);
  }

  flush(): void {
    if (this.#spec.global && this.#groups.rows === 0) {
      const first = new Int32Array(1);
      this.#groups.findOrAdd([], 1, first);
      this.#touch(first, 1);
    }
    this.#calls.settleDistinct();
    if (this.#spec.emit === 'update') this.#emitChanges();
    this.#dropEmpty();
    this.#closePanes();
    this.#calls.endTick();
    this.#touched.clear();
    this.#closed?.advance(this.#times.least);
    this.#times.pass(this.#outlet);
  }

  #exists(group: number): boolean {
    return this.#spec.global || this.#rows[group]! > 0;
  }

  #emitChanges(): void {
    const touched = this.#touched;
    for (let from = 0; from < touched.count; from += outputRowsMax) {
      const count = Math.min(outputRowsMax, touched.count - from);
      const groups = touched.entries.slice(from, from + count);
      const shown = this.#shown;
      const before = this.#calls.outputBefore(from, count, (i, error) => {
        if (shown[groups[i]!] === 1) this.#report(groups[i]!, error, -1);
      });
      const now = this.#calls.output(groups, count, (i, error) => {
        if (this.#exists(groups[i]!)) this.#report(groups[i]!, error, 1);
      });
      const changes = this.#changes;
      changes.compare(before, now, count);
      const rows = this.#rows;
      const { global } = this.#spec;
      for (let i = 0; i < count; i++) {
        const group = groups[i]!;
        const exists = global || rows[group]! > 0 ? 1 : 0;
        changes.add(i, group, shown[group]!, exists);
        shown[group] = exists;
      }
      changes.send(this.#outlet, this.#keyColumns());
    }
  }

  /** A result that cannot be given is NULL, with a row error that shows the group's key. */
  #report(group: number, error: Error, weight: number): void {
    assert(error instanceof SqlError, `an aggregate failed: ${error.message}`);
    reportFailure(error, {
      context: this.#context,
      counters: this.counters,
      values: this.#keyTypes.map((_, k) => keyDatum(this.#groups, k, group)),
      columns: this.#spec.columns.slice(0, this.#keyTypes.length),
      weight,
    });
  }

  #dropEmpty(): void {
    const touched = this.#touched;
    const gone: number[] = [];
    for (let i = 0; i < touched.count; i++) {
      const group = touched.entries[i]!;
      const rows = this.#rows[group]!;
      if (!(rows >= 0)) fault(`a group has ${rows} rows`);
      if (this.#exists(group)) this.#groups.markDirty(group);
      else gone.push(group);
    }
    this.#forget(Int32Array.from(gone));
  }

  #forget(groups: Int32Array): void {
    if (groups.length === 0) return;
    this.#calls.forget(groups, groups.length);
    for (const group of groups) this.#groups.remove(group);
  }

  #closePanes(): void {
    if (this.#panes === null) return;
    const time = this.#times.least - this.#spec.window!.lateness;
    for (;;) {
      const groups = this.#panes.takeClosed(time);
      if (groups === null) return;
      if (this.#spec.emit === 'window-close') this.#emitFinal(groups);
      this.#forget(groups);
    }
  }

  #emitFinal(groups: Int32Array): void {
    for (let from = 0; from < groups.length; from += outputRowsMax) {
      const chunk = groups.slice(from, from + outputRowsMax);
      const count = chunk.length;
      const now = this.#calls.output(chunk, count, (i, error) => this.#report(chunk[i]!, error, 1));
      const keys = this.#keyColumns().map((column) => gatherRows(column, chunk, count, null));
      this.#outlet.emit({
        count,
        columns: [...keys, ...now],
        weights: null,
        rowWatermarks: null,
        origin: null,
      });
    }
  }

  restored(): void {
    this.#calls.restored();
    this.#panes?.restored();
    this.#closed?.advance(this.#times.least);
  }
}
