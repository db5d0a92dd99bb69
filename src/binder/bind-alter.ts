/** ALTER and COMMENT: the new definitions of the objects that change. */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import { isSystemSchema } from '../catalog/catalog.ts';
import { primaryKeyName } from '../catalog/indexes.ts';
import {
  type CatalogObject,
  type ColumnDefinition,
  isPartOf,
  type SchemaObject,
  type TableObject,
} from '../catalog/objects.ts';
import { printStatement } from '../syntax/print.ts';
import type * as ast from '../syntax/ast.ts';
import type { Expr } from '../expr/expr.ts';
import { alterColumns, movedIndexes } from './alter-columns.ts';
import { addColumn, type AddedParts } from './bind-add-column.ts';
import { checkKind, checkRelationKind, missing } from './bind-drop.ts';
import { withDefaultOf, withoutDefault } from './bind-default.ts';
import { alterConstraint, constraintActions } from './bind-constraint.ts';
import { bindAlterType } from './bind-enum.ts';
import { alteredSequence } from './bind-sequence.ts';
import type { Binding } from './binding.ts';
import type { BoundAlter } from './bound-statement.ts';
import { renameColumn } from './bind-rename-column.ts';
import { findRelation, findType, missingRelation } from './relation-lookup.ts';
import { renameInDefinitions, type FullName } from './rename-in-views.ts';
import { writtenFullName } from './written-name.ts';

export function bindAlter(statement: ast.AlterStatement, binding: Binding): BoundAlter {
  const tag = `ALTER ${statement.object.toUpperCase()}`;
  if (statement.object === 'schema') return alterSchema(statement, binding, tag);
  if (statement.object === 'type') return bindAlterType(statement, binding);
  checkRelationKind(statement.object, statement.span.start);
  const object = findRelation(binding, statement.name);
  if (object === undefined) {
    if (!statement.ifExists) throw missingRelation(binding, statement.name);
    const { name } = statement.name.parts.at(-1)!;
    binding.notice(`relation "${name}" does not exist, skipping`);
    return { kind: 'alter', tag, objects: [], schemas: [] };
  }
  // ALTER TABLE works on views too, as in PostgreSQL; every other word names its own kind.
  if (statement.object !== 'table') checkKind(object, statement.object, statement.name.span.start);
  refuseSystem(object, statement.name);
  let changed: CatalogObject = object;
  const others: CatalogObject[] = [];
  const sequences: { oid: number; restart: bigint | null }[] = [];
  const added: AddedParts = { indexes: [], sequences: [] };
  const dropped: CatalogObject[] = [];
  let values: ReadonlyMap<number, Expr> = new Map();
  const isDropOf = ({ kind }: ast.AlterAction): boolean => kind === 'drop-constraint';
  const isOfColumns = ({ kind }: ast.AlterAction): boolean =>
    kind === 'drop-column' || kind === 'column-type';
  const rest = statement.actions.filter((each) => !isDropOf(each) && !isOfColumns(each));
  const columns = statement.actions.filter(isOfColumns);
  const constraint = (action: ast.AlterAction): void => {
    const table = requireTable(changed, action);
    const result = alterConstraint(table, action, binding, added.indexes);
    changed = result.table;
    if (result.newIndex !== null) added.indexes.push(result.newIndex);
    if (result.dropped !== null) dropped.push(result.dropped);
  };
  statement.actions.filter(isDropOf).forEach(constraint);
  if (columns.length > 0) {
    const table = requireTable(changed, columns[0]!);
    const altered = alterColumns(table, columns, binding);
    if (altered.table !== table) {
      changed = altered.table;
      for (const each of altered.dropped) if (!dropped.includes(each)) dropped.push(each);
      values = altered.values;
      others.push(...movedIndexes(table, altered.table, dropped, binding), ...altered.sequences);
    }
  }
  for (const action of rest) {
    if (action.kind === 'sequence-options' && changed.kind === 'sequence') {
      const altered = alteredSequence(changed, action.options, binding);
      changed = altered.object;
      sequences.push({ oid: object.oid, restart: altered.restart });
    } else if (action.kind === 'add-column') {
      changed = addColumn(requireTable(changed, action), action, binding, added);
    } else if (constraintActions.has(action.kind)) {
      constraint(action);
    } else {
      const result = alterOne(changed, action, binding);
      changed = result.object;
      others.push(...result.others);
    }
  }
  const objects = changed === object ? others : [withStatement(changed, statement), ...others];
  return {
    kind: 'alter',
    tag,
    objects,
    schemas: [],
    sequences,
    newIndexes: added.indexes,
    newSequences: added.sequences,
    dropped,
    values,
  };
}

/** SHOW CREATE TABLE gives what was done to its columns and constraints too. */
function withStatement(object: CatalogObject, statement: ast.AlterStatement): CatalogObject {
  const moved: ReadonlySet<string> = new Set(['rename', 'set-schema', 'owner-to']);
  if (object.kind !== 'table' || statement.actions.every(({ kind }) => moved.has(kind))) {
    return object;
  }
  const name = writtenFullName(object, statement.name.span);
  return { ...object, sql: `${object.sql};\n${printStatement({ ...statement, name })}` };
}

