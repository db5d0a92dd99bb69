/** min, max, arg_min, arg_max, any_value. */

import { compareDatums } from '../types/compare.ts';
import type { Datum } from '../types/datum.ts';
import type { SqlType } from '../types/sql-type.ts';
import { types } from '../types/sql-type.ts';
import { aggregate } from './aggregate-define.ts';
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

class Extreme implements Accumulator {
  readonly #values = new Multiset<Datum>();
  readonly #type: SqlType;
  readonly #sign: number;

  constructor(type: SqlType, sign: number) {
    this.#type = type;
    this.#sign = sign;
  }

  add([value]: readonly (Datum | null)[], weight: number): void {
    if (value === null || value === undefined) return;
    this.#values.add(datumKey([value], [this.#type]), value, weight);
  }

  finish(): Datum | null {
    let best: Datum | null = null;
    for (const { value } of this.#values.entries()) {
      if (best === null || compareDatums(value, best, this.#type) * this.#sign > 0) best = value;
    }
    return best;
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
