/** All built-in functions, put together once into a frozen registry. */

import { assert } from '../../base/assert.ts';
import { aggregateFunctions } from '../aggregates.ts';
import { arrayFunctions } from './array.ts';
import { booleanFunctions } from './boolean.ts';
import { bytePlaceFunctions } from './byte-places.ts';
import { byteFunctions } from './bytes.ts';
import { catalogFunctions } from './catalog.ts';
import { comparisonFunctions } from './comparison.ts';
import { enumFunctions } from './enum.ts';
import { floatFunctions } from './float.ts';
import { generatorTables } from './generators.ts';
import { integerFunctions } from './integer.ts';
import { jsonBuildFunctions } from './json-build.ts';
import { jsonRecordTables } from './json-record.ts';
import { jsonStandardFunctions } from './json-standard.ts';
import { jsonTables } from './json-tables.ts';
import { jsonFunctions } from './json.ts';
import { jsonbFunctions } from './jsonb.ts';
import { jsonPathFunctions, jsonPathTables, PathCache } from './jsonpath.ts';
import { likeFunctions } from './like.ts';
import { mapFunctions } from './map.ts';
import { numericFunctions } from './numeric.ts';
import { numberFormatFunctions } from './number-format.ts';
import { overlapsFunctions } from './overlaps.ts';
import { RegexCache, regexFunctions, regexTables } from './regex.ts';
import type {
  AggregateFunction,
  FunctionRegistry,
  ScalarFunction,
  TableFunction,
} from './registry.ts';
import { rowCountFunctions } from './row-count.ts';
import { sequenceFunctions } from './sequence.ts';
import { systemFunctions } from './system.ts';
import { textFormatFunctions } from './text-format.ts';
import { textJoinFunctions } from './text-join.ts';
import { textFunctions } from './text.ts';
import { timeFormatFunctions } from './time-format.ts';
import { timeOperators } from './time-operators.ts';
import { timeSpanFunctions } from './time-span.ts';
import { timeFunctions } from './time.ts';
import { widthBucketFunctions } from './width-bucket.ts';

export function createRegistry(): FunctionRegistry {
  const regexes = new RegexCache();
  const paths = new PathCache(regexes);
  const scalars: readonly ScalarFunction[] = [
    ...integerFunctions(),
    ...floatFunctions(),
    ...numericFunctions(),
    ...widthBucketFunctions(),
    ...comparisonFunctions(),
    ...enumFunctions(),
    ...booleanFunctions(),
    ...textFunctions(),
    ...textJoinFunctions(),
    ...byteFunctions(),
    ...bytePlaceFunctions(),
    ...textFormatFunctions(),
    ...likeFunctions(),
    ...regexFunctions(regexes),
    ...timeFunctions(),
    ...timeSpanFunctions(),
    ...overlapsFunctions(),
    ...timeOperators(),
    ...timeFormatFunctions(),
    ...numberFormatFunctions(),
    ...arrayFunctions(),
    ...mapFunctions(),
    ...jsonFunctions(),
    ...jsonbFunctions(),
    ...jsonPathFunctions(paths),
    ...jsonStandardFunctions(paths),
    ...jsonBuildFunctions(),
    ...rowCountFunctions(),
    ...sequenceFunctions(),
    ...systemFunctions(),
    ...catalogFunctions(),
  ];
  const tables: readonly TableFunction[] = [
    ...generatorTables(),
    ...jsonTables(),
    ...jsonRecordTables(),
    ...jsonPathTables(paths),
    ...regexTables(regexes),
  ];
  return buildRegistry(scalars, aggregateFunctions(), tables);
}

/** A registry of exactly these functions. Ids must be unique. */
export function buildRegistry(
  scalars: readonly ScalarFunction[],
  aggregates: readonly AggregateFunction[],
  tables: readonly TableFunction[],
): FunctionRegistry {
  for (const list of [scalars, aggregates, tables]) assertUnique(list);
  const named = byName(scalars.filter((each) => !each.operator));
  const symbols = byName(scalars.filter((each) => each.operator));
  const namedAggregates = byName(aggregates);
  const namedTables = byName(tables);
  const all = Object.freeze({ scalars, aggregates, tables });
  return Object.freeze<FunctionRegistry>({
    scalars: (name) => named.get(name) ?? [],
    operators: (symbol) => symbols.get(symbol) ?? [],
    aggregates: (name) => namedAggregates.get(name) ?? [],
    tables: (name) => namedTables.get(name) ?? [],
    all: () => all,
  });
}

function assertUnique(list: readonly { readonly id: string }[]): void {
  const seen = new Set<string>();
  for (const { id } of list) {
    assert(!seen.has(id), `function ${id} is defined twice`);
    seen.add(id);
  }
}

function byName<F extends { readonly name: string }>(
  list: readonly F[],
): ReadonlyMap<string, readonly F[]> {
  const map = new Map<string, F[]>();
  for (const fn of list) {
    const known = map.get(fn.name);
    if (known === undefined) map.set(fn.name, [fn]);
    else known.push(fn);
  }
  return map;
}
