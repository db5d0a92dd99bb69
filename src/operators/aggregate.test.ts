import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../base/random.ts';
import { ExactSum } from '../expr/exact-double.ts';
import type { AggregateFunction } from '../expr/functions/registry.ts';
import type { AggregateCallSpec, AggregateSpec, OrderSpec } from '../plan/dataflow-plan.ts';
import { compareDatums, compareNullable } from '../types/compare.ts';
import type { Datum, Row } from '../types/datum.ts';
import { Decimal } from '../types/decimal.ts';
import { rowKeyString } from '../types/key-codec.ts';
import type { SqlType } from '../types/sql-type.ts';
import { numeric, types } from '../types/sql-type.ts';
import { Aggregate } from './aggregate.ts';
import type { Heard, OperatorCase } from './testing/history.ts';
import {
  Multiset,
  Running,
  Segments,
  checkHistory,
  columnsOf,
  randomHistory,
} from './testing/history.ts';

// key, integer, bigint, numeric(10,2), numeric, double, text, boolean (filter)
const money = numeric(10, 2);
const rowTypes: SqlType[] = [
  types.text,
  types.integer,
  types.bigint,
  money,
  types.numeric,
  types.double,
  types.text,
  types.boolean,
];

function aggregateFunction(name: string, skipsNull = true): AggregateFunction {
  return {
    id: name,
    name,
    parameters: [],
    variadic: false,
    returns: types.text,
    state: name === 'joined' || name === 'string_agg' ? 'values' : 'counter',
    skipsNull,
    orderedSet: false,
    accumulator: () => {
      const parts: string[] = [];
      return {
        add: (args, weight) => {
          for (let i = 0; i < weight; i++) parts.push(String(args[0]));
        },
        finish: () => (parts.length === 0 ? null : parts.join(',')),
      };
    },
  };
}

/** Sum of squares: any aggregate that no counter knows, whose order of values does not show. */
const squares: AggregateFunction = {
  ...aggregateFunction('squares'),
  accumulator: () => {
    let sum = 0n;
    let count = 0;
    return {
      add: ([value], weight) => {
        sum += BigInt(value as number) ** 2n * BigInt(weight);
        count += weight;
      },
      finish: () => (count === 0 ? null : sum),
    };
  },
};

interface Naive {
  readonly spec: AggregateCallSpec;
  readonly value: (rows: readonly Row[]) => Datum | null;
}

function call(
  name: string,
  args: number[],
  type: SqlType,
  value: (values: Datum[], rows: readonly Row[]) => Datum | null,
  options: {
    distinct?: boolean;
    filter?: boolean;
    order?: OrderSpec[];
    fn?: AggregateFunction;
  } = {},
): Naive {
  const spec: AggregateCallSpec = {
    fn: options.fn ?? aggregateFunction(name),
    args,
    distinct: options.distinct ?? false,
    filter: options.filter === true ? 7 : null,
    orderBy: options.order ?? [],
    type,
  };
  return {
    spec,
    value: (rows) => {
      const passing = options.filter === true ? rows.filter((row) => row[7] === true) : rows;
      const present = passing.filter((row) => args.length === 0 || row[args[0]!] !== null);
      let values = present.map((row) => row[args[0] ?? 0] as Datum);
      if (options.distinct === true) {
        const seen = new Map<string, Datum>();
        for (const each of values) {
          const key = rowKeyString([each], [rowTypes[args[0]!]!]);
          if (!seen.has(key)) seen.set(key, each);
        }
        values = [...seen.values()];
      }
      return value(values, present);
    },
  };
}

const sumBig = (values: readonly Datum[]): bigint =>
  values.reduce((sum: bigint, each) => sum + BigInt(each as number), 0n);
const sumDecimal = (values: readonly Datum[]): Decimal =>
  values.reduce((sum: Decimal, each) => sum.add(each as Decimal), Decimal.zero);
const orNull = (values: readonly Datum[], result: () => Datum): Datum | null =>
  values.length === 0 ? null : result();
const extreme = (values: readonly Datum[], type: SqlType, sign: number): Datum | null =>
  orNull(values, () => values.reduce((a, b) => (compareDatums(b, a, type) * sign > 0 ? b : a)));
const divide = (sum: Decimal, count: number): Decimal => sum.div(Decimal.fromBigInt(BigInt(count)));
const exactDouble = (values: readonly Datum[]): number => {
  const sum = new ExactSum();
  for (const value of values) sum.add(value as number, 1);
  return sum.total();
};

