/**
 * Values in test files: NULL is the word NULL, a bare time of day stands for that time on 2000-01-01 UTC,
 * everything else is PostgreSQL's text.
 */

import type { Batch } from '../types/batch.ts';
import { readDatum } from '../types/column-access.ts';
import type { Datum } from '../types/datum.ts';
import type { Schema } from '../types/schema.ts';
import type { SqlType } from '../types/sql-type.ts';
import { formatText, parseText } from '../types/text-io.ts';

const testDay = '2000-01-01';

/** A cell as a value of `type`. Throws SqlError as PostgreSQL's input functions do. */
export function parseCell(text: string, type: SqlType): Datum | null {
  if (text === 'NULL') return null;
  const timestamp = type.kind === 'timestamp' || type.kind === 'timestamptz';
  const full = timestamp && /^\d\d:\d\d/.test(text) ? `${testDay} ${text}` : text;
  return parseText(full, type);
}

/** A value as a cell. */
export function formatCell(value: Datum | null, type: SqlType): string {
  if (value === null) return 'NULL';
  const text = formatText(value, type);
  const timestamp = type.kind === 'timestamp' || type.kind === 'timestamptz';
  return timestamp ? shortTime(text) : text;
}

/** A timestamp's text; on the test day the time alone. */
export function shortTime(text: string): string {
  if (!text.startsWith(`${testDay} `)) return text;
  return text.slice(testDay.length + 1).replace(/\+00$/, '');
}

/** All rows of a batch as cells. */
export function batchCells(batch: Batch, fields: Schema): string[][] {
  return Array.from({ length: batch.count }, (_, row) =>
    fields.map((field, index) =>
      formatCell(readDatum(batch.columns[index]!, row, field.type), field.type),
    ),
  );
}

/**
 * Whether two cells say the same: equal text, or equal numbers (1.5 and 1.50), as both stand for values
 * whose display scale a test does not care about.
 */
export function sameCell(actual: string, expected: string): boolean {
  if (actual === expected) return true;
  if (!isNumber(actual) || !isNumber(expected)) return false;
  return canonicalNumber(actual) === canonicalNumber(expected);
}

function isNumber(text: string): boolean {
  return /^-?\d+(\.\d+)?$/.test(text);
}

function canonicalNumber(text: string): string {
  const plain = text.includes('.') ? text.replace(/0+$/, '').replace(/\.$/, '') : text;
  return plain === '-0' ? '0' : plain;
}
