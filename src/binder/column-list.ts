/**
 * The columns of one relation while its definition is bound: each has a name of its own, and may be replaced by one
 * of which more is known.
 */

import { must } from '../base/assert.ts';
import { SqlError, sqlstate } from '../base/errors.ts';
import type { ColumnDefinition } from '../catalog/objects.ts';
import type * as ast from '../syntax/ast.ts';
import type { SqlType } from '../types/sql-type.ts';

export interface ListedRelation {
  readonly relation: string;
  /** Its rows come from a connector and are not kept. */
  readonly isSource: boolean;
}

export class ColumnList {
  readonly relation: string;
  readonly isSource: boolean;
  readonly #columns: ColumnDefinition[] = [];

  constructor({ relation, isSource }: ListedRelation) {
    this.relation = relation;
    this.isSource = isSource;
  }

  /** Those that are known by now, in order. */
  get all(): readonly ColumnDefinition[] {
    return this.#columns;
  }

  at(ordinal: number): ColumnDefinition {
    return must(this.#columns[ordinal], `column ${ordinal} of ${this.relation}`);
  }

  /** Throws 42701 when there is one of that name; `position` is the name's. */
  add(column: ColumnDefinition, position: number | undefined): void {
    if (this.#columns.some((each) => each.name === column.name)) {
      throw new SqlError(
        sqlstate.duplicateColumn,
        `column "${column.name}" specified more than once`,
        { position },
      );
    }
    this.#columns.push(column);
  }

  replace(ordinal: number, column: ColumnDefinition): void {
    this.#columns[ordinal] = column;
  }

  /** Where a column that a constraint names stands. */
  ordinalOf(name: ast.Identifier): number {
    const ordinal = this.#columns.findIndex((column) => column.name === name.name);
    if (ordinal >= 0) return ordinal;
    throw new SqlError(
      sqlstate.undefinedColumn,
      `column "${name.name}" named in key does not exist`,
      { position: name.span.start },
    );
  }
}

/** A column of given name and type with nothing special about it. */
export function plainColumn(
  name: string,
  type: SqlType,
  more: Partial<ColumnDefinition> = {},
): ColumnDefinition {
  return {
    name,
    declaredName: name,
    type,
    notNull: false,
    defaultSql: null,
    source: 'physical',
    computedSql: null,
    metadataKey: null,
    comment: null,
    ...more,
  };
}
