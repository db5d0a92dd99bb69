/**
 * Moves filters toward the sources.
 *
 *   filter p over project e          →  project e over filter p[e]
 *   filter l ∧ r ∧ b over join       →  join (filter l) (filter r) on b …
 *   filter p over union              →  union of filter p
 *   filter k over aggregate by k     →  aggregate over filter k
 *   filter p over window, over       →  below it, when p reads only what the operator does not add or divide
 *   join on l ∧ c                    →  join (filter l) … on c, where a side may be filtered
 *
 * A condition is not moved when it is volatile, nor past a column that is.
 */

import type { Expr } from '../../expr/expr.ts';
import {
  cannotFail,
  columnsRead,
  conjunction,
  conjuncts,
  isVolatile,
  moveColumns,
  substitute,
} from '../../plan/expressions.ts';
import type { JoinPlan, LogicalPlan } from '../../plan/logical.ts';
import { mapChildren } from '../../plan/children.ts';
import { filterBy } from '../../plan/make.ts';
import type { Rule } from '../rule.ts';

export const pushFilterRule: Rule = {
  name: 'push-filter',
  apply: (plan) => {
    const pushed = pushFilters(plan);
    return pushed === plan ? null : pushed;
  },
};

/** All filters of a plan as far down as they go; the same object when none moved. */
export function pushFilters(plan: LogicalPlan): LogicalPlan {
  const moved = plan.kind === 'filter' ? pushOnce(plan.input, conjuncts(plan.predicate)) : null;
  if (moved !== null) return pushFilters(moved);
  if (plan.kind === 'join') {
    const split = pushFromJoin(plan);
    if (split !== null) return pushFilters(split);
  }
  return mapChildren(plan, pushFilters);
}

/** The plan for `filter conditions over input` with at least one condition moved; null when none moves. */
function pushOnce(input: LogicalPlan, conditions: readonly Expr[]): LogicalPlan | null {
  switch (input.kind) {
    case 'filter': {
      const below = conjuncts(input.predicate);
      return filterBy(input.input, [...below, ...conditions]);
    }
    case 'project': {
      if (input.whole === true) return null;
      const { below, above } = split(
        conditions,
        (condition) =>
          ![...columnsRead(condition)].some((column) => isVolatile(input.exprs[column]!)),
      );
      if (below.length === 0) return null;
      const moved = below.map((condition) => substitute(condition, input.exprs));
      return filterBy({ ...input, input: filterBy(input.input, moved) }, above);
    }
    case 'join':
      return pushIntoJoin(input, conditions);
    case 'recursion':
    case 'self':
      return null;
    case 'union': {
      const { below, above } = split(conditions, () => true);
      if (below.length === 0) return null;
      const inputs = input.inputs.map((branch) => filterBy(branch, below));
      return filterBy({ ...input, inputs }, above);
    }
    case 'set': {
      const { below, above } = split(conditions, cannotFail);
      if (below.length === 0) return null;
      const left = filterBy(input.left, below);
      const right = filterBy(input.right, below);
      return filterBy({ ...input, left, right }, above);
    }
    case 'distinct': {
      const { below, above } = split(conditions, () => true);
      if (below.length === 0) return null;
      return filterBy({ ...input, input: filterBy(input.input, below) }, above);
    }
    case 'aggregate': {
      if (input.groupingSets !== null || input.keys.length === 0) return null;
      const { below, above } = split(conditions, (condition) => {
        const read = [...columnsRead(condition)];
        return (
          read.length > 0 &&
          read.every((column) => column < input.keys.length && !isVolatile(input.keys[column]!))
        );
      });
      if (below.length === 0) return null;
      const moved = below.map((condition) => substitute(condition, input.keys));
      return filterBy({ ...input, input: filterBy(input.input, moved) }, above);
    }
    case 'window': {
      const width = input.input.schema.length;
      const session = input.window.fn === 'session' ? input.window.partitionBy : null;
      return pushBelow(input, conditions, (read) =>
        read.every((column) => column < width && (session === null || session.includes(column))),
      );
    }
    case 'over':
    case 'sort': {
      const columns = input.partitionBy.map((expr) => (expr.kind === 'column' ? expr.index : -1));
      const divides = input.kind === 'over' || input.limit !== null || input.offset !== null;
      return pushBelow(input, conditions, (read) =>
        divides ? read.length > 0 && read.every((column) => columns.includes(column)) : true,
      );
    }
    case 'flat-map': {
      const width = input.input.schema.length;
      return pushBelow(input, conditions, (read) => read.every((column) => column < width));
    }
    case 'single-row':
    case 'scan':
    case 'values':
      return null;
  }
}

