/**
 * Outer joins become inner where the rows they add are dropped anyway.
 *
 *   filter r.x = 1 over left join l, r   →  filter r.x = 1 over inner join l, r
 *   filter l.y > 0 over full join l, r   →  filter l.y > 0 over left join l, r
 *
 * A condition that cannot be TRUE when a column is NULL makes that column *required*; requirements are
 * carried down through operators that keep rows as they are.
 */

import type { Expr } from '../../expr/expr.ts';
import { conjuncts } from '../../plan/expressions.ts';
import { mapChildren } from '../../plan/children.ts';
import type { JoinPlan, JoinType, LogicalPlan } from '../../plan/logical.ts';
import { joinSchema } from '../../plan/make.ts';
import type { Rule } from '../rule.ts';

export const outerJoinRule: Rule = {
  name: 'outer-join',
  apply: (plan) => {
    const reduced = reduce(plan, new Set());
    return reduced === plan ? null : reduced;
  },
};

type Columns = ReadonlySet<number>;

/** `required`: rows where one of these columns is NULL do not matter. */
function reduce(plan: LogicalPlan, required: Columns): LogicalPlan {
  switch (plan.kind) {
    case 'filter': {
      const more = new Set([...required, ...conditionColumns(plan.predicate)]);
      const input = reduce(plan.input, more);
      return input === plan.input ? plan : { ...plan, input };
    }
    case 'project': {
      const below = new Set<number>();
      for (const column of required) {
        for (const read of nullIfNull(plan.exprs[column]!)) below.add(read);
      }
      return mapChildren(plan, (input) => reduce(input, below));
    }
    case 'distinct':
    case 'union':
      return mapChildren(plan, (input) => reduce(input, required));
    case 'flat-map':
    case 'window': {
      const width = plan.input.schema.length;
      const below = new Set([...required].filter((column) => column < width));
      const safe =
        plan.kind === 'window' && plan.window.fn === 'session' ? new Set<number>() : below;
      return mapChildren(plan, (input) => reduce(input, safe));
    }
    case 'join':
      return reduceJoin(plan, required);
    default:
      return mapChildren(plan, (input) => reduce(input, new Set()));
  }
}

function reduceJoin(plan: JoinPlan, required: Columns): LogicalPlan {
  const width = plan.left.schema.length;
  const needsLeft = [...required].some((column) => column < width);
  const needsRight = [...required].some((column) => column >= width);
  const type = reducedType(plan.type, needsLeft, needsRight);
  const inOn = conditionColumns(plan.on);
  const left = new Set<number>();
  const right = new Set<number>();
  const note = (column: number): void => {
    if (column < width) left.add(column);
    else right.add(column - width);
  };
  // Rows of a side that must match are those for which ON holds and which are asked for above.
  const keepsLeft = type === 'left' || type === 'full' || type === 'anti';
  const keepsRight = type === 'right' || type === 'full';
  for (const column of required) {
    const own = column < width;
    if (own ? !keepsRight : !keepsLeft) note(column);
  }
  for (const column of inOn) {
    const own = column < width;
    if (own ? !keepsLeft : !keepsRight) note(column);
  }
  const reduced = mapChildren(plan, (input, position) =>
    reduce(input, plan.lateral ? new Set() : position === 0 ? left : right),
  );
  if (type === plan.type || reduced.kind !== 'join') return reduced;
  const schema = joinSchema(type, reduced.left.schema, reduced.right.schema);
  return { ...reduced, type, schema: schema.map((f, i) => ({ ...f, name: plan.schema[i]!.name })) };
}

function reducedType(type: JoinType, needsLeft: boolean, needsRight: boolean): JoinType {
  if (type === 'left') return needsRight ? 'inner' : type;
  if (type === 'right') return needsLeft ? 'inner' : type;
  if (type !== 'full') return type;
  if (needsLeft && needsRight) return 'inner';
  return needsLeft ? 'left' : needsRight ? 'right' : type;
}

/** Columns of which none may be NULL for all conditions to be TRUE. */
function conditionColumns(predicate: Expr): Columns {
  const columns = new Set<number>();
  for (const part of conjuncts(predicate)) {
    for (const column of trueNeeds(part)) columns.add(column);
  }
  return columns;
}

/** Columns that are not NULL whenever the expression is TRUE. */
function trueNeeds(expr: Expr): Columns {
  switch (expr.kind) {
    case 'and':
      return conditionColumns(expr);
    case 'or': {
      const [first, ...others] = expr.args.map(trueNeeds);
      return new Set(
        [...(first ?? [])].filter((column) => others.every((other) => other.has(column))),
      );
    }
    case 'is-null':
      return expr.negated && expr.arg.type.kind !== 'row' ? nullIfNull(expr.arg) : new Set();
    case 'is-truth':
      return expr.truth === true && !expr.negated ? trueNeeds(expr.arg) : new Set();
    default:
      return nullIfNull(expr);
  }
}

/** Columns that make the expression NULL when they are NULL. */
function nullIfNull(expr: Expr): Columns {
  switch (expr.kind) {
    case 'column':
      return new Set([expr.index]);
    case 'cast':
    case 'not':
      return nullIfNull(expr.arg);
    case 'in-list':
      return nullIfNull(expr.arg);
    case 'call': {
      if (!expr.fn.strict) return new Set();
      return new Set(expr.args.flatMap((arg) => [...nullIfNull(arg)]));
    }
    default:
      return new Set();
  }
}
