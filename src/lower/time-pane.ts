/**
 * Which columns of a plan say to what time window a row belongs, so that a group can be forgotten when its
 * window is over. A column is followed down to the windowing function that made it, through operators
 * that can give no row for a window after the watermark has passed its end: those that work row by row,
 * groups and ranks within the window, and joins of two such inputs on the window's end.
 */

import type { LogicalPlan, WindowPlan } from '../plan/logical.ts';
import { conjuncts } from '../plan/expressions.ts';
import { equalitySides, propertiesOf } from '../plan/properties.ts';

export interface TimePane {
  readonly role: 'start' | 'end' | 'time';
  readonly window: WindowPlan;
}

/** What `column` of `plan` is, when rows of a closed window can no longer come; null otherwise. */
export function timePaneOf(plan: LogicalPlan, column: number): TimePane | null {
  switch (plan.kind) {
    case 'window': {
      const width = plan.input.schema.length;
      if (column < width) return timePaneOf(plan.input, column);
      if (!hasEventTime(plan) && !hasClock(plan)) return null;
      const role = column === width ? 'start' : column === width + 1 ? 'end' : 'time';
      return { role, window: plan };
    }
    case 'filter':
    case 'single-row':
    case 'distinct':
      return timePaneOf(plan.input, column);
    case 'project': {
      const expr = plan.exprs[column];
      return expr?.kind === 'column' ? timePaneOf(plan.input, expr.index) : null;
    }
    case 'flat-map':
      return column < plan.input.schema.length ? timePaneOf(plan.input, column) : null;
    case 'aggregate': {
      const expr = plan.keys[column];
      if (plan.groupingSets !== null || expr?.kind !== 'column') return null;
      const pane = timePaneOf(plan.input, expr.index);
      return pane !== null && groupsByPane(plan, pane) ? pane : null;
    }
    case 'sort':
    case 'over': {
      if (column >= plan.input.schema.length) return null;
      const pane = timePaneOf(plan.input, column);
      if (pane === null) return null;
      if (plan.kind === 'sort' && plan.limit === null && plan.offset === null) return pane;
      const within = plan.partitionBy.some((expr) => {
        if (expr.kind !== 'column') return false;
        return isEnd(timePaneOf(plan.input, expr.index), pane.window);
      });
      return within ? pane : null;
    }
    case 'union':
      return null;
    case 'join': {
      const width = plan.left.schema.length;
      const onLeft = column < width;
      if (plan.lookup === true) return onLeft ? timePaneOf(plan.left, column) : null;
      if (plan.type === 'full') return null;
      if (onLeft ? plan.type === 'right' : plan.type === 'left') return null;
      const pane = onLeft ? timePaneOf(plan.left, column) : timePaneOf(plan.right, column - width);
      if (pane === null) return null;
      // Both sides must be over when the window is, or a late change of one side would change its rows.
      const together = conjuncts(plan.on).some((part) => {
        const sides = equalitySides(part);
        if (sides === null) return false;
        const [a, b] = sides;
        if (a.kind !== 'column' || b.kind !== 'column') return false;
        const [l, r] = a.index < width ? [a.index, b.index] : [b.index, a.index];
        if (l >= width || r < width) return false;
        const left = timePaneOf(plan.left, l);
        const right = timePaneOf(plan.right, r - width);
        return left?.role === 'end' && right?.role === 'end';
      });
      return together ? pane : null;
    }
    case 'scan':
    case 'values':
    case 'set':
    case 'recursion':
    case 'self':
      return null;
  }
}

/** Whether the window's input is append-only and its time column carries watermarks. */
export function hasEventTime(plan: WindowPlan): boolean {
  const time = plan.input.schema[plan.timeColumn];
  return time?.time === 'event' && propertiesOf(plan.input).appendOnly;
}

/** Whether rows are put into windows by the time at which they come. Sessions know no such time. */
export function hasClock(plan: WindowPlan): boolean {
  const time = plan.input.schema[plan.timeColumn];
  const assigned = time?.time === 'processing' && plan.window.fn !== 'session';
  return assigned && propertiesOf(plan.input).appendOnly;
}

function isEnd(pane: TimePane | null, window: WindowPlan): boolean {
  return pane !== null && pane.role === 'end' && pane.window === window;
}

/** A group keyed by something of a window is over with it only when the window's end is in the key too. */
function groupsByPane(plan: LogicalPlan & { kind: 'aggregate' }, pane: TimePane): boolean {
  const roles = plan.keys.map((expr) =>
    expr.kind === 'column' ? timePaneOf(plan.input, expr.index) : null,
  );
  if (roles.some((role) => isEnd(role, pane.window))) return true;
  return startGivesEnd(pane.window) && roles.some((role) => role?.role === 'start');
}

/** Tumbling and hopping windows of one start have one end; cumulating windows and sessions do not. */
export function startGivesEnd(window: WindowPlan): boolean {
  return window.window.fn === 'tumble' || window.window.fn === 'hop';
}

/**
 * The plan with the end of `window` as one more column, and where it is; null when the way down to the
 * window is not made of filters and projections alone.
 */
export function exposeEnd(
  plan: LogicalPlan,
  window: WindowPlan,
): { readonly plan: LogicalPlan; readonly column: number } | null {
  if (plan === window) return { plan, column: window.input.schema.length + 1 };
  if (plan.kind === 'filter') {
    const below = exposeEnd(plan.input, window);
    if (below === null) return null;
    const input = below.plan;
    return { plan: { ...plan, input, schema: input.schema }, column: below.column };
  }
  if (plan.kind === 'project') {
    const below = exposeEnd(plan.input, window);
    if (below === null) return null;
    const field = below.plan.schema[below.column]!;
    const expr = { kind: 'column', index: below.column, type: field.type } as const;
    return {
      plan: {
        ...plan,
        input: below.plan,
        exprs: [...plan.exprs, expr],
        schema: [...plan.schema, field],
      },
      column: plan.exprs.length,
    };
  }
  return null;
}
