/**
 * Leaves out columns that nothing reads, down to the ordinals of scans.
 *
 *   project a over scan (a, b, c)             →  project a over scan (a)
 *   project k over aggregate by k: sum, count →  project k over aggregate by k
 *   project a over over(row_number)           →  project a
 */

import { must } from '../../base/assert.ts';
import type { Expr } from '../../expr/expr.ts';
import { columnsRead, replaceColumns } from '../../plan/expressions.ts';
import { expressionsOf, mapExpressions } from '../../plan/children.ts';
import type { JoinPlan, LogicalPlan, OverPlan } from '../../plan/logical.ts';
import { pickColumns } from '../../plan/make.ts';
import type { Rule } from '../rule.ts';

export const pruneColumnsRule: Rule = {
  name: 'prune-columns',
  apply: (plan) => {
    const all = new Set(plan.schema.keys());
    const pruned = exactly(prune(plan, all), [...all]);
    return pruned === plan ? null : pruned;
  },
};

interface Pruned {
  readonly plan: LogicalPlan;
  /** Where each kept column is now. */
  readonly place: ReadonlyMap<number, number>;
}

/** The plan with at least the needed columns, in their old order. */
function prune(plan: LogicalPlan, needed: ReadonlySet<number>): Pruned {
  switch (plan.kind) {
    case 'scan': {
      const kept = sorted(needed);
      if (kept.length === plan.columns.length) return unchanged(plan);
      const columns = kept.map((column) => plan.columns[column]!);
      const schema = kept.map((column) => plan.schema[column]!);
      return { plan: { ...plan, columns, schema }, place: placesOf(kept) };
    }
    case 'values': {
      const kept = sorted(needed);
      if (kept.length === plan.schema.length) return unchanged(plan);
      const rows = plan.rows.map((row) => kept.map((column) => row[column]!));
      const schema = kept.map((column) => plan.schema[column]!);
      return { plan: { ...plan, rows, schema }, place: placesOf(kept) };
    }
    case 'filter':
    case 'sort':
    case 'single-row': {
      const wanted = reading(needed, expressionsOf(plan));
      if (plan.kind === 'single-row') for (const key of plan.keys) wanted.add(key);
      const input = prune(plan.input, wanted);
      if (input.plan === plan.input) return unchanged(plan);
      const moved = mapExpressions(plan, (expr) => moveTo(expr, input.place)) as typeof plan;
      const node: LogicalPlan = { ...moved, input: input.plan, schema: input.plan.schema };
      if (node.kind !== 'single-row') return { plan: node, place: input.place };
      const keys = node.keys.map((key) => placeOf(input.place, key));
      return { plan: { ...node, keys }, place: input.place };
    }
    case 'project': {
      const kept = plan.whole === true ? [...plan.exprs.keys()] : sorted(needed);
      const exprs = kept.map((column) => plan.exprs[column]!);
      const input = prune(plan.input, reading(new Set(), exprs));
      if (kept.length === plan.exprs.length && input.plan === plan.input) return unchanged(plan);
      const schema = kept.map((column) => plan.schema[column]!);
      const moved = exprs.map((expr) => moveTo(expr, input.place));
      const node: LogicalPlan = { ...plan, input: input.plan, exprs: moved, schema };
      return { plan: node, place: placesOf(kept) };
    }
    case 'window': {
      const width = plan.input.schema.length;
      const wanted = below(needed, width).add(plan.timeColumn);
      const session = plan.window.fn === 'session' ? plan.window : null;
      for (const column of session?.partitionBy ?? []) wanted.add(column);
      const input = prune(plan.input, wanted);
      if (input.plan === plan.input) return unchanged(plan);
      const window =
        session === null
          ? plan.window
          : {
              ...session,
              partitionBy: session.partitionBy.map((column) => placeOf(input.place, column)),
            };
      const timeColumn = placeOf(input.place, plan.timeColumn);
      const schema = [...input.plan.schema, ...plan.schema.slice(width)];
      const node: LogicalPlan = { ...plan, input: input.plan, window, timeColumn, schema };
      return { plan: node, place: appended(input, width, 3) };
    }
    case 'aggregate': {
      const count = plan.keys.length;
      const calls = [...plan.aggregates.keys()].filter((i) => needed.has(count + i));
      const aggregates = calls.map((i) => plan.aggregates[i]!);
      const fewer = { ...plan, aggregates };
      const input = prune(plan.input, reading(new Set(), expressionsOf(fewer)));
      if (calls.length === plan.aggregates.length && input.plan === plan.input) {
        return unchanged(plan);
      }
      const kept = [...plan.keys.keys(), ...calls.map((i) => count + i)];
      const schema = kept.map((column) => plan.schema[column]!);
      const moved = mapExpressions(fewer, (expr) => moveTo(expr, input.place)) as typeof plan;
      return { plan: { ...moved, input: input.plan, schema }, place: placesOf(kept) };
    }
    case 'join':
      return pruneJoin(plan, needed);
    case 'union': {
      const kept = sorted(needed);
      const inputs = plan.inputs.map((input) => exactly(prune(input, needed), kept));
      if (inputs.every((input, i) => input === plan.inputs[i])) return unchanged(plan);
      const schema = kept.map((column) => plan.schema[column]!);
      return { plan: { ...plan, inputs, schema }, place: placesOf(kept) };
    }
    case 'set': {
      const all = [...plan.schema.keys()];
      const left = exactly(prune(plan.left, new Set(all)), all);
      const right = exactly(prune(plan.right, new Set(all)), all);
      if (left === plan.left && right === plan.right) return unchanged(plan);
      return unchanged({ ...plan, left, right });
    }
    case 'distinct': {
      const all = [...plan.schema.keys()];
      const input = exactly(prune(plan.input, new Set(all)), all);
      return unchanged(input === plan.input ? plan : { ...plan, input });
    }
    case 'recursion': {
      const all = [...plan.schema.keys()];
      const base = exactly(prune(plan.base, new Set(all)), all);
      const step = exactly(prune(plan.step, new Set(all)), all);
      return unchanged(base === plan.base && step === plan.step ? plan : { ...plan, base, step });
    }
    case 'self':
      return unchanged(plan);
    case 'over':
      return pruneOver(plan, needed);
    case 'flat-map': {
      const width = plan.input.schema.length;
      const input = prune(plan.input, reading(below(needed, width), plan.args));
      if (input.plan === plan.input) return unchanged(plan);
      const args = plan.args.map((arg) => moveTo(arg, input.place));
      const schema = [...input.plan.schema, ...plan.schema.slice(width)];
      const node: LogicalPlan = { ...plan, input: input.plan, args, schema };
      return { plan: node, place: appended(input, width, plan.schema.length - width) };
    }
  }
}

