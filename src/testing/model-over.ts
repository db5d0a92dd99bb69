/**
 * Window functions of the model: for each row its partition is sorted, its frame is listed row by row, and
 * the function is computed from the list alone.
 */

import { SqlError, notSupported, sqlstate } from '../base/errors.ts';
import type { Expr } from '../expr/expr.ts';
import type { EvalContext } from '../expr/functions/registry.ts';
import type { FrameBound, OverPlan, WindowFunctionCall } from '../plan/logical.ts';
import { compareDatums, compareNullable } from '../types/compare.ts';
import { addInterval, dateToTimestamp } from '../types/datetime.ts';
import { Decimal } from '../types/decimal.ts';
import type { Datum, Row } from '../types/datum.ts';
import { Interval } from '../types/interval.ts';
import { rowKeyString } from '../types/key-codec.ts';
import { types } from '../types/sql-type.ts';

interface Evaluation {
  readonly value: (expr: Expr, row: Row) => Datum | null;
  readonly context: EvalContext;
}

export function overRows(plan: OverPlan, rows: readonly Row[], evaluation: Evaluation): Row[] {
  const partitions = new Map<string, Row[]>();
  for (const row of rows) {
    const key = rowKeyString(
      plan.partitionBy.map((expr) => evaluation.value(expr, row)),
      plan.partitionBy.map((expr) => expr.type),
    );
    partitions.set(key, [...(partitions.get(key) ?? []), row]);
  }
  return [...partitions.values()].flatMap((partition) => {
    const over = new Partition(plan, partition, evaluation);
    return over.rows.map((row, i) => [...row, ...plan.calls.map((call) => over.call(call, i))]);
  });
}

class Partition {
  readonly rows: readonly Row[];
  readonly #plan: OverPlan;
  readonly #evaluation: Evaluation;

