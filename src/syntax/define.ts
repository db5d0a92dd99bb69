/**
 * CREATE (all but tables), DROP, COMMENT and REFRESH. Objects that we will never have (triggers, policies,
 * operators…) are recognised as generic statements, for the session to answer.
 */

import type {
  CommentStatement,
  CreateConnection,
  CreateIndex,
  CreateSchema,
  CreateSequence,
  CreateSink,
  CreateType,
  CreateView,
  DropBehavior,
  DropStatement,
  Expression,
  Identifier,
  IndexElement,
  ObjectKind,
  Option,
  QualifiedName,
  RefreshStatement,
  Statement,
} from './ast.ts';
import {
  parseCreateTable,
  parseNullsDistinct,
  parseSequenceOptions,
  parseWithData,
  type CreatePrefix,
} from './define-table.ts';
import { parseNullsOrder } from './expression.ts';
import { parseColumnSpec } from './from-clause.ts';
import { parseGeneric } from './generic.ts';
import { tokenType } from './lexer.ts';
import { parseConnection, parseFormat, parseOptions, parseWithOptions } from './options.ts';
import type { TokenCursor } from './token-cursor.ts';

export function parseCreate(c: TokenCursor): Statement {
  const start = c.token.start;
  const ahead = c.isWordAt(1, 'or') && c.isWordAt(2, 'replace') ? 3 : 1;
  const prefix = readPrefix(c, start, ahead);
  const object = c.peek(prefix.ahead);
  const take = (words: number): void => c.skip(prefix.ahead + words);
  switch (object.type === tokenType.word ? object.text : '') {
    case 'table':
      take(1);
      return parseCreateTable(c, prefix, 'table');
    case 'source':
      take(1);
      return parseCreateTable(c, prefix, 'source');
    case 'stream':
      take(1);
      return parseCreateTable(c, prefix, 'stream');
    case 'view':
      take(1);
      return parseCreateView(c, prefix, { materialized: false, recursive: false });
    case 'recursive':
      if (!c.isWordAt(prefix.ahead + 1, 'view')) break;
      take(2);
      return parseCreateView(c, prefix, { materialized: false, recursive: true });
    case 'materialized':
      take(1);
      c.expectWord('view');
      return parseCreateView(c, prefix, { materialized: true, recursive: false });
    case 'sink':
      take(1);
      return parseCreateSink(c, prefix);
    case 'schema':
      take(1);
      return parseCreateSchema(c, start);
    case 'unique':
    case 'index':
      take(0);
      return parseCreateIndex(c, start);
    case 'sequence':
      take(1);
      return parseCreateSequence(c, prefix);
    case 'type':
      take(1);
      return parseCreateType(c, start);
    case 'connection':
    case 'secret':
      take(0);
      return parseCreateConnection(c, start);
  }
  return parseGeneric(c);
}

interface Prefix extends CreatePrefix {
  readonly ahead: number;
}

function readPrefix(c: TokenCursor, start: number, from: number): Prefix {
  let ahead = from;
  if (c.isWordAt(ahead, 'local') || c.isWordAt(ahead, 'global')) ahead++;
  const temporary = c.isWordAt(ahead, 'temporary') || c.isWordAt(ahead, 'temp');
  const unlogged = c.isWordAt(ahead, 'unlogged');
  if (temporary || unlogged) ahead++;
  return { start, orReplace: from === 3, temporary, unlogged, ahead };
}

