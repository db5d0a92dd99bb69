/**
 * The end of a SELECT: its columns, hidden ones to sort by, DISTINCT, ORDER BY, LIMIT. The sort node, when
 * there is one, is the root, and its keys are plain columns.
 */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type { Expr } from '../expr/expr.ts';
import type { OrderSpec } from '../plan/dataflow-plan.ts';
import type { LogicalPlan, SortKey } from '../plan/logical.ts';
import type * as ast from '../syntax/ast.ts';
import { types } from '../types/sql-type.ts';
import type { QueryEnv, QueryResult } from './expr-env.ts';
import { addSort, type LimitClause } from './limit.ts';
import { project } from './query-result.ts';
import { sameExpr } from './same-expr.ts';
import { checkGroupable } from './group-by.ts';

export interface OutputColumn {
  readonly name: string;
  readonly expr: Expr;
}

export interface SelectEnd {
  readonly columns: readonly OutputColumn[];
  readonly order: readonly SortKey[];
  readonly distinctOn: readonly SortKey[];
  /** Where each of them is written. */
  readonly distinctOnPositions: readonly number[];
  readonly distinct: ast.DistinctClause | null;
  readonly tail: LimitClause;
  readonly env: QueryEnv;
}

export function finishSelect(input: LogicalPlan, end: SelectEnd): QueryResult {
  const outputs = [...end.columns];
  const width = outputs.length;
  const column = (expr: Expr): number => {
    const found = outputs.findIndex((each) => sameExpr(each.expr, expr));
    return found >= 0 ? found : outputs.push({ name: `sort${outputs.length + 1}`, expr }) - 1;
  };
  const order = end.order.map((key) => toSpec(key, column(key.expr)));
  const on = end.distinctOn.map((key) => toSpec(key, column(key.expr)));
  const plain = end.distinct !== null && end.distinct.on === null;
  if (plain) checkDistinct(order, width, end);
  if (plain) {
    for (const each of end.columns) {
      checkGroupable(end.env.binding, each.expr, each.expr.at ?? end.distinct.span.start);
    }
  }
  let plan: LogicalPlan = project(input, outputs);
  if (plain) plan = { kind: 'distinct', input: plan, schema: plan.schema };
  if (on.length > 0) plan = distinctOn(plan, on, order, end);
  const keys = order.map((spec) => keyOf(spec, plan));
  return { plan: addSort(plan, keys, end.tail, end.env), width, order, emit: null };
}

function toSpec(key: SortKey, column: number): OrderSpec {
  return { column, descending: key.descending, nullsFirst: key.nullsFirst };
}

/** A sort key that is a column of `plan`. */
export function keyOf(spec: OrderSpec, plan: LogicalPlan): SortKey {
  const { type } = plan.schema[spec.column]!;
  return {
    expr: { kind: 'column', index: spec.column, type },
    descending: spec.descending,
    nullsFirst: spec.nullsFirst,
  };
}

function checkDistinct(order: readonly OrderSpec[], width: number, end: SelectEnd): void {
  order.forEach((spec, i) => {
    if (spec.column < width) return;
    throw new SqlError(
      sqlstate.invalidColumnReference,
      'for SELECT DISTINCT, ORDER BY expressions must appear in select list',
      { position: end.order[i]!.expr.at },
    );
  });
}

/** The first row of each group in the order of ORDER BY, which must begin with the group's expressions. */
function distinctOn(
  input: LogicalPlan,
  on: readonly OrderSpec[],
  order: readonly OrderSpec[],
  end: SelectEnd,
): LogicalPlan {
  const wanted = new Set(on.map((spec) => spec.column));
  const leading = order.slice(0, wanted.size);
  const misplaced = leading.findIndex((spec) => !wanted.has(spec.column));
  if (misplaced >= 0) {
    throw new SqlError(
      sqlstate.invalidColumnReference,
      'SELECT DISTINCT ON expressions must match initial ORDER BY expressions',
      { position: firstUnmatched(on, leading, end) },
    );
  }
  if (order.length === 0 && end.env.binding.continuous) {
    throw notSupported('DISTINCT ON without ORDER BY in a materialized view', {
      hint: 'Add ORDER BY, so that it is determined which row of each group the view holds.',
      position: end.distinct?.span.start,
    });
  }
  return {
    kind: 'sort',
    input,
    partitionBy: on.map((spec) => keyOf(spec, input).expr),
    order: order.map((spec) => keyOf(spec, input)),
    limit: { kind: 'constant', value: 1n, type: types.bigint },
    offset: null,
    withTies: false,
    schema: input.schema,
  };
}

/** The first expression of DISTINCT ON that ORDER BY does not begin with. */
function firstUnmatched(
  on: readonly OrderSpec[],
  leading: readonly OrderSpec[],
  end: SelectEnd,
): number | undefined {
  const index = on.findIndex((spec) => !leading.some((each) => each.column === spec.column));
  return end.distinctOnPositions[index];
}
