/**
 * CREATE TABLE, SOURCE and STREAM: columns, computed columns, metadata, watermarks, keys, and the clauses
 * behind the parentheses, in every dialect and any mix of them.
 */

import type {
  ColumnConstraint,
  ColumnDefinition,
  ColumnRef,
  CreateTable,
  Expression,
  Identifier,
  LikeClause,
  QualifiedName,
  SequenceOption,
  TableConstraint,
  TableElement,
  WatermarkDefinition,
} from './ast.ts';
import { notSupported } from '../base/errors.ts';
import { tokenType } from './lexer.ts';
import { parseConnection, parseFormat, parseIncludes, parseWithOptions } from './options.ts';
import type { TokenCursor } from './token-cursor.ts';
import { parseTypeName } from './type-name.ts';

/** What stood between CREATE and the kind of object. */
export interface CreatePrefix {
  readonly start: number;
  readonly orReplace: boolean;
  readonly temporary: boolean;
  readonly unlogged: boolean;
}

/** Behind `CREATE … TABLE`, `SOURCE` or `STREAM`. */
export function parseCreateTable(
  c: TokenCursor,
  prefix: CreatePrefix,
  relation: CreateTable['relation'],
): CreateTable {
  const ifNotExists = c.ifNotExists();
  const name = c.qualifiedName();
  if (c.areWords('partition', 'of') || c.isWord('of')) {
    throw notSupported(`CREATE TABLE … ${c.token.text.toUpperCase()}`, { position: c.token.start });
  }
  const columnNames = parseColumnNames(c);
  const elements = columnNames === null && c.isSymbol('(') ? parseElements(c) : null;
  const table = new Clauses(c).read();
  const as = c.acceptWord('as') ? c.grammar.query(c) : null;
  if (as === null && columnNames !== null) throw c.syntaxError();
  const withData = as === null ? null : parseWithData(c);
  return {
    kind: 'create-table',
    relation,
    name,
    ifNotExists,
    orReplace: prefix.orReplace,
    temporary: prefix.temporary,
    unlogged: prefix.unlogged,
    elements,
    ...table,
    as,
    columnNames,
    withData,
    span: c.spanFrom(prefix.start),
  };
}

export function parseWithData(c: TokenCursor): boolean | null {
  if (!c.acceptWord('with')) return null;
  const withData = !c.acceptWord('no');
  c.expectWord('data');
  return withData;
}

/** `(a, b) AS`: names alone, which only CREATE TABLE AS takes. */
function parseColumnNames(c: TokenCursor): Identifier[] | null {
  if (!c.isSymbol('(') || !c.isName(1)) return null;
  if (!c.isSymbolAt(2, ',') && !c.isSymbolAt(2, ')')) return null;
  return c.parenthesized(() => c.name());
}

function parseElements(c: TokenCursor): TableElement[] {
  c.expectSymbol('(');
  const elements: TableElement[] = [];
  if (!c.isSymbol(')')) elements.push(...c.list(() => parseElement(c)));
  c.expectSymbol(')');
  return elements;
}

function parseElement(c: TokenCursor): TableElement {
  const start = c.token.start;
  if (c.acceptSymbol('*')) return { kind: 'star-element', span: c.spanFrom(start) };
  if (c.isWord('watermark') && c.isWordAt(1, 'for')) return parseWatermark(c);
  if (c.isWord('like')) {
    c.take();
    return parseLike(c, start);
  }
  return parseTableConstraint(c) ?? parseColumn(c);
}

function parseWatermark(c: TokenCursor): WatermarkDefinition {
  const start = c.token.start;
  c.skip(2);
  const from = c.token.start;
  const parts = [c.name()];
  while (c.acceptSymbol('.')) parts.push(c.label());
  const column: ColumnRef = { kind: 'column', parts, span: c.spanFrom(from) };
  c.expectWord('as');
  const expression = c.grammar.expression(c);
  return { kind: 'watermark', column, expression, span: c.spanFrom(start) };
}

/** Behind LIKE. */
function parseLike(c: TokenCursor, start: number): LikeClause {
  const table = c.qualifiedName();
  const options: string[] = [];
  const flink = c.acceptSymbol('(');
  while (c.isWord('including') || c.isWord('excluding') || (flink && c.isWord('overwriting'))) {
    options.push(`${c.take().text} ${c.label().name}`);
  }
  if (flink) c.expectSymbol(')');
  return { kind: 'like-table', table, options, span: c.spanFrom(start) };
}

// ───────────────────────────────────────────────────────────────────────── columns

