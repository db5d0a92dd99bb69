/**
 * Ordered-set aggregates: percentile_cont, percentile_disc, mode. Their arguments are the direct ones, then that
 * of WITHIN GROUP, and rows arrive in the order that WITHIN GROUP asks for. NULLs do not count.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import { SqlArray } from '../types/array.ts';
import type { ArrayDatum, Datum } from '../types/datum.ts';
import type { Interval } from '../types/interval.ts';
import type { SqlType } from '../types/sql-type.ts';
import { arrayOf, types } from '../types/sql-type.ts';
import { aggregate } from './aggregate-define.ts';
import type { Accumulator, AggregateFunction } from './functions/registry.ts';
import { datumKey, OrderedValues } from './multiset.ts';

const { double, interval } = types;
const orderedSet = { orderedSet: true, skipsNull: false } as const;

type Pick = (values: readonly Datum[], fraction: number) => Datum;

export function orderedSetAggregates(): readonly AggregateFunction[] {
  const one =
    (pick: Pick): AggregateFunction['accumulator'] =>
    (args) =>
      new Percentile(args[1]!, (values, fraction) => pickOne(values, fraction as number, pick));
  const many =
    (pick: Pick): AggregateFunction['accumulator'] =>
    (args) =>
      new Percentile(args[1]!, (values, fractions) =>
        pickMany(values, fractions as ArrayDatum, pick),
      );
  const fractions = arrayOf(double);
  return [
    aggregate('percentile_cont', [double, double], double, one(interpolateNumbers), orderedSet),
    aggregate(
      'percentile_cont',
      [double, interval],
      interval,
      one(interpolateIntervals),
      orderedSet,
    ),
    aggregate(
      'percentile_cont',
      [fractions, double],
      fractions,
      many(interpolateNumbers),
      orderedSet,
    ),
    aggregate(
      'percentile_cont',
      [fractions, interval],
      arrayOf(interval),
      many(interpolateIntervals),
      orderedSet,
    ),
    aggregate(
      'percentile_disc',
      [double, 'anyelement'],
      (args) => args[1]!,
      one(discrete),
      orderedSet,
    ),
    aggregate(
      'percentile_disc',
      [fractions, 'anyelement'],
      (args) => arrayOf(args[1]!),
      many(discrete),
      orderedSet,
    ),
    aggregate(
      'mode',
      ['anyelement'],
      (args) => args[0]!,
      ([type]) => new Mode(type!),
      orderedSet,
    ),
  ];
}

class Percentile implements Accumulator {
  readonly #values = new OrderedValues<Datum>();
  readonly #type: SqlType;
  readonly #finish: (values: readonly Datum[], direct: Datum) => Datum | null;
  #direct: Datum | null = null;

  constructor(type: SqlType, finish: (values: readonly Datum[], direct: Datum) => Datum | null) {
    this.#type = type;
    this.#finish = finish;
  }

  add([direct, value]: readonly (Datum | null)[], weight: number): void {
    this.#direct = direct ?? null;
    if (value === null || value === undefined) return;
    this.#values.add(datumKey([value], [this.#type]), value, weight);
  }

  finish(): Datum | null {
    const values = this.#values.values();
    if (this.#direct === null || values.length === 0) return null;
    return this.#finish(values, this.#direct);
  }
}

function pickOne(values: readonly Datum[], fraction: number, pick: Pick): Datum {
  if (!(fraction >= 0 && fraction <= 1)) {
    throw new SqlError(
      sqlstate.numericValueOutOfRange,
      `percentile value ${fraction} is not between 0 and 1`,
    );
  }
  return pick(values, fraction);
}

function pickMany(values: readonly Datum[], fractions: ArrayDatum, pick: Pick): Datum {
  const picked = fractions.elements.map((each) =>
    each === null ? null : pickOne(values, each as number, pick),
  );
  return new SqlArray(picked, fractions.dimensions, fractions.lowerBounds);
}

function discrete(values: readonly Datum[], fraction: number): Datum {
  return values[Math.max(1, Math.ceil(fraction * values.length)) - 1]!;
}

/** The two neighbours of the wanted place and how far between them it lies. */
function between(values: readonly Datum[], fraction: number): readonly [Datum, Datum, number] {
  const place = fraction * (values.length - 1);
  const first = Math.floor(place);
  return [values[first]!, values[Math.ceil(place)]!, place - first];
}

function interpolateNumbers(values: readonly Datum[], fraction: number): Datum {
  const [low, high, part] = between(values, fraction) as readonly [number, number, number];
  return part === 0 ? low : low + part * (high - low);
}

function interpolateIntervals(values: readonly Datum[], fraction: number): Datum {
  const [low, high, part] = between(values, fraction) as readonly [Interval, Interval, number];
  return low.add(high.sub(low).mul(part));
}

/** The most frequent value, the first of them in order. */
class Mode implements Accumulator {
  readonly #values = new OrderedValues<Datum>();
  readonly #type: SqlType;

  constructor(type: SqlType) {
    this.#type = type;
  }

  add([value]: readonly (Datum | null)[], weight: number): void {
    if (value === null || value === undefined) return;
    this.#values.add(datumKey([value], [this.#type]), value, weight);
  }

  finish(): Datum | null {
    const counts = new Map<string, { readonly value: Datum; count: number }>();
    for (const { key, value } of this.#values.keyed()) {
      const known = counts.get(key);
      if (known === undefined) counts.set(key, { value, count: 1 });
      else known.count++;
    }
    let best: { readonly value: Datum; readonly count: number } | null = null;
    for (const each of counts.values()) if (best === null || each.count > best.count) best = each;
    return best === null ? null : best.value;
  }
}
