/**
 * Map kernels: filter and project a whole batch in one pass. This file has the contract and the plain
 * kernel, which runs the interpreter row by row and defines the result; codegen.ts makes the fast one and
 * falls back to this one for a batch in which anything unusual happens.
 */

import { assert } from '../base/assert.ts';
import { evaluationError, SqlError } from '../base/errors.ts';
import type { Batch } from '../types/batch.ts';
import type { AnyColumn } from '../types/column.ts';
import { narrowColumn, readDatum } from '../types/column-access.ts';
import type { Datum, Row } from '../types/datum.ts';
import type { SqlType } from '../types/sql-type.ts';
import type { Expr } from './expr.ts';
import type { EvalContext } from './functions/registry.ts';
import { compileInterpreter, type Interpreter } from './interpret.ts';
import { columnsOf } from './walk.ts';

export interface MapKernelSpec {
  readonly inputTypes: readonly SqlType[];
  /** Rows where it is not TRUE are dropped; null keeps all. */
  readonly predicate: Expr | null;
  readonly exprs: readonly Expr[];
}

/** An expression failed in a row: the dataflow's row error, and where in the batch it happened. */
export interface RowFailure {
  readonly code: string;
  readonly message: string;
  /** Index of the input row. */
  readonly row: number;
  /** Index of the expression; -1: the predicate. */
  readonly expr: number;
  /** The whole input row. */
  readonly values: Row;
  readonly weight: number;
}

export interface MapKernel {
  /**
   * Fills `output` with the surviving rows of `input`: one column an expression, with weights, row
   * watermarks and offsets carried along. The columns belong to the kernel (or are the input's own) and
   * are valid until its next run.
   *
   * With `onRowError`, a failing expression is reported and gives NULL, and a row whose predicate fails is
   * reported and dropped. Without it the SqlError is thrown.
   */
  run(
    input: Batch,
    output: Batch,
    context: EvalContext,
    onRowError: ((failure: RowFailure) => void) | null,
  ): void;
  /** The generated source as it was last compiled, or a line that says there is none. */
  source(): string;
  /** Exact counts for tests and metrics: batches that ran generated, and batches run or redone plainly. */
  readonly counters: { generated: number; plain: number };
}

/** The judge: no generated code at all. */
export class PlainMapKernel implements MapKernel {
  readonly counters = { generated: 0, plain: 0 };
  readonly #types: readonly SqlType[];
  readonly #used: readonly number[];
  readonly #predicate: Interpreter | null;
  readonly #exprs: readonly Interpreter[];
  readonly #outputTypes: readonly SqlType[];

  constructor(spec: MapKernelSpec) {
    this.#types = spec.inputTypes;
    const all = spec.predicate === null ? spec.exprs : [spec.predicate, ...spec.exprs];
    this.#used = [...new Set(all.flatMap((expr) => [...columnsOf(expr)]))];
    this.#predicate = spec.predicate === null ? null : compileInterpreter(spec.predicate);
    this.#exprs = spec.exprs.map(compileInterpreter);
    this.#outputTypes = spec.exprs.map((expr) => expr.type);
  }

  source(): string {
    return '-- interpreted: no generated code';
  }

  run(
    input: Batch,
    output: Batch,
    context: EvalContext,
    onRowError: ((failure: RowFailure) => void) | null,
  ): void {
    assert(
      input.columns.length >= this.#types.length,
      'a batch with too few columns for its kernel',
    );
    this.counters.plain++;
    const rows = new Int32Array(input.count);
    const values = this.#outputTypes.map((): (Datum | null)[] => []);
    let count = 0;
    for (let index = 0; index < input.count; index++) {
      const row = this.#readUsed(input, index);
      const guard = new RowGuard(this, input, index, onRowError);
      if (this.#predicate !== null && guard.run(this.#predicate, -1, row, context) !== true)
        continue;
      for (let column = 0; column < values.length; column++) {
        values[column]![count] = guard.run(this.#exprs[column]!, column, row, context);
      }
      rows[count++] = index;
    }
    this.#finish(input, output, rows.subarray(0, count), values);
    output.count = count;
  }

  readWhole(input: Batch, index: number): Row {
    return this.#types.map((type, column) => readDatum(input.columns[column]!, index, type));
  }

  #readUsed(input: Batch, index: number): (Datum | null)[] {
    const row: (Datum | null)[] = new Array<Datum | null>(this.#types.length).fill(null);
    for (const column of this.#used) {
      row[column] = readDatum(input.columns[column]!, index, this.#types[column]!);
    }
    return row;
  }

  #finish(
    input: Batch,
    output: Batch,
    rows: Int32Array,
    values: readonly (Datum | null)[][],
  ): void {
    output.columns = values.map((list, column) => {
      const wide: AnyColumn = { kind: 'any', values: list, nulls: null };
      return narrowColumn(wide, list.length, this.#outputTypes[column]!);
    });
    output.weights = input.weights === null ? null : rows.map((row) => input.weights![row]!);
    output.rowWatermarks = pick(input.rowWatermarks, rows);
    output.origin =
      input.origin === null
        ? null
        : { ...input.origin, offsets: pick(input.origin.offsets, rows) ?? new Float64Array(0) };
  }
}

function pick(values: Float64Array | null, rows: Int32Array): Float64Array | null {
  return values === null ? null : Float64Array.from(rows, (row) => values[row]!);
}

/** Turns a failing expression of one row into NULL and a report, or lets the error through. */
class RowGuard {
  readonly #kernel: PlainMapKernel;
  readonly #input: Batch;
  readonly #index: number;
  readonly #report: ((failure: RowFailure) => void) | null;

  constructor(
    kernel: PlainMapKernel,
    input: Batch,
    index: number,
    report: ((failure: RowFailure) => void) | null,
  ) {
    this.#kernel = kernel;
    this.#input = input;
    this.#index = index;
    this.#report = report;
  }

  run(interpreter: Interpreter, expr: number, row: Row, context: EvalContext): Datum | null {
    try {
      return interpreter(row, context);
    } catch (thrown) {
      const error = evaluationError(thrown);
      if (!(error instanceof SqlError) || this.#report === null) throw error;
      this.#report({
        code: error.code,
        message: error.message,
        row: this.#index,
        expr,
        values: this.#kernel.readWhole(this.#input, this.#index),
        weight: this.#input.weights?.[this.#index] ?? 1,
      });
      return null;
    }
  }
}

/** A condition over one row, for joins' residuals. Errors are thrown. */
export function compileRowPredicate(expr: Expr): (row: Row, context: EvalContext) => boolean {
  const interpreter = compileInterpreter(expr);
  return (row, context) => interpreter(row, context) === true;
}
