/** Whole rows of a stored table: which tables can be written, defaults, computed columns. */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type {
  ColumnDefinition,
  RelationObject,
  SourceObject,
  TableObject,
} from '../catalog/objects.ts';
import type { Expr } from '../expr/expr.ts';
import { substituteColumns } from '../expr/walk.ts';
import type * as ast from '../syntax/ast.ts';
import { bindScalarSql } from './bind-scalar.ts';
import type { Binding } from './binding.ts';
import { nullOf } from './coerce.ts';
import { requireRelation } from './relation-lookup.ts';

/** What a statement does, as PostgreSQL's messages have it. */
type ChangeVerb = 'insert into' | 'update' | 'delete from' | 'truncate' | 'copy to';

/** The table that a statement changes; PostgreSQL's errors for everything that is no table. */
export function requireTable(
  binding: Binding,
  name: ast.QualifiedName,
  verb: ChangeVerb,
): TableObject {
  const object = requireRelation(binding, name);
  if (object.kind === 'table') return object;
  throw refusal(object, verb, name.span.start);
}

function refusal(
  object: Exclude<RelationObject, TableObject>,
  verb: ChangeVerb,
  position: number,
): Error {
  if (verb === 'truncate' && object.kind !== 'source') {
    return new SqlError(sqlstate.wrongObjectType, `"${object.name}" is not a table`, { position });
  }
  switch (object.kind) {
    case 'source':
      return verb === 'insert into' ? readOnly(object, position) : rowsOutside(verb, position);
    case 'materialized-view':
      return new SqlError(
        sqlstate.wrongObjectType,
        `cannot change materialized view "${object.name}"`,
        { position },
      );
    case 'view':
      return new SqlError(
        sqlstate.objectNotInPrerequisiteState,
        `cannot ${verb} view "${object.name}"`,
        { detail: 'Views are not updatable.', hint: 'Change the tables under it.', position },
      );
    case 'virtual':
      return new SqlError(
        sqlstate.insufficientPrivilege,
        `permission denied for table ${object.name}`,
        { position },
      );
  }
}

function readOnly({ name }: SourceObject, position: number): SqlError {
  return notSupported(`writing to source "${name}"`, {
    hint: 'Its connector only reads. Insert into a table without a connector, or with one that writes.',
    position,
  });
}

/** Statements on rows that stand outside, where they cannot be changed. */
const outsideWords: Readonly<Record<Exclude<ChangeVerb, 'insert into'>, string>> = {
  update: 'UPDATE of',
  'delete from': 'DELETE from',
  truncate: 'TRUNCATE of',
  'copy to': 'COPY into',
};

function rowsOutside(verb: Exclude<ChangeVerb, 'insert into'>, position: number): SqlError {
  return notSupported(`${outsideWords[verb]} a table with a connector`, {
    detail: 'Its rows are outside, and none of them are kept here.',
    hint:
      verb === 'copy to'
        ? 'Copy into a table without a connector; INSERT INTO … SELECT writes from that one.'
        : 'Keep rows that change in a table without a connector.',
    position,
  });
}

/** The ordinal of a column to be written. 42703 and 428C9 as PostgreSQL. */
export function writableColumn(table: TableObject, name: ast.Identifier): number {
  const ordinal = table.columns.findIndex((column) => column.name === name.name);
  const position = name.span.start;
  if (ordinal < 0) {
    throw new SqlError(
      sqlstate.undefinedColumn,
      `column "${name.name}" of relation "${table.name}" does not exist`,
      { position },
    );
  }
  return ordinal;
}

/** 428C9: a computed column takes its value from the others. */
export function computedRefusal(
  column: ColumnDefinition,
  action: 'insert' | 'update',
  position: number,
): SqlError {
  const message =
    action === 'insert'
      ? `cannot insert a non-DEFAULT value into column "${column.name}"`
      : `column "${column.name}" can only be updated to DEFAULT`;
  return new SqlError('428C9', message, {
    detail:
      column.identity === undefined
        ? `Column "${column.name}" is a generated column.`
        : `Column "${column.name}" is an identity column defined as GENERATED ALWAYS.`,
    hint:
      column.identity !== undefined && action === 'insert'
        ? 'Use OVERRIDING SYSTEM VALUE to override.'
        : undefined,
    position,
  });
}

/** Whether statements may give the column a value at all. */
export function isGenerated(column: ColumnDefinition): boolean {
  return column.source === 'computed' || column.identity === 'always';
}

/** The value of a column that is given none. */
export function defaultOf(column: ColumnDefinition, binding: Binding): Expr {
  if (column.defaultSql === null) return nullOf(column.type);
  return bindScalarSql(column.defaultSql, [], binding.context, {
    clause: 'DEFAULT expressions',
    target: column,
  });
}

/**
 * Whole rows from the values of the physical columns: `values` has an expression for each of those and
 * anything for the computed ones, whose expressions take its place with the values put in.
 */
export function withComputed(
  table: TableObject,
  values: readonly Expr[],
  binding: Binding,
): readonly Expr[] {
  const row = [...values];
  for (const [ordinal, expr] of computedColumns(table, binding)) {
    row[ordinal] = substituteColumns(expr, row);
  }
  return row;
}

/** The computed columns in order; each may name those before it. */
export function computedColumns(
  table: TableObject,
  binding: Binding,
): readonly (readonly [ordinal: number, expr: Expr])[] {
  return table.columns.flatMap((column, ordinal) => {
    if (column.computedSql === null) return [];
    const expr = bindScalarSql(column.computedSql, table.columns, binding.context, {
      target: column,
      relation: table.name,
    });
    return [[ordinal, expr] as const];
  });
}
