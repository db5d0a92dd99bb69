/**
 * SQL values as JSON: to_json and to_jsonb, and everything that builds or aggregates JSON. Numbers and
 * booleans stay what they are, JSON stays JSON, dates and times take their ISO 8601 form, arrays and rows
 * become arrays and objects, and all else is a string in its text form.
 */

import { formatDate, formatTimestamp, formatTimestamptz } from '../types/datetime-text.ts';
import type { ArrayDatum, Datum, MapDatum, RowDatum } from '../types/datum.ts';
import { Decimal } from '../types/decimal.ts';
import {
  formatJsonTree,
  jsonObject,
  JsonbValue,
  quoteJson,
  type JsonTree,
} from '../types/jsonb.ts';
import type { SqlType } from '../types/sql-type.ts';
import { types } from '../types/sql-type.ts';
import { typeOfDatum } from '../types/runtime-type.ts';
import { datumToText } from './cast-datum.ts';
import type { EvalContext } from './functions/registry.ts';
import { elementOf } from './type-category.ts';

/** The type of field `index` of a composite value of this type. */
function fieldType(type: SqlType, index: number, value: Datum | null): SqlType {
  if (type.kind === 'row') return type.fields[index]!.type;
  return value === null ? types.text : typeOfDatum(value);
}

function fieldName(type: SqlType, index: number): string {
  return type.kind === 'row' ? type.fields[index]!.name : `f${index + 1}`;
}

/** The text of a value of type json, as to_json prints it: no spaces. */
export function datumToJsonText(value: Datum | null, type: SqlType, context: EvalContext): string {
  if (value === null) return 'null';
  const element = elementOf(type);
  if (element !== null) return arrayText(value as ArrayDatum, element, context);
  switch (type.kind) {
    case 'json':
      return value as string;
    case 'jsonb':
      return (value as JsonbValue).toString();
    case 'row':
    case 'record':
      return rowText(value as RowDatum, type, context);
    case 'map': {
      const members = (value as MapDatum).entries.map(([key, each]) => {
        const name = quoteJson(datumToText(key, type.key, context));
        return `${name}:${datumToJsonText(each, type.value, context)}`;
      });
      return `{${members.join(',')}}`;
    }
    default:
      return scalarText(value, type, context);
  }
}

/** As row_to_json and array_to_json print when asked for line feeds: between the outermost parts. */
export function prettyJsonText(value: Datum, type: SqlType, context: EvalContext): string {
  const element = elementOf(type);
  if (element !== null) return arrayText(value as ArrayDatum, element, context, ',\n ');
  return rowText(value as RowDatum, type, context, ',\n ');
}

function rowText(row: RowDatum, type: SqlType, context: EvalContext, between = ','): string {
  const members = row.map((each, i) => {
    const text = datumToJsonText(each, fieldType(type, i, each), context);
    return `${quoteJson(fieldName(type, i))}:${text}`;
  });
  return `{${members.join(between)}}`;
}

function arrayText(
  array: ArrayDatum,
  element: SqlType,
  context: EvalContext,
  between = ',',
): string {
  const texts = array.elements.map((each) => datumToJsonText(each, element, context));
  const grouped = nest(
    texts,
    array.dimensions,
    (inner, outermost) => `[${inner.join(outermost ? between : ',')}]`,
  );
  return grouped ?? '[]';
}

/** Groups a row-major list by its dimensions, innermost first; null when there are none. */
function nest<T>(
  flat: readonly T[],
  dimensions: readonly number[],
  group: (inner: readonly T[], outermost: boolean) => T,
): T | null {
  let level = flat;
  for (const [depth, size] of [...dimensions.entries()].reverse()) {
    const grouped: T[] = [];
    for (let i = 0; i < level.length; i += size) {
      grouped.push(group(level.slice(i, i + size), depth === 0));
    }
    level = grouped;
  }
  return dimensions.length === 0 ? null : level[0]!;
}

function scalarText(value: Datum, type: SqlType, context: EvalContext): string {
  switch (type.kind) {
    case 'boolean':
      return value === true ? 'true' : 'false';
    case 'smallint':
    case 'integer':
    case 'bigint':
    case 'oid':
      return type.kind === 'oid' ? quoteJson(String(value as number)) : String(value as number);
    case 'real':
    case 'double':
    case 'numeric': {
      const text = datumToText(value, type, context);
      return /^-?[0-9]/.test(text) ? text : quoteJson(text);
    }
    default:
      return quoteJson(stringForm(value, type, context));
  }
}

/** The content of a JSON string for a value that has no JSON form of its own. */
function stringForm(value: Datum, type: SqlType, context: EvalContext): string {
  switch (type.kind) {
    case 'date':
      return formatDate(value as number);
    case 'timestamp':
      return formatTimestamp(value as bigint).replace(' ', 'T');
    case 'timestamptz': {
      const text = formatTimestamptz(value as bigint, { timeZone: context.timeZone });
      return text.replace(' ', 'T').replace(/([+-]\d\d)(?=$| BC)/, '$1:00');
    }
    default:
      return datumToText(value, type, context);
  }
}

/** The value as a node of a jsonb tree. */
export function datumToJsonTree(
  value: Datum | null,
  type: SqlType,
  context: EvalContext,
): JsonTree {
  if (value === null) return null;
  const element = elementOf(type);
  if (element !== null) {
    const array = value as ArrayDatum;
    const trees = array.elements.map((each) => datumToJsonTree(each, element, context));
    return nest<JsonTree>(trees, array.dimensions, (inner) => inner) ?? [];
  }
  switch (type.kind) {
    case 'boolean':
      return value as boolean;
    case 'smallint':
    case 'integer':
    case 'bigint':
      return Decimal.fromBigInt(BigInt(value as number | bigint));
    case 'numeric':
      return (value as Decimal).isFinite ? (value as Decimal) : datumToText(value, type, context);
    case 'real':
    case 'double': {
      const text = datumToText(value, type, context);
      return Number.isFinite(value as number) ? Decimal.parse(text) : text;
    }
    case 'json':
      return JsonbValue.parse(value as string).tree;
    case 'jsonb':
      return (value as JsonbValue).tree;
    case 'row':
    case 'record':
      return jsonObject(
        (value as RowDatum).map((each, i) => [
          fieldName(type, i),
          datumToJsonTree(each, fieldType(type, i, each), context),
        ]),
      );
    case 'map':
      return jsonObject(
        (value as MapDatum).entries.map(([key, each]) => [
          datumToText(key, type.key, context),
          datumToJsonTree(each, type.value, context),
        ]),
      );
    default:
      return stringForm(value, type, context);
  }
}

/** What ->> gives for a node: strings without quotes, null as NULL, the rest as text. */
export function jsonTreeToText(tree: JsonTree): string | null {
  if (tree === null) return null;
  return typeof tree === 'string' ? tree : formatJsonTree(tree);
}
