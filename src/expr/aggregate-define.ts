/** A short form for defining aggregates. */

import { functionId } from './functions/define.ts';
import type { AggregateFunction, ParameterType } from './functions/registry.ts';

export interface AggregateOptions {
  readonly state?: AggregateFunction['state'];
  readonly skipsNull?: boolean;
  readonly orderedSet?: boolean;
  readonly variadic?: boolean;
}

/** Keeps values and skips NULLs unless told otherwise. */
export function aggregate(
  name: string,
  parameters: readonly ParameterType[],
  returns: AggregateFunction['returns'],
  accumulator: AggregateFunction['accumulator'],
  options: AggregateOptions = {},
): AggregateFunction {
  return {
    id: functionId(name, parameters, options.variadic ?? false),
    name,
    parameters,
    variadic: options.variadic ?? false,
    returns,
    state: options.state ?? 'values',
    accumulator,
    skipsNull: options.skipsNull ?? true,
    orderedSet: options.orderedSet ?? false,
  };
}
