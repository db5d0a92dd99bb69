/**
 * Undoes the escapes of `E'…'` and `U&'…'` strings. Errors carry PostgreSQL's SQLSTATEs and the position of
 * the literal.
 */

import { SqlError, sqlstate } from '../base/errors.ts';

/** The value of an E'' string's inner text. `start` is where the literal stands, for errors. */
export function decodeEscapes(text: string, start: number): string {
  if (!text.includes('\\')) return text;
  const decoder = new EscapeDecoder(text, start);
  return decoder.run();
}

const simpleEscapes: ReadonlyMap<string, string> = new Map([
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
]);

/** Octal and hexadecimal escapes are bytes of UTF-8, so the value is collected as bytes. */
class EscapeDecoder {
  readonly #text: string;
  readonly #start: number;
  readonly #bytes: number[] = [];
  #value = '';
  #at = 0;

  constructor(text: string, start: number) {
    this.#text = text;
    this.#start = start;
  }

  run(): string {
    const text = this.#text;
    for (;;) {
      const slash = text.indexOf('\\', this.#at);
      if (slash < 0) break;
      if (slash > this.#at) this.#add(text.slice(this.#at, slash));
      this.#at = slash + 1;
      this.#escape();
    }
    if (this.#at < text.length) this.#add(text.slice(this.#at));
    this.#flush();
    return this.#value;
  }

  #escape(): void {
    const text = this.#text;
    const letter = text.charAt(this.#at);
    if (letter === 'u' || letter === 'U') return this.#unicode(letter === 'u' ? 4 : 8);
    const digits = letter === 'x' ? /^[0-9a-fA-F]{1,2}/ : /^[0-7]{1,3}/;
    const from = letter === 'x' ? this.#at + 1 : this.#at;
    const found = digits.exec(text.slice(from, from + 3));
    if (found !== null) {
      this.#bytes.push(parseInt(found[0], letter === 'x' ? 16 : 8) & 0xff);
      this.#at = from + found[0].length;
      return;
    }
    const character = String.fromCodePoint(text.codePointAt(this.#at) ?? 0);
    this.#add(simpleEscapes.get(character) ?? character);
    this.#at += character.length;
  }

  #unicode(size: number): void {
    const first = this.#codePoint(size);
    if (!isSurrogate(first)) return this.#add(String.fromCodePoint(first));
    const next = this.#text.slice(this.#at, this.#at + 2);
    if (!isHighSurrogate(first) || (next !== '\\u' && next !== '\\U')) throw badPair(this.#start);
    this.#at++;
    const second = this.#codePoint(next === '\\u' ? 4 : 8);
    if (!isLowSurrogate(second)) throw badPair(this.#start);
    this.#add(String.fromCharCode(first, second));
  }

  #codePoint(size: number): number {
    const hex = this.#text.slice(this.#at + 1, this.#at + 1 + size);
    if (hex.length < size || !/^[0-9a-fA-F]+$/.test(hex)) {
      throw new SqlError(sqlstate.invalidEscapeSequence, 'invalid Unicode escape', {
        hint: 'Unicode escapes must be \\uXXXX or \\UXXXXXXXX.',
        position: this.#start,
      });
    }
    this.#at += 1 + size;
    return checkedCodePoint(parseInt(hex, 16), this.#start);
  }

  #add(text: string): void {
    if (this.#bytes.length > 0) this.#flush();
    this.#value += text;
  }

  #flush(): void {
    if (this.#bytes.length === 0) return;
    const bytes = Uint8Array.from(this.#bytes);
    this.#bytes.length = 0;
    const zero = bytes.includes(0);
    try {
      if (!zero) {
        this.#value += new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
        return;
      }
    } catch {
      // Reported below, as bytes.
    }
    const shown = [...(zero ? [0] : bytes)].map(
      (byte) => `0x${byte.toString(16).padStart(2, '0')}`,
    );
    throw new SqlError(
      sqlstate.characterNotInRepertoire,
      `invalid byte sequence for encoding "UTF8": ${shown.join(' ')}`,
    ).at(this.#start);
  }
}

/** The value of a U&'' string or name; `start` is where its inner text stands. */
export function decodeUnicodeEscapes(text: string, escape: string, start: number): string {
  let value = '';
  let at = 0;
  let pending = -1;
  while (at < text.length) {
    if (text[at] !== escape || text[at + 1] === escape) {
      if (pending >= 0) throw badPair(start + at);
      value += text[at];
      at += text[at] === escape ? 2 : 1;
      continue;
    }
    const found = /^(?:([0-9a-fA-F]{4})|\+([0-9a-fA-F]{6}))/.exec(text.slice(at + 1, at + 8));
    if (found === null) {
      throw new SqlError(sqlstate.syntaxError, 'invalid Unicode escape', {
        hint: 'Unicode escapes must be \\XXXX or \\+XXXXXX.',
        position: start + at,
      });
    }
    const point = checkedCodePoint(parseInt(found[1] ?? found[2]!, 16), start + at);
    if (pending >= 0 ? !isLowSurrogate(point) : isLowSurrogate(point)) throw badPair(start + at);
    if (pending >= 0) {
      value += String.fromCharCode(pending, point);
      pending = -1;
    } else if (isHighSurrogate(point)) pending = point;
    else value += String.fromCodePoint(point);
    at += 1 + found[0].length;
  }
  if (pending >= 0) throw badPair(start + at);
  return value;
}

function checkedCodePoint(point: number, position: number): number {
  if (point === 0 || point > 0x10ffff) {
    throw new SqlError(sqlstate.syntaxError, 'invalid Unicode escape value', { position });
  }
  return point;
}

function badPair(position: number): SqlError {
  return new SqlError(sqlstate.syntaxError, 'invalid Unicode surrogate pair', { position });
}

function isHighSurrogate(point: number): boolean {
  return point >= 0xd800 && point <= 0xdbff;
}

function isLowSurrogate(point: number): boolean {
  return point >= 0xdc00 && point <= 0xdfff;
}

function isSurrogate(point: number): boolean {
  return point >= 0xd800 && point <= 0xdfff;
}
