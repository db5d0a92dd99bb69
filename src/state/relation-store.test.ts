import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter } from '../base/bytes.ts';
import { SeededRandom } from '../base/random.ts';
import { BatchBuilder, readRows } from '../types/column-access.ts';
import type { Row } from '../types/datum.ts';
import { Decimal } from '../types/decimal.ts';
import { types } from '../types/sql-type.ts';
import { RelationStore } from './relation-store.ts';
import { SortedEntries } from './sorted-entries.ts';

const columnTypes = [types.bigint, types.text, types.numeric];

function batchOf(rows: readonly (readonly [Row, number])[]) {
  const builder = new BatchBuilder(columnTypes);
  for (const [row, weight] of rows) builder.append(row, weight);
  return builder.batch();
}

function printed(store: RelationStore): string[] {
  const rows = [...store.scan([0, 1, 2])].flatMap((batch) => readRows(batch, columnTypes));
  return rows.map(({ row, weight }) => `${weight} x ${row.map(String).join(' ')}`).sort();
}

describe('relation store', () => {
  it('is a multiset of rows as they look', () => {
    const store = new RelationStore('t', columnTypes);
    const one = Decimal.parse('1.0');
    const same = Decimal.parse('1.00');
    store.apply(
      batchOf([
        [[1n, 'a', one], 2],
        [[1n, 'a', same], 1],
        [[null, null, null], 1],
      ]),
    );
    expect(printed(store)).toEqual(['1 x 1 a 1.00', '1 x null null null', '2 x 1 a 1.0']);
    expect(store.rowCount).toBe(4);
    store.apply(batchOf([[[1n, 'a', one], -2]]));
    expect(printed(store)).toEqual(['1 x 1 a 1.00', '1 x null null null']);
  });

  it('asserts that no multiplicity is negative at the end of a step, but not within', () => {
    const store = new RelationStore('t', columnTypes);
    store.add(batchOf([[[1n, 'a', null], -1]]));
    store.add(batchOf([[[1n, 'a', null], 1]]));
    store.endStep();
    expect(store.rows).toBe(0);
    expect(() => store.apply(batchOf([[[1n, 'a', null], -1]]))).toThrow('multiplicity -1');
  });

  it('looks up by any columns while rows come and go, and after a restart', () => {
    const random = new SeededRandom(3);
    let store = new RelationStore('t', columnTypes);
    const model: Row[] = [];
    const segments: Uint8Array[] = [];
    for (let step = 0; step < 120; step++) {
      const changes: [Row, number][] = [];
      for (let i = 0; i < 10; i++) {
        if (model.length > 0 && random.below(2) === 0) {
          changes.push([model.splice(random.below(model.length), 1)[0]!, -1]);
        } else {
          const wide = step > 60 ? 9007199254740993n : 1n;
          const row: Row = [BigInt(random.below(9)) * wide, `k${random.below(3)}`, null];
          model.push(row);
          changes.push([row, 1]);
        }
      }
      store.apply(batchOf(changes));
      const key: Row = [BigInt(random.below(9)), `k${random.below(3)}`];
      const found = [...store.lookup([0, 1], key, [1])].flatMap((batch) =>
        readRows(batch, [types.text]),
      );
      const expected = model.filter((row) => row[0] === key[0] && row[1] === key[1]).length;
      expect(found.reduce((sum, each) => sum + each.weight, 0)).toBe(expected);
      expect(store.rowCount).toBe(model.length);
      const writer = new ByteWriter();
      if (step % 7 === 0) segments.length = 0;
      if (step % 7 === 0) store.writeBase(writer);
      else store.writeDelta(writer);
      segments.push(writer.take());
      if (step % 5 !== 0) continue;
      const before = printed(store);
      store = new RelationStore('t', columnTypes);
      for (const segment of segments) store.load(new ByteReader(segment));
      expect(printed(store)).toEqual(before);
    }
  });
});

