/**
 * Operands: constants, names, parameters, parentheses, CASE, CAST and the other forms that begin with a
 * word of their own (PostgreSQL's c_expr). Calls are in function-call.ts.
 */

import type { CaseBranch, Expression, Identifier, Subscript } from './ast.ts';
import { parseCall, parseCallForm } from './function-call.ts';
import { tokenType } from './lexer.ts';
import { holdsQuery, parseQueryOperand } from './query-operand.ts';
import type { TokenCursor } from './token-cursor.ts';
import { parseIntervalFields, parseSimpleType, parseTypeName } from './type-name.ts';

/**
 * Where an expression stands. `restricted` is PostgreSQL's b_expr (no AND, IN, LIKE, IS NULL…), which
 * BETWEEN, POSITION and DEFAULT take. `labels`: a column label may follow without AS.
 */
export const place = { any: 0, restricted: 1, labels: 2 } as const;

export function parseOperand(c: TokenCursor, mode: number): Expression {
  const token = c.token;
  const start = token.start;
  switch (token.type) {
    case tokenType.integer:
    case tokenType.decimal:
      c.take();
      return { kind: 'number', text: token.text, span: c.spanFrom(start) };
    case tokenType.string:
      c.take();
      return { kind: 'string', value: token.text, span: c.spanFrom(start) };
    case tokenType.bits: {
      c.take();
      const base = token.text.startsWith('b') ? 'binary' : 'hexadecimal';
      return { kind: 'bits', base, digits: token.text.slice(1), span: c.spanFrom(start) };
    }
    case tokenType.parameter: {
      c.take();
      const number = Number(token.text);
      return parseIndirection(c, { kind: 'parameter', number, span: c.spanFrom(start) });
    }
    case tokenType.symbol:
      if (token.text === '(') return parseParenthesis(c);
      throw c.syntaxError();
    case tokenType.word:
      return token.keyword === null ? parseNamed(c) : parseKeyword(c, mode);
    case tokenType.quotedName:
      return parseNamed(c);
    default:
      throw c.syntaxError();
  }
}

/** `(query)`, `(expr)`, `(a, b)`, and what may follow: `[1]`, `.field`, `.*`, OVERLAPS. */
function parseParenthesis(c: TokenCursor): Expression {
  const start = c.token.start;
  const query = parseQueryOperand(c);
  if (query !== null) {
    const span = c.spanFrom(start);
    return parseIndirection(c, { kind: 'subquery', form: 'scalar', query, span });
  }
  c.take();
  const first = c.grammar.expression(c);
  if (!c.isSymbol(',')) {
    c.expectSymbol(')');
    return parseIndirection(c, first);
  }
  const items = [first];
  while (c.acceptSymbol(',')) items.push(c.grammar.expression(c));
  c.expectSymbol(')');
  return parseRowTail(c, { kind: 'row', items, explicit: false, span: c.spanFrom(start) });
}

/** `row OVERLAPS row` is an operand, not an operator. */
function parseRowTail(c: TokenCursor, row: Expression & { kind: 'row' }): Expression {
  if (!c.isWord('overlaps')) return parseIndirection(c, row);
  if (row.items.length !== 2) {
    throw c.mistake(
      'wrong number of parameters on left side of OVERLAPS expression',
      row.span.start,
    );
  }
  const name = c.label();
  const right = c.token;
  const other = c.isWord('row') ? parseRow(c) : parseParenthesizedRow(c);
  if (other.items.length !== 2) {
    throw c.mistake('wrong number of parameters on right side of OVERLAPS expression', right.start);
  }
  const values = [...row.items, ...other.items];
  return {
    kind: 'call',
    name: { kind: 'name', parts: [name], span: name.span },
    form: 'overlaps',
    arguments: values.map((value) => ({ name: null, value, variadic: false })),
    star: false,
    distinct: false,
    orderBy: [],
    withinGroup: [],
    filter: null,
    nulls: null,
    over: null,
    span: c.spanFrom(row.span.start),
  };
}

function parseParenthesizedRow(c: TokenCursor): Expression & { kind: 'row' } {
  const start = c.token.start;
  const items = c.parenthesized(() => c.grammar.expression(c));
  if (items.length < 2) throw c.syntaxError();
  return { kind: 'row', items, explicit: false, span: c.spanFrom(start) };
}

