/**
 * Walking logical plans: the inputs of a node, the expressions of a node, and both rebuilt. The only
 * switches over plan kinds that rewriters need; a new node kind is added here once. Nothing here looks into
 * the plans of subqueries.
 */

import { unreachable } from '../base/assert.ts';
import type { Expr } from '../expr/expr.ts';
import type { AggregateCall, LogicalPlan, SortKey, WindowFunctionCall } from './logical.ts';

/** The inputs of a node, left to right. */
export function children(plan: LogicalPlan): readonly LogicalPlan[] {
  switch (plan.kind) {
    case 'scan':
    case 'values':
    case 'self':
      return [];
    case 'filter':
    case 'project':
    case 'window':
    case 'aggregate':
    case 'distinct':
    case 'sort':
    case 'over':
    case 'flat-map':
    case 'single-row':
      return [plan.input];
    case 'join':
    case 'set':
      return [plan.left, plan.right];
    case 'union':
      return plan.inputs;
    case 'recursion':
      return [plan.base, plan.step];
    default:
      return unreachable(plan, 'plan');
  }
}

/** The node with `change` applied to each input; the same object when no input changed. */
export function mapChildren(
  plan: LogicalPlan,
  change: (input: LogicalPlan, position: number) => LogicalPlan,
): LogicalPlan {
  switch (plan.kind) {
    case 'scan':
    case 'values':
    case 'self':
      return plan;
    case 'filter':
    case 'project':
    case 'window':
    case 'aggregate':
    case 'distinct':
    case 'sort':
    case 'over':
    case 'flat-map':
    case 'single-row': {
      const input = change(plan.input, 0);
      return input === plan.input ? plan : { ...plan, input };
    }
    case 'join':
    case 'set': {
      const left = change(plan.left, 0);
      const right = change(plan.right, 1);
      return left === plan.left && right === plan.right ? plan : { ...plan, left, right };
    }
    case 'union': {
      const inputs = plan.inputs.map(change);
      return inputs.every((input, i) => input === plan.inputs[i]) ? plan : { ...plan, inputs };
    }
    case 'recursion': {
      const base = change(plan.base, 0);
      const step = change(plan.step, 1);
      return base === plan.base && step === plan.step ? plan : { ...plan, base, step };
    }
    default:
      return unreachable(plan, 'plan');
  }
}

/** Inputs first, then the node itself. */
export function mapPlan(
  plan: LogicalPlan,
  change: (plan: LogicalPlan) => LogicalPlan,
): LogicalPlan {
  return change(mapChildren(plan, (input) => mapPlan(input, change)));
}

/** Every expression that stands directly in a node, in a fixed order. */
export function expressionsOf(plan: LogicalPlan): readonly Expr[] {
  const found: Expr[] = [];
  mapExpressions(plan, (expr) => {
    found.push(expr);
    return expr;
  });
  return found;
}

/** The node with `change` applied to each expression that stands directly in it; the schema is kept. */
export function mapExpressions(plan: LogicalPlan, change: (expr: Expr) => Expr): LogicalPlan {
  const keys = (order: readonly SortKey[]): readonly SortKey[] =>
    mapSame(order, (key) => withField(key, 'expr', change(key.expr)));
  const optional = (expr: Expr | null): Expr | null => (expr === null ? null : change(expr));
  switch (plan.kind) {
    case 'scan':
    case 'window':
    case 'union':
    case 'set':
    case 'distinct':
    case 'single-row':
    case 'recursion':
    case 'self':
      return plan;
    case 'values': {
      const rows = mapSame(plan.rows, (row) => mapSame(row, change));
      return rows === plan.rows ? plan : { ...plan, rows };
    }
    case 'filter': {
      const predicate = change(plan.predicate);
      return predicate === plan.predicate ? plan : { ...plan, predicate };
    }
    case 'project': {
      const exprs = mapSame(plan.exprs, change);
      return exprs === plan.exprs ? plan : { ...plan, exprs };
    }
    case 'aggregate': {
      const groupKeys = mapSame(plan.keys, change);
      const aggregates = mapSame(plan.aggregates, (call): AggregateCall => {
        const args = mapSame(call.args, change);
        const filter = optional(call.filter);
        const orderBy = keys(call.orderBy);
        return args === call.args && filter === call.filter && orderBy === call.orderBy
          ? call
          : { ...call, args, filter, orderBy };
      });
      return groupKeys === plan.keys && aggregates === plan.aggregates
        ? plan
        : { ...plan, keys: groupKeys, aggregates };
    }
    case 'join': {
      const on = change(plan.on);
      return on === plan.on ? plan : { ...plan, on };
    }
    case 'sort': {
      const partitionBy = mapSame(plan.partitionBy, change);
      const order = keys(plan.order);
      const limit = optional(plan.limit);
      const offset = optional(plan.offset);
      return partitionBy === plan.partitionBy &&
        order === plan.order &&
        limit === plan.limit &&
        offset === plan.offset
        ? plan
        : { ...plan, partitionBy, order, limit, offset };
    }
    case 'over': {
      const partitionBy = mapSame(plan.partitionBy, change);
      const order = keys(plan.order);
      const calls = mapSame(plan.calls, (call): WindowFunctionCall => {
        const args = mapSame(call.args, change);
        const filter = optional(call.filter);
        const start = withField(call.frame.start, 'offset', optional(call.frame.start.offset));
        const end = withField(call.frame.end, 'offset', optional(call.frame.end.offset));
        const frame =
          start === call.frame.start && end === call.frame.end
            ? call.frame
            : { ...call.frame, start, end };
        return args === call.args && filter === call.filter && frame === call.frame
          ? call
          : { ...call, args, filter, frame };
      });
      return partitionBy === plan.partitionBy && order === plan.order && calls === plan.calls
        ? plan
        : { ...plan, partitionBy, order, calls };
    }
    case 'flat-map': {
      const args = mapSame(plan.args, change);
      return args === plan.args ? plan : { ...plan, args };
    }
    default:
      return unreachable(plan, 'plan');
  }
}

/** Like `map`, but gives back the same array when no element changed. */
function mapSame<T>(list: readonly T[], change: (item: T) => T): readonly T[] {
  const changed = list.map((item) => change(item));
  return changed.every((item, i) => item === list[i]) ? list : changed;
}

function withField<T, K extends keyof T>(object: T, field: K, value: T[K]): T {
  return object[field] === value ? object : { ...object, [field]: value };
}
