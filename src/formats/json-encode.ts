/**
 * Rows as JSON text, for sinks and for the late and dead-letter relations. Numbers keep all their digits;
 * what JSON cannot say as a number (NaN, infinities) is a string; bytea is base64, as JSON sources read it.
 */

import type { Datum, Row, RowDatum } from '../types/datum.ts';
import type { SqlArray, SqlMap } from '../types/array.ts';
import { fieldKey } from '../types/sql-type.ts';
import type { SqlType } from '../types/sql-type.ts';
import { formatText } from '../types/text-io.ts';

export interface JsonEncodeOptions {
  /** SQL: `2024-01-01 00:00:00`; ISO-8601: `2024-01-01T00:00:00`, with Z for timestamptz. */
  readonly timestamps?: 'SQL' | 'ISO-8601';
}

/** `{"key":value,…}`, one member a column. */
export function encodeJsonRow(
  keys: readonly string[],
  types: readonly SqlType[],
  row: Row,
  options: JsonEncodeOptions = {},
): string {
  const members = keys.map(
    (key, index) => `${JSON.stringify(key)}:${encodeJson(row[index]!, types[index]!, options)}`,
  );
  return `{${members.join(',')}}`;
}

export function encodeJson(value: Datum | null, type: SqlType, options: JsonEncodeOptions): string {
  if (value === null) return 'null';
  switch (type.kind) {
    case 'boolean':
      return value === true ? 'true' : 'false';
    case 'smallint':
    case 'integer':
    case 'bigint':
    case 'oid':
      return String(value as number | bigint);
    case 'numeric':
    case 'real':
    case 'double':
      return numberJson(formatText(value, type));
    case 'json':
    case 'jsonb':
      return formatText(value, type);
    case 'bytea':
      return JSON.stringify(Buffer.from(value as Uint8Array).toString('base64'));
    case 'timestamp':
    case 'timestamptz':
      return JSON.stringify(momentText(value, type, options));
    case 'array':
      return arrayJson(value as SqlArray, type.element, options);
    case 'row':
      return encodeJsonRow(
        type.fields.map(fieldKey),
        type.fields.map((field) => field.type),
        value as RowDatum,
        options,
      );
    case 'map':
      return mapJson(value as SqlMap, type, options);
    default:
      return JSON.stringify(formatText(value, type, { timeZone: 'UTC' }));
  }
}

function numberJson(text: string): string {
  return /^-?\d/.test(text) ? text : JSON.stringify(text);
}

function momentText(value: Datum, type: SqlType, options: JsonEncodeOptions): string {
  const text = formatText(value, type, { timeZone: 'UTC' });
  const zoned = text.endsWith('+00') ? `${text.slice(0, -3)}Z` : text;
  return options.timestamps === 'ISO-8601' ? zoned.replace(' ', 'T') : zoned;
}

function arrayJson(array: SqlArray, element: SqlType, options: JsonEncodeOptions): string {
  const level = (depth: number, from: number, size: number): string => {
    const items: string[] = [];
    const count = array.dimensions[depth]!;
    const step = size / count;
    for (let index = 0; index < count; index++) {
      const at = from + index * step;
      items.push(
        depth + 1 < array.dimensions.length
          ? level(depth + 1, at, step)
          : encodeJson(array.elements[at]!, element, options),
      );
    }
    return `[${items.join(',')}]`;
  };
  return array.dimensions.length === 0 ? '[]' : level(0, 0, array.elements.length);
}

function mapJson(
  map: SqlMap,
  type: Extract<SqlType, { kind: 'map' }>,
  options: JsonEncodeOptions,
): string {
  const members = map.entries.map(([key, value]) => {
    const name = JSON.stringify(formatText(key, type.key));
    return `${name}:${encodeJson(value, type.value, options)}`;
  });
  return `{${members.join(',')}}`;
}
