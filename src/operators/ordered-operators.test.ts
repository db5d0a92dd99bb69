import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../base/random.ts';
import { compareNullable } from '../types/compare.ts';
import type { Row } from '../types/datum.ts';
import { rowKeyString } from '../types/key-codec.ts';
import type { SqlType } from '../types/sql-type.ts';
import { types } from '../types/sql-type.ts';
import type { OrderSpec, OverSpec, TopNSpec } from '../plan/dataflow-plan.ts';
import type { WindowFrame } from '../plan/logical.ts';
import { FirstNumbered } from './first-numbered.ts';
import { FirstRows } from './first-rows.ts';
import { Over } from './over.ts';
import { RowNumbers, numbersRows } from './row-numbers.ts';
import { SingleRow } from './single-row.ts';
import { TopN } from './top-n.ts';
import type { Heard, OperatorCase } from './testing/history.ts';
import { Running, checkHistory, columnsOf, randomHistory } from './testing/history.ts';

const rowTypes = [types.integer, types.bigint, types.text];

const makeRow =
  (random: SeededRandom) =>
  (_: number, tick: number): Row => {
    const wide = tick > 20 && random.below(6) === 0;
    return [
      random.below(6) === 0 ? null : random.below(2),
      random.below(5) === 0 ? null : BigInt(random.below(5)) * (wide ? 9007199254740993n : 1n),
      random.below(5) === 0 ? null : ['a', 'b', '～', '😀'][random.below(4)]!,
    ];
  };

const ascending = (column: number): OrderSpec => ({ column, descending: false, nullsFirst: false });

function compareBy(order: readonly OrderSpec[], columnTypes: readonly SqlType[]) {
  return (a: Row, b: Row): number => {
    for (const spec of order) {
      const { column } = spec;
      const result = compareNullable(a[column]!, b[column]!, columnTypes[column]!, spec);
      if (result !== 0) return result;
    }
    return 0;
  };
}

function partitionsOf(rows: readonly Row[], columns: readonly number[]): Row[][] {
  const map = new Map<string, Row[]>();
  for (const row of rows) {
    const key = rowKeyString(
      columns.map((c) => row[c]!),
      columns.map((c) => rowTypes[c]!),
    );
    map.set(key, [...(map.get(key) ?? []), row]);
  }
  return [...map.values()];
}

/** By the order asked for, then by all columns. */
function sortTotally(rows: readonly Row[], order: readonly OrderSpec[]): Row[] {
  return [...rows].sort(compareBy([...order, ...rowTypes.map((_, c) => ascending(c))], rowTypes));
}

function topCase(
  options: Omit<TopNSpec, 'kind' | 'id' | 'inputs' | 'columns' | 'appendOnly' | 'key' | 'numbers'>,
  appendOnly = false,
): OperatorCase {
  const spec: TopNSpec = {
    kind: 'top-n',
    id: 1,
    inputs: [0],
    columns: columnsOf(rowTypes),
    appendOnly: false,
    key: null,
    numbers: 0,
    ...options,
  };
  return {
    inputTypes: [rowTypes],
    outputTypes: rowTypes,
    make: () =>
      appendOnly
        ? new FirstRows({ ...spec, limit: spec.limit! }, rowTypes)
        : new TopN(spec, rowTypes),
    expected: ([rows]) =>
      partitionsOf(rows!, spec.partitionBy).flatMap((partition) => {
        const sorted = sortTotally(partition, spec.order);
        let end = spec.limit === null ? sorted.length : spec.offset + spec.limit;
        const compare = compareBy(spec.order, rowTypes);
        if (spec.withTies && end > 0) {
          while (end < sorted.length && compare(sorted[end]!, sorted[end - 1]!) === 0) end++;
        }
        return sorted.slice(spec.offset, end);
      }),
    // Equal rows of an append-only input are rows of their own.
    consolidated: !appendOnly,
    appendOnly,
  };
}

function run(test: OperatorCase, seeds: number): void {
  for (let seed = 0; seed < seeds; seed++) {
    const random = new SeededRandom(seed);
    checkHistory(
      test,
      randomHistory(random, {
        inputs: 1,
        ticks: 40,
        changesMax: 8,
        row: makeRow(random),
        appendOnly: test.appendOnly ?? false,
      }),
    );
  }
}

