/** For EXPLAIN: which declared indexes a query that runs once finds its rows by. */

import type { Catalog } from '../catalog/catalog.ts';
import { indexesOf } from '../catalog/indexes.ts';
import type { DataflowPlan, ScanSpec } from '../plan/dataflow-plan.ts';
import { pointCondition } from '../serving/point-lookup.ts';

/** A line for each relation that every scan of it reads by the same index, by the relation's oid. */
export function indexLookups(
  plan: DataflowPlan,
  catalog: Catalog,
): ReadonlyMap<number, readonly string[]> {
  const found = new Map<number, readonly string[]>();
  const scans = plan.nodes.filter((node) => node.kind === 'scan');
  for (const scan of scans) {
    const lines = scans
      .filter((each) => each.relation.oid === scan.relation.oid)
      .map((each) => lookupLine(plan, each, catalog));
    const [line] = lines;
    if (line !== undefined && line !== null && lines.every((each) => each === line)) {
      found.set(scan.relation.oid, [line]);
    }
  }
  return found;
}

/** As the store chooses: an index on all columns asked for, or else one on a part of them. */
function lookupLine(plan: DataflowPlan, scan: ScanSpec, catalog: Catalog): string | null {
  const condition = pointCondition(plan, scan);
  if (condition === null) return null;
  const usable = indexesOf(catalog, scan.relation.oid).filter(({ key }) =>
    key.every((ordinal) => condition.columns.includes(ordinal)),
  );
  const index =
    usable.find(({ key }) => key.length === condition.columns.length) ?? usable[0] ?? null;
  if (index === null) return null;
  return `index look-up by ${index.name} (${index.columns.map(({ name }) => name).join(', ')})`;
}
