/** SET of UPDATE and ON CONFLICT: the new value of each assigned column. */

import { SqlError, sqlstate } from '../base/errors.ts';
import type { TableObject } from '../catalog/objects.ts';
import type { Expr } from '../expr/expr.ts';
import type * as ast from '../syntax/ast.ts';
import { coerceForColumn } from './coerce.ts';
import { bindIn, subqueryEnv, type ExprEnv } from './expr-env.ts';
import { visiblePlan } from './query-result.ts';
import { computedRefusal, defaultOf, isGenerated, writableColumn } from './table-rows.ts';

/** By ordinal. Computed columns are not among them: they follow from the others. */
export function assignmentsOf(
  assignments: readonly ast.Assignment[],
  table: TableObject,
  env: ExprEnv,
): ReadonlyMap<number, Expr> {
  const values = new Map<number, Expr>();
  const seen = new Set<number>();
  for (const assignment of assignments) {
    const sources = valuesOf(assignment, env);
    assignment.columns.forEach((name, i) => {
      const ordinal = writableColumn(table, name);
      if (seen.has(ordinal)) {
        throw new SqlError(
          sqlstate.syntaxError,
          `multiple assignments to same column "${name.name}"`,
          { position: name.span.start },
        );
      }
      seen.add(ordinal);
      const column = table.columns[ordinal]!;
      const source = sources[i]!;
      if (column.source === 'computed' && source === 'default') return;
      if (isGenerated(column) && source !== 'default') {
        throw computedRefusal(column, 'update', name.span.start);
      }
      values.set(
        ordinal,
        source === 'default'
          ? defaultOf(column, env.binding)
          : coerceForColumn(env.binding, source, column),
      );
    });
  }
  return values;
}

/** One value a column: `(a, b) = (1, 2)`, `(a, b) = ROW(…)`, `(a, b) = (SELECT …)`. */
function valuesOf(assignment: ast.Assignment, env: ExprEnv): readonly (Expr | 'default')[] {
  const { value, columns } = assignment;
  const bind = (expression: ast.Expression): Expr | 'default' =>
    expression.kind === 'default' ? 'default' : bindIn(env, expression);
  if (!assignment.multiple) return [bind(value)];
  const items =
    value.kind === 'row'
      ? value.items.map(bind)
      : value.kind === 'subquery' && value.form === 'scalar'
        ? columnsOfSubquery(value, env)
        : [bind(value)];
  if (items.length === columns.length) return items;
  if (value.kind !== 'row' && value.kind !== 'subquery' && columns.length > 1) {
    throw new SqlError(
      sqlstate.featureNotSupported,
      'source for a multiple-column UPDATE item must be a sub-SELECT or ROW() expression',
      { position: value.span.start },
    );
  }
  throw new SqlError(sqlstate.syntaxError, 'number of columns does not match number of values', {
    position: assignment.span.start,
  });
}

/** A subquery of several columns, once for each of them. */
function columnsOfSubquery(subquery: ast.SubqueryExpression, env: ExprEnv): readonly Expr[] {
  const plan = visiblePlan(env.binders.query(subquery.query, subqueryEnv(env)));
  return plan.schema.map((field, index): Expr => {
    const single =
      plan.schema.length === 1
        ? plan
        : ({
            kind: 'project',
            input: plan,
            exprs: [{ kind: 'column', index, type: field.type }],
            schema: [field],
          } as const);
    return {
      kind: 'subquery',
      mode: 'scalar',
      plan: single,
      args: [],
      fns: [],
      type: field.type,
      at: subquery.span.start,
    };
  });
}
