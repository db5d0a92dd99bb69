/**
 * BEGIN, COMMIT, ROLLBACK, savepoints and two-phase commit, with their modes.
 */

import type { Identifier, TransactionModes, TransactionStatement } from './ast.ts';
import { tokenType } from './lexer.ts';
import type { TokenCursor } from './token-cursor.ts';

const noModes: TransactionModes = { isolation: null, readOnly: null, deferrable: null };

/** BEGIN, START, COMMIT, END, ROLLBACK, ABORT, SAVEPOINT, RELEASE, PREPARE TRANSACTION. */
export function parseTransaction(c: TokenCursor): TransactionStatement {
  const start = c.token.start;
  const word = c.take().text;
  switch (word) {
    case 'begin':
    case 'start':
      if (word === 'start') c.expectWord('transaction');
      else skipNoise(c);
      return finish(c, start, 'begin', { modes: parseTransactionModes(c, false) });
    case 'commit':
    case 'end':
      if (word === 'commit' && c.acceptWord('prepared')) {
        return finish(c, start, 'commit-prepared', { transactionId: c.string() });
      }
      skipNoise(c);
      return finish(c, start, 'commit', { chain: parseChain(c) });
    case 'rollback':
    case 'abort':
      return parseRollback(c, start, word);
    case 'savepoint':
      return finish(c, start, 'savepoint', { savepoint: c.name() });
    case 'release':
      skipSavepoint(c);
      return finish(c, start, 'release', { savepoint: c.name() });
    default:
      c.expectWord('transaction');
      return finish(c, start, 'prepare', { transactionId: c.string() });
  }
}

function parseRollback(c: TokenCursor, start: number, word: string): TransactionStatement {
  if (word === 'rollback' && c.acceptWord('prepared')) {
    return finish(c, start, 'rollback-prepared', { transactionId: c.string() });
  }
  skipNoise(c);
  if (word === 'rollback' && c.acceptWord('to')) {
    skipSavepoint(c);
    return finish(c, start, 'rollback-to', { savepoint: c.name() });
  }
  return finish(c, start, 'rollback', { chain: parseChain(c) });
}

/** The word may also be the savepoint's name. */
function skipSavepoint(c: TokenCursor): void {
  if (c.isName(1)) c.acceptWord('savepoint');
}

function skipNoise(c: TokenCursor): void {
  if (!c.acceptWord('work')) c.acceptWord('transaction');
}

function parseChain(c: TokenCursor): boolean {
  if (!c.acceptWord('and')) return false;
  const chain = !c.acceptWord('no');
  c.expectWord('chain');
  return chain;
}

interface Details {
  readonly modes?: TransactionModes;
  readonly savepoint?: Identifier;
  readonly transactionId?: string;
  readonly chain?: boolean;
}

function finish(
  c: TokenCursor,
  start: number,
  action: TransactionStatement['action'],
  details: Details,
): TransactionStatement {
  return {
    kind: 'transaction',
    action,
    modes: details.modes ?? noModes,
    savepoint: details.savepoint ?? null,
    transactionId: details.transactionId ?? null,
    chain: details.chain ?? false,
    span: c.spanFrom(start),
  };
}

/** `ISOLATION LEVEL x, READ ONLY, NOT DEFERRABLE`; commas may be missing. */
export function parseTransactionModes(c: TokenCursor, needed: boolean): TransactionModes {
  let { isolation, readOnly, deferrable } = noModes;
  for (let first = true; ; first = false) {
    const comma = !first && c.acceptSymbol(',');
    if (c.isWord('isolation')) isolation = parseIsolation(c);
    else if (c.acceptWord('read')) {
      readOnly = c.acceptWord('only');
      if (!readOnly) c.expectWord('write');
    } else if (c.acceptWord('deferrable')) deferrable = true;
    else if (c.isWord('not')) {
      c.take();
      c.expectWord('deferrable');
      deferrable = false;
    } else {
      if (comma || (first && needed)) throw c.syntaxError();
      return { isolation, readOnly, deferrable };
    }
  }
}

function parseIsolation(c: TokenCursor): TransactionModes['isolation'] {
  c.take();
  c.expectWord('level');
  if (c.acceptWord('serializable')) return 'serializable';
  if (c.acceptWord('repeatable')) {
    c.expectWord('read');
    return 'repeatable read';
  }
  if (!c.isType(tokenType.word)) throw c.syntaxError();
  c.expectWord('read');
  if (c.acceptWord('committed')) return 'read committed';
  c.expectWord('uncommitted');
  return 'read uncommitted';
}
