/**
 * PostgreSQL's advanced regular expressions, rewritten for RE2, which runs in time linear in the text: a
 * pattern from a user can be slow to write but never slow to run. What RE2 cannot do (back-references,
 * look-around, word-start constraints) is refused with 0A000, never approximated.
 */

import { notSupported, SqlError, sqlstate } from '../../base/errors.ts';
import { escapedClasses, namedClasses } from './regex-classes.ts';

export interface RegexFlags {
  readonly global: boolean;
  readonly ignoreCase: boolean;
  /** `n`: . and [^x] do not match newlines, ^ and $ match at lines. */
  readonly newlineStop: boolean;
  readonly newlineAnchors: boolean;
  readonly expanded: boolean;
  readonly literal: boolean;
}

const noFlags: RegexFlags = {
  global: false,
  ignoreCase: false,
  newlineStop: false,
  newlineAnchors: false,
  expanded: false,
  literal: false,
};

/** Reads option letters; `allowGlobal` is for the functions that take `g`. */
export function readRegexFlags(letters: string, allowGlobal: boolean, start = noFlags): RegexFlags {
  let flags = start;
  for (const letter of letters) {
    const change = changeOf(letter, allowGlobal);
    if (change === null) {
      throw new SqlError(
        sqlstate.invalidParameterValue,
        `invalid regular expression option: "${letter}"`,
      );
    }
    flags = { ...flags, ...change };
  }
  return flags;
}

function changeOf(letter: string, allowGlobal: boolean): Partial<RegexFlags> | null {
  switch (letter) {
    case 'g':
      return allowGlobal ? { global: true } : null;
    case 'i':
      return { ignoreCase: true };
    case 'c':
      return { ignoreCase: false };
    case 'n':
    case 'm':
      return { newlineStop: true, newlineAnchors: true };
    case 'p':
      return { newlineStop: true, newlineAnchors: false };
    case 'w':
      return { newlineStop: false, newlineAnchors: true };
    case 's':
      return { newlineStop: false, newlineAnchors: false };
    case 'x':
      return { expanded: true };
    case 't':
      return { expanded: false };
    case 'q':
      return { literal: true };
    case 'e':
      return {};
    default:
      return null;
  }
}

export interface TranslatedRegex {
  readonly source: string;
  readonly flags: RegexFlags;
  /** Some quantifier is non-greedy: the match is then leftmost-first instead of leftmost-longest. */
  readonly lazy: boolean;
  /** Words matter to it: `\y` or `\Y`. */
  readonly words: boolean;
}

export function invalidRegex(reason: string): SqlError {
  return new SqlError(sqlstate.invalidRegularExpression, `invalid regular expression: ${reason}`);
}

/** The pattern in RE2's syntax. Directors (`***=`) and embedded options (`(?i)`) are obeyed. */
export function translateRegex(pattern: string, given: RegexFlags): TranslatedRegex {
  let flags = given;
  let rest = pattern;
  if (rest.startsWith('***')) {
    if (rest[3] === '=') return literal(rest.slice(4), flags);
    if (rest[3] !== ':') throw invalidRegex('quantifier operand invalid');
    rest = rest.slice(4);
  }
  if (flags.literal) return literal(rest, flags);
  const embedded = /^\(\?([a-z]+)\)/.exec(rest);
  if (embedded !== null) {
    flags = readRegexFlags(embedded[1]!, false, flags);
    rest = rest.slice(embedded[0].length);
  }
  const translation = new Translation(rest, flags, false);
  const source = translation.run();
  const { lazy, words } = translation;
  if (!translation.shortest) return { source, flags, lazy, words };
  return { source: new Translation(rest, flags, true).run(), flags, lazy: true, words };
}

function literal(text: string, flags: RegexFlags): TranslatedRegex {
  return { source: quoteLiteralRegex(text), flags, lazy: false, words: false };
}

function quoteLiteralRegex(text: string): string {
  return text.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&');
}

/**
 * One pass over the pattern, character by character. In PostgreSQL the first quantifier decides whether the
 * whole expression prefers the longest or the shortest match; `forceLazy` makes all quantifiers non-greedy
 * for the latter.
 */
class Translation {
  lazy = false;
  words = false;
  readonly #forceLazy: boolean;
  #firstLazy: boolean | null = null;
  #alternatives = false;
  readonly #pattern: string;
  readonly #flags: RegexFlags;
  #at = 0;
  #result = '';
  /** Whether a quantifier may follow. */
  #atom = false;
  #depth = 0;

