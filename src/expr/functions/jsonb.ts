/** Operators and functions on jsonb. */

import { SqlError, sqlstate } from '../../base/errors.ts';
import type { ArrayDatum } from '../../types/datum.ts';
import {
  compareJsonTrees,
  isJsonArray,
  isJsonObject,
  jsonObject,
  jsonTypeOf,
  JsonbValue,
  type JsonTree,
} from '../../types/jsonb.ts';
import { arrayOf, types } from '../../types/sql-type.ts';
import { jsonTreeToText } from '../json-values.ts';
import { call1, call2, callAll, operator, scalar } from './define.ts';
import { deletePath, insertAtPath, prettyJson, setPath, setPathLax } from './jsonb-change.ts';
import type { ScalarFunction } from './registry.ts';

const { jsonb, text, integer, boolean } = types;
const texts = arrayOf(text);

export function jsonbFunctions(): readonly ScalarFunction[] {
  return [...reading(), ...testing(), ...changing()];
}

const wrap = (tree: JsonTree | undefined): JsonbValue | null =>
  tree === undefined ? null : new JsonbValue(tree);
const toText = (tree: JsonTree | undefined): string | null =>
  tree === undefined ? null : jsonTreeToText(tree);
const stepsOf = (path: ArrayDatum): readonly (string | null)[] =>
  path.elements as readonly (string | null)[];

function reading(): ScalarFunction[] {
  return [
    operator(
      '->',
      [jsonb, text],
      jsonb,
      call2((a: JsonbValue, key: string) => wrap(member(a.tree, key))),
    ),
    operator(
      '->',
      [jsonb, integer],
      jsonb,
      call2((a: JsonbValue, index: number) => wrap(elementAt(a.tree, index))),
    ),
    operator(
      '->>',
      [jsonb, text],
      text,
      call2((a: JsonbValue, key: string) => toText(member(a.tree, key))),
    ),
    operator(
      '->>',
      [jsonb, integer],
      text,
      call2((a: JsonbValue, index: number) => toText(elementAt(a.tree, index))),
    ),
    operator(
      '#>',
      [jsonb, texts],
      jsonb,
      call2((a: JsonbValue, path: ArrayDatum) => wrap(atPath(a.tree, stepsOf(path)))),
    ),
    operator(
      '#>>',
      [jsonb, texts],
      text,
      call2((a: JsonbValue, path: ArrayDatum) => toText(atPath(a.tree, stepsOf(path)))),
    ),
    scalar(
      'jsonb_extract_path',
      [jsonb, text],
      jsonb,
      (args) => wrap(atPath((args[0] as JsonbValue).tree, args.slice(1) as string[])),
      { variadic: true },
    ),
    scalar(
      'jsonb_extract_path_text',
      [jsonb, text],
      text,
      (args) => toText(atPath((args[0] as JsonbValue).tree, args.slice(1) as string[])),
      { variadic: true },
    ),
    scalar(
      'jsonb_typeof',
      [jsonb],
      text,
      call1((a: JsonbValue) => jsonTypeOf(a.tree)),
    ),
    scalar(
      'jsonb_array_length',
      [jsonb],
      integer,
      call1((a: JsonbValue) => arrayLength(a.tree)),
    ),
  ];
}

function member(tree: JsonTree, key: string): JsonTree | undefined {
  return isJsonObject(tree) ? tree.get(key) : undefined;
}

function elementAt(tree: JsonTree, index: number): JsonTree | undefined {
  if (isJsonArray(tree)) return tree.at(index);
  // PostgreSQL keeps a scalar as an array of one, which shows here and nowhere else.
  return !isJsonObject(tree) && (index === 0 || index === -1) ? tree : undefined;
}

/** Follows keys, and indices where an array stands; undefined when it leads nowhere. */
export function atPath(tree: JsonTree, path: readonly (string | null)[]): JsonTree | undefined {
  let at: JsonTree | undefined = tree;
  for (const step of path) {
    if (at === undefined || step === null) return undefined;
    if (isJsonArray(at)) at = /^[+-]?\d+$/.test(step) ? at.at(Number(step)) : undefined;
    else at = member(at, step);
  }
  return at;
}

function arrayLength(tree: JsonTree): number {
  if (isJsonArray(tree)) return tree.length;
  throw new SqlError(
    sqlstate.invalidParameterValue,
    `cannot get array length of a ${isJsonObject(tree) ? 'non-array' : 'scalar'}`,
  );
}

function testing(): ScalarFunction[] {
  const keys = (list: ArrayDatum): readonly string[] =>
    stepsOf(list).filter((each) => each !== null);
  return [
    operator(
      '@>',
      [jsonb, jsonb],
      boolean,
      call2((a: JsonbValue, b: JsonbValue) => containsJson(a.tree, b.tree)),
    ),
    operator(
      '<@',
      [jsonb, jsonb],
      boolean,
      call2((a: JsonbValue, b: JsonbValue) => containsJson(b.tree, a.tree)),
    ),
    operator(
      '?',
      [jsonb, text],
      boolean,
      call2((a: JsonbValue, key: string) => hasKey(a.tree, key)),
    ),
    operator(
      '?|',
      [jsonb, texts],
      boolean,
      call2((a: JsonbValue, list: ArrayDatum) => keys(list).some((key) => hasKey(a.tree, key))),
    ),
    operator(
      '?&',
      [jsonb, texts],
      boolean,
      call2((a: JsonbValue, list: ArrayDatum) => keys(list).every((key) => hasKey(a.tree, key))),
    ),
  ];
}

