/**
 * Regular expression operators and functions. Patterns are compiled once and kept in a small cache that
 * belongs to the registry's functions; RE2 makes every match linear in the length of the text.
 */

import { RE2JS, type Matcher } from 're2js';
import { notSupported, SqlError, sqlstate } from '../../base/errors.ts';
import { SqlArray } from '../../types/array.ts';
import type { Datum } from '../../types/datum.ts';
import type { SqlType } from '../../types/sql-type.ts';
import { arrayOf, types } from '../../types/sql-type.ts';
import { characterIndex, unitOffset } from './code-points.ts';
import { call2, callAll, operator, scalar, table } from './define.ts';
import { invalidRegex, readRegexFlags, translateRegex, type RegexFlags } from './regex-syntax.ts';
import type { ScalarFunction, TableFunction } from './registry.ts';
import { similarPart, similarToRegex } from './similar.ts';

const { text, boolean, integer } = types;
const bpchar: SqlType = { kind: 'char', length: null };
const texts = arrayOf(text);

/** Compiled patterns; the oldest goes first. */
export class RegexCache {
  readonly #compiled = new Map<string, RE2JS>();

  get(pattern: string, flags: RegexFlags): RE2JS {
    const key = `${Number(flags.ignoreCase)}${Number(flags.newlineStop)}${Number(flags.newlineAnchors)}${Number(flags.expanded)}${Number(flags.literal)}${pattern}`;
    const known = this.#compiled.get(key);
    if (known !== undefined) return known;
    const compiled = compileRegex(pattern, flags);
    if (this.#compiled.size >= cacheMax) {
      const [oldest] = this.#compiled.keys();
      this.#compiled.delete(oldest!);
    }
    this.#compiled.set(key, compiled);
    return compiled;
  }
}

const cacheMax = 256;
const patternMax = 16384;

/** A pattern ready to match. 2201B when it is wrong, 0A000 when it asks for what RE2 cannot do. */
export function compileRegex(pattern: string, given: RegexFlags): RE2JS {
  if (pattern.length > patternMax) throw invalidRegex('regular expression is too complex');
  const { source, flags, lazy, words } = translateRegex(pattern, given);
  const options =
    (flags.ignoreCase ? RE2JS.CASE_INSENSITIVE : 0) | (lazy ? 0 : RE2JS.LONGEST_MATCH);
  try {
    const regex = RE2JS.compile(source, options);
    if (words) wordPatterns.add(regex);
    return regex;
  } catch (error) {
    throw invalidRegex(error instanceof Error ? error.message.split('\n')[0]! : 'unknown fault');
  }
}

/** Patterns with \y or \Y. RE2's words are of ASCII letters, PostgreSQL's of all. */
const wordPatterns = new WeakSet<RE2JS>();
const foreignWord = /(?![\0-\x7f])[\p{L}\p{M}\p{N}\p{Pc}]/u;

/** The pattern at work on a text. 0A000 where words would be taken for others. */
export function matcherOf(regex: RE2JS, value: string): Matcher {
  if (wordPatterns.has(regex) && foreignWord.test(value)) {
    throw notSupported('\\y and \\Y over text with letters beyond ASCII');
  }
  return regex.matcher(value);
}

const plain = readRegexFlags('', false);
const ignoringCase = readRegexFlags('i', false);

export function regexFunctions(cache: RegexCache): readonly ScalarFunction[] {
  return [...operators(cache), ...replacing(cache), ...matching(cache), ...positions(cache)];
}

function operators(cache: RegexCache): ScalarFunction[] {
  const define = (symbol: string, flags: RegexFlags, wanted: boolean): ScalarFunction[] =>
    [text, bpchar].map((type) =>
      operator(
        symbol,
        [type, text],
        boolean,
        call2(
          (value: string, pattern: string) =>
            matcherOf(cache.get(pattern, flags), value).find() === wanted,
        ),
      ),
    );
  return [
    ...define('~', plain, true),
    ...define('!~', plain, false),
    ...define('~*', ignoringCase, true),
    ...define('!~*', ignoringCase, false),
    scalar(
      'similar_to_escape',
      [text, text],
      text,
      callAll<[string, string?]>(([pattern, escape]) => similarToRegex(pattern, escape ?? '\\')),
      { optional: 1 },
    ),
    scalar(
      'regexp_like',
      [text, text, text],
      boolean,
      callAll<[string, string, string?]>(([value, pattern, letters]) =>
        matcherOf(cache.get(pattern, readRegexFlags(letters ?? '', false)), value).find(),
      ),
      { optional: 1 },
    ),
  ];
}

