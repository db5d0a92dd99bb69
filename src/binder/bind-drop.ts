/** DROP: which objects, in which kinds, and what CASCADE takes along. */

import { must } from '../base/assert.ts';
import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import { isSystemSchema } from '../catalog/catalog.ts';
import { cascadeNotice } from '../catalog/dependency-errors.ts';
import { kindName, quoteName } from '../catalog/names.ts';
import type {
  CatalogObject,
  ColumnDefinition,
  IndexObject,
  SchemaObject,
  SequenceObject,
  TableObject,
  TypeObject,
} from '../catalog/objects.ts';
import type { DropPlan } from '../catalog/catalog.ts';
import { columnsUsing } from '../catalog/sequences.ts';
import type * as ast from '../syntax/ast.ts';
import type { Binding } from './binding.ts';
import type { BoundDrop } from './bound-statement.ts';
import { renameInDefinitions } from './rename-in-views.ts';
import { findRelation, findType, splitName } from './relation-lookup.ts';

export function bindDrop(statement: ast.DropStatement, binding: Binding): BoundDrop {
  const tag = `DROP ${statement.object.toUpperCase()}`;
  const targets = statement.names.flatMap((name): readonly (CatalogObject | SchemaObject)[] => {
    const found =
      statement.object === 'schema'
        ? findSchema(name, binding)
        : statement.object === 'type'
          ? findDropped(name, binding)
          : findObject(statement.object, name, binding);
    if (found !== undefined) return [found];
    if (!statement.ifExists) throw missing(statement.object, name);
    const { relation } = splitName(name);
    binding.notice(`${statement.object} "${relation}" does not exist, skipping`);
    return [];
  });
  const unique = [...new Set(targets)];
  const visible = isVisible(binding);
  const plan = binding.catalog.planDrop(unique, statement.behavior === 'cascade', visible);
  checkSequences(plan, statement, binding);
  checkTypes(plan, binding);
  const cascade = cascadeNotice(plan.cascaded, visible);
  if (cascade !== null) binding.notice(cascade.message, cascade);
  return { kind: 'drop', tag, plan };
}

/** A sequence stays as long as a column takes its default from it. */
function checkSequences(plan: DropPlan, statement: ast.DropStatement, binding: Binding): void {
  const going = new Set(plan.objects.map((object) => object.oid));
  for (const sequence of plan.objects) {
    if (sequence.kind !== 'sequence') continue;
    for (const { table, column } of columnsUsing(binding.catalog, sequence.oid)) {
      if (!going.has(table.oid)) throw sequenceUsed(sequence, table, column, statement);
    }
  }
}

/** A type stays as long as a default, check or computed column of a table names it. */
function checkTypes(plan: DropPlan, { catalog }: Binding): void {
  const going = new Set(plan.objects.map((object) => object.oid));
  const staying = catalog.objects().filter((object) => !going.has(object.oid));
  for (const type of plan.objects) {
    if (type.kind !== 'type') continue;
    const [named] = renameInDefinitions(staying, ({ schema, name }) =>
      schema === type.schema && name === type.name ? { schema, name: `${name}_` } : null,
    );
    if (named === undefined) continue;
    throw new SqlError(
      sqlstate.dependentObjectsStillExist,
      `cannot drop type ${quoteName(type.name)} because other objects depend on it`,
      { detail: `An expression in the definition of ${quoteName(named.name)} names the type.` },
    );
  }
}

function sequenceUsed(
  sequence: SequenceObject,
  table: TableObject,
  column: ColumnDefinition,
  statement: ast.DropStatement,
): SqlError {
  const shown = quoteName(sequence.name);
  const place = `column ${quoteName(column.name)} of table ${quoteName(table.name)}`;
  if (column.identity !== undefined) {
    return new SqlError(
      sqlstate.dependentObjectsStillExist,
      `cannot drop sequence ${shown} because ${place} requires it`,
      { hint: `You can drop ${place} instead.` },
    );
  }
  if (statement.behavior === 'cascade') {
    return notSupported('DROP … CASCADE of a sequence that a default needs', {
      hint: `ALTER TABLE ${quoteName(table.name)} ALTER COLUMN ${quoteName(column.name)} DROP DEFAULT first.`,
      position: statement.span.start,
    });
  }
  return new SqlError(
    sqlstate.dependentObjectsStillExist,
    `cannot drop sequence ${shown} because other objects depend on it`,
    {
      detail: `default value for ${place} depends on sequence ${shown}`,
      hint: 'Use DROP ... CASCADE to drop the dependent objects too.',
    },
  );
}

/** Whether a name is found without its schema. */
function isVisible(binding: Binding): (object: CatalogObject) => boolean {
  const path = binding.path();
  return (object) => binding.catalog.isVisible(object, path);
}

