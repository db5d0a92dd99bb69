/**
 * Expressions: precedence climbing over the ladder in grammar/precedence.list. Operators here, operands in
 * operand.ts. The result is PostgreSQL's own tree, except that AND and OR keep lists as its parser does.
 */

import { notSupported } from '../base/errors.ts';
import type { Expression, OperatorName, SortItem, Span } from './ast.ts';
import { tokenType } from './lexer.ts';
import { parseOperand, place } from './operand.ts';
import { parseQueryOperand } from './query-operand.ts';
import { levels, nonAssociative } from './tables.ts';
import { endsSelectItem, parseTypeName } from './type-name.ts';
import type { TokenCursor } from './token-cursor.ts';

export function parseExpression(c: TokenCursor): Expression {
  return climb(c, 1, place.any);
}

/** An item of a select list: the words that are operators may be its label. */
export function parseItemExpression(c: TokenCursor): Expression {
  return climb(c, 1, place.labels);
}

export function parseRestricted(c: TokenCursor): Expression {
  return climb(c, 1, place.restricted);
}

/** `expr [ASC | DESC | USING op] [NULLS FIRST | LAST], …` */
export function parseSortItems(c: TokenCursor): SortItem[] {
  return c.list(() => {
    const expression = parseExpression(c);
    const using = c.acceptWord('using') ? parseOperatorName(c) : null;
    const direction =
      using !== null ? null : c.acceptWord('asc') ? 'asc' : c.acceptWord('desc') ? 'desc' : null;
    const nulls = parseNullsOrder(c);
    return { expression, direction, using, nulls, span: c.spanFrom(expression.span.start) };
  });
}

export function parseNullsOrder(c: TokenCursor): 'first' | 'last' | null {
  if (!c.isWord('nulls') || !(c.isWordAt(1, 'first') || c.isWordAt(1, 'last'))) return null;
  c.take();
  return c.take().text === 'first' ? 'first' : 'last';
}

/** An operator symbol, or `OPERATOR(schema.symbol)`. */
export function parseOperatorName(c: TokenCursor): OperatorName {
  const start = c.token.start;
  if (!c.isWord('operator')) {
    const symbol = operatorSymbol(c);
    return { symbol, schema: [], explicit: false, span: c.spanFrom(start) };
  }
  c.take();
  c.expectSymbol('(');
  const schema = [];
  while (c.isName()) {
    schema.push(c.name());
    c.expectSymbol('.');
  }
  const symbol = operatorSymbol(c);
  c.expectSymbol(')');
  return { symbol, schema, explicit: true, span: c.spanFrom(start) };
}

function operatorSymbol(c: TokenCursor): string {
  const { type, text, level } = c.token;
  const named = type === tokenType.symbol && level > 0 && level <= levels.power;
  if (!named && type !== tokenType.operator) throw c.syntaxError();
  c.take();
  return text;
}

// ───────────────────────────────────────────────────────────────────────── climbing

/** An expression all of whose operators outside parentheses are at `min` or tighter. */
function climb(c: TokenCursor, min: number, mode: number): Expression {
  c.enter();
  const start = c.token.start;
  let left = parsePrefix(c, mode);
  for (;;) {
    const level = infixLevel(c, mode);
    if (level < min || level === 0) break;
    left = parseInfix(c, left, start, level, mode);
    c.chainLinks++;
    if (nonAssociative.has(level) && isTwoSided(left)) {
      // a = b = c: the ladder gives no order.
      if (infixLevel(c, mode) === level) throw c.syntaxError();
    }
  }
  c.leave();
  return left;
}

/** Forms whose right end is an open operand, on which an operator of the same level would pull too. */
function isTwoSided(node: Expression): boolean {
  switch (node.kind) {
    case 'binary':
    case 'like':
    case 'between':
    case 'is-distinct':
      return true;
    default:
      return false;
  }
}

/** The level of the operator that the current token is between operands; 0 when it is none. */
function infixLevel(c: TokenCursor, mode: number): number {
  const token = c.token;
  if (token.type === tokenType.symbol || token.type === tokenType.operator) {
    return token.level === levels.field || token.level === levels.subscript ? 0 : token.level;
  }
  if (token.type !== tokenType.word) return 0;
  if ((mode & place.labels) !== 0 && token.keyword !== null && endsSelectItem(c, 1)) {
    if (token.text !== 'isnull' && token.text !== 'notnull') return 0;
  }
  if ((mode & place.restricted) !== 0) return restrictedLevel(c);
  switch (token.text) {
    case 'not':
      return isRangeWord(c.peek(1).text) ? levels.range : 0;
    case 'is':
      return levels.is;
    case 'at':
      return levels.at;
    case 'escape':
      return 0;
    case 'similar':
      return c.isWordAt(1, 'to') ? levels.range : 0;
    case 'operator':
      return levels.operator;
    default:
      return token.level === levels.frame ? 0 : token.level;
  }
}

