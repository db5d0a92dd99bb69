/**
 * Commits in order, grouped: while one transaction is being flushed, all that arrives waits and goes
 * together in the next one. This is how many small INSERTs share one fsync. A failed commit fails everything
 * behind it too, since the log must not have a gap.
 */

import type { Store, StoreChange } from '../state/store.ts';

interface Waiting {
  readonly changes: readonly StoreChange[] | Promise<readonly StoreChange[]>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class CommitQueue {
  readonly #store: Store;
  #waiting: Waiting[] = [];
  #running: Promise<void> | null = null;
  #abandoned = false;
  #failed: unknown = null;
  /** Transactions written, for system tables. */
  commits = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Resolves when the changes are durable. All that is submitted after a promise of changes waits for it. */
  submit(changes: readonly StoreChange[] | Promise<readonly StoreChange[]>): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#abandoned) return;
      this.#waiting.push({ changes, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when everything submitted so far is durable. */
  drained(): Promise<void> {
    return this.submit([]);
  }

  /** As a crash: what has not begun is never written nor answered. Resolves when the store is at rest. */
  async abandon(): Promise<void> {
    this.#abandoned = true;
    this.#waiting = [];
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      await this.#commit(group);
    }
    this.#running = null;
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    try {
      // After a failure the pages on disk are in doubt, so nothing more is acknowledged.
      if (this.#failed !== null) throw this.#failed;
      const changes: StoreChange[] = [];
      for (const each of group) {
        changes.push(...(each.changes instanceof Promise ? await each.changes : each.changes));
      }
      if (this.#abandoned) return;
      if (changes.length > 0) {
        await this.#store.commit(changes);
        this.commits++;
      }
      for (const each of group) each.resolve();
    } catch (error) {
      this.#failed = error;
      for (const each of group) each.reject(error);
    }
  }
}
