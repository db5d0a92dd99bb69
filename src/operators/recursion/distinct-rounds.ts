/**
 * The rounds of UNION: a row belongs to the first round that makes it, and only there is the next round made of
 * it. Kept is how often each round makes each row. When a row's first round makes it no more, it moves to the
 * next round that does, and if that was made of the row itself (a cycle), taking the row out of its earlier
 * round takes that away before its turn comes: rounds go in rising order.
 *
 * Rows are equal as SQL says; a row is given as the round spelled it that it belongs to.
 */

import { fault } from '../../base/assert.ts';
import { gatherRows } from '../../state/gather.ts';
import { KeyedTable } from '../../state/keyed-table.ts';
import type { StateTable } from '../../state/state-table.ts';
import { grownInt32, grownUint8 } from '../../state/grown.ts';
import type { Column } from '../../types/column.ts';
import { types } from '../../types/sql-type.ts';
import type { SqlType } from '../../types/sql-type.ts';
import type { EntryOutput } from '../outlet.ts';
import { NextRounds, type Rounds } from './rounds.ts';
import { RoundQueue } from './round-queue.ts';

const none = -1;
const restoredAtOnce = 4096;

export class DistinctRounds implements Rounds {
  readonly stateTables: readonly StateTable[];
  /** Row and round → how often the round makes the row. */
  readonly #made: KeyedTable;
  /** Every row once, with its entries of `made` as a chain. */
  readonly #rows: KeyedTable;
  /** By entry of `rows`: the first of the chain. */
  #first: Int32Array = new Int32Array(0);
  /** By entry of `made`: the next of the chain, the row, the round, and whether the row belongs to this round. */
  #next: Int32Array = new Int32Array(0);
  #row: Int32Array = new Int32Array(0);
  #round: Int32Array = new Int32Array(0);
  #belongs: Uint8Array = new Uint8Array(0);
  readonly #queue = new RoundQueue();
  readonly #rounds = new NextRounds();
  #entries = new Int32Array(64);
  #rowEntries = new Int32Array(64);
  #gone: number[] = [];

