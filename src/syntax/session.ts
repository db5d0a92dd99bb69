/**
 * Statements about the session and the server: settings, prepared statements, cursors, subscriptions,
 * notifications, EXPLAIN, maintenance. Transactions are in transaction.ts.
 */

import type {
  CheckViewStatement,
  CloseStatement,
  DeallocateStatement,
  DeclareStatement,
  DescribeStatement,
  DiscardStatement,
  ExecuteStatement,
  ExplainStatement,
  Expression,
  FetchStatement,
  Identifier,
  ListenStatement,
  LockStatement,
  MaintenanceStatement,
  NotifyStatement,
  Option,
  OptionValue,
  PrepareStatement,
  QualifiedName,
  Query,
  ResetStatement,
  Statement,
  SubscribeStatement,
} from './ast.ts';
import { tokenType } from './lexer.ts';
import { parseOptions, parseOptionValue, parseWithOptions } from './options.ts';
import { holdsQuery } from './query-operand.ts';
import type { TokenCursor } from './token-cursor.ts';
import { parseTransactionModes } from './transaction.ts';
import { parseTypeName } from './type-name.ts';

// ───────────────────────────────────────────────────────────────────────── SET, RESET, SHOW

export function parseSet(c: TokenCursor): Statement {
  const start = c.take().start;
  const characteristics = c.areWords('session', 'characteristics', 'as', 'transaction');
  if (characteristics) c.skip(4);
  let scope: 'session' | 'local' = 'session';
  if (!characteristics && (c.isWord('session') || c.isWord('local'))) {
    const scoped = !isAssignment(c, 1) && !c.isWordAt(1, 'authorization');
    if (scoped) scope = c.take().text === 'local' ? 'local' : 'session';
  }
  if (characteristics || (c.isWord('transaction') && !isAssignment(c, 1))) {
    if (!characteristics) c.take();
    const snapshot = !characteristics && c.acceptWord('snapshot') ? c.string() : null;
    const modes = parseTransactionModes(c, snapshot === null);
    const span = c.spanFrom(start);
    return { kind: 'set-transaction', session: characteristics, modes, snapshot, span };
  }
  const { name, values } = parseSetting(c);
  return { kind: 'set', scope, name, values, span: c.spanFrom(start) };
}

function isAssignment(c: TokenCursor, ahead: number): boolean {
  return c.isSymbolAt(ahead, '=') || c.isWordAt(ahead, 'to') || c.isSymbolAt(ahead, '.');
}

interface Setting {
  readonly name: string;
  readonly values: readonly OptionValue[] | null;
}

function parseSetting(c: TokenCursor): Setting {
  if (!isAssignment(c, 1)) {
    if (c.acceptWords('time', 'zone')) return { name: 'timezone', values: parseZone(c) };
    if (c.acceptWords('session', 'authorization')) {
      return { name: 'session_authorization', values: parseRole(c) };
    }
    if (c.acceptWord('role')) return { name: 'role', values: parseRole(c) };
    if (c.acceptWord('names')) {
      const given = c.isType(tokenType.string);
      if (!given) c.acceptWord('default');
      return { name: 'client_encoding', values: given ? [parseOptionValue(c)] : null };
    }
    if (c.isWord('schema') || c.isWord('catalog')) {
      const name = c.take().text === 'schema' ? 'search_path' : 'catalog';
      if (!c.isType(tokenType.string)) throw c.syntaxError();
      return { name, values: [parseOptionValue(c)] };
    }
  }
  const name = parseSettingName(c);
  if (c.acceptWords('from', 'current')) return { name, values: null };
  if (!c.acceptWord('to')) c.expectSymbol('=');
  return { name, values: parseSettingValues(c) };
}

/** `name`, `extension.name`; Flink's `'key'`. */
function parseSettingName(c: TokenCursor): string {
  if (c.isType(tokenType.string)) return c.take().text;
  let name = c.name().name;
  while (c.acceptSymbol('.')) name += `.${c.label().name}`;
  return name.toLowerCase();
}

function parseSettingValues(c: TokenCursor): OptionValue[] | null {
  if (c.acceptWord('default')) return null;
  return c.list(() => {
    const word = c.token;
    const reserved = word.keyword?.class === 'reserved';
    if (reserved && !['true', 'false', 'on'].includes(word.text)) throw c.syntaxError();
    if (c.isSymbol('(') || c.isSymbol('*')) throw c.syntaxError();
    return parseOptionValue(c);
  });
}

function parseZone(c: TokenCursor): OptionValue[] | null {
  if (c.acceptWord('default') || c.acceptWord('local')) return null;
  return [parseOptionValue(c)];
}

function parseRole(c: TokenCursor): OptionValue[] | null {
  return c.acceptWord('default') ? null : [parseOptionValue(c)];
}

