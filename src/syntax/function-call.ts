/**
 * Function calls: arguments, DISTINCT, ORDER BY, WITHIN GROUP, FILTER, OVER with its frame, and the calls
 * that SQL spells in their own way (EXTRACT, SUBSTRING, TRIM…).
 */

import type {
  CallArgument,
  CallForm,
  ConditionalCall,
  Expression,
  Frame,
  FrameBound,
  FunctionCall,
  Identifier,
  NumberLiteral,
  QualifiedName,
  SortItem,
  Span,
  StringLiteral,
  WindowDefinition,
  WindowReference,
} from './ast.ts';
import { notSupported } from '../base/errors.ts';
import { tokenType } from './lexer.ts';
import type { TokenCursor } from './token-cursor.ts';

interface CallParts {
  readonly arguments: readonly CallArgument[];
  readonly star: boolean;
  readonly distinct: boolean;
  readonly orderBy: readonly SortItem[];
}

const noParts: CallParts = { arguments: [], star: false, distinct: false, orderBy: [] };

/** `name(…)` and what follows it; stands at the name. */
export function parseCall(c: TokenCursor): Expression {
  const start = c.token.start;
  const name = parseFunctionName(c);
  c.expectSymbol('(');
  const word = name.parts.length === 1 && !name.parts[0]!.quoted ? name.parts[0]!.name : '';
  const parts = c.isSymbol(')') ? noParts : parseArguments(c);
  if (isRounding(word) && parts.arguments.length === 1 && c.acceptWord('to')) {
    return parseFloorTo(c, name, parts.arguments[0]!);
  }
  if (standardJson.has(word) && !c.isSymbol(')')) refuseJsonClause(c, word);
  c.expectSymbol(')');
  const withinGroup = parseWithinGroup(c);
  const filter = parseFilter(c);
  const nulls = parseNullTreatment(c);
  const over = c.isWord('over') ? parseOver(c) : null;
  const span = c.spanFrom(start);
  return { kind: 'call', name, form: null, ...parts, withinGroup, filter, nulls, over, span };
}

/** Functions of the standard that have clauses among their arguments. */
const standardJson = new Set([
  'json_array',
  'json_arrayagg',
  'json_exists',
  'json_object',
  'json_objectagg',
  'json_query',
  'json_scalar',
  'json_serialize',
  'json_table',
  'json_value',
]);

const jsonClause =
  /^(?:columns|default|empty|error|false|format|keep|null|omit|passing|returning|true|unknown|value|with|without)$/;

function refuseJsonClause(c: TokenCursor, word: string): void {
  if (!jsonClause.test(c.token.text) && !c.isSymbol(':')) return;
  throw notSupported(`a clause of ${word.toUpperCase()}`, {
    position: c.token.start,
    hint: 'Use jsonb_path_query, jsonb_build_object and their kin, and COALESCE.',
  });
}

function parseFunctionName(c: TokenCursor): QualifiedName {
  const first = c.isSymbolAt(1, '.') ? c.name() : c.typeOrFunctionName();
  const parts = [first];
  while (c.acceptSymbol('.')) parts.push(c.label());
  return { kind: 'name', parts, span: c.spanFrom(first.span.start) };
}

function parseArguments(c: TokenCursor): CallParts {
  if (c.acceptSymbol('*')) return { ...noParts, star: true };
  const distinct = c.acceptWord('distinct');
  if (!distinct && c.isWord('all')) c.take();
  const values = c.list(() => parseArgument(c));
  const orderBy = c.acceptWords('order', 'by') ? c.grammar.sortItems(c) : [];
  return { arguments: values, star: false, distinct, orderBy };
}

function parseArgument(c: TokenCursor): CallArgument {
  const variadic = c.acceptWord('variadic');
  const named = c.isTypeOrFunctionName() && (c.isSymbolAt(1, '=>') || isColonEquals(c));
  const name = named ? c.typeOrFunctionName() : null;
  if (named) c.take();
  return { name, value: c.grammar.expression(c), variadic };
}

function isColonEquals(c: TokenCursor): boolean {
  return c.isSymbolAt(1, ':=');
}

const isRounding = (word: string): boolean => word === 'floor' || word === 'ceil';

