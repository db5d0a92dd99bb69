/**
 * jsonb values: a tree with exact numbers, objects as Maps in jsonb's key order (keys by length in bytes,
 * then bytes; the last of equal keys counts). Text, order and equality are PostgreSQL's.
 */

import { Decimal } from './decimal.ts';
import { parseJson, type JsonBuilder } from './json-parse.ts';

export type JsonTree = null | boolean | string | Decimal | readonly JsonTree[] | JsonObject;
/** Keys stand in jsonb's order; make one with `jsonObject`. */
export type JsonObject = ReadonlyMap<string, JsonTree>;

export type JsonKind = 'null' | 'boolean' | 'string' | 'number' | 'array' | 'object';

export class JsonbValue {
  readonly tree: JsonTree;

  constructor(tree: JsonTree) {
    this.tree = tree;
  }

  /** 22P02 "invalid input syntax for type json" with PostgreSQL's detail. */
  static parse(text: string): JsonbValue {
    return new JsonbValue(parseJson(text, treeBuilder));
  }

  /** jsonb's own text: ': ' and ', ' between, keys in order. */
  toString(): string {
    return formatJsonTree(this.tree);
  }

  /** PostgreSQL's jsonb order, with its oddity that an empty array at the top is least of all. */
  compare(other: JsonbValue): number {
    const emptiness = Number(isEmptyArray(other.tree)) - Number(isEmptyArray(this.tree));
    return emptiness !== 0 ? emptiness : compareJsonTrees(this.tree, other.tree);
  }
}

const treeBuilder: JsonBuilder<JsonTree> = {
  constant: (value) => value,
  number: (text) => Decimal.parse(text),
  string: (text) => text,
  array: (elements) => elements,
  object: (entries) => jsonObject(entries),
};

/** An object in jsonb's key order; the last of equal keys counts. */
export function jsonObject(entries: Iterable<readonly [string, JsonTree]>): JsonObject {
  const object = new Map<string, JsonTree>();
  for (const [key, value] of entries) object.set(key, value);
  if (object.size < 2) return object;
  const keys = [...object.keys()];
  if (keys.every((key, index) => index === 0 || compareKeys(keys[index - 1]!, key) < 0)) {
    return object;
  }
  return new Map([...object].sort(([a], [b]) => compareKeys(a, b)));
}

/** Conversion from plain JavaScript data; numbers by their shortest form, undefined as null. */
export function jsonFromPlain(value: unknown): JsonTree {
  switch (typeof value) {
    case 'boolean':
    case 'string':
      return value;
    case 'bigint':
      return Decimal.fromBigInt(value);
    case 'number':
      return Number.isFinite(value) ? Decimal.parse(String(value)) : null;
    case 'object':
      break;
    default:
      return null;
  }
  if (value === null || value instanceof Decimal) return value;
  if (value instanceof JsonbValue) return value.tree;
  if (Array.isArray(value)) return value.map(jsonFromPlain);
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return jsonObject(entries.map(([key, each]) => [String(key), jsonFromPlain(each)] as const));
}

export function jsonTypeOf(tree: JsonTree): JsonKind {
  if (tree === null) return 'null';
  if (typeof tree === 'boolean') return 'boolean';
  if (typeof tree === 'string') return 'string';
  if (tree instanceof Decimal) return 'number';
  return isJsonObject(tree) ? 'object' : 'array';
}

export function isJsonObject(tree: JsonTree): tree is JsonObject {
  return tree instanceof Map;
}

export function isJsonArray(tree: JsonTree): tree is readonly JsonTree[] {
  return Array.isArray(tree);
}

/** jsonb's text of a tree. */
export function formatJsonTree(tree: JsonTree): string {
  if (tree === null) return 'null';
  if (typeof tree === 'boolean') return tree ? 'true' : 'false';
  if (typeof tree === 'string') return quoteJson(tree);
  if (tree instanceof Decimal) return tree.toString();
  if (isJsonObject(tree)) {
    const members: string[] = [];
    for (const [key, value] of tree) members.push(`${quoteJson(key)}: ${formatJsonTree(value)}`);
    return `{${members.join(', ')}}`;
  }
  return `[${tree.map(formatJsonTree).join(', ')}]`;
}

const plainText = /^[^"\\\u0000-\u001f]*$/;
const escapes = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

/** A JSON string with its quotes, escaped as PostgreSQL does it. */
export function quoteJson(text: string): string {
  if (plainText.test(text)) return `"${text}"`;
  const escaped = text.replace(/["\\\u0000-\u001f]/g, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(4, '0');
    return escapes.get(character) ?? `\\u${code}`;
  });
  return `"${escaped}"`;
}

/** The order of values within a document: null < strings < numbers < booleans < arrays < objects. */
export function compareJsonTrees(a: JsonTree, b: JsonTree): number {
  if (a === b) return 0;
  const rank = jsonRank(a) - jsonRank(b);
  if (rank !== 0) return rank;
  if (typeof a === 'string') return compareCodePoints(a, b as string);
  if (a instanceof Decimal) return a.compare(b as Decimal);
  if (typeof a === 'boolean') return Number(a) - Number(b as boolean);
  if (isJsonArray(a)) return compareArrays(a, b as readonly JsonTree[]);
  return compareObjects(a as JsonObject, b as JsonObject);
}

const ranks: Record<JsonKind, number> = {
  null: 0,
  string: 1,
  number: 2,
  boolean: 3,
  array: 4,
  object: 5,
};

/** Place of a value's kind in jsonb's order. */
export function jsonRank(tree: JsonTree): number {
  return ranks[jsonTypeOf(tree)];
}

function compareArrays(a: readonly JsonTree[], b: readonly JsonTree[]): number {
  if (a.length !== b.length) return a.length - b.length;
  for (let index = 0; index < a.length; index++) {
    const order = compareJsonTrees(a[index]!, b[index]!);
    if (order !== 0) return order;
  }
  return 0;
}

function compareObjects(a: JsonObject, b: JsonObject): number {
  if (a.size !== b.size) return a.size - b.size;
  const others = b.entries();
  for (const [key, value] of a) {
    const [otherKey, otherValue] = others.next().value!;
    const order = compareCodePoints(key, otherKey) || compareJsonTrees(value, otherValue);
    if (order !== 0) return order;
  }
  return 0;
}

function isEmptyArray(tree: JsonTree): boolean {
  return isJsonArray(tree) && tree.length === 0;
}

/** jsonb stores keys by their length in bytes, then by their bytes. */
function compareKeys(a: string, b: string): number {
  return Buffer.byteLength(a) - Buffer.byteLength(b) || compareCodePoints(a, b);
}

/**
 * Order by UTF-8 bytes, which is that of code points. UTF-16 order differs only where a surrogate meets a
 * unit above the surrogates.
 */
export function compareCodePoints(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left !== right) return surrogatesLast(left) - surrogatesLast(right);
  }
  return a.length - b.length;
}

function surrogatesLast(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
