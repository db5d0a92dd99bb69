/**
 * Short forms for defining functions, and the one place where arguments are taken out of their untyped
 * array: overload resolution has made sure that each argument has its parameter's type, so the casts here
 * are that promise written down. Nothing here knows a particular function.
 */

import type { Datum } from '../../types/datum.ts';
import type { SqlType } from '../../types/sql-type.ts';
import type { EvalContext, ParameterType, ScalarFunction, TableFunction } from './registry.ts';

export type Evaluate = ScalarFunction['evaluate'];

export interface ScalarOptions {
  readonly strict?: boolean;
  readonly volatility?: ScalarFunction['volatility'];
  readonly variadic?: boolean;
  readonly optional?: number;
  /** For functions whose meaning depends on their argument types (any, anyelement, anyarray). */
  readonly specialize?: (args: readonly SqlType[]) => Evaluate;
}

type Returns = ScalarFunction['returns'];

/** A function called by name. Immutable and strict unless told otherwise. */
export function scalar(
  name: string,
  parameters: readonly ParameterType[],
  returns: Returns,
  evaluate: Evaluate,
  options: ScalarOptions = {},
): ScalarFunction {
  return {
    id: functionId(name, parameters, options.variadic ?? false),
    name,
    operator: false,
    parameters,
    variadic: options.variadic ?? false,
    optional: options.optional ?? 0,
    returns,
    strict: options.strict ?? true,
    volatility: options.volatility ?? 'immutable',
    evaluate,
    ...(options.specialize === undefined ? {} : { specialize: options.specialize }),
  };
}

/** A prefix operator (one parameter) or an infix one (two). */
export function operator(
  symbol: string,
  parameters: readonly ParameterType[],
  returns: Returns,
  evaluate: Evaluate,
  options: ScalarOptions = {},
): ScalarFunction {
  return { ...scalar(symbol, parameters, returns, evaluate, options), operator: true };
}

/** A function in FROM. */
export function table(
  name: string,
  parameters: readonly ParameterType[],
  columns: TableFunction['columns'],
  evaluate: TableFunction['evaluate'],
  options: Partial<
    Pick<TableFunction, 'variadic' | 'optional' | 'strict' | 'specialize' | 'described'>
  > = {},
): TableFunction {
  return {
    id: functionId(name, parameters, options.variadic ?? false),
    name,
    parameters,
    variadic: options.variadic ?? false,
    optional: options.optional ?? 0,
    columns,
    strict: options.strict ?? true,
    evaluate,
    ...(options.specialize === undefined ? {} : { specialize: options.specialize }),
    ...(options.described === undefined ? {} : { described: options.described }),
  };
}

/** `name(kind,kind)`; a variadic last parameter ends in `...`. */
export function functionId(
  name: string,
  parameters: readonly ParameterType[],
  variadic: boolean,
): string {
  const kinds = parameters.map(parameterKind).join(',');
  return `${name}(${kinds}${variadic ? '...' : ''})`;
}

function parameterKind(parameter: ParameterType): string {
  if (typeof parameter === 'string') return parameter;
  if (parameter.kind === 'array') return `${parameterKind(parameter.element)}[]`;
  return parameter.kind;
}

type Result = Datum | null;

export const call0 =
  (f: (context: EvalContext) => Result): Evaluate =>
  (_args, context) =>
    f(context);

export const call1 =
  <A>(f: (a: A, context: EvalContext) => Result): Evaluate =>
  (args, context) =>
    f(args[0] as A, context);

export const call2 =
  <A, B>(f: (a: A, b: B, context: EvalContext) => Result): Evaluate =>
  (args, context) =>
    f(args[0] as A, args[1] as B, context);

export const call3 =
  <A, B, C>(f: (a: A, b: B, c: C, context: EvalContext) => Result): Evaluate =>
  (args, context) =>
    f(args[0] as A, args[1] as B, args[2] as C, context);

/** For four and more parameters, or optional ones (undefined when left out). */
export const callAll =
  <Args extends readonly unknown[]>(f: (args: Args, context: EvalContext) => Result): Evaluate =>
  (args, context) =>
    f(args as unknown as Args, context);

/** The evaluator of a function that must be specialized before it can run. */
export const specializedOnly: Evaluate = () => {
  throw new Error('a polymorphic function was called without resolution');
};
