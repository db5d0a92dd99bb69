/**
 * Large tables written ahead and folded in slices: a history of changes and checkpoints on a disk that fails at
 * one commit after the other, before or after it landed. What is loaded then is what the last commit on the disk
 * held, the history goes on from there, and what is loaded at its end is right again.
 */

import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../base/bytes.ts';
import { SeededRandom } from '../base/random.ts';
import { KeyedTable, keyDatum } from '../state/keyed-table.ts';
import { SlotTable } from '../state/slot-table.ts';
import { CrashStore, DiskFailure, type Fault, FaultPlan } from '../testing/crash-store.ts';
import { readDatum } from '../types/column-access.ts';
import type { Column } from '../types/column.ts';
import { types } from '../types/sql-type.ts';
import { MemoryStore } from './memory-store.ts';
import { Segments } from './segments.ts';

const sliceRows = 16;

function texts(values: readonly (string | null)[]): Column {
  const writer = new ByteWriter();
  const offsets = new Int32Array(values.length);
  const lengths = new Int32Array(values.length);
  values.forEach((value, i) => {
    offsets[i] = writer.length;
    writer.bytes(Buffer.from(value ?? ''));
    lengths[i] = writer.length - offsets[i];
  });
  const nulls = Uint8Array.from(values, (value) => (value === null ? 1 : 0));
  return { kind: 'text', bytes: writer.take(), offsets, lengths, nulls };
}

/** What the tables should hold: values by key, and rows by number. */
interface Model {
  readonly groups: ReadonlyMap<string | null, number>;
  readonly rows: ReadonlyMap<number, string>;
}

/** One opening of the store. */
class World {
  readonly segments: Segments;
  readonly groups = new KeyedTable({
    name: 'groups',
    keys: [types.text],
    values: [{ kind: 'f64' }],
  });
  readonly rows = new SlotTable({
    name: 'rows',
    types: [types.bigint],
    values: [{ kind: 'datum', type: types.text }],
  });

  constructor(store: CrashStore) {
    this.segments = new Segments({ sliceRows });
    this.segments.add('1', 'groups', this.groups);
    this.segments.add('1', 'rows', this.rows);
    this.segments.load('1', store);
  }

  /** The tables grow for a while and shrink again; entries go, and others take their ids. */
  change(step: number, model: Model): Model {
    const random = new SeededRandom(step + 1);
    const groups = new Map(model.groups);
    const rows = new Map(model.rows);
    const shrinking = step % 60 > 40;
    const keys = new Set<string | null>();
    for (let i = shrinking ? 4 : 12; i > 0; i--) {
      keys.add(random.below(40) === 0 ? null : `key ${random.below(300)}`);
    }
    const out = new Int32Array(keys.size);
    this.groups.findOrAdd([texts([...keys])], keys.size, out);
    [...keys].forEach((key, i) => {
      this.groups.values[0]!.f64[out[i]!] = step * 100 + i;
      this.groups.markDirty(out[i]!);
      groups.set(key, step * 100 + i);
    });
    for (const key of [...groups.keys()]) {
      if (random.below(shrinking ? 20 : 60) !== 0) continue;
      this.groups.find([texts([key])], 1, out);
      this.groups.remove(out[0]!);
      groups.delete(key);
    }
    for (const slot of this.rows.entries()) {
      const number = this.#numberOf(slot);
      if (random.below(10) === 0) {
        this.rows.remove(slot);
        rows.delete(number);
      } else if (random.below(10) === 0) {
        this.rows.values[0]!.stored!.setDatum(slot, `changed in ${step}`);
        this.rows.markDirty(slot);
        rows.set(number, `changed in ${step}`);
      }
    }
    const numbers = Float64Array.from({ length: 6 }, (_, i) => step * 10 + i);
    const slots = new Int32Array(numbers.length);
    this.rows.add([{ kind: 'f64', values: numbers, nulls: null }], null, numbers.length, slots);
    numbers.forEach((number, i) => {
      this.rows.values[0]!.stored!.setDatum(slots[i]!, `added ${number}`);
      rows.set(number, `added ${number}`);
    });
    return { groups, rows };
  }

  #numberOf(slot: number): number {
    const [column] = this.rows.columns;
    return column!.kind === 'f64' ? column!.values[slot]! : NaN;
  }

  expectHolds(model: Model, when: string): void {
    const groups = new Map<unknown, number>();
    this.groups.forEach((entry) =>
      groups.set(keyDatum(this.groups, 0, entry), this.groups.values[0]!.f64[entry]!),
    );
    expect(sorted(groups), when).toEqual(sorted(model.groups));
    expect(this.groups.rows, when).toBe(model.groups.size);
    // The index finds what the columns hold.
    const keys = [...model.groups.keys()];
    const found = new Int32Array(keys.length);
    this.groups.find([texts(keys)], keys.length, found);
    keys.forEach((key, i) => {
      expect(this.groups.values[0]!.f64[found[i]!], when).toBe(model.groups.get(key));
    });
    const rows = new Map<number, unknown>();
    const stored = this.rows.values[0]!.stored!;
    this.rows.forEach((slot) =>
      rows.set(this.#numberOf(slot), readDatum(stored.column, slot, types.text)),
    );
    expect(sorted(rows), when).toEqual(sorted(model.rows));
    expect(this.rows.rows, when).toBe(model.rows.size);
  }
}

