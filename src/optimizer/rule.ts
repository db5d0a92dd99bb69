/**
 * What a rule is: it looks at a plan and gives a better one with the same meaning, or null when it has
 * nothing to say. It knows no other rule. Whatever it needs from outside comes in `RuleContext`.
 */

import type { EvalContext, FunctionRegistry } from '../expr/functions/registry.ts';
import type { LogicalPlan } from '../plan/logical.ts';

export interface RuleContext {
  /** Where constant folding evaluates. */
  readonly evaluation: EvalContext;
  /** Where a rule finds the functions that it adds (array_agg). */
  readonly functions: FunctionRegistry;
}

export interface Rule {
  /** As it is switched off by, and printed in EXPLAIN (RULES). */
  readonly name: string;
  /** A new plan for the whole plan, or null when nothing changes. */
  readonly apply: (plan: LogicalPlan, context: RuleContext) => LogicalPlan | null;
}
