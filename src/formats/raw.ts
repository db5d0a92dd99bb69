/** The record's bytes as they are: one column of type text (UTF-8, no NUL) or bytea. */

import { SqlError, sqlstate } from '../base/errors.ts';
import type { Schema } from '../types/schema.ts';
import type { Format } from './format.ts';
import { Refused } from './json-parse.ts';
import { readText } from './json-coerce.ts';
import { RecordDecoder } from './record-decoder.ts';
import { recordText } from './text-record.ts';

export const rawFormat: Format = {
  name: 'raw',
  options: [],
  validate: (_options, schema) => {
    checkSchema(schema);
  },
  createDecoder: (decoder) => {
    checkSchema(decoder.schema);
    const { type } = decoder.schema[0]!;
    return new RecordDecoder(decoder, (bytes, start, end) => {
      if (decoder.columns.length === 0) return [];
      if (type.kind !== 'bytea') return [readText(recordText(bytes, start, end), type)];
      if (end < 0) throw new Refused('null value');
      return [Uint8Array.prototype.slice.call(bytes, start, end)];
    });
  },
};

const kinds = new Set(['text', 'varchar', 'json', 'jsonb', 'bytea']);

function checkSchema(schema: Schema): void {
  const [field] = schema;
  if (schema.length === 1 && field !== undefined && kinds.has(field.type.kind)) return;
  throw new SqlError(
    sqlstate.invalidTableDefinition,
    'format raw needs exactly one column, of type text, json or bytea',
  );
}