/** A key of an object, a string element of an array, or the string itself. */
function hasKey(tree: JsonTree, key: string): boolean {
  if (isJsonObject(tree)) return tree.has(key);
  return isJsonArray(tree) ? tree.includes(key) : tree === key;
}

/** @>: objects by members, arrays as sets; at the top an array also contains a scalar. */
export function containsJson(a: JsonTree, b: JsonTree, top = true): boolean {
  if (isJsonObject(a) && isJsonObject(b)) {
    for (const [key, value] of b) {
      const own = a.get(key);
      if (own === undefined || !containsJson(own, value, false)) return false;
    }
    return true;
  }
  if (isJsonArray(a)) {
    if (isJsonArray(b)) return b.every((each) => a.some((own) => containsElement(own, each)));
    return top && !isJsonObject(b) && a.some((own) => containsElement(own, b));
  }
  return !isJsonArray(b) && !isJsonObject(b) && !isJsonObject(a) && compareJsonTrees(a, b) === 0;
}

function containsElement(own: JsonTree, wanted: JsonTree): boolean {
  const container = (tree: JsonTree): boolean => isJsonArray(tree) || isJsonObject(tree);
  if (container(own) !== container(wanted)) return false;
  return containsJson(own, wanted, false);
}

function changing(): ScalarFunction[] {
  return [
    operator(
      '||',
      [jsonb, jsonb],
      jsonb,
      call2((a: JsonbValue, b: JsonbValue) => new JsonbValue(concat(a.tree, b.tree))),
    ),
    operator(
      '-',
      [jsonb, text],
      jsonb,
      call2((a: JsonbValue, key: string) => new JsonbValue(withoutKeys(a.tree, [key]))),
    ),
    operator(
      '-',
      [jsonb, texts],
      jsonb,
      call2(
        (a: JsonbValue, list: ArrayDatum) => new JsonbValue(withoutKeys(a.tree, stepsOf(list))),
      ),
    ),
    operator(
      '-',
      [jsonb, integer],
      jsonb,
      call2((a: JsonbValue, index: number) => new JsonbValue(withoutElement(a.tree, index))),
    ),
    operator(
      '#-',
      [jsonb, texts],
      jsonb,
      call2((a: JsonbValue, path: ArrayDatum) => new JsonbValue(deletePath(a.tree, stepsOf(path)))),
    ),
    scalar(
      'jsonb_set',
      [jsonb, texts, jsonb, boolean],
      jsonb,
      callAll<[JsonbValue, ArrayDatum, JsonbValue, boolean?]>(
        ([a, path, value, create]) =>
          new JsonbValue(setPath(a.tree, stepsOf(path), value.tree, create ?? true)),
      ),
      { optional: 1 },
    ),
    scalar(
      'jsonb_set_lax',
      [jsonb, texts, jsonb, boolean, text],
      jsonb,
      callAll<[JsonbValue | null, ArrayDatum | null, JsonbValue | null, boolean?, string?]>(
        ([a, path, value, create = true, treatment = 'use_json_null']) =>
          a === null || path === null || create === null
            ? null
            : new JsonbValue(setPathLax(a.tree, stepsOf(path), value?.tree, { create, treatment })),
      ),
      { optional: 2, strict: false },
    ),
    scalar(
      'jsonb_insert',
      [jsonb, texts, jsonb, boolean],
      jsonb,
      callAll<[JsonbValue, ArrayDatum, JsonbValue, boolean?]>(
        ([a, path, value, after]) =>
          new JsonbValue(insertAtPath(a.tree, stepsOf(path), value.tree, after ?? false)),
      ),
      { optional: 1 },
    ),
    scalar(
      'jsonb_strip_nulls',
      [jsonb],
      jsonb,
      call1((a: JsonbValue) => new JsonbValue(stripNulls(a.tree))),
    ),
    scalar(
      'jsonb_pretty',
      [jsonb],
      text,
      call1((a: JsonbValue) => prettyJson(a.tree)),
    ),
  ];
}

function concat(a: JsonTree, b: JsonTree): JsonTree {
  if (isJsonObject(a) && isJsonObject(b)) return jsonObject([...a, ...b]);
  const list = (tree: JsonTree): readonly JsonTree[] => (isJsonArray(tree) ? tree : [tree]);
  return [...list(a), ...list(b)];
}

function withoutKeys(tree: JsonTree, keys: readonly (string | null)[]): JsonTree {
  if (isJsonObject(tree)) return jsonObject([...tree].filter(([key]) => !keys.includes(key)));
  if (isJsonArray(tree))
    return tree.filter((each) => typeof each !== 'string' || !keys.includes(each));
  throw deleteFromScalar();
}

function withoutElement(tree: JsonTree, index: number): JsonTree {
  if (isJsonObject(tree)) {
    throw new SqlError(
      sqlstate.invalidParameterValue,
      'cannot delete from object using integer index',
    );
  }
  if (!isJsonArray(tree)) throw deleteFromScalar();
  const at = index < 0 ? tree.length + index : index;
  return tree.filter((_, i) => i !== at);
}

function deleteFromScalar(): SqlError {
  return new SqlError(sqlstate.invalidParameterValue, 'cannot delete from scalar');
}

function stripNulls(tree: JsonTree): JsonTree {
  if (isJsonArray(tree)) return tree.map(stripNulls);
  if (!isJsonObject(tree)) return tree;
  return jsonObject(
    [...tree].flatMap(([key, value]) =>
      value === null ? [] : [[key, stripNulls(value)] as const],
    ),
  );
}
