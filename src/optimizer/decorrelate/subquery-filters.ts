/**
 * Subqueries as conditions of a WHERE: EXISTS, IN and their kin become semi and anti joins when the
 * condition stands alone in the conjunction, where unknown counts as false.
 */

import type { Expr, SubqueryExpr } from '../../expr/expr.ts';
import { types } from '../../types/sql-type.ts';
import {
  booleanConstant,
  columnExpr,
  conjunction,
  isNull,
  isNullable,
  notDistinct,
  subqueryPlan,
} from '../../plan/expressions.ts';
import type { JoinType, LogicalPlan } from '../../plan/logical.ts';
import {
  appendColumns,
  filterBy,
  makeDistinct,
  makeJoin,
  noRows,
  pickColumns,
} from '../../plan/make.ts';
import { propertiesOf } from '../../plan/properties.ts';
import type { RuleContext } from '../rule.ts';
import { Subquery, comparison } from './subquery.ts';
import { anyOrder, combine, isFalse, isPlainEquality } from './subquery-columns.ts';

/** The rows of `input` for which the subquery (negated: its negation) is TRUE; null when it gives no condition. */
export function filterWith(
  input: LogicalPlan,
  expr: SubqueryExpr,
  negated: boolean,
  context: RuleContext,
): LogicalPlan | null {
  switch (expr.mode) {
    case 'exists':
      return joinOn(input, makeSubquery(input, expr, context), {
        type: negated ? 'anti' : 'semi',
        condition: () => [],
      });
    case 'any':
      if (!negated) {
        return joinOn(input, makeSubquery(input, expr, context), {
          type: 'semi',
          condition: (row, args) => [combine(expr, comparison({ ...expr, args }, row))],
        });
      }
      return notAny(input, expr, context);
    case 'all':
      return joinOn(input, makeSubquery(input, expr, context), {
        type: negated ? 'semi' : 'anti',
        condition: (row, args) => {
          const holds = combine(expr, comparison({ ...expr, args }, row));
          return [negated ? isFalse(holds) : isNotTrue(holds)];
        },
      });
    case 'scalar':
    case 'array':
      return null;
  }
}

/**
 * NOT (x IN (subquery)): no row may be equal to x, and none may leave it unknown. For one column that is
 * three anti joins, each on equality: with equal rows; with NULL rows; with any row when x is NULL.
 */
function notAny(input: LogicalPlan, expr: SubqueryExpr, context: RuleContext): LogicalPlan {
  const row = subqueryPlan(expr).schema;
  const known =
    expr.args.every((arg) => !isNullable(arg, input.schema)) &&
    row.every((field) => !field.nullable);
  const single = expr.args.length === 1 && isPlainEquality(expr);
  if (!(single || (known && isPlainEquality(expr)))) {
    return joinOn(input, makeSubquery(input, expr, context), {
      type: 'anti',
      condition: (values, args) => [
        isNotFalse(combine(expr, comparison({ ...expr, args }, values))),
      ],
    });
  }
  let result = joinOn(input, makeSubquery(input, expr, context), {
    type: 'anti',
    condition: (values, args) => [combine(expr, comparison({ ...expr, args }, values))],
  });
  if (row.some((field) => field.nullable)) {
    result = joinOn(result, makeSubquery(result, expr, context), {
      type: 'anti',
      condition: (values) => [isNull(values[0]!)],
    });
  }
  const arg = expr.args[0]!;
  if (expr.args.some((each) => isNullable(each, input.schema))) {
    result = joinOn(result, makeSubquery(result, expr, context), {
      type: 'anti',
      condition: () => [],
      when: isNull(arg),
    });
  }
  return result;
}

function makeSubquery(input: LogicalPlan, expr: SubqueryExpr, context: RuleContext): SubqueryOf {
  const subquery = new Subquery(subqueryPlan(expr), input, anyOrder(context));
  const args = expr.args.map((arg) => (arg.kind === 'constant' ? arg : subquery.domain.add(arg)));
  return { subquery, args };
}

interface SubqueryOf {
  readonly subquery: Subquery;
  /** The subquery's arguments as items of its domain. */
  readonly args: readonly Expr[];
}

/** Semi or anti join of the outer rows with the subquery's. `when`: only outer rows of that kind can match. */
function joinOn(
  input: LogicalPlan,
  { subquery, args }: SubqueryOf,
  options: {
    readonly type: JoinType & ('semi' | 'anti');
    readonly condition: (row: readonly Expr[], args: readonly Expr[]) => readonly Expr[];
    readonly when?: Expr;
  },
): LogicalPlan {
  const connected = subquery.connect(options.condition(subquery.peeled.exprs, args));
  const always =
    connected.missing !== null ||
    (connected.on.length === 0 && propertiesOf(connected.right).atLeastOne);
  if (always) {
    // The subquery has a row whatever the outer row is.
    if (options.when !== undefined) return filterBy(input, [isNotTrue(options.when)]);
    return options.type === 'semi' ? input : noRows(input.schema);
  }
  if (options.when === undefined) {
    return makeJoin(options.type, input, connected.right, conjunction(connected.on));
  }
  // Equality with a constant column makes the test on the outer row a key, so that few pairs are compared.
  const width = input.schema.length;
  const right = appendColumns(connected.right, [booleanConstant(true)], ['found']);
  const mark = columnExpr(width + right.schema.length - 1, types.boolean);
  const on = conjunction([...connected.on, notDistinct(options.when, mark)]);
  const reduced =
    connected.on.length === 0 ? makeDistinct(pickColumns(right, [right.schema.length - 1])) : right;
  if (reduced === right) return makeJoin(options.type, input, right, on);
  const only = notDistinct(options.when, columnExpr(width, types.boolean));
  return makeJoin(options.type, input, reduced, only);
}

function isNotTrue(arg: Expr): Expr {
  return { kind: 'is-truth', arg, truth: true, negated: true, type: types.boolean };
}

function isNotFalse(arg: Expr): Expr {
  return { kind: 'is-truth', arg, truth: false, negated: true, type: types.boolean };
}
