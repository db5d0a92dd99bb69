/** LIKE, ILIKE and their ESCAPE. Matching is by characters and takes time in pattern × text at worst. */

import { SqlError, sqlstate } from '../../base/errors.ts';
import type { SqlType } from '../../types/sql-type.ts';
import { types } from '../../types/sql-type.ts';
import { call2, operator, scalar } from './define.ts';
import type { ScalarFunction } from './registry.ts';

const { text, boolean, bytea } = types;
const bpchar: SqlType = { kind: 'char', length: null };

export function likeFunctions(): readonly ScalarFunction[] {
  const like = call2((value: string, pattern: string) => matchesLike(value, pattern));
  const notLike = call2((value: string, pattern: string) => !matchesLike(value, pattern));
  const ilike = call2((a: string, b: string) => matchesLike(a.toLowerCase(), b.toLowerCase()));
  const notIlike = call2((a: string, b: string) => !matchesLike(a.toLowerCase(), b.toLowerCase()));
  // A character for each byte.
  const onBytes = (value: Uint8Array, pattern: Uint8Array): boolean =>
    matchesLike(Buffer.from(value).toString('latin1'), Buffer.from(pattern).toString('latin1'));
  const likeBytes = call2(onBytes);
  const notLikeBytes = call2((value: Uint8Array, pattern: Uint8Array) => !onBytes(value, pattern));
  const forType = (type: SqlType): ScalarFunction[] => [
    operator('~~', [type, text], boolean, like),
    operator('!~~', [type, text], boolean, notLike),
    operator('~~*', [type, text], boolean, ilike),
    operator('!~~*', [type, text], boolean, notIlike),
  ];
  return [
    ...forType(text),
    ...forType(bpchar),
    operator('~~', [bytea, bytea], boolean, likeBytes),
    operator('!~~', [bytea, bytea], boolean, notLikeBytes),
    scalar('like', [text, text], boolean, like),
    scalar('notlike', [text, text], boolean, notLike),
    scalar('like_escape', [text, text], text, call2(likeEscape)),
  ];
}

/** `%` any string, `_` any character, `\` takes the next character as it is. */
export function matchesLike(value: string, pattern: string): boolean {
  let v = 0;
  let p = 0;
  // Where to go on when a later part fails: one character further after the last %.
  let retryValue = -1;
  let retryPattern = -1;
  for (;;) {
    if (p < pattern.length && pattern[p] === '%') {
      retryPattern = ++p;
      retryValue = v;
      continue;
    }
    if (v >= value.length) break;
    const step = p < pattern.length ? matchOne(value, v, pattern, p) : null;
    if (step !== null) {
      v += step.value;
      p += step.pattern;
      continue;
    }
    if (retryPattern < 0) return false;
    retryValue += characterLength(value, retryValue);
    v = retryValue;
    p = retryPattern;
  }
  return p === pattern.length;
}

function characterLength(value: string, at: number): number {
  return (value.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}

interface Step {
  readonly value: number;
  readonly pattern: number;
}

const oneUnit: Step = { value: 1, pattern: 1 };
const escapedUnit: Step = { value: 1, pattern: 2 };

function matchOne(value: string, v: number, pattern: string, p: number): Step | null {
  const wanted = pattern[p];
  if (wanted === '_') return { value: characterLength(value, v), pattern: 1 };
  if (wanted === '\\') {
    if (p + 1 === pattern.length) throw badEscape();
    return pattern[p + 1] === value[v] ? escapedUnit : null;
  }
  return wanted === value[v] ? oneUnit : null;
}

function badEscape(): SqlError {
  return new SqlError(
    sqlstate.invalidEscapeSequence,
    'LIKE pattern must not end with escape character',
  );
}

/** A pattern with another escape character, rewritten to use the backslash; empty: none at all. */
export function likeEscape(pattern: string, escape: string): string {
  if (escape === '') return pattern.replaceAll('\\', '\\\\');
  if ([...escape].length > 1) {
    throw new SqlError(sqlstate.invalidEscapeSequence, 'invalid escape string', {
      hint: 'Escape string must be empty or one character.',
    });
  }
  if (escape === '\\') return pattern;
  let result = '';
  let escaped = false;
  for (const character of pattern) {
    if (character === escape && !escaped) {
      result += '\\';
      escaped = true;
    } else if (character === '\\' && !escaped) {
      result += '\\\\';
    } else {
      result += character;
      escaped = false;
    }
  }
  return result;
}
