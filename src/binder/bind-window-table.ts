/** Window functions of time in FROM: TUMBLE, HOP, CUMULATE and SESSION, all spellings. */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type { LogicalPlan, WindowPlan, WindowSpec } from '../plan/logical.ts';
import type * as ast from '../syntax/ast.ts';
import type { Field } from '../types/schema.ts';
import { types } from '../types/sql-type.ts';
import { spanMicros } from './bind-literal.ts';
import { coerce, typeName } from './coerce.ts';
import { lookupColumn } from './column-lookup.ts';
import { bindIn, type ExprEnv, type QueryEnv } from './expr-env.ts';
import { withAlias } from './from-alias.ts';
import { plainItem, type FromResult } from './from-result.ts';
import type { QueryLevel } from './query-level.ts';
import { Scope } from './scope.ts';

export function bindWindowTable(
  table: ast.WindowTable,
  env: QueryEnv,
  level: QueryLevel,
  bindInput: (input: ast.TableRef | ast.DerivedTable) => FromResult,
): FromResult {
  const input = bindInput(table.input);
  const inner: ExprEnv = {
    binding: env.binding,
    scope: new Scope(input.items, env.parent, level),
    common: env.common,
    clause: 'functions in FROM',
    binders: env.binders,
  };
  const timeColumn = columnIndex(table.timeColumn, inner, 'the time column of a window');
  const partitionBy = table.partitionBy.map((expression) => {
    if (expression.kind === 'column') return columnIndex(expression, inner, 'PARTITION BY');
    throw notSupported('PARTITION BY an expression in a window', {
      hint: 'Compute the expression as a column in a subquery.',
      position: expression.span.start,
    });
  });
  const plan = windowPlan(
    input.plan,
    windowSpec(table, partitionBy, inner),
    timeColumn,
    table.timeColumn.span.start,
  );
  const [before] = input.items;
  const item = plainItem(plan, { name: before?.name ?? null, schema: null, relation: null });
  // Columns may have been renamed by an alias inside, as in TUMBLE((SELECT …) …).
  const columns = item.columns.map((column, i) => ({
    ...column,
    name: before?.columns[i]?.name ?? column.name,
  }));
  return withAlias({ plan, items: [{ ...item, columns }] }, table.alias);
}

/** The window's plan: the input's columns, then window_start, window_end and window_time. */
export function windowPlan(
  input: LogicalPlan,
  window: WindowSpec,
  timeColumn: number,
  position: number,
): WindowPlan {
  const time = input.schema[timeColumn]!;
  if (time.type.kind !== 'timestamp' && time.type.kind !== 'timestamptz') {
    throw new SqlError(
      sqlstate.datatypeMismatch,
      `the time column of a window must be of type timestamp, not ${typeName(time.type)}`,
      { hint: 'Cast it in a subquery, or declare the column as a timestamp.', position },
    );
  }
  const added = ['window_start', 'window_end', 'window_time'].map((name): Field => ({
    name,
    type: time.type,
    nullable: false,
    ...(time.time === undefined ? {} : { time: time.time }),
  }));
  // Above a window by the clock, watermarks are times of the clock and say nothing of event time.
  const kept = input.schema.map((field): Field => {
    if (time.time !== 'processing' || field.time !== 'event') return field;
    const { time: _, ...rest } = field;
    return rest;
  });
  return { kind: 'window', input, window, timeColumn, schema: [...kept, ...added] };
}

function columnIndex(reference: ast.ColumnRef, env: ExprEnv, what: string): number {
  const found = lookupColumn(reference, env.scope);
  if (found.expr.kind === 'column' && found.partsUsed === reference.parts.length) {
    return found.expr.index;
  }
  throw new SqlError(
    sqlstate.invalidColumnReference,
    `${what} must be a column of the windowed relation`,
    { position: reference.span.start },
  );
}

function windowSpec(
  table: ast.WindowTable,
  partitionBy: readonly number[],
  env: ExprEnv,
): WindowSpec {
  const span = (expression: ast.Expression | null, what: string): number => {
    if (expression === null) {
      throw new SqlError(
        sqlstate.syntaxError,
        `${table.function.toUpperCase()} needs a window ${what}`,
        { position: table.span.start },
      );
    }
    return positiveSpan(expression, `the window ${what}`, env);
  };
  const offset = table.offset === null ? 0 : spanOf(table.offset, 'the window offset', env);
  switch (table.function) {
    case 'tumble':
      return { fn: 'tumble', size: span(table.size, 'size'), offset };
    case 'hop':
      return {
        fn: 'hop',
        size: span(table.size, 'size'),
        slide: span(table.slide, 'slide'),
        offset,
      };
    case 'cumulate':
      return cumulate(span(table.size, 'size'), span(table.step, 'step'), offset, table.span.start);
    case 'session':
      return { fn: 'session', gap: span(table.gap, 'gap'), partitionBy };
  }
}

function cumulate(size: number, step: number, offset: number, position: number): WindowSpec {
  if (size % step !== 0) {
    throw new SqlError(
      sqlstate.invalidParameterValue,
      'the maximum size of a CUMULATE window must be a multiple of its step',
      { position },
    );
  }
  return { fn: 'cumulate', size, step, offset };
}

/** A constant span of time that is longer than nothing. */
export function positiveSpan(expression: ast.Expression, what: string, env: ExprEnv): number {
  const micros = spanOf(expression, what, env);
  if (micros > 0) return micros;
  throw new SqlError(sqlstate.invalidParameterValue, `${what} must be greater than zero`, {
    position: expression.span.start,
  });
}

function spanOf(expression: ast.Expression, what: string, env: ExprEnv): number {
  const bound = bindIn(env, expression);
  return spanMicros(coerce(env.binding, bound, types.interval, 'implicit'), what);
}
