/** JSON taken apart into rows: keys, members and elements of json and jsonb. */

import { SqlError, sqlstate } from '../../base/errors.ts';
import { isJsonArray, isJsonObject, JsonbValue } from '../../types/jsonb.ts';
import { types } from '../../types/sql-type.ts';
import { jsonTreeToText } from '../json-values.ts';
import { table } from './define.ts';
import { jsonElements, jsonMembers, jsonTextKind, jsonTextToText } from './json-scan.ts';
import type { TableFunction } from './registry.ts';

const { json, jsonb, text } = types;

export function jsonTables(): readonly TableFunction[] {
  return [...ofJson(), ...ofJsonb()];
}

const value = (type: typeof json | typeof text | typeof jsonb) => () => [{ name: 'value', type }];
const keyAndValue = (type: typeof json | typeof text | typeof jsonb) => () => [
  { name: 'key', type: text },
  { name: 'value', type },
];

function ofJson(): TableFunction[] {
  return [
    table('json_array_elements', [json], value(json), ([a]) =>
      elements(a as string).map((each) => [each]),
    ),
    table('json_array_elements_text', [json], value(text), ([a]) =>
      elements(a as string).map((each) => [jsonTextToText(each)]),
    ),
    table('json_each', [json], keyAndValue(json), ([a]) => members(a as string, 'json_each')),
    table('json_each_text', [json], keyAndValue(text), ([a]) =>
      members(a as string, 'json_each_text').map(([key, each]) => [key, jsonTextToText(each)]),
    ),
    table(
      'json_object_keys',
      [json],
      () => [{ name: 'json_object_keys', type: text }],
      ([a]) => members(a as string, 'json_object_keys').map(([key]) => [key]),
    ),
  ];
}

function elements(json: string): readonly string[] {
  const kind = jsonTextKind(json);
  if (kind === 'array') return jsonElements(json);
  throw invalid(
    kind === 'object'
      ? 'cannot call json_array_elements on a non-array'
      : 'cannot call json_array_elements on a scalar',
  );
}

function members(json: string, name: string): readonly (readonly [string, string])[] {
  const kind = jsonTextKind(json);
  if (kind === 'object') return jsonMembers(json);
  if (name === 'json_object_keys') throw wrongKind(name, kind === 'array');
  throw invalid(
    kind === 'array' ? 'cannot deconstruct an array as an object' : 'cannot deconstruct a scalar',
  );
}

function ofJsonb(): TableFunction[] {
  return [
    table('jsonb_array_elements', [jsonb], value(jsonb), ([a]) =>
      trees(a as JsonbValue).map((each) => [new JsonbValue(each)]),
    ),
    table('jsonb_array_elements_text', [jsonb], value(text), ([a]) =>
      trees(a as JsonbValue).map((each) => [jsonTreeToText(each)]),
    ),
    table('jsonb_each', [jsonb], keyAndValue(jsonb), ([a]) =>
      entries(a as JsonbValue, 'jsonb_each').map(([key, each]) => [key, new JsonbValue(each)]),
    ),
    table('jsonb_each_text', [jsonb], keyAndValue(text), ([a]) =>
      entries(a as JsonbValue, 'jsonb_each_text').map(([key, each]) => [key, jsonTreeToText(each)]),
    ),
    table(
      'jsonb_object_keys',
      [jsonb],
      () => [{ name: 'jsonb_object_keys', type: text }],
      ([a]) => entries(a as JsonbValue, 'jsonb_object_keys').map(([key]) => [key]),
    ),
  ];
}

function trees({ tree }: JsonbValue) {
  if (isJsonArray(tree)) return tree;
  throw invalid(`cannot extract elements from ${isJsonObject(tree) ? 'an object' : 'a scalar'}`);
}

function entries({ tree }: JsonbValue, name: string) {
  if (isJsonObject(tree)) return [...tree];
  if (name === 'jsonb_object_keys') throw wrongKind(name, isJsonArray(tree));
  throw invalid(`cannot call ${name} on a non-object`);
}

function wrongKind(name: string, array: boolean): SqlError {
  return invalid(`cannot call ${name} on ${array ? 'an array' : 'a scalar'}`);
}

function invalid(message: string): SqlError {
  return new SqlError(sqlstate.invalidParameterValue, message);
}
