/**
 * JSON strings as bytes: where one ends, whether its UTF-8 is sound, and its text without escapes. Strict:
 * raw control characters, unknown escapes, lone surrogates and NUL are refused everywhere.
 */

import { isUtf8 } from 'node:buffer';
import type { SideText } from './decoded-column.ts';

/** Whether bytes[start, end) are well-formed UTF-8. */
export function soundUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  return isUtf8(bytes.subarray(start, end));
}

export const quote = 0x22;
export const backslash = 0x5c;

/**
 * From `at`, inside a string, to its closing quote: the position of that quote, or -1 when the string is
 * not valid or does not end before `end`. Does not look at UTF-8.
 */
export function stringEnd(bytes: Uint8Array, at: number, end: number): number {
  let position = at;
  while (position < end) {
    const byte = bytes[position]!;
    if (byte === quote) return position;
    if (byte < 0x20) return -1;
    if (byte === backslash) {
      const size = escapeSize(bytes, position, end);
      if (size < 0) return -1;
      position += size;
    } else {
      position++;
    }
  }
  return -1;
}

/** Source bytes of the escape at `at`: 2, 6 or 12 (a surrogate pair); -1 when it is not valid. */
function escapeSize(bytes: Uint8Array, at: number, end: number): number {
  const letter = at + 1 < end ? bytes[at + 1]! : 0;
  if (letter !== 0x75 /* u */) return simpleEscape(letter) < 0 ? -1 : 2;
  const unit = hexUnit(bytes, at + 2, end);
  if (unit <= 0 || (unit >= 0xdc00 && unit <= 0xdfff)) return -1;
  if (unit < 0xd800 || unit > 0xdbff) return 6;
  if (at + 7 >= end || bytes[at + 6] !== backslash || bytes[at + 7] !== 0x75) return -1;
  const low = hexUnit(bytes, at + 8, end);
  return low >= 0xdc00 && low <= 0xdfff ? 12 : -1;
}

function hexUnit(bytes: Uint8Array, at: number, end: number): number {
  if (at + 4 > end) return -1;
  let unit = 0;
  for (let index = 0; index < 4; index++) {
    const digit = hexDigit(bytes[at + index]!);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

function simpleEscape(letter: number): number {
  switch (letter) {
    case 0x22:
    case 0x5c:
    case 0x2f:
      return letter;
    case 0x62:
      return 0x08;
    case 0x66:
      return 0x0c;
    case 0x6e:
      return 0x0a;
    case 0x72:
      return 0x0d;
    case 0x74:
      return 0x09;
    default:
      return -1;
  }
}

/**
 * Appends the text of a string whose content is bytes[start, end), known to be valid, to the side arena
 * and returns its length there. Decoded text is never longer than its source.
 */
export function unescapeInto(
  side: SideText,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const base = side.reserve(end - start);
  const out = side.bytes;
  let to = base;
  let from = start;
  while (from < end) {
    const byte = bytes[from]!;
    if (byte !== backslash) {
      out[to++] = byte;
      from++;
      continue;
    }
    const size = escapeSize(bytes, from, end);
    to = writeEscape(out, to, bytes, from, size);
    from += size;
  }
  side.length = to;
  return to - base;
}

function writeEscape(
  out: Uint8Array,
  at: number,
  bytes: Uint8Array,
  from: number,
  size: number,
): number {
  if (size === 2) {
    out[at] = simpleEscape(bytes[from + 1]!);
    return at + 1;
  }
  let code = hexUnit(bytes, from + 2, from + 6);
  if (size === 12) {
    code = 0x10000 + ((code - 0xd800) << 10) + (hexUnit(bytes, from + 8, from + 12) - 0xdc00);
  }
  return writeCodePoint(out, at, code);
}

function writeCodePoint(out: Uint8Array, at: number, code: number): number {
  let to = at;
  if (code < 0x80) {
    out[to++] = code;
  } else if (code < 0x800) {
    out[to++] = 0xc0 | (code >> 6);
    out[to++] = 0x80 | (code & 0x3f);
  } else if (code < 0x10000) {
    out[to++] = 0xe0 | (code >> 12);
    out[to++] = 0x80 | ((code >> 6) & 0x3f);
    out[to++] = 0x80 | (code & 0x3f);
  } else {
    out[to++] = 0xf0 | (code >> 18);
    out[to++] = 0x80 | ((code >> 12) & 0x3f);
    out[to++] = 0x80 | ((code >> 6) & 0x3f);
    out[to++] = 0x80 | (code & 0x3f);
  }
  return to;
}
