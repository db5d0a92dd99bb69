/**
 * sum and avg of integers and numerics, exact. A group keeps a double that holds the sum (scaled, for
 * numerics) while it is a safe integer, and an object that takes what does not fit: amounts beyond the
 * guard, and values without a narrow form. So the fast loop is an addition and a comparison, and no
 * overflow is ever lost.
 */

import { SqlError, sqlstate } from '../../base/errors.ts';
import { Decimal } from '../../types/decimal.ts';
import type { ObjectColumn } from '../../state/object-column.ts';
import type { StateTable } from '../../state/state-table.ts';
import type { ValueColumn, ValueSpec } from '../../state/value-column.ts';
import type { Column } from '../../types/column.ts';
import { narrowColumn } from '../../types/column-access.ts';
import type { Datum } from '../../types/datum.ts';
import type { SqlType } from '../../types/sql-type.ts';
import { narrowKind } from '../../types/sql-type.ts';
import type { CallRows, CallState, ReportFailure, Results } from './call.ts';
import { Remembered } from './counter-calls.ts';
import { NumericTotal, numericTotalCodec } from './numeric-total.ts';

const safe = Number.MAX_SAFE_INTEGER;
const bigintMax = 9223372036854775807n;

export class ExactSumCall implements CallState {
  /** Sum; number of values; what does not fit. */
  readonly specs: readonly ValueSpec[] = [
    { kind: 'f64' },
    { kind: 'f64' },
    { kind: 'object', codec: numericTotalCodec },
  ];
  readonly stateTables: readonly StateTable[] = [];
  readonly #average: boolean;
  readonly #type: SqlType;
  readonly #argKind: SqlType['kind'];
  /** Digits after the point of the double sums. */
  readonly #scale: number;
  /** The sum as it is kept is the result in its narrow form. */
  readonly #isDouble: boolean;
  readonly #sumBefore = new Remembered();
  readonly #countBefore = new Remembered();
  /** By position, where there was something; empty while there was nothing anywhere. */
  #restBefore: (NumericTotal | undefined)[] = [];
  #sums: ValueColumn | null = null;
  #counts: ValueColumn | null = null;
  #rests: ValueColumn | null = null;

  constructor(options: {
    readonly average: boolean;
    readonly argType: SqlType;
    readonly type: SqlType;
  }) {
    const { argType } = options;
    this.#average = options.average;
    this.#type = options.type;
    this.#argKind = argType.kind;
    this.#scale = argType.kind === 'numeric' ? (argType.fixedScale ?? 0) : 0;
    const { type } = options;
    this.#isDouble =
      !options.average &&
      (type.kind === 'bigint' || (type.kind === 'numeric' && type.fixedScale === this.#scale));
  }

  attach(columns: readonly ValueColumn[]): void {
    this.#sums = columns[0]!;
    this.#counts = columns[1]!;
    this.#rests = columns[2]!;
  }

  update(rows: CallRows): void {
    const column = rows.args[0]!;
    if (column.kind === 'i32') this.#addInt32(column.values, column.nulls, rows);
    else if (column.kind === 'f64') this.#addFloat64(column.values, column.nulls, rows);
    else this.#addDatums((column as { values: (Datum | null)[] }).values, rows);
  }

  #addInt32(values: Int32Array, nulls: Uint8Array | null, rows: CallRows): void {
    const { groups, weights, count } = rows;
    const sums = this.#sums!.f64;
    const counts = this.#counts!.f64;
    for (let i = 0; i < count; i++) {
      if (nulls !== null && nulls[i] !== 0) continue;
      const group = groups[i]!;
      const weight = weights === null ? 1 : weights[i]!;
      const amount = values[i]! * weight;
      const sum = sums[group]! + amount;
      counts[group] = counts[group]! + weight;
      if (sum <= safe && sum >= -safe && amount <= safe && amount >= -safe) sums[group] = sum;
      else this.#spill(group, BigInt(values[i]!) * BigInt(weight));
    }
  }

  #addFloat64(values: Float64Array, nulls: Uint8Array | null, rows: CallRows): void {
    const { groups, weights, count } = rows;
    const sums = this.#sums!.f64;
    const counts = this.#counts!.f64;
    for (let i = 0; i < count; i++) {
      if (nulls !== null && nulls[i] !== 0) continue;
      const group = groups[i]!;
      const weight = weights === null ? 1 : weights[i]!;
      const amount = values[i]! * weight;
      const sum = sums[group]! + amount;
      counts[group] = counts[group]! + weight;
      if (sum <= safe && sum >= -safe && amount <= safe && amount >= -safe) sums[group] = sum;
      else this.#spill(group, BigInt(values[i]!) * BigInt(weight));
    }
  }

