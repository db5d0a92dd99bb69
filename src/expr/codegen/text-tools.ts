/**
 * Functions of text on its bytes, for generated kernels. A tool belongs to one place in a kernel (or to several
 * that compute the same), holds what is constant there, and leaves its result in fields that are valid until its
 * next call: nothing is allocated for a value. Bytes are UTF-8; where a result depends on what characters are and
 * the text is not ASCII, the function's definition on strings is asked.
 */

import { bytesToString } from '../../types/column-access.ts';
import { lowerCase, substring, upperCase } from '../functions/text.ts';

/** Readers of text may read so far beyond its end. */
const padding = 16;

/** Bytes that a tool writes its result to, and their length. */
export class TextScratch {
  bytes: Buffer = Buffer.alloc(64 + padding);
  length = 0;

  /** Room for a result of `length` bytes; what was there may be lost. */
  reserve(length: number): void {
    if (length + padding <= this.bytes.length) return;
    const larger = Buffer.alloc(2 * length + padding);
    larger.set(this.bytes);
    this.bytes = larger;
  }

  put(text: string): void {
    this.reserve(3 * text.length);
    this.length = this.bytes.write(text, 0, 'utf8');
  }

  append(bytes: Uint8Array, offset: number, length: number): void {
    const start = this.length;
    this.reserve(start + length);
    const to = this.bytes;
    if (length < 32) {
      for (let index = 0; index < length; index++) to[start + index] = bytes[offset + index]!;
    } else {
      to.set(bytes.subarray(offset, offset + length), start);
    }
    this.length = start + length;
  }
}

/** lower and upper. */
export class CaseTool extends TextScratch {
  readonly #first: number;
  readonly #last: number;
  readonly #define: (text: string) => string;

  constructor(to: 'lower' | 'upper') {
    super();
    this.#first = (to === 'lower' ? 'A' : 'a').charCodeAt(0);
    this.#last = this.#first + 25;
    this.#define = to === 'lower' ? lowerCase : upperCase;
  }

  /** Returns the length of the result, which begins at 0. */
  run(bytes: Uint8Array, offset: number, length: number): number {
    this.reserve(length);
    const to = this.bytes;
    const first = this.#first;
    const last = this.#last;
    for (let index = 0; index < length; index++) {
      const byte = bytes[offset + index]!;
      if (byte >= 0x80) {
        this.put(this.#define(bytesToString(bytes, offset, length)));
        return this.length;
      }
      to[index] = byte >= first && byte <= last ? byte ^ 0x20 : byte;
    }
    this.length = length;
    return length;
  }
}

/** Parts of a text with an index from this on are not for `SplitTool`. */
export const partsMax = 64;

/**
 * Parts between delimiters: split_index and split_part. One pass finds all that a kernel asks for; they are views
 * on the text.
 */
export class SplitTool {
  /** By index of the part, from 0; both are 0 for a part that there is not. */
  readonly starts = new Int32Array(partsMax);
  readonly lengths = new Int32Array(partsMax);
  readonly #delimiter: Uint8Array;
  /** Parts that are looked for. */
  #wanted = 0;

  /** `delimiter` is not empty. */
  constructor(delimiter: string) {
    this.#delimiter = Buffer.from(delimiter, 'utf8');
  }

  /** From now on `run` finds the part of this index, which is less than `partsMax`. */
  want(index: number): void {
    this.#wanted = Math.max(this.#wanted, index + 1);
  }

  /** Returns how many of the wanted parts there are. */
  run(bytes: Uint8Array, offset: number, length: number): number {
    const { starts, lengths } = this;
    const wanted = this.#wanted;
    const delimiter = this.#delimiter;
    const first = delimiter[0]!;
    const width = delimiter.length;
    const end = offset + length;
    let parts = 0;
    let start = offset;
    for (let at = offset; at + width <= end;) {
      if (bytes[at] !== first || (width > 1 && !isAt(bytes, at, delimiter))) {
        at++;
        continue;
      }
      starts[parts] = start;
      lengths[parts] = at - start;
      if (++parts === wanted) return parts;
      at += width;
      start = at;
    }
    starts[parts] = start;
    lengths[parts] = end - start;
    for (let rest = ++parts; rest < wanted; rest++) starts[rest] = lengths[rest] = 0;
    return parts;
  }
}

function isAt(bytes: Uint8Array, at: number, part: Uint8Array): boolean {
  for (let index = 1; index < part.length; index++) {
    if (bytes[at + index] !== part[index]) return false;
  }
  return true;
}

/** replace: every occurrence from the left, none within another. */
export class ReplaceTool extends TextScratch {
  readonly #from: Uint8Array;
  readonly #to: Uint8Array;

