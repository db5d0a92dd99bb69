/** JOIN in all its forms: ON, USING, NATURAL, CROSS; what each makes visible. */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type { Expr } from '../expr/expr.ts';
import { conjunction, isConstant } from '../plan/expressions.ts';
import type { LogicalPlan } from '../plan/logical.ts';
import type * as ast from '../syntax/ast.ts';
import type { Field } from '../types/schema.ts';
import { operatorCall } from './bind-operator.ts';
import type { Binding } from './binding.ts';
import { coerceBoolean, coerceToCommon } from './coerce.ts';
import { bindIn, type QueryEnv } from './expr-env.ts';
import { withAlias } from './from-alias.ts';
import { always, joinItems, joinPlans, type FromResult } from './from-result.ts';
import type { QueryLevel } from './query-level.ts';
import { refersOut } from './query-result.ts';
import { Scope, type ScopeColumn, type ScopeItem } from './scope.ts';

type BindSide = (side: ast.FromItem, env: QueryEnv) => FromResult;

export function bindJoin(
  join: ast.Join,
  env: QueryEnv,
  level: QueryLevel,
  bindSide: BindSide,
): FromResult {
  const left = bindSide(join.left, env);
  const forbidden = join.type === 'right' || join.type === 'full';
  const scope = new Scope(left.items, env.parent, level, { left: true, forbidden });
  const lookup = lookupTime(join, scope, env);
  const side = lookup ? { ...(join.right as ast.TableRef), systemTime: null } : join.right;
  const right = bindSide(side, { ...env, parent: scope });
  const names = join.natural ? commonNames(left, right) : usingNames(join);
  const joined =
    names === null
      ? joinOn(join, left, right, env, level)
      : joinUsing(join, left, right, names, env.binding);
  const marked = lookup ? asLookup(joined, join) : joined;
  return join.alias === null ? marked : underAlias(marked, join.alias);
}

/** Whether the right side is looked up as it stands when a left row comes: AS OF a processing time. */
function lookupTime(join: ast.Join, left: Scope, env: QueryEnv): boolean {
  const time = join.right.kind === 'table' ? join.right.systemTime : null;
  if (time === null) return false;
  const position = time.span.start;
  if (join.type !== 'inner' && join.type !== 'left') {
    throw notSupported(`FOR SYSTEM_TIME AS OF in a ${join.type} join`, {
      hint: 'Use JOIN or LEFT JOIN.',
      position,
    });
  }
  const { binding, common, binders } = env;
  const clause = 'AS OF';
  const expr = bindIn({ binding, scope: left, common, clause, binders }, time);
  const columns = left.items.flatMap((item) => item.columns);
  const field = columns.find((each) => sameColumn(each.expr, expr))?.field;
  const calls = expr.kind === 'call' && expr.fn.name === 'proctime';
  if (field?.time !== 'processing' && !calls) {
    throw notSupported('FOR SYSTEM_TIME AS OF a time other than processing time', {
      hint: 'Use a column of the left side that is declared AS PROCTIME().',
      position,
    });
  }
  return true;
}

function sameColumn(a: Expr, b: Expr): boolean {
  return a.kind === 'column' && b.kind === 'column' && a.index === b.index;
}

function asLookup(joined: FromResult, join: ast.Join): FromResult {
  const { plan } = joined;
  if (plan.kind !== 'join' || plan.lateral) {
    throw notSupported('FOR SYSTEM_TIME AS OF in this join', { position: join.span.start });
  }
  // Times of looked up rows say nothing of when the result came about.
  const width = plan.left.schema.length;
  const schema = plan.schema.map((field, i): Field => {
    const { time: _, ...rest } = field;
    return i < width ? field : rest;
  });
  return { ...joined, plan: { ...plan, lookup: true, schema } };
}

function joinOn(
  join: ast.Join,
  left: FromResult,
  right: FromResult,
  env: QueryEnv,
  level: QueryLevel,
): FromResult {
  const items = joinItems(left, right, join.type);
  const on = join.on === null ? always : bindCondition(join.on, items, env, level);
  return { plan: makeJoin(join, left.plan, right.plan, on), items };
}

function bindCondition(
  condition: ast.Expression,
  items: readonly ScopeItem[],
  env: QueryEnv,
  level: QueryLevel,
): Expr {
  const gathered = level.aggregates.length;
  const bound = bindIn(
    {
      binding: env.binding,
      scope: new Scope(items, env.parent, level),
      common: env.common,
      clause: 'JOIN conditions',
      binders: env.binders,
    },
    condition,
  );
  if (level.aggregates.length > gathered) {
    throw new SqlError(
      sqlstate.groupingError,
      'aggregate functions are not allowed in JOIN conditions',
      { position: level.aggregates[gathered]!.at },
    );
  }
  return coerceBoolean(env.binding, bound, 'JOIN/ON');
}