function parseCreateView(
  c: TokenCursor,
  prefix: CreatePrefix,
  kind: { readonly materialized: boolean; readonly recursive: boolean },
): CreateView {
  const ifNotExists = c.ifNotExists();
  const name = c.qualifiedName();
  const columns = c.isSymbol('(') ? c.parenthesized(() => c.name()) : null;
  if (kind.recursive && columns === null) throw c.syntaxError();
  let comment: string | null = null;
  let options: Option[] = [];
  for (;;) {
    if (c.acceptWord('comment')) comment = c.string();
    else if (c.isWord('with') && c.isSymbolAt(1, '(')) options = parseWithOptions(c);
    // Where a view runs is ours to say: Materialize's clusters, PostgreSQL's storage.
    else if (c.isWord('in') || c.isWord('using') || c.isWord('tablespace')) {
      if (c.take().text === 'in') c.expectWord('cluster');
      c.name();
    } else break;
  }
  c.expectWord('as');
  const query = c.grammar.query(c);
  let checkOption: CreateView['checkOption'] = null;
  const withData = kind.materialized ? parseWithData(c) : null;
  if (withData === null && c.isWord('with') && !kind.materialized) {
    c.take();
    checkOption = c.acceptWord('local') ? 'local' : 'cascaded';
    if (checkOption === 'cascaded') c.acceptWord('cascaded');
    c.expectWords('check', 'option');
  }
  return {
    kind: 'create-view',
    ...kind,
    name,
    ifNotExists,
    orReplace: prefix.orReplace,
    temporary: prefix.temporary,
    columns,
    options,
    comment,
    query,
    checkOption,
    withData,
    span: c.spanFrom(prefix.start),
  };
}

function parseCreateSink(c: TokenCursor, prefix: CreatePrefix): CreateSink {
  const ifNotExists = c.ifNotExists();
  const name = c.qualifiedName();
  if (c.acceptWords('in', 'cluster')) c.name();
  let into: QualifiedName | null = null;
  let intoColumns: Identifier[] = [];
  if (c.acceptWord('into')) {
    into = c.qualifiedName();
    if (c.isSymbol('(')) intoColumns = c.parenthesized(() => c.name());
  }
  const from = c.acceptWord('from') ? c.qualifiedName() : null;
  if (from === null) c.expectWord('as');
  const query = from === null ? c.grammar.query(c) : null;
  const connection = from !== null && c.acceptWord('into') ? parseConnection(c) : null;
  const keyed = c.isWord('key') && c.isSymbolAt(1, '(');
  if (keyed) c.take();
  const key = keyed ? c.parenthesized(() => c.name()) : [];
  if (keyed && c.acceptWord('not')) c.expectWord('enforced');
  const first = parseWithOptions(c);
  const format = parseFormat(c);
  const options = first.length > 0 ? first : parseWithOptions(c);
  return {
    kind: 'create-sink',
    name,
    ifNotExists,
    orReplace: prefix.orReplace,
    from,
    query,
    into,
    intoColumns,
    connection,
    key,
    options,
    format,
    span: c.spanFrom(prefix.start),
  };
}

function parseCreateSchema(c: TokenCursor, start: number): CreateSchema {
  const ifNotExists = c.ifNotExists();
  const name = c.isWord('authorization') ? null : c.name();
  const authorization = c.acceptWord('authorization') ? c.nonReservedWord() : null;
  return { kind: 'create-schema', name, ifNotExists, authorization, span: c.spanFrom(start) };
}

function parseCreateIndex(c: TokenCursor, start: number): CreateIndex {
  const unique = c.acceptWord('unique');
  c.expectWord('index');
  const concurrently = c.acceptWord('concurrently');
  const ifNotExists = c.ifNotExists();
  const name = c.isName() ? c.name() : null;
  if (ifNotExists && name === null) throw c.syntaxError();
  c.expectWord('on');
  const only = c.acceptWord('only');
  const table = c.qualifiedName();
  const method = c.acceptWord('using') ? c.name() : null;
  const elements = parseIndexElements(c);
  const include = c.acceptWord('include') ? c.parenthesized(() => c.name()) : [];
  parseNullsDistinct(c);
  let nullsNotDistinct = false;
  if (c.acceptWord('nulls')) {
    nullsNotDistinct = c.acceptWord('not');
    c.expectWord('distinct');
  }
  const options = parseWithOptions(c);
  if (c.acceptWord('tablespace')) c.name();
  const where: Expression | null = c.acceptWord('where') ? c.grammar.expression(c) : null;
  return {
    kind: 'create-index',
    name,
    ifNotExists,
    unique,
    concurrently,
    table,
    only,
    method,
    elements,
    include,
    nullsNotDistinct,
    options,
    where,
    span: c.spanFrom(start),
  };
}

