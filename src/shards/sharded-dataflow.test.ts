/**
 * Random dataflows, in one graph and divided into shards whose messages come in random order: after every
 * tick of a random history both have given the same rows and reported the same failures, also when the
 * number of shards changes on the way.
 */

import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter } from '../base/bytes.ts';
import { type Random, SeededRandom } from '../base/random.ts';
import { LocalDataflow, type ViewDataflow } from '../jobs/view-dataflow.ts';
import { lower } from '../lower/lower.ts';
import { optimize } from '../optimizer/optimize.ts';
import { evaluation, functions, type TestTable } from '../testing/plan-builder.ts';
import { Outcome, push, shardsOf } from '../testing/shard-outcome.ts';
import { PlanGenerator, randomTables } from '../testing/random-plan.ts';
import type { Row } from '../types/datum.ts';
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
  const merged = new LocalDataflow(outcome.context);
  const tables = new Map(merged.stateTables());
  for (const [name, table] of before.stateTables()) {
    const writer = new ByteWriter(256);
    table.writeBase(writer);
    tables.get(name.replace(/@.*/, ''))!.load(new ByteReader(writer.take()));
  }
  const after =
    shards === 1
      ? new LocalDataflow(outcome.context)
      : new ShardedDataflow(outcome.context, shardsOf(shards, random));
  after.adopt(merged);
  after.restored();
  return after;
}

describe('a dataflow in shards', () => {
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
