/**
 * Time bounds of a join, read from its condition: `b.at BETWEEN a.at AND a.expires` lets a row of `a` go when
 * the watermark of `b` has passed its `expires`, and a row of `b` when the watermark of `a` has passed its `at`.
 *
 *   r + x <= l + y, where no row of the right side comes any more with r before its watermark − slack
 *     →  a left row goes when the right side's watermark is above l + (y − x) + slack
 *
 * The bounded column is the event time of an append-only side (then rows before their own watermark must be
 * kept out as late), or comes from a window whose rows are final once the watermark has passed its end.
 */

import type { Expr } from '../expr/expr.ts';
import type { ForgetSpec, JoinTime } from '../plan/dataflow-plan.ts';
import { conjuncts } from '../plan/expressions.ts';
import { windowTimeLagMicros } from '../plan/logical.ts';
import type { JoinPlan, LogicalPlan } from '../plan/logical.ts';
import { equalitySides, propertiesOf } from '../plan/properties.ts';
import { Interval } from '../types/interval.ts';
import { startGivesEnd, timePaneOf } from './time-pane.ts';

/** A column plus so many microseconds. */
interface Shifted {
  readonly column: number;
  readonly offset: number;
}

/** Rows that come have the column at or after their watermark − slack. */
interface Floor {
  readonly slack: number;
  /** Only because rows that do not are refused as late. */
  readonly guarded: boolean;
}

interface Candidate {
  readonly spec: ForgetSpec;
  /** The two columns' distance without slack. */
  readonly distance: number;
  readonly slack: number;
  /** Column of the other side that is bounded. */
  readonly bounded: number;
  readonly guarded: boolean;
}

/** `bounded`, of the other side, is at most `kept`, of the side that forgets. */
interface BoundedRow {
  readonly bounded: Shifted;
  readonly kept: Shifted;
}

/** What time has to do with a join; null when nothing lets it forget. Columns are those of the two plans. */
export function joinTimeOf(plan: JoinPlan, lateness: number): JoinTime | null {
  const width = plan.left.schema.length;
  const bounds = conjuncts(plan.on).flatMap(boundsOf);
  const ofLeft = bounds.flatMap(([low, high]): BoundedRow[] =>
    low.column >= width && high.column < width
      ? [{ bounded: { ...low, column: low.column - width }, kept: high }]
      : [],
  );
  const ofRight = bounds.flatMap(([low, high]): BoundedRow[] =>
    low.column < width && high.column >= width
      ? [{ bounded: low, kept: { ...high, column: high.column - width } }]
      : [],
  );
  const left = candidateOf(plan.left, plan.right, ofLeft, lateness);
  const right = candidateOf(plan.right, plan.left, ofRight, lateness);
  if (left === null && right === null) return null;
  return {
    forget: [left?.spec ?? null, right?.spec ?? null],
    lateBy: [guardOf(right), guardOf(left)],
    delay: delayOf(plan, left, right),
    rowWatermarks: false,
  };
}

/** What lets rows of `kept` go, of all that the condition offers. */
function candidateOf(
  kept: LogicalPlan,
  other: LogicalPlan,
  rows: readonly BoundedRow[],
  lateness: number,
): Candidate | null {
  const settled = settledOf(kept, lateness);
  if (settled === undefined) return null;
  const found = rows.flatMap((row): Candidate[] => {
    const floor = floorOf(other, row.bounded.column, lateness);
    if (floor === null) return [];
    const { slack, guarded } = floor;
    const distance = row.kept.offset - row.bounded.offset;
    const spec = { column: row.kept.column, offset: distance + slack, settled };
    return [{ spec, distance, slack, bounded: row.bounded.column, guarded }];
  });
  // A window's end needs no guard and comes before its start; among equals the first one written.
  found.sort((a, b) => Number(a.guarded) - Number(b.guarded) || a.slack - b.slack);
  return found[0] ?? null;
}

function guardOf(candidate: Candidate | null): number | null {
  return candidate?.guarded === true ? candidate.bounded : null;
}

