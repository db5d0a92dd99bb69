/**
 * ALTER TABLE … ALTER COLUMN … TYPE: the column with its new type, and what each row's value is computed from. As in
 * PostgreSQL nothing may depend on the old type but defaults, checks and indexes, which are made anew for the new one.
 */

import { must } from '../base/assert.ts';
import { SqlError, sqlstate } from '../base/errors.ts';
import { numberOf } from '../catalog/column-numbers.ts';
import type { ColumnDefinition, SequenceObject, TableObject } from '../catalog/objects.ts';
import type { Expr } from '../expr/expr.ts';
import type * as ast from '../syntax/ast.ts';
import { parseExpression } from '../syntax/parse.ts';
import { formatType } from '../types/oid.ts';
import type { SqlType } from '../types/sql-type.ts';
import { readsOf } from './bind-drop-column.ts';
import { bindScalar, bindScalarSql } from './bind-scalar.ts';
import { alteredSequence } from './bind-sequence.ts';
import { bindType } from './bind-type.ts';
import type { Binding } from './binding.ts';
import { coerceBoolean, tryCoerce, typeName } from './coerce.ts';
import { usersOf } from './column-users.ts';

export type ColumnType = Extract<ast.AlterAction, { kind: 'column-type' }>;

export interface RetypedColumn {
  readonly table: TableObject;
  readonly number: number;
  /** The new value, over the columns of the row as it was before the statement. */
  readonly value: Expr;
  /** The sequence of an identity column, which has the type of the column. */
  readonly sequence: SequenceObject | null;
}

/** `before`: the table before the statement, whose columns USING names. `done`: columns with a new type already. */
export function retypeColumn(
  table: TableObject,
  before: TableObject,
  action: ColumnType,
  binding: Binding,
  done: ReadonlyMap<number, unknown>,
): RetypedColumn {
  const { name, span } = action.column;
  const ordinal = table.columns.findIndex((column) => column.name === name);
  if (ordinal < 0) {
    throw new SqlError(
      sqlstate.undefinedColumn,
      `column "${name}" of relation "${table.name}" does not exist`,
      { position: span.start },
    );
  }
  const column = table.columns[ordinal]!;
  const type = bindType(action.type, binding);
  if (column.identity !== undefined && !integers.has(type.kind)) {
    throw new SqlError(
      sqlstate.invalidParameterValue,
      'identity column type must be smallint, integer, or bigint',
    );
  }
  const number = numberOf(table.columns, ordinal);
  if (done.has(number)) {
    throw new SqlError(
      sqlstate.featureNotSupported,
      `cannot alter type of column "${name}" twice`,
      { position: span.start },
    );
  }
  const value = newValue(column, number, type, before, action, binding);
  refuseUsers(table, ordinal, action, binding);
  const retyped = withDefault({ ...column, type }, column, binding);
  const columns = table.columns.map((each, i) => (i === ordinal ? retyped : each));
  const after = { ...table, columns };
  bindAnew(after, binding);
  return { table: after, number, value, sequence: sequenceFor(column, type, action, binding) };
}

const integers: ReadonlySet<SqlType['kind']> = new Set(['smallint', 'integer', 'bigint']);

function newValue(
  column: ColumnDefinition,
  number: number,
  type: SqlType,
  before: TableObject,
  action: ColumnType,
  binding: Binding,
): Expr {
  const { using } = action;
  if (using !== null && column.source === 'computed') {
    throw new SqlError(
      sqlstate.invalidColumnDefinition,
      'cannot specify USING when altering type of generated column',
      { detail: `Column "${column.name}" is a generated column.`, position: using.span.start },
    );
  }
  const old = before.columns.findIndex((_, i) => numberOf(before.columns, i) === number);
  const given: Expr =
    using === null
      ? { kind: 'column', index: old, type: must(before.columns[old], 'old column').type }
      : bindScalar(using, before.columns, binding, {
          clause: 'transform expressions',
          relation: before.name,
          keep: true,
        });
  const value = tryCoerce(binding, given, type, 'assignment');
  if (value !== null) return value;
  const position = action.column.span.start;
  if (using === null) {
    throw new SqlError(
      sqlstate.datatypeMismatch,
      `column "${column.name}" cannot be cast automatically to type ${typeName(type)}`,
      {
        hint: `You might need to specify "USING ${column.name}::${formatType(type)}".`,
        position,
      },
    );
  }
  throw new SqlError(
    sqlstate.datatypeMismatch,
    `result of USING clause for column "${column.name}" cannot be cast automatically to type ${typeName(type)}`,
    { hint: 'You might need to add an explicit cast.', position },
  );
}

