/** SIMILAR TO: SQL's own pattern language, rewritten as a regular expression. */

import { notSupported, SqlError, sqlstate } from '../../base/errors.ts';

/** The regular expression that matches exactly what `pattern` does; it is anchored at both ends. */
export function similarToRegex(pattern: string, escape: string): string {
  if ([...escape].length > 1) {
    throw new SqlError(sqlstate.invalidEscapeSequence, 'invalid escape string', {
      hint: 'Escape string must be empty or one character.',
    });
  }
  let result = '^(?:';
  let bracket = false;
  let escaped = false;
  for (const character of pattern) {
    if (escaped) {
      result += /[A-Za-z0-9_]/.test(character) && !bracket ? character : `\\${character}`;
      escaped = false;
    } else if (character === escape) {
      escaped = true;
    } else if (bracket) {
      if (character === ']') bracket = false;
      result += character === '\\' ? '\\\\' : character;
    } else {
      if (character === '[') bracket = true;
      result += translated.get(character) ?? character;
    }
  }
  return `${result})$`;
}

const translated = new Map([
  ['%', '.*'],
  ['_', '.'],
  ['(', '(?:'],
  ['\\', '\\\\'],
  ['.', '\\.'],
  ['^', '\\^'],
  ['$', '\\$'],
]);

/** For SUBSTRING … SIMILAR: as above; 0A000 for a pattern that marks a part by the escape and a double quote. */
export function similarPart(pattern: string, escape: string): string {
  if (escape !== '' && pattern.includes(`${escape}"`)) {
    throw notSupported('SUBSTRING of a marked part of a SIMILAR pattern', {
      hint: 'Use substring(text FROM regular expression) with parentheses around the part.',
    });
  }
  return similarToRegex(pattern, escape);
}
