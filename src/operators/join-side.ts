/**
 * One side of a join: its rows, chained by join key, and for sides that care how many rows of the other
 * side match each row (outer, semi and anti joins). Rows whose key cannot match are kept only where the
 * join gives unmatched rows.
 */

import type { ForgetSpec } from '../plan/dataflow-plan.ts';
import type { RowIndex } from '../state/row-index.ts';
import { RowTable } from '../state/row-table.ts';
import { TouchList } from '../state/touch-list.ts';
import type { Batch } from '../types/batch.ts';
import { gather, isNullAt } from '../types/column-access.ts';
import type { Column } from '../types/column.ts';
import type { SqlType } from '../types/sql-type.ts';
import { RowExpiry } from './row-expiry.ts';

export class JoinSide {
  readonly rows: RowTable;
  readonly index: RowIndex;
  readonly types: readonly SqlType[];
  readonly keys: readonly number[];
  /** Unmatched (or, for semi joins, matched) rows of this side appear in the output. */
  readonly counted: boolean;
  /** Rows whose number of matches changed in this tick, with the number before. */
  readonly matchesTouched = new TouchList();

  readonly #nullSafe: readonly boolean[];
  readonly #expiry: RowExpiry | null;

  constructor(options: {
    readonly name: string;
    readonly types: readonly SqlType[];
    readonly keys: readonly number[];
    readonly nullSafe: readonly boolean[];
    readonly counted: boolean;
    readonly appendOnly: boolean;
    readonly forget: ForgetSpec | null;
  }) {
    this.types = options.types;
    this.keys = options.keys;
    this.counted = options.counted;
    this.#nullSafe = options.nullSafe;
    this.rows = new RowTable({
      name: options.name,
      types: options.types,
      values: options.counted ? [{ kind: 'f64' }] : [],
      // A row whose count changes is written again, so recovery must find it.
      appendOnly: options.appendOnly && !options.counted,
    });
    this.index = this.rows.addIndex(options.keys, options.nullSafe);
    this.#expiry =
      options.forget === null
        ? null
        : new RowExpiry(options.forget, {
            stored: this.rows.stored,
            isLive: (row) => this.rows.table.isLive(row),
          });
  }

  /** Adds changes. Rows that can match nothing and are not given by themselves are let go at once. */
  apply(batch: Batch): void {
    const kept = this.counted ? null : this.#matchable(batch);
    const { columns, count, weights } =
      kept === null ? batch : gather(batch, Int32Array.from(kept), kept.length);
    if (count > 0) this.rows.apply(columns, count, weights);
  }

  /** Rows without a NULL in a key column where NULL matches nothing; null for all. */
  #matchable(batch: Batch): number[] | null {
    const tested = this.keys
      .filter((_, k) => !this.#nullSafe[k])
      .map((key) => batch.columns[key]!)
      .filter((column) => column.kind === 'any' || column.nulls !== null);
    if (tested.length === 0) return null;
    const kept: number[] = [];
    for (let i = 0; i < batch.count; i++) {
      if (!tested.some((column) => isNullAt(column, i))) kept.push(i);
    }
    return kept;
  }

  readonly columns = (): readonly Column[] => this.rows.columns;

  /** Types of the join key columns. */
  get keyTypes(): readonly SqlType[] {
    return this.keys.map((key) => this.types[key]!);
  }

  matches(row: number): number {
    return this.rows.value(0).f64[row]!;
  }

  matchesBefore(row: number): number {
    return this.matchesTouched.has(row) ? this.matchesTouched.before(row) : this.matches(row);
  }

  addMatches(row: number, change: number): void {
    if (change === 0) return;
    const counts = this.rows.value(0).f64;
    this.matchesTouched.touch(row, counts[row]!);
    counts[row] = counts[row]! + change;
    this.rows.touch(row);
  }

  /** Ends the tick; rows that neither watermark leaves anything to do go. */
  endTick(other: number, own: number): void {
    this.matchesTouched.clear();
    if (this.#expiry !== null) {
      for (let i = 0; i < this.rows.touchedCount; i++) {
        const row = this.rows.touched[i]!;
        if (this.rows.weightBefore(row) === 0 && this.rows.weight(row) > 0) this.#expiry.add(row);
      }
    }
    this.rows.endTick();
    this.#expiry?.pass(other, own, this.#drop);
    this.rows.sweep();
  }

  readonly #drop = (row: number): void => this.rows.forget(row);

  /** After the state was loaded. Rows that were forgotten before are still in the segments. */
  restored(other: number, own: number): void {
    this.rows.restored();
    if (this.#expiry === null) return;
    this.rows.table.forEach((row) => this.#expiry!.add(row));
    this.#expiry.pass(other, own, this.#drop);
    this.rows.sweep();
  }
}
