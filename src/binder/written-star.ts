/**
 * `*` and `t.*` as the columns they stand for. Views keep their queries so, since a relation under them may
 * get more columns later, which must not become columns of the view.
 */

import type * as ast from '../syntax/ast.ts';
import { lookupItem } from './column-lookup.ts';
import { sameExpr } from './same-expr.ts';
import type { Scope, ScopeColumn, ScopeItem } from './scope.ts';
import { writtenName } from './written-name.ts';

/** One item a column; null when a column has no name by which it could be reached alone. */
export function writeOutStar(star: ast.Star, scope: Scope): readonly ast.SelectItem[] | null {
  if (star.base !== null) return null;
  const items = starItems(star, scope);
  const written: ast.SelectItem[] = [];
  for (const item of items) {
    const names = item.columns.map((column) => column.name);
    if (new Set(names).size < names.length) return null;
    const shared = scope.items.filter((each) => each.name === item.name).length > 1;
    const schema = shared ? item.schema : null;
    for (const column of item.columns) {
      const owner = item.name === null ? ownerOf(column, scope) : item;
      if (owner === null && !isOnly(column.name, scope)) return null;
      const path = [owner === item ? schema : null, owner?.name ?? null, column.name];
      written.push(columnItem(path, star.span));
    }
  }
  return written;
}

function starItems(star: ast.Star, scope: Scope): readonly ScopeItem[] {
  if (star.qualifier.length === 0) return scope.items.filter((item) => item.columnsVisible);
  const names = star.qualifier.map((part) => part.name);
  const found = lookupItem(names, scope, star.span.start);
  return found === null ? [] : [found.item];
}

/** The relation that a column of a join with USING comes from unchanged. */
function ownerOf(column: ScopeColumn, scope: Scope): ScopeItem | null {
  const owners = scope.items.filter(
    (item) =>
      item.name !== null &&
      item.tableVisible &&
      item.columns.some((each) => each.name === column.name && sameExpr(each.expr, column.expr)),
  );
  return owners.length === 1 ? owners[0]! : null;
}

function isOnly(name: string, scope: Scope): boolean {
  const visible = scope.items.filter((item) => item.columnsVisible);
  return visible.flatMap((item) => item.columns).filter((each) => each.name === name).length === 1;
}

function columnItem(path: readonly (string | null)[], span: ast.Span): ast.SelectItem {
  const parts = path.flatMap((part) => (part === null ? [] : [writtenName(part, span)]));
  const expression: ast.ColumnRef = { kind: 'column', parts, span };
  return { expression, alias: null, span };
}
