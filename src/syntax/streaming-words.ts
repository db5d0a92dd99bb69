/**
 * Words of the streaming dialects where PostgreSQL would read a name: looking ahead tells which it is, so
 * that no PostgreSQL statement changes its meaning.
 */

import { tokenType } from './lexer.ts';
import type { TokenCursor } from './token-cursor.ts';

/** Whether `EMIT CHANGES`, `EMIT FINAL` or `EMIT ON WINDOW CLOSE` stands here, and not a name. */
export function isEmit(c: TokenCursor): boolean {
  if (!c.isWord('emit')) return false;
  return (
    c.isWordAt(1, 'changes') ||
    c.isWordAt(1, 'final') ||
    (c.isWordAt(1, 'on') && c.isWordAt(2, 'window'))
  );
}

/** `AS OF` before a time, where PostgreSQL would have an error behind the label `of`. */
export function isAsOf(c: TokenCursor): boolean {
  if (!c.areWords('as', 'of')) return false;
  const next = c.peek(2);
  if (next.type === tokenType.symbol || next.type >= tokenType.end) return false;
  if (next.type !== tokenType.word) return true;
  return next.keyword === null || next.keyword.class === 'unreserved' || next.text === 'cast';
}
