/**
 * Columns of a table by number: a number stays when columns before it go, and is never given again. Plans, which
 * stored queries are compared by, name columns by number; rows and definitions have them by ordinal.
 */

import type { ColumnDefinition, TableObject } from './objects.ts';

/** From 0 on; PostgreSQL's attnum is one more. */
export function numberOf(
  columns: readonly Pick<ColumnDefinition, 'number'>[],
  ordinal: number,
): number {
  return columns[ordinal]?.number ?? ordinal;
}

/** Of all columns, by ordinal. */
export function numbersOf(columns: readonly Pick<ColumnDefinition, 'number'>[]): number[] {
  return columns.map((_, ordinal) => numberOf(columns, ordinal));
}

/** How many columns a table has had, which is the number of the next one. */
export function columnsEver(table: Pick<TableObject, 'columns' | 'dropped'>): number {
  return table.columns.length + (table.dropped?.length ?? 0);
}
