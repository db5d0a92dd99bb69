/**
 * Random dataflows, in one graph and divided into shards whose messages come in random order: after every
 * tick of a random history both have given the same rows and reported the same failures, also when the
 * number of shards changes on the way.
 */

import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../base/bytes.ts';
import { type Random, SeededRandom } from '../base/random.ts';
import { LocalDataflow, type ViewDataflow, mergedState } from '../jobs/view-dataflow.ts';
import { lower } from '../lower/lower.ts';
import { optimize } from '../optimizer/optimize.ts';
import {
  aggregate,
  aggregateCall,
  ascending,
  col,
  evaluation,
  field,
  functions,
  int,
  join,
  op,
  scan,
  sort,
  type TestTable,
  windowed,
} from '../testing/plan-builder.ts';
import type { LogicalPlan } from '../plan/logical.ts';
import { Outcome, push, shardsOf } from '../testing/shard-outcome.ts';
import { PlanGenerator, randomTables } from '../testing/random-plan.ts';
import type { Row } from '../types/datum.ts';
import { types } from '../types/sql-type.ts';
import { placeNodes } from './placement.ts';
import { ShardedDataflow } from './sharded-dataflow.ts';

const seeds = Number(process.env['MILLRACE_SEEDS'] ?? 60);
const firstSeed = Number(process.env['MILLRACE_SEED'] ?? 1);

/** Inserts of random rows and deletes of present ones. */
function randomChanges(random: Random, table: TestTable, present: Row[]) {
  const changes: { row: Row; weight: number }[] = [];
  for (let i = random.below(6); i > 0; i--) {
    if (present.length > 0 && random.below(3) === 0) {
      const [row] = present.splice(random.below(present.length), 1);
      changes.push({ row: row!, weight: -1 });
    } else {
      const row = table.schema.map(() => (random.below(6) === 0 ? null : random.below(4)));
      changes.push({ row, weight: 1 });
      present.push(row);
    }
  }
  return changes;
}

/** The same dataflow in another number of shards, as a restart makes it. */
function resharded(before: ViewDataflow, outcome: Outcome, shards: number, random: Random) {
  const segments: [string, Uint8Array][] = [];
  for (const [name, table] of before.stateTables()) {
    const writer = new ByteWriter(256);
    table.writeBase(writer);
    segments.push([name, writer.take()]);
  }
  const merged = mergedState(segments, () => new LocalDataflow(outcome.context));
  const after =
    shards === 1
      ? new LocalDataflow(outcome.context)
      : new ShardedDataflow(outcome.context, shardsOf(shards, random));
  after.adopt(merged);
  after.restored();
  return after;
}

/** Plans over inputs that only grow, whose operators keep rows and sessions by number. */
function growingPlans(table: TestTable): LogicalPlan[] {
  const read = scan(table);
  const window = { fn: 'session', gap: 3_000_000, partitionBy: [0] } as const;
  const session = windowed(read, 1, window);
  const keys = ['k', 'window_start', 'window_end'].map(
    (name) => [name, col(session, name)] as const,
  );
  const top = sort(read, {
    partitionBy: [col(read, 'k')],
    order: [ascending(col(read, 'n'))],
    limit: int(2),
  });
  return [
    aggregate(session, keys, [
      ['count', aggregateCall('count', [])],
      ['sum', aggregateCall('sum', [col(session, 'n')])],
    ]),
    join('inner', read, scan(table), op('=', col(read, 'k'), col(read, 'k', 3))),
    top,
  ];
}

describe('a dataflow in shards', () => {
  it('takes rows and sessions that are known by number along into other numbers of shards', () => {
    const table: TestTable = {
      name: 'events',
      oid: 1,
      schema: [field('k', types.integer), field('at', types.timestamp), field('n', types.integer)],
      rows: [],
      appendOnly: true,
      keys: [],
    };
    growingPlans(table).forEach((logical, p) => {
      const random = new SeededRandom(p);
      const plan = lower(logical);
      expect(placeNodes(plan)[plan.root]!.place.kind).toBe('hashed');
      const expected = new Outcome(plan);
      const actual = new Outcome(plan);
      const whole = new LocalDataflow(expected.context);
      let parts: ViewDataflow = new ShardedDataflow(actual.context, shardsOf(3, random));
      for (let step = 0; step < 40; step++) {
        const changes = Array.from({ length: random.below(8) }, () => {
          const at = BigInt(random.below(120)) * 500_000n;
          return { row: [random.below(9), at, random.below(50)], weight: 1 };
        });
        for (const dataflow of [whole, parts]) {
          push(dataflow, table, changes);
          dataflow.tick();
        }
        expect(actual.lines(), `plan ${p}, step ${step}`).toEqual(expected.lines());
        if (step % 5 === 4) parts = resharded(parts, actual, 1 + random.below(4), random);
      }
    });
  });

  it('gives what it gives in one graph, however many shards there are', () => {
    const stages = new Set<number>();
    let divided = 0;
    for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
      const random = new SeededRandom(seed);
      const tables = randomTables(random);
      const generator = new PlanGenerator(random, tables);
      const logical = random.below(2) === 0 ? generator.plan(5) : generator.query(4);
      const plan = lower(optimize(logical, { evaluation, functions }));
      const placed = placeNodes(plan);
      for (const { stage } of placed) stages.add(stage);
      if (placed[plan.root]!.place.kind !== 'first') divided++;
      const expected = new Outcome(plan);
      const actual = new Outcome(plan);
      const whole = new LocalDataflow(expected.context);
      let parts: ViewDataflow = new ShardedDataflow(
        actual.context,
        shardsOf(2 + random.below(3), random),
      );
      const contents = new Map(tables.map((table) => [table.oid, [] as Row[]]));
      for (let step = 0; step < 10; step++) {
        const table = tables[random.below(tables.length)]!;
        const changes = step === 0 ? [] : randomChanges(random, table, contents.get(table.oid)!);
        for (const dataflow of [whole, parts]) {
          push(dataflow, table, changes);
          dataflow.tick();
        }
        expect(actual.lines(), `seed ${seed}, step ${step}`).toEqual(expected.lines());
        if (random.below(4) === 0) {
          parts = resharded(parts, actual, 1 + random.below(4), random);
        }
      }
    }
    expect(stages.size).toBeGreaterThan(2);
    expect(divided).toBeGreaterThan(seeds / 3);
  });
});
