/**
 * The rows of a table that gets columns: each row as it was, with the values of the new columns behind. A default
 * that is the same for all rows is computed once, as PostgreSQL does, one that is not (random(), nextval) for each
 * row; generated columns come from their row.
 */

import { must } from '../base/assert.ts';
import { bindScalarSql } from '../binder/bind-scalar.ts';
import type { ColumnDefinition, TableObject } from '../catalog/objects.ts';
import { compileInterpreter } from '../expr/interpret.ts';
import { volatilityOf } from '../expr/walk.ts';
import type { StoredRelation } from '../jobs/stored-relation.ts';
import type { Batch } from '../types/batch.ts';
import { BatchBuilder, readRow } from '../types/column-access.ts';
import type { Datum, Row } from '../types/datum.ts';
import { bindContext } from './bind-context.ts';
import { sessionEvaluation } from './evaluation.ts';
import type { SessionContext } from './session-context.ts';
import { storedRows } from './stored-checks.ts';

/** The value of a new column in a row whose columns before it are there. */
interface NewValue {
  readonly of: (row: Row) => Datum | null;
  /** Rows that are equal may get different values. */
  readonly perRow: boolean;
}

/** Rows of `relation` as `table` has them: its columns are those of the relation and more. */
export function widenRows(
  table: TableObject,
  relation: StoredRelation,
  session: SessionContext,
): Batch[] {
  const before = relation.types;
  const added = table.columns
    .slice(before.length)
    .map((column) => newValue(column, table, session));
  const apart = added.some((value) => value.perRow);
  const types = table.columns.map((column) => column.type);
  const widened: Batch[] = [];
  for (const batch of storedRows(relation)) {
    const builder = new BatchBuilder(types, batch.count);
    for (let at = 0; at < batch.count; at++) {
      const row = readRow(batch, at, before);
      const weight = batch.weights?.[at] ?? 1;
      const copies = apart ? weight : 1;
      for (let copy = 0; copy < copies; copy++) {
        const wide = [...row];
        for (const value of added) wide.push(value.of(wide));
        builder.append(wide, apart ? 1 : weight);
      }
    }
    widened.push(builder.batch());
  }
  return widened;
}

function newValue(column: ColumnDefinition, table: TableObject, session: SessionContext): NewValue {
  const binding = bindContext(session, []);
  const context = sessionEvaluation(session);
  if (column.source === 'computed') {
    const sql = must(column.computedSql, 'generation expression');
    const expr = bindScalarSql(sql, table.columns, binding, {
      target: column,
      relation: table.name,
    });
    const evaluate = compileInterpreter(expr);
    return { of: (row) => evaluate(row, context), perRow: false };
  }
  if (column.defaultSql === null) return { of: () => null, perRow: false };
  const expr = bindScalarSql(column.defaultSql, [], binding, {
    clause: 'DEFAULT expressions',
    target: column,
  });
  const evaluate = compileInterpreter(expr);
  if (volatilityOf(expr) === 'volatile') return { of: () => evaluate([], context), perRow: true };
  const value = evaluate([], context);
  return { of: () => value, perRow: false };
}
