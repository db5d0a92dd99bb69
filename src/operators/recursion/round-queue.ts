/**
 * Entries that wait for their round: by the number of the round, each once. Rounds are taken in rising order;
 * what is added while one is taken belongs to a later one.
 */

import { assert } from '../../base/assert.ts';

export class RoundQueue {
  /** Lists by round; emptied lists are given up. */
  readonly #lists = new Map<number, number[]>();
  /** By entry: it waits. */
  #waits = new Uint8Array(64);
  #least = Infinity;
  #most = -1;
  /** The round taken last in this tick. */
  #taken = -1;

  add(entry: number, round: number): void {
    assert(round > this.#taken, `round ${round} is added to after round ${this.#taken}`);
    if (entry >= this.#waits.length) {
      const larger = new Uint8Array(Math.max(entry + 1, this.#waits.length * 2));
      larger.set(this.#waits);
      this.#waits = larger;
    }
    if (this.#waits[entry] === 1) return;
    this.#waits[entry] = 1;
    const list = this.#lists.get(round);
    if (list === undefined) this.#lists.set(round, [entry]);
    else list.push(entry);
    if (round < this.#least) this.#least = round;
    if (round > this.#most) this.#most = round;
  }

  /** The next round with entries, which are taken out; null: nothing waits, and the next tick may begin. */
  take(): { readonly round: number; readonly entries: readonly number[] } | null {
    for (let round = this.#least; round <= this.#most; round++) {
      const entries = this.#lists.get(round);
      if (entries === undefined) continue;
      this.#lists.delete(round);
      for (const entry of entries) this.#waits[entry] = 0;
      this.#least = round + 1;
      this.#taken = round;
      return { round, entries };
    }
    this.#least = Infinity;
    this.#most = -1;
    this.#taken = -1;
    return null;
  }
}
