/**
 * INSERT, UPDATE, DELETE, MERGE, TRUNCATE, and Flink's statement sets.
 */

import type {
  Assignment,
  DeleteStatement,
  Expression,
  Identifier,
  InsertStatement,
  MergeBranch,
  MergeStatement,
  OnConflict,
  QualifiedName,
  SelectItem,
  StatementSet,
  TruncateStatement,
  UpdateStatement,
  WithClause,
} from './ast.ts';
import { notSupported } from '../base/errors.ts';
import { parseBehavior, parseIndexElements } from './define.ts';
import { parseExpression } from './expression.ts';
import { parseFromItem, parseFromList } from './from-clause.ts';
import { parseSelectItems, parseWith } from './query.ts';
import { holdsQuery } from './query-operand.ts';
import type { TokenCursor } from './token-cursor.ts';

export function parseInsert(c: TokenCursor, withClause: WithClause | null): InsertStatement {
  const start = withClause?.span.start ?? c.token.start;
  c.expectWord('insert');
  const overwrite = c.acceptWord('overwrite');
  if (!overwrite) c.expectWord('into');
  const table = c.qualifiedName();
  if (c.isWord('partition') && c.isSymbolAt(1, '(')) {
    throw notSupported('INSERT … PARTITION', { position: c.token.start });
  }
  const alias = c.acceptWord('as') ? c.name() : null;
  const listed = c.isSymbol('(') && !holdsQuery(c);
  const columns = listed ? c.parenthesized(() => parseTarget(c)) : null;
  const overriding = parseOverriding(c);
  const defaults = c.acceptWord('default');
  if (defaults) c.expectWord('values');
  const source = defaults ? null : c.grammar.query(c);
  const onConflict = c.isWord('on') ? parseOnConflict(c) : null;
  const returning = parseReturning(c);
  return {
    kind: 'insert',
    with: withClause,
    table,
    alias,
    columns,
    overriding,
    overwrite,
    source,
    onConflict,
    returning,
    span: c.spanFrom(start),
  };
}

/** A column that is written to. A part of one (`a.b`, `a[1]`) is not supported. */
function parseTarget(c: TokenCursor): Identifier {
  const name = c.name();
  if (c.isSymbol('.') || c.isSymbol('[')) {
    throw notSupported('assigning to a part of a column', { position: name.span.start });
  }
  return name;
}

function parseOverriding(c: TokenCursor): 'user' | 'system' | null {
  if (!c.acceptWord('overriding')) return null;
  const user = c.acceptWord('user');
  if (!user) c.expectWord('system');
  c.expectWord('value');
  return user ? 'user' : 'system';
}

function parseOnConflict(c: TokenCursor): OnConflict {
  const start = c.take().start;
  c.expectWord('conflict');
  const target = c.isSymbol('(') ? parseIndexElements(c) : [];
  const targetWhere = target.length > 0 && c.acceptWord('where') ? parseExpression(c) : null;
  let constraint: Identifier | null = null;
  if (target.length === 0 && c.acceptWord('on')) {
    c.expectWord('constraint');
    constraint = c.name();
  }
  c.expectWord('do');
  const update = c.acceptWord('update');
  if (!update) c.expectWord('nothing');
  const assignments = update ? parseSetClause(c) : [];
  const where = update && c.acceptWord('where') ? parseExpression(c) : null;
  const action = update ? 'update' : 'nothing';
  const span = c.spanFrom(start);
  return { target, targetWhere, constraint, action, assignments, where, span };
}

function parseSetClause(c: TokenCursor): Assignment[] {
  c.expectWord('set');
  return c.list(() => {
    const start = c.token.start;
    const multiple = c.isSymbol('(');
    const columns = multiple ? c.parenthesized(() => parseTarget(c)) : [parseTarget(c)];
    c.expectSymbol('=');
    const value = parseExpression(c);
    return { columns, value, multiple, span: c.spanFrom(start) };
  });
}

function parseReturning(c: TokenCursor): SelectItem[] | null {
  return c.acceptWord('returning') ? parseSelectItems(c) : null;
}

/** A table that is changed. SET is no alias of it without AS. */
function parseTargetTable(c: TokenCursor): {
  readonly table: QualifiedName;
  readonly only: boolean;
  readonly alias: Identifier | null;
} {
  const only = c.acceptWord('only');
  const closed = only && c.acceptSymbol('(');
  const table = c.qualifiedName();
  if (closed) c.expectSymbol(')');
  if (!only) c.acceptSymbol('*');
  const as = c.acceptWord('as');
  const alias = as || (c.isName() && !c.isWord('set')) ? c.name() : null;
  return { table, only, alias };
}

