/**
 * The keyed table: a hash table from a composite key to a dense entry id, with key and value columns
 * indexed by it. It serves group keys, join indexes and whole rows alike.
 *
 *   slots (open addressing, linear probing) → entry id + 1 → hashes, key columns, value columns
 *
 * NULL keys equal each other. By default keys are equal as SQL says (−0 = 0, NaN = NaN, 1.0 = 1.00) and
 * the first spelling met is kept; with `exact` they are equal when they look the same. A key column goes
 * wide once, when a value comes that its narrow form cannot hold, and the table is rehashed then.
 * Entry ids are stable while an entry lives and reused afterwards; they never leave the process.
 *
 * Growth doubles and rehashes at once: stored hashes make that about 10 ns an entry, so that a pause
 * passes 50 ms only beyond some four million entries.
 */

import { assert, fault } from '../base/assert.ts';
import type { ByteReader } from '../base/bytes.ts';
import { ByteWriter } from '../base/bytes.ts';
import { readDatum, widenColumn } from '../types/column-access.ts';
import type { AnyColumn, Column } from '../types/column.ts';
import type { Datum } from '../types/datum.ts';
import type { SqlType } from '../types/sql-type.ts';
import { readColumn, writeColumn } from './column-segment.ts';
import { KeyColumn, encodeWide } from './key-column.ts';
import type { StateTable } from './state-table.ts';
import { grownInt32, grownUint8 } from './stored-column.ts';
import { compileTable } from './table-code.ts';
import type { TableCode } from './table-code.ts';
import type { ValueSpec } from './value-column.ts';
import { ValueColumn } from './value-column.ts';

const segmentVersion = 1;
const live = 1;
const dirtyFlag = 2;
const persisted = 4;
const initialCapacity = 16;

export interface KeyedTableOptions {
  readonly name: string;
  readonly keys: readonly SqlType[];
  readonly values?: readonly ValueSpec[];
  /** Keys are equal only when they print the same: for rows as opposed to groups. */
  readonly exact?: boolean;
  /** False for caches that recovery rebuilds: nothing is tracked for checkpoints. */
  readonly tracked?: boolean;
  /** False keeps rows without a hash index: `append` only, no finding, no removal. */
  readonly hashed?: boolean;
}

export class KeyedTable implements StateTable {
  readonly name: string;
  readonly keyTypes: readonly SqlType[];
  readonly keys: readonly KeyColumn[];
  readonly values: readonly ValueColumn[];

  /** Read by generated loops; replaced on growth, which moves `generation` on. */
  slots: Int32Array = new Int32Array(initialCapacity * 2);
  mask = initialCapacity * 2 - 1;
  hashes: Int32Array = new Int32Array(initialCapacity);
  generation = 0;

  readonly #exact: boolean;
  readonly #tracked: boolean;
  readonly #hashed: boolean;
  #flags: Uint8Array = new Uint8Array(initialCapacity);
  #capacity = initialCapacity;
  /** Entries 0 to #high − 1 have been given out; the free ones among them are in #free. */
  #high = 0;
  #free: number[] = [];
  #rows = 0;
  #dirty: number[] = [];
  #removed = 0;
  readonly #tombstones = new ByteWriter(256);
  #code: TableCode<KeyedTable> | null = null;
  readonly #prepared: Column[] = [];
  readonly #datums: (AnyColumn | null)[] = [];

