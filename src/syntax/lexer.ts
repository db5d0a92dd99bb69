/**
 * Text → tokens, in one pass over character codes, by PostgreSQL 15's rules: strings in all their forms,
 * nested comments, the rule for where an operator ends, numbers, parameters; plus names in backticks. An
 * error of the text is the last token (`bad`) and is raised when the parser gets there, so that an
 * earlier syntax error is reported first, as PostgreSQL does.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import { decodeEscapes, decodeUnicodeEscapes } from './string-escapes.ts';
import { keywords, levels, symbolLevels, type Keyword } from './tables.ts';

export const tokenType = {
  /** An unquoted name or keyword; `text` is folded. */
  word: 0,
  /** A quoted name; `text` is the name. */
  quotedName: 1,
  /** `text` is the value. */
  string: 2,
  /** `text` is the digits, after `b` or `x`. */
  bits: 3,
  integer: 4,
  /** A number with a point, an exponent, or too large for 32 bits. */
  decimal: 5,
  parameter: 6,
  /** Punctuation, and the operators that the grammar names: + - * / % ^ < > = <= >= <> :: := => .. */
  symbol: 7,
  /** Any other operator. */
  operator: 8,
  end: 9,
  bad: 10,
} as const;

export interface Token {
  readonly type: (typeof tokenType)[keyof typeof tokenType];
  readonly text: string;
  /** Null for all that is no keyword. */
  readonly keyword: Keyword | null;
  /** Its operator level, or 0. */
  readonly level: number;
  readonly start: number;
  readonly end: number;
  readonly error: SqlError | null;
}

/** All tokens of `source`; the last one is `end` or `bad`. */
export function tokenize(source: string): Token[] {
  return new Lexer(source).run();
}

const bytesOfNameMax = 63;

const codes = { quote: 0x27, doubleQuote: 0x22, backtick: 0x60, dollar: 0x24, dot: 0x2e } as const;

