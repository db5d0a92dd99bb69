/** Users' types as rows of pg_type, and the rows of pg_enum. */

import { enumArrayPgType, enumPgType, pgTypes, type PgType } from '../types/pg-types.ts';
import type { SqlType } from '../types/sql-type.ts';
import type { SystemContext } from './system-context.ts';
import type { SystemProvider } from './system-relations.ts';

/** Every type with its schema; null for pg_catalog. */
export function* allTypes({
  catalog,
}: SystemContext): Iterable<{ readonly type: PgType; readonly schema: string | null }> {
  for (const type of pgTypes) yield { type, schema: null };
  for (const { schema, ...type } of catalog.types()) {
    yield { type: enumPgType(type), schema };
    yield { type: enumArrayPgType(type), schema };
  }
}

/** The row of an enum or of an array of one. */
export function enumRow(type: SqlType): PgType | undefined {
  if (type.kind === 'enum') return enumPgType(type.labels.definition);
  if (type.kind !== 'array') return undefined;
  const { element } = type;
  return element.kind === 'enum' ? enumArrayPgType(element.labels.definition) : enumRow(element);
}

export const pgEnum: SystemProvider<SystemContext> = ({ catalog }) =>
  catalog.types().flatMap((type) =>
    type.labels.map(({ oid, label, order }) => ({
      oid,
      enumtypid: type.oid,
      enumsortorder: Math.fround(order),
      enumlabel: label,
    })),
  );