const counters: Naive[] = [
  call('count', [], types.bigint, (_, rows) => BigInt(rows.length)),
  call('count', [1], types.bigint, (values) => BigInt(values.length)),
  call('sum', [1], types.bigint, (values) => orNull(values, () => sumBig(values))),
  call('sum', [2], types.numeric, (values) =>
    orNull(values, () => Decimal.fromBigInt(sumBig(values))),
  ),
  call('sum', [3], types.numeric, (values) => orNull(values, () => sumDecimal(values))),
  call('sum', [4], types.numeric, (values) => orNull(values, () => sumDecimal(values))),
  call('sum', [5], types.double, (values) => orNull(values, () => exactDouble(values))),
  call('avg', [1], types.numeric, (values) =>
    orNull(values, () => divide(Decimal.fromBigInt(sumBig(values)), values.length)),
  ),
  call('avg', [4], types.numeric, (values) =>
    orNull(values, () => divide(sumDecimal(values), values.length)),
  ),
  call('avg', [5], types.double, (values) =>
    orNull(values, () => exactDouble(values) / values.length),
  ),
  call('bool_and', [7], types.boolean, (values) => orNull(values, () => !values.includes(false))),
  call('bool_or', [7], types.boolean, (values) => orNull(values, () => values.includes(true))),
];

const extremes: Naive[] = [
  call('min', [2], types.bigint, (values) => extreme(values, types.bigint, -1)),
  call('max', [2], types.bigint, (values) => extreme(values, types.bigint, 1)),
  call('max', [1], types.integer, (values) => extreme(values, types.integer, 1)),
  call('min', [6], types.text, (values) => extreme(values, types.text, -1)),
  call('max', [6], types.text, (values) => extreme(values, types.text, 1), { filter: true }),
];

const byText = { column: 6, descending: true, nullsFirst: false };
const folded: Naive[] = [
  call('count', [2], types.bigint, (values) => BigInt(values.length), { distinct: true }),
  call('count', [], types.bigint, (_, rows) => BigInt(rows.length), { filter: true }),
  call('sum', [1], types.bigint, (values) => orNull(values, () => sumBig(values)), {
    distinct: true,
    filter: true,
  }),
  call(
    'squares',
    [1],
    types.numeric,
    (values) =>
      orNull(values, () =>
        Decimal.fromBigInt(values.reduce((sum: bigint, v) => sum + BigInt(v as number) ** 2n, 0n)),
      ),
    {
      fn: {
        ...squares,
        accumulator: (...args) => {
          const inner = squares.accumulator(...args);
          return {
            add: (row, weight) => inner.add(row, weight),
            finish: () => {
              const sum = inner.finish();
              return sum === null ? null : Decimal.fromBigInt(sum as bigint);
            },
          };
        },
      },
    },
  ),
  call(
    'joined',
    [6],
    types.text,
    (_, rows) =>
      rows.length === 0
        ? null
        : [...rows]
            .sort((a, b) => compareNullable(a[6]!, b[6]!, types.text, byText))
            .map((row) => row[6])
            .join(','),
    { order: [byText] },
  ),
];

function aggregateCase(
  calls: Naive[],
  options: { keys?: number[]; insertOnly?: boolean } = {},
): OperatorCase {
  const keys = options.keys ?? [0];
  const insertOnly = options.insertOnly ?? false;
  const outputTypes = [...keys.map((key) => rowTypes[key]!), ...calls.map(({ spec }) => spec.type)];
  const spec: AggregateSpec = {
    kind: 'aggregate',
    id: 1,
    inputs: [0],
    columns: columnsOf(outputTypes),
    appendOnly: false,
    key: null,
    keys,
    calls: calls.map((each) => each.spec),
    insertOnly,
    window: null,
    emit: 'update',
    global: keys.length === 0,
  };
  return {
    inputTypes: [rowTypes],
    outputTypes,
    make: (context) => new Aggregate(spec, columnsOf(rowTypes), context),
    expected: ([rows]) => {
      const groups = new Map<string, Row[]>();
      if (keys.length === 0) groups.set('', []);
      for (const row of rows!) {
        const key =
          keys.length === 0
            ? ''
            : rowKeyString(
                keys.map((k) => row[k]!),
                keys.map((k) => rowTypes[k]!),
              );
        groups.set(key, [...(groups.get(key) ?? []), row]);
      }
      return [...groups.values()].map((group) => [
        ...keys.map((key) => group[0]![key]!),
        ...calls.map((each) => each.value(group)),
      ]);
    },
    consolidated: true,
    appendOnly: insertOnly,
  };
}

