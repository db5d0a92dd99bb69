/**
 * Splits date, time and interval text into fields as PostgreSQL does; what a field means is decided by
 * the parsers. Words come in lower case.
 *
 *   number   12  20240101  1.5
 *   date     2024-01-02  01/02/2024  02-Jan-2024  america/new_york
 *   time     10:00  10:00:00.5
 *   zone     +01  -05:30  -1.5        a sign and digits
 *   word     monday  t  pm  utc
 *   special  -infinity                a sign and letters
 */

import { monthNumber } from './datetime-words.ts';
import { timeUnit } from './time-units.ts';

export interface DateTimeToken {
  readonly kind: 'number' | 'date' | 'time' | 'zone' | 'word' | 'special';
  readonly text: string;
}

const timePattern = /[0-9]+:[0-9:.]*/y;
/** Two or three numbers parted by one and the same separator. */
const numericDatePattern = /[0-9]+([-/.])[0-9]+(?:\1[0-9]*(?:\1|[0-9])*)?/y;
/** A number, a separator and a word: 02-Jan-2024. */
const namedDatePattern = /[0-9]+([-/.])[A-Za-z0-9]*(?:\1[A-Za-z0-9]*)*/y;
const numberPattern = /[0-9]+|\.[0-9]+/y;
const wordPattern = /[A-Za-z\u0080-\uffff]+/y;
/** A month first (Jan-02-2024) or a zone's name. */
const zoneNamePattern = /[-+/_.:A-Za-z0-9]*/y;
const signedNumberPattern = /[-+]\s*([0-9][0-9:.-]*)/y;
const signedWordPattern = /[-+]\s*([A-Za-z]+)/y;

/** The fields of a text; null when a character has no place in any. */
export function tokenizeDateTime(text: string): DateTimeToken[] | null {
  const tokens: DateTimeToken[] = [];
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };
  while (at < text.length) {
    const character = text[at]!;
    if (/\s/.test(character)) {
      at++;
      continue;
    }
    const token = readToken(character, match);
    if (token === null) {
      // Other punctuation is passed over.
      if (!/[!-/:-@[-`{-~]/.test(character)) return null;
      at++;
      continue;
    }
    at += token.length;
    tokens.push({ kind: token.kind, text: token.text.toLowerCase() });
    if (tokens.length > fieldsMax) return null;
  }
  return tokens;
}

const fieldsMax = 25;

interface RawToken {
  readonly kind: DateTimeToken['kind'];
  readonly text: string;
  readonly length: number;
}

type Match = (pattern: RegExp) => RegExpExecArray | null;

function readToken(character: string, match: Match): RawToken | null {
  if (/[0-9]/.test(character)) return readNumber(match);
  if (character === '.') return whole('number', match(numberPattern));
  if (/[A-Za-z\u0080-\uffff]/.test(character)) return readWord(match);
  if (character === '+' || character === '-') {
    const number = match(signedNumberPattern);
    if (number !== null) {
      return { kind: 'zone', text: character + number[1]!, length: number[0].length };
    }
    const word = match(signedWordPattern);
    if (word === null) return null;
    return { kind: 'special', text: character + word[1]!, length: word[0].length };
  }
  return null;
}

function readNumber(match: Match): RawToken | null {
  const time = match(timePattern);
  if (time !== null) return whole('time', time);
  const date = match(numericDatePattern);
  if (date !== null) {
    const isDecimal = date[1] === '.' && date[0].split('.').length === 2;
    return whole(isDecimal ? 'number' : 'date', date);
  }
  const named = match(namedDatePattern);
  if (named !== null) return whole('date', named);
  return whole('number', match(numberPattern));
}

function readWord(match: Match): RawToken | null {
  const word = match(wordPattern);
  if (word === null) return null;
  const longer = match(zoneNamePattern);
  const next = longer?.[0][word[0].length];
  if (longer === null || next === undefined || next === '_' || next === ':') {
    return whole('word', word);
  }
  const isKnown = isDateTimeWord(word[0].toLowerCase());
  const joins = next === '-' || next === '/' || next === '.';
  // 't10' and 'j2451187' are words with a number after them; 'est5edt' is one name.
  return joins || !isKnown ? whole('date', longer) : whole('word', word);
}

function isDateTimeWord(word: string): boolean {
  return (
    monthNumber(word) !== null ||
    timeUnit(word) !== null ||
    /^(?:t|j|jd|julian|am|pm|ad|bc)$/.test(word)
  );
}

function whole(kind: DateTimeToken['kind'], found: RegExpExecArray | null): RawToken | null {
  return found === null ? null : { kind, text: found[0], length: found[0].length };
}
