/** Input and output of the simple types: integers, booleans, text with limits, bytea, uuid. */

import { SqlError, sqlstate } from '../base/errors.ts';

const integerText = /^[ \t\n\v\f\r]*([+-]?[0-9]+)[ \t\n\v\f\r]*$/;

interface IntegerRange {
  readonly name: string;
  readonly min: number;
  readonly max: number;
}

export const smallintRange: IntegerRange = { name: 'smallint', min: -32768, max: 32767 };
export const integerRange: IntegerRange = { name: 'integer', min: -2147483648, max: 2147483647 };

export function parseInteger(text: string, range: IntegerRange): number {
  const match = integerText.exec(text);
  if (match === null) throw invalidText(range.name, text);
  const value = Number(match[1]);
  if (value < range.min || value > range.max) throw outOfRange(range.name, text);
  return value + 0;
}

export function parseBigint(text: string): bigint {
  const match = integerText.exec(text);
  if (match === null) throw invalidText('bigint', text);
  const digits = match[1]!.replace(/^\+/, '');
  // A long run of digits is refused before it is converted; zeros in front may make it long.
  if (digits.length > 20 && digits.replace(/^-?0*/, '').length > 19)
    throw outOfRange('bigint', text);
  const value = BigInt(digits);
  if (BigInt.asIntN(64, value) !== value) throw outOfRange('bigint', text);
  return value;
}

/** oid and xid: unsigned, but −1 is the greatest one, as in PostgreSQL. */
export function parseOid(text: string, type = 'oid'): number {
  const match = integerText.exec(text);
  if (match === null) throw invalidText(type, text);
  const value = Number(match[1]);
  if (value < integerRange.min || value > 4294967295) throw outOfRange(type, text);
  return value >>> 0;
}

const booleanText =
  /^\s*(?:(t|tr|tru|true|y|ye|yes|on|1)|(f|fa|fal|fals|false|n|no|of|off|0))\s*$/i;

export function parseBoolean(text: string): boolean {
  const match = booleanText.exec(text);
  if (match === null) throw invalidText('boolean', text);
  return match[1] !== undefined;
}

/** Text as it may be stored: no NUL, no lone surrogate. 22021 otherwise. */
export function checkText(text: string): string {
  if (text.includes('\0')) throw invalidBytes('0x00');
  const lone = loneSurrogate.exec(text);
  if (lone !== null) {
    const unit = lone[0].charCodeAt(0);
    const bytes = [0xed, 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f)];
    throw invalidBytes(bytes.map((byte) => `0x${byte.toString(16)}`).join(' '));
  }
  return text;
}

const loneSurrogate = /[\ud800-\udfff]/u;

/** The text of UTF-8 bytes; 22021 when they are not, naming the first wrong byte. */
export function decodeUtf8(bytes: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw invalidBytes(firstWrongBytes(bytes));
  }
  if (text.includes('\0')) throw invalidBytes('0x00');
  return text;
}

/** PostgreSQL shows the wrong sequence: as many bytes as its first one announces, at most what is left. */
function firstWrongBytes(bytes: Uint8Array): string {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes[at]!);
    const sequence = bytes.subarray(at, at + length);
    try {
      decoder.decode(sequence);
    } catch {
      return [...sequence].map((byte) => `0x${byte.toString(16).padStart(2, '0')}`).join(' ');
    }
    at += length;
  }
  return '0x00';
}

function sequenceLength(first: number): number {
  if (first >= 0xf0 && first < 0xf8) return 4;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xc0 && first < 0xe0 ? 2 : 1;
}

function invalidBytes(bytes: string): SqlError {
  return new SqlError(
    sqlstate.characterNotInRepertoire,
    `invalid byte sequence for encoding "UTF8": ${bytes}`,
  );
}

/** varchar(n) input: blanks past the limit are cut, anything else is 22001. */
export function limitVarchar(text: string, length: number | null): string {
  if (length === null || text.length <= length) return text;
  return cutBlanks(text, length, `character varying(${length})`);
}

/** char(n) input: cut likewise, padded with blanks to n. */
export function padChar(text: string, length: number | null): string {
  if (length === null) return text;
  const count = countCodePoints(text);
  if (count <= length) return text + ' '.repeat(length - count);
  return cutBlanks(text, length, `character(${length})`);
}

function cutBlanks(text: string, length: number, type: string): string {
  const end = codePointOffset(text, length);
  if (/[^ ]/.test(text.slice(end))) {
    throw new SqlError(sqlstate.stringDataRightTruncation, `value too long for type ${type}`);
  }
  return text.slice(0, end);
}