const makeRow =
  (random: SeededRandom) =>
  (_: number, tick: number): Row => {
    const maybe = <T extends Datum>(value: T): T | null => (random.below(7) === 0 ? null : value);
    const pick = <T>(list: readonly T[]): T => list[random.below(list.length)]!;
    const wide = tick > 15 && random.below(4) === 0;
    return [
      maybe(pick(['a', 'b', '__proto__'])),
      maybe(random.below(20) - 10),
      maybe(wide ? 9223372036854775807n : BigInt(random.below(9))),
      maybe(Decimal.parse(wide ? '12345678901234567890.25' : `${random.below(50)}.50`)),
      maybe(Decimal.parse(pick(['1', '2.50', '-0.001', '3e20']))),
      maybe(pick([0.1, 0.2, -0.3, 1e20, 1, 3, wide ? Infinity : 1e-300])),
      maybe(pick(['x', 'y', '～', '😀', ''])),
      maybe(pick([true, false])),
    ];
  };

function run(test: OperatorCase, seeds: number, options: { ticks?: number } = {}): void {
  for (let seed = 0; seed < seeds; seed++) {
    const random = new SeededRandom(seed);
    const ticks = options.ticks ?? 30;
    const row = makeRow(random);
    const appendOnly = test.appendOnly ?? false;
    checkHistory(test, randomHistory(random, { inputs: 1, ticks, changesMax: 8, row, appendOnly }));
  }
}

describe('aggregate on random histories', () => {
  it('counters by key', () => run(aggregateCase(counters), 4));
  it('counters over all', () => run(aggregateCase(counters, { keys: [] }), 3));
  it('counters by several keys', () => run(aggregateCase(counters, { keys: [0, 2] }), 3));
  it('counters, insert-only', () => run(aggregateCase(counters, { insertOnly: true }), 2));
  it('extremes', () => run(aggregateCase(extremes), 5));
  it('extremes, insert-only', () => run(aggregateCase(extremes, { insertOnly: true }), 5));
  it('folds, DISTINCT and ORDER BY', () => run(aggregateCase(folded), 5));
  it('folds over all', () => run(aggregateCase(folded, { keys: [] }), 3));
  it('folds, insert-only', () => run(aggregateCase(folded, { insertOnly: true }), 3));
  it('no calls', () => run(aggregateCase([]), 3));
});

describe('aggregate', () => {
  const row = (values: Partial<Record<number, Datum | null>>): Row =>
    rowTypes.map((_, c) => values[c] ?? null);
  const insert = (values: Partial<Record<number, Datum | null>>, weight = 1) => ({
    input: 0,
    row: row(values),
    weight,
  });

  it('gives its one row over nothing, once', () => {
    const test = aggregateCase(counters.slice(0, 2), { keys: [] });
    const running = new Running(test);
    expect(running.tick([], 1).print()).toBe('1 x 0 | 0');
    expect(running.tick([], 1).print()).toBe('');
    const segments = new Segments();
    segments.write(running.operator, true);
    const after = new Running(test);
    segments.load(after.operator);
    expect(after.tick([], 1).print()).toBe('');
  });

  it('emits nothing when a group comes out the same', () => {
    const running = new Running(aggregateCase(counters));
    running.tick([insert({ 0: 'a', 1: 5 })], 1);
    const change = running.tick([insert({ 0: 'a', 1: 5 }, -1), insert({ 0: 'a', 1: 5 })], 1);
    expect(change.print()).toBe('');
  });

  it('sums doubles exactly after retraction', () => {
    const sum = counters[6]!;
    const running = new Running(aggregateCase([sum], { keys: [] }));
    running.tick(
      [insert({ 5: 1e20 }), insert({ 5: 1 }), insert({ 5: NaN }), insert({ 5: Infinity })],
      9,
    );
    running.tick([insert({ 5: 1e20 }, -1), insert({ 5: NaN }, -1), insert({ 5: Infinity }, -1)], 9);
    expect(running.output.print()).toContain('1 x 1');
  });

  it('reports a sum out of range, and takes it back', () => {
    const heard: Heard = { late: [], errors: [] };
    const big: Naive = call('sum', [2], types.bigint, () => null);
    const running = new Running(aggregateCase([big], { keys: [] }), heard);
    running.tick([insert({ 2: 9223372036854775807n }, 2)], 1);
    expect(running.output.print()).toBe('1 x null');
    running.tick([insert({ 2: 9223372036854775807n }, -1)], 1);
    expect(heard.errors.map((error) => [error.code, error.weight])).toEqual([
      ['22003', 1],
      ['22003', -1],
    ]);
  });

  it('keeps arrival order of values while input is insert-only', () => {
    const list = call('string_agg', [6], types.text, () => null);
    const running = new Running(aggregateCase([list], { keys: [], insertOnly: true }));
    running.tick(
      ['b', 'a', 'b'].map((v) => insert({ 6: v })),
      1,
    );
    expect(running.output.print()).toBe('1 x b,a,b');
  });
});