/** Of the words, only OPERATOR(…) and IS (DISTINCT FROM, DOCUMENT) may stand in a restricted expression. */
function restrictedLevel(c: TokenCursor): number {
  if (c.isWord('operator')) return levels.operator;
  return c.isWord('is') ? levels.is : 0;
}

function isRangeWord(word: string): boolean {
  return (
    word === 'in' || word === 'like' || word === 'between' || word === 'ilike' || word === 'similar'
  );
}

/** Prefix operators. Their operand is as wide as their own level, wherever they stand. */
function parsePrefix(c: TokenCursor, mode: number): Expression {
  const token = c.token;
  const start = token.start;
  if (token.type === tokenType.word) {
    if (token.text === 'not' && (mode & place.restricted) === 0) {
      c.take();
      const operand = climb(c, levels.not, mode);
      return { kind: 'not', operand, span: c.spanFrom(start) };
    }
    if (token.text !== 'operator' || !c.isSymbolAt(1, '(')) return parseOperand(c, mode);
  } else if (token.type === tokenType.symbol) {
    if (token.text === '-' || token.text === '+') {
      const operator = parseOperatorName(c);
      const operand = climb(c, levels.sign, mode);
      return token.text === '-'
        ? negate(operator, operand, c.spanFrom(start))
        : { kind: 'unary', operator, operand, span: c.spanFrom(start) };
    }
    return parseOperand(c, mode);
  } else if (token.type !== tokenType.operator) return parseOperand(c, mode);
  const operator = parseOperatorName(c);
  const operand = climb(c, levels.operator + 1, mode);
  return { kind: 'unary', operator, operand, span: c.spanFrom(start) };
}

/** PostgreSQL folds a minus into a constant, so that the smallest bigint can be written. */
function negate(operator: OperatorName, operand: Expression, span: Span): Expression {
  if (operand.kind !== 'number') return { kind: 'unary', operator, operand, span };
  const text = operand.text.startsWith('-') ? operand.text.slice(1) : `-${operand.text}`;
  return { kind: 'number', text, span };
}

function parseInfix(
  c: TokenCursor,
  left: Expression,
  start: number,
  level: number,
  mode: number,
): Expression {
  const token = c.token;
  if (token.type === tokenType.word && token.text !== 'operator') {
    return parseWordInfix(c, left, start, mode);
  }
  if (level === levels.cast) {
    c.take();
    const type = parseTypeName(c);
    return { kind: 'cast', operand: left, type, safe: false, span: c.spanFrom(start) };
  }
  const operator = parseOperatorName(c);
  if (isQuantifier(c) && (mode & place.restricted) === 0) {
    return parseQuantified(c, left, operator, start);
  }
  const right = climb(c, level + 1, mode);
  return { kind: 'binary', operator, left, right, span: c.spanFrom(start) };
}

function parseWordInfix(c: TokenCursor, left: Expression, start: number, mode: number): Expression {
  switch (c.token.text) {
    case 'and':
    case 'or': {
      const operator = c.take().text === 'and' ? 'and' : 'or';
      const right = climb(c, (operator === 'and' ? levels.and : levels.or) + 1, mode);
      // Chains become one list. Parentheses on the left leave no trace here, as in PostgreSQL.
      if (left.kind === 'logical' && left.operator === operator) {
        (left.operands as Expression[]).push(right);
        return { ...left, span: c.spanFrom(start) };
      }
      return { kind: 'logical', operator, operands: [left, right], span: c.spanFrom(start) };
    }
    case 'isnull':
    case 'notnull': {
      const negated = c.take().text === 'notnull';
      const span = c.spanFrom(start);
      return { kind: 'is', operand: left, test: 'null', form: null, negated, span };
    }
    case 'is':
      return parseIs(c, left, start, mode);
    case 'at': {
      c.take();
      c.expectWords('time', 'zone');
      const zone = climb(c, levels.at + 1, mode);
      return { kind: 'at-time-zone', operand: left, zone, span: c.spanFrom(start) };
    }
    case 'collate': {
      c.take();
      const collation = c.qualifiedName();
      return { kind: 'collate', operand: left, collation, span: c.spanFrom(start) };
    }
    default: {
      const negated = c.acceptWord('not');
      return parseRange(c, left, start, negated, mode);
    }
  }
}

