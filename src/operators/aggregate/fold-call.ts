/**
 * Aggregates that need a group's values: min and max with retraction, and everything that is folded by an
 * accumulator (string_agg, percentiles, stddev…). Values are kept as rows with multiplicity. Where the
 * order of values shows in the result, a group is folded anew when it changes; otherwise its accumulator
 * lives on as a cache and only hears of changes.
 */

import { evaluationError, SqlError } from '../../base/errors.ts';
import type { Accumulator, AggregateFunction } from '../../expr/functions/registry.ts';
import type { OrderSpec } from '../../plan/dataflow-plan.ts';
import { keyDatum } from '../../state/keyed-table.ts';
import type { StateTable } from '../../state/state-table.ts';
import type { ValueSpec } from '../../state/value-column.ts';
import type { Column } from '../../types/column.ts';
import { narrowColumn, readDatum } from '../../types/column-access.ts';
import type { Datum } from '../../types/datum.ts';
import type { SqlType } from '../../types/sql-type.ts';
import { narrowKind } from '../../types/sql-type.ts';
import type { CallOptions, CallRows, CallState, ReportFailure, Results } from './call.ts';
import { GroupRows } from './group-rows.ts';

/** A result or the error that it gave. */
type Outcome = Datum | SqlError | null;

/** How a group's rows, in their order, become its result. */
interface Fold {
  result(rows: Iterable<number>): Outcome;
}

/** Results of groups from rows kept beside them; a group's result is cached until it changes. */
export class FoldCall implements CallState {
  readonly specs: readonly ValueSpec[] = [];
  readonly stateTables: readonly StateTable[];
  readonly #options: CallOptions;
  readonly #fold: Fold;
  readonly #rows: GroupRows;
  /** Set when results do not depend on the order of values: accumulators by group, made when needed. */
  readonly #living: ((group: number) => Accumulator) | null;
  readonly #accumulators: (Accumulator | null)[] = [];
  /** Results by group as of the last tick; absent when not known. */
  readonly #known: (Outcome | undefined)[] = [];
  #before: Outcome[] = [];

  constructor(options: CallOptions, rows: GroupRows, fold: Fold, make: (() => Accumulator) | null) {
    this.#options = options;
    this.#rows = rows;
    this.#fold = fold;
    this.#living = make === null ? null : (group) => this.#accumulatorOf(group, make);
    this.stateTables = [rows.partitions.rows];
  }

  attach(): void {
    // No columns in the group table.
  }

  update(rows: CallRows): void {
    if (this.#living === null) {
      this.#rows.apply(rows);
      return;
    }
    // Accumulators are made from the kept rows, so they are asked for before these change.
    const changes: [Accumulator, number][] = [];
    for (let i = 0; i < rows.count; i++) {
      if (rows.weights === null || rows.weights[i] !== 0) {
        changes.push([this.#living(rows.groups[i]!), i]);
      }
    }
    this.#rows.apply(rows);
    const types = this.#options.argTypes;
    for (const [accumulator, i] of changes) {
      const args = rows.args.map((column, a) => readDatum(column, i, types[a]!));
      accumulator.add(args, rows.weights === null ? 1 : rows.weights[i]!);
    }
  }

  #accumulatorOf(group: number, make: () => Accumulator): Accumulator {
    const known = this.#accumulators[group];
    if (known) return known;
    const accumulator = make();
    for (const row of this.#rowsOf(group)) this.#feed(accumulator, row);
    this.#accumulators[group] = accumulator;
    return accumulator;
  }

  #feed(accumulator: Accumulator, row: number): void {
    const { rows } = this.#rows.partitions;
    const { firstArg } = this.#rows;
    const args = this.#options.argTypes.map((_, a) => keyDatum(rows.table, firstArg + a, row));
    accumulator.add(args, rows.weight(row));
  }

  /** The rows of a group that are there, in order. */
  *#rowsOf(group: number): Generator<number> {
    const partition = this.#rows.find(Int32Array.of(group), 1)[0]!;
    if (partition < 0) return;
    const { rows } = this.#rows.partitions;
    for (const row of this.#rows.partitions.sorted(partition)) {
      if (rows.weight(row) > 0) yield row;
    }
  }

  capture(groups: Int32Array, from: number, to: number): void {
    for (let t = from; t < to; t++) {
      const group = groups[t]!;
      const known = this.#known[group];
      this.#before[t] = known === undefined ? this.#result(group) : known;
      this.#known[group] = undefined;
    }
  }

