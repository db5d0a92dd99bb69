/**
 * A Store in memory: for tests, one-shot runs and the `store` test mode. It keeps what was committed and
 * nothing else; `snapshot` gives what a crash at this instant would leave.
 */

import { assert } from '../base/assert.ts';
import type { Store, StoreChange } from '../state/store.ts';

export class MemoryStore implements Store {
  #entries = new Map<string, Uint8Array>();
  #closed = false;

  constructor(entries: Iterable<readonly [string, Uint8Array]> = []) {
    for (const [key, value] of entries) this.#entries.set(key, value);
  }

  get(key: string): Uint8Array | undefined {
    assert(!this.#closed, 'get on a closed store');
    return this.#entries.get(key);
  }

  *range(from: string, to: string): Iterable<readonly [string, Uint8Array]> {
    assert(!this.#closed, 'range on a closed store');
    const keys = [...this.#entries.keys()].filter((key) => key >= from && key < to).sort();
    for (const key of keys) yield [key, this.#entries.get(key)!];
  }

  commit(changes: readonly StoreChange[]): Promise<void> {
    assert(!this.#closed, 'commit on a closed store');
    for (const { key, value } of changes) {
      if (value === null) this.#entries.delete(key);
      else this.#entries.set(key, value.slice());
    }
    return Promise.resolve();
  }

  /** A copy of everything committed so far. */
  snapshot(): MemoryStore {
    return new MemoryStore(this.#entries);
  }

  close(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }
}
