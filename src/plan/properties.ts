/**
 * What can be told of a plan's rows without running it: whether a row is ever retracted, which columns are
 * unique together, how many rows there are at most, and where event time is. Facts are derived from
 * the bottom up and remembered by node.
 */

import { unreachable } from '../base/assert.ts';
import type { Expr } from '../expr/expr.ts';
import { columnsRead, conjuncts } from './expressions.ts';
import type { JoinPlan, LogicalPlan } from './logical.ts';

export interface PlanProperties {
  /** No row of the result is ever retracted. */
  readonly appendOnly: boolean;
  /** Sets of columns, each unique together (NULLs counting as equal); an empty set: one row at most. */
  readonly keys: readonly (readonly number[])[];
  /** At least one row, always. */
  readonly atLeastOne: boolean;
}

/** More keys than these are not looked for. */
const keysMax = 8;

const known = new WeakMap<LogicalPlan, PlanProperties>();

export function propertiesOf(plan: LogicalPlan): PlanProperties {
  let properties = known.get(plan);
  if (properties === undefined) {
    const derived = derive(plan);
    properties = { ...derived, keys: minimalKeys(derived.keys) };
    known.set(plan, properties);
  }
  return properties;
}

/** Whether no two rows agree in all of `columns`. */
export function isUniqueOn(plan: LogicalPlan, columns: ReadonlySet<number>): boolean {
  return propertiesOf(plan).keys.some((key) => key.every((column) => columns.has(column)));
}

export function atMostOneRow(plan: LogicalPlan): boolean {
  return propertiesOf(plan).keys.some((key) => key.length === 0);
}

/** Columns that carry event time. */
export function eventTimeColumns(plan: LogicalPlan): readonly number[] {
  return plan.schema.flatMap((field, i) => (field.time === 'event' ? [i] : []));
}

const all = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);

function derive(plan: LogicalPlan): PlanProperties {
  switch (plan.kind) {
    case 'scan': {
      const keys = (plan.relation.keys ?? []).flatMap((key) => {
        const positions = key.map((ordinal) => plan.columns.indexOf(ordinal));
        return positions.includes(-1) ? [] : [positions];
      });
      return { appendOnly: plan.relation.appendOnly, keys, atLeastOne: false };
    }
    case 'values':
      return {
        appendOnly: true,
        keys: plan.rows.length <= 1 ? [[]] : [],
        atLeastOne: plan.rows.length > 0,
      };
    case 'filter': {
      const input = propertiesOf(plan.input);
      return { ...input, keys: withoutFixed(input.keys, plan.predicate), atLeastOne: false };
    }
    case 'project': {
      const input = propertiesOf(plan.input);
      const keys = input.keys.flatMap((key) => {
        const positions = key.map((column) =>
          plan.exprs.findIndex((expr) => expr.kind === 'column' && expr.index === column),
        );
        return positions.includes(-1) ? [] : [positions];
      });
      return { ...input, keys };
    }
    case 'window': {
      const input = propertiesOf(plan.input);
      const start = plan.input.schema.length;
      const session = plan.window.fn === 'session';
      // A row is in one tumbling window and in one session, and in several of the other kinds.
      const single = plan.window.fn === 'tumble' || session;
      const keys = single ? input.keys : input.keys.map((key) => [...key, start, start + 1]);
      return { appendOnly: input.appendOnly && !session, keys, atLeastOne: false };
    }
    case 'aggregate': {
      const count = plan.keys.length;
      const plain = plan.groupingSets === null;
      const atLeastOne =
        (plain && count === 0) || (plan.groupingSets ?? []).some((set) => set.length === 0);
      return { appendOnly: false, keys: plain ? [all(count)] : [], atLeastOne };
    }
    case 'join':
      return deriveJoin(plan);
    case 'union': {
      const inputs = plan.inputs.map(propertiesOf);
      return {
        appendOnly: inputs.every((input) => input.appendOnly),
        keys: [],
        atLeastOne: inputs.some((input) => input.atLeastOne),
      };
    }
    case 'set': {
      const left = propertiesOf(plan.left);
      const right = propertiesOf(plan.right);
      const keys = plan.all ? left.keys : [...left.keys, all(plan.schema.length)];
      return {
        appendOnly: plan.op === 'intersect' && left.appendOnly && right.appendOnly,
        keys,
        atLeastOne: false,
      };
    }
    case 'distinct': {
      const input = propertiesOf(plan.input);
      return { ...input, keys: [...input.keys, all(plan.schema.length)] };
    }
    case 'sort': {
      const input = propertiesOf(plan.input);
      const passes = plan.limit === null && plan.offset === null;
      return {
        appendOnly: input.appendOnly && passes,
        keys: [...input.keys, ...limitKeys(plan)],
        atLeastOne: input.atLeastOne && passes,
      };
    }
    case 'over': {
      const input = propertiesOf(plan.input);
      return { ...input, appendOnly: false };
    }
    case 'flat-map': {
      const input = propertiesOf(plan.input);
      const ordinal = plan.schema.length - 1;
      return {
        appendOnly: input.appendOnly,
        keys: plan.ordinality ? input.keys.map((key) => [...key, ordinal]) : [],
        atLeastOne: input.atLeastOne && plan.outer,
      };
    }
    case 'single-row': {
      const input = propertiesOf(plan.input);
      return { ...input, keys: [...input.keys, plan.keys] };
    }
    case 'recursion': {
      const keys = plan.all ? [] : [all(plan.schema.length)];
      return { appendOnly: false, keys, atLeastOne: propertiesOf(plan.base).atLeastOne };
    }
    case 'self':
      return { appendOnly: false, keys: [], atLeastOne: false };
    default:
      return unreachable(plan, 'plan');
  }
}

