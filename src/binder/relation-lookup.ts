/** From a written name to a catalog object, along the search path, with PostgreSQL's errors. */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import { isSystemSchema } from '../catalog/catalog.ts';
import { numberOf } from '../catalog/column-numbers.ts';
import type { CatalogObject, RelationObject, TableObject, TypeObject } from '../catalog/objects.ts';
import { fieldColumns } from '../plan/field-columns.ts';
import type { RelationRef } from '../plan/logical.ts';
import type * as ast from '../syntax/ast.ts';
import type { Field } from '../types/schema.ts';
import { types } from '../types/sql-type.ts';
import type { Binding } from './binding.ts';
import { closestNames } from './closest-name.ts';

/** The object of that name, or undefined. A schema that does not exist is no error here. */
export function findRelation(
  binding: Binding,
  name: ast.QualifiedName,
): Exclude<CatalogObject, TypeObject> | undefined {
  const { schema, relation } = splitName(name);
  if (schema === null) return notType(binding.catalog.findInPath(binding.path(), relation));
  const inlined = binding.context.inlined?.find(
    (view) => view.schema === schema && view.name === relation,
  );
  if (inlined !== undefined) return inlined;
  const real = schema === 'pg_temp' ? binding.context.temporarySchema : schema;
  const found = real === null ? undefined : binding.catalog.find(real, relation);
  return notType(found);
}

function notType(
  object: CatalogObject | undefined,
): Exclude<CatalogObject, TypeObject> | undefined {
  return object?.kind === 'type' ? undefined : object;
}

/** The type of that name that a user made; `_name` is its array. */
export function findType(
  binding: Binding,
  name: ast.QualifiedName,
): { readonly type: TypeObject; readonly array?: true } | undefined {
  const { schema, relation } = splitName(name);
  const path = schema === null ? binding.path() : [schema];
  const type = binding.catalog.findTypeInPath(path, relation);
  if (type !== undefined) return { type };
  const element = relation.startsWith('_')
    ? binding.catalog.findTypeInPath(path, relation.slice(1))
    : undefined;
  return element === undefined ? undefined : { type: element, array: true };
}

/**
 * The relation of that name; 42P01 with a nearby name as a hint, 42809 for a sink, which has no rows to read.
 * Remembers that the statement reads it.
 */
export function requireRelation(binding: Binding, name: ast.QualifiedName): RelationObject {
  const found = findRelation(binding, name);
  if (found?.kind === 'sink') {
    throw new SqlError(sqlstate.wrongObjectType, `"${found.name}" is a sink`, {
      detail: 'The rows of a sink go outside and are not kept.',
      hint: 'Read what it reads; millrace.sinks shows how far it is.',
      position: name.span.start,
    });
  }
  if (found?.kind === 'index') {
    throw new SqlError(sqlstate.wrongObjectType, `cannot open relation "${found.name}"`, {
      detail: 'This operation is not supported for indexes.',
      position: name.span.start,
    });
  }
  if (found?.kind === 'sequence') {
    throw notSupported('reading a sequence as a table', {
      hint: 'Its last value stands in pg_sequences.',
      position: name.span.start,
    });
  }
  if (found !== undefined) {
    binding.relations.add(found.oid);
    binding.named.set(name, found);
    return found;
  }
  throw missingRelation(binding, name);
}

/** `relation "x" does not exist` */
export function missingRelation(binding: Binding, name: ast.QualifiedName): SqlError {
  const { schema, relation } = splitName(name);
  const shown = schema === null ? relation : `${schema}.${relation}`;
  return new SqlError(sqlstate.undefinedTable, `relation "${shown}" does not exist`, {
    position: name.span.start,
    hint: nearby(binding, schema, relation),
  });
}

function nearby(binding: Binding, schema: string | null, name: string): string | undefined {
  const schemas = schema === null ? binding.path() : [schema];
  const known = schemas
    .filter((each) => schema !== null || !isSystemSchema(each))
    .flatMap((each) => binding.catalog.objectsIn(each).map((object) => object.name));
  const [closest] = closestNames(name, known, 1);
  return closest === undefined ? undefined : `Did you mean "${closest}"?`;
}

/** Schema and name; a database before them must not differ from ours, which is not known here. */
export function splitName(name: ast.QualifiedName): {
  readonly schema: string | null;
  readonly relation: string;
} {
  const parts = name.parts.map((part) => part.name);
  if (parts.length > 3) {
    throw new SqlError(
      sqlstate.syntaxError,
      `improper qualified name (too many dotted names): ${parts.join('.')}`,
      { position: name.span.start },
    );
  }
  return { schema: parts.at(-2) ?? null, relation: parts.at(-1)! };
}

/** The schema and name that a CREATE gives: the first schema of the search path unless one is written. */
export function nameForCreation(
  binding: Binding,
  name: ast.QualifiedName,
  temporary = false,
): { readonly schema: string; readonly name: string } {
  const { schema, relation } = splitName(name);
  const position = name.span.start;
  if (temporary) {
    const own = binding.context.temporarySchema;
    if (schema !== null && schema !== 'pg_temp') {
      throw new SqlError(
        sqlstate.invalidTableDefinition,
        'cannot create temporary relation in non-temporary schema',
        { position },
      );
    }
    if (own === null) {
      throw new SqlError(
        sqlstate.featureNotSupported,
        'temporary views are not supported in this session',
        { position },
      );
    }
    return { schema: own, name: relation };
  }
  const target = schema ?? firstSchema(binding, position);
  if (binding.catalog.schema(target) === undefined) {
    throw new SqlError(sqlstate.invalidSchemaName, `schema "${target}" does not exist`, {
      position,
    });
  }
  if (isSystemSchema(target)) {
    throw new SqlError(
      sqlstate.insufficientPrivilege,
      `permission denied to create "${target}.${relation}"`,
      { detail: 'System catalog modifications are currently disallowed.', position },
    );
  }
  return { schema: target, name: relation };
}

