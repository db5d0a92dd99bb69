/**
 * All calls of an aggregation together: hands each its arguments, with the rows that its FILTER, its
 * NULL rule and its DISTINCT let through.
 */

import { assert } from '../../base/assert.ts';
import type { OperatorContext, OperatorCounters } from '../../dataflow/operator.ts';
import type { AggregateCallSpec, AggregateSpec, ColumnSpec } from '../../plan/dataflow-plan.ts';
import type { StateTable } from '../../state/state-table.ts';
import type { ValueColumn, ValueSpec } from '../../state/value-column.ts';
import type { Batch } from '../../types/batch.ts';
import type { Column } from '../../types/column.ts';
import type { SqlType } from '../../types/sql-type.ts';
import type { CallRows, CallState, ReportFailure } from './call.ts';
import { DistinctRows } from './distinct-rows.ts';
import { makeCall } from './make-call.ts';

interface Call {
  readonly spec: AggregateCallSpec;
  readonly state: CallState;
}

/** Calls whose distinct arguments stand in one table. */
interface Shared {
  readonly calls: readonly Call[];
  readonly rows: DistinctRows;
}

export interface CallsEnvironment {
  readonly context: OperatorContext;
  readonly counters: OperatorCounters;
  /** Whether `attach` will be given a column with the number of rows of each group. */
  readonly countsRows: boolean;
  readonly groupKeys: () => readonly Column[];
  /** Groups of the given keys; all are known to be there. */
  readonly groupsOf: (keys: readonly Column[], count: number) => Int32Array;
}

export class AggregateCalls {
  /** Result types. */
  readonly types: readonly SqlType[];
  readonly #calls: readonly Call[];
  /** Those without DISTINCT. */
  readonly #plain: readonly Call[];
  readonly #distinct: readonly Shared[];
  readonly #environment: CallsEnvironment;

