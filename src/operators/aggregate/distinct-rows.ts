/**
 * DISTINCT inside an aggregate: keeps each distinct argument list of a group with its multiplicity, and
 * passes on to the call only those that came to be or ceased to be in this tick, in the spelling that
 * was met first.
 */

import { gatherRows } from '../../state/gather.ts';
import type { StateTable } from '../../state/state-table.ts';
import type { Column } from '../../types/column.ts';
import type { CallOptions, CallRows } from './call.ts';
import { GroupRows } from './group-rows.ts';

export class DistinctRows {
  readonly stateTables: readonly StateTable[];
  readonly #rows: GroupRows;
  readonly #keyCount: number;
  readonly #argCount: number;

  constructor(options: CallOptions, orderTypes: CallOptions['argTypes']) {
    this.#rows = new GroupRows(options, { orderTypes, order: [], sqlEquality: true });
    this.#keyCount = options.keyTypes.length;
    this.#argCount = options.argTypes.length;
    this.stateTables = [this.#rows.partitions.rows];
  }

  apply(rows: CallRows): void {
    this.#rows.apply(rows);
  }

  /** What changed in this tick; `groupsOf` finds the groups of given keys. Null when nothing did. */
  changes(groupsOf: (keys: readonly Column[], count: number) => Int32Array): CallRows | null {
    const { rows } = this.#rows.partitions;
    const entries = new Int32Array(rows.touchedCount);
    const weights = new Int32Array(rows.touchedCount);
    let count = 0;
    for (let i = 0; i < rows.touchedCount; i++) {
      const entry = rows.touched[i]!;
      const before = rows.weightBefore(entry) > 0 ? 1 : 0;
      const now = rows.weight(entry) > 0 ? 1 : 0;
      if (before === now) continue;
      entries[count] = entry;
      weights[count++] = now - before;
    }
    if (count === 0) return null;
    const columns = rows.columns.map((column) => gatherRows(column, entries, count, null));
    const keys = columns.slice(0, this.#keyCount);
    const args = columns.slice(this.#keyCount, this.#keyCount + this.#argCount);
    const order = columns.slice(this.#keyCount + this.#argCount);
    return { count, keys, args, order, groups: groupsOf(keys, count), weights };
  }

  endTick(): void {
    this.#rows.partitions.endTick();
  }

  forget(groups: Int32Array, count: number): void {
    this.#rows.forget(groups, count);
  }

  restored(): void {
    this.#rows.restored();
  }
}
