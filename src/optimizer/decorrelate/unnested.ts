/**
 * A subquery freed of its outer row, and the small steps that unnesting is made of: binding an item to a
 * column, replacing items by their columns, keeping bound columns at the end.
 */

import { assert } from '../../base/assert.ts';
import type { Expr } from '../../expr/expr.ts';
import { mapExpr } from '../../expr/walk.ts';
import { columnExpr, isNull, isVolatile } from '../../plan/expressions.ts';
import type { LogicalPlan } from '../../plan/logical.ts';
import { appendColumns, pickColumns } from '../../plan/make.ts';
import { equalitySides } from '../../plan/properties.ts';
import { sameType } from '../../types/oid.ts';
import type { SqlKind } from '../../types/sql-type.ts';
import type { Domain } from './domain.ts';
import { isItem, itemsOf } from './domain.ts';

export interface Unnested {
  /** The subquery's columns, then one column for each bound item, in the order of `bound`. */
  readonly plan: LogicalPlan;
  /** Item → column. An item that is not bound does not matter to the rows. */
  readonly bound: ReadonlyMap<number, number>;
  /**
   * Not null: for values of the bound items without any row the subquery has this one row, over items
   * (a global aggregate over nothing). Consumers add it, or `materialize` does.
   */
  readonly missing: readonly Expr[] | null;
}

/** Types whose equal values cannot be told apart, so that one may stand for the other. */
const exactKinds: ReadonlySet<SqlKind> = new Set<SqlKind>([
  'boolean',
  'smallint',
  'integer',
  'bigint',
  'oid',
  'text',
  'varchar',
  'name',
  'pgchar',
  'bytea',
  'date',
  'time',
  'timestamp',
  'timestamptz',
  'uuid',
  'regclass',
  'regtype',
  'regproc',
  'regnamespace',
]);

/** `value` where `found` is not NULL, `otherwise` elsewhere. `value` is NULL where `found` is. */
export function orElse(found: Expr, value: Expr, otherwise: Expr): Expr {
  const isColumn = value.kind === 'column';
  if (isColumn && otherwise.kind === 'constant' && otherwise.value === null) return value;
  return {
    kind: 'case',
    branches: [{ when: isNull(found, true), then: value }],
    otherwise,
    type: value.type,
  };
}

/** How many columns the subquery itself has. */
export function widthOf(input: Unnested): number {
  return input.plan.schema.length - input.bound.size;
}

/** References to the bound columns. */
export function boundColumns(input: Unnested): Expr[] {
  return [...input.bound.values()].map((column) =>
    columnExpr(column, input.plan.schema[column]!.type),
  );
}

/** Items replaced by the columns they are bound to. */
export function resolve(expr: Expr, input: Unnested): Expr {
  return mapExpr(expr, (part) => {
    if (!isItem(part)) return part;
    const column = input.bound.get(part.index);
    assert(column !== undefined, `item ${part.index} is not bound`);
    return columnExpr(column, part.type);
  });
}

/** A node that appended `made` columns behind the bound ones, with the bound ones at the end again. */
export function moveBound(input: Unnested, node: LogicalPlan, made: number): Unnested {
  const width = widthOf(input);
  const count = input.bound.size;
  const start = width + count;
  const kept = [...range(0, width), ...range(start, start + made), ...range(width, start)];
  return {
    plan: pickColumns(node, kept),
    bound: new Map([...input.bound].map(([item, column]) => [item, column + made])),
    missing: null,
  };
}

/** `column = item`, which binds the item to a value of the subquery's own row. */
export function bindingOf(
  condition: Expr,
  input: Unnested,
  width: number,
): { readonly item: number; readonly value: Expr; readonly dropsNull: boolean } | null {
  const sides = equalitySides(condition);
  if (sides === null) return null;
  for (const [a, b] of [sides, [sides[1], sides[0]] as const]) {
    if (!isItem(a) || input.bound.has(a.index)) continue;
    if (itemsOf(b).size > 0 || isVolatile(b) || !sameType(a.type, b.type)) continue;
    if (b.kind === 'constant' || !exactKinds.has(a.type.kind)) continue;
    assert(b.kind !== 'column' || b.index < width, 'conditions see only the subquery’s columns');
    return { item: a.index, value: b, dropsNull: condition.kind !== 'is-distinct' };
  }
  return null;
}

/** One more item bound, to a value computed from the subquery's own row. */
export function bind(input: Unnested, item: number, value: Expr): Unnested {
  const plan = appendColumns(input.plan, [value], [nameOfValue(value, input.plan)]);
  return { ...input, plan, bound: new Map([...input.bound, [item, plan.schema.length - 1]]) };
}

function nameOfValue(value: Expr, plan: LogicalPlan): string {
  return value.kind === 'column' ? plan.schema[value.index]!.name : '?column?';
}

/** What a column for an item is called. */
export function nameOfItem(domain: Domain, item: number): string {
  const expr = domain.item(item);
  return expr.kind === 'column' ? domain.source.schema[expr.index]!.name : '?column?';
}

/** The plan with other fields for its first columns. */
export function withFields(plan: LogicalPlan, fields: LogicalPlan['schema']): LogicalPlan {
  return { ...plan, schema: [...fields, ...plan.schema.slice(fields.length)] };
}

/** Whole numbers from `from` up to, not including, `to`. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}
