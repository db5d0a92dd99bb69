/** Strings: length, case, parts, trimming, padding, searching and joining. Characters are code points. */

import { SqlError, sqlstate } from '../../base/errors.ts';
import type { SqlType } from '../../types/sql-type.ts';
import { types } from '../../types/sql-type.ts';
import { truncateBytes } from '../cast-modifiers.ts';
import {
  characterCount,
  characterIndex,
  reverseCharacters,
  sliceCharacters,
} from './code-points.ts';
import { call1, call2, callAll, operator, scalar } from './define.ts';
import type { ScalarFunction } from './registry.ts';

const { text, integer, boolean } = types;
const bpchar: SqlType = { kind: 'char', length: null };

export function textFunctions(): readonly ScalarFunction[] {
  return [...lengths(), ...cases(), ...parts(), ...trims(), ...searches()];
}

function lengths(): ScalarFunction[] {
  const bytes = call1((a: string) => Buffer.byteLength(a));
  const count = call1(characterCount);
  const trimmed = call1((a: string) => characterCount(a.replace(/ +$/, '')));
  return [
    ...['length', 'char_length', 'character_length'].flatMap((name) => [
      scalar(name, [text], integer, count),
      scalar(name, [bpchar], integer, trimmed),
    ]),
    scalar('octet_length', [text], integer, bytes),
    scalar('octet_length', [bpchar], integer, bytes),
    scalar(
      'bit_length',
      [text],
      integer,
      call1((a: string) => Buffer.byteLength(a) * 8),
    ),
  ];
}

function cases(): ScalarFunction[] {
  return [
    scalar('lower', [text], text, call1(lowerCase)),
    scalar('upper', [text], text, call1(upperCase)),
    scalar('initcap', [text], text, call1(initcap)),
    scalar('reverse', [text], text, call1(reverseCharacters)),
    scalar(
      'name',
      [text],
      types.name,
      call1((a: string) => truncateBytes(a, 63)),
    ),
    scalar(
      'normalize',
      [text, text],
      text,
      call2((a: string, form: string) => normalize(a, form)),
      {
        optional: 1,
      },
    ),
  ];
}

/** Character by character, as PostgreSQL: what has no counterpart of one character stays (ß). */
export function upperCase(value: string): string {
  const upper = value.toUpperCase();
  if (upper.length === value.length) return upper;
  return [...value].map((each) => single(each, each.toUpperCase())).join('');
}

export function lowerCase(value: string): string {
  const lower = value.toLowerCase();
  if (lower.length === value.length && !value.includes('Σ')) return lower;
  return [...value].map((each) => single(each, each.toLowerCase())).join('');
}

function single(character: string, mapped: string): string {
  return mapped.length === character.length ? mapped : character;
}

function initcap(value: string): string {
  return value.replace(/[\p{L}\p{N}]+/gu, (word) => {
    const [first = '', ...rest] = word;
    return first.toUpperCase() + rest.join('').toLowerCase();
  });
}

function normalize(value: string, form = 'NFC'): string {
  const name = form.toUpperCase();
  if (!['NFC', 'NFD', 'NFKC', 'NFKD'].includes(name)) {
    throw new SqlError(sqlstate.invalidParameterValue, `invalid normalization form: ${form}`);
  }
  return value.normalize(name);
}

function parts(): ScalarFunction[] {
  const sub = callAll<[string, number, number?]>(([value, from, count]) =>
    substring(value, from, count),
  );
  return [
    scalar('substring', [text, integer, integer], text, sub, { optional: 1 }),
    scalar('substr', [text, integer, integer], text, sub, { optional: 1 }),
    scalar(
      'left',
      [text, integer],
      text,
      call2((a: string, n: number) => left(a, n)),
    ),
    scalar(
      'right',
      [text, integer],
      text,
      call2((a: string, n: number) => right(a, n)),
    ),
    scalar(
      'overlay',
      [text, text, integer, integer],
      text,
      callAll<[string, string, number, number?]>(([value, by, from, count]) =>
        overlay(value, by, from, count),
      ),
      { optional: 1 },
    ),
    scalar(
      'split_part',
      [text, text, integer],
      text,
      callAll<[string, string, number]>(([value, by, n]) => splitPart(value, by, n)),
    ),
    scalar(
      'split_index',
      [text, text, integer],
      text,
      callAll<[string, string, number]>(([value, by, n]) => splitIndex(value, by, n)),
    ),
    scalar(
      'count_char',
      [text, text],
      types.bigint,
      call2((value: string, character: string) => countChar(value, character)),
    ),
    scalar(
      'repeat',
      [text, integer],
      text,
      call2((a: string, n: number) => repeat(a, n)),
    ),
    scalar(
      'lpad',
      [text, integer, text],
      text,
      callAll<[string, number, string?]>(([value, n, fill]) => pad(value, n, fill, true)),
      { optional: 1 },
    ),
    scalar(
      'rpad',
      [text, integer, text],
      text,
      callAll<[string, number, string?]>(([value, n, fill]) => pad(value, n, fill, false)),
      { optional: 1 },
    ),
    scalar(
      'replace',
      [text, text, text],
      text,
      callAll<[string, string, string]>(([value, from, to]) =>
        from === '' ? value : value.replaceAll(from, () => to),
      ),
    ),
    scalar(
      'translate',
      [text, text, text],
      text,
      callAll<[string, string, string]>(([value, from, to]) => translate(value, from, to)),
    ),
  ];
}

