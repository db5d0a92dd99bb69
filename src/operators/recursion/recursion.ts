/**
 * WITH RECURSIVE as two operators with the recursive term's operators between them. The first gives the rows of one
 * round with the number of the round; the last hears what the round makes of them, which is the next round. The
 * graph repeats what lies between for as long as a round changes something, and the rounds keep apart by their
 * number, so that the state of all operators between is that of every round at once: a change, from without or
 * from the round before, costs what it changes in each round and what follows from that.
 *
 * What comes out is the net change of all rounds, or each round at once where nothing is ever taken back.
 */

import { SqlError, sqlstate } from '../../base/errors.ts';
import type { Operator, OperatorContext, Output } from '../../dataflow/operator.ts';
import type { RecursionEndSpec, RecursionSpec } from '../../plan/dataflow-plan.ts';
import { RowTable } from '../../state/row-table.ts';
import type { StateTable } from '../../state/state-table.ts';
import { alignColumn } from '../../state/stored-column.ts';
import type { Batch } from '../../types/batch.ts';
import type { SqlType } from '../../types/sql-type.ts';
import { EntryOutput, Outlet, Times } from '../outlet.ts';
import { CountedRounds } from './counted-rounds.ts';
import { DistinctRounds } from './distinct-rounds.ts';
import type { Rounds } from './rounds.ts';

/** The most rounds where no other limit is set. */
export const recursionLimitDefault = 100_000;
/** The most rows of all rounds that one tick may change. */
const rowsMax = 10_000_000;

export class Recursion implements Operator {
  readonly stateTables: readonly StateTable[];
  readonly #name: string;
  readonly #limit: number;
  readonly #types: readonly SqlType[];
  readonly #inputTypes: readonly SqlType[];
  readonly #rounds: Rounds;
  readonly #times = new Times(1);
  readonly #outlet = new Outlet();
  readonly #output = new EntryOutput();
  /** Rows given in this tick. */
  #given = 0;

  constructor(
    spec: Pick<RecursionSpec, 'name' | 'all'>,
    rowTypes: readonly SqlType[],
    inputTypes: readonly SqlType[],
    context: OperatorContext,
  ) {
    this.#name = spec.name;
    this.#limit = context.recursionLimit ?? recursionLimitDefault;
    this.#types = rowTypes;
    this.#inputTypes = inputTypes;
    this.#rounds = spec.all ? new CountedRounds(spec.name, rowTypes) : new DistinctRounds(rowTypes);
    this.stateTables = [...this.#rounds.stateTables, this.#times.table];
  }

  get counters() {
    return this.#outlet.counters;
  }

  connect(output: Output): void {
    this.#outlet.connect(output);
  }

  /** Rows of the first round. */
  push(batch: Batch): void {
    this.counters.rowsIn += batch.count;
    const columns = batch.columns.map((column, c) =>
      alignColumn(column, batch.count, this.#inputTypes[c]!, this.#types[c]!),
    );
    this.#rounds.add(columns, batch.count, batch.weights, null);
  }

  /** Rows made of those of a round, which stands in their last column; the others are of `from`. */
  made(batch: Batch, from: readonly SqlType[]): void {
    const width = this.#types.length;
    const columns = batch.columns
      .slice(0, width)
      .map((column, c) => alignColumn(column, batch.count, from[c]!, this.#types[c]!));
    this.#rounds.add(columns, batch.count, batch.weights, batch.columns[width]!);
  }

  watermark(micros: number): void {
    this.#times.advance(0, micros);
  }

  flush(): void {
    this.again();
    this.#times.pass(this.#outlet);
  }

  /** Gives the changes of the next round; false when there are none, which ends the tick. */
  again(): boolean {
    const round = this.#rounds.next(this.#output);
    if (round === null) {
      this.#given = 0;
      return false;
    }
    if (round > this.#limit) throw this.#endless(`passes ${this.#limit} rounds`);
    this.#given += this.#output.count;
    if (this.#given > rowsMax) throw this.#endless(`gives more than ${rowsMax} rows at once`);
    this.#output.send(this.#outlet, this.#rounds.columns);
    this.#rounds.done();
    return true;
  }

  #endless(what: string): SqlError {
    return new SqlError(sqlstate.statementTooComplex, `recursive query "${this.#name}" ${what}`, {
      detail: 'Every round gave rows that made further rows.',
      hint: 'Add a condition to the recursive term that ends it, or use UNION instead of UNION ALL.',
    });
  }

  restored(): void {
    this.#rounds.restored();
  }
}

export class RecursionEnd implements Operator {
  readonly stateTables: readonly StateTable[];
  readonly #recursion: Recursion;
  readonly #stepTypes: readonly SqlType[];
  readonly #once: boolean;
  /** The net change of all rounds in this tick. */
  readonly #net: RowTable;
  readonly #times = new Times(2);
  readonly #outlet = new Outlet();
  readonly #output = new EntryOutput();

  constructor(
    spec: Pick<RecursionEndSpec, 'once'>,
    options: {
      readonly recursion: Recursion;
      readonly types: readonly SqlType[];
      readonly stepTypes: readonly SqlType[];
    },
  ) {
    this.#once = spec.once;
    this.#recursion = options.recursion;
    this.#stepTypes = options.stepTypes;
    this.#net = new RowTable({ name: 'net', types: options.types, tracked: false });
    this.stateTables = [this.#times.table];
  }

  get counters() {
    return this.#outlet.counters;
  }

  connect(output: Output): void {
    this.#outlet.connect(output);
  }

  push(batch: Batch, input: number): void {
    this.counters.rowsIn += batch.count;
    if (input === 1) this.#recursion.made(batch, this.#stepTypes);
    else this.#net.apply(batch.columns.slice(0, -1), batch.count, batch.weights);
  }

  watermark(micros: number, input: number): void {
    this.#times.advance(input, micros);
  }

  flush(): void {
    if (this.#once) this.#send();
  }

  /** What the graph asks when a round is through. */
  again(): boolean {
    if (this.#recursion.again()) return true;
    this.#send();
    this.#times.pass(this.#outlet);
    return false;
  }

  #send(): void {
    const net = this.#net;
    const changes: [entry: number, weight: number][] = [];
    for (let i = 0; i < net.touchedCount; i++) {
      const entry = net.touched[i]!;
      const weight = net.weight(entry);
      this.#output.add(entry, weight);
      changes.push([entry, weight]);
    }
    this.#output.send(this.#outlet, net.columns);
    for (const [entry, weight] of changes) net.addWeight(entry, -weight);
    net.endTick();
  }

  restored(): void {
    // No caches.
  }
}
