/** Array functions and operators. Elements are compared by the element type that resolution found. */

import { notSupported, SqlError, sqlstate } from '../../base/errors.ts';
import { SqlArray } from '../../types/array.ts';
import { sameDatums } from '../../types/compare.ts';
import type { ArrayDatum, Datum } from '../../types/datum.ts';
import type { SqlType } from '../../types/sql-type.ts';
import { arrayOf, types } from '../../types/sql-type.ts';
import { datumToText } from '../cast-datum.ts';
import { elementOf } from '../type-category.ts';
import { concatArrays, replaceElements, shapeError } from './array-shape.ts';
import {
  call1,
  call2,
  callAll,
  operator,
  scalar,
  specializedOnly,
  type Evaluate,
} from './define.ts';
import type { ScalarFunction } from './registry.ts';

const { text, integer, boolean } = types;
const texts = arrayOf(text);

export function arrayFunctions(): readonly ScalarFunction[] {
  return [...shape(), ...access(), ...building(), ...searching(), ...comparing(), ...texting()];
}

const firstType = (args: readonly SqlType[]): SqlType => args[0]!;
const secondType = (args: readonly SqlType[]): SqlType => args[1]!;

function shape(): ScalarFunction[] {
  const dimension = (
    name: string,
    compute: (size: number, lower: number) => number,
  ): ScalarFunction =>
    scalar(
      name,
      ['anyarray', integer],
      integer,
      call2((array: ArrayDatum, n: number) => {
        const size = array.dimensions[n - 1];
        return size === undefined ? null : compute(size, array.lowerBounds[n - 1]!);
      }),
    );
  return [
    dimension('array_length', (size) => size),
    dimension('array_lower', (_, lower) => lower),
    dimension('array_upper', (size, lower) => lower + size - 1),
    scalar(
      'cardinality',
      ['anyarray'],
      integer,
      call1((array: ArrayDatum) => array.elements.length),
    ),
    scalar(
      'array_ndims',
      ['anyarray'],
      integer,
      call1((array: ArrayDatum) => array.dimensions.length || null),
    ),
    scalar(
      'array_dims',
      ['anyarray'],
      text,
      call1((array: ArrayDatum) => {
        if (array.dimensions.length === 0) return null;
        return array.dimensions
          .map((size, i) => `[${array.lowerBounds[i]!}:${array.lowerBounds[i]! + size - 1}]`)
          .join('');
      }),
    ),
  ];
}

/** a[i], a[i][j] and a[i:j], as the binder writes them. */
function access(): ScalarFunction[] {
  return [
    scalar(
      'array_element',
      ['anyarray', integer],
      (args) => elementOf(args[0]!) ?? text,
      (args) => subscript(args[0] as ArrayDatum, args.slice(1) as number[]),
      { variadic: true },
    ),
    scalar(
      'array_slice',
      ['anyarray', integer, integer],
      sliceType,
      (args) => {
        const [array, ...bounds] = args as readonly [ArrayDatum | null, ...(number | null)[]];
        return array === null ? null : slice(array, bounds);
      },
      { strict: false },
    ),
    scalar(
      'element_at',
      ['anyarray', integer],
      (args) => elementOf(args[0]!) ?? text,
      (args) => subscript(args[0] as ArrayDatum, args.slice(1) as number[]),
    ),
    scalar(
      'trim_array',
      ['anyarray', integer],
      firstType,
      call2((array: ArrayDatum, count: number) => trimArray(array, count)),
    ),
  ];
}

function sliceType(args: readonly SqlType[]): SqlType {
  const [type] = args;
  return type?.kind === 'array' ? type : arrayOf(elementOf(type!) ?? text);
}

/** NULL outside of the bounds, or with another number of subscripts than dimensions. */
function subscript(array: ArrayDatum, subscripts: readonly number[]): Datum | null {
  if (subscripts.length !== array.dimensions.length) return null;
  let offset = 0;
  for (const [i, each] of subscripts.entries()) {
    const index = each - array.lowerBounds[i]!;
    const size = array.dimensions[i]!;
    if (index < 0 || index >= size) return null;
    offset = offset * size + index;
  }
  return array.elements[offset] ?? null;
}

/**
 * `bounds` are pairs of lower and upper, one a dimension; null is an omitted one. Dimensions without a pair
 * are taken whole. Lower bounds of the result are 1.
 */
