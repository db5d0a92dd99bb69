/**
 * The optimizer: rules in phases. Each rule sees the whole plan; a phase is repeated until no rule changes
 * anything, at most `roundsMax` times. Mandatory rules prepare the plan for lowering; every other rule
 * may be switched off by name without a change of results.
 */

import { AssertionFailed, assert } from '../base/assert.ts';
import type { LogicalPlan } from '../plan/logical.ts';
import type { Field, Schema } from '../types/schema.ts';
import { validatePlan } from '../plan/validate.ts';
import type { Rule, RuleContext } from './rule.ts';
import { decorrelateRule } from './rules/decorrelate.ts';
import { dropDistinctRule } from './rules/drop-distinct.ts';
import { dropOrderRule } from './rules/drop-order.ts';
import { foldLimitRule } from './rules/fold-limit.ts';
import { joinOrderRule } from './rules/join-order.ts';
import { mergeProjectsRule } from './rules/merge-projects.ts';
import { orderedInputRule } from './rules/ordered-input.ts';
import { outerJoinRule } from './rules/outer-join.ts';
import { pruneColumnsRule } from './rules/prune-columns.ts';
import { pushFilterRule } from './rules/push-filter.ts';
import { readFieldsRule } from './rules/read-fields.ts';
import { simplifyRule } from './rules/simplify.ts';
import { topNRule } from './rules/top-n.ts';

interface Phase {
  readonly name: string;
  readonly rules: readonly Rule[];
  readonly mandatory: boolean;
}

/** The order of everything. */
const phases: readonly Phase[] = [
  // Orders are taken over before subqueries move, and limits are numbers when they do.
  {
    name: 'prepare',
    mandatory: true,
    rules: [orderedInputRule, foldLimitRule, decorrelateRule],
  },
  {
    name: 'conditions',
    mandatory: false,
    rules: [simplifyRule, mergeProjectsRule, pushFilterRule, outerJoinRule, joinOrderRule],
  },
  {
    name: 'shape',
    mandatory: false,
    rules: [
      topNRule,
      dropOrderRule,
      pruneColumnsRule,
      dropDistinctRule,
      mergeProjectsRule,
      readFieldsRule,
      simplifyRule,
    ],
  },
];

/** A phase that still changes the plan after so many rounds is stopped; the plan is right at any time. */
const roundsMax = 8;

export interface OptimizeOptions extends RuleContext {
  /** Names of rules that are switched off; mandatory ones run all the same. */
  readonly disabled?: ReadonlySet<string> | undefined;
  /** Check the plan after every rule. */
  readonly validate?: boolean | undefined;
}

/** One change, for EXPLAIN (RULES). */
export interface RuleChange {
  readonly rule: string;
  readonly before: LogicalPlan;
  readonly after: LogicalPlan;
}

export interface OptimizeLog {
  readonly plan: LogicalPlan;
  readonly changes: readonly RuleChange[];
  /** Names of rules that changed nothing, in phase order. */
  readonly idle: readonly string[];
}

export function optimize(plan: LogicalPlan, options: OptimizeOptions): LogicalPlan {
  return optimizeWithLog(plan, options).plan;
}

export function optimizeWithLog(plan: LogicalPlan, options: OptimizeOptions): OptimizeLog {
  const changes: RuleChange[] = [];
  let current = plan;
  if (options.validate === true) validatePlan(plan);
  for (const phase of phases) current = runPhase(phase, current, options, changes);
  const fired = new Set(changes.map((change) => change.rule));
  return { plan: current, changes, idle: ruleNames.filter((name) => !fired.has(name)) };
}

function runPhase(
  phase: Phase,
  plan: LogicalPlan,
  options: OptimizeOptions,
  changes: RuleChange[],
): LogicalPlan {
  let current = plan;
  const rounds = phase.mandatory ? 1 : roundsMax;
  for (let round = 0; round < rounds; round++) {
    const before = current;
    for (const rule of phase.rules) {
      if (!phase.mandatory && options.disabled?.has(rule.name) === true) continue;
      const result = rule.apply(current, options);
      if (result === null) continue;
      const after = withFields(result, current.schema);
      if (options.validate === true) check(rule, after, phase);
      changes.push({ rule: rule.name, before: current, after });
      current = after;
    }
    if (current === before) break;
  }
  return current;
}

/** Rules need not mind what the columns of the result are called; here they keep their names. */
function withFields(plan: LogicalPlan, fields: Schema): LogicalPlan {
  assert(plan.schema.length === fields.length, 'a rule keeps the columns of the result');
  const schema = plan.schema.map((field, i): Field => {
    const { origin: _, ...rest } = field;
    const { name, origin } = fields[i]!;
    return { ...rest, name, ...(origin === undefined ? {} : { origin }) };
  });
  return { ...plan, schema };
}

function check(rule: Rule, after: LogicalPlan, phase: Phase): void {
  const decorrelated = !phase.mandatory || rule === decorrelateRule;
  try {
    validatePlan(after, { decorrelated });
  } catch (error) {
    if (error instanceof AssertionFailed) {
      throw new AssertionFailed(`rule ${rule.name}: ${error.message}`);
    }
    throw error;
  }
}

/** Every rule by name, in the order of the phases. */
export const ruleNames: readonly string[] = [
  ...new Set(phases.flatMap((phase) => phase.rules.map((rule) => rule.name))),
];
