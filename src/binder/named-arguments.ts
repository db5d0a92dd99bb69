/**
 * Arguments written as `name => value`, put in the order of the parameters. The functions that clients call
 * so are listed here with their parameters' names and the defaults of those that a call may leave out.
 */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type { Expr } from '../expr/expr.ts';
import type * as ast from '../syntax/ast.ts';
import { JsonbValue, jsonObject } from '../types/jsonb.ts';
import { types } from '../types/sql-type.ts';
import { constant } from './coerce.ts';

interface Parameter {
  readonly name: string;
  /** Null: the argument must be given. */
  readonly fallback: Expr | null;
}

const required = (...names: readonly string[]): readonly Parameter[] =>
  names.map((name) => ({ name, fallback: null }));
const zero = constant(0, types.integer);
const yes = constant(true, types.boolean);
const no = constant(false, types.boolean);

const pathParameters: readonly Parameter[] = [
  ...required('target', 'path'),
  { name: 'vars', fallback: constant(new JsonbValue(jsonObject([])), types.jsonb) },
  { name: 'silent', fallback: no },
];

const parametersOf: ReadonlyMap<string, readonly Parameter[]> = new Map([
  [
    'make_interval',
    [
      ...['years', 'months', 'weeks', 'days', 'hours', 'mins'].map((name) => ({
        name,
        fallback: zero,
      })),
      { name: 'secs', fallback: constant(0, types.double) },
    ],
  ],
  ['make_date', required('year', 'month', 'day')],
  ['make_time', required('hour', 'min', 'sec')],
  ['make_timestamp', required('year', 'month', 'mday', 'hour', 'min', 'sec')],
  ...['exists', 'match', 'query', 'query_array', 'query_first'].flatMap((kind) =>
    ['', '_tz'].map((suffix) => [`jsonb_path_${kind}${suffix}`, pathParameters] as const),
  ),
  [
    'jsonb_set',
    [...required('jsonb_in', 'path', 'replacement'), { name: 'create_if_missing', fallback: yes }],
  ],
  [
    'jsonb_set_lax',
    [
      ...required('jsonb_in', 'path', 'replacement'),
      { name: 'create_if_missing', fallback: yes },
      { name: 'null_value_treatment', fallback: constant('use_json_null', types.text) },
    ],
  ],
  [
    'jsonb_insert',
    [...required('jsonb_in', 'path', 'replacement'), { name: 'insert_after', fallback: no }],
  ],
]);

/** The arguments in the order of the parameters; `bind` is called on each as written. */
export function argumentsInOrder(
  call: ast.FunctionCall,
  name: string,
  bind: (value: ast.Expression) => Expr,
): readonly Expr[] {
  if (call.arguments.every((argument) => argument.name === null)) {
    return call.arguments.map((argument) => bind(argument.value));
  }
  const position = call.span.start;
  const parameters = parametersOf.get(name);
  if (parameters === undefined) {
    throw notSupported(`calling ${name} with named arguments`, {
      hint: 'Give the arguments by position.',
      position,
    });
  }
  const values = places(call, name, parameters, bind);
  const count = values.findLastIndex((value) => value !== undefined) + 1;
  return parameters
    .slice(0, Math.max(count, parameters.findLastIndex(isRequired) + 1))
    .map((parameter, i) => {
      const value = values[i] ?? parameter.fallback;
      if (value !== null) return value;
      throw new SqlError(
        sqlstate.undefinedFunction,
        `function ${name} needs the argument "${parameter.name}"`,
        { position },
      );
    });
}

function isRequired({ fallback }: Parameter): boolean {
  return fallback === null;
}

function places(
  call: ast.FunctionCall,
  name: string,
  parameters: readonly Parameter[],
  bind: (value: ast.Expression) => Expr,
): readonly (Expr | undefined)[] {
  const values: (Expr | undefined)[] = parameters.map(() => undefined);
  let named = false;
  call.arguments.forEach((argument, position) => {
    const at = argument.value.span.start;
    if (argument.name === null && named) {
      throw new SqlError(sqlstate.syntaxError, 'positional argument cannot follow named argument', {
        position: at,
      });
    }
    named ||= argument.name !== null;
    const wanted = argument.name?.name;
    const index =
      wanted === undefined ? position : parameters.findIndex((each) => each.name === wanted);
    if (index < 0 || index >= values.length) {
      throw new SqlError(
        sqlstate.undefinedFunction,
        `function ${name} has no argument "${wanted ?? position + 1}"`,
        {
          hint: `Its arguments are ${parameters.map((each) => each.name).join(', ')}.`,
          position: at,
        },
      );
    }
    if (values[index] !== undefined) {
      throw new SqlError(
        sqlstate.syntaxError,
        `argument name "${parameters[index]!.name}" used more than once`,
        { position: at },
      );
    }
    values[index] = bind(argument.value);
  });
  return values;
}