function slice(array: ArrayDatum, bounds: readonly (number | null)[]): SqlArray {
  const count = array.dimensions.length;
  if (bounds.length / 2 > count || count === 0) return SqlArray.empty;
  const ranges = array.dimensions.map((size, i) => {
    const lower = array.lowerBounds[i]!;
    const from = Math.max(bounds[2 * i] ?? lower, lower) - lower;
    const to = Math.min(bounds[2 * i + 1] ?? lower + size - 1, lower + size - 1) - lower;
    return { from, to };
  });
  if (ranges.some(({ from, to }) => to < from)) return SqlArray.empty;
  let offsets = [0];
  for (const [i, { from, to }] of ranges.entries()) {
    const size = array.dimensions[i]!;
    offsets = offsets.flatMap((base) =>
      Array.from({ length: to - from + 1 }, (_, k) => base * size + from + k),
    );
  }
  return new SqlArray(
    offsets.map((offset) => array.elements[offset] ?? null),
    ranges.map(({ from, to }) => to - from + 1),
  );
}

function trimArray(array: ArrayDatum, count: number): SqlArray {
  const size = array.dimensions[0] ?? 0;
  if (count < 0 || count > size) {
    throw new SqlError(
      sqlstate.arraySubscriptError,
      `number of elements to trim must be between 0 and ${size}`,
    );
  }
  return slice(array, [null, (array.lowerBounds[0] ?? 1) + size - count - 1]);
}

function building(): ScalarFunction[] {
  const loose = { strict: false } as const;
  const append: Evaluate = ([array, element]) =>
    appendTo(array as ArrayDatum | null, element ?? null);
  const prepend: Evaluate = ([element, array]) =>
    prependTo(element ?? null, array as ArrayDatum | null);
  const concat: Evaluate = ([a, b]) => concatArrays(a as ArrayDatum | null, b as ArrayDatum | null);
  return [
    scalar('array_append', ['anyarray', 'anyelement'], firstType, append, loose),
    scalar('array_prepend', ['anyelement', 'anyarray'], secondType, prepend, loose),
    scalar('array_cat', ['anyarray', 'anyarray'], firstType, concat, loose),
    scalar('array_concat', ['anyarray', 'anyarray'], firstType, concat, loose),
    operator('||', ['anyarray', 'anyelement'], firstType, append, loose),
    operator('||', ['anyelement', 'anyarray'], secondType, prepend, loose),
    operator('||', ['anyarray', 'anyarray'], firstType, concat, loose),
    scalar(
      'array_fill',
      ['anyelement', arrayOf(integer), arrayOf(integer)],
      (args) => arrayOf(args[0]!),
      callAll<[Datum | null, ArrayDatum, ArrayDatum?]>(([element, sizes, lowers]) =>
        fill(element, sizes, lowers),
      ),
      { optional: 1, strict: false },
    ),
    scalar(
      'array_reverse',
      ['anyarray'],
      firstType,
      call1((array: ArrayDatum) => SqlArray.of([...array.elements].reverse())),
    ),
  ];
}

function appendTo(array: ArrayDatum | null, element: Datum | null): SqlArray {
  if (array === null || array.dimensions.length === 0) return SqlArray.of([element]);
  if (array.dimensions.length > 1) throw oneDimensional();
  return new SqlArray([...array.elements, element], [array.elements.length + 1], array.lowerBounds);
}

function prependTo(element: Datum | null, array: ArrayDatum | null): SqlArray {
  if (array === null || array.dimensions.length === 0) return SqlArray.of([element]);
  if (array.dimensions.length > 1) throw oneDimensional();
  return new SqlArray([element, ...array.elements], [array.elements.length + 1], array.lowerBounds);
}

function oneDimensional(): SqlError {
  return new SqlError(sqlstate.dataException, 'argument must be empty or one-dimensional array');
}

const elementsMax = 134217727;

function fill(element: Datum | null, sizes: ArrayDatum | null, lowers?: ArrayDatum | null): Datum {
  if (sizes === null || lowers === null) {
    throw new SqlError(
      sqlstate.nullValueNotAllowed,
      'dimension array or low bound array cannot be null',
    );
  }
  const dimensions = sizes.elements as readonly (number | null)[];
  if (dimensions.includes(null)) {
    throw new SqlError(sqlstate.nullValueNotAllowed, 'dimension values cannot be null');
  }
  const counts = dimensions as readonly number[];
  const total = counts.reduce((a, b) => a * b, 1);
  if (total > elementsMax || counts.some((each) => each < 0)) {
    throw new SqlError(
      sqlstate.programLimitExceeded,
      `array size exceeds the maximum allowed (${elementsMax})`,
    );
  }
  if (counts.length === 0 || total === 0) return SqlArray.empty;
  const bounds = lowers === undefined ? counts.map(() => 1) : (lowers.elements as number[]);
  if (bounds.length !== counts.length) throw shapeError('wrong number of array subscripts');
  return new SqlArray(
    Array.from({ length: total }, () => element),
    counts,
    bounds,
  );
}

