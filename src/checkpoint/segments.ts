/**
 * Segments of state tables in the store: `seg/<owner>/<table>/<sequence>`. Applied in order they give the table.
 *
 * Small tables have a base and deltas; when the deltas outgrow the base they are folded into a new one, and the
 * old segments go in the same transaction. Large tables that know their entries by ids are written in slices of a
 * bounded number of entries instead, most of them ahead of the checkpoint that they will belong to, each between two
 * ticks. What changes again is written again, so that all slices together are right at the moment of the
 * checkpoint, which has little left to write. They are folded in slices too: one range of the entries after the
 * other, dirty or not; after the last of them, what is older than the first goes. A restart in between begins that
 * again.
 */

import { ByteReader, ByteWriter } from '../base/bytes.ts';
import type { EntryRanges, StateTable } from '../state/state-table.ts';
import type { Store, StoreChange } from '../state/store.ts';

interface Segment {
  readonly key: string;
  readonly bytes: number;
}

interface Stored {
  readonly table: StateTable;
  readonly prefix: string;
  /** What is in the store for this table after the next checkpoint, in order. */
  segments: Segment[];
  /** Sum of their sizes, and of the base alone where there is one. */
  bytes: number;
  baseBytes: number;
  /** Its base has to be written although nothing changed. */
  renewed: boolean;
  folding: Folding | null;
  /** Dirty entries that are still to be written ahead of the next checkpoint. */
  planned: number;
  /** Entries that were written since the table was opened, and their bytes: what an entry takes. */
  writtenRows: number;
  writtenBytes: number;
}

/** How far a large table's new base is. */
interface Folding {
  /** Segments before this one go at the end. */
  readonly first: number;
  /** The entry to go on from, and where to end: what came later is in the deltas since. */
  next: number;
  readonly end: number;
  /** Entries to be written in ranges by now: as many as were written because they were dirty. */
  due: number;
}

/** Tables are folded when their segments pass twice what they should take and this many bytes. */
const foldBytes = 64 * 1024;
const deltasMax = 64;
/** Segments of a large table besides those that its size asks for. */
const slicesMax = 4096;
/** Entries of one slice, or fewer where they are long: 2 to 3 ms. */
const defaultSliceRows = 8192;
const sliceBytes = 2 ** 19;
const sliceRowsMin = 256;
/** Of a table's dirty entries, how often each may be written ahead of one checkpoint on the average. */
const plannedShare = 4;
/** Part of what is dirty by which it becomes less from tick to tick, at least. */
const declineShare = 1 / 16;
/** Written ahead at most, in bytes; what is dirty then waits for the checkpoint. */
const defaultAheadMax = 64 * 2 ** 20;

export interface SegmentsOptions {
  /** Tables with more entries than this are written in slices of so many. */
  readonly sliceRows?: number;
  readonly aheadMax?: number;
}

export class Segments {
  readonly #sliceRows: number;
  readonly #aheadMax: number;
  readonly #tables = new Map<string, Stored>();
  /** Those with ranges, which are written ahead in turns. */
  #ranged: Stored[] = [];
  #turn = 0;
  #sequence = 0;
  /** Written ahead, for the next collection. */
  #ahead: StoreChange[] = [];
  #aheadBytes = 0;
  /** Entries that may be dirty before the next tick. */
  #aim = 0;
  /** Keys that go with the next collection, by owner. */
  readonly #superseded = new Map<string, readonly string[]>();
  /** Bytes written by the last `collect`, for system tables. */
  lastBytes = 0;

  constructor(options: SegmentsOptions = {}) {
    this.#sliceRows = options.sliceRows ?? defaultSliceRows;
    this.#aheadMax = options.aheadMax ?? defaultAheadMax;
  }