export function parseColumn(c: TokenCursor): ColumnDefinition {
  const start = c.token.start;
  const name = c.name();
  const type = c.isWord('as') || c.isWord('metadata') ? null : parseTypeName(c);
  let collation: QualifiedName | null = null;
  let computed: Expression | null = null;
  let metadata: ColumnDefinition['metadata'] = null;
  let key = false;
  let comment: string | null = null;
  const constraints: ColumnConstraint[] = [];
  for (;;) {
    if (c.isWord('as') && computed === null) {
      c.take();
      computed = c.grammar.expression(c);
    } else if (c.isWord('metadata') && metadata === null) {
      c.take();
      const from = c.acceptWord('from') ? c.string() : null;
      metadata = { key: from, virtual: c.acceptWord('virtual') };
    } else if (c.isWord('collate')) {
      c.take();
      collation = c.qualifiedName();
    } else if (c.isWord('comment')) {
      c.take();
      comment = c.string();
    } else if (c.isWord('key')) {
      c.take();
      key = true;
    } else {
      const constraint = parseColumnConstraint(c);
      if (constraint === null) break;
      constraints.push(constraint);
    }
  }
  const span = c.spanFrom(start);
  return {
    kind: 'column-definition',
    name,
    type,
    collation,
    computed,
    metadata,
    key,
    constraints,
    comment,
    span,
  };
}

function parseColumnConstraint(c: TokenCursor): ColumnConstraint | null {
  const start = c.token.start;
  const name = c.acceptWord('constraint') ? c.name() : null;
  if (c.isWord('not') && c.isWordAt(1, 'null')) {
    c.skip(2);
    return { kind: 'not-null', name, span: c.spanFrom(start) };
  }
  if (c.acceptWord('null')) return { kind: 'nullable', name, span: c.spanFrom(start) };
  if (c.acceptWord('default')) {
    const expression = c.grammar.restricted(c);
    return { kind: 'default', name, expression, span: c.spanFrom(start) };
  }
  if (c.acceptWord('check')) {
    c.expectSymbol('(');
    const expression = c.grammar.expression(c);
    c.expectSymbol(')');
    if (c.acceptWords('no', 'inherit')) {
      throw notSupported('CHECK … NO INHERIT', { position: start });
    }
    return { kind: 'check', name, expression, span: c.spanFrom(start) };
  }
  if (c.isWord('primary') || c.isWord('unique')) {
    const kind = parseKeyWord(c);
    const enforced = parseEnforced(c);
    return { kind, name, enforced, span: c.spanFrom(start) };
  }
  if (c.isWord('generated')) return parseGenerated(c, name, start);
  if (c.acceptWord('references')) {
    const references = parseReferences(c);
    return { kind: 'references', name, ...references, span: c.spanFrom(start) };
  }
  if (name !== null) throw c.syntaxError();
  return null;
}

function parseKeyWord(c: TokenCursor): 'primary-key' | 'unique' {
  if (c.acceptWord('unique')) {
    parseNullsDistinct(c);
    return 'unique';
  }
  c.expectWord('primary');
  c.expectWord('key');
  return 'primary-key';
}

/** NULLS DISTINCT of UNIQUE, which is the default. */
export function parseNullsDistinct(c: TokenCursor): void {
  const { start } = c.token;
  if (c.acceptWords('nulls', 'distinct')) return;
  if (!c.acceptWords('nulls', 'not', 'distinct')) return;
  throw notSupported('NULLS NOT DISTINCT', {
    hint: 'Add a UNIQUE column GENERATED ALWAYS AS (coalesce(…)) STORED.',
    position: start,
  });
}

/** How a constraint is held: NOT ENFORCED alone makes a difference, and what must wait is refused. */
function parseEnforced(c: TokenCursor): boolean {
  let enforced = true;
  for (;;) {
    const { start } = c.token;
    if (c.acceptWords('not', 'enforced')) enforced = false;
    else if (c.acceptWord('enforced')) enforced = true;
    else if (c.acceptWord('deferrable') || c.acceptWords('initially', 'deferred')) {
      throw notSupported('a constraint that is DEFERRABLE', {
        detail: 'Constraints are looked at when a statement ends.',
        hint: 'Leave it out.',
        position: start,
      });
    } else if (!c.acceptWords('not', 'deferrable') && !c.acceptWords('initially', 'immediate')) {
      return enforced;
    }
  }
}

