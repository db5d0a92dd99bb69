/** Changing a jsonb tree along a path, and printing one indented. Trees are immutable; what changes is rebuilt. */

import { SqlError, sqlstate } from '../../base/errors.ts';
import {
  formatJsonTree,
  isJsonArray,
  isJsonObject,
  jsonObject,
  quoteJson,
  type JsonTree,
} from '../../types/jsonb.ts';

type Path = readonly (string | null)[];

/** What happens at the end of a path: `found` is undefined when nothing stands there. */
interface PathChange {
  /** The new value, or undefined to delete it. */
  readonly member: (found: JsonTree | undefined) => JsonTree | undefined;
  /** The new elements of the array at (normalized) index; index may be −1 or the length when outside. */
  readonly element: (list: readonly JsonTree[], index: number) => readonly JsonTree[];
}

function change(tree: JsonTree, path: Path, depth: number, how: PathChange): JsonTree {
  const step = path[depth];
  if (step === undefined) return tree;
  if (step === null) {
    throw new SqlError(
      sqlstate.nullValueNotAllowed,
      `path element at position ${depth + 1} is null`,
    );
  }
  if (isJsonObject(tree)) return changeMember(tree, step, path, depth, how);
  return isJsonArray(tree) ? changeElement(tree, step, path, depth, how) : tree;
}

function changeMember(
  tree: ReadonlyMap<string, JsonTree>,
  step: string,
  path: Path,
  depth: number,
  how: PathChange,
): JsonTree {
  const found = tree.get(step);
  const last = depth === path.length - 1;
  if (!last && found === undefined) return tree;
  const value = last ? how.member(found) : change(found!, path, depth + 1, how);
  const others = [...tree].filter(([key]) => key !== step);
  return jsonObject(value === undefined ? others : [...others, [step, value]]);
}

function changeElement(
  list: readonly JsonTree[],
  step: string,
  path: Path,
  depth: number,
  how: PathChange,
): JsonTree {
  if (!/^\s*[+-]?\d+$/.test(step)) {
    throw new SqlError(
      sqlstate.invalidTextRepresentation,
      `path element at position ${depth + 1} is not an integer: "${step}"`,
    );
  }
  const given = Number(step);
  const index = given < 0 ? Math.max(-1, list.length + given) : Math.min(given, list.length);
  if (depth === path.length - 1) return how.element(list, index);
  const found = list[index];
  if (found === undefined) return list;
  return list.map((each, i) => (i === index ? change(found, path, depth + 1, how) : each));
}

function refuseScalar(tree: JsonTree, verb: string): void {
  if (isJsonArray(tree) || isJsonObject(tree)) return;
  throw new SqlError(sqlstate.invalidParameterValue, `cannot ${verb} in scalar`);
}

function isEmpty(tree: JsonTree): boolean {
  return isJsonArray(tree) ? tree.length === 0 : isJsonObject(tree) && tree.size === 0;
}

/** jsonb_set: replaces, or with `create` adds, the value at the path. */
export function setPath(tree: JsonTree, path: Path, value: JsonTree, create: boolean): JsonTree {
  refuseScalar(tree, 'set path');
  if (!create && isEmpty(tree)) return tree;
  return change(tree, path, 0, {
    member: (found) => (found !== undefined || create ? value : undefined),
    element: (list, index) => {
      if (index >= 0 && index < list.length)
        return list.map((each, i) => (i === index ? value : each));
      if (!create) return list;
      return index < 0 ? [value, ...list] : [...list, value];
    },
  });
}

const treatments = ['delete_key', 'return_target', 'use_json_null', 'raise_exception'] as const;

/** jsonb_set_lax: `treatment` says what an SQL NULL (undefined) does. */
export function setPathLax(
  tree: JsonTree,
  path: Path,
  value: JsonTree | undefined,
  how: { readonly create: boolean; readonly treatment: string | null },
): JsonTree {
  // What an unknown treatment would do matters to a missing value only.
  if (value !== undefined && how.treatment !== null) {
    return setPath(tree, path, value, how.create);
  }
  const treatment = treatments.find((each) => each === how.treatment);
  if (treatment === undefined) {
    throw new SqlError(
      sqlstate.invalidParameterValue,
      'null_value_treatment must be "delete_key", "return_target", "use_json_null", or "raise_exception"',
    );
  }
  switch (treatment) {
    case 'delete_key':
      return deletePath(tree, path);
    case 'return_target':
      return tree;
    case 'use_json_null':
      return setPath(tree, path, null, how.create);
    case 'raise_exception':
      throw new SqlError(sqlstate.nullValueNotAllowed, 'JSON value must not be null', {
        detail: 'Exception was raised because null_value_treatment is "raise_exception".',
        hint: 'To avoid, either change the null_value_treatment argument or ensure that an SQL NULL is not passed.',
      });
  }
}

/** jsonb_insert: adds an element before (or after) the path's place, or a new key. */
export function insertAtPath(
  tree: JsonTree,
  path: Path,
  value: JsonTree,
  after: boolean,
): JsonTree {
  refuseScalar(tree, 'set path');
  return change(tree, path, 0, {
    member: (found) => {
      if (found === undefined) return value;
      throw new SqlError(sqlstate.invalidParameterValue, 'cannot replace existing key', {
        hint: 'Try using the function jsonb_set to replace key value.',
      });
    },
    element: (list, index) => {
      const inside = index >= 0 && index < list.length;
      const at = Math.max(0, inside && after ? index + 1 : index);
      return [...list.slice(0, at), value, ...list.slice(at)];
    },
  });
}

/** #-: deletes what stands at the path. */
export function deletePath(tree: JsonTree, path: Path): JsonTree {
  refuseScalar(tree, 'delete path');
  if (isEmpty(tree)) return tree;
  return change(tree, path, 0, {
    member: () => undefined,
    element: (list, index) => list.filter((_, i) => i !== index),
  });
}

/** jsonb_pretty: four spaces a level. */
export function prettyJson(tree: JsonTree, indent = ''): string {
  const inner = `${indent}    `;
  if (isJsonArray(tree)) {
    if (tree.length === 0) return `[\n${indent}]`;
    return `[\n${tree.map((each) => inner + prettyJson(each, inner)).join(',\n')}\n${indent}]`;
  }
  if (isJsonObject(tree)) {
    if (tree.size === 0) return `{\n${indent}}`;
    const members = [...tree].map(
      ([key, value]) => `${inner}${quoteJson(key)}: ${prettyJson(value, inner)}`,
    );
    return `{\n${members.join(',\n')}\n${indent}}`;
  }
  return formatJsonTree(tree);
}