/** 2BP01 for the row type of a relation, which goes with it. */
function findDropped(name: ast.QualifiedName, binding: Binding): TypeObject | undefined {
  const type = findType(binding, name);
  if (type?.array === true) {
    throw typeRequired(name, `_${type.type.name}`, `type ${quoteName(type.type.name)}`);
  }
  if (type !== undefined) return type.type;
  const relation = findRelation(binding, name);
  if (relation === undefined || relation.kind === 'index' || relation.kind === 'sequence') {
    return undefined;
  }
  throw typeRequired(name, relation.name, `${kindName(relation.kind)} ${quoteName(relation.name)}`);
}

function typeRequired(name: ast.QualifiedName, type: string, by: string): SqlError {
  return new SqlError(
    sqlstate.dependentObjectsStillExist,
    `cannot drop type ${quoteName(type)} because ${by} requires it`,
    { hint: `You can drop ${by} instead.`, position: name.span.start },
  );
}

function findSchema(name: ast.QualifiedName, binding: Binding): SchemaObject | undefined {
  const found = binding.catalog.schema(name.parts.at(-1)!.name);
  if (found !== undefined && isSystemSchema(found.name)) {
    throw new SqlError(
      sqlstate.dependentObjectsStillExist,
      `cannot drop schema ${found.name} because it is required by the database system`,
      { position: name.span.start },
    );
  }
  return found;
}

function findObject(
  kind: ast.ObjectKind,
  name: ast.QualifiedName,
  binding: Binding,
): CatalogObject | undefined {
  checkRelationKind(kind, name.span.start);
  const found = findRelation(binding, name);
  if (found === undefined) return undefined;
  checkKind(found, kind, name.span.start, 'DROP');
  if (found.kind === 'virtual') {
    throw new SqlError(
      sqlstate.insufficientPrivilege,
      `permission denied: "${found.name}" is a system catalog`,
      { position: name.span.start },
    );
  }
  if (found.kind === 'index' && found.constraint) throw constraintIndex(found, binding);
  return found;
}

function constraintIndex(index: IndexObject, { catalog }: Binding): SqlError {
  const table = quoteName(must(catalog.byOid(index.relation), 'table of an index').name);
  const constraint = `constraint ${quoteName(index.name)} on table ${table}`;
  return new SqlError(
    sqlstate.dependentObjectsStillExist,
    `cannot drop index ${quoteName(index.name)} because ${constraint} requires it`,
    { hint: `You can drop ${constraint} instead.` },
  );
}

const relationKinds: ReadonlySet<ast.ObjectKind> = new Set([
  'table',
  'source',
  'stream',
  'view',
  'materialized view',
  'sink',
  'index',
  'sequence',
]);

/** Kinds of objects that never exist here. */
export function checkRelationKind(kind: ast.ObjectKind, position: number): void {
  if (relationKinds.has(kind)) return;
  throw notSupported(`a statement on a ${kind}`, {
    hint: 'Tables, sources, views, materialized views, sinks, indexes, sequences, enums and schemas can be defined.',
    position,
  });
}

/** 42809 `"v" is not a table`, with the statement that would fit as a hint. */
export function checkKind(
  object: CatalogObject,
  kind: ast.ObjectKind,
  position: number,
  verb: 'DROP' | 'other' = 'other',
): void {
  if (fits(object, kind)) return;
  const fitting = object.kind === 'materialized-view' ? 'materialized view' : object.kind;
  throw new SqlError(
    sqlstate.wrongObjectType,
    `"${object.name}" is not ${kind === 'index' ? 'an' : 'a'} ${kind}`,
    {
      hint:
        object.kind === 'virtual' || verb === 'other'
          ? undefined
          : `Use DROP ${fitting.toUpperCase()} to remove a ${fitting}.`,
      position,
    },
  );
}

/** A source made by CREATE TABLE … WITH is a table to its user, and one made by CREATE SOURCE a source. */
function fits(object: CatalogObject, kind: ast.ObjectKind): boolean {
  switch (kind) {
    case 'table':
      return object.kind === 'table' || object.kind === 'source' || object.kind === 'virtual';
    case 'source':
    case 'stream':
      return object.kind === 'source';
    case 'view':
      return object.kind === 'view' || object.kind === 'virtual';
    case 'materialized view':
      return object.kind === 'materialized-view';
    case 'sink':
    case 'index':
    case 'sequence':
      return object.kind === kind;
    default:
      return false;
  }
}

const missingCodes: ReadonlyMap<ast.ObjectKind, string> = new Map([
  ['schema', sqlstate.invalidSchemaName],
  ['index', sqlstate.undefinedObject],
  ['type', sqlstate.undefinedObject],
]);

/** `table "x" does not exist` */
export function missing(kind: ast.ObjectKind, name: ast.QualifiedName): SqlError {
  const { schema, relation } = splitName(name);
  const shown = schema === null ? relation : `${schema}.${relation}`;
  const code = missingCodes.get(kind) ?? sqlstate.undefinedTable;
  return new SqlError(code, `${kind} "${shown}" does not exist`, { position: name.span.start });
}
