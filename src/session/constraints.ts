/**
 * What must hold of a table's rows: NOT NULL, CHECK and the keys. Checked per statement against the
 * rows as the transaction sees them, and the keys once more at commit, against what others have committed.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { indexesOf, primaryKeyName } from '../catalog/indexes.ts';
import type { TableObject } from '../catalog/objects.ts';
import { compileInterpreter, type Interpreter } from '../expr/interpret.ts';
import type { Expr } from '../expr/expr.ts';
import type { EvalContext } from '../expr/functions/registry.ts';
import type { StoredRelation } from '../jobs/stored-relation.ts';
import { readRow } from '../types/column-access.ts';
import type { Row } from '../types/datum.ts';
import type { SqlType } from '../types/sql-type.ts';
import { formatText } from '../types/text-io.ts';
import type { PendingRows } from './pending-rows.ts';
import { KeyTexts, RowKeys, type WeightedRow } from './row-set.ts';

/** Columns in which no two rows are equal. */
export interface UniqueKey {
  readonly name: string;
  readonly columns: readonly number[];
}

/** The primary key first, then what UNIQUE says. */
export function uniqueKeys(table: TableObject, catalog: Catalog): readonly UniqueKey[] {
  const primary =
    table.primaryKey.length === 0
      ? []
      : [{ name: primaryKeyName(table), columns: table.primaryKey }];
  const declared = indexesOf(catalog, table.oid)
    .filter((index) => index.unique)
    .map((index): UniqueKey => ({ name: index.name, columns: index.key }));
  return [...primary, ...declared];
}

export class TableConstraints {
  readonly #table: TableObject;
  readonly #keys: readonly UniqueKey[];
  readonly #checks: readonly { readonly name: string; readonly holds: Interpreter }[];
  readonly #keyTexts: KeyTexts;
  readonly #rowKeys: RowKeys;

  /** `checks` are the table's CHECK expressions, bound over its columns. */
  constructor(
    table: TableObject,
    keys: readonly UniqueKey[],
    checks: readonly { readonly name: string; readonly expr: Expr }[],
  ) {
    this.#table = table;
    this.#keys = keys;
    this.#checks = checks.map(({ name, expr }) => ({ name, holds: compileInterpreter(expr) }));
    const types = table.columns.map((column) => column.type);
    this.#keyTexts = new KeyTexts(types);
    this.#rowKeys = new RowKeys(types);
  }

  /** NOT NULL and CHECK of one new row. */
  checkRow(row: Row, context: EvalContext): void {
    this.#table.columns.forEach((column, ordinal) => {
      if (row[ordinal] !== null) return;
      if (!column.notNull && !this.#table.primaryKey.includes(ordinal)) return;
      throw new SqlError(
        sqlstate.notNullViolation,
        `null value in column "${column.name}" of relation "${this.#table.name}" violates not-null constraint`,
        {
          detail: `Failing row contains ${this.#rowText(row)}.`,
          ...this.#names(),
          column: column.name,
        },
      );
    });
    for (const { name, holds } of this.#checks) {
      if (holds(row, context) !== false) continue;
      throw new SqlError(
        sqlstate.checkViolation,
        `new row for relation "${this.#table.name}" violates check constraint "${name}"`,
        {
          detail: `Failing row contains ${this.#rowText(row)}.`,
          ...this.#names(),
          constraint: name,
        },
      );
    }
  }

  /**
   * The keys after `changes`, given what is stored and what the transaction changed before (null: nothing).
   * Throws 23505 for a key that would stand twice.
   */
  checkKeys(
    relation: StoredRelation,
    earlier: PendingRows | null,
    changes: readonly WeightedRow[],
  ): void {
    for (const key of this.#keys) this.#checkKey(key, relation, earlier, changes);
  }

  #checkKey(
    unique: UniqueKey,
    relation: StoredRelation,
    earlier: PendingRows | null,
    changes: readonly WeightedRow[],
  ): void {
    const { columns } = unique;
    const counts = new Map<string, { row: Row; count: number; added: number }>();
    for (const { row, weight } of changes) {
      if (hasNull(row, columns)) continue;
      const key = this.keyOf(row, columns);
      const known = counts.get(key) ?? { row, count: 0, added: 0 };
      known.count += weight;
      if (weight > 0) {
        known.row = row;
        known.added += weight;
      }
      counts.set(key, known);
    }
    for (const { row, count, added } of counts.values()) {
      // A key that as many rows leave as come to it stands as often as before.
      if (added === 0 || count <= 0) continue;
      const values = columns.map((ordinal) => row[ordinal]!);
      let others = relation.store.contains(columns, values) ? 1 : 0;
      for (const { weight } of earlier?.matching(row, columns) ?? []) others += weight;
      if (others + count > 1) throw this.#duplicateKey(row, unique);
    }
  }

  /** The stored row that has the same values as `row` in the columns of a key, or null. */
  storedRow(relation: StoredRelation, row: Row, columns: readonly number[]): Row | null {
    const values = columns.map((ordinal) => row[ordinal]!);
    for (const found of relation.store.lookup(
      columns,
      values,
      relation.types.map((_, i) => i),
    )) {
      if (found.count > 0) return readRow(found, 0, relation.types);
    }
    return null;
  }

  /** A text that two rows share exactly when their values in these columns, none of them NULL, are equal. */
  keyOf(row: Row, columns: readonly number[]): string {
    return this.#keyTexts.of(row, columns);
  }

  /** A text that two rows share exactly when they are the same row. */
  identityOf(row: Row): string {
    return this.#rowKeys.of(row);
  }

  #duplicateKey(row: Row, unique: UniqueKey): SqlError {
    return new SqlError(
      sqlstate.uniqueViolation,
      `duplicate key value violates unique constraint "${unique.name}"`,
      {
        detail: `Key ${keyText(row, unique.columns, this.#table.columns)} already exists.`,
        ...this.#names(),
        constraint: unique.name,
      },
    );
  }

  #names(): { readonly schema: string; readonly table: string } {
    return { schema: this.#table.schema, table: this.#table.name };
  }

  #rowText(row: Row): string {
    const values = this.#table.columns.map((column, ordinal) => {
      const value = row[ordinal] ?? null;
      return value === null ? 'null' : formatText(value, column.type);
    });
    return `(${values.join(', ')})`;
  }
}

/** A row with a NULL in its key equals no other. */
export function hasNull(row: Row, columns: readonly number[]): boolean {
  return columns.some((ordinal) => row[ordinal] === null);
}

/** `(a, b)=(1, x)` */
export function keyText(
  row: Row,
  key: readonly number[],
  columns: readonly { readonly name: string; readonly type: SqlType }[],
): string {
  const names = key.map((ordinal) => columns[ordinal]!.name);
  const values = key.map((ordinal) => formatText(row[ordinal]!, columns[ordinal]!.type));
  return `(${names.join(', ')})=(${values.join(', ')})`;
}
