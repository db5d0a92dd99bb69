/**
 * SQL text → trees. The doors of this folder: `parseStatements` for what a client sends, and
 * `parseExpression`, `parseQuery` for SQL that the catalog keeps. Every error is a `SqlError` in PostgreSQL's
 * words, with its position. Nesting, chains and the text's size are bounded here.
 */

import type { Expression, Query, Statement } from './ast.ts';
import { SqlError, sqlstate } from '../base/errors.ts';
import { parseAlter } from './alter.ts';
import {
  parseDelete,
  parseInsert,
  parseMerge,
  parseStatementSet,
  parseTruncate,
  parseUpdate,
} from './change.ts';
import { parseCopy } from './copy.ts';
import { parseComment, parseCreate, parseDrop, parseRefresh } from './define.ts';
import { parseExpression as expression, parseRestricted, parseSortItems } from './expression.ts';
import { parseGeneric } from './generic.ts';
import { tokenize, tokenType } from './lexer.ts';
import { parseOperand, place } from './operand.ts';
import { parseQuery as query, parseQueryAfterWith, parseWith } from './query.ts';
import {
  parseCheckView,
  parseClose,
  parseDeallocate,
  parseDeclare,
  parseDescribe,
  parseDiscard,
  parseExecute,
  parseExplain,
  parseFetch,
  parseListen,
  parseLock,
  parseMaintenance,
  parseNotify,
  parsePrepare,
  parseReset,
  parseSet,
  parseShow,
  parseSubscribe,
} from './session.ts';
import { nestingMax, tooComplex, TokenCursor, type Grammar } from './token-cursor.ts';
import { parseTransaction } from './transaction.ts';
import { parseTypeName } from './type-name.ts';
import type { TypeName } from './ast.ts';

/** Longest text taken, in UTF-16 units. Rows beyond that are for COPY. */
export const sourceLengthMax = 16 * 1024 * 1024;

/** All statements of `source`, which semicolons part. Empty ones leave nothing. */
export function parseStatements(source: string): Statement[] {
  const c = open(source);
  const statements: Statement[] = [];
  for (;;) {
    while (c.acceptSymbol(';'));
    if (c.atEnd) break;
    statements.push(parseOne(c));
    if (!c.atEnd && !c.isSymbol(';')) throw c.syntaxError();
  }
  return bounded(c, statements);
}

/** The only statement of `source`. */
export function parseStatement(source: string): Statement {
  const c = open(source);
  while (c.acceptSymbol(';'));
  const statement = parseOne(c);
  while (c.acceptSymbol(';'));
  return bounded(c, ended(c, statement));
}

/** An expression alone, as the catalog keeps defaults, checks and computed columns. */
export function parseExpression(source: string): Expression {
  const c = open(source);
  return bounded(c, ended(c, expression(c)));
}

/** A query alone, as the catalog keeps views. */
export function parseQuery(source: string): Query {
  const c = open(source);
  const tree = query(c);
  while (c.acceptSymbol(';'));
  return bounded(c, ended(c, tree));
}

/** A type's name alone: `numeric(10, 2)`, `ROW<a INT>`. */
export function parseType(source: string): TypeName {
  const c = open(source);
  return bounded(c, ended(c, parseTypeName(c)));
}

function open(source: string): TokenCursor {
  if (source.length > sourceLengthMax) {
    throw new SqlError(
      sqlstate.programLimitExceeded,
      `statement text of ${source.length} characters is too long`,
      { hint: `The limit is ${sourceLengthMax} characters. Use COPY to load many rows.` },
    );
  }
  return new TokenCursor(source, tokenize(source), grammar);
}

function ended<T>(c: TokenCursor, tree: T): T {
  if (!c.atEnd) throw c.syntaxError();
  return tree;
}

const grammar: Grammar = {
  expression,
  restricted: parseRestricted,
  operand: (c) => parseOperand(c, place.any),
  sortItems: parseSortItems,
  query,
  queryOrChange: (c) => c.nested(() => parseQueryOrChange(c)),
  subscribe: parseSubscribe,
  statement: (c) => c.nested(() => parseOne(c)),
};

