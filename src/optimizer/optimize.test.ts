/** Random plans mean the same before and after the optimizer, with all rules and with some switched off. */

import { describe, expect, it } from 'vitest';
import { SqlError } from '../base/errors.ts';
import { SeededRandom } from '../base/random.ts';
import type { LogicalPlan } from '../plan/logical.ts';
import type { Row } from '../types/datum.ts';
import { rowKeyString } from '../types/key-codec.ts';
import { evaluation, functions } from '../testing/plan-builder.ts';
import type { TestTable } from '../testing/plan-builder.ts';
import { evaluatePlan } from '../testing/model.ts';
import { PlanGenerator, randomTables } from '../testing/random-plan.ts';
import { optimize, ruleNames } from './optimize.ts';

const seeds = Number(process.env['MILLRACE_SEEDS'] ?? 1000);
const sizeMax = Number(process.env['MILLRACE_SIZE'] ?? 5);
const firstSeed = Number(process.env['MILLRACE_SEED'] ?? 1);

function rowsOf(plan: LogicalPlan, tables: readonly TestTable[]): Row[] {
  return evaluatePlan(plan, (oid) => tables.find((table) => table.oid === oid)!.rows, evaluation);
}

function sorted(rows: readonly Row[], plan: LogicalPlan): string[] {
  const types = plan.schema.map((field) => field.type);
  return rows.map((row) => `${rowKeyString(row, types)} ${row.map(String).join(' ')}`).sort();
}

/** The rows, or null when the plan fails; other plans may then fail or not. */
function tryRows(plan: LogicalPlan, tables: readonly TestTable[]): Row[] | null {
  try {
    return rowsOf(plan, tables);
  } catch (error) {
    if (error instanceof SqlError) return null;
    throw error;
  }
}

describe('optimizer', () => {
  it('keeps the meaning of random plans', () => {
    let compared = 0;
    for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
      const random = new SeededRandom(seed);
      const tables = randomTables(random);
      const generator = new PlanGenerator(random, tables);
      const size = 3 + random.below(sizeMax - 2);
      const plan = random.below(2) === 0 ? generator.plan(size) : generator.query(size - 1);
      const expected = tryRows(plan, tables);
      if (expected === null) continue;
      const disabled = new Set(ruleNames.filter(() => random.below(3) === 0));
      for (const off of [new Set<string>(), disabled, new Set(ruleNames)]) {
        const better = optimize(plan, { evaluation, functions, disabled: off, validate: true });
        const actual = sorted(rowsOf(better, tables), better);
        expect(actual, `seed ${seed}, without ${[...off].join(', ')}`).toEqual(
          sorted(expected, plan),
        );
      }
      compared++;
    }
    expect(compared).toBeGreaterThan(seeds / 2);
  });
});
