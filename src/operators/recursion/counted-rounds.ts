/**
 * The rounds of UNION ALL: every row counts as often as it is made, so a change of one round is all that the next
 * is made of, and nothing is kept from tick to tick.
 */

import { SqlError, sqlstate } from '../../base/errors.ts';
import { KeyedTable } from '../../state/keyed-table.ts';
import type { StateTable } from '../../state/state-table.ts';
import type { Column } from '../../types/column.ts';
import { types } from '../../types/sql-type.ts';
import type { SqlType } from '../../types/sql-type.ts';
import type { EntryOutput } from '../outlet.ts';
import { NextRounds, type Rounds } from './rounds.ts';
import { RoundQueue } from './round-queue.ts';

/** Weights travel as int32. */
const weightMax = 0x7fff_ffff;

export class CountedRounds implements Rounds {
  readonly stateTables: readonly StateTable[] = [];
  readonly #name: string;
  /** Row and round → net weight in this tick. */
  readonly #changes: KeyedTable;
  readonly #types: readonly SqlType[];
  readonly #queue = new RoundQueue();
  readonly #rounds = new NextRounds();
  #entries = new Int32Array(64);
  #given: readonly number[] = [];

  constructor(name: string, rowTypes: readonly SqlType[]) {
    this.#name = name;
    this.#types = [...rowTypes, types.integer];
    this.#changes = new KeyedTable({
      name: 'changes',
      keys: this.#types,
      values: [{ kind: 'f64' }],
      exact: true,
      tracked: false,
    });
  }

  get columns(): readonly Column[] {
    return this.#changes.keys.map((key) => key.stored.column);
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
    const row: Column[] = [...columns, { kind: 'i32', values: rounds, nulls: null }];
    this.#changes.findOrAdd(row, count, entries);
    const net = this.#changes.values[0]!.f64;
    for (let i = 0; i < count; i++) {
      const entry = entries[i]!;
      net[entry] = net[entry]! + (weights === null ? 1 : weights[i]!);
      this.#queue.add(entry, rounds[i]!);
    }
  }

  next(output: EntryOutput): number | null {
    for (;;) {
      const taken = this.#queue.take();
      if (taken === null) return null;
      const net = this.#changes.values[0]!.f64;
      for (const entry of taken.entries) {
        const weight = net[entry]!;
        if (Math.abs(weight) > weightMax) {
          throw new SqlError(
            sqlstate.programLimitExceeded,
            `recursive query "${this.#name}" gives one row more than ${weightMax} times`,
            { hint: 'Use UNION instead of UNION ALL, or end the recursion earlier.' },
          );
        }
        output.add(entry, weight);
      }
      this.#given = taken.entries;
      if (output.count > 0) return taken.round;
      this.done();
    }
  }

  done(): void {
    for (const entry of this.#given) this.#changes.remove(entry);
    this.#given = [];
  }

  restored(): void {
    // Nothing is kept.
  }
}