export function parseReset(c: TokenCursor): ResetStatement {
  const start = c.take().start;
  const name = c.atEnd && start >= 0 && c.isSymbol(';') ? null : parseShownName(c);
  return { kind: 'reset', name, span: c.spanFrom(start) };
}

/** Null for ALL. */
function parseShownName(c: TokenCursor): string | null {
  if (c.acceptWord('all')) return null;
  if (c.acceptWords('time', 'zone')) return 'timezone';
  if (c.acceptWords('transaction', 'isolation', 'level')) return 'transaction_isolation';
  if (c.acceptWords('session', 'authorization')) return 'session_authorization';
  return parseSettingName(c);
}

/** What SHOW can list; none of these is the name of a setting. */
const shownObjects = new Set(
  (
    'tables sources views sinks indexes schemas databases functions jobs columns streams ' +
    'connections secrets catalogs queries subscriptions users cluster'
  ).split(' '),
);

const materialized = ['views', 'view', 'sources'];

export function parseShow(c: TokenCursor): Statement {
  const start = c.take().start;
  const what = parseShownObjects(c);
  if (what === null) return { kind: 'show', name: parseShownName(c), span: c.spanFrom(start) };
  const created = what.startsWith('create ');
  let from: QualifiedName | null = null;
  if (created || c.acceptWord('from') || c.acceptWord('in')) from = c.qualifiedName();
  const like = c.acceptWord('like') ? c.string() : null;
  return { kind: 'show-objects', what, from, like, span: c.spanFrom(start) };
}

function parseShownObjects(c: TokenCursor): string | null {
  if (c.isWord('materialized') && materialized.some((word) => c.isWordAt(1, word))) {
    c.take();
    return `materialized ${c.take().text}`;
  }
  // No setting can have this name, and whoever writes it deserves a better answer than a syntax error.
  if (c.isWord('table')) return c.take().text;
  if (c.isWord('create') && c.isLabel(1)) {
    c.take();
    const view = c.isWord('materialized') ? `${c.take().text} ` : '';
    return `create ${view}${c.label().name}`;
  }
  if (!c.isType(tokenType.word) || !shownObjects.has(c.token.text) || c.isSymbolAt(1, '.')) {
    return null;
  }
  return c.take().text;
}

/** `DESCRIBE [EXTENDED | TABLE] t`, `DESC t` */
export function parseDescribe(c: TokenCursor): DescribeStatement {
  const start = c.take().start;
  const extended = c.isWord('extended') && c.isLabel(1);
  if (extended || (c.isWord('table') && c.isLabel(1))) c.take();
  return { kind: 'describe', name: c.qualifiedName(), extended, span: c.spanFrom(start) };
}

export function parseDiscard(c: TokenCursor): DiscardStatement {
  const start = c.take().start;
  const what = c.token.text;
  const all = c.isWord('all') || c.isWord('plans') || c.isWord('sequences');
  if (!all && !c.isWord('temp') && !c.isWord('temporary')) throw c.syntaxError();
  c.take();
  const kind = all ? (what as 'all' | 'plans' | 'sequences') : 'temporary';
  return { kind: 'discard', what: kind, span: c.spanFrom(start) };
}

// ───────────────────────────────────────────────────────────────────────── prepared statements

export function parsePrepare(c: TokenCursor): PrepareStatement {
  const start = c.take().start;
  const name = c.name();
  const types = c.isSymbol('(') ? c.parenthesized(() => parseTypeName(c)) : [];
  c.expectWord('as');
  const statement = parsePreparable(c);
  return { kind: 'prepare', name, types, statement, span: c.spanFrom(start) };
}

function parsePreparable(c: TokenCursor): Statement {
  return c.isWord('subscribe') ? c.grammar.subscribe(c) : c.grammar.queryOrChange(c);
}

export function parseExecute(c: TokenCursor): ExecuteStatement {
  const start = c.take().start;
  const name = c.name();
  const parameters = c.isSymbol('(') ? c.parenthesized(() => c.grammar.expression(c)) : [];
  return { kind: 'execute', name, parameters, span: c.spanFrom(start) };
}

export function parseDeallocate(c: TokenCursor): DeallocateStatement {
  const start = c.take().start;
  if (c.isName(1) || c.isWordAt(1, 'all')) c.acceptWord('prepare');
  const name = c.acceptWord('all') ? null : c.name();
  return { kind: 'deallocate', name, span: c.spanFrom(start) };
}

// ───────────────────────────────────────────────────────────────────────── cursors

