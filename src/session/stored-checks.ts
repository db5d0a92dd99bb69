/** Whether a table's rows already keep to constraints that are to be made. */

import { SqlError, sqlstate } from '../base/errors.ts';
import { ByteWriter } from '../base/bytes.ts';
import type { IndexObject, TableObject } from '../catalog/objects.ts';
import { compileInterpreter } from '../expr/interpret.ts';
import { projectBatch } from '../jobs/relation.ts';
import type { StoredRelation } from '../jobs/stored-relation.ts';
import type { Batch } from '../types/batch.ts';
import { readRow } from '../types/column-access.ts';
import { encodeKey } from '../types/key-codec.ts';
import { bindChecks } from './bind-stored.ts';
import { hasNull, keyText } from './constraints.ts';
import { sessionEvaluation } from './evaluation.ts';
import type { SessionContext } from './session-context.ts';

/** Throws 23505 when two rows are equal in all columns of the index, none of them NULL. `rows` have all columns. */
export function checkUnique(
  index: Pick<IndexObject, 'name' | 'key' | 'columns'>,
  rows: Iterable<Batch>,
): void {
  const types = index.columns.map((column) => column.type);
  const all = types.map((_, i) => i);
  const writer = new ByteWriter(64);
  const seen = new Set<string>();
  for (const batch of rows) {
    const keys = projectBatch(batch, index.key);
    for (let at = 0; at < batch.count; at++) {
      const row = readRow(keys, at, types);
      if (hasNull(row, all)) continue;
      writer.clear();
      row.forEach((value, i) => encodeKey(writer, value!, types[i]!));
      const key = Buffer.from(writer.view()).toString('latin1');
      if (!seen.has(key) && (batch.weights?.[at] ?? 1) === 1) {
        seen.add(key);
        continue;
      }
      throw new SqlError(
        sqlstate.uniqueViolation,
        `could not create unique index "${index.name}"`,
        { detail: `Key ${keyText(row, all, index.columns)} is duplicated.` },
      );
    }
  }
}

/** All rows that a table has, with all columns. */
export function storedRows({ types, store }: StoredRelation): Iterable<Batch> {
  return store.scan(types.map((_, i) => i));
}

/** Throws 23502 and 23514 when one of the rows does not keep to a NOT NULL or CHECK that only `after` has. */
export function checkStoredRows(
  before: TableObject,
  after: TableObject,
  session: SessionContext,
  rows: Iterable<Batch>,
): void {
  const notNull = after.columns.flatMap((column, i) =>
    column.notNull && before.columns[i]?.notNull !== true ? [i] : [],
  );
  const known = new Set(before.checks.map((check) => check.name));
  const checks = bindChecks(after, session)
    .filter((check) => !known.has(check.name))
    .map(({ name, expr }) => ({ name, holds: compileInterpreter(expr) }));
  if (notNull.length === 0 && checks.length === 0) return;
  const context = sessionEvaluation(session);
  const types = after.columns.map((column) => column.type);
  for (const batch of rows) {
    for (let at = 0; at < batch.count; at++) {
      const row = readRow(batch, at, types);
      const missing = notNull.find((ordinal) => row[ordinal] === null);
      if (missing !== undefined) {
        throw new SqlError(
          sqlstate.notNullViolation,
          `column "${after.columns[missing]!.name}" of relation "${after.name}" contains null values`,
        );
      }
      const broken = checks.find(({ holds }) => holds(row, context) === false);
      if (broken === undefined) continue;
      throw new SqlError(
        sqlstate.checkViolation,
        `check constraint "${broken.name}" of relation "${after.name}" is violated by some row`,
      );
    }
  }
}
