/**
 * The columns of CREATE TABLE and CREATE SOURCE: types, constraints, defaults, computed and metadata
 * columns, the primary key and the watermark. Expressions are bound here to be checked, and kept as text.
 */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type {
  CatalogObject,
  ColumnDefinition,
  IndexObject,
  SequenceObject,
  TableObject,
  WatermarkDefinition,
} from '../catalog/objects.ts';
import type { Expr } from '../expr/expr.ts';
import { volatilityOf } from '../expr/walk.ts';
import { columnsRead } from '../plan/expressions.ts';
import type * as ast from '../syntax/ast.ts';
import type { Schema } from '../types/schema.ts';
import { type SqlType, types } from '../types/sql-type.ts';
import { withDefaultOf } from './bind-default.ts';
import { checkCollation } from './bind-expr.ts';
import {
  likeColumn,
  likeIndexes,
  likeOptions,
  likeSequence,
  refuseLikeOfSource,
} from './bind-like.ts';
import { includeColumns, metadataColumn } from './bind-metadata.ts';
import { bindScalar } from './bind-scalar.ts';
import { bindType } from './bind-type.ts';
import { bindWatermark } from './bind-watermark.ts';
import type { Binding } from './binding.ts';
import { coerceBoolean, typeName } from './coerce.ts';
import { requireRelation } from './relation-lookup.ts';
import { storedExpression } from './stored-sql.ts';

export interface BoundColumns {
  readonly columns: readonly ColumnDefinition[];
  readonly primaryKey: readonly number[];
  /** Where the statement names it. */
  readonly keyName?: string;
  readonly checks: TableObject['checks'];
  /** UNIQUE, in the order written. */
  readonly uniques: readonly UniqueColumns[];
  /** Serial and identity columns. */
  readonly sequences: readonly SequenceColumn[];
  /** Those of tables that LIKE names, with the ordinals of the new one. */
  readonly indexes: readonly IndexObject[];
  readonly watermark: WatermarkDefinition | null;
}

export interface UniqueColumns {
  readonly name: string | null;
  readonly key: readonly number[];
  readonly position: number;
  readonly comment?: string | null;
}

export interface SequenceColumn {
  readonly ordinal: number;
  readonly options: readonly ast.SequenceOption[];
  readonly dataType: SequenceObject['dataType'];
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
        builder.constraint(element);
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

const serialTypes: ReadonlyMap<string, SqlType> = new Map([
  ['serial', types.integer],
  ['serial4', types.integer],
  ['bigserial', types.bigint],
  ['serial8', types.bigint],
  ['smallserial', types.smallint],
  ['serial2', types.smallint],
]);

/** The type of `serial` and its family, null for all others. */
function serialType(type: ast.TypeName | null): SqlType | null {
  if (type?.kind !== 'named-type' || type.name.parts.length !== 1) return null;
  return serialTypes.get(type.name.parts[0]!.name) ?? null;
}

class ColumnsBuilder {
  readonly #binding: Binding;
  readonly #options: ColumnsOptions;
  readonly #columns: ColumnDefinition[] = [];
  /** The tree of each column that has one. */
  readonly #written: (ast.ColumnDefinition | null)[] = [];
  #primaryKey: readonly number[] | null = null;
  #keyName: string | undefined = undefined;
  readonly #checks: { readonly name: string; readonly sql: string }[];
  readonly #uniques: UniqueColumns[] = [];
  readonly #sequences: SequenceColumn[] = [];
  readonly #indexes: IndexObject[] = [];
  #watermark: WatermarkDefinition | null = null;

  /** `table`: what is there already, beside its columns. */
  constructor(binding: Binding, options: ColumnsOptions, table: TableObject | null = null) {
    this.#binding = binding;
    this.#options = options;
    this.#checks = [...(table?.checks ?? [])];
    if (table !== null && table.primaryKey.length > 0) {
      this.#primaryKey = table.primaryKey;
      this.#keyName = table.keyName;
    }
    this.#watermark = table?.watermark ?? null;
  }

  get #isSource(): boolean {
    return this.#options.metadata !== null;
  }

