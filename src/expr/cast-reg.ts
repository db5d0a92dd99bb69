/** reg* types: oids that read and print as names of catalog objects. The catalog itself is asked through the context. */

import { missingRegName, nothingOf } from '../types/reg-names.ts';
import type { SqlType } from '../types/sql-type.ts';
import type { EvalContext, RegCatalog } from './functions/registry.ts';

/** An oid from digits, `-`, or a name that must exist. */
export function parseRegName(text: string, type: SqlType, context: EvalContext): number {
  const kind = type.kind as RegCatalog;
  if (text === nothingOf(kind)) return 0;
  if (/^\d{1,10}$/.test(text)) {
    const oid = Number(text);
    if (oid <= 4294967295) return oid;
  }
  const found = context.catalog.lookupOid(kind, text);
  if (found === null) throw missingRegName(kind, text);
  return found;
}

/** The name of an oid, its digits when there is no such object, `-` for 0. */
export function printRegName(oid: number, type: SqlType, context: EvalContext): string {
  const kind = type.kind as RegCatalog;
  if (oid === 0) return nothingOf(kind);
  return context.catalog.nameOfOid(kind, oid) ?? String(oid);
}