function pruneJoin(plan: JoinPlan, needed: ReadonlySet<number>): Pruned {
  const width = plan.left.schema.length;
  const wanted = reading(needed, [plan.on]);
  const left = prune(plan.left, below(wanted, width));
  const onRight = [...wanted].filter((column) => column >= width).map((column) => column - width);
  const right = prune(plan.right, new Set(onRight));
  if (left.plan === plan.left && right.plan === plan.right) return unchanged(plan);
  const leftNow = left.plan.schema.length;
  const place = new Map<number, number>(left.place);
  for (const [before, now] of right.place) place.set(before + width, now + leftNow);
  const on = moveTo(plan.on, place);
  const oneSide = plan.type === 'semi' || plan.type === 'anti';
  const kept = [...place].sort((a, b) => a[1] - b[1]).map(([before]) => before);
  const schema = oneSide
    ? left.plan.schema
    : kept.map((column) => must(plan.schema[column], `join column ${column}`));
  const node: LogicalPlan = { ...plan, left: left.plan, right: right.plan, on, schema };
  return { plan: node, place: oneSide ? left.place : place };
}

function pruneOver(plan: OverPlan, needed: ReadonlySet<number>): Pruned {
  const width = plan.input.schema.length;
  const calls = [...plan.calls.keys()].filter((i) => needed.has(width + i));
  if (calls.length === 0) return prune(plan.input, needed);
  const fewer = { ...plan, calls: calls.map((i) => plan.calls[i]!) };
  const input = prune(plan.input, reading(below(needed, width), expressionsOf(fewer)));
  if (calls.length === plan.calls.length && input.plan === plan.input) return unchanged(plan);
  const moved = mapExpressions(fewer, (expr) => moveTo(expr, input.place)) as OverPlan;
  const made = calls.map((i) => plan.schema[width + i]!);
  const now = input.plan.schema.length;
  const place = new Map<number, number>(input.place);
  calls.forEach((call, i) => place.set(width + call, now + i));
  const node = { ...moved, input: input.plan, schema: [...input.plan.schema, ...made] };
  return { plan: node, place };
}

function unchanged(plan: LogicalPlan): Pruned {
  return { plan, place: placesOf([...plan.schema.keys()]) };
}

/** Places after `count` columns at the end of the old row, which come after the pruned input. */
function appended(input: Pruned, width: number, count: number): ReadonlyMap<number, number> {
  const place = new Map<number, number>(input.place);
  const now = input.plan.schema.length;
  for (let i = 0; i < count; i++) place.set(width + i, now + i);
  return place;
}

function exactly(pruned: Pruned, columns: readonly number[]): LogicalPlan {
  return pickColumns(
    pruned.plan,
    columns.map((column) => placeOf(pruned.place, column)),
  );
}

function reading(needed: ReadonlySet<number>, exprs: readonly Expr[]): Set<number> {
  const read = new Set(needed);
  for (const expr of exprs) columnsRead(expr, read);
  return read;
}

function below(columns: ReadonlySet<number>, width: number): Set<number> {
  return new Set([...columns].filter((column) => column < width));
}

function sorted(columns: ReadonlySet<number>): number[] {
  return [...columns].sort((a, b) => a - b);
}

function placesOf(kept: readonly number[]): ReadonlyMap<number, number> {
  return new Map(kept.map((column, place) => [column, place]));
}

function placeOf(place: ReadonlyMap<number, number>, column: number): number {
  return must(place.get(column), `column ${column} was pruned but is read`);
}

function moveTo(expr: Expr, place: ReadonlyMap<number, number>): Expr {
  return replaceColumns(expr, (column) => {
    const index = placeOf(place, column.index);
    return index === column.index ? column : { ...column, index };
  });
}
