/**
 * Orders of the rows of a row table. `totalOrder` ends every tie: after the order asked for, rows are
 * compared by all columns and at last by their exact bytes, so that the choice among equals depends on
 * the rows alone and not on when they came.
 */

import { ByteWriter } from '../base/bytes.ts';
import type { OrderSpec } from '../plan/dataflow-plan.ts';
import type { RowTable } from '../state/row-table.ts';
import type { EntryOrder } from '../state/sorted-entries.ts';
import type { Column } from '../types/column.ts';
import { readDatum } from '../types/column-access.ts';
import { compareBytes, compareNullable, compareNumbers } from '../types/compare.ts';
import { encodeDatum } from '../types/row-codec.ts';
import type { SqlType } from '../types/sql-type.ts';

/** Negative, 0 or positive by `order` alone. */
export function orderOf(rows: RowTable, order: readonly OrderSpec[]): EntryOrder {
  const { keys } = rows.table;
  return (a, b) => {
    for (const spec of order) {
      const key = keys[spec.column]!;
      const result = compareRows(key.stored.column, key.type, a, b, spec);
      if (result !== 0) return result;
    }
    return 0;
  };
}

/** Never 0 for two different entries of one table. */
export function totalOrder(rows: RowTable, order: readonly OrderSpec[]): EntryOrder {
  const asked = orderOf(rows, order);
  const rest = rows.types.map((_, column) => ({ column, descending: false, nullsFirst: false }));
  const byColumns = orderOf(rows, rest);
  return (a, b) => (a === b ? 0 : asked(a, b) || byColumns(a, b) || compareExact(rows, a, b));
}

function compareExact(rows: RowTable, a: number, b: number): number {
  return compareBytes(exactBytes(rows, a), exactBytes(rows, b));
}

function exactBytes(rows: RowTable, entry: number): Uint8Array {
  const writer = new ByteWriter(64);
  rows.types.forEach((type, c) => {
    encodeDatum(writer, readDatum(rows.table.keys[c]!.stored.column, entry, type), type);
  });
  return writer.view();
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
  if (column.kind === 'any') {
    return compareNullable(column.values[a]!, column.values[b]!, type, direction);
  }
  const nullA = column.nulls !== null && column.nulls[a] !== 0;
  const nullB = column.nulls !== null && column.nulls[b] !== 0;
  if (nullA || nullB) {
    if (nullA && nullB) return 0;
    return nullA === direction.nullsFirst ? -1 : 1;
  }
  let result: number;
  if (column.kind === 'text') {
    result = compareBytes(
      column.bytes.subarray(column.offsets[a]!, column.offsets[a]! + column.lengths[a]!),
      column.bytes.subarray(column.offsets[b]!, column.offsets[b]! + column.lengths[b]!),
    );
  } else {
    result = compareNumbers(column.values[a]!, column.values[b]!);
  }
  return direction.descending ? -result : result;
}