function sorted(map: ReadonlyMap<unknown, unknown>): string[] {
  return [...map].map(([key, value]) => `${String(key)} = ${String(value)}`).sort();
}

const steps = 160;

interface Seen {
  /** Segments on the disk after each commit. */
  readonly sizes: number[];
  /** Commits that took more than half of the segments away. */
  ends: number;
  /** Slices written ahead. */
  slices: number;
}

async function run(disk: MemoryStore, fault: Fault | null, seen: Seen): Promise<number> {
  let store = new CrashStore(disk, new FaultPlan(fault));
  let world = new World(store);
  let model: Model = { groups: new Map(), rows: new Map() };
  let crashes = 0;
  for (let step = 0; step < steps; step++) {
    let next = world.change(step * 3, model);
    for (const part of [1, 2]) {
      // Sometimes all that can be, sometimes less.
      world.segments.planAhead();
      for (let i = step % 4; i >= 0; i--) {
        if (world.segments.writeAhead() !== 'collect') seen.slices++;
      }
      next = world.change(step * 3 + part, next);
    }
    const changes = world.segments.collect();
    if (changes.filter(({ value }) => value === null).length > 20) seen.ends++;
    try {
      await store.commit(changes);
      model = next;
    } catch (error) {
      if (!(error instanceof DiskFailure)) throw error;
      crashes++;
      const landed = fault!.lands;
      if (landed) model = next;
      store = new CrashStore(disk, new FaultPlan(null));
      world = new World(store);
      world.expectHolds(model, `after the crash at step ${step}, landed: ${landed}`);
    }
    seen.sizes.push([...disk.range('seg/1/', 'seg/10')].length);
  }
  world.expectHolds(model, 'at the end');
  new World(store).expectHolds(model, 'loaded at the end');
  return crashes;
}

const nothingSeen = (): Seen => ({ sizes: [], ends: 0, slices: 0 });

describe('segments of large tables', () => {
  it('are written and folded in slices, and a crash at any commit loses nothing', async () => {
    const seen = nothingSeen();
    await run(new MemoryStore(), null, seen);
    expect(seen.slices).toBeGreaterThan(200);
    expect(seen.ends).toBeGreaterThan(1);
    // All that was ever written is several times as much.
    expect(Math.max(...seen.sizes)).toBeLessThan(400);
    for (let commit = 1; commit <= steps; commit += 6) {
      for (const lands of [false, true]) {
        expect(await run(new MemoryStore(), { commit, lands }, nothingSeen())).toBe(1);
      }
    }
  }, 60_000);

  it('are complete whenever they are loaded', async () => {
    const disk = new MemoryStore();
    const store = new CrashStore(disk, new FaultPlan(null));
    const world = new World(store);
    let model: Model = { groups: new Map(), rows: new Map() };
    for (let step = 0; step < 300; step++) {
      model = world.change(step, model);
      if (step % 5 !== 0) world.segments.planAhead();
      for (let i = step % 3; i > 0; i--) world.segments.writeAhead();
      if (step % 2 === 0) continue;
      await store.commit(world.segments.collect());
      new World(store).expectHolds(model, `loaded after step ${step}`);
    }
  });

  it('are not written ahead beyond a bound', () => {
    const world = new World(new CrashStore(new MemoryStore(), new FaultPlan(null)));
    const bounded = new Segments({ sliceRows, aheadMax: 1000 });
    bounded.add('1', 'groups', world.groups);
    for (let step = 0; step < 100; step++) {
      world.change(step, { groups: new Map(), rows: new Map() });
      bounded.planAhead();
      while (bounded.writeAhead() !== 'collect');
    }
    const dirty = world.groups.ranges.dirtyRows;
    expect(dirty).toBeGreaterThan(100);
    const sizes = bounded.collect().map(({ value }) => value?.length ?? 0);
    expect(sizes.slice(0, -1).reduce((sum, size) => sum + size, 0)).toBeLessThan(3000);
    expect(world.groups.ranges.dirtyRows).toBe(0);
  });

  it('leave with their owner, also what is written ahead', () => {
    const world = new World(new CrashStore(new MemoryStore(), new FaultPlan(null)));
    for (let step = 0; step < 20; step++) {
      world.change(step, { groups: new Map(), rows: new Map() });
    }
    expect(world.segments.planAhead()).toBe(true);
    expect(world.segments.writeAhead()).not.toBe('collect');
    world.segments.remove('1');
    expect(world.segments.collect()).toEqual([]);
  });
});
