/**
 * Pairs of a left and a right row with a weight, gathered until there are enough for a batch, then
 * filtered by the residual condition and handed on. Rows are named by their position in the two sides'
 * columns.
 */

import type { OperatorContext } from '../dataflow/operator.ts';
import { compileMap } from '../expr/codegen.ts';
import type { MapKernel } from '../expr/codegen.ts';
import type { Expr } from '../expr/expr.ts';
import { gatherRows } from '../state/gather.ts';
import { emptyBatch } from '../types/batch.ts';
import type { Batch } from '../types/batch.ts';
import type { Column } from '../types/column.ts';
import type { SqlType } from '../types/sql-type.ts';
import { types } from '../types/sql-type.ts';
import { outputRowsMax, plainWeights } from './outlet.ts';

/** Where the columns of a side stand now: a state table's or a batch's. */
export type SideColumns = () => readonly Column[];

export class JoinPairs {
  readonly left: Int32Array = new Int32Array(outputRowsMax);
  readonly right: Int32Array = new Int32Array(outputRowsMax);
  readonly weights: Int32Array = new Int32Array(outputRowsMax);
  count = 0;
  readonly #residual: MapKernel | null;
  readonly #context: OperatorContext;
  readonly #reported: OperatorContext['rowError'];
  readonly #survivors: Batch = emptyBatch([]);
  readonly #reusedLeft: (Column | null)[] = [];
  readonly #reusedRight: (Column | null)[] = [];

  constructor(options: {
    readonly leftTypes: readonly SqlType[];
    readonly rightTypes: readonly SqlType[];
    readonly residual: Expr | null;
    readonly context: OperatorContext;
    readonly onFailure: () => void;
  }) {
    const { context, residual } = options;
    this.#context = context;
    const inputTypes = [...options.leftTypes, ...options.rightTypes, types.integer];
    const position: Expr = { kind: 'column', index: inputTypes.length - 1, type: types.integer };
    this.#residual =
      residual === null
        ? null
        : compileMap(
            { inputTypes, predicate: residual, exprs: [position] },
            { codegen: context.codegen },
          );
    const { rowError } = context;
    this.#reported =
      rowError === null
        ? null
        : (error) => {
            options.onFailure();
            rowError({ ...error, values: error.values.slice(0, -1) });
          };
  }

  get full(): boolean {
    return this.count === outputRowsMax;
  }

  add(left: number, right: number, weight: number): void {
    this.left[this.count] = left;
    this.right[this.count] = right;
    this.weights[this.count++] = weight;
  }

  /** Keeps the pairs that satisfy the residual condition. */
  filter(leftColumns: SideColumns, rightColumns: SideColumns): void {
    if (this.#residual === null || this.count === 0) return;
    const positions = new Int32Array(this.count);
    for (let i = 0; i < this.count; i++) positions[i] = i;
    const columns = this.#gather(leftColumns, rightColumns);
    columns.push({ kind: 'i32', values: positions, nulls: null });
    const input: Batch = {
      count: this.count,
      columns,
      weights: null,
      rowWatermarks: null,
      origin: null,
    };
    this.#residual.run(input, this.#survivors, this.#context.evaluation, this.#reported);
    const kept = this.#survivors.columns[0] as Column & { values: ArrayLike<number> };
    const { count } = this.#survivors;
    for (let i = 0; i < count; i++) {
      const from = kept.values[i]!;
      this.left[i] = this.left[from]!;
      this.right[i] = this.right[from]!;
      this.weights[i] = this.weights[from]!;
    }
    this.count = count;
  }

  /** The pairs as a batch of left columns, then right columns. */
  batch(leftColumns: SideColumns, rightColumns: SideColumns): Batch {
    const columns = this.#gather(leftColumns, rightColumns);
    return {
      count: this.count,
      columns,
      weights: plainWeights(this.weights, this.count),
      rowWatermarks: null,
      origin: null,
    };
  }

  #gather(leftColumns: SideColumns, rightColumns: SideColumns): Column[] {
    const { count } = this;
    const left = leftColumns().map((column, c) => {
      const reuse = this.#reusedLeft[c] ?? null;
      return (this.#reusedLeft[c] = gatherRows(column, this.left, count, reuse));
    });
    const right = rightColumns().map((column, c) => {
      const reuse = this.#reusedRight[c] ?? null;
      return (this.#reusedRight[c] = gatherRows(column, this.right, count, reuse));
    });
    return [...left, ...right];
  }
}