function parseGenerated(c: TokenCursor, name: Identifier | null, start: number): ColumnConstraint {
  c.take();
  const always = c.acceptWord('always');
  if (!always) c.expectWords('by', 'default');
  c.expectWord('as');
  if (c.acceptWord('identity')) {
    const options = c.isSymbol('(') ? parseSequenceParentheses(c) : [];
    return { kind: 'identity', name, always, options, span: c.spanFrom(start) };
  }
  if (!always) throw c.syntaxError();
  c.expectSymbol('(');
  const expression = c.grammar.expression(c);
  c.expectSymbol(')');
  c.expectWord('stored');
  return { kind: 'generated', name, expression, span: c.spanFrom(start) };
}

function parseSequenceParentheses(c: TokenCursor): SequenceOption[] {
  c.expectSymbol('(');
  const options = parseSequenceOptions(c);
  c.expectSymbol(')');
  return options;
}

export function parseSequenceOptions(c: TokenCursor): SequenceOption[] {
  const options: SequenceOption[] = [];
  for (;;) {
    const start = c.token.start;
    const word = c.isType(tokenType.word) ? c.token.text : '';
    let value: string | null = null;
    let name = word;
    switch (word) {
      case 'increment':
      case 'start':
      case 'restart':
        c.take();
        c.acceptWord(word === 'increment' ? 'by' : 'with');
        if (word === 'restart' && !isNumber(c)) break;
        value = parseSignedNumber(c);
        break;
      case 'minvalue':
      case 'maxvalue':
      case 'cache':
        c.take();
        value = parseSignedNumber(c);
        break;
      case 'cycle':
        c.take();
        value = 'true';
        break;
      case 'no':
        c.take();
        name = c.token.text;
        if (name !== 'minvalue' && name !== 'maxvalue' && name !== 'cycle') throw c.syntaxError();
        c.take();
        break;
      case 'as': {
        c.take();
        const from = c.token.start;
        parseTypeName(c);
        value = c.source.slice(from, c.lastEnd).toLowerCase();
        break;
      }
      case 'owned': {
        c.take();
        c.expectWord('by');
        const owner = c.qualifiedName();
        name = 'owned by';
        value = owner.parts.map((part) => part.name).join('.');
        break;
      }
      default:
        return options;
    }
    options.push({ name, value, span: c.spanFrom(start) });
  }
}

function isNumber(c: TokenCursor): boolean {
  return c.isType(tokenType.integer) || c.isType(tokenType.decimal) || c.isSymbol('-');
}

function parseSignedNumber(c: TokenCursor): string {
  const sign = c.acceptSymbol('-') ? '-' : '';
  if (!c.isType(tokenType.integer) && !c.isType(tokenType.decimal)) throw c.syntaxError();
  return sign + c.take().text;
}

// ───────────────────────────────────────────────────────────────────────── constraints

/** A constraint of the whole table; null when a column stands here. */
export function parseTableConstraint(c: TokenCursor): TableConstraint | null {
  const start = c.token.start;
  const name = c.acceptWord('constraint') ? c.name() : null;
  const base = { kind: 'table-constraint', name, check: null, references: null } as const;
  if (c.isWord('primary') || c.isWord('unique')) {
    const constraint = parseKeyWord(c);
    const columns = c.parenthesized(() => c.name());
    const enforced = parseEnforced(c);
    return { ...base, constraint, columns, enforced, span: c.spanFrom(start) };
  }
  if (c.acceptWord('check')) {
    c.expectSymbol('(');
    const check = c.grammar.expression(c);
    c.expectSymbol(')');
    const enforced = parseEnforced(c);
    return { ...base, constraint: 'check', columns: [], check, enforced, span: c.spanFrom(start) };
  }
  if (c.acceptWord('foreign')) {
    c.expectWord('key');
    const columns = c.parenthesized(() => c.name());
    c.expectWord('references');
    const references = parseReferences(c);
    const span = c.spanFrom(start);
    return { ...base, constraint: 'foreign-key', columns, references, enforced: true, span };
  }
  if (c.isWord('exclude') && (c.isSymbolAt(1, '(') || c.isWordAt(1, 'using'))) {
    throw notSupported('EXCLUDE', { position: c.token.start });
  }
  if (name !== null) throw c.syntaxError();
  return null;
}

interface References {
  readonly table: QualifiedName;
  readonly columns: readonly Identifier[];
  readonly actions: readonly string[];
}

