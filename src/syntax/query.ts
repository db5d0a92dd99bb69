/**
 * Queries: WITH, SELECT, VALUES, TABLE, set operations, and the clauses around them. FROM is in
 * from-clause.ts.
 */

import type {
  CommonTable,
  CycleClause,
  DistinctClause,
  EmitClause,
  Expression,
  GroupBy,
  GroupingElement,
  Identifier,
  IntoClause,
  LockingClause,
  NamedWindow,
  Query,
  QueryBody,
  SearchClause,
  Select,
  SelectItem,
  Values,
  WithClause,
} from './ast.ts';
import { isAsOf, isEmit } from './streaming-words.ts';
import { parseExpression, parseItemExpression, parseSortItems } from './expression.ts';
import { parseFromList } from './from-clause.ts';
import { parseWindowDefinition } from './function-call.ts';
import { tokenType } from './lexer.ts';
import type { TokenCursor } from './token-cursor.ts';

/** A whole query, with or without WITH. */
export function parseQuery(c: TokenCursor): Query {
  const withClause = c.isWord('with') ? parseWith(c) : null;
  return parseQueryAfterWith(c, withClause);
}

export function parseQueryAfterWith(c: TokenCursor, withClause: WithClause | null): Query {
  c.enter();
  const start = withClause?.span.start ?? c.token.start;
  const body = parseBody(c, 1);
  const query = finishQuery(c, start, withClause, body);
  c.leave();
  return query;
}

export function startsQuery(c: TokenCursor): boolean {
  return c.isWord('select') || c.isWord('values') || c.isWord('table') || c.isSymbol('(');
}

// ───────────────────────────────────────────────────────────────────────── the whole

interface Tail {
  orderBy: Query['orderBy'];
  limit: Expression | null;
  offset: Expression | null;
  withTies: boolean;
  locking: LockingClause[];
}

/** What stands around the body. A body in parentheses may have clauses too: those are joined, or refused. */
function finishQuery(
  c: TokenCursor,
  start: number,
  withClause: WithClause | null,
  body: QueryBody,
): Query {
  const tailStart = c.token.start;
  const tail = parseTail(c);
  const asOf = parseAsOf(c);
  const emit = parseEmit(c);
  if (emit !== null && tail.limit === null && c.acceptWord('limit'))
    tail.limit = parseExpression(c);
  const span = c.spanFrom(start);
  const outer = { with: withClause, ...tail, asOf, emit, span };
  if (body.kind !== 'query') return { kind: 'query', ...outer, body };
  refuseTwice(c, body, outer, withClause?.span.start ?? tailStart);
  return {
    kind: 'query',
    with: body.with ?? withClause,
    body: body.body,
    orderBy: tail.orderBy.length > 0 ? tail.orderBy : body.orderBy,
    limit: tail.limit ?? body.limit,
    offset: tail.offset ?? body.offset,
    withTies: tail.limit === null ? body.withTies : tail.withTies,
    locking: [...body.locking, ...tail.locking],
    asOf: asOf ?? body.asOf,
    emit: emit ?? body.emit,
    span,
  };
}

function refuseTwice(
  c: TokenCursor,
  inner: Query,
  outer: Omit<Query, 'kind' | 'body'>,
  position: number,
): void {
  const refuse = (clause: string, at: number): Error =>
    c.mistake(`multiple ${clause} clauses not allowed`, at);
  if (inner.orderBy.length > 0 && outer.orderBy.length > 0) throw refuse('ORDER BY', position);
  if (inner.offset !== null && outer.offset !== null) {
    throw refuse('OFFSET', outer.offset.span.start);
  }
  if (inner.limit !== null && outer.limit !== null) throw refuse('LIMIT', outer.limit.span.start);
  if (inner.with !== null && outer.with !== null) throw refuse('WITH', outer.with.span.start);
}

