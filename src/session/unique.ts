/** Whether a table's rows already keep to a unique index that is to be made. */

import { SqlError, sqlstate } from '../base/errors.ts';
import { ByteWriter } from '../base/bytes.ts';
import type { IndexObject } from '../catalog/objects.ts';
import type { StoredRelation } from '../jobs/stored-relation.ts';
import { readRow } from '../types/column-access.ts';
import { encodeKey } from '../types/key-codec.ts';
import { hasNull, keyText } from './constraints.ts';

/** Throws 23505 when two rows are equal in all columns of the index, none of them NULL. */
export function checkUnique(
  index: Pick<IndexObject, 'name' | 'key' | 'columns'>,
  relation: StoredRelation,
): void {
  const types = index.columns.map((column) => column.type);
  const all = types.map((_, i) => i);
  const writer = new ByteWriter(64);
  const seen = new Set<string>();
  for (const batch of relation.store.scan(index.key)) {
    for (let at = 0; at < batch.count; at++) {
      const row = readRow(batch, at, types);
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
