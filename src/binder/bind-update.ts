/** UPDATE and DELETE: plans whose rows say what goes and what comes; TRUNCATE. */

import { SqlError, sqlstate } from '../base/errors.ts';
import type { TableObject } from '../catalog/objects.ts';
import type { Expr } from '../expr/expr.ts';
import { substituteColumns } from '../expr/walk.ts';
import { columnsFor } from '../plan/expressions.ts';
import type { LogicalPlan } from '../plan/logical.ts';
import type * as ast from '../syntax/ast.ts';
import { assignmentsOf } from './assignments.ts';
import { bindFrom } from './bind-from.ts';
import { bindWith } from './bind-query.ts';
import { scan } from './bind-relation.ts';
import { topLevel } from './bind-whole-query.ts';
import type { Binding } from './binding.ts';
import type { BoundDelete, BoundReturning, BoundTruncate, BoundUpdate } from './bound-statement.ts';
import { coerceBoolean } from './coerce.ts';
import { bindIn, type ExprEnv, type QueryEnv } from './expr-env.ts';
import { always, plainItem, type FromResult } from './from-result.ts';
import { QueryLevel } from './query-level.ts';
import { project } from './query-result.ts';
import { relationRef } from './relation-lookup.ts';
import { bindReturning } from './returning.ts';
import { Scope, shiftItem } from './scope.ts';
import { computedColumns, requireTable } from './table-rows.ts';

export function bindUpdate(statement: ast.UpdateStatement, binding: Binding): BoundUpdate {
  const table = requireTable(binding, statement.table, 'update');
  const env = envOf(statement.with, binding);
  const target = targetOf(table, statement.alias, binding);
  const level = new QueryLevel();
  const from = bindFrom(statement.from, env, level, target);
  const inner = exprEnv(env, from, level);
  const filtered = addWhere(statement.where, from.plan, inner);
  const assigned = assignmentsOf(statement.assignments, table, { ...inner, clause: 'UPDATE' });
  const width = table.columns.length;
  const plan = updatePlan(filtered, table, assigned, binding);
  return {
    kind: 'update',
    table: relationRef(table),
    width,
    plan,
    joined: statement.from.length > 0,
    returning: returningOf(statement.returning, from, env, level, { plan, width, moved: width }),
  };
}

/** Old columns, new columns, columns of FROM. */
function updatePlan(
  input: LogicalPlan,
  table: TableObject,
  assigned: ReadonlyMap<number, Expr>,
  binding: Binding,
): LogicalPlan {
  const width = table.columns.length;
  const columns = columnsFor(input.schema);
  const fresh: Expr[] = columns.slice(0, width).map((old, i) => assigned.get(i) ?? old);
  for (const [ordinal, expr] of computedColumns(table, binding)) {
    fresh[ordinal] = substituteColumns(expr, fresh);
  }
  const exprs = [...columns.slice(0, width), ...fresh, ...columns.slice(width)];
  const names = [
    ...table.columns.map((column) => column.name),
    ...table.columns.map((column) => column.name),
    ...input.schema.slice(width).map((field) => field.name),
  ];
  return project(
    input,
    exprs.map((expr, i) => ({ name: names[i]!, expr })),
  );
}

export function bindDelete(statement: ast.DeleteStatement, binding: Binding): BoundDelete {
  const table = requireTable(binding, statement.table, 'delete from');
  const env = envOf(statement.with, binding);
  const target = targetOf(table, statement.alias, binding);
  const level = new QueryLevel();
  const width = table.columns.length;
  const joined = statement.using.length > 0 && statement.returning !== null;
  const from = bindFrom(statement.using, env, level, target);
  const plan =
    statement.using.length === 0 || joined
      ? addWhere(statement.where, from.plan, exprEnv(env, from, level))
      : semiJoin(statement, target, env);
  return {
    kind: 'delete',
    table: relationRef(table),
    width,
    plan,
    joined,
    returning: returningOf(statement.returning, from, env, level, { plan, width, moved: 0 }),
  };
}

/** Without RETURNING it only matters whether a row of USING matches. */
function semiJoin(statement: ast.DeleteStatement, target: FromResult, env: QueryEnv): LogicalPlan {
  const level = new QueryLevel();
  const using = bindFrom(statement.using, env, level);
  const offset = target.plan.schema.length;
  const items = [...target.items, ...using.items.map((item) => shiftItem(item, offset))];
  const inner = exprEnv(env, { plan: target.plan, items }, level);
  const on = statement.where === null ? always : predicateOf(statement.where, inner);
  return {
    kind: 'join',
    type: 'semi',
    left: target.plan,
    right: using.plan,
    on,
    lateral: false,
    schema: target.plan.schema,
  };
}

export function bindTruncate(statement: ast.TruncateStatement, binding: Binding): BoundTruncate {
  const tables = statement.tables.map((name) =>
    relationRef(requireTable(binding, name, 'truncate')),
  );
  if (statement.restartIdentity !== true) return { kind: 'truncate', tables, restart: null };
  const restart = tables.flatMap(({ oid }) =>
    binding.catalog
      .dependents(oid)
      .filter((each) => each.kind === 'sequence' && each.owner?.relation === oid)
      .map((each) => each.oid),
  );
  return { kind: 'truncate', tables, restart };
}

function envOf(clause: ast.WithClause | null, binding: Binding): QueryEnv {
  return clause === null ? topLevel(binding) : bindWith(clause, topLevel(binding));
}

function targetOf(table: TableObject, alias: ast.Identifier | null, binding: Binding): FromResult {
  const plan = scan(table, binding);
  const item = plainItem(plan, {
    name: alias?.name ?? table.name,
    schema: alias === null ? table.schema : null,
    relation: table,
  });
  return { plan, items: [item] };
}

function exprEnv(env: QueryEnv, from: FromResult, level: QueryLevel): ExprEnv {
  return {
    binding: env.binding,
    scope: new Scope(from.items, null, level),
    common: env.common,
    clause: 'WHERE',
    binders: env.binders,
  };
}

function addWhere(where: ast.Expression | null, input: LogicalPlan, env: ExprEnv): LogicalPlan {
  if (where === null) return input;
  return { kind: 'filter', input, predicate: predicateOf(where, env), schema: input.schema };
}

function predicateOf(where: ast.Expression, env: ExprEnv): Expr {
  const predicate = coerceBoolean(env.binding, bindIn(env, where), 'WHERE');
  if (env.scope.level.aggregates.length > 0) {
    throw new SqlError(sqlstate.groupingError, 'aggregate functions are not allowed in WHERE', {
      position: env.scope.level.aggregates[0]!.at,
    });
  }
  return predicate;
}

/** RETURNING sees the plan's output; of an update, the table's columns are the new ones. */
function returningOf(
  items: readonly ast.SelectItem[] | null,
  from: FromResult,
  env: QueryEnv,
  level: QueryLevel,
  output: { readonly plan: LogicalPlan; readonly width: number; readonly moved: number },
): BoundReturning | null {
  if (items === null) return null;
  const moved = from.items.map((item) => shiftItem(item, output.moved));
  const inner = exprEnv(env, { plan: output.plan, items: moved }, level);
  return bindReturning(items, inner, output.plan.schema);
}
