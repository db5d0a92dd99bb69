/**
 * The generated map kernel. It compiles a variant for the column forms that it meets, runs it over the
 * whole batch, and when a guard trips or an expression fails, gives the batch to the plain kernel, which
 * reports failing rows one by one. Variants are few: a column once seen with NULLs counts as nullable from
 * then on.
 */

import { assert } from '../../base/assert.ts';
import { evaluationError, SqlError } from '../../base/errors.ts';
import { generate } from '../../base/generate.ts';
import type { Batch } from '../../types/batch.ts';
import type { Column } from '../../types/column.ts';
import type { EvalContext } from '../functions/registry.ts';
import { PlainMapKernel, type MapKernel, type MapKernelSpec, type RowFailure } from '../kernel.ts';
import {
  columnsRead,
  mapSource,
  type InputForm,
  type OutputPlan,
  type VariantForm,
} from './map-source.ts';
import { OutputColumn } from './output-column.ts';
import { KernelRuntime } from './runtime.ts';

/** Returns the number of rows written, or -1 when the plain kernel must do it. */
type Run = (
  inputs: readonly Column[],
  outputs: readonly OutputColumn[],
  count: number,
  context: EvalContext,
  noNulls: Uint8Array,
  utc: boolean,
  weights: Int32Array | null,
  outWeights: Int32Array,
  marks: Float64Array | null,
  outMarks: Float64Array,
  places: Float64Array | null,
  outPlaces: Float64Array,
) => number;

interface Variant {
  readonly run: Run;
  readonly source: string;
  readonly outputs: readonly OutputPlan[];
}

const variantsMax = 16;
/** After this many batches in a row that tripped, the plain kernel runs alone for a while. */
const tripsMax = 8;
const pauseBatches = 64;

export class GeneratedMapKernel implements MapKernel {
  readonly counters = { generated: 0, plain: 0 };
  readonly #spec: MapKernelSpec;
  readonly #plain: PlainMapKernel;
  readonly #read: readonly number[];
  /** By column: NULLs were seen. */
  readonly #nullable: boolean[];
  readonly #variants = new Map<string, Variant>();
  readonly #columns: readonly OutputColumn[];
  readonly #runtime = new KernelRuntime();
  #noNulls = new Uint8Array(0);
  #weights = new Int32Array(0);
  #marks = new Float64Array(0);
  #places = new Float64Array(0);
  #source = '-- not compiled yet';
  #trips = 0;
  #pause = 0;

  constructor(spec: MapKernelSpec) {
    this.#spec = spec;
    this.#plain = new PlainMapKernel(spec);
    this.#read = [...columnsRead(spec)].sort((a, b) => a - b);
    this.#nullable = spec.inputTypes.map(() => false);
    this.#columns = spec.exprs.map(() => new OutputColumn());
  }

  source(): string {
    return this.#source;
  }

  run(
    input: Batch,
    output: Batch,
    context: EvalContext,
    onRowError: ((failure: RowFailure) => void) | null,
  ): void {
    if (this.#pause > 0) {
      this.#pause--;
    } else if (this.#runGenerated(input, output, context)) {
      this.counters.generated++;
      this.#trips = 0;
      return;
    } else if (++this.#trips >= tripsMax) {
      this.#trips = 0;
      this.#pause = pauseBatches;
    }
    this.counters.plain++;
    this.#plain.run(input, output, context, onRowError);
  }

  #runGenerated(input: Batch, output: Batch, context: EvalContext): boolean {
    const variant = this.#variant(input);
    this.#begin(variant, input);
    const count = this.#tryRun(variant, input, context);
    if (count < 0) return false;
    assert(count <= input.count, `a kernel made ${count} rows of ${input.count}`);
    this.#finish(variant, input, output, count);
    return true;
  }

  /** A user's error is found again, with its row, by the plain kernel. */
  #tryRun(variant: Variant, input: Batch, context: EvalContext): number {
    try {
      return variant.run(
        input.columns,
        this.#columns,
        input.count,
        context,
        this.#noNulls,
        context.timeZone === 'UTC',
        input.weights,
        this.#weights,
        input.rowWatermarks,
        this.#marks,
        input.origin?.offsets ?? null,
        this.#places,
      );
    } catch (error) {
      if (evaluationError(error) instanceof SqlError) return -1;
      throw error;
    }
  }

  #begin(variant: Variant, input: Batch): void {
    const { count } = input;
    if (this.#noNulls.length < count) this.#noNulls = new Uint8Array(count);
    variant.outputs.forEach((plan, index) => {
      if (plan.kind === 'written') this.#columns[index]!.begin(plan.form, count);
    });
    if (this.#spec.predicate === null) return;
    if (input.weights !== null && this.#weights.length < count) {
      this.#weights = new Int32Array(count);
    }
    if (input.rowWatermarks !== null && this.#marks.length < count) {
      this.#marks = new Float64Array(count);
    }
    if (input.origin !== null && this.#places.length < count) {
      this.#places = new Float64Array(count);
    }
  }

  #finish(variant: Variant, input: Batch, output: Batch, count: number): void {
    output.count = count;
    output.columns = variant.outputs.map((plan, index) => {
      if (plan.kind === 'shared') return input.columns[plan.input]!;
      return this.#columns[index]!.column(plan.form, bytesOf(input, plan.bytesOf));
    });
    const all = this.#spec.predicate === null;
    output.weights = all || input.weights === null ? input.weights : this.#weights;
    output.rowWatermarks = all || input.rowWatermarks === null ? input.rowWatermarks : this.#marks;
    output.origin =
      all || input.origin === null ? input.origin : { ...input.origin, offsets: this.#places };
  }

  #variant(input: Batch): Variant {
    let signature = '';
    for (const index of this.#read) {
      const column = input.columns[index];
      assert(column !== undefined, `column ${index} of a batch with ${input.columns.length}`);
      if (column.nulls !== null) this.#nullable[index] = true;
      signature += this.#nullable[index]! ? column.kind.toUpperCase() : column.kind;
    }
    signature += ` ${Number(input.weights !== null)}${Number(input.rowWatermarks !== null)}${Number(input.origin !== null)}`;
    const known = this.#variants.get(signature);
    return known ?? this.#compile(signature, input);
  }

  #compile(signature: string, input: Batch): Variant {
    const inputs: (InputForm | null)[] = this.#spec.inputTypes.map(() => null);
    for (const index of this.#read) {
      inputs[index] = { kind: input.columns[index]!.kind, nullable: this.#nullable[index]! };
    }
    const form: VariantForm = {
      inputs,
      weights: input.weights !== null,
      watermarks: input.rowWatermarks !== null,
      offsets: input.origin !== null,
    };
    const { source, constants, outputs } = mapSource(this.#spec, form);
    const run = generate<Run>(source, { K: constants, R: this.#runtime });
    const variant = { run, source, outputs };
    if (this.#variants.size >= variantsMax) this.#variants.clear();
    this.#variants.set(signature, variant);
    this.#source = source;
    return variant;
  }
}

function bytesOf(input: Batch, index: number | null): Uint8Array | null {
  const column = index === null ? null : input.columns[index]!;
  return column?.kind === 'text' ? column.bytes : null;
}
