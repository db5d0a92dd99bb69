/** reg* types: oids that read and print as names of catalog objects. The catalog itself is asked through the context. */

import { SqlError, sqlstate } from '../base/errors.ts';
import type { SqlType } from '../types/sql-type.ts';
import type { EvalContext, RegCatalog } from './functions/registry.ts';

/** An oid from digits, `-`, or a name that must exist. */
export function parseRegName(text: string, type: SqlType, context: EvalContext): number {
  if (text === '-') return 0;
  if (/^\d{1,10}$/.test(text)) {
    const oid = Number(text);
    if (oid <= 4294967295) return oid;
  }
  const found = context.catalog.lookupOid(type.kind as RegCatalog, text);
  if (found === null) throw notFound(type.kind as RegCatalog, text);
  return found;
}

/** The name of an oid, its digits when there is no such object, `-` for 0. */
export function printRegName(oid: number, type: SqlType, context: EvalContext): string {
  if (oid === 0) return '-';
  return context.catalog.nameOfOid(type.kind as RegCatalog, oid) ?? String(oid);
}

function notFound(catalog: RegCatalog, name: string): SqlError {
  switch (catalog) {
    case 'regclass':
      return new SqlError(sqlstate.undefinedTable, `relation "${name}" does not exist`);
    case 'regtype':
      return new SqlError(sqlstate.undefinedObject, `type "${name}" does not exist`);
    case 'regproc':
    case 'regprocedure':
      return new SqlError(sqlstate.undefinedFunction, `function "${name}" does not exist`);
    case 'regnamespace':
      return new SqlError(sqlstate.invalidSchemaName, `schema "${name}" does not exist`);
    case 'regrole':
      return new SqlError(sqlstate.undefinedObject, `role "${name}" does not exist`);
    case 'regoper':
      return new SqlError(sqlstate.undefinedFunction, `operator does not exist: ${name}`);
  }
}
