/**
 * Groups by the end of their time window, so that all groups of a window can be closed together. A cache
 * over the group table: ends stand in a key column, the lists are made again after recovery.
 */

import { keyDatum } from '../../state/keyed-table.ts';
import type { KeyedTable } from '../../state/keyed-table.ts';
import { TimeHeap } from '../time-heap.ts';

export class Panes {
  readonly #groups: KeyedTable;
  /** Position of window_end among the keys. */
  readonly #end: number;
  readonly #panes = new Map<number, number[]>();
  readonly #due = new TimeHeap<number>();

  constructor(groups: KeyedTable, end: number) {
    this.#groups = groups;
    this.#end = end;
  }

  /** Window end of a group; NaN when it is NULL (such a group never closes). */
  endOf(group: number): number {
    const { column } = this.#groups.keys[this.#end]!.stored;
    if (column.kind === 'f64' && column.nulls === null) return column.values[group]!;
    const end = keyDatum(this.#groups, this.#end, group);
    return end === null ? NaN : Number(end);
  }

  /** Registers a group that is new in its window. Doing so twice does no harm. */
  add(group: number): void {
    const end = this.endOf(group);
    if (Number.isNaN(end)) return;
    const pane = this.#panes.get(end);
    if (pane !== undefined) {
      pane.push(group);
      return;
    }
    this.#panes.set(end, [group]);
    this.#due.push(end, end);
  }

  /** The groups of the earliest window that ends at or before `time`; null when there is none. */
  takeClosed(time: number): Int32Array | null {
    for (;;) {
      const due = this.#due.popDue(time);
      if (due === undefined) return null;
      const end = due.item;
      const pane = this.#panes.get(end) ?? [];
      this.#panes.delete(end);
      // Entry ids are reused: a listed group may be gone, or live on in another window.
      const groups = new Set<number>();
      for (const group of pane) {
        if (this.#groups.isLive(group) && this.endOf(group) === end) groups.add(group);
      }
      if (groups.size > 0) return Int32Array.from(groups);
    }
  }

  restored(): void {
    this.#groups.forEach((group) => this.add(group));
  }
}
