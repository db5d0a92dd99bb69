/**
 * A strict JSON parser over bytes: the judge of what a record says. It keeps numbers as their digits,
 * bounds its depth, and refuses with a reason instead of guessing. Slow next to generated decoders, but
 * linear and free of recursion deeper than `depthMax`.
 */

import { SideText } from './decoded-column.ts';
import { backslash, soundUtf8, stringEnd, unescapeInto } from './json-text.ts';

/** Deepest nesting of objects and arrays, the record's own object included. */
export const depthMax = 100;

/** A record, or a value in it, that cannot be read. The message is the reason shown to users. */
export class Refused extends Error {}

/** A value with its place in the bytes: [start, end) is its JSON text, quotes included. */
export type JsonNode =
  | {
      readonly kind: 'null' | 'true' | 'false' | 'number';
      readonly start: number;
      readonly end: number;
    }
  | {
      readonly kind: 'string';
      readonly start: number;
      readonly end: number;
      readonly escaped: boolean;
    }
  | {
      readonly kind: 'object';
      readonly start: number;
      readonly end: number;
      readonly members: readonly (readonly [string, JsonNode])[];
    }
  | {
      readonly kind: 'array';
      readonly start: number;
      readonly end: number;
      readonly items: readonly JsonNode[];
    };

/** Called for each member of the record's object; the value must be read with `value` or `skip`. */
export type MemberVisitor = (key: string, parser: JsonParser) => void;

export class JsonParser {
  bytes: Buffer = Buffer.alloc(0);
  position = 0;
  #end = 0;
  readonly #side = new SideText();

  /** Looks at bytes[start, end); refuses invalid UTF-8 at once and steps over a byte-order mark. */
  open(bytes: Buffer, start: number, end: number): void {
    this.resume(bytes, start, end);
    if (!soundUtf8(bytes, start, end))
      throw new Refused('invalid byte sequence for encoding "UTF8"');
    if (end - start >= 3 && bytes.readUIntBE(start, 3) === 0xefbbbf) this.position += 3;
  }

  /** Stands at `start` of a record whose UTF-8 is checked elsewhere. */
  resume(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes;
    this.position = start;
    this.#end = end;
  }

