/**
 * Whether a definition stands in the catalog word for word, so that a server can be started again with the
 * files that made it: what is there is kept, what differs is an error as anywhere else.
 */

import { bindStatement } from '../binder/bind-statement.ts';
import type { CatalogObject } from '../catalog/objects.ts';
import { encodeObject } from '../catalog/store.ts';
import type { Statement } from '../syntax/ast.ts';
import { bindContext } from './bind-context.ts';
import type { SessionContext } from './session-context.ts';

export function alreadyDefined(statement: Statement, session: SessionContext): boolean {
  if (statement.kind !== 'create-table' && statement.kind !== 'create-view') return false;
  const lenient = { ...statement, ifNotExists: true, orReplace: false };
  const bound = bindStatement(lenient, bindContext(session, [])).statement;
  if (!('skip' in bound) || !bound.skip || !('object' in bound)) return false;
  const { catalog } = session.database;
  const existing = catalog.find(bound.object.schema, bound.object.name);
  return (
    existing !== undefined &&
    sameDefinition(existing, { ...existing, ...bound.object } as CatalogObject)
  );
}

function sameDefinition(a: CatalogObject, b: CatalogObject): boolean {
  return a.kind === b.kind && Buffer.compare(comparable(a), comparable(b)) === 0;
}

/** The definition's bytes without what differs between two spellings or two times of making. */
function comparable(object: CatalogObject): Uint8Array {
  const plain = { ...object, sql: '', comment: null };
  return encodeObject('startPositions' in plain ? { ...plain, startPositions: new Map() } : plain);
}
