/**
 * One CSV record to its fields. The record is already cut out of its stream; quotes may hold delimiters
 * and line ends. Quoting is strict: a quote inside an unquoted field is data, but text after a closing
 * quote and an unclosed quote are refused.
 */

export interface CsvDialect {
  readonly delimiter: string;
  /** Null: quotes are ordinary characters. */
  readonly quote: string | null;
  /** Makes the next character ordinary; null: a quote is doubled instead. */
  readonly escape: string | null;
}

export interface CsvField {
  readonly text: string;
  readonly quoted: boolean;
}

/** The fields of a record without its line end, or the reason why it has none. */
export function splitCsvRecord(record: string, dialect: CsvDialect): CsvField[] | string {
  const fields: CsvField[] = [];
  let at = 0;
  for (;;) {
    const field =
      dialect.quote !== null && record[at] === dialect.quote
        ? quotedField(record, at + 1, dialect.quote, dialect)
        : plainField(record, at, dialect);
    if (typeof field === 'string') return field;
    fields.push(field);
    if (field.end === record.length) return fields;
    at = field.end + 1;
  }
}

interface FieldEnd extends CsvField {
  /** At a delimiter or at the record's end. */
  readonly end: number;
}

function plainField(record: string, start: number, dialect: CsvDialect): FieldEnd {
  if (dialect.escape === null) {
    const found = record.indexOf(dialect.delimiter, start);
    const end = found < 0 ? record.length : found;
    return { text: record.slice(start, end), quoted: false, end };
  }
  let text = '';
  let at = start;
  for (; at < record.length && record[at] !== dialect.delimiter; at++) {
    if (record[at] === dialect.escape && at + 1 < record.length) at++;
    text += record[at]!;
  }
  return { text, quoted: false, end: at };
}

function quotedField(
  record: string,
  start: number,
  quote: string,
  dialect: CsvDialect,
): FieldEnd | string {
  let text = '';
  for (let at = start; at < record.length; at++) {
    const character = record[at]!;
    if (character === dialect.escape && character !== quote && at + 1 < record.length) {
      text += record[++at]!;
    } else if (character !== quote) {
      text += character;
    } else if (record[at + 1] === quote) {
      text += quote;
      at++;
    } else if (at + 1 === record.length || record[at + 1] === dialect.delimiter) {
      return { text, quoted: true, end: at + 1 };
    } else {
      return 'text after a closing quote';
    }
  }
  return 'unterminated quoted field';
}
