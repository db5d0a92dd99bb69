/** INSERT: rows mapped to the table's columns, defaults filled in, ON CONFLICT and RETURNING. */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type { ColumnDefinition, TableObject } from '../catalog/objects.ts';
import type { Expr } from '../expr/expr.ts';
import { columnsFor } from '../plan/expressions.ts';
import type { LogicalPlan, ProjectPlan, ValuesPlan } from '../plan/logical.ts';
import type * as ast from '../syntax/ast.ts';
import type { Schema } from '../types/schema.ts';
import { bindQuery, bindWith } from './bind-query.ts';
import { topLevel } from './bind-whole-query.ts';
import type { Binding } from './binding.ts';
import type { BoundInsert } from './bound-statement.ts';
import { coerceForColumn } from './coerce.ts';
import { bindIn, type ExprEnv, type QueryEnv } from './expr-env.ts';
import { plainItem } from './from-result.ts';
import { bindOnConflict } from './on-conflict.ts';
import { QueryLevel } from './query-level.ts';
import { castColumns, columnPosition, visiblePlan } from './query-result.ts';
import { fieldsOf, relationRef } from './relation-lookup.ts';
import { bindReturning } from './returning.ts';
import { Scope } from './scope.ts';
import {
  computedRefusal,
  defaultOf,
  requireTable,
  withComputed,
  writableColumn,
} from './table-rows.ts';

export function bindInsert(statement: ast.InsertStatement, binding: Binding): BoundInsert {
  refuseUnsupported(statement);
  const table = requireTable(binding, statement.table, 'insert into');
  const env =
    statement.with === null ? topLevel(binding) : bindWith(statement.with, topLevel(binding));
  const targets = insertTargets(statement, table);
  const plan = bindRows(statement, table, targets, env);
  const schema = fieldsOf(table);
  const alias = statement.alias?.name ?? table.name;
  const item = plainItem(plan, { name: alias, schema: table.schema, relation: table });
  return {
    kind: 'insert',
    table: relationRef(table),
    plan,
    onConflict:
      statement.onConflict === null
        ? null
        : bindOnConflict(statement.onConflict, table, alias, env),
    returning: bindReturning(
      statement.returning,
      exprEnv(env, new Scope([item], null, new QueryLevel())),
      schema,
    ),
  };
}

function refuseUnsupported(statement: ast.InsertStatement): void {
  const position = statement.span.start;
  if (statement.overwrite) {
    throw notSupported('INSERT OVERWRITE', { hint: 'Use TRUNCATE, then INSERT.', position });
  }
}

function exprEnv(env: QueryEnv, scope: Scope): ExprEnv {
  return {
    binding: env.binding,
    scope,
    common: env.common,
    clause: 'VALUES',
    binders: env.binders,
  };
}

/** Ordinals in the order of the given values; all columns without a list, as in PostgreSQL. */
export function insertTargets(
  statement: ast.InsertStatement,
  table: TableObject,
): readonly number[] {
  if (statement.columns === null) {
    return table.columns.map((_, ordinal) => ordinal);
  }
  const ordinals: number[] = [];
  for (const name of statement.columns) {
    const ordinal = writableColumn(table, name);
    if (ordinals.includes(ordinal)) {
      throw new SqlError(
        sqlstate.duplicateColumn,
        `column "${name.name}" specified more than once`,
        { position: name.span.start },
      );
    }
    ordinals.push(ordinal);
  }
  return ordinals;
}

export function bindRows(
  statement: ast.InsertStatement,
  table: TableObject,
  targets: readonly number[],
  env: QueryEnv,
): LogicalPlan {
  const { source } = statement;
  const schema = rowSchema(table);
  if (source === null) {
    return { kind: 'values', rows: [wholeRow(table, new Map(), env.binding)], schema };
  }
  if (isPlainValues(source)) return bindValues(source.body, statement, table, targets, env);
  return bindSelected(source, statement, table, targets, env);
}

function isPlainValues(query: ast.Query): query is ast.Query & { readonly body: ast.Values } {
  return (
    query.body.kind === 'values' &&
    query.with === null &&
    query.orderBy.length === 0 &&
    query.limit === null &&
    query.offset === null
  );
}