  /** `from` is not empty. */
  constructor(from: string, to: string) {
    super();
    this.#from = Buffer.from(from, 'utf8');
    this.#to = Buffer.from(to, 'utf8');
  }

  /** Returns the length of the result, which begins at 0. */
  run(bytes: Uint8Array, offset: number, length: number): number {
    const from = this.#from;
    const first = from[0]!;
    const width = from.length;
    const end = offset + length;
    this.length = 0;
    let copied = offset;
    for (let at = offset; at + width <= end;) {
      if (bytes[at] !== first || (width > 1 && !isAt(bytes, at, from))) {
        at++;
        continue;
      }
      this.append(bytes, copied, at - copied);
      this.append(this.#to, 0, this.#to.length);
      at += width;
      copied = at;
    }
    this.append(bytes, copied, end - copied);
    return this.length;
  }

  /** How often it occurs. */
  count(bytes: Uint8Array, offset: number, length: number): number {
    const from = this.#from;
    const width = from.length;
    const end = offset + length;
    let count = 0;
    for (let at = offset; at + width <= end;) {
      if (bytes[at] === from[0] && (width === 1 || isAt(bytes, at, from))) {
        count++;
        at += width;
      } else {
        at++;
      }
    }
    return count;
  }
}

/** Text after text: the operator ||. */
export class ConcatTool extends TextScratch {
  /** Returns the length of the result, which begins at 0. */
  run(
    a: Uint8Array,
    offsetA: number,
    lengthA: number,
    b: Uint8Array,
    offsetB: number,
    lengthB: number,
  ): number {
    this.length = 0;
    this.append(a, offsetA, lengthA);
    this.append(b, offsetB, lengthB);
    return this.length;
  }
}

/** substring, as a view on the text, or beside it when that is not ASCII. */
export class SubstringTool extends TextScratch {
  /** The bytes that hold the result. */
  from: Uint8Array = this.bytes;

  /** Where the result begins in `from`. Positions count from 1; `count` is not negative, Infinity for all. */
  run(bytes: Uint8Array, offset: number, length: number, start: number, count: number): number {
    for (let index = 0; index < length; index++) {
      if (bytes[offset + index]! >= 0x80) {
        const text = bytesToString(bytes, offset, length);
        this.put(count === Infinity ? substring(text, start) : substring(text, start, count));
        this.from = this.bytes;
        return 0;
      }
    }
    this.from = bytes;
    const end = Math.min(length, start - 1 + count);
    const begin = Math.min(length, Math.max(0, start - 1));
    this.length = Math.max(0, end - begin);
    return offset + begin;
  }
}

/** btrim, ltrim and rtrim of single bytes, as a view on the text. */
export class TrimTool {
  length = 0;
  readonly #cut = new Uint8Array(256);
  readonly #start: boolean;
  readonly #end: boolean;

  /** `set` is ASCII. */
  constructor(set: string, ends: { readonly start: boolean; readonly end: boolean }) {
    for (const character of set) this.#cut[character.charCodeAt(0)] = 1;
    this.#start = ends.start;
    this.#end = ends.end;
  }

  run(bytes: Uint8Array, offset: number, length: number): number {
    const cut = this.#cut;
    let from = offset;
    let to = offset + length;
    if (this.#start) while (from < to && cut[bytes[from]!] === 1) from++;
    if (this.#end) while (to > from && cut[bytes[to - 1]!] === 1) to--;
    this.length = to - from;
    return from;
  }
}
