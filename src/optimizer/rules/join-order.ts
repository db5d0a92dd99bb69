/**
 * Orders inner joins so that each one has an equality with what is already joined, and takes conditions
 * common to all branches of an OR out of it.
 *
 *   (a × b) join c on a.x = c.x and b.y = c.y   →  (a join c on a.x = c.x) join b on b.y = c.y
 *   filter (k and p) or (k and q)               →  filter k and (p or q)
 *
 * Joins that have their equalities already are left as they were written.
 */

import type { Expr } from '../../expr/expr.ts';
import { types } from '../../types/sql-type.ts';
import { sameExpr } from '../../plan/encode.ts';
import { mapChildren, mapPlan } from '../../plan/children.ts';
import {
  columnExpr,
  columnsRead,
  conjunction,
  conjuncts,
  isVolatile,
  moveColumns,
  replaceColumns,
} from '../../plan/expressions.ts';
import { splitCondition } from '../../plan/join-condition.ts';
import type { JoinPlan, LogicalPlan } from '../../plan/logical.ts';
import { makeFilter, makeJoin, makeProject } from '../../plan/make.ts';
import type { Rule } from '../rule.ts';

export const joinOrderRule: Rule = {
  name: 'join-order',
  apply: (plan) => {
    const factored = mapPlan(plan, factorConditions);
    const ordered = order(factored);
    return ordered === plan ? null : ordered;
  },
};

function factorConditions(plan: LogicalPlan): LogicalPlan {
  if (plan.kind === 'filter') {
    const predicate = factorAll(plan.predicate);
    return predicate === plan.predicate ? plan : makeFilter(plan.input, predicate);
  }
  if (plan.kind === 'join') {
    const on = factorAll(plan.on);
    return on === plan.on ? plan : { ...plan, on };
  }
  return plan;
}

function factorAll(predicate: Expr): Expr {
  const parts = conjuncts(predicate);
  const factored = parts.flatMap(factor);
  return factored.length === parts.length ? predicate : conjunction(factored);
}

/** An OR whose branches share conditions as those conditions and the OR of what is left. */
function factor(part: Expr): readonly Expr[] {
  if (part.kind !== 'or' || isVolatile(part)) return [part];
  const branches = part.args.map(conjuncts);
  const [first, ...others] = branches;
  const common = (first ?? []).filter((condition) =>
    others.every((branch) => branch.some((other) => sameExpr(other, condition))),
  );
  if (common.length === 0) return [part];
  const isCommon = (condition: Expr): boolean => common.some((other) => sameExpr(other, condition));
  const rests = branches.map((branch) => branch.filter((condition) => !isCommon(condition)));
  if (rests.some((rest) => rest.length === 0)) return common;
  return [...common, { kind: 'or', args: rests.map(conjunction), type: types.boolean }];
}

function order(plan: LogicalPlan): LogicalPlan {
  if (isPlainInner(plan) && hasCross(plan)) {
    const reordered = reorder(plan);
    if (reordered !== null) return reordered;
  }
  // A tree that stays as it is must not be taken apart again from its middle.
  return mapInputs(plan);
}

function mapInputs(plan: LogicalPlan): LogicalPlan {
  if (!isPlainInner(plan)) return mapChildren(plan, order);
  const inner = (side: LogicalPlan): LogicalPlan =>
    isPlainInner(side) ? mapInputs(side) : order(side);
  const left = inner(plan.left);
  const right = inner(plan.right);
  return left === plan.left && right === plan.right ? plan : { ...plan, left, right };
}

function isPlainInner(plan: LogicalPlan): plan is JoinPlan {
  return plan.kind === 'join' && plan.type === 'inner' && !plan.lateral && plan.lookup !== true;
}

function hasKeys(on: Expr, leftWidth: number): boolean {
  return splitCondition(on, leftWidth).keys.length > 0;
}

function hasCross(plan: LogicalPlan): boolean {
  if (!isPlainInner(plan)) return false;
  return !hasKeys(plan.on, plan.left.schema.length) || hasCross(plan.left) || hasCross(plan.right);
}

