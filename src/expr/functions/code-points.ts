/**
 * Strings as SQL counts them: in characters (code points), where JavaScript counts UTF-16 units. Most
 * strings have none beyond the basic plane, and then the two agree and nothing is copied.
 */

const surrogate = /[\ud800-\udfff]/;

/** True when characters and UTF-16 units are the same thing in `text`. */
function isPlain(text: string): boolean {
  return !surrogate.test(text);
}

export function characterCount(text: string): number {
  return isPlain(text) ? text.length : [...text].length;
}

/** The characters from index `start` (0-based) up to `end`; both are within bounds or clamped. */
export function sliceCharacters(text: string, start: number, end = Infinity): string {
  const from = Math.max(0, start);
  if (end <= from) return '';
  if (isPlain(text)) return text.slice(from, end);
  return [...text].slice(from, end).join('');
}

/** The 0-based character index of a UTF-16 offset. */
export function characterIndex(text: string, offset: number): number {
  return characterCount(text.slice(0, offset));
}

/** The UTF-16 offset of a 0-based character index. */
export function unitOffset(text: string, index: number): number {
  if (isPlain(text)) return Math.min(index, text.length);
  return [...text].slice(0, index).join('').length;
}

export function reverseCharacters(text: string): string {
  return [...text].reverse().join('');
}
