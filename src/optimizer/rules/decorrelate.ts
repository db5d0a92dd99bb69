/**
 * Replaces every subquery in an expression and every LATERAL join by plain joins. Mandatory: operators know
 * neither.
 *
 *   where exists (q)         →  semi join          where x in (q)      →  semi join on x = q
 *   where not exists (q)     →  anti join          where x not in (q)  →  anti joins, minding NULLs
 *   select (q)               →  left join with at most one row of q for each outer row
 *   select x in (q) or …     →  left join with the distinct matching values and a mark
 *   select array(q)          →  left join with array_agg
 *   limit (q)                →  filter on the rows' numbers
 *   from l, lateral (q)      →  join; q grouped, ranked or limited by the values it needs of l
 *
 * Inner queries go first, so that a subquery being replaced has none of its own. How a subquery that
 * depends on the outer row is freed of it stands in ../decorrelate/unnest.ts.
 */

import { assert } from '../../base/assert.ts';
import { notSupported } from '../../base/errors.ts';
import type { CaseExpr, Expr, SubqueryExpr } from '../../expr/expr.ts';
import { mapChildren, mapExpr, someExpr } from '../../expr/walk.ts';
import { types } from '../../types/sql-type.ts';
import { expressionsOf, mapChildren as mapInputs, mapExpressions } from '../../plan/children.ts';
import {
  booleanConstant,
  columnExpr,
  columnsFor,
  columnsRead,
  conjunction,
  conjuncts,
  hasSubquery,
  isVolatile,
  nullConstant,
  replaceColumns,
  subqueryPlan,
  substitute,
} from '../../plan/expressions.ts';
import type { JoinPlan, LogicalPlan } from '../../plan/logical.ts';
import {
  appendColumns,
  filterBy,
  firstColumns,
  makeJoin,
  makeProject,
  makeUnion,
  oneRow,
  pickColumns,
} from '../../plan/make.ts';
import { countedLimit } from '../decorrelate/counted-limit.ts';
import { extendWith } from '../decorrelate/subquery-columns.ts';
import type { Extended } from '../decorrelate/subquery-columns.ts';
import { filterWith } from '../decorrelate/subquery-filters.ts';
import { Subquery } from '../decorrelate/subquery.ts';
import { orElse, range } from '../decorrelate/unnested.ts';
import type { Rule, RuleContext } from '../rule.ts';

export const decorrelateRule: Rule = {
  name: 'decorrelate',
  apply: (plan, context) => {
    const done = decorrelate(plan, context);
    return done === plan ? null : done;
  },
};

/** The plan without subqueries and lateral joins; the same object when it had none. */
export function decorrelate(plan: LogicalPlan, context: RuleContext): LogicalPlan {
  const node = mapInputs(plan, (input) => decorrelate(input, context));
  if (node.kind === 'join' && node.lateral) return lateral(withPlainOn(node, context), context);
  if (node.kind === 'sort' && [node.limit, node.offset].some(isComputed)) {
    return decorrelate(countedLimit(node, context.functions), context);
  }
  if (!expressionsOf(node).some(hasSubquery)) return node;
  const inner = mapExpressions(node, (expr) => decorrelateInside(expr, context));
  switch (inner.kind) {
    case 'filter':
      return filter(inner.input, conjuncts(inner.predicate), context);
    case 'join':
      return withPlainOn(inner, context);
    case 'values': {
      const rows = inner.rows.map((row) =>
        onInput(makeProject(oneRow(), row, inner.schema), oneRow(), context),
      );
      return { ...makeUnion(rows), schema: inner.schema };
    }
    case 'project':
    case 'aggregate':
      return onInput(inner, inner.input, context);
    case 'sort': {
      const sorted = onInput(inner, inner.input, context);
      return firstColumns(sorted, inner.schema.length);
    }
    case 'over':
    case 'flat-map': {
      const width = inner.input.schema.length;
      const made = inner.schema.length - width;
      const node = onInput(inner, inner.input, context);
      const start = node.schema.length - made;
      return pickColumns(node, [...range(0, width), ...range(start, node.schema.length)]);
    }
    default:
      return inner;
  }
}

/** A count that depends on rows, not only on parameters. */
function isComputed(count: Expr | null): boolean {
  if (count === null) return false;
  return someExpr(count, (part) => part.kind === 'subquery' || part.kind === 'outer');
}

/** The plans of an expression's subqueries decorrelated, each in itself. */
function decorrelateInside(expr: Expr, context: RuleContext): Expr {
  return mapExpr(expr, (part) =>
    part.kind === 'subquery' ? { ...part, plan: decorrelate(subqueryPlan(part), context) } : part,
  );
}

