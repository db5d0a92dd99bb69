/**
 * Arithmetic and mathematics of real and double precision, with PostgreSQL's errors where C would give
 * infinities: an infinite result of finite operands is an overflow, a zero one of non-zero factors an underflow.
 */

import { SqlError, sqlstate } from '../../base/errors.ts';
import type { SimpleType } from '../../types/sql-type.ts';
import { types } from '../../types/sql-type.ts';
import { roundHalfEven } from '../../types/interval.ts';
import { floatOverflow, floatUnderflow } from '../cast-datum.ts';
import { call0, call1, call2, operator, scalar } from './define.ts';
import {
  arccosineInDegrees,
  arcsineInDegrees,
  arctangentInDegrees,
  cosineOfDegrees,
  cotangentOfDegrees,
  sineOfDegrees,
  tangentOfDegrees,
} from './degrees.ts';
import { divisionByZero } from './integer.ts';
import type { EvalContext, ScalarFunction } from './registry.ts';

const { real, double } = types;

export function floatFunctions(): readonly ScalarFunction[] {
  return [...arithmetic(), ...unaryOperators(), ...mathematics(), ...trigonometry()];
}

type OnNumbers = (a: number, b: number) => number;

function arithmetic(): ScalarFunction[] {
  const define = (symbol: string, compute: OnNumbers): ScalarFunction[] =>
    [real, double].flatMap((left) =>
      [real, double].map((right) => {
        const result = left === real && right === real ? real : double;
        return operator(symbol, [left, right], result, call2(rounded(result, compute)));
      }),
    );
  return [
    ...define('+', addDoubles),
    ...define('-', (a, b) => addDoubles(a, -b)),
    ...define('*', multiplyDoubles),
    ...define('/', divideDoubles),
    operator('^', [double, double], double, call2(power)),
  ];
}

/** Reals are computed as doubles and rounded once, which is exact for + − * /. */
function rounded(type: SimpleType, compute: OnNumbers): OnNumbers {
  if (type === double) return compute;
  return (a, b) => {
    const exact = compute(a, b);
    const value = Math.fround(exact);
    if (Number.isFinite(exact) && !Number.isFinite(value)) throw floatOverflow();
    if (exact !== 0 && value === 0) throw floatUnderflow();
    return value;
  };
}

export function addDoubles(a: number, b: number): number {
  return checkOverflow(a + b, a, b);
}

export function multiplyDoubles(a: number, b: number): number {
  const result = checkOverflow(a * b, a, b);
  if (result === 0 && a !== 0 && b !== 0) throw floatUnderflow();
  return result;
}

export function divideDoubles(a: number, b: number): number {
  if (b === 0 && !Number.isNaN(a)) throw divisionByZero();
  const result = checkOverflow(a / b, a, b);
  if (result === 0 && a !== 0 && Number.isFinite(b)) throw floatUnderflow();
  return result;
}

function checkOverflow(result: number, a: number, b: number): number {
  if (!Number.isFinite(result) && Number.isFinite(a) && Number.isFinite(b)) throw floatOverflow();
  return result;
}

function unaryOperators(): ScalarFunction[] {
  return [real, double].flatMap((type) => [
    operator(
      '-',
      [type],
      type,
      call1<number>((a) => -a),
    ),
    operator(
      '+',
      [type],
      type,
      call1<number>((a) => a),
    ),
    operator('@', [type], type, call1(Math.abs)),
    scalar('abs', [type], type, call1(Math.abs)),
  ]);
}

function mathematics(): ScalarFunction[] {
  const one = (name: string, compute: (a: number) => number): ScalarFunction =>
    scalar(name, [double], double, call1(compute));
  return [
    one('round', (a) => roundHalfEven(a) || a * 0),
    one('trunc', Math.trunc),
    one('ceil', Math.ceil),
    one('ceiling', Math.ceil),
    one('floor', Math.floor),
    one('sign', (a) => (a > 0 ? 1 : a < 0 ? -1 : 0)),
    one('sqrt', squareRoot),
    operator('|/', [double], double, call1(squareRoot)),
    one('cbrt', Math.cbrt),
    operator('||/', [double], double, call1(Math.cbrt)),
    one('exp', exponential),
    one('ln', (a) => Math.log(logarithmArgument(a))),
    one('log', (a) => Math.log10(logarithmArgument(a))),
    one('log10', (a) => Math.log10(logarithmArgument(a))),
    one('log2', (a) => Math.log2(logarithmArgument(a))),
    one('degrees', (a) => checkOverflow(a / (Math.PI / 180), a, 0)),
    one('radians', (a) => a * (Math.PI / 180)),
    scalar('power', [double, double], double, call2(power)),
    scalar('pow', [double, double], double, call2(power)),
    scalar(
      'pi',
      [],
      double,
      call0(() => Math.PI),
    ),
    scalar(
      'random',
      [],
      double,
      call0((context: EvalContext) => context.random()),
      {
        volatility: 'volatile',
      },
    ),
  ];
}

