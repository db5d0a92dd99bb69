/**
 * Segments of state tables in the store: `seg/<owner>/<table>/<sequence>`, a base followed by deltas in
 * order. Writing collects what is dirty as store changes; when the deltas of a table outgrow its base they
 * are folded into a new base, and the old segments go in the same transaction.
 */

import { ByteReader, ByteWriter } from '../base/bytes.ts';
import type { StateTable } from '../state/state-table.ts';
import type { Store, StoreChange } from '../state/store.ts';

interface Stored {
  readonly table: StateTable;
  readonly prefix: string;
  /** Keys now in the store for this table. */
  keys: string[];
  baseBytes: number;
  deltaBytes: number;
  /** Its base has to be written although nothing changed. */
  renewed: boolean;
}

const written = { baseBytes: 0, deltaBytes: 0, renewed: false };

/** Deltas are folded when they pass the base's size and this many bytes. */
const foldBytes = 64 * 1024;
const deltasMax = 64;

export class Segments {
  readonly #tables = new Map<string, Stored>();
  #sequence = 0;
  /** Keys that go with the next collection, by owner. */
  readonly #superseded = new Map<string, readonly string[]>();
  /** Bytes written by the last `collect`, for system tables. */
  lastBytes = 0;

  /** `owner` is stable across restarts, e.g. an oid; `name` is unique within it. */
  add(owner: string, name: string, table: StateTable): void {
    const prefix = `seg/${owner}/${name}/`;
    this.#tables.set(prefix, { table, prefix, keys: [], ...written });
  }

  /** Loads what the store has for the tables of `owner`. False: it has nothing for any of them. */
  load(owner: string, store: Store): boolean {
    let found = false;
    for (const stored of this.#tables.values()) {
      if (!stored.prefix.startsWith(`seg/${owner}/`)) continue;
      for (const [key, value] of store.range(stored.prefix, after(stored.prefix))) {
        stored.table.load(new ByteReader(value));
        if (stored.keys.length === 0) stored.baseBytes = value.length;
        else stored.deltaBytes += value.length;
        stored.keys.push(key);
        this.#sequence = Math.max(this.#sequence, Number(key.slice(stored.prefix.length)));
        found = true;
      }
    }
    return found;
  }

  /** What the store has for `owner` under names that no table of it has now, in order. */
  *foreign(owner: string, store: Store): Iterable<readonly [name: string, key: string]> {
    for (const [key] of store.range(`seg/${owner}/`, after(`seg/${owner}/`))) {
      const end = key.lastIndexOf('/');
      if (this.#tables.has(key.slice(0, end + 1))) continue;
      this.#sequence = Math.max(this.#sequence, Number(key.slice(end + 1)));
      yield [key.slice(`seg/${owner}/`.length, end), key];
    }
  }

  /** All tables of `owner` have taken over what `keys` hold: they are written whole next time, and those go. */
  supersede(owner: string, keys: readonly string[]): void {
    for (const stored of this.#tables.values()) {
      if (stored.prefix.startsWith(`seg/${owner}/`)) stored.renewed = true;
    }
    this.#superseded.set(owner, keys);
  }

  /** Takes the tables of `owner` away; the changes delete their segments. */
  remove(owner: string): StoreChange[] {
    const changes: StoreChange[] = [];
    for (const stored of [...this.#tables.values()]) {
      if (!stored.prefix.startsWith(`seg/${owner}/`)) continue;
      for (const key of stored.keys) changes.push({ key, value: null });
      this.#tables.delete(stored.prefix);
    }
    for (const key of this.#superseded.get(owner) ?? []) changes.push({ key, value: null });
    this.#superseded.delete(owner);
    return changes;
  }

  /** Everything dirty as store changes; the tables count as clean afterwards. */
  collect(): StoreChange[] {
    const changes: StoreChange[] = [];
    this.lastBytes = 0;
    this.#sequence++;
    const suffix = String(this.#sequence).padStart(16, '0');
    for (const stored of this.#tables.values()) {
      if (!stored.table.dirty && !stored.renewed) continue;
      const writer = new ByteWriter(4096);
      const fold = stored.renewed || shouldFold(stored);
      stored.renewed = false;
      if (fold) stored.table.writeBase(writer);
      else stored.table.writeDelta(writer);
      const value = writer.take();
      this.lastBytes += value.length;
      if (fold) for (const key of stored.keys) changes.push({ key, value: null });
      const key = stored.prefix + suffix;
      changes.push({ key, value });
      remember(stored, key, value.length, fold);
    }
    for (const keys of this.#superseded.values()) {
      for (const key of keys) changes.push({ key, value: null });
    }
    this.#superseded.clear();
    return changes;
  }

  get dirty(): boolean {
    for (const { table } of this.#tables.values()) if (table.dirty) return true;
    return false;
  }
}

function shouldFold(stored: Stored): boolean {
  if (stored.keys.length === 0) return true;
  // A large base with small deltas is not written anew every minute, but recovery must not read forever.
  if (stored.keys.length >= deltasMax * 64) return true;
  if (stored.keys.length >= deltasMax && stored.deltaBytes * 4 > stored.baseBytes) return true;
  return stored.deltaBytes > stored.baseBytes && stored.deltaBytes > foldBytes;
}

function remember(stored: Stored, key: string, bytes: number, fold: boolean): void {
  if (fold) {
    stored.keys = [key];
    stored.baseBytes = bytes;
    stored.deltaBytes = 0;
    return;
  }
  stored.keys.push(key);
  stored.deltaBytes += bytes;
}

/** The first key after all that begin with `prefix`, which ends in a slash. */
export function after(prefix: string): string {
  return `${prefix.slice(0, -1)}0`;
}