/** substring(value FROM start FOR count): positions before the first character count too. */
export function substring(value: string, start: number, count?: number): string {
  if (count === undefined) return sliceCharacters(value, start - 1);
  if (count < 0) {
    throw new SqlError(sqlstate.substringError, 'negative substring length not allowed');
  }
  return sliceCharacters(value, start - 1, start - 1 + count);
}

function left(value: string, count: number): string {
  return sliceCharacters(value, 0, count < 0 ? characterCount(value) + count : count);
}

function right(value: string, count: number): string {
  return sliceCharacters(value, count < 0 ? -count : characterCount(value) - count);
}

function overlay(value: string, by: string, start: number, count = characterCount(by)): string {
  if (start <= 0) {
    throw new SqlError(sqlstate.substringError, 'negative substring length not allowed');
  }
  return substring(value, 1, start - 1) + by + sliceCharacters(value, start - 1 + count);
}

/** Part `n` from 1, or from the end when negative. */
function splitPart(value: string, by: string, n: number): string {
  if (n === 0) {
    throw new SqlError(sqlstate.invalidParameterValue, 'field position must not be zero');
  }
  if (value === '') return '';
  const pieces = by === '' ? [value] : value.split(by);
  return pieces[n > 0 ? n - 1 : pieces.length + n] ?? '';
}

/** Flink's SPLIT_INDEX: part `n` from 0, NULL past the end. */
function splitIndex(value: string, by: string, n: number): string | null {
  if (n < 0) return null;
  return (by === '' ? [value] : value.split(by))[n] ?? null;
}

/** The Nexmark benchmark's function of that name: how often a character stands in the text. */
function countChar(value: string, character: string): bigint {
  if ([...character].length !== 1) {
    throw new SqlError(sqlstate.invalidParameterValue, 'count_char counts one character', {
      detail: `The second argument is "${character}".`,
    });
  }
  return BigInt(value.split(character).length - 1);
}

/** As PostgreSQL's limit on one value. */
const bytesMax = 1 << 28;

function requestedLength(length: number): void {
  if (length > bytesMax) {
    throw new SqlError(sqlstate.programLimitExceeded, 'requested length too large');
  }
}

function repeat(value: string, count: number): string {
  requestedLength(value.length * count);
  return count <= 0 ? '' : value.repeat(count);
}

function pad(value: string, length: number, fill = ' ', atStart: boolean): string {
  requestedLength(length);
  const count = characterCount(value);
  if (length <= 0) return '';
  if (count >= length || fill === '') return sliceCharacters(value, 0, length);
  const missing = length - count;
  const repeated = fill.repeat(Math.ceil(missing / characterCount(fill)));
  const padding = sliceCharacters(repeated, 0, missing);
  return atStart ? padding + value : value + padding;
}

function translate(value: string, from: string, to: string): string {
  const targets = [...to];
  const map = new Map<string, string>();
  for (const [i, character] of [...from].entries()) {
    if (!map.has(character)) map.set(character, targets[i] ?? '');
  }
  let result = '';
  for (const character of value) result += map.get(character) ?? character;
  return result;
}

function trims(): ScalarFunction[] {
  const define = (name: string, start: boolean, end: boolean): ScalarFunction =>
    scalar(
      name,
      [text, text],
      text,
      callAll<[string, string?]>(([value, set]) => trim(value, set ?? ' ', start, end)),
      { optional: 1 },
    );
  return [
    define('btrim', true, true),
    define('trim', true, true),
    define('ltrim', true, false),
    define('rtrim', false, true),
  ];
}

function trim(value: string, set: string, start: boolean, end: boolean): string {
  const cut = new Set(set);
  const characters = [...value];
  let from = 0;
  let to = characters.length;
  if (start) while (from < to && cut.has(characters[from]!)) from++;
  if (end) while (to > from && cut.has(characters[to - 1]!)) to--;
  return characters.slice(from, to).join('');
}

function searches(): ScalarFunction[] {
  const position = call2((a: string, b: string) =>
    a.includes(b) ? characterIndex(a, a.indexOf(b)) + 1 : 0,
  );
  const locate = callAll<[string, string, number?]>(([part, value, from]) =>
    locateFrom(part, value, from ?? 1),
  );
  return [
    scalar('position', [text, text], integer, position),
    scalar('strpos', [text, text], integer, position),
    scalar('instr', [text, text], integer, position),
    scalar('locate', [text, text, integer], integer, locate, { optional: 1 }),
    scalar(
      'starts_with',
      [text, text],
      boolean,
      call2((a: string, b: string) => a.startsWith(b)),
    ),
    operator(
      '^@',
      [text, text],
      boolean,
      call2((a: string, b: string) => a.startsWith(b)),
    ),
    scalar(
      'ends_with',
      [text, text],
      boolean,
      call2((a: string, b: string) => a.endsWith(b)),
    ),
    operator(
      '~<~',
      [text, text],
      boolean,
      call2((a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0),
    ),
  ];
}

function locateFrom(part: string, value: string, from: number): number {
  if (from < 1) return 0;
  const rest = sliceCharacters(value, from - 1);
  const offset = rest.indexOf(part);
  return offset < 0 ? 0 : characterIndex(rest, offset) + from;
}