/** `( column | function call | (expression) [COLLATE c] [opclass] [ASC | DESC] [NULLS …], … )` */
export function parseIndexElements(c: TokenCursor): IndexElement[] {
  return c.parenthesized(() => {
    const start = c.token.start;
    const expression = parseIndexExpression(c);
    const collation = c.acceptWord('collate') ? c.qualifiedName() : null;
    const nullsOrder = c.isWord('nulls') && (c.isWordAt(1, 'first') || c.isWordAt(1, 'last'));
    const classed = c.isName() && !c.isWord('asc') && !c.isWord('desc') && !nullsOrder;
    const operatorClass = classed ? c.qualifiedName() : null;
    const direction = c.acceptWord('asc') ? 'asc' : c.acceptWord('desc') ? 'desc' : null;
    const nulls = parseNullsOrder(c);
    const span = c.spanFrom(start);
    return { expression, collation, operatorClass, direction, nulls, span };
  });
}

function parseIndexExpression(c: TokenCursor): Expression {
  const start = c.token.start;
  if (c.acceptSymbol('(')) {
    const expression = c.grammar.expression(c);
    c.expectSymbol(')');
    return expression;
  }
  if (c.isName() && !c.isSymbolAt(1, '(') && !c.isSymbolAt(1, '.')) {
    const parts = [c.name()];
    return { kind: 'column', parts, span: c.spanFrom(start) };
  }
  return c.grammar.operand(c);
}

function parseCreateSequence(c: TokenCursor, prefix: CreatePrefix): CreateSequence {
  const ifNotExists = c.ifNotExists();
  const name = c.qualifiedName();
  const options = parseSequenceOptions(c);
  const { temporary, start } = prefix;
  return {
    kind: 'create-sequence',
    name,
    ifNotExists,
    temporary,
    options,
    span: c.spanFrom(start),
  };
}

function parseCreateType(c: TokenCursor, start: number): Statement {
  const name = c.qualifiedName();
  let definition: CreateType['definition'];
  c.expectWord('as');
  if (c.acceptWord('enum')) {
    c.expectSymbol('(');
    const labels = c.isSymbol(')') ? [] : c.list(() => c.string());
    c.expectSymbol(')');
    definition = { kind: 'enum', labels };
  } else if (c.acceptWord('range')) definition = { kind: 'range', options: parseOptions(c) };
  else {
    c.expectSymbol('(');
    const fields = c.isSymbol(')') ? [] : c.list(() => parseColumnSpec(c));
    c.expectSymbol(')');
    definition = { kind: 'composite', fields };
  }
  return { kind: 'create-type', name, definition, span: c.spanFrom(start) };
}

function parseCreateConnection(c: TokenCursor, start: number): CreateConnection {
  const object = c.take().text === 'secret' ? 'secret' : 'connection';
  const ifNotExists = c.ifNotExists();
  const name = c.qualifiedName();
  if (object === 'connection') {
    c.expectWord('to');
    const connector = c.label().name;
    const options = parseOptions(c);
    const span = c.spanFrom(start);
    return {
      kind: 'create-connection',
      object,
      name,
      ifNotExists,
      connector,
      options,
      secret: null,
      span,
    };
  }
  const options = parseWithOptions(c);
  c.expectWord('as');
  const secret = c.string();
  const span = c.spanFrom(start);
  return {
    kind: 'create-connection',
    object,
    name,
    ifNotExists,
    connector: null,
    options,
    secret,
    span,
  };
}

// ───────────────────────────────────────────────────────────────────────── DROP, COMMENT, REFRESH

