/**
 * From a name and argument types to the function that PostgreSQL would call, the types its arguments must
 * be cast to, and the type of its result. The caller casts every argument whose type is not `sameType`
 * as its parameter (implicitly); unknown literals become constants of the parameter's type.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import { formatType, sameType } from '../types/oid.ts';
import type { SqlType } from '../types/sql-type.ts';
import { arrayOf, types } from '../types/sql-type.ts';
import { resolveTypeName } from '../types/type-names.ts';
import { castAllowed, castDatum } from './casts.ts';
import { commonType } from './common-type.ts';
import { functionId } from './functions/define.ts';
import type {
  AggregateFunction,
  FunctionRegistry,
  ParameterType,
  ScalarFunction,
  TableFunction,
} from './functions/registry.ts';
import { numericFor } from './numeric-scale.ts';
import {
  candidatesFor,
  polymorphicElement,
  selectCandidate,
  type Candidate,
  type Selection,
} from './resolve-candidates.ts';
import { elementOf, isUnknown, withoutModifiers } from './type-category.ts';

export { commonType, findCommonType } from './common-type.ts';

export interface ResolvedCall<F> {
  readonly fn: F;
  /** One concrete type an argument. */
  readonly parameterTypes: readonly SqlType[];
  readonly returns: SqlType;
}

export interface ResolvedTable {
  readonly fn: TableFunction;
  readonly parameterTypes: readonly SqlType[];
  readonly columns: readonly { readonly name: string; readonly type: SqlType }[];
}

export interface CallOptions {
  /** Offset of the call in the statement, for errors. */
  readonly position?: number | undefined;
  /** VARIADIC was written before the last argument, which is an array (scalar functions only). */
  readonly variadicArray?: boolean | undefined;
}

/** `left` is null for a prefix operator. 42883 and 42725 as PostgreSQL words them. */
export function resolveOperator(
  registry: FunctionRegistry,
  symbol: string,
  left: SqlType | null,
  right: SqlType,
  position?: number,
): ResolvedCall<ScalarFunction> {
  const name = symbol === '!=' ? '<>' : symbol;
  const args = left === null ? [right] : [left, right];
  const overloads = registry
    .operators(name)
    .filter((each) => each.parameters.length === args.length);
  const candidates = candidatesFor(overloads, args.length);
  const selection = assumeSame(args, candidates) ?? selectCandidate(args, candidates);
  if (selection.kind === 'one' && (name === '||' || !otherElements(left, right))) {
    const resolved = concrete(selection.candidate, args);
    if (resolved !== null) return specialized(selection.candidate.fn, resolved);
  }
  throw operatorError(selection.kind === 'ambiguous', symbol, left, right, position);
}

/** Two arrays of different types: they can be put together, but are not brought to one type to be compared. */
function otherElements(left: SqlType | null, right: SqlType): boolean {
  return left?.kind === 'array' && right.kind === 'array' && !sameType(left.element, right.element);
}

/** With one unknown side, an operator on two values of the other side's type wins at once. */
function assumeSame(
  args: readonly SqlType[],
  candidates: readonly Candidate<ScalarFunction>[],
): Selection<ScalarFunction> | null {
  const [left, right] = args;
  if (right === undefined || left === undefined || isUnknown(left) === isUnknown(right))
    return null;
  const known = isUnknown(left) ? right : left;
  const candidate = candidates.find((each) =>
    each.parameters.every((type) => typeof type !== 'string' && sameType(type, known)),
  );
  return candidate === undefined ? null : { kind: 'one', candidate };
}

function operatorError(
  ambiguous: boolean,
  symbol: string,
  left: SqlType | null,
  right: SqlType,
  position: number | undefined,
): SqlError {
  const shown = `${left === null ? '' : `${typeText(left)} `}${symbol} ${typeText(right)}`;
  const casts =
    left === null
      ? 'argument type. You might need to add an explicit type cast.'
      : 'argument types. You might need to add explicit type casts.';
  if (ambiguous) {
    return new SqlError(sqlstate.ambiguousFunction, `operator is not unique: ${shown}`, {
      hint: 'Could not choose a best candidate operator. You might need to add explicit type casts.',
      position,
    });
  }
  return new SqlError(sqlstate.undefinedFunction, `operator does not exist: ${shown}`, {
    hint: `No operator matches the given name and ${casts}`,
    position,
  });
}

/**
 * A scalar function. GREATEST, LEAST and NULLIF are found here too, with their own rules for types; so are
 * casts written as calls (`date(x)`), as in PostgreSQL.
 */
export function resolveFunction(
  registry: FunctionRegistry,
  name: string,
  args: readonly SqlType[],
  options: CallOptions = {},
): ResolvedCall<ScalarFunction> {
  if (name === 'nullif' && args.length === 2) return resolveNullif(registry, args, options);
  const overloads = registry.scalars(name);
  if (options.variadicArray === true) return resolveVariadicArray(name, overloads, args, options);
  if ((name === 'greatest' || name === 'least') && args.length > 0) {
    const common = commonType(args, name.toUpperCase(), options.position);
    return choose(
      name,
      overloads,
      args.map(() => common),
      options,
    );
  }
  const selection = selectCandidate(args, candidatesFor(overloads, args.length));
  if (selection.kind === 'none') {
    const cast = resolveCastCall(name, args);
    if (cast !== null) return cast;
  }
  return choose(name, overloads, args, options);
}

