/**
 * Queries: WITH, the body (SELECT, VALUES, TABLE, set operations), ORDER BY, LIMIT and EMIT around it.
 */

import { unreachable } from '../base/assert.ts';
import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type { Expr } from '../expr/expr.ts';
import { findCommonType } from '../expr/common-type.ts';
import type { OrderSpec } from '../plan/dataflow-plan.ts';
import { columnsFor } from '../plan/expressions.ts';
import type { LogicalPlan, ValuesPlan } from '../plan/logical.ts';
import { makeProject } from '../plan/make.ts';
import type * as ast from '../syntax/ast.ts';
import { bindExpr } from './bind-expr.ts';
import { bindRecursive } from './bind-recursive.ts';
import { bindNamed } from './bind-relation.ts';
import { bindSelect } from './bind-select.ts';
import { bindSetOperation } from './bind-set-operation.ts';
import { coerceToCommon } from './coerce.ts';
import {
  bindIn,
  type Binders,
  type CommonTable,
  type QueryEnv,
  type QueryOptions,
  type QueryResult,
} from './expr-env.ts';
import { columnAt } from './group-by.ts';
import { addSort } from './limit.ts';
import { QueryLevel } from './query-level.ts';
import { renameColumns, visiblePlan } from './query-result.ts';
import { depthUnder, Scope } from './scope.ts';
import { keyOf } from './select-output.ts';
import type { SelectColumn } from './select-list.ts';
import { sortKey } from './sort-key.ts';
import { inOrderOfUse, readsItself, recursiveForm } from './with-references.ts';

/** The binding functions, tied together: expressions hold queries and queries hold expressions. */
export const binders: Binders = { expr: bindExpr, query: bindQuery };

export function bindQuery(
  query: ast.Query,
  env: QueryEnv,
  options: QueryOptions = {},
): QueryResult {
  refuseLocking(query);
  const inner = query.with === null ? env : bindWith(query.with, env);
  const result = bindTail(query, inner, options);
  const emit = query.emit;
  if (emit === null) return result;
  if (env.parent !== null) {
    throw notSupported('EMIT inside of a query', {
      hint: 'Write EMIT at the end of the whole query.',
      position: emit.span.start,
    });
  }
  return { ...result, emit: emit.mode === 'on-window-close' ? 'window-close' : 'update' };
}

function refuseLocking(query: ast.Query): void {
  const [first] = query.locking;
  if (first === undefined) return;
  throw notSupported(`FOR ${first.strength.toUpperCase()}`, {
    hint: 'Rows are not locked: a transaction reads one snapshot, and conflicting writes fail.',
    position: first.span.start,
  });
}

/** The body with ORDER BY and LIMIT; only a SELECT's own ORDER BY sees more than the result's columns. */
function bindTail(query: ast.Query, env: QueryEnv, options: QueryOptions): QueryResult {
  if (query.body.kind === 'select') return bindSelect(query.body, query, env, options);
  const plan = bindBody(query.body, env, options);
  const order = orderOutput(query.orderBy, plan, query.body, env);
  const keys = order.map((spec) => keyOf(spec, plan));
  const sorted = addSort(plan, keys, query, env);
  return { plan: sorted, width: plan.schema.length, order, emit: null };
}

/** The visible columns of any query body. */
function bindBody(body: ast.QueryBody, env: QueryEnv, options: QueryOptions): LogicalPlan {
  switch (body.kind) {
    case 'select': {
      const tail = { orderBy: [], limit: null, offset: null, withTies: false };
      return visiblePlan(bindSelect(body, tail, env, options));
    }
    case 'values':
      return bindValues(body, env, options);
    case 'table-query':
      return bindNamed(body.name, env).plan;
    case 'set-operation':
      return bindSetOperation(body, env.binding, (side) =>
        bindBody(side, env, { keepUnknown: true }),
      );
    case 'query':
      return visiblePlan(bindQuery(body, env, options));
    default:
      return unreachable(body, 'query body');
  }
}

/** Rows of expressions; each column has the common type of its values. */
function bindValues(values: ast.Values, env: QueryEnv, options: QueryOptions): ValuesPlan {
  const scope = new Scope([], env.parent, new QueryLevel());
  const exprEnv = { ...env, scope, clause: 'VALUES' as const };
  const width = values.rows[0]?.length ?? 0;
  const rows = values.rows.map((row) => {
    if (row.length !== width) {
      throw new SqlError(sqlstate.syntaxError, 'VALUES lists must all be the same length', {
        position: row[0]?.span.start ?? values.span.start,
      });
    }
    return row.map((cell) => bindIn(exprEnv, cell));
  });
  const columns = Array.from({ length: width }, (_, i) => {
    const cells = rows.map((row) => row[i]!);
    const unknown = cells.every((cell) => cell.type.kind === 'unknown');
    if (unknown && options.keepUnknown === true) return cells;
    return coerceToCommon(env.binding, cells, 'VALUES').exprs;
  });
  return {
    kind: 'values',
    rows: rows.map((_, r) => columns.map((column) => column[r]!)),
    schema: columns.map((cells, i) => ({
      name: `column${i + 1}`,
      type: findCommonType(cells.map((cell) => cell.type)) ?? cells[0]!.type,
      nullable: cells.some((cell) => cell.kind !== 'constant' || cell.value === null),
    })),
  };
}

