/**
 * ALTER of relations, sequences, types and schemas. What PostgreSQL can alter and we cannot (triggers, inheritance,
 * storage) is kept as its text, and refused by the binder.
 */

import type { AlterAction, AlterStatement, ObjectKind, Statement } from './ast.ts';
import { objectKindAt, parseBehavior } from './define.ts';
import { parseColumn, parseSequenceOptions, parseTableConstraint } from './define-table.ts';
import { parseGeneric } from './generic.ts';
import { parseOptionName, parseOptions, parseOptionValue } from './options.ts';
import { tokenType } from './lexer.ts';
import type { TokenCursor } from './token-cursor.ts';
import { parseTypeName } from './type-name.ts';

const altered = new Set<ObjectKind>([
  'table',
  'source',
  'stream',
  'view',
  'materialized view',
  'sink',
  'index',
  'schema',
  'sequence',
  'type',
]);

export function parseAlter(c: TokenCursor): Statement {
  const start = c.token.start;
  const kind = objectKindAt(c, 1);
  if (kind === null || !altered.has(kind.object)) return parseGeneric(c);
  c.skip(1 + kind.words);
  const ifExists = c.acceptWords('if', 'exists');
  const only = c.acceptWord('only');
  const name = c.qualifiedName();
  if (kind.object === 'table') c.acceptSymbol('*');
  const actions = c.list(() => parseAction(c, kind.object));
  const { object } = kind;
  const span = c.spanFrom(start);
  return { kind: 'alter', object, name, ifExists, only, actions, span } satisfies AlterStatement;
}

function parseAction(c: TokenCursor, object: ObjectKind): AlterAction {
  const start = c.token.start;
  if (object === 'sequence' && !(c.isWord('owner') || c.isWord('rename') || c.isWord('set'))) {
    const options = parseSequenceOptions(c);
    if (options.length === 0) throw c.syntaxError();
    return { kind: 'sequence-options', options, span: c.spanFrom(start) };
  }
  if (object === 'type') {
    const action = parseTypeAction(c, start);
    if (action !== null) return action;
  }
  switch (c.isLabel() ? c.token.text : '') {
    case 'rename':
      return parseRename(c, start);
    case 'owner':
      c.take();
      c.expectWord('to');
      return { kind: 'owner-to', role: c.nonReservedWord(), span: c.spanFrom(start) };
    case 'swap':
      c.take();
      c.expectWord('with');
      return { kind: 'swap-with', other: c.qualifiedName(), span: c.spanFrom(start) };
    case 'add':
      return parseAdd(c, start);
    case 'drop':
      return parseDropAction(c, start);
    case 'alter':
      return parseAlterColumn(c, start);
    case 'set':
      return parseSet(c, start);
    case 'reset':
      if (!c.isSymbolAt(1, '(')) break;
      c.take();
      return {
        kind: 'reset-options',
        names: c.parenthesized(() => parseOptionName(c)),
        span: c.spanFrom(start),
      };
  }
  return parseOther(c, start);
}

/** What only a type can have done to it; null when it is none of that. */
function parseTypeAction(c: TokenCursor, start: number): AlterAction | null {
  if (c.isWord('add') && c.isWordAt(1, 'value')) {
    c.skip(2);
    const ifNotExists = c.ifNotExists();
    const label = c.string();
    const side = c.isWord('before') ? 'before' : c.isWord('after') ? 'after' : null;
    if (side !== null) c.take();
    const place = side === null ? null : ({ side, of: c.string() } as const);
    return { kind: 'add-value', label, ifNotExists, place, span: c.spanFrom(start) };
  }
  if (c.isWord('rename') && c.isWordAt(1, 'value')) {
    c.skip(2);
    const from = c.string();
    c.expectWord('to');
    return { kind: 'rename-value', from, to: c.string(), span: c.spanFrom(start) };
  }
  return null;
}

function parseRename(c: TokenCursor, start: number): AlterAction {
  c.take();
  if (c.acceptWord('to')) return { kind: 'rename', to: c.name(), span: c.spanFrom(start) };
  const constraint = c.acceptWord('constraint');
  if (!constraint) c.acceptWord('column');
  const from = c.name();
  c.expectWord('to');
  const kind = constraint ? 'rename-constraint' : 'rename-column';
  return { kind, from, to: c.name(), span: c.spanFrom(start) };
}

