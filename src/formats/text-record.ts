/** What the text formats share: one record's bytes as checked text, without its line end. */

import { soundUtf8 } from './json-text.ts';
import { Refused } from './json-parse.ts';

/** The text of bytes[start, end); refuses null values, invalid UTF-8 and NUL. */
export function recordText(bytes: Uint8Array, start: number, end: number): string {
  if (end < 0) throw new Refused('null value');
  if (!soundUtf8(bytes, start, end)) {
    throw new Refused('invalid byte sequence for encoding "UTF8"');
  }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
  if (text.includes('\0')) throw new Refused('invalid byte sequence for encoding "UTF8": 0x00');
  return text;
}

/** Without one trailing LF or CRLF or CR. */
export function withoutLineEnd(text: string): string {
  if (text.endsWith('\r\n')) return text.slice(0, -2);
  return text.endsWith('\n') || text.endsWith('\r') ? text.slice(0, -1) : text;
}
