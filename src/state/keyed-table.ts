/**
 * The keyed table: a hash table from a composite key to a dense entry id, with key and value columns
 * indexed by it. It serves group keys, join indexes and whole rows alike.
 *
 *   slots (hash-slots.ts) → entry id (entry-ids.ts) → key columns, value columns
 *
 * NULL keys equal each other. By default keys are equal as SQL says (−0 = 0, NaN = NaN, 1.0 = 1.00) and
 * the first spelling met is kept; with `exact` they are equal when they look the same. A key column goes
 * wide once, when a value comes that its narrow form cannot hold, and the table is rehashed then, at once.
 * Entry ids are stable while an entry lives and reused afterwards; segments name entries by them.
 */

import { assert, fault, must } from '../base/assert.ts';
import type { ByteReader, ByteWriter } from '../base/bytes.ts';
import { readDatum, widenColumn } from '../types/column-access.ts';
import type { AnyColumn, Column } from '../types/column.ts';
import type { Datum } from '../types/datum.ts';
import type { SqlType } from '../types/sql-type.ts';
import { readColumn, writeColumn } from './column-segment.ts';
import { EntryIds, initialCapacity, writeIds } from './entry-ids.ts';
import { grownInt32 } from './grown.ts';
import { HashSlots } from './hash-slots.ts';
import { KeyColumn, encodeWide } from './key-column.ts';
import type { Contents, EntryRanges, StateTable } from './state-table.ts';
import { compileTable, storesHash } from './table-code.ts';
import type { TableCode } from './table-code.ts';
import type { ValueSpec } from './value-column.ts';
import { ValueColumn } from './value-column.ts';

const segmentVersion = 2;
/** Entries are named by their ids, or come for a table that knows other ids. */
const byId = 0;
const byKey = 1;
const noDatums: readonly (AnyColumn | null)[] = [];

export interface KeyedTableOptions {
  readonly name: string;
  readonly keys: readonly SqlType[];
  readonly values?: readonly ValueSpec[];
  /** Keys are equal only when they print the same: for rows as opposed to groups. */
  readonly exact?: boolean;
  /** False for caches that recovery rebuilds: nothing is tracked for checkpoints. */
  readonly tracked?: boolean;
  /** False keeps rows without a hash index: `append` only, no finding. */
  readonly hashed?: boolean;
}

export class KeyedTable implements StateTable {
  readonly name: string;
  readonly keyTypes: readonly SqlType[];
  readonly keys: readonly KeyColumn[];
  readonly values: readonly ValueColumn[];
  /** Read by generated loops, as are `hashes` and `generation`, which growth within a batch moves on. */
  readonly index: HashSlots;
  /** By entry, where hashing again would cost more than four bytes: keys of bytes. */
  hashes: Int32Array = new Int32Array(initialCapacity);
  generation = 0;

  readonly #ids: EntryIds;
  readonly #exact: boolean;
  readonly #hashed: boolean;
  #storesHash: boolean;
  /** Segments were loaded: hashes, canonical bytes and slots must be made before the next use. */
  #indexStale = false;
  #code: TableCode<KeyedTable> | null = null;
  readonly #prepared: Column[] = [];
  readonly #datums: (AnyColumn | null)[] = [];
  #rehashed = new Int32Array(1);
  #lookups: readonly Column[] | null = null;

  readonly #ranges: EntryRanges;