function makeJoin(join: ast.Join, left: LogicalPlan, right: LogicalPlan, on: Expr): LogicalPlan {
  const type = join.type === 'cross' ? 'inner' : join.type;
  // An inner join with LATERAL is a filter over the lateral product, which needs no condition inside.
  if (type === 'inner' && refersOut(right, 1) && !isConstant(on, true)) {
    const product = joinPlans(left, right, { type, on: always });
    return { kind: 'filter', input: product, predicate: on, schema: product.schema };
  }
  return joinPlans(left, right, { type, on });
}

function usingNames(join: ast.Join): readonly ast.Identifier[] | null {
  if (join.using === null) return null;
  const seen = new Set<string>();
  for (const name of join.using) {
    if (seen.has(name.name)) {
      throw new SqlError(
        sqlstate.duplicateColumn,
        `column name "${name.name}" appears more than once in USING clause`,
        { position: name.span.start },
      );
    }
    seen.add(name.name);
  }
  return join.using;
}

/** NATURAL: the names that both sides have, in the left side's order. */
function commonNames(left: FromResult, right: FromResult): readonly ast.Identifier[] {
  const known = new Set(visible(right).map((column) => column.name));
  const names = [...new Set(visible(left).map((column) => column.name))];
  const span = { start: 0, end: 0 };
  return names
    .filter((name) => known.has(name))
    .map((name) => ({ name, quoted: true, spelling: name, span }));
}

function visible(side: FromResult): readonly ScopeColumn[] {
  return visibleOf(side.items);
}

function visibleOf(items: readonly ScopeItem[]): readonly ScopeColumn[] {
  return items.filter((item) => item.columnsVisible).flatMap((item) => item.columns);
}

/** Columns of the same name become one; the others follow, left before right. */
function joinUsing(
  join: ast.Join,
  left: FromResult,
  right: FromResult,
  names: readonly ast.Identifier[],
  binding: Binding,
): FromResult {
  const both = joinItems(left, right, join.type);
  const leftColumns = visibleOf(both.slice(0, left.items.length));
  const rightColumns = visibleOf(both.slice(left.items.length));
  const merged: ScopeColumn[] = [];
  const conditions: Expr[] = [];
  for (const name of names) {
    const a = theColumn(leftColumns, name, 'left');
    const b = theColumn(rightColumns, name, 'right');
    conditions.push(operatorCall(binding, '=', a.expr, b.expr, name.span.start));
    merged.push(mergeColumns(join.type, a, b, binding));
  }
  const taken = new Set(names.map((name) => name.name));
  const rest = [...leftColumns, ...rightColumns].filter((column) => !taken.has(column.name));
  const hidden = both.map((item) => ({ ...item, columnsVisible: false }));
  const base = { schema: null, relation: null, scalar: false, optional: false } as const;
  const items: ScopeItem[] = [
    {
      ...base,
      name: null,
      columns: [...merged, ...rest],
      tableVisible: false,
      columnsVisible: true,
    },
    ...hidden,
  ];
  if (join.usingAlias !== null) {
    const name = join.usingAlias.name;
    items.push({ ...base, name, columns: merged, tableVisible: true, columnsVisible: false });
  }
  const on = conditions.length === 0 ? always : conjunction(conditions);
  return { plan: makeJoin(join, left.plan, right.plan, on), items };
}

function theColumn(
  columns: readonly ScopeColumn[],
  name: ast.Identifier,
  side: 'left' | 'right',
): ScopeColumn {
  const found = columns.filter((column) => column.name === name.name);
  if (found.length > 1) {
    throw new SqlError(
      sqlstate.ambiguousColumn,
      `common column name "${name.name}" appears more than once in ${side} table`,
    );
  }
  if (found[0] === undefined) {
    throw new SqlError(
      sqlstate.undefinedColumn,
      `column "${name.name}" specified in USING clause does not exist in ${side} table`,
    );
  }
  return found[0];
}

/** The side that is always there gives the value; of a full join, whichever is. */
function mergeColumns(
  type: ast.Join['type'],
  a: ScopeColumn,
  b: ScopeColumn,
  binding: Binding,
): ScopeColumn {
  const { exprs, type: common } = coerceToCommon(binding, [a.expr, b.expr], 'JOIN/USING');
  const [left, right] = exprs as readonly [Expr, Expr];
  if (type === 'full') {
    const expr: Expr = { kind: 'coalesce', args: [left, right], type: common };
    return { name: a.name, expr, field: { name: a.name, type: common, nullable: true } };
  }
  const from = type === 'right' ? b : a;
  return {
    name: a.name,
    expr: type === 'right' ? right : left,
    field: { ...from.field, name: a.name },
  };
}

/** `(a JOIN b …) AS x`: one item with all visible columns, and nothing else. */
function underAlias(joined: FromResult, alias: ast.FromAlias): FromResult {
  const item: ScopeItem = {
    name: null,
    schema: null,
    relation: null,
    scalar: false,
    optional: false,
    columns: visible(joined),
    tableVisible: true,
    columnsVisible: true,
  };
  return withAlias({ plan: joined.plan, items: [item] }, alias);
}
