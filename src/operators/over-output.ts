/**
 * What a window operator sends in a tick: rows of its state with the values of its calls beside them, those that
 * hold no longer before those that hold now.
 */

import { gatherRows } from '../state/gather.ts';
import type { Batch } from '../types/batch.ts';
import { BatchBuilder } from '../types/column-access.ts';
import type { Column } from '../types/column.ts';
import type { Datum } from '../types/datum.ts';
import { identicalDatums } from '../types/row-codec.ts';
import type { SqlType } from '../types/sql-type.ts';
import { outputRowsMax } from './outlet.ts';
import type { ChangedRows } from './over-call.ts';
import type { Span } from './partition-changes.ts';

/** By call: the values of some rows. */
type Values = readonly (readonly (Datum | null)[])[];

interface Signed {
  readonly weight: 1 | -1;
  readonly entries: number[];
  /** By call. */
  readonly values: (Datum | null)[][];
}

export class OverOutput {
  /** An entry among the rows may have further ones: the same row may stand on both sides. */
  hasCopies = false;
  readonly #types: readonly SqlType[];
  readonly #builder: BatchBuilder;
  readonly #old: Signed;
  readonly #now: Signed;

  /** The types of the calls. */
  constructor(types: readonly SqlType[]) {
    this.#types = types;
    this.#builder = new BatchBuilder(types);
    this.#old = { weight: -1, entries: [], values: types.map(() => []) };
    this.#now = { weight: 1, entries: [], values: types.map(() => []) };
  }

  /** Adds the rows of the spans that changed or have other values; `old` and `now` are of all their rows, in order. */
  addChanges(
    { changes, now }: ChangedRows,
    spans: readonly Span[],
    values: { readonly old: Values; readonly now: Values },
  ): void {
    let old = 0;
    let fresh = 0;
    let j = 0;
    for (const span of spans) {
      let row = span.from;
      const compareTo = (end: number): void => {
        let position = row < end ? changes.positionOf(row, 'now') : 0;
        for (; row < end; row++, position++, old++, fresh++) {
          if (this.#isSame(values, old, fresh)) continue;
          const entry = now.view.entryAt(position);
          this.#add(this.#old, entry, values.old, old);
          this.#add(this.#now, entry, values.now, fresh);
          this.hasCopies ||= now.view.hasCopies(position);
        }
      };
      for (; j < changes.entries.length && changes.gaps[j]! <= span.to; j++) {
        compareTo(changes.gaps[j]!);
        const entry = changes.entries[j]!;
        const before = changes.weightsBefore[j]!;
        const after = changes.weightsNow[j]!;
        for (let n = 0; n < before; n++) this.#add(this.#old, entry, values.old, old++);
        for (let n = 0; n < after; n++) this.#add(this.#now, entry, values.now, fresh++);
        this.hasCopies ||= before > 1 || after > 1 || (before > 0 && after > 0);
      }
      compareTo(span.to);
    }
  }

  /** Gives out what was added as batches and starts over; entries are places in `columns`. */
  send(emit: (batch: Batch) => void, columns: readonly Column[]): void {
    for (const signed of [this.#old, this.#now]) {
      for (let at = 0; at < signed.entries.length; at += outputRowsMax) {
        emit(this.#batch(signed, at, columns));
      }
      signed.entries.length = 0;
      for (const values of signed.values) values.length = 0;
    }
    this.hasCopies = false;
  }

  #batch({ entries, values, weight }: Signed, at: number, columns: readonly Column[]): Batch {
    const rows = Int32Array.from(entries.slice(at, at + outputRowsMax));
    const count = rows.length;
    this.#builder.clear();
    for (let i = at; i < at + count; i++) this.#builder.append(values.map((each) => each[i]!));
    return {
      count,
      columns: [
        ...columns.map((column) => gatherRows(column, rows, count, null)),
        ...this.#builder.batch().columns,
      ],
      weights: weight === 1 ? null : new Int32Array(count).fill(-1),
      rowWatermarks: null,
      origin: null,
    };
  }

  #add(to: Signed, entry: number, values: Values, at: number): void {
    to.entries.push(entry);
    for (let c = 0; c < values.length; c++) to.values[c]!.push(values[c]![at]!);
  }

  #isSame({ old, now }: { readonly old: Values; readonly now: Values }, a: number, b: number) {
    for (let c = 0; c < old.length; c++) {
      if (!identicalDatums(old[c]![a]!, now[c]![b]!, this.#types[c]!)) return false;
    }
    return true;
  }
}
