/**
 * COPY in both directions. The options of both syntaxes arrive under the names of the newer one.
 */

import type { CopyStatement, Identifier, Option, OptionValue, QualifiedName } from './ast.ts';
import { tokenType } from './lexer.ts';
import { parseOptions } from './options.ts';
import type { TokenCursor } from './token-cursor.ts';

export function parseCopy(c: TokenCursor): CopyStatement {
  const start = c.take().start;
  const options: Option[] = [];
  if (c.isWord('binary') && !c.isWordAt(1, 'from') && !c.isWordAt(1, 'to')) {
    const at = c.take().start;
    options.push(option(c, 'format', at, 'word', 'binary'));
  }
  let table: QualifiedName | null = null;
  let columns: Identifier[] | null = null;
  let query: CopyStatement['query'] = null;
  if (c.acceptSymbol('(')) {
    query = parseCopiedQuery(c);
    c.expectSymbol(')');
  } else {
    table = c.qualifiedName();
    columns = c.isSymbol('(') ? c.parenthesized(() => c.name()) : null;
  }
  const from = query === null && c.acceptWord('from');
  if (!from) c.expectWord('to');
  const place = parsePlace(c);
  const delimiters = c.token.start;
  if (c.acceptWord('using')) {
    c.expectWord('delimiters');
    options.push(option(c, 'delimiter', delimiters, 'string', c.string()));
  } else if (c.acceptWord('delimiters')) {
    options.push(option(c, 'delimiter', delimiters, 'string', c.string()));
  }
  c.acceptWord('with');
  options.push(...(c.isSymbol('(') ? parseOptions(c) : parseOldOptions(c)));
  const where = from && c.acceptWord('where') ? c.grammar.expression(c) : null;
  const direction = from ? 'from' : 'to';
  const span = c.spanFrom(start);
  return { kind: 'copy', direction, table, columns, query, place, options, where, span };
}

function parseCopiedQuery(c: TokenCursor): CopyStatement['query'] {
  if (c.isWord('subscribe') || c.isWord('tail')) return c.grammar.subscribe(c);
  const statement = c.grammar.queryOrChange(c);
  if (statement.kind === 'merge') throw c.syntaxError();
  return statement;
}

function parsePlace(c: TokenCursor): CopyStatement['place'] {
  if (c.acceptWord('program')) return { kind: 'program', command: c.string() };
  if (c.acceptWord('stdin') || c.acceptWord('stdout')) return { kind: 'stdio' };
  return { kind: 'file', path: c.string() };
}

function option(
  c: TokenCursor,
  name: string,
  start: number,
  kind: OptionValue['kind'],
  text: string,
  items: readonly string[] = [],
): Option {
  const span = c.spanFrom(start);
  return { name, value: { kind, text, items, span }, span };
}

/** `CSV HEADER DELIMITER AS ';' FORCE QUOTE a, b` */
function parseOldOptions(c: TokenCursor): Option[] {
  const options: Option[] = [];
  for (;;) {
    const start = c.token.start;
    const word = c.isType(tokenType.word) ? c.token.text : '';
    switch (word) {
      case 'binary':
      case 'csv':
        c.take();
        options.push(option(c, 'format', start, 'word', word));
        break;
      case 'freeze':
      case 'header':
        c.take();
        options.push({ name: word, value: null, span: c.spanFrom(start) });
        break;
      case 'delimiter':
      case 'null':
      case 'quote':
      case 'escape':
      case 'encoding':
        c.take();
        if (word !== 'encoding') c.acceptWord('as');
        options.push(option(c, word, start, 'string', c.string()));
        break;
      case 'force':
        options.push(parseForce(c, start));
        break;
      default:
        return options;
    }
  }
}

function parseForce(c: TokenCursor, start: number): Option {
  c.take();
  let name = 'force_quote';
  if (!c.acceptWord('quote')) {
    name = c.acceptWord('not') ? 'force_not_null' : 'force_null';
    c.expectWord('null');
  } else if (c.acceptSymbol('*')) return option(c, name, start, 'list', '*', ['*']);
  const items = c.list(() => c.name().name);
  return option(c, name, start, 'list', items.join(','), items);
}
