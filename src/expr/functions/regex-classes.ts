/**
 * Character classes of regular expressions as PostgreSQL has them in a UTF-8 locale: letters, marks of writing
 * and spaces of all scripts, digits of ASCII alone. RE2's own \w, \s and [[:alpha:]] know ASCII only. Each is
 * given as it stands within brackets.
 */

const letters = '\\p{L}\\p{Nl}';
const alnum = `${letters}\\p{Nd}`;
/** White space without the spaces that do not break. */
const wide = '\\x{1680}\\x{2000}-\\x{2006}\\x{2008}-\\x{200a}\\x{205f}\\x{3000}';
const lines = '\\x{2028}\\x{2029}';
const visible = '\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}';

/** `[[:name:]]` → the inside of brackets. */
export const namedClasses: ReadonlyMap<string, string> = new Map([
  ['alpha', letters],
  ['upper', '\\p{Lu}'],
  ['lower', '\\p{Ll}\\x{aa}\\x{ba}'],
  ['digit', '0-9'],
  ['xdigit', '0-9A-Fa-f'],
  ['alnum', alnum],
  ['word', `${alnum}_`],
  ['punct', '\\p{P}\\p{S}'],
  ['graph', visible],
  ['print', `${visible}\\p{Zs}`],
  ['space', `\\t-\\r ${wide}${lines}`],
  ['blank', `\\t ${wide}`],
  ['cntrl', `\\p{Cc}${lines}`],
]);

const notSpace =
  '\\x{0}-\\x{8}\\x{e}-\\x{1f}!-\\x{167f}\\x{1681}-\\x{1fff}\\x{2007}\\x{200b}-\\x{2027}' +
  '\\x{202a}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{10ffff}';

/** All punctuation but the underscore, which is a character of words. */
const notUnderscore =
  '\\p{Pd}\\p{Ps}\\p{Pe}\\p{Pi}\\p{Pf}\\p{Po}' +
  '\\x{203f}\\x{2040}\\x{2054}\\x{fe33}\\x{fe34}\\x{fe4d}-\\x{fe4f}\\x{ff3f}';

/** `\d` and its like → the inside of brackets. */
export const escapedClasses: ReadonlyMap<string, string> = new Map([
  ['d', '0-9'],
  ['D', '\\x{0}-/:-\\x{10ffff}'],
  ['s', namedClasses.get('space')!],
  ['S', notSpace],
  ['w', namedClasses.get('word')!],
  ['W', `\\p{M}\\p{No}\\p{S}\\p{Z}\\p{C}${notUnderscore}`],
]);
