/**
 * The FROM clause. Every item is bound under a scope of what stands left of it, so that LATERAL needs no
 * other treatment; `joinPlans` takes that level away again where it was not used.
 */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import { unreachable } from '../base/assert.ts';
import type * as ast from '../syntax/ast.ts';
import { bindFunctionTable } from './bind-function-table.ts';
import { bindJoin } from './bind-join.ts';
import { bindTable } from './bind-relation.ts';
import { bindWindowTable } from './bind-window-table.ts';
import type { QueryEnv } from './expr-env.ts';
import { withAlias } from './from-alias.ts';
import { crossJoin, oneRow, plainItem, type FromResult } from './from-result.ts';
import type { QueryLevel } from './query-level.ts';
import { visiblePlan } from './query-result.ts';
import { hideLeft, Scope } from './scope.ts';

/**
 * All items of FROM, joined. Without any: one row without columns. `first` stands left of them all: the
 * table that UPDATE and DELETE change.
 */
export function bindFrom(
  items: readonly ast.FromItem[],
  env: QueryEnv,
  level: QueryLevel,
  first: FromResult | null = null,
): FromResult {
  let left = first;
  for (const item of items) {
    const scope = new Scope(left?.items ?? [], env.parent, level, { left: true });
    const right = bindFromItem(item, { ...env, parent: scope }, level);
    left = crossJoin(left, right);
    checkNames(left);
  }
  return left ?? { plan: oneRow, items: [] };
}

/** One item; `env.parent` is the scope of what stands left of it. */
export function bindFromItem(item: ast.FromItem, env: QueryEnv, level: QueryLevel): FromResult {
  switch (item.kind) {
    case 'table':
      return bindTable(item, env);
    case 'derived-table':
      return bindDerived(item, env);
    case 'function-table':
      return bindFunctionTable(item, env, level);
    case 'window-table':
      return bindWindowTable(item, env, level, (input) => bindFromItem(input, env, level));
    case 'join':
      return bindJoin(item, env, level, (side, inner) => bindFromItem(side, inner, level));
    case 'match-recognize':
      throw notSupported('MATCH_RECOGNIZE', {
        hint: 'Window functions (LAG, LEAD) and self-joins can express many patterns.',
        position: item.span.start,
      });
    default:
      return unreachable(item, 'FROM item');
  }
}

function bindDerived(item: ast.DerivedTable, env: QueryEnv): FromResult {
  const parent = item.lateral ? env.parent : hideLeft(env.parent);
  const result = env.binders.query(item.query, { ...env, parent });
  const plan = visiblePlan(result);
  const bare = plainItem(plan, { name: null, schema: null, relation: null });
  return withAlias({ plan, items: [bare] }, item.alias);
}

/** 42712: one name may stand for one item only. */
export function checkNames(result: FromResult): void {
  const seen = new Set<string>();
  for (const item of result.items) {
    if (item.name === null || !item.tableVisible) continue;
    const key = JSON.stringify([item.schema, item.name]);
    // Equal names are allowed for tables of different schemas, when neither has an alias.
    if (seen.has(key)) {
      throw new SqlError(
        sqlstate.duplicateAlias,
        `table name "${item.name}" specified more than once`,
      );
    }
    seen.add(key);
  }
}
