/**
 * A wrapper that checks what an operator is given and what it gives: columns and kinds, weights that are
 * not 0, insert-only promises, watermarks that do not step back, and rows that fall behind none. Tests
 * run every operator in it; production may, at some cost.
 */

import { assert } from '../base/assert.ts';
import type { Batch } from '../types/batch.ts';
import type { Column } from '../types/column.ts';
import type { SqlType } from '../types/sql-type.ts';
import { narrowKind } from '../types/sql-type.ts';
import type { Operator, OperatorCounters, Output } from './operator.ts';
import type { StateTable } from '../state/state-table.ts';

export interface EdgeChecks {
  readonly types: readonly SqlType[];
  readonly appendOnly: boolean;
}

export class CheckedOperator implements Operator {
  readonly #inner: Operator;
  readonly #name: string;
  readonly #inputs: readonly EdgeChecks[];
  readonly #output: EdgeChecks;
  #watermarkOut = -Infinity;

  constructor(
    inner: Operator,
    options: {
      readonly name: string;
      readonly inputs: readonly EdgeChecks[];
      readonly output: EdgeChecks;
    },
  ) {
    this.#inner = inner;
    this.#name = options.name;
    this.#inputs = options.inputs;
    this.#output = options.output;
  }

  get stateTables(): readonly StateTable[] {
    return this.#inner.stateTables;
  }

  get counters(): OperatorCounters {
    return this.#inner.counters;
  }

  connect(output: Output): void {
    this.#inner.connect({
      emit: (batch) => {
        checkBatch(batch, this.#output, `output of ${this.#name}`);
        output.emit(batch);
      },
      watermark: (micros) => {
        assert(micros >= this.#watermarkOut, `${this.#name} steps its watermark back to ${micros}`);
        this.#watermarkOut = micros;
        output.watermark(micros);
      },
    });
  }

  push(batch: Batch, input: number): void {
    checkBatch(batch, this.#inputs[input]!, `input ${input} of ${this.#name}`);
    this.#inner.push(batch, input);
  }

  watermark(micros: number, input: number): void {
    this.#inner.watermark(micros, input);
  }

  flush(): void {
    this.#inner.flush();
  }

  restored(): void {
    this.#inner.restored();
  }
}

/** Throws unless the batch is well formed. */
export function checkBatch(batch: Batch, edge: EdgeChecks, where: string): void {
  assert(batch.count > 0, `an empty batch on ${where}`);
  const { length } = batch.columns;
  assert(length === edge.types.length, `${length} columns, not ${edge.types.length}, on ${where}`);
  batch.columns.forEach((column, c) => checkColumn(column, edge.types[c]!, batch.count, where));
  if (batch.rowWatermarks !== null) {
    assert(batch.rowWatermarks.length >= batch.count, `too few row watermarks on ${where}`);
  }
  if (batch.weights === null) return;
  for (let i = 0; i < batch.count; i++) {
    const weight = batch.weights[i];
    assert(weight !== 0 && weight !== undefined, `row ${i} has weight ${weight} on ${where}`);
    assert(
      weight > 0 || !edge.appendOnly,
      `row ${i} is retracted on ${where}, which is append-only`,
    );
  }
}

function checkColumn(column: Column, type: SqlType, count: number, where: string): void {
  const { kind } = column;
  assert(
    kind === 'any' || kind === narrowKind(type),
    `a ${kind} column of ${type.kind} on ${where}`,
  );
  const room = kind === 'text' ? column.offsets.length : column.values.length;
  assert(room >= count, `a column has ${room} values for ${count} rows on ${where}`);
  if (kind !== 'any' && column.nulls !== null) {
    assert(column.nulls.length >= count, `a column has too few null flags on ${where}`);
  }
}
