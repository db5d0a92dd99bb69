/**
 * Window functions and set-returning functions of a select list as plans: each adds columns behind its
 * input's, and the marks that stood for them become those columns.
 */

import { notSupported } from '../base/errors.ts';
import type { Expr } from '../expr/expr.ts';
import { mapExpr, someExpr } from '../expr/walk.ts';
import type { LogicalPlan, OverPlan } from '../plan/logical.ts';
import type { Field } from '../types/schema.ts';
import { sameSort } from './bind-aggregate-call.ts';
import { markOf, type MarkKind, type OverCall, type RowsCall } from './query-level.ts';
import { sameExprs } from './same-expr.ts';

export interface WithColumns {
  readonly plan: LogicalPlan;
  /** Marks of the kind that was computed, as columns. */
  readonly settle: (expr: Expr) => Expr;
}

/** One OVER plan for each distinct window; calls with one window share it. */
export function addWindowFunctions(input: LogicalPlan, calls: readonly OverCall[]): WithColumns {
  let plan = input;
  const columns: number[] = [];
  const windows: OverCall[] = [];
  for (const call of calls) {
    if (!windows.some((each) => sameWindow(each, call))) windows.push(call);
  }
  for (const window of windows) {
    const members = calls.flatMap((call, i) => (sameWindow(window, call) ? [i] : []));
    members.forEach((member, i) => {
      columns[member] = plan.schema.length + i;
    });
    const added = members.map((member): Field => {
      const { call, type } = calls[member]!;
      return { name: call.name, type, nullable: !neverNull.has(call.name) };
    });
    const over: OverPlan = {
      kind: 'over',
      input: plan,
      partitionBy: window.partitionBy,
      order: window.order,
      calls: members.map((member) => calls[member]!.call),
      schema: [...plan.schema, ...added],
    };
    plan = over;
  }
  return { plan, settle: settler('over', columns) };
}

const neverNull: ReadonlySet<string> = new Set(['row_number', 'rank', 'dense_rank', 'count']);

function sameWindow(a: OverCall, b: OverCall): boolean {
  return sameExprs(a.partitionBy, b.partitionBy) && sameSort(a.order, b.order);
}

/** A flat-map for each function. Several beside each other would have to run in step, which is refused. */
export function addRows(input: LogicalPlan, calls: readonly RowsCall[]): WithColumns {
  let plan = input;
  const columns: number[] = [];
  calls.forEach((call, position) => {
    if (position > 0 && !usesRows(call)) {
      throw notSupported('several set-returning functions in one select list', {
        hint: 'Call them in FROM, with WITH ORDINALITY to join their rows.',
        position: call.args[0]?.at,
      });
    }
    call.columns.forEach((_, i) => {
      columns[call.first + i] = plan.schema.length + i;
    });
    const added = call.columns.map((column): Field => ({ ...column, nullable: true }));
    const settle = settler('rows', columns);
    plan = {
      kind: 'flat-map',
      input: plan,
      fn: call.fn,
      args: call.args.map(settle),
      ordinality: false,
      outer: false,
      schema: [...plan.schema, ...added],
    };
  });
  return { plan, settle: settler('rows', columns) };
}

function usesRows(call: RowsCall): boolean {
  return call.args.some((arg) =>
    someExpr(arg, (part) => part.kind === 'column' && markOf(part.index)?.kind === 'rows'),
  );
}

function settler(kind: MarkKind, columns: readonly number[]): (expr: Expr) => Expr {
  return (expr) =>
    mapExpr(expr, (part) => {
      if (part.kind !== 'column') return part;
      const mark = markOf(part.index);
      return mark?.kind === kind ? { ...part, index: columns[mark.position]! } : part;
    });
}
