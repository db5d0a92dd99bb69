/**
 * The rows of a table whose columns change: what stays is as it was, columns with a new type have what their expression
 * gives, and new ones stand behind. A default that is the same for all rows is computed once, as PostgreSQL does, one
 * that is not (random(), nextval) for each row; generated columns that are new come from their row.
 */

import { must } from '../base/assert.ts';
import { bindScalarSql } from '../binder/bind-scalar.ts';
import { numberOf } from '../catalog/column-numbers.ts';
import type { ColumnDefinition, TableObject } from '../catalog/objects.ts';
import type { Expr } from '../expr/expr.ts';
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

/** The value of a column: `old` is the row as it was, `row` what is there of the new one. */
interface NewValue {
  readonly of: (old: Row, row: Row) => Datum | null;
  /** Rows that are equal may get different values. */
  readonly perRow: boolean;
}

export interface RowRewrite {
  readonly before: TableObject;
  readonly after: TableObject;
  /** By the numbers of columns, over the columns of `before`. */
  readonly values: ReadonlyMap<number, Expr>;
}

/** Whether the rows of a table must be written anew. */
export function isRewritten({ before, after, values }: RowRewrite): boolean {
  if (values.size > 0 || before.columns.length !== after.columns.length) return true;
  return after.columns.some(
    (_, ordinal) => numberOf(after.columns, ordinal) !== numberOf(before.columns, ordinal),
  );
}

/** Rows of `relation`, which has the columns of `before`, as `after` has them. */
export function rewriteRows(
  rewrite: RowRewrite,
  relation: StoredRelation,
  session: SessionContext,
): Batch[] {
  const columns = rewrite.after.columns.map((_, ordinal) => valueOf(ordinal, rewrite, session));
  const apart = columns.some((value) => value.perRow);
  const types = rewrite.after.columns.map((column) => column.type);
  const rewritten: Batch[] = [];
  for (const batch of storedRows(relation)) {
    const builder = new BatchBuilder(types, batch.count);
    for (let at = 0; at < batch.count; at++) {
      const old = readRow(batch, at, relation.types);
      const weight = batch.weights?.[at] ?? 1;
      const copies = apart ? weight : 1;
      for (let copy = 0; copy < copies; copy++) {
        const row: (Datum | null)[] = [];
        for (const value of columns) row.push(value.of(old, row));
        builder.append(row, apart ? 1 : weight);
      }
    }
    rewritten.push(builder.batch());
  }
  return rewritten;
}

function valueOf(
  ordinal: number,
  { before, after, values }: RowRewrite,
  session: SessionContext,
): NewValue {
  const number = numberOf(after.columns, ordinal);
  const changed = values.get(number);
  if (changed !== undefined) {
    const context = sessionEvaluation(session);
    const evaluate = compileInterpreter(changed);
    const perRow = volatilityOf(changed) === 'volatile';
    return { of: (old) => evaluate(old, context), perRow };
  }
  const place = before.columns.findIndex((_, i) => numberOf(before.columns, i) === number);
  if (place >= 0) return { of: (old) => old[place]!, perRow: false };
  return newValue(after.columns[ordinal]!, after, session);
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
    return { of: (_, row) => evaluate(row, context), perRow: false };
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
