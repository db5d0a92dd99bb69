/** The JSON format: its options, and decoders made from them. The rules stand in json-coerce.ts. */

import { SqlError, sqlstate } from '../base/errors.ts';
import type { Decoder, DecoderOptions, Format } from './format.ts';
import { JsonDecoder, type JsonRules } from './json-decoder.ts';
import { formatOption, isOn, type FormatOptionSpec, type OptionValues } from './options.ts';

const recordBytesMax = 64 * 1024 * 1024;

const options: readonly FormatOptionSpec[] = [
  formatOption(
    'json.strict',
    'boolean',
    'true',
    'Read every record to its end. When false, reading stops after the last needed column: faster, but a damaged tail and a later duplicate of a key go unseen.',
  ),
  formatOption(
    'json.fail-on-missing-field',
    'boolean',
    'false',
    'Refuse a record that lacks the key of a column, instead of reading NULL.',
  ),
  formatOption(
    'json.ignore-parse-errors',
    'boolean',
    'false',
    'Read NULL where a value cannot be read, instead of refusing the record. Records that are not JSON are refused either way.',
  ),
  formatOption(
    'json.timestamp-format.standard',
    ['SQL', 'ISO-8601'],
    'SQL',
    'How timestamps are written. Both forms are always read.',
  ),
  formatOption(
    'json.max-record-bytes',
    'integer',
    String(recordBytesMax),
    'Records longer than this are refused.',
  ),
];

export const jsonFormat: Format = {
  name: 'json',
  readsFields: true,
  options,
  validate: (values) => {
    jsonRules(values);
  },
  createDecoder: (decoder: DecoderOptions): Decoder =>
    new JsonDecoder(decoder, jsonRules(decoder.options)),
};

/** The options as rules; 22023 for values and combinations without meaning. */
export function jsonRules(values: OptionValues): JsonRules {
  const rules = {
    strict: isOn(values, 'json.strict', true),
    failOnMissing: isOn(values, 'json.fail-on-missing-field'),
    ignoreErrors: isOn(values, 'json.ignore-parse-errors'),
    recordBytesMax: Number(values.get('json.max-record-bytes') ?? recordBytesMax),
  };
  if (rules.failOnMissing && rules.ignoreErrors) {
    throw new SqlError(
      sqlstate.invalidParameterValue,
      'json.fail-on-missing-field and json.ignore-parse-errors cannot both be true',
    );
  }
  if (!Number.isSafeInteger(rules.recordBytesMax) || rules.recordBytesMax < 1) {
    throw new SqlError(
      sqlstate.invalidParameterValue,
      'json.max-record-bytes must be a positive integer',
    );
  }
  return rules;
}