/** Moves conditions below a node whose input columns keep their places. */
function pushBelow(
  node: LogicalPlan & { readonly input: LogicalPlan },
  conditions: readonly Expr[],
  movable: (read: readonly number[]) => boolean,
): LogicalPlan | null {
  const { below, above } = split(conditions, (condition) => movable([...columnsRead(condition)]));
  if (below.length === 0) return null;
  const input = filterBy(node.input, below);
  return filterBy(
    mapChildren(node, () => input),
    above,
  );
}

function split(
  conditions: readonly Expr[],
  movable: (condition: Expr) => boolean,
): { readonly below: readonly Expr[]; readonly above: readonly Expr[] } {
  const below: Expr[] = [];
  const above: Expr[] = [];
  for (const condition of conditions) {
    (!isVolatile(condition) && movable(condition) ? below : above).push(condition);
  }
  return { below, above };
}

/** Conditions above a join go to the sides they read, where that side's rows all come through. */
function pushIntoJoin(join: JoinPlan, conditions: readonly Expr[]): LogicalPlan | null {
  const width = join.left.schema.length;
  const leftKept = join.type !== 'right' && join.type !== 'full';
  const rightKept = join.type === 'inner' || join.type === 'right';
  const left: Expr[] = [];
  const right: Expr[] = [];
  const on: Expr[] = [];
  const above: Expr[] = [];
  for (const condition of conditions) {
    const side = sideOf(condition, width);
    if (isVolatile(condition)) above.push(condition);
    else if (side === 'left' && leftKept) left.push(condition);
    else if (side === 'right' && rightKept && !join.lateral) {
      right.push(moveColumns(condition, -width));
    } else if (join.type === 'inner') on.push(condition);
    else above.push(condition);
  }
  if (left.length + right.length + on.length === 0) return null;
  const pushed: JoinPlan = {
    ...join,
    left: filterBy(join.left, left),
    right: filterBy(join.right, right),
    on: conjunction([...conjuncts(join.on), ...on]),
  };
  return filterBy(pushed, above);
}

/** Conditions of a join that read one side only filter that side, unless its rows come through unmatched. */
function pushFromJoin(join: JoinPlan): LogicalPlan | null {
  const width = join.left.schema.length;
  const fromLeft = join.type === 'inner' || join.type === 'right' || join.type === 'semi';
  const fromRight = join.type !== 'right' && join.type !== 'full' && !join.lateral;
  const left: Expr[] = [];
  const right: Expr[] = [];
  const on: Expr[] = [];
  for (const condition of conjuncts(join.on)) {
    const side = sideOf(condition, width);
    if (isVolatile(condition)) on.push(condition);
    else if (side === 'left' && fromLeft) left.push(condition);
    else if (side === 'right' && fromRight) right.push(moveColumns(condition, -width));
    else on.push(condition);
  }
  if (left.length + right.length === 0) return null;
  return {
    ...join,
    left: filterBy(join.left, left),
    right: filterBy(join.right, right),
    on: conjunction(on),
  };
}

/** The one side that a condition reads; null for both or none. */
function sideOf(condition: Expr, leftWidth: number): 'left' | 'right' | null {
  const read = [...columnsRead(condition)];
  if (read.length === 0) return null;
  if (read.every((column) => column < leftWidth)) return 'left';
  return read.every((column) => column >= leftWidth) ? 'right' : null;
}
