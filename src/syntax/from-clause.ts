/**
 * FROM: tables, queries, functions, joins, and what the streaming dialects put there. All join operators
 * are left-associative; a join waits for its ON while others are joined on its right side.
 */

import type {
  ColumnSpec,
  Expression,
  FromAlias,
  FromItem,
  FunctionTable,
  Join,
  QualifiedName,
  TableFunctionCall,
  TableRef,
} from './ast.ts';
import { isAsOf, isEmit } from './streaming-words.ts';
import { notSupported } from '../base/errors.ts';
import { parseCall, parseCallForm } from './function-call.ts';
import { isMatchRecognize, parseMatchRecognize } from './match-recognize.ts';
import { tokenType } from './lexer.ts';
import { parseOperand, place } from './operand.ts';
import { holdsQuery } from './query-operand.ts';
import { isTimeWindow, parseTimeWindow } from './time-window.ts';
import type { TokenCursor } from './token-cursor.ts';
import { parseTypeName } from './type-name.ts';

export function parseFromList(c: TokenCursor): FromItem[] {
  return c.list(() => parseFromItem(c));
}

/** One item with all its joins. */
export function parseFromItem(c: TokenCursor): FromItem {
  c.enter();
  let left = parsePrimary(c);
  while (startsJoin(c)) {
    left = parseJoin(c, left);
    c.chainLinks++;
  }
  c.leave();
  return left;
}

// ───────────────────────────────────────────────────────────────────────── joins

const joinWords = new Set(['join', 'inner', 'left', 'right', 'full', 'cross', 'natural']);

function startsJoin(c: TokenCursor): boolean {
  return c.token.type === tokenType.word && joinWords.has(c.token.text);
}

function parseJoin(c: TokenCursor, left: FromItem): Join {
  const start = left.span.start;
  const natural = c.acceptWord('natural');
  let type: Join['type'] = 'inner';
  if (!natural && c.acceptWord('cross')) type = 'cross';
  else if (c.isWord('left') || c.isWord('right') || c.isWord('full')) {
    type = c.take().text as 'left' | 'right' | 'full';
    c.acceptWord('outer');
  } else c.acceptWord('inner');
  c.expectWord('join');
  c.enter();
  let right = parsePrimary(c);
  const qualified = !natural && type !== 'cross';
  while (qualified && startsJoin(c)) right = parseJoin(c, right);
  c.leave();
  const on = qualified && c.acceptWord('on') ? c.grammar.expression(c) : null;
  const using = qualified && on === null ? parseUsing(c) : null;
  const usingAlias = using !== null && c.isWord('as') ? (c.take(), c.name()) : null;
  const span = c.spanFrom(start);
  return { kind: 'join', type, natural, left, right, on, using, usingAlias, alias: null, span };
}

function parseUsing(c: TokenCursor): Join['using'] {
  c.expectWord('using');
  return c.parenthesized(() => c.name());
}

// ───────────────────────────────────────────────────────────────────────── items

function parsePrimary(c: TokenCursor): FromItem {
  const start = c.token.start;
  const item = parseUnmatched(c, start);
  if (!isMatchRecognize(c)) return item;
  const match = parseMatchRecognize(c, item);
  const alias = parseAlias(c);
  return { ...match, alias, span: c.spanFrom(start) };
}

function parseUnmatched(c: TokenCursor, start: number): FromItem {
  if (c.isSymbol('(')) return holdsQuery(c) ? parseDerived(c, false, start) : parseParenthesized(c);
  if (c.acceptWord('lateral')) {
    if (c.isSymbol('(')) return parseDerived(c, true, start);
    return parseFunctionTable(c, true, start);
  }
  if (c.isWord('table') && c.isSymbolAt(1, '(')) return parseTableCall(c, start);
  if (isTimeWindow(c)) return withAlias(c, parseTimeWindow(c), start);
  if (c.isWord('only')) return parseTable(c, start);
  if (c.isWord('rows') && c.isWordAt(1, 'from')) return parseFunctionTable(c, false, start);
  return isFunction(c) ? parseFunctionTable(c, false, start) : parseTable(c, start);
}

/** A name directly followed by `(`, or one of the functions that are keywords. */
function isFunction(c: TokenCursor): boolean {
  if (c.token.type === tokenType.word && c.token.keyword !== null) {
    if (/^(current_|localtime|session_user$|user$|cast$)/.test(c.token.text)) return true;
  }
  if (!c.isLabel()) return false;
  let ahead = 1;
  while (c.isSymbolAt(ahead, '.') && c.isLabel(ahead + 1)) ahead += 2;
  if (!c.isSymbolAt(ahead, '(')) return false;
  return c.isTypeOrFunctionName() || c.token.keyword?.class === 'column-name';
}

function parseDerived(c: TokenCursor, lateral: boolean, start: number): FromItem {
  c.expectSymbol('(');
  const query = c.grammar.query(c);
  c.expectSymbol(')');
  const alias = parseAlias(c);
  return { kind: 'derived-table', query, lateral, alias, span: c.spanFrom(start) };
}

/** `(a JOIN b …)`: a join must be inside. */
function parseParenthesized(c: TokenCursor): FromItem {
  const start = c.take().start;
  const inner = parseFromItem(c);
  if (inner.kind !== 'join' || inner.alias !== null) throw c.syntaxError();
  c.expectSymbol(')');
  const alias = parseAlias(c);
  return alias === null ? inner : { ...inner, alias, span: c.spanFrom(start) };
}

