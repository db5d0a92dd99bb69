/**
 * The NOTICE for a view or sink that is made in a session whose time zone is not UTC, and whose query may give something
 * else there: views compute in UTC, so that they mean the same after a restart and for everybody.
 */

import type { Expr } from '../expr/expr.ts';
import { someExpr } from '../expr/walk.ts';
import { expressionsOf } from '../plan/children.ts';
import { mapPlanDeep } from '../plan/expressions.ts';
import type { LogicalPlan } from '../plan/logical.ts';
import type { SqlType } from '../types/sql-type.ts';
import type { Binding } from './binding.ts';

const likeUtc: ReadonlySet<string> = new Set(['utc', 'etc/utc', 'gmt', 'etc/gmt', 'zulu', 'uct']);

/** `what` names the kind of the object. */
export function noticeZone(what: string, name: string, plan: LogicalPlan, binding: Binding): void {
  const { timeZone } = binding.evaluation;
  if (likeUtc.has(timeZone.toLowerCase()) || !dependsOnZone(plan)) return;
  binding.notice(`${what} "${name}" computes in UTC, not in the session's time zone ${timeZone}`, {
    hint: `Say AT TIME ZONE '${timeZone}' where a day or an hour is meant there.`,
  });
}

function dependsOnZone(plan: LogicalPlan): boolean {
  let found = false;
  mapPlanDeep(plan, (node) => {
    found ||= expressionsOf(node).some((expr) => someExpr(expr, looksAtZone));
    return node;
  });
  return found;
}

/** Where a time zone comes into what is computed, or may: between instants and what clocks and calendars show. */
function looksAtZone(expr: Expr): boolean {
  switch (expr.kind) {
    case 'constant':
      return isZoned(expr.type);
    case 'cast':
      return isZoned(expr.type) !== isZoned(expr.arg.type);
    case 'call': {
      const { name, operator } = expr.fn;
      if (name === 'timezone' || (operator && comparisons.has(name))) return false;
      return isZoned(expr.type) || expr.args.some((arg) => isZoned(arg.type));
    }
    default:
      return false;
  }
}

const comparisons: ReadonlySet<string> = new Set(['=', '<>', '<', '<=', '>', '>=']);

function isZoned(type: SqlType): boolean {
  return type.kind === 'timestamptz';
}