/** The node over an input that was given a column for each subquery in the node's expressions. */
function onInput(node: LogicalPlan, input: LogicalPlan, context: RuleContext): LogicalPlan {
  let current = input;
  const changed = mapExpressions(node, (expr) => {
    const extended = extendFor(current, expr, context);
    current = extended.input;
    return extended.value;
  });
  const over = mapInputs(changed, () => current);
  if (over.kind === 'project' || over.kind === 'aggregate') return over;
  const made = node.schema.slice(input.schema.length);
  return { ...over, schema: [...current.schema, ...made] };
}

/**
 * All subqueries of one expression as columns of the input. `guard` is a condition over the input without
 * which the expression is not evaluated: a subquery in a branch of a CASE must not fail for rows that
 * take another branch.
 */
function extendFor(
  input: LogicalPlan,
  expr: Expr,
  context: RuleContext,
  guard: readonly Expr[] = [],
): Extended {
  if (!hasSubquery(expr)) return { input, value: expr };
  if (expr.kind === 'case') return extendCase(input, expr, context, guard);
  let current = input;
  const value = mapChildren(expr, (part) => {
    const extended = extendFor(current, part, context, guard);
    current = extended.input;
    return extended.value;
  });
  if (value.kind !== 'subquery') return { input: current, value };
  return extendWith(current, value, context, guard);
}

function extendCase(
  input: LogicalPlan,
  expr: CaseExpr,
  context: RuleContext,
  guard: readonly Expr[],
): Extended {
  let current = input;
  const extend = (part: Expr, guards: readonly Expr[]): Expr => {
    const extended = extendFor(current, part, context, guards);
    current = extended.input;
    return extended.value;
  };
  const before: Expr[] = [...guard];
  const add = (condition: Expr, negated: boolean): Expr[] =>
    isVolatile(condition) ? before : [...before, isTrue(condition, negated)];
  const branches = expr.branches.map((branch) => {
    const when = extend(branch.when, before);
    const then = extend(branch.then, add(when, false));
    if (!isVolatile(when)) before.push(isTrue(when, true));
    return { when, then };
  });
  const otherwise = extend(expr.otherwise, before);
  return { input: current, value: { ...expr, branches, otherwise } };
}

function isTrue(arg: Expr, negated: boolean): Expr {
  return { kind: 'is-truth', arg, truth: true, negated, type: types.boolean };
}

/** Plain conditions first, then subqueries one after the other. */
function filter(
  input: LogicalPlan,
  conditions: readonly Expr[],
  context: RuleContext,
): LogicalPlan {
  const width = input.schema.length;
  const all = conditions.flatMap((condition) => conjuncts(pushNot(condition)));
  const plain = all.filter((condition) => !hasSubquery(condition));
  let current = filterBy(input, plain);
  for (const condition of all) {
    if (!hasSubquery(condition)) continue;
    const test = quantifierOf(condition);
    const joined =
      test === null ? null : filterWith(...onArgs(current, test, context), test.negated, context);
    if (joined !== null) {
      current = firstColumns(joined, width);
      continue;
    }
    const extended = extendFor(current, condition, context);
    current = firstColumns(filterBy(extended.input, [extended.value]), width);
  }
  return current;
}

/** Subqueries among a subquery's own arguments become columns first. */
function onArgs(
  input: LogicalPlan,
  test: { readonly subquery: SubqueryExpr },
  context: RuleContext,
): [LogicalPlan, SubqueryExpr] {
  let current = input;
  const args = test.subquery.args.map((arg) => {
    const extended = extendFor(current, arg, context);
    current = extended.input;
    return extended.value;
  });
  return [current, { ...test.subquery, args }];
}

/** NOT over AND and OR pushed inside, so that more conditions stand alone. */
function pushNot(condition: Expr): Expr {
  if (condition.kind !== 'not') return condition;
  const { arg } = condition;
  if (arg.kind === 'not') return pushNot(arg.arg);
  if (arg.kind !== 'or' || !hasSubquery(arg)) return condition;
  return conjunction(
    arg.args.map((part): Expr => pushNot({ kind: 'not', arg: part, type: types.boolean })),
  );
}

function quantifierOf(
  condition: Expr,
): { readonly subquery: SubqueryExpr; readonly negated: boolean } | null {
  const negated = condition.kind === 'not';
  const subquery = negated ? condition.arg : condition;
  return subquery.kind === 'subquery' ? { subquery, negated } : null;
}