export function parseDeclare(c: TokenCursor): DeclareStatement {
  const start = c.take().start;
  const name = c.name();
  let binary = false;
  let scroll: boolean | null = null;
  let insensitive: boolean | null = null;
  for (;;) {
    if (c.acceptWord('binary')) binary = true;
    else if (c.acceptWord('insensitive')) insensitive = true;
    else if (c.acceptWord('asensitive')) insensitive = false;
    else if (c.acceptWord('scroll')) scroll = true;
    else if (c.acceptWord('no')) {
      c.expectWord('scroll');
      scroll = false;
    } else break;
  }
  c.expectWord('cursor');
  const held = c.isWord('with') || c.isWord('without');
  const hold = held && c.take().text === 'with';
  if (held) c.expectWord('hold');
  c.expectWord('for');
  const query = c.isWord('subscribe') ? c.grammar.subscribe(c) : c.grammar.query(c);
  const span = c.spanFrom(start);
  return { kind: 'declare', name, binary, scroll, insensitive, hold, query, span };
}

interface Movement {
  readonly direction: FetchStatement['direction'];
  readonly count: number | 'all';
}

export function parseFetch(c: TokenCursor): FetchStatement {
  const token = c.take();
  const movement = parseMovement(c);
  if (!c.acceptWord('from')) c.acceptWord('in');
  const cursor = c.name();
  const options = parseWithOptions(c);
  const move = token.text === 'move';
  return { kind: 'fetch', move, ...movement, cursor, options, span: c.spanFrom(token.start) };
}

const fixedMovements: ReadonlyMap<string, Movement> = new Map([
  ['next', { direction: 'forward', count: 1 }],
  ['prior', { direction: 'backward', count: 1 }],
  ['first', { direction: 'absolute', count: 1 }],
  ['last', { direction: 'absolute', count: -1 }],
]);

function parseMovement(c: TokenCursor): Movement {
  const direction = c.isType(tokenType.word) ? c.token.text : '';
  const fixed = fixedMovements.get(direction);
  // A word may also be the cursor's name, and then it is the last one.
  const last = c.peek(1).type === tokenType.end || c.isSymbolAt(1, ';');
  if (fixed !== undefined && !last) {
    c.take();
    return fixed;
  }
  switch (last ? '' : direction) {
    case 'absolute':
    case 'relative':
      c.take();
      return { direction: direction as 'absolute', count: parseCount(c) };
    case 'forward':
    case 'backward': {
      c.take();
      const count = c.acceptWord('all') ? 'all' : isCount(c) ? parseCount(c) : 1;
      return { direction: direction as 'forward', count };
    }
    case 'all':
      c.take();
      return { direction: 'forward', count: 'all' };
  }
  return { direction: 'forward', count: isCount(c) ? parseCount(c) : 1 };
}

function isCount(c: TokenCursor): boolean {
  return c.isType(tokenType.integer) || c.isSymbol('-') || c.isSymbol('+');
}

function parseCount(c: TokenCursor): number {
  const sign = c.acceptSymbol('-') ? -1 : 1;
  if (sign === 1) c.acceptSymbol('+');
  return sign * Number(c.expectType(tokenType.integer).text);
}

export function parseClose(c: TokenCursor): CloseStatement {
  const start = c.take().start;
  const name = c.acceptWord('all') ? null : c.name();
  return { kind: 'close', name, span: c.spanFrom(start) };
}

// ───────────────────────────────────────────────────────────────────────── SUBSCRIBE, LISTEN

export function parseSubscribe(c: TokenCursor): SubscribeStatement {
  const start = c.take().start;
  c.acceptWord('to');
  let name: QualifiedName | null = null;
  let query: Query | null = null;
  if (c.isSymbol('(')) {
    if (!holdsQuery(c)) throw c.syntaxError(c.peek(1));
    c.take();
    query = c.grammar.query(c);
    c.expectSymbol(')');
  } else if (c.isWord('select') || c.isWord('with') || c.isWord('values')) {
    query = c.grammar.query(c);
  } else {
    c.acceptWord('table');
    name = c.qualifiedName();
  }
  let options: Option[] = [];
  let asOf: Expression | null = null;
  let upTo: Expression | null = null;
  let envelope: SubscribeStatement['envelope'] = null;
  for (;;) {
    if (c.isWord('with') && c.isSymbolAt(1, '(')) options = parseWithOptions(c);
    else if (c.acceptWords('as', 'of')) {
      c.acceptWords('at', 'least');
      asOf = c.grammar.expression(c);
    } else if (c.acceptWords('up', 'to')) upTo = c.grammar.expression(c);
    else if (c.acceptWord('envelope')) envelope = parseEnvelope(c);
    else break;
  }
  const span = c.spanFrom(start);
  return { kind: 'subscribe', name, query, options, asOf, upTo, envelope, span };
}

/** `UPSERT (KEY (a, b))` */
function parseEnvelope(c: TokenCursor): SubscribeStatement['envelope'] {
  const upsert = c.acceptWord('upsert');
  if (!upsert) c.expectWord('debezium');
  c.expectSymbol('(');
  c.expectWord('key');
  const key: Identifier[] = c.parenthesized(() => c.name());
  c.expectSymbol(')');
  return { kind: upsert ? 'upsert' : 'debezium', key };
}

