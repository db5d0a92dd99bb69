/**
 * jsonb_path_query and its kin, @? and @@. Paths are read once and kept in a small cache that belongs to the
 * registry's functions. The _tz variants compare times with and without a zone by the session's.
 */

import { SqlError, sqlstate } from '../../base/errors.ts';
import {
  isJsonArray,
  isJsonObject,
  jsonObject,
  JsonbValue,
  type JsonTree,
} from '../../types/jsonb.ts';
import type { JsonPath, PathPattern } from '../../types/jsonpath.ts';
import { parseJsonPath } from '../../types/jsonpath-parse.ts';
import { types } from '../../types/sql-type.ts';
import { sessionZone } from '../context-io.ts';
import { itemToTree } from '../jsonpath/items.ts';
import type { PathWorld } from '../jsonpath/predicates.ts';
import { pathExists, pathItems } from '../jsonpath/query.ts';
import { call2, callAll, operator, scalar, table } from './define.ts';
import type { RegexCache } from './regex.ts';
import { readRegexFlags, type RegexFlags } from './regex-syntax.ts';
import type { EvalContext, ScalarFunction, TableFunction } from './registry.ts';

const { jsonb, jsonpath, boolean } = types;
const parameters = [jsonb, jsonpath, jsonb, boolean] as const;

const cacheMax = 256;

/** Paths that were read; the oldest goes first. */
export class PathCache {
  readonly #paths = new Map<string, JsonPath>();
  readonly #regexes: RegexCache;

  constructor(regexes: RegexCache) {
    this.#regexes = regexes;
  }

  get(text: string): JsonPath {
    const known = this.#paths.get(text);
    if (known !== undefined) return known;
    const path = parseJsonPath(text);
    if (this.#paths.size >= cacheMax) {
      const [oldest] = this.#paths.keys();
      this.#paths.delete(oldest!);
    }
    this.#paths.set(text, path);
    return path;
  }

  readonly matches = (text: string, pattern: PathPattern): boolean =>
    this.#regexes.get(pattern.source, flagsOf(pattern)).matcher(text).find();
}

/** XQuery's flags; a dot does not match a newline unless s is given. */
function flagsOf({ flags }: PathPattern): RegexFlags {
  return {
    ...readRegexFlags(flags.includes('i') ? 'i' : '', false),
    literal: flags.includes('q'),
    newlineStop: !flags.includes('s') && !flags.includes('q'),
    newlineAnchors: flags.includes('m') && !flags.includes('q'),
  };
}

/** Document, path, variables, silent. */
type Call = readonly [JsonbValue, string, JsonbValue?, boolean?];

export class PathCalls {
  readonly #cache: PathCache;
  readonly #zoned: boolean;

  constructor(cache: PathCache, zoned: boolean) {
    this.#cache = cache;
    this.#zoned = zoned;
  }

  #world(variables: JsonTree, context: EvalContext): PathWorld {
    if (!isJsonObject(variables)) {
      throw new SqlError(sqlstate.invalidParameterValue, '"vars" argument is not an object', {
        detail: 'Jsonpath parameters should be encoded as key-value pairs of "vars" object.',
      });
    }
    return {
      variables,
      zone: this.#zoned ? { zone: sessionZone(context), now: context.nowMicros } : null,
      matches: this.#cache.matches,
    };
  }

  query([{ tree }, text, vars, silent]: Call, context: EvalContext): readonly JsonTree[] {
    const world = this.#world((vars ?? empty).tree, context);
    const path = this.#cache.get(text);
    const document = text.includes('keyvalue') ? unshared(tree) : tree;
    return pathItems(path, document, world, silent ?? false).map(itemToTree);
  }

  exists([{ tree }, text, vars, silent]: Call, context: EvalContext): boolean | null {
    const world = this.#world((vars ?? empty).tree, context);
    return pathExists(this.#cache.get(text), tree, world, silent ?? false);
  }

  match(call: Call, context: EvalContext): boolean | null {
    const found = this.query(call, context);
    const [value] = found;
    if (found.length === 1 && (value === null || typeof value === 'boolean')) return value;
    if (call[3] === true) return null;
    throw new SqlError(sqlstate.singletonSqlJsonItemRequired, 'single boolean result is expected');
  }
}

const empty = new JsonbValue(jsonObject([]));

/** A copy in which no container stands twice, so that .keyvalue() can tell places by identity. */
function unshared(tree: JsonTree): JsonTree {
  if (isJsonArray(tree)) return tree.map(unshared);
  if (!isJsonObject(tree)) return tree;
  return new Map([...tree].map(([key, value]) => [key, unshared(value)] as const));
}

const wrap = (tree: JsonTree | undefined): JsonbValue | null =>
  tree === undefined ? null : new JsonbValue(tree);

export function jsonPathFunctions(cache: PathCache): readonly ScalarFunction[] {
  const calls = new PathCalls(cache, false);
  return [
    ...named('', calls),
    ...named('_tz', new PathCalls(cache, true)),
    operator(
      '@?',
      [jsonb, jsonpath],
      boolean,
      call2((document: JsonbValue, path: string, context) =>
        calls.exists([document, path, empty, true], context),
      ),
    ),
    operator(
      '@@',
      [jsonb, jsonpath],
      boolean,
      call2((document: JsonbValue, path: string, context) =>
        calls.match([document, path, empty, true], context),
      ),
    ),
  ];
}

function named(suffix: '' | '_tz', calls: PathCalls): ScalarFunction[] {
  const options = { optional: 2, volatility: suffix === '' ? 'immutable' : 'stable' } as const;
  return [
    scalar(
      `jsonb_path_exists${suffix}`,
      parameters,
      boolean,
      callAll<Call>((call, context) => calls.exists(call, context)),
      options,
    ),
    scalar(
      `jsonb_path_match${suffix}`,
      parameters,
      boolean,
      callAll<Call>((call, context) => calls.match(call, context)),
      options,
    ),
    scalar(
      `jsonb_path_query_array${suffix}`,
      parameters,
      jsonb,
      callAll<Call>((call, context) => new JsonbValue(calls.query(call, context))),
      options,
    ),
    scalar(
      `jsonb_path_query_first${suffix}`,
      parameters,
      jsonb,
      callAll<Call>((call, context) => wrap(calls.query(call, context)[0])),
      options,
    ),
  ];
}

export function jsonPathTables(cache: PathCache): readonly TableFunction[] {
  return (['', '_tz'] as const).map((suffix) => {
    const calls = new PathCalls(cache, suffix === '_tz');
    const name = `jsonb_path_query${suffix}`;
    return table(
      name,
      parameters,
      () => [{ name, type: jsonb }],
      (args, context) =>
        calls.query(args as unknown as Call, context).map((tree) => [new JsonbValue(tree)]),
      { optional: 2 },
    );
  });
}