export function countCodePoints(text: string): number {
  let count = text.length;
  for (let index = 0; index < text.length; index++) {
    if ((text.charCodeAt(index) & 0xfc00) === 0xdc00) count--;
  }
  return count;
}

/** UTF-16 offset of code point `count`, or the end of the text. */
function codePointOffset(text: string, count: number): number {
  let at = 0;
  for (let passed = 0; passed < count && at < text.length; passed++) {
    at += (text.charCodeAt(at) & 0xfc00) === 0xd800 ? 2 : 1;
  }
  return at;
}

const nameBytesMax = 63;

/** name input: cut to 63 bytes at a character's end. */
export function cutName(text: string): string {
  if (text.length * 3 <= nameBytesMax || Buffer.byteLength(text) <= nameBytesMax) return text;
  let size = 0;
  let result = '';
  for (const character of text) {
    size += Buffer.byteLength(character);
    if (size > nameBytesMax) break;
    result += character;
  }
  return result;
}

/** "char": one byte; one that is not ASCII is written as \ooo. */
export function parseSingleChar(text: string): string {
  const octal = /^\\([0-3][0-7][0-7])$/.exec(text);
  const byte = octal === null ? (Buffer.from(text)[0] ?? 0) : parseInt(octal[1]!, 8);
  if (byte === 0) return '';
  return byte < 128 ? String.fromCharCode(byte) : `\\${byte.toString(8)}`;
}

export function parseBytea(text: string): Uint8Array {
  if (text.startsWith('\\x')) return parseHex(text.slice(2));
  const bytes: number[] = [];
  const source = Buffer.from(text);
  for (let at = 0; at < source.length;) {
    const byte = source[at]!;
    if (byte !== 0x5c) {
      bytes.push(byte);
      at++;
    } else if (source[at + 1] === 0x5c) {
      bytes.push(0x5c);
      at += 2;
    } else {
      const octal = source.toString('latin1', at + 1, at + 4);
      if (!/^[0-3][0-7][0-7]$/.test(octal)) {
        throw new SqlError(
          sqlstate.invalidTextRepresentation,
          'invalid input syntax for type bytea',
        );
      }
      bytes.push(parseInt(octal, 8));
      at += 4;
    }
  }
  return Uint8Array.from(bytes);
}

function parseHex(text: string): Uint8Array {
  const digits = text.replace(/[ \n\t\r]/g, '');
  const wrong = /[^0-9a-fA-F]/u.exec(digits);
  if (wrong !== null) {
    throw new SqlError(sqlstate.invalidParameterValue, `invalid hexadecimal digit: "${wrong[0]}"`);
  }
  if (digits.length % 2 === 1) {
    throw new SqlError(
      sqlstate.invalidParameterValue,
      'invalid hexadecimal data: odd number of digits',
    );
  }
  return Uint8Array.from(Buffer.from(digits, 'hex'));
}

export function formatBytea(bytes: Uint8Array, output: 'hex' | 'escape'): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (output === 'hex') return `\\x${buffer.toString('hex')}`;
  let text = '';
  for (const byte of bytes) {
    if (byte === 0x5c) text += '\\\\';
    else if (byte < 0x20 || byte > 0x7e) text += `\\${byte.toString(8).padStart(3, '0')}`;
    else text += String.fromCharCode(byte);
  }
  return text;
}

/** Hyphens may follow any group of four digits; braces may stand around. */
const uuidText = /^(?:\{((?:[0-9a-f]{4}-?){7}[0-9a-f]{4})\}|((?:[0-9a-f]{4}-?){7}[0-9a-f]{4}))$/i;

export function parseUuid(text: string): string {
  const match = uuidText.exec(text);
  if (match === null) throw invalidText('uuid', text);
  return uuidFromHex((match[1] ?? match[2])!.replaceAll('-', '').toLowerCase());
}

/** The canonical form of 32 lower-case digits. */
export function uuidFromHex(hex: string): string {
  const part = (from: number, to: number) => hex.slice(from, to);
  return `${part(0, 8)}-${part(8, 12)}-${part(12, 16)}-${part(16, 20)}-${part(20, 32)}`;
}

export function invalidText(type: string, text: string): SqlError {
  return new SqlError(
    sqlstate.invalidTextRepresentation,
    `invalid input syntax for type ${type}: "${text}"`,
  );
}

function outOfRange(type: string, text: string): SqlError {
  return new SqlError(
    sqlstate.numericValueOutOfRange,
    `value "${text}" is out of range for type ${type}`,
  );
}
