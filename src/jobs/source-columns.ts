/**
 * The columns that a source can give, by ordinal: the declared ones, and behind them the fields of its composite
 * columns (plan/field-columns.ts), each with the expression that makes it from what is decoded. A field is decoded
 * by itself unless something reads its composite column whole.
 */

import { must } from '../base/assert.ts';
import type { SourceObject } from '../catalog/objects.ts';
import type { Expr } from '../expr/expr.ts';
import { columnsOf, substituteColumns } from '../expr/walk.ts';
import { fieldColumns, replaceFields, type FieldColumn } from '../plan/field-columns.ts';
import type { RowType, SqlType } from '../types/sql-type.ts';
import type { SourceProgram } from './source-program.ts';

export class SourceColumns {
  readonly #source: SourceObject;
  readonly #fields: readonly FieldColumn[];
  readonly #byOrdinal: ReadonlyMap<number, FieldColumn>;
  /** Composite columns that are not decoded field by field. */
  readonly #whole = new Set<number>();
  readonly #computed: ReadonlyMap<number, Expr>;
  readonly #readsFields: boolean;

  /** `readsFields`: the format can decode fields by themselves. */
  constructor(source: SourceObject, program: SourceProgram, readsFields: boolean) {
    this.#source = source;
    this.#fields = fieldColumns(source.columns);
    this.#byOrdinal = new Map(this.#fields.map((field) => [field.ordinal, field]));
    // With this option a value that cannot be read is NULL as a whole.
    const ignoring = source.formatOptions.get('json.ignore-parse-errors') === 'true';
    this.#readsFields = readsFields && !ignoring;
    this.#computed = new Map(
      [...program.computed].map(([ordinal, expr]) => [ordinal, this.#fromFields(expr)]),
    );
  }

  /** References to fields become references to their own ordinals. */
  #fromFields(expr: Expr): Expr {
    return replaceFields(expr, (column, path) => {
      const field = this.#fields.find(
        (each) =>
          each.column === column &&
          each.path.length === path.length &&
          each.path.every((index, i) => index === path[i]),
      );
      return field && { kind: 'column', index: field.ordinal, type: field.type };
    });
  }

  isField(ordinal: number): boolean {
    return this.#byOrdinal.has(ordinal);
  }

  typeOf(ordinal: number): SqlType {
    return (this.#byOrdinal.get(ordinal) ?? must(this.#source.columns[ordinal], 'column')).type;
  }

  /** The declared column and the path inside. */
  placeOf(ordinal: number): Pick<FieldColumn, 'column' | 'path'> {
    return this.#byOrdinal.get(ordinal) ?? { column: ordinal, path: [] };
  }

  /**
   * Everything that must be decoded, or taken from metadata, for the columns `output` and the watermark. Decides
   * which composite columns are read whole, so it comes before all questions for expressions.
   */
  readBy(output: readonly number[], watermark: Expr | null): ReadonlySet<number> {
    const roots = output.map((ordinal) => this.expressionOf(ordinal));
    if (watermark !== null) roots.push(this.inline(watermark));
    for (const expr of roots) {
      for (const ordinal of columnsOf(expr)) {
        const field = this.#byOrdinal.get(ordinal);
        if (field !== undefined && !this.#readsFields) this.#whole.add(field.column);
        if (this.#isComposite(ordinal)) this.#whole.add(ordinal);
      }
    }
    const read = new Set<number>();
    for (const expr of roots) {
      for (const ordinal of columnsOf(this.#throughWhole(expr))) read.add(ordinal);
    }
    return read;
  }

  #isComposite(ordinal: number): boolean {
    return this.#fields.some((field) => field.column === ordinal);
  }

  /** Physical columns and fields that are not among `read`, though a record may be refused for them. */
  unread(read: ReadonlySet<number>): number[] {
    const physical = this.#source.columns.flatMap((column, ordinal) =>
      column.source === 'physical' && !this.#isComposite(ordinal) ? [ordinal] : [],
    );
    const composite = new Set(this.#fields.map((field) => field.column));
    const inside = [...composite].flatMap((column) => {
      if (this.#whole.has(column)) return [];
      if (!this.#readsFields) return [column];
      return this.#fields.flatMap((field) => (field.column === column ? [field.ordinal] : []));
    });
    return [...physical, ...inside].filter((ordinal) => !read.has(ordinal));
  }

  /** What makes a column, over ordinals of what is decoded. */
  expressionOf(ordinal: number): Expr {
    const computed = this.#computed.get(ordinal);
    const self: Expr = { kind: 'column', index: ordinal, type: this.typeOf(ordinal) };
    return this.#throughWhole(computed ?? self);
  }

  /** An expression over all columns, over ordinals of what is decoded. */
  inline(expr: Expr): Expr {
    const fromFields = this.#fromFields(expr);
    return this.#throughWhole(substituteColumns(fromFields, (index) => this.#computed.get(index)));
  }

  /** Fields of composite columns that are there whole are taken out of them. */
  #throughWhole(expr: Expr): Expr {
    return substituteColumns(expr, (ordinal) => {
      const field = this.#byOrdinal.get(ordinal);
      if (field === undefined || !this.#whole.has(field.column)) return undefined;
      let type = this.#source.columns[field.column]!.type;
      let value: Expr = { kind: 'column', index: field.column, type };
      for (const index of field.path) {
        type = must((type as RowType).fields[index], 'a field').type;
        value = { kind: 'field', arg: value, index, type };
      }
      return value;
    });
  }
}