function refuseSystem(object: CatalogObject, name: ast.QualifiedName): void {
  if (object.kind !== 'virtual') return;
  throw new SqlError(
    sqlstate.insufficientPrivilege,
    `permission denied: "${object.name}" is a system catalog`,
    { position: name.span.start },
  );
}

interface Altered {
  readonly object: CatalogObject;
  /** Views whose text names the object. */
  readonly others: readonly CatalogObject[];
}

function alterOne(object: CatalogObject, action: ast.AlterAction, binding: Binding): Altered {
  switch (action.kind) {
    case 'rename':
      return moveTo(object, { schema: object.schema, name: action.to.name }, binding);
    case 'set-schema': {
      if (isPartOf(object))
        throw notSupported(`SET SCHEMA of what belongs to a table`, {
          hint: 'It goes with its table.',
          position: action.span.start,
        });
      requireSchema(action.schema, binding);
      return moveTo(object, { schema: action.schema.name, name: object.name }, binding);
    }
    case 'owner-to':
      // There is one owner of everything; restoring scripts say so for each object.
      return { object, others: [] };
    case 'rename-column': {
      const { table, others } = renameColumn(requireTable(object, action), action, binding);
      return { object: table, others };
    }
    case 'column-default':
      return { object: withDefault(requireTable(object, action), action, binding), others: [] };
    case 'column-not-null':
      return { object: withNotNull(requireTable(object, action), action), others: [] };
    default:
      throw notSupported('this form of ALTER', {
        hint: 'Names, schemas, new columns, defaults, NOT NULL and constraints can be altered; otherwise make the object anew with CREATE.',
        position: action.span.start,
      });
  }
}

function requireTable(object: CatalogObject, action: ast.AlterAction): TableObject {
  if (object.kind === 'table') return object;
  throw new SqlError(sqlstate.wrongObjectType, `"${object.name}" is not a table`, {
    position: action.span.start,
  });
}

function moveTo(object: CatalogObject, to: FullName, binding: Binding): Altered {
  if (to.schema === object.schema && to.name === object.name) {
    throw new SqlError(sqlstate.duplicateTable, `relation "${to.name}" already exists`);
  }
  binding.catalog.checkNameFree(to.schema, to.name);
  const others = renameInDefinitions(binding.catalog.objects(), (name) =>
    name.schema === object.schema && name.name === object.name ? to : null,
  );
  const own = others.find((each) => each.oid === object.oid);
  const moved: CatalogObject = { ...(own ?? object), ...to };
  // The name of its key stays.
  const renamed =
    moved.kind === 'table' && object.kind === 'table' && moved.primaryKey.length > 0
      ? { ...moved, keyName: primaryKeyName(object) }
      : moved;
  const parts = binding.catalog
    .dependents(object.oid)
    .filter((each) => isPartOf(each) && each.schema !== to.schema)
    .map((each) => ({ ...each, schema: to.schema }));
  const rest = others.filter((each) => each.oid !== object.oid);
  return { object: renamed, others: [...rest, ...parts] };
}

function requireSchema(name: ast.Identifier, binding: Binding): void {
  const found = binding.catalog.schema(name.name);
  if (found === undefined) {
    throw new SqlError(sqlstate.invalidSchemaName, `schema "${name.name}" does not exist`, {
      position: name.span.start,
    });
  }
  if (isSystemSchema(found.name)) {
    throw new SqlError(
      sqlstate.insufficientPrivilege,
      `permission denied for schema ${found.name}`,
      { position: name.span.start },
    );
  }
}

function columnOrdinal(table: TableObject, name: ast.Identifier): number {
  const ordinal = table.columns.findIndex((column) => column.name === name.name);
  if (ordinal >= 0) return ordinal;
  throw new SqlError(
    sqlstate.undefinedColumn,
    `column "${name.name}" of relation "${table.name}" does not exist`,
    { position: name.span.start },
  );
}

function withDefault(
  table: TableObject,
  action: Extract<ast.AlterAction, { kind: 'column-default' }>,
  binding: Binding,
): TableObject {
  const ordinal = columnOrdinal(table, action.column);
  const column = table.columns[ordinal]!;
  if (column.source === 'computed') {
    throw new SqlError(
      sqlstate.syntaxError,
      `column "${column.name}" of relation "${table.name}" is a generated column`,
      { position: action.column.span.start },
    );
  }
  if (column.identity !== undefined) throw identityColumn(table, column, action.column, true);
  const changed =
    action.value === null
      ? withoutDefault(column)
      : withDefaultOf(column, action.value, table.columns, binding);
  const columns = table.columns.map((each, i) => (i === ordinal ? changed : each));
  return { ...table, columns };
}