  constructor(rowTypes: readonly SqlType[]) {
    this.#made = new KeyedTable({
      name: 'rounds',
      keys: [...rowTypes, types.integer],
      values: [{ kind: 'f64' }],
    });
    this.#rows = new KeyedTable({ name: 'rows', keys: rowTypes, tracked: false });
    this.stateTables = [this.#made];
    this.#grow();
  }

  get columns(): readonly Column[] {
    return this.#made.keys.map((key) => key.stored.column);
  }

  add(
    columns: readonly Column[],
    count: number,
    weights: Int32Array | null,
    after: Column | null,
  ): void {
    if (this.#entries.length < count) this.#entries = new Int32Array(count * 2);
    const entries = this.#entries;
    const rounds = this.#rounds.of(after, count);
    const before = this.#made.rows;
    this.#made.findOrAdd(
      [...columns, { kind: 'i32', values: rounds, nulls: null }],
      count,
      entries,
    );
    if (this.#made.rows > before) this.#link(columns, entries, rounds, count);
    const made = this.#made.values[0]!.f64;
    for (let i = 0; i < count; i++) {
      const entry = entries[i]!;
      made[entry] = made[entry]! + (weights === null ? 1 : weights[i]!);
      this.#made.markDirty(entry);
      this.#queue.add(entry, rounds[i]!);
    }
  }

  /** Puts those of the entries into their rows' chains that are in none. */
  #link(columns: readonly Column[], entries: Int32Array, rounds: Int32Array, count: number): void {
    if (this.#rowEntries.length < count) this.#rowEntries = new Int32Array(count * 2);
    this.#rows.findOrAdd(columns, count, this.#rowEntries);
    this.#grow();
    for (let i = 0; i < count; i++) {
      const entry = entries[i]!;
      if (this.#row[entry] !== none) continue;
      const row = this.#rowEntries[i]!;
      this.#row[entry] = row;
      this.#round[entry] = rounds[i]!;
      this.#next[entry] = this.#first[row]!;
      this.#first[row] = entry;
    }
  }

  #grow(): void {
    const rows = this.#first.length;
    if (rows < this.#rows.capacity) {
      this.#first = grownInt32(this.#first, this.#rows.capacity).fill(none, rows);
    }
    const made = this.#next.length;
    const { capacity } = this.#made;
    if (made >= capacity) return;
    this.#next = grownInt32(this.#next, capacity).fill(none, made);
    this.#row = grownInt32(this.#row, capacity).fill(none, made);
    this.#round = grownInt32(this.#round, capacity);
    this.#belongs = grownUint8(this.#belongs, capacity);
  }

  next(output: EntryOutput): number | null {
    for (;;) {
      const taken = this.#queue.take();
      if (taken === null) return null;
      for (const entry of taken.entries) this.#settle(entry, taken.round, output);
      if (output.count > 0) return taken.round;
      this.done();
    }
  }

  /** Decides whether the row belongs to this round, now that all earlier ones are right. */
  #settle(entry: number, round: number, output: EntryOutput): void {
    const made = this.#made.values[0]!.f64;
    if (!(made[entry]! >= 0)) fault(`round ${round} makes a row ${made[entry]} times`);
    const earliest = this.#earliest(this.#row[entry]!);
    const belongs = earliest === entry;
    if (belongs !== (this.#belongs[entry] === 1)) {
      output.add(entry, belongs ? 1 : -1);
      this.#belongs[entry] = belongs ? 1 : 0;
    }
    if (belongs) this.#leaveLater(entry);
    // The row may be made by a later round, which nobody has asked until now.
    else if (earliest !== none && this.#round[earliest]! > round) {
      this.#queue.add(earliest, this.#round[earliest]!);
    }
    if (made[entry] === 0) this.#gone.push(entry);
  }

  /** The entry of the first round that makes the row, of those whose turn it was and those still to come. */
  #earliest(row: number): number {
    const made = this.#made.values[0]!.f64;
    let earliest = none;
    for (let at = this.#first[row]!; at !== none; at = this.#next[at]!) {
      if (made[at]! <= 0) continue;
      if (earliest === none || this.#round[at]! < this.#round[earliest]!) earliest = at;
    }
    return earliest;
  }

  /** The row belongs to this entry's round from now on: a later one that had it asks again. */
  #leaveLater(entry: number): void {
    for (let at = this.#first[this.#row[entry]!]!; at !== none; at = this.#next[at]!) {
      if (at !== entry && this.#belongs[at] === 1) this.#queue.add(at, this.#round[at]!);
    }
  }

  done(): void {
    for (const entry of this.#gone) {
      this.#unlink(entry);
      this.#made.remove(entry);
    }
    this.#gone = [];
  }

  #unlink(entry: number): void {
    const row = this.#row[entry]!;
    if (this.#first[row] === entry) this.#first[row] = this.#next[entry]!;
    else {
      let at = this.#first[row]!;
      while (this.#next[at] !== entry) at = this.#next[at]!;
      this.#next[at] = this.#next[entry]!;
    }
    if (this.#first[row] === none) this.#rows.remove(row);
    this.#next[entry] = none;
    this.#row[entry] = none;
  }

  restored(): void {
    const entries = this.#made.entries();
    this.#grow();
    for (let at = 0; at < entries.length; at += restoredAtOnce) {
      const chunk = entries.subarray(at, at + restoredAtOnce);
      const gathered = this.columns.map((column) => gatherRows(column, chunk, chunk.length, null));
      const rounds = this.#rounds.of(gathered.pop()!, chunk.length);
      for (let i = 0; i < chunk.length; i++) rounds[i] = rounds[i]! - 1;
      this.#link(gathered, chunk, rounds, chunk.length);
    }
    this.#rows.forEach((row) => {
      const earliest = this.#earliest(row);
      if (earliest !== none) this.#belongs[earliest] = 1;
    });
  }
}
