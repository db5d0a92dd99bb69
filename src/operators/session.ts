/**
 * Session windows: rows of one partition whose times lie at most `gap` apart (exactly `gap` included)
 * form a session [first, last + gap); each row goes out with its session's bounds appended. Sessions
 * grow, merge and, after deletions, split; rows whose session changed are retracted and given anew.
 *
 * With event time, a session is closed for a row when its end plus the allowed lateness is at or before
 * the row's own watermark. A row that would only be in a closed session is late; closed sessions take no
 * more rows, and are forgotten (without any change to the output) when the operator's watermark closes
 * them. So the answer depends on the order of rows, not on how they were batched.
 */

import { assert } from '../base/assert.ts';
import type { Operator, OperatorContext, Output } from '../dataflow/operator.ts';
import type { ColumnSpec, SessionSpec } from '../plan/dataflow-plan.ts';
import type { RowIndex } from '../state/row-index.ts';
import { RowTable } from '../state/row-table.ts';
import type { StateTable } from '../state/state-table.ts';
import type { Batch } from '../types/batch.ts';
import type { Column } from '../types/column.ts';
import { EventTimes, windowTimeGap } from './event-time.ts';
import { EntryOutput, Outlet, Times } from './outlet.ts';
import { TimeHeap } from './time-heap.ts';

interface Session {
  readonly partition: number;
  first: number;
  last: number;
  /** Entries of its rows. */
  rows: number[];
  /** Rows went: they may no longer hang together. */
  torn: boolean;
}

export class SessionWindow implements Operator {
  readonly stateTables: readonly StateTable[];
  readonly #spec: SessionSpec;
  readonly #events: EventTimes;
  readonly #times = new Times(1);
  readonly #outlet = new Outlet();
  readonly #output = new EntryOutput();
  /** Values beside a row: its weight in the output now, and the session's first and last time there. */
  readonly #rows: RowTable;
  readonly #index: RowIndex;
  /** By partition: its sessions in order of time. */
  readonly #sessions = new Map<number, Session[]>();
  /** By row entry. */
  readonly #sessionOf: (Session | null)[] = [];
  readonly #changed = new Set<Session>();
  readonly #closing = new TimeHeap<Session>();
  #bounds: number[] = [];