function replacing(cache: RegexCache): ScalarFunction[] {
  return [
    scalar(
      'regexp_replace',
      [text, text, text, text],
      text,
      callAll<[string, string, string, string?]>(([value, pattern, by, letters]) => {
        const flags = readRegexFlags(letters ?? '', true);
        return replaceMatches(cache.get(pattern, flags), value, by, {
          start: 0,
          which: flags.global ? 0 : 1,
        });
      }),
      { optional: 1 },
    ),
    scalar(
      'regexp_replace',
      [text, text, text, integer, integer, text],
      text,
      callAll<[string, string, string, number, number?, string?]>(
        ([value, pattern, by, start, which, letters]) => {
          const flags = readRegexFlags(letters ?? '', true);
          const nth = which ?? (flags.global ? 0 : 1);
          if (nth < 0) throw invalidParameter('n', nth);
          return replaceMatches(cache.get(pattern, flags), value, by, {
            start: startOffset(value, start),
            which: nth,
          });
        },
      ),
      { optional: 2 },
    ),
  ];
}

function invalidParameter(name: string, value: number): SqlError {
  return new SqlError(
    sqlstate.invalidParameterValue,
    `invalid value for parameter "${name}": ${value}`,
  );
}

/** The UTF-16 offset of a 1-based start position; behind the text's end, where nothing is found, for one behind it. */
function startOffset(value: string, start: number): number {
  if (start <= 0) throw invalidParameter('start', start);
  const offset = unitOffset(value, start - 1);
  const behind = offset === value.length && characterIndex(value, offset) < start - 1;
  return behind ? value.length + 1 : offset;
}

/** `which` 0 replaces all matches, n the n-th only. */
function replaceMatches(
  regex: RE2JS,
  value: string,
  by: string,
  options: { readonly start: number; readonly which: number },
): string {
  let result = '';
  let copied = 0;
  let count = 0;
  for (const matcher of findAll(regex, value, options.start)) {
    count++;
    if (options.which !== 0 && count !== options.which) continue;
    result += value.slice(copied, matcher.start()) + expand(by, matcher);
    copied = matcher.end();
    if (options.which !== 0) break;
  }
  return result + value.slice(copied);
}

/** \1 to \9 and \& in a replacement; \\ is a backslash, any other one stands for itself. */
function expand(by: string, matcher: Matcher): string {
  return by.replace(/\\([1-9&\\])/g, (_, code: string) => {
    if (code === '\\') return '\\';
    const group = code === '&' ? 0 : Number(code);
    return group > matcher.groupCount() ? '' : (matcher.group(group) ?? '');
  });
}

/** The matches from left to right; after an empty one the search goes on a character further. */
function* findAll(regex: RE2JS, value: string, start = 0): Generator<Matcher> {
  const matcher = matcherOf(regex, value);
  let at = start;
  while (at <= value.length && matcher.find(at)) {
    yield matcher;
    const end = matcher.end();
    at = end > matcher.start() ? end : end + ((value.codePointAt(end) ?? 0) > 0xffff ? 2 : 1);
  }
}

/** All groups of a match, or the whole match when there is none. */
function groupsOf(matcher: Matcher): SqlArray {
  const count = matcher.groupCount();
  if (count === 0) return SqlArray.of([matcher.group() ?? null]);
  return SqlArray.of(Array.from({ length: count }, (_, i) => matcher.group(i + 1) ?? null));
}

function refuseGlobal(name: string, flags: RegexFlags, instead: string | null): void {
  if (!flags.global) return;
  throw new SqlError(
    sqlstate.invalidParameterValue,
    `${name} does not support the "global" option`,
    instead === null ? {} : { hint: `Use the ${instead} function instead.` },
  );
}