function deriveJoin(plan: JoinPlan): PlanProperties {
  const left = propertiesOf(plan.left);
  const right = propertiesOf(plan.right);
  const width = plan.left.schema.length;
  const both = left.appendOnly && right.appendOnly;
  if (plan.lookup === true) return { ...left, atLeastOne: false, keys: lookupKeys(plan) };
  if (plan.type === 'semi') return { appendOnly: both, keys: left.keys, atLeastOne: false };
  if (plan.type === 'anti') return { appendOnly: false, keys: left.keys, atLeastOne: false };
  const equal = equalColumns(plan.on, width);
  // A side whose key is fixed by the other side's row adds at most one match, so the other's keys stay keys.
  const rightOnce = right.keys.some((key) => key.every((column) => equal.right.has(column)));
  const leftOnce = left.keys.some((key) => key.every((column) => equal.left.has(column)));
  const moved = right.keys.map((key) => key.map((column) => column + width));
  const keys: (readonly number[])[] = [];
  if (rightOnce && (plan.type === 'inner' || plan.type === 'left')) keys.push(...left.keys);
  if (leftOnce && (plan.type === 'inner' || plan.type === 'right')) keys.push(...moved);
  for (const a of left.keys) for (const b of moved) keys.push([...a, ...b]);
  const kept =
    plan.type === 'left' ? left.atLeastOne : plan.type === 'right' ? right.atLeastOne : false;
  const full = plan.type === 'full' && (left.atLeastOne || right.atLeastOne);
  const cross =
    plan.type === 'inner' && left.atLeastOne && right.atLeastOne && conjuncts(plan.on).length === 0;
  // A full join of two keyed sides can give a NULL-extended row on each; its keys hold only when non-empty.
  const safe = plan.type === 'full' ? keys.filter((key) => key.length > 0) : keys;
  return {
    appendOnly: plan.type === 'inner' && both,
    keys: plan.type === 'full' ? safe.filter((key) => spansBoth(key, width)) : keys,
    atLeastOne: kept || full || cross,
  };
}

/** Rows that meet at most one row now may meet another later, which is another row of theirs. */
function lookupKeys(plan: JoinPlan): readonly (readonly number[])[] {
  const once = joinsAtMostOne(plan.on, plan.left.schema.length, plan.right);
  return once ? propertiesOf(plan.left).keys : [];
}

function spansBoth(key: readonly number[], width: number): boolean {
  return key.some((column) => column < width) && key.some((column) => column >= width);
}

/** Columns of each side that the condition equates with something of the other side or a constant. */
export function equalColumns(on: Expr, width: number): { left: Set<number>; right: Set<number> } {
  const left = new Set<number>();
  const right = new Set<number>();
  for (const part of conjuncts(on)) {
    const sides = equalitySides(part);
    if (sides === null) continue;
    for (const [a, b] of [sides, [sides[1], sides[0]] as const]) {
      if (a.kind !== 'column') continue;
      const reads = columnsRead(b);
      if (a.index < width && [...reads].every((column) => column >= width)) left.add(a.index);
      if (a.index >= width && [...reads].every((column) => column < width)) {
        right.add(a.index - width);
      }
    }
  }
  return { left, right };
}

/** Whether at most one row of `right` meets each row of a left input of `leftWidth` columns. */
export function joinsAtMostOne(on: Expr, leftWidth: number, right: LogicalPlan): boolean {
  return isUniqueOn(right, equalColumns(on, leftWidth).right);
}

/** The two sides of `a = b` or `a IS NOT DISTINCT FROM b`; null for anything else. */
export function equalitySides(expr: Expr): readonly [Expr, Expr] | null {
  if (expr.kind === 'is-distinct' && expr.negated) return [expr.left, expr.right];
  if (expr.kind !== 'call' || !expr.fn.operator || expr.fn.name !== '=') return null;
  return expr.args.length === 2 ? [expr.args[0]!, expr.args[1]!] : null;
}

/** A column that the filter fixes to one constant need not be in a key. */
function withoutFixed(
  keys: readonly (readonly number[])[],
  predicate: Expr,
): readonly (readonly number[])[] {
  const fixed = new Set<number>();
  for (const part of conjuncts(predicate)) {
    const sides = equalitySides(part);
    if (sides === null) continue;
    for (const [a, b] of [sides, [sides[1], sides[0]] as const]) {
      if (a.kind === 'column' && (b.kind === 'constant' || b.kind === 'parameter')) {
        fixed.add(a.index);
      }
    }
  }
  return fixed.size === 0 ? keys : keys.map((key) => key.filter((column) => !fixed.has(column)));
}

/** LIMIT 1 per partition makes the partition a key, when it is made of plain columns. */
function limitKeys(plan: LogicalPlan & { kind: 'sort' }): readonly (readonly number[])[] {
  const { limit } = plan;
  if (limit?.kind !== 'constant' || plan.withTies) return [];
  if (limit.value === null || Number(limit.value) > 1) return [];
  const columns = plan.partitionBy.map((expr) => (expr.kind === 'column' ? expr.index : -1));
  return columns.includes(-1) ? [] : [columns];
}

/** Without keys that hold a smaller key, smallest first. */
function minimalKeys(keys: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const sorted = keys
    .map((key) => [...new Set(key)].sort((a, b) => a - b))
    .sort((a, b) => a.length - b.length);
  const kept: number[][] = [];
  for (const key of sorted) {
    if (kept.length === keysMax) break;
    if (!kept.some((smaller) => smaller.every((column) => key.includes(column)))) kept.push(key);
  }
  return kept;
}
