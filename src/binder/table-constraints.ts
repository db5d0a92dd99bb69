/**
 * The primary key, UNIQUE and CHECK of a table while it is bound, whether they stand with a column, in the list or in
 * a table that LIKE names. A source has a primary key alone.
 */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type { ColumnDefinition, TableObject } from '../catalog/objects.ts';
import type { Expr } from '../expr/expr.ts';
import { columnsRead } from '../plan/expressions.ts';
import type * as ast from '../syntax/ast.ts';
import { bindScalar } from './bind-scalar.ts';
import type { Binding } from './binding.ts';
import { coerceBoolean } from './coerce.ts';
import type { ColumnList } from './column-list.ts';
import { storedExpression } from './stored-sql.ts';

export interface UniqueColumns {
  readonly name: string | null;
  readonly key: readonly number[];
  readonly position: number;
  readonly comment?: string | null;
}

/** What has been bound; `keyName` where the statement names the primary key. */
export interface BoundConstraints {
  readonly primaryKey: readonly number[];
  readonly keyName?: string;
  readonly checks: TableObject['checks'];
  /** In the order written. */
  readonly uniques: readonly UniqueColumns[];
}

export class TableConstraints {
  readonly #columns: ColumnList;
  readonly #binding: Binding;
  #primaryKey: readonly number[] | null = null;
  #keyName: string | undefined = undefined;
  readonly #checks: { readonly name: string; readonly sql: string }[];
  readonly #uniques: UniqueColumns[] = [];

  /** `table`: what there is already. */
  constructor(columns: ColumnList, binding: Binding, table: TableObject | null) {
    this.#columns = columns;
    this.#binding = binding;
    this.#checks = [...(table?.checks ?? [])];
    if (table !== null && table.primaryKey.length > 0) {
      this.#primaryKey = table.primaryKey;
      this.#keyName = table.keyName;
    }
  }

  /** A constraint in the list of columns. */
  add(constraint: ast.TableConstraint): void {
    const position = constraint.span.start;
    const name = constraint.name?.name;
    const key = (): number[] => constraint.columns.map((each) => this.#columns.ordinalOf(each));
    switch (constraint.constraint) {
      case 'primary-key':
        this.setPrimaryKey(key(), position, name);
        return;
      case 'check':
        this.check(constraint.check!, name ?? null, position);
        return;
      case 'unique':
        this.unique(name ?? null, key(), position);
        return;
      case 'foreign-key':
        throw foreignKey(position);
    }
  }

  /** Its columns become NOT NULL. */
  setPrimaryKey(ordinals: readonly number[], position: number, name?: string): void {
    const columns = this.#columns;
    if (this.#primaryKey !== null) {
      throw new SqlError(
        sqlstate.invalidTableDefinition,
        `multiple primary keys for table "${columns.relation}" are not allowed`,
        { position },
      );
    }
    const twice = ordinals.find((ordinal, i) => ordinals.indexOf(ordinal) !== i);
    if (twice !== undefined) {
      throw new SqlError(
        sqlstate.duplicateColumn,
        `column "${columns.at(twice).name}" appears twice in primary key constraint`,
        { position },
      );
    }
    this.#primaryKey = ordinals;
    this.#keyName = name;
    for (const ordinal of ordinals) {
      columns.replace(ordinal, { ...columns.at(ordinal), notNull: true });
    }
  }

  unique(name: string | null, key: readonly number[], position: number): void {
    if (this.#columns.isSource) {
      throw notSupported('UNIQUE on a source', {
        hint: 'Leave it out, and group by the columns in a view.',
        position,
      });
    }
    this.#uniques.push({ name, key, position });
  }

  /** `name` null: one is made up. */
  check(expression: ast.Expression, name: string | null, position: number): void {
    const { relation, all, isSource } = this.#columns;
    if (isSource) {
      throw notSupported('CHECK on a source', {
        hint: 'Filter the rows in a view.',
        position,
      });
    }
    const bound = bindScalar(expression, all, this.#binding, {
      clause: 'check constraints',
      relation,
    });
    coerceBoolean(this.#binding, bound, 'CHECK');
    const base = name ?? checkName(relation, all, bound);
    let unique = base;
    for (let i = 1; this.#hasCheck(unique); i++) {
      if (name !== null) throw duplicateCheck(name, position);
      unique = `${base}${i}`;
    }
    this.#checks.push({ name: unique, sql: storedExpression(expression, this.#binding) });
  }

  #hasCheck(name: string): boolean {
    return this.#checks.some((each) => each.name === name);
  }

  /** The checks of another table; what they say was bound when that was made. */
  copyChecks(checks: TableObject['checks'], position: number): void {
    for (const check of checks) {
      if (this.#hasCheck(check.name)) throw duplicateCheck(check.name, position);
      this.#checks.push(check);
    }
  }

  /** UNIQUE of another table, over the columns of this one. */
  copyUnique(unique: UniqueColumns): void {
    this.#uniques.push(unique);
  }

  finish(): BoundConstraints {
    return {
      primaryKey: this.#primaryKey ?? [],
      ...(this.#keyName === undefined ? {} : { keyName: this.#keyName }),
      checks: this.#checks,
      uniques: this.#uniques,
    };
  }
}

/** PostgreSQL's: with the column where the condition is about one alone. */
export function checkName(
  relation: string,
  columns: readonly ColumnDefinition[],
  condition: Expr,
): string {
  const [first, ...more] = columnsRead(condition);
  const about = first === undefined || more.length > 0 ? '' : `${columns[first]!.name}_`;
  return `${relation}_${about}check`;
}

/** REFERENCES, or FOREIGN KEY in the list. */
export function foreignKey(position: number): SqlError {
  return notSupported('FOREIGN KEY', { hint: 'Leave the constraint out.', position });
}

function duplicateCheck(name: string, position: number): SqlError {
  return new SqlError('42710', `check constraint "${name}" already exists`, { position });
}