  #result(group: number): Outcome {
    try {
      if (this.#living !== null) return this.#living(group).finish();
      return this.#fold.result(this.#rowsOf(group));
    } catch (thrown) {
      const error = evaluationError(thrown);
      if (error instanceof SqlError) return error;
      throw error;
    }
  }

  output(groups: Int32Array, count: number, report: ReportFailure): Column {
    const results: Results = [];
    for (let i = 0; i < count; i++) {
      const group = groups[i]!;
      const known = this.#known[group];
      const outcome = known === undefined ? this.#result(group) : known;
      this.#known[group] = outcome;
      results.push(settled(outcome, i, report));
    }
    return columnOf(results, this.#options.type);
  }

  outputBefore(from: number, count: number, report: ReportFailure): Column {
    const results = this.#before
      .slice(from, from + count)
      .map((outcome, i) => settled(outcome, i, report));
    return columnOf(results, this.#options.type);
  }

  endTick(): void {
    this.#rows.partitions.endTick();
    this.#before = [];
  }

  forget(groups: Int32Array, count: number): void {
    this.#rows.forget(groups, count);
    for (let i = 0; i < count; i++) {
      this.#known[groups[i]!] = undefined;
      this.#accumulators[groups[i]!] = null;
    }
  }

  restored(): void {
    this.#rows.restored();
  }
}

function settled(outcome: Outcome, i: number, report: ReportFailure): Datum | null {
  if (!(outcome instanceof SqlError)) return outcome;
  report(i, outcome);
  return null;
}

function columnOf(results: Results, type: SqlType): Column {
  const wide: Column = { kind: 'any', values: results, nulls: null };
  return narrowKind(type) === 'any' ? wide : narrowColumn(wide, results.length, type);
}

/** min or max whose rows may go: a group's values in order, the extreme first. */
export function makeExtremeFold(options: CallOptions, max: boolean): FoldCall {
  const column = options.keyTypes.length;
  const order: OrderSpec = { column, descending: max, nullsFirst: false };
  const rows = new GroupRows(options, { orderTypes: [], order: [order] });
  const { table } = rows.partitions.rows;
  const result = (entries: Iterable<number>): Outcome => {
    for (const entry of entries) return keyDatum(table, column, entry);
    return null;
  };
  return new FoldCall(options, rows, { result }, null);
}

/**
 * The least of a group's argument lists by exact bytes, all of which are equal: a list of one as its value, others
 * as a row.
 */
export function makeSpellingFold(options: CallOptions): FoldCall {
  const rows = new GroupRows(options, { orderTypes: [], order: [] });
  const { table } = rows.partitions.rows;
  const result = (entries: Iterable<number>): Outcome => {
    for (const entry of entries) {
      const args = options.argTypes.map((_, a) => keyDatum(table, rows.firstArg + a, entry));
      return args.length === 1 ? args[0]! : args;
    }
    return null;
  };
  return new FoldCall(options, rows, { result }, null);
}

/**
 * Any other aggregate, by its accumulator. Those that are declared to fold `values` may show their order:
 * that of ORDER BY; else of arrival, while rows only come; else of the values themselves, so that a
 * group's result depends on its rows alone.
 */
export function makeAccumulatorFold(
  options: CallOptions,
  fn: AggregateFunction,
  order: { readonly specs: readonly OrderSpec[]; readonly types: readonly SqlType[] },
): FoldCall {
  const inOrder = order.specs.length > 0 || fn.state === 'values';
  const { keyTypes, argTypes, context } = options;
  const first = keyTypes.length;
  const rows = new GroupRows(options, {
    orderTypes: order.types,
    order: order.specs.map((spec, i) => ({ ...spec, column: first + argTypes.length + i })),
    sequenced: inOrder && options.insertOnly,
  });
  const make = (): Accumulator => fn.accumulator(argTypes, context.evaluation);
  const result = (entries: Iterable<number>): Outcome => {
    const accumulator = make();
    for (const entry of entries) {
      const { rows: kept } = rows.partitions;
      const args = argTypes.map((_, a) => keyDatum(kept.table, first + a, entry));
      accumulator.add(args, kept.weight(entry));
    }
    return accumulator.finish();
  };
  return new FoldCall(options, rows, { result }, inOrder ? null : make);
}
