/**
 * Where the values of a column come from that no statement gives: an expression over other columns, DEFAULT, or a
 * sequence of its own (serial and identity). Expressions are bound here to be checked, and kept as text.
 */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type { ColumnDefinition, SequenceObject } from '../catalog/objects.ts';
import { volatilityOf } from '../expr/walk.ts';
import type * as ast from '../syntax/ast.ts';
import { type SqlType, types } from '../types/sql-type.ts';
import { withDefaultOf } from './bind-default.ts';
import { bindScalar } from './bind-scalar.ts';
import type { Binding } from './binding.ts';
import type { ColumnList } from './column-list.ts';
import { storedExpression } from './stored-sql.ts';

export interface SequenceColumn {
  readonly ordinal: number;
  readonly options: readonly ast.SequenceOption[];
  readonly dataType: SequenceObject['dataType'];
}

type IdentityConstraint = Extract<ast.ColumnConstraint, { readonly kind: 'identity' }>;

export class ColumnValues {
  readonly #columns: ColumnList;
  readonly #binding: Binding;
  readonly #sequences: SequenceColumn[] = [];

  constructor(columns: ColumnList, binding: Binding) {
    this.#columns = columns;
    this.#binding = binding;
  }

  /** Serial and identity columns. */
  get sequences(): readonly SequenceColumn[] {
    return this.#sequences;
  }

  /** The type that an expression decides, which may only name columns that are there by now. */
  typeOf(computed: ast.Expression): SqlType {
    const { all, relation } = this.#columns;
    return bindScalar(computed, all, this.#binding, { relation }).type;
  }

  /** Checks an expression and gives the column its text; of others it may name those before it. */
  compute(ordinal: number, computed: ast.Expression, written: ast.ColumnDefinition): void {
    const { all, relation } = this.#columns;
    const target = this.#columns.at(ordinal);
    const bound = bindScalar(computed, all.slice(0, ordinal), this.#binding, { relation, target });
    if (!this.#columns.isSource) {
      const position = written.name.span.start;
      if (written.constraints.some((each) => each.kind === 'default')) {
        throw new SqlError(
          sqlstate.syntaxError,
          `both default and generation expression specified for column "${written.name.name}" of table "${relation}"`,
          { position },
        );
      }
      // A stored value must be what its expression gives at any time.
      if (volatilityOf(bound) === 'volatile') {
        throw new SqlError(
          sqlstate.invalidObjectDefinition,
          'generation expression is not immutable',
          { position },
        );
      }
    }
    // Bound, it has the names of its types in full.
    const computedSql = storedExpression(computed, this.#binding);
    this.#columns.replace(ordinal, { ...target, computedSql });
  }

  setDefault(ordinal: number, expression: ast.Expression): void {
    const { relation, all, isSource } = this.#columns;
    const column = this.#columns.at(ordinal);
    const position = expression.span.start;
    if (isSource || column.source !== 'physical') {
      throw notSupported('DEFAULT for a column that is not inserted', {
        hint: 'Use a computed column: name type AS coalesce(other, value).',
        position,
      });
    }
    if (this.#hasValue(column, ordinal)) {
      throw new SqlError(
        sqlstate.syntaxError,
        `multiple default values specified for column "${column.name}" of table "${relation}"`,
        { position },
      );
    }
    this.#columns.replace(ordinal, withDefaultOf(column, expression, all, this.#binding));
  }

  /** A column of the serial family. */
  setSerial(ordinal: number, serial: SqlType, position: number): void {
    this.#refuseInSource(position);
    const dataType = serial.kind as SequenceObject['dataType'];
    this.#sequences.push({ ordinal, options: [], dataType });
  }

  setIdentity(ordinal: number, constraint: IdentityConstraint): void {
    const column = this.#columns.at(ordinal);
    const position = constraint.span.start;
    if (this.#hasValue(column, ordinal)) {
      throw new SqlError(
        sqlstate.syntaxError,
        `both default and identity specified for column "${column.name}" of table "${this.#columns.relation}"`,
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
    this.#refuseInSource(position);
    const identity = constraint.always ? 'always' : 'by-default';
    this.#columns.replace(ordinal, { ...column, identity });
    this.#sequences.push({ ordinal, options: constraint.options, dataType: kind });
  }

  /** A sequence like that of a column of another table. */
  copySequence(sequence: SequenceColumn): void {
    this.#sequences.push(sequence);
  }

  #hasValue(column: ColumnDefinition, ordinal: number): boolean {
    return column.defaultSql !== null || this.#sequences.some((each) => each.ordinal === ordinal);
  }

  #refuseInSource(position: number): void {
    if (!this.#columns.isSource) return;
    throw notSupported('a column with a sequence in a source', {
      hint: 'Its values come with the records; declare it as integer or bigint.',
      position,
    });
  }
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
export function serialType(type: ast.TypeName | null): SqlType | null {
  if (type?.kind !== 'named-type' || type.name.parts.length !== 1) return null;
  return serialTypes.get(type.name.parts[0]!.name) ?? null;
}

/** `name AS expr`, or GENERATED ALWAYS AS (expr) STORED. */
export function computedExpression(written: ast.ColumnDefinition): ast.Expression | null {
  if (written.computed !== null) return written.computed;
  const generated = written.constraints.find((each) => each.kind === 'generated');
  return generated === undefined ? null : (generated as { expression: ast.Expression }).expression;
}