class Lexer {
  readonly #source: string;
  readonly #tokens: Token[] = [];
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  run(): Token[] {
    try {
      while (this.#skipBlanks()) this.#token();
      this.#push(tokenType.end, this.#at, '', null, 0);
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      const start = error.fields.position ?? this.#at;
      const end = this.#source.length;
      this.#tokens.push({
        type: tokenType.bad,
        text: '',
        keyword: null,
        level: 0,
        start,
        end,
        error,
      });
    }
    return this.#tokens;
  }

  #push(
    type: Token['type'],
    start: number,
    text: string,
    keyword: Keyword | null,
    level: number,
  ): void {
    this.#tokens.push({ type, text, keyword, level, start, end: this.#at, error: null });
  }

  #token(): void {
    const source = this.#source;
    const start = this.#at;
    const code = source.charCodeAt(start);
    if (isNameStart(code)) {
      if (source.charCodeAt(start + 1) === codes.quote && this.#prefixedString(code)) return;
      if ((code | 0x20) === 0x75 && source.charCodeAt(start + 1) === 0x26) {
        const next = source.charCodeAt(start + 2);
        if (next === codes.quote) return this.#unicodeString();
        if (next === codes.doubleQuote) return this.#unicodeName();
      }
      return this.#word();
    }
    if (code >= 0x30 && code <= 0x39) return this.#number();
    switch (code) {
      case codes.quote:
        this.#push(tokenType.string, start, this.#quoted(start, codes.quote, false), null, 0);
        return;
      case codes.doubleQuote:
      case codes.backtick:
        this.#quotedName(start, code);
        return;
      case codes.dollar:
        this.#dollar();
        return;
      case codes.dot:
        if (isDigit(source.charCodeAt(start + 1))) return this.#number();
        return this.#symbol(source.charCodeAt(start + 1) === codes.dot ? 2 : 1);
      case 0x3a: {
        const next = source.charCodeAt(start + 1);
        return this.#symbol(next === 0x3a || next === 0x3d ? 2 : 1);
      }
      case 0x28:
      case 0x29:
      case 0x2c:
      case 0x3b:
      case 0x5b:
      case 0x5d:
        return this.#symbol(1);
    }
    if (isOperatorCode(code)) return this.#operator();
    // Any other character is a token of its own, which no rule of the grammar takes.
    const size = (source.codePointAt(start) ?? 0) > 0xffff ? 2 : 1;
    this.#symbol(size);
  }

  /** Moves over white space and comments. False at the end. */
  #skipBlanks(): boolean {
    const source = this.#source;
    for (;;) {
      const code = source.charCodeAt(this.#at);
      if (isBlank(code)) this.#at++;
      else if (code === 0x2d && source.charCodeAt(this.#at + 1) === 0x2d) this.#skipLine();
      else if (code === 0x2f && source.charCodeAt(this.#at + 1) === 0x2a) this.#skipComment();
      else return this.#at < source.length;
    }
  }

  #skipLine(): void {
    const source = this.#source;
    while (this.#at < source.length && !isNewline(source.charCodeAt(this.#at))) this.#at++;
  }

  #skipComment(): void {
    const source = this.#source;
    const start = this.#at;
    let depth = 0;
    do {
      const code = source.charCodeAt(this.#at);
      const next = source.charCodeAt(this.#at + 1);
      if (Number.isNaN(code)) throw this.#unterminated('/* comment', start);
      if (code === 0x2f && next === 0x2a) {
        depth++;
        this.#at += 2;
      } else if (code === 0x2a && next === 0x2f) {
        depth--;
        this.#at += 2;
      } else this.#at++;
    } while (depth > 0);
  }

  #word(): void {
    const source = this.#source;
    const start = this.#at;
    let at = start + 1;
    let plain = true;
    for (; ; at++) {
      const code = source.charCodeAt(at);
      if (code >= 0x61 && code <= 0x7a) continue;
      if (code > 0x7f) plain = false;
      else if (!isNamePart(code)) break;
    }
    this.#at = at;
    plain &&= source.charCodeAt(start) <= 0x7f;
    const written = source.slice(start, at);
    const folded = plain ? written.toLowerCase() : written.replace(/[A-Z]+/g, lower);
    const keyword = plain ? (keywords.get(folded) ?? null) : null;
    if (keyword !== null) {
      this.#push(tokenType.word, start, keyword.word, keyword, keyword.level);
    } else this.#push(tokenType.word, start, clipName(folded), null, 0);
  }

  /** `E'…'`, `B'…'`, `X'…'`, `N'…'`; false when the letter is an ordinary name. */
  #prefixedString(letter: number): boolean {
    const start = this.#at;
    switch (letter | 0x20) {
      case 0x65: {
        this.#at++;
        const raw = this.#quoted(start, codes.quote, true);
        this.#push(tokenType.string, start, decodeEscapes(raw, start), null, 0);
        return true;
      }
      case 0x62:
      case 0x78: {
        this.#at++;
        const what = (letter | 0x20) === 0x62 ? 'bit string' : 'hexadecimal string';
        const digits = this.#quoted(start, codes.quote, false, `${what} literal`);
        const prefix = (letter | 0x20) === 0x62 ? 'b' : 'x';
        this.#push(tokenType.bits, start, prefix + digits, null, 0);
        return true;
      }
      case 0x6e:
        // N'…' is the type nchar before an ordinary string.
        this.#at++;
        this.#push(tokenType.word, start, 'nchar', keywords.get('nchar') ?? null, 0);
        return true;
      default:
        return false;
    }
  }

  /**
   * The text between quotes, doubled quotes made single; strings that a newline parts are one. Backslash
   * escapes are jumped over here when `escapes`, and decoded by the caller.
   */
  #quoted(start: number, quote: number, escapes: boolean, what = 'quoted string'): string {
    const source = this.#source;
    let value = '';
    let from = this.#at + 1;
    let at = from;
    for (;;) {
      const code = source.charCodeAt(at);
      if (code === quote) {
        value += source.slice(from, at);
        if (source.charCodeAt(at + 1) === quote) {
          // In an E'' string, a doubled quote is kept as an escaped one, for the decoder.
          value += escapes ? "\\'" : source.charAt(at);
          at += 2;
          from = at;
          continue;
        }
        const more = quote === codes.quote ? this.#continuation(at + 1) : -1;
        if (more < 0) break;
        at = more + 1;
        from = at;
      } else if (escapes && code === 0x5c) at += 2;
      else if (at >= source.length) throw this.#unterminated(what, start);
      else at++;
    }
    this.#at = at + 1;
    return value;
  }

  /** The place of the quote that goes on with a string after a newline, or -1. */
  #continuation(at: number): number {
    const source = this.#source;
    let newline = false;
    for (;;) {
      const code = source.charCodeAt(at);
      if (isNewline(code)) newline = true;
      if (isBlank(code)) at++;
      else if (code === 0x2d && source.charCodeAt(at + 1) === 0x2d) {
        while (at < source.length && !isNewline(source.charCodeAt(at))) at++;
      } else return newline && code === codes.quote ? at : -1;
    }
  }

  #quotedName(start: number, quote: number): void {
    const name = this.#quoted(start, quote, false, 'quoted identifier');
    this.#pushName(start, name);
  }

  #pushName(start: number, name: string): void {
    if (name === '') throw this.#lexicalError('zero-length delimited identifier', start, this.#at);
    this.#push(tokenType.quotedName, start, clipName(name), null, 0);
  }

  #unicodeString(): void {
    const start = this.#at;
    this.#at += 2;
    const raw = this.#quoted(start, codes.quote, false);
    const escape = this.#unicodeEscape();
    this.#push(tokenType.string, start, decodeUnicodeEscapes(raw, escape, start + 3), null, 0);
  }

  #unicodeName(): void {
    const start = this.#at;
    this.#at += 2;
    const raw = this.#quoted(start, codes.doubleQuote, false, 'quoted identifier');
    const escape = this.#unicodeEscape();
    this.#pushName(start, decodeUnicodeEscapes(raw, escape, start + 3));
  }

  /** `UESCAPE 'c'` behind a U& token; a backslash without it. */
  #unicodeEscape(): string {
    const source = this.#source;
    const before = this.#at;
    if (
      !this.#skipBlanks() ||
      !/^uescape(?![\w$\x80-\uffff])/i.test(source.slice(this.#at, this.#at + 8))
    ) {
      this.#at = before;
      return '\\';
    }
    this.#at += 7;
    this.#skipBlanks();
    const start = this.#at;
    if (source.charCodeAt(start) !== codes.quote) {
      throw this.#lexicalError(
        'UESCAPE must be followed by a simple string literal',
        start,
        start + 1,
      );
    }
    const escape = this.#quoted(start, codes.quote, false);
    if (!/^[^0-9a-fA-F+'"\s]$/.test(escape)) {
      throw this.#lexicalError('invalid Unicode escape character', start, this.#at);
    }
    return escape;
  }

  /** `$1`, `$$…$$`, `$tag$…$tag$` */
  #dollar(): void {
    const source = this.#source;
    const start = this.#at;
    if (isDigit(source.charCodeAt(start + 1))) {
      let at = start + 2;
      while (isDigit(source.charCodeAt(at))) at++;
      this.#at = at;
      this.#refuseJunk(start, at, 'trailing junk after parameter');
      this.#push(tokenType.parameter, start, source.slice(start + 1, at), null, 0);
      return;
    }
    let at = start + 1;
    if (isNameStart(source.charCodeAt(at))) {
      while (source.charCodeAt(at) !== codes.dollar && isNamePart(source.charCodeAt(at))) at++;
    }
    if (source.charCodeAt(at) !== codes.dollar) return this.#symbol(1);
    const tag = source.slice(start, at + 1);
    const close = source.indexOf(tag, at + 1);
    if (close < 0) throw this.#unterminated('dollar-quoted string', start);
    this.#at = close + tag.length;
    this.#push(tokenType.string, start, source.slice(at + 1, close), null, 0);
  }

  #number(): void {
    const source = this.#source;
    const start = this.#at;
    let at = start;
    let whole = true;
    while (isDigit(source.charCodeAt(at))) at++;
    // `1..2` is 1, then `..`.
    if (source.charCodeAt(at) === codes.dot && source.charCodeAt(at + 1) !== codes.dot) {
      whole = false;
      at++;
      while (isDigit(source.charCodeAt(at))) at++;
    }
    if ((source.charCodeAt(at) | 0x20) === 0x65) {
      const sign = source.charCodeAt(at + 1);
      const digits = sign === 0x2b || sign === 0x2d ? at + 2 : at + 1;
      if (isDigit(source.charCodeAt(digits))) {
        whole = false;
        at = digits;
        while (isDigit(source.charCodeAt(at))) at++;
      } else if (digits === at + 2) {
        throw this.#lexicalError('trailing junk after numeric literal', start, digits);
      }
    }
    this.#at = at;
    this.#refuseJunk(start, at, 'trailing junk after numeric literal');
    const text = source.slice(start, at);
    const small = whole && (text.length < 10 || Number(text) <= 0x7fffffff);
    this.#push(small ? tokenType.integer : tokenType.decimal, start, text, null, 0);
  }

  #refuseJunk(start: number, at: number, message: string): void {
    if (isNameStart(this.#source.charCodeAt(at))) {
      const size = (this.#source.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
      throw this.#lexicalError(message, start, at + size);
    }
  }

  #symbol(size: number): void {
    const start = this.#at;
    this.#at += size;
    const text = this.#source.slice(start, this.#at);
    this.#push(tokenType.symbol, start, text, null, symbolLevels.get(text) ?? 0);
  }

  /** The longest run of operator characters, cut as PostgreSQL cuts it. */
  #operator(): void {
    const source = this.#source;
    const start = this.#at;
    let end = start + 1;
    for (; isOperatorCode(source.charCodeAt(end)); end++) {
      const next = source.charCodeAt(end + 1);
      if (source.charCodeAt(end) === 0x2d && next === 0x2d) break;
      if (source.charCodeAt(end) === 0x2f && next === 0x2a) break;
    }
    // A + or - at the end belongs to what follows, unless a character is there that SQL's own operators lack.
    if (end > start + 1 && !/[~!@#^&|?%]/.test(source.slice(start, end))) {
      while (end > start + 1 && (source[end - 1] === '+' || source[end - 1] === '-')) end--;
    }
    this.#at = end;
    const text = source.slice(start, end);
    if (text.length > bytesOfNameMax) {
      throw this.#lexicalError('operator too long', start, end);
    }
    if (text.length === 1 && '+-*/<>=%^'.includes(text)) {
      this.#push(tokenType.symbol, start, text, null, symbolLevels.get(text) ?? 0);
    } else if (text === '!=' || text === '<>') {
      this.#push(tokenType.symbol, start, '<>', null, levels.comparison);
    } else if (text === '<=' || text === '>=') {
      this.#push(tokenType.symbol, start, text, null, levels.comparison);
    } else if (text === '=>') this.#push(tokenType.symbol, start, text, null, 0);
    else this.#push(tokenType.operator, start, text, null, levels.operator);
  }

  #unterminated(what: string, start: number): SqlError {
    return this.#lexicalError(`unterminated ${what}`, start, this.#source.length);
  }

  #lexicalError(message: string, start: number, end: number): SqlError {
    const near = this.#source.slice(start, end);
    return new SqlError(sqlstate.syntaxError, `${message} at or near "${near}"`, {
      position: start,
    });
  }
}

