/**
 * What a materialized view or a sink cannot hold: values that change while no row does (the time of day) and values
 * that would be others when computed again. Such a view could not stay equal to its query.
 */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type { Expr } from '../expr/expr.ts';
import { visitExpr } from '../expr/walk.ts';
import { children, expressionsOf } from '../plan/children.ts';
import { propertiesOf } from '../plan/properties.ts';
import type { LogicalPlan } from '../plan/logical.ts';

/** Functions of the moment. They are stable in a statement, but a view lives on. */
const clocks: ReadonlySet<string> = new Set([
  'now',
  'transaction_timestamp',
  'statement_timestamp',
  'clock_timestamp',
  'current_timestamp',
  'localtimestamp',
  'current_date',
  'current_time',
  'localtime',
  'timeofday',
]);

/** What keeps the query up to date. Only a subscription's may have parameters. */
type Keeper = 'materialized view' | 'sink' | 'subscription';

/** Throws for now() and its family, volatile functions, system relations and, in views, parameters. */
export function checkViewPlan(
  plan: LogicalPlan,
  position: number,
  keeper: Keeper = 'materialized view',
): void {
  if (plan.kind === 'scan' && plan.relation.kind === 'virtual') {
    throw notSupported(`system relation "${plan.relation.name}" in a ${keeper}`, {
      detail: 'Its rows are made when it is read, so nobody is told when they change.',
      hint: 'Read it with SELECT.',
      position,
    });
  }
  for (const expr of expressionsOf(plan)) checkExpr(expr, position, keeper);
  const inputs = children(plan);
  for (const input of inputs) checkViewPlan(input, position, keeper);
  const final = inputs.every((input) => propertiesOf(input).appendOnly);
  if (!final) for (const expr of expressionsOf(plan)) checkProcessingTime(expr, position);
}

/** A row must be taken back as it was given, and its processing time would be another by then. */
function checkProcessingTime(expr: Expr, position: number): void {
  visitExpr(expr, (part) => {
    if (part.kind !== 'call' || part.fn.name !== 'proctime') return;
    throw notSupported('PROCTIME() over rows that change', {
      detail: 'A row that is taken back would have another processing time than when it came.',
      hint: 'Use it over a source without a primary key, or declare a column of the source AS PROCTIME().',
      position: part.at ?? position,
    });
  });
}

function checkExpr(expr: Expr, position: number, keeper: Keeper): void {
  visitExpr(expr, (part) => {
    const at = part.at ?? position;
    if (part.kind === 'subquery') checkViewPlan(part.plan as LogicalPlan, position, keeper);
    if (part.kind === 'parameter' && keeper !== 'subscription') {
      throw new SqlError(
        sqlstate.undefinedParameter,
        `${keeper}s may not be defined using bound parameters`,
        { position: at },
      );
    }
    if (part.kind !== 'call') return;
    const { name, volatility } = part.fn;
    if (clocks.has(name)) {
      throw notSupported(`${name}() in a ${keeper}`, {
        detail:
          'Its value changes although no row does, so rows would have to come and go by themselves.',
        hint: 'Compare with now() in the query that reads the view, or window the rows by event time.',
        position: at,
      });
    }
    if (volatility === 'volatile') {
      throw notSupported(`${name}() in a ${keeper}`, {
        detail: 'It gives another value each time, so the view could not be kept up to date.',
        hint: 'Use it in the query that reads the view.',
        position: at,
      });
    }
  });
}
