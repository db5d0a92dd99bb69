/**
 * Values of one group with their multiplicity, equal by SQL equality. Multiplicities may pass below zero
 * for a moment, while a batch brings a removal before its addition.
 */

import { ByteWriter } from '../base/bytes.ts';
import type { Datum } from '../types/datum.ts';
import { encodeKey } from '../types/key-codec.ts';
import type { SqlType } from '../types/sql-type.ts';

export interface Counted<T> {
  readonly value: T;
  count: number;
}

/** The canonical key of a list of values, as a string of bytes. */
export function datumKey(values: readonly (Datum | null)[], types: readonly SqlType[]): string {
  const writer = new ByteWriter(64);
  for (const [i, value] of values.entries()) encodeKey(writer, value, types[i]!);
  return Buffer.from(writer.view()).toString('latin1');
}

/** In order of first arrival; an entry whose count reaches zero is gone. */
export class Multiset<T> {
  readonly #entries = new Map<string, Counted<T>>();

  add(key: string, value: T, weight: number): void {
    const known = this.#entries.get(key);
    if (known === undefined) {
      this.#entries.set(key, { value, count: weight });
      return;
    }
    known.count += weight;
    if (known.count === 0) this.#entries.delete(key);
  }

  /** Entries that are there (a positive count). */
  *entries(): Generator<Counted<T>> {
    for (const entry of this.#entries.values()) if (entry.count > 0) yield entry;
  }

  get distinctCount(): number {
    return this.#entries.size;
  }
}

/** Values in the order in which they were added, equal ones together at their first place when counted. */
export class OrderedValues<T> {
  readonly #values: { readonly key: string; readonly value: T }[] = [];
  /** Removals that came before their additions. */
  readonly #owed = new Map<string, number>();

  add(key: string, value: T, weight: number): void {
    for (let i = 0; i < weight; i++) this.#append(key, value);
    for (let i = 0; i > weight; i--) this.#remove(key);
  }

  #append(key: string, value: T): void {
    const owed = this.#owed.get(key) ?? 0;
    if (owed === 0) this.#values.push({ key, value });
    else if (owed === 1) this.#owed.delete(key);
    else this.#owed.set(key, owed - 1);
  }

  /** The latest of the equal ones goes. */
  #remove(key: string): void {
    const at = this.#values.findLastIndex((each) => each.key === key);
    if (at >= 0) this.#values.splice(at, 1);
    else this.#owed.set(key, (this.#owed.get(key) ?? 0) + 1);
  }

  values(): readonly T[] {
    return this.#values.map((each) => each.value);
  }

  keyed(): readonly { readonly key: string; readonly value: T }[] {
    return this.#values;
  }
}
