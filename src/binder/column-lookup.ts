/**
 * From a written column reference to an expression, by PostgreSQL's rules: the innermost query first,
 * `42702` when two columns of one query have the name, and its hints when none has.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import type { Expr } from '../expr/expr.ts';
import { conjunction, isNull } from '../plan/expressions.ts';
import type * as ast from '../syntax/ast.ts';
import { types, type RowField, type SqlType } from '../types/sql-type.ts';
import { editDistance } from './closest-name.ts';
import { outward, type Scope, type ScopeItem } from './scope.ts';

/** What a column reference may stand for. */
export interface Found {
  readonly expr: Expr;
  /** The last name that was consumed; further ones are fields of a composite value. */
  readonly partsUsed: number;
}

/** Looks up `a`, `t.a`, `s.t.a`, a whole row `t`, or a field of a composite column. */
export function lookupColumn(reference: ast.ColumnRef, scope: Scope): Found {
  const names = reference.parts.map((part) => part.name);
  const at = reference.span.start;
  if (names.length === 1) {
    const found = lookupPlain(names[0]!, scope, at) ?? lookupWholeRow(names, scope, at);
    if (found === null) throw missingColumn(null, names[0]!, scope, at);
    return { expr: withPosition(found, at), partsUsed: 1 };
  }
  const qualified = lookupQualified(names, scope, at);
  if (qualified !== null) return qualified;
  // `a.b` may be field b of the composite column a.
  const plain = lookupPlain(names[0]!, scope, at);
  if (plain !== null && (plain.type.kind === 'row' || plain.type.kind === 'record')) {
    return { expr: withPosition(plain, at), partsUsed: 1 };
  }
  throw missingTable(names, scope, at);
}

/** The relation that `t.*` or `s.t.*` names, with how many scopes out it is. */
export function lookupItem(
  names: readonly string[],
  scope: Scope,
  at: number,
): { readonly item: ScopeItem; readonly depth: number } | null {
  for (let each: Scope | null = scope, depth = 0; each !== null; each = each.parent, depth++) {
    if (!each.reachable) continue;
    const items = each.items.filter((item) => item.tableVisible && matches(item, names));
    if (items.length > 1) {
      throw new SqlError('42P09', `table reference "${names.at(-1)!}" is ambiguous`, {
        position: at,
      });
    }
    if (items[0] === undefined) continue;
    if (each.forbidden) throw forbiddenReference(names.at(-1)!, at);
    return { item: items[0], depth };
  }
  return null;
}

/** A value of all columns of an item. */
export function wholeRow(item: ScopeItem, at: number): Expr {
  if (item.scalar) return item.columns[0]!.expr;
  const fields: RowField[] = item.columns.map(({ name, field }) => ({ name, type: field.type }));
  const type: SqlType = { kind: 'row', fields };
  const row: Expr = { kind: 'row', fields: item.columns.map((column) => column.expr), type, at };
  if (!item.optional || item.columns.length === 0) return row;
  // A column that is never NULL in the relation tells a missing row; without one, all must be NULL.
  const sure = item.columns.find((column) => !column.field.nullable);
  const tested = sure === undefined ? item.columns : [sure];
  const when = conjunction(tested.map((column) => isNull(column.expr)));
  const missing: Expr = { kind: 'constant', value: null, type };
  return { kind: 'case', branches: [{ when, then: missing }], otherwise: row, type, at };
}

/** 42P01 for a table that is not in FROM, with PostgreSQL's hints. */
export function missingTable(names: readonly string[], scope: Scope, at: number): SqlError {
  const name = names.length > 2 ? names[names.length - 2]! : names[0]!;
  for (let each: Scope | null = scope; each !== null; each = each.parent) {
    const hidden = each.items.find((item) => item.name === name);
    if (hidden !== undefined) {
      return invalidReference(name, at, {
        hint: `There is an entry for table "${name}", but it cannot be referenced from this part of the query.`,
      });
    }
    const aliased = each.items.find(
      (item) => item.relation?.name === name && item.name !== null && item.tableVisible,
    );
    if (aliased !== undefined) {
      return invalidReference(name, at, {
        hint: `Perhaps you meant to reference the table alias "${aliased.name!}".`,
      });
    }
  }
  return new SqlError(sqlstate.undefinedTable, `missing FROM-clause entry for table "${name}"`, {
    position: at,
  });
}

function lookupPlain(name: string, scope: Scope, at: number): Expr | null {
  for (let each: Scope | null = scope, depth = 0; each !== null; each = each.parent, depth++) {
    if (!each.reachable) continue;
    const found = each.items
      .filter((item) => item.columnsVisible)
      .flatMap((item) => item.columns.filter((column) => column.name === name));
    if (found.length > 1) {
      throw new SqlError(sqlstate.ambiguousColumn, `column reference "${name}" is ambiguous`, {
        position: at,
      });
    }
    const system =
      found[0]?.expr ??
      systemColumn(
        name,
        each.items.filter((i) => i.columnsVisible),
      );
    if (system === null) continue;
    if (each.forbidden) throw forbiddenReference(name, at);
    return outward(system, depth);
  }
  return null;
}