  constructor(options: KeyedTableOptions) {
    this.name = options.name;
    this.keyTypes = options.keys;
    this.#exact = options.exact ?? false;
    this.#hashed = options.hashed ?? true;
    const ids = new EntryIds(options.name, options.tracked ?? true);
    this.#ids = ids;
    this.#ranges = {
      get high() {
        return ids.high;
      },
      get dirtyRows() {
        return ids.dirtyRows;
      },
      writeDirty: (writer, rows) => this.#writeDirty(writer, rows),
      write: (writer, from, to) => this.#writeRange(writer, from, to),
    };
    this.keys = options.keys.map((type) => new KeyColumn(type, this.#exact, this.#hashed, ids));
    this.values = (options.values ?? []).map((spec) => new ValueColumn(spec, ids));
    this.#storesHash = this.#hashed && this.#mustStoreHash();
    this.index = new HashSlots({
      get high() {
        return ids.high;
      },
      get rows() {
        return ids.rows;
      },
      isLive: (entry) => ids.isLive(entry),
      hashAt: (entry) => this.#hashAt(entry),
      hashesOf: (entries, from, count) => this.#hashesOf(entries, from, count),
    });
  }

  get rows(): number {
    return this.#ids.rows;
  }

  /** One more than the largest entry id ever given out. */
  get high(): number {
    return this.#ids.high;
  }

  get capacity(): number {
    return this.#ids.capacity;
  }

  get bytes(): number {
    let total = this.#ids.bytes;
    if (this.#hashed) total += this.index.bytes;
    if (this.#storesHash) total += this.#ids.high * 4;
    for (const key of this.keys) total += key.bytes;
    for (const value of this.values) total += value.bytes;
    return total;
  }

  get dirty(): boolean {
    return this.#ids.dirty;
  }

  isLive(entry: number): boolean {
    return this.#ids.isLive(entry);
  }

  /** Calls `visit` for every live entry, in order of id. */
  forEach(visit: (entry: number) => void): void {
    this.#ids.forEach(visit);
  }

  /** Live entries, in order of id. */
  entries(): Int32Array {
    return this.#ids.list();
  }

  /**
   * out[i] is the entry of row i, added when it was not there. `sourceTypes` are the types of `columns`
   * where they may differ in form from the key's.
   */
  findOrAdd(
    columns: readonly Column[],
    count: number,
    out: Int32Array,
    sourceTypes: readonly SqlType[] = this.keyTypes,
  ): void {
    this.#ready();
    this.#prepare(columns, count, sourceTypes);
    this.#loops().findOrAdd(this, this.#prepared, this.#datums, 0, count, out);
  }

  /** The datum of a wide key in row `i` of the columns that were last looked up. */
  datumOf(key: number, i: number): Datum | null {
    return must(this.#datums[key], 'the key is wide').values[i] ?? null;
  }

  /** Like findOrAdd, but gives −1 for what is not there. */
  find(
    columns: readonly Column[],
    count: number,
    out: Int32Array,
    sourceTypes: readonly SqlType[] = this.keyTypes,
  ): void {
    this.#ready();
    this.#prepare(columns, count, sourceTypes);
    this.#loops().find(this, this.#prepared, this.#datums, 0, count, out);
  }

  /** Adds every row as an entry of its own; only for tables without an index. */
  append(columns: readonly Column[], count: number, out: Int32Array): void {
    assert(!this.#hashed, `${this.name} has an index and takes no duplicates`);
    for (let i = 0; i < count; i++) out[i] = this.allocate(0);
    this.keys.forEach((key, k) => {
      key.stored.scatter(key.stored.accept(columns[k]!, count), null, out, count);
    });
  }

  /** The entry was changed and belongs into the next delta. */
  markDirty(entry: number): void {
    this.#ids.markDirty(entry);
  }

  /** Removes a live entry. */
  remove(entry: number): void {
    if (!this.#ids.isLive(entry)) fault(`entry ${entry} of ${this.name} is removed twice`);
    if (this.#hashed) {
      this.#settle();
      this.index.remove(entry);
    }
    this.#ids.release(entry);
    this.#clear(entry);
  }

  readonly #clear = (entry: number): void => {
    for (const key of this.keys) key.clear(entry);
    for (const value of this.values) value.clear(entry);
  };

  /** Forgets all entries and keeps the memory; only for tables that no checkpoint keeps. Ids start from 0 again. */
  clear(): void {
    const { high } = this.#ids;
    this.#ids.clear();
    this.index.clear();
    for (const key of this.keys) key.reset(high);
    for (const value of this.values) {
      for (let entry = 0; entry < high; entry++) value.clear(entry);
    }
  }

  /** Takes an entry for a key with this hash. For generated loops, which then fill in key and slot. */
  allocate(hash: number): number {
    if (this.#ids.full) {
      this.#ids.grow(this.#ids.high + 1, this.#growColumns);
      this.generation++;
    }
    if (this.#hashed && this.index.makeRoom()) this.generation++;
    const entry = this.#ids.take();
    if (this.#storesHash) this.hashes[entry] = hash;
    return entry;
  }

  readonly #growColumns = (capacity: number): void => {
    if (this.#storesHash) this.hashes = grownInt32(this.hashes, capacity);
    for (const key of this.keys) key.grow(capacity);
    for (const value of this.values) value.grow(capacity);
  };

  #mustStoreHash(): boolean {
    return storesHash(this.keys.map((key) => key.kind));
  }

  #hashAt(entry: number): number {
    if (this.#storesHash) return this.hashes[entry]!;
    this.#hash(entry, entry + 1, this.#rehashed);
    return this.#rehashed[0]!;
  }

  #hashesOf(entries: Int32Array | null, from: number, count: number): Int32Array {
    if (this.#storesHash && entries === null) return this.hashes.subarray(from, from + count);
    if (this.#rehashed.length < count) this.#rehashed = new Int32Array(count);
    const hashes = this.#rehashed;
    if (entries === null) {
      this.#hash(from, from + count, hashes);
    } else if (this.#storesHash) {
      for (let i = 0; i < count; i++) hashes[i] = this.hashes[entries[i]!]!;
    } else {
      hashes.set(entries.subarray(0, count));
      this.#loops().hashListed(this, this.#lookupColumns(), noDatums, 0, count, hashes);
    }
    return hashes;
  }

  #lookupColumns(): readonly Column[] {
    return (this.#lookups ??= this.keys.map((key) => key.lookup));
  }

  #hash(from: number, to: number, out: Int32Array): void {
    this.#loops().hash(this, this.#lookupColumns(), noDatums, from, to, out);
  }

  #loops(): TableCode<KeyedTable> {
    return (this.#code ??= compileTable(
      this.keys.map((key) => key.kind),
      this.#exact,
    ));
  }

  #ready(): void {
    assert(this.#hashed, `${this.name} keeps no index`);
    this.#settle();
  }

  /** After loading: one pass for the hashes and one for the slots. */
  #settle(): void {
    if (!this.#indexStale) return;
    this.#indexStale = false;
    for (const key of this.keys) if (key.stored.kind === 'any') key.goWide();
    this.#rehash();
  }

  #rehash(): void {
    this.#code = null;
    this.#lookups = null;
    this.#storesHash = this.#mustStoreHash();
    if (this.#storesHash) {
      this.hashes = grownInt32(this.hashes, this.#ids.capacity);
      this.#hash(0, this.#ids.high, this.hashes);
    }
    this.index.rebuild(this.#ids.rows);
    this.generation++;
  }

  /**
   * Fills #prepared and #datums with what the loops read. A lookup of a wide value turns the key wide
   * too, although it cannot be there: the loop needs one form, and it happens once.
   */
  #prepare(columns: readonly Column[], count: number, sourceTypes: readonly SqlType[]): void {
    assert(columns.length >= this.keys.length, `${this.name}: a key column is missing`);
    for (let k = 0; k < this.keys.length; k++) {
      const key = this.keys[k]!;
      const source = columns[k]!;
      const sourceType = sourceTypes[k]!;
      if (key.kind !== 'wide') {
        const accepted = key.stored.accept(source, count, sourceType);
        if (key.stored.kind !== 'any') {
          this.#prepared[k] = accepted;
          this.#datums[k] = null;
          continue;
        }
        key.goWide();
        this.#rehash();
      }
      const datums = widenColumn(source, count, sourceType);
      this.#prepared[k] = encodeWide(datums, count, key, key.scratch);
      this.#datums[k] = datums;
    }
  }

  writeDelta(writer: ByteWriter): void {
    this.#writeDirty(writer, Infinity);
  }

  writeBase(writer: ByteWriter): void {
    writer.uint8(segmentVersion).uint8(byId);
    this.#writeNamed(writer, this.#ids.writeAll(writer));
  }

  get ranges(): EntryRanges {
    return this.#ranges;
  }

  #writeDirty(writer: ByteWriter, rows: number): number {
    writer.uint8(segmentVersion).uint8(byId);
    return this.#writeNamed(writer, this.#ids.writeDelta(writer, rows));
  }

  #writeRange(writer: ByteWriter, from: number, to: number): number {
    writer.uint8(segmentVersion).uint8(byId);
    return this.#writeNamed(writer, this.#ids.writeRange(writer, from, to));
  }

  get contents(): Contents {
    const { keys, values } = this;
    return {
      columns: keys.map(({ stored, type }) => ({ column: stored.column, type })),
      values,
      entries: () => this.entries(),
      writePart: (writer, entries) => this.writePart(writer, entries),
    };
  }

  writeForeign(writer: ByteWriter): void {
    this.writePart(writer, this.entries());
  }

  /** Appends these entries for a table that finds or adds them by their keys, under ids of its own. */
  writePart(writer: ByteWriter, entries: Int32Array): void {
    writer.uint8(segmentVersion).uint8(byKey).varint(entries.length);
    this.#writeEntries(writer, entries);
  }

  #writeNamed(writer: ByteWriter, entries: Int32Array): number {
    writeIds(writer, entries);
    this.#writeEntries(writer, entries);
    return entries.length;
  }

  #writeEntries(writer: ByteWriter, entries: Int32Array): void {
    for (const key of this.keys) {
      writeColumn(writer, key.stored.column, key.type, entries, entries.length);
    }
    for (const value of this.values) value.write(writer, entries, entries.length);
  }