const objectKinds: readonly ObjectKind[] = [
  'table',
  'source',
  'stream',
  'view',
  'materialized view',
  'sink',
  'index',
  'schema',
  'database',
  'sequence',
  'type',
  'domain',
  'function',
  'procedure',
  'aggregate',
  'routine',
  'role',
  'user',
  'extension',
  'collation',
  'connection',
  'secret',
  'column',
  'constraint',
  'trigger',
  'rule',
  'policy',
  'catalog',
];

/** The kind of object at `ahead`, and how many words name it. */
export function objectKindAt(
  c: TokenCursor,
  ahead: number,
): { readonly object: ObjectKind; readonly words: number } | null {
  if (c.peek(ahead).type !== tokenType.word) return null;
  if (c.isWordAt(ahead, 'materialized')) {
    if (!c.isWordAt(ahead + 1, 'view')) throw c.syntaxError(c.peek(ahead + 1));
    return { object: 'materialized view', words: 2 };
  }
  const object = objectKinds.find((kind) => kind === c.peek(ahead).text);
  return object === undefined ? null : { object, words: 1 };
}

/** Objects whose names need more than a name (arguments, ON table). */
const complexDrops = new Set<ObjectKind>([
  'function',
  'procedure',
  'aggregate',
  'routine',
  'trigger',
  'rule',
  'policy',
  'column',
  'constraint',
]);

export function parseDrop(c: TokenCursor): Statement {
  const start = c.token.start;
  const temporary = c.isWordAt(1, 'temporary') && !c.isSymbolAt(2, '.');
  const kind = objectKindAt(c, temporary ? 2 : 1);
  if (kind === null || complexDrops.has(kind.object)) return parseGeneric(c);
  c.skip(kind.words + (temporary ? 2 : 1));
  const concurrently = kind.object === 'index' && c.acceptWord('concurrently');
  const ifExists = c.acceptWords('if', 'exists');
  const names = c.list(() => c.qualifiedName());
  const behavior = parseBehavior(c);
  const { object } = kind;
  const span = c.spanFrom(start);
  return {
    kind: 'drop',
    object,
    names,
    ifExists,
    temporary,
    concurrently,
    behavior,
    span,
  } satisfies DropStatement;
}

export function parseBehavior(c: TokenCursor): DropBehavior {
  if (c.acceptWord('cascade')) return 'cascade';
  return c.acceptWord('restrict') ? 'restrict' : null;
}

/** Objects that PostgreSQL takes a comment on, and that we do not have. */
const commentedWords = new Set(
  (
    'access cast conversion event foreign language large operator publication server statistics ' +
    'subscription tablespace text transform'
  ).split(' '),
);

/** `COMMENT ON object name IS 'text' | NULL` */
export function parseComment(c: TokenCursor): Statement {
  const start = c.token.start;
  if (!c.isWordAt(1, 'on')) throw c.syntaxError(c.peek(1));
  const kind = objectKindAt(c, 2);
  const complex = kind !== null && complexDrops.has(kind.object) && kind.object !== 'column';
  if (kind === null && !commentedWords.has(c.peek(2).text)) throw c.syntaxError(c.peek(2));
  if (kind === null || complex) return parseGeneric(c);
  c.skip(2 + kind.words);
  const name = c.qualifiedName();
  c.expectWord('is');
  const text = c.acceptWord('null') ? null : c.string();
  const { object } = kind;
  return {
    kind: 'comment',
    object,
    name,
    text,
    span: c.spanFrom(start),
  } satisfies CommentStatement;
}

export function parseRefresh(c: TokenCursor): RefreshStatement {
  const start = c.take().start;
  c.expectWords('materialized', 'view');
  const concurrently = c.acceptWord('concurrently');
  const name = c.qualifiedName();
  const withData = parseWithData(c);
  return { kind: 'refresh', name, concurrently, withData, span: c.spanFrom(start) };
}
