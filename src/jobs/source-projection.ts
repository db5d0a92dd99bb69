/**
 * Which columns of a source are decoded, computed and handed on, for the listeners it has now. Made anew
 * when a listener comes or goes; per batch it only rearranges columns and runs one generated kernel.
 */

import { must } from '../base/assert.ts';
import type { SourceObject } from '../catalog/objects.ts';
import type { SourceBlock } from '../connectors/connector.ts';
import { compileMap, type MapKernel } from '../expr/codegen.ts';
import type { Expr } from '../expr/expr.ts';
import type { EvalContext } from '../expr/functions/registry.ts';
import { substituteColumns } from '../expr/walk.ts';
import type { FieldPath } from '../formats/format.ts';
import { cannotFail } from '../plan/expressions.ts';
import { emptyBatch, type Batch } from '../types/batch.ts';
import { narrowNumber, readDatum } from '../types/column-access.ts';
import type { Column } from '../types/column.ts';
import type { Schema } from '../types/schema.ts';
import { metadataColumn } from './source-metadata.ts';
import type { ChangeListener } from './relation.ts';
import { SourceColumns } from './source-columns.ts';
import type { SourceProgram } from './source-program.ts';

export class SourceProjection {
  /** Position of the physical columns to decode, within `physicalSchema`. */
  readonly decoded: readonly number[];
  /** Fields of composite columns to decode, which follow them in a raw batch. */
  readonly fields: readonly FieldPath[];
  /** What is read for its form alone. */
  readonly checked: readonly FieldPath[];
  readonly physicalSchema: Schema;
  readonly physicalKeys: readonly string[];
  /** Index of the event-time column in a computed batch, or null without a watermark. */
  readonly timeColumn: number | null;
  readonly #source: SourceObject;
  readonly #columns: SourceColumns;
  readonly #watermark: Expr | null;
  /** Ordinals of the metadata columns, which follow the decoded ones in a raw batch. */
  readonly #metadata: readonly number[];
  /** Ordinals of the columns handed on, in order. */
  readonly #output: readonly number[];
  readonly #kernel: MapKernel | null;
  readonly #computed: Batch = emptyBatch([]);
  #candidates = new Float64Array(0);

