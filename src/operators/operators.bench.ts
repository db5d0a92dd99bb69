/**
 * The hot operators on their own, one iteration a batch of 1,024 rows through push and flush: divide by
 * 1,024 for the time of a row. Run with `npx vitest bench src/operators`.
 */

import { bench, describe } from 'vitest';
import { SeededRandom } from '../base/random.ts';
import type { Operator } from '../dataflow/operator.ts';
import type { AggregateFunction } from '../expr/functions/registry.ts';
import type { AggregateSpec } from '../plan/dataflow-plan.ts';
import type { Batch } from '../types/batch.ts';
import type { SqlType } from '../types/sql-type.ts';
import { types } from '../types/sql-type.ts';
import { Aggregate } from './aggregate.ts';
import { AppendJoin } from './append-join.ts';
import { FirstRows } from './first-rows.ts';
import { SessionAggregate } from './session-aggregate.ts';
import { columnsOf, testContext } from './testing/history.ts';
import { TimeWindow } from './window.ts';

const rows = 1024;
const second = 1_000_000;
const random = new SeededRandom(1);

function numbers(next: () => number): Batch['columns'][number] {
  return { kind: 'f64', values: Float64Array.from({ length: rows }, next), nulls: null };
}

function batches(count: number, columns: (b: number) => Batch['columns']): Batch[] {
  return Array.from({ length: count }, (_, b) => ({
    count: rows,
    columns: columns(b),
    weights: null,
    rowWatermarks: null,
    origin: null,
  }));
}

function named(name: string): AggregateFunction {
  const accumulator = () => ({ add: () => undefined, finish: () => null });
  return {
    id: name,
    name,
    parameters: [],
    variadic: false,
    returns: types.bigint,
    state: 'counter',
    accumulator,
    skipsNull: true,
    orderedSet: false,
  };
}

function aggregate(keys: readonly number[], inputTypes: readonly SqlType[], windowed: boolean) {
  const call = { distinct: false, filter: null, orderBy: [], type: types.bigint };
  const calls = [
    { ...call, fn: named('count'), args: [] },
    { ...call, fn: named('sum'), args: [1] },
  ];
  const spec: AggregateSpec = {
    kind: 'aggregate',
    id: 1,
    inputs: [0],
    columns: columnsOf([...keys.map((key) => inputTypes[key]!), types.bigint, types.bigint]),
    appendOnly: false,
    key: null,
    keys,
    calls,
    insertOnly: true,
    window: windowed ? { start: 0, end: 1, lateness: 0 } : null,
    emit: windowed ? 'window-close' : 'update',
    global: false,
  };
  return new Aggregate(spec, columnsOf(inputTypes), testContext());
}

function drop(operator: Operator): Operator {
  operator.connect({ emit: () => undefined, watermark: () => undefined });
  return operator;
}

describe('group by count, sum', () => {
  for (const keyCount of [100, 10_000, 1_000_000]) {
    const operator = drop(aggregate([0], [types.bigint, types.bigint], false));
    const input = batches(1000, () => [
      numbers(() => random.below(keyCount)),
      numbers(() => random.below(1000)),
    ]);
    let next = 0;
    bench(`${keyCount} keys`, () => {
      operator.push(input[next++ % input.length]!, 0);
      operator.flush();
    });
  }
});

describe('tumbling window, group by window and key', () => {
  const inputTypes = [types.bigint, types.bigint, types.timestamp];
  const base = { id: 1, inputs: [0], appendOnly: false, key: null };
  const windowTypes = [...inputTypes, types.timestamp, types.timestamp, types.timestamp];
  const window = new TimeWindow(
    {
      ...base,
      kind: 'window',
      columns: columnsOf(windowTypes),
      window: { fn: 'tumble', size: 10 * second, offset: 0 },
      timeColumn: 2,
      lateness: 0,
      byClock: false,
    },
    columnsOf(inputTypes),
    testContext(),
  );
  const groups = drop(aggregate([3, 4, 0], windowTypes, true));
  window.connect({
    emit: (batch) => groups.push(batch, 0),
    watermark: (micros) => groups.watermark(micros, 0),
  });
  const keys = batches(1000, () => [numbers(() => random.below(1000)), numbers(() => 1)]);
  let clock = 0;
  bench('1000 keys, 10 windows a second of work', () => {
    const batch = keys[Math.floor(clock / rows) % keys.length]!;
    const times = numbers(() => clock++ * 100);
    window.push({ ...batch, columns: [...batch.columns, times] });
    window.watermark(clock * 100 - second > 0 ? clock * 100 - second : 0, 0);
    window.flush();
    groups.flush();
  });
});

