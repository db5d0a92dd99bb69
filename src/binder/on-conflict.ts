/** ON CONFLICT: which key it is about, and the row that DO UPDATE makes. */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import { indexesOf, primaryKeyName } from '../catalog/indexes.ts';
import type { TableObject } from '../catalog/objects.ts';
import type { Expr } from '../expr/expr.ts';
import type * as ast from '../syntax/ast.ts';
import { assignmentsOf } from './assignments.ts';
import type { BoundOnConflict } from './bound-statement.ts';
import type { Binding } from './binding.ts';
import { coerceBoolean } from './coerce.ts';
import { bindIn, type ExprEnv, type QueryEnv } from './expr-env.ts';
import { oneRow, plainItem } from './from-result.ts';
import { QueryLevel } from './query-level.ts';
import { refuseSubqueries } from './refuse-subqueries.ts';
import { fieldsOf } from './relation-lookup.ts';
import { Scope, shiftItem } from './scope.ts';
import { withComputed } from './table-rows.ts';

export function bindOnConflict(
  clause: ast.OnConflict,
  table: TableObject,
  alias: string,
  env: QueryEnv,
): BoundOnConflict | null {
  const keys = arbiters(clause, table, env.binding);
  if (clause.action === 'nothing') {
    return keys.length === 0 ? null : { keys, action: 'nothing', row: [], where: null };
  }
  const stored = { ...oneRow, schema: fieldsOf(table) };
  const item = plainItem(stored, { name: alias, schema: table.schema, relation: table });
  const excluded = plainItem(stored, { name: 'excluded', schema: null, relation: table });
  const items = [item, { ...shiftItem(excluded, table.columns.length), columnsVisible: false }];
  const inner: ExprEnv = {
    binding: env.binding,
    scope: new Scope(items, null, new QueryLevel()),
    common: env.common,
    clause: 'UPDATE',
    binders: env.binders,
  };
  const assigned = assignmentsOf(clause.assignments, table, inner);
  const values = table.columns.map(
    (column, index): Expr => assigned.get(index) ?? { kind: 'column', index, type: column.type },
  );
  const row = withComputed(table, values, env.binding);
  const where =
    clause.where === null
      ? null
      : coerceBoolean(env.binding, bindIn({ ...inner, clause: 'WHERE' }, clause.where), 'WHERE');
  refuseSubqueries(where === null ? row : [...row, where], 'ON CONFLICT');
  return { keys, action: 'update', row, where };
}

/** The keys that a conflict may be in: the one that is named, or all of them. */
function arbiters(
  clause: ast.OnConflict,
  table: TableObject,
  binding: Binding,
): readonly (readonly number[])[] {
  const position = clause.span.start;
  const indexes = indexesOf(binding.catalog, table.oid).filter((index) => index.unique);
  const primary = table.primaryKey.length === 0 ? [] : [table.primaryKey];
  const keys = [...primary, ...indexes.map((index) => index.key)];
  if (clause.targetWhere !== null) {
    throw notSupported('ON CONFLICT with WHERE for a partial index', { position });
  }
  if (clause.constraint !== null) {
    const { name } = clause.constraint;
    if (name === primaryKeyName(table) && primary.length > 0) return primary;
    const named = indexes.find((index) => index.constraint && index.name === name);
    if (named !== undefined) return [named.key];
    throw new SqlError(
      sqlstate.undefinedObject,
      `constraint "${name}" for table "${table.name}" does not exist`,
      { position: clause.constraint.span.start },
    );
  }
  if (clause.target.length === 0) {
    if (clause.action === 'nothing') return keys;
    throw new SqlError(
      sqlstate.syntaxError,
      'ON CONFLICT DO UPDATE requires inference specification or constraint name',
      { hint: 'For example, ON CONFLICT (column_name).', position },
    );
  }
  const named = new Set(
    clause.target.map((element) => {
      const { expression } = element;
      if (expression.kind !== 'column') return -1;
      const { name } = expression.parts.at(-1)!;
      const ordinal = table.columns.findIndex((column) => column.name === name);
      if (ordinal >= 0) return ordinal;
      throw new SqlError(sqlstate.undefinedColumn, `column "${name}" does not exist`, {
        position: expression.span.start,
      });
    }),
  );
  const found = keys.find(
    (key) => named.size === key.length && key.every((each) => named.has(each)),
  );
  if (found !== undefined) return [found];
  throw new SqlError(
    sqlstate.invalidColumnReference,
    'there is no unique or exclusion constraint matching the ON CONFLICT specification',
    { position },
  );
}
