/**
 * CREATE INDEX, and the indexes that UNIQUE stands for. An index holds whole columns and answers equality;
 * what PostgreSQL's can do beyond that (expressions, parts of a table, other methods) is refused by name.
 */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type {
  ColumnDefinition,
  IndexObject,
  MaterializedViewObject,
  TableObject,
  ViewColumn,
} from '../catalog/objects.ts';
import { indexDefinition } from '../catalog/indexes.ts';
import type * as ast from '../syntax/ast.ts';
import type { Binding } from './binding.ts';
import type { BoundCreateIndex, Unnumbered } from './bound-statement.ts';
import { typeName } from './coerce.ts';
import { requireRelation } from './relation-lookup.ts';

/** PostgreSQL's limit on columns of an index. */
const columnsMax = 32;
/** Bytes of a name, as in PostgreSQL. */
const nameBytesMax = 63;
const methods: ReadonlySet<string> = new Set(['btree', 'hash']);

export function bindCreateIndex(statement: ast.CreateIndex, binding: Binding): BoundCreateIndex {
  refuseUnsupported(statement);
  const object = requireRelation(binding, statement.table);
  if (object.kind !== 'table' && object.kind !== 'materialized-view') {
    throw notIndexable(object.kind, object.name, statement.table.span.start);
  }
  const method = statement.method?.name ?? 'btree';
  if (statement.unique && object.kind !== 'table') {
    throw notSupported('CREATE UNIQUE INDEX on a materialized view', {
      detail:
        'Its rows follow from what it reads, so a row that breaks the rule could not be refused.',
      hint: 'Leave UNIQUE out, or put the index on the table.',
      position: statement.span.start,
    });
  }
  const key = statement.elements.map((element) => keyColumn(element, object));
  checkMethod(statement, method, key.length);
  const name =
    statement.name?.name ??
    freeName(
      binding.catalog,
      object.schema,
      `${object.name}_${key.map((ordinal) => object.columns[ordinal]!.name).join('_')}`,
      'idx',
    );
  const skip = nameTaken(statement, { schema: object.schema, name }, binding);
  const order = statement.elements.map(({ direction, nulls }) => {
    const descending = direction === 'desc';
    return { descending, nullsFirst: nulls === null ? descending : nulls === 'first' };
  });
  return {
    kind: 'create-index',
    skip,
    object: indexOn(object, {
      name,
      key,
      order,
      method: method as IndexObject['method'],
      unique: statement.unique,
      constraint: false,
    }),
  };
}

/** The index itself; `relation` 0 is filled in by whoever makes the table along with it. */
export function indexOn(
  relation: {
    readonly oid?: number;
    readonly schema: string;
    readonly name: string;
    readonly columns: readonly (ColumnDefinition | ViewColumn)[];
  },
  parts: Pick<IndexObject, 'name' | 'key' | 'order' | 'method' | 'unique' | 'constraint'>,
): Unnumbered<IndexObject> {
  const columns = parts.key.map((ordinal): ViewColumn => {
    const { name, type } = relation.columns[ordinal]!;
    return { name, type, nullable: true, comment: null };
  });
  const index = {
    kind: 'index',
    schema: relation.schema,
    comment: null,
    relation: relation.oid ?? 0,
    columns,
    ...parts,
  } as const;
  return { ...index, sql: indexDefinition(index, relation) };
}

/** UNIQUE (columns) of a table: an index that goes with its constraint. */
export function uniqueIndex(
  catalog: Catalog,
  table: Pick<TableObject, 'schema' | 'name' | 'columns'> & { readonly oid?: number },
  constraint: {
    readonly name: string | null;
    readonly key: readonly number[];
    readonly position: number;
  },
  taken: ReadonlySet<string>,
): Unnumbered<IndexObject> {
  const { key, position } = constraint;
  for (const ordinal of key) checkIndexable(table.columns[ordinal]!, position);
  const twice = key.find((ordinal, i) => key.indexOf(ordinal) !== i);
  if (twice !== undefined) {
    throw new SqlError(
      sqlstate.duplicateColumn,
      `column "${table.columns[twice]!.name}" appears twice in unique constraint`,
      { position },
    );
  }
  const base = `${table.name}_${key.map((ordinal) => table.columns[ordinal]!.name).join('_')}`;
  const name = constraint.name ?? freeName(catalog, table.schema, base, 'key', taken);
  if (catalog.find(table.schema, name) !== undefined || taken.has(name)) {
    throw new SqlError(sqlstate.duplicateTable, `relation "${name}" already exists`, { position });
  }
  const order = key.map(() => ({ descending: false, nullsFirst: false }));
  return indexOn(table, { name, key, order, method: 'btree', unique: true, constraint: true });
}

