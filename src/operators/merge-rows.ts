/**
 * Brings rows of a batch that fall into the same windows and agree in some columns down to one row each, with
 * their number as its weight. Where hardly any rows agree it rests for a while and lets batches through.
 */

import { gather } from '../types/column-access.ts';
import type { Batch } from '../types/batch.ts';
import { types, type SqlType } from '../types/sql-type.ts';
import { KeyedTable } from '../state/keyed-table.ts';
import { grownFloat64, grownInt32 } from '../state/grown.ts';
import { paneSize, type FixedWindow } from './window-assign.ts';

/** Batches let through after merging has not paid. */
const restBatches = 32;
const judgedRowsMin = 64;

export class MergeRows {
  readonly #columns: readonly number[];
  readonly #pane: number;
  readonly #offset: number;
  /** The columns and the pane → the rows' summed weight. */
  readonly #rows: KeyedTable;
  #panes: Float64Array = new Float64Array(64);
  #entries: Int32Array = new Int32Array(64);
  /** By entry: the first row. */
  #first: Int32Array = new Int32Array(64);
  #resting = 0;

  /** `columns` of the input must agree, of types `columnTypes`. */
  constructor(window: FixedWindow, columns: readonly number[], columnTypes: readonly SqlType[]) {
    this.#columns = columns;
    this.#pane = paneSize(window);
    this.#offset = window.offset;
    this.#rows = new KeyedTable({
      name: 'merged',
      keys: [...columnTypes, types.double],
      values: [{ kind: 'f64' }],
      exact: true,
      tracked: false,
    });
  }

  /**
   * The batch with equal rows merged, or null when it should go on as it is. Rows of one pane are in the same
   * windows; the earliest of these ends after `closed`, or nothing is merged, since late rows are told apart.
   */
  merge(batch: Batch, times: Float64Array, closed: number): Batch | null {
    if (this.#resting > 0) {
      this.#resting--;
      return null;
    }
    const { count, weights } = batch;
    if (!this.#findPanes(times, count, closed)) return null;
    if (this.#entries.length < count) {
      this.#entries = grownInt32(this.#entries, count * 2);
      this.#first = grownInt32(this.#first, count * 2);
    }
    const entries = this.#entries;
    const rows = this.#rows;
    rows.clear();
    const keys = this.#columns.map((column) => batch.columns[column]!);
    rows.findOrAdd([...keys, { kind: 'f64', values: this.#panes, nulls: null }], count, entries);
    const merged = rows.rows;
    if (count >= judgedRowsMin && merged * 4 > count * 3) this.#resting = restBatches;
    if (merged * 4 > count * 3) return null;
    const sums = rows.values[0]!.f64;
    let seen = 0;
    for (let i = 0; i < count; i++) {
      const entry = entries[i]!;
      // Entries of a cleared table are numbered in the order in which they come.
      if (entry === seen) this.#first[seen++] = i;
      sums[entry] = sums[entry]! + (weights === null ? 1 : weights[i]!);
    }
    return this.#gather(batch, merged, sums);
  }

  /** Fills #panes; false when a row may be late for one of its windows. */
  #findPanes(times: Float64Array, count: number, closed: number): boolean {
    if (this.#panes.length < count) this.#panes = grownFloat64(this.#panes, count * 2);
    const panes = this.#panes;
    for (let i = 0; i < count; i++) {
      const start = Math.floor((times[i]! - this.#offset) / this.#pane) * this.#pane + this.#offset;
      if (start + this.#pane <= closed) return false;
      panes[i] = start;
    }
    return true;
  }

  #gather(batch: Batch, merged: number, sums: Float64Array): Batch {
    let kept = 0;
    const weights = new Int32Array(merged);
    for (let entry = 0; entry < merged; entry++) {
      if (sums[entry] === 0) continue;
      this.#first[kept] = this.#first[entry]!;
      weights[kept++] = sums[entry]!;
    }
    const rows = gather({ ...batch, weights: null }, this.#first, kept);
    return { ...rows, weights, rowWatermarks: null, origin: null };
  }
}
