/**
 * Array literals: '{1,NULL,"a b"}', nested braces, '[2:3]={…}'. Elements are read and printed by the
 * functions given, so that this file knows no types.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import { SqlArray } from './array.ts';
import type { ArrayDatum, Datum } from './datum.ts';

const dimensionsMax = 6;
const elementsMax = 134217727;

export function formatArray(array: ArrayDatum, formatElement: (value: Datum) => string): string {
  if (array.dimensions.length === 0) return '{}';
  let at = 0;
  const level = (depth: number): string => {
    const parts: string[] = [];
    for (let index = 0; index < array.dimensions[depth]!; index++) {
      if (depth + 1 < array.dimensions.length) {
        parts.push(level(depth + 1));
      } else {
        const value = array.elements[at++]!;
        parts.push(value === null ? 'NULL' : quoteElement(formatElement(value)));
      }
    }
    return `{${parts.join(',')}}`;
  };
  return boundsPrefix(array) + level(0);
}

/** '[0:2]=' when a lower bound is not 1. */
function boundsPrefix(array: ArrayDatum): string {
  if (array.lowerBounds.every((bound) => bound === 1)) return '';
  const bounds = array.lowerBounds.map(
    (bound, index) => `[${bound}:${bound + array.dimensions[index]! - 1}]`,
  );
  return `${bounds.join('')}=`;
}

