/** min, max, arg_min, arg_max, any_value. */

import { ByteWriter } from '../base/bytes.ts';
import { compareDatums } from '../types/compare.ts';
import type { Datum } from '../types/datum.ts';
import { encodeDatum } from '../types/row-codec.ts';
import type { SqlType } from '../types/sql-type.ts';
import { types } from '../types/sql-type.ts';
import { aggregate } from './aggregate-define.ts';
import { compareSpellings } from './aggregates-spelling.ts';
import type { Accumulator, AggregateFunction } from './functions/registry.ts';
import { datumKey, Multiset } from './multiset.ts';
import { sameNumericType } from './numeric-scale.ts';

const bpchar: SqlType = { kind: 'char', length: null };
const orderedTypes: readonly SqlType[] = [
  types.smallint,
  types.integer,
  types.bigint,
  types.real,
  types.double,
  types.text,
  bpchar,
  types.date,
  types.time,
  types.timetz,
  types.timestamp,
  types.timestamptz,
  types.interval,
  types.oid,
  types.uuid,
];

export function extremeAggregates(): readonly AggregateFunction[] {
  const extreme = { state: 'extreme' } as const;
  return [
    ...(['min', 'max'] as const).flatMap((name) => {
      const sign = name === 'max' ? 1 : -1;
      const make = ([type]: readonly SqlType[]): Accumulator => new Extreme(type!, sign);
      return [
        ...orderedTypes.map((type) => aggregate(name, [type], type, make, extreme)),
        aggregate(name, [types.numeric], sameNumericType, make, extreme),
        aggregate(name, ['anyarray'], (args) => args[0]!, make, extreme),
        aggregate(name, ['anyenum'], (args) => args[0]!, make, extreme),
      ];
    }),
    ...(['arg_min', 'arg_max'] as const).map((name) =>
      aggregate(
        name,
        ['any', 'any'],
        (args) => args[0]!,
        (args) => new Companion(args, name === 'arg_max' ? 1 : -1),
        { skipsNull: false },
      ),
    ),
    aggregate(
      'any_value',
      ['anyelement'],
      (args) => args[0]!,
      ([type]) => new Extreme(type!, -1),
    ),
  ];
}

interface Present {
  readonly value: Datum;
  count: number;
}

/**
 * The values that are there, and a heap with the best of them on top; those that went stay in the heap until they
 * come to its top. Among values that are equal and look different the one with the least bytes wins, whatever
 * the order in which they came.
 */
class Extreme implements Accumulator {
  readonly #present = new Map<Datum, Present>();
  #heap: Present[] = [];
  readonly #type: SqlType;
  readonly #sign: number;

  constructor(type: SqlType, sign: number) {
    this.#type = type;
    this.#sign = sign;
  }

  add([value]: readonly (Datum | null)[], weight: number): void {
    if (value === null || value === undefined) return;
    const key = typeof value === 'object' ? this.#exactKey(value) : value;
    let known = this.#present.get(key);
    if (known === undefined) {
      known = { value, count: 0 };
      this.#present.set(key, known);
    }
    const wasThere = known.count > 0;
    known.count += weight;
    if (known.count === 0) this.#present.delete(key);
    else if (known.count > 0 && !wasThere) this.#push(known);
  }

  finish(): Datum | null {
    const heap = this.#heap;
    while (heap.length > 0 && heap[0]!.count <= 0) this.#pop();
    return heap[0]?.value ?? null;
  }

  #exactKey(value: Datum): string {
    const writer = new ByteWriter(32);
    encodeDatum(writer, value, this.#type);
    return Buffer.from(writer.view()).toString('latin1');
  }

  #isBefore(a: Present, b: Present): boolean {
    const order = compareDatums(a.value, b.value, this.#type);
    if (order !== 0) return order * this.#sign > 0;
    return compareSpellings(this.#type)(a.value, b.value) < 0;
  }

  #push(added: Present): void {
    if (this.#heap.length > 2 * this.#present.size + 16) {
      const there = this.#heap.filter(({ count }) => count > 0);
      this.#heap = [];
      for (const each of new Set(there)) this.#rise(each);
    }
    this.#rise(added);
  }

  /** Adds at the bottom and lets it rise. */
  #rise(added: Present): void {
    const heap = this.#heap;
    let at = heap.push(added) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(added, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = added;
  }

  /** Takes the top off. */
  #pop(): void {
    const heap = this.#heap;
    const moved = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!this.#isBefore(heap[child]!, moved)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = moved;
  }
}

/**
 * The first argument of the row whose second one is extreme. Rows with a NULL second argument do not count;
 * among equal ones the least first argument wins (NULL last), so that the answer does not depend on order.
 */
class Companion implements Accumulator {
  readonly #rows = new Multiset<readonly [Datum | null, Datum]>();
  readonly #types: readonly SqlType[];
  readonly #sign: number;

  constructor(args: readonly SqlType[], sign: number) {
    this.#types = args;
    this.#sign = sign;
  }

  add([value, by]: readonly (Datum | null)[], weight: number): void {
    if (by === null || by === undefined) return;
    this.#rows.add(datumKey([value ?? null, by], this.#types), [value ?? null, by], weight);
  }

  finish(): Datum | null {
    let best: readonly [Datum | null, Datum] | null = null;
    for (const { value } of this.#rows.entries()) {
      if (best === null || this.#isBetter(value, best)) best = value;
    }
    return best === null ? null : best[0];
  }

  #isBetter(row: readonly [Datum | null, Datum], best: readonly [Datum | null, Datum]): boolean {
    const order = compareDatums(row[1], best[1], this.#types[1]!) * this.#sign;
    if (order !== 0) return order > 0;
    if (row[0] === null) return false;
    return best[0] === null || compareDatums(row[0], best[0], this.#types[0]!) < 0;
  }
}
