/**
 * Aggregates that put values together, one after the other: array_agg, string_agg, the JSON ones, first_value and
 * last_value. Order is the order of arrival, which the engine makes that of ORDER BY.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import { SqlArray } from '../types/array.ts';
import type { ArrayDatum, Datum } from '../types/datum.ts';
import { jsonObject, JsonbValue, quoteJson, type JsonTree } from '../types/jsonb.ts';
import type { SqlType } from '../types/sql-type.ts';
import { arrayOf, types } from '../types/sql-type.ts';
import { aggregate } from './aggregate-define.ts';
import { arrayFromRows } from './array-build.ts';
import { datumToText } from './cast-datum.ts';
import type { Accumulator, AggregateFunction, EvalContext } from './functions/registry.ts';
import { datumToJsonText, datumToJsonTree } from './json-values.ts';
import { datumKey, OrderedValues } from './multiset.ts';

const { text, bytea, json, jsonb } = types;
const withNulls = { skipsNull: false } as const;

type Row = readonly (Datum | null)[];
type Finish = (
  rows: readonly Row[],
  args: readonly SqlType[],
  context: EvalContext,
) => Datum | null;

export function collectionAggregates(): readonly AggregateFunction[] {
  const collect =
    (finish: Finish): AggregateFunction['accumulator'] =>
    (args, context) =>
      new Collection(args, context, finish);
  return [
    aggregate(
      'array_agg',
      ['anynonarray'],
      (args) => arrayOf(args[0]!),
      collect((rows) => SqlArray.of(rows.map((row) => row[0]!))),
      withNulls,
    ),
    aggregate(
      'array_agg',
      ['anyarray'],
      (args) => args[0]!,
      collect((rows) => arrayOfArrays(rows)),
      withNulls,
    ),
    aggregate(
      'string_agg',
      [text, text],
      text,
      collect((rows) => joinTexts(rows)),
    ),
    aggregate(
      'listagg',
      [text, text],
      text,
      collect((rows) => joinTexts(rows)),
    ),
    aggregate(
      'listagg',
      [text],
      text,
      collect((rows) => joinTexts(rows.map((row) => [row[0]!, ',']))),
    ),
    aggregate(
      'string_agg',
      [bytea, bytea],
      bytea,
      collect((rows) => joinBytes(rows)),
    ),
    aggregate(
      'first_value',
      ['anyelement'],
      (args) => args[0]!,
      collect((rows) => rows[0]?.[0] ?? null),
      withNulls,
    ),
    aggregate(
      'last_value',
      ['anyelement'],
      (args) => args[0]!,
      collect((rows) => rows.at(-1)?.[0] ?? null),
      withNulls,
    ),
    ...jsonAggregates(collect),
  ];
}

/** NULL over no rows; else what `finish` makes of them. */
class Collection implements Accumulator {
  readonly #rows = new OrderedValues<Row>();
  readonly #args: readonly SqlType[];
  readonly #context: EvalContext;
  readonly #finish: Finish;

  constructor(args: readonly SqlType[], context: EvalContext, finish: Finish) {
    this.#args = args;
    this.#context = context;
    this.#finish = finish;
  }

  add(args: Row, weight: number): void {
    this.#rows.add(keyOf(args, this.#args), args, weight);
  }

  finish(): Datum | null {
    const rows = this.#rows.values();
    return rows.length === 0 ? null : this.#finish(rows, this.#args, this.#context);
  }
}

/** json has no equality of its own; its text stands for it. */
function keyOf(values: Row, args: readonly SqlType[]): string {
  const comparable = args.map((type) => (type.kind === 'json' ? text : type));
  return datumKey(values, comparable);
}

function arrayOfArrays(rows: readonly Row[]): Datum {
  const arrays = rows.map((row) => row[0] as ArrayDatum | null);
  if (arrays.includes(null)) {
    throw new SqlError(sqlstate.nullValueNotAllowed, 'cannot accumulate null arrays');
  }
  if (arrays.some((array) => array!.dimensions.length === 0)) {
    throw new SqlError(sqlstate.arraySubscriptError, 'cannot accumulate empty arrays');
  }
  const [first] = arrays;
  const same = arrays.every((array) => array!.dimensions.join() === first!.dimensions.join());
  if (!same) {
    throw new SqlError(
      sqlstate.arraySubscriptError,
      'cannot accumulate arrays of different dimensionality',
    );
  }
  return arrayFromRows(arrays);
}

/** The first value's separator is not used; NULL values are skipped, a NULL separator is empty. */
function joinTexts(rows: readonly Row[]): Datum | null {
  let result: string | null = null;
  for (const [value, separator] of rows) {
    if (value === null) continue;
    result =
      result === null
        ? (value as string)
        : result + ((separator as string | null) ?? '') + (value as string);
  }
  return result;
}

function joinBytes(rows: readonly Row[]): Datum | null {
  const parts: Uint8Array[] = [];
  let any = false;
  for (const [value, separator] of rows) {
    if (value === null) continue;
    if (any && separator !== null) parts.push(separator as Uint8Array);
    parts.push(value as Uint8Array);
    any = true;
  }
  return any ? new Uint8Array(Buffer.concat(parts)) : null;
}

function jsonAggregates(
  collect: (finish: Finish) => AggregateFunction['accumulator'],
): AggregateFunction[] {
  return [
    aggregate(
      'json_agg',
      ['any'],
      json,
      collect((rows, [type], context) => {
        const nested = type!.kind === 'row' || type!.kind === 'record' || type!.kind === 'array';
        const parts = rows.map(([value], i) => {
          const text = datumToJsonText(value!, type!, context);
          if (i === 0) return text;
          // PostgreSQL starts a line for a value with parts, but not for NULL.
          return nested && value !== null ? `, \n ${text}` : `, ${text}`;
        });
        return `[${parts.join('')}]`;
      }),
      withNulls,
    ),
    aggregate(
      'jsonb_agg',
      ['any'],
      jsonb,
      collect(
        (rows, [type], context) =>
          new JsonbValue(rows.map((row) => datumToJsonTree(row[0]!, type!, context))),
      ),
      withNulls,
    ),
    aggregate(
      'json_object_agg',
      ['any', 'any'],
      json,
      collect((rows, args, context) => {
        const members = rows.map(
          (row) =>
            `${quoteJson(memberKey(row, args, context))} : ${datumToJsonText(row[1]!, args[1]!, context)}`,
        );
        return `{ ${members.join(', ')} }`;
      }),
      withNulls,
    ),
    aggregate(
      'jsonb_object_agg',
      ['any', 'any'],
      jsonb,
      collect((rows, args, context) => {
        const members = rows.map((row): [string, JsonTree] => [
          memberKey(row, args, context),
          datumToJsonTree(row[1]!, args[1]!, context),
        ]);
        return new JsonbValue(jsonObject(members));
      }),
      withNulls,
    ),
  ];
}

function memberKey(row: Row, args: readonly SqlType[], context: EvalContext): string {
  const [key] = row;
  if (key === null || key === undefined) {
    throw new SqlError(sqlstate.invalidParameterValue, 'field name must not be null');
  }
  return datumToText(key, args[0]!, context);
}
