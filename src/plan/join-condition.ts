/**
 * Join conditions taken apart: equalities between the two sides, and the rest. Lowering makes keys of the
 * equalities; rules ask whether a condition has any.
 */

import type { Expr } from '../expr/expr.ts';
import { sameType } from '../types/oid.ts';
import { types } from '../types/sql-type.ts';
import type { SqlType } from '../types/sql-type.ts';
import { columnsRead, conjuncts, isVolatile, moveColumns } from './expressions.ts';
import { equalitySides } from './properties.ts';

export interface JoinKey {
  /** Over the left input. */
  readonly left: Expr;
  /** Over the right input. */
  readonly right: Expr;
  readonly nullSafe: boolean;
}

export interface JoinCondition {
  readonly keys: readonly JoinKey[];
  /** Over left columns, then right columns. */
  readonly residual: readonly Expr[];
}

/** Takes a join condition apart. */
export function splitCondition(on: Expr, leftWidth: number): JoinCondition {
  const keys: JoinKey[] = [];
  const residual: Expr[] = [];
  for (const part of conjuncts(on)) {
    const key = keyOf(part, leftWidth);
    if (key === null) residual.push(part);
    else keys.push(key);
  }
  return { keys, residual };
}

function keyOf(part: Expr, leftWidth: number): JoinKey | null {
  const sides = equalitySides(part);
  if (sides === null || isVolatile(part)) return null;
  const [a, b] = sides;
  const sideA = sideOf(a, leftWidth);
  const sideB = sideOf(b, leftWidth);
  if (sideA === null || sideB === null || sideA === sideB) return null;
  const [left, right] = sideA === 'left' ? [a, b] : [b, a];
  const common = commonType(left.type, right.type);
  if (common === null) return null;
  return {
    left: castTo(left, common),
    right: castTo(moveColumns(right, -leftWidth), common),
    nullSafe: part.kind === 'is-distinct',
  };
}

function sideOf(expr: Expr, leftWidth: number): 'left' | 'right' | null {
  const read = [...columnsRead(expr)];
  if (read.length === 0) return null;
  if (read.every((column) => column < leftWidth)) return 'left';
  return read.every((column) => column >= leftWidth) ? 'right' : null;
}

/** Numbers compare in the wider of two types; a double compares as a double, exactly as `=` does. */
const numberLadder: readonly SqlType[] = [
  types.smallint,
  types.integer,
  types.bigint,
  types.numeric,
  types.double,
];

function commonType(left: SqlType, right: SqlType): SqlType | null {
  if (sameType(left, right)) return left;
  const rung = (type: SqlType): number =>
    numberLadder.findIndex((step) => step.kind === (type.kind === 'real' ? 'double' : type.kind));
  const [a, b] = [rung(left), rung(right)];
  if (a >= 0 && b >= 0) return numberLadder[Math.max(a, b)]!;
  const isText = (type: SqlType): boolean => type.kind === 'text' || type.kind === 'varchar';
  return isText(left) && isText(right) ? types.text : null;
}

function castTo(expr: Expr, type: SqlType): Expr {
  return sameType(expr.type, type) ? expr : { kind: 'cast', arg: expr, type, mode: 'implicit' };
}