describe('top-n on random histories', () => {
  const descending = { column: 1, descending: true, nullsFirst: true };
  const order = [ascending(1)];
  const cases: [string, OperatorCase][] = [
    ['limit', topCase({ partitionBy: [], order, limit: 3, offset: 0, withTies: false })],
    ['limit and offset', topCase({ partitionBy: [], order, limit: 2, offset: 2, withTies: false })],
    ['offset', topCase({ partitionBy: [], order, limit: null, offset: 3, withTies: false })],
    ['ties', topCase({ partitionBy: [], order, limit: 2, offset: 0, withTies: true })],
    ['no order', topCase({ partitionBy: [], order: [], limit: 4, offset: 0, withTies: false })],
    [
      'partitions, descending by text',
      topCase({
        partitionBy: [0],
        order: [{ column: 2, descending: true, nullsFirst: false }, descending],
        limit: 1,
        offset: 0,
        withTies: false,
      }),
    ],
    ['limit 0', topCase({ partitionBy: [0], order, limit: 0, offset: 0, withTies: false })],
  ];
  for (const [name, test] of cases) it(name, () => run(test, 5));
});

describe('first rows of an append-only input on random histories', () => {
  const order = [ascending(1)];
  const byText = [{ column: 2, descending: true, nullsFirst: false }];
  const cases: [string, OperatorCase][] = [3, 1, 0].flatMap((limit) =>
    [false, true].flatMap((withTies) =>
      ([[], [0]] as const).flatMap((partitionBy) =>
        [order, byText, []].map((by): [string, OperatorCase] => [
          `${limit}${withTies ? ' with ties' : ''} by ${partitionBy.length} in order ${by[0]?.column ?? 'none'}`,
          topCase({ partitionBy, order: by, limit, offset: 0, withTies }, true),
        ]),
      ),
    ),
  );
  for (const [name, test] of cases) it(name, () => run(test, 3));

  it('keeps only as many rows as are asked for', () => {
    const spec = { partitionBy: [0], order, limit: 2, offset: 0, withTies: false };
    const running = new Running(topCase(spec, true));
    for (let i = 0; i < 100; i++) {
      running.tick([{ input: 0, row: [i % 3, BigInt((i * 37) % 101), 'x'], weight: 1 }], 1);
    }
    expect(running.operator.stateTables[0]!.rows).toBe(6);
  });
});

describe('first rows with their numbers on random histories', () => {
  function numberedCase(
    partitionBy: readonly number[],
    order: readonly OrderSpec[],
    limit: number,
    numbers: number,
  ): OperatorCase {
    const first = topCase({ partitionBy, order, limit, offset: 0, withTies: false }, true);
    const outputTypes = [...rowTypes, ...Array.from({ length: numbers }, () => types.bigint)];
    const spec: TopNSpec & { readonly limit: number } = {
      kind: 'top-n',
      id: 1,
      inputs: [0],
      columns: columnsOf(outputTypes),
      appendOnly: false,
      key: null,
      partitionBy,
      order,
      limit,
      offset: 0,
      withTies: false,
      numbers,
    };
    return {
      ...first,
      outputTypes,
      make: () => new FirstNumbered(spec, rowTypes),
      expected: ([rows]) =>
        partitionsOf(rows!, partitionBy).flatMap((partition) =>
          sortTotally(partition, order)
            .slice(0, limit)
            .map((row, i) => [...row, ...Array.from({ length: numbers }, () => BigInt(i + 1))]),
        ),
    };
  }

  const byText = [{ column: 2, descending: true, nullsFirst: false }];
  for (const limit of [9, 3, 1, 0]) {
    for (const partitionBy of [[], [0]]) {
      for (const order of [[ascending(1)], byText, []]) {
        for (const numbers of [1, 2]) {
          const name = `${limit} by ${partitionBy.length} in order ${order[0]?.column ?? 'none'}, ${numbers}`;
          it(name, () => run(numberedCase(partitionBy, order, limit, numbers), 3));
        }
      }
    }
  }

  it('keeps only as many rows as are asked for, and sends a row again only for another number', () => {
    const running = new Running(numberedCase([0], [ascending(1)], 2, 1));
    for (let i = 0; i < 100; i++) {
      running.tick([{ input: 0, row: [i % 3, BigInt((i * 37) % 101), 'x'], weight: 1 }], 1);
    }
    expect(running.operator.stateTables[0]!.rows).toBe(6);
    const before = running.operator.counters.rowsOut;
    running.tick([{ input: 0, row: [0, 1000n, 'x'], weight: 1 }], 1);
    expect(running.operator.counters.rowsOut - before).toBe(0);
    running.tick([{ input: 0, row: [0, -1n, 'x'], weight: 1 }], 1);
    // Two places change hands: two old rows, two new ones.
    expect(running.operator.counters.rowsOut - before).toBe(4);
  });
});

