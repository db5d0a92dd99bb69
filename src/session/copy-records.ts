/**
 * COPY data as it comes in, in pieces of any size, to records of fields: PostgreSQL's text and CSV forms with
 * its errors. A record ends where its line does, and `\\.` alone on a line ends the data.
 * https://www.postgresql.org/docs/15/sql-copy.html#id-1.9.3.55.9
 */

import { constants } from 'node:buffer';

import { SqlError, sqlstate } from '../base/errors.ts';
import { decodeUtf8 } from '../types/scalar-text.ts';
import type { CopyOptions } from './session-api.ts';

export interface CopyRecord {
  /** As it was sent, for the context of errors. */
  readonly text: string;
  readonly fields: readonly (string | null)[];
}

const newline = 10;
const carriageReturn = 13;
const backslash = 92;
const dot = 46;
const digit0 = 48;
const letterX = 120;

/** PostgreSQL has 1 GB; what is read as text here has no room for more than this. */
const recordLengthMax = Math.min(2 ** 30 - 1, constants.MAX_STRING_LENGTH);

type LineEnd = '\n' | '\r' | '\r\n';

export class CopyRecords {
  readonly #options: CopyOptions;
  readonly #lengthMax: number;
  readonly #csv: boolean;
  readonly #quote: number;
  /** −1 when quotes are doubled, which needs no escape of its own. */
  readonly #escape: number;
  /** What has come and makes no whole line yet is between `#start` and `#end`. */
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  /** So far it was looked through. */
  #at = 0;
  #inQuote = false;
  #afterEscape = false;
  #lineEnd: LineEnd | null = null;
  #ended = false;
  /** Of the line that was read last, or is being read; from 1. */
  line = 0;
  #linesInside = 0;

  constructor(options: CopyOptions, lengthMax = recordLengthMax) {
    this.#lengthMax = lengthMax;
    this.#options = options;
    this.#csv = options.format === 'csv';
    this.#quote = this.#csv ? options.quote.charCodeAt(0) : -1;
    this.#escape = options.escape === options.quote ? -1 : options.escape.charCodeAt(0);
  }

