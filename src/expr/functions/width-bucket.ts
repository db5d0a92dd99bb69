/** width_bucket: the histogram bucket of a value, between two bounds or among sorted thresholds. */

import { SqlError, sqlstate } from '../../base/errors.ts';
import { compareDatums } from '../../types/compare.ts';
import type { ArrayDatum, Datum } from '../../types/datum.ts';
import { Decimal } from '../../types/decimal.ts';
import { types, type SqlType } from '../../types/sql-type.ts';
import { call2, callAll, scalar, specializedOnly } from './define.ts';
import { checkInteger } from './integer.ts';
import type { ScalarFunction } from './registry.ts';

const { numeric, integer } = types;

export function widthBucketFunctions(): readonly ScalarFunction[] {
  return [
    scalar(
      'width_bucket',
      [numeric, numeric, numeric, integer],
      integer,
      callAll<[Decimal, Decimal, Decimal, number]>(([value, low, high, count]) =>
        widthBucket(value, low, high, count),
      ),
    ),
    scalar(
      'width_bucket',
      [types.double, types.double, types.double, integer],
      integer,
      callAll<[number, number, number, number]>(([value, low, high, count]) =>
        doubleBucket(value, low, high, count),
      ),
    ),
    scalar('width_bucket', ['anyelement', 'anyarray'], integer, specializedOnly, {
      specialize: ([type]) =>
        call2((value: Datum, thresholds: ArrayDatum) => bucketAmong(value, thresholds, type!)),
    }),
  ];
}

/** How many thresholds are not above the value, by halving; they are taken to be sorted. */
function bucketAmong(value: Datum, thresholds: ArrayDatum, type: SqlType): number {
  if (thresholds.dimensions.length > 1) {
    throw new SqlError(sqlstate.arraySubscriptError, 'thresholds must be one-dimensional array');
  }
  const { elements } = thresholds;
  if (elements.includes(null)) {
    throw new SqlError(sqlstate.nullValueNotAllowed, 'thresholds array must not contain NULLs');
  }
  let low = 0;
  let high = elements.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareDatums(value, elements[middle]!, type) < 0) high = middle;
    else low = middle + 1;
  }
  return low;
}

function bucketError(message: string): SqlError {
  return new SqlError('2201G', message);
}

function widthBucket(value: Decimal, low: Decimal, high: Decimal, count: number): number {
  if (count <= 0) throw bucketError('count must be greater than zero');
  if (value.isNaN || low.isNaN || high.isNaN) {
    throw bucketError('operand, lower bound, and upper bound cannot be NaN');
  }
  if (!low.isFinite || !high.isFinite) throw bucketError('lower and upper bounds must be finite');
  const order = low.compare(high);
  if (order === 0) throw bucketError('lower bound cannot equal upper bound');
  const forward = order < 0;
  if (forward ? value.compare(low) < 0 : value.compare(low) > 0) return 0;
  if (forward ? value.compare(high) >= 0 : value.compare(high) <= 0) return checkInteger(count + 1);
  const [offset, width] = forward
    ? [value.sub(low), high.sub(low)]
    : [low.sub(value), low.sub(high)];
  return Number(offset.mul(Decimal.fromBigInt(BigInt(count))).divTrunc(width).unscaled) + 1;
}

function doubleBucket(value: number, low: number, high: number, count: number): number {
  if (count <= 0) throw bucketError('count must be greater than zero');
  if (Number.isNaN(value) || Number.isNaN(low) || Number.isNaN(high)) {
    throw bucketError('operand, lower bound, and upper bound cannot be NaN');
  }
  if (!Number.isFinite(low) || !Number.isFinite(high)) {
    throw bucketError('lower and upper bounds must be finite');
  }
  if (low === high) throw bucketError('lower bound cannot equal upper bound');
  const [from, to, at] = low < high ? [low, high, value] : [-low, -high, -value];
  if (at < from) return 0;
  if (at >= to) return checkInteger(count + 1);
  return Math.floor(((at - from) / (to - from)) * count) + 1;
}
