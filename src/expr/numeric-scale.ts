/**
 * Which numeric results are known to have one display scale and few digits, so that they may travel as
 * scaled doubles (`fixedScale` in sql-type.ts). It is a promise about every value: exactly that scale, at
 * most 15 digits by declaration. Where digits could be more it is dropped; sums keep it, since kernels
 * watch them and go wide.
 */

import { countDigits, type Decimal } from '../types/decimal.ts';
import type { NumericType, SqlType } from '../types/sql-type.ts';
import { types } from '../types/sql-type.ts';

const digitsMax = 15;

interface Shape {
  readonly scale: number;
  readonly digits: number;
}

/** Scale and digits of a type whose values surely fit, or null. Small integers count as scale 0. */
function shapeOf(type: SqlType): Shape | null {
  if (type.kind === 'smallint') return { scale: 0, digits: 5 };
  if (type.kind === 'integer') return { scale: 0, digits: 10 };
  if (type.kind !== 'numeric' || type.fixedScale === undefined) return null;
  const digits = type.fixedDigits ?? type.precision ?? digitsMax;
  return { scale: type.fixedScale, digits };
}

function shaped(scale: number, digits: number): NumericType {
  if (digits > digitsMax || scale > digitsMax) return types.numeric;
  return { kind: 'numeric', precision: null, scale: null, fixedScale: scale, fixedDigits: digits };
}

/** + and −: the larger scale, one digit more. */
export function sumType(args: readonly SqlType[]): NumericType {
  const [a, b] = args.map(shapeOf);
  if (!a || !b) return types.numeric;
  const scale = Math.max(a.scale, b.scale);
  return shaped(scale, Math.max(a.digits - a.scale, b.digits - b.scale) + scale + 1);
}

/** *: the sum of scales and of digits. */
export function productType(args: readonly SqlType[]): NumericType {
  const [a, b] = args.map(shapeOf);
  if (!a || !b) return types.numeric;
  return shaped(a.scale + b.scale, a.digits + b.digits);
}

/** Unary + − abs, min and max: as the argument. */
export function sameNumericType(args: readonly SqlType[]): NumericType {
  const shape = shapeOf(args[0]!);
  return shape === null ? types.numeric : shaped(shape.scale, shape.digits);
}

/** sum(x): the argument's scale at any number of digits, guarded at run time. */
export function totalType(args: readonly SqlType[]): NumericType {
  const shape = shapeOf(args[0]!);
  return shape === null ? types.numeric : shaped(shape.scale, digitsMax);
}

/** sum(bigint): whole, at any number of digits, guarded at run time. */
export function integerTotalType(): NumericType {
  return shaped(0, digitsMax);
}

/** The type of an integer cast to numeric for an operator: scale 0 where the digits are few. */
export function numericFor(argument: SqlType): NumericType {
  if (argument.kind === 'numeric' && argument.precision === null) return argument;
  const shape = shapeOf(argument);
  return shape === null ? types.numeric : shaped(shape.scale, shape.digits);
}

/** The type of a numeric literal. */
export function constantNumericType(value: Decimal): NumericType {
  if (!value.isFinite) return types.numeric;
  return shaped(value.scale, Math.max(countDigits(value.unscaled), value.scale));
}

/** UNION, CASE, COALESCE over numerics: kept only when all agree on the scale. */
export function commonNumericType(args: readonly SqlType[]): NumericType {
  const shapes = args.filter((type) => type.kind !== 'unknown').map(shapeOf);
  const first = shapes[0];
  if (!first || shapes.some((shape) => shape === null || shape.scale !== first.scale)) {
    return types.numeric;
  }
  return shaped(first.scale, Math.max(...shapes.map((shape) => shape?.digits ?? digitsMax)));
}
