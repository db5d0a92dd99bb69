/**
 * Type names in every dialect: PostgreSQL's words and brackets, Flink's and RisingWave's ROW, STRUCT, ARRAY
 * and MAP. Whether a type exists is the binder's question.
 */

import type {
  ArrayType,
  Expression,
  Identifier,
  IntervalField,
  IntervalFields,
  NamedType,
  QualifiedName,
  RowTypeField,
  Span,
  TypeName,
} from './ast.ts';
import { tokenType } from './lexer.ts';
import type { TokenCursor } from './token-cursor.ts';

export function parseTypeName(c: TokenCursor): TypeName {
  c.enter();
  const start = c.token.start;
  const element = parseElement(c);
  const type = parseDimensions(c, start, element);
  c.leave();
  return type;
}

/** A type without brackets behind it, as typed literals have it. */
export function parseSimpleType(c: TokenCursor): TypeName {
  return parseElement(c);
}

function parseDimensions(c: TokenCursor, start: number, element: TypeName): TypeName {
  const dimensions: (number | null)[] = [];
  if (c.isWord('array')) {
    c.take();
    dimensions.push(c.isSymbol('[') ? parseBracket(c) : null);
  } else {
    while (c.isSymbol('[')) dimensions.push(parseBracket(c));
  }
  if (dimensions.length === 0) return element;
  return { kind: 'array-type', element, dimensions, span: c.spanFrom(start) } satisfies ArrayType;
}

function parseBracket(c: TokenCursor): number | null {
  c.expectSymbol('[');
  const size = c.isType(tokenType.integer) ? Number(c.take().text) : null;
  c.expectSymbol(']');
  return size;
}

function parseElement(c: TokenCursor): TypeName {
  const start = c.token.start;
  if (c.isType(tokenType.word)) {
    const nested = parseNestedType(c, start) ?? parseStandardType(c, start);
    if (nested !== null) return nested;
  }
  const first = c.typeOrFunctionName();
  const parts = [first];
  while (c.acceptSymbol('.')) parts.push(c.label());
  const name: QualifiedName = { kind: 'name', parts, span: c.spanFrom(start) };
  return named(c, start, name, parseModifiers(c));
}

/** `ARRAY<…>`, `MAP<…>`, `ROW<…>`, `STRUCT<…>`; null when it is none of these. */
function parseNestedType(c: TokenCursor, start: number): TypeName | null {
  const angle = c.isSymbolAt(1, '<');
  if (c.isWord('array') && angle) {
    c.skip(2);
    const element = parseTypeName(c);
    c.expectClosingAngle();
    return { kind: 'array-type', element, dimensions: [null], span: c.spanFrom(start) };
  }
  if (c.isWord('map') && angle) {
    c.skip(2);
    const key = parseTypeName(c);
    c.expectSymbol(',');
    const value = parseTypeName(c);
    c.expectClosingAngle();
    return { kind: 'map-type', key, value, span: c.spanFrom(start) };
  }
  const round = c.isSymbolAt(1, '(') && c.isWord('row');
  if (!round && !(angle && (c.isWord('row') || c.isWord('struct')))) return null;
  c.skip(2);
  const fields = c.list(() => parseRowField(c));
  if (round) c.expectSymbol(')');
  else c.expectClosingAngle();
  return { kind: 'row-type', fields, span: c.spanFrom(start) };
}

function parseRowField(c: TokenCursor): RowTypeField {
  const name = c.label();
  c.acceptSymbol(':');
  const type = parseTypeName(c);
  const notNull = c.acceptWords('not', 'null');
  if (!notNull) c.acceptWord('null');
  const comment = c.isType(tokenType.string) ? c.take().text : null;
  return { name, type, notNull, comment, span: c.spanFrom(name.span.start) };
}

/** The types of the SQL standard whose names are keywords, or several words. */
function parseStandardType(c: TokenCursor, start: number): NamedType | null {
  switch (c.token.text) {
    case 'int':
    case 'integer':
    case 'smallint':
    case 'bigint':
    case 'real':
    case 'boolean':
      return word(c, start, c.take().text, []);
    case 'dec':
    case 'decimal':
    case 'numeric':
    case 'float':
    case 'varchar': {
      const name = c.take().text;
      return word(c, start, name, parseModifiers(c));
    }
    case 'double':
      if (!c.isWordAt(1, 'precision')) return null;
      c.skip(2);
      return word(c, start, 'double precision', []);
    case 'char':
    case 'character':
    case 'nchar':
    case 'bit': {
      const name = c.take().text;
      const varying = c.acceptWord('varying');
      return word(c, start, varying ? `${longName(name)} varying` : name, parseModifiers(c));
    }
    case 'national': {
      c.take();
      if (!c.acceptWord('character')) c.expectWord('char');
      const varying = c.acceptWord('varying');
      const name = varying ? 'character varying' : 'character';
      return word(c, start, name, parseModifiers(c));
    }
    case 'time':
    case 'timestamp': {
      const name = c.take().text;
      const modifiers = c.isSymbol('(') ? [parseInteger(c)] : [];
      const zone = parseZone(c);
      return word(c, start, zone === '' ? name : `${name} ${zone}`, modifiers);
    }
    case 'interval':
      return parseIntervalType(c, start);
    default:
      return null;
  }
}

