/** Putting arrays together into arrays of one more dimension, with PostgreSQL's errors. */

import { SqlError, sqlstate } from '../base/errors.ts';
import { SqlArray } from '../types/array.ts';
import type { ArrayDatum } from '../types/datum.ts';

/** ARRAY[row, row, …] over arrays: all must have the same dimensions. NULL and empty rows count as empty. */
export function arrayFromRows(rows: readonly (ArrayDatum | null)[]): SqlArray {
  const [first] = rows;
  if (first === undefined) return SqlArray.empty;
  const shape = first?.dimensions ?? [];
  for (const row of rows) {
    const dimensions = row?.dimensions ?? [];
    if (!sameNumbers(dimensions, shape)) {
      throw new SqlError(
        sqlstate.arraySubscriptError,
        'multidimensional arrays must have array expressions with matching dimensions',
      );
    }
  }
  if (shape.length === 0) return SqlArray.empty;
  const elements = rows.flatMap((row) => row?.elements ?? []);
  const lowerBounds = [1, ...(first?.lowerBounds ?? [])];
  return new SqlArray(elements, [rows.length, ...shape], lowerBounds);
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((each, i) => each === b[i]);
}
