/**
 * Rows as CSV records, so that reading them with the same options gives the same values: NULL is the null
 * literal unquoted, and a text that would be read as NULL, or holds a delimiter, quote or line end, is quoted.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import type { Row } from '../types/datum.ts';
import type { SqlType } from '../types/sql-type.ts';
import { formatText } from '../types/text-io.ts';
import { csvDialect } from './csv.ts';
import type { OptionValues } from './options.ts';

export interface CsvWritingRules {
  readonly delimiter: string;
  readonly quote: string | null;
  readonly nullText: string;
  /** A value's text as a field, quoted where it must be. Throws 22P04 where it must be and may not. */
  readonly field: (text: string) => string;
}

export function csvRules(options: OptionValues): CsvWritingRules {
  const { delimiter, quote } = csvDialect(options);
  const nullText = options.get('csv.null-literal') ?? '';
  const special = (text: string): boolean =>
    text === nullText ||
    text.includes(delimiter) ||
    text.includes('\n') ||
    text.includes('\r') ||
    (quote !== null && text.includes(quote));
  const field = (text: string): string => {
    if (!special(text)) return text;
    if (quote !== null) return quote + text.replaceAll(quote, quote + quote) + quote;
    throw new SqlError(
      '22P04',
      'a value needs quotes, which csv.disable-quote-character turns off',
      {
        detail: 'It holds the delimiter or a line end, or would be read as NULL.',
      },
    );
  };
  return { delimiter, quote, nullText, field };
}

/** Makes one record, without its line end. Throws 22P04 for a value that cannot be written without quotes. */
export function csvRowEncoder(
  types: readonly SqlType[],
  options: OptionValues,
): (row: Row) => string {
  const { delimiter, nullText, field } = csvRules(options);
  return (row) =>
    types
      .map((type, index) => {
        const value = row[index]!;
        return value === null ? nullText : field(formatText(value, type, { timeZone: 'UTC' }));
      })
      .join(delimiter);
}

/** Throws where the options ask for something that only reading knows. */
export function checkCsvWriting(options: OptionValues): void {
  csvDialect(options);
  if (options.has('csv.escape-character')) {
    throw new SqlError(
      sqlstate.invalidParameterValue,
      'csv.escape-character is for reading; quotes inside quotes are doubled',
    );
  }
}