function parseRow(c: TokenCursor): Expression & { kind: 'row' } {
  const start = c.take().start;
  c.expectSymbol('(');
  const items = c.isSymbol(')') ? [] : c.list(() => c.grammar.expression(c));
  c.expectSymbol(')');
  return { kind: 'row', items, explicit: true, span: c.spanFrom(start) };
}

/** `[1]`, `[1:2]`, `.field` and `.*` behind an operand. */
export function parseIndirection(c: TokenCursor, base: Expression): Expression {
  const start = base.span.start;
  let node = base;
  for (;;) {
    if (c.isSymbol('[')) {
      const subscripts = [];
      while (c.isSymbol('[')) subscripts.push(parseSubscript(c));
      node = { kind: 'subscript', base: node, subscripts, span: c.spanFrom(start) };
    } else if (c.isSymbol('.')) {
      c.take();
      if (c.acceptSymbol('*')) {
        return { kind: 'star', qualifier: [], base: node, span: c.spanFrom(start) };
      }
      const field = c.label();
      node = { kind: 'field', base: node, field, span: c.spanFrom(start) };
    } else return node;
    c.chainLinks++;
  }
}

function parseSubscript(c: TokenCursor): Subscript {
  const start = c.token.start;
  c.expectSymbol('[');
  const lower = c.isSymbol(':') ? null : c.grammar.expression(c);
  if (lower !== null && c.acceptSymbol(']')) {
    return { kind: 'index', value: lower, span: c.spanFrom(start) };
  }
  c.expectSymbol(':');
  const upper = c.isSymbol(']') ? null : c.grammar.expression(c);
  c.expectSymbol(']');
  return { kind: 'slice', lower, upper, span: c.spanFrom(start) };
}

/** A column, a call, or a typed literal of a type with an ordinary name. */
function parseNamed(c: TokenCursor): Expression {
  const next = c.peek(1);
  if (next.type === tokenType.symbol) {
    if (next.text === '(') {
      if (c.isTypeOrFunctionName()) return parseCallOrLiteral(c);
    } else if (next.text === '.') return parseDotted(c);
    else if (next.text === '[' && c.isWord('map') && isMapConstructor(c)) return parseMap(c);
  } else if (next.type === tokenType.string && c.isTypeOrFunctionName()) return parseLiteral(c);
  const name = c.name();
  return parseColumnTail(c, [name]);
}

/** `a.b.c`, then perhaps `(` or a string: the name of a function or type. */
function parseDotted(c: TokenCursor): Expression {
  let ahead = 1;
  while (c.isSymbolAt(ahead, '.') && c.isLabel(ahead + 1)) ahead += 2;
  if (c.isSymbolAt(ahead, '(')) return parseCallOrLiteral(c);
  if (c.peek(ahead).type === tokenType.string) return parseLiteral(c);
  return parseColumnTail(c, [c.name()]);
}

function parseColumnTail(c: TokenCursor, parts: Identifier[]): Expression {
  const start = parts[0]!.span.start;
  while (c.isSymbol('.')) {
    c.take();
    if (c.acceptSymbol('*')) {
      return { kind: 'star', qualifier: parts, base: null, span: c.spanFrom(start) };
    }
    parts.push(c.label());
  }
  const column: Expression = { kind: 'column', parts, span: c.spanFrom(start) };
  return c.isSymbol('[') ? parseIndirection(c, column) : column;
}

/** `name(…)`, or `name(modifiers) 'literal'`. */
function parseCallOrLiteral(c: TokenCursor): Expression {
  const start = c.token.start;
  const call = parseCall(c);
  if (!c.isType(tokenType.string) || call.kind !== 'call' || call.over !== null) {
    return parseIndirection(c, call);
  }
  // `my_type(3) 'x'`: the arguments were type modifiers.
  const modifiers = call.arguments.map((argument) => argument.value);
  const span = c.spanFrom(start);
  const type = {
    kind: 'named-type',
    name: call.name,
    modifiers,
    intervalFields: null,
    span,
  } as const;
  return { kind: 'typed-literal', type, value: c.string(), span: c.spanFrom(start) };
}

