/**
 * ALTER TABLE … ADD COLUMN: the table with the column at its end, and the indexes and sequences that come with it.
 * Views that there are do not see it (`madeAt` of the bind context).
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import { columnsEver } from '../catalog/column-numbers.ts';
import { primaryKeyName } from '../catalog/indexes.ts';
import type { IndexObject, TableObject } from '../catalog/objects.ts';
import type * as ast from '../syntax/ast.ts';
import { bindAddedColumn } from './bind-columns.ts';
import { columnSequences } from './bind-create.ts';
import { requireKeyName } from './bind-constraint.ts';
import { uniqueIndex } from './bind-index.ts';
import type { Binding } from './binding.ts';
import type { ColumnSequence, Unnumbered } from './bound-statement.ts';

/** What the actions of one ALTER TABLE bring beside the table. */
export interface AddedParts {
  readonly indexes: Unnumbered<IndexObject>[];
  readonly sequences: ColumnSequence[];
}

/** `added` are those of the actions before, whose names are taken; the column's own are put there. */
export function addColumn(
  table: TableObject,
  action: Extract<ast.AlterAction, { kind: 'add-column' }>,
  binding: Binding,
  added: AddedParts,
): TableObject {
  const { name, span } = action.column.name;
  if (table.columns.some((column) => column.name === name)) {
    const message = `column "${name}" of relation "${table.name}" already exists`;
    if (!action.ifNotExists) {
      throw new SqlError(sqlstate.duplicateColumn, message, { position: span.start });
    }
    binding.notice(`${message}, skipping`, { code: '42701' });
    return table;
  }
  const bound = bindAddedColumn(table, action.column, binding);
  const { checks, primaryKey, keyName } = bound;
  const columns = bound.columns.map((column, ordinal) =>
    table.dropped === undefined || ordinal < table.columns.length
      ? column
      : { ...column, number: columnsEver(table) },
  );
  const named = keyName === undefined ? {} : { keyName };
  const widened = { ...table, columns, checks, primaryKey, ...named };
  if (table.primaryKey.length === 0 && primaryKey.length > 0) {
    requireKeyName(widened, span.start, binding);
  }
  const taken = new Set([
    primaryKeyName(widened),
    ...added.indexes.map((index) => index.name),
    ...added.sequences.map((sequence) => sequence.object.name),
  ]);
  for (const unique of bound.uniques) {
    const index = uniqueIndex(binding.catalog, widened, unique, taken);
    taken.add(index.name);
    added.indexes.push(index);
  }
  added.sequences.push(...columnSequences(widened, bound.sequences, binding, taken));
  return widened;
}
