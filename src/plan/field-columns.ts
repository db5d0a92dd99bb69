/**
 * Fields of composite columns as columns of their own. A source whose records hold objects (`ROW<…>` columns)
 * can be read field by field, straight into typed columns; each such field has an ordinal behind the ordinals of
 * the declared columns, the same wherever it is asked for.
 */

import type { Expr } from '../expr/expr.ts';
import { mapChildren } from '../expr/walk.ts';
import type { SqlType } from '../types/sql-type.ts';

export interface FieldColumn {
  readonly ordinal: number;
  /** Ordinal of the composite column. */
  readonly column: number;
  /** Field indices from the outside in. */
  readonly path: readonly number[];
  /** As a reference would be written: `bid.price`. */
  readonly name: string;
  /** Never composite. */
  readonly type: SqlType;
}

/** More fields than these are read as whole values. */
const fieldsMax = 400;

/** The fields of all composite columns, depth first; ordinals follow `columns`. Empty when there are too many. */
export function fieldColumns(
  columns: readonly { readonly name: string; readonly type: SqlType }[],
): readonly FieldColumn[] {
  const found: FieldColumn[] = [];
  const visit = (type: SqlType, column: number, path: readonly number[], name: string): void => {
    if (type.kind === 'row') {
      const names = new Set(type.fields.map((field) => field.name));
      // Equal names cannot be told apart in a record.
      if (names.size < type.fields.length) return;
      type.fields.forEach((field, index) => {
        visit(field.type, column, [...path, index], `${name}.${field.name}`);
      });
    } else if (path.length > 0) {
      found.push({ ordinal: columns.length + found.length, column, path, name, type });
    }
  };
  columns.forEach(({ type, name }, column) => visit(type, column, [], name));
  return found.length <= fieldsMax ? found : [];
}

/** `expr` with every reference to a field that `replace` knows exchanged; it gets the column and the path. */
export function replaceFields(
  expr: Expr,
  replace: (column: number, path: readonly number[]) => Expr | undefined,
): Expr {
  const place = fieldPlace(expr);
  const replaced = place === null ? undefined : replace(place.column, place.path);
  if (replaced !== undefined) return replaced;
  return mapChildren(expr, (child) => replaceFields(child, replace));
}

/** The column and path of a field reference; null for any other expression. */
export function fieldPlace(
  expr: Expr,
): { readonly column: number; readonly path: readonly number[] } | null {
  if (expr.kind !== 'field') return null;
  if (expr.arg.kind === 'column') return { column: expr.arg.index, path: [expr.index] };
  const outside = fieldPlace(expr.arg);
  return outside === null ? null : { ...outside, path: [...outside.path, expr.index] };
}
