/** Sequences as definitions and system relations show them. */

import { must } from '../base/assert.ts';
import type { Catalog } from './catalog.ts';
import { qualifiedName } from './names.ts';
import type { ColumnDefinition, SequenceObject, TableObject } from './objects.ts';

/** The default that a column with this sequence has, as the catalog keeps it: by oid, so that names may change. */
export function nextValueSql(oid: number): string {
  return `nextval('${oid}'::regclass)`;
}

/** The text of a column's default as people read it, or null. `shown` prints a relation's name. */
export function defaultText(
  column: {
    readonly defaultSql: string | null;
    readonly sequence?: number | undefined;
  },
  shown: (oid: number) => string,
): string | null {
  if (column.sequence === undefined) return column.defaultSql;
  return `nextval('${shown(column.sequence).replaceAll("'", "''")}'::regclass)`;
}

/** All sequences, by oid. */
export function sequencesOf(catalog: Catalog): readonly SequenceObject[] {
  return catalog.objects().filter((object): object is SequenceObject => object.kind === 'sequence');
}

/** The columns that take their default from a sequence. */
export function columnsUsing(
  catalog: Catalog,
  sequence: number,
): readonly { readonly table: TableObject; readonly column: ColumnDefinition }[] {
  return catalog.objects().flatMap((table) => {
    if (table.kind !== 'table') return [];
    return table.columns
      .filter((column) => column.sequence === sequence)
      .map((column) => ({ table, column }));
  });
}

/** `schema.name` of a sequence. */
export function sequenceName(catalog: Catalog, oid: number): string {
  const { schema, name } = must(catalog.byOid(oid), `sequence ${oid}`);
  return qualifiedName(schema, name);
}