/** Flink's `TABLE(TUMBLE(…))` and `TABLE(f(x))`. */
function parseTableCall(c: TokenCursor, start: number): FromItem {
  c.skip(2);
  if (isTimeWindow(c)) {
    const window = parseTimeWindow(c);
    c.expectSymbol(')');
    return withAlias(c, window, start);
  }
  const call = parseCall(c);
  c.expectSymbol(')');
  return finishFunction(c, [{ call, columns: null }], { rowsFrom: false, lateral: false, start });
}

function withAlias<T extends FromItem>(c: TokenCursor, item: T, start: number): T {
  return { ...item, alias: parseAlias(c), span: c.spanFrom(start) };
}

function parseTable(c: TokenCursor, start: number): TableRef {
  const only = c.acceptWord('only');
  const closed = only && c.acceptSymbol('(');
  // Such a word may only begin a function here.
  if (c.token.keyword?.class === 'type-or-function') throw c.syntaxError(c.peek(1));
  const name = c.qualifiedName();
  if (closed) c.expectSymbol(')');
  if (!only) c.acceptSymbol('*');
  return finishTable(c, name, only, start);
}

function finishTable(c: TokenCursor, name: QualifiedName, only: boolean, start: number): TableRef {
  let systemTime = parseSystemTime(c);
  const alias = parseAlias(c);
  systemTime ??= parseSystemTime(c);
  if (c.isWord('tablesample')) throw notSupported('TABLESAMPLE', { position: c.token.start });
  return { kind: 'table', name, only, systemTime, alias, span: c.spanFrom(start) };
}

/** `FOR SYSTEM_TIME AS OF time` */
export function parseSystemTime(c: TokenCursor): Expression | null {
  if (!c.areWords('for', 'system_time')) return null;
  c.skip(2);
  c.expectWords('as', 'of');
  return c.grammar.expression(c);
}

// ───────────────────────────────────────────────────────────────────────── functions

interface FunctionPlace {
  readonly rowsFrom: boolean;
  readonly lateral: boolean;
  readonly start: number;
}

function parseFunctionTable(c: TokenCursor, lateral: boolean, start: number): FromItem {
  if (c.isWord('rows') && c.isWordAt(1, 'from')) {
    c.skip(2);
    const functions = c.parenthesized((): TableFunctionCall => {
      const call = parseFunction(c);
      const columns = c.acceptWord('as') ? parseColumnSpecs(c) : null;
      return { call, columns };
    });
    return finishFunction(c, functions, { rowsFrom: true, lateral, start });
  }
  // Flink: LATERAL TABLE(f(x))
  const wrapped = lateral && c.isWord('table') && c.isSymbolAt(1, '(');
  if (wrapped) c.skip(2);
  const call = parseFunction(c);
  if (wrapped) c.expectSymbol(')');
  return finishFunction(c, [{ call, columns: null }], { rowsFrom: false, lateral, start });
}

function parseFunction(c: TokenCursor): Expression {
  if (!isFunction(c)) throw c.syntaxError();
  const keyword = c.token.keyword?.class;
  if (keyword === 'reserved' || c.isWord('current_schema')) return parseOperand(c, place.any);
  return parseCallForm(c) ?? parseCall(c);
}

function finishFunction(
  c: TokenCursor,
  functions: readonly TableFunctionCall[],
  where: FunctionPlace,
): FunctionTable {
  const ordinality = c.acceptWords('with', 'ordinality');
  const specified = startsColumnSpecs(c);
  let alias: FromAlias | null = null;
  let calls = functions;
  if (specified === null) alias = parseAlias(c);
  else {
    const start = c.token.start;
    c.acceptWord('as');
    const name = specified === 'named' ? c.name() : null;
    calls = [{ call: functions[0]!.call, columns: parseColumnSpecs(c) }];
    alias = name === null ? null : { name, columns: [], span: c.spanFrom(start) };
  }
  return {
    kind: 'function-table',
    functions: calls,
    rowsFrom: where.rowsFrom,
    lateral: where.lateral,
    ordinality,
    alias,
    span: c.spanFrom(where.start),
  };
}

/** Whether `AS (a int, …)` or `[AS] t (a int, …)` follows: a name and then a type, not a comma. */
function startsColumnSpecs(c: TokenCursor): 'bare' | 'named' | null {
  const as = c.isWord('as') ? 1 : 0;
  if (as === 1 && c.isSymbolAt(1, '(')) return 'bare';
  if (!c.isName(as) || !c.isSymbolAt(as + 1, '(')) return null;
  return c.isName(as + 2) && c.isLabel(as + 3) ? 'named' : null;
}

function parseColumnSpecs(c: TokenCursor): ColumnSpec[] {
  return c.parenthesized(() => parseColumnSpec(c));
}

/** `name type [COLLATE c]` */
export function parseColumnSpec(c: TokenCursor): ColumnSpec {
  const name = c.name();
  const type = parseTypeName(c);
  const collation = c.acceptWord('collate') ? c.qualifiedName() : null;
  return { name, type, collation, span: c.spanFrom(name.span.start) };
}

// ───────────────────────────────────────────────────────────────────────── aliases

function parseAlias(c: TokenCursor): FromAlias | null {
  const start = c.token.start;
  const as = c.isWord('as');
  if (as ? isAsOf(c) : !isBareAlias(c)) return null;
  if (as) c.take();
  const name = c.name();
  const columns = c.isSymbol('(') ? c.parenthesized(() => c.name()) : [];
  return { name, columns, span: c.spanFrom(start) };
}

/** A name without AS, unless it begins a clause of the streaming dialects. */
function isBareAlias(c: TokenCursor): boolean {
  return c.isName() && !isMatchRecognize(c) && !isEmit(c);
}