  add(column: ColumnDefinition, written: ast.ColumnDefinition | null): void {
    if (this.#columns.some((each) => each.name === column.name)) {
      throw new SqlError(
        sqlstate.duplicateColumn,
        `column "${column.name}" specified more than once`,
        { position: written?.name.span.start },
      );
    }
    this.#columns.push(column);
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
      const type =
        written.type === null ? this.#bind(computed, this.#columns).type : this.#typeOf(written);
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

  #bind(
    expression: ast.Expression,
    columns: readonly ColumnDefinition[],
    target?: ColumnDefinition,
  ) {
    return bindScalar(expression, columns, this.#binding, {
      relation: this.#options.relation,
      ...(target === undefined ? {} : { target }),
    });
  }

  /** Checks what each column's expressions say, now that all names and types are there. */
  expressions(): void {
    this.#columns.forEach((column, ordinal) => {
      const written = this.#written[ordinal];
      if (written === null || written === undefined) return;
      const computed = computedExpression(written);
      if (computed !== null) {
        const bound = this.#bind(computed, this.#columns.slice(0, ordinal), column);
        this.#checkGenerated(bound, written);
        // Bound, it has the names of its types in full.
        const computedSql = storedExpression(computed, this.#binding);
        this.#columns[ordinal] = { ...column, computedSql };
      }
      this.#checkNullable(written);
      const serial = serialType(written.type)?.kind as SequenceObject['dataType'] | undefined;
      if (serial !== undefined) {
        this.#refuseSequence(written.name.span.start);
        this.#sequences.push({ ordinal, options: [], dataType: serial });
      }
      for (const constraint of written.constraints) this.#columnConstraint(constraint, ordinal);
      if (written.key) this.#setPrimaryKey([ordinal], written.name.span.start);
    });
  }

  /** A stored value must be what its expression gives at any time. */
  #checkGenerated(bound: Expr, written: ast.ColumnDefinition): void {
    if (this.#isSource) return;
    const position = written.name.span.start;
    if (written.constraints.some((each) => each.kind === 'default')) {
      throw new SqlError(
        sqlstate.syntaxError,
        `both default and generation expression specified for column "${written.name.name}" of table "${this.#options.relation}"`,
        { position },
      );
    }
    if (volatilityOf(bound) !== 'volatile') return;
    throw new SqlError(sqlstate.invalidObjectDefinition, 'generation expression is not immutable', {
      position,
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
    switch (constraint.kind) {
      case 'not-null':
      case 'nullable':
      case 'generated':
        return;
      case 'default':
        this.#default(constraint.expression, ordinal);
        return;
      case 'check': {
        this.#check(constraint.expression, constraint.name?.name ?? null, position);
        return;
      }
      case 'primary-key':
        this.#setPrimaryKey([ordinal], position, constraint.name?.name);
        return;
      case 'unique':
        this.#unique(constraint.name, [ordinal], position);
        return;
      case 'identity':
        this.#identity(constraint, ordinal);
        return;
      case 'references':
        throw notSupported('FOREIGN KEY', { hint: 'Leave the constraint out.', position });
    }
  }

  #default(expression: ast.Expression, ordinal: number): void {
    const column = this.#columns[ordinal]!;
    const position = expression.span.start;
    if (this.#isSource || column.source !== 'physical') {
      throw notSupported('DEFAULT for a column that is not inserted', {
        hint: 'Use a computed column: name type AS coalesce(other, value).',
        position,
      });
    }
    if (column.defaultSql !== null || this.#sequences.some((each) => each.ordinal === ordinal)) {
      throw multipleDefaults(column.name, this.#options.relation, position);
    }
    this.#columns[ordinal] = withDefaultOf(column, expression, this.#columns, this.#binding);
  }

  #identity(
    constraint: Extract<ast.ColumnConstraint, { readonly kind: 'identity' }>,
    ordinal: number,
  ): void {
    const column = this.#columns[ordinal]!;
    const position = constraint.span.start;
    if (this.#sequences.some((each) => each.ordinal === ordinal) || column.defaultSql !== null) {
      throw new SqlError(
        sqlstate.syntaxError,
        `both default and identity specified for column "${column.name}" of table "${this.#options.relation}"`,
        { position },
      );
    }
    const { kind } = column.type;
    if (kind !== 'smallint' && kind !== 'integer' && kind !== 'bigint') {
      throw new SqlError(
        sqlstate.invalidParameterValue,
        'identity column type must be smallint, integer, or bigint',
        { position },
      );
    }
    this.#refuseSequence(position);
    const identity = constraint.always ? 'always' : 'by-default';
    this.#columns[ordinal] = { ...column, identity };
    this.#sequences.push({ ordinal, options: constraint.options, dataType: kind });
  }

  #refuseSequence(position: number): void {
    if (!this.#isSource) return;
    throw notSupported('a column with a sequence in a source', {
      hint: 'Its values come with the records; declare it as integer or bigint.',
      position,
    });
  }

  /** `name` null: one is made up. */
  #check(expression: ast.Expression, name: string | null, position: number): void {
    if (this.#isSource) {
      throw notSupported('CHECK on a source', {
        hint: 'Filter the rows in a view.',
        position,
      });
    }
    const bound = bindScalar(expression, this.#columns, this.#binding, {
      clause: 'check constraints',
      relation: this.#options.relation,
    });
    coerceBoolean(this.#binding, bound, 'CHECK');
    const base = name ?? checkName(this.#options.relation, this.#columns, bound);
    let unique = base;
    for (let i = 1; this.#checks.some((each) => each.name === unique); i++) {
      if (name !== null) throw duplicateConstraint(name, position);
      unique = `${base}${i}`;
    }
    this.#checks.push({ name: unique, sql: storedExpression(expression, this.#binding) });
  }

  constraint(constraint: ast.TableConstraint): void {
    const position = constraint.span.start;
    switch (constraint.constraint) {
      case 'primary-key':
        this.#setPrimaryKey(
          constraint.columns.map((name) => this.#keyOrdinal(name)),
          position,
          constraint.name?.name,
        );
        return;
      case 'check':
        this.#check(constraint.check!, constraint.name?.name ?? null, position);
        return;
      case 'unique':
        this.#unique(
          constraint.name,
          constraint.columns.map((name) => this.#keyOrdinal(name)),
          position,
        );
        return;
      case 'foreign-key':
        throw notSupported('FOREIGN KEY', { hint: 'Leave the constraint out.', position });
    }
  }

  #unique(name: ast.Identifier | null, key: readonly number[], position: number): void {
    if (this.#isSource) {
      throw notSupported('UNIQUE on a source', {
        hint: 'Leave it out, and group by the columns in a view.',
        position,
      });
    }
    this.#uniques.push({ name: name?.name ?? null, key, position });
  }

  #keyOrdinal(name: ast.Identifier): number {
    const ordinal = this.#columns.findIndex((column) => column.name === name.name);
    if (ordinal >= 0) return ordinal;
    throw new SqlError(
      sqlstate.undefinedColumn,
      `column "${name.name}" named in key does not exist`,
      { position: name.span.start },
    );
  }

  #setPrimaryKey(ordinals: readonly number[], position: number, name?: string): void {
    if (this.#primaryKey !== null) {
      throw new SqlError(
        sqlstate.invalidTableDefinition,
        `multiple primary keys for table "${this.#options.relation}" are not allowed`,
        { position },
      );
    }
    const twice = ordinals.find((ordinal, i) => ordinals.indexOf(ordinal) !== i);
    if (twice !== undefined) {
      throw new SqlError(
        sqlstate.duplicateColumn,
        `column "${this.#columns[twice]!.name}" appears twice in primary key constraint`,
        { position },
      );
    }
    this.#primaryKey = ordinals;
    this.#keyName = name;
    for (const ordinal of ordinals) {
      this.#columns[ordinal] = { ...this.#columns[ordinal]!, notNull: true };
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
    this.#watermark = bindWatermark(written, { columns: this.#columns, relation }, this.#binding);
  }

  /** LIKE copies names, types and NOT NULL, and what is INCLUDING. */
  like(clause: ast.LikeClause): void {
    const object = requireRelation(this.#binding, clause.table);
    const position = clause.span.start;
    const taken = likeOptions(clause);
    if (this.#isSource || object.kind === 'source') refuseLikeOfSource(object, taken, position);
    const first = this.#columns.length;
    for (const column of columnsToCopy(object)) {
      const { name, type, notNull } = column;
      const copy = likeColumn(column, plainColumn(name, type, { notNull }), taken);
      if (copy.identity !== undefined) {
        const sequence = likeSequence(column, this.#binding, clause.span);
        this.#sequences.push({ ordinal: this.#columns.length, ...sequence });
      }
      this.add(copy, null);
    }
    if (object.kind !== 'table') return;
    if (taken.has('constraints')) {
      for (const check of object.checks) {
        if (this.#checks.some((each) => each.name === check.name)) {
          throw duplicateConstraint(check.name, position);
        }
        this.#checks.push(check);
      }
    }
    if (!taken.has('indexes')) return;
    const shift = (key: readonly number[]): number[] => key.map((ordinal) => first + ordinal);
    if (object.primaryKey.length > 0) this.#setPrimaryKey(shift(object.primaryKey), position);
    for (const index of likeIndexes(object, this.#binding)) {
      const key = shift(index.key);
      const comment = taken.has('comments') ? index.comment : null;
      if (index.constraint) this.#uniques.push({ name: null, key, position, comment });
      else this.#indexes.push({ ...index, key, comment });
    }
  }

  finish(): BoundColumns {
    return {
      columns: this.#columns,
      primaryKey: this.#primaryKey ?? [],
      ...(this.#keyName === undefined ? {} : { keyName: this.#keyName }),
      checks: this.#checks,
      uniques: this.#uniques,
      sequences: this.#sequences,
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

/** `name AS expr`, or GENERATED ALWAYS AS (expr) STORED. */
function computedExpression(written: ast.ColumnDefinition): ast.Expression | null {
  if (written.computed !== null) return written.computed;
  const generated = written.constraints.find((each) => each.kind === 'generated');
  return generated === undefined ? null : (generated as { expression: ast.Expression }).expression;
}

function multipleDefaults(column: string, table: string, position: number): SqlError {
  return new SqlError(
    sqlstate.syntaxError,
    `multiple default values specified for column "${column}" of table "${table}"`,
    { position },
  );
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

function duplicateConstraint(name: string, position: number): SqlError {
  return new SqlError('42710', `check constraint "${name}" already exists`, { position });
}