  constructor(spec: SessionSpec, input: readonly ColumnSpec[], context: OperatorContext) {
    this.#spec = spec;
    this.#events = new EventTimes({
      column: spec.timeColumn,
      columns: input,
      context,
      counters: this.#outlet.counters,
    });
    this.#rows = new RowTable({
      name: 'rows',
      types: input.map((column) => column.type),
      values: [{ kind: 'f64' }, { kind: 'f64' }, { kind: 'f64' }, { kind: 'f64' }],
    });
    this.#index = this.#rows.addIndex(spec.partitionBy);
    this.stateTables = [this.#rows, this.#times.table];
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
    const { times, skip } = this.#events;
    this.#rows.apply(batch.columns, batch.count, batch.weights);
    const timeOf = this.#rows.value(3).f64;
    for (let i = 0; i < batch.count; i++) {
      const entry = this.#rows.entries[i]!;
      const weight = batch.weights === null ? 1 : batch.weights[i]!;
      if (skip !== null && skip[i] !== 0) {
        this.#rows.addWeight(entry, -weight);
        continue;
      }
      timeOf[entry] = times[i]!;
      if (this.#rows.weight(entry) === 0) this.#takeOut(entry);
      else if (weight > 0) this.#place(batch, i, weight);
      const session = this.#sessionOf[entry];
      if (session) this.#changed.add(session);
    }
  }

  /** Puts a row into its session, merging what it connects, or finds that it is late. */
  #place(batch: Batch, i: number, weight: number): void {
    const { gap, lateness } = this.#spec;
    const entry = this.#rows.entries[i]!;
    const time = this.#rows.value(3).f64[entry]!;
    const watermark = batch.rowWatermarks?.[i] ?? this.#times.least;
    const closed = lateness === null ? -Infinity : watermark - lateness;
    const known = this.#sessionOf[entry];
    if (known && known.last + gap > closed) return;
    const partition = this.#index.owner(entry);
    const sessions = this.#sessionsOf(partition);
    let at = 0;
    // Sessions are few and new rows mostly belong to the last: look from the end.
    for (at = sessions.length; at > 0 && sessions[at - 1]!.last + gap >= time; at--);
    let until = at;
    while (until < sessions.length && sessions[until]!.first - gap <= time) until++;
    while (at < until && sessions[at]!.last + gap <= closed) at++;
    if (at < until) {
      this.#join(sessions, at, until, entry);
      return;
    }
    if (time + gap <= closed) {
      this.#rows.addWeight(entry, -weight);
      this.#events.late(batch, i, { start: time, end: time + gap }, watermark);
      return;
    }
    const made = { partition, first: time, last: time, rows: [entry], torn: false };
    sessions.splice(at, 0, made);
    this.#sessionOf[entry] = made;
  }

  /** Merges sessions at..until into the first of them and adds the row. */
  #join(sessions: Session[], at: number, until: number, entry: number): void {
    const target = sessions[at]!;
    const time = this.#rows.value(3).f64[entry]!;
    target.rows.push(entry);
    this.#sessionOf[entry] = target;
    target.first = Math.min(target.first, time);
    target.last = Math.max(target.last, time);
    for (const other of sessions.splice(at + 1, until - at - 1)) {
      for (const row of other.rows) {
        if (this.#sessionOf[row] !== other) continue;
        target.rows.push(row);
        this.#sessionOf[row] = target;
      }
      target.last = Math.max(target.last, other.last);
      target.torn ||= other.torn;
      other.rows = [];
      this.#changed.delete(other);
    }
  }

  #takeOut(entry: number): void {
    const session = this.#sessionOf[entry];
    if (!session) return;
    session.torn = true;
    this.#sessionOf[entry] = null;
    this.#changed.add(session);
  }

  #sessionsOf(partition: number): Session[] {
    let sessions = this.#sessions.get(partition);
    if (sessions === undefined) this.#sessions.set(partition, (sessions = []));
    return sessions;
  }

  watermark(micros: number, input: number): void {
    this.#times.advance(input, micros);
  }

  flush(): void {
    for (const session of [...this.#changed]) if (session.torn) this.#split(session);
    this.#emitGone();
    for (const session of this.#changed) this.#emitSession(session);
    this.#changed.clear();
    this.#send();
    this.#forgetClosed();
    this.#rows.endTick();
    this.#times.pass(this.#outlet);
  }

  /** Divides a session whose rows no longer hang together. */
  #split(session: Session): void {
    const times = this.#rows.value(3).f64;
    // A row that went and came again in one tick is listed twice.
    const rows = [...new Set(session.rows)].filter((row) => this.#sessionOf[row] === session);
    rows.sort((a, b) => times[a]! - times[b]!);
    const parts: Session[] = [];
    for (const row of rows) {
      const time = times[row]!;
      let part = parts.at(-1);
      if (part === undefined || time - part.last > this.#spec.gap) {
        part = { partition: session.partition, first: time, last: time, rows: [], torn: false };
        parts.push(part);
      }
      part.last = time;
      part.rows.push(row);
      this.#sessionOf[row] = part;
    }
    const sessions = this.#sessionsOf(session.partition);
    const at = sessions.indexOf(session);
    assert(at >= 0, 'a session is not in its partition');
    sessions.splice(at, 1, ...parts);
    if (sessions.length === 0) this.#sessions.delete(session.partition);
    this.#changed.delete(session);
    session.rows = [];
    for (const part of parts) this.#changed.add(part);
  }

  #emitGone(): void {
    for (let i = 0; i < this.#rows.touchedCount; i++) {
      const entry = this.#rows.touched[i]!;
      if (this.#rows.weight(entry) === 0) this.#show(entry, 0, 0, 0);
    }
  }

  #emitSession(session: Session): void {
    for (const row of session.rows) {
      this.#show(row, this.#rows.weight(row), session.first, session.last);
    }
    if (this.#spec.lateness !== null) this.#closing.push(session.last, session);
  }

  /** Emits the change from what is shown of a row to what should be. */
  #show(row: number, weight: number, first: number, last: number): void {
    const weights = this.#rows.value(0).f64;
    const firsts = this.#rows.value(1).f64;
    const lasts = this.#rows.value(2).f64;
    const shown = weights[row]!;
    if (shown === weight && firsts[row] === first && lasts[row] === last) return;
    if (shown !== 0 && weight !== 0 && firsts[row] === first && lasts[row] === last) {
      this.#add(row, weight - shown, first, last);
    } else {
      this.#add(row, -shown, firsts[row]!, lasts[row]!);
      this.#add(row, weight, first, last);
    }
    weights[row] = weight;
    firsts[row] = first;
    lasts[row] = last;
    this.#rows.touch(row);
  }

  #add(row: number, weight: number, first: number, last: number): void {
    if (weight === 0) return;
    this.#output.add(row, weight);
    this.#bounds.push(first, last);
  }

  #send(): void {
    const { gap } = this.#spec;
    const bounds = this.#bounds;
    const count = this.#output.count;
    let sent = 0;
    this.#output.send(this.#outlet, this.#rows.columns, (size): Column[] => {
      const starts = new Float64Array(size);
      const ends = new Float64Array(size);
      const times = new Float64Array(size);
      for (let i = 0; i < size; i++, sent++) {
        starts[i] = bounds[sent * 2]!;
        ends[i] = bounds[sent * 2 + 1]! + gap;
        times[i] = ends[i]! - windowTimeGap;
      }
      return [starts, ends, times].map((values) => ({ kind: 'f64', values, nulls: null }));
    });
    assert(sent === count, 'a session row went out without its bounds');
    this.#bounds = [];
  }

  /** Lets go of sessions that the watermark has closed. What was emitted of them stays. */
  #forgetClosed(): void {
    const { gap, lateness } = this.#spec;
    if (lateness === null) return;
    const closed = this.#times.least - lateness - gap;
    for (;;) {
      const due = this.#closing.popDue(closed);
      if (due === undefined) return;
      const session = due.item;
      if (session.last !== due.due || session.rows.length === 0) continue;
      for (const row of session.rows) {
        this.#rows.addWeight(row, -this.#rows.weight(row));
        this.#sessionOf[row] = null;
      }
      session.rows = [];
      const sessions = this.#sessionsOf(session.partition);
      sessions.splice(sessions.indexOf(session), 1);
      if (sessions.length === 0) this.#sessions.delete(session.partition);
    }
  }

  restored(): void {
    this.#rows.restored();
    const byStart = new Map<number, Map<number, Session>>();
    this.#rows.table.forEach((entry) => {
      const first = this.#rows.value(1).f64[entry]!;
      const last = this.#rows.value(2).f64[entry]!;
      const partition = this.#index.owner(entry);
      let starts = byStart.get(partition);
      if (starts === undefined) byStart.set(partition, (starts = new Map<number, Session>()));
      let session = starts.get(first);
      if (session === undefined) {
        session = { partition, first, last, rows: [], torn: false };
        starts.set(first, session);
        if (this.#spec.lateness !== null) this.#closing.push(last, session);
      }
      session.rows.push(entry);
      this.#sessionOf[entry] = session;
    });
    for (const [partition, starts] of byStart) {
      const sessions = [...starts.values()].sort((a, b) => a.first - b.first);
      this.#sessions.set(partition, sessions);
    }
  }
}