const longName = (name: string): string => (name === 'bit' ? 'bit' : 'character');

function parseZone(c: TokenCursor): string {
  if (c.acceptWords('with', 'time', 'zone')) return 'with time zone';
  if (c.acceptWords('without', 'time', 'zone')) return 'without time zone';
  if (c.acceptWords('with', 'local', 'time', 'zone')) return 'with local time zone';
  // `WITH` may belong to what follows, but `WITHOUT` may not.
  if (c.isWord('with') && c.isWordAt(1, 'time')) {
    c.take();
    c.expectWords('time', 'zone');
  }
  if (c.isWord('without')) {
    c.take();
    c.expectWords('time', 'zone');
  }
  return '';
}

function parseIntervalType(c: TokenCursor, start: number): NamedType {
  const name = nameOf(c.take().text, start, c);
  const span = (): Span => c.spanFrom(start);
  if (c.isSymbol('(')) {
    const modifiers = [parseInteger(c)];
    return { kind: 'named-type', name, modifiers, intervalFields: null, span: span() };
  }
  const intervalFields = parseIntervalFields(c, false);
  return { kind: 'named-type', name, modifiers: [], intervalFields, span: span() };
}

function parseInteger(c: TokenCursor): Expression {
  c.expectSymbol('(');
  const token = c.expectType(tokenType.integer);
  c.expectSymbol(')');
  return { kind: 'number', text: token.text, span: { start: token.start, end: token.end } };
}

function parseModifiers(c: TokenCursor): Expression[] {
  return c.isSymbol('(') ? c.parenthesized(() => c.grammar.expression(c)) : [];
}

function word(c: TokenCursor, start: number, text: string, modifiers: Expression[]): NamedType {
  return named(c, start, nameOf(text, start, c), modifiers);
}

function nameOf(name: string, start: number, c: TokenCursor): QualifiedName {
  const span = c.spanFrom(start);
  const part: Identifier = { name, quoted: false, spelling: name, span };
  return { kind: 'name', parts: [part], span };
}

function named(
  c: TokenCursor,
  start: number,
  name: QualifiedName,
  modifiers: Expression[],
): NamedType {
  return { kind: 'named-type', name, modifiers, intervalFields: null, span: c.spanFrom(start) };
}

const fieldNames: ReadonlyMap<string, IntervalField> = new Map(
  (
    [
      'year',
      'quarter',
      'month',
      'week',
      'day',
      'hour',
      'minute',
      'second',
      'millisecond',
      'microsecond',
    ] as const
  ).flatMap((field): [string, IntervalField][] => [
    [field, field],
    [`${field}s`, field],
  ]),
);

const postgresFields = new Set(['year', 'month', 'day', 'hour', 'minute', 'second']);

/**
 * `DAY TO SECOND(3)`, `MINUTES`; null when no unit stands here. Plural and other units are PostgreSQL column
 * labels in a select list (`labels`) when the item ends behind them: then they are left alone.
 */
export function parseIntervalFields(c: TokenCursor, labels: boolean): IntervalFields | null {
  const from = intervalField(c, labels);
  if (from === null) return null;
  c.take();
  let precision = parsePrecision(c);
  let to: IntervalField | null = null;
  if (c.isWord('to')) {
    c.take();
    to = intervalField(c, false);
    if (to === null) throw c.syntaxError();
    c.take();
    precision = parsePrecision(c);
  }
  return { from, to, precision };
}

/** A precision means something for seconds only; Flink writes one behind days, too. */
function parsePrecision(c: TokenCursor): number | null {
  if (!c.isSymbol('(')) return null;
  c.take();
  const digits = Number(c.expectType(tokenType.integer).text);
  c.expectSymbol(')');
  return digits;
}

function intervalField(c: TokenCursor, labels: boolean): IntervalField | null {
  const token = c.token;
  if (token.type !== tokenType.word) return null;
  const field = fieldNames.get(token.text);
  if (field === undefined) return null;
  if (labels && !postgresFields.has(token.text) && endsSelectItem(c, 1)) return null;
  return field;
}

/** Words and symbols behind which a column label may have stood. */
const afterItem = new Set(
  (
    'from where group having window order limit offset fetch for union intersect except into ' +
    'returning on'
  ).split(' '),
);

/** Whether the token `ahead` places on ends an item of a select list. */
export function endsSelectItem(c: TokenCursor, ahead: number): boolean {
  const token = c.peek(ahead);
  if (token.type === tokenType.end) return true;
  if (token.type === tokenType.symbol)
    return token.text === ',' || token.text === ';' || token.text === ')';
  return token.type === tokenType.word && afterItem.has(token.text);
}
