/**
 * SQL arrays and maps as immutable values. Both only hold what they are given; comparing them needs the
 * element type (compare.ts), printing and parsing are in array-text.ts.
 */

import { assert } from '../base/assert.ts';
import type { ArrayDatum, Datum, MapDatum } from './datum.ts';

/** An array of any number of dimensions. The empty array has none. */
export class SqlArray implements ArrayDatum {
  readonly elements: readonly (Datum | null)[];
  readonly dimensions: readonly number[];
  readonly lowerBounds: readonly number[];

  constructor(
    elements: readonly (Datum | null)[],
    dimensions: readonly number[] = elements.length === 0 ? [] : [elements.length],
    lowerBounds: readonly number[] = dimensions.map(() => 1),
  ) {
    assert(
      elements.length === (dimensions.length === 0 ? 0 : dimensions.reduce((a, b) => a * b, 1)),
      `${elements.length} elements do not fill dimensions ${dimensions.join('x')}`,
    );
    assert(lowerBounds.length === dimensions.length, 'one lower bound a dimension');
    this.elements = elements;
    this.dimensions = dimensions;
    this.lowerBounds = lowerBounds;
  }

  /** A one-dimensional array with lower bound 1; empty when there are no elements. */
  static of(elements: readonly (Datum | null)[]): SqlArray {
    return new SqlArray(elements);
  }

  static readonly empty = new SqlArray([]);
}

/** A map; the caller promises that no two keys are equal. */
export class SqlMap implements MapDatum {
  readonly entries: readonly (readonly [Datum, Datum | null])[];

  constructor(entries: readonly (readonly [Datum, Datum | null])[]) {
    this.entries = entries;
  }
}
