/**
 * CSV records straight from columns: the bytes that `csvRowEncoder` gives, without a datum or a string for each
 * value of the common types. Values that need care take the road through their text.
 */

import type { ByteWriter } from '../base/bytes.ts';
import type { Column, TextColumn } from '../types/column.ts';
import { isNullAt, readDatum } from '../types/column-access.ts';
import type { SqlType } from '../types/sql-type.ts';
import { formatText } from '../types/text-io.ts';
import { valueBytesMax, valueWriter } from '../types/value-text.ts';
import { csvRules, type CsvWritingRules } from './csv-encode.ts';
import type { OptionValues } from './options.ts';
import { appendShort, type RecordEncoder, type RecordWriter } from './record-writer.ts';
import { textCopier, wantedBytes, type Wanted } from './text-copy.ts';

const utc = { timeZone: 'UTC' } as const;

/** Ends each record with a line end. Its writers throw 22P04 for a value that cannot be written without quotes. */
export function csvColumnsEncoder(types: readonly SqlType[], options: OptionValues): RecordEncoder {
  const rules = csvRules(options);
  const between = Buffer.from(rules.delimiter, 'utf8');
  const nullBytes = Buffer.from(rules.nullText, 'utf8');
  const road = new CsvFields(rules, nullBytes);
  return (columns) => {
    const fields = types.map((type, index) => road.writer(columns[index]!, type));
    return (out, row) => {
      for (let index = 0; index < fields.length; index++) {
        if (index > 0) appendShort(out, between);
        if (isNullAt(columns[index]!, row)) appendShort(out, nullBytes);
        else fields[index]!(out, row);
      }
      out.uint8(10);
    };
  };
}

/** What may stand in numbers and moments. */
const plain = /[-0-9+.: ]/;

class CsvFields {
  readonly #rules: CsvWritingRules;
  readonly #nullBytes: Uint8Array;
  /** 1 where a byte makes quotes necessary; null when delimiter or quote take more than a byte. */
  readonly #special: Uint8Array | null;
  readonly #wanted: Wanted;
  readonly #quote: number;
  /** Numbers and moments never need quotes. */
  readonly #plainIsSafe: boolean;

  constructor(rules: CsvWritingRules, nullBytes: Uint8Array) {
    const { delimiter, quote, nullText } = rules;
    this.#rules = rules;
    this.#nullBytes = nullBytes;
    const marks = [delimiter, quote ?? delimiter, '\n', '\r'].map((mark) => mark.charCodeAt(0));
    this.#quote = quote === null ? -1 : quote.charCodeAt(0);
    // Line ends are the control characters that matter.
    this.#wanted = wantedBytes(14, marks[0]!, marks[1]!);
    const special = new Uint8Array(256);
    for (const mark of marks) special[mark & 255] = 1;
    this.#special = marks.every((mark) => mark < 128) ? special : null;
    this.#plainIsSafe =
      !plain.test(delimiter) &&
      !plain.test(quote ?? '') &&
      (nullText === '' || [...nullText].some((character) => !plain.test(character)));
  }

  writer(column: Column, type: SqlType): RecordWriter {
    const general = this.#general(column, type);
    if (column.kind === 'text' && this.#special !== null) {
      return this.#text(column, this.#special, general);
    }
    if (column.kind === 'bool') return this.#boolean(column.values, type);
    const write = this.#plainIsSafe ? valueWriter(column, type, utc) : null;
    if (write === null) return general;
    return (out, row) => {
      const at = out.room(valueBytesMax);
      const end = write(out.buffer, at, row);
      if (end < 0) general(out, row);
      else out.length = end;
    };
  }

  #general(column: Column, type: SqlType): RecordWriter {
    return (out, row) => {
      out.utf8(this.#rules.field(formatText(readDatum(column, row, type)!, type, utc)));
    };
  }

  #boolean(values: Uint8Array, type: SqlType): RecordWriter {
    const [no, yes] = [false, true].map((value) => this.#rules.field(formatText(value, type)));
    return (out, row) => {
      out.utf8(values[row] === 0 ? no! : yes!);
    };
  }

  #text(column: TextColumn, special: Uint8Array, general: RecordWriter): RecordWriter {
    const { bytes, offsets, lengths } = column;
    const nullBytes = this.#nullBytes;
    const quote = this.#quote;
    const copy = textCopier(column, this.#wanted);
    const needsQuotes = (from: number, length: number): boolean => {
      for (let i = from; i < from + length; i++) if (special[bytes[i]!] === 1) return true;
      return length === nullBytes.length && startsWith(bytes, from, nullBytes);
    };
    return (out, row) => {
      const from = offsets[row]!;
      const length = lengths[row]!;
      const at = out.room(length * 2 + 4);
      const suspect = copy(out, at, row) || length === nullBytes.length;
      if (!suspect || !needsQuotes(from, length)) out.length = at + length;
      // The long road says why it cannot be.
      else if (quote < 0) general(out, row);
      else out.length = quoted(out, at, bytes.subarray(from, from + length), quote);
    };
  }
}

function startsWith(bytes: Uint8Array, from: number, start: Uint8Array): boolean {
  for (let i = 0; i < start.length; i++) if (bytes[from + i] !== start[i]) return false;
  return true;
}

/** Quotes inside are doubled; room for that was made. Returns where it ends. */
function quoted({ buffer }: ByteWriter, at: number, text: Uint8Array, quote: number): number {
  let to = at;
  buffer[to++] = quote;
  for (let i = 0; i < text.length; i++) {
    const byte = text[i]!;
    if (byte === quote) buffer[to++] = quote;
    buffer[to++] = byte;
  }
  buffer[to++] = quote;
  return to;
}
