/** Composite literals: '(1,"a b",)'. Fields come and go as text; NULL is the empty unquoted field. */

import { SqlError, sqlstate } from '../base/errors.ts';

const mustQuote = /^$|["\\(),\s]/;

export function formatRecord(fields: readonly (string | null)[]): string {
  const parts = fields.map((field) => {
    if (field === null) return '';
    return mustQuote.test(field) ? `"${field.replace(/["\\]/g, '$&$&')}"` : field;
  });
  return `(${parts.join(',')})`;
}

/** The texts of `count` fields. */
export function parseRecord(text: string, count: number): (string | null)[] {
  const fields: (string | null)[] = [];
  let at = text.search(/\S|$/);
  if (text[at] !== '(') throw malformed(text, 'Missing left parenthesis.');
  at++;
  for (let index = 0; index < count; index++) {
    if (index > 0) {
      if (text[at] !== ',') throw malformed(text, 'Too few columns.');
      at++;
    }
    const field = readField(text, at);
    fields.push(field.value);
    at = field.end;
  }
  if (count === 0) at = text.indexOf(')', at);
  if (text[at] === ',') throw malformed(text, 'Too many columns.');
  at++;
  if (text.slice(at).trim() !== '') throw malformed(text, 'Junk after right parenthesis.');
  return fields;
}

function readField(text: string, start: number): { value: string | null; end: number } {
  let at = start;
  if (text[at] === ',' || text[at] === ')') return { value: null, end: at };
  let value = '';
  let quoted = false;
  for (;;) {
    const character = text[at];
    if (character === undefined) throw malformed(text, 'Unexpected end of input.');
    if (!quoted && (character === ',' || character === ')')) return { value, end: at };
    at++;
    if (character === '\\') {
      const next = text[at++];
      if (next === undefined) throw malformed(text, 'Unexpected end of input.');
      value += next;
    } else if (character !== '"') {
      value += character;
    } else if (quoted && text[at] === '"') {
      value += '"';
      at++;
    } else {
      quoted = !quoted;
    }
  }
}

function malformed(text: string, detail: string): SqlError {
  return new SqlError(sqlstate.invalidTextRepresentation, `malformed record literal: "${text}"`, {
    detail,
  });
}