function searching(): ScalarFunction[] {
  const loose = { strict: false } as const;
  return [
    scalar('array_position', ['anyarray', 'anyelement', integer], integer, specializedOnly, {
      ...loose,
      optional: 1,
      specialize:
        ([, type]) =>
        ([array, element, start]) =>
          positions(
            array as ArrayDatum | null,
            element ?? null,
            type!,
            start as number | undefined,
          )[0] ?? null,
    }),
    scalar('array_positions', ['anyarray', 'anyelement'], arrayOf(integer), specializedOnly, {
      ...loose,
      specialize:
        ([, type]) =>
        ([array, element]) =>
          array === null
            ? null
            : SqlArray.of(positions(array as ArrayDatum, element ?? null, type!)),
    }),
    scalar('array_contains', ['anyarray', 'anyelement'], boolean, specializedOnly, {
      ...loose,
      specialize:
        ([, type]) =>
        ([array, element]) =>
          array === null ? null : positions(array as ArrayDatum, element ?? null, type!).length > 0,
    }),
    scalar('array_remove', ['anyarray', 'anyelement'], firstType, specializedOnly, {
      ...loose,
      specialize:
        ([, type]) =>
        ([array, element]) =>
          remove(array as ArrayDatum | null, element ?? null, type!),
    }),
    scalar('array_replace', ['anyarray', 'anyelement', 'anyelement'], firstType, specializedOnly, {
      ...loose,
      specialize:
        ([, type]) =>
        ([array, from, to]) =>
          array === null
            ? null
            : replaceElements(array as ArrayDatum, (each) =>
                sameDatums(each, from ?? null, type!) ? (to ?? null) : each,
              ),
    }),
  ];
}

function positions(
  array: ArrayDatum | null,
  element: Datum | null,
  type: SqlType,
  start?: number | null,
): number[] {
  if (array === null) return [];
  if (start === null) {
    throw new SqlError(sqlstate.nullValueNotAllowed, 'initial position must not be null');
  }
  if (array.dimensions.length > 1) {
    throw notSupported('searching for elements in multidimensional arrays');
  }
  const lower = array.lowerBounds[0] ?? 1;
  return array.elements.flatMap((each, i) =>
    lower + i >= (start ?? lower) && sameDatums(each, element, type) ? [lower + i] : [],
  );
}

function remove(array: ArrayDatum | null, element: Datum | null, type: SqlType): Datum | null {
  if (array === null) return null;
  if (array.dimensions.length > 1) {
    throw notSupported('removing elements from multidimensional arrays');
  }
  const kept = array.elements.filter((each) => !sameDatums(each, element, type));
  if (kept.length === array.elements.length) return array;
  return kept.length === 0 ? SqlArray.empty : new SqlArray(kept, [kept.length], array.lowerBounds);
}

/** @> <@ &&: as sets; a NULL element is contained in nothing. */
function comparing(): ScalarFunction[] {
  const has = (array: ArrayDatum, element: Datum | null, type: SqlType): boolean =>
    element !== null &&
    array.elements.some((each) => each !== null && sameDatums(each, element, type));
  const contains = (a: ArrayDatum, b: ArrayDatum, type: SqlType): boolean =>
    b.elements.every((each) => has(a, each, type));
  const define = (
    symbol: string,
    test: (a: ArrayDatum, b: ArrayDatum, type: SqlType) => boolean,
  ): ScalarFunction =>
    operator(symbol, ['anyarray', 'anyarray'], boolean, specializedOnly, {
      specialize: ([type]) =>
        call2((a: ArrayDatum, b: ArrayDatum) => test(a, b, elementOf(type!)!)),
    });
  return [
    define('@>', contains),
    define('<@', (a, b, type) => contains(b, a, type)),
    define('&&', (a, b, type) => a.elements.some((each) => has(b, each, type))),
  ];
}

function texting(): ScalarFunction[] {
  return [
    scalar('array_to_string', ['anyarray', text, text], text, specializedOnly, {
      optional: 1,
      strict: false,
      volatility: 'stable',
      specialize:
        ([type]) =>
        ([array, separator, nullText], context) => {
          if (array === null || separator === null) return null;
          const element = elementOf(type!)!;
          const shown = (array as ArrayDatum).elements.flatMap((each) => {
            if (each !== null) return [datumToText(each, element, context)];
            return nullText === undefined || nullText === null ? [] : [nullText as string];
          });
          return shown.join(separator as string);
        },
    }),
    scalar(
      'string_to_array',
      [text, text, text],
      texts,
      ([value, separator, nullText]) => {
        if (value === null) return null;
        return SqlArray.of(
          splitText(
            value as string,
            separator as string | null,
            nullText as string | null | undefined,
          ),
        );
      },
      { optional: 1, strict: false },
    ),
  ];
}

/** No separator: characters; an empty one: the whole. */
export function splitText(
  value: string,
  separator: string | null,
  nullText?: string | null,
): (string | null)[] {
  if (value === '') return [];
  const pieces =
    separator === null ? [...value] : separator === '' ? [value] : value.split(separator);
  if (nullText === undefined || nullText === null) return pieces;
  return pieces.map((each) => (each === nullText ? null : each));
}
