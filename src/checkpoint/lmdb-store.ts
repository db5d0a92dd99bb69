/**
 * The Store for keeps: one LMDB environment, one write transaction a commit.
 *
 * lmdb-js resolves a commit when it is visible, which by default is before it is flushed. Here flushing
 * belongs to the commit (`overlappingSync: false`), and `flushed` is awaited besides, so that a resolved
 * commit is on stable storage. Reads copy their value out, so that no read transaction outlives a call and
 * holds old pages. The system reads ahead: segments are large and read whole, once, when state is recovered.
 */

import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { open, type RootDatabase, type RootDatabaseOptionsWithPath } from 'lmdb';
import { SqlError, sqlstate } from '../base/errors.ts';
import type { Store, StoreChange } from '../state/store.ts';

/** Copied in one turn of the event loop. */
const turnBytes = 2 ** 20;

export class LmdbStore implements Store {
  readonly #database: RootDatabase<Buffer, string>;

  /** Opens or creates the environment in file `path`. Throws SqlError when the file cannot be used. */
  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true });
    try {
      this.#database = open<Buffer, string>(options(path));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new SqlError(sqlstate.dataCorrupted, `could not open data file "${path}": ${reason}`, {
        hint: 'Restore it from a backup, or start with an empty data directory.',
      });
    }
  }

  get(key: string): Uint8Array | undefined {
    return this.#database.getBinary(key);
  }

  *range(from: string, to: string): Iterable<readonly [string, Uint8Array]> {
    const keys = [...this.#database.getKeys({ start: from, end: to, snapshot: false })];
    for (const key of keys) {
      // In memory that the next reading takes again: a copy of each large segment would cost as much as its use.
      const value = this.#database.getBinaryFast(key);
      if (value !== undefined) yield [key, value];
    }
  }

  async commit(changes: readonly StoreChange[]): Promise<void> {
    if (changes.length === 0) return;
    try {
      await this.#database.transaction(() => this.#put(changes));
      await this.#database.flushed;
    } catch (error) {
      throw storeError(error);
    }
  }

  /** Large transactions let the process go on in between: copying megabytes takes milliseconds. */
  #put(changes: readonly StoreChange[]): Promise<void> | void {
    let bytes = 0;
    for (let i = 0; i < changes.length; i++) {
      const { key, value } = changes[i]!;
      if (value === null) {
        this.#database.removeSync(key);
        continue;
      }
      if (bytes > 0 && bytes + value.length > turnBytes) {
        const rest = changes.slice(i);
        return new Promise(setImmediate).then(() => this.#put(rest));
      }
      this.#database.putSync(key, asBuffer(value));
      bytes += value.length;
    }
  }

  async close(): Promise<void> {
    await this.#database.close();
  }
}

function options(path: string): RootDatabaseOptionsWithPath {
  return {
    path,
    noSubdir: true,
    encoding: 'binary',
    overlappingSync: false,
    eventTurnBatching: false,
  };
}

function asBuffer(value: Uint8Array): Buffer {
  return Buffer.isBuffer(value)
    ? value
    : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

/** A full disk is the user's to mend (53100); anything else is a failed write. */
function storeError(error: unknown): SqlError {
  const reason = error instanceof Error ? error.message : String(error);
  const full = /ENOSPC|No space left|MAP_FULL/i.test(reason);
  return full
    ? new SqlError(sqlstate.diskFull, `could not write to the data directory: ${reason}`, {
        hint: 'Free some space and try again.',
      })
    : new SqlError('58030', `could not write to the data directory: ${reason}`);
}