/**
 * How far the event times of a pair may lie behind the watermarks: the farther row waits for the nearer one
 * for so long. Only where pairs are final and both bounds are distances between event times.
 */
function delayOf(plan: JoinPlan, left: Candidate | null, right: Candidate | null): number {
  if (plan.type !== 'inner' || left === null || right === null) return 0;
  const isEvent = (side: LogicalPlan, column: number): boolean =>
    side.schema[column]!.time === 'event' && propertiesOf(side).appendOnly;
  const known =
    isEvent(plan.left, left.spec.column) &&
    isEvent(plan.right, right.spec.column) &&
    left.spec.column === right.bounded &&
    right.spec.column === left.bounded;
  return known ? Math.max(0, left.distance, right.distance) : 0;
}

/** What has to pass before a row of this side cannot change; undefined when nothing says so. */
function settledOf(plan: LogicalPlan, lateness: number): ForgetSpec['settled'] | undefined {
  if (propertiesOf(plan).appendOnly) return null;
  for (let column = 0; column < plan.schema.length; column++) {
    const slack = paneSlack(plan, column, lateness);
    if (slack !== null) return { column, offset: slack };
  }
  return undefined;
}

function floorOf(plan: LogicalPlan, column: number, lateness: number): Floor | null {
  const slack = paneSlack(plan, column, lateness);
  if (slack !== null) return { slack, guarded: false };
  const event = plan.schema[column]!.time === 'event' && propertiesOf(plan).appendOnly;
  return event ? { slack: 0, guarded: true } : null;
}

/** Rows of a window come and change only while its end + lateness is after the watermark. */
function paneSlack(plan: LogicalPlan, column: number, lateness: number): number | null {
  const pane = timePaneOf(plan, column);
  if (pane === null) return null;
  const afterEnd = lateness - 1;
  switch (pane.role) {
    case 'end':
      return afterEnd;
    case 'time':
      return afterEnd + windowTimeLagMicros;
    case 'start': {
      const { window } = pane.window;
      return startGivesEnd(pane.window) && 'size' in window ? afterEnd + window.size : null;
    }
  }
}

/** low <= high */
type Bound = readonly [low: Shifted, high: Shifted];

function boundsOf(part: Expr): readonly Bound[] {
  const equal = part.kind === 'call' ? equalitySides(part) : null;
  if (equal !== null) {
    const [a, b] = equal.map(shiftedOf);
    return a && b
      ? [
          [a, b],
          [b, a],
        ]
      : [];
  }
  if (part.kind !== 'call' || !part.fn.operator || part.args.length !== 2) return [];
  const [a, b] = part.args.map(shiftedOf);
  if (!a || !b) return [];
  switch (part.fn.name) {
    case '<':
    case '<=':
      return [[a, b]];
    case '>':
    case '>=':
      return [[b, a]];
    default:
      return [];
  }
}

/** A time column, moved by constant intervals of fixed length; null for anything else. */
function shiftedOf(expr: Expr): Shifted | null {
  if (expr.type.kind !== 'timestamp' && expr.type.kind !== 'timestamptz') return null;
  if (expr.kind === 'column') return { column: expr.index, offset: 0 };
  if (expr.kind !== 'call' || !expr.fn.operator || expr.args.length !== 2) return null;
  const { name } = expr.fn;
  const [a, b] = [expr.args[0]!, expr.args[1]!];
  if (name === '-') return moved(a, b, -1);
  if (name !== '+') return null;
  return moved(a, b, 1) ?? moved(b, a, 1);
}

function moved(time: Expr, by: Expr, sign: 1 | -1): Shifted | null {
  const inner = shiftedOf(time);
  if (inner === null || by.kind !== 'constant' || !(by.value instanceof Interval)) return null;
  if (by.value.months !== 0) return null;
  const micros = Number(by.value.comparable());
  if (!Number.isSafeInteger(micros)) return null;
  return { column: inner.column, offset: inner.offset + sign * micros };
}
