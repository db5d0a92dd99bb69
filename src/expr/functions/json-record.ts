/**
 * JSON as rows of declared types: json_populate_record and json_to_record with their kin. The row type comes
 * as the type of an argument, or is described by a column definition list. Values of
 * jsonb go by their text, from which every field's own input reads.
 */

import { assert } from '../../base/assert.ts';
import { SqlError, sqlstate, type SqlErrorFields } from '../../base/errors.ts';
import { SqlArray } from '../../types/array.ts';
import type { Datum, RowDatum } from '../../types/datum.ts';
import { JsonbValue } from '../../types/jsonb.ts';
import type { SqlType } from '../../types/sql-type.ts';
import { types } from '../../types/sql-type.ts';
import { castDatum } from '../cast-datum.ts';
import { elementOf } from '../type-category.ts';
import { table } from './define.ts';
import { jsonElements, jsonMembers, jsonTextKind, jsonTextToText } from './json-scan.ts';
import type { EvalContext, TableFunction } from './registry.ts';

type RowType = Extract<SqlType, { kind: 'row' }>;
type Fill = (json: string, type: RowType, base: RowDatum | null, world: World) => RowDatum[];

interface World {
  readonly name: string;
  readonly context: EvalContext;
}

export function jsonRecordTables(): readonly TableFunction[] {
  return ['json', 'jsonb'].flatMap((prefix) => [
    populating(`${prefix}_populate_record`, prefix, one),
    populating(`${prefix}_populate_recordset`, prefix, many),
    describing(`${prefix}_to_record`, prefix, one),
    describing(`${prefix}_to_recordset`, prefix, many),
  ]);
}

const documentType = (prefix: string): SqlType => (prefix === 'json' ? types.json : types.jsonb);

function rowType(type: SqlType | undefined): RowType {
  if (type?.kind === 'row') return type;
  throw new SqlError(
    sqlstate.datatypeMismatch,
    'first argument of a populating function must be a row type',
    { hint: 'Cast it to a row type, or use a column definition list with json_to_record.' },
  );
}

function described(type: SqlType | undefined): RowType {
  assert(type?.kind === 'row', 'a described function has the row type as its last argument');
  return type;
}

/** (row, json): the row gives the type, and the fields that the JSON has not. */
function populating(name: string, prefix: string, fill: Fill): TableFunction {
  return table(
    name,
    ['any', documentType(prefix)],
    ([type]) => rowType(type).fields,
    () => [],
    {
      strict: false,
      specialize: ([type]) => {
        const row = rowType(type);
        return ([base, json], context) =>
          json === null
            ? fill === one
              ? [base === null ? row.fields.map(() => null) : (base as RowDatum)]
              : []
            : fill(String(json), row, base as RowDatum | null, { name, context });
      },
    },
  );
}

/** (json), and behind it the described row type. */
function describing(name: string, prefix: string, fill: Fill): TableFunction {
  return table(
    name,
    [documentType(prefix)],
    ([, type]) => described(type).fields,
    () => [],
    {
      strict: false,
      described: true,
      specialize: ([, type]) => {
        const row = described(type);
        return ([json], context) =>
          json === null
            ? fill === one
              ? [row.fields.map(() => null)]
              : []
            : fill(String(json), row, null, { name, context });
      },
    },
  );
}

function one(json: string, type: RowType, base: RowDatum | null, world: World): RowDatum[] {
  if (jsonTextKind(json) === 'null' && base !== null) return [base];
  return [populate(json, type, base, world)];
}

function many(json: string, type: RowType, base: RowDatum | null, world: World): RowDatum[] {
  const kind = jsonTextKind(json);
  const { name } = world;
  if (kind !== 'array') {
    if (name.startsWith('jsonb')) throw invalid(`cannot call ${name} on a non-array`);
    throw invalid(`cannot call ${name} on ${kind === 'object' ? 'an object' : 'a scalar'}`);
  }
  return jsonElements(json).map((each) => {
    if (jsonTextKind(each) === 'object') return populate(each, type, base, world);
    throw invalid(`argument of ${name} must be an array of objects`);
  });
}

function invalid(message: string): SqlError {
  return new SqlError(sqlstate.invalidParameterValue, message);
}

/** A row from an object; fields that it has not come from `base`. */
function populate(json: string, type: RowType, base: RowDatum | null, world: World): RowDatum {
  const kind = jsonTextKind(json);
  if (kind !== 'object') {
    throw invalid(
      `cannot call populate_composite on ${kind === 'array' ? 'an array' : 'a scalar'}`,
    );
  }
  const members = new Map(jsonMembers(json));
  return type.fields.map((field, i) => {
    const value = members.get(field.name);
    if (value === undefined) return base?.[i] ?? null;
    return read(value, field.type, field.name, world);
  });
}

function read(json: string, type: SqlType, key: string, world: World): Datum | null {
  const kind = jsonTextKind(json);
  if (kind === 'null') return null;
  if (type.kind === 'json') return json;
  if (type.kind === 'jsonb') return JsonbValue.parse(json);
  if (kind !== 'string') {
    if (type.kind === 'row') return populate(json, type, null, world);
    if (type.kind === 'array') return readArray(json, type.element, key, world);
  }
  // Modifiers are checked as on assignment: a text that is too long is an error.
  return castDatum(jsonTextToText(json), types.unknown, type, 'assignment', world.context);
}

/** Nested arrays are further dimensions. */
function readArray(json: string, elementType: SqlType, key: string, world: World): SqlArray {
  const element = innermost(elementType);
  const dimensions: number[] = [];
  for (let at: string | undefined = json; at !== undefined && jsonTextKind(at) === 'array';) {
    const list = jsonElements(at);
    dimensions.push(list.length);
    at = list[0];
  }
  if (dimensions.length === 0) {
    throw malformed('expected JSON array', { hint: `See the value of key "${key}".` });
  }
  const found: (Datum | null)[] = [];
  const collect = (text: string, depth: number): void => {
    const isArray = jsonTextKind(text) === 'array';
    if (depth === dimensions.length) {
      if (isArray) throw mismatched();
      found.push(read(text, element, key, world));
      return;
    }
    if (!isArray) {
      throw malformed('expected JSON array', { hint: `See the value of key "${key}".` });
    }
    const list = jsonElements(text);
    if (list.length !== dimensions[depth]) throw mismatched();
    for (const each of list) collect(each, depth + 1);
  };
  collect(json, 0);
  return found.length === 0 ? SqlArray.empty : new SqlArray(found, dimensions);
}

function innermost(type: SqlType): SqlType {
  const element = type.kind === 'array' ? elementOf(type) : null;
  return element === null ? type : innermost(element);
}

function mismatched(): SqlError {
  return malformed('malformed JSON array', {
    detail: 'Multidimensional arrays must have sub-arrays with matching dimensions.',
  });
}

function malformed(message: string, fields: SqlErrorFields): SqlError {
  return new SqlError(sqlstate.invalidTextRepresentation, message, fields);
}