function parseLiteral(c: TokenCursor): Expression {
  const start = c.token.start;
  const type = parseSimpleType(c);
  const value = c.string();
  return { kind: 'typed-literal', type, value, span: c.spanFrom(start) };
}

/** At `map [`: Flink's `MAP['k', v]` has a comma where a subscript has none. */
function isMapConstructor(c: TokenCursor): boolean {
  let depth = 0;
  for (let ahead = 1; ; ahead++) {
    const token = c.peek(ahead);
    if (token.type >= tokenType.end) return false;
    if (token.type !== tokenType.symbol) continue;
    if (token.text === '[' || token.text === '(') depth++;
    else if (token.text === ']' || token.text === ')') {
      if (--depth === 0) return false;
    } else if (token.text === ',' && depth === 1) return true;
  }
}

function parseMap(c: TokenCursor): Expression {
  const start = c.take().start;
  c.expectSymbol('[');
  const entries = c.list(() => {
    const key = c.grammar.expression(c);
    c.expectSymbol(',');
    return { key, value: c.grammar.expression(c) };
  });
  c.expectSymbol(']');
  return { kind: 'map', entries, span: c.spanFrom(start) };
}

// ───────────────────────────────────────────────────────────────────────── keywords

function parseKeyword(c: TokenCursor, mode: number): Expression {
  const token = c.token;
  const start = token.start;
  switch (token.text) {
    case 'null':
      c.take();
      return { kind: 'null', span: c.spanFrom(start) };
    case 'true':
    case 'false':
      c.take();
      return { kind: 'boolean', value: token.text === 'true', span: c.spanFrom(start) };
    case 'default':
      c.take();
      return { kind: 'default', span: c.spanFrom(start) };
    case 'case':
      return parseCase(c);
    case 'cast':
      return parseCast(c, false);
    case 'array':
      return parseArray(c);
    case 'exists': {
      if (!c.isSymbolAt(1, '(')) break;
      c.take();
      const query = parseQueryOperand(c);
      if (query === null) throw c.syntaxError(c.peek(1));
      return { kind: 'subquery', form: 'exists', query, span: c.spanFrom(start) };
    }
    case 'row':
      if (c.isSymbolAt(1, '(')) return parseRowTail(c, parseRow(c));
      break;
    case 'interval':
      if (c.peek(1).type === tokenType.string || c.isSymbolAt(1, '(')) {
        return parseInterval(c, mode);
      }
      break;
    case 'current':
      if (c.isWordAt(1, 'of')) {
        c.skip(2);
        return { kind: 'current-of', cursor: c.name(), span: c.spanFrom(start) };
      }
      break;
    case 'try_cast':
      if (c.isSymbolAt(1, '(')) return parseCast(c, true);
      break;
    case 'current_date':
    case 'current_role':
    case 'current_user':
    case 'session_user':
    case 'user':
    case 'current_catalog':
      c.take();
      return { kind: 'special-value', name: token.text, precision: null, span: c.spanFrom(start) };
    case 'current_schema':
      if (c.isSymbolAt(1, '(')) break;
      c.take();
      return { kind: 'special-value', name: token.text, precision: null, span: c.spanFrom(start) };
    case 'current_time':
    case 'current_timestamp':
    case 'localtime':
    case 'localtimestamp': {
      c.take();
      let precision: number | null = null;
      if (c.acceptSymbol('(')) {
        // Flink writes empty parentheses.
        if (!c.isSymbol(')')) precision = Number(c.expectType(tokenType.integer).text);
        c.expectSymbol(')');
      }
      return { kind: 'special-value', name: token.text, precision, span: c.spanFrom(start) };
    }
  }
  if (token.keyword?.class === 'reserved') throw c.syntaxError();
  if (isStandardLiteral(c)) return parseLiteral(c);
  const form = parseCallForm(c);
  if (form !== null) return parseIndirection(c, form);
  if (token.keyword?.class === 'type-or-function' && !c.isSymbolAt(1, '.')) {
    // Only a call or a literal may begin so; anything else is wrong behind the word.
    if (!c.isSymbolAt(1, '(') && c.peek(1).type !== tokenType.string) {
      throw c.syntaxError(c.peek(1));
    }
  }
  return parseNamed(c);
}

