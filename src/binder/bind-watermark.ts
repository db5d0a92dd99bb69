/** WATERMARK FOR column AS expression: which column carries event time, and how far behind it the watermark is. */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type { ColumnDefinition, WatermarkDefinition } from '../catalog/objects.ts';
import { volatilityOf } from '../expr/walk.ts';
import type * as ast from '../syntax/ast.ts';
import { bindScalar } from './bind-scalar.ts';
import type { Binding } from './binding.ts';
import { typeName } from './coerce.ts';
import { storedExpression } from './stored-sql.ts';

export function bindWatermark(
  written: ast.WatermarkDefinition,
  table: { readonly columns: readonly ColumnDefinition[]; readonly relation: string },
  binding: Binding,
): WatermarkDefinition {
  const ordinal = columnOf(written, table.columns);
  const { name, type } = table.columns[ordinal]!;
  const bound = bindScalar(written.expression, table.columns, binding, {
    clause: 'watermark expressions',
    relation: table.relation,
    target: { name, type },
  });
  if (volatilityOf(bound) === 'volatile') {
    throw new SqlError(
      sqlstate.invalidTableDefinition,
      'functions in a watermark must not be volatile',
      { position: written.expression.span.start },
    );
  }
  return { column: ordinal, sql: storedExpression(written.expression, binding) };
}

function columnOf(written: ast.WatermarkDefinition, columns: readonly ColumnDefinition[]): number {
  const [name, more] = written.column.parts;
  if (more !== undefined) {
    throw notSupported('a watermark on a field of a column', {
      hint: 'Add a computed column: ts AS payload.ts, and declare the watermark on it.',
      position: written.span.start,
    });
  }
  const position = name!.span.start;
  const ordinal = columns.findIndex((column) => column.name === name!.name);
  if (ordinal < 0) {
    throw new SqlError(sqlstate.undefinedColumn, `column "${name!.name}" does not exist`, {
      position,
    });
  }
  const { type } = columns[ordinal]!;
  if (type.kind !== 'timestamp' && type.kind !== 'timestamptz') {
    throw new SqlError(
      sqlstate.datatypeMismatch,
      `the column of a watermark must be of type timestamp, not ${typeName(type)}`,
      { position },
    );
  }
  return ordinal;
}