/** Behind REFERENCES. */
function parseReferences(c: TokenCursor): References {
  const table = c.qualifiedName();
  const columns = c.isSymbol('(') ? c.parenthesized(() => c.name()) : [];
  const actions: string[] = [];
  for (;;) {
    if (c.isWord('match')) {
      c.take();
      actions.push(`match ${c.label().name}`);
    } else if (c.isWord('on')) {
      c.take();
      const event = c.label().name;
      const first = c.label().name;
      const second = first === 'no' || first === 'set' ? ` ${c.label().name}` : '';
      actions.push(`on ${event} ${first}${second}`);
    } else if (c.acceptWord('deferrable')) actions.push('deferrable');
    else if (c.isWord('not') && (c.isWordAt(1, 'deferrable') || c.isWordAt(1, 'enforced'))) {
      c.take();
      actions.push(`not ${c.take().text}`);
    } else if (c.acceptWord('initially')) actions.push(`initially ${c.label().name}`);
    else return { table, columns, actions };
  }
}

// ───────────────────────────────────────────────────────────────────────── clauses

type TableClauses = Pick<
  CreateTable,
  | 'include'
  | 'options'
  | 'format'
  | 'from'
  | 'fromSource'
  | 'comment'
  | 'partitionedBy'
  | 'partitionMethod'
  | 'appendOnly'
  | 'onConflict'
  | 'onCommit'
  | 'inherits'
  | 'like'
>;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The clauses behind the parentheses, which the dialects put in different orders: any order is taken. */
class Clauses {
  readonly #c: TokenCursor;
  readonly #found: Mutable<TableClauses> = {
    include: [],
    options: [],
    format: null,
    from: null,
    fromSource: null,
    comment: null,
    partitionedBy: [],
    partitionMethod: null,
    appendOnly: false,
    onConflict: null,
    onCommit: null,
    inherits: [],
    like: null,
  };

  constructor(c: TokenCursor) {
    this.#c = c;
  }

  read(): TableClauses {
    while (this.#clause());
    return this.#found;
  }

  #clause(): boolean {
    const c = this.#c;
    const found = this.#found;
    const word = c.isType(tokenType.word) ? c.token.text : '';
    switch (word) {
      case 'include':
        if (!c.isLabel(1)) return false;
        found.include = [...found.include, ...parseIncludes(c)];
        return true;
      case 'with':
        if (!c.isSymbolAt(1, '(')) return false;
        found.options = [...found.options, ...parseWithOptions(c)];
        return true;
      case 'without':
        c.take();
        c.expectWord('oids');
        return true;
      case 'format':
      case 'envelope':
      case 'key':
      case 'value':
        found.format = parseFormat(c);
        return found.format !== null;
      case 'comment':
        c.take();
        found.comment = c.string();
        return true;
      case 'append':
        c.take();
        c.expectWord('only');
        found.appendOnly = true;
        return true;
      case 'from':
        this.#from();
        return true;
      case 'partitioned':
        c.take();
        c.expectWord('by');
        found.partitionedBy = c.parenthesized(() => c.grammar.expression(c));
        return true;
      case 'partition':
        c.take();
        c.expectWord('by');
        found.partitionMethod = c.label().name;
        found.partitionedBy = c.parenthesized(() => c.grammar.expression(c));
        return true;
      case 'inherits':
        c.take();
        found.inherits = c.parenthesized(() => c.qualifiedName());
        return true;
      case 'using':
      case 'tablespace':
        c.take();
        c.name();
        return true;
      case 'like': {
        const start = c.take().start;
        found.like = parseLike(c, start);
        return true;
      }
      case 'on':
        this.#on();
        return true;
      default:
        return false;
    }
  }

  #from(): void {
    const c = this.#c;
    c.take();
    if (c.isLabel(1) || c.isSymbolAt(1, '(')) {
      if (!c.isWordAt(1, 'table')) {
        this.#found.from = parseConnection(c);
        return;
      }
    }
    const source = c.qualifiedName();
    c.expectWord('table');
    this.#found.fromSource = { source, table: c.string() };
  }

  #on(): void {
    const c = this.#c;
    c.take();
    if (c.acceptWord('commit')) {
      if (c.acceptWord('drop')) this.#found.onCommit = 'drop';
      else {
        const preserve = c.acceptWord('preserve');
        if (!preserve) c.expectWord('delete');
        c.expectWord('rows');
        this.#found.onCommit = preserve ? 'preserve rows' : 'delete rows';
      }
      return;
    }
    c.expectWord('conflict');
    const words = [c.label().name];
    while (c.isLabel() && !['with', 'format', 'include', 'append', 'as'].includes(c.token.text)) {
      words.push(c.label().name);
    }
    this.#found.onConflict = words.join(' ');
  }
}