function parseIs(c: TokenCursor, left: Expression, start: number, mode: number): Expression {
  c.take();
  const negated = c.acceptWord('not');
  if (c.acceptWord('distinct')) {
    c.expectWord('from');
    const right = climb(c, levels.is + 1, mode);
    return { kind: 'is-distinct', left, right, negated, span: c.spanFrom(start) };
  }
  const test = c.token.type === tokenType.word ? c.token.text : '';
  switch (test) {
    case 'null':
    case 'true':
    case 'false':
    case 'unknown':
    case 'document':
    case 'normalized': {
      if ((mode & place.restricted) !== 0 && test !== 'document') throw c.syntaxError();
      c.take();
      return { kind: 'is', operand: left, test, form: null, negated, span: c.spanFrom(start) };
    }
    case 'nfc':
    case 'nfd':
    case 'nfkc':
    case 'nfkd': {
      c.take();
      c.expectWord('normalized');
      const span = c.spanFrom(start);
      return { kind: 'is', operand: left, test: 'normalized', form: test, negated, span };
    }
    case 'json':
      throw notSupported('IS JSON', { position: c.token.start });
    default:
      throw c.syntaxError();
  }
}

/** IN, BETWEEN, LIKE, ILIKE and SIMILAR TO. */
function parseRange(
  c: TokenCursor,
  left: Expression,
  start: number,
  negated: boolean,
  mode: number,
): Expression {
  const word = c.take().text;
  switch (word) {
    case 'in':
      return parseIn(c, left, start, negated);
    case 'between': {
      const symmetric = c.acceptWord('symmetric');
      if (!symmetric) c.acceptWord('asymmetric');
      const low = parseRestricted(c);
      c.expectWord('and');
      const high = climb(c, levels.range + 1, mode);
      const span = c.spanFrom(start);
      return { kind: 'between', operand: left, low, high, symmetric, negated, span };
    }
    case 'similar':
      c.expectWord('to');
      return parseLike(c, left, start, 'similar', negated, mode);
    case 'like':
    case 'ilike': {
      if (!isQuantifier(c)) return parseLike(c, left, start, word, negated, mode);
      const span = { start: c.token.start, end: c.token.start };
      const symbol = `${negated ? '!' : ''}~~${word === 'ilike' ? '*' : ''}`;
      return parseQuantified(c, left, { symbol, schema: [], explicit: false, span }, start);
    }
    default:
      throw c.syntaxError();
  }
}

function parseLike(
  c: TokenCursor,
  operand: Expression,
  start: number,
  operator: 'like' | 'ilike' | 'similar',
  negated: boolean,
  mode: number,
): Expression {
  const pattern = climb(c, levels.range + 1, mode);
  const escape = c.acceptWord('escape') ? climb(c, levels.range + 1, mode) : null;
  const span = c.spanFrom(start);
  return { kind: 'like', operator, operand, pattern, escape, negated, span };
}

function parseIn(c: TokenCursor, operand: Expression, start: number, negated: boolean): Expression {
  if (!c.isSymbol('(')) throw c.syntaxError();
  const query = parseQueryOperand(c);
  if (query !== null) {
    return { kind: 'in-query', operand, query, negated, span: c.spanFrom(start) };
  }
  const items = c.parenthesized(() => parseExpression(c));
  return { kind: 'in-list', operand, items, negated, span: c.spanFrom(start) };
}

function isQuantifier(c: TokenCursor): boolean {
  return (c.isWord('any') || c.isWord('all') || c.isWord('some')) && c.isSymbolAt(1, '(');
}

function parseQuantified(
  c: TokenCursor,
  left: Expression,
  operator: OperatorName,
  start: number,
): Expression {
  const quantifier = c.take().text === 'all' ? 'all' : 'any';
  const query = parseQueryOperand(c);
  if (query !== null) {
    const span = c.spanFrom(start);
    return { kind: 'quantified-query', operator, quantifier, left, query, span };
  }
  c.expectSymbol('(');
  const array = parseExpression(c);
  c.expectSymbol(')');
  return { kind: 'quantified', operator, quantifier, left, array, span: c.spanFrom(start) };
}
