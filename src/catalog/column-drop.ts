/** What goes along when a column or a constraint of a table goes, and PostgreSQL's refusal where CASCADE is not given. */

import type { Catalog } from './catalog.ts';
import { dropBlocked, type DroppedName, type PartName } from './dependency-errors.ts';
import { isPartOf, type CatalogObject } from './objects.ts';

export interface PartDrop {
  /** The column or constraint that was named. */
  readonly target: PartName;
  /** Generated columns that go too, each with the column that it is computed from. */
  readonly columns: readonly { readonly column: PartName; readonly on: PartName }[];
  /** Views and sinks that use one of all these, each with the one that it uses. */
  readonly users: readonly { readonly object: CatalogObject; readonly on: PartName }[];
  readonly cascade: boolean;
  /** Whether an object is found without its schema. */
  readonly visible: (object: CatalogObject) => boolean;
}

export interface PlannedPartDrop {
  /** Dependents before what they depend on. */
  readonly objects: readonly CatalogObject[];
  /** For the notice. */
  readonly cascaded: readonly DroppedName[];
}

/** Throws 2BP01 when something else depends on it and CASCADE is not given. */
export function planPartDrop(catalog: Catalog, drop: PartDrop): PlannedPartDrop {
  const reasons: { object: DroppedName; on: DroppedName }[] = drop.columns.map(
    ({ column, on }) => ({ object: column, on }),
  );
  const objects: CatalogObject[] = [];
  const seen = new Set<number>();
  const take = (object: CatalogObject, on: DroppedName): void => {
    if (seen.has(object.oid)) return;
    seen.add(object.oid);
    if (!isPartOf(object)) reasons.push({ object, on });
    for (const dependent of catalog.dependents(object.oid)) take(dependent, object);
    objects.push(object);
  };
  for (const { object, on } of drop.users) take(object, on);
  if (reasons.length > 0 && !drop.cascade) throw dropBlocked([drop.target], reasons, drop.visible);
  return { objects, cascaded: reasons.map(({ object }) => object) };
}
