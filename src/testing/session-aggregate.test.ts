/**
 * An aggregation by session as one operator gives what rows in sessions, aggregated, give: every tick, row by
 * row of the change, late rows included, whatever the batches, and after restarts at any tick.
 */

import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter } from '../base/bytes.ts';
import { SeededRandom } from '../base/random.ts';
import type { Random } from '../base/random.ts';
import { Graph } from '../dataflow/graph.ts';
import { lower } from '../lower/lower.ts';
import type { LowerOptions } from '../lower/lower.ts';
import { buildGraph } from '../operators/build.ts';
import type { BuiltGraph } from '../operators/build.ts';
import { Multiset, print } from '../operators/testing/history.ts';
import type { DataflowPlan } from '../plan/dataflow-plan.ts';
import { decodePlan } from '../plan/decode.ts';
import { encodePlan } from '../plan/encode.ts';
import type { LogicalPlan } from '../plan/logical.ts';
import { BatchBuilder, readRows } from '../types/column-access.ts';
import type { Datum, Row } from '../types/datum.ts';
import { Decimal } from '../types/decimal.ts';
import type { SqlType } from '../types/sql-type.ts';
import { numeric, types } from '../types/sql-type.ts';
import {
  aggregate,
  aggregateCall,
  col,
  evaluation,
  field,
  functions,
  int,
  op,
  scan,
  windowed,
} from './plan-builder.ts';
import type { TestTable } from './plan-builder.ts';
import { EnumRegistry } from '../types/enum-labels.ts';

const second = 1_000_000;
const gap = 10 * second;

function eventsTable(time: 'event' | null): TestTable {
  return {
    name: 'events',
    oid: 1,
    schema: [
      field('who', types.text),
      field('place', types.double),
      field('at', types.timestamp, time === null ? {} : { time }),
      field('n', types.integer),
      field('big', types.bigint),
      field('money', numeric(10, 2)),
      field('any', types.numeric),
      field('x', types.double),
      field('word', types.text),
    ],
    rows: [],
    appendOnly: true,
    keys: [],
  };
}

function randomPlan(random: Random, table: TestTable): LogicalPlan {
  const partitionBy = [[0], [0, 1], [1], []][random.below(4)]!;
  const session = windowed(scan(table), 2, { fn: 'session', gap, partitionBy });
  const read = (name: string) => col(session, name);
  const bounds = [
    ['window_start', 'window_end'],
    ['window_end'],
    ['window_start'],
    ['window_end', 'window_time', 'window_start'],
  ][random.below(4)]!;
  const names = [...partitionBy.map((column) => table.schema[column]!.name), ...bounds];
  if (random.below(2) === 0) names.reverse();
  const filter = op('>', read('n'), int(2));
  const all = [
    aggregateCall('count', []),
    aggregateCall('count', [read('word')]),
    aggregateCall('count', [], { filter }),
    aggregateCall('sum', [read('n')]),
    aggregateCall('sum', [read('big')]),
    aggregateCall('sum', [op('+', read('n'), int(1))], { filter }),
    aggregateCall('sum', [read('money')]),
    aggregateCall('sum', [read('any')]),
    aggregateCall('sum', [read('x')]),
    aggregateCall('avg', [read('big')]),
    aggregateCall('avg', [read('x')]),
    aggregateCall('min', [read('n')]),
    aggregateCall('max', [read('big')]),
    aggregateCall('max', [read('x')]),
    aggregateCall('min', [read('x')], { filter }),
    aggregateCall('max', [read('word')]),
    aggregateCall('min', [read('at')]),
    aggregateCall('bool_and', [filter]),
    aggregateCall('bool_or', [filter]),
  ];
  const calls = all.filter(() => random.below(4) === 0);
  return aggregate(
    session,
    names.map((name) => [name, read(name)] as const),
    calls.map((call, i) => [`c${i}`, call] as const),
  );
}

