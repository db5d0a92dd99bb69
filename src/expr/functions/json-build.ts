/** Making JSON from SQL values: to_json, row_to_json, json_build_object, json_object and the jsonb twins. */

import { SqlError, sqlstate } from '../../base/errors.ts';
import type { ArrayDatum, Datum } from '../../types/datum.ts';
import { jsonObject, JsonbValue, quoteJson, type JsonTree } from '../../types/jsonb.ts';
import type { SqlType } from '../../types/sql-type.ts';
import { arrayOf, types } from '../../types/sql-type.ts';
import { datumToText } from '../cast-datum.ts';
import { datumToJsonText, datumToJsonTree, prettyJsonText } from '../json-values.ts';
import { scalar, specializedOnly, type Evaluate } from './define.ts';
import type { EvalContext, ScalarFunction } from './registry.ts';

const { json, jsonb, text, boolean } = types;
const texts = arrayOf(text);
const stable = { volatility: 'stable' } as const;
const anyNumber = { variadic: true, strict: false, ...stable } as const;

export function jsonBuildFunctions(): readonly ScalarFunction[] {
  const asJson =
    (args: readonly SqlType[]): Evaluate =>
    ([value, pretty], context) =>
      pretty === true
        ? prettyJsonText(value!, args[0]!, context)
        : datumToJsonText(value!, args[0]!, context);
  const asJsonb =
    (args: readonly SqlType[]): Evaluate =>
    ([value], context) =>
      new JsonbValue(datumToJsonTree(value!, args[0]!, context));
  return [
    scalar('to_json', ['any'], json, specializedOnly, { ...stable, specialize: asJson }),
    scalar('to_jsonb', ['any'], jsonb, specializedOnly, { ...stable, specialize: asJsonb }),
    scalar('row_to_json', [types.record, boolean], json, specializedOnly, {
      ...stable,
      optional: 1,
      specialize: asJson,
    }),
    scalar('array_to_json', ['anyarray', boolean], json, specializedOnly, {
      ...stable,
      optional: 1,
      specialize: asJson,
    }),
    ...building(),
    ...objects(),
  ];
}

function building(): ScalarFunction[] {
  return [
    scalar('json_build_array', [], json, () => '[]'),
    scalar('jsonb_build_array', [], jsonb, () => new JsonbValue([])),
    scalar('json_build_object', [], json, () => '{}'),
    scalar('jsonb_build_object', [], jsonb, () => new JsonbValue(jsonObject([]))),
    scalar('json_build_array', ['any'], json, specializedOnly, {
      ...anyNumber,
      specialize: (args) => (values, context) =>
        `[${values.map((each, i) => datumToJsonText(each, args[i]!, context)).join(', ')}]`,
    }),
    scalar('jsonb_build_array', ['any'], jsonb, specializedOnly, {
      ...anyNumber,
      specialize: (args) => (values, context) =>
        new JsonbValue(values.map((each, i) => datumToJsonTree(each, args[i]!, context))),
    }),
    scalar('json_build_object', ['any'], json, specializedOnly, {
      ...anyNumber,
      specialize: (args) => (values, context) => {
        const members = pairsOf('json_build_object', values, args, context).map(
          ([key, value, type]) => `${quoteJson(key)} : ${datumToJsonText(value, type, context)}`,
        );
        return `{${members.join(', ')}}`;
      },
    }),
    scalar('jsonb_build_object', ['any'], jsonb, specializedOnly, {
      ...anyNumber,
      specialize: (args) => (values, context) => {
        const members = pairsOf('jsonb_build_object', values, args, context).map(
          ([key, value, type]): [string, JsonTree] => [key, datumToJsonTree(value, type, context)],
        );
        return new JsonbValue(jsonObject(members));
      },
    }),
  ];
}

function pairsOf(
  name: string,
  values: readonly (Datum | null)[],
  args: readonly SqlType[],
  context: EvalContext,
): (readonly [string, Datum | null, SqlType])[] {
  if (values.length % 2 !== 0) {
    throw new SqlError(
      sqlstate.invalidParameterValue,
      'argument list must have even number of elements',
      { hint: `The arguments of ${name}() must consist of alternating keys and values.` },
    );
  }
  return Array.from({ length: values.length / 2 }, (_, i) => {
    const key = values[2 * i] ?? null;
    if (key === null) throw nullKey(name, 2 * i + 1);
    const value = values[2 * i + 1] ?? null;
    return [keyText(name, key, args[2 * i]!, context), value, args[2 * i + 1]!] as const;
  });
}

/** jsonb writes a key as its value would be written, json by the type's output. */
function keyText(name: string, key: Datum, type: SqlType, context: EvalContext): string {
  return name.startsWith('jsonb') && type.kind === 'boolean'
    ? String(key as boolean)
    : datumToText(key, type, context);
}

function nullKey(name: string, position: number): SqlError {
  return name === 'json_build_object'
    ? new SqlError(sqlstate.invalidParameterValue, `argument ${position} cannot be null`, {
        hint: 'Object keys should be text.',
      })
    : new SqlError(sqlstate.invalidParameterValue, `argument ${position}: key must not be null`);
}

/** json_object from one array of pairs, or from keys and values. */
function objects(): ScalarFunction[] {
  const entries = (args: readonly (Datum | null)[]): (readonly [string, string | null])[] => {
    const [keys, values] = args as readonly [ArrayDatum, ArrayDatum?];
    return values === undefined ? fromPairs(keys) : fromTwo(keys, values);
  };
  const printed = (args: readonly (Datum | null)[]): string =>
    `{${entries(args)
      .map(([key, value]) => `${quoteJson(key)} : ${value === null ? 'null' : quoteJson(value)}`)
      .join(', ')}}`;
  return [
    scalar('json_object', [texts, texts], json, printed, { optional: 1 }),
    scalar(
      'jsonb_object',
      [texts, texts],
      jsonb,
      (args) => new JsonbValue(jsonObject(entries(args))),
      { optional: 1 },
    ),
  ];
}

function fromPairs(array: ArrayDatum): (readonly [string, string | null])[] {
  const flat = array.elements as readonly (string | null)[];
  const [, columns] = array.dimensions;
  if (array.dimensions.length > 2) throw subscripts('wrong number of array subscripts');
  if (columns !== undefined && columns !== 2) throw subscripts('array must have two columns');
  if (flat.length % 2 !== 0) throw subscripts('array must have even number of elements');
  return Array.from({ length: flat.length / 2 }, (_, i) => [
    requireKey(flat[2 * i]!),
    flat[2 * i + 1]!,
  ]);
}

function fromTwo(keys: ArrayDatum, values: ArrayDatum): (readonly [string, string | null])[] {
  if (keys.elements.length !== values.elements.length)
    throw subscripts('mismatched array dimensions');
  return keys.elements.map((key, i) => [
    requireKey(key as string | null),
    values.elements[i] as string | null,
  ]);
}

function requireKey(key: string | null): string {
  if (key === null) {
    throw new SqlError(sqlstate.nullValueNotAllowed, 'null value not allowed for object key');
  }
  return key;
}

function subscripts(message: string): SqlError {
  return new SqlError(sqlstate.arraySubscriptError, message);
}
