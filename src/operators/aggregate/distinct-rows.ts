/**
 * DISTINCT inside aggregates: keeps each distinct argument list of a group, with its multiplicity for every call
 * that has these arguments, and passes on to a call only those that came to be or ceased to be for it in this
 * tick. Calls that differ in FILTER alone share one table, so that a row is looked up once for all of them;
 * where equal values can look different they do not, for each gives the spelling that it met first.
 */

import { fault } from '../../base/assert.ts';
import { gatherRows } from '../../state/gather.ts';
import { KeyedTable } from '../../state/keyed-table.ts';
import { RowIndex } from '../../state/row-index.ts';
import type { StateTable } from '../../state/state-table.ts';
import { grownInt32 } from '../../state/grown.ts';
import type { Column } from '../../types/column.ts';
import type { SqlType } from '../../types/sql-type.ts';
import { types } from '../../types/sql-type.ts';
import type { CallRows } from './call.ts';
import { Remembered } from './counter-calls.ts';

/** Groups of the given keys. */
type GroupsOf = (keys: readonly Column[], count: number) => Int32Array;

export interface DistinctOptions {
  readonly name: string;
  readonly keyTypes: readonly SqlType[];
  readonly argTypes: readonly SqlType[];
  readonly orderTypes: readonly SqlType[];
  /** Calls that share the table. */
  readonly calls: number;
  /** Whether groups are forgotten while they have rows, as those of windows are. */
  readonly forgets: boolean;
}

const restoreChunk = 4096;

export class DistinctRows {
  readonly stateTables: readonly StateTable[];
  readonly #keyCount: number;
  readonly #argCount: number;
  readonly #calls: number;
  /** Values: for each call the multiplicity. */
  readonly #table: KeyedTable;
  /** Group → its entries, where groups are forgotten. */
  readonly #byGroup: RowIndex | null;
  #entries: Int32Array = new Int32Array(64);
  /** By entry: the tick in which it was touched last. */
  #stamps: Int32Array = new Int32Array(64);
  #tick = 1;
  /** Entries touched in this tick, their groups, and for each call the multiplicity before. */
  #touched: Int32Array = new Int32Array(64);
  #groups: Int32Array = new Int32Array(64);
  #count = 0;
  readonly #before: readonly Remembered[];