function matching(cache: RegexCache): ScalarFunction[] {
  const firstGroup = (value: string, pattern: string): Datum | null => {
    const matcher = matcherOf(cache.get(pattern, plain), value);
    if (!matcher.find()) return null;
    return matcher.groupCount() > 0 ? (matcher.group(1) ?? null) : (matcher.group() ?? null);
  };
  return [
    scalar(
      'regexp_match',
      [text, text, text],
      texts,
      callAll<[string, string, string?]>(([value, pattern, letters]) => {
        const flags = readRegexFlags(letters ?? '', true);
        refuseGlobal('regexp_match()', flags, 'regexp_matches');
        const matcher = matcherOf(cache.get(pattern, flags), value);
        return matcher.find() ? groupsOf(matcher) : null;
      }),
      { optional: 1 },
    ),
    scalar('substring', [text, text], text, call2(firstGroup)),
    scalar(
      'substring',
      [text, text, text],
      text,
      callAll<[string, string, string]>(([value, pattern, escape]) =>
        cache.get(similarPart(pattern, escape), plain).matcher(value).find() ? value : null,
      ),
    ),
    scalar(
      'regexp_extract',
      [text, text, integer],
      text,
      callAll<[string, string, number?]>(([value, pattern, group]) => {
        const matcher = matcherOf(cache.get(pattern, plain), value);
        const index = group ?? 0;
        if (!matcher.find() || index < 0 || index > matcher.groupCount()) return null;
        return matcher.group(index) ?? null;
      }),
      { optional: 1 },
    ),
    scalar(
      'regexp_substr',
      [text, text, integer, integer, text, integer],
      text,
      callAll<[string, string, number?, number?, string?, number?]>(
        ([value, pattern, start, which, letters, group]) => {
          const found = nthMatch(cache, value, pattern, {
            start,
            which,
            letters,
            name: 'regexp_substr()',
          });
          if (found === null || (group ?? 0) > found.groupCount()) return null;
          return found.group(group ?? 0) ?? null;
        },
      ),
      { optional: 4 },
    ),
    scalar(
      'regexp_split_to_array',
      [text, text, text],
      texts,
      callAll<[string, string, string?]>(([value, pattern, letters]) => {
        const flags = readRegexFlags(letters ?? '', true);
        refuseGlobal('regexp_split_to_array()', flags, null);
        return SqlArray.of(split(cache.get(pattern, flags), value));
      }),
      { optional: 1 },
    ),
  ];
}

interface NthOptions {
  readonly start: number | undefined;
  readonly which: number | undefined;
  readonly letters: string | undefined;
  readonly name: string;
}

function nthMatch(
  cache: RegexCache,
  value: string,
  pattern: string,
  options: NthOptions,
): Matcher | null {
  const which = options.which ?? 1;
  if (which <= 0) throw invalidParameter('n', which);
  const flags = readRegexFlags(options.letters ?? '', true);
  refuseGlobal(options.name, flags, null);
  let count = 0;
  for (const matcher of findAll(
    cache.get(pattern, flags),
    value,
    startOffset(value, options.start ?? 1),
  )) {
    if (++count === which) return matcher;
  }
  return null;
}

function positions(cache: RegexCache): ScalarFunction[] {
  return [
    scalar(
      'regexp_count',
      [text, text, integer, text],
      integer,
      callAll<[string, string, number?, string?]>(([value, pattern, start, letters]) => {
        const flags = readRegexFlags(letters ?? '', true);
        refuseGlobal('regexp_count()', flags, null);
        return [...findAll(cache.get(pattern, flags), value, startOffset(value, start ?? 1))]
          .length;
      }),
      { optional: 2 },
    ),
    scalar(
      'regexp_instr',
      [text, text, integer, integer, integer, text, integer],
      integer,
      callAll<[string, string, number?, number?, number?, string?, number?]>(
        ([value, pattern, start, which, end, letters, group]) => {
          if (end !== undefined && end !== 0 && end !== 1) throw invalidParameter('endoption', end);
          const found = nthMatch(cache, value, pattern, {
            start,
            which,
            letters,
            name: 'regexp_instr()',
          });
          const index = group ?? 0;
          if (found === null || index > found.groupCount()) return 0;
          const offset = end === 1 ? found.end(index) : found.start(index);
          return offset < 0 ? 0 : characterIndex(value, offset) + 1;
        },
      ),
      { optional: 5 },
    ),
  ];
}

/** Empty matches at the ends and right after another match split nothing. */
function split(regex: RE2JS, value: string): string[] {
  const pieces: string[] = [];
  let from = 0;
  for (const matcher of findAll(regex, value)) {
    const [start, end] = [matcher.start(), matcher.end()];
    if (end === start && (start === from || start >= value.length)) continue;
    pieces.push(value.slice(from, start));
    from = end;
  }
  pieces.push(value.slice(from));
  return pieces;
}

export function regexTables(cache: RegexCache): readonly TableFunction[] {
  return [
    table(
      'regexp_matches',
      [text, text, text],
      () => [{ name: 'regexp_matches', type: texts }],
      function* (args) {
        const [value, pattern, letters] = args as readonly [string, string, string?];
        const flags = readRegexFlags(letters ?? '', true);
        for (const matcher of findAll(cache.get(pattern, flags), value)) {
          yield [groupsOf(matcher)];
          if (!flags.global) return;
        }
      },
      { optional: 1 },
    ),
    table(
      'regexp_split_to_table',
      [text, text, text],
      () => [{ name: 'regexp_split_to_table', type: text }],
      function* (args) {
        const [value, pattern, letters] = args as readonly [string, string, string?];
        const flags = readRegexFlags(letters ?? '', true);
        refuseGlobal('regexp_split_to_table()', flags, null);
        for (const piece of split(cache.get(pattern, flags), value)) yield [piece];
      },
      { optional: 1 },
    ),
  ];
}
