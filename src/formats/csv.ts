/**
 * Delimited text, one record a line (the source has cut the lines; quotes may hold line ends). As in
 * PostgreSQL's COPY: an empty unquoted field is NULL, `""` is the empty string, and the word NULL is text.
 * A record with too few or too many fields is refused. Fields are in the declared order of the columns, or,
 * in a file with a header, where the header names them: by the spelling of the declaration, as JSON keys are.
 * Other names in the header are passed over; without one of the columns every record of the file is refused.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import type { Datum } from '../types/datum.ts';
import type { SqlType } from '../types/sql-type.ts';
import { splitCsvRecord, type CsvDialect, type CsvField } from './csv-split.ts';
import type { DecoderOptions, Format } from './format.ts';
import { readText } from './json-coerce.ts';
import { Refused } from './json-parse.ts';
import { formatOption, isOn, type FormatOptionSpec, type OptionValues } from './options.ts';
import { RecordDecoder } from './record-decoder.ts';
import { recordText, withoutLineEnd } from './text-record.ts';

const options: readonly FormatOptionSpec[] = [
  formatOption('csv.field-delimiter', 'text', ',', 'The character between fields; \\t is a tab.'),
  formatOption('csv.quote-character', 'text', '"', 'The character around fields that hold others.'),
  formatOption(
    'csv.disable-quote-character',
    'boolean',
    'false',
    'Quotes are ordinary characters.',
  ),
  formatOption(
    'csv.escape-character',
    'text',
    null,
    'Makes the next character ordinary. Without it a quote inside quotes is doubled.',
  ),
  formatOption('csv.null-literal', 'text', '', 'An unquoted field with this text is NULL.'),
  formatOption('csv.allow-comments', 'boolean', 'false', 'Lines that begin with # are no data.'),
  formatOption(
    'csv.ignore-parse-errors',
    'boolean',
    'false',
    'Read NULL where a field cannot be read, instead of refusing the record.',
  ),
];

interface CsvRules extends CsvDialect {
  readonly nullText: string;
  readonly comments: boolean;
  readonly ignoreErrors: boolean;
}

export const csvFormat: Format = {
  name: 'csv',
  options,
  validate: (values) => {
    csvRules(values);
  },
  createDecoder: (decoder) => {
    const rules = csvRules(decoder.options);
    const declared = declaredLayout(decoder);
    let layout: Layout | string = declared;
    let header: Uint8Array | null = null;
    return new RecordDecoder(decoder, (bytes, start, end, given) => {
      if (given !== header) {
        header = given;
        layout = given === null ? declared : headerLayout(given, decoder, rules);
      }
      return readRecord(recordText(bytes, start, end), decoder, rules, layout);
    });
  },
};

/** Which field of a record is which column. */
interface Layout {
  readonly fields: number;
  /** What says how many fields there are, for messages. */
  readonly owner: string;
  /** Field of each column to decode, in the decoder's order. */
  readonly fieldOf: readonly number[];
}

function declaredLayout(decoder: DecoderOptions): Layout {
  const fields = decoder.schema.length;
  return { fields, owner: `the relation ${fields} columns`, fieldOf: decoder.columns };
}

/** By the names of a header; or the reason why no record under it can be read. */
function headerLayout(
  header: Uint8Array,
  decoder: DecoderOptions,
  rules: CsvRules,
): Layout | string {
  let names: string[];
  try {
    const fields = splitCsvRecord(withoutLineEnd(recordText(header, 0, header.length)), rules);
    if (typeof fields === 'string') return `the header of the file cannot be read: ${fields}`;
    names = fields.map((field) => field.text);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return `the header of the file cannot be read: ${error.message}`;
  }
  const fieldOf: number[] = [];
  for (const ordinal of decoder.columns) {
    const key = decoder.keys[ordinal]!;
    const found = names.indexOf(key);
    if (found < 0) {
      const list = names.map((name) => `"${name}"`).join(', ');
      return `the header of the file has no column "${key}", only ${list}`;
    }
    if (names.includes(key, found + 1)) return `the header of the file has column "${key}" twice`;
    fieldOf.push(found);
  }
  return { fields: names.length, owner: `the header ${names.length}`, fieldOf };
}

/** How records in these options are cut into fields. Throws 22023 where that cannot be. */
export function csvDialect(values: OptionValues): CsvDialect {
  return csvRules(values);
}

function csvRules(values: OptionValues): CsvRules {
  const quoting = !isOn(values, 'csv.disable-quote-character');
  const delimiter = oneCharacter(values, 'csv.field-delimiter', ',');
  const quote = quoting ? oneCharacter(values, 'csv.quote-character', '"') : null;
  if (delimiter === quote) {
    throw new SqlError(
      sqlstate.invalidParameterValue,
      'csv.field-delimiter and csv.quote-character must differ',
    );
  }
  return {
    delimiter,
    quote,
    escape: values.has('csv.escape-character')
      ? oneCharacter(values, 'csv.escape-character', '\\')
      : null,
    nullText: values.get('csv.null-literal') ?? '',
    comments: isOn(values, 'csv.allow-comments'),
    ignoreErrors: isOn(values, 'csv.ignore-parse-errors'),
  };
}

function oneCharacter(values: OptionValues, name: string, defaultValue: string): string {
  const value = values.get(name) ?? defaultValue;
  const character = value === '\\t' ? '\t' : value;
  if (character.length !== 1 || character === '\n' || character === '\r') {
    throw new SqlError(sqlstate.invalidParameterValue, `${name} must be a single character`);
  }
  return character;
}

function readRecord(
  text: string,
  decoder: DecoderOptions,
  rules: CsvRules,
  layout: Layout | string,
): (Datum | null)[] | null {
  const record = withoutLineEnd(text);
  if (rules.comments && record.startsWith('#')) return null;
  if (typeof layout === 'string') throw new Refused(layout);
  const fields = splitCsvRecord(record, rules);
  if (typeof fields === 'string') throw new Refused(fields);
  if (fields.length !== layout.fields) {
    throw new Refused(`the record has ${fields.length} fields, ${layout.owner}`);
  }
  return decoder.columns.map((ordinal, index) => {
    const { type, nullable } = decoder.schema[ordinal]!;
    return readField(fields[layout.fieldOf[index]!]!, type, {
      rules,
      ignoreErrors: rules.ignoreErrors && nullable,
      name: decoder.keys[ordinal]!,
    });
  });
}

function readField(
  field: CsvField,
  type: SqlType,
  how: { readonly rules: CsvRules; readonly ignoreErrors: boolean; readonly name: string },
): Datum | null {
  if (!field.quoted && field.text === how.rules.nullText) return null;
  try {
    return readText(field.text, type);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (how.ignoreErrors) return null;
    throw new Refused(`column "${how.name}": ${error.message}`);
  }
}