/** A join whose ON has no subquery: each becomes a column of the side it reads. */
function withPlainOn(join: JoinPlan, context: RuleContext): LogicalPlan {
  if (!hasSubquery(join.on)) return join;
  const conditions = conjuncts(join.on).map((part) => decorrelateInside(part, context));
  const plain = conditions.filter((condition) => !hasSubquery(condition));
  const asking = conditions.filter(hasSubquery);
  if (join.type === 'inner' && !join.lateral) {
    return filter({ ...join, on: conjunction(plain) }, asking, context);
  }
  if (join.lateral) {
    throw notSupported('a subquery in the ON of a LATERAL join', {
      hint: 'Move the condition into the lateral subquery.',
    });
  }
  return joinOverColumns(join, conditions, context);
}

function joinOverColumns(
  join: JoinPlan,
  conditions: readonly Expr[],
  context: RuleContext,
): LogicalPlan {
  const leftWidth = join.left.schema.length;
  let { left, right } = join;
  // Columns added to the left are told from the others by negative numbers until both sides are done.
  const on = conjunction(
    conditions.map((condition) =>
      mapExpr(condition, (part) => {
        if (part.kind !== 'subquery') return part;
        const read = [...columnsRead(part)].filter((column) => column >= 0);
        const added = [...columnsRead(part)].some((column) => column < 0);
        const onLeft = read.every((column) => column < leftWidth) && (read.length > 0 || added);
        const onRight = read.every((column) => column >= leftWidth) && !added;
        if (!onLeft && !onRight) {
          throw notSupported('a subquery over both sides in the ON of an outer join', {
            position: part.at,
            hint: 'Compute the subquery in a subselect of one side first.',
          });
        }
        if (onRight) {
          const moved = replaceColumns(part, (column) => ({
            ...column,
            index: column.index - leftWidth,
          }));
          assert(moved.kind === 'subquery', 'moving columns keeps the subquery');
          const extended = extendWith(right, moved, context);
          right = extended.input;
          return replaceColumns(extended.value, (column) => ({
            ...column,
            index: column.index + leftWidth,
          }));
        }
        const moved = replaceColumns(part, (column) =>
          column.index < 0 ? { ...column, index: leftWidth - 1 - column.index } : column,
        );
        assert(moved.kind === 'subquery', 'moving columns keeps the subquery');
        const extended = extendWith(left, moved, context);
        left = extended.input;
        return replaceColumns(extended.value, (column) =>
          column.index < leftWidth ? column : { ...column, index: leftWidth - 1 - column.index },
        );
      }),
    ),
  );
  const shift = left.schema.length - leftWidth;
  const placed = replaceColumns(on, (column) => {
    if (column.index < 0) return { ...column, index: leftWidth - 1 - column.index };
    return column.index < leftWidth ? column : { ...column, index: column.index + shift };
  });
  const joined = makeJoin(join.type, left, right, placed);
  return pickColumns(
    joined,
    join.schema.map((_, i) => (i < leftWidth ? i : i + shift)),
  );
}

/** LATERAL: the right side is a subquery over the left rows, joined with all its columns. */
function lateral(join: LogicalPlan, context: RuleContext): LogicalPlan {
  assert(join.kind === 'join', 'a lateral join');
  if (join.type !== 'inner' && join.type !== 'left') {
    throw notSupported(`a LATERAL ${join.type} join`);
  }
  const { left } = join;
  const width = left.schema.length;
  const subquery = new Subquery(join.right, left, {
    evaluation: context.evaluation,
    anyOrder: false,
  });
  const trivial = conjuncts(join.on).length === 0;
  const connected = trivial ? subquery.connect() : connectWithout(subquery);
  const columns: Expr[] = [...columnsFor(left.schema), ...connected.exprs];
  const on = conjuncts(substitute(join.on, columns));
  const outer = join.type === 'left' || connected.missing !== null;
  const right = outer
    ? appendColumns(connected.right, [booleanConstant(true)], ['found'])
    : connected.right;
  const joined = makeJoin(
    outer ? 'left' : 'inner',
    left,
    right,
    conjunction([...connected.on, ...on]),
  );
  const found = columnExpr(joined.schema.length - 1, types.boolean);
  const values = connected.exprs.map((expr, i) => {
    if (!outer) return expr;
    const otherwise = connected.missing?.[i] ?? nullConstant(expr.type);
    const ofLeft = expr.kind === 'column' && expr.index < width;
    const value: Expr = ofLeft ? { kind: 'coalesce', args: [expr], type: expr.type } : expr;
    return orElse(found, value, otherwise);
  });
  return makeProject(joined, [...columnsFor(left.schema), ...values], join.schema);
}

/** Connected with the rows of an empty global aggregate joined in, so that ON can be asked of them. */
function connectWithout(subquery: Subquery): ReturnType<Subquery['connect']> {
  return subquery.connect([booleanConstant(true)]);
}
