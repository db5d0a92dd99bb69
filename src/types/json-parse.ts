/**
 * A strict JSON reader with PostgreSQL's error texts. It knows nothing of the values it makes: a builder
 * does that, so that numbers stay exact and keys never become property names. Depth is bounded.
 */

import { SqlError, sqlstate } from '../base/errors.ts';

export interface JsonBuilder<Value> {
  constant(value: null | boolean): Value;
  /** `text` is the number as written. */
  number(text: string): Value;
  string(text: string): Value;
  array(elements: Value[]): Value;
  /** Entries as written, equal keys included. */
  object(entries: [string, Value][]): Value;
}

/** Nesting that is refused beyond; printing and comparing recurse to the same depth. */
export const jsonDepthMax = 1000;

export function parseJson<Value>(text: string, builder: JsonBuilder<Value>): Value {
  return new JsonReader(text, builder).document();
}

/** Checks text of type json; throws what PostgreSQL's json input throws. */
export function validateJson(text: string): void {
  try {
    JSON.parse(text);
  } catch {
    parseJson(text, nothing);
  }
}

const nothing: JsonBuilder<null> = {
  constant: () => null,
  number: () => null,
  string: () => null,
  array: () => null,
  object: () => null,
};

const numberPattern = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const plainString = /[^"\\\u0000-\u001f]*/y;
/** What PostgreSQL's lexer would show as one wrong token. */
const wordPattern = /[A-Za-z0-9_\u0080-\uffff]+/y;
const numberWord = /[-+.A-Za-z0-9_\u0080-\uffff]+/y;

const simpleEscapes = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

class JsonReader<Value> {
  readonly #text: string;
  readonly #builder: JsonBuilder<Value>;
  #at = 0;
  #depth = 0;

  constructor(text: string, builder: JsonBuilder<Value>) {
    this.#text = text;
    this.#builder = builder;
  }

  document(): Value {
    const value = this.#value('JSON value');
    this.#space();
    if (this.#at < this.#text.length) throw this.#unexpected('end of input');
    return value;
  }

  #value(expected: string): Value {
    this.#space();
    const character = this.#text[this.#at];
    switch (character) {
      case '{':
        return this.#object();
      case '[':
        return this.#array();
      case '"':
        return this.#builder.string(this.#string());
      case 't':
        return this.#word('true', true, expected);
      case 'f':
        return this.#word('false', false, expected);
      case 'n':
        return this.#word('null', null, expected);
      default:
        if (character !== undefined && (character === '-' || isDigit(character))) {
          return this.#number();
        }
        throw this.#unexpected(expected);
    }
  }

  #object(): Value {
    this.#enter();
    const entries: [string, Value][] = [];
    let expected = 'string or "}"';
    for (;;) {
      this.#space();
      const character = this.#text[this.#at];
      if (character === '}' && entries.length === 0) break;
      if (character !== '"') throw this.#unexpected(expected);
      const key = this.#string();
      this.#space();
      if (this.#text[this.#at] !== ':') throw this.#unexpected('":"');
      this.#at++;
      entries.push([key, this.#value('JSON value')]);
      this.#space();
      const next = this.#text[this.#at];
      if (next === '}') break;
      if (next !== ',') throw this.#unexpected('"," or "}"');
      this.#at++;
      expected = 'string';
    }
    this.#leave();
    return this.#builder.object(entries);
  }

  #array(): Value {
    this.#enter();
    const elements: Value[] = [];
    for (;;) {
      this.#space();
      if (this.#text[this.#at] === ']' && elements.length === 0) break;
      elements.push(this.#value('JSON value'));
      this.#space();
      const next = this.#text[this.#at];
      if (next === ']') break;
      if (next !== ',') throw this.#unexpected('"," or "]"');
      this.#at++;
    }
    this.#leave();
    return this.#builder.array(elements);
  }

  #enter(): void {
    this.#at++;
    if (++this.#depth > jsonDepthMax) {
      throw new SqlError(sqlstate.statementTooComplex, 'stack depth limit exceeded', {
        detail: `JSON values may be nested up to ${jsonDepthMax} levels deep.`,
      });
    }
  }

  #leave(): void {
    this.#at++;
    this.#depth--;
  }

  #word(word: string, value: null | boolean, expected: string): Value {
    if (this.#match(wordPattern) !== word) throw this.#unexpected(expected);
    this.#at += word.length;
    return this.#builder.constant(value);
  }

  #number(): Value {
    const number = this.#match(numberPattern);
    const word = this.#match(numberWord);
    if (number === '' || number !== word) throw invalidToken(word);
    this.#at += number.length;
    return this.#builder.number(number);
  }

  #string(): string {
    this.#at++;
    let result = '';
    for (;;) {
      const plain = this.#match(plainString);
      result += plain;
      this.#at += plain.length;
      const character = this.#text[this.#at];
      if (character === '"') break;
      if (character === '\\') result += this.#escape();
      else if (character === undefined) throw this.#invalidStringEnd();
      else throw controlCharacter(character);
    }
    this.#at++;
    return result;
  }

  #invalidStringEnd(): SqlError {
    const start = this.#text.lastIndexOf('"');
    return invalidToken(this.#text.slice(start));
  }

  #escape(): string {
    const kind = this.#text[this.#at + 1];
    if (kind === undefined) throw this.#invalidStringEnd();
    if (kind === 'u') return this.#unicodeEscape();
    const simple = simpleEscapes.get(kind);
    if (simple === undefined) {
      throw invalidJson(`Escape sequence "\\${codePointAt(this.#text, this.#at + 1)}" is invalid.`);
    }
    this.#at += 2;
    return simple;
  }

  #unicodeEscape(): string {
    const unit = this.#hexUnit();
    if (unit === 0) {
      throw new SqlError('22P05', 'unsupported Unicode escape sequence', {
        detail: '\\u0000 cannot be converted to text.',
      });
    }
    if (unit >= 0xdc00 && unit <= 0xdfff) throw loneSurrogate();
    if (unit < 0xd800 || unit > 0xdbff) return String.fromCharCode(unit);
    if (!this.#text.startsWith('\\u', this.#at)) throw loneSurrogate();
    const low = this.#hexUnit();
    if (low >= 0xd800 && low <= 0xdbff) {
      throw invalidJson('Unicode high surrogate must not follow a high surrogate.');
    }
    if (low < 0xdc00 || low > 0xdfff) throw loneSurrogate();
    return String.fromCharCode(unit, low);
  }

  #hexUnit(): number {
    const digits = this.#text.slice(this.#at + 2, this.#at + 6);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) {
      throw invalidJson('"\\u" must be followed by four hexadecimal digits.');
    }
    this.#at += 6;
    return parseInt(digits, 16);
  }

  #space(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return;
      this.#at++;
    }
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#text)?.[0] ?? '';
  }

  /** The error for the token at hand where `expected` should stand. */
  #unexpected(expected: string): SqlError {
    this.#space();
    const character = this.#text[this.#at];
    if (character === undefined) return invalidJson('The input string ended unexpectedly.');
    const token = this.#token(character);
    if (token === null) {
      const word = this.#match(wordPattern);
      return invalidToken(word === '' ? codePointAt(this.#text, this.#at) : word);
    }
    return invalidJson(`Expected ${expected}, but found "${token}".`);
  }

  /** The valid token at hand, or null. */
  #token(character: string): string | null {
    if ('{}[],:'.includes(character)) return character;
    if (character === '"') {
      const start = this.#at;
      this.#string();
      return this.#text.slice(start, this.#at);
    }
    if (character === '-' || isDigit(character)) {
      const word = this.#match(numberWord);
      return this.#match(numberPattern) === word ? word : null;
    }
    const word = this.#match(wordPattern);
    return word === 'true' || word === 'false' || word === 'null' ? word : null;
  }
}

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9';
}

function codePointAt(text: string, at: number): string {
  return String.fromCodePoint(text.codePointAt(at) ?? 0);
}

function invalidJson(detail: string): SqlError {
  return new SqlError(sqlstate.invalidTextRepresentation, 'invalid input syntax for type json', {
    detail,
  });
}

function invalidToken(token: string): SqlError {
  return invalidJson(`Token "${token}" is invalid.`);
}

function controlCharacter(character: string): SqlError {
  const code = character.charCodeAt(0).toString(16).padStart(2, '0');
  return invalidJson(`Character with value 0x${code} must be escaped.`);
}

function loneSurrogate(): SqlError {
  return invalidJson('Unicode low surrogate must follow a high surrogate.');
}