/** ORDER BY, then LIMIT, OFFSET, FETCH and FOR in the orders that PostgreSQL takes. */
function parseTail(c: TokenCursor): Tail {
  const tail: Tail = { orderBy: [], limit: null, offset: null, withTies: false, locking: [] };
  if (c.isWord('order')) {
    c.take();
    c.expectWord('by');
    tail.orderBy = parseSortItems(c);
  }
  let limited = parseLimits(c, tail);
  while (c.isWord('for') && !c.isWordAt(1, 'system_time')) parseLocking(c, tail);
  if (tail.locking.length > 0 && !limited) limited = parseLimits(c, tail);
  return tail;
}

function parseLimits(c: TokenCursor, tail: Tail): boolean {
  let limitSeen = false;
  let offsetSeen = false;
  for (;;) {
    if (!limitSeen && c.isWord('limit')) {
      const start = c.take().start;
      if (!c.acceptWord('all')) tail.limit = parseExpression(c);
      if (c.isSymbol(',')) {
        throw c.mistake('LIMIT #,# syntax is not supported', start);
      }
      limitSeen = true;
    } else if (!limitSeen && c.isWord('fetch')) {
      c.take();
      parseFetch(c, tail);
      limitSeen = true;
    } else if (!offsetSeen && c.isWord('offset')) {
      c.take();
      tail.offset = parseExpression(c);
      if (!c.acceptWord('rows')) c.acceptWord('row');
      offsetSeen = true;
    } else return limitSeen || offsetSeen;
  }
}

/** `FETCH FIRST 3 ROWS ONLY`; without a number it is one row. */
function parseFetch(c: TokenCursor, tail: Tail): void {
  if (!c.acceptWord('first')) c.expectWord('next');
  if (c.isWord('row') || c.isWord('rows')) {
    const at = { start: c.token.start, end: c.token.start };
    tail.limit = { kind: 'number', text: '1', span: at };
  } else tail.limit = parseExpression(c);
  if (!c.acceptWord('rows')) c.expectWord('row');
  if (c.acceptWord('only')) return;
  c.expectWords('with', 'ties');
  tail.withTies = true;
}

function parseLocking(c: TokenCursor, tail: Tail): void {
  const start = c.take().start;
  if (c.acceptWords('read', 'only')) return;
  let strength: LockingClause['strength'];
  if (c.acceptWord('update')) strength = 'update';
  else if (c.acceptWord('share')) strength = 'share';
  else if (c.acceptWord('no')) {
    c.expectWords('key', 'update');
    strength = 'no key update';
  } else {
    c.expectWords('key', 'share');
    strength = 'key share';
  }
  const of = c.acceptWord('of') ? c.list(() => c.qualifiedName()) : [];
  let wait: LockingClause['wait'] = null;
  if (c.acceptWord('nowait')) wait = 'nowait';
  else if (c.acceptWord('skip')) {
    c.expectWord('locked');
    wait = 'skip locked';
  }
  tail.locking.push({ strength, of, wait, span: c.spanFrom(start) });
}

/** Materialize's `AS OF [AT LEAST] time`. */
function parseAsOf(c: TokenCursor): Expression | null {
  if (!c.areWords('as', 'of')) return null;
  c.skip(2);
  c.acceptWords('at', 'least');
  return parseExpression(c);
}

function parseEmit(c: TokenCursor): EmitClause | null {
  if (!isEmit(c)) return null;
  const start = c.take().start;
  if (c.acceptWord('changes')) return { mode: 'changes', span: c.spanFrom(start) };
  if (!c.acceptWord('final')) c.expectWords('on', 'window', 'close');
  return { mode: 'on-window-close', span: c.spanFrom(start) };
}

// ───────────────────────────────────────────────────────────────────────── bodies

/** Set operations: INTERSECT binds tighter than UNION and EXCEPT. */
function parseBody(c: TokenCursor, min: 1 | 2): QueryBody {
  const start = c.token.start;
  let left = parseBodyOperand(c);
  for (;;) {
    const word = c.token.type === tokenType.word ? c.token.text : '';
    if (word !== 'union' && word !== 'except' && word !== 'intersect') return left;
    const level = word === 'intersect' ? 2 : 1;
    if (level < min) return left;
    c.take();
    const all = c.acceptWord('all');
    if (!all) c.acceptWord('distinct');
    const right = level === 2 ? bare(parseBodyOperand(c)) : bare(parseBody(c, 2));
    const span = c.spanFrom(start);
    left = { kind: 'set-operation', operator: word, all, left: bare(left), right, span };
    c.chainLinks++;
  }
}

