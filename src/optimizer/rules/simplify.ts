/**
 * Simplifies expressions, and plans that are thereby known to be empty.
 *
 *   1 + 2                     →  3             (immutable functions over constants; an error stays in place)
 *   f(a, null)                →  null          (f strict; as in PostgreSQL, `a` is not asked, unless it fails of constants)
 *   a and true, a and a       →  a             a and false → false;  or likewise
 *   not not a, not a is null  →  a, a is not null
 *   nullif(null, a)           →  null          nullif(a, null) → a
 *   case when true then a …   →  a             coalesce(null, a) → a
 *   filter false over p       →  no rows       filter true over p → p
 *   inner join with no rows   →  no rows       union with no rows → without it
 */

import { evaluationError, SqlError } from '../../base/errors.ts';
import type { CaseExpr, CoalesceExpr, ConstantExpr, Expr, LogicExpr } from '../../expr/expr.ts';
import type { EvalContext } from '../../expr/functions/registry.ts';
import { compileInterpreter } from '../../expr/interpret.ts';
import { isConstant as dependsOnNothing, mapExpr, someExpr } from '../../expr/walk.ts';
import { mapExpressions, mapPlan } from '../../plan/children.ts';
import { sameExpr } from '../../plan/encode.ts';
import {
  booleanConstant,
  columnsFor,
  conjunction,
  conjuncts,
  hasSubquery,
  isConstant,
  isVolatile,
  nullConstant,
} from '../../plan/expressions.ts';
import type { LogicalPlan } from '../../plan/logical.ts';
import { filterBy, isEmptyValues, makeProject, noRows } from '../../plan/make.ts';
import { inputRow } from '../../plan/input-row.ts';
import { sameType } from '../../types/oid.ts';
import type { Schema } from '../../types/schema.ts';
import type { Rule } from '../rule.ts';

export const simplifyRule: Rule = {
  name: 'simplify',
  apply: (plan, { evaluation }) => {
    const simple = mapPlan(plan, (node) => simplifyNode(node, evaluation));
    return simple === plan ? null : simple;
  },
};

function simplifyNode(plan: LogicalPlan, evaluation: EvalContext): LogicalPlan {
  const row = inputRow(plan);
  const simple = mapExpressions(plan, (expr) => simplifyExpr(expr, row, evaluation));
  return withoutEmpty(simplifyCondition(simple));
}

/** Bottom-up; the same object when nothing is simpler. */
export function simplifyExpr(expr: Expr, row: Schema, evaluation: EvalContext): Expr {
  return mapExpr(expr, (part) => simplifyPart(part, row, evaluation));
}

function simplifyPart(expr: Expr, row: Schema, evaluation: EvalContext): Expr {
  switch (expr.kind) {
    case 'and':
    case 'or':
      return simplifyLogic(expr);
    case 'not':
      return fold(simplifyNot(expr.arg, expr), evaluation);
    case 'is-null': {
      const known =
        expr.arg.kind === 'column' &&
        expr.arg.type.kind !== 'row' &&
        row[expr.arg.index]?.nullable === false;
      return known ? booleanConstant(expr.negated) : fold(expr, evaluation);
    }
    case 'case':
      return fold(simplifyCase(expr), evaluation);
    case 'coalesce':
      return fold(simplifyCoalesce(expr), evaluation);
    case 'call': {
      const beside = expr.args.some((arg) => isConstant(arg, null));
      // NULL equals nothing, and what it stands beside is not asked.
      if (expr.fn.name === 'nullif' && beside && sameType(expr.args[0]!.type, expr.type)) {
        return expr.args[0]!;
      }
      const isNull = expr.fn.strict && beside;
      if (!isNull) return fold(expr, evaluation);
      return expr.args.some(holdsFailure) ? expr : nullConstant(expr.type);
    }
    default:
      return fold(expr, evaluation);
  }
}

/** The value of an expression that depends on nothing; the expression itself when evaluating it fails. */
export function fold(expr: Expr, evaluation: EvalContext): Expr {
  if (expr.kind === 'constant' || hasSubquery(expr) || !dependsOnNothing(expr)) return expr;
  try {
    const value = compileInterpreter(expr)([], evaluation);
    const constant: ConstantExpr = { kind: 'constant', value, type: expr.type };
    return expr.at === undefined ? constant : { ...constant, at: expr.at };
  } catch (error) {
    if (evaluationError(error) instanceof SqlError) return expr;
    throw error;
  }
}

/** Whether a part of a folded expression is still to be computed from constants: that failed. */
function holdsFailure(expr: Expr): boolean {
  return someExpr(
    expr,
    (part) => part.kind !== 'constant' && !hasSubquery(part) && dependsOnNothing(part),
  );
}

function simplifyLogic(expr: LogicExpr): Expr {
  const stops = expr.kind === 'or';
  const flat = expr.args.flatMap((arg) => (arg.kind === expr.kind ? arg.args : [arg]));
  if (flat.some((arg) => isConstant(arg, stops))) return booleanConstant(stops);
  const kept: Expr[] = [];
  for (const arg of flat) {
    if (isConstant(arg, !stops)) continue;
    if (!hasSubquery(arg) && !isVolatile(arg) && kept.some((other) => isSame(other, arg))) continue;
    kept.push(arg);
  }
  if (kept.length === 0) return booleanConstant(!stops);
  if (kept.length === 1) return kept[0]!;
  const same = kept.length === expr.args.length && kept.every((arg, i) => arg === expr.args[i]);
  return same ? expr : { ...expr, args: kept };
}

