/**
 * The first n rows of each partition of an append-only input, with their numbers: what FirstRows and RowNumbers
 * give together, keeping each row once. A row that is not among them now never will be. A row that comes costs
 * one look-up of its partition and, where it is kept, O(log n) comparisons; it is stored when the batch that
 * brought it is over and it is still among the first.
 *
 * Among peers the rows' values alone decide. A tick emits the rows whose numbers differ from those at its beginning,
 * old rows first, however often they changed in between; equal rows are rows of their own.
 */

import type { Operator, Output } from '../dataflow/operator.ts';
import type { OrderSpec, TopNSpec } from '../plan/dataflow-plan.ts';
import { gatherRows } from '../state/gather.ts';
import { grownInt32, grownUint8 } from '../state/grown.ts';
import { KeyedTable } from '../state/keyed-table.ts';
import { ShortLists } from '../state/short-lists.ts';
import { SlotTable } from '../state/slot-table.ts';
import type { StateTable } from '../state/state-table.ts';
import type { Batch } from '../types/batch.ts';
import type { Column } from '../types/column.ts';
import type { SqlType } from '../types/sql-type.ts';
import { compareExactAcross, compareRowsAcross } from './entry-order.ts';
import { NumberedRows } from './numbered-rows.ts';
import { Outlet, Times } from './outlet.ts';

/** What a partition's flags say: its list was noted in this tick; it has rows of this batch. */
const noted = 1;
const waits = 2;

export class FirstNumbered implements Operator {
  readonly stateTables: readonly StateTable[];
  readonly #partitionBy: readonly number[];
  readonly #order: readonly OrderSpec[];
  readonly #all: readonly OrderSpec[];
  readonly #limit: number;
  readonly #rows: SlotTable;
  /** Partition → the place and length of its list, and flags. */
  readonly #partitions: KeyedTable;
  /** Slots in order; while a batch is pushed also its rows, row i as −1 − i. */
  readonly #lists = new ShortLists();
  /** By slot: 1 for rows of this tick, which are not in the output yet. */
  #fresh: Uint8Array = new Uint8Array(64);
  /** Lists as they were when the tick began: partition, length, slots, and on with the next. */
  #before: Int32Array = new Int32Array(256);
  #beforeCount = 0;
  /** Slots that are in the output and kept no more. */
  #gone: Int32Array = new Int32Array(64);
  #goneCount = 0;
  /** Partitions with rows of the batch. */
  #waiting: Int32Array = new Int32Array(64);
  #waitingCount = 0;
  #keys = new Int32Array(64);
  readonly #old: NumberedRows;
  readonly #new: NumberedRows;
  readonly #times = new Times(1);
  readonly #outlet = new Outlet();