function firstSchema(binding: Binding, position: number): string {
  const found = binding.context.searchPath.find(
    (name) => binding.catalog.schema(name) !== undefined && !isSystemSchema(name),
  );
  if (found !== undefined) return found;
  throw new SqlError(sqlstate.invalidSchemaName, 'no schema has been selected to create in', {
    position,
  });
}

/** The object as plans name it, with the key that it had when the oid `madeAt` was given. */
export function relationRef(object: RelationObject, madeAt = Infinity): RelationRef {
  return {
    oid: object.oid,
    schemaName: object.schema,
    name: object.name,
    kind: refKind(object),
    appendOnly: isAppendOnly(object),
    ...fieldsToRead(object),
    ...(object.kind === 'table' && object.primaryKey.length > 0 && (object.keyMade ?? 0) <= madeAt
      ? { keys: [object.primaryKey.map((ordinal) => numberOf(object.columns, ordinal))] }
      : {}),
  };
}

/** What a scan may read by itself of the composite columns of a source. */
function fieldsToRead(object: RelationObject): Pick<RelationRef, 'fieldColumns'> {
  if (object.kind !== 'source') return {};
  const found = fieldColumns(object.columns);
  return found.length === 0 ? {} : { fieldColumns: found };
}

function refKind(object: RelationObject): RelationRef['kind'] {
  switch (object.kind) {
    case 'table':
    case 'source':
    case 'virtual':
      return object.kind;
    case 'view':
    case 'materialized-view':
      return 'view';
  }
}

/** A source without a key only ever adds rows; a table's rows may go at any time. */
function isAppendOnly(object: RelationObject): boolean {
  switch (object.kind) {
    case 'source':
      return object.primaryKey.length === 0 && !isChangeFormat(object.format);
    case 'materialized-view':
      return object.appendOnly;
    case 'table':
    case 'view':
    case 'virtual':
      return false;
  }
}

/** The object as a query reads it. */
export function relationToRead(object: RelationObject, binding: Binding): RelationRef {
  const relation = relationRef(object, binding.context.madeAt);
  return isBounded(object, binding) ? { ...relation, bounded: true } : relation;
}

function isBounded(object: CatalogObject, { context }: Binding): boolean {
  if (object.kind !== 'source') return false;
  return context.connectors(object.connector)?.isBounded?.(object.options) === true;
}

function isChangeFormat(format: string | null): boolean {
  return format !== null && /debezium|upsert|canal|maxwell/.test(format);
}

/** The columns of a relation as fields, in order, as they were when the oid `madeAt` was given. */
export function fieldsOf(object: RelationObject, madeAt = Infinity): readonly Field[] {
  return numberedFields(object, madeAt).map(({ field }) => field);
}

export interface NumberedField {
  readonly number: number;
  readonly field: Field;
}

/** The same with the columns' numbers. */
export function numberedFields(
  object: RelationObject,
  madeAt = Infinity,
): readonly NumberedField[] {
  switch (object.kind) {
    case 'table':
    case 'source': {
      const { columns, oid } = object;
      const present = columns.flatMap((column, ordinal): readonly NumberedField[] => {
        if ((column.added ?? 0) > madeAt) return [];
        const number = numberOf(columns, ordinal);
        const { name, type, notNull, notNullMade = 0 } = column;
        const nullable = !notNull || notNullMade > madeAt;
        const origin = { relationOid: oid, attribute: number + 1 };
        const field = { name, type, nullable, ...timeOf(object, ordinal), origin };
        return [{ number, field }];
      });
      const gone = object.kind === 'table' ? fieldsUntil(object, madeAt) : [];
      return gone.length === 0
        ? present
        : [...present, ...gone].sort((a, b) => a.number - b.number);
    }
    case 'view':
    case 'materialized-view':
    case 'virtual':
      return object.columns.map((column, ordinal) => ({
        number: ordinal,
        field: {
          name: column.name,
          type: column.type,
          nullable: column.nullable,
          ...(column.time === undefined ? {} : { time: column.time }),
          origin: { relationOid: object.oid, attribute: ordinal + 1 },
        },
      }));
  }
}

/** Columns that went later. Nobody reads them, so what stands here for their types says nothing. */
function fieldsUntil({ dropped = [] }: TableObject, madeAt: number): readonly NumberedField[] {
  return dropped
    .filter((column) => (column.added ?? 0) <= madeAt && column.dropped > madeAt)
    .map(({ number, name }) => ({ number, field: { name, type: types.text, nullable: true } }));
}

/** The watermark's column carries event time; `AS PROCTIME()` processing time. */
function timeOf(
  object: Extract<CatalogObject, { kind: 'table' | 'source' }>,
  ordinal: number,
): { readonly time?: 'event' | 'processing' } {
  if (object.watermark?.column === ordinal) return { time: 'event' };
  const computed = object.columns[ordinal]!.computedSql;
  return computed !== null && /^\s*proctime\s*\(\s*\)\s*$/i.test(computed)
    ? { time: 'processing' }
    : {};
}