  constructor(
    source: SourceObject,
    program: SourceProgram,
    listeners: readonly ChangeListener[],
    options: { readonly readsFields: boolean; readonly codegen: boolean },
  ) {
    const { readsFields, codegen } = options;
    this.#source = source;
    this.#watermark = program.watermark;
    this.#columns = new SourceColumns(source, program, readsFields);
    const columns = this.#columns;
    // Every declared column is decoded, and computed where that can fail, wanted or not: whether a record is
    // refused must not depend on which views exist. Only json.strict = false trades that for speed.
    const lenient = source.formatOptions.get('json.strict') === 'false';
    const wanted = new Set(listeners.flatMap((listener) => listener.ordinals));
    if (source.watermark !== null) wanted.add(source.watermark.column);
    for (const [ordinal, computed] of program.computed) {
      if (!lenient && !cannotFail(computed)) wanted.add(ordinal);
    }
    this.#output = [...wanted].sort((a, b) => a - b);
    const read = columns.readBy(this.#output, program.watermark);
    const physical = source.columns.flatMap((c, i) => (c.source === 'physical' ? [i] : []));
    this.physicalSchema = physical.map((ordinal) => fieldOf(source, ordinal));
    this.physicalKeys = physical.map((ordinal) => source.columns[ordinal]!.declaredName);
    const place = (ordinal: number): FieldPath => {
      const { column, path } = columns.placeOf(ordinal);
      return { ordinal: physical.indexOf(column), path };
    };
    // Columns that a connector makes itself are sound, so the unread ones are left out.
    const unread = lenient || source.format === null ? [] : columns.unread(read);
    const decoded = [...physical.filter((o) => read.has(o)), ...(readsFields ? [] : unread)].sort(
      (a, b) => a - b,
    );
    this.decoded = decoded.map((ordinal) => physical.indexOf(ordinal));
    const fields = [...read].filter((ordinal) => columns.isField(ordinal)).sort((a, b) => a - b);
    this.fields = fields.map(place);
    this.checked = readsFields ? unread.map(place) : [];
    this.#metadata = [...read]
      .filter((ordinal) => source.columns[ordinal]?.source === 'metadata')
      .sort((a, b) => a - b);
    const raw = [...decoded, ...fields, ...this.#metadata];
    this.timeColumn =
      source.watermark === null ? null : this.#output.indexOf(source.watermark.column);
    this.#kernel = this.#compile(raw, program, codegen);
  }

  get hasWatermark(): boolean {
    return this.#watermark !== null;
  }

  #compile(raw: readonly number[], program: SourceProgram, codegen: boolean): MapKernel | null {
    const position = new Map(raw.map((ordinal, index) => [ordinal, index]));
    const remap = (expr: Expr): Expr =>
      substituteColumns(expr, (index) => ({
        kind: 'column',
        index: must(position.get(index), `column ${index} is not read`),
        type: this.#columns.typeOf(index),
      }));
    const exprs = this.#output.map((ordinal) => remap(this.#columns.expressionOf(ordinal)));
    if (program.watermark !== null) exprs.push(remap(this.#columns.inline(program.watermark)));
    const identity =
      exprs.length === raw.length &&
      exprs.every((expr, index) => expr.kind === 'column' && expr.index === index);
    if (identity) return null;
    const inputTypes = raw.map((ordinal) => this.#columns.typeOf(ordinal));
    return compileMap({ inputTypes, predicate: null, exprs }, { codegen });
  }

  /** Rows [from, to) of a connector's own columns, which are the physical columns in order. */
  pickColumns(batch: Batch, from: number, to: number, into: Batch): void {
    into.count = to - from;
    into.columns = this.decoded.map((index) => sliceColumn(batch.columns[index]!, from, to));
    into.weights = null;
  }

  /** Appends the metadata columns of the records that became rows. */
  addMetadata(block: SourceBlock, records: Int32Array, into: Batch): void {
    into.columns.length = this.decoded.length + this.fields.length;
    for (const ordinal of this.#metadata) {
      const { metadataKey, type } = this.#source.columns[ordinal]!;
      into.columns.push(
        metadataColumn(block, must(metadataKey, 'metadata key'), type, records, into.count),
      );
    }
  }

  /**
   * Computed columns and the watermark candidate, behind which nothing else changes. The first expression
   * that fails in a row is reported; the row still stands in the batch.
   */
  compute(
    raw: Batch,
    evaluation: EvalContext,
    failed: (row: number, reason: string) => void,
  ): Batch {
    if (this.#kernel === null) return { ...raw };
    let last = -1;
    this.#kernel.run(raw, this.#computed, evaluation, ({ row, expr, message }) => {
      // Rows come in order, and the expressions of a row too.
      if (row !== last) failed(row, `${this.#nameOf(expr)}: ${message}`);
      last = row;
    });
    return { ...this.#computed, origin: raw.origin };
  }

  /** What a kernel's expression is, for the dead letters. */
  #nameOf(expr: number): string {
    const { columns, watermark } = this.#source;
    const ordinal = this.#output[expr];
    if (ordinal !== undefined) return `computed column "${columns[ordinal]!.name}"`;
    return `watermark for "${columns[must(watermark, 'watermark').column]!.name}"`;
  }

  /** The watermark each row asks for, in microseconds; NaN where it asks for none. */
  candidates(batch: Batch): Float64Array {
    const column = batch.columns[this.#output.length]!;
    if (column.kind === 'f64' && column.nulls === null) return column.values;
    if (this.#candidates.length < batch.count) this.#candidates = new Float64Array(batch.count);
    const type = must(this.#watermark, 'watermark').type;
    for (let row = 0; row < batch.count; row++) {
      const value = readDatum(column, row, type);
      this.#candidates[row] = value === null ? NaN : narrowNumber(value, type);
    }
    return this.#candidates;
  }

  /** A listener's columns. */
  project(batch: Batch, listener: ChangeListener): Batch {
    const columns = listener.ordinals.map(
      (ordinal) => batch.columns[this.#output.indexOf(ordinal)]!,
    );
    return { ...batch, columns };
  }
}

function fieldOf(source: SourceObject, ordinal: number): Schema[number] {
  const column = source.columns[ordinal]!;
  return { name: column.name, type: column.type, nullable: !column.notNull };
}

function sliceColumn(column: Column, from: number, to: number): Column {
  if (from === 0) return column;
  const nulls = column.nulls === null ? null : column.nulls.subarray(from, to);
  switch (column.kind) {
    case 'i32':
      return { kind: 'i32', values: column.values.subarray(from, to), nulls };
    case 'f64':
      return { kind: 'f64', values: column.values.subarray(from, to), nulls };
    case 'bool':
      return { kind: 'bool', values: column.values.subarray(from, to), nulls };
    case 'text':
      return {
        kind: 'text',
        bytes: column.bytes,
        offsets: column.offsets.subarray(from, to),
        lengths: column.lengths.subarray(from, to),
        nulls,
      };
    case 'any':
      return { kind: 'any', values: column.values.slice(from, to), nulls: null };
  }
}