function squareRoot(value: number): number {
  if (value < 0) {
    throw new SqlError('2201F', 'cannot take square root of a negative number');
  }
  return Math.sqrt(value);
}

function exponential(value: number): number {
  const result = Math.exp(value);
  if (result === Infinity && value !== Infinity) throw floatOverflow();
  if (result === 0 && value !== -Infinity) throw floatUnderflow();
  return result;
}

export function logarithmArgument(value: number): number {
  if (value === 0) throw zeroLogarithm();
  if (value < 0) throw negativeLogarithm();
  return value;
}

export function zeroLogarithm(): SqlError {
  return new SqlError('2201E', 'cannot take logarithm of zero');
}

export function negativeLogarithm(): SqlError {
  return new SqlError('2201E', 'cannot take logarithm of a negative number');
}

function power(base: number, exponent: number): number {
  if (Number.isNaN(base)) return exponent === 0 ? 1 : NaN;
  if (Number.isNaN(exponent)) return base === 1 ? 1 : NaN;
  if (base === 0 && exponent < 0) throw zeroToNegativePower();
  if (
    base < 0 &&
    Number.isFinite(base) &&
    Number.isFinite(exponent) &&
    !Number.isInteger(exponent)
  ) {
    throw complexPower();
  }
  // JavaScript gives NaN for 1 ** Infinity where C and SQL say 1.
  const result = Math.abs(base) === 1 && !Number.isFinite(exponent) ? 1 : base ** exponent;
  if (Number.isFinite(base) && Number.isFinite(exponent)) {
    if (!Number.isFinite(result)) throw floatOverflow();
    if (result === 0 && base !== 0) throw floatUnderflow();
  }
  return result;
}

export function zeroToNegativePower(): SqlError {
  return new SqlError('2201F', 'zero raised to a negative power is undefined');
}

export function complexPower(): SqlError {
  return new SqlError(
    '2201F',
    'a negative number raised to a non-integer power yields a complex result',
  );
}

function trigonometry(): ScalarFunction[] {
  const one = (name: string, compute: (a: number) => number): ScalarFunction =>
    scalar(name, [double], double, call1(compute));
  const angle = (compute: (a: number) => number) => (a: number) => {
    if (a === Infinity || a === -Infinity) throw inputOutOfRange();
    return compute(a);
  };
  const unit = (compute: (a: number) => number) => (a: number) => {
    if (a < -1 || a > 1) throw inputOutOfRange();
    return compute(a);
  };
  return [
    one('sin', angle(Math.sin)),
    one('cos', angle(Math.cos)),
    one('tan', angle(Math.tan)),
    one(
      'cot',
      angle((a) => 1 / Math.tan(a)),
    ),
    one('asin', unit(Math.asin)),
    one('acos', unit(Math.acos)),
    one('atan', Math.atan),
    scalar('atan2', [double, double], double, call2(Math.atan2)),
    one('sinh', Math.sinh),
    one('cosh', Math.cosh),
    one('tanh', Math.tanh),
    one('asinh', Math.asinh),
    one('acosh', (a) => {
      if (a < 1) throw inputOutOfRange();
      return Math.acosh(a);
    }),
    one('atanh', unit(Math.atanh)),
    one('sind', angle(sineOfDegrees)),
    one('cosd', angle(cosineOfDegrees)),
    one('tand', angle(tangentOfDegrees)),
    one('cotd', angle(cotangentOfDegrees)),
    one('asind', unit(arcsineInDegrees)),
    one('acosd', unit(arccosineInDegrees)),
    one('atand', (a) => arctangentInDegrees(a)),
    scalar(
      'atan2d',
      [double, double],
      double,
      call2((y: number, x: number) => arctangentInDegrees(y, x)),
    ),
  ];
}

function inputOutOfRange(): SqlError {
  return new SqlError(sqlstate.numericValueOutOfRange, 'input is out of range');
}