export function parseListen(c: TokenCursor): ListenStatement {
  const token = c.take();
  const kind = token.text === 'listen' ? 'listen' : 'unlisten';
  const channel = kind === 'unlisten' && c.acceptSymbol('*') ? null : c.name();
  return { kind, channel, span: c.spanFrom(token.start) };
}

export function parseNotify(c: TokenCursor): NotifyStatement {
  const start = c.take().start;
  const channel = c.name();
  const payload = c.acceptSymbol(',') ? c.string() : null;
  return { kind: 'notify', channel, payload, span: c.spanFrom(start) };
}

// ───────────────────────────────────────────────────────────────────────── EXPLAIN, maintenance

export function parseExplain(c: TokenCursor): ExplainStatement {
  const start = c.take().start;
  const options: Option[] = [];
  if (c.isSymbol('(') && !c.parenthesesHoldQuery()) options.push(...parseOptions(c));
  else {
    for (const word of ['analyze', 'verbose']) {
      const at = c.token.start;
      if (c.acceptWord(word) || (word === 'analyze' && c.acceptWord('analyse'))) {
        options.push({ name: word, value: null, span: c.spanFrom(at) });
      }
    }
    // Flink's EXPLAIN PLAN FOR
    c.acceptWords('plan', 'for');
  }
  const name = parseExplainedName(c);
  const statement = name === null ? c.grammar.statement(c) : null;
  return { kind: 'explain', options, statement, name, span: c.spanFrom(start) };
}

/** `EXPLAIN ANALYZE v`: a name and nothing more, with or without its kind before it. */
function parseExplainedName(c: TokenCursor): QualifiedName | null {
  const start =
    c.acceptWords('materialized', 'view') || c.acceptWord('view') || c.acceptWord('sink');
  if (start) return c.qualifiedName();
  let ahead = 1;
  while (c.isSymbolAt(ahead, '.') && c.isLabel(ahead + 1)) ahead += 2;
  const ends = c.peek(ahead).type === tokenType.end || c.isSymbolAt(ahead, ';');
  return c.isName() && ends ? c.qualifiedName() : null;
}

export function parseCheckView(c: TokenCursor): CheckViewStatement {
  const start = c.take().start;
  c.acceptWord('materialized');
  c.expectWord('view');
  return { kind: 'check-view', name: c.qualifiedName(), span: c.spanFrom(start) };
}

/** ANALYZE, VACUUM, CHECKPOINT, FLUSH, REINDEX, CLUSTER */
export function parseMaintenance(c: TokenCursor): MaintenanceStatement {
  const token = c.take();
  const command = (
    token.text === 'analyse' ? 'analyze' : token.text
  ) as MaintenanceStatement['command'];
  const options: Option[] = [];
  const tables: { name: QualifiedName; columns: Identifier[] }[] = [];
  if (command !== 'checkpoint' && command !== 'flush') {
    if (c.isSymbol('(')) options.push(...parseOptions(c));
    const words = ['full', 'freeze', 'verbose', 'analyze', 'analyse', 'concurrently'];
    if (command === 'reindex') words.push('index', 'table', 'schema', 'database', 'system');
    while (c.isType(tokenType.word) && words.includes(c.token.text)) {
      const word = c.take();
      const span = { start: word.start, end: word.end };
      options.push({ name: word.text === 'analyse' ? 'analyze' : word.text, value: null, span });
    }
    if (c.isName()) {
      tables.push(
        ...c.list(() => {
          const name = c.qualifiedName();
          return { name, columns: c.isSymbol('(') ? c.parenthesized(() => c.name()) : [] };
        }),
      );
    }
    if (command === 'cluster' && c.acceptWord('using')) c.name();
  }
  return { kind: 'maintenance', command, options, tables, span: c.spanFrom(token.start) };
}

export function parseLock(c: TokenCursor): LockStatement {
  const start = c.take().start;
  c.acceptWord('table');
  const tables = c.list(() => {
    c.acceptWord('only');
    const name = c.qualifiedName();
    c.acceptSymbol('*');
    return name;
  });
  let mode: string | null = null;
  if (c.acceptWord('in')) {
    const words: string[] = [];
    while (!c.isWord('mode')) {
      if (!/^(access|row|share|update|exclusive)$/.test(c.token.text)) throw c.syntaxError();
      words.push(c.take().text);
    }
    if (words.length === 0) throw c.syntaxError();
    c.take();
    mode = words.join(' ');
  }
  const nowait = c.acceptWord('nowait');
  return { kind: 'lock', tables, mode, nowait, span: c.spanFrom(start) };
}