const lower = (text: string): string => text.toLowerCase();

/** PostgreSQL keeps 63 bytes of a name. */
function clipName(name: string): string {
  if (name.length * 3 <= bytesOfNameMax) return name;
  if (Buffer.byteLength(name) <= bytesOfNameMax) return name;
  let bytes = 0;
  let kept = '';
  for (const character of name) {
    bytes += Buffer.byteLength(character);
    if (bytes > bytesOfNameMax) break;
    kept += character;
  }
  return kept;
}

function isBlank(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d && code !== 0x0b);
}

function isNewline(code: number): boolean {
  return code === 0x0a || code === 0x0d;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isNameStart(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x41 && code <= 0x5a) ||
    code === 0x5f ||
    code >= 0x80
  );
}

function isNamePart(code: number): boolean {
  return isNameStart(code) || isDigit(code) || code === codes.dollar;
}

/** `~ ! @ # ^ & | ? + - * / % < > =`. PostgreSQL has the backtick here too; ours quotes names. */
function isOperatorCode(code: number): boolean {
  switch (code) {
    case 0x7e:
    case 0x21:
    case 0x40:
    case 0x23:
    case 0x5e:
    case 0x26:
    case 0x7c:
    case 0x3f:
    case 0x2b:
    case 0x2d:
    case 0x2a:
    case 0x2f:
    case 0x25:
    case 0x3c:
    case 0x3e:
    case 0x3d:
      return true;
    default:
      return false;
  }
}
