/** Numeric templates of to_char and to_number in pieces: fields, quoted text, single characters. */

const token = /"(?:[^"\\]|\\.)*"?|FM|EEEE|PR|MI|PL|SG|RN|TH|[09.,DGSLVBC]|[^]/giu;

export function numericTokens(template: string): readonly string[] {
  return [...template.matchAll(token)].map(([whole]) => whole);
}

export function isScientific(tokens: readonly string[]): boolean {
  return tokens.some((each) => each.toUpperCase() === 'EEEE');
}

/** The characters that a piece of literal text stands for. */
export function unquoted(piece: string): string {
  return piece.startsWith('"') ? piece.replace(/^"|"$/g, '').replace(/\\(.)/gu, '$1') : piece;
}
