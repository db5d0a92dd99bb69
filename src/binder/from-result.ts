/** A FROM item bound: its plan and the names it brings, and how two of them are joined. */

import type { Expr } from '../expr/expr.ts';
import { isConstant, mapOuter } from '../plan/expressions.ts';
import type { FlatMapPlan, JoinType, LogicalPlan, ValuesPlan } from '../plan/logical.ts';
import type { Schema } from '../types/schema.ts';
import { types } from '../types/sql-type.ts';
import { refersOut } from './query-result.ts';
import { shiftItem, type ScopeItem } from './scope.ts';

export interface FromResult {
  readonly plan: LogicalPlan;
  readonly items: readonly ScopeItem[];
}

/** One row without columns: SELECT without FROM, and what stands left of a function in FROM. */
export const oneRow: ValuesPlan = { kind: 'values', rows: [[]], schema: [] };

export const always: Expr = { kind: 'constant', value: true, type: types.boolean };

/** Items of a relation whose columns are the plan's columns in order. */
export function plainItem(
  plan: LogicalPlan,
  options: Pick<ScopeItem, 'name' | 'schema' | 'relation'> & {
    readonly scalar?: boolean;
    readonly columnNames?: readonly string[];
  },
): ScopeItem {
  return {
    name: options.name,
    schema: options.schema,
    relation: options.relation,
    scalar: options.scalar ?? false,
    optional: false,
    tableVisible: true,
    columnsVisible: true,
    columns: plan.schema.map((field, index) => ({
      name: options.columnNames?.[index] ?? field.name,
      field,
      expr: { kind: 'column', index, type: field.type },
    })),
  };
}

export interface JoinOptions {
  readonly type: JoinType;
  /** Over the columns of both sides. */
  readonly on: Expr;
}

/**
 * Joins two plans. The right one was bound under a scope of the left one; where it does not use it, the join
 * is an ordinary one and references further out come one level nearer.
 */
export function joinPlans(
  left: LogicalPlan,
  right: LogicalPlan,
  options: JoinOptions,
): LogicalPlan {
  const { type, on } = options;
  const lateral = refersOut(right, 1);
  if (lateral) {
    const flat = flatMapOver(left, right, options);
    if (flat !== null) return flat;
  }
  const inner = lateral ? right : outOfLateral(right);
  const schema = joinSchema(type, left.schema, inner.schema);
  if (
    left === oneRow &&
    !lateral &&
    (type === 'inner' || type === 'left') &&
    isConstant(on, true)
  ) {
    return inner;
  }
  return { kind: 'join', type, left, right: inner, on, lateral, schema };
}

function outOfLateral(plan: LogicalPlan): LogicalPlan {
  return mapOuter(plan, (outer) => ({ ...outer, depth: outer.depth - 1 }));
}

/** A function applied to each row of the left side needs no join. */
function flatMapOver(
  left: LogicalPlan,
  right: LogicalPlan,
  options: JoinOptions,
): FlatMapPlan | null {
  if (right.kind !== 'flat-map' || right.input !== oneRow) return null;
  if (!isConstant(options.on, true)) return null;
  if (options.type !== 'inner' && options.type !== 'left') return null;
  const outer = options.type === 'left';
  const inward: FlatMapPlan = { ...right, input: oneRow };
  const moved = mapOuter(inward, (reference, depth) =>
    depth === 1
      ? { kind: 'column', index: reference.index, type: reference.type, at: reference.at }
      : { ...reference, depth: reference.depth - 1 },
  ) as FlatMapPlan;
  const schema = joinSchema(options.type, left.schema, right.schema);
  return { ...moved, input: left, outer, schema };
}

/** Both sides' fields; those of an outer join's optional side may be NULL. */
export function joinSchema(type: JoinType, left: Schema, right: Schema): Schema {
  if (type === 'semi' || type === 'anti') return left;
  const optional = (fields: Schema): Schema => fields.map((each) => ({ ...each, nullable: true }));
  const leftOptional = type === 'right' || type === 'full';
  const rightOptional = type === 'left' || type === 'full';
  return [...(leftOptional ? optional(left) : left), ...(rightOptional ? optional(right) : right)];
}

/** The items of both sides over the joined columns. */
export function joinItems(
  left: FromResult,
  right: FromResult,
  type: JoinType | 'cross' = 'inner',
): readonly ScopeItem[] {
  const offset = left.plan.schema.length;
  const optional = (item: ScopeItem): ScopeItem => ({ ...item, optional: true });
  const moved = right.items.map((item) => shiftItem(item, offset));
  return [
    ...(type === 'right' || type === 'full' ? left.items.map(optional) : left.items),
    ...(type === 'left' || type === 'full' ? moved.map(optional) : moved),
  ];
}

/** A cross product, as a comma in FROM means it. */
export function crossJoin(left: FromResult | null, right: FromResult): FromResult {
  if (left === null) {
    const plan = joinPlans(oneRow, right.plan, { type: 'inner', on: always });
    return { plan, items: right.items };
  }
  const plan = joinPlans(left.plan, right.plan, { type: 'inner', on: always });
  return { plan, items: joinItems(left, right) };
}