/** Flink's `FLOOR(ts TO HOUR)`. */
function parseFloorTo(c: TokenCursor, name: QualifiedName, value: CallArgument): FunctionCall {
  const unit = c.label();
  c.expectSymbol(')');
  const field: StringLiteral = { kind: 'string', value: unit.name, span: unit.span };
  return formCall(c, name, 'floor-to', [value.value, field]);
}

function parseWithinGroup(c: TokenCursor): SortItem[] {
  if (!c.areWords('within', 'group')) return [];
  c.skip(2);
  c.expectSymbol('(');
  c.expectWords('order', 'by');
  const items = c.grammar.sortItems(c);
  c.expectSymbol(')');
  return items;
}

function parseFilter(c: TokenCursor): Expression | null {
  if (!c.isWord('filter') || !c.isSymbolAt(1, '(')) return null;
  c.skip(2);
  c.expectWord('where');
  const condition = c.grammar.expression(c);
  c.expectSymbol(')');
  return condition;
}

/** Not PostgreSQL's; there the word would be a label, so NULLS must follow. */
function parseNullTreatment(c: TokenCursor): 'ignore' | 'respect' | null {
  if (c.acceptWords('ignore', 'nulls')) return 'ignore';
  return c.acceptWords('respect', 'nulls') ? 'respect' : null;
}

// ───────────────────────────────────────────────────────────────────────── OVER

function parseOver(c: TokenCursor): WindowReference {
  c.take();
  if (c.isSymbol('(')) return parseWindowDefinition(c);
  const name = c.name();
  return { kind: 'window-name', name, span: name.span };
}

/** `(base PARTITION BY … ORDER BY … frame)` */
export function parseWindowDefinition(c: TokenCursor): WindowDefinition {
  const start = c.token.start;
  c.expectSymbol('(');
  const base = c.isName() && !startsWindowClause(c) ? c.name() : null;
  const partitionBy = c.acceptWord('partition') ? parsePartition(c) : [];
  const orderBy = c.acceptWord('order') ? parseOrder(c) : [];
  const frame = parseFrame(c);
  c.expectSymbol(')');
  return { kind: 'window-definition', base, partitionBy, orderBy, frame, span: c.spanFrom(start) };
}

function parsePartition(c: TokenCursor): Expression[] {
  c.expectWord('by');
  return c.list(() => c.grammar.expression(c));
}

function parseOrder(c: TokenCursor): SortItem[] {
  c.expectWord('by');
  return c.grammar.sortItems(c);
}

/** These words begin a clause; to name a window so, PostgreSQL wants quotes. */
function startsWindowClause(c: TokenCursor): boolean {
  return c.isWord('partition') || c.isWord('range') || c.isWord('rows') || c.isWord('groups');
}

function parseFrame(c: TokenCursor): Frame | null {
  const start = c.token.start;
  if (!c.isWord('range') && !c.isWord('rows') && !c.isWord('groups')) return null;
  const word = c.take().text;
  const mode = word === 'range' ? 'range' : word === 'rows' ? 'rows' : 'groups';
  const between = c.acceptWord('between');
  const first = parseFrameBound(c);
  let end: FrameBound | null = null;
  if (between) {
    c.expectWord('and');
    end = parseFrameBound(c);
  }
  checkFrame(c, first, end);
  return { mode, start: first, end, exclude: parseExclusion(c), span: c.spanFrom(start) };
}

/** PostgreSQL's parser refuses these, and so do we: the binder may rely on it. */
function checkFrame(c: TokenCursor, start: FrameBound, end: FrameBound | null): void {
  const refuse = (message: string): Error => c.windowingError(message, start.span.start);
  if (start.kind === 'unbounded-following') {
    throw refuse('frame start cannot be UNBOUNDED FOLLOWING');
  }
  if (end === null) {
    if (start.kind === 'following') {
      throw refuse('frame starting from following row cannot end with current row');
    }
    return;
  }
  if (end.kind === 'unbounded-preceding') throw refuse('frame end cannot be UNBOUNDED PRECEDING');
  if (start.kind === 'current-row' && end.kind === 'preceding') {
    throw refuse('frame starting from current row cannot have preceding rows');
  }
  if (
    start.kind === 'following' &&
    end.kind !== 'following' &&
    end.kind !== 'unbounded-following'
  ) {
    throw refuse('frame starting from following row cannot have preceding rows');
  }
}