function countCross(plan: LogicalPlan): number {
  if (plan.kind === 'project') return countCross(plan.input);
  if (!isPlainInner(plan)) return 0;
  const own = hasKeys(plan.on, plan.left.schema.length) ? 0 : 1;
  return own + countCross(plan.left) + countCross(plan.right);
}

interface Leaf {
  readonly plan: LogicalPlan;
  /** Where its columns begin in the row of the whole tree. */
  readonly start: number;
}

function reorder(plan: JoinPlan): LogicalPlan | null {
  const leaves: Leaf[] = [];
  const conditions: Expr[] = [];
  flatten(plan, 0, leaves, conditions);
  if (conditions.some(isVolatile)) return null;
  const leafOf = (column: number): number => {
    let found = 0;
    leaves.forEach((leaf, i) => {
      if (leaf.start <= column && leaf.plan.schema.length > 0) found = i;
    });
    return found;
  };
  const needs = conditions.map(
    (condition) => new Set([...columnsRead(condition)].map((column) => leafOf(column))),
  );
  const chain = chooseOrder(leaves, conditions, needs);
  const joined = build(leaves, conditions, needs, chain);
  if (countCross(joined.plan) >= countCross(plan)) return null;
  const exprs = plan.schema.map((field, i) => columnExpr(joined.place.get(i)!, field.type));
  return makeProject(joined.plan, exprs, plan.schema);
}

function flatten(plan: LogicalPlan, start: number, leaves: Leaf[], conditions: Expr[]): void {
  if (!isPlainInner(plan)) {
    leaves.push({ plan: order(plan), start });
    return;
  }
  flatten(plan.left, start, leaves, conditions);
  flatten(plan.right, start + plan.left.schema.length, leaves, conditions);
  for (const part of conjuncts(plan.on)) conditions.push(moveColumns(part, start));
}

/** From the first leaf on, the next one in writing order that an equality ties to those before it. */
function chooseOrder(
  leaves: readonly Leaf[],
  conditions: readonly Expr[],
  needs: readonly ReadonlySet<number>[],
): readonly number[] {
  const chain: number[] = [];
  const left = new Set(leaves.keys());
  const isTied = (leaf: number): boolean =>
    needs.some((need, i) => {
      const ready = need.has(leaf) && [...need].every((n) => n === leaf || chain.includes(n));
      if (!ready || need.size < 2) return false;
      const { start, plan } = leaves[leaf]!;
      return isEqualityWith(conditions[i]!, start, start + plan.schema.length);
    });
  while (left.size > 0) {
    const candidates = [...left];
    const next = candidates.find(isTied) ?? candidates[0]!;
    chain.push(next);
    left.delete(next);
  }
  return chain;
}

/** Whether a condition equates something of columns [from, to) alone with something of others alone. */
function isEqualityWith(condition: Expr, from: number, to: number): boolean {
  // Laid out as if the leaf's columns came last, so that one test for keys serves.
  const far = 1_000_000;
  const moved = replaceColumns(condition, (column) =>
    column.index >= from && column.index < to ? { ...column, index: column.index + far } : column,
  );
  return hasKeys(moved, far);
}

function build(
  leaves: readonly Leaf[],
  conditions: readonly Expr[],
  needs: readonly ReadonlySet<number>[],
  chain: readonly number[],
): { readonly plan: LogicalPlan; readonly place: ReadonlyMap<number, number> } {
  const place = new Map<number, number>();
  const note = (leaf: Leaf, at: number): void => {
    leaf.plan.schema.forEach((_, i) => place.set(leaf.start + i, at + i));
  };
  const used = new Set<number>();
  const joined = new Set<number>([chain[0]!]);
  let plan = leaves[chain[0]!]!.plan;
  note(leaves[chain[0]!]!, 0);
  for (const next of chain.slice(1)) {
    const leaf = leaves[next]!;
    note(leaf, plan.schema.length);
    joined.add(next);
    const on = conditions.flatMap((condition, i) => {
      if (used.has(i) || ![...needs[i]!].every((need) => joined.has(need))) return [];
      used.add(i);
      return [
        replaceColumns(condition, (column) => ({ ...column, index: place.get(column.index)! })),
      ];
    });
    plan = makeJoin('inner', plan, leaf.plan, conjunction(on));
  }
  return { plan, place };
}
