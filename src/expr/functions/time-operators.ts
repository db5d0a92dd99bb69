/** + − * / on dates, times, timestamps and intervals. */

import { SqlError, sqlstate } from '../../base/errors.ts';
import {
  addInterval,
  addIntervalToTime,
  addIntervalToTimetz,
  addIntervalZoned,
  checkDate,
  dateToTimestamp,
  isFiniteDate,
  subtractTimestamps,
} from '../../types/datetime.ts';
import { Interval, type TimeTz } from '../../types/interval.ts';
import type { SqlType } from '../../types/sql-type.ts';
import { types } from '../../types/sql-type.ts';
import { sessionZone } from '../context-io.ts';
import { call1, call2, operator } from './define.ts';
import type { EvalContext, ScalarFunction } from './registry.ts';

const { integer, double, date, time, timetz, timestamp, timestamptz, interval } = types;

export function timeOperators(): readonly ScalarFunction[] {
  return [...dates(), ...moments(), ...intervals()];
}

function dates(): ScalarFunction[] {
  return [
    ...commutative(date, integer, date, (days: number, count: number) => moveDate(days, count)),
    operator(
      '-',
      [date, integer],
      date,
      call2((days: number, count: number) => moveDate(days, -count)),
    ),
    operator('-', [date, date], integer, call2(daysBetween)),
    ...commutative(date, interval, timestamp, (days: number, span: Interval) =>
      addInterval(dateToTimestamp(days), span),
    ),
    operator(
      '-',
      [date, interval],
      timestamp,
      call2((days: number, span: Interval) => addInterval(dateToTimestamp(days), span.neg())),
    ),
    ...commutative(date, time, timestamp, (days: number, at: bigint) =>
      addInterval(dateToTimestamp(days), new Interval(0, 0, at)),
    ),
    ...commutative(date, timetz, timestamptz, (days: number, at: TimeTz) =>
      addInterval(
        dateToTimestamp(days),
        new Interval(0, 0, at.micros - BigInt(at.zoneSeconds) * 1_000_000n),
      ),
    ),
  ];
}

/** `left op right` and `right op left` of +. */
function commutative<A, B>(
  left: SqlType,
  right: SqlType,
  result: SqlType,
  add: (a: A, b: B, context: EvalContext) => bigint | number | TimeTz,
  volatility: 'immutable' | 'stable' = 'immutable',
): ScalarFunction[] {
  return [
    operator('+', [left, right], result, call2<A, B>(add), { volatility }),
    operator(
      '+',
      [right, left],
      result,
      call2<B, A>((b, a, context) => add(a, b, context)),
      { volatility },
    ),
  ];
}

function moveDate(days: number, count: number): number {
  return isFiniteDate(days) ? checkDate(days + count) : days;
}

function daysBetween(a: number, b: number): number {
  if (!isFiniteDate(a) || !isFiniteDate(b)) {
    throw new SqlError(sqlstate.datetimeFieldOverflow, 'cannot subtract infinite dates');
  }
  return a - b;
}

function moments(): ScalarFunction[] {
  const zoned = (at: bigint, span: Interval, context: EvalContext): bigint =>
    addIntervalZoned(at, span, sessionZone(context));
  return [
    ...commutative(timestamp, interval, timestamp, addInterval),
    operator(
      '-',
      [timestamp, interval],
      timestamp,
      call2((at: bigint, span: Interval) => addInterval(at, span.neg())),
    ),
    operator('-', [timestamp, timestamp], interval, call2(subtractTimestamps)),
    ...commutative(timestamptz, interval, timestamptz, zoned, 'stable'),
    operator(
      '-',
      [timestamptz, interval],
      timestamptz,
      call2((at: bigint, span: Interval, context) => zoned(at, span.neg(), context)),
      { volatility: 'stable' },
    ),
    operator('-', [timestamptz, timestamptz], interval, call2(subtractTimestamps)),
    ...commutative(time, interval, time, addIntervalToTime),
    operator(
      '-',
      [time, interval],
      time,
      call2((at: bigint, span: Interval) => addIntervalToTime(at, span.neg())),
    ),
    operator(
      '-',
      [time, time],
      interval,
      call2((a: bigint, b: bigint) => new Interval(0, 0, a - b)),
    ),
    ...commutative(timetz, interval, timetz, addIntervalToTimetz),
    operator(
      '-',
      [timetz, interval],
      timetz,
      call2((at: TimeTz, span: Interval) => addIntervalToTimetz(at, span.neg())),
    ),
  ];
}

function intervals(): ScalarFunction[] {
  return [
    operator(
      '+',
      [interval, interval],
      interval,
      call2((a: Interval, b: Interval) => a.add(b)),
    ),
    operator(
      '-',
      [interval, interval],
      interval,
      call2((a: Interval, b: Interval) => a.sub(b)),
    ),
    operator(
      '-',
      [interval],
      interval,
      call1((a: Interval) => a.neg()),
    ),
    operator(
      '*',
      [interval, double],
      interval,
      call2((a: Interval, b: number) => a.mul(b)),
    ),
    operator(
      '*',
      [double, interval],
      interval,
      call2((a: number, b: Interval) => b.mul(a)),
    ),
    operator(
      '/',
      [interval, double],
      interval,
      call2((a: Interval, b: number) => a.div(b)),
    ),
  ];
}
