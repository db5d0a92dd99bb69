/**
 * Short forms for building logical plans by hand in tests: tables with rows, functions found by name with
 * the casts that overload resolution asks for, and every node with its schema worked out.
 */

import type { Expr, SubqueryExpr } from '../expr/expr.ts';
import type { CatalogReader, EvalContext } from '../expr/functions/registry.ts';
import { createRegistry } from '../expr/functions/builtin.ts';
import {
  resolveAggregate,
  resolveFunction,
  resolveOperator,
  resolveTable,
} from '../expr/resolve.ts';
import { columnExpr, fieldFor } from '../plan/expressions.ts';
import { makeJoin, makeProject } from '../plan/make.ts';
import type {
  AggregateCall,
  AggregatePlan,
  FlatMapPlan,
  JoinPlan,
  JoinType,
  LogicalPlan,
  OverPlan,
  ScanPlan,
  SortKey,
  SortPlan,
  WindowFrame,
  WindowPlan,
  WindowSpec,
} from '../plan/logical.ts';
import type { Datum, Row } from '../types/datum.ts';
import { sameType } from '../types/oid.ts';
import type { Field, Schema } from '../types/schema.ts';
import { types } from '../types/sql-type.ts';
import type { SqlType } from '../types/sql-type.ts';

export interface TestTable {
  readonly name: string;
  readonly oid: number;
  readonly schema: Schema;
  readonly rows: readonly Row[];
  readonly appendOnly: boolean;
  readonly keys: readonly (readonly number[])[];
}

export const functions = createRegistry();

const noCatalog: CatalogReader = {
  setting: () => undefined,
  lookupOid: () => null,
  nameOfOid: () => null,
  call: () => null,
};

/** An evaluation that stands still: midnight of 2000-01-01 UTC. */
export const evaluation: EvalContext = {
  nowMicros: 946_684_800_000_000n,
  clockMicros: () => 946_684_800_000_000n,
  timeZone: 'UTC',
  random: () => 0.5,
  catalog: noCatalog,
};

export function field(name: string, type: SqlType, options: Partial<Field> = {}): Field {
  return { name, type, nullable: true, ...options };
}

export function scan(table: TestTable): ScanPlan {
  return {
    kind: 'scan',
    relation: {
      oid: table.oid,
      schemaName: 'public',
      name: table.name,
      kind: 'table',
      appendOnly: table.appendOnly,
      keys: table.keys,
    },
    columns: [...table.schema.keys()],
    schema: table.schema,
  };
}

/** Column `name` of a plan's row. */
export function col(plan: { readonly schema: Schema }, name: string, shift = 0): Expr {
  const index = plan.schema.findIndex((each) => each.name === name);
  if (index < 0) throw new Error(`no column ${name}`);
  return columnExpr(index + shift, plan.schema[index]!.type);
}

export function outer(plan: { readonly schema: Schema }, name: string, depth = 1): Expr {
  const column = col(plan, name);
  if (column.kind !== 'column') throw new Error('a column');
  return { kind: 'outer', depth, index: column.index, type: column.type };
}

export function int(value: number | null): Expr {
  return { kind: 'constant', value, type: types.integer };
}

export function text(value: string | null): Expr {
  return { kind: 'constant', value, type: types.text };
}

export function constant(value: Datum | null, type: SqlType): Expr {
  return { kind: 'constant', value, type };
}

/** An infix operator with implicit casts where it needs them. */
export function op(symbol: string, left: Expr, right: Expr): Expr {
  const call = resolveOperator(functions, symbol, left.type, right.type);
  return {
    kind: 'call',
    fn: call.fn,
    args: castAll([left, right], call.parameterTypes),
    type: call.returns,
  };
}

export function fn(name: string, ...args: readonly Expr[]): Expr {
  const call = resolveFunction(
    functions,
    name,
    args.map((arg) => arg.type),
  );
  return {
    kind: 'call',
    fn: call.fn,
    args: castAll(args, call.parameterTypes),
    type: call.returns,
  };
}

export function and(...args: readonly Expr[]): Expr {
  return { kind: 'and', args, type: types.boolean };
}

export function or(...args: readonly Expr[]): Expr {
  return { kind: 'or', args, type: types.boolean };
}

export function not(arg: Expr): Expr {
  return { kind: 'not', arg, type: types.boolean };
}

function castAll(args: readonly Expr[], parameters: readonly SqlType[]): Expr[] {
  return args.map((arg, i): Expr => {
    const type = parameters[i]!;
    return sameType(arg.type, type) ? arg : { kind: 'cast', arg, type, mode: 'implicit' };
  });
}

export function filter(input: LogicalPlan, predicate: Expr): LogicalPlan {
  return { kind: 'filter', input, predicate, schema: input.schema };
}