  /** `owner` is stable across restarts, e.g. an oid; `name` is unique within it. */
  add(owner: string, name: string, table: StateTable): void {
    const prefix = `seg/${owner}/${name}/`;
    this.#tables.set(prefix, {
      table,
      prefix,
      segments: [],
      bytes: 0,
      baseBytes: 0,
      renewed: false,
      folding: null,
      planned: 0,
      writtenRows: 0,
      writtenBytes: 0,
    });
    this.#ranged = [...this.#tables.values()].filter((each) => each.table.ranges !== undefined);
  }

  /** Loads what the store has for the tables of `owner`. False: it has nothing for any of them. */
  load(owner: string, store: Store): boolean {
    let found = false;
    for (const stored of this.#tables.values()) {
      if (!stored.prefix.startsWith(`seg/${owner}/`)) continue;
      for (const [key, value] of store.range(stored.prefix, after(stored.prefix))) {
        stored.table.load(new ByteReader(value));
        stored.segments.push({ key, bytes: value.length });
        stored.bytes += value.length;
        this.#sequence = Math.max(this.#sequence, Number(key.slice(stored.prefix.length)));
        found = true;
      }
      stored.baseBytes = stored.segments[0]?.bytes ?? 0;
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
      for (const { key } of stored.segments) changes.push({ key, value: null });
      this.#tables.delete(stored.prefix);
    }
    this.#ahead = this.#ahead.filter(({ key }) => !key.startsWith(`seg/${owner}/`));
    this.#aheadBytes = this.#ahead.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
    this.#ranged = this.#ranged.filter(({ prefix }) => this.#tables.has(prefix));
    for (const key of this.#superseded.get(owner) ?? []) changes.push({ key, value: null });
    this.#superseded.delete(owner);
    return changes;
  }

  /** Takes some tables of `owner` away; the changes, which belong into the next checkpoint, delete their segments. */
  removeTables(owner: string, names: ReadonlySet<string>): StoreChange[] {
    const changes: StoreChange[] = [];
    for (const name of names) {
      const prefix = `seg/${owner}/${name}/`;
      for (const { key } of this.#tables.get(prefix)?.segments ?? []) {
        changes.push({ key, value: null });
      }
      this.#tables.delete(prefix);
      this.#ahead = this.#ahead.filter(({ key }) => !key.startsWith(prefix));
    }
    this.#aheadBytes = this.#ahead.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
    this.#ranged = this.#ranged.filter((stored) => this.#tables.has(stored.prefix));
    return changes;
  }

  /** A checkpoint is due: whether there is so much to write that `writeAhead` should come before it. */
  planAhead(): boolean {
    let any = false;
    for (const stored of this.#ranged) {
      const { dirtyRows } = stored.table.ranges!;
      const large = !stored.renewed && this.#isLarge(stored.table);
      stored.planned = large && dirtyRows >= this.#sliceOf(stored) ? dirtyRows * plannedShare : 0;
      any ||= stored.planned > 0;
    }
    this.#aim = this.#nextAim();
    return any;
  }

  /**
   * Between two ticks: writes one slice for the next `collect`. Then a tick may come; or the next slice should come
   * `again` before it, because ticks change more than is written; or it is time to collect. Tables that all the
   * time change as a whole are not written for ever.
   */
  writeAhead(): 'again' | 'tick' | 'collect' {
    if (this.#aheadBytes >= this.#aheadMax || !this.#writeSlice()) return 'collect';
    if (this.#dirtyPlanned() > this.#aim) return 'again';
    this.#aim = this.#nextAim();
    return 'tick';
  }

  /** Entries that may be dirty before the next tick: clearly less than now. */
  #nextAim(): number {
    const dirty = this.#dirtyPlanned();
    return Math.max(0, dirty - Math.max(this.#sliceRows, dirty * declineShare));
  }

  #dirtyPlanned(): number {
    let rows = 0;
    for (const stored of this.#ranged) {
      if (stored.planned > 0) rows += stored.table.ranges!.dirtyRows;
    }
    return rows;
  }

  #writeSlice(): boolean {
    const { length } = this.#ranged;
    for (let i = 0; i < length; i++) {
      this.#turn = (this.#turn + 1) % length;
      const stored = this.#ranged[this.#turn]!;
      if (stored.renewed || !this.#isLarge(stored.table)) continue;
      const { folding } = stored;
      const rows = this.#sliceOf(stored);
      if (folding !== null && folding.due >= rows) {
        this.#foldOn(stored, folding, rows);
        return true;
      }
      const ranges = stored.table.ranges!;
      if (stored.planned <= 0 || ranges.dirtyRows < rows) continue;
      stored.planned -= rows;
      this.#writeDirty(stored, ranges, rows);
      return true;
    }
    return false;
  }

  /** Everything dirty as store changes; the tables count as clean afterwards. */
  collect(): StoreChange[] {
    let rows = this.#sliceRows;
    for (const stored of this.#tables.values()) {
      const { table } = stored;
      if (!table.dirty && !stored.renewed) continue;
      if (stored.renewed) this.#fold(stored);
      else if (table.ranges !== undefined && this.#isLarge(table)) {
        this.#writeDirty(stored, table.ranges, Infinity);
        const { folding } = stored;
        if (folding !== null && rows > 0) {
          rows -= this.#foldOn(stored, folding, Math.min(rows, this.#sliceOf(stored)));
        }
      } else if (stored.segments.length === 0 || shouldFold(stored)) this.#fold(stored);
      else this.#write(stored, (writer) => stored.table.writeDelta(writer));
    }
    const changes = this.#ahead;
    this.lastBytes = this.#aheadBytes;
    this.#ahead = [];
    this.#aheadBytes = 0;
    for (const keys of this.#superseded.values()) {
      for (const key of keys) changes.push({ key, value: null });
    }
    this.#superseded.clear();
    return changes;
  }

  /** Writes one segment and gives its size in bytes. */
  #write(stored: Stored, write: (writer: ByteWriter) => void): number {
    const writer = new ByteWriter(4096);
    write(writer);
    const value = writer.take();
    this.#aheadBytes += value.length;
    this.#sequence++;
    const key = stored.prefix + String(this.#sequence).padStart(16, '0');
    this.#ahead.push({ key, value });
    stored.segments.push({ key, bytes: value.length });
    stored.bytes += value.length;
    return value.length;
  }

  /** Deletes the first segments. */
  #drop(stored: Stored, count: number): void {
    for (const { key, bytes } of stored.segments.splice(0, count)) {
      this.#ahead.push({ key, value: null });
      stored.bytes -= bytes;
    }
  }

  #fold(stored: Stored): void {
    const before = stored.segments.length;
    stored.baseBytes = this.#write(stored, (writer) => stored.table.writeBase(writer));
    stored.writtenRows += stored.table.rows;
    stored.writtenBytes += stored.baseBytes;
    this.#drop(stored, before);
    stored.folding = null;
    stored.renewed = false;
  }

  #writeDirty(stored: Stored, ranges: EntryRanges, rows: number): void {
    let written = 0;
    const bytes = this.#write(stored, (writer) => {
      written = ranges.writeDirty(writer, rows);
    });
    stored.writtenRows += written;
    stored.writtenBytes += bytes;
    const { folding } = stored;
    if (folding !== null) folding.due += written;
    else if (this.#hasGarbage(stored)) {
      const { length } = stored.segments;
      stored.folding = { first: length, next: 0, end: ranges.high, due: 0 };
    }
  }

  /** Writes the next range of up to `rows` entries and gives its size. */
  #foldOn(stored: Stored, folding: Folding, rows: number): number {
    const to = Math.min(folding.end, folding.next + rows);
    this.#write(stored, (writer) => stored.table.ranges!.write(writer, folding.next, to));
    const covered = to - folding.next;
    folding.next = to;
    folding.due = Math.max(0, folding.due - covered);
    if (to === folding.end) {
      this.#drop(stored, folding.first);
      stored.folding = null;
    }
    return covered;
  }

  /** How many entries of a table are written at once. */
  #sliceOf({ writtenRows, writtenBytes }: Stored): number {
    if (writtenRows === 0) return this.#sliceRows;
    const fitting = Math.floor((sliceBytes * writtenRows) / writtenBytes);
    return Math.min(this.#sliceRows, Math.max(sliceRowsMin, fitting));
  }

  #isLarge(table: StateTable): boolean {
    return table.rows > this.#sliceRows;
  }

  /** Whether a large table's segments hold much that is not so any more. */
  #hasGarbage({ table, segments, bytes, writtenRows, writtenBytes }: Stored): boolean {
    if (segments.length > slicesMax + (4 * table.rows) / this.#sliceRows) return true;
    if (writtenRows === 0) return false;
    return bytes > foldBytes + 2 * table.rows * (writtenBytes / writtenRows);
  }

  get dirty(): boolean {
    if (this.#ahead.length > 0) return true;
    for (const { table } of this.#tables.values()) if (table.dirty) return true;
    return false;
  }
}

/** Whether a small table is written whole instead of what is dirty of it. */
function shouldFold({ segments, bytes, baseBytes }: Stored): boolean {
  const deltaBytes = bytes - baseBytes;
  // A large base with small deltas is not written anew every minute, but recovery must not read forever.
  if (segments.length >= deltasMax * 64) return true;
  if (segments.length >= deltasMax && deltaBytes * 4 > baseBytes) return true;
  return deltaBytes > baseBytes && deltaBytes > foldBytes;
}

/** The first key after all that begin with `prefix`, which ends in a slash. */
export function after(prefix: string): string {
  return `${prefix.slice(0, -1)}0`;
}
