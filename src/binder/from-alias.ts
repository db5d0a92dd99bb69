/** `AS name (columns)` in FROM. */

import { SqlError, sqlstate } from '../base/errors.ts';
import type * as ast from '../syntax/ast.ts';
import type { FromResult } from './from-result.ts';
import type { ScopeItem } from './scope.ts';

/** The single item under its alias; without one it stays as it is. */
export function withAlias(result: FromResult, alias: ast.FromAlias | null): FromResult {
  if (alias === null) return result;
  const [item] = result.items;
  return { plan: result.plan, items: [renamed(item!, alias), ...result.items.slice(1)] };
}

function renamed(item: ScopeItem, alias: ast.FromAlias): ScopeItem {
  const name = alias.name?.name ?? item.name;
  if (alias.columns.length > item.columns.length) {
    throw new SqlError(
      sqlstate.invalidColumnReference,
      `table "${name ?? ''}" has ${item.columns.length} columns available` +
        ` but ${alias.columns.length} columns specified`,
    );
  }
  const columns = item.columns.map((column, i) => ({
    ...column,
    name: alias.columns[i]?.name ?? column.name,
  }));
  return { ...item, name, schema: null, columns };
}