  #addDatums(values: readonly (Datum | null)[], rows: CallRows): void {
    const { groups, weights, count } = rows;
    for (let i = 0; i < count; i++) {
      const value = values[i] ?? null;
      const weight = weights === null ? 1 : weights[i]!;
      if (value === null || weight === 0) continue;
      const group = groups[i]!;
      this.#counts!.f64[group] = this.#counts!.f64[group]! + weight;
      if (this.#argKind === 'numeric') this.#rest(group).add(value as Decimal, weight);
      else this.#spill(group, BigInt(value as bigint | number) * BigInt(weight));
    }
  }

  #spill(group: number, amount: bigint): void {
    this.#rest(group).addAmount(amount, this.#scale);
  }

  #rest(group: number): NumericTotal {
    const { objects } = this.#rests!;
    const known = objects.get(group) as NumericTotal | null;
    if (known !== null) return known;
    const made = new NumericTotal();
    objects.set(group, made);
    return made;
  }

  capture(groups: Int32Array, from: number, to: number): void {
    this.#sumBefore.take(this.#sums!.f64, groups, from, to);
    this.#countBefore.take(this.#counts!.f64, groups, from, to);
    const { objects } = this.#rests!;
    if (objects.size === 0) return;
    for (let t = from; t < to; t++) {
      const rest = objects.get(groups[t]!) as NumericTotal | null;
      if (rest !== null) this.#restBefore[t] = rest.copy();
    }
  }

  merge(from: number, to: number): void {
    const sums = this.#sums!.f64;
    const counts = this.#counts!.f64;
    const sum = sums[to]! + sums[from]!;
    counts[to] = counts[to]! + counts[from]!;
    if (sum <= safe && sum >= -safe) sums[to] = sum;
    else this.#spill(to, BigInt(sums[from]!));
    const rest = this.#rests!.objects.get(from) as NumericTotal | null;
    if (rest !== null) this.#rest(to).addTotal(rest);
  }

  output(groups: Int32Array, count: number, report: ReportFailure): Column {
    const { objects } = this.#rests!;
    if (this.#isDouble && allNull(objects, groups, count)) {
      return doubles(this.#sums!.f64, this.#counts!.f64, count, (i) => groups[i]!);
    }
    const results: Results = [];
    for (let i = 0; i < count; i++) {
      const group = groups[i]!;
      const rest = this.#rests!.objects.get(group) as NumericTotal | null;
      results.push(
        this.#result(this.#sums!.f64[group]!, this.#counts!.f64[group]!, rest, i, report),
      );
    }
    return this.#column(results);
  }

  outputBefore(from: number, count: number, report: ReportFailure): Column {
    const rests = this.#restBefore;
    if (this.#isDouble && rests.length === 0) {
      return doubles(this.#sumBefore.values, this.#countBefore.values, count, (i) => from + i);
    }
    const results: Results = [];
    for (let i = 0; i < count; i++) {
      const sum = this.#sumBefore.values[from + i]!;
      const values = this.#countBefore.values[from + i]!;
      results.push(this.#result(sum, values, rests[from + i] ?? null, i, report));
    }
    return this.#column(results);
  }

  #column(results: Results): Column {
    const wide: Column = { kind: 'any', values: results, nulls: null };
    if (narrowKind(this.#type) === 'any') return wide;
    return narrowColumn(wide, results.length, this.#type);
  }

  #result(
    sum: number,
    count: number,
    rest: NumericTotal | null,
    i: number,
    report: ReportFailure,
  ): Datum | null {
    if (count === 0) return null;
    if (this.#type.kind === 'bigint') {
      const value = BigInt(sum) + (rest === null ? 0n : rest.unscaled);
      if (value <= bigintMax && value >= -bigintMax - 1n) return value;
      report(i, new SqlError(sqlstate.numericValueOutOfRange, 'bigint out of range'));
      return null;
    }
    const narrow = count - (rest === null ? 0 : rest.count);
    const amount = BigInt(sum);
    const total =
      rest === null
        ? Decimal.fromBigInt(amount, this.#scale)
        : rest.total(amount, this.#scale, narrow > 0 ? this.#scale : -1);
    return this.#average ? total.div(Decimal.fromBigInt(BigInt(count))) : total;
  }

  endTick(): void {
    if (this.#restBefore.length > 0) this.#restBefore = [];
  }

  forget(): void {
    // Nothing beside the group's own columns.
  }

  restored(): void {
    // No caches.
  }
}

function allNull(objects: ObjectColumn, groups: Int32Array, count: number): boolean {
  if (objects.size === 0) return true;
  for (let i = 0; i < count; i++) if (objects.get(groups[i]!) !== null) return false;
  return true;
}

/** Sums as they are, NULL where no value was added. */
function doubles(
  sums: Float64Array,
  counts: Float64Array,
  count: number,
  at: (i: number) => number,
): Column {
  const values = new Float64Array(count);
  let nulls: Uint8Array | null = null;
  for (let i = 0; i < count; i++) {
    const from = at(i);
    values[i] = sums[from]!;
    if (counts[from] === 0) {
      nulls ??= new Uint8Array(count);
      nulls[i] = 1;
    }
  }
  return { kind: 'f64', values, nulls };
}
