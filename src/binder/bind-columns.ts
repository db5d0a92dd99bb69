/**
 * The columns of CREATE TABLE and CREATE SOURCE, in the order in which they can be bound: first all names and types,
 * then the expressions that name them, then the constraints and the watermark.
 */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type {
  CatalogObject,
  ColumnDefinition,
  IndexObject,
  TableObject,
  WatermarkDefinition,
} from '../catalog/objects.ts';
import type * as ast from '../syntax/ast.ts';
import type { Schema } from '../types/schema.ts';
import type { SqlType } from '../types/sql-type.ts';
import { checkCollation } from './bind-expr.ts';
import {
  likeColumn,
  likeIndexes,
  likeOptions,
  likeSequence,
  refuseLikeOfSource,
} from './bind-like.ts';
import { includeColumns, metadataColumn } from './bind-metadata.ts';
import { bindType } from './bind-type.ts';
import { bindWatermark } from './bind-watermark.ts';
import type { Binding } from './binding.ts';
import { typeName } from './coerce.ts';
import { ColumnList, plainColumn } from './column-list.ts';
import {
  ColumnValues,
  computedExpression,
  type SequenceColumn,
  serialType,
} from './column-values.ts';
import { requireRelation } from './relation-lookup.ts';
import { storedExpression } from './stored-sql.ts';
import { type BoundConstraints, foreignKey, TableConstraints } from './table-constraints.ts';

export interface BoundColumns extends BoundConstraints {
  readonly columns: readonly ColumnDefinition[];
  /** Serial and identity columns. */
  readonly sequences: readonly SequenceColumn[];
  /** Those of tables that LIKE names, with the ordinals of the new one. */
  readonly indexes: readonly IndexObject[];
  readonly watermark: WatermarkDefinition | null;
}

export interface ColumnsOptions {
  readonly relation: string;
  /** Metadata keys that the connector gives; null for a stored table. */
  readonly metadata: readonly string[] | null;
  /** Columns that the connector knows by itself; they stand first where the statement declares none to read. */
  readonly own: Schema;
}

export function bindColumns(
  statement: ast.CreateTable,
  binding: Binding,
  options: ColumnsOptions,
): BoundColumns {
  const builder = new ColumnsBuilder(binding, options);
  const elements = statement.elements ?? [];
  if (!elements.some(isRead)) builder.own();
  for (const element of elements) {
    if (element.kind === 'column-definition') builder.column(element);
    else if (element.kind === 'like-table') builder.like(element);
  }
  for (const column of includeColumns(statement.include, options, binding))
    builder.add(column, null);
  builder.expressions();
  for (const element of elements) {
    switch (element.kind) {
      case 'watermark':
        builder.watermarkOf(element);
        break;
      case 'table-constraint':
        builder.constraints.add(element);
        break;
      case 'star-element':
        throw notSupported('* in a column list', {
          hint: 'List the columns.',
          position: element.span.start,
        });
      case 'column-definition':
      case 'like-table':
        break;
    }
  }
  return builder.finish();
}

/** The columns and constraints of a table that gets one more column. */
export function bindAddedColumn(
  table: TableObject,
  written: ast.ColumnDefinition,
  binding: Binding,
): BoundColumns {
  const options = { relation: table.name, metadata: null, own: [] };
  const builder = new ColumnsBuilder(binding, options, table);
  for (const column of table.columns) builder.add(column, null);
  builder.column(written);
  builder.expressions();
  return builder.finish();
}

/** Whether an element of the list declares columns that the connector reads. */
function isRead(element: ast.TableElement): boolean {
  if (element.kind === 'like-table') return true;
  return (
    element.kind === 'column-definition' &&
    element.metadata === null &&
    computedExpression(element) === null
  );
}

class ColumnsBuilder {
  readonly constraints: TableConstraints;
  readonly #binding: Binding;
  readonly #options: ColumnsOptions;
  readonly #columns: ColumnList;
  readonly #values: ColumnValues;
  /** The tree of each column that has one. */
  readonly #written: (ast.ColumnDefinition | null)[] = [];
  readonly #indexes: IndexObject[] = [];
  #watermark: WatermarkDefinition | null = null;