describe('single-row', () => {
  const spec = {
    kind: 'single-row',
    id: 1,
    inputs: [0],
    columns: columnsOf(rowTypes),
    appendOnly: false,
    key: null,
    keys: [0],
  } as const;
  const test: OperatorCase = {
    inputTypes: [rowTypes],
    outputTypes: rowTypes,
    make: (context) => new SingleRow(spec, rowTypes, context),
    expected: ([rows]) =>
      partitionsOf(rows!, [0]).flatMap((group) => (group.length === 1 ? group : [])),
    consolidated: true,
  };

  it('gives the row of groups that have one', () => run(test, 5));

  it('reports a group with two rows, and takes it back', () => {
    const heard: Heard = { late: [], errors: [] };
    const running = new Running(test, heard);
    const row: Row = [1, 2n, 'a'];
    running.tick([{ input: 0, row, weight: 2 }], 10);
    running.tick([{ input: 0, row, weight: -1 }], 10);
    expect(heard.errors.map((error) => [error.code, error.weight])).toEqual([
      ['21000', 1],
      ['21000', -1],
    ]);
    expect(running.output.print()).toBe('1 x 1 | 2 | a');
  });

  it('throws where errors are thrown', () => {
    const running = new Running({
      ...test,
      make: (context) => test.make({ ...context, rowError: null }),
    });
    expect(() => running.tick([{ input: 0, row: [1, 2n, 'a'], weight: 2 }], 10)).toThrow(
      'more than one row returned by a subquery used as an expression',
    );
  });
});

const whole: WindowFrame = {
  mode: 'range',
  start: { kind: 'unbounded-preceding', offset: null },
  end: { kind: 'current-row', offset: null },
  exclude: 'no others',
};

const countAll: NonNullable<OverSpec['calls'][number]['aggregate']> = {
  id: 'sum(integer)',
  name: 'sum',
  parameters: [types.bigint],
  variadic: false,
  returns: types.bigint,
  state: 'counter',
  accumulator: () => {
    let sum = 0n;
    let count = 0;
    return {
      add: (args, weight) => {
        sum += (args[0] as bigint) * BigInt(weight);
        count += weight;
      },
      finish: () => (count === 0 ? null : sum),
    };
  },
  skipsNull: true,
  orderedSet: false,
};

