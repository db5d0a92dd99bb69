/**
 * Leaves out operators that make rows unique where they are.
 *
 *   distinct over a plan with a key             →  the plan
 *   single-row by k over a plan with key k      →  the plan
 */

import { mapPlan } from '../../plan/children.ts';
import type { LogicalPlan } from '../../plan/logical.ts';
import { isUniqueOn, propertiesOf } from '../../plan/properties.ts';
import type { Rule } from '../rule.ts';

export const dropDistinctRule: Rule = {
  name: 'drop-distinct',
  apply: (plan) => {
    const dropped = mapPlan(plan, drop);
    return dropped === plan ? null : dropped;
  },
};

function drop(plan: LogicalPlan): LogicalPlan {
  if (plan.kind === 'distinct') {
    const keyed = propertiesOf(plan.input).keys.length > 0;
    return keyed ? plan.input : plan;
  }
  if (plan.kind === 'single-row') {
    return isUniqueOn(plan.input, new Set(plan.keys)) ? plan.input : plan;
  }
  return plan;
}