export function parseUpdate(c: TokenCursor, withClause: WithClause | null): UpdateStatement {
  const start = withClause?.span.start ?? c.token.start;
  c.expectWord('update');
  const target = parseTargetTable(c);
  const assignments = parseSetClause(c);
  const from = c.acceptWord('from') ? parseFromList(c) : [];
  const where = c.acceptWord('where') ? parseExpression(c) : null;
  const returning = parseReturning(c);
  const span = c.spanFrom(start);
  return { kind: 'update', with: withClause, ...target, assignments, from, where, returning, span };
}

export function parseDelete(c: TokenCursor, withClause: WithClause | null): DeleteStatement {
  const start = withClause?.span.start ?? c.token.start;
  c.expectWord('delete');
  c.expectWord('from');
  const target = parseTargetTable(c);
  const using = c.acceptWord('using') ? parseFromList(c) : [];
  const where = c.acceptWord('where') ? parseExpression(c) : null;
  const returning = parseReturning(c);
  const span = c.spanFrom(start);
  return { kind: 'delete', with: withClause, ...target, using, where, returning, span };
}

// ───────────────────────────────────────────────────────────────────────── MERGE

export function parseMerge(c: TokenCursor, withClause: WithClause | null): MergeStatement {
  const start = withClause?.span.start ?? c.token.start;
  c.expectWord('merge');
  c.expectWord('into');
  const target = parseTargetTable(c);
  c.expectWord('using');
  const source = parseFromItem(c);
  c.expectWord('on');
  const on = parseExpression(c);
  const branches: MergeBranch[] = [];
  do branches.push(parseBranch(c));
  while (c.isWord('when'));
  const span = c.spanFrom(start);
  return { kind: 'merge', with: withClause, ...target, source, on, branches, span };
}

function parseBranch(c: TokenCursor): MergeBranch {
  const start = c.token.start;
  c.expectWord('when');
  const matched = !c.acceptWord('not');
  c.expectWord('matched');
  const condition = c.acceptWord('and') ? parseExpression(c) : null;
  c.expectWord('then');
  const action = parseMergeAction(c, matched);
  return { matched, condition, action, span: c.spanFrom(start) };
}

function parseMergeAction(c: TokenCursor, matched: boolean): MergeBranch['action'] {
  if (c.acceptWord('do')) {
    c.expectWord('nothing');
    return { kind: 'merge-nothing' };
  }
  if (matched) {
    if (c.acceptWord('delete')) return { kind: 'merge-delete' };
    c.expectWord('update');
    return { kind: 'merge-update', assignments: parseSetClause(c) };
  }
  c.expectWord('insert');
  const columns = c.isSymbol('(') ? c.parenthesized(() => parseTarget(c)) : null;
  const overriding = parseOverriding(c);
  let values: Expression[] | null = null;
  if (!c.acceptWords('default', 'values')) {
    c.expectWord('values');
    values = c.parenthesized(() => parseExpression(c));
  }
  return { kind: 'merge-insert', columns, overriding, values };
}

export function parseTruncate(c: TokenCursor): TruncateStatement {
  const start = c.take().start;
  c.acceptWord('table');
  let only = false;
  const tables = c.list(() => {
    only = c.acceptWord('only') || only;
    const name = c.qualifiedName();
    c.acceptSymbol('*');
    return name;
  });
  let restartIdentity: boolean | null = null;
  if (c.acceptWord('restart')) restartIdentity = true;
  else if (c.acceptWord('continue')) restartIdentity = false;
  if (restartIdentity !== null) c.expectWord('identity');
  const behavior = parseBehavior(c);
  return { kind: 'truncate', tables, only, restartIdentity, behavior, span: c.spanFrom(start) };
}

/** `EXECUTE STATEMENT SET BEGIN i; i; END`, `BEGIN STATEMENT SET; i; i; END`: behind the word SET. */
export function parseStatementSet(c: TokenCursor, start: number): StatementSet {
  c.acceptWord('as');
  c.acceptWord('begin');
  c.acceptSymbol(';');
  const statements: InsertStatement[] = [];
  do {
    statements.push(parseInsert(c, c.isWord('with') ? parseWith(c) : null));
    c.expectSymbol(';');
  } while (!c.isWord('end'));
  c.take();
  return { kind: 'statement-set', statements, span: c.spanFrom(start) };
}