function randomRow(random: Random, micros: number): Row {
  const orNull = (value: Datum): Datum | null => (random.below(7) === 0 ? null : value);
  const bigs = [0n, 5n, -7n, 9007199254740991n, -9007199254740993n, 4_000_000_000_000_000_000n];
  const doubles = [0, 0.1, -2.5, 1e300, 1e-300, NaN, Infinity, 3];
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)]!;
  return [
    orNull(pick(['ann', 'bob', 'cid'])),
    orNull(pick([0, 1])),
    random.below(25) === 0 ? null : BigInt(micros),
    orNull(random.below(6)),
    orNull(pick(bigs)),
    orNull(Decimal.fromBigInt(BigInt(random.below(100_000)), 2)),
    orNull(Decimal.fromBigInt(BigInt(random.below(1000)), random.below(4))),
    orNull(pick(doubles)),
    orNull(pick(['a', 'bb', 'c', ''])),
  ];
}

interface Step {
  readonly rows: readonly { readonly row: Row; readonly watermark: number }[];
  readonly watermark: number;
}

function randomSteps(random: Random, ticks: number, rowsMax: number): Step[] {
  let clock = 0;
  let watermark = -Infinity;
  return Array.from({ length: ticks }, () => {
    const rows = Array.from({ length: random.below(rowsMax + 1) }, () => {
      const before = watermark;
      clock += random.below(4) === 0 ? random.below(9) : 0;
      // Half a second apart, so that rows meet exactly at the gap; some are far too late.
      const behind = random.below(10) === 0 ? random.below(120) : random.below(30);
      if (random.below(3) === 0) watermark = Math.max(watermark, (clock - 8) * second);
      return { row: randomRow(random, (clock - behind / 2) * second), watermark: before };
    });
    if (random.below(12) === 0) clock += 40;
    if (random.below(3) === 0) watermark = Math.max(watermark, (clock - 8) * second);
    return { rows, watermark };
  });
}

/** A dataflow that can go on from its state alone. */
class Running {
  readonly #plan: DataflowPlan;
  readonly #types: readonly SqlType[];
  readonly #table: TestTable;
  readonly #codegen: boolean;
  readonly late: string[] = [];
  readonly errors: string[] = [];
  /** The rows of the last tick, as they came. */
  emitted = 0;
  #graph = new Graph();
  #built: BuiltGraph;
  #change: Multiset;
  #segments: Uint8Array[][] = [];

  constructor(plan: DataflowPlan, table: TestTable, codegen: boolean) {
    this.#plan = plan;
    this.#table = table;
    this.#codegen = codegen;
    this.#types = plan.nodes[plan.root]!.columns.map((column) => column.type);
    this.#change = new Multiset(this.#types);
    this.#built = this.#build();
  }

  #build(): BuiltGraph {
    return buildGraph(this.#plan, {
      graph: this.#graph,
      operator: {
        name: 'test',
        evaluation,
        codegen: this.#codegen,
        late: (row) =>
          this.late.push(`${print(row.values)} in ${row.windowStart} ${row.windowEnd}`),
        rowError: (error) =>
          this.errors.push(`${error.weight} ${error.message} ${print(error.values)}`),
      },
      checks: true,
      output: {
        emit: (batch) => {
          this.emitted += batch.count;
          for (const { row, weight } of readRows(batch, this.#types)) this.#change.add(row, weight);
        },
        watermark: () => undefined,
      },
    });
  }

  /** The change that the step makes, `batchRows` rows a batch. */
  step({ rows, watermark }: Step, batchRows: number): string {
    this.#change = new Multiset(this.#types);
    this.emitted = 0;
    const { input } = this.#built.scans[0]!;
    const { ordinals } = this.#built.scans[0]!;
    for (let from = 0; from < rows.length; from += batchRows) {
      const part = rows.slice(from, from + batchRows);
      const builder = new BatchBuilder(ordinals.map((each) => this.#table.schema[each]!.type));
      for (const { row } of part)
        builder.append(
          ordinals.map((each) => row[each]!),
          1,
        );
      const batch = builder.batch();
      batch.rowWatermarks = Float64Array.from(part, (each) => each.watermark);
      input.emit(batch);
    }
    if (watermark > -Infinity) input.watermark(watermark);
    this.#graph.tick();
    return this.#change.print();
  }

  get rowsChanged(): number {
    return [...this.#change.weighted()].length;
  }

  get stateRows(): number {
    return this.#built.stateTables.reduce((sum, { table }) => sum + table.rows, 0);
  }

  checkpoint(base: boolean): void {
    this.#built.stateTables.forEach(({ table }, i) => {
      const writer = new ByteWriter();
      if (base) table.writeBase(writer);
      else table.writeDelta(writer);
      this.#segments[i] = base ? [writer.take()] : [...this.#segments[i]!, writer.take()];
    });
  }

  restart(): void {
    this.#graph = new Graph();
    this.#built = this.#build();
    this.#built.stateTables.forEach(({ table }, i) => {
      for (const segment of this.#segments[i]!) table.load(new ByteReader(segment));
    });
    this.#built.restored();
  }
}

