/**
 * Random plans as running dataflows: after every tick of a random history of inserts and deletes, what the
 * operators have given adds up to what the model says of the tables as they stand.
 */

import { describe, expect, it } from 'vitest';
import { SqlError } from '../base/errors.ts';
import { SeededRandom } from '../base/random.ts';
import type { Random } from '../base/random.ts';
import { Graph } from '../dataflow/graph.ts';
import { buildGraph } from '../operators/build.ts';
import type { BuiltGraph } from '../operators/build.ts';
import { lower } from '../lower/lower.ts';
import { optimize, ruleNames } from '../optimizer/optimize.ts';
import type { DataflowPlan } from '../plan/dataflow-plan.ts';
import { decodePlan } from '../plan/decode.ts';
import { encodePlan } from '../plan/encode.ts';
import type { LogicalPlan } from '../plan/logical.ts';
import type { Batch } from '../types/batch.ts';
import { BatchBuilder, readRows } from '../types/column-access.ts';
import type { Row } from '../types/datum.ts';
import { rowKeyString } from '../types/key-codec.ts';
import type { SqlType } from '../types/sql-type.ts';
import { evaluatePlan } from './model.ts';
import { evaluation, functions } from './plan-builder.ts';
import type { TestTable } from './plan-builder.ts';
import { PlanGenerator, randomTables } from './random-plan.ts';
import { EnumRegistry } from '../types/enum-labels.ts';

const seeds = Number(process.env['MILLRACE_SEEDS'] ?? 150);
const firstSeed = Number(process.env['MILLRACE_SEED'] ?? 1);
const sizeMax = Number(process.env['MILLRACE_SIZE'] ?? 6);

interface Change {
  readonly row: Row;
  readonly weight: number;
}

/** Tables that change, and a dataflow that hears of it. */
class Running {
  readonly #graph = new Graph();
  readonly #built: BuiltGraph;
  readonly #types: readonly SqlType[];
  readonly #rows = new Map<string, { row: Row; count: number }>();

  constructor(plan: DataflowPlan, codegen: boolean) {
    this.#types = plan.nodes[plan.root]!.columns.map((column) => column.type);
    this.#built = buildGraph(plan, {
      graph: this.#graph,
      operator: {
        name: 'test',
        evaluation,
        codegen,
        late: () => undefined,
        rowError: null,
      },
      checks: true,
      output: { emit: (batch) => this.#take(batch), watermark: () => undefined },
    });
  }

  #take(batch: Batch): void {
    for (const { row, weight } of readRows(batch, this.#types)) {
      const key = rowKeyString(row, this.#types);
      const entry = this.#rows.get(key) ?? { row, count: 0 };
      entry.count += weight;
      this.#rows.set(key, entry);
    }
  }

  tick(table: TestTable | null, changes: readonly Change[]): void {
    for (const { relation, ordinals, input } of this.#built.scans) {
      if (relation.oid !== table?.oid || changes.length === 0) continue;
      const builder = new BatchBuilder(ordinals.map((column) => table.schema[column]!.type));
      for (const { row, weight } of changes) {
        builder.append(
          ordinals.map((column) => row[column]!),
          weight,
        );
      }
      input.emit(builder.batch());
    }
    this.#graph.tick();
  }

  result(): string[] {
    const lines: string[] = [];
    for (const [key, { row, count }] of this.#rows) {
      expect(count, `multiplicity of ${row.map(String).join(' ')}`).toBeGreaterThanOrEqual(0);
      for (let i = 0; i < count; i++) lines.push(lineOf(key, row));
    }
    return lines.sort();
  }
}

function lineOf(key: string, row: Row): string {
  return `${key} ${row.map(String).join(' ')}`;
}

function modelRows(
  plan: LogicalPlan,
  tables: ReadonlyMap<number, readonly Row[]>,
): string[] | null {
  const types = plan.schema.map((field) => field.type);
  try {
    const rows = evaluatePlan(plan, (oid) => tables.get(oid)!, evaluation);
    return rows.map((row) => lineOf(rowKeyString(row, types), row)).sort();
  } catch (error) {
    if (error instanceof SqlError) return null;
    throw error;
  }
}

/** Inserts of random rows and deletes of present ones. */
function randomChanges(random: Random, table: TestTable, present: Row[]): Change[] {
  const changes: Change[] = [];
  for (let i = random.below(4); i > 0; i--) {
    if (present.length > 0 && random.below(3) === 0) {
      const at = random.below(present.length);
      changes.push({ row: present[at]!, weight: -1 });
      present.splice(at, 1);
    } else {
      const row = table.schema.map(() => (random.below(6) === 0 ? null : random.below(4)));
      changes.push({ row, weight: 1 });
      present.push(row);
    }
  }
  return changes;
}

describe('a dataflow', () => {
  it('gives what the model gives, after every change', () => {
    let compared = 0;
    for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
      const random = new SeededRandom(seed);
      const tables = randomTables(random);
      const generator = new PlanGenerator(random, tables);
      const size = 3 + random.below(sizeMax - 2);
      const plan = random.below(2) === 0 ? generator.plan(size) : generator.query(size - 1);
      const disabled = new Set(
        random.below(2) === 0 ? ruleNames.filter(() => random.below(3) === 0) : [],
      );
      const better = optimize(plan, { evaluation, functions, disabled, validate: true });
      const lowered = lower(better);
      const saved = decodePlan(encodePlan(lowered), functions, new EnumRegistry());
      expect(saved.fingerprint).toBe(lowered.fingerprint);
      const running = new Running(saved, random.below(2) === 0);
      const contents = new Map(tables.map((table) => [table.oid, [] as Row[]]));
      const where = `seed ${seed}, without ${[...disabled].join(', ')}`;
      try {
        running.tick(null, []);
        for (let step = 0; step < 8; step++) {
          const table = tables[random.below(tables.length)]!;
          running.tick(table, randomChanges(random, table, contents.get(table.oid)!));
          const expected = modelRows(plan, contents);
          if (expected === null) break;
          expect(running.result(), `${where}, step ${step}`).toEqual(expected);
          compared++;
        }
      } catch (error) {
        // A subquery with two rows fails the tick in both.
        if (!(error instanceof SqlError)) throw withSeed(error, where);
        expect(modelRows(plan, contents), where).toBeNull();
      }
    }
    expect(compared).toBeGreaterThan(seeds * 4);
  });
});

function withSeed(error: unknown, where: string): unknown {
  if (error instanceof Error && !error.message.includes(where)) {
    error.message = `${where}: ${error.message}`;
  }
  return error;
}
