/**
 * Window functions and set-returning functions of a select list as plans: each adds columns behind its
 * input's, and the marks that stood for them become those columns.
 */

import type { Expr } from '../expr/expr.ts';
import { mapExpr, someExpr } from '../expr/walk.ts';
import { cannotFail, isVolatile } from '../plan/expressions.ts';
import type { LogicalPlan, OverPlan } from '../plan/logical.ts';
import type { Field } from '../types/schema.ts';
import { sameSort } from './bind-aggregate-call.ts';
import { isMark, markOf, type MarkKind, type OverCall, type RowsCall } from './query-level.ts';
import { inStep } from './rows-in-step.ts';
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

/**
 * Items of a select list that are evaluated before the functions beside them give rows, so that their errors are
 * met where there are no rows, as in PostgreSQL; none when a function stands within an item. `items` have marks of
 * rows only.
 */
export function beforeRows(items: readonly Expr[], calls: readonly RowsCall[]): readonly Expr[] {
  const plain = items.filter((item) => !isMark(item, 'rows'));
  if (calls.length === 0 || calls.some(usesRows) || plain.some(readsRows)) return [];
  return plain.filter((item) => !cannotFail(item) && !isVolatile(item));
}

/** A flat-map for the functions that stand beside each other, and one for each that takes another's rows. */
export function addRows(input: LogicalPlan, calls: readonly RowsCall[]): WithColumns {
  let plan = input;
  const columns: number[] = [];
  const beside = calls.filter((call) => !usesRows(call));
  const nested = calls.filter(usesRows).map((call) => [call]);
  for (const group of beside.length === 0 ? nested : [beside, ...nested]) {
    let next = plan.schema.length;
    for (const call of group) call.columns.forEach((_, i) => (columns[call.first + i] = next++));
    const added = group.flatMap((call) =>
      call.columns.map((column): Field => ({ ...column, nullable: true })),
    );
    const settle = settler('rows', columns);
    plan = {
      kind: 'flat-map',
      input: plan,
      fn: group.length === 1 ? group[0]!.fn : inStep(group),
      args: group.flatMap((call) => call.args.map(settle)),
      ordinality: false,
      outer: false,
      schema: [...plan.schema, ...added],
    };
  }
  return { plan, settle: settler('rows', columns) };
}

function usesRows(call: RowsCall): boolean {
  return call.args.some(readsRows);
}

function readsRows(expr: Expr): boolean {
  return someExpr(expr, (part) => isMark(part, 'rows'));
}

function settler(kind: MarkKind, columns: readonly number[]): (expr: Expr) => Expr {
  return (expr) =>
    mapExpr(expr, (part) => {
      if (part.kind !== 'column') return part;
      const mark = markOf(part.index);
      return mark?.kind === kind ? { ...part, index: columns[mark.position]! } : part;
    });
}
