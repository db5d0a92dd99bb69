/**
 * CHECK VIEW v: computes the view's query afresh over one snapshot and compares it with the rows that are
 * kept. Every user's data becomes a test.
 */

import { bindViewQuery } from '../binder/bind-view-query.ts';
import type { MaterializedViewObject } from '../catalog/objects.ts';
import { notSupported } from '../base/errors.ts';
import { readRow } from '../types/column-access.ts';
import type { Schema } from '../types/schema.ts';
import { types } from '../types/sql-type.ts';
import { bindContext } from './bind-context.ts';
import type { Queries } from './queries.ts';
import { rowsResult } from './result-cursor.ts';
import { RowSet } from './row-set.ts';
import type { SessionContext } from './session-context.ts';
import type { StatementResult } from './session-api.ts';

export const checkViewFields: Schema = [
  { name: 'view', type: types.text, nullable: false },
  { name: 'correct', type: types.boolean, nullable: false },
  { name: 'rows', type: types.bigint, nullable: false },
  { name: 'missing', type: types.bigint, nullable: false },
  { name: 'surplus', type: types.bigint, nullable: false },
];

export async function checkView(
  view: MaterializedViewObject,
  session: SessionContext,
  queries: Queries,
): Promise<StatementResult> {
  const { catalog } = session.database;
  const source = view.dependsOn
    .map((oid) => catalog.byOid(oid))
    .find((each) => each?.kind === 'source');
  if (source !== undefined) {
    throw notSupported('CHECK VIEW over a source', {
      detail: `The rows of "${source.name}" are not kept, so they cannot be read again.`,
    });
  }
  const columnTypes = view.columns.map((column) => column.type);
  const difference = new RowSet(columnTypes, 'sql');
  const plan = bindViewQuery(view, bindContext(session, []));
  for (const batch of queries.collectAsView(plan)) {
    for (let row = 0; row < batch.count; row++) difference.add(readRow(batch, row, columnTypes), 1);
  }
  const ordinals = columnTypes.map((_, index) => index);
  let rows = 0;
  for (const batch of session.transaction.scan(view.oid, ordinals)) {
    for (let row = 0; row < batch.count; row++) {
      const weight = batch.weights?.[row] ?? 1;
      rows += weight;
      difference.add(readRow(batch, row, columnTypes), -weight);
    }
  }
  let missing = 0;
  let surplus = 0;
  for (const { weight } of difference.entries()) {
    if (weight > 0) missing += weight;
    else surplus -= weight;
  }
  await session.database.engine.settled();
  const name = `${view.schema}.${view.name}`;
  const correct = missing === 0 && surplus === 0;
  return rowsResult(
    checkViewFields,
    [[name, correct, BigInt(rows), BigInt(missing), BigInt(surplus)]],
    'CHECK VIEW',
  );
}
