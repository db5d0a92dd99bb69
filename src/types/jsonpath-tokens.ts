/**
 * The words of a path. Names run until a blank or a special character and may hold escapes; keywords are
 * names, so that every keyword can be a key too. Errors are PostgreSQL's, 42601.
 */

import { SqlError, sqlstate } from '../base/errors.ts';

export interface PathToken {
  readonly kind: 'symbol' | 'name' | 'string' | 'variable' | 'number' | 'end';
  /** The symbol, the name or string without escapes, the number as written. */
  readonly text: string;
  /** What an error at this token shows; '' where PostgreSQL says "at end". */
  readonly shown: string;
}

const blanks = /[ \t\n\r\f]+/y;
const nameRun = /[^?%$.[\]{}()|&!=<>@#,*:\-+/\\" \t\n\r\f]+/y;
const number = /(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?/y;
/** What makes a number junk: an exponent without digits, or something of a name right behind it. */
const junk = /(?:[eE][-+]?|[^?%$.[\]{}()|&!=<>@#,*:\-+/\\" \t\n\r\f])/uy;
const comment = /\/\*[^]*?\*\//y;
const symbol = /&&|\|\||\*\*|<>|<=|>=|==|!=|[?%$.[\]{}()|&!=<>@#,*:\-+/]/y;
const quotedRun = /[^\\"]+/y;
const hexEscape = /\\x[0-9a-fA-F]{2}/y;
const unicodeEscape = /\\u(?:([0-9a-fA-F]{4})|\{([0-9a-fA-F]{1,6})\})/y;

const letterEscapes = new Map([
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
]);

export function pathSyntaxError(shown: string, what = 'syntax error'): SqlError {
  const place = shown === '' ? 'at end' : `at or near "${shown}"`;
  return new SqlError(sqlstate.syntaxError, `${what} ${place} of jsonpath input`);
}

export class PathTokens {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  next(): PathToken {
    this.#skip();
    const here = this.#text[this.#at];
    if (here === undefined) return { kind: 'end', text: '', shown: '' };
    if (here === '"') return { kind: 'string', text: this.#quoted(), shown: '"' };
    if (here === '$') {
      const variable = this.#variable();
      if (variable !== null) return variable;
    }
    const digits = this.#number();
    if (digits !== null) return digits;
    const found = this.#take(symbol);
    if (found !== '') {
      return { kind: 'symbol', text: found === '<>' ? '!=' : found, shown: found };
    }
    return this.#name();
  }

  #skip(): void {
    while (this.#take(blanks) !== '' || this.#take(comment) !== '');
    if (this.#text.startsWith('/*', this.#at))
      throw pathSyntaxError('', 'unexpected end of comment');
  }

  #match(pattern: RegExp, at = this.#at): string {
    pattern.lastIndex = at;
    return pattern.exec(this.#text)?.[0] ?? '';
  }

  #take(pattern: RegExp): string {
    const found = this.#match(pattern);
    this.#at += found.length;
    return found;
  }

  /** A number, unless a longer name begins here (`1_000` is a name). */
  #number(): PathToken | null {
    const digits = this.#match(number);
    if (digits === '') return null;
    const behind = this.#match(junk, this.#at + digits.length);
    if (this.#match(nameRun).length > digits.length + behind.length) return null;
    if (behind !== '') {
      throw pathSyntaxError(digits + behind, 'trailing junk after numeric literal');
    }
    this.#at += digits.length;
    return { kind: 'number', text: digits, shown: digits };
  }

  #variable(): PathToken | null {
    if (this.#text[this.#at + 1] === '"') {
      this.#at++;
      return { kind: 'variable', text: this.#quoted(), shown: '"' };
    }
    const name = this.#match(nameRun, this.#at + 1);
    if (name === '') return null;
    this.#at += 1 + name.length;
    return { kind: 'variable', text: name, shown: `$${name}` };
  }

  #name(): PathToken {
    let name = '';
    for (;;) {
      name += this.#take(nameRun);
      if (this.#text[this.#at] !== '\\') break;
      name += this.#escape();
    }
    const blank = this.#match(blanks);
    return { kind: 'name', text: name, shown: blank };
  }

  #quoted(): string {
    this.#at++;
    let result = '';
    for (;;) {
      result += this.#take(quotedRun);
      const here = this.#text[this.#at];
      if (here === undefined) throw pathSyntaxError('', 'unexpected end of quoted string');
      if (here === '"') break;
      result += this.#escape();
    }
    this.#at++;
    return result;
  }

  #escape(): string {
    const code = this.#text.codePointAt(this.#at + 1);
    if (code === undefined) throw pathSyntaxError('\\', 'unexpected end after backslash');
    const letter = String.fromCodePoint(code);
    if (letter === 'u') return this.#unicode();
    if (letter === 'x') {
      const digits = this.#take(hexEscape);
      if (digits === '') {
        throw pathSyntaxError(this.#match(/\\x[0-9a-fA-F]?/y), 'invalid hex character sequence');
      }
      return character(parseInt(digits.slice(2), 16));
    }
    this.#at += 1 + letter.length;
    return letterEscapes.get(letter) ?? letter;
  }

  #unicode(): string {
    const high = this.#codeUnit();
    if (high >= 0xdc00 && high <= 0xdfff) throw badSurrogate('low', 'a high surrogate');
    if (high < 0xd800 || high > 0xdbff) return character(high);
    if (!this.#text.startsWith('\\u', this.#at)) throw badSurrogate('low', 'a high surrogate');
    const low = this.#codeUnit();
    if (low >= 0xd800 && low <= 0xdbff) {
      throw invalidPath('Unicode high surrogate must not follow a high surrogate.');
    }
    if (low < 0xdc00 || low > 0xdfff) throw badSurrogate('low', 'a high surrogate');
    return String.fromCharCode(high, low);
  }

  #codeUnit(): number {
    const found = this.#take(unicodeEscape);
    if (found === '') {
      throw pathSyntaxError(this.#match(/\\u(?:\{?[0-9a-fA-F]*)/y), 'invalid unicode sequence');
    }
    return parseInt(found.replace(/[\\u{}]/g, ''), 16);
  }
}

function character(code: number): string {
  if (code === 0) {
    throw new SqlError('22P05', 'unsupported Unicode escape sequence', {
      detail: '\\u0000 cannot be converted to text.',
    });
  }
  if (code > 0x10ffff) throw invalidPath('Unicode escape value could not be translated.');
  return String.fromCodePoint(code);
}

function badSurrogate(which: string, before: string): SqlError {
  return invalidPath(`Unicode ${which} surrogate must follow ${before}.`);
}

function invalidPath(detail: string): SqlError {
  return new SqlError(
    sqlstate.invalidTextRepresentation,
    'invalid input syntax for type jsonpath',
    { detail },
  );
}