/** VALUES: each value is brought to its column's type by itself, and may be DEFAULT. */
function bindValues(
  values: ast.Values,
  statement: ast.InsertStatement,
  table: TableObject,
  targets: readonly number[],
  env: QueryEnv,
): ValuesPlan {
  const inner = exprEnv(env, new Scope([], null, new QueryLevel()));
  const width = values.rows[0]?.length ?? 0;
  const rows = values.rows.map((row) => {
    if (row.length !== width) {
      throw new SqlError(sqlstate.syntaxError, 'VALUES lists must all be the same length', {
        position: row[0]?.span.start,
      });
    }
    checkWidth(row.length, targets, statement, row[targets.length]?.span.start);
    const given = new Map<number, Expr>();
    row.forEach((cell, i) => {
      const ordinal = targets[i]!;
      const column = table.columns[ordinal]!;
      if (cell.kind === 'default' || ignoresValue(statement, column)) return;
      if (refusesValue(statement, column)) throw computedRefusal(column, 'insert', cell.span.start);
      given.set(ordinal, coerceForColumn(env.binding, bindIn(inner, cell), column));
    });
    return wholeRow(table, given, env.binding);
  });
  return { kind: 'values', rows, schema: rowSchema(table) };
}

function bindSelected(
  source: ast.Query,
  statement: ast.InsertStatement,
  table: TableObject,
  targets: readonly number[],
  env: QueryEnv,
): ProjectPlan {
  const query = visiblePlan(bindQuery(source, env, { keepUnknown: true }));
  const count = query.schema.length;
  checkWidth(count, targets, statement, source.span.start);
  const used = targets.slice(0, count);
  for (const ordinal of used) {
    const column = table.columns[ordinal]!;
    if (refusesValue(statement, column) && !ignoresValue(statement, column))
      throw computedRefusal(column, 'insert', source.span.start);
  }
  const settled = castUnknown(env.binding, query, used, table);
  const given = new Map<number, Expr>();
  columnsFor(settled.schema).forEach((column, i) => {
    const ordinal = used[i]!;
    if (ignoresValue(statement, table.columns[ordinal]!)) return;
    const at = columnPosition(settled, i) ?? source.span.start;
    given.set(ordinal, coerceForColumn(env.binding, { ...column, at }, table.columns[ordinal]!));
  });
  const exprs = wholeRow(table, given, env.binding);
  // A NUMERIC with a scale of its own fits a column without one, and keeps its form on the way.
  const schema = rowSchema(table).map((field, i) => ({ ...field, type: exprs[i]!.type }));
  return { kind: 'project', input: settled, exprs, schema };
}

/** OVERRIDING USER VALUE: an identity column takes its default whatever is given. */
function ignoresValue(statement: ast.InsertStatement, column: ColumnDefinition): boolean {
  return statement.overriding === 'user' && column.identity !== undefined;
}

function refusesValue(statement: ast.InsertStatement, column: ColumnDefinition): boolean {
  if (column.source === 'computed') return true;
  return column.identity === 'always' && statement.overriding !== 'system';
}

/** Literals without a type take that of their column; everything else stays for the cast above. */
function castUnknown(
  binding: Binding,
  query: LogicalPlan,
  targets: readonly number[],
  table: TableObject,
): LogicalPlan {
  const wanted = query.schema.map((field, i) =>
    field.type.kind === 'unknown' ? table.columns[targets[i]!]!.type : field.type,
  );
  return castColumns(binding, query, wanted, 'assignment');
}

function checkWidth(
  count: number,
  targets: readonly number[],
  statement: ast.InsertStatement,
  position: number | undefined,
): void {
  if (count > targets.length) {
    throw new SqlError(sqlstate.syntaxError, 'INSERT has more expressions than target columns', {
      position,
    });
  }
  if (count < targets.length && statement.columns !== null) {
    throw new SqlError(sqlstate.syntaxError, 'INSERT has more target columns than expressions', {
      position: statement.columns[count]!.span.start,
    });
  }
}

/** Given values, defaults for the rest, computed columns from both. */
export function wholeRow(
  table: TableObject,
  given: ReadonlyMap<number, Expr>,
  binding: Binding,
): readonly Expr[] {
  const values = table.columns.map(
    (column, ordinal) => given.get(ordinal) ?? defaultOf(column, binding),
  );
  return withComputed(table, values, binding);
}

/** The row as it is before NOT NULL is checked. */
function rowSchema(table: TableObject): Schema {
  return fieldsOf(table).map((field) => ({ ...field, nullable: true }));
}