  constructor({ name, keyTypes, argTypes, orderTypes, calls, forgets }: DistinctOptions) {
    this.#keyCount = keyTypes.length;
    this.#argCount = argTypes.length;
    this.#calls = calls;
    this.#before = Array.from({ length: calls }, () => new Remembered());
    this.#table = new KeyedTable({
      name,
      keys: [...keyTypes, ...argTypes, ...orderTypes],
      values: this.#before.map(() => ({ kind: 'f64' as const })),
    });
    this.#byGroup = forgets
      ? new RowIndex({ columns: [0], types: [types.integer], nullSafe: [true] })
      : null;
    this.stateTables = [this.#table];
  }

  /** Rows of one batch for each of the calls, which differ in their weights alone. */
  apply(calls: readonly CallRows[]): void {
    const first = calls[0]!;
    const chosen = chosenRows(calls);
    const count = chosen === null ? first.count : chosen.length;
    if (count === 0) return;
    const pick = (column: Column): Column =>
      chosen === null ? column : gatherRows(column, chosen, count, null);
    const columns = [...first.keys, ...first.args, ...first.order].map(pick);
    if (this.#entries.length < count) this.#entries = new Int32Array(count * 2);
    const entries = this.#entries;
    this.#table.findOrAdd(columns, count, entries);
    const groups = chosen === null ? first.groups : chosen.map((row) => first.groups[row]!);
    if (this.#byGroup !== null) {
      this.#byGroup.grow(this.#table.capacity);
      this.#byGroup.link([{ kind: 'i32', values: groups, nulls: null }], entries, count);
    }
    this.#touch(entries, groups, count);
    for (let call = 0; call < calls.length; call++) {
      addWeights(this.#weights(call), entries, count, chosen, calls[call]!.weights);
    }
  }

  #weights(call: number): Float64Array {
    return this.#table.values[call]!.f64;
  }

  #touch(entries: Int32Array, groups: Int32Array, count: number): void {
    const from = this.#count;
    if (this.#touched.length < from + count) {
      this.#touched = grownInt32(this.#touched, (from + count) * 2);
      this.#groups = grownInt32(this.#groups, (from + count) * 2);
    }
    if (this.#stamps.length < this.#table.capacity) {
      this.#stamps = grownInt32(this.#stamps, this.#table.capacity);
    }
    const stamps = this.#stamps;
    const touched = this.#touched;
    const touchedGroups = this.#groups;
    const tick = this.#tick;
    let to = from;
    for (let i = 0; i < count; i++) {
      const entry = entries[i]!;
      if (stamps[entry] === tick) continue;
      stamps[entry] = tick;
      touchedGroups[to] = groups[i]!;
      touched[to++] = entry;
    }
    this.#count = to;
    for (let call = 0; call < this.#calls; call++) {
      this.#before[call]!.take(this.#weights(call), touched, from, to);
    }
  }

  /** What changed for a call in this tick. Null when nothing did. */
  changes(call: number): CallRows | null {
    const entries = new Int32Array(this.#count);
    const weights = new Int32Array(this.#count);
    const groups = new Int32Array(this.#count);
    const current = this.#weights(call);
    const before = this.#before[call]!.values;
    let count = 0;
    for (let t = 0; t < this.#count; t++) {
      const entry = this.#touched[t]!;
      const change = (current[entry]! > 0 ? 1 : 0) - (before[t]! > 0 ? 1 : 0);
      if (change === 0) continue;
      entries[count] = entry;
      groups[count] = this.#groups[t]!;
      weights[count++] = change;
    }
    if (count === 0) return null;
    const columns = this.#table.keys.map(({ stored }) =>
      gatherRows(stored.column, entries, count, null),
    );
    const keys = columns.slice(0, this.#keyCount);
    const args = columns.slice(this.#keyCount, this.#keyCount + this.#argCount);
    const order = columns.slice(this.#keyCount + this.#argCount);
    return { count, keys, args, order, groups, weights };
  }

  endTick(): void {
    for (let t = 0; t < this.#count; t++) {
      const entry = this.#touched[t]!;
      let rows = 0;
      for (let call = 0; call < this.#calls; call++) {
        const weight = this.#weights(call)[entry]!;
        if (!(weight >= 0)) fault(`${this.#table.name}: a row has multiplicity ${weight}`);
        rows += weight;
      }
      if (rows > 0) {
        this.#table.markDirty(entry);
        continue;
      }
      this.#byGroup?.unlink(entry);
      this.#table.remove(entry);
    }
    this.#byGroup?.sweep();
    this.#count = 0;
    this.#tick++;
  }

  /** Lets go of all rows of the groups, when the tick ends. */
  forget(groups: Int32Array, count: number): void {
    const index = this.#byGroup;
    if (index === null) return;
    const found = new Int32Array(count);
    index.table.find([{ kind: 'i32', values: groups, nulls: null }], count, found);
    for (let i = 0; i < count; i++) {
      if (found[i]! < 0) continue;
      const rows: number[] = [];
      for (let row = index.head(found[i]!); row >= 0; row = index.next[row]!) rows.push(row);
      const entries = Int32Array.from(rows);
      this.#touch(entries, new Int32Array(rows.length).fill(groups[i]!), rows.length);
      for (let call = 0; call < this.#calls; call++) {
        const weights = this.#weights(call);
        for (const entry of entries) weights[entry] = 0;
      }
    }
  }

  restored(groupsOf: GroupsOf): void {
    const index = this.#byGroup;
    if (index === null) return;
    index.grow(this.#table.capacity);
    const all = this.#table.entries();
    for (let at = 0; at < all.length; at += restoreChunk) {
      const chunk = all.subarray(at, at + restoreChunk);
      const keys = this.#table.keys
        .slice(0, this.#keyCount)
        .map(({ stored }) => gatherRows(stored.column, chunk, chunk.length, null));
      const groups = groupsOf(keys, chunk.length);
      index.link([{ kind: 'i32', values: groups, nulls: null }], chunk, chunk.length);
    }
  }
}

/** Rows that count for any call; null when all do. */
function chosenRows(calls: readonly CallRows[]): Int32Array | null {
  if (calls.some((call) => call.weights === null)) return null;
  const { count } = calls[0]!;
  const chosen = new Int32Array(count);
  let kept = 0;
  for (let i = 0; i < count; i++) {
    if (calls.some((call) => call.weights![i] !== 0)) chosen[kept++] = i;
  }
  return kept === count ? null : chosen.subarray(0, kept);
}

function addWeights(
  target: Float64Array,
  entries: Int32Array,
  count: number,
  chosen: Int32Array | null,
  weights: Int32Array | null,
): void {
  if (weights === null) {
    for (let i = 0; i < count; i++) target[entries[i]!] = target[entries[i]!]! + 1;
    return;
  }
  for (let i = 0; i < count; i++) {
    const entry = entries[i]!;
    target[entry] = target[entry]! + weights[chosen === null ? i : chosen[i]!]!;
  }
}
