/**
 * For tests of operators: random histories of weighted rows, run through an operator in several ways and
 * compared with a plain recomputation of the whole. Checks after every tick that the output so far is
 * what `expected` says, that the tick's output was consolidated where it must be, that any batching gives
 * the same, and that an operator rebuilt from its state segments at every tick goes on just the same.
 */

import { AssertionFailed, assert } from '../../base/assert.ts';
import { ByteReader, ByteWriter } from '../../base/bytes.ts';
import type { SeededRandom } from '../../base/random.ts';
import { CheckedOperator } from '../../dataflow/checks.ts';
import type { LateRow, Operator, OperatorContext, RowError } from '../../dataflow/operator.ts';
import type { EvalContext } from '../../expr/functions/registry.ts';
import type { ColumnSpec } from '../../plan/dataflow-plan.ts';
import type { Batch } from '../../types/batch.ts';
import { BatchBuilder, readRows } from '../../types/column-access.ts';
import type { Row } from '../../types/datum.ts';
import { encodeRow } from '../../types/row-codec.ts';
import type { SqlType } from '../../types/sql-type.ts';

export interface Change {
  readonly input: number;
  readonly row: Row;
  readonly weight: number;
}

export type Tick = readonly Change[];

export interface OperatorCase {
  readonly inputTypes: readonly (readonly SqlType[])[];
  readonly outputTypes: readonly SqlType[];
  readonly make: (context: OperatorContext) => Operator;
  /** The output over the rows of each input at once, each as often as its weight says. */
  readonly expected: (inputs: readonly (readonly Row[])[]) => Row[];
  /** The output of a tick holds a row only once. */
  readonly consolidated: boolean;
  readonly appendOnly?: boolean;
}

export interface Heard {
  readonly late: LateRow[];
  readonly errors: RowError[];
}

export function testContext(heard: Heard = { late: [], errors: [] }): OperatorContext {
  const evaluation: EvalContext = {
    nowMicros: 0n,
    clockMicros: () => 0n,
    timeZone: 'UTC',
    random: () => 0.5,
    catalog: {
      setting: () => undefined,
      lookupOid: () => null,
      nameOfOid: () => null,
      call: () => null,
    },
  };
  return {
    name: 'test',
    evaluation,
    codegen: true,
    late: (row) => heard.late.push(row),
    rowError: (error) => heard.errors.push(error),
  };
}

export function columnsOf(types: readonly SqlType[]): ColumnSpec[] {
  return types.map((type, i) => ({ name: `c${i}`, type, nullable: true }));
}

export function batchOf(
  types: readonly SqlType[],
  rows: readonly { readonly row: Row; readonly weight: number }[],
): Batch {
  const builder = new BatchBuilder(types);
  for (const { row, weight } of rows) builder.append(row, weight);
  return builder.batch();
}

/** Exact rows with weights; rows of weight 0 are not there. */
export class Multiset {
  readonly #types: readonly SqlType[];
  readonly #rows = new Map<string, { row: Row; weight: number }>();

  constructor(types: readonly SqlType[]) {
    this.#types = types;
  }