/** Generated columns, watermarks and stored queries were made for the type that the column has. */
function refuseUsers(
  table: TableObject,
  ordinal: number,
  action: ColumnType,
  binding: Binding,
): void {
  const position = action.column.span.start;
  const { name } = table.columns[ordinal]!;
  const generated = table.columns.find(
    (each, at) =>
      at !== ordinal &&
      each.computedSql !== null &&
      readsOf(each.computedSql, table, binding).has(ordinal),
  );
  if (generated !== undefined) {
    throw new SqlError(
      sqlstate.featureNotSupported,
      'cannot alter type of a column used by a generated column',
      { detail: `Column "${name}" is used by generated column "${generated.name}".`, position },
    );
  }
  const { watermark } = table;
  if (
    watermark !== null &&
    (watermark.column === ordinal || readsOf(watermark.sql, table, binding).has(ordinal))
  ) {
    throw new SqlError(
      sqlstate.featureNotSupported,
      'cannot alter type of a column used by a watermark',
      { hint: 'Make the table anew.', position },
    );
  }
  const number = numberOf(table.columns, ordinal);
  const user = usersOf(table, binding).find(({ columns }) => columns?.has(number) !== false);
  if (user === undefined) return;
  const { kind, name: userName } = user.object;
  throw new SqlError(
    sqlstate.featureNotSupported,
    'cannot alter type of a column used by a view or rule',
    {
      detail: `${kind === 'sink' ? 'sink' : 'rule _RETURN on view'} ${userName} depends on column "${name}"`,
      position,
    },
  );
}

/** A default of its own is cast to the new type; what it says stays. */
function withDefault(
  retyped: ColumnDefinition,
  column: ColumnDefinition,
  binding: Binding,
): ColumnDefinition {
  const { defaultSql } = column;
  if (defaultSql === null) return retyped;
  const isText = parseExpression(defaultSql).kind === 'string';
  const before = bindScalarSql(defaultSql, [], binding.context, {
    clause: 'DEFAULT expressions',
    ...(isText ? { target: column } : {}),
  });
  if (tryCoerce(binding, before, retyped.type, 'assignment') === null) {
    throw new SqlError(
      sqlstate.datatypeMismatch,
      `default for column "${column.name}" cannot be cast automatically to type ${typeName(retyped.type)}`,
    );
  }
  // The default is the value that the text had, not what it says to the new type. A label is its text.
  if (!isText || column.type.kind === 'enum') return retyped;
  return { ...retyped, defaultSql: `(${defaultSql})::${formatType(column.type)}` };
}

/** Throws when a check, or the column's own expression, has no meaning over the new type. */
function bindAnew(table: TableObject, binding: Binding): void {
  const { columns, name: relation } = table;
  for (const { sql } of table.checks) {
    const options = { clause: 'check constraints', relation } as const;
    coerceBoolean(binding, bindScalarSql(sql, columns, binding.context, options), 'CHECK');
  }
  for (const column of columns) {
    if (column.computedSql === null) continue;
    bindScalarSql(column.computedSql, columns, binding.context, { target: column, relation });
  }
}

function sequenceFor(
  column: ColumnDefinition,
  type: SqlType,
  action: ColumnType,
  binding: Binding,
): SequenceObject | null {
  if (column.identity === undefined || column.sequence === undefined) return null;
  const sequence = must(binding.catalog.byOid(column.sequence), 'sequence of an identity column');
  if (sequence.kind !== 'sequence') return null;
  const option = { name: 'as', value: type.kind, span: action.span };
  return alteredSequence(sequence, [option], binding).object;
}
