/**
 * The columns that one ALTER TABLE takes away or gives another type, all together: PostgreSQL does that before
 * anything is added, in whatever order it is written.
 */

import { indexesOf } from '../catalog/indexes.ts';
import type { CatalogObject, SequenceObject, TableObject } from '../catalog/objects.ts';
import type { Expr } from '../expr/expr.ts';
import type * as ast from '../syntax/ast.ts';
import { type ColumnType, retypeColumn } from './bind-column-type.ts';
import { type DropColumn, dropColumns, movedIndex } from './bind-drop-column.ts';
import type { Binding } from './binding.ts';

export interface AlteredColumns {
  readonly table: TableObject;
  readonly dropped: readonly CatalogObject[];
  /** New values, by the numbers of their columns, over the columns of the row as it was. */
  readonly values: ReadonlyMap<number, Expr>;
  /** Sequences that follow the types of their columns. */
  readonly sequences: readonly SequenceObject[];
}

export function alterColumns(
  table: TableObject,
  actions: readonly ast.AlterAction[],
  binding: Binding,
): AlteredColumns {
  const drops = actions.filter((action): action is DropColumn => action.kind === 'drop-column');
  const types = actions.filter((action): action is ColumnType => action.kind === 'column-type');
  const without = dropColumns(table, drops, binding);
  const values = new Map<number, Expr>();
  const sequences: SequenceObject[] = [];
  let after = without.table;
  for (const action of types) {
    const retyped = retypeColumn(after, table, action, binding, values);
    after = retyped.table;
    values.set(retyped.number, retyped.value);
    if (retyped.sequence !== null) sequences.push(retyped.sequence);
  }
  return { table: after, dropped: without.dropped, values, sequences };
}

/** The indexes of a table that stay, over the columns as they are now. */
export function movedIndexes(
  before: TableObject,
  after: TableObject,
  dropped: readonly CatalogObject[],
  binding: Binding,
): readonly CatalogObject[] {
  const gone = new Set(dropped.map((object) => object.oid));
  return indexesOf(binding.catalog, before.oid)
    .filter((index) => !gone.has(index.oid))
    .map((index) => movedIndex(index, before, after));
}
