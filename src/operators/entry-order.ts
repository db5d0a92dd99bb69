/**
 * Orders of stored rows. `totalOrder` ends every tie: after the order asked for, rows are
 * compared by all columns and at last by their exact bytes, so that the choice among equals depends on
 * the rows alone and not on when they came.
 */

import { ByteWriter } from '../base/bytes.ts';
import type { OrderSpec } from '../plan/dataflow-plan.ts';
import type { EntryOrder } from '../state/sorted-entries.ts';
import type { StoredColumn } from '../state/stored-column.ts';
import type { Column, TextColumn } from '../types/column.ts';
import { readDatum } from '../types/column-access.ts';
import { compareBytes, compareNullable, compareNumbers } from '../types/compare.ts';
import { encodeDatum } from '../types/row-codec.ts';
import type { SqlType } from '../types/sql-type.ts';

/** Rows in columns of state. */
export interface StoredRows {
  readonly types: readonly SqlType[];
  readonly stored: readonly StoredColumn[];
}

/** Negative, 0 or positive by `order` alone. */
export function orderOf(rows: StoredRows, order: readonly OrderSpec[]): EntryOrder {
  const { stored } = rows;
  return (a, b) => {
    for (const spec of order) {
      const key = stored[spec.column]!;
      const result = compareRows(key.column, key.type, a, b, spec);
      if (result !== 0) return result;
    }
    return 0;
  };
}

/** Never 0 for two different entries of one table. */
export function totalOrder(rows: StoredRows, order: readonly OrderSpec[]): EntryOrder {
  const asked = orderOf(rows, order);
  const rest = rows.types.map((_, column) => ({ column, descending: false, nullsFirst: false }));
  const byColumns = orderOf(rows, rest);
  return (a, b) => (a === b ? 0 : asked(a, b) || byColumns(a, b) || compareExact(rows, a, b));
}

function compareExact({ types, stored }: StoredRows, a: number, b: number): number {
  const columns = stored.map((each) => each.column);
  return compareExactAcross(columns, a, columns, b, types);
}

/** Compares row a of some columns with row b of others of the same types by their exact bytes. */
export function compareExactAcross(
  left: readonly Column[],
  a: number,
  right: readonly Column[],
  b: number,
  types: readonly SqlType[],
): number {
  return compareBytes(exactBytes(left, a, types), exactBytes(right, b, types));
}

function exactBytes(columns: readonly Column[], row: number, types: readonly SqlType[]) {
  const writer = new ByteWriter(64);
  types.forEach((type, c) => {
    encodeDatum(writer, readDatum(columns[c]!, row, type), type);
  });
  return writer.view();
}

/** Compares row a of some columns with row b of others of the same types by `order`. */
export function compareRowsAcross(
  left: readonly Column[],
  a: number,
  right: readonly Column[],
  b: number,
  types: readonly SqlType[],
  order: readonly OrderSpec[],
): number {
  for (const spec of order) {
    const { column } = spec;
    const result = compareAcross(left[column]!, a, right[column]!, b, types[column]!, spec);
    if (result !== 0) return result;
  }
  return 0;
}

interface Direction {
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

/** Compares rows a and b of one column. */
export function compareRows(
  column: Column,
  type: SqlType,
  a: number,
  b: number,
  direction: Direction,
): number {
  return compareAcross(column, a, column, b, type, direction);
}

/** Compares row a of one column with row b of another of the same type. */
export function compareAcross(
  left: Column,
  a: number,
  right: Column,
  b: number,
  type: SqlType,
  direction: Direction,
): number {
  if (left.kind === 'any' || right.kind === 'any') {
    return compareNullable(readDatum(left, a, type), readDatum(right, b, type), type, direction);
  }
  const nullA = left.nulls !== null && left.nulls[a] !== 0;
  const nullB = right.nulls !== null && right.nulls[b] !== 0;
  if (nullA || nullB) {
    if (nullA && nullB) return 0;
    return nullA === direction.nullsFirst ? -1 : 1;
  }
  let result: number;
  if (left.kind === 'text' && right.kind === 'text') {
    result = compareBytes(textAt(left, a), textAt(right, b));
  } else {
    result = compareNumbers((left as NumberColumn).values[a]!, (right as NumberColumn).values[b]!);
  }
  return direction.descending ? -result : result;
}

type NumberColumn = Exclude<Column, { kind: 'any' | 'text' }>;

function textAt(column: TextColumn, row: number): Uint8Array {
  const start = column.offsets[row]!;
  return column.bytes.subarray(start, start + column.lengths[row]!);
}