describe('sessions of 100,000 keys, count and sum', () => {
  const inputTypes = [types.bigint, types.bigint, types.timestamp];
  const call = { distinct: false, filter: null, orderBy: [], type: types.bigint };
  const keyCount = 100_000;
  // Rows come a microsecond apart, so a key's rows keyCount µs apart on the average.
  for (const [name, gap] of [
    ['without end', 1e12],
    ['of some ten rows', keyCount * 2.4],
    ['of one row', 1],
  ] as const) {
    const operator = drop(
      new SessionAggregate(
        {
          kind: 'session-aggregate',
          id: 1,
          inputs: [0],
          columns: columnsOf([types.bigint, types.timestamp, types.bigint, types.bigint]),
          appendOnly: false,
          key: null,
          gap,
          partitionBy: [0],
          timeColumn: 2,
          lateness: 0,
          bounds: ['start', 'end'],
          exprs: [{ kind: 'column', index: 1, type: types.bigint }],
          calls: [
            { ...call, fn: named('count'), args: [] },
            { ...call, fn: named('sum'), args: [0] },
          ],
          emit: 'update',
        },
        columnsOf(inputTypes),
        testContext(),
      ),
    );
    const keys = batches(1000, () => [
      numbers(() => random.below(keyCount)),
      numbers(() => random.below(1000)),
    ]);
    let clock = 0;
    const times = new Float64Array(rows);
    bench(name, () => {
      const batch = keys[(clock / rows) % keys.length]!;
      for (let i = 0; i < rows; i++) times[i] = clock++;
      const time: Batch['columns'][number] = { kind: 'f64', values: times, nulls: null };
      operator.push({ ...batch, columns: [...batch.columns, time] }, 0);
      operator.watermark(clock, 0);
      operator.flush();
    });
  }
});

describe('join of a stream with 10,000 rows', () => {
  const sideTypes = [types.bigint, types.bigint];
  const join = drop(
    new AppendJoin(
      {
        kind: 'join',
        id: 2,
        inputs: [0, 1],
        columns: columnsOf([...sideTypes, ...sideTypes]),
        appendOnly: true,
        key: null,
        type: 'inner',
        leftKeys: [0],
        rightKeys: [0],
        nullSafe: [false],
        residual: null,
        time: null,
      },
      [columnsOf(sideTypes), columnsOf(sideTypes)],
      testContext(),
    ),
  );
  let id = 0;
  for (const batch of batches(10, () => [numbers(() => id++), numbers(() => 1)]))
    join.push(batch, 1);
  join.flush();
  const input = batches(100, () => [
    numbers(() => random.below(10_000)),
    numbers(() => random.below(1000)),
  ]);
  let next = 0;
  bench(
    'inner, append-only',
    () => {
      join.push(input[next++ % input.length]!, 0);
      join.flush();
    },
    { iterations: 2000, time: 0 },
  );
});

describe('first rows of 10,000 groups', () => {
  const rowTypes = [types.bigint, types.bigint, types.bigint];
  for (const limit of [1, 10]) {
    const operator = drop(
      new FirstRows(
        {
          kind: 'top-n',
          id: 1,
          inputs: [0],
          columns: columnsOf(rowTypes),
          appendOnly: false,
          key: null,
          partitionBy: [0],
          order: [{ column: 1, descending: true, nullsFirst: false }],
          limit,
          offset: 0,
          withTies: false,
          numbers: 0,
        },
        rowTypes,
      ),
    );
    const input = batches(1000, () => [
      numbers(() => random.below(10_000)),
      numbers(() => random.below(1_000_000)),
      numbers(() => 1),
    ]);
    let next = 0;
    bench(`highest ${limit}`, () => {
      operator.push(input[next++ % input.length]!, 0);
      operator.flush();
    });
  }
});
