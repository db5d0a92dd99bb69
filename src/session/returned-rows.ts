/** RETURNING with subqueries: the changed rows as a relation, and the select list as a query over it. */

import type { BoundReturning } from '../binder/bound-statement.ts';
import { columnExpr } from '../plan/expressions.ts';
import type { LogicalPlan } from '../plan/logical.ts';
import { makeProject } from '../plan/make.ts';
import type { Batch } from '../types/batch.ts';
import { readRow } from '../types/column-access.ts';
import type { Row } from '../types/datum.ts';
import type { Field } from '../types/schema.ts';
import { types } from '../types/sql-type.ts';

/** A row's place among the changed ones. */
const place: Field = { name: 'place', type: types.integer, nullable: false };

/** The values that `returning` has for each of `rows`, and last the row's place. */
export function returnedPlan(returning: BoundReturning, rows: readonly Row[]): LogicalPlan {
  const schema = [...returning.input, place];
  const values: LogicalPlan = {
    kind: 'values',
    schema,
    rows: rows.map((row, at) =>
      schema.map(({ type }, i) => {
        const value = i < row.length ? row[i]! : at;
        return { kind: 'constant' as const, value, type };
      }),
    ),
  };
  const exprs = [...returning.exprs, columnExpr(returning.input.length, place.type)];
  return makeProject(values, exprs, [...returning.fields, place]);
}

/** What that plan gave, in the order of the rows. */
export function inOrder(batches: readonly Batch[], returning: BoundReturning): Row[] {
  const columns = [...returning.fields, place].map((field) => field.type);
  const rows = batches.flatMap((batch) =>
    Array.from({ length: batch.count }, (_, row) => readRow(batch, row, columns)),
  );
  const width = returning.fields.length;
  rows.sort((a, b) => Number(a[width]) - Number(b[width]));
  return rows.map((row) => row.slice(0, width));
}
