/** ALTER TABLE … ADD and DROP CONSTRAINT: the table and its indexes as they are to be. */

import { SqlError, sqlstate } from '../base/errors.ts';
import { indexesOf, primaryKeyName } from '../catalog/indexes.ts';
import type { IndexObject, TableObject } from '../catalog/objects.ts';
import type * as ast from '../syntax/ast.ts';
import { refuseKeyReaders } from './bind-drop-column.ts';
import { uniqueIndex } from './bind-index.ts';
import { bindScalar } from './bind-scalar.ts';
import type { Binding } from './binding.ts';
import type { Unnumbered } from './bound-statement.ts';
import { coerceBoolean } from './coerce.ts';
import { storedExpression } from './stored-sql.ts';
import { checkName, foreignKey } from './table-constraints.ts';

/** The actions that are handled here. */
export const constraintActions: ReadonlySet<ast.AlterAction['kind']> = new Set([
  'add-constraint',
  'drop-constraint',
]);

export interface AlteredConstraint {
  readonly table: TableObject;
  readonly newIndex: Unnumbered<IndexObject> | null;
  readonly dropped: IndexObject | null;
}

/** `added`: indexes of the actions before, whose names are taken. */
export function alterConstraint(
  table: TableObject,
  action: ast.AlterAction,
  binding: Binding,
  added: readonly Unnumbered<IndexObject>[],
): AlteredConstraint {
  if (action.kind === 'drop-constraint') return drop(table, action, binding);
  if (action.kind !== 'add-constraint') return { table, newIndex: null, dropped: null };
  const { constraint } = action;
  const position = constraint.span.start;
  const name = constraint.name?.name ?? null;
  if (name !== null && hasConstraint(table, name, binding)) {
    throw new SqlError(
      '42710',
      `constraint "${name}" for relation "${table.name}" already exists`,
      { position },
    );
  }
  switch (constraint.constraint) {
    case 'check':
      return {
        table: withCheck(table, name, constraint.check!, binding),
        newIndex: null,
        dropped: null,
      };
    case 'unique': {
      const key = constraint.columns.map((column) => keyOrdinal(table, column));
      const taken = new Set([primaryKeyName(table), ...added.map((index) => index.name)]);
      const newIndex = uniqueIndex(binding.catalog, table, { name, key, position }, taken);
      return { table, newIndex, dropped: null };
    }
    case 'primary-key':
      return {
        table: withPrimaryKey(table, constraint, binding),
        newIndex: null,
        dropped: null,
      };
    case 'foreign-key':
      throw foreignKey(position);
  }
}

/** Its columns become NOT NULL, and stay that when the key goes. */
function withPrimaryKey(
  table: TableObject,
  constraint: ast.TableConstraint,
  binding: Binding,
): TableObject {
  const position = constraint.span.start;
  if (table.primaryKey.length > 0) {
    throw new SqlError(
      sqlstate.invalidTableDefinition,
      `multiple primary keys for table "${table.name}" are not allowed`,
      { position },
    );
  }
  const key = constraint.columns.map(({ name, span }) => {
    const ordinal = table.columns.findIndex((column) => column.name === name);
    if (ordinal >= 0) return ordinal;
    throw new SqlError(
      sqlstate.undefinedColumn,
      `column "${name}" of relation "${table.name}" does not exist`,
      { position: span.start },
    );
  });
  const twice = key.find((ordinal, i) => key.indexOf(ordinal) !== i);
  if (twice !== undefined) {
    throw new SqlError(
      sqlstate.duplicateColumn,
      `column "${table.columns[twice]!.name}" appears twice in primary key constraint`,
      { position },
    );
  }
  const columns = table.columns.map((column, ordinal) =>
    key.includes(ordinal) ? { ...column, notNull: true } : column,
  );
  const name = constraint.name?.name;
  const keyed = {
    ...table,
    columns,
    primaryKey: key,
    ...(name === undefined ? {} : { keyName: name }),
  };
  requireKeyName(keyed, position, binding);
  return keyed;
}

/** 42P07 when a relation has the name that the key is to have. */
export function requireKeyName(table: TableObject, position: number, { catalog }: Binding): void {
  const name = primaryKeyName(table);
  if (catalog.find(table.schema, name) === undefined) return;
  throw new SqlError(sqlstate.duplicateTable, `relation "${name}" already exists`, { position });
}

function withoutKey(table: TableObject): TableObject {
  const { keyName: _name, keyMade: _made, ...rest } = table;
  return { ...rest, primaryKey: [] };
}

function hasConstraint(table: TableObject, name: string, { catalog }: Binding): boolean {
  return (
    table.checks.some((check) => check.name === name) ||
    (table.primaryKey.length > 0 && name === primaryKeyName(table)) ||
    indexesOf(catalog, table.oid).some((index) => index.constraint && index.name === name)
  );
}

function withCheck(
  table: TableObject,
  name: string | null,
  expression: ast.Expression,
  binding: Binding,
): TableObject {
  const bound = bindScalar(expression, table.columns, binding, {
    clause: 'check constraints',
    relation: table.name,
  });
  coerceBoolean(binding, bound, 'CHECK');
  const base = name ?? checkName(table.name, table.columns, bound);
  let free = base;
  for (let i = 1; hasConstraint(table, free, binding); i++) free = `${base}${i}`;
  return {
    ...table,
    checks: [...table.checks, { name: free, sql: storedExpression(expression, binding) }],
  };
}

function keyOrdinal(table: TableObject, name: ast.Identifier): number {
  const ordinal = table.columns.findIndex((column) => column.name === name.name);
  if (ordinal >= 0) return ordinal;
  throw new SqlError(
    sqlstate.undefinedColumn,
    `column "${name.name}" named in key does not exist`,
    { position: name.span.start },
  );
}

function drop(
  table: TableObject,
  action: Extract<ast.AlterAction, { kind: 'drop-column' | 'drop-constraint' }>,
  binding: Binding,
): AlteredConstraint {
  const { name } = action.name;
  const position = action.name.span.start;
  if (table.checks.some((check) => check.name === name)) {
    const checks = table.checks.filter((check) => check.name !== name);
    return { table: { ...table, checks }, newIndex: null, dropped: null };
  }
  const index = indexesOf(binding.catalog, table.oid).find(
    (each) => each.constraint && each.name === name,
  );
  if (index !== undefined) return { table, newIndex: null, dropped: index };
  if (table.primaryKey.length > 0 && name === primaryKeyName(table)) {
    refuseKeyReaders(table, position, binding, new Map());
    return { table: withoutKey(table), newIndex: null, dropped: null };
  }
  const message = `constraint "${name}" of relation "${table.name}" does not exist`;
  if (!action.ifExists) throw new SqlError(sqlstate.undefinedObject, message, { position });
  binding.notice(`${message}, skipping`);
  return { table, newIndex: null, dropped: null };
}
