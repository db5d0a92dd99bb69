/**
 * The first n rows of each partition of an append-only input: a row that is not among them now never will be,
 * so it is dropped at once, and a partition keeps n rows (with ties: and the peers of the last). A row that
 * comes costs one look-up of its partition and, where it is kept, O(log n) comparisons.
 *
 * Among peers the choice depends on the rows' values alone. A tick emits the difference between what stood
 * before and what stands now, however often it changed in between; equal rows are rows of their own.
 */

import type { Operator, Output } from '../dataflow/operator.ts';
import type { OrderSpec, TopNSpec } from '../plan/dataflow-plan.ts';
import { gatherRows } from '../state/gather.ts';
import { KeyedTable } from '../state/keyed-table.ts';
import { SlotTable } from '../state/slot-table.ts';
import { SortedEntries } from '../state/sorted-entries.ts';
import type { EntryOrder } from '../state/sorted-entries.ts';
import type { StateTable } from '../state/state-table.ts';
import { grownInt32 } from '../state/grown.ts';
import type { Batch } from '../types/batch.ts';
import type { Column } from '../types/column.ts';
import type { SqlType } from '../types/sql-type.ts';
import { compareRowsAcross, orderOf, totalOrder } from './entry-order.ts';
import { EntryOutput, Outlet, Times } from './outlet.ts';

export class FirstRows implements Operator {
  readonly stateTables: readonly StateTable[];
  readonly #partitionBy: readonly number[];
  readonly #order: readonly OrderSpec[];
  /** Rows kept of each partition. */
  readonly #limit: number;
  readonly #withTies: boolean;
  /** Beside a row: whether it is in the output, and its turn among all rows kept. */
  readonly #rows: SlotTable;
  #arrivals = 0;
  /**
   * partition → when one row is kept: its slot + 1, or −1 − its place in the batch being pushed; else a position in
   * #sorted.
   */
  readonly #partitions: KeyedTable;
  readonly #sorted: SortedEntries[] = [];
  readonly #compare: EntryOrder;
  readonly #peers: EntryOrder;
  readonly #times = new Times(1);
  readonly #outlet = new Outlet();
  readonly #output = new EntryOutput();
  /** Slots filled in this tick; one may be empty again or there twice. */
  #added: Int32Array = new Int32Array(64);
  #addedCount = 0;
  /** Slots that were in the output and are not among the first rows any more. */
  #gone: Int32Array = new Int32Array(64);
  #goneCount = 0;
  #keys = new Int32Array(64);
  /** Partitions whose only row waits to be stored. */
  #waiting = new Int32Array(64);
  readonly #row = new Int32Array(1);
  readonly #slot = new Int32Array(1);