describe('relation store with a key', () => {
  it.each([[[0]], [[1, 0]], [[]]])('holds the last row of each key %j', (key) => {
    const random = new SeededRandom(11);
    let store = new RelationStore('v', columnTypes, key);
    const model = new Map<string, Row>();
    const segments: Uint8Array[] = [];
    for (let step = 0; step < 150; step++) {
      const changes: [Row, number][] = [];
      for (let i = 0; i < 12; i++) {
        const wide = step > 80 ? 9007199254740993n : 1n;
        const id = random.below(8);
        const row: Row = [
          id === 0 ? null : BigInt(id) * wide,
          id === 1 ? null : `k${random.below(3)}`,
          random.below(4) === 0 ? null : Decimal.parse(`${random.below(100)}.50`),
        ];
        const name = key.map((column) => String(row[column])).join('|');
        const old = model.get(name);
        if (old !== undefined) changes.push([old, -1]);
        model.delete(name);
        if (random.below(3) === 0) continue;
        model.set(name, row);
        changes.push([row, 1]);
      }
      // As aggregates send them, old rows first, or each old row just before its new one.
      if (step % 2 === 0) store.apply(batchOf(changes));
      else {
        for (const change of changes) store.add(batchOf([change]));
        store.endStep();
      }
      const expected = [...model.values()].map((row) => `1 x ${row.map(String).join(' ')}`).sort();
      expect(printed(store)).toEqual(expected);
      expect(store.rowCount).toBe(model.size);
      for (const columns of [key, [2], [1]]) {
        const values = columns.map((column) => [...model.values()][0]?.[column] ?? null);
        const found = [...store.lookup(columns, values, [0, 1, 2])].flatMap((batch) =>
          readRows(batch, columnTypes),
        );
        const same = (row: Row): boolean =>
          columns.every((column, i) => String(row[column]) === String(values[i]));
        expect(found.length).toBe([...model.values()].filter(same).length);
      }
      const writer = new ByteWriter();
      if (step % 9 === 0) segments.length = 0;
      if (step % 9 === 0) store.writeBase(writer);
      else store.writeDelta(writer);
      segments.push(writer.take());
      if (step % 7 !== 0) continue;
      store = new RelationStore('v', columnTypes, key);
      for (const segment of segments) store.load(new ByteReader(segment));
      expect(printed(store)).toEqual(expected);
    }
  });

  it('takes no second row for a key', () => {
    const store = new RelationStore('v', columnTypes, [0]);
    store.apply(batchOf([[[1n, 'a', null], 1]]));
    expect(() => store.apply(batchOf([[[1n, 'b', null], 1]]))).toThrow('a second row came');
  });

  it('finds no row that was taken twice', () => {
    const store = new RelationStore('v', columnTypes, [0]);
    expect(() => store.apply(batchOf([[[1n, 'a', null], -1]]))).toThrow(
      'a row goes that is not there',
    );
  });
});

describe('sorted entries', () => {
  it('stay in order through insertions and removals', () => {
    const random = new SeededRandom(1);
    const values = Array.from({ length: 5000 }, () => random.below(1000));
    const order = (a: number, b: number): number => values[a]! - values[b]! || a - b;
    const sorted = new SortedEntries(order);
    const model = new Set<number>();
    for (let step = 0; step < 12000; step++) {
      const entry = random.below(5000);
      if (model.delete(entry)) sorted.delete(entry);
      else {
        model.add(entry);
        sorted.add(entry);
      }
    }
    expect(sorted.toArray()).toEqual([...model].sort(order));
    expect([...sorted]).toEqual(sorted.toArray());
    expect(sorted.first()).toBe(sorted.toArray()[0]);
    expect(sorted.last()).toBe(sorted.toArray().at(-1));
    expect(sorted.size).toBe(model.size);
    expect(() => new SortedEntries(order).delete(1)).toThrow('not in its order');
  });
});
