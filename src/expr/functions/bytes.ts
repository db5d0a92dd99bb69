/** bytea: hashes, text encodings (hex, base64, escape), character sets, and bytea as a string of bytes. */

import { createHash } from 'node:crypto';
import { SqlError, sqlstate } from '../../base/errors.ts';
import { types } from '../../types/sql-type.ts';
import { call1, call2, call3, callAll, operator, scalar } from './define.ts';
import type { ScalarFunction } from './registry.ts';

const { text, bytea, integer } = types;

export function byteFunctions(): readonly ScalarFunction[] {
  return [...hashes(), ...encodings(), ...binary()];
}

function digest(algorithm: string, value: string | Uint8Array): Buffer {
  return createHash(algorithm).update(value).digest();
}

function hashes(): ScalarFunction[] {
  return [
    scalar(
      'md5',
      [text],
      text,
      call1((a: string) => digest('md5', a).toString('hex')),
    ),
    scalar(
      'md5',
      [bytea],
      text,
      call1((a: Uint8Array) => digest('md5', a).toString('hex')),
    ),
    ...['sha224', 'sha256', 'sha384', 'sha512'].map((name) =>
      scalar(
        name,
        [bytea],
        bytea,
        call1((a: Uint8Array) => new Uint8Array(digest(name, a))),
      ),
    ),
    scalar(
      'sha1',
      [text],
      text,
      call1((a: string) => digest('sha1', a).toString('hex')),
    ),
  ];
}

function encodings(): ScalarFunction[] {
  return [
    scalar(
      'encode',
      [bytea, text],
      text,
      call2((a: Uint8Array, form: string) => encode(a, form)),
    ),
    scalar(
      'decode',
      [text, text],
      bytea,
      call2((a: string, form: string) => decode(a, form)),
    ),
    scalar(
      'convert_from',
      [bytea, types.name],
      text,
      call2((a: Uint8Array, name: string) => fromBytes(a, name)),
    ),
    scalar(
      'convert_to',
      [text, types.name],
      bytea,
      call2((a: string, name: string) => toBytes(a, name)),
    ),
    scalar(
      'convert',
      [bytea, types.name, types.name],
      bytea,
      call3((a: Uint8Array, from: string, to: string) => toBytes(fromBytes(a, from), to)),
    ),
    scalar(
      'length',
      [bytea, types.name],
      integer,
      call2((a: Uint8Array, name: string) => [...fromBytes(a, name)].length),
    ),
    scalar(
      'to_base64',
      [text],
      text,
      call1((a: string) => Buffer.from(a).toString('base64')),
    ),
    scalar(
      'from_base64',
      [text],
      text,
      call1((a: string) => Buffer.from(a, 'base64').toString()),
    ),
  ];
}

function unknownEncoding(name: string): SqlError {
  return new SqlError(sqlstate.invalidParameterValue, `unrecognized encoding: "${name}"`);
}

function encode(bytes: Uint8Array, form: string): string {
  const buffer = Buffer.from(bytes);
  switch (form.toLowerCase()) {
    case 'hex':
      return buffer.toString('hex');
    case 'base64':
      return (buffer.toString('base64').match(/.{1,76}/g) ?? []).join('\n');
    case 'escape':
      return escapeBytes(bytes);
    default:
      throw unknownEncoding(form);
  }
}

function escapeBytes(bytes: Uint8Array): string {
  let result = '';
  for (const byte of bytes) {
    if (byte === 0 || byte > 127) result += `\\${byte.toString(8).padStart(3, '0')}`;
    else if (byte === 92) result += '\\\\';
    else result += String.fromCharCode(byte);
  }
  return result;
}

function decode(value: string, form: string): Uint8Array {
  switch (form.toLowerCase()) {
    case 'hex':
      return decodeHex(value.replace(/[ \t\r\n]/g, ''));
    case 'base64':
      return decodeBase64(value.replace(/[ \t\r\n]/g, ''));
    case 'escape':
      return decodeEscape(value);
    default:
      throw unknownEncoding(form);
  }
}