const mustQuote = /^$|^null$|["\\{},\s]/i;

function quoteElement(text: string): string {
  if (!mustQuote.test(text)) return text;
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

export function parseArray(text: string, parseElement: (text: string) => Datum): SqlArray {
  return new ArrayReader(text, parseElement).read();
}

class ArrayReader {
  readonly #text: string;
  readonly #parseElement: (text: string) => Datum;
  readonly #elements: (Datum | null)[] = [];
  /** Length of each dimension, once its first sub-array has ended. */
  readonly #lengths: number[] = [];
  #rank: number | null = null;
  #at = 0;

  constructor(text: string, parseElement: (text: string) => Datum) {
    this.#text = text;
    this.#parseElement = parseElement;
  }

  read(): SqlArray {
    this.#space();
    const bounds = this.#bounds();
    if (this.#text[this.#at] !== '{') {
      throw this.#malformed(
        bounds === null
          ? 'Array value must start with "{" or dimension information.'
          : 'Array contents must start with "{".',
      );
    }
    this.#level(0);
    this.#space();
    if (this.#at < this.#text.length) throw this.#malformed('Junk after closing right brace.');
    return this.#finish(bounds);
  }

  #finish(bounds: { lower: number; upper: number }[] | null): SqlArray {
    const isEmpty = this.#elements.length === 0;
    const dimensions = isEmpty ? [] : this.#lengths;
    if (bounds === null) return new SqlArray(this.#elements, dimensions);
    const fits =
      bounds.length === this.#lengths.length &&
      bounds.every(({ lower, upper }, index) => upper - lower + 1 === this.#lengths[index]);
    if (!fits) throw this.#malformed('Specified array dimensions do not match array contents.');
    const lowerBounds = isEmpty ? [] : bounds.map(({ lower }) => lower);
    return new SqlArray(this.#elements, dimensions, lowerBounds);
  }

  /** '[1:3][0:1]=' or nothing. */
  #bounds(): { lower: number; upper: number }[] | null {
    if (this.#text[this.#at] !== '[') return null;
    const bounds: { lower: number; upper: number }[] = [];
    const pattern = /\s*\[\s*([+-]?\d+)\s*(?::\s*([+-]?\d+)\s*)?\]/y;
    pattern.lastIndex = this.#at;
    for (let match = pattern.exec(this.#text); match !== null; match = pattern.exec(this.#text)) {
      this.#at = pattern.lastIndex;
      const lower = match[2] === undefined ? 1 : Number(match[1]);
      const upper = Number(match[2] ?? match[1]);
      if (bounds.length === dimensionsMax) throw tooManyDimensions(bounds.length + 1);
      if (upper < lower) {
        throw new SqlError(
          sqlstate.arraySubscriptError,
          'upper bound cannot be less than lower bound',
        );
      }
      bounds.push({ lower, upper });
    }
    if (bounds.length === 0) throw this.#malformed('Missing array dimension value.');
    this.#space();
    if (this.#text[this.#at] !== '=') throw this.#malformed('Missing "=" after array dimensions.');
    this.#at++;
    this.#space();
    return bounds;
  }

  /** One pair of braces; `depth` is that of its dimension. */
  #level(depth: number): void {
    if (depth >= dimensionsMax) throw tooManyDimensions(depth + 1);
    this.#at++;
    let count = 0;
    for (;;) {
      this.#space();
      const character = this.#text[this.#at];
      if (character === '}' && count === 0) {
        if (depth > 0) throw this.#malformed('Unexpected "}" character.');
        break;
      }
      if (character === '{') this.#subArray(depth);
      else this.#element(depth);
      count++;
      this.#space();
      const next = this.#text[this.#at];
      if (next === '}') break;
      if (next === undefined) throw this.#malformed('Unexpected end of input.');
      if (next !== ',') throw this.#malformed('Unexpected array element.');
      this.#at++;
      this.#space();
      if (this.#text[this.#at] === '}') throw this.#malformed('Unexpected "}" character.');
    }
    this.#at++;
    this.#lengths[depth] ??= count;
    if (this.#lengths[depth] !== count) throw this.#ragged();
  }

  #subArray(depth: number): void {
    if (this.#rank !== null && depth + 1 >= this.#rank) {
      throw this.#malformed('Unexpected "{" character.');
    }
    this.#level(depth + 1);
  }

  #element(depth: number): void {
    this.#rank ??= depth + 1;
    if (this.#rank !== depth + 1) throw this.#malformed('Unexpected array element.');
    const character = this.#text[this.#at];
    if (character === undefined) throw this.#malformed('Unexpected end of input.');
    if (character === ',') throw this.#malformed('Unexpected "," character.');
    const { text, quoted } = character === '"' ? this.#quoted() : this.#bare();
    const isNull = !quoted && /^null$/i.test(text);
    if (this.#elements.length >= elementsMax) {
      throw new SqlError(
        sqlstate.programLimitExceeded,
        `array size exceeds the maximum allowed (${elementsMax})`,
      );
    }
    this.#elements.push(isNull ? null : this.#parseElement(text));
  }

  #quoted(): { text: string; quoted: boolean } {
    let text = '';
    this.#at++;
    for (;;) {
      const character = this.#text[this.#at++];
      if (character === undefined) throw this.#malformed('Unexpected end of input.');
      if (character === '"') break;
      text += character === '\\' ? this.#escaped() : character;
    }
    const after = this.#text[this.#at];
    if (after !== undefined && !/[,}\s]/.test(after)) {
      throw this.#malformed('Unexpected array element.');
    }
    return { text, quoted: true };
  }

  /** Up to a comma or brace; trailing spaces do not count unless escaped. */
  #bare(): { text: string; quoted: boolean } {
    let text = '';
    let kept = 0;
    let quoted = false;
    for (;;) {
      const character = this.#text[this.#at];
      if (character === undefined) throw this.#malformed('Unexpected end of input.');
      if (character === ',' || character === '}') break;
      if (character === '{') throw this.#malformed('Unexpected "{" character.');
      if (character === '"') throw this.#malformed('Unexpected array element.');
      this.#at++;
      if (character === '\\') {
        text += this.#escaped();
        quoted = true;
        kept = text.length;
      } else {
        text += character;
        if (!/\s/.test(character)) kept = text.length;
      }
    }
    return { text: text.slice(0, kept), quoted };
  }

  #escaped(): string {
    const character = this.#text[this.#at++];
    if (character === undefined) throw this.#malformed('Unexpected end of input.');
    return character;
  }

  #space(): void {
    while (this.#at < this.#text.length && /[ \t\n\v\f\r]/.test(this.#text[this.#at]!)) this.#at++;
  }

  #ragged(): SqlError {
    return this.#malformed(
      'Multidimensional arrays must have sub-arrays with matching dimensions.',
    );
  }

  #malformed(detail: string): SqlError {
    return new SqlError(
      sqlstate.invalidTextRepresentation,
      `malformed array literal: "${this.#text}"`,
      { detail },
    );
  }
}

function tooManyDimensions(count: number): SqlError {
  return new SqlError(
    sqlstate.programLimitExceeded,
    `number of array dimensions (${count}) exceeds the maximum allowed (${dimensionsMax})`,
  );
}
