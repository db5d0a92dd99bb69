/** Arithmetic and bit operators of smallint, integer and bigint. Every result is checked: 22003, 22012. */

import { SqlError, sqlstate } from '../../base/errors.ts';
import type { SimpleType } from '../../types/sql-type.ts';
import { types } from '../../types/sql-type.ts';
import { outOfRange } from '../cast-datum.ts';
import { call1, call2, operator, scalar } from './define.ts';
import type { ScalarFunction } from './registry.ts';

export function integerFunctions(): readonly ScalarFunction[] {
  return [
    ...pairs(
      '+',
      (a, b) => a + b,
      (a, b) => a + b,
    ),
    ...pairs(
      '-',
      (a, b) => a - b,
      (a, b) => a - b,
    ),
    ...pairs(
      '*',
      (a, b) => a * b,
      (a, b) => a * b,
    ),
    ...pairs(
      '/',
      (a, b) => Math.trunc(a / nonZero(b)),
      (a, b) => a / nonZeroBig(b),
    ),
    ...same(
      '%',
      (a, b) => a % nonZero(b),
      (a, b) => a % nonZeroBig(b),
    ),
    ...same(
      '&',
      (a, b) => a & b,
      (a, b) => a & b,
    ),
    ...same(
      '|',
      (a, b) => a | b,
      (a, b) => a | b,
    ),
    ...same(
      '#',
      (a, b) => a ^ b,
      (a, b) => a ^ b,
    ),
    ...shifts(),
    ...unaries(
      '-',
      (a) => -a,
      (a) => -a,
    ),
    ...unaries(
      '+',
      (a) => a,
      (a) => a,
    ),
    ...unaries(
      '~',
      (a) => ~a,
      (a) => ~a,
    ),
    ...unaries('@', Math.abs, absBig),
    ...named('abs', Math.abs, absBig),
    ...namedPairs(
      'mod',
      (a, b) => a % nonZero(b),
      (a, b) => a % nonZeroBig(b),
    ),
    ...namedPairs('gcd', gcdNumber, gcdBig).slice(1),
    ...namedPairs('lcm', lcmNumber, lcmBig).slice(1),
  ];
}

export function divisionByZero(): SqlError {
  return new SqlError(sqlstate.divisionByZero, 'division by zero');
}

function nonZero(value: number): number {
  if (value === 0) throw divisionByZero();
  return value;
}

function nonZeroBig(value: bigint): bigint {
  if (value === 0n) throw divisionByZero();
  return value;
}

/** Adding 0 turns −0 into 0: integers have no signed zero. */
export function checkSmallint(value: number): number {
  if (value < -32768 || value > 32767) throw outOfRange('smallint');
  return value + 0;
}

export function checkInteger(value: number): number {
  if (value < -2147483648 || value > 2147483647) throw outOfRange('integer');
  return value + 0;
}

export function checkBigint(value: bigint): bigint {
  if (value < -9223372036854775808n || value > 9223372036854775807n) throw outOfRange('bigint');
  return value;
}

type OnNumbers = (a: number, b: number) => number;
type OnBigints = (a: bigint, b: bigint) => bigint;

const { smallint, integer, bigint } = types;

/** All nine pairs of integer types; the result is the wider of the two. */
function pairs(symbol: string, small: OnNumbers, big: OnBigints): ScalarFunction[] {
  const widths = [smallint, integer, bigint];
  return widths.flatMap((left) =>
    widths.map((right) => {
      const result = widths[Math.max(widths.indexOf(left), widths.indexOf(right))]!;
      return operator(symbol, [left, right], result, binary(result, small, big));
    }),
  );
}

/** Only like with like. */
function same(symbol: string, small: OnNumbers, big: OnBigints): ScalarFunction[] {
  return [smallint, integer, bigint].map((type) =>
    operator(symbol, [type, type], type, binary(type, small, big)),
  );
}

function namedPairs(name: string, small: OnNumbers, big: OnBigints): ScalarFunction[] {
  return [smallint, integer, bigint].map((type) =>
    scalar(name, [type, type], type, binary(type, small, big)),
  );
}

function binary(result: SimpleType, small: OnNumbers, big: OnBigints): ScalarFunction['evaluate'] {
  if (result === bigint) {
    return call2<number | bigint, number | bigint>((a, b) =>
      checkBigint(big(BigInt(a), BigInt(b))),
    );
  }
  const check = result === smallint ? checkSmallint : checkInteger;
  // A product of two 32-bit integers may pass 2^53, but then it is out of range all the same.
  return call2<number, number>((a, b) => check(small(a, b)));
}

function unary(
  type: SimpleType,
  small: (a: number) => number,
  big: (a: bigint) => bigint,
): ScalarFunction['evaluate'] {
  if (type === bigint) return call1<bigint>((a) => checkBigint(big(a)));
  const check = type === smallint ? checkSmallint : checkInteger;
  return call1<number>((a) => check(small(a)));
}

function unaries(
  symbol: string,
  small: (a: number) => number,
  big: (a: bigint) => bigint,
): ScalarFunction[] {
  return [smallint, integer, bigint].map((type) =>
    operator(symbol, [type], type, unary(type, small, big)),
  );
}

function named(
  name: string,
  small: (a: number) => number,
  big: (a: bigint) => bigint,
): ScalarFunction[] {
  return [smallint, integer, bigint].map((type) =>
    scalar(name, [type], type, unary(type, small, big)),
  );
}

/** The count is an integer and, as the hardware does it, taken modulo the width; smallint shifts as integer. */
function shifts(): ScalarFunction[] {
  const count = (by: number, width: number): number => ((by % width) + width) % width;
  return [
    operator(
      '<<',
      [smallint, integer],
      smallint,
      call2<number, number>((a, b) => ((a << count(b, 32)) << 16) >> 16),
    ),
    operator(
      '>>',
      [smallint, integer],
      smallint,
      call2<number, number>((a, b) => a >> count(b, 32)),
    ),
    operator(
      '<<',
      [integer, integer],
      integer,
      call2<number, number>((a, b) => a << count(b, 32)),
    ),
    operator(
      '>>',
      [integer, integer],
      integer,
      call2<number, number>((a, b) => a >> count(b, 32)),
    ),
    operator(
      '<<',
      [bigint, integer],
      bigint,
      call2<bigint, number>((a, b) => BigInt.asIntN(64, a << BigInt(count(b, 64)))),
    ),
    operator(
      '>>',
      [bigint, integer],
      bigint,
      call2<bigint, number>((a, b) => a >> BigInt(count(b, 64))),
    ),
  ];
}

function absBig(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function gcdNumber(a: number, b: number): number {
  return Number(gcdBig(BigInt(a), BigInt(b)));
}

export function gcdBig(a: bigint, b: bigint): bigint {
  let [x, y] = [absBig(a), absBig(b)];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

function lcmNumber(a: number, b: number): number {
  const exact = lcmBig(BigInt(a), BigInt(b));
  return Number(exact);
}

export function lcmBig(a: bigint, b: bigint): bigint {
  if (a === 0n || b === 0n) return 0n;
  return absBig((a / gcdBig(a, b)) * b);
}