function choose(
  name: string,
  overloads: readonly ScalarFunction[],
  args: readonly SqlType[],
  options: CallOptions,
): ResolvedCall<ScalarFunction> {
  const selection = selectCandidate(args, candidatesFor(overloads, args.length));
  if (selection.kind === 'one') {
    const resolved = concrete(selection.candidate, args);
    if (resolved !== null) return specialized(selection.candidate.fn, resolved);
  }
  throw functionError(selection.kind === 'ambiguous', name, args, options.position);
}

/** NULLIF(a, b) compares with `=` and gives a, as that comparison sees it. */
function resolveNullif(
  registry: FunctionRegistry,
  args: readonly SqlType[],
  options: CallOptions,
): ResolvedCall<ScalarFunction> {
  const equal = resolveOperator(registry, '=', args[0]!, args[1]!, options.position);
  const [left, right] = equal.parameterTypes as readonly [SqlType, SqlType];
  const fn: ScalarFunction = {
    id: functionId('nullif', [left, right], false),
    name: 'nullif',
    operator: false,
    parameters: [left, right],
    variadic: false,
    optional: 0,
    returns: left,
    strict: false,
    volatility: equal.fn.volatility,
    evaluate: (values, context) => {
      const [a, b] = values;
      if (a === null || a === undefined || b === null) return a ?? null;
      return equal.fn.evaluate(values, context) === true ? null : a;
    },
  };
  return { fn, parameterTypes: [left, right], returns: left };
}

/** A type's name called with one argument is a cast. */
function resolveCastCall(
  name: string,
  args: readonly SqlType[],
): ResolvedCall<ScalarFunction> | null {
  const from = args[0];
  if (from === undefined || args.length !== 1) return null;
  const to = resolveTypeName(name, []);
  if (to === null || !castAllowed(from, to, 'explicit')) return null;
  const source = isUnknown(from) ? types.text : from;
  const fn: ScalarFunction = {
    id: functionId(name, [source], false),
    name,
    operator: false,
    parameters: [source],
    variadic: false,
    optional: 0,
    returns: to,
    strict: true,
    volatility: 'stable',
    evaluate: (values, context) => castDatum(values[0] ?? null, source, to, 'explicit', context),
  };
  return { fn, parameterTypes: [source], returns: to };
}

/** f(a, VARIADIC array): the array's elements are spread at run time. */
function resolveVariadicArray(
  name: string,
  overloads: readonly ScalarFunction[],
  args: readonly SqlType[],
  options: CallOptions,
): ResolvedCall<ScalarFunction> {
  const array = args[args.length - 1]!;
  const element = isUnknown(array) ? types.text : elementOf(array);
  const spread = overloads.filter(
    (each) => each.variadic && each.parameters.length === args.length,
  );
  if (element === null || spread.length === 0) {
    throw functionError(false, name, args, options.position);
  }
  const single = choose(name, spread, [...args.slice(0, -1), element], options);
  const arrayType = arrayOf(single.parameterTypes[args.length - 1]!);
  const parameterTypes = [...single.parameterTypes.slice(0, -1), arrayType];
  return {
    fn: spreading(single.fn, parameterTypes, spread[0]!),
    parameterTypes,
    returns: single.returns,
  };
}

function spreading(
  single: ScalarFunction,
  parameters: readonly SqlType[],
  general: ScalarFunction,
): ScalarFunction {
  const fixed = parameters.slice(0, -1);
  const element = elementOf(parameters[parameters.length - 1]!)!;
  return {
    ...single,
    id: `${functionId(single.name, parameters, false)} variadic`,
    parameters,
    variadic: false,
    optional: 0,
    strict: false,
    evaluate: (values, context) => {
      const last = values[values.length - 1];
      if (last === null || last === undefined) return null;
      const { elements } = last as { readonly elements: typeof values };
      const all = [...values.slice(0, -1), ...elements];
      if (general.strict && all.includes(null)) return null;
      const evaluate =
        general.specialize?.([...fixed, ...elements.map(() => element)]) ?? general.evaluate;
      return evaluate(all, context);
    },
  };
}

/** Aggregates. For ordered sets the arguments are the direct ones, then those of WITHIN GROUP. */
export function resolveAggregate(
  registry: FunctionRegistry,
  name: string,
  args: readonly SqlType[],
  options: CallOptions = {},
): ResolvedCall<AggregateFunction> {
  const overloads = registry.aggregates(name);
  const selection = selectCandidate(args, candidatesFor(overloads, args.length));
  if (selection.kind === 'one') {
    const parameterTypes = concrete(selection.candidate, args);
    if (parameterTypes !== null) {
      const { fn } = selection.candidate;
      return { fn, parameterTypes, returns: resultOf(fn.returns, parameterTypes) };
    }
  }
  throw functionError(selection.kind === 'ambiguous', name, args, options.position);
}