  /** The whole record: one object and nothing after it. */
  record(visit: MemberVisitor): void {
    this.#blank();
    if (this.#peek() !== 0x7b) {
      if (this.position >= this.#end) throw new Refused('invalid JSON: the record is empty');
      this.skip();
      throw new Refused('the record is not a JSON object');
    }
    this.position++;
    this.#members((key) => {
      visit(key, this);
    });
    this.finish();
  }

  /** Only blanks may be left. */
  finish(): void {
    this.#blank();
    if (this.position < this.#end) this.#fail('text after the end of the value');
  }

  value(depth = 1): JsonNode {
    const start = this.position;
    const byte = this.#peek();
    if (byte === 0x22) return this.#string();
    if (byte === 0x7b) return this.#object(depth);
    if (byte === 0x5b) return this.#array(depth);
    if (byte === 0x6e) return { kind: this.#word('null'), start, end: this.position };
    if (byte === 0x74) return { kind: this.#word('true'), start, end: this.position };
    if (byte === 0x66) return { kind: this.#word('false'), start, end: this.position };
    this.#number();
    return { kind: 'number', start, end: this.position };
  }

  /** Reads a value for its form alone. */
  skip(depth = 1): void {
    const byte = this.#peek();
    if (byte === 0x22) this.#string();
    else if (byte === 0x7b) this.#object(depth);
    else if (byte === 0x5b) this.#array(depth);
    else if (byte === 0x6e) this.#word('null');
    else if (byte === 0x74) this.#word('true');
    else if (byte === 0x66) this.#word('false');
    else this.#number();
  }

  /** The text of a string node. */
  text(node: { readonly start: number; readonly end: number; readonly escaped: boolean }): string {
    if (!node.escaped) return this.bytes.toString('utf8', node.start + 1, node.end - 1);
    this.#side.clear();
    const length = unescapeInto(this.#side, this.bytes, node.start + 1, node.end - 1);
    return this.#side.bytes.toString('utf8', 0, length);
  }

  /** The JSON text of a node, as it was written. */
  raw(node: { readonly start: number; readonly end: number }): string {
    return this.bytes.toString('utf8', node.start, node.end);
  }

  #peek(): number {
    return this.position < this.#end ? this.bytes[this.position]! : -1;
  }

  #blank(): void {
    for (; this.position < this.#end; this.position++) {
      const byte = this.bytes[this.position]!;
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
    }
  }

  #fail(what: string): never {
    if (this.position >= this.#end) throw new Refused('invalid JSON: the record ends too early');
    throw new Refused(`invalid JSON: ${what}`);
  }

  #deeper(depth: number): void {
    if (depth >= depthMax) throw new Refused(`JSON nested deeper than ${depthMax} levels`);
  }

  #members(each: (key: string) => void): void {
    this.#blank();
    if (this.#peek() === 0x7d) {
      this.position++;
      return;
    }
    for (;;) {
      this.#blank();
      if (this.#peek() !== 0x22) this.#fail('a key was expected');
      const key = this.text(this.#string());
      this.#blank();
      if (this.#peek() !== 0x3a) this.#fail('a colon was expected after a key');
      this.position++;
      this.#blank();
      each(key);
      this.#blank();
      const next = this.#peek();
      if (next !== 0x2c && next !== 0x7d) this.#fail('a comma or a closing brace was expected');
      this.position++;
      if (next === 0x7d) return;
    }
  }

  #object(depth: number): JsonNode {
    this.#deeper(depth);
    const start = this.position++;
    const members: (readonly [string, JsonNode])[] = [];
    this.#members((key) => members.push([key, this.value(depth + 1)]));
    return { kind: 'object', start, end: this.position, members };
  }

  #array(depth: number): JsonNode {
    this.#deeper(depth);
    const start = this.position++;
    const items: JsonNode[] = [];
    this.#blank();
    if (this.#peek() === 0x5d) {
      this.position++;
      return { kind: 'array', start, end: this.position, items };
    }
    for (;;) {
      this.#blank();
      items.push(this.value(depth + 1));
      this.#blank();
      const next = this.#peek();
      if (next !== 0x2c && next !== 0x5d) this.#fail('a comma or a closing bracket was expected');
      this.position++;
      if (next === 0x5d) return { kind: 'array', start, end: this.position, items };
    }
  }

  #string(): Extract<JsonNode, { kind: 'string' }> {
    const start = this.position;
    const close = stringEnd(this.bytes, start + 1, this.#end);
    if (close < 0) {
      throw new Refused('invalid JSON: a string is not closed or holds an invalid character');
    }
    this.position = close + 1;
    let escape = start + 1;
    while (escape < close && this.bytes[escape] !== backslash) escape++;
    return { kind: 'string', start, end: close + 1, escaped: escape < close };
  }

  #word<W extends 'null' | 'true' | 'false'>(word: W): W {
    for (let index = 0; index < word.length; index++) {
      if (this.#peek() !== word.charCodeAt(index)) this.#fail('a value was expected');
      this.position++;
    }
    return word;
  }

  #number(): void {
    if (this.#peek() === 0x2d) this.position++;
    if (this.#peek() === 0x30) this.position++;
    else this.#digits();
    if (this.#peek() === 0x2e) {
      this.position++;
      this.#digits();
    }
    if ((this.#peek() | 0x20) === 0x65) {
      this.position++;
      const sign = this.#peek();
      if (sign === 0x2b || sign === 0x2d) this.position++;
      this.#digits();
    }
  }

  #digits(): void {
    const start = this.position;
    for (; this.position < this.#end; this.position++) {
      const byte = this.bytes[this.position]!;
      if (byte < 0x30 || byte > 0x39) break;
    }
    if (this.position === start) this.#fail('a value was expected');
  }
}