/** Columns as [name, expression]. */
export function project(
  input: LogicalPlan,
  columns: readonly (readonly [string, Expr])[],
): LogicalPlan {
  const fields = columns.map(([name, expr]) => fieldFor(name, expr, input.schema));
  return makeProject(
    input,
    columns.map(([, expr]) => expr),
    fields,
  );
}

export function join(
  type: JoinType,
  left: LogicalPlan,
  right: LogicalPlan,
  on: Expr,
  lateral = false,
): JoinPlan {
  return { ...makeJoin(type, left, right, on), lateral };
}

export function aggregateCall(
  name: string,
  args: readonly Expr[],
  options: Partial<AggregateCall> = {},
): { readonly call: AggregateCall; readonly type: SqlType } {
  const resolved = resolveAggregate(
    functions,
    name,
    args.map((arg) => arg.type),
  );
  const call: AggregateCall = {
    fn: resolved.fn,
    args: castAll(args, resolved.parameterTypes),
    distinct: false,
    filter: null,
    orderBy: [],
    ...options,
  };
  return { call, type: resolved.returns };
}

export function aggregate(
  input: LogicalPlan,
  keys: readonly (readonly [string, Expr])[],
  calls: readonly (readonly [string, ReturnType<typeof aggregateCall>])[],
  groupingSets: readonly (readonly number[])[] | null = null,
): AggregatePlan {
  return {
    kind: 'aggregate',
    input,
    keys: keys.map(([, expr]) => expr),
    aggregates: calls.map(([, { call }]) => call),
    groupingSets,
    schema: [
      ...keys.map(([name, expr]) => {
        const made = fieldFor(name, expr, input.schema);
        return groupingSets === null ? made : { ...made, nullable: true };
      }),
      ...calls.map(([name, { type }]) => field(name, type)),
    ],
  };
}

export function ascending(expr: Expr): SortKey {
  return { expr, descending: false, nullsFirst: false };
}

export function sort(input: LogicalPlan, options: Partial<SortPlan>): SortPlan {
  return {
    kind: 'sort',
    input,
    partitionBy: [],
    order: [],
    limit: null,
    offset: null,
    withTies: false,
    ...options,
    schema: input.schema,
  };
}

export const wholeFrame: WindowFrame = {
  mode: 'range',
  start: { kind: 'unbounded-preceding', offset: null },
  end: { kind: 'current-row', offset: null },
  exclude: 'no others',
};

export function over(
  input: LogicalPlan,
  options: Pick<OverPlan, 'partitionBy' | 'order'>,
  calls: readonly {
    readonly name: string;
    readonly type: SqlType;
    readonly call?: AggregateCall;
  }[],
): OverPlan {
  return {
    kind: 'over',
    input,
    ...options,
    calls: calls.map(({ name, call }) => ({
      name,
      aggregate: call?.fn ?? null,
      args: call?.args ?? [],
      filter: null,
      frame: wholeFrame,
    })),
    schema: [...input.schema, ...calls.map(({ name, type }) => field(name, type))],
  };
}

export function flatMap(
  input: LogicalPlan,
  name: string,
  args: readonly Expr[],
  isOuter = false,
): FlatMapPlan {
  const resolved = resolveTable(
    functions,
    name,
    args.map((arg) => arg.type),
  );
  return {
    kind: 'flat-map',
    input,
    fn: resolved.fn,
    args: castAll(args, resolved.parameterTypes),
    ordinality: false,
    outer: isOuter,
    schema: [...input.schema, ...resolved.columns.map((column) => field(column.name, column.type))],
  };
}

export function windowed(input: LogicalPlan, timeColumn: number, window: WindowSpec): WindowPlan {
  const time = input.schema[timeColumn]!;
  const made = ['window_start', 'window_end', 'window_time'].map((name) => ({
    ...time,
    name,
    nullable: false,
  }));
  return { kind: 'window', input, window, timeColumn, schema: [...input.schema, ...made] };
}

export function subquery(
  mode: SubqueryExpr['mode'],
  plan: LogicalPlan,
  options: { readonly symbol?: string; readonly args?: readonly Expr[] } = {},
): SubqueryExpr {
  const args = options.args ?? [];
  const calls = args.map((arg, i) => {
    return resolveOperator(functions, options.symbol ?? '=', arg.type, plan.schema[i]!.type).fn;
  });
  const scalarType = plan.schema[0]?.type ?? types.boolean;
  const type =
    mode === 'scalar'
      ? scalarType
      : mode === 'array'
        ? ({ kind: 'array', element: scalarType } as const)
        : types.boolean;
  return { kind: 'subquery', mode, plan, args, fns: calls, type };
}
