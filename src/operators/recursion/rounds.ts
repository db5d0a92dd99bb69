/**
 * What a recursive query keeps between its rounds: how often each round makes each row. Changes are added for any
 * round; `next` gives the net change of the least round that has one, and all that follows from it must have
 * been added before the next is asked for.
 */

import type { StateTable } from '../../state/state-table.ts';
import type { Column } from '../../types/column.ts';
import type { EntryOutput } from '../outlet.ts';

export interface Rounds {
  readonly stateTables: readonly StateTable[];
  /** Where the rows that `next` names stand: their columns, then the round. */
  readonly columns: readonly Column[];
  /**
   * Adds weighted rows (null: +1 each), made in the round after that in `after` (null: in round 0).
   */
  add(
    columns: readonly Column[],
    count: number,
    weights: Int32Array | null,
    after: Column | null,
  ): void;
  /** Puts the changed rows of the next round into `output` and returns its number; null: nothing waits. */
  next(output: EntryOutput): number | null;
  /** The rows that `next` gave have been read. */
  done(): void;
  restored(): void;
}

const noRounds = new Int32Array(0);

/** The round after that of each row, as a column. */
export class NextRounds {
  #values = noRounds;

  of(after: Column | null, count: number): Int32Array {
    if (this.#values.length < count) this.#values = new Int32Array(count * 2);
    const values = this.#values;
    if (after === null) values.fill(0, 0, count);
    else if (after.kind === 'i32') {
      for (let i = 0; i < count; i++) values[i] = after.values[i]! + 1;
    } else if (after.kind === 'any') {
      for (let i = 0; i < count; i++) values[i] = Number(after.values[i]) + 1;
    }
    return values;
  }
}
