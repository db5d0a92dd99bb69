/** Functions in FROM: set-returning ones give their rows, others one row of one column. */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import { functionError, resolveTable } from '../expr/resolve.ts';
import { elementOf, isUnknown } from '../expr/type-category.ts';
import type { Expr } from '../expr/expr.ts';
import { columnExpr, notDistinct } from '../plan/expressions.ts';
import type { FlatMapPlan, LogicalPlan } from '../plan/logical.ts';
import { makeJoin } from '../plan/make.ts';
import type * as ast from '../syntax/ast.ts';
import type { Field } from '../types/schema.ts';
import type { SqlType } from '../types/sql-type.ts';
import { types } from '../types/sql-type.ts';
import { functionName } from './bind-call.ts';
import { bindType } from './bind-type.ts';
import { coerceArgs, constant, settleUnknown } from './coerce.ts';
import { columnName } from './column-name.ts';
import { bindIn, type ExprEnv, type QueryEnv } from './expr-env.ts';
import { withAlias } from './from-alias.ts';
import { oneRow, plainItem, type FromResult } from './from-result.ts';
import { argumentsInOrder } from './named-arguments.ts';
import type { QueryLevel } from './query-level.ts';
import { project } from './query-result.ts';
import { Scope } from './scope.ts';
import type { Binding } from './binding.ts';

export function bindFunctionTable(
  table: ast.FunctionTable,
  env: QueryEnv,
  level: QueryLevel,
): FromResult {
  const [first, ...others] = table.functions;
  const position = table.span.start;
  if (first!.columns !== null && table.ordinality && !table.rowsFrom) {
    throw new SqlError(
      sqlstate.syntaxError,
      'WITH ORDINALITY cannot be used with a column definition list',
      { hint: 'Put the column definition list inside ROWS FROM().', position },
    );
  }
  // The function sees what stands left of it from inside its own plan, one level down.
  const inner: ExprEnv = {
    binding: env.binding,
    scope: new Scope([], env.parent, level),
    common: env.common,
    clause: 'functions in FROM',
    binders: env.binders,
  };
  const bound =
    others.length === 0
      ? bindRowsOf(first!, table.ordinality, inner)
      : besideEachOther(
          table.functions.map((each) => bindRowsOf(each, true, inner)),
          table.ordinality,
        );
  const item = plainItem(bound.plan, {
    name: table.alias?.name?.name ?? bound.name,
    schema: null,
    relation: null,
    scalar: bound.single && !table.ordinality,
    columnNames: columnNames(table, bound),
  });
  return withAlias({ plan: bound.plan, items: [item] }, table.alias);
}

interface BoundFunction {
  readonly plan: LogicalPlan;
  readonly name: string;
  /** The function gives one column, which the alias names. */
  readonly single: boolean;
}

/**
 * The rows of several functions, the first of each beside the first of the others, with NULL for those that have no
 * more: they are joined by their ordinalities, which stand last in each.
 */
function besideEachOther(functions: readonly BoundFunction[], ordinality: boolean): BoundFunction {
  const [first, ...others] = functions;
  let { plan } = first!;
  for (const other of others) {
    const width = plan.schema.length;
    const last = width + other.plan.schema.length - 1;
    const [left, right] = [columnExpr(width - 1, types.bigint), columnExpr(last, types.bigint)];
    const joined = makeJoin('full', plan, other.plan, notDistinct(left, right));
    const columns = joined.schema.flatMap(({ name, type }, i) =>
      i === width - 1 || i === last ? [] : [{ name, expr: columnExpr(i, type) }],
    );
    const ordinal: Expr = { kind: 'coalesce', args: [left, right], type: types.bigint };
    plan = project(joined, [...columns, { name: 'ordinality', expr: ordinal }]);
  }
  const { name } = first!;
  if (ordinality) return { plan, name, single: false };
  const columns = plan.schema.slice(0, -1).map((field, i) => ({
    name: field.name,
    expr: columnExpr(i, field.type),
  }));
  return { plan: project(plan, columns), name, single: false };
}

function columnNames(table: ast.FunctionTable, bound: BoundFunction): readonly string[] {
  const names = bound.plan.schema.map((field) => field.name);
  const alias = table.alias?.name?.name;
  return bound.single && alias !== undefined ? [alias, ...names.slice(1)] : names;
}

function bindRowsOf(
  { call: expression, columns }: ast.TableFunctionCall,
  ordinality: boolean,
  env: ExprEnv,
): BoundFunction {
  const call = expression.kind === 'call' ? expression : null;
  if (call !== null && env.binding.functions.tables(functionName(call)).length > 0) {
    return bindRows(call, columns, ordinality, env);
  }
  if (columns !== null) {
    throw new SqlError(
      sqlstate.syntaxError,
      'a column definition list is only allowed for functions returning "record"',
      { position: expression.span.start },
    );
  }
  if (call === null && expression.kind !== 'special-value' && expression.kind !== 'conditional') {
    throw new SqlError(sqlstate.syntaxError, 'only a function may stand here', {
      position: expression.span.start,
    });
  }
  return bindScalarRow(expression, ordinality, env);
}

/** `FROM now()`: one row with the value. */
function bindScalarRow(
  expression: ast.Expression,
  ordinality: boolean,
  env: ExprEnv,
): BoundFunction {
  const name = columnName(expression);
  const value = settleUnknown(env.binding, bindIn(env, expression));
  const columns = [{ name, expr: value }];
  if (ordinality) {
    columns.push({ name: 'ordinality', expr: { kind: 'constant', value: 1n, type: types.bigint } });
  }
  return { plan: project(oneRow, columns), name, single: true };
}

/** The row type that a column definition list describes. */
function described(columns: readonly ast.ColumnSpec[], binding: Binding): SqlType {
  const fields = columns.map((column) => {
    if (column.collation !== null) {
      throw notSupported('COLLATE in a column definition list', { position: column.span.start });
    }
    return { name: column.name.name, type: bindType(column.type, binding) };
  });
  return { kind: 'row', fields };
}

function bindRows(
  call: ast.FunctionCall,
  columns: readonly ast.ColumnSpec[] | null,
  ordinality: boolean,
  env: ExprEnv,
): BoundFunction {
  const name = functionName(call);
  const position = call.span.start;
  if (call.over !== null || call.filter !== null || call.distinct || call.star) {
    throw new SqlError(
      sqlstate.wrongObjectType,
      `${name} is neither an aggregate nor a window function`,
      { position },
    );
  }
  const row = columns === null ? null : described(columns, env.binding);
  const args = argumentsInOrder(call, name, (value) => bindIn(env, value));
  const { functions } = env.binding;
  const argTypes = args.map((arg) => arg.type);
  // unnest(a, b) is unnest(a) beside unnest(b), and each is found by its own type.
  if (name === 'unnest' && args.length > 1) {
    const other = argTypes.find((type) => elementOf(type) === null);
    if (other !== undefined) throw functionError(isUnknown(other), name, [other], position);
  }
  const resolved = resolveTable(functions, name, argTypes, { position, described: row });
  const extra = row === null ? [] : [constant(null, row)];
  const fields: Field[] = resolved.columns.map((column) => ({ ...column, nullable: true }));
  if (ordinality) fields.push({ name: 'ordinality', type: types.bigint, nullable: false });
  const plan: FlatMapPlan = {
    kind: 'flat-map',
    input: oneRow,
    fn: resolved.fn,
    args: coerceArgs(env.binding, [...args, ...extra], resolved.parameterTypes),
    ordinality,
    outer: false,
    schema: fields,
  };
  return { plan, name, single: resolved.columns.length === 1 && row === null };
}
