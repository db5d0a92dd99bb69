import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter } from '../base/bytes.ts';
import { SeededRandom } from '../base/random.ts';
import type { Column } from '../types/column.ts';
import type { SqlType } from '../types/sql-type.ts';
import { types } from '../types/sql-type.ts';
import { KeyedTable } from './keyed-table.ts';

function numbers(values: readonly number[]): Column {
  return { kind: 'f64', values: Float64Array.from(values), nulls: null };
}

function texts(values: readonly number[]): Column {
  const bytes = Buffer.from(values.map((value) => String(value).padStart(9)).join(''));
  return {
    kind: 'text',
    bytes: Buffer.concat([bytes, Buffer.alloc(16)]),
    offsets: Int32Array.from(values, (_, i) => i * 9),
    lengths: new Int32Array(values.length).fill(9),
    nulls: null,
  };
}

const signatures: readonly [
  name: string,
  keys: readonly SqlType[],
  columns: (values: readonly number[]) => Column[],
][] = [
  ['number', [types.bigint], (values) => [numbers(values)]],
  ['text', [types.text], (values) => [texts(values)]],
  [
    'number and text',
    [types.bigint, types.text],
    (values) => [numbers(values.map((value) => value % 7)), texts(values)],
  ],
];

describe('growth of a large table', () => {
  for (const [name, keys, columns] of signatures) {
    it(`agrees with a Map while blocks are divided (${name})`, () => {
      const random = new SeededRandom(5);
      const table = new KeyedTable({ name: 't', keys });
      const model = new Map<number, number>();
      const out = new Int32Array(1024);
      let divisions = 0;
      let differing = 0;
      for (let batch = 0; batch < 400; batch++) {
        const values = Array.from({ length: 1024 }, () => random.below(600_000));
        if (batch % 8 === 7) {
          table.find(columns(values), values.length, out);
          values.forEach((value, i) => {
            if (out[i] !== (model.get(value) ?? -1)) differing++;
          });
          for (const value of new Set(values)) {
            if (!model.has(value)) continue;
            table.remove(model.get(value)!);
            model.delete(value);
          }
        } else {
          table.findOrAdd(columns(values), values.length, out);
          values.forEach((value, i) => {
            const known = model.get(value);
            if (known === undefined) model.set(value, out[i]!);
            else if (out[i] !== known) differing++;
          });
          expect(table.rows).toBe(model.size);
          // A batch of less entries than a block has divides one at most.
          expect(table.index.divisions - divisions).toBeLessThanOrEqual(1);
        }
        ({ divisions } = table.index);
      }
      expect(differing).toBe(0);
      expect(divisions).toBeGreaterThan(5);
      expect(new Set(model.values()).size).toBe(model.size);
      expect([...model.values()].every((entry) => table.isLive(entry))).toBe(true);
    });
  }

  it('copies no column of a large table again', () => {
    const table = new KeyedTable({ name: 't', keys: [types.bigint], values: [{ kind: 'f64' }] });
    const out = new Int32Array(1024);
    const add = (from: number): void => {
      const values = Array.from({ length: 1024 }, (_, i) => from + i);
      table.findOrAdd([numbers(values)], values.length, out);
    };
    let next = 0;
    for (; table.rows < 100_000; next += 1024) add(next);
    const { buffer } = table.values[0]!.f64;
    for (; table.rows < 600_000; next += 1024) add(next);
    expect(table.values[0]!.f64.length).toBeGreaterThanOrEqual(600_000);
    expect(table.values[0]!.f64.buffer).toBe(buffer);
    // Memory is told as it is used, not as it is reserved.
    expect(table.bytes / table.rows).toBeLessThan(40);
  });

  it('comes back from ranges of entries and the deltas between them', () => {
    const random = new SeededRandom(9);
    const make = (): KeyedTable =>
      new KeyedTable({ name: 't', keys: [types.bigint], values: [{ kind: 'f64' }] });
    const table = make();
    const model = new Map<number, number>();
    const out = new Int32Array(64);
    const change = (): void => {
      const values = Array.from({ length: 64 }, () => random.below(3000));
      table.findOrAdd([numbers(values)], 64, out);
      values.forEach((value, i) => {
        table.values[0]!.f64[out[i]!] = model.size + i;
        model.set(value, table.values[0]!.f64[out[i]!]!);
        table.markDirty(out[i]!);
      });
      for (const value of new Set(values.slice(0, 20))) {
        table.find([numbers([value])], 1, out);
        table.remove(out[0]!);
        model.delete(value);
      }
    };
    const segment = (write: (writer: ByteWriter) => void): Uint8Array => {
      const writer = new ByteWriter();
      write(writer);
      return writer.take();
    };
    for (let i = 0; i < 60; i++) {
      change();
      segment((writer) => table.writeDelta(writer));
    }
    const end = table.ranges.high;
    const segments: Uint8Array[] = [];
    for (let from = 0; from < end; from += 100) {
      change();
      segments.push(segment((writer) => table.writeDelta(writer)));
      const to = Math.min(end, from + 100);
      segments.push(segment((writer) => table.ranges.write(writer, from, to)));
    }
    const again = make();
    for (const each of segments) again.load(new ByteReader(each));
    expect(again.rows).toBe(model.size);
    const found = new Int32Array(1);
    for (const [key, value] of model) {
      again.find([numbers([key])], 1, found);
      expect(again.values[0]!.f64[found[0]!]).toBe(value);
    }
  });
});