  constructor(plan: OverPlan, rows: readonly Row[], evaluation: Evaluation) {
    this.#plan = plan;
    this.#evaluation = evaluation;
    this.rows = [...rows].sort((a, b) => this.#compare(a, b));
  }

  call(call: WindowFunctionCall, i: number): Datum | null {
    const arg = (row: number, position: number): Datum | null => {
      const expr = call.args[position];
      return expr === undefined ? null : this.#evaluation.value(expr, this.rows[row]!);
    };
    const count = this.rows.length;
    if (call.aggregate !== null) return this.#aggregate(call, i);
    switch (call.name) {
      case 'row_number':
        return BigInt(i + 1);
      case 'rank':
        return BigInt(this.#peers(i)[0]! + 1);
      case 'dense_rank':
        return BigInt(this.#groups(0, this.#peers(i)[0]!) + 1);
      case 'percent_rank':
        return count === 1 ? 0 : this.#peers(i)[0]! / (count - 1);
      case 'cume_dist':
        return (this.#peers(i).at(-1)! + 1) / count;
      case 'ntile': {
        const buckets = Number(arg(i, 0));
        const sizes = Array.from(
          { length: buckets },
          (_, bucket) => Math.floor(count / buckets) + (bucket < count % buckets ? 1 : 0),
        );
        let before = 0;
        return sizes.findIndex((size) => (before += size) > i) + 1;
      }
      case 'lag':
      case 'lead': {
        const distance = call.args.length > 1 ? arg(i, 1) : 1;
        if (distance === null) return null;
        const at = call.name === 'lag' ? i - Number(distance) : i + Number(distance);
        if (at >= 0 && at < count) return arg(at, 0);
        return arg(i, 2);
      }
      case 'first_value':
      case 'last_value': {
        const frame = this.#frame(call, i);
        const at = call.name === 'first_value' ? frame[0] : frame.at(-1);
        return at === undefined ? null : arg(at, 0);
      }
      case 'nth_value': {
        const nth = arg(i, 1);
        if (nth === null) return null;
        const at = this.#frame(call, i)[Number(nth) - 1];
        return at === undefined ? null : arg(at, 0);
      }
      default:
        throw notSupported(`window function ${call.name}`);
    }
  }

  #aggregate(call: WindowFunctionCall, i: number): Datum | null {
    const fn = call.aggregate!;
    const accumulator = fn.accumulator(
      call.args.map((expr) => expr.type),
      this.#evaluation.context,
    );
    for (const at of this.#frame(call, i)) {
      const row = this.rows[at]!;
      if (call.filter !== null && this.#evaluation.value(call.filter, row) !== true) continue;
      const args = call.args.map((expr) => this.#evaluation.value(expr, row));
      if (fn.skipsNull && args.length > 0 && args[0] === null) continue;
      accumulator.add(args, 1);
    }
    return accumulator.finish();
  }

  /** Positions of the frame of row `i`. */
  #frame(call: WindowFunctionCall, i: number): number[] {
    const { frame } = call;
    const peers = this.#peers(i);
    return [...this.rows.keys()].filter((at) => {
      const afterStart = this.#side(frame.mode, frame.start, i, at, 1) >= 0;
      const beforeEnd = this.#side(frame.mode, frame.end, i, at, -1) <= 0;
      if (!afterStart || !beforeEnd) return false;
      if (frame.exclude === 'current row') return at !== i;
      if (frame.exclude === 'group') return !peers.includes(at);
      if (frame.exclude === 'ties') return at === i || !peers.includes(at);
      return true;
    });
  }

  /** Where row `at` lies from a bound of the frame of row `i`: before (negative), on it, or after. */
  #side(mode: string, bound: FrameBound, i: number, at: number, start: 1 | -1): number {
    if (bound.kind === 'unbounded-preceding') return 1;
    if (bound.kind === 'unbounded-following') return -1;
    const isPeer = this.#peers(i).includes(at);
    if (bound.kind === 'current-row') {
      if (mode === 'rows') return at - i;
      return isPeer ? 0 : at - i;
    }
    const offset = bound.offset === null ? null : this.#evaluation.value(bound.offset, []);
    if (offset === null) {
      throw new SqlError(sqlstate.nullValueNotAllowed, 'frame offset must not be null');
    }
    const sign = bound.kind === 'preceding' ? -1 : 1;
    if (mode === 'rows') return at - (i + sign * Number(offset));
    if (mode === 'groups') {
      const group = this.#groups(0, this.#peers(i)[0]!);
      const other = this.#groups(0, this.#peers(at)[0]!);
      return other - (group + sign * Number(offset));
    }
    return this.#rangeSide(i, at, { offset, sign, isPeer, start });
  }

  #rangeSide(
    i: number,
    at: number,
    bound: { offset: Datum; sign: number; isPeer: boolean; start: number },
  ): number {
    const key = this.#plan.order[0]!;
    const here = this.#evaluation.value(key.expr, this.rows[i]!);
    const there = this.#evaluation.value(key.expr, this.rows[at]!);
    if (here === null || there === null) return bound.isPeer ? 0 : at - i;
    const sign = key.descending ? -bound.sign : bound.sign;
    const limit = shift(here, bound.offset, sign, key.expr.type.kind);
    const isDate = key.expr.type.kind === 'date';
    const value = isDate ? dateToTimestamp(there as number) : there;
    const compared = compareDatums(value, limit, isDate ? types.timestamp : key.expr.type);
    return key.descending ? -compared : compared;
  }

  #peers(i: number): number[] {
    const row = this.rows[i]!;
    return [...this.rows.keys()].filter((at) => this.#compare(this.rows[at]!, row) === 0);
  }

  /** How many groups of peers begin in [from, to). */
  #groups(from: number, to: number): number {
    let count = 0;
    for (let at = from; at < to; at++) if (this.#peers(at)[0] === at) count++;
    return count;
  }

  #compare(a: Row, b: Row): number {
    for (const key of this.#plan.order) {
      const left = this.#evaluation.value(key.expr, a);
      const right = this.#evaluation.value(key.expr, b);
      const result = compareNullable(left, right, key.expr.type, key);
      if (result !== 0) return result;
    }
    return 0;
  }
}

function shift(value: Datum, offset: Datum, sign: number, kind: string): Datum {
  if (offset instanceof Interval) {
    const interval = sign < 0 ? offset.neg() : offset;
    return addInterval(
      kind === 'date' ? dateToTimestamp(value as number) : (value as bigint),
      interval,
    );
  }
  if (value instanceof Decimal) {
    const step = offset as Decimal;
    return value.add(sign < 0 ? step.neg() : step);
  }
  if (typeof value === 'bigint') return value + BigInt(sign) * BigInt(offset as bigint);
  return (value as number) + sign * Number(offset);
}
