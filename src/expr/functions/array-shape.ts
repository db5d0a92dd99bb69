/** Joining arrays of equal or neighbouring dimensions, and changing elements in place. */

import { SqlError, sqlstate } from '../../base/errors.ts';
import { SqlArray } from '../../types/array.ts';
import type { ArrayDatum, Datum } from '../../types/datum.ts';

export function shapeError(message: string, detail?: string): SqlError {
  return new SqlError(sqlstate.arraySubscriptError, message, { detail });
}

/** array || array: along the first dimension, or as one more row of it. NULL counts as empty. */
export function concatArrays(a: ArrayDatum | null, b: ArrayDatum | null): ArrayDatum | null {
  if (a === null || b === null) return a ?? b;
  if (a.dimensions.length === 0) return b;
  if (b.dimensions.length === 0) return a;
  const difference = a.dimensions.length - b.dimensions.length;
  if (Math.abs(difference) > 1) {
    throw shapeError(
      'cannot concatenate incompatible arrays',
      `Arrays of ${a.dimensions.length} and ${b.dimensions.length} dimensions are not compatible for concatenation.`,
    );
  }
  const rowsOf = (array: ArrayDatum, whole: boolean): number => (whole ? array.dimensions[0]! : 1);
  const innerOf = (array: ArrayDatum, whole: boolean): readonly number[] =>
    whole ? array.dimensions.slice(1) : array.dimensions;
  const [wholeA, wholeB] = [difference >= 0, difference <= 0];
  const inner = innerOf(a, wholeA);
  if (innerOf(b, wholeB).some((size, i) => size !== inner[i])) {
    throw shapeError(
      'cannot concatenate incompatible arrays',
      difference === 0
        ? 'Arrays with differing element dimensions are not compatible for concatenation.'
        : 'Arrays with differing dimensions are not compatible for concatenation.',
    );
  }
  const lowerBounds = difference >= 0 ? a.lowerBounds : b.lowerBounds;
  const rows = rowsOf(a, wholeA) + rowsOf(b, wholeB);
  return new SqlArray([...a.elements, ...b.elements], [rows, ...inner], lowerBounds);
}

export function replaceElements(
  array: ArrayDatum,
  change: (element: Datum | null) => Datum | null,
): SqlArray {
  return new SqlArray(array.elements.map(change), array.dimensions, array.lowerBounds);
}