function lookupWholeRow(names: readonly string[], scope: Scope, at: number): Expr | null {
  const found = lookupItem(names, scope, at);
  return found === null ? null : outward(wholeRow(found.item, at), found.depth);
}

/** `t.a…`, `s.t.a…` and `db.s.t.a…`: the longest qualifier that names a relation wins. */
function lookupQualified(names: readonly string[], scope: Scope, at: number): Found | null {
  for (let length = Math.min(3, names.length - 1); length >= 1; length--) {
    const found = lookupItem(names.slice(0, length), scope, at);
    if (found === null) continue;
    const name = names[length]!;
    const columns = found.item.columns.filter((column) => column.name === name);
    if (columns.length > 1) {
      throw new SqlError(sqlstate.ambiguousColumn, `column reference "${name}" is ambiguous`, {
        position: at,
      });
    }
    const expr = columns[0]?.expr ?? systemColumn(name, [found.item]);
    if (expr === null) {
      if (names.length === length + 1) throw missingColumn(names[length - 1]!, name, scope, at);
      continue;
    }
    return { expr: withPosition(outward(expr, found.depth), at), partsUsed: length + 1 };
  }
  return null;
}

function matches(item: ScopeItem, names: readonly string[]): boolean {
  if (item.name !== names.at(-1)) return false;
  if (names.length === 1) return true;
  return item.schema === names[names.length - 2];
}

/** tableoid and xmin of a catalog relation: constants, since rows have no identity of their own. */
function systemColumn(name: string, items: readonly ScopeItem[]): Expr | null {
  const relations = items.flatMap((item) => (item.relation === null ? [] : [item.relation]));
  if (relations.length !== 1) return null;
  if (name === 'tableoid') return { kind: 'constant', value: relations[0]!.oid, type: types.oid };
  // Every row that can be seen is committed, which is what PostgreSQL's frozen transaction id says.
  if (name === 'xmin') return { kind: 'constant', value: frozenTransaction, type: types.xid };
  return null;
}

const frozenTransaction = 2;

function withPosition(expr: Expr, at: number): Expr {
  return { ...expr, at };
}

function forbiddenReference(name: string, at: number): SqlError {
  return new SqlError(
    sqlstate.invalidColumnReference,
    `invalid reference to FROM-clause entry for table "${name}"`,
    {
      detail: 'The combining JOIN type must be INNER or LEFT for a LATERAL reference.',
      position: at,
    },
  );
}

function invalidReference(name: string, at: number, fields: { readonly hint: string }): SqlError {
  return new SqlError(
    sqlstate.undefinedTable,
    `invalid reference to FROM-clause entry for table "${name}"`,
    { ...fields, position: at },
  );
}

function missingColumn(table: string | null, name: string, scope: Scope, at: number): SqlError {
  const message =
    table === null ? `column "${name}" does not exist` : `column ${table}.${name} does not exist`;
  return new SqlError(sqlstate.undefinedColumn, message, {
    hint: columnHint(table, name, scope),
    position: at,
  });
}

/** PostgreSQL's search for what was meant: see searchRangeTableForCol in its source. */
function columnHint(table: string | null, name: string, scope: Scope): string | undefined {
  let best: { item: string; column: string }[] = [];
  let bestDistance = 4;
  for (let each: Scope | null = scope; each !== null; each = each.parent) {
    for (const item of each.items) {
      if (item.name === null) continue;
      const penalty = table === null ? 0 : editDistance(table, item.name, 4);
      for (const column of item.columns) {
        if (column.name === name && table === null && !(item.columnsVisible && each.reachable)) {
          if (each.reachable) continue;
          return `There is a column named "${name}" in table "${item.name}", but it cannot be referenced from this part of the query.`;
        }
        const own = editDistance(column.name, name, bestDistance);
        if (own > Math.floor(name.length / 2)) continue;
        const distance = own + penalty;
        if (distance < bestDistance) {
          bestDistance = distance;
          best = [{ item: item.name, column: column.name }];
        } else if (distance === bestDistance) best.push({ item: item.name, column: column.name });
      }
    }
  }
  const shown = best.map(({ item, column }) => `"${item}.${column}"`);
  if (shown.length === 1) return `Perhaps you meant to reference the column ${shown[0]!}.`;
  if (shown.length !== 2) return undefined;
  return `Perhaps you meant to reference the column ${shown[0]!} or the column ${shown[1]!}.`;
}