  constructor(options: KeyedTableOptions) {
    this.name = options.name;
    this.keyTypes = options.keys;
    this.#exact = options.exact ?? false;
    this.#tracked = options.tracked ?? true;
    this.#hashed = options.hashed ?? true;
    this.keys = options.keys.map((type) => new KeyColumn(type, this.#exact, this.#hashed));
    for (const key of this.keys) key.grow(initialCapacity);
    this.values = (options.values ?? []).map((spec) => new ValueColumn(spec, initialCapacity));
  }

  get rows(): number {
    return this.#rows;
  }

  /** One more than the largest entry id ever given out. */
  get high(): number {
    return this.#high;
  }

  get capacity(): number {
    return this.#capacity;
  }

  get bytes(): number {
    let total = this.slots.byteLength + this.hashes.byteLength + this.#flags.byteLength;
    for (const key of this.keys) total += key.bytes;
    for (const value of this.values) total += value.bytes;
    return total;
  }

  get dirty(): boolean {
    return this.#dirty.length > 0 || this.#removed > 0;
  }

  isLive(entry: number): boolean {
    return entry < this.#high && (this.#flags[entry]! & live) !== 0;
  }

  /** Calls `visit` for every live entry, in order of id. */
  forEach(visit: (entry: number) => void): void {
    for (let entry = 0; entry < this.#high; entry++) {
      if ((this.#flags[entry]! & live) !== 0) visit(entry);
    }
  }

  /** Live entries, in order of id. */
  entries(): Int32Array {
    const list = new Int32Array(this.#rows);
    let count = 0;
    this.forEach((entry) => (list[count++] = entry));
    return list;
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
    assert(this.#hashed, `${this.name} keeps no index`);
    this.#prepare(columns, count, sourceTypes);
    this.#loops().findOrAdd(this, this.#prepared, this.#datums, count, out);
  }

  /** Like findOrAdd, but gives −1 for what is not there. */
  find(
    columns: readonly Column[],
    count: number,
    out: Int32Array,
    sourceTypes: readonly SqlType[] = this.keyTypes,
  ): void {
    assert(this.#hashed, `${this.name} keeps no index`);
    this.#prepare(columns, count, sourceTypes);
    this.#loops().find(this, this.#prepared, this.#datums, count, out);
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
    if (!this.#tracked) return;
    const flags = this.#flags;
    if ((flags[entry]! & dirtyFlag) !== 0) return;
    flags[entry] = flags[entry]! | dirtyFlag;
    this.#dirty.push(entry);
  }

  /**
   * Removes a live entry. `silent` leaves no tombstone: the caller records the removal in its own way, or makes
   * it again after recovery. Without an index that is the only way.
   */
  remove(entry: number, options: { readonly silent: boolean } = { silent: false }): void {
    const flags = this.#flags[entry]!;
    if ((flags & live) === 0) fault(`entry ${entry} of ${this.name} is removed twice`);
    if (!this.#hashed && !options.silent) fault(`${this.name} is append-only`);
    if (this.#tracked && (flags & persisted) !== 0 && !options.silent) this.#bury(entry);
    if (this.#hashed) this.#unlink(entry);
    this.#flags[entry] = 0;
    for (const key of this.keys) key.clear(entry);
    for (const value of this.values) value.clear(entry);
    this.#free.push(entry);
    this.#rows--;
  }

  /** Forgets all entries and keeps the memory; only for tables that no checkpoint keeps. Ids start from 0 again. */
  clear(): void {
    assert(!this.#tracked, `${this.name} is kept and cannot be cleared`);
    this.slots.fill(0);
    for (const key of this.keys) key.reset(this.#high);
    for (const value of this.values) {
      for (let entry = 0; entry < this.#high; entry++) value.clear(entry);
    }
    this.#flags.fill(0, 0, this.#high);
    this.#free.length = 0;
    this.#high = 0;
    this.#rows = 0;
  }

  /** Takes an entry for a key with this hash. For generated loops, which then fill in key and slot. */
  allocate(hash: number): number {
    let entry = this.#free.pop();
    if (entry === undefined) {
      if (this.#high === this.#capacity) this.#grow();
      entry = this.#high++;
    }
    this.hashes[entry] = hash;
    this.#flags[entry] = live;
    this.#rows++;
    this.markDirty(entry);
    return entry;
  }

  /** Doubles everything. Called before an entry is given out, so that it is not in the slots twice. */
  #grow(): void {
    const capacity = this.#capacity * 2;
    this.#capacity = capacity;
    this.hashes = grownInt32(this.hashes, capacity);
    this.#flags = grownUint8(this.#flags, capacity);
    for (const key of this.keys) key.grow(capacity);
    for (const value of this.values) value.grow(capacity);
    if (this.#hashed) this.#fillSlots(capacity * 2);
    this.generation++;
  }

  #fillSlots(size: number): void {
    const slots = new Int32Array(size);
    const mask = size - 1;
    const { hashes } = this;
    for (let entry = 0; entry < this.#high; entry++) {
      if ((this.#flags[entry]! & live) === 0) continue;
      let slot = hashes[entry]! & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = entry + 1;
    }
    this.slots = slots;
    this.mask = mask;
  }

  /** Takes the entry out of the slots and closes the gap, so that no tombstone slows later probes. */
  #unlink(entry: number): void {
    const { slots, mask, hashes } = this;
    let gap = hashes[entry]! & mask;
    while (slots[gap] !== entry + 1) {
      if (slots[gap] === 0) fault(`entry ${entry} of ${this.name} is not in its slots`);
      gap = (gap + 1) & mask;
    }
    for (let at = (gap + 1) & mask; slots[at] !== 0; at = (at + 1) & mask) {
      const home = hashes[slots[at]! - 1]! & mask;
      if (((at - home) & mask) >= ((at - gap) & mask)) {
        slots[gap] = slots[at]!;
        gap = at;
      }
    }
    slots[gap] = 0;
  }

  #loops(): TableCode<KeyedTable> {
    return (this.#code ??= compileTable(
      this.keys.map((key) => key.kind),
      this.#exact,
    ));
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
        this.#goWide(key);
      }
      const datums = widenColumn(source, count, sourceType);
      this.#prepared[k] = encodeWide(datums, count, key, key.scratch);
      this.#datums[k] = datums;
    }
  }

  #goWide(key: KeyColumn): void {
    key.goWide(this.#high);
    this.#code = null;
    const columns = this.keys.map((each) => each.lookup);
    this.#loops().hash(this, columns, [], this.#high, this.hashes);
    this.#fillSlots(this.slots.length);
    this.generation++;
  }

  #bury(entry: number): void {
    this.#removed++;
    for (const key of this.keys) key.writeOne(this.#tombstones, entry);
  }

  writeDelta(writer: ByteWriter): void {
    const entries: number[] = [];
    for (const entry of this.#dirty) {
      const flags = this.#flags[entry]!;
      if ((flags & live) === 0 || (flags & dirtyFlag) === 0) continue;
      this.#flags[entry] = live | persisted;
      entries.push(entry);
    }
    this.#write(writer, Int32Array.from(entries));
  }

  writeBase(writer: ByteWriter): void {
    this.#removed = 0;
    this.#tombstones.clear();
    const entries = this.entries();
    for (let i = 0; i < entries.length; i++) this.#flags[entries[i]!] = live | persisted;
    this.#write(writer, entries);
  }

  /** Appends a base of these entries alone, for a table that takes over a part of this one. */
  writePart(writer: ByteWriter, entries: Int32Array): void {
    this.#removed = 0;
    this.#tombstones.clear();
    this.#write(writer, entries);
  }

  /** version, removed keys, then entries: keys and values by column. */
  #write(writer: ByteWriter, entries: Int32Array): void {
    writer.uint8(segmentVersion).varint(this.#removed).bytes(this.#tombstones.view());
    writer.varint(entries.length);
    for (const key of this.keys) {
      writeColumn(writer, key.stored.column, key.type, entries, entries.length);
    }
    for (const value of this.values) value.write(writer, entries, entries.length);
    this.#clean();
  }

  #clean(): void {
    this.#dirty = [];
    this.#removed = 0;
    this.#tombstones.clear();
  }

  load(reader: ByteReader): void {
    const version = reader.uint8();
    assert(version === segmentVersion, `state segment of ${this.name} has version ${version}`);
    this.#loadRemovals(reader);
    const count = reader.varint();
    const columns: Column[] = [];
    for (const type of this.keyTypes) columns.push(readColumn(reader, type, count));
    const entries = new Int32Array(count);
    if (this.#hashed) this.findOrAdd(columns, count, entries);
    else this.append(columns, count, entries);
    for (const value of this.values) value.read(reader, entries, count);
    for (let i = 0; i < count; i++) this.#flags[entries[i]!] = live | persisted;
    this.#clean();
  }

  #loadRemovals(reader: ByteReader): void {
    const count = reader.varint();
    if (count === 0) return;
    const columns = this.keys.map((): AnyColumn => ({ kind: 'any', values: [], nulls: null }));
    for (let i = 0; i < count; i++) {
      this.keys.forEach((key, k) => columns[k]!.values.push(key.readOne(reader)));
    }
    const entries = new Int32Array(count);
    this.find(columns, count, entries);
    for (let i = 0; i < count; i++) {
      assert(entries[i]! >= 0, `a state segment removes what ${this.name} does not hold`);
      this.remove(entries[i]!, { silent: true });
    }
  }
}

/** Datum of key `k` of an entry. */
export function keyDatum(table: KeyedTable, k: number, entry: number): Datum | null {
  const key = table.keys[k]!;
  return readDatum(key.stored.column, entry, key.type);
}