  /** `table`: what is there already, beside its columns. */
  constructor(binding: Binding, options: ColumnsOptions, table: TableObject | null = null) {
    const { relation, metadata } = options;
    this.#binding = binding;
    this.#options = options;
    this.#columns = new ColumnList({ relation, isSource: metadata !== null });
    this.#values = new ColumnValues(this.#columns, binding);
    this.constraints = new TableConstraints(this.#columns, binding, table);
    this.#watermark = table?.watermark ?? null;
  }

  add(column: ColumnDefinition, written: ast.ColumnDefinition | null): void {
    this.#columns.add(column, written?.name.span.start);
    this.#written.push(written);
  }

  /** The columns that the connector knows by itself. */
  own(): void {
    for (const { name, type, nullable } of this.#options.own) {
      this.add(plainColumn(name, type, { notNull: !nullable }), null);
    }
  }

  /** Name and type; expressions come when all columns are known. */
  column(written: ast.ColumnDefinition): void {
    if (written.collation !== null) checkCollation(written.collation);
    const common = {
      declaredName: written.name.spelling,
      comment: written.comment,
      notNull:
        serialType(written.type) !== null ||
        written.constraints.some((each) => each.kind === 'not-null' || each.kind === 'identity'),
    };
    const name = written.name.name;
    if (written.metadata !== null) {
      const type = this.#typeOf(written);
      this.add({ ...metadataColumn(written, type, this.#options), ...common }, written);
      return;
    }
    const computed = computedExpression(written);
    if (computed !== null) {
      // Without a declared type the expression decides, which may only name columns before it.
      const type = written.type === null ? this.#values.typeOf(computed) : this.#typeOf(written);
      const computedSql = storedExpression(computed, this.#binding);
      this.add(plainColumn(name, type, { ...common, source: 'computed', computedSql }), written);
      return;
    }
    this.add(plainColumn(name, this.#typeOf(written), common), written);
  }

  #typeOf(written: ast.ColumnDefinition): SqlType {
    const { type } = written;
    if (type === null) {
      throw new SqlError(sqlstate.syntaxError, `column "${written.name.name}" needs a type`, {
        position: written.name.span.start,
      });
    }
    const bound = serialType(type) ?? bindType(type, this.#binding);
    if (pseudoKinds.has(bound.kind)) {
      throw new SqlError(
        sqlstate.invalidTableDefinition,
        `column "${written.name.name}" has pseudo-type ${typeName(bound)}`,
        { position: written.name.span.start },
      );
    }
    return bound;
  }

  /** Checks what each column's expressions say, now that all names and types are there. */
  expressions(): void {
    this.#written.forEach((written, ordinal) => {
      if (written === null) return;
      const position = written.name.span.start;
      const computed = computedExpression(written);
      if (computed !== null) this.#values.compute(ordinal, computed, written);
      this.#checkNullable(written);
      const serial = serialType(written.type);
      if (serial !== null) this.#values.setSerial(ordinal, serial, position);
      for (const constraint of written.constraints) this.#columnConstraint(constraint, ordinal);
      if (written.key) this.constraints.setPrimaryKey([ordinal], position);
    });
  }

  #checkNullable(written: ast.ColumnDefinition): void {
    const kinds = new Set(written.constraints.map((each) => each.kind));
    if (!kinds.has('nullable') || !kinds.has('not-null')) return;
    throw new SqlError(
      sqlstate.syntaxError,
      `conflicting NULL/NOT NULL declarations for column "${written.name.name}" of table "${this.#options.relation}"`,
      { position: written.name.span.start },
    );
  }

  #columnConstraint(constraint: ast.ColumnConstraint, ordinal: number): void {
    const position = constraint.span.start;
    const name = constraint.name?.name;
    switch (constraint.kind) {
      case 'not-null':
      case 'nullable':
      case 'generated':
        return;
      case 'default':
        this.#values.setDefault(ordinal, constraint.expression);
        return;
      case 'check':
        this.constraints.check(constraint.expression, name ?? null, position);
        return;
      case 'primary-key':
        this.constraints.setPrimaryKey([ordinal], position, name);
        return;
      case 'unique':
        this.constraints.unique(name ?? null, [ordinal], position);
        return;
      case 'identity':
        this.#values.setIdentity(ordinal, constraint);
        return;
      case 'references':
        throw foreignKey(position);
    }
  }

  watermarkOf(written: ast.WatermarkDefinition): void {
    if (this.#watermark !== null) {
      throw new SqlError(
        sqlstate.invalidTableDefinition,
        `multiple watermarks for table "${this.#options.relation}" are not allowed`,
        { position: written.span.start },
      );
    }
    const { relation } = this.#options;
    this.#watermark = bindWatermark(
      written,
      { columns: this.#columns.all, relation },
      this.#binding,
    );
  }

  /** LIKE copies names, types and NOT NULL, and what is INCLUDING. */
  like(clause: ast.LikeClause): void {
    const object = requireRelation(this.#binding, clause.table);
    const position = clause.span.start;
    const taken = likeOptions(clause);
    if (this.#columns.isSource || object.kind === 'source') {
      refuseLikeOfSource(object, taken, position);
    }
    const first = this.#columns.all.length;
    for (const column of columnsToCopy(object)) {
      const { name, type, notNull } = column;
      const copy = likeColumn(column, plainColumn(name, type, { notNull }), taken);
      if (copy.identity !== undefined) {
        const sequence = likeSequence(column, this.#binding, clause.span);
        this.#values.copySequence({ ordinal: this.#columns.all.length, ...sequence });
      }
      this.add(copy, null);
    }
    if (object.kind !== 'table') return;
    if (taken.has('constraints')) this.constraints.copyChecks(object.checks, position);
    if (!taken.has('indexes')) return;
    const shift = (key: readonly number[]): number[] => key.map((ordinal) => first + ordinal);
    if (object.primaryKey.length > 0) {
      this.constraints.setPrimaryKey(shift(object.primaryKey), position);
    }
    for (const index of likeIndexes(object, this.#binding)) {
      const key = shift(index.key);
      const comment = taken.has('comments') ? index.comment : null;
      if (index.constraint) this.constraints.copyUnique({ name: null, key, position, comment });
      else this.#indexes.push({ ...index, key, comment });
    }
  }

  finish(): BoundColumns {
    return {
      columns: this.#columns.all,
      ...this.constraints.finish(),
      sequences: this.#values.sequences,
      indexes: this.#indexes,
      watermark: this.#watermark,
    };
  }
}

const pseudoKinds: ReadonlySet<string> = new Set(['record', 'unknown', 'void', 'anyarray']);

function columnsToCopy(object: CatalogObject): readonly ColumnDefinition[] {
  if (object.kind === 'table' || object.kind === 'source') return object.columns;
  return object.columns.map((column) => plainColumn(column.name, column.type));
}
