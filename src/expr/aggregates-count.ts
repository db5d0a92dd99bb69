/** count, bool_and, bool_or, bit_and, bit_or, bit_xor, approx_count_distinct. */

import type { Datum } from '../types/datum.ts';
import type { SqlType } from '../types/sql-type.ts';
import { types } from '../types/sql-type.ts';
import { aggregate } from './aggregate-define.ts';
import type { Accumulator, AggregateFunction } from './functions/registry.ts';
import { datumKey, Multiset } from './multiset.ts';

const { bigint, boolean } = types;

export function countingAggregates(): readonly AggregateFunction[] {
  const counter = { state: 'counter' } as const;
  return [
    aggregate('count', [], bigint, () => new RowCount(), { ...counter, skipsNull: false }),
    aggregate('count', ['any'], bigint, () => new RowCount(), counter),
    aggregate('bool_and', [boolean], boolean, () => new BooleanCount(true), counter),
    aggregate('every', [boolean], boolean, () => new BooleanCount(true), counter),
    aggregate('bool_or', [boolean], boolean, () => new BooleanCount(false), counter),
    aggregate('approx_count_distinct', ['any'], bigint, ([type]) => new DistinctCount(type!)),
    ...bitAggregates(),
  ];
}

class RowCount implements Accumulator {
  #count = 0;

  add(args: readonly (Datum | null)[], weight: number): void {
    if (args.length === 0 || args[0] !== null) this.#count += weight;
  }

  finish(): Datum {
    return BigInt(this.#count);
  }
}

/** bool_and is false while any false is there, bool_or true while any true is. */
class BooleanCount implements Accumulator {
  readonly #all: boolean;
  #trues = 0;
  #falses = 0;

  constructor(all: boolean) {
    this.#all = all;
  }

  add([value]: readonly (Datum | null)[], weight: number): void {
    if (value === true) this.#trues += weight;
    else if (value === false) this.#falses += weight;
  }

  finish(): Datum | null {
    if (this.#trues + this.#falses === 0) return null;
    return this.#all ? this.#falses === 0 : this.#trues > 0;
  }
}

/** Exact: the approximation that has no error. Values are kept with their multiplicity. */
class DistinctCount implements Accumulator {
  readonly #values = new Multiset<null>();
  readonly #type: SqlType;

  constructor(type: SqlType) {
    this.#type = type;
  }

  add([value]: readonly (Datum | null)[], weight: number): void {
    if (value !== null && value !== undefined) {
      this.#values.add(datumKey([value], [this.#type]), null, weight);
    }
  }

  finish(): Datum {
    return BigInt([...this.#values.entries()].length);
  }
}

type Combine = (a: bigint, b: bigint) => bigint;

function bitAggregates(): AggregateFunction[] {
  const define = (name: string, combine: Combine, once: boolean): AggregateFunction[] =>
    [types.smallint, types.integer, bigint].map((type) =>
      aggregate(name, [type], type, () => new BitFold(type, combine, once)),
    );
  return [
    ...define('bit_and', (a, b) => a & b, true),
    ...define('bit_or', (a, b) => a | b, true),
    ...define('bit_xor', (a, b) => a ^ b, false),
  ];
}

/** `once`: equal values change nothing (and, or); otherwise pairs cancel (xor). */
class BitFold implements Accumulator {
  readonly #values = new Multiset<bigint>();
  readonly #type: SqlType;
  readonly #combine: Combine;
  readonly #once: boolean;

  constructor(type: SqlType, combine: Combine, once: boolean) {
    this.#type = type;
    this.#combine = combine;
    this.#once = once;
  }

  add([value]: readonly (Datum | null)[], weight: number): void {
    if (value === null || value === undefined) return;
    const exact = BigInt(value as number | bigint);
    this.#values.add(String(exact), exact, weight);
  }

  finish(): Datum | null {
    let result: bigint | null = null;
    for (const { value, count } of this.#values.entries()) {
      const effective = this.#once || count % 2 === 1 ? value : 0n;
      result = result === null ? effective : this.#combine(result, effective);
    }
    if (result === null) return null;
    return this.#type.kind === 'bigint' ? result : Number(result);
  }
}