function decodeHex(value: string): Uint8Array {
  const bad = /[^0-9a-fA-F]/u.exec(value);
  if (bad !== null) {
    throw new SqlError(sqlstate.invalidParameterValue, `invalid hexadecimal digit: "${bad[0]}"`);
  }
  if (value.length % 2 === 1) {
    throw new SqlError(
      sqlstate.invalidParameterValue,
      'invalid hexadecimal data: odd number of digits',
    );
  }
  return new Uint8Array(Buffer.from(value, 'hex'));
}

function decodeBase64(value: string): Uint8Array {
  const bad = /[^A-Za-z0-9+/=]/u.exec(value);
  if (bad !== null) {
    throw new SqlError(
      sqlstate.invalidParameterValue,
      `invalid symbol "${bad[0]}" found while decoding base64 sequence`,
    );
  }
  if (value.length % 4 !== 0 || !/^[^=]*={0,2}$/.test(value)) {
    throw new SqlError(sqlstate.invalidParameterValue, 'invalid base64 end sequence', {
      hint: 'Input data is missing padding, is truncated, or is otherwise corrupted.',
    });
  }
  return new Uint8Array(Buffer.from(value, 'base64'));
}

function decodeEscape(value: string): Uint8Array {
  const bytes: number[] = [];
  for (let i = 0, source = Buffer.from(value); i < source.length; i++) {
    if (source[i] !== 92) bytes.push(source[i]!);
    else if (source[i + 1] === 92) bytes.push(source[++i]!);
    else {
      const octal = /^[0-3][0-7]{2}/.exec(source.toString('latin1', i + 1, i + 4));
      if (octal === null) {
        throw new SqlError(
          sqlstate.invalidTextRepresentation,
          'invalid input syntax for type bytea',
        );
      }
      bytes.push(parseInt(octal[0], 8));
      i += 3;
    }
  }
  return Uint8Array.from(bytes);
}

const characterSets = new Map<string, BufferEncoding>([
  ['utf8', 'utf8'],
  ['utf-8', 'utf8'],
  ['unicode', 'utf8'],
  ['latin1', 'latin1'],
  ['iso88591', 'latin1'],
  ['sql_ascii', 'latin1'],
]);

function characterSet(name: string, direction: 'source' | 'destination'): BufferEncoding {
  const found = characterSets.get(name.toLowerCase().replaceAll(/[^a-z0-9_-]/g, ''));
  if (found === undefined) {
    throw new SqlError(
      sqlstate.invalidParameterValue,
      `invalid ${direction} encoding name "${name}"`,
    );
  }
  return found;
}

function fromBytes(bytes: Uint8Array, name: string): string {
  const set = characterSet(name, 'source');
  if (set !== 'utf8') return Buffer.from(bytes).toString(set);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new SqlError(
      sqlstate.characterNotInRepertoire,
      'invalid byte sequence for encoding "UTF8"',
    );
  }
}

function toBytes(value: string, name: string): Uint8Array {
  return new Uint8Array(Buffer.from(value, characterSet(name, 'destination')));
}

/** bytea as a string of bytes. */
function binary(): ScalarFunction[] {
  const slice = (bytes: Uint8Array, start: number, count?: number): Uint8Array => {
    if (count !== undefined && count < 0) {
      throw new SqlError(sqlstate.substringError, 'negative substring length not allowed');
    }
    const from = Math.max(0, start - 1);
    return bytes.slice(from, count === undefined ? undefined : Math.max(from, start - 1 + count));
  };
  const sub = callAll<[Uint8Array, number, number?]>(([a, from, count]) => slice(a, from, count));
  return [
    scalar(
      'length',
      [bytea],
      integer,
      call1((a: Uint8Array) => a.length),
    ),
    scalar(
      'octet_length',
      [bytea],
      integer,
      call1((a: Uint8Array) => a.length),
    ),
    scalar('substring', [bytea, integer, integer], bytea, sub, { optional: 1 }),
    scalar('substr', [bytea, integer, integer], bytea, sub, { optional: 1 }),
    operator(
      '||',
      [bytea, bytea],
      bytea,
      call2((a: Uint8Array, b: Uint8Array) => new Uint8Array(Buffer.concat([a, b]))),
    ),
    scalar(
      'position',
      [bytea, bytea],
      integer,
      call2((a: Uint8Array, b: Uint8Array) => Buffer.from(a).indexOf(b) + 1),
    ),
  ];
}