const datetimeWords = new Set(['time', 'timestamp']);
const characterWords = new Set(['char', 'character', 'nchar', 'bit']);
const modifierWords = new Set(['dec', 'decimal', 'numeric', 'float', 'varchar', 'bit', 'char']);

/** A literal of a type whose name is a keyword: `int '1'`, `timestamp(3) with time zone '…'`. */
function isStandardLiteral(c: TokenCursor): boolean {
  const word = c.token.text;
  const next = c.peek(1);
  if (next.type === tokenType.string) return c.token.keyword?.class === 'column-name';
  if (next.type === tokenType.symbol && next.text === '(') {
    return datetimeWords.has(word) || characterWords.has(word) || modifierWords.has(word);
  }
  if (next.type !== tokenType.word) return false;
  if (next.text === 'varying') return characterWords.has(word);
  if (next.text === 'precision') return word === 'double' && c.peek(2).type === tokenType.string;
  if (word === 'national') return next.text === 'character' || next.text === 'char';
  const zone = next.text === 'with' || next.text === 'without';
  return zone && datetimeWords.has(word) && (c.isWordAt(2, 'time') || c.isWordAt(2, 'local'));
}

function parseCase(c: TokenCursor): Expression {
  const start = c.take().start;
  const operand = c.isWord('when') ? null : c.grammar.expression(c);
  const branches: CaseBranch[] = [];
  do {
    const from = c.token.start;
    c.expectWord('when');
    const when = c.grammar.expression(c);
    c.expectWord('then');
    const then = c.grammar.expression(c);
    branches.push({ when, then, span: c.spanFrom(from) });
  } while (c.isWord('when'));
  const otherwise = c.acceptWord('else') ? c.grammar.expression(c) : null;
  c.expectWord('end');
  return { kind: 'case', operand, branches, otherwise, span: c.spanFrom(start) };
}

function parseCast(c: TokenCursor, safe: boolean): Expression {
  const start = c.take().start;
  c.expectSymbol('(');
  const operand = c.grammar.expression(c);
  c.expectWord('as');
  const type = parseTypeName(c);
  c.expectSymbol(')');
  return parseIndirection(c, { kind: 'cast', operand, type, safe, span: c.spanFrom(start) });
}

function parseArray(c: TokenCursor): Expression {
  const start = c.take().start;
  if (c.isSymbol('(')) {
    if (!holdsQuery(c)) throw c.syntaxError(c.peek(1));
    c.take();
    const query = c.grammar.query(c);
    c.expectSymbol(')');
    const span = c.spanFrom(start);
    return parseIndirection(c, { kind: 'subquery', form: 'array', query, span });
  }
  const items = parseArrayItems(c);
  return parseIndirection(c, { kind: 'array', items, bare: false, span: c.spanFrom(start) });
}

/** `[a, b]`, or `[[…], […]]`: then all items are lists. */
function parseArrayItems(c: TokenCursor): Expression[] {
  c.enter();
  c.expectSymbol('[');
  let items: Expression[] = [];
  if (c.isSymbol('[')) {
    items = c.list((): Expression => {
      const start = c.token.start;
      const inner = parseArrayItems(c);
      return { kind: 'array', items: inner, bare: true, span: c.spanFrom(start) };
    });
  } else if (!c.isSymbol(']')) items = c.list(() => c.grammar.expression(c));
  c.expectSymbol(']');
  c.leave();
  return items;
}

function parseInterval(c: TokenCursor, mode: number): Expression {
  const start = c.take().start;
  if (c.acceptSymbol('(')) {
    const precision = Number(c.expectType(tokenType.integer).text);
    c.expectSymbol(')');
    const text = c.string();
    return { kind: 'interval', text, fields: null, precision, span: c.spanFrom(start) };
  }
  const text = c.string();
  const fields = parseIntervalFields(c, (mode & place.labels) !== 0);
  return { kind: 'interval', text, fields, precision: null, span: c.spanFrom(start) };
}