  constructor(pattern: string, flags: RegexFlags, forceLazy: boolean) {
    this.#forceLazy = forceLazy;
    this.#pattern = pattern;
    this.#flags = flags;
  }

  /** Only known after the run. An expression with alternatives at the top always prefers the longest. */
  get shortest(): boolean {
    return this.#firstLazy === true && !this.#alternatives;
  }

  run(): string {
    while (this.#at < this.#pattern.length) this.#step(this.#pattern[this.#at]!);
    if (this.#depth > 0) throw invalidRegex('parentheses () not balanced');
    return this.#result;
  }

  #step(character: string): void {
    switch (character) {
      case '\\':
        return this.#escape();
      case '[':
        return this.#bracket();
      case '(':
        return this.#open();
      case ')':
        return this.#close();
      case '|':
        this.#alternatives ||= this.#depth === 0;
        return this.#put('|', false);
      case '^':
        return this.#put(this.#flags.newlineAnchors ? '(?m:^)' : '^', false);
      case '$':
        return this.#put(this.#flags.newlineAnchors ? '(?m:$)' : '\\z', false);
      case '.':
        return this.#put(this.#flags.newlineStop ? '[^\\n]' : '(?s:.)', true);
      case '*':
      case '+':
      case '?':
        return this.#quantifier(character, 1);
      case '{':
        return this.#bound();
      default:
        return this.#plain(character);
    }
  }

  #put(text: string, atom: boolean): void {
    this.#result += text;
    this.#at++;
    this.#atom = atom;
  }

  #plain(character: string): void {
    if (this.#flags.expanded && /\s/.test(character)) {
      this.#at++;
    } else if (this.#flags.expanded && character === '#') {
      const end = this.#pattern.indexOf('\n', this.#at);
      this.#at = end < 0 ? this.#pattern.length : end + 1;
    } else {
      const whole = String.fromCodePoint(this.#pattern.codePointAt(this.#at)!);
      this.#put(whole === ']' || whole === '}' ? `\\${whole}` : whole, true);
      this.#at += whole.length - 1;
    }
  }

  #open(): void {
    const rest = this.#pattern.slice(this.#at, this.#at + 4);
    if (/^\(\?(=|!|<=|<!)/.test(rest)) {
      throw notSupported('a look-around constraint in a regular expression');
    }
    if (rest.startsWith('(?#')) {
      const end = this.#pattern.indexOf(')', this.#at);
      this.#at = end < 0 ? this.#pattern.length : end + 1;
      return;
    }
    this.#depth++;
    if (rest.startsWith('(?:')) {
      this.#put('(?:', false);
      this.#at += 2;
    } else if (rest.startsWith('(?')) {
      throw invalidRegex('quantifier operand invalid');
    } else {
      this.#put('(', false);
    }
  }

  #close(): void {
    if (this.#depth === 0) throw invalidRegex('parentheses () not balanced');
    this.#depth--;
    this.#put(')', true);
  }

