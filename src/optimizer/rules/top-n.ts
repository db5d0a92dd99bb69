/**
 * A filter on a row number keeps only the first rows of each partition, so only those need be kept.
 *
 *   filter n <= 3 over over(row_number() as n partition p order o over q)
 *     →  over(row_number() as n …) over sort(partition p order o limit 3 over q)
 *
 * rank() works the same way with ties. The numbering above goes away when nothing reads it.
 */

import type { Expr } from '../../expr/expr.ts';
import { types } from '../../types/sql-type.ts';
import { mapPlan } from '../../plan/children.ts';
import { conjuncts } from '../../plan/expressions.ts';
import type { LogicalPlan, OverPlan, SortPlan } from '../../plan/logical.ts';
import { filterBy } from '../../plan/make.ts';
import type { Rule } from '../rule.ts';

export const topNRule: Rule = {
  name: 'top-n',
  apply: (plan) => {
    const limited = mapPlan(plan, limitNumbered);
    return limited === plan ? null : limited;
  },
};

function limitNumbered(plan: LogicalPlan): LogicalPlan {
  if (plan.kind !== 'filter' || plan.input.kind !== 'over') return plan;
  const over = plan.input;
  const name = over.calls[0]?.name;
  const withTies = name === 'rank';
  if (name !== 'row_number' && !withTies) return plan;
  if (over.calls.some((call) => call.name !== name || call.aggregate !== null)) return plan;
  const width = over.input.schema.length;
  const conditions = conjuncts(plan.predicate);
  const bounds = conditions.map((condition) => boundOf(condition, width, over.schema.length));
  const known = bounds.filter((bound) => bound !== null);
  if (known.length === 0) return plan;
  const limit = known.reduce((a, b) => (a < b ? a : b));
  const rest = conditions.filter((_, i) => bounds[i] === null);
  return filterBy(limited(over, limit < 0n ? 0n : limit, withTies), rest);
}

function limited(over: OverPlan, limit: bigint, withTies: boolean): LogicalPlan {
  const sort: SortPlan = {
    kind: 'sort',
    input: over.input,
    partitionBy: over.partitionBy,
    order: over.order,
    limit: { kind: 'constant', value: limit, type: types.bigint },
    offset: null,
    // Without an order all rows of a partition rank first, and WITH TIES keeps them all.
    withTies: withTies,
    schema: over.input.schema,
  };
  return { ...over, input: sort };
}

/** `n <= 3`, `n < 4`, `n = 1` and their mirror images as the greatest n; null for anything else. */
function boundOf(condition: Expr, from: number, to: number): bigint | null {
  if (condition.kind !== 'call' || !condition.fn.operator || condition.args.length !== 2) {
    return null;
  }
  const [a, b] = [condition.args[0]!, condition.args[1]!];
  const isNumber = (expr: Expr): boolean =>
    expr.kind === 'column' && expr.index >= from && expr.index < to;
  const direct = isNumber(a);
  const other = direct ? b : a;
  if (!(direct || isNumber(b)) || other.kind !== 'constant') return null;
  const { value } = other;
  if (typeof value !== 'bigint' && !(typeof value === 'number' && Number.isInteger(value))) {
    return null;
  }
  const operator = direct ? condition.fn.name : mirrored.get(condition.fn.name);
  const count = BigInt(value);
  if (operator === '<=') return count;
  if (operator === '<') return count - 1n;
  return operator === '=' && count === 1n ? count : null;
}

const mirrored: ReadonlyMap<string, string> = new Map([
  ['>=', '<='],
  ['>', '<'],
  ['=', '='],
]);
