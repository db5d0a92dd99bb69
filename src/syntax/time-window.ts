/**
 * Window functions of time in FROM: Flink's `TUMBLE(TABLE t, DESCRIPTOR(ts), size)` with positional or named
 * arguments, and RisingWave's `TUMBLE(t, ts, size)`; `SESSION(t PARTITION BY k, ts, gap)` in both. All give one node.
 */

import type {
  ColumnRef,
  DerivedTable,
  Expression,
  Identifier,
  TableRef,
  WindowTable,
} from './ast.ts';
import { tokenType } from './lexer.ts';
import { holdsQuery } from './query-operand.ts';
import type { TokenCursor } from './token-cursor.ts';

type WindowName = WindowTable['function'];

/** The positional arguments behind table and time column. The last one, an offset, may be missing. */
const argumentNames: ReadonlyMap<string, readonly ArgumentName[]> = new Map([
  ['tumble', ['size', 'offset']],
  ['hop', ['slide', 'size', 'offset']],
  ['cumulate', ['step', 'size', 'offset']],
  ['session', ['gap']],
]);

type ArgumentName = 'size' | 'slide' | 'step' | 'gap' | 'offset';

/** At a window function whose first argument is a table; with anything else it is an ordinary function. */
export function isTimeWindow(c: TokenCursor): boolean {
  if (c.token.type !== tokenType.word || !argumentNames.has(c.token.text)) return false;
  if (!c.isSymbolAt(1, '(')) return false;
  if (c.isWordAt(2, 'table') || c.isSymbolAt(3, '=>')) return true;
  if (c.isSymbolAt(2, '(')) return true;
  let ahead = 3;
  while (c.isSymbolAt(ahead, '.') && c.isLabel(ahead + 1)) ahead += 2;
  if (!c.isName(2)) return false;
  return (
    c.isSymbolAt(ahead, ',') || (c.isWordAt(ahead, 'partition') && c.isWordAt(ahead + 1, 'by'))
  );
}

interface WindowArguments {
  input: TableRef | DerivedTable | null;
  timeColumn: ColumnRef | null;
  partitionBy: readonly Expression[];
  readonly values: Map<string, Expression>;
}

export function parseTimeWindow(c: TokenCursor): WindowTable {
  const start = c.token.start;
  const name = c.take().text as WindowName;
  const order = argumentNames.get(name)!;
  const found: WindowArguments = {
    input: null,
    timeColumn: null,
    partitionBy: [],
    values: new Map(),
  };
  let place = 0;
  c.expectSymbol('(');
  do {
    const named = c.isLabel() && c.isSymbolAt(1, '=>') ? c.label() : null;
    if (named !== null) c.take();
    const argument = named === null ? positional(place++, order) : argumentOf(c, named, order);
    if (argument === null) throw wrongArguments(c, name, start);
    parseArgument(c, argument, found);
  } while (c.acceptSymbol(','));
  c.expectSymbol(')');
  const { input, timeColumn, partitionBy, values } = found;
  const missing = order.some((argument) => argument !== 'offset' && !values.has(argument));
  if (input === null || timeColumn === null || missing) throw wrongArguments(c, name, start);
  return {
    kind: 'window-table',
    function: name,
    input,
    timeColumn,
    partitionBy,
    size: values.get('size') ?? null,
    slide: values.get('slide') ?? null,
    step: values.get('step') ?? null,
    gap: values.get('gap') ?? null,
    offset: values.get('offset') ?? null,
    alias: null,
    span: c.spanFrom(start),
  };
}

function positional(index: number, order: readonly ArgumentName[]): string | null {
  if (index === 0) return 'data';
  return index === 1 ? 'timecol' : (order[index - 2] ?? null);
}

function argumentOf(
  c: TokenCursor,
  name: Identifier,
  order: readonly ArgumentName[],
): string | null {
  const word = name.name.toLowerCase();
  if (word === 'data' || word === 'timecol') return word;
  const known = order.find((argument) => argument === word);
  if (known === undefined) {
    throw c.mistake(`unknown argument "${name.name}" of a window function`, name.span.start);
  }
  return known;
}

function wrongArguments(c: TokenCursor, name: WindowName, position: number): Error {
  const order = argumentNames
    .get(name)!
    .map((argument) => (argument === 'offset' ? '[, offset]' : `, ${argument}`));
  return c.mistake(`${name} takes the arguments (table, time column${order.join('')})`, position);
}

function parseArgument(c: TokenCursor, argument: string, found: WindowArguments): void {
  if (argument === 'data') {
    found.input = parseInput(c);
    if (c.acceptWords('partition', 'by')) {
      found.partitionBy = c.isSymbol('(')
        ? c.parenthesized(() => c.grammar.expression(c))
        : [c.grammar.expression(c)];
    }
  } else if (argument === 'timecol') found.timeColumn = parseTimeColumn(c);
  else found.values.set(argument, c.grammar.expression(c));
}

function parseInput(c: TokenCursor): TableRef | DerivedTable {
  const start = c.token.start;
  c.acceptWord('table');
  if (c.isSymbol('(')) {
    if (!holdsQuery(c)) throw c.syntaxError(c.peek(1));
    c.take();
    const query = c.grammar.query(c);
    c.expectSymbol(')');
    const span = c.spanFrom(start);
    return { kind: 'derived-table', query, lateral: false, alias: null, span };
  }
  const name = c.qualifiedName();
  const span = c.spanFrom(start);
  return { kind: 'table', name, only: false, systemTime: null, alias: null, span };
}

function parseTimeColumn(c: TokenCursor): ColumnRef {
  const described = c.isWord('descriptor') && c.isSymbolAt(1, '(');
  if (described) c.skip(2);
  const start = c.token.start;
  const parts = [c.name()];
  while (c.acceptSymbol('.')) parts.push(c.label());
  const column: ColumnRef = { kind: 'column', parts, span: c.spanFrom(start) };
  if (described) c.expectSymbol(')');
  return column;
}