  add(row: Row, weight: number): void {
    const writer = new ByteWriter(64);
    encodeRow(writer, row, this.#types);
    const key = Buffer.from(writer.view()).toString('latin1');
    const total = (this.#rows.get(key)?.weight ?? 0) + weight;
    if (total === 0) this.#rows.delete(key);
    else this.#rows.set(key, { row, weight: total });
  }

  addBatch(batch: Batch): void {
    for (const { row, weight } of readRows(batch, this.#types)) this.add(row, weight);
  }

  /** Each row as often as its weight says; weights must not be negative. */
  rows(): Row[] {
    return [...this.#rows.values()].flatMap(({ row, weight }) => {
      assert(weight > 0, `row ${print(row)} has weight ${weight}`);
      return new Array<Row>(weight).fill(row);
    });
  }

  weighted(): Iterable<{ readonly row: Row; readonly weight: number }> {
    return this.#rows.values();
  }

  /** One line a row, sorted: equal texts are equal multisets. */
  print(): string {
    return [...this.#rows.values()]
      .map(({ row, weight }) => `${weight} x ${print(row)}`)
      .sort()
      .join('\n');
  }
}

export function print(row: Row): string {
  return row
    .map((value) => {
      if (Object.is(value, -0)) return '-0';
      return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value);
    })
    .join(' | ');
}

/** An operator with a place for its output. */
export class Running {
  readonly operator: Operator;
  readonly #test: OperatorCase;
  output: Multiset;
  /** Rows of this tick, as they came. */
  emitted: Row[] = [];
  watermark = -Infinity;

  constructor(test: OperatorCase, heard?: Heard) {
    this.#test = test;
    this.output = new Multiset(test.outputTypes);
    const appendOnly = test.appendOnly ?? false;
    this.operator = new CheckedOperator(test.make(testContext(heard)), {
      name: 'test',
      inputs: test.inputTypes.map((types) => ({ types, appendOnly })),
      output: { types: test.outputTypes, appendOnly: false },
    });
    this.operator.connect({
      emit: (batch) => {
        this.output.addBatch(batch);
        for (const { row } of readRows(batch, test.outputTypes)) this.emitted.push(row);
      },
      watermark: (micros) => (this.watermark = micros),
    });
  }

  /** Runs one tick, `batchRows` rows of one input a batch. */
  tick(tick: Tick, batchRows: number): Multiset {
    this.output = new Multiset(this.#test.outputTypes);
    this.emitted = [];
    let pending: Change[] = [];
    const push = (): void => {
      const first = pending[0];
      if (first === undefined) return;
      this.operator.push(batchOf(this.#test.inputTypes[first.input]!, pending), first.input);
      pending = [];
    };
    for (const change of tick) {
      if (pending.length >= batchRows || pending[0]?.input !== change.input) push();
      pending.push(change);
    }
    push();
    this.operator.flush();
    return this.output;
  }
}

/** State segments of an operator, base and deltas, as a checkpoint would keep them. */
export class Segments {
  #tables: Uint8Array[][] = [];

  write(operator: Operator, base: boolean): void {
    operator.stateTables.forEach((table, i) => {
      const writer = new ByteWriter();
      if (base) table.writeBase(writer);
      else table.writeDelta(writer);
      assert(!table.dirty, `${table.name} is dirty after it was written`);
      this.#tables[i] = base ? [writer.take()] : [...this.#tables[i]!, writer.take()];
    });
  }

  load(operator: Operator): void {
    operator.stateTables.forEach((table, i) => {
      for (const segment of this.#tables[i]!) {
        const reader = new ByteReader(segment);
        table.load(reader);
        assert(reader.remaining === 0, `${table.name} leaves ${reader.remaining} bytes unread`);
      }
    });
    operator.restored();
  }
}

/** Random ticks: insertions of rows from `row`, and deletions of rows that are there. */
export function randomHistory(
  random: SeededRandom,
  options: {
    readonly inputs: number;
    readonly ticks: number;
    readonly changesMax: number;
    readonly row: (input: number, tick: number) => Row;
    readonly appendOnly?: boolean;
  },
): Tick[] {
  const present: Row[][] = Array.from({ length: options.inputs }, () => []);
  return Array.from({ length: options.ticks }, (_, t) => {
    const tick: Change[] = [];
    const changes = random.below(options.changesMax + 1);
    for (let c = 0; c < changes; c++) {
      const input = random.below(options.inputs);
      const rows = present[input]!;
      if (options.appendOnly !== true && rows.length > 0 && random.below(100) < 45) {
        const [row] = rows.splice(random.below(rows.length), 1);
        tick.push({ input, row: row!, weight: -1 });
      } else {
        const row = options.row(input, t);
        const weight = 1 + (random.below(8) === 0 ? random.below(3) : 0);
        for (let copy = 0; copy < weight; copy++) rows.push(row);
        tick.push({ input, row, weight });
      }
    }
    return tick;
  });
}

/** Runs a history in all ways and throws on the first difference. */
export function checkHistory(test: OperatorCase, history: readonly Tick[]): void {
  const inputs = test.inputTypes.map((types) => new Multiset(types));
  const steady = new Running(test);
  const single = new Running(test);
  let restarted = new Running(test);
  const segments = new Segments();
  segments.write(restarted.operator, true);
  const whole = new Multiset(test.outputTypes);
  history.forEach((tick, t) => {
    for (const { input, row, weight } of tick) inputs[input]!.add(row, weight);
    const change = steady.tick(tick, 1000).print();
    if (test.consolidated) checkConsolidated(steady, t);
    addAll(whole, steady.output);
    same(
      `tick ${t}: output`,
      whole.print(),
      printed(test, test.expected(inputs.map((i) => i.rows()))),
    );
    same(`tick ${t}: one row a batch`, single.tick(tick, 1).print(), change);
    const fresh = new Running(test);
    segments.load(fresh.operator);
    restarted = fresh;
    same(`tick ${t}: after a restart`, restarted.tick(tick, 7).print(), change);
    segments.write(restarted.operator, t % 5 === 4);
  });
  const merged = new Running(test);
  same('all in one tick', merged.tick(history.flat(), 1000).print(), whole.print());
}

/** No row of the tick came twice, once with each sign or in two parts. */
function checkConsolidated(running: Running, t: number): void {
  const distinct = [...running.output.weighted()].length;
  assert(
    running.emitted.length === distinct,
    `tick ${t}: ${running.emitted.length} rows came for ${distinct} changes`,
  );
}

function addAll(target: Multiset, source: Multiset): void {
  for (const { row, weight } of source.weighted()) target.add(row, weight);
}

function printed(test: OperatorCase, rows: readonly Row[]): string {
  const multiset = new Multiset(test.outputTypes);
  for (const row of rows) multiset.add(row, 1);
  return multiset.print();
}

function same(what: string, actual: string, expected: string): void {
  if (actual === expected) return;
  throw new AssertionFailed(`${what} differs\n--- is\n${actual}\n--- should be\n${expected}`);
}