function isSame(a: Expr, b: Expr): boolean {
  return !hasSubquery(a) && sameExpr(a, b);
}

function simplifyNot(arg: Expr, whole: Expr): Expr {
  switch (arg.kind) {
    case 'not':
      return arg.arg;
    case 'is-truth':
    case 'is-distinct':
    case 'in-list':
      return { ...arg, negated: !arg.negated };
    case 'is-null':
      // A row of NULLs and values is neither NULL nor NOT NULL, so the two are no opposites there.
      return arg.arg.type.kind === 'row' || arg.arg.type.kind === 'record'
        ? whole
        : { ...arg, negated: !arg.negated };
    default:
      return whole;
  }
}

function simplifyCase(expr: CaseExpr): Expr {
  const branches: CaseExpr['branches'][number][] = [];
  for (const branch of expr.branches) {
    if (isConstant(branch.when, false) || isConstant(branch.when, null)) continue;
    if (isConstant(branch.when, true)) {
      return branches.length === 0 ? branch.then : { ...expr, branches, otherwise: branch.then };
    }
    branches.push(branch);
  }
  if (branches.length === 0) return expr.otherwise;
  return branches.length === expr.branches.length ? expr : { ...expr, branches };
}

function simplifyCoalesce(expr: CoalesceExpr): Expr {
  const args: Expr[] = [];
  for (const arg of expr.args) {
    if (arg.kind === 'constant' && arg.value === null) continue;
    args.push(arg);
    if (arg.kind === 'constant') break;
  }
  if (args.length === 0) return nullConstant(expr.type);
  if (args.length === 1) return args[0]!;
  return args.length === expr.args.length ? expr : { ...expr, args };
}

/** Where only TRUE counts, NULL is FALSE and IS TRUE says nothing. */
function simplifyCondition(plan: LogicalPlan): LogicalPlan {
  if (plan.kind === 'filter') {
    const conditions = whereTrue(plan.predicate);
    if (conditions === null) return noRows(plan.schema);
    const same = conditions.length > 0 && conjunction(conditions) === plan.predicate;
    return same ? plan : withSameCondition(plan, conditions);
  }
  if (plan.kind === 'join' && !hasSubquery(plan.on)) {
    const conditions = whereTrue(plan.on);
    if (conditions === null && !isConstant(plan.on, false)) {
      return { ...plan, on: booleanConstant(false) };
    }
  }
  return plan;
}

function withSameCondition(
  plan: LogicalPlan & { kind: 'filter' },
  conditions: readonly Expr[],
): LogicalPlan {
  const before = conjuncts(plan.predicate);
  const same =
    before.length === conditions.length && before.every((part, i) => part === conditions[i]);
  return same && conditions.length > 0 ? plan : filterBy(plan.input, conditions);
}

/** The conditions that must be TRUE; null when they never are. */
function whereTrue(predicate: Expr): readonly Expr[] | null {
  const conditions: Expr[] = [];
  for (const part of conjuncts(predicate)) {
    if (isConstant(part, false) || isConstant(part, null)) return null;
    if (part.kind === 'is-truth' && part.truth === true && !part.negated) {
      const inner = whereTrue(part.arg);
      if (inner === null) return null;
      conditions.push(...inner);
    } else conditions.push(part);
  }
  return conditions;
}

/** A plan over inputs without rows, where that decides it. */
function withoutEmpty(plan: LogicalPlan): LogicalPlan {
  switch (plan.kind) {
    case 'filter':
    case 'project':
    case 'window':
    case 'distinct':
    case 'sort':
    case 'over':
    case 'flat-map':
    case 'single-row':
      return isEmptyValues(plan.input) ? noRows(plan.schema) : plan;
    case 'aggregate': {
      const grouped = plan.groupingSets === null && plan.keys.length > 0;
      return grouped && isEmptyValues(plan.input) ? noRows(plan.schema) : plan;
    }
    case 'union': {
      const inputs = plan.inputs.filter((input) => !isEmptyValues(input));
      if (inputs.length === plan.inputs.length) return plan;
      if (inputs.length === 0) return noRows(plan.schema);
      if (inputs.length > 1) return { ...plan, inputs };
      return makeProject(inputs[0]!, columnsFor(inputs[0]!.schema), plan.schema);
    }
    case 'join':
      return withoutEmptySide(plan);
    case 'recursion':
    case 'self':
    case 'scan':
    case 'values':
    case 'set':
      return plan;
  }
}

function withoutEmptySide(plan: LogicalPlan & { kind: 'join' }): LogicalPlan {
  const never = isConstant(plan.on, false);
  const noLeft = isEmptyValues(plan.left);
  const noRight = isEmptyValues(plan.right) || never;
  switch (plan.type) {
    case 'inner':
    case 'semi':
      return noLeft || noRight ? noRows(plan.schema) : plan;
    case 'anti':
      return noLeft || !noRight ? (noLeft ? noRows(plan.schema) : plan) : plan.left;
    case 'left': {
      if (noLeft) return noRows(plan.schema);
      if (!noRight || plan.lateral) return plan;
      const nulls = plan.right.schema.map((field) => nullConstant(field.type));
      return makeProject(plan.left, [...columnsFor(plan.left.schema), ...nulls], plan.schema);
    }
    case 'right':
    case 'full':
      return plan;
  }
}
