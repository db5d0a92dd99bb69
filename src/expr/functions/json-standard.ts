/**
 * JSON_VALUE, JSON_QUERY and JSON_EXISTS of the SQL standard in their two-argument form, which means what it
 * means in PostgreSQL 17: text of a scalar, jsonb without a wrapper, NULL (or false) where the path finds
 * nothing, finds too much, or fails. Their clauses (PASSING, RETURNING, ON EMPTY, …) are not parsed.
 */

import { SqlError, sqlstate } from '../../base/errors.ts';
import type { Datum } from '../../types/datum.ts';
import { isJsonArray, isJsonObject, JsonbValue, type JsonTree } from '../../types/jsonb.ts';
import type { SqlType } from '../../types/sql-type.ts';
import { types } from '../../types/sql-type.ts';
import { scalar } from './define.ts';
import { PathCalls, type PathCache } from './jsonpath.ts';
import type { ScalarFunction } from './registry.ts';

const { text, json, jsonb, jsonpath, boolean } = types;

export function jsonStandardFunctions(cache: PathCache): readonly ScalarFunction[] {
  const calls = new PathCalls(cache, true);
  const define = (
    name: string,
    returns: SqlType,
    answer: (items: readonly JsonTree[] | null) => Datum | null,
  ): ScalarFunction[] =>
    [jsonb, json, text].map((documentType) =>
      scalar(
        name,
        [documentType, jsonpath],
        returns,
        ([document, path], context) => {
          const read =
            documentType === jsonb
              ? (document as JsonbValue)
              : JsonbValue.parse(document as string);
          return answer(unlessItFails(() => calls.query([read, path as string], context)));
        },
        { volatility: 'stable' },
      ),
    );
  return [
    ...define('json_exists', boolean, (items) => items !== null && items.length > 0),
    ...define('json_query', jsonb, (items) =>
      items?.length === 1 ? new JsonbValue(items[0]!) : null,
    ),
    ...define('json_value', text, (items) => (items?.length === 1 ? scalarText(items[0]!) : null)),
  ];
}

/** Null for a fault of the document under the path; a variable that nobody gave is told. */
function unlessItFails<T>(ask: () => T): T | null {
  try {
    return ask();
  } catch (error) {
    if (!(error instanceof SqlError) || error.code === sqlstate.undefinedObject) throw error;
    return null;
  }
}

function scalarText(tree: JsonTree): string | null {
  if (tree === null || isJsonArray(tree) || isJsonObject(tree)) return null;
  // PostgreSQL gives a boolean as its own type's text.
  if (typeof tree === 'boolean') return tree ? 't' : 'f';
  return typeof tree === 'string' ? tree : String(new JsonbValue(tree));
}