function lowered(plan: LogicalPlan, options: Partial<LowerOptions>): DataflowPlan {
  return decodePlan(encodePlan(lower(plan, options)), functions, new EnumRegistry());
}

const kinds = (plan: DataflowPlan): string[] => plan.nodes.map((node) => node.kind);

describe('an aggregation by session', () => {
  it('gives as one operator what it gives as two', () => {
    let changes = 0;
    let late = 0;
    let closed = 0;
    for (let seed = 0; seed < 25; seed++) {
      const random = new SeededRandom(seed);
      const table = eventsTable(random.below(4) === 0 ? null : 'event');
      const plan = randomPlan(random, table);
      const hasEnd = plan.schema.some(({ name }) => name === 'window_end');
      const closes = hasEnd && table.schema[2]!.time === 'event' && random.below(3) === 0;
      const emit = closes ? ('window-close' as const) : ('update' as const);
      const options = { lateness: random.below(2) * 3 * second, emit };
      const fused = lowered(plan, options);
      const general = lowered(plan, { ...options, fusesSessions: false });
      expect(kinds(fused)).toContain('session-aggregate');
      expect(kinds(fused)).not.toContain('session');
      expect(kinds(general)).toContain('session');
      const codegen = random.below(2) === 0;
      const one = new Running(fused, table, codegen);
      const single = new Running(fused, table, codegen);
      const restarted = new Running(fused, table, codegen);
      const two = new Running(general, table, codegen);
      restarted.checkpoint(true);
      randomSteps(random, 40, 12).forEach((step, t) => {
        const where = `seed ${seed}, tick ${t}`;
        const expected = two.step(step, 1024);
        expect(one.step(step, 1024), where).toBe(expected);
        expect(one.emitted, `${where}: consolidated`).toBe(one.rowsChanged);
        expect(single.step(step, 1), `${where}: one row a batch`).toBe(expected);
        expect(restarted.step(step, 7), `${where}: after a restart`).toBe(expected);
        restarted.checkpoint(random.below(6) === 0);
        if (random.below(6) === 0) restarted.restart();
        if (expected !== '') changes++;
        if (expected !== '' && closes) closed++;
      });
      for (const running of [one, single, restarted]) expect(running.late).toEqual(two.late);
      late += two.late.length;
      expect(one.stateRows).toBe(restarted.stateRows);
    }
    expect(changes).toBeGreaterThan(300);
    expect(late).toBeGreaterThan(50);
    expect(closed).toBeGreaterThan(10);
  });

  it('keeps one entry a session, however many rows it has', () => {
    const table = eventsTable('event');
    const session = windowed(scan(table), 2, { fn: 'session', gap, partitionBy: [0] });
    const keys = ['who', 'window_start', 'window_end'].map(
      (name) => [name, col(session, name)] as const,
    );
    const plan = lowered(aggregate(session, keys, [['n', aggregateCall('count', [])]]), {});
    const running = new Running(plan, table, true);
    const row = (time: number): Step['rows'][number] => ({
      row: ['ann', 0, BigInt(time * second), 1, 1n, null, null, 1, 'a'],
      watermark: -Infinity,
    });
    const before = running.stateRows;
    const rows = Array.from({ length: 500 }, (_, i) => row(i));
    expect(running.step({ rows, watermark: 0 }, 100)).toBe(`1 x ann | 0 | ${509 * second} | 500`);
    expect(running.stateRows - before).toBe(1);
    expect(running.step({ rows: [], watermark: 509 * second }, 1)).toBe('');
    expect(running.stateRows - before).toBe(0);
  });
});
