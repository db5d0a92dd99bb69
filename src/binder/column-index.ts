/** The place of a column in a list of fields, by name. */

import { SqlError, sqlstate } from '../base/errors.ts';
import type * as ast from '../syntax/ast.ts';
import type { Schema } from '../types/schema.ts';

/** 42703 when `relation` has no such column. */
export function columnIndexOf(fields: Schema, name: ast.Identifier, relation: string): number {
  const index = fields.findIndex((field) => field.name === name.name);
  if (index >= 0) return index;
  throw new SqlError(
    sqlstate.undefinedColumn,
    `column "${name.name}" of relation "${relation}" does not exist`,
    { position: name.span.start },
  );
}