function parseFrameBound(c: TokenCursor): FrameBound {
  const start = c.token.start;
  if (c.isWord('unbounded') && (c.isWordAt(1, 'preceding') || c.isWordAt(1, 'following'))) {
    c.take();
    const preceding = c.take().text === 'preceding';
    const kind = preceding ? 'unbounded-preceding' : 'unbounded-following';
    return { kind, offset: null, span: c.spanFrom(start) };
  }
  if (c.areWords('current', 'row')) {
    c.skip(2);
    return { kind: 'current-row', offset: null, span: c.spanFrom(start) };
  }
  const offset = c.grammar.expression(c);
  const preceding = c.acceptWord('preceding');
  if (!preceding) c.expectWord('following');
  return { kind: preceding ? 'preceding' : 'following', offset, span: c.spanFrom(start) };
}

function parseExclusion(c: TokenCursor): Frame['exclude'] {
  if (!c.acceptWord('exclude')) return null;
  if (c.acceptWords('current', 'row')) return 'current row';
  if (c.acceptWord('group')) return 'group';
  if (c.acceptWord('ties')) return 'ties';
  c.expectWords('no', 'others');
  return 'no others';
}

// ───────────────────────────────────────────────────────────────────────── forms

/** A call that begins with a keyword of its own; null, with nothing taken, when none stands here. */
export function parseCallForm(c: TokenCursor): Expression | null {
  if (!c.isSymbolAt(1, '(') && !c.isWord('collation')) return null;
  switch (c.token.text) {
    case 'coalesce':
    case 'greatest':
    case 'least':
    case 'nullif':
      return parseConditional(c);
    case 'grouping': {
      const start = c.take().start;
      const values = c.parenthesized(() => c.grammar.expression(c));
      return { kind: 'grouping', arguments: values, span: c.spanFrom(start) };
    }
    case 'extract':
      return parseExtract(c);
    case 'substring':
      return parseSubstring(c);
    case 'position': {
      const name = keywordName(c);
      c.expectSymbol('(');
      const needle = c.grammar.restricted(c);
      c.expectWord('in');
      const haystack = c.grammar.restricted(c);
      c.expectSymbol(')');
      return formCall(c, name, 'position', [haystack, needle]);
    }
    case 'overlay':
      return parseOverlay(c);
    case 'trim':
      return parseTrim(c);
    case 'normalize':
      return parseNormalize(c);
    case 'collation': {
      if (!c.isWordAt(1, 'for')) return null;
      const name = keywordName(c);
      c.expectWord('for');
      c.expectSymbol('(');
      const value = c.grammar.expression(c);
      c.expectSymbol(')');
      return formCall(c, renamed(name, 'pg_collation_for'), 'collation-for', [value]);
    }
    default:
      if (!/^xml|^treat$/.test(c.token.text) || c.token.keyword === null) return null;
      throw notSupported(c.token.text.toUpperCase(), { position: c.token.start });
  }
}

function parseConditional(c: TokenCursor): ConditionalCall {
  const start = c.token.start;
  const word = c.take().text as ConditionalCall['function'];
  if (word !== 'nullif') {
    const values = c.parenthesized(() => c.grammar.expression(c));
    return { kind: 'conditional', function: word, arguments: values, span: c.spanFrom(start) };
  }
  c.expectSymbol('(');
  const left = c.grammar.expression(c);
  c.expectSymbol(',');
  const right = c.grammar.expression(c);
  c.expectSymbol(')');
  return { kind: 'conditional', function: word, arguments: [left, right], span: c.spanFrom(start) };
}

/** The keyword as the name of a function. */
function keywordName(c: TokenCursor): QualifiedName {
  const part: Identifier = c.label();
  return { kind: 'name', parts: [part], span: part.span };
}

function renamed(name: QualifiedName, to: string): QualifiedName {
  const part: Identifier = { name: to, quoted: false, spelling: to, span: name.span };
  return { ...name, parts: [part] };
}

function parseExtract(c: TokenCursor): Expression {
  const name = keywordName(c);
  c.expectSymbol('(');
  const token = c.token;
  const usable =
    token.type === tokenType.string ||
    token.type === tokenType.quotedName ||
    (token.type === tokenType.word && (token.keyword === null || extractWords.has(token.text)));
  if (!usable) throw c.syntaxError();
  c.take();
  const span: Span = { start: token.start, end: token.end };
  const field: StringLiteral = { kind: 'string', value: token.text, span };
  c.expectWord('from');
  const source = c.grammar.expression(c);
  c.expectSymbol(')');
  return formCall(c, name, 'extract', [field, source]);
}

