/**
 * Views inside a transaction that has written: everybody else sees its changes at commit, but its own
 * statements must see them at once, in views too. A view that depends on a changed table is therefore
 * computed for the statement from its query, over the rows as the transaction sees them.
 */

import { must } from '../base/assert.ts';
import { SqlError, sqlstate } from '../base/errors.ts';
import { bindViewQuery } from '../binder/bind-view-query.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { dependenciesOf } from '../catalog/catalog.ts';
import type { CatalogObject } from '../catalog/objects.ts';
import { mapPlanDeep } from '../plan/expressions.ts';
import type { LogicalPlan, ScanPlan } from '../plan/logical.ts';
import { pickColumns } from '../plan/make.ts';
import { bindContext } from './bind-context.ts';
import type { SessionContext } from './session-context.ts';

/** The plan with every view that the transaction's changes reach replaced by its query. */
export function withOwnWrites(plan: LogicalPlan, session: SessionContext): LogicalPlan {
  const changed = session.transaction.changedTables();
  if (changed.size === 0) return plan;
  return mapPlanDeep(plan, (node) => {
    if (node.kind !== 'scan' || node.relation.kind !== 'view') return node;
    return reaches(node.relation.oid, changed, session.database.catalog)
      ? withOwnWrites(computed(node, session), session)
      : node;
  });
}

function computed(scan: ScanPlan, session: SessionContext): LogicalPlan {
  const { catalog } = session.database;
  const view = must(catalog.byOid(scan.relation.oid), `view ${scan.relation.name}`);
  if (view.kind !== 'materialized-view') return scan;
  const source = firstSource(view, catalog);
  if (source !== null) {
    throw new SqlError(
      sqlstate.featureNotSupported,
      `cannot read materialized view "${view.name}" in a transaction that has changed a table it reads`,
      {
        detail: `The rows of source "${source.name}" are not kept, so the view cannot be computed with the changes.`,
        hint: 'Commit first.',
      },
    );
  }
  const query = pickColumns(bindViewQuery(view, bindContext(session, [])), scan.columns);
  return { ...query, schema: scan.schema };
}

/** Whether the rows of `oid` come, by way of any views, from one of `tables`. */
function reaches(oid: number, tables: ReadonlySet<number>, catalog: Catalog): boolean {
  if (tables.has(oid)) return true;
  const object = catalog.byOid(oid);
  return object !== undefined && dependenciesOf(object).some((on) => reaches(on, tables, catalog));
}

function firstSource(object: CatalogObject, catalog: Catalog): CatalogObject | null {
  if (object.kind === 'source') return object;
  for (const oid of dependenciesOf(object)) {
    const on = catalog.byOid(oid);
    const found = on === undefined ? null : firstSource(on, catalog);
    if (found !== null) return found;
  }
  return null;
}
