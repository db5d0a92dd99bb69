/**
 * (a, b) OVERLAPS (c, d): half-open spans, each given by two ends in either order or by one end and a length.
 * A missing end leaves the answer open only where it would decide.
 */

import { addInterval, addIntervalToTime, addIntervalZoned } from '../../types/datetime.ts';
import type { Datum } from '../../types/datum.ts';
import type { Interval, TimeTz } from '../../types/interval.ts';
import type { SqlType } from '../../types/sql-type.ts';
import { types } from '../../types/sql-type.ts';
import { sessionZone } from '../context-io.ts';
import { scalar } from './define.ts';
import type { EvalContext, ScalarFunction } from './registry.ts';

const { boolean, interval, time, timestamp, timestamptz, timetz } = types;

type Add<T> = (start: T, length: Interval, context: EvalContext) => T;
type Compare<T> = (a: T, b: T) => number;

export function overlapsFunctions(): readonly ScalarFunction[] {
  const zoned: Add<bigint> = (at, length, context) =>
    addIntervalZoned(at, length, sessionZone(context));
  return [
    define<TimeTz>(timetz, (a, b) => a.compare(b), null, [false, false]),
    ...withLengths(timestamp, addInterval),
    ...withLengths(timestamptz, zoned),
    ...withLengths(time, addIntervalToTime),
  ];
}

function withLengths(type: SqlType, add: Add<bigint>): ScalarFunction[] {
  const compare: Compare<bigint> = (a, b) => (a < b ? -1 : Number(a > b));
  return [false, true].flatMap((first) =>
    [false, true].map((second) => define(type, compare, add, [first, second])),
  );
}

/** `lengths`: which of the two spans has a length for its second part. */
function define<T extends Datum>(
  type: SqlType,
  compare: Compare<T>,
  add: Add<T> | null,
  lengths: readonly [boolean, boolean],
): ScalarFunction {
  const [first, second] = lengths.map((length) => (length ? interval : type));
  const end = (start: Datum | null, given: Datum | null, length: boolean, context: EvalContext) => {
    if (!length || add === null) return given as T | null;
    return start === null || given === null ? null : add(start as T, given as Interval, context);
  };
  return scalar(
    'overlaps',
    [type, first!, type, second!],
    boolean,
    ([a, b, c, d], context) => {
      const left = ordered(a as T | null, end(a!, b!, lengths[0], context), compare);
      const right = ordered(c as T | null, end(c!, d!, lengths[1], context), compare);
      return left === null || right === null ? null : overlap(left, right, compare);
    },
    { strict: false, volatility: type === timestamptz ? 'stable' : 'immutable' },
  );
}

interface Span<T> {
  readonly start: T;
  readonly end: T | null;
}

/** The known end, or the earlier of two, is the start; null where both are missing. */
function ordered<T>(a: T | null, b: T | null, compare: Compare<T>): Span<T> | null {
  if (a === null) return b === null ? null : { start: b, end: null };
  return b !== null && compare(a, b) > 0 ? { start: b, end: a } : { start: a, end: b };
}

function overlap<T>(a: Span<T>, b: Span<T>, compare: Compare<T>): boolean | null {
  const order = compare(a.start, b.start);
  if (order === 0) return a.end === null || b.end === null ? null : true;
  const [earlier, later] = order < 0 ? [a, b] : [b, a];
  if (earlier.end === null) return null;
  if (compare(later.start, earlier.end) < 0) return true;
  return later.end === null ? null : false;
}
