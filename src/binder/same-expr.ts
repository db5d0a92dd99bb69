/**
 * Whether two bound expressions are the same, positions apart: how a select item is recognised as a
 * GROUP BY key, an ORDER BY item as a select item, and an aggregate as one that is computed already.
 */

import type { ConstantExpr, Expr } from '../expr/expr.ts';
import { childrenOf } from '../expr/walk.ts';
import { equalDatums } from '../types/compare.ts';
import { identicalType } from '../types/oid.ts';

export function sameExpr(a: Expr, b: Expr): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind || !sameNode(a, b)) return false;
  const left = childrenOf(a);
  const right = childrenOf(b);
  return left.length === right.length && left.every((child, i) => sameExpr(child, right[i]!));
}

export function sameExprs(a: readonly Expr[], b: readonly Expr[]): boolean {
  return a.length === b.length && a.every((expr, i) => sameExpr(expr, b[i]!));
}

/** What a node says beside its children. */
function sameNode(a: Expr, b: Expr): boolean {
  switch (a.kind) {
    case 'column':
    case 'parameter':
      return b.kind === a.kind && a.index === b.index;
    case 'outer':
      return b.kind === a.kind && a.index === b.index && a.depth === b.depth;
    case 'constant':
      return b.kind === a.kind && sameConstant(a, b);
    case 'call':
      return b.kind === a.kind && a.fn.id === b.fn.id;
    case 'cast':
      return b.kind === a.kind && identicalType(a.type, b.type);
    case 'is-null':
    case 'is-distinct':
      return b.kind === a.kind && a.negated === b.negated;
    case 'is-truth':
      return b.kind === a.kind && a.negated === b.negated && a.truth === b.truth;
    case 'in-list':
      return b.kind === a.kind && a.negated === b.negated && a.fn.id === b.fn.id;
    case 'quantified':
      return b.kind === a.kind && a.all === b.all && a.fn.id === b.fn.id;
    case 'field':
      return b.kind === a.kind && a.index === b.index;
    case 'subquery':
      return b.kind === a.kind && a.plan === b.plan && a.mode === b.mode;
    case 'and':
    case 'or':
    case 'not':
    case 'case':
    case 'coalesce':
    case 'array':
    case 'row':
      return true;
  }
}

function sameConstant(a: ConstantExpr, b: ConstantExpr): boolean {
  if (!identicalType(a.type, b.type)) return false;
  if (a.value === null || b.value === null) return a.value === b.value;
  if (a.type.kind === 'unknown') return a.value === b.value;
  // 1.0 and 1.00 are equal and yet not the same constant; printing tells them apart where it matters.
  return equalDatums(a.value, b.value, a.type) && String(a.value) === String(b.value);
}
