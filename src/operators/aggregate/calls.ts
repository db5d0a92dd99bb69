/**
 * All calls of an aggregation together: hands each its arguments, with the rows that its FILTER, its
 * NULL rule and its DISTINCT let through.
 */

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
  readonly distinct: DistinctRows | null;
}

export interface CallsEnvironment {
  readonly context: OperatorContext;
  readonly counters: OperatorCounters;
  readonly groupKeys: () => readonly Column[];
  /** Groups of the given keys; all are known to be there. */
  readonly groupsOf: (keys: readonly Column[], count: number) => Int32Array;
}

export class AggregateCalls {
  /** Result types. */
  readonly types: readonly SqlType[];
  readonly #calls: readonly Call[];
  readonly #environment: CallsEnvironment;

  constructor(
    spec: Pick<AggregateSpec, 'keys' | 'calls' | 'insertOnly'>,
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
        groupKeys: environment.groupKeys,
      };
      const orderTypes = call.orderBy.map((order) => typeOf(order.column));
      // Distinct values of an insert-only input come in groups by tick, without an order of their own.
      const state = makeCall(
        call,
        { ...options, name: `values/${i}`, insertOnly: spec.insertOnly && !call.distinct },
        orderTypes,
      );
      const distinct = call.distinct
        ? new DistinctRows({ ...options, name: `distinct/${i}` }, orderTypes)
        : null;
      return { spec: call, state, distinct };
    });
  }

  get specs(): ValueSpec[] {
    return this.#calls.flatMap((call) => call.state.specs);
  }

  get stateTables(): StateTable[] {
    return this.#calls.flatMap(({ state, distinct }) => [
      ...state.stateTables,
      ...(distinct?.stateTables ?? []),
    ]);
  }

  attach(columns: readonly ValueColumn[]): void {
    let at = 0;
    for (const { state } of this.#calls) {
      state.attach(columns.slice(at, at + state.specs.length));
      at += state.specs.length;
    }
  }

  update(batch: Batch, keys: readonly Column[], groups: Int32Array): void {
    for (const { spec, state, distinct } of this.#calls) {
      const rows: CallRows = {
        count: batch.count,
        keys,
        args: spec.args.map((column) => batch.columns[column]!),
        order: spec.orderBy.map((order) => batch.columns[order.column]!),
        groups,
        weights: countingWeights(batch, spec),
      };
      (distinct ?? { apply: (each: CallRows) => state.update(each) }).apply(rows);
    }
  }

  /** Gives the calls with DISTINCT what this tick changed. Before any output of the tick. */
  settleDistinct(): void {
    for (const { state, distinct } of this.#calls) {
      const rows = distinct?.changes(this.#environment.groupsOf) ?? null;
      if (rows !== null) state.update(rows);
    }
  }

  /** Whether `merge` may be called. */
  get canMerge(): boolean {
    return this.#calls.every(({ state, distinct }) => distinct === null && 'merge' in state);
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
    for (const { state, distinct } of this.#calls) {
      state.forget(groups, count);
      distinct?.forget(groups, count);
    }
  }

  endTick(): void {
    for (const { state, distinct } of this.#calls) {
      state.endTick();
      distinct?.endTick();
    }
  }

  restored(): void {
    for (const { state, distinct } of this.#calls) {
      state.restored();
      distinct?.restored();
    }
  }
}

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
