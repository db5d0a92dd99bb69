/**
 * Which stored queries use a column of a table. As in PostgreSQL that is what a query says, not what its result turns
 * on: a column that only a subquery selects, and nobody reads, is used.
 */

import { SqlError } from '../base/errors.ts';
import type { CatalogObject, TableObject } from '../catalog/objects.ts';
import { columnsUsed } from '../plan/columns-used.ts';
import type { LogicalPlan } from '../plan/logical.ts';
import { bindStoredSink } from './bind-sink.ts';
import { bindViewQuery } from './bind-view-query.ts';
import { bindWholeQuery } from './bind-whole-query.ts';
import { Binding } from './binding.ts';
import { withoutHidden } from './query-result.ts';
import { parseViewQuery } from './view-query.ts';

export interface ColumnUser {
  readonly object: CatalogObject;
  /** The numbers of the columns that it uses; null: it cannot be told, so it may be any. */
  readonly columns: ReadonlySet<number> | null;
}

/** The views and sinks whose queries name the table, by oid. */
export function usersOf(table: TableObject, binding: Binding): readonly ColumnUser[] {
  return binding.catalog.dependents(table.oid).flatMap((object): readonly ColumnUser[] => {
    try {
      const plan = planOf(object, binding);
      if (plan === null) return [];
      return [{ object, columns: columnsUsed(plan).get(table.oid) ?? new Set() }];
    } catch (error) {
      // A view that a later release cannot bind any more is there all the same.
      if (error instanceof SqlError) return [{ object, columns: null }];
      throw error;
    }
  });
}

/** Null for what holds no query. */
function planOf(object: CatalogObject, binding: Binding): LogicalPlan | null {
  const context = { ...binding.context, searchPath: [], parameterOids: [] };
  switch (object.kind) {
    case 'materialized-view':
      return bindViewQuery(object, context);
    case 'view': {
      const { oid, made = oid } = object;
      const inner = new Binding({ ...context, madeAt: made }, 'view');
      return withoutHidden(bindWholeQuery(parseViewQuery(object), inner));
    }
    case 'sink':
      return bindStoredSink(object, context);
    case 'table':
    case 'source':
    case 'index':
    case 'sequence':
    case 'type':
    case 'virtual':
      return null;
  }
}