function parseBodyOperand(c: TokenCursor): QueryBody {
  const start = c.token.start;
  if (c.isSymbol('(')) {
    c.take();
    const query = parseQuery(c);
    c.expectSymbol(')');
    return query;
  }
  if (c.acceptWord('table')) {
    const only = c.acceptWord('only');
    const name = c.qualifiedName();
    c.acceptSymbol('*');
    return { kind: 'table-query', name, only, span: c.spanFrom(start) };
  }
  if (c.isWord('values')) return parseValues(c);
  if (c.isWord('select')) return parseSelect(c);
  throw c.syntaxError();
}

/** Parentheses that hold no clause of their own leave no trace. */
function bare(body: QueryBody): QueryBody {
  if (body.kind !== 'query') return body;
  const plain =
    body.with === null &&
    body.orderBy.length === 0 &&
    body.limit === null &&
    body.offset === null &&
    body.locking.length === 0 &&
    body.asOf === null &&
    body.emit === null;
  return plain ? body.body : body;
}

function parseValues(c: TokenCursor): Values {
  const start = c.take().start;
  const rows = c.list(() => c.parenthesized(() => parseExpression(c)));
  return { kind: 'values', rows, span: c.spanFrom(start) };
}

function parseSelect(c: TokenCursor): Select {
  const start = c.take().start;
  const distinct = parseDistinct(c);
  const items = distinct === null && endsItems(c) ? [] : parseSelectItems(c);
  const into = c.acceptWord('into') ? parseInto(c) : null;
  const from = c.acceptWord('from') ? parseFromList(c) : [];
  const where = c.acceptWord('where') ? parseExpression(c) : null;
  const groupBy = c.isWord('group') ? parseGroupBy(c) : null;
  const having = c.acceptWord('having') ? parseExpression(c) : null;
  const windows = c.acceptWord('window') ? c.list(() => parseNamedWindow(c)) : [];
  const span = c.spanFrom(start);
  return { kind: 'select', distinct, items, into, from, where, groupBy, having, windows, span };
}

function parseDistinct(c: TokenCursor): DistinctClause | null {
  const start = c.token.start;
  if (c.acceptWord('all') || !c.acceptWord('distinct')) return null;
  const on = c.acceptWord('on') ? c.parenthesized(() => parseExpression(c)) : null;
  return { on, span: c.spanFrom(start) };
}

/** PostgreSQL allows a select list of nothing. */
function endsItems(c: TokenCursor): boolean {
  const { type, text } = c.token;
  if (type === tokenType.end) return true;
  if (type === tokenType.symbol) return text === ')' || text === ';';
  return type === tokenType.word && clausesAfterItems.has(text);
}

const clausesAfterItems = new Set(
  (
    'from where into group having window union intersect except order limit offset fetch for ' +
    'returning on'
  ).split(' '),
);

/** A select list, or RETURNING's. */
export function parseSelectItems(c: TokenCursor): SelectItem[] {
  return c.list(() => parseSelectItem(c));
}

function parseSelectItem(c: TokenCursor): SelectItem {
  const start = c.token.start;
  if (c.acceptSymbol('*')) {
    const span = c.spanFrom(start);
    return { expression: { kind: 'star', qualifier: [], base: null, span }, alias: null, span };
  }
  const expression = parseItemExpression(c);
  const alias = parseItemAlias(c);
  return { expression, alias, span: c.spanFrom(start) };
}

export function parseItemAlias(c: TokenCursor): Identifier | null {
  if (c.isWord('as')) {
    if (isAsOf(c)) return null;
    c.take();
    return c.label();
  }
  if (!c.isLabel() || c.token.keyword?.bareLabel === false || isEmit(c)) return null;
  return c.label();
}

