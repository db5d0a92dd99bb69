/**
 * One filter and projection over few rows: the meaning of a map, by the interpreter, without the cost of making
 * columns anew for what only passes through. A column that is asked for as it stands is shared with the input.
 */

import type { EvalContext } from '../expr/functions/registry.ts';
import { compileInterpreter, type Interpreter } from '../expr/interpret.ts';
import { columnsOf } from '../expr/walk.ts';
import type { MapSpec } from '../plan/dataflow-plan.ts';
import type { Batch } from '../types/batch.ts';
import { gather, narrowColumn, readDatum } from '../types/column-access.ts';
import type { Column } from '../types/column.ts';
import type { Datum } from '../types/datum.ts';
import type { SqlType } from '../types/sql-type.ts';

interface Computed {
  readonly run: Interpreter;
  readonly type: SqlType;
}

export class RowReader {
  readonly #types: readonly SqlType[];
  readonly #predicate: Interpreter | null;
  /** Of the input, which the predicate or a computed column reads. */
  readonly #read: readonly number[];
  /** By output column: a column of the input, or how it is computed. */
  readonly #outputs: readonly (number | Computed)[];

  constructor(spec: MapSpec, inputTypes: readonly SqlType[]) {
    this.#types = inputTypes;
    this.#predicate = spec.predicate === null ? null : compileInterpreter(spec.predicate);
    const read = new Set(spec.predicate === null ? [] : columnsOf(spec.predicate));
    this.#outputs = spec.exprs.map((expr) => {
      if (expr.kind === 'column') return expr.index;
      for (const column of columnsOf(expr)) read.add(column);
      return { run: compileInterpreter(expr), type: expr.type };
    });
    this.#read = [...read];
  }

  /** The rows that pass, with their weights. Row watermarks and origins, which no query has, are not kept. */
  run(input: Batch, context: EvalContext): Batch {
    const passed: number[] = [];
    const values: (Datum | null)[][] = this.#outputs.map(() => []);
    for (let index = 0; index < input.count; index++) {
      const row = this.#row(input, index);
      if (this.#predicate !== null && this.#predicate(row, context) !== true) continue;
      this.#outputs.forEach((output, i) => {
        if (typeof output !== 'number') values[i]!.push(output.run(row, context));
      });
      passed.push(index);
    }
    const { count, columns, weights } =
      passed.length === input.count ? input : gather(input, Int32Array.from(passed), passed.length);
    return {
      count,
      columns: this.#outputs.map((output, i): Column => {
        if (typeof output === 'number') return columns[output]!;
        return narrowColumn({ kind: 'any', values: values[i]!, nulls: null }, count, output.type);
      }),
      weights,
      rowWatermarks: null,
      origin: null,
    };
  }

  #row(input: Batch, index: number): (Datum | null)[] {
    const row: (Datum | null)[] = new Array<Datum | null>(this.#types.length).fill(null);
    for (const column of this.#read) {
      row[column] = readDatum(input.columns[column]!, index, this.#types[column]!);
    }
    return row;
  }
}