function parseAdd(c: TokenCursor, start: number): AlterAction {
  c.take();
  const constraint = parseTableConstraint(c);
  if (constraint !== null) {
    if (c.acceptWords('not', 'valid')) return otherSince(c, start);
    return { kind: 'add-constraint', constraint, span: c.spanFrom(start) };
  }
  c.acceptWord('column');
  const ifNotExists = c.ifNotExists();
  return { kind: 'add-column', column: parseColumn(c), ifNotExists, span: c.spanFrom(start) };
}

function parseDropAction(c: TokenCursor, start: number): AlterAction {
  c.take();
  const constraint = c.acceptWord('constraint');
  if (!constraint) c.acceptWord('column');
  const ifExists = c.acceptWords('if', 'exists');
  const name = c.name();
  const behavior = parseBehavior(c);
  const kind = constraint ? 'drop-constraint' : 'drop-column';
  return { kind, name, ifExists, behavior, span: c.spanFrom(start) };
}

function parseAlterColumn(c: TokenCursor, start: number): AlterAction {
  c.take();
  if (c.isWord('constraint')) return parseOther(c, start);
  c.acceptWord('column');
  const column = c.name();
  const retyped = c.isWord('set') && c.isWordAt(1, 'data');
  if (retyped) c.skip(2);
  if (c.isWord('type') || retyped) {
    c.expectWord('type');
    const type = parseTypeName(c);
    if (c.acceptWord('collate')) return otherSince(c, start);
    const using = c.acceptWord('using') ? c.grammar.expression(c) : null;
    return { kind: 'column-type', column, type, using, span: c.spanFrom(start) };
  }
  if (c.acceptWords('set', 'default')) {
    const value = c.grammar.expression(c);
    return { kind: 'column-default', column, value, span: c.spanFrom(start) };
  }
  if (c.acceptWords('drop', 'default')) {
    return { kind: 'column-default', column, value: null, span: c.spanFrom(start) };
  }
  if (c.acceptWords('set', 'not', 'null')) {
    return { kind: 'column-not-null', column, notNull: true, span: c.spanFrom(start) };
  }
  if (c.acceptWords('drop', 'not', 'null')) {
    return { kind: 'column-not-null', column, notNull: false, span: c.spanFrom(start) };
  }
  if (c.isWord('set') || c.isWord('drop')) {
    if (!c.isSymbolAt(1, '(') && !columnSettings.has(c.peek(1).text)) {
      throw c.syntaxError(c.peek(1));
    }
  }
  return parseOther(c, start);
}

const columnSettings = new Set(
  'statistics storage compression generated identity expression cache cycle increment maxvalue minvalue no start'.split(
    ' ',
  ),
);

const settingWords = new Set(['with', 'without', 'logged', 'unlogged', 'access', 'tablespace']);

function parseSet(c: TokenCursor, start: number): AlterAction {
  if (c.isWordAt(1, 'schema') && c.isName(2)) {
    c.skip(2);
    return { kind: 'set-schema', schema: c.name(), span: c.spanFrom(start) };
  }
  if (c.isSymbolAt(1, '(')) {
    c.take();
    return { kind: 'set-options', options: parseOptions(c), span: c.spanFrom(start) };
  }
  if (!c.isLabel(1) || settingWords.has(c.peek(1).text)) return parseOther(c, start);
  c.take();
  const from = c.token.start;
  const name = parseOptionName(c);
  if (!c.acceptWord('to')) c.expectSymbol('=');
  const value = parseOptionValue(c);
  const option = { name, value, span: c.spanFrom(from) };
  return { kind: 'set-parameter', option, span: c.spanFrom(start) };
}

/** The words with which PostgreSQL's other actions, or the rest of one, begin. */
const otherWords = new Set(
  (
    'add alter as attach cache cluster clustered constraint cycle depends detach disable drop enable ' +
    'force increment inherit maxvalue minvalue no not of owned rename replica reset restart set ' +
    'start validate'
  ).split(' '),
);

/** Whatever stands up to the next comma outside parentheses. */
function parseOther(c: TokenCursor, start: number): AlterAction {
  const known = c.isType(tokenType.word) && otherWords.has(c.token.text);
  if (!known) throw c.syntaxError();
  return otherSince(c, start);
}

function otherSince(c: TokenCursor, start: number): AlterAction {
  let depth = 0;
  while (!c.atEnd && !c.isSymbol(';') && !(depth === 0 && c.isSymbol(','))) {
    if (c.isSymbol('(')) depth++;
    else if (c.isSymbol(')') && --depth < 0) throw c.syntaxError();
    c.take();
  }
  const text = c.source.slice(start, c.lastEnd);
  return { kind: 'other-action', text, span: c.spanFrom(start) };
}