/** ORDER BY of a set operation or VALUES: the result's columns, by name or position. */
function orderOutput(
  items: readonly ast.SortItem[],
  plan: LogicalPlan,
  body: ast.QueryBody,
  env: QueryEnv,
): readonly OrderSpec[] {
  const columns = plan.schema.map((field, index): SelectColumn => ({
    name: field.name,
    expr: { kind: 'column', index, type: field.type },
    aggregated: false,
  }));
  return items.map((item) => {
    const expr = outputColumn(item.expression, columns, body);
    const key = sortKey(env.binding, item, expr);
    const column = columns.findIndex((each) => each.expr === expr);
    return { column, descending: key.descending, nullsFirst: key.nullsFirst };
  });
}

function outputColumn(
  expression: ast.Expression,
  columns: readonly SelectColumn[],
  body: ast.QueryBody,
): Expr {
  const position = expression.span.start;
  if (expression.kind === 'number') return columnAt(expression, columns, 'ORDER BY').expr;
  if (expression.kind === 'column' && expression.parts.length === 1) {
    const { name } = expression.parts[0]!;
    const found = columns.filter((column) => column.name === name);
    if (found.length > 1) {
      throw new SqlError(sqlstate.ambiguousColumn, `ORDER BY "${name}" is ambiguous`, { position });
    }
    if (found[0] !== undefined) return found[0].expr;
    throw new SqlError(sqlstate.undefinedColumn, `column "${name}" does not exist`, { position });
  }
  if (body.kind === 'set-operation') {
    throw new SqlError(
      sqlstate.featureNotSupported,
      'invalid UNION/INTERSECT/EXCEPT ORDER BY clause',
      {
        detail: 'Only result column names can be used, not expressions or functions.',
        hint: 'Add the expression/function to every SELECT, or move the UNION into a FROM clause.',
        position,
      },
    );
  }
  throw notSupported('ORDER BY an expression here', {
    hint: 'Move the query into a FROM clause and order around it.',
    position,
  });
}

/**
 * WITH: each query is bound once and is visible to those after it; in WITH RECURSIVE to all, so that each is bound
 * after those that it reads.
 */
export function bindWith(clause: ast.WithClause, env: QueryEnv): QueryEnv {
  const tables = new Map<string, CommonTable>();
  const names = new Set(clause.queries.map((each) => each.name.name));
  const inner: QueryEnv = { ...env, common: { tables, names, parent: env.common } };
  const depth = depthUnder(env.parent);
  const seen = new Set<string>();
  for (const each of clause.queries) {
    const { name } = each.name;
    if (seen.has(name)) {
      throw new SqlError(
        sqlstate.duplicateAlias,
        `WITH query name "${name}" specified more than once`,
        { position: each.name.span.start },
      );
    }
    seen.add(name);
  }
  const ordered = clause.recursive ? inOrderOfUse(clause.queries) : clause.queries;
  const forms = new Map(
    clause.recursive
      ? ordered.filter(readsItself).map((table) => [table, recursiveForm(table)] as const)
      : [],
  );
  for (const each of ordered) {
    const { name } = each.name;
    const form = forms.get(each) ?? null;
    const query = readableQuery(each, form !== null);
    if (form === null) {
      const plan = commonPlan(each, visiblePlan(bindQuery(query, inner)));
      // In a view what nobody reads is not computed, and fails in no row.
      const whole = each.materialized === true && env.binding.purpose === 'query';
      tables.set(name, { name, plan: whole ? wholePlan(plan) : plan, depth });
      continue;
    }
    const around = query.with === null ? inner : bindWith(query.with, inner);
    const plan = bindRecursive({
      binding: env.binding,
      table: each,
      form,
      bind: (term) => bindBody(term, around, { keepUnknown: true }),
      declare: (self) => tables.set(name, { name, plan: self, depth }),
      named: (bound) => commonPlan(each, bound),
    });
    tables.set(name, { name, plan, depth });
  }
  return inner;
}

function wholePlan(plan: LogicalPlan): LogicalPlan {
  return { ...makeProject(plan, columnsFor(plan.schema), plan.schema), whole: true };
}

function readableQuery(table: ast.CommonTable, recursive: boolean): ast.Query {
  const position = table.name.span.start;
  if (table.statement.kind !== 'query') {
    throw notSupported(`${table.statement.kind.toUpperCase()} in WITH`, {
      hint: 'Run it as a statement of its own.',
      position,
    });
  }
  if (table.search !== null || table.cycle !== null) {
    if (!recursive) {
      throw new SqlError(sqlstate.syntaxError, 'WITH query is not recursive', { position });
    }
    const array = 'an array column that the recursive term appends to';
    if (table.search !== null) {
      throw notSupported('a SEARCH clause', {
        hint: `Order by a counter (breadth first) or by ${array} (depth first).`,
        position,
      });
    }
    throw notSupported('a CYCLE clause', {
      hint: `Use UNION, which ends by itself, or keep the way in ${array} and look into it.`,
      position,
    });
  }
  return table.statement;
}

function commonPlan(table: ast.CommonTable, plan: LogicalPlan): LogicalPlan {
  const names = table.columns?.map((column) => column.name) ?? [];
  if (names.length > plan.schema.length) {
    throw new SqlError(
      sqlstate.invalidColumnReference,
      `WITH query "${table.name.name}" has ${plan.schema.length} columns available` +
        ` but ${names.length} columns specified`,
      { position: table.name.span.start },
    );
  }
  return renameColumns(plan, names);
}
