/**
 * A sort without limit below another operator means nothing once the operators that take their rows in that
 * order (ordered-input.ts) have it themselves.
 *
 *   join over sort o over p   →  join over p
 *
 * The sort at the top of a query, under projections and filters alone, is the order of the result.
 */

import { mapChildren } from '../../plan/children.ts';
import type { LogicalPlan } from '../../plan/logical.ts';
import type { Rule } from '../rule.ts';

export const dropOrderRule: Rule = {
  name: 'drop-order',
  apply: (plan) => {
    const dropped = drop(plan, true);
    return dropped === plan ? null : dropped;
  },
};

function drop(plan: LogicalPlan, top: boolean): LogicalPlan {
  if (plan.kind === 'sort' && plan.limit === null && plan.offset === null && !top) {
    return drop(plan.input, false);
  }
  const passes = top && (plan.kind === 'project' || plan.kind === 'filter');
  return mapChildren(plan, (input) => drop(input, passes));
}
