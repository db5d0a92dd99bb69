/**
 * `MATCH_RECOGNIZE (…)` behind a table in FROM, with its pattern language.
 */

import type { AfterMatch, FromItem, Identifier, MatchRecognize, Pattern } from './ast.ts';
import { tokenType } from './lexer.ts';
import type { TokenCursor } from './token-cursor.ts';

/** In PostgreSQL the word could be an alias with column names: those are parted by commas. */
export function isMatchRecognize(c: TokenCursor): boolean {
  if (!c.isWord('match_recognize') || !c.isSymbolAt(1, '(')) return false;
  return !c.isSymbolAt(3, ',') && !c.isSymbolAt(3, ')');
}

export function parseMatchRecognize(c: TokenCursor, input: FromItem): MatchRecognize {
  c.skip(2);
  const partitionBy = c.acceptWords('partition', 'by') ? c.list(() => c.grammar.expression(c)) : [];
  const orderBy = c.acceptWords('order', 'by') ? c.grammar.sortItems(c) : [];
  const measures = c.acceptWord('measures') ? c.list(() => parseMeasure(c)) : [];
  const rowsPerMatch = parseRowsPerMatch(c);
  const afterMatch = c.isWord('after') ? parseAfterMatch(c) : null;
  c.expectWord('pattern');
  c.expectSymbol('(');
  const pattern = parseChoice(c);
  c.expectSymbol(')');
  const within = c.acceptWord('within') ? c.grammar.expression(c) : null;
  const subsets = c.acceptWord('subset')
    ? c.list(() => {
        const name = c.name();
        c.expectSymbol('=');
        return { name, of: c.parenthesized(() => c.name()) };
      })
    : [];
  c.expectWord('define');
  const define = c.list(() => {
    const name = c.name();
    c.expectWord('as');
    return { name, condition: c.grammar.expression(c) };
  });
  c.expectSymbol(')');
  return {
    kind: 'match-recognize',
    input,
    partitionBy,
    orderBy,
    measures,
    rowsPerMatch,
    afterMatch,
    pattern,
    within,
    subsets,
    define,
    alias: null,
    span: c.spanFrom(input.span.start),
  };
}

function parseMeasure(c: TokenCursor): MatchRecognize['measures'][number] {
  const expression = c.grammar.expression(c);
  c.expectWord('as');
  const alias: Identifier = c.label();
  return { expression, alias, span: c.spanFrom(expression.span.start) };
}

function parseRowsPerMatch(c: TokenCursor): 'one' | 'all' {
  if (c.acceptWord('one')) {
    c.expectWords('row', 'per', 'match');
    return 'one';
  }
  if (!c.acceptWord('all')) return 'one';
  c.expectWords('rows', 'per', 'match');
  return 'all';
}

function parseAfterMatch(c: TokenCursor): AfterMatch {
  const start = c.take().start;
  c.expectWords('match', 'skip');
  if (c.acceptWord('past')) {
    c.expectWords('last', 'row');
    return { skip: 'past-last-row', variable: null, span: c.spanFrom(start) };
  }
  c.expectWord('to');
  if (c.areWords('next', 'row')) {
    c.skip(2);
    return { skip: 'to-next-row', variable: null, span: c.spanFrom(start) };
  }
  const first = c.isWord('first');
  if (first || c.isWord('last')) c.take();
  const variable = c.name();
  return { skip: first ? 'to-first' : 'to-last', variable, span: c.spanFrom(start) };
}

// ───────────────────────────────────────────────────────────────────────── patterns

function parseChoice(c: TokenCursor): Pattern {
  c.enter();
  const start = c.token.start;
  const items = [parseSequence(c)];
  while (c.acceptCharacter('|')) items.push(parseSequence(c));
  c.leave();
  if (items.length === 1) return items[0]!;
  return { kind: 'pattern-choice', items, span: c.spanFrom(start) };
}

function parseSequence(c: TokenCursor): Pattern {
  const start = c.token.start;
  const items = [parseRepeat(c)];
  while (c.isName() || c.isSymbol('(')) items.push(parseRepeat(c));
  if (items.length === 1) return items[0]!;
  return { kind: 'pattern-sequence', items, span: c.spanFrom(start) };
}

function parseRepeat(c: TokenCursor): Pattern {
  const start = c.token.start;
  const item = parseAtom(c);
  let min = 0;
  let max: number | null = null;
  if (c.acceptCharacter('*')) min = 0;
  else if (c.acceptCharacter('+')) min = 1;
  else if (c.acceptCharacter('?')) max = 1;
  else if (c.acceptSymbol('{')) {
    const bounds = parseBounds(c);
    min = bounds.min;
    max = bounds.max;
  } else return item;
  const reluctant = c.acceptCharacter('?');
  return { kind: 'pattern-repeat', item, min, max, reluctant, span: c.spanFrom(start) };
}

/** `n}`, `n,}`, `,m}`, `n,m}` */
function parseBounds(c: TokenCursor): { min: number; max: number | null } {
  const min = c.isType(tokenType.integer) ? Number(c.take().text) : null;
  if (min !== null && c.acceptSymbol('}')) return { min, max: min };
  c.expectSymbol(',');
  const max = c.isType(tokenType.integer) ? Number(c.take().text) : null;
  if (min === null && max === null) throw c.syntaxError();
  c.expectSymbol('}');
  return { min: min ?? 0, max };
}

function parseAtom(c: TokenCursor): Pattern {
  if (c.acceptSymbol('(')) {
    const inner = parseChoice(c);
    c.expectSymbol(')');
    return inner;
  }
  const name = c.name();
  return { kind: 'pattern-variable', name, span: name.span };
}
