/**
 * Options in parentheses, and the clauses that describe a stream's outside: FORMAT … ENCODE …, INCLUDE,
 * connections. Names are joined with dots and folded unless quoted; values keep their text.
 */

import type { ConnectionClause, FormatClause, IncludeItem, Option, OptionValue } from './ast.ts';
import { tokenType } from './lexer.ts';
import type { TokenCursor } from './token-cursor.ts';
import { parseTypeName } from './type-name.ts';

/** `( name = value, … )`; `=` may be missing, a value too. Empty parentheses are fine. */
export function parseOptions(c: TokenCursor): Option[] {
  c.expectSymbol('(');
  const options: Option[] = [];
  if (!c.isSymbol(')')) options.push(...c.list(() => parseOption(c)));
  c.expectSymbol(')');
  return options;
}

function parseOption(c: TokenCursor): Option {
  const start = c.token.start;
  const name = parseOptionName(c);
  const assigned = c.acceptSymbol('=') || c.acceptSymbol('=>');
  const bare = !assigned && (c.isSymbol(',') || c.isSymbol(')') || c.atEnd || c.isSymbol(';'));
  const value = bare ? null : parseOptionValue(c);
  return { name, value, span: c.spanFrom(start) };
}

/** `'connector'`, `properties.bootstrap.server`, `autovacuum_enabled`, several words: `value format` */
export function parseOptionName(c: TokenCursor): string {
  if (c.isType(tokenType.string)) return c.take().text;
  let name = c.label().name;
  for (;;) {
    // A dash is fine in a dotted name: `scan.startup-mode`.
    if (c.isSymbol('.') || c.isSymbol('-')) name += c.take().text + c.label().name;
    else if (c.isLabel() && isOptionWord(c)) name += ` ${c.label().name}`;
    else return name;
  }
}

/** Materialize's names of several words: another word, and then `=` or a value. */
function isOptionWord(c: TokenCursor): boolean {
  if (c.token.keyword?.class === 'reserved') return false;
  const next = c.peek(1);
  if (next.type === tokenType.symbol) return next.text === '=' || next.text === '(';
  return next.type === tokenType.string || c.isLabel(1);
}

export function parseOptionValue(c: TokenCursor): OptionValue {
  const start = c.token.start;
  const value = (kind: OptionValue['kind'], text: string, items: readonly string[] = []) => ({
    kind,
    text,
    items,
    span: c.spanFrom(start),
  });
  const token = c.token;
  switch (token.type) {
    case tokenType.string:
      return value('string', c.take().text);
    case tokenType.integer:
    case tokenType.decimal:
      return value('number', c.take().text);
    case tokenType.symbol:
      if (token.text === '(') {
        const items = c.parenthesized(() => parseItem(c));
        return value('list', items.join(','), items);
      }
      if (token.text === '*') {
        c.take();
        return value('list', '*', ['*']);
      }
      if (token.text === '-' || token.text === '+') {
        c.take();
        const sign = token.text === '-' ? '-' : '';
        if (!c.isType(tokenType.integer) && !c.isType(tokenType.decimal)) throw c.syntaxError();
        return value('number', sign + c.take().text);
      }
      throw c.syntaxError();
    case tokenType.word:
      if (token.keyword?.class === 'reserved' && !valueWords.has(token.text)) throw c.syntaxError();
      if (token.text === 'interval' && c.peek(1).type === tokenType.string) {
        const from = token.start;
        c.grammar.expression(c);
        return value('interval', c.source.slice(from, c.lastEnd));
      }
      if (token.text === 'secret' && c.isLabel(1)) {
        c.take();
        return value('secret', dottedName(c));
      }
      return value('word', dottedName(c));
    case tokenType.quotedName:
      return value('word', dottedName(c));
    default:
      throw c.syntaxError();
  }
}

/** Reserved words that may be values. */
const valueWords = new Set([
  'true',
  'false',
  'on',
  'default',
  'null',
  'all',
  'user',
  'current_user',
  'session_user',
  'current_role',
]);