function withNotNull(
  table: TableObject,
  action: Extract<ast.AlterAction, { kind: 'column-not-null' }>,
): TableObject {
  const ordinal = columnOrdinal(table, action.column);
  const position = action.span.start;
  if (!action.notNull && table.primaryKey.includes(ordinal)) {
    throw new SqlError(
      sqlstate.invalidTableDefinition,
      `column "${action.column.name}" is in a primary key`,
      { position },
    );
  }
  const column = table.columns[ordinal]!;
  if (!action.notNull && column.identity !== undefined)
    throw identityColumn(table, column, action.column, false);
  const { notNullMade: _, ...plain } = column;
  const changed = action.notNull ? { ...column, notNull: true } : { ...plain, notNull: false };
  const columns = table.columns.map((each, i) => (i === ordinal ? changed : each));
  return { ...table, columns };
}

function identityColumn(
  table: TableObject,
  column: ColumnDefinition,
  name: ast.Identifier,
  ofDefault: boolean,
): SqlError {
  return new SqlError(
    sqlstate.syntaxError,
    `column "${column.name}" of relation "${table.name}" is an identity column`,
    {
      hint: ofDefault ? 'The sequence of the column is changed by ALTER SEQUENCE.' : undefined,
      position: name.span.start,
    },
  );
}

function alterSchema(statement: ast.AlterStatement, binding: Binding, tag: string): BoundAlter {
  const schema = binding.catalog.schema(statement.name.parts.at(-1)!.name);
  if (schema === undefined) throw missing('schema', statement.name);
  let changed: SchemaObject = schema;
  const objects: CatalogObject[] = [];
  for (const action of statement.actions) {
    if (action.kind === 'owner-to') continue;
    if (action.kind !== 'rename') {
      throw notSupported('this form of ALTER SCHEMA', { position: action.span.start });
    }
    refuseSchemaName(action.to, schema, binding);
    changed = { ...changed, name: action.to.name };
    objects.push(
      ...renameInDefinitions(binding.catalog.objects(), (name) =>
        name.schema === schema.name ? { schema: action.to.name, name: name.name } : null,
      ),
    );
  }
  return { kind: 'alter', tag, objects, schemas: changed === schema ? [] : [changed] };
}

function refuseSchemaName(to: ast.Identifier, schema: SchemaObject, binding: Binding): void {
  const position = to.span.start;
  if (isSystemSchema(schema.name)) {
    throw new SqlError(
      sqlstate.insufficientPrivilege,
      `permission denied for schema ${schema.name}`,
      { position },
    );
  }
  if (binding.catalog.schema(to.name) !== undefined) {
    throw new SqlError(sqlstate.duplicateSchema, `schema "${to.name}" already exists`, {
      position,
    });
  }
  if (to.name.startsWith('pg_')) {
    throw new SqlError('42939', `unacceptable schema name "${to.name}"`, {
      detail: 'The prefix "pg_" is reserved for system schemas.',
      position,
    });
  }
}

/** COMMENT ON a relation, a column or a schema. */
export function bindComment(statement: ast.CommentStatement, binding: Binding): BoundAlter {
  const base = { kind: 'alter', tag: 'COMMENT' } as const;
  const comment = statement.text === '' ? null : statement.text;
  if (statement.object === 'schema') {
    const schema = binding.catalog.schema(statement.name.parts.at(-1)!.name);
    if (schema === undefined) throw missing('schema', statement.name);
    return { ...base, objects: [], schemas: [{ ...schema, comment }] };
  }
  if (statement.object === 'column') {
    return { ...base, objects: [commentColumn(statement, comment, binding)], schemas: [] };
  }
  if (statement.object === 'type') {
    const found = findType(binding, statement.name);
    if (found === undefined) throw missing('type', statement.name);
    return { ...base, objects: [{ ...found.type, comment }], schemas: [] };
  }
  checkRelationKind(statement.object, statement.span.start);
  const object = findRelation(binding, statement.name);
  if (object === undefined) throw missingRelation(binding, statement.name);
  checkKind(object, statement.object, statement.name.span.start);
  refuseSystem(object, statement.name);
  return { ...base, objects: [{ ...object, comment }], schemas: [] };
}

function commentColumn(
  statement: ast.CommentStatement,
  comment: string | null,
  binding: Binding,
): CatalogObject {
  const { parts, span } = statement.name;
  const column = parts.at(-1)!;
  if (parts.length < 2) {
    throw new SqlError(sqlstate.syntaxError, 'column name must be qualified', {
      position: span.start,
    });
  }
  const name: ast.QualifiedName = { kind: 'name', parts: parts.slice(0, -1), span };
  const object = findRelation(binding, name);
  if (object === undefined) throw missingRelation(binding, name);
  refuseSystem(object, name);
  if (!object.columns.some((each) => each.name === column.name)) {
    throw new SqlError(
      sqlstate.undefinedColumn,
      `column "${column.name}" of relation "${object.name}" does not exist`,
      { position: column.span.start },
    );
  }
  const change = <T extends { readonly name: string }>(each: T): T =>
    each.name === column.name ? { ...each, comment } : each;
  if (object.kind === 'table' || object.kind === 'source') {
    return { ...object, columns: object.columns.map(change) };
  }
  return { ...object, columns: object.columns.map(change) };
}
