/**
 * What must hold of a table's rows: NOT NULL, CHECK and the primary key. Checked per statement against the
 * rows as the transaction sees them, and the key once more at commit, against what others have committed.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import { ByteWriter } from '../base/bytes.ts';
import type { TableObject } from '../catalog/objects.ts';
import { compileInterpreter, type Interpreter } from '../expr/interpret.ts';
import type { Expr } from '../expr/expr.ts';
import type { EvalContext } from '../expr/functions/registry.ts';
import type { StoredRelation } from '../jobs/stored-relation.ts';
import { readRow } from '../types/column-access.ts';
import type { Row } from '../types/datum.ts';
import { encodeKey } from '../types/key-codec.ts';
import { formatText } from '../types/text-io.ts';
import { RowKeys, type WeightedRow } from './row-set.ts';

export class TableConstraints {
  readonly #table: TableObject;
  readonly #checks: readonly { readonly name: string; readonly holds: Interpreter }[];
  readonly #writer = new ByteWriter(64);
  readonly #rowKeys: RowKeys;

  /** `checks` are the table's CHECK expressions, bound over its columns. */
  constructor(
    table: TableObject,
    checks: readonly { readonly name: string; readonly expr: Expr }[],
  ) {
    this.#table = table;
    this.#checks = checks.map(({ name, expr }) => ({ name, holds: compileInterpreter(expr) }));
    this.#rowKeys = new RowKeys(table.columns.map((column) => column.type));
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
   * The primary key after `changes`, given what is stored and what the transaction changed before.
   * Throws 23505 for a key that would stand twice.
   */
  checkKey(
    relation: StoredRelation,
    earlier: readonly WeightedRow[],
    changes: readonly WeightedRow[],
  ): void {
    if (this.#table.primaryKey.length === 0) return;
    const counts = new Map<string, { row: Row; count: number; added: number }>();
    for (const { row, weight } of changes) {
      const key = this.keyOf(row);
      const known = counts.get(key) ?? { row, count: 0, added: 0 };
      known.count += weight;
      if (weight > 0) {
        known.row = row;
        known.added += weight;
      }
      counts.set(key, known);
    }
    const before = new Map<string, number>();
    for (const { row, weight } of earlier) {
      const key = this.keyOf(row);
      if (counts.has(key)) before.set(key, (before.get(key) ?? 0) + weight);
    }
    for (const [key, { row, count, added }] of counts) {
      if (added === 0) continue;
      const total = this.#storedCount(relation, row) + (before.get(key) ?? 0) + count;
      if (total > 1) throw this.#duplicateKey(row);
    }
  }

  /** The stored row with the same key as `row`, or null. */
  storedRow(relation: StoredRelation, row: Row): Row | null {
    const key = this.#table.primaryKey;
    const values = key.map((ordinal) => row[ordinal]!);
    for (const found of relation.store.lookup(
      key,
      values,
      relation.types.map((_, i) => i),
    )) {
      if (found.count > 0) return readRow(found, 0, relation.types);
    }
    return null;
  }

  #storedCount(relation: StoredRelation, row: Row): number {
    return this.storedRow(relation, row) === null ? 0 : 1;
  }

  /** A text that two rows share exactly when their keys are equal. */
  keyOf(row: Row): string {
    this.#writer.clear();
    for (const ordinal of this.#table.primaryKey) {
      encodeKey(this.#writer, row[ordinal]!, this.#table.columns[ordinal]!.type);
    }
    return Buffer.from(this.#writer.view()).toString('latin1');
  }

  /** A text that two rows share exactly when they are the same row. */
  identityOf(row: Row): string {
    return this.#rowKeys.of(row);
  }

  #duplicateKey(row: Row): SqlError {
    const constraint = `${this.#table.name}_pkey`;
    const columns = this.#table.primaryKey.map((ordinal) => this.#table.columns[ordinal]!);
    const names = columns.map((column) => column.name).join(', ');
    const values = this.#table.primaryKey.map((ordinal, index) =>
      formatText(row[ordinal]!, columns[index]!.type),
    );
    return new SqlError(
      sqlstate.uniqueViolation,
      `duplicate key value violates unique constraint "${constraint}"`,
      {
        detail: `Key (${names})=(${values.join(', ')}) already exists.`,
        ...this.#names(),
        constraint,
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