  load(reader: ByteReader): void {
    const version = reader.uint8();
    assert(version === segmentVersion, `state segment of ${this.name} has version ${version}`);
    const entries = reader.uint8() === byKey ? this.#loadPart(reader) : this.#loadEntries(reader);
    for (const value of this.values) value.read(reader, entries, entries.length);
  }

  #loadEntries(reader: ByteReader): Int32Array {
    this.#ids.readFreed(reader, this.#clear);
    const entries = this.#ids.readWritten(reader, this.#growColumns);
    for (const key of this.keys) {
      key.stored.put(readColumn(reader, key.type, entries.length), entries);
    }
    this.#indexStale = this.#hashed;
    this.generation++;
    return entries;
  }

  #loadPart(reader: ByteReader): Int32Array {
    const count = reader.varint();
    const columns = this.keyTypes.map((type) => readColumn(reader, type, count));
    const entries = new Int32Array(count);
    if (this.#hashed) this.findOrAdd(columns, count, entries);
    else this.append(columns, count, entries);
    this.#ids.adopt();
    return entries;
  }
}

/** Datum of key `k` of an entry. */
export function keyDatum(table: KeyedTable, k: number, entry: number): Datum | null {
  const key = table.keys[k]!;
  return readDatum(key.stored.column, entry, key.type);
}