describe('over', () => {
  const order = [ascending(1)];
  const pure = (name: string, type: SqlType, args: number[] = []): OverSpec['calls'][number] => ({
    name,
    aggregate: null,
    args,
    filter: null,
    frame: whole,
    type,
  });
  const offset = (kind: 'preceding' | 'following', value: number) =>
    ({ kind, offset: { kind: 'constant', value: BigInt(value), type: types.bigint } }) as const;
  const frames: WindowFrame[] = [
    whole,
    { ...whole, mode: 'rows', start: offset('preceding', 1), end: offset('following', 1) },
    { ...whole, mode: 'range', start: offset('preceding', 1), end: offset('following', 2) },
    { ...whole, mode: 'groups', start: offset('preceding', 1), end: offset('following', 0) },
    {
      ...whole,
      mode: 'rows',
      start: offset('following', 1),
      end: { kind: 'unbounded-following', offset: null },
    },
    { ...whole, mode: 'rows', exclude: 'ties', end: { kind: 'unbounded-following', offset: null } },
  ];
  const calls: OverSpec['calls'] = [
    pure('row_number', types.bigint),
    pure('rank', types.bigint),
    pure('dense_rank', types.bigint),
    pure('percent_rank', types.double),
    pure('cume_dist', types.double),
    pure('lag', types.text, [2]),
    ...frames.map((frame) => ({
      name: 'sum',
      aggregate: countAll,
      args: [1],
      filter: null,
      frame,
      type: types.bigint,
    })),
    ...frames.map((frame) => ({ ...pure('last_value', types.bigint, [1]), frame })),
  ];
  const outputTypes = [...rowTypes, ...calls.map((call) => call.type)];
  const spec: OverSpec = {
    kind: 'over',
    id: 1,
    inputs: [0],
    columns: columnsOf(outputTypes),
    appendOnly: false,
    key: null,
    partitionBy: [0],
    order,
    calls,
  };

  /** Frame membership written out plainly: is row j in the frame of row i? */
  function inFrame(frame: WindowFrame, sorted: readonly Row[], i: number, j: number): boolean {
    const groups = sorted.map((row) => sorted.findIndex((each) => each[1] === row[1]));
    const ordinals = groups.map((group) => new Set(groups.slice(0, groups.indexOf(group))).size);
    const reach = (bound: WindowFrame['start'], side: 1 | -1): boolean => {
      if (bound.kind.startsWith('unbounded')) return true;
      const sign = bound.kind === 'preceding' ? -1 : 1;
      const constant = bound.offset as { value: bigint } | null;
      const by = constant === null ? 0 : sign * Number(constant.value);
      if (frame.mode === 'rows') return (j - i - by) * side <= 0;
      if (frame.mode === 'groups') return (ordinals[j]! - ordinals[i]! - by) * side <= 0;
      const a = sorted[i]![1] as bigint | null;
      const b = sorted[j]![1] as bigint | null;
      if (a === null || b === null) {
        if (constant !== null) return a === b;
        return (ordinals[j]! - ordinals[i]!) * side <= 0;
      }
      const distance = b - a - BigInt(by);
      return distance === 0n || distance < 0n === (side === 1);
    };
    if (!reach(frame.start, -1) || !reach(frame.end, 1)) return false;
    return frame.exclude !== 'ties' || j === i || groups[i] !== groups[j];
  }

  function expectedPartition(partition: readonly Row[]): Row[] {
    const sorted = sortTotally(partition, order);
    const n = sorted.length;
    const firstPeer = sorted.map((row) => sorted.findIndex((each) => each[1] === row[1]));
    return sorted.map((row, i) => {
      const peers = sorted.filter((each) => each[1] === row[1]).length;
      const rank = firstPeer[i]! + 1;
      const dense = new Set(firstPeer.slice(0, i + 1)).size;
      return [
        ...row,
        BigInt(i + 1),
        BigInt(rank),
        BigInt(dense),
        n === 1 ? 0 : (rank - 1) / (n - 1),
        (rank - 1 + peers) / n,
        i === 0 ? null : sorted[i - 1]![2]!,
        ...frames.map((frame) => {
          const values = sorted.filter(
            (each, j) => inFrame(frame, sorted, i, j) && each[1] !== null,
          );
          if (values.length === 0) return null;
          return values.reduce((sum, each) => sum + (each[1] as bigint), 0n);
        }),
        ...frames.map((frame) => {
          const inside = sorted.filter((_, j) => inFrame(frame, sorted, i, j));
          return inside.at(-1)?.[1] ?? null;
        }),
      ];
    });
  }

  it('agrees with a plain computation on random histories', () => {
    run(
      {
        inputTypes: [rowTypes],
        outputTypes,
        make: (context) => new Over(spec, rowTypes, context),
        expected: ([rows]) => partitionsOf(rows!, [0]).flatMap(expectedPartition),
        consolidated: true,
      },
      6,
    );
  });

  it('counts rows alone without computing partitions anew', () => {
    const numbers: OverSpec = {
      ...spec,
      columns: columnsOf([...rowTypes, types.bigint, types.bigint]),
      calls: [pure('row_number', types.bigint), pure('row_number', types.bigint)],
    };
    expect([numbersRows(numbers), numbersRows(spec)]).toEqual([true, false]);
    run(
      {
        inputTypes: [rowTypes],
        outputTypes: [...rowTypes, types.bigint, types.bigint],
        make: () => new RowNumbers(numbers, rowTypes),
        expected: ([rows]) =>
          partitionsOf(rows!, [0]).flatMap((partition) =>
            sortTotally(partition, order).map((row, i) => [...row, BigInt(i + 1), BigInt(i + 1)]),
          ),
        consolidated: true,
      },
      6,
    );
  });

  it('divides rows into buckets as PostgreSQL does', () => {
    const ntile: OverSpec = {
      ...spec,
      columns: columnsOf([...rowTypes, types.integer]),
      partitionBy: [],
      calls: [pure('ntile', types.integer, [0])],
    };
    const running = new Running({
      inputTypes: [rowTypes],
      outputTypes: [...rowTypes, types.integer],
      make: (context) => new Over(ntile, rowTypes, context),
      expected: () => [],
      consolidated: true,
    });
    const tick = [1n, 2n, 3n, 4n, 5n, 6n, 7n].map((n) => ({
      input: 0,
      row: [3, n, 'a'],
      weight: 1,
    }));
    running.tick(tick, 10);
    expect(running.output.rows().map((row) => [row[1], row[3]])).toEqual([
      [1n, 1],
      [2n, 1],
      [3n, 1],
      [4n, 2],
      [5n, 2],
      [6n, 3],
      [7n, 3],
    ]);
  });
});
