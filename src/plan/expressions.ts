/**
 * Walking and rewriting expressions as plans need it: columns they read, columns replaced, conjunctions
 * taken apart and put together. Unlike the walk in `expr`, it knows that a subquery holds a plan whose
 * references of the right depth are columns of the expression around it.
 */

import type { ColumnExpr, ConstantExpr, Expr, OuterExpr, SubqueryExpr } from '../expr/expr.ts';
import { mapExpr, someExpr, visitExpr, volatilityOf } from '../expr/walk.ts';
import { types } from '../types/sql-type.ts';
import type { SqlType } from '../types/sql-type.ts';
import type { Field, Schema } from '../types/schema.ts';
import { mapChildren, mapExpressions } from './children.ts';
import type { LogicalPlan } from './logical.ts';

export function columnExpr(index: number, type: SqlType): ColumnExpr {
  return { kind: 'column', index, type };
}

/** Columns `from` to `from + fields.length` of a row, one reference a field. */
export function columnsFor(fields: Schema, from = 0): ColumnExpr[] {
  return fields.map((field, i) => columnExpr(from + i, field.type));
}

export function booleanConstant(value: boolean | null): ConstantExpr {
  return { kind: 'constant', value, type: types.boolean };
}

export function nullConstant(type: SqlType): ConstantExpr {
  return { kind: 'constant', value: null, type };
}

export function isConstant(expr: Expr, value: boolean | null): boolean {
  return expr.kind === 'constant' && expr.value === value;
}

/** The plan of a subquery; the expression floor only knows that it has one. */
export function subqueryPlan(expr: SubqueryExpr): LogicalPlan {
  return expr.plan as LogicalPlan;
}

export function hasSubquery(expr: Expr): boolean {
  return someExpr(expr, (part) => part.kind === 'subquery');
}

/** The input columns an expression reads, those read inside its subqueries included. */
export function columnsRead(expr: Expr, into: Set<number> = new Set()): Set<number> {
  visitExpr(expr, (part) => {
    if (part.kind === 'column') into.add(part.index);
    if (part.kind === 'subquery') {
      visitOuter(subqueryPlan(part), (outer, depth) => {
        if (depth === 1) into.add(outer.index);
      });
    }
  });
  return into;
}

/** Each column reference replaced, inside subqueries too: there `replace` must give a column. */
export function replaceColumns(expr: Expr, replace: (column: ColumnExpr) => Expr): Expr {
  return mapExpr(expr, (part) => {
    if (part.kind === 'column') return replace(part);
    if (part.kind !== 'subquery') return part;
    const plan = mapOuter(subqueryPlan(part), (outer, depth) => {
      if (depth !== 1) return outer;
      const column = replace(columnExpr(outer.index, outer.type));
      return column.kind === 'column' ? { ...outer, index: column.index } : outer;
    });
    return { ...part, plan };
  });
}

/** Every column moved by `by`. */
export function moveColumns(expr: Expr, by: number): Expr {
  if (by === 0) return expr;
  return replaceColumns(expr, (column) => ({ ...column, index: column.index + by }));
}

/** The expression over a projection's output, rewritten over the projection's input. */
export function substitute(expr: Expr, exprs: readonly Expr[]): Expr {
  return replaceColumns(expr, (column) => exprs[column.index]!);
}

/**
 * Rewrites the references that leave `plan`. `depth` counts from the plan's own border (1: the query
 * right around it) and `nesting` is how many queries inside the plan the reference stands in.
 */
export function mapOuter(
  plan: LogicalPlan,
  change: (outer: OuterExpr, depth: number, nesting: number) => Expr,
  nesting = 0,
): LogicalPlan {
  const inExpr = (expr: Expr): Expr =>
    mapExpr(expr, (part) => {
      if (part.kind === 'outer' && part.depth > nesting) {
        return change(part, part.depth - nesting, nesting);
      }
      if (part.kind !== 'subquery') return part;
      const inner = subqueryPlan(part);
      const changed = mapOuter(inner, change, nesting + 1);
      return changed === inner ? part : { ...part, plan: changed };
    });
  const inputs = mapChildren(plan, (input, position) =>
    mapOuter(input, change, nesting + (isLateralRight(plan, position) ? 1 : 0)),
  );
  return mapExpressions(inputs, inExpr);
}

