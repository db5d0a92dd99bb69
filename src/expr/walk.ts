/**
 * Walking and rewriting expressions: one place that knows the children of every kind. All functions are
 * pure; an expression whose children did not change is returned as it was.
 */

import { unreachable } from '../base/assert.ts';
import type { CaseExpr, Expr } from './expr.ts';

export type Volatility = 'immutable' | 'stable' | 'volatile';

/** The direct children, in order of evaluation. A subquery's plan is opaque; its `args` are children. */
export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'column':
    case 'outer':
    case 'constant':
    case 'parameter':
      return [];
    case 'call':
    case 'and':
    case 'or':
    case 'coalesce':
    case 'subquery':
      return expr.args;
    case 'cast':
    case 'not':
    case 'is-null':
    case 'is-truth':
    case 'field':
      return [expr.arg];
    case 'is-distinct':
      return [expr.left, expr.right];
    case 'case':
      return [...expr.branches.flatMap((branch) => [branch.when, branch.then]), expr.otherwise];
    case 'in-list':
      return [expr.arg, ...expr.list];
    case 'quantified':
      return [expr.arg, expr.array];
    case 'array':
      return expr.elements;
    case 'row':
      return expr.fields;
    default:
      return unreachable(expr, 'expression');
  }
}

/** Calls `visit` on `expr` and all below it, parents first. Returning false skips the children. */
export function visitExpr(expr: Expr, visit: (expr: Expr) => boolean | void): void {
  if (visit(expr) === false) return;
  for (const child of childrenOf(expr)) visitExpr(child, visit);
}

/** True when `test` holds for `expr` or something below it. */
export function someExpr(expr: Expr, test: (expr: Expr) => boolean): boolean {
  return test(expr) || childrenOf(expr).some((child) => someExpr(child, test));
}

/** Rewrites bottom-up: children first, then `fn` on the node that holds the new children. */
export function mapExpr(expr: Expr, fn: (expr: Expr) => Expr): Expr {
  return fn(mapChildren(expr, (child) => mapExpr(child, fn)));
}

/** The same node over `fn` of each child. */
export function mapChildren(expr: Expr, fn: (expr: Expr) => Expr): Expr {
  const before = childrenOf(expr);
  const after = before.map(fn);
  if (after.every((child, i) => child === before[i])) return expr;
  return withChildren(expr, after);
}

function withChildren(expr: Expr, children: readonly Expr[]): Expr {
  switch (expr.kind) {
    case 'column':
    case 'outer':
    case 'constant':
    case 'parameter':
      return expr;
    case 'call':
    case 'and':
    case 'or':
    case 'coalesce':
    case 'subquery':
      return { ...expr, args: children };
    case 'cast':
    case 'not':
    case 'is-null':
    case 'is-truth':
    case 'field':
      return { ...expr, arg: children[0]! };
    case 'is-distinct':
      return { ...expr, left: children[0]!, right: children[1]! };
    case 'case':
      return caseWith(expr, children);
    case 'in-list':
      return { ...expr, arg: children[0]!, list: children.slice(1) };
    case 'quantified':
      return { ...expr, arg: children[0]!, array: children[1]! };
    case 'array':
      return { ...expr, elements: children };
    case 'row':
      return { ...expr, fields: children };
    default:
      return unreachable(expr, 'expression');
  }
}

function caseWith(expr: CaseExpr, children: readonly Expr[]): CaseExpr {
  const branches = expr.branches.map((_, i) => ({
    when: children[2 * i]!,
    then: children[2 * i + 1]!,
  }));
  return { ...expr, branches, otherwise: children[children.length - 1]! };
}

/** Indices of the input columns that `expr` reads. */
export function columnsOf(expr: Expr): Set<number> {
  const columns = new Set<number>();
  visitExpr(expr, (each) => {
    if (each.kind === 'column') columns.add(each.index);
  });
  return columns;
}

/** Every column index moved by `offset`. */
export function shiftColumns(expr: Expr, offset: number): Expr {
  if (offset === 0) return expr;
  return mapExpr(expr, (each) =>
    each.kind === 'column' ? { ...each, index: each.index + offset } : each,
  );
}

/** Every column replaced by what `replacement` gives for it; undefined leaves it. */
export function substituteColumns(
  expr: Expr,
  replacement: readonly Expr[] | ((index: number) => Expr | undefined),
): Expr {
  const find =
    typeof replacement === 'function' ? replacement : (index: number) => replacement[index];
  return mapExpr(expr, (each) => (each.kind === 'column' ? (find(each.index) ?? each) : each));
}

/** The least stable function in `expr`. Columns are immutable; parameters are stable. */
export function volatilityOf(expr: Expr): Volatility {
  let worst: Volatility = 'immutable';
  visitExpr(expr, (each) => {
    const own = ownVolatility(each);
    if (own === 'volatile' || worst === 'immutable') worst = own === 'immutable' ? worst : own;
  });
  return worst;
}

function ownVolatility(expr: Expr): Volatility {
  if (expr.kind === 'call') return expr.fn.volatility;
  if (expr.kind === 'in-list' || expr.kind === 'quantified') return expr.fn.volatility;
  if (expr.kind === 'parameter') return 'stable';
  if (expr.kind === 'cast') return castVolatility(expr.arg.type.kind, expr.type.kind);
  return 'immutable';
}

/** Casts that read the session's time zone, date style or catalog are stable. */
function castVolatility(from: string, to: string): Volatility {
  if (from === to) return 'immutable';
  if (from.startsWith('reg') || to.startsWith('reg')) return 'stable';
  if (from === 'timestamptz' || to === 'timestamptz' || to === 'timetz') return 'stable';
  const text = textKinds.has(from) || textKinds.has(to);
  return text && (temporalKinds.has(from) || temporalKinds.has(to)) ? 'stable' : 'immutable';
}

const textKinds = new Set(['text', 'varchar', 'char', 'name', 'unknown']);
const temporalKinds = new Set(['date', 'timestamp', 'time', 'interval', 'array', 'row']);

/** True when the value does not depend on a row, a parameter or a subquery, and never changes. */
export function isConstant(expr: Expr): boolean {
  if (someExpr(expr, (each) => unfixedKinds.has(each.kind))) return false;
  return volatilityOf(expr) === 'immutable';
}

const unfixedKinds = new Set<Expr['kind']>(['column', 'outer', 'parameter', 'subquery']);