function parseQueryOrChange(c: TokenCursor): ReturnType<Grammar['queryOrChange']> {
  const withClause = c.isWord('with') ? parseWith(c) : null;
  switch (c.token.type === tokenType.word ? c.token.text : '') {
    case 'insert':
      return parseInsert(c, withClause);
    case 'update':
      return parseUpdate(c, withClause);
    case 'delete':
      return parseDelete(c, withClause);
    case 'merge':
      return parseMerge(c, withClause);
    default:
      return parseQueryAfterWith(c, withClause);
  }
}

/** One statement: its first word says which. */
function parseOne(c: TokenCursor): Statement {
  if (c.token.type !== tokenType.word) {
    if (c.isSymbol('(')) return query(c);
    throw c.syntaxError();
  }
  switch (c.token.text) {
    case 'select':
    case 'values':
    case 'table':
      return query(c);
    case 'with':
    case 'insert':
    case 'update':
    case 'delete':
    case 'merge':
      return parseQueryOrChange(c);
    case 'create':
      return parseCreate(c);
    case 'alter':
      return parseAlter(c);
    case 'drop':
      return parseDrop(c);
    case 'truncate':
      return parseTruncate(c);
    case 'comment':
      return parseComment(c);
    case 'refresh':
      return parseRefresh(c);
    case 'copy':
      return parseCopy(c);
    default:
      return parseSessionStatement(c);
  }
}

function parseSessionStatement(c: TokenCursor): Statement {
  const start = c.token.start;
  switch (c.token.text) {
    case 'begin':
      if (!c.acceptWords('begin', 'statement', 'set')) return parseTransaction(c);
      return parseStatementSet(c, start);
    case 'start':
    case 'commit':
    case 'end':
    case 'rollback':
    case 'abort':
    case 'savepoint':
    case 'release':
      return parseTransaction(c);
    case 'set':
      return c.isWordAt(1, 'constraints') ? parseGeneric(c) : parseSet(c);
    case 'reset':
      return parseReset(c);
    case 'show':
      return parseShow(c);
    case 'describe':
    case 'desc':
      return parseDescribe(c);
    case 'discard':
      return parseDiscard(c);
    case 'prepare':
      return c.isWordAt(1, 'transaction') ? parseTransaction(c) : parsePrepare(c);
    case 'execute':
      if (c.acceptWords('execute', 'statement', 'set')) return parseStatementSet(c, start);
      return parseExecute(c);
    case 'deallocate':
      return parseDeallocate(c);
    case 'declare':
      return parseDeclare(c);
    case 'fetch':
    case 'move':
      return parseFetch(c);
    case 'close':
      return parseClose(c);
    case 'subscribe':
      return parseSubscribe(c);
    case 'listen':
    case 'unlisten':
      return parseListen(c);
    case 'notify':
      return parseNotify(c);
    case 'explain':
      return parseExplain(c);
    case 'check':
      return parseCheckView(c);
    case 'analyze':
    case 'analyse':
    case 'vacuum':
    case 'checkpoint':
    case 'flush':
    case 'reindex':
    case 'cluster':
      return parseMaintenance(c);
    case 'lock':
      return parseLock(c);
    case 'grant':
    case 'revoke':
    case 'do':
    case 'call':
    case 'load':
    case 'use':
    case 'import':
    case 'reassign':
    case 'security':
      return parseGeneric(c);
    default:
      throw c.syntaxError();
  }
}

// ───────────────────────────────────────────────────────────────────────── depth

/**
 * Recursion while parsing is bounded by the cursor; but `1 + 1 + …` makes a deep tree in a loop, on which
 * later phases would recurse. Only statements with many such links are measured, without recursion.
 */
function bounded<T extends object>(c: TokenCursor, tree: T): T {
  if (c.chainLinks < nestingMax) return tree;
  const stack: { readonly node: object; readonly depth: number }[] = [{ node: tree, depth: 0 }];
  for (let entry = stack.pop(); entry !== undefined; entry = stack.pop()) {
    const depth = Array.isArray(entry.node) ? entry.depth : entry.depth + 1;
    if (depth > 2 * nestingMax) throw tooComplex(positionOf(entry.node));
    for (const child of Object.values(entry.node) as unknown[]) {
      if (typeof child === 'object' && child !== null) stack.push({ node: child, depth });
    }
  }
  return tree;
}

function positionOf(node: object): number {
  const span = 'span' in node ? (node.span as { readonly start: number }) : null;
  return span?.start ?? 0;
}
