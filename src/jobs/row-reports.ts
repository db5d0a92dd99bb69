/** What a view reports of single rows, in the form in which the ledgers keep it. */

import type { LateRow, RowError } from '../dataflow/operator.ts';
import { encodeJsonRow } from '../formats/json-encode.ts';
import type { Datum, Row } from '../types/datum.ts';
import type { SqlType } from '../types/sql-type.ts';
import { types } from '../types/sql-type.ts';
import { parseText } from '../types/text-io.ts';

const micros = (value: number | null): bigint | null =>
  value === null || !Number.isFinite(value) ? null : BigInt(Math.round(value));

/** In the order of the ledger's columns, without `arrived_at`. */
export function lateRow(view: string, row: LateRow): Row {
  return [
    view,
    row.source ?? null,
    row.stream,
    row.partition,
    row.offset === null ? null : BigInt(row.offset),
    jsonb(jsonText(row.columns, row.types ?? [], row.values)),
    micros(row.windowStart),
    micros(row.windowEnd),
    micros(row.watermark),
  ];
}

/** The values of a failed row as text. */
export function errorRow(error: RowError): string {
  const columns = error.columns ?? [];
  return jsonText(
    columns.map((column) => column.name),
    columns.map((column) => column.type),
    error.values,
  );
}

function jsonText(
  names: readonly string[],
  columnTypes: readonly SqlType[],
  values: readonly (Datum | null)[],
): string {
  const count = Math.min(names.length, columnTypes.length);
  // Columns that this view does not read were not decoded and have no name.
  return encodeJsonRow(names.slice(0, count), columnTypes.slice(0, count), values.slice(0, count));
}

function jsonb(text: string): Datum {
  return parseText(text, types.jsonb);
}