function dottedName(c: TokenCursor): string {
  let name = c.label().name;
  while (c.acceptSymbol('.')) name += `.${c.label().name}`;
  return name;
}

function parseItem(c: TokenCursor): string {
  if (c.isLabel()) return dottedName(c);
  const { type } = c.token;
  if (type === tokenType.string || type === tokenType.integer) return c.take().text;
  throw c.syntaxError();
}

/** `WITH ( … )`, or nothing. */
export function parseWithOptions(c: TokenCursor): Option[] {
  if (!c.isWord('with') || !c.isSymbolAt(1, '(')) return [];
  c.take();
  return parseOptions(c);
}

// ───────────────────────────────────────────────────────────────────────── formats

/** RisingWave's `FORMAT f ENCODE e (…) [KEY ENCODE k (…)]` or Materialize's `FORMAT e`, `ENVELOPE f`. */
export function parseFormat(c: TokenCursor): FormatClause | null {
  const start = c.token.start;
  let format: string | null = null;
  let encode: string | null = null;
  let options: Option[] = [];
  let keyEncode: string | null = null;
  let keyOptions: Option[] = [];
  let found = false;
  for (;;) {
    if (c.isWord('key') && c.isWordAt(1, 'format')) {
      c.skip(2);
      keyEncode = c.label().name;
      keyOptions = optionsBehind(c);
    } else if (c.isWord('value') && c.isWordAt(1, 'format')) {
      c.skip(2);
      encode = c.label().name;
      options = optionsBehind(c);
    } else if (c.isWord('format') && c.isLabel(1)) {
      c.take();
      const word = c.label().name;
      if (c.acceptWord('encode')) {
        format = word;
        encode = c.label().name;
      } else encode = word;
      options = optionsBehind(c);
    } else if (found && c.isWord('key') && c.isWordAt(1, 'encode')) {
      c.skip(2);
      keyEncode = c.label().name;
      keyOptions = optionsBehind(c);
    } else if (c.isWord('envelope') && c.isLabel(1)) {
      c.take();
      format = c.label().name;
    } else break;
    found = true;
  }
  if (!found) return null;
  return { format, encode, options, keyEncode, keyOptions, span: c.spanFrom(start) };
}

function optionsBehind(c: TokenCursor): Option[] {
  return c.isSymbol('(') ? parseOptions(c) : [];
}

/** `INCLUDE KEY AS k INCLUDE HEADER 'trace' AS h`, or Materialize's list behind one INCLUDE. */
export function parseIncludes(c: TokenCursor): IncludeItem[] {
  const items: IncludeItem[] = [];
  while (c.isWord('include') && c.isLabel(1)) {
    c.take();
    items.push(...c.list(() => parseInclude(c)));
  }
  return items;
}

function parseInclude(c: TokenCursor): IncludeItem {
  const start = c.token.start;
  const what = c.label().name;
  const header = c.isType(tokenType.string) ? c.take().text : null;
  const typed = !c.isWord('as') && header !== null && c.isLabel() && !startsClause(c);
  const type = typed ? parseTypeName(c) : null;
  const alias = c.acceptWord('as') ? c.label() : null;
  return { what, header, type, alias, span: c.spanFrom(start) };
}

function startsClause(c: TokenCursor): boolean {
  return clauseWords.has(c.token.text);
}

/** What may follow an INCLUDE item, and so is no type. */
const clauseWords = new Set([
  'with',
  'include',
  'format',
  'key',
  'value',
  'envelope',
  'from',
  'on',
  'append',
]);

/** Materialize's `KAFKA CONNECTION c (TOPIC 't')` and `LOAD GENERATOR counter (…)`. */
export function parseConnection(c: TokenCursor): ConnectionClause {
  const start = c.token.start;
  let connector = c.label().name;
  if (connector === 'load' && c.isWord('generator')) {
    c.take();
    connector = `load generator ${c.label().name}`;
  }
  const connection = c.acceptWord('connection') ? c.qualifiedName() : null;
  const options = c.isSymbol('(') ? parseOptions(c) : [];
  return { connector, connection, options, span: c.spanFrom(start) };
}
