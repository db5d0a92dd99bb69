/**
 * ALTER TABLE … RENAME COLUMN: the table, its indexes and sequences under the new name, and the views over it, which go
 * on under the old one.
 */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import { indexDefinition, indexesOf } from '../catalog/indexes.ts';
import type { CatalogObject, ColumnDefinition, TableObject } from '../catalog/objects.ts';
import type * as ast from '../syntax/ast.ts';
import { sameExpr } from './same-expr.ts';
import { bindScalarSql } from './bind-scalar.ts';
import type { Binding } from './binding.ts';
import { keepColumnName, renameInExpression } from './rename-in-views.ts';

export interface RenamedColumn {
  readonly table: TableObject;
  /** What else changes. */
  readonly others: readonly CatalogObject[];
}

export function renameColumn(
  table: TableObject,
  action: { readonly from: ast.Identifier; readonly to: ast.Identifier },
  binding: Binding,
): RenamedColumn {
  const { from, to } = action;
  const ordinal = table.columns.findIndex((column) => column.name === from.name);
  if (ordinal < 0) {
    throw new SqlError(sqlstate.undefinedColumn, `column "${from.name}" does not exist`, {
      position: from.span.start,
    });
  }
  if (table.columns.some((column) => column.name === to.name)) {
    throw new SqlError(
      sqlstate.duplicateColumn,
      `column "${to.name}" of relation "${table.name}" already exists`,
      { position: to.span.start },
    );
  }
  const { catalog } = binding;
  const indexes = indexesOf(catalog, table.oid)
    .filter((index) => index.key.includes(ordinal))
    .map((index) => {
      const columns = index.columns.map((column, i) =>
        index.key[i] === ordinal ? { ...column, name: to.name } : column,
      );
      const renamed = { ...index, columns };
      return { ...renamed, sql: indexDefinition(renamed, table) };
    });
  const sequences = catalog.dependents(table.oid).flatMap((object) => {
    if (object.kind !== 'sequence' || object.owner?.column !== from.name) return [];
    return [{ ...object, owner: { ...object.owner, column: to.name } }];
  });
  const views = keepColumnName(catalog.objects(), table, ordinal);
  return {
    table: renamedTable(table, ordinal, action, binding),
    others: [...indexes, ...sequences, ...views],
  };
}

function renamedTable(
  table: TableObject,
  ordinal: number,
  { from, to }: { readonly from: ast.Identifier; readonly to: ast.Identifier },
  binding: Binding,
): TableObject {
  const change = (sql: string): string => renameInExpression(sql, table.name, from.name, to.name);
  const named = table.columns.map((column, i): ColumnDefinition =>
    i === ordinal ? { ...column, name: to.name, declaredName: to.spelling } : column,
  );
  const texts = [
    ...table.checks.map((check) => check.sql),
    ...table.columns.flatMap((column) => column.computedSql ?? []),
    ...(table.watermark === null ? [] : [table.watermark.sql]),
  ];
  for (const sql of texts) {
    const options = { relation: table.name };
    const before = bindScalarSql(sql, table.columns, binding.context, options);
    const after = bindScalarSql(change(sql), named, binding.context, options);
    if (sameExpr(before, after)) continue;
    throw notSupported('renaming this column', {
      detail: `The expression ${sql} would mean something else.`,
      position: from.span.start,
    });
  }
  const columns = named.map((column) =>
    column.computedSql === null ? column : { ...column, computedSql: change(column.computedSql) },
  );
  return {
    ...table,
    columns,
    checks: table.checks.map((check) => ({ ...check, sql: change(check.sql) })),
    watermark:
      table.watermark === null ? null : { ...table.watermark, sql: change(table.watermark.sql) },
  };
}
