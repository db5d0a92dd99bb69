/** Choices made from a seed: what every generator of the differential tester draws from. */

import type { Random } from '../../base/random.ts';

export class Chance {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** A whole number in [0, bound). */
  below(bound: number): number {
    return this.#random.below(bound);
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.#random.below(high - low + 1);
  }

  oneIn(count: number): boolean {
    return this.#random.below(count) === 0;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.#random.below(from.length)]!;
  }

  /** From `low` to `high` things, each made anew. */
  some<T>(low: number, high: number, make: (index: number) => T): T[] {
    return Array.from({ length: this.between(low, high) }, (_, index) => make(index));
  }

  /** `count` different ones of a list, in its order. */
  sample<T>(from: readonly T[], count: number): T[] {
    const left = [...from.keys()];
    while (left.length > count) left.splice(this.below(left.length), 1);
    return left.map((index) => from[index]!);
  }
}