export interface TableCallOptions extends CallOptions {
  /** The row type of a column definition list; null where there is none, left out where none can be. */
  readonly described?: SqlType | null | undefined;
}

/** Functions in FROM. A column definition list must stand exactly where the function is described by one. */
export function resolveTable(
  registry: FunctionRegistry,
  name: string,
  args: readonly SqlType[],
  options: TableCallOptions = {},
): ResolvedTable {
  const overloads = registry.tables(name);
  const selection = selectCandidate(args, candidatesFor(overloads, args.length));
  if (selection.kind === 'one') {
    const ownTypes = concrete(selection.candidate, args);
    if (ownTypes !== null) {
      const { specialize, ...fn } = selection.candidate.fn;
      const described = rowDescription(fn, options);
      const parameterTypes = described === null ? ownTypes : [...ownTypes, described];
      const evaluate = specialize?.(parameterTypes) ?? fn.evaluate;
      const parameters = specialize === undefined ? fn.parameters : parameterTypes;
      return {
        fn: { ...fn, parameters, evaluate },
        parameterTypes,
        columns: fn.columns(parameterTypes),
      };
    }
  }
  throw functionError(selection.kind === 'ambiguous', name, args, options.position);
}

function rowDescription(
  fn: Omit<TableFunction, 'specialize'>,
  { described, position }: TableCallOptions,
): SqlType | null {
  const needed = fn.described === true;
  if (needed && described === undefined) {
    throw new SqlError(
      sqlstate.featureNotSupported,
      `could not determine row type for result of ${fn.name}`,
      { hint: 'Call the function in the FROM clause using a column definition list.', position },
    );
  }
  const given = described ?? null;
  if (needed === (given !== null)) return given;
  throw new SqlError(
    sqlstate.syntaxError,
    needed
      ? 'a column definition list is required for functions returning "record"'
      : 'a column definition list is only allowed for functions returning "record"',
    { position },
  );
}

/** 42725 for a call that fits several functions alike, 42883 for one that fits none. */
export function functionError(
  ambiguous: boolean,
  name: string,
  args: readonly SqlType[],
  position: number | undefined,
): SqlError {
  const shown = `${name}(${args.map(typeText).join(', ')})`;
  if (ambiguous) {
    return new SqlError(sqlstate.ambiguousFunction, `function ${shown} is not unique`, {
      hint: 'Could not choose a best candidate function. You might need to add explicit type casts.',
      position,
    });
  }
  return new SqlError(sqlstate.undefinedFunction, `function ${shown} does not exist`, {
    hint: 'No function matches the given name and argument types. You might need to add explicit type casts.',
    position,
  });
}

function typeText(type: SqlType): string {
  return formatType(withoutModifiers(type));
}

/** Concrete types for a candidate's parameters; null when the polymorphic ones cannot agree. */
function concrete<F>(candidate: Candidate<F>, args: readonly SqlType[]): readonly SqlType[] | null {
  const { parameters } = candidate;
  const element = polymorphicElement(parameters, args);
  if (element === undefined) return null;
  return parameters.map((parameter, i) => concreteOne(parameter, args[i]!, element));
}

function concreteOne(parameter: ParameterType, arg: SqlType, element: SqlType): SqlType {
  switch (parameter) {
    case 'any':
      return isUnknown(arg) ? types.text : arg;
    case 'anyelement':
    case 'anynonarray':
    case 'anyenum':
      return element;
    case 'anyarray': {
      const own = elementOf(arg);
      return own !== null && sameType(own, element) ? arg : arrayOf(element);
    }
    default:
      return parameterFor(parameter, arg);
  }
}

/** The parameter's type; an argument that needs no cast keeps what is known of it (fixedScale, fields). */
function parameterFor(parameter: SqlType, arg: SqlType): SqlType {
  if (parameter.kind === 'numeric') return numericFor(arg);
  if (parameter.kind === 'record' && arg.kind === 'row') return arg;
  if (parameter.kind === 'anyarray') return isUnknown(arg) ? arrayOf(types.text) : arg;
  return parameter;
}

function specialized(
  fn: ScalarFunction,
  parameterTypes: readonly SqlType[],
): ResolvedCall<ScalarFunction> {
  const returns = resultOf(fn.returns, parameterTypes);
  const { specialize, ...plain } = fn;
  if (specialize === undefined) return { fn, parameterTypes, returns };
  const concreteFn: ScalarFunction = {
    ...plain,
    id: functionId(fn.name, parameterTypes, false),
    parameters: parameterTypes,
    variadic: false,
    optional: 0,
    evaluate: specialize(parameterTypes),
  };
  return { fn: concreteFn, parameterTypes, returns };
}

function resultOf(
  returns: SqlType | ((args: readonly SqlType[]) => SqlType),
  args: readonly SqlType[],
): SqlType {
  return typeof returns === 'function' ? returns(args) : returns;
}