  /** The records that end in what has come. */
  *push(bytes: Uint8Array): Generator<CopyRecord> {
    if (this.#ended) return;
    this.#append(bytes);
    yield* this.#lines(false);
  }

  /** The last record, where no line end follows it. */
  *end(): Generator<CopyRecord> {
    if (this.#ended) return;
    yield* this.#lines(true);
    if (this.#ended || this.#end === this.#start) return;
    const record = this.#record(this.#bytes.subarray(this.#start, this.#end));
    if (record !== null) yield record;
  }

  /** Room grows by doubling: a long record is copied a few times, however many pieces it comes in. */
  #append(bytes: Uint8Array): void {
    const rest = this.#end - this.#start;
    const wanted = rest + bytes.length;
    if (this.#end + bytes.length > this.#bytes.length) {
      const old = this.#bytes;
      if (wanted > old.length / 2) this.#bytes = Buffer.allocUnsafe(Math.max(wanted * 2, 65_536));
      old.copy(this.#bytes, 0, this.#start, this.#end);
      this.#at -= this.#start;
      this.#start = 0;
    }
    this.#bytes.set(bytes, this.#start + rest);
    this.#end = this.#start + wanted;
  }

  *#lines(last: boolean): Generator<CopyRecord> {
    for (;;) {
      const end = this.#findEnd(last);
      if (end === null) break;
      const line = this.#bytes.subarray(this.#start, end.at);
      this.#start = end.next;
      this.#at = end.next;
      const record = this.#record(line);
      if (record !== null) yield record;
      if (this.#ended) return;
    }
    this.#checkLength(this.#end - this.#start);
  }

  #checkLength(length: number): void {
    if (length <= this.#lengthMax) return;
    this.line += 1 + this.#linesInside;
    throw new SqlError(sqlstate.programLimitExceeded, 'record of COPY data is too long', {
      detail: `A record can have at most ${this.#lengthMax} bytes.`,
    });
  }

  /** Where the line ends and the next one begins; null: not in what is here. */
  #findEnd(last: boolean): { readonly at: number; readonly next: number } | null {
    const bytes = this.#bytes;
    const end = this.#end;
    while (this.#at < end) {
      const at = this.#at;
      const byte = bytes[at]!;
      if (byte === newline || byte === carriageReturn) {
        if (this.#inQuote) {
          this.#linesInside++;
        } else {
          if (byte === carriageReturn && at + 1 === end && !last) return null;
          return this.#lineEndAt(at);
        }
      }
      if (this.#csv) this.#follow(byte);
      else if (byte === backslash) {
        // What it stands before is data, a line end too.
        if (at + 1 === end && !last) return null;
        this.#at++;
      }
      this.#at++;
    }
    return null;
  }

  #follow(byte: number): void {
    if (this.#inQuote && byte === this.#escape) this.#afterEscape = !this.#afterEscape;
    if (byte === this.#quote && !this.#afterEscape) this.#inQuote = !this.#inQuote;
    if (byte !== this.#escape) this.#afterEscape = false;
  }

  #lineEndAt(at: number): { readonly at: number; readonly next: number } {
    const followed = at + 1 < this.#end && this.#bytes[at + 1] === newline;
    const found: LineEnd = this.#bytes[at] === newline ? '\n' : followed ? '\r\n' : '\r';
    this.#lineEnd ??= found;
    if (found === this.#lineEnd) return { at, next: at + found.length };
    this.line++;
    const what = found === '\n' ? 'newline' : 'carriage return';
    const [kind, hint] = this.#csv
      ? ['unquoted', `Use quoted CSV field to represent ${what}.`]
      : ['literal', `Use "${found === '\n' ? '\\n' : '\\r'}" to represent ${what}.`];
    throw new SqlError(sqlstate.badCopyFileFormat, `${kind} ${what} found in data`, { hint });
  }

  /** Null at the end marker. */
  #record(line: Buffer): CopyRecord | null {
    this.#checkLength(line.length);
    this.line += 1 + this.#linesInside;
    this.#linesInside = 0;
    if (line.length === 2 && line[0] === backslash && line[1] === dot) {
      this.#ended = true;
      return null;
    }
    const text = decodeUtf8(line);
    const plain = !line.includes(this.#csv ? this.#quote : backslash);
    if (plain) {
      const fields = text.split(this.#options.delimiter);
      return { text, fields: fields.map((each) => this.#orNull(each)) };
    }
    const fields = this.#csv ? csvFields(line, this.#options) : escapedFields(line, this.#options);
    return { text, fields };
  }

  #orNull(text: string): string | null {
    return text === this.#options.nullText ? null : text;
  }
}

/** What a letter behind a backslash stands for. */
const escapes: ReadonlyMap<number, number> = new Map(
  ['b\b', 'f\f', 'n\n', 'r\r', 't\t', 'v\v'].map((pair) => [
    pair.charCodeAt(0),
    pair.charCodeAt(1),
  ]),
);

/** Fields of a line with backslashes, which may spell any byte. */
function escapedFields(line: Buffer, options: CopyOptions): readonly (string | null)[] {
  const delimiter = options.delimiter.charCodeAt(0);
  const nullText = Buffer.from(options.nullText, 'utf8');
  const fields: (string | null)[] = [];
  // What the field stands for is never longer than its spelling.
  const value = Buffer.allocUnsafe(line.length);
  let length = 0;
  let start = 0;
  const finish = (end: number): void => {
    const isNull = line.subarray(start, end).equals(nullText);
    fields.push(isNull ? null : decodeUtf8(value.subarray(0, length)));
    length = 0;
    start = end + 1;
  };
  for (let i = 0; i < line.length; i++) {
    const byte = line[i]!;
    if (byte === delimiter) {
      finish(i);
      continue;
    }
    if (byte !== backslash || i + 1 === line.length) {
      value[length++] = byte;
      continue;
    }
    const next = line[i + 1]!;
    if (next === dot) {
      throw new SqlError(sqlstate.badCopyFileFormat, 'end-of-copy marker corrupt');
    }
    const [, octal, hex] =
      next === letterX || (next >= digit0 && next <= digit0 + 7)
        ? (/^(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2}))/.exec(line.toString('latin1', i + 1, i + 4)) ??
          [])
        : [];
    if (octal !== undefined) {
      value[length++] = parseInt(octal, 8) & 0xff;
      i += octal.length;
    } else if (hex !== undefined) {
      value[length++] = parseInt(hex, 16);
      i += hex.length + 1;
    } else {
      value[length++] = escapes.get(next) ?? next;
      i++;
    }
  }
  finish(line.length);
  return fields;
}

/** Fields of a line with quotes, which is known to be UTF-8. */
function csvFields(line: Buffer, options: CopyOptions): readonly (string | null)[] {
  const delimiter = options.delimiter.charCodeAt(0);
  const quote = options.quote.charCodeAt(0);
  const escape = options.escape.charCodeAt(0);
  const fields: (string | null)[] = [];
  // Quotes fall away, so what is kept of the line is never longer than it.
  const value = Buffer.allocUnsafe(line.length);
  let at = 0;
  for (;;) {
    let length = 0;
    let quoted = false;
    while (at < line.length && line[at] !== delimiter) {
      const byte = line[at++]!;
      if (byte !== quote) {
        value[length++] = byte;
        continue;
      }
      quoted = true;
      for (;;) {
        if (at === line.length) {
          throw new SqlError(sqlstate.badCopyFileFormat, 'unterminated CSV quoted field');
        }
        const inner = line[at++]!;
        const next = line[at];
        if (inner === escape && (next === escape || next === quote)) {
          value[length++] = next;
          at++;
        } else if (inner === quote) {
          break;
        } else {
          value[length++] = inner;
        }
      }
    }
    const text = value.toString('utf8', 0, length);
    fields.push(!quoted && text === options.nullText ? null : text);
    if (at === line.length) return fields;
    at++;
  }
}
