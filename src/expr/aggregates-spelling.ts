/**
 * Aggregates that no SQL names: they give one of the spellings that equal values of a group have (1.0 and 1.00,
 * '1 mon' and '30 days'), the least by exact bytes. Lowering adds them beside keys, which are kept by equality.
 */

import { ByteWriter } from '../base/bytes.ts';
import { compareBytes } from '../types/compare.ts';
import type { Datum, Row } from '../types/datum.ts';
import { encodeDatum, encodeRow } from '../types/row-codec.ts';
import type { SqlType } from '../types/sql-type.ts';
import { aggregate } from './aggregate-define.ts';
import type { Accumulator, AggregateFunction } from './functions/registry.ts';
import { Multiset } from './multiset.ts';

/** Of one key: gives a value of it. */
export const spellingOfOne: AggregateFunction = aggregate(
  'least_spelling',
  ['anyelement'],
  (args) => args[0]!,
  (args) => new LeastSpelling(args, ([value]) => value ?? null),
  { state: 'extreme', skipsNull: false },
);

/** Of several keys: gives a row of them, whose values were together in one row. */
export const spellingOfSeveral: AggregateFunction = aggregate(
  'least_spellings',
  ['any'],
  (args) => rowOf(args),
  (args) => new LeastSpelling(args, (row) => [...row]),
  { variadic: true, skipsNull: false },
);

export const spellingAggregates: readonly AggregateFunction[] = [spellingOfOne, spellingOfSeveral];

/** The type of what `spellingOfSeveral` gives. */
export function rowOf(args: readonly SqlType[]): SqlType {
  return { kind: 'row', fields: args.map((type, i) => ({ name: `f${i + 1}`, type })) };
}

/** Orders two values by their exact bytes: 0 when they are identical. */
export function compareSpellings(type: SqlType): (a: Datum, b: Datum) => number {
  return (a, b) => {
    const left = new ByteWriter(32);
    const right = new ByteWriter(32);
    encodeDatum(left, a, type);
    encodeDatum(right, b, type);
    return compareBytes(left.view(), right.view());
  };
}

class LeastSpelling implements Accumulator {
  readonly #rows = new Multiset<{ readonly bytes: Uint8Array; readonly row: Row }>();
  readonly #types: readonly SqlType[];
  readonly #result: (row: Row) => Datum | null;

  constructor(types: readonly SqlType[], result: (row: Row) => Datum | null) {
    this.#types = types;
    this.#result = result;
  }

  add(row: Row, weight: number): void {
    const writer = new ByteWriter(64);
    encodeRow(writer, row, this.#types);
    const bytes = writer.view();
    this.#rows.add(Buffer.from(bytes).toString('latin1'), { bytes, row }, weight);
  }

  finish(): Datum | null {
    let least: { readonly bytes: Uint8Array; readonly row: Row } | null = null;
    for (const { value } of this.#rows.entries()) {
      if (least === null || compareBytes(value.bytes, least.bytes) < 0) least = value;
    }
    return least === null ? null : this.#result(least.row);
  }
}