  constructor(spec: TopNSpec & { readonly limit: number }, types: readonly SqlType[]) {
    this.#partitionBy = spec.partitionBy;
    this.#order = spec.order;
    this.#all = types.map((_, column) => ({ column, descending: false, nullsFirst: false }));
    this.#limit = spec.limit;
    this.#rows = new SlotTable({ name: 'rows', types });
    this.#partitions = new KeyedTable({
      name: 'partitions',
      keys: spec.partitionBy.map((column) => types[column]!),
      values: [{ kind: 'i32' }, { kind: 'i32' }, { kind: 'u8' }],
      tracked: false,
    });
    this.#old = new NumberedRows(spec.numbers, -1);
    this.#new = new NumberedRows(spec.numbers, 1);
    this.stateTables = [this.#rows, this.#times.table];
  }

  get counters() {
    return this.#outlet.counters;
  }

  connect(output: Output): void {
    this.#outlet.connect(output);
  }

  push({ count, columns, weights }: Batch): void {
    this.counters.rowsIn += count;
    if (this.#limit === 0) return;
    if (this.#keys.length < count) this.#keys = new Int32Array(count * 2);
    const keys = this.#keys;
    this.#partitions.findOrAdd(
      this.#partitionBy.map((column) => columns[column]!),
      count,
      keys,
    );
    for (let i = 0; i < count; i++) {
      const copies = weights === null ? 1 : Math.min(weights[i]!, this.#limit);
      for (let copy = 0; copy < copies; copy++) this.#offer(columns, i, keys[i]!);
    }
    this.#storeWaiting(columns, count);
  }

  /** Row i of a batch, for its partition. */
  #offer(columns: readonly Column[], i: number, partition: number): void {
    const [place, length] = this.#partitions.values;
    const size = length!.i32[partition]!;
    if (size === this.#limit) {
      const last = this.#lists.cells[place!.i32[partition]! + size - 1]!;
      if (this.#compare(columns, i, last) >= 0) return;
      this.#note(partition);
      this.#dropLast(last);
    } else {
      this.#note(partition);
      place!.i32[partition] = this.#lists.roomForMore(place!.i32[partition]!, size);
      length!.i32[partition] = size + 1;
    }
    this.#insert(columns, i, partition, -1 - i);
    const flags = this.#partitions.values[2]!.u8;
    if ((flags[partition]! & waits) !== 0) return;
    flags[partition] = flags[partition]! | waits;
    if (this.#waitingCount === this.#waiting.length) {
      this.#waiting = grownInt32(this.#waiting, this.#waitingCount * 2);
    }
    this.#waiting[this.#waitingCount++] = partition;
  }

  /** Puts `entry`, which is row i of `columns`, behind what is not after it; the list's last cell is free. */
  #insert(columns: readonly Column[], i: number, partition: number, entry: number): void {
    const { cells } = this.#lists;
    const start = this.#partitions.values[0]!.i32[partition]!;
    const end = start + this.#partitions.values[1]!.i32[partition]! - 1;
    let low = start;
    let high = end;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#compare(columns, i, cells[middle]!) < 0) high = middle;
      else low = middle + 1;
    }
    for (let at = end; at > low; at--) cells[at] = cells[at - 1]!;
    cells[low] = entry;
  }

  /** Row i of `columns` against an entry: a slot, or −1 less a row of these columns. 0: they are equal. */
  #compare(columns: readonly Column[], i: number, entry: number): number {
    const others = entry >= 0 ? this.#rows.columns : columns;
    const row = entry >= 0 ? entry : -1 - entry;
    const { types } = this.#rows;
    return (
      compareRowsAcross(columns, i, others, row, types, this.#order) ||
      compareRowsAcross(columns, i, others, row, types, this.#all) ||
      compareExactAcross(columns, i, others, row, types)
    );
  }

  /** Remembers a partition's list before its first change in this tick. */
  #note(partition: number): void {
    const [place, length, flags] = this.#partitions.values;
    if ((flags!.u8[partition]! & noted) !== 0) return;
    flags!.u8[partition] = flags!.u8[partition]! | noted;
    const size = length!.i32[partition]!;
    const at = this.#beforeCount;
    this.#beforeCount += 2 + size;
    if (this.#beforeCount > this.#before.length) {
      this.#before = grownInt32(this.#before, this.#beforeCount * 2);
    }
    this.#before[at] = partition;
    this.#before[at + 1] = size;
    const { cells } = this.#lists;
    const from = place!.i32[partition]!;
    for (let i = 0; i < size; i++) this.#before[at + 2 + i] = cells[from + i]!;
  }

  /** The last entry of a list gives way. */
  #dropLast(entry: number): void {
    // A row of the batch was not stored yet.
    if (entry < 0) return;
    if (this.#fresh[entry] === 1) {
      this.#fresh[entry] = 0;
      this.#rows.remove(entry);
      return;
    }
    // It must be readable until it is taken back.
    if (this.#goneCount === this.#gone.length) {
      this.#gone = grownInt32(this.#gone, this.#goneCount * 2);
    }
    this.#gone[this.#goneCount++] = entry;
  }

  /** Stores the rows of the batch that are in lists. */
  #storeWaiting(columns: readonly Column[], batchCount: number): void {
    if (this.#waitingCount === 0) return;
    const [place, length, flags] = this.#partitions.values;
    const { cells } = this.#lists;
    let rows: Int32Array = new Int32Array(batchCount);
    let at: Int32Array = new Int32Array(batchCount);
    let count = 0;
    for (let w = 0; w < this.#waitingCount; w++) {
      const partition = this.#waiting[w]!;
      flags!.u8[partition] = flags!.u8[partition]! & ~waits;
      const start = place!.i32[partition]!;
      const end = start + length!.i32[partition]!;
      for (let cell = start; cell < end; cell++) {
        if (cells[cell]! >= 0) continue;
        if (count === rows.length) {
          rows = grownInt32(rows, count * 2);
          at = grownInt32(at, count * 2);
        }
        rows[count] = -1 - cells[cell]!;
        at[count++] = cell;
      }
    }
    this.#waitingCount = 0;
    const slots = new Int32Array(count);
    this.#rows.add(columns, rows, count, slots, batchCount);
    this.#fresh = grownUint8(this.#fresh, this.#rows.capacity);
    for (let i = 0; i < count; i++) {
      cells[at[i]!] = slots[i]!;
      this.#fresh[slots[i]!] = 1;
    }
  }

  watermark(micros: number, input: number): void {
    this.#times.advance(input, micros);
  }

  flush(): void {
    for (let at = 0; at < this.#beforeCount; at += 2 + this.#before[at + 1]!) this.#renumber(at);
    const { columns } = this.#rows;
    this.#old.send(this.#outlet, columns);
    this.#new.send(this.#outlet, columns);
    for (let i = 0; i < this.#goneCount; i++) this.#rows.remove(this.#gone[i]!);
    this.#beforeCount = 0;
    this.#goneCount = 0;
    this.#times.pass(this.#outlet);
  }

  /** `at`: where the partition was noted. */
  #renumber(at: number): void {
    const before = this.#before;
    const { cells } = this.#lists;
    const [place, length, flags] = this.#partitions.values;
    const partition = before[at]!;
    flags!.u8[partition] = flags!.u8[partition]! & ~noted;
    const sizeBefore = before[at + 1]!;
    const start = place!.i32[partition]!;
    // A list never becomes shorter.
    const size = length!.i32[partition]!;
    for (let n = 0; n < size; n++) {
      const now = cells[start + n]!;
      if (n < sizeBefore) {
        const old = before[at + 2 + n]!;
        if (old === now) continue;
        this.#old.add(old, n + 1);
      }
      this.#new.add(now, n + 1);
      this.#fresh[now] = 0;
    }
  }

  restored(): void {
    const slots = this.#rows.entries();
    const keys = new Int32Array(slots.length);
    const { columns } = this.#rows;
    this.#partitions.findOrAdd(
      this.#partitionBy.map((column) => gatherRows(columns[column]!, slots, slots.length, null)),
      slots.length,
      keys,
    );
    this.#fresh = grownUint8(this.#fresh, this.#rows.capacity);
    const [place, length] = this.#partitions.values;
    for (let i = 0; i < slots.length; i++) {
      const partition = keys[i]!;
      const size = length!.i32[partition]!;
      place!.i32[partition] = this.#lists.roomForMore(place!.i32[partition]!, size);
      length!.i32[partition] = size + 1;
      this.#insert(columns, slots[i]!, partition, slots[i]!);
    }
  }
}