/** `base_suffix`, cut to 63 bytes, with a number behind it until nothing has that name. */
export function freeName(
  catalog: Catalog,
  schema: string,
  base: string,
  suffix: string,
  taken: ReadonlySet<string> = new Set(),
): string {
  for (let i = 0; ; i++) {
    const end = `_${suffix}${i === 0 ? '' : String(i)}`;
    const name = `${cut(base, nameBytesMax - end.length)}${end}`;
    if (catalog.find(schema, name) === undefined && !taken.has(name)) return name;
  }
}

function cut(text: string, bytesMax: number): string {
  let cutText = text;
  while (Buffer.byteLength(cutText) > bytesMax) cutText = [...cutText].slice(0, -1).join('');
  return cutText;
}

function refuseUnsupported(statement: ast.CreateIndex): void {
  const position = statement.span.start;
  const hint = 'Index whole columns: CREATE INDEX ON name (column, …).';
  if (statement.where !== null) throw notSupported('a partial index', { hint, position });
  if (statement.include.length > 0) {
    throw notSupported('INCLUDE of an index', {
      hint: 'Leave it out: an index leads to whole rows.',
      position,
    });
  }
  if (statement.nullsNotDistinct) throw notSupported('NULLS NOT DISTINCT', { position });
  const [option] = statement.options;
  if (option === undefined) return;
  throw new SqlError(sqlstate.invalidParameterValue, `unrecognized parameter "${option.name}"`, {
    hint: 'An index takes no options.',
    position: option.span.start,
  });
}

function checkMethod(statement: ast.CreateIndex, method: string, columns: number): void {
  const position = (statement.method ?? statement).span.start;
  if (!methods.has(method)) {
    throw notSupported(`access method "${method}"`, { hint: 'Use btree or hash.', position });
  }
  if (columns > columnsMax) {
    throw new SqlError('54011', `cannot use more than ${columnsMax} columns in an index`);
  }
  if (method !== 'hash') return;
  if (statement.unique) {
    throw notSupported('access method "hash" with UNIQUE', { hint: 'Use btree.', position });
  }
  if (columns > 1) {
    throw notSupported('access method "hash" with several columns', {
      hint: 'Use btree.',
      position,
    });
  }
}

function keyColumn(
  element: ast.IndexElement,
  object: TableObject | MaterializedViewObject,
): number {
  const { expression, operatorClass, collation } = element;
  const position = element.span.start;
  if (expression.kind !== 'column' || expression.parts.length !== 1) {
    throw notSupported('an index on an expression', {
      hint: 'Add the expression as a column of a materialized view, and index that.',
      position,
    });
  }
  if (operatorClass !== null) {
    throw notSupported('an operator class of an index', { hint: 'Leave it out.', position });
  }
  if (collation !== null) {
    throw notSupported('COLLATE of an index', { hint: 'Leave it out.', position });
  }
  const { name } = expression.parts[0]!;
  const ordinal = object.columns.findIndex((column) => column.name === name);
  if (ordinal < 0) {
    throw new SqlError(sqlstate.undefinedColumn, `column "${name}" does not exist`, { position });
  }
  checkIndexable(object.columns[ordinal]!, position);
  return ordinal;
}

function checkIndexable({ type }: ColumnDefinition | ViewColumn, position: number): void {
  if (type.kind !== 'json' && type.kind !== 'map') return;
  throw new SqlError(
    sqlstate.undefinedObject,
    `data type ${typeName(type)} has no default operator class for access method "btree"`,
    { position },
  );
}

function nameTaken(
  statement: ast.CreateIndex,
  name: { readonly schema: string; readonly name: string },
  binding: Binding,
): boolean {
  if (binding.catalog.find(name.schema, name.name) === undefined) return false;
  if (!statement.ifNotExists) {
    throw new SqlError(sqlstate.duplicateTable, `relation "${name.name}" already exists`);
  }
  binding.notice(`relation "${name.name}" already exists, skipping`, { code: '42P07' });
  return true;
}

function notIndexable(kind: string, name: string, position: number): SqlError {
  if (kind === 'virtual') {
    return new SqlError(
      sqlstate.insufficientPrivilege,
      `permission denied: "${name}" is a system catalog`,
      { position },
    );
  }
  if (kind === 'source') {
    return notSupported('an index on a source', {
      detail: 'The rows of a source are not kept.',
      hint: 'Index a materialized view over it.',
      position,
    });
  }
  return new SqlError(sqlstate.wrongObjectType, `cannot create index on relation "${name}"`, {
    detail: 'This operation is not supported for views.',
    position,
  });
}