  /** * + ? and, of length > 1, {m,n}; a ? behind makes it non-greedy. */
  #quantifier(text: string, length: number): void {
    if (!this.#atom) throw invalidRegex('quantifier operand invalid');
    this.#at += length;
    this.#result += text;
    const lazy = this.#pattern[this.#at] === '?';
    if (lazy) this.#at++;
    if (lazy || this.#forceLazy) this.#result += '?';
    this.lazy ||= lazy;
    this.#firstLazy ??= lazy;
    this.#atom = false;
  }

  #bound(): void {
    const match = /^\{(\d+)(,(\d*))?\}/.exec(this.#pattern.slice(this.#at));
    if (match === null) {
      if (/^\{\d/.test(this.#pattern.slice(this.#at))) throw invalidRegex('braces {} not balanced');
      return this.#put('\\{', true);
    }
    const low = Number(match[1]);
    const high = match[3] === undefined || match[3] === '' ? low : Number(match[3]);
    if (low > 255 || high > 255 || low > high) throw invalidRegex('invalid repetition count(s)');
    return this.#quantifier(match[0], match[0].length);
  }

  #escape(): void {
    const next = this.#pattern[this.#at + 1];
    if (next === undefined) throw invalidRegex('invalid escape \\ sequence');
    const constraint = constraints.get(next);
    if (constraint !== undefined) {
      this.#result += constraint;
      this.words ||= next === 'y' || next === 'Y';
      this.#at += 2;
      this.#atom = false;
      return;
    }
    if (next === 'm' || next === 'M') {
      throw notSupported(`the constraint \\${next} in a regular expression`, {
        hint: 'Use \\y, which matches at the beginning or end of a word.',
      });
    }
    if (next >= '1' && next <= '9') {
      throw notSupported('a back reference in a regular expression');
    }
    const outside = escapedClass(next);
    const { text, length } = outside ?? this.#characterEscape(next);
    this.#result += text;
    this.#at += length;
    this.#atom = true;
  }

  /** An escape that stands for a character, or for a class inside of brackets. */
  #characterEscape(next: string): Escape {
    const inside = escapedClasses.get(next);
    if (inside !== undefined) return { text: inside, length: 2 };
    const control = controls.get(next);
    if (control !== undefined) return { text: control, length: 2 };
    const rest = this.#pattern.slice(this.#at);
    const code =
      /^\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]+)|(0[0-7]{0,2})|c(.))/su.exec(rest);
    if (code !== null) {
      const [all, u, long, x, octal, letter] = code;
      const value =
        octal !== undefined
          ? parseInt(octal, 8)
          : letter !== undefined
            ? (letter.codePointAt(0) ?? 0) & 31
            : parseInt((u ?? long ?? x)!.slice(-8), 16);
      return { text: `\\x{${value.toString(16)}}`, length: all.length };
    }
    if (/[A-Za-z0-9]/.test(next)) throw invalidRegex('invalid escape \\ sequence');
    const whole = String.fromCodePoint(this.#pattern.codePointAt(this.#at + 1)!);
    return {
      text: /[\w\s]/.test(whole) || whole > '~' ? whole : `\\${whole}`,
      length: 1 + whole.length,
    };
  }

  #bracket(): void {
    if (/^\[\[:[<>]:\]\]/.test(this.#pattern.slice(this.#at))) {
      throw notSupported('a word constraint in a regular expression', {
        hint: 'Use \\y, which matches at the beginning or end of a word.',
      });
    }
    this.#at++;
    let set = '[';
    if (this.#pattern[this.#at] === '^') {
      set += this.#flags.newlineStop ? '^\\n' : '^';
      this.#at++;
    }
    for (let first = true; ; first = false) {
      const character = this.#pattern[this.#at];
      if (character === undefined) throw invalidRegex('brackets [] not balanced');
      if (character === ']' && !first) break;
      set += this.#bracketItem(character);
    }
    this.#put(`${set}]`, true);
  }

  #bracketItem(character: string): string {
    if (character === '[') return this.#bracketClass();
    if (character === '\\') {
      const next = this.#pattern[this.#at + 1];
      if (next === undefined) throw invalidRegex('invalid escape \\ sequence');
      const { text, length } = this.#characterEscape(next);
      this.#at += length;
      return text;
    }
    const whole = String.fromCodePoint(this.#pattern.codePointAt(this.#at)!);
    this.#at += whole.length;
    return whole === ']' || whole === '^' || whole === '&' || whole === '~' ? `\\${whole}` : whole;
  }

  #bracketClass(): string {
    const match = /^\[([:.=])(.*?)\1\]/s.exec(this.#pattern.slice(this.#at));
    if (match === null) {
      this.#at++;
      return '\\[';
    }
    const [all, kind, name] = match;
    this.#at += all.length;
    if (kind === ':') {
      const inside = namedClasses.get(name!);
      if (inside === undefined) throw invalidRegex('invalid character class');
      return inside;
    }
    if ([...name!].length !== 1) throw invalidRegex('invalid collating element');
    return /[\w\s]/.test(name!) ? name! : `\\${name}`;
  }
}

/** What an escape becomes, and how many characters of the pattern it was. */
interface Escape {
  readonly text: string;
  readonly length: number;
}

/** `\d` and its like outside of brackets; null for other escapes. */
function escapedClass(letter: string): Escape | null {
  if (!escapedClasses.has(letter)) return null;
  const small = letter.toLowerCase();
  const inside = escapedClasses.get(small)!;
  return { text: letter === small ? `[${inside}]` : `[^${inside}]`, length: 2 };
}

const constraints = new Map([
  ['A', '\\A'],
  ['Z', '\\z'],
  ['y', '\\b'],
  ['Y', '\\B'],
]);

const controls = new Map([
  ['a', '\\x07'],
  ['b', '\\x08'],
  ['B', '\\\\'],
  ['e', '\\x1b'],
  ['f', '\\f'],
  ['n', '\\n'],
  ['r', '\\r'],
  ['t', '\\t'],
  ['v', '\\v'],
]);