const extractWords = new Set(['year', 'month', 'day', 'hour', 'minute', 'second']);

function parseSubstring(c: TokenCursor): Expression {
  const name = keywordName(c);
  c.expectSymbol('(');
  if (c.acceptSymbol(')')) return plainCall(c, name, []);
  const first = parseArgument(c);
  const text = first.value;
  if (first.name === null && c.acceptWord('similar')) {
    const pattern = c.grammar.expression(c);
    c.expectWord('escape');
    const escape = c.grammar.expression(c);
    c.expectSymbol(')');
    return formCall(c, name, 'substring-similar', [text, pattern, escape]);
  }
  if (first.name !== null || (!c.isWord('from') && !c.isWord('for'))) {
    const rest = c.acceptSymbol(',') ? c.list(() => parseArgument(c)) : [];
    c.expectSymbol(')');
    return plainCall(c, name, [first, ...rest]);
  }
  // FROM and FOR come in either order, and either may be missing.
  let from = c.acceptWord('from') ? c.grammar.expression(c) : null;
  const length = c.acceptWord('for') ? c.grammar.expression(c) : null;
  if (from === null && c.acceptWord('from')) from = c.grammar.expression(c);
  c.expectSymbol(')');
  const end = c.lastEnd;
  const one: NumberLiteral = { kind: 'number', text: '1', span: { start: end, end } };
  const values = length === null ? [text, from ?? one] : [text, from ?? one, length];
  return formCall(c, name, 'substring', values);
}

function parseOverlay(c: TokenCursor): Expression {
  const name = keywordName(c);
  c.expectSymbol('(');
  if (c.acceptSymbol(')')) return plainCall(c, name, []);
  const first = parseArgument(c);
  if (first.name !== null || !c.acceptWord('placing')) {
    const rest = c.acceptSymbol(',') ? c.list(() => parseArgument(c)) : [];
    c.expectSymbol(')');
    return plainCall(c, name, [first, ...rest]);
  }
  const values = [first.value, c.grammar.expression(c)];
  c.expectWord('from');
  values.push(c.grammar.expression(c));
  if (c.acceptWord('for')) values.push(c.grammar.expression(c));
  c.expectSymbol(')');
  return formCall(c, name, 'overlay', values);
}

function parseTrim(c: TokenCursor): Expression {
  const name = keywordName(c);
  c.expectSymbol('(');
  let side = 'btrim';
  if (c.acceptWord('leading')) side = 'ltrim';
  else if (c.acceptWord('trailing')) side = 'rtrim';
  else c.acceptWord('both');
  let values: Expression[];
  if (c.acceptWord('from')) values = c.list(() => c.grammar.expression(c));
  else {
    const first = c.grammar.expression(c);
    if (c.acceptWord('from')) values = [...c.list(() => c.grammar.expression(c)), first];
    else {
      values = [first];
      while (c.acceptSymbol(',')) values.push(c.grammar.expression(c));
    }
  }
  c.expectSymbol(')');
  return formCall(c, renamed(name, side), 'trim', values);
}

function parseNormalize(c: TokenCursor): Expression {
  const name = keywordName(c);
  c.expectSymbol('(');
  const values: Expression[] = [c.grammar.expression(c)];
  if (c.acceptSymbol(',')) {
    const form = c.token;
    if (!/^nfk?[cd]$/.test(form.text) || form.type !== tokenType.word) throw c.syntaxError();
    c.take();
    const span = { start: form.start, end: form.end };
    values.push({ kind: 'string', value: form.text, span });
  }
  c.expectSymbol(')');
  return formCall(c, name, 'normalize', values);
}

function formCall(
  c: TokenCursor,
  name: QualifiedName,
  form: CallForm,
  values: readonly Expression[],
): FunctionCall {
  const parts = values.map((value) => ({ name: null, value, variadic: false }));
  return { ...plainCall(c, name, parts), form };
}

function plainCall(
  c: TokenCursor,
  name: QualifiedName,
  values: readonly CallArgument[],
): FunctionCall {
  return {
    kind: 'call',
    name,
    form: null,
    ...noParts,
    arguments: values,
    withinGroup: [],
    filter: null,
    nulls: null,
    over: null,
    span: c.spanFrom(name.span.start),
  };
}