  constructor(
    spec: Pick<AggregateSpec, 'keys' | 'calls' | 'insertOnly'> & {
      readonly window?: AggregateSpec['window'];
    },
    input: readonly ColumnSpec[],
    environment: CallsEnvironment,
  ) {
    this.#environment = environment;
    this.types = spec.calls.map((call) => call.type);
    this.#calls = spec.calls.map((call, i) => {
      const typeOf = (column: number): SqlType => input[column]!.type;
      const options = {
        keyTypes: spec.keys.map(typeOf),
        argTypes: call.args.map(typeOf),
        type: call.type,
        context: environment.context,
        counters: environment.counters,
        insertOnly: spec.insertOnly,
        countsRows: environment.countsRows,
        groupKeys: environment.groupKeys,
      };
      const orderTypes = call.orderBy.map((order) => typeOf(order.column));
      // Distinct values of an insert-only input come in groups by tick, without an order of their own.
      const state = makeCall(
        call,
        { ...options, name: `values/${i}`, insertOnly: spec.insertOnly && !call.distinct },
        orderTypes,
      );
      return { spec: call, state };
    });
    this.#plain = this.#calls.filter((call) => !call.spec.distinct);
    this.#distinct = sharedTables(this.#calls, input).map((calls) => {
      const { args, orderBy } = calls[0]!.spec;
      const rows = new DistinctRows({
        name: `distinct/${this.#calls.indexOf(calls[0]!)}`,
        keyTypes: spec.keys.map((column) => input[column]!.type),
        argTypes: args.map((column) => input[column]!.type),
        orderTypes: orderBy.map((order) => input[order.column]!.type),
        calls: calls.length,
        forgets: (spec.window ?? null) !== null,
      });
      return { calls, rows };
    });
  }

  get specs(): ValueSpec[] {
    return this.#calls.flatMap((call) => call.state.specs);
  }

  get stateTables(): StateTable[] {
    return [
      ...this.#calls.flatMap(({ state }) => state.stateTables),
      ...this.#distinct.flatMap(({ rows }) => rows.stateTables),
    ];
  }

  /** `columns` as `specs` asks for; `groupRows` counts the rows of each group: null if nothing does. */
  attach(columns: readonly ValueColumn[], groupRows: ValueColumn | null): void {
    assert((groupRows !== null) === this.#environment.countsRows, 'who counts rows of groups');
    let at = 0;
    for (const { state } of this.#calls) {
      state.attach(columns.slice(at, at + state.specs.length), groupRows);
      at += state.specs.length;
    }
  }

  update(batch: Batch, keys: readonly Column[], groups: Int32Array): void {
    const rowsFor = ({ spec }: Call): CallRows => ({
      count: batch.count,
      keys,
      args: spec.args.map((column) => batch.columns[column]!),
      order: spec.orderBy.map((order) => batch.columns[order.column]!),
      groups,
      weights: countingWeights(batch, spec),
    });
    for (const call of this.#plain) call.state.update(rowsFor(call));
    for (const { calls, rows } of this.#distinct) rows.apply(calls.map(rowsFor));
  }

  /** Gives the calls with DISTINCT what this tick changed. Before any output of the tick. */
  settleDistinct(): void {
    for (const { calls, rows } of this.#distinct) {
      calls.forEach(({ state }, index) => {
        const changes = rows.changes(index);
        if (changes !== null) state.update(changes);
      });
    }
  }

  /** Whether `merge` may be called. */
  get canMerge(): boolean {
    return this.#distinct.length === 0 && this.#calls.every(({ state }) => 'merge' in state);
  }

  /** Adds what group `from` has to group `to`. */
  merge(from: number, to: number): void {
    for (const { state } of this.#calls) state.merge?.(from, to);
  }

  capture(groups: Int32Array, from: number, to: number): void {
    if (from === to) return;
    for (const { state } of this.#calls) state.capture(groups, from, to);
  }

  output(groups: Int32Array, count: number, report: ReportFailure): Column[] {
    return this.#calls.map(({ state }) => state.output(groups, count, report));
  }

  outputBefore(from: number, count: number, report: ReportFailure): Column[] {
    return this.#calls.map(({ state }) => state.outputBefore(from, count, report));
  }

  forget(groups: Int32Array, count: number): void {
    for (const { state } of this.#calls) state.forget(groups, count);
    for (const { rows } of this.#distinct) rows.forget(groups, count);
  }

  endTick(): void {
    for (const { state } of this.#calls) state.endTick();
    for (const { rows } of this.#distinct) rows.endTick();
  }

  restored(): void {
    for (const { state } of this.#calls) state.restored();
    for (const { rows } of this.#distinct) rows.restored(this.#environment.groupsOf);
  }
}

/** Calls with DISTINCT by their arguments and order, where equal values always look the same. */
function sharedTables(calls: readonly Call[], input: readonly ColumnSpec[]): Call[][] {
  const tables: Call[][] = [];
  for (const call of calls) {
    if (!call.spec.distinct) continue;
    const columns = distinctColumns(call);
    const plain = columns.every((column) => plainKinds.has(input[column]!.type.kind));
    const known = tables.find((table) => {
      const others = distinctColumns(table[0]!);
      return others.length === columns.length && others.every((each, i) => each === columns[i]);
    });
    if (plain && known !== undefined) known.push(call);
    else tables.push([call]);
  }
  return tables;
}

function distinctColumns({ spec }: Call): number[] {
  return [...spec.args, ...spec.orderBy.map((order) => order.column)];
}

/** Types of which two equal values have one text. */
const plainKinds: ReadonlySet<SqlType['kind']> = new Set([
  ...(['boolean', 'smallint', 'integer', 'bigint', 'oid', 'text', 'varchar', 'name'] as const),
  ...(['date', 'time', 'timestamp', 'timestamptz', 'uuid', 'bytea'] as const),
]);

/** The batch's weights with 0 for rows that FILTER or a NULL argument keeps out; null when all are 1. */
function countingWeights(batch: Batch, spec: AggregateCallSpec): Int32Array | null {
  const { count } = batch;
  const filter = spec.filter === null ? null : batch.columns[spec.filter]!;
  const tested = spec.fn.skipsNull && spec.args.length > 0 ? batch.columns[spec.args[0]!]! : null;
  const nullable = tested !== null && (tested.kind === 'any' || tested.nulls !== null);
  if (filter === null && !nullable) return batch.weights;
  const weights = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const passes =
      (filter === null || isTrue(filter, i)) && !(nullable && isNull(tested as Column, i));
    weights[i] = passes ? (batch.weights === null ? 1 : batch.weights[i]!) : 0;
  }
  return weights;
}

function isTrue(column: Column, i: number): boolean {
  if (column.kind === 'any') return column.values[i] === true;
  if (column.kind !== 'bool') return false;
  return column.values[i] === 1 && (column.nulls === null || column.nulls[i] === 0);
}

function isNull(column: Column, i: number): boolean {
  return column.kind === 'any' ? column.values[i] === null : column.nulls?.[i] === 1;
}