describe('windowed aggregate', () => {
  const second = 1_000_000;
  const inputTypes = [types.integer, types.timestamp, types.timestamp, types.integer];
  const outputTypes = [types.timestamp, types.timestamp, types.integer, types.bigint, types.text];
  const fold = aggregateFunction('string_agg');
  const spec = (emit: AggregateSpec['emit'], lateness: number): AggregateSpec => ({
    kind: 'aggregate',
    id: 1,
    inputs: [0],
    columns: columnsOf(outputTypes),
    appendOnly: emit === 'window-close',
    key: null,
    keys: [1, 2, 0],
    calls: [
      {
        fn: aggregateFunction('count'),
        args: [],
        distinct: false,
        filter: null,
        orderBy: [],
        type: types.bigint,
      },
      { fn: fold, args: [3], distinct: false, filter: null, orderBy: [], type: types.text },
    ],
    insertOnly: true,
    window: { start: 0, end: 1, lateness },
    emit,
    global: false,
  });
  const make = (emit: AggregateSpec['emit'], lateness: number, heard?: Heard): Running =>
    new Running(
      {
        inputTypes: [inputTypes],
        outputTypes,
        make: (context) => new Aggregate(spec(emit, lateness), columnsOf(inputTypes), context),
        expected: () => [],
        consolidated: true,
      },
      heard,
    );
  const at = (key: number, window: number, value: number) => ({
    input: 0,
    row: [key, BigInt(window * 10 * second), BigInt((window + 1) * 10 * second), value],
    weight: 1,
  });
  const flush = (running: Running): string => running.tick([], 1).print();

  it('emits a window once, when the watermark reaches its end', () => {
    let running = make('window-close', 0);
    expect(running.tick([at(1, 0, 5), at(1, 0, 6), at(2, 1, 7)], 9).print()).toBe('');
    running.operator.watermark(10 * second - 1, 0);
    expect(flush(running)).toBe('');
    // A restart in the middle changes nothing.
    const segments = new Segments();
    segments.write(running.operator, true);
    running = make('window-close', 0);
    segments.load(running.operator);
    running.operator.watermark(10 * second, 0);
    expect(flush(running)).toBe('1 x 0 | 10000000 | 1 | 2 | 5,6');
    expect(running.watermark).toBe(10 * second);
    expect(running.operator.stateTables[0]!.rows).toBe(1);
    running.operator.watermark(Infinity, 0);
    expect(flush(running)).toBe('1 x 10000000 | 20000000 | 2 | 1 | 7');
    expect(running.operator.stateTables.map((table) => table.name)).toEqual([
      'groups',
      'watermarks',
      'values/1',
    ]);
    expect(running.operator.stateTables[2]!.rows).toBe(0);
  });

  it('forgets closed windows and reports rows for them as late', () => {
    const heard: Heard = { late: [], errors: [] };
    const running = make('update', 5 * second, heard);
    running.tick([at(1, 0, 5)], 1);
    running.operator.watermark(14 * second, 0);
    flush(running);
    expect(running.tick([at(1, 0, 6)], 1).print()).toBe(
      '-1 x 0 | 10000000 | 1 | 1 | 5\n1 x 0 | 10000000 | 1 | 2 | 5,6',
    );
    running.operator.watermark(15 * second, 0);
    expect(flush(running)).toBe('');
    expect(running.operator.stateTables[0]!.rows).toBe(0);
    expect(running.tick([at(1, 0, 7)], 1).print()).toBe('');
    expect(heard.late.map((late) => [late.values[3], late.windowStart, late.windowEnd])).toEqual([
      [7, 0, 10 * second],
    ]);
  });

  it('opens a window again for other keys while it is not closed', () => {
    const running = make('window-close', 0);
    const total = new Multiset(outputTypes);
    for (let tick = 0; tick < 50; tick++) {
      running.tick([at(tick % 3, tick, tick), at(1, tick + 1, tick)], 9);
      running.operator.watermark(tick * 10 * second, 0);
      running.tick([], 1);
      for (const { row, weight } of running.output.weighted()) total.add(row, weight);
    }
    const counts = total.rows().reduce((sum, each) => sum + Number(each[3]), 0);
    expect(counts).toBe(97);
    expect(running.operator.stateTables[0]!.rows).toBeLessThan(5);
  });
});