/** `INTO [TEMPORARY | UNLOGGED] [TABLE] name` */
function parseInto(c: TokenCursor): IntoClause {
  const start = c.lastEnd;
  if (c.isWord('local') || c.isWord('global')) c.take();
  const temporary = c.acceptWord('temporary') || c.acceptWord('temp');
  const unlogged = !temporary && c.acceptWord('unlogged');
  c.acceptWord('table');
  return { name: c.qualifiedName(), temporary, unlogged, span: c.spanFrom(start) };
}

// ───────────────────────────────────────────────────────────────────────── GROUP BY, WINDOW

function parseGroupBy(c: TokenCursor): GroupBy {
  const start = c.take().start;
  c.expectWord('by');
  const distinct = c.acceptWord('distinct');
  if (!distinct) c.acceptWord('all');
  const items = c.list(() => parseGroupingElement(c));
  return { distinct, items, span: c.spanFrom(start) };
}

function parseGroupingElement(c: TokenCursor): GroupingElement {
  const start = c.token.start;
  if (c.isSymbol('(') && c.isSymbolAt(1, ')')) {
    c.skip(2);
    return { kind: 'empty-grouping', span: c.spanFrom(start) };
  }
  if ((c.isWord('rollup') || c.isWord('cube')) && c.isSymbolAt(1, '(')) {
    const kind = c.take().text === 'cube' ? 'cube' : 'rollup';
    const items = c.parenthesized(() => parseExpression(c));
    return { kind, items, span: c.spanFrom(start) };
  }
  if (c.isWord('grouping') && c.isWordAt(1, 'sets')) {
    c.skip(2);
    const sets = c.nested(() => c.parenthesized(() => parseGroupingElement(c)));
    return { kind: 'grouping-sets', sets, span: c.spanFrom(start) };
  }
  const expression = parseExpression(c);
  return { kind: 'grouping-expression', expression, span: c.spanFrom(start) };
}

function parseNamedWindow(c: TokenCursor): NamedWindow {
  const start = c.token.start;
  const name = c.name();
  c.expectWord('as');
  return { name, definition: parseWindowDefinition(c), span: c.spanFrom(start) };
}

// ───────────────────────────────────────────────────────────────────────── WITH

export function parseWith(c: TokenCursor): WithClause {
  const start = c.take().start;
  const recursive = c.isName(1) && c.acceptWord('recursive');
  const queries = c.list(() => parseCommonTable(c));
  return { recursive, queries, span: c.spanFrom(start) };
}

function parseCommonTable(c: TokenCursor): CommonTable {
  const start = c.token.start;
  const name = c.name();
  const columns = c.isSymbol('(') ? c.parenthesized(() => c.name()) : null;
  c.expectWord('as');
  let materialized: boolean | null = null;
  if (c.acceptWord('materialized')) materialized = true;
  else if (c.acceptWord('not')) {
    c.expectWord('materialized');
    materialized = false;
  }
  c.expectSymbol('(');
  const statement = c.grammar.queryOrChange(c);
  c.expectSymbol(')');
  const search = c.isWord('search') ? parseSearch(c) : null;
  const cycle = c.isWord('cycle') ? parseCycle(c) : null;
  return { name, columns, materialized, statement, search, cycle, span: c.spanFrom(start) };
}

function parseSearch(c: TokenCursor): SearchClause {
  c.take();
  const order = c.acceptWord('breadth') ? 'breadth' : 'depth';
  if (order === 'depth') c.expectWord('depth');
  c.expectWords('first', 'by');
  const columns = c.list(() => c.name());
  c.expectWord('set');
  return { order, columns, sequence: c.name() };
}

function parseCycle(c: TokenCursor): CycleClause {
  c.take();
  const columns = c.list(() => c.name());
  c.expectWord('set');
  const mark = c.name();
  const valued = c.acceptWord('to');
  const markValue = valued ? parseExpression(c) : null;
  if (valued) c.expectWord('default');
  const markDefault = valued ? parseExpression(c) : null;
  c.expectWord('using');
  return { columns, mark, markValue, markDefault, path: c.name() };
}
