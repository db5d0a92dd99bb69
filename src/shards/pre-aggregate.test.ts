/**
 * Aggregation before an exchange: over random insert-only rows with few keys, NULLs and values at the edge of
 * what a double counts exactly, shards give what one graph gives, and far fewer rows pass between them.
 */

import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../base/random.ts';
import { lower } from '../lower/lower.ts';
import type { AggregateSpec } from '../plan/dataflow-plan.ts';
import {
  aggregate,
  aggregateCall,
  col,
  field,
  scan,
  type TestTable,
} from '../testing/plan-builder.ts';
import { Outcome, push, shardsOf } from '../testing/shard-outcome.ts';
import type { Batch } from '../types/batch.ts';
import { BatchBuilder, readRows } from '../types/column-access.ts';
import type { Datum } from '../types/datum.ts';
import { Decimal } from '../types/decimal.ts';
import { numeric, types } from '../types/sql-type.ts';
import { planPreAggregation, PreAggregate } from './pre-aggregate.ts';
import { LocalDataflow } from '../jobs/view-dataflow.ts';
import { ShardedDataflow } from './sharded-dataflow.ts';

const table: TestTable = {
  oid: 1,
  name: 'bids',
  schema: [
    field('k', types.integer),
    field('i', types.integer),
    field('b', types.bigint),
    field('n', numeric(10, 2)),
    field('s', types.text),
    field('at', types.timestamp),
  ],
  appendOnly: true,
  rows: [],
  keys: [],
};

function plan(calls: readonly (readonly [string, string])[], keys: readonly string[]) {
  const input = scan(table);
  return lower(
    aggregate(
      input,
      keys.map((key) => [key, col(input, key)] as const),
      calls.map(
        ([fn, arg], c) =>
          [`c${c}`, aggregateCall(fn, arg === '' ? [] : [col(input, arg)])] as const,
      ),
    ),
  );
}

function randomRow(random: SeededRandom): (Datum | null)[] {
  const maybe = (value: Datum): Datum | null => (random.below(8) === 0 ? null : value);
  const huge = random.below(50) === 0;
  return [
    maybe(random.below(3)),
    maybe(huge ? 2_000_000_000 : random.below(100) - 50),
    maybe(huge ? BigInt(Number.MAX_SAFE_INTEGER) : BigInt(random.below(1000))),
    maybe(Decimal.fromBigInt(BigInt(random.below(100_000)), 2)),
    maybe(`s${random.below(5)}`),
    maybe(BigInt(random.below(1_000_000))),
  ];
}

const compressible: readonly (readonly [string, string])[] = [
  ['count', ''],
  ['count', 's'],
  ['sum', 'i'],
  ['count', 'i'],
  ['avg', 'n'],
  ['sum', 'n'],
  ['sum', 'b'],
  ['max', 'at'],
];

function aggregateOf(dataflow: ReturnType<typeof plan>): {
  readonly spec: AggregateSpec;
  readonly columns: ReturnType<typeof plan>['nodes'][number]['columns'];
} {
  const spec = dataflow.nodes.find((node) => node.kind === 'aggregate') as AggregateSpec;
  return { spec, columns: dataflow.nodes[spec.inputs[0]!]!.columns };
}

describe('aggregation before an exchange', () => {
  it('changes no answer', () => {
    for (const keys of [['k'], []]) {
      const dataflow = plan(compressible, keys);
      const { spec, columns } = aggregateOf(dataflow);
      expect(planPreAggregation(spec, columns)).not.toBeNull();
      for (let seed = 1; seed <= 20; seed++) {
        const random = new SeededRandom(seed);
        const expected = new Outcome(dataflow);
        const actual = new Outcome(dataflow);
        const whole = new LocalDataflow(expected.context);
        const parts = new ShardedDataflow(actual.context, shardsOf(3, random));
        for (let tick = 0; tick < 6; tick++) {
          for (let batches = 0; batches < 4; batches++) {
            const rows = Array.from({ length: 1 + random.below(200) }, () => randomRow(random));
            const changes = rows.map((row) => ({ row, weight: 1 }));
            push(whole, table, changes);
            push(parts, table, changes);
          }
          whole.tick();
          parts.tick();
          expect(actual.lines(), `seed ${seed}, tick ${tick}`).toEqual(expected.lines());
        }
      }
    }
  });

  it('sends at most two rows of a group', () => {
    const { spec, columns } = aggregateOf(plan(compressible, ['k']));
    const sent: Batch[] = [];
    const output = { emit: (batch: Batch) => sent.push(batch), watermark: () => undefined };
    const partial = new PreAggregate(planPreAggregation(spec, columns)!, output);
    const builder = new BatchBuilder(columns.map((column) => column.type));
    for (let i = 0; i < 1000; i++) {
      builder.append(columns.map(({ name }) => (name === 'k' ? 7 : rowValues.get(name)!)));
    }
    partial.emit(builder.batch());
    expect(sent).toHaveLength(0);
    partial.endStage();
    const rows = sent.flatMap((batch) =>
      readRows(
        batch,
        columns.map((column) => column.type),
      ),
    );
    expect(rows.map(({ weight }) => weight)).toEqual([1, 999]);
  });

  it('is not done where a call needs every value', () => {
    for (const call of [
      ['string_agg', 's'],
      ['max', 's'],
      ['sum', 'k'],
    ] as const) {
      const calls = call[0] === 'string_agg' ? [['array_agg', 's'] as const] : [call];
      const { spec, columns } = aggregateOf(plan(calls, ['k']));
      expect(planPreAggregation(spec, columns), call.join(' ')).toBeNull();
    }
    const both = aggregateOf(
      plan(
        [
          ['max', 'b'],
          ['sum', 'b'],
        ],
        ['k'],
      ),
    );
    expect(planPreAggregation(both.spec, both.columns)).toBeNull();
  });
});

const rowValues = new Map<string, Datum>([
  ['i', 1],
  ['b', 2n],
  ['n', Decimal.fromBigInt(300n, 2)],
  ['s', 'x'],
  ['at', 5n],
]);
