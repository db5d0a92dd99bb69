/**
 * The store: ordered keys and byte values with atomic, durable commits. One instance is all that the
 * engine knows of disks. LMDB keeps for real (checkpoint/lmdb-store.ts); memory serves tests and one-shot
 * runs; the crash store of testing/ forgets what was not flushed or fails at the n-th write.
 */

export interface StoreChange {
  /** ASCII, at most 500 characters. */
  readonly key: string;
  /** null deletes. */
  readonly value: Uint8Array | null;
}

export interface Store {
  get(key: string): Uint8Array | undefined;
  /** Entries with from <= key < to, in key order. Values are valid until the next call on the store. */
  range(from: string, to: string): Iterable<readonly [key: string, value: Uint8Array]>;
  /** All changes in one transaction. Resolves only when they are flushed to stable storage. */
  commit(changes: readonly StoreChange[]): Promise<void>;
  close(): Promise<void>;
}
