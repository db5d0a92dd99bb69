/**
 * Tells `( query )` from `( expression )` where both may stand, by looking ahead: the parser never goes
 * back.
 */

import type { Query } from './ast.ts';
import { tokenType } from './lexer.ts';
import type { TokenCursor } from './token-cursor.ts';

/**
 * `( query )` where an expression list in parentheses may stand as well: null, with nothing taken, when it
 * is not a query. `((SELECT 1))` is one, `((SELECT 1) + 1)` and `((SELECT 1), 2)` are not.
 */
export function parseQueryOperand(c: TokenCursor): Query | null {
  if (!holdsQuery(c)) return null;
  c.expectSymbol('(');
  const query = c.grammar.query(c);
  c.expectSymbol(')');
  return query;
}

/** At `(`: whether what it opens is a query. */
export function holdsQuery(c: TokenCursor): boolean {
  return c.parenthesesHoldQuery() && (!c.isSymbolAt(1, '(') || innerIsQuery(c));
}

/** At `((`: whether the parenthesis that closes the second one is followed by more of a query. */
function innerIsQuery(c: TokenCursor): boolean {
  let depth = 0;
  for (let ahead = 1; ; ahead++) {
    const token = c.peek(ahead);
    if (token.type === tokenType.end || token.type === tokenType.bad) return true;
    if (token.type === tokenType.symbol) {
      if (token.text === '(') depth++;
      else if (token.text === ')' && --depth === 0) {
        const next = c.peek(ahead + 1);
        return isQueryTail(next.type === tokenType.word ? next.text : next.text === ')' ? ')' : '');
      }
    }
  }
}

const queryTails = new Set([
  ')',
  'union',
  'intersect',
  'except',
  'order',
  'limit',
  'offset',
  'fetch',
  'for',
]);

/** Whether a parenthesised query followed by this word or symbol goes on as a query. */
function isQueryTail(text: string): boolean {
  return queryTails.has(text);
}
