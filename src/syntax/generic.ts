/**
 * Statements that are recognised but have no tree of their own (GRANT, DO, CREATE FUNCTION…): their words
 * up to the semicolon, with balanced parentheses, and the command tag by which the session answers them.
 */

import type { GenericStatement, QualifiedName } from './ast.ts';
import { tokenType } from './lexer.ts';
import type { TokenCursor } from './token-cursor.ts';

/** Tags of two or three words, by their first word; the longest one that fits is taken. */
const longTags: ReadonlyMap<string, readonly string[]> = new Map([
  [
    'create',
    ['access method', 'aggregate', 'cast', 'collation', 'conversion', 'database', 'domain'].concat(
      ['event trigger', 'extension', 'foreign data wrapper', 'foreign table', 'function', 'group'],
      ['language', 'operator class', 'operator family', 'operator', 'policy', 'procedure'],
      ['publication', 'role', 'rule', 'server', 'statistics', 'subscription', 'tablespace'],
      ['text search configuration', 'text search dictionary', 'text search parser'],
      [
        'text search template',
        'transform',
        'trigger',
        'user mapping',
        'user',
        'catalog',
        'cluster',
      ],
    ),
  ],
  [
    'alter',
    ['aggregate', 'collation', 'conversion', 'database', 'default privileges', 'domain'].concat(
      ['event trigger', 'extension', 'foreign data wrapper', 'foreign table', 'function', 'group'],
      ['language', 'large object', 'operator class', 'operator family', 'operator', 'policy'],
      ['procedure', 'publication', 'role', 'routine', 'rule', 'server', 'statistics', 'system'],
      ['subscription', 'tablespace', 'text search', 'trigger', 'type', 'user mapping', 'user'],
      ['connection', 'secret', 'cluster', 'catalog'],
    ),
  ],
  [
    'drop',
    ['access method', 'aggregate', 'cast', 'conversion', 'event trigger', 'operator'].concat(
      ['foreign data wrapper', 'foreign table', 'function', 'group', 'language', 'operator class'],
      ['operator family', 'owned', 'policy', 'procedure', 'publication', 'routine', 'rule'],
      ['server', 'statistics', 'subscription', 'tablespace', 'text search', 'transform', 'trigger'],
      ['user mapping', 'cluster'],
    ),
  ],
  ['import', ['foreign schema']],
  ['reassign', ['owned']],
  ['security', ['label']],
  ['set', ['constraints']],
  ['comment', ['on']],
]);

const shortTags = new Set([
  'grant',
  'revoke',
  'do',
  'call',
  'load',
  'use',
  'cancel',
  'kill',
  'reload',
]);

/** Stands at the first word. */
export function parseGeneric(c: TokenCursor): GenericStatement {
  const start = c.token.start;
  const first = c.token.text;
  const ahead = first === 'create' && c.isWordAt(1, 'or') && c.isWordAt(2, 'replace') ? 3 : 1;
  const tag = shortTags.has(first) ? '' : longestTag(c, first, ahead);
  if (tag === null) throw c.syntaxError(c.peek(ahead));
  c.skip(tag === '' ? 1 : ahead + tag.split(' ').length);
  const conditional = c.ifNotExists() || c.acceptWords('if', 'exists');
  const named = tag !== '' && tag !== 'on' && c.isName() && !c.isType(tokenType.end);
  const name: QualifiedName | null = named ? c.qualifiedName() : null;
  skipBody(c);
  const text = c.source.slice(start, c.lastEnd);
  const words = tag === 'on' ? first : `${first} ${tag}`;
  const command = words.trim().toUpperCase();
  return { kind: 'generic', command, conditional, name, text, span: c.spanFrom(start) };
}

function longestTag(c: TokenCursor, first: string, ahead: number): string | null {
  let best: string | null = null;
  for (const tag of longTags.get(first) ?? []) {
    const fits = tag.split(' ').every((word, index) => c.isWordAt(ahead + index, word));
    if (fits && (best === null || tag.length > best.length)) best = tag;
  }
  return best;
}

/** Everything up to the semicolon or the end; parentheses must balance. */
function skipBody(c: TokenCursor): void {
  let depth = 0;
  while (!c.atEnd && !(depth === 0 && c.isSymbol(';'))) {
    if (c.isSymbol('(')) depth++;
    else if (c.isSymbol(')') && --depth < 0) throw c.syntaxError();
    c.take();
  }
  if (depth > 0) throw c.syntaxError();
}