  constructor(spec: TopNSpec & { readonly limit: number }, types: readonly SqlType[]) {
    this.#partitionBy = spec.partitionBy;
    this.#order = spec.order;
    this.#limit = spec.limit;
    this.#withTies = spec.withTies;
    this.#rows = new SlotTable({ name: 'rows', types, values: [{ kind: 'u8' }, { kind: 'f64' }] });
    this.#partitions = new KeyedTable({
      name: 'partitions',
      keys: spec.partitionBy.map((column) => types[column]!),
      values: [{ kind: 'i32' }],
      tracked: false,
    });
    const total = totalOrder(this.#rows, spec.order);
    // Of equal rows the one that came last goes first, so that what is shown need not be taken back.
    const [, arrival] = this.#rows.values;
    this.#compare = (a, b) => total(a, b) || arrival!.f64[a]! - arrival!.f64[b]!;
    this.#peers = orderOf(this.#rows, spec.order);
    this.stateTables = [this.#rows, this.#times.table];
  }

  get counters() {
    return this.#outlet.counters;
  }

  connect(output: Output): void {
    this.#outlet.connect(output);
  }

  push(batch: Batch): void {
    const { count, columns, weights } = batch;
    this.counters.rowsIn += count;
    if (this.#limit === 0) return;
    if (this.#keys.length < count) this.#keys = new Int32Array(count * 2);
    const keys = this.#keys;
    this.#partitions.findOrAdd(
      this.#partitionBy.map((column) => columns[column]!),
      count,
      keys,
    );
    if (this.#limit === 1 && !this.#withTies) {
      this.#pushOnly(columns, count, keys);
      return;
    }
    for (let i = 0; i < count; i++) {
      const copies = weights === null ? 1 : Math.min(weights[i]!, this.#copiesMax);
      for (let copy = 0; copy < copies; copy++) this.#offer(columns, i, keys[i]!);
    }
  }

  /** More copies of one row than this are never kept. */
  get #copiesMax(): number {
    return this.#withTies ? Infinity : this.#limit;
  }

  /** A partition keeps one row: those that are still the first when the batch is over are stored together. */
  #pushOnly(columns: readonly Column[], count: number, keys: Int32Array): void {
    const places = this.#partitions.values[0]!.i32;
    if (this.#waiting.length < count) this.#waiting = new Int32Array(count * 2);
    const waiting = this.#waiting;
    let waits = 0;
    for (let i = 0; i < count; i++) {
      const partition = keys[i]!;
      const best = places[partition]!;
      if (best !== 0) {
        const order =
          best > 0
            ? this.#compareWith(columns, i, best - 1)
            : this.#compareRows(columns, i, -1 - best);
        if (order > 0) continue;
        if (order === 0) {
          this.#settleTie(columns, i, partition);
          continue;
        }
        if (best > 0) this.#drop(best - 1);
      }
      // A partition whose row waits is in the list already.
      if (best >= 0) waiting[waits++] = partition;
      places[partition] = -1 - i;
    }
    this.#storeWaiting(columns, count, waits);
  }

  /** Row i and the best are peers: the values of all columns decide. */
  #settleTie(columns: readonly Column[], i: number, partition: number): void {
    const places = this.#partitions.values[0]!.i32;
    if (places[partition]! < 0) {
      places[partition] = this.#store(columns, -1 - places[partition]!) + 1;
    }
    const best = places[partition]! - 1;
    const slot = this.#store(columns, i);
    if (this.#compare(slot, best) > 0) {
      this.#drop(slot);
      return;
    }
    places[partition] = slot + 1;
    this.#drop(best);
  }

  #storeWaiting(columns: readonly Column[], batchCount: number, waits: number): void {
    const places = this.#partitions.values[0]!.i32;
    const waiting = this.#waiting;
    const rows = new Int32Array(waits);
    let count = 0;
    for (let w = 0; w < waits; w++) {
      const partition = waiting[w]!;
      const place = places[partition]!;
      // A tie has stored it, or it stands in the list twice.
      if (place >= 0) continue;
      rows[count] = -1 - place;
      // Its slot is set below, by its turn.
      waiting[count++] = partition;
      places[partition] = 0;
    }
    const slots = new Int32Array(count);
    this.#rows.add(columns, rows, count, slots, batchCount);
    for (let c = 0; c < count; c++) {
      places[waiting[c]!] = slots[c]! + 1;
      this.#noteAdded(slots[c]!);
    }
  }

  #offer(columns: readonly Column[], i: number, partition: number): void {
    const sorted = this.#sortedOf(partition);
    const full = sorted.size >= this.#limit;
    if (full) {
      const order = this.#compareWith(columns, i, sorted.last()!);
      if (order > 0) return;
    }
    sorted.add(this.#store(columns, i));
    if (!full) return;
    if (this.#withTies) this.#dropPeers(sorted);
    else this.#dropLast(sorted);
  }

  #sortedOf(partition: number): SortedEntries {
    const positions = this.#partitions.values[0]!.i32;
    const known = positions[partition]!;
    if (known > 0) return this.#sorted[known - 1]!;
    const sorted = new SortedEntries(this.#compare);
    positions[partition] = this.#sorted.push(sorted);
    return sorted;
  }

  #dropLast(sorted: SortedEntries): void {
    const slot = sorted.last()!;
    sorted.delete(slot);
    this.#drop(slot);
  }

  /** The last peers go together, when enough rows stand before them. */
  #dropPeers(sorted: SortedEntries): void {
    const last = sorted.last()!;
    const peers: number[] = [];
    for (const slot of sorted.backwards()) {
      if (this.#peers(slot, last) !== 0) break;
      peers.push(slot);
    }
    if (sorted.size - peers.length < this.#limit) return;
    for (const slot of peers) {
      sorted.delete(slot);
      this.#drop(slot);
    }
  }

  /** Row i of a batch against a kept row, by the order asked for. */
  #compareWith(columns: readonly Column[], i: number, slot: number): number {
    const { types } = this.#rows;
    return compareRowsAcross(columns, i, this.#rows.columns, slot, types, this.#order);
  }

  /** Row i of a batch against row j of it. */
  #compareRows(columns: readonly Column[], i: number, j: number): number {
    return compareRowsAcross(columns, i, columns, j, this.#rows.types, this.#order);
  }

  #store(columns: readonly Column[], i: number): number {
    this.#row[0] = i;
    this.#rows.add(columns, this.#row, 1, this.#slot, i + 1);
    const slot = this.#slot[0]!;
    this.#noteAdded(slot);
    return slot;
  }

  #noteAdded(slot: number): void {
    this.#rows.values[1]!.f64[slot] = this.#arrivals++;
    if (this.#addedCount === this.#added.length) {
      this.#added = grownInt32(this.#added, this.#addedCount * 2);
    }
    this.#added[this.#addedCount++] = slot;
  }

  #drop(slot: number): void {
    if (this.#rows.values[0]!.u8[slot] === 0) {
      this.#rows.remove(slot);
      return;
    }
    // It is in the output and must be readable until it is taken back.
    if (this.#goneCount === this.#gone.length) {
      this.#gone = grownInt32(this.#gone, this.#goneCount * 2);
    }
    this.#gone[this.#goneCount++] = slot;
  }

  watermark(micros: number, input: number): void {
    this.#times.advance(input, micros);
  }

  flush(): void {
    const shown = this.#rows.values[0]!.u8;
    for (let i = 0; i < this.#goneCount; i++) this.#output.add(this.#gone[i]!, -1);
    for (let i = 0; i < this.#addedCount; i++) {
      const slot = this.#added[i]!;
      if (!this.#rows.isLive(slot) || shown[slot] === 1) continue;
      shown[slot] = 1;
      this.#output.add(slot, 1);
    }
    this.#output.send(this.#outlet, this.#rows.columns);
    for (let i = 0; i < this.#goneCount; i++) this.#rows.remove(this.#gone[i]!);
    this.#addedCount = 0;
    this.#goneCount = 0;
    this.#times.pass(this.#outlet);
  }

  restored(): void {
    const slots: number[] = [];
    this.#rows.forEach((slot) => {
      slots.push(slot);
      this.#arrivals = Math.max(this.#arrivals, this.#rows.values[1]!.f64[slot]! + 1);
    });
    const entries = Int32Array.from(slots);
    const keys = new Int32Array(slots.length);
    const columns = this.#rows.columns;
    this.#partitions.findOrAdd(
      this.#partitionBy.map((column) => gatherRows(columns[column]!, entries, slots.length, null)),
      slots.length,
      keys,
    );
    slots.forEach((slot, i) => {
      if (this.#limit === 1 && !this.#withTies) {
        this.#partitions.values[0]!.i32[keys[i]!] = slot + 1;
      } else {
        this.#sortedOf(keys[i]!).add(slot);
      }
    });
  }
}