/** Like `mapPlan`, with the plans of subqueries too, inner ones first. */
export function mapPlanDeep(
  plan: LogicalPlan,
  change: (plan: LogicalPlan) => LogicalPlan,
): LogicalPlan {
  const inputs = mapChildren(plan, (input) => mapPlanDeep(input, change));
  const inner = mapExpressions(inputs, (expr) =>
    mapExpr(expr, (part) => {
      if (part.kind !== 'subquery') return part;
      const before = subqueryPlan(part);
      const after = mapPlanDeep(before, change);
      return after === before ? part : { ...part, plan: after };
    }),
  );
  return change(inner);
}

/** Calls `visit` for each reference that leaves `plan`. */
export function visitOuter(
  plan: LogicalPlan,
  visit: (outer: OuterExpr, depth: number) => void,
): void {
  mapOuter(plan, (outer, depth) => {
    visit(outer, depth);
    return outer;
  });
}

/** Whether input `position` of a node stands one query deeper than the node. */
export function isLateralRight(plan: LogicalPlan, position: number): boolean {
  return plan.kind === 'join' && plan.lateral && position === 1;
}

/** The arguments of nested ANDs, flat; TRUE is no conjunct at all. */
export function conjuncts(expr: Expr): readonly Expr[] {
  if (expr.kind === 'and') return expr.args.flatMap(conjuncts);
  return isConstant(expr, true) ? [] : [expr];
}

/** TRUE for none, the expression for one, AND for more. */
export function conjunction(exprs: readonly Expr[]): Expr {
  if (exprs.length === 0) return booleanConstant(true);
  if (exprs.length === 1) return exprs[0]!;
  return { kind: 'and', args: exprs, type: types.boolean };
}

/** NULL-safe equality. */
export function notDistinct(left: Expr, right: Expr): Expr {
  return { kind: 'is-distinct', left, right, negated: true, type: types.boolean };
}

export function isNull(arg: Expr, negated = false): Expr {
  return { kind: 'is-null', arg, negated, type: types.boolean };
}

/** Whether an expression may not be evaluated elsewhere, more or less often. */
export function isVolatile(expr: Expr): boolean {
  return volatilityOf(expr) === 'volatile' || hasSubquery(expr);
}

/**
 * Whether evaluating the expression can fail on no row at all, so that it may be evaluated on rows which a
 * filter would have kept from it. Only forms that are plainly total count.
 */
export function cannotFail(expr: Expr): boolean {
  return !someExpr(expr, (part) => {
    switch (part.kind) {
      case 'call':
        return !isTotal(part.fn.name, part.fn.operator);
      case 'quantified':
      case 'in-list':
        return !isTotal(part.fn.name, part.fn.operator);
      case 'cast':
        return part.mode !== 'implicit';
      case 'subquery':
        return true;
      default:
        return false;
    }
  });
}

const totalOperators: ReadonlySet<string> = new Set(['=', '<>', '<', '<=', '>', '>=', '||']);

function isTotal(name: string, operator: boolean): boolean {
  return operator && totalOperators.has(name);
}

/** Whether the expression can be NULL over rows of `input`; only plain cases are known not to be. */
export function isNullable(expr: Expr, input: Schema): boolean {
  switch (expr.kind) {
    case 'column':
      return input[expr.index]?.nullable ?? true;
    case 'constant':
      return expr.value === null;
    case 'is-null':
    case 'is-truth':
    case 'is-distinct':
    case 'array':
    case 'row':
      return false;
    case 'and':
    case 'or':
      return expr.args.some((arg) => isNullable(arg, input));
    case 'not':
      return isNullable(expr.arg, input);
    case 'coalesce':
      return expr.args.every((arg) => isNullable(arg, input));
    case 'case':
      return (
        isNullable(expr.otherwise, input) ||
        expr.branches.some((branch) => isNullable(branch.then, input))
      );
    case 'call':
      return (
        !(isTotal(expr.fn.name, expr.fn.operator) && expr.fn.strict) ||
        expr.args.some((arg) => isNullable(arg, input))
      );
    case 'cast':
      return expr.mode !== 'implicit' || isNullable(expr.arg, input);
    default:
      return true;
  }
}

/** A field for a computed column. */
export function fieldFor(name: string, expr: Expr, input: Schema): Field {
  if (expr.kind === 'column') return { ...input[expr.index]!, name };
  return { name, type: expr.type, nullable: isNullable(expr, input) };
}
