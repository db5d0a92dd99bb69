/**
 * LIMIT, OFFSET and frame offsets become constants. Mandatory: operators take numbers. Unlike other folding,
 * an error here is the query's error.
 *
 *   limit 2 + 3   →  limit 5
 */

import type { Expr } from '../../expr/expr.ts';
import type { EvalContext } from '../../expr/functions/registry.ts';
import { compileInterpreter } from '../../expr/interpret.ts';
import { someExpr } from '../../expr/walk.ts';
import { mapPlanDeep } from '../../plan/expressions.ts';
import type { FrameBound, LogicalPlan } from '../../plan/logical.ts';
import type { Rule } from '../rule.ts';

export const foldLimitRule: Rule = {
  name: 'fold-limit',
  apply: (plan, { evaluation }) => {
    const folded = mapPlanDeep(plan, (node) => foldNode(node, evaluation));
    return folded === plan ? null : folded;
  },
};

function foldNode(plan: LogicalPlan, evaluation: EvalContext): LogicalPlan {
  const fold = (expr: Expr | null): Expr | null => {
    if (expr === null || expr.kind === 'constant') return expr;
    if (someExpr(expr, (part) => unfixed.has(part.kind))) return expr;
    return { kind: 'constant', value: compileInterpreter(expr)([], evaluation), type: expr.type };
  };
  if (plan.kind === 'sort') {
    const limit = fold(plan.limit);
    const offset = fold(plan.offset);
    return limit === plan.limit && offset === plan.offset ? plan : { ...plan, limit, offset };
  }
  if (plan.kind !== 'over') return plan;
  const bound = (before: FrameBound): FrameBound => {
    const offset = fold(before.offset);
    return offset === before.offset ? before : { ...before, offset };
  };
  const calls = plan.calls.map((call) => {
    const start = bound(call.frame.start);
    const end = bound(call.frame.end);
    const same = start === call.frame.start && end === call.frame.end;
    return same ? call : { ...call, frame: { ...call.frame, start, end } };
  });
  return calls.every((call, i) => call === plan.calls[i]) ? plan : { ...plan, calls };
}

const unfixed: ReadonlySet<Expr['kind']> = new Set<Expr['kind']>([
  'column',
  'outer',
  'parameter',
  'subquery',
]);
