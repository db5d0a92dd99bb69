/**
 * COPY data as it comes in, in pieces of any size, to records of fields: PostgreSQL's text and CSV forms with
 * its errors. A record ends where its line does, and `\\.` alone on a line ends the data.
 * https://www.postgresql.org/docs/15/sql-copy.html#id-1.9.3.55.9
 */

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

type LineEnd = '\n' | '\r' | '\r\n';

export class CopyRecords {
  readonly #options: CopyOptions;
  readonly #csv: boolean;
  readonly #quote: number;
  /** −1 when quotes are doubled, which needs no escape of its own. */
  readonly #escape: number;
  /** What does not make a whole line yet. */
  #rest: Buffer = Buffer.alloc(0);
  /** So far `#rest` was looked through. */
  #at = 0;
  #inQuote = false;
  #afterEscape = false;
  #lineEnd: LineEnd | null = null;
  #ended = false;
  /** Of the line that was read last, or is being read; from 1. */
  line = 0;
  #linesInside = 0;

  constructor(options: CopyOptions) {
    this.#options = options;
    this.#csv = options.format === 'csv';
    this.#quote = this.#csv ? options.quote.charCodeAt(0) : -1;
    this.#escape = options.escape === options.quote ? -1 : options.escape.charCodeAt(0);
  }

  /** The records that end in what has come. */
  *push(bytes: Uint8Array): Generator<CopyRecord> {
    if (this.#ended) return;
    this.#rest = Buffer.concat([this.#rest, bytes]);
    yield* this.#lines(false);
  }

  /** The last record, where no line end follows it. */
  *end(): Generator<CopyRecord> {
    if (this.#ended) return;
    yield* this.#lines(true);
    if (this.#ended || this.#rest.length === 0) return;
    const record = this.#record(this.#rest);
    if (record !== null) yield record;
  }

  *#lines(last: boolean): Generator<CopyRecord> {
    let start = 0;
    for (;;) {
      const end = this.#findEnd(last);
      if (end === null) break;
      const line = this.#rest.subarray(start, end.at);
      start = end.next;
      this.#at = end.next;
      const record = this.#record(line);
      if (record !== null) yield record;
      if (this.#ended) return;
    }
    this.#rest = Buffer.from(this.#rest.subarray(start));
    this.#at -= start;
  }

  /** Where the line ends and the next one begins; null: not in what is here. */
  #findEnd(last: boolean): { readonly at: number; readonly next: number } | null {
    const bytes = this.#rest;
    while (this.#at < bytes.length) {
      const at = this.#at;
      const byte = bytes[at]!;
      if (byte === newline || byte === carriageReturn) {
        if (this.#inQuote) {
          this.#linesInside++;
        } else {
          if (byte === carriageReturn && at + 1 === bytes.length && !last) return null;
          return this.#lineEndAt(at);
        }
      }
      if (this.#csv) this.#follow(byte);
      else if (byte === backslash) {
        // What it stands before is data, a line end too.
        if (at + 1 === bytes.length && !last) return null;
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
    const found: LineEnd =
      this.#rest[at] === newline ? '\n' : this.#rest[at + 1] === newline ? '\r\n' : '\r';
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
    this.line += 1 + this.#linesInside;
    this.#linesInside = 0;
    if (line.length === 2 && line[0] === backslash && line[1] === dot) {
      this.#ended = true;
      return null;
    }
    const text = decodeUtf8(line);
    if (this.#csv) return { text, fields: csvFields(text, this.#options) };
    const plain = !line.includes(backslash);
    const fields = plain
      ? text.split(this.#options.delimiter).map((each) => this.#orNull(each))
      : escapedFields(line.toString('latin1'), this.#options);
    return { text, fields };
  }

  #orNull(text: string): string | null {
    return text === this.#options.nullText ? null : text;
  }
}

const escapes: ReadonlyMap<string, string> = new Map([
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
]);

/** Fields of a line with backslashes. `line` has a character a byte, since escapes may spell any byte. */
function escapedFields(line: string, options: CopyOptions): readonly (string | null)[] {
  const { delimiter } = options;
  const nullText = Buffer.from(options.nullText, 'utf8').toString('latin1');
  const fields: (string | null)[] = [];
  let start = 0;
  let value = '';
  const finish = (end: number): void => {
    const isNull = line.slice(start, end) === nullText;
    fields.push(isNull ? null : decodeUtf8(Buffer.from(value, 'latin1')));
    value = '';
    start = end + 1;
  };
  for (let i = 0; i < line.length; i++) {
    const c = line[i]!;
    if (c === delimiter) {
      finish(i);
      continue;
    }
    if (c !== '\\' || i + 1 === line.length) {
      value += c;
      continue;
    }
    const [, octal, hex] =
      /^(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2}))/.exec(line.slice(i + 1, i + 4)) ?? [];
    if (octal !== undefined) {
      value += String.fromCharCode(parseInt(octal, 8) & 0xff);
      i += octal.length;
    } else if (hex !== undefined) {
      value += String.fromCharCode(parseInt(hex, 16));
      i += hex.length + 1;
    } else {
      const escaped = line[++i]!;
      if (escaped === '.') {
        throw new SqlError(sqlstate.badCopyFileFormat, 'end-of-copy marker corrupt');
      }
      value += escapes.get(escaped) ?? escaped;
    }
  }
  finish(line.length);
  return fields;
}

function csvFields(line: string, options: CopyOptions): readonly (string | null)[] {
  const { delimiter, quote, escape, nullText } = options;
  const fields: (string | null)[] = [];
  let at = 0;
  for (;;) {
    const start = at;
    let value = '';
    let quoted = false;
    while (at < line.length && line[at] !== delimiter) {
      const c = line[at++]!;
      if (c !== quote) {
        value += c;
        continue;
      }
      quoted = true;
      for (;;) {
        const inner = line[at++];
        if (inner === undefined) {
          throw new SqlError(sqlstate.badCopyFileFormat, 'unterminated CSV quoted field');
        }
        const next = line[at];
        if (inner === escape && (next === escape || next === quote)) {
          value += next;
          at++;
        } else if (inner === quote) {
          break;
        } else {
          value += inner;
        }
      }
    }
    fields.push(!quoted && line.slice(start, at) === nullText ? null : value);
    if (at === line.length) return fields;
    at++;
  }
}
