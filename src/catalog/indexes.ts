/** Indexes as the system relations and printed definitions show them: declared ones and primary keys. */

import type { Catalog } from './catalog.ts';
import { qualifiedName, quoteName } from './names.ts';
import type { IndexObject } from './objects.ts';

/** `CREATE UNIQUE INDEX i ON s.t USING btree (a, b DESC)`, as pg_get_indexdef prints it. */
export function indexDefinition(
  index: Pick<IndexObject, 'name' | 'columns' | 'order' | 'method' | 'unique'>,
  relation: { readonly schema: string; readonly name: string },
): string {
  const columns = index.columns.map(({ name }, i) => quoteName(name) + orderText(index.order[i]!));
  const unique = index.unique ? 'UNIQUE ' : '';
  return `CREATE ${unique}INDEX ${quoteName(index.name)} ON ${qualifiedName(relation.schema, relation.name)} USING ${index.method} (${columns.join(', ')})`;
}

/** The name of a relation's primary key. */
export function primaryKeyName(relation: {
  readonly name: string;
  readonly keyName?: string | undefined;
}): string {
  return relation.keyName ?? `${relation.name}_pkey`;
}

/** What differs from ascending order with NULL last. */
function orderText({ descending, nullsFirst }: IndexObject['order'][number]): string {
  if (descending) return nullsFirst ? ' DESC' : ' DESC NULLS LAST';
  return nullsFirst ? ' NULLS FIRST' : '';
}

/** The declared indexes of a relation, by oid. */
export function indexesOf(catalog: Catalog, relation: number): readonly IndexObject[] {
  return catalog
    .dependents(relation)
    .filter((object): object is IndexObject => object.kind === 'index');
}
