/**
 * Delimited text, one record a line (the source has cut the lines; quotes may hold line ends). As in
 * PostgreSQL's COPY: an empty unquoted field is NULL, `""` is the empty string, and the word NULL is text.
 * A record with too few or too many fields is refused. Fields are in the declared order of the columns.
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
    return new RecordDecoder(decoder, (bytes, start, end) =>
      readRecord(recordText(bytes, start, end), decoder, rules),
    );
  },
};

/** How a file or message in these options is cut into fields; the file source reads headers with it. */
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
): (Datum | null)[] | null {
  const record = withoutLineEnd(text);
  if (rules.comments && record.startsWith('#')) return null;
  const fields = splitCsvRecord(record, rules);
  if (typeof fields === 'string') throw new Refused(fields);
  if (fields.length !== decoder.schema.length) {
    throw new Refused(
      `the record has ${fields.length} fields, the relation ${decoder.schema.length} columns`,
    );
  }
  return decoder.columns.map((ordinal) => {
    const { type, nullable } = decoder.schema[ordinal]!;
    return readField(fields[ordinal]!, type, {
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
