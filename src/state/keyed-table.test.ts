import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter } from '../base/bytes.ts';
import { SeededRandom } from '../base/random.ts';
import { BatchBuilder, readDatum } from '../types/column-access.ts';
import type { Datum, Row } from '../types/datum.ts';
import { Decimal } from '../types/decimal.ts';
import { rowKeyString } from '../types/key-codec.ts';
import type { SqlType } from '../types/sql-type.ts';
import { numeric, types } from '../types/sql-type.ts';
import { KeyedTable } from './keyed-table.ts';

const texts = [
  '',
  'a',
  'b',
  'ab',
  '__proto__',
  'constructor',
  '日本',
  '😀 and a longer text of 33 bytes',
];

const makers: readonly [SqlType, (random: SeededRandom, wide: boolean) => Datum | null][] = [
  [types.bigint, (r, wide) => BigInt(r.below(40)) * (wide ? 9007199254740993n : 1n)],
  [types.double, (r) => [0, -0, NaN, 0.5, -1.25, Infinity, 1e300][r.below(7)]!],
  [types.integer, (r) => r.below(30) - 15],
  [types.boolean, (r) => r.below(2) === 1],
  [types.text, (r) => texts[r.below(texts.length)]!],
  [types.numeric, (r) => Decimal.parse(['1', '1.0', '1.00', '2', 'NaN', '-3.5'][r.below(6)]!)],
  [
    numeric(10, 2),
    (r, wide) => Decimal.parse(wide ? '123456789012345678901.25' : `${r.below(9)}.50`),
  ],
  [types.timestamp, (r) => BigInt(r.below(5) - 2) * 1_000_000n],
  [types.bytea, (r) => Buffer.from([r.below(3), 0, r.below(2)])],
];

/** A table beside a Map that does the same, driven by one random history. */
class Twin {
  readonly keyTypes: readonly SqlType[];
  table: KeyedTable;
  readonly model = new Map<string, { row: Row; value: number }>();

  constructor(keyTypes: readonly SqlType[]) {
    this.keyTypes = keyTypes;
    this.table = this.fresh();
  }

  fresh(): KeyedTable {
    return new KeyedTable({ name: 't', keys: this.keyTypes, values: [{ kind: 'f64' }] });
  }

  add(rows: readonly Row[]): void {
    const builder = new BatchBuilder(this.keyTypes, 4);
    for (const row of rows) builder.append(row);
    const batch = builder.batch();
    const out = new Int32Array(batch.count);
    this.table.findOrAdd(batch.columns, batch.count, out);
    rows.forEach((row, i) => {
      const values = this.table.values[0]!.f64;
      values[out[i]!] = values[out[i]!]! + i + 1;
      this.table.markDirty(out[i]!);
      const key = rowKeyString(row, this.keyTypes);
      const known = this.model.get(key);
      if (known === undefined) this.model.set(key, { row, value: i + 1 });
      else known.value += i + 1;
    });
  }

  remove(rows: readonly Row[]): void {
    for (const row of rows) {
      const out = new Int32Array(1);
      const builder = new BatchBuilder(this.keyTypes, 4);
      builder.append(row);
      this.table.find(builder.batch().columns, 1, out);
      const key = rowKeyString(row, this.keyTypes);
      expect(out[0]! >= 0).toBe(this.model.has(key));
      if (out[0]! >= 0) this.table.remove(out[0]!);
      this.model.delete(key);
    }
  }

  check(): void {
    expect(this.table.rows).toBe(this.model.size);
    const seen = new Map<string, number>();
    this.table.forEach((entry) => {
      const row = this.keyTypes.map((type, k) =>
        readDatum(this.table.keys[k]!.stored.column, entry, type),
      );
      seen.set(rowKeyString(row, this.keyTypes), this.table.values[0]!.f64[entry]!);
    });
    for (const [key, { value }] of this.model) expect(seen.get(key)).toBe(value);
  }
}

describe('keyed table', () => {
  const random = new SeededRandom(7);
  const signatures = [
    ...makers.map((_, i) => [i]),
    ...Array.from({ length: 25 }, () =>
      Array.from({ length: 1 + random.below(4) }, () => random.below(makers.length)),
    ),
    [],
  ];
  for (const signature of signatures) {
    const keyTypes = signature.map((i) => makers[i]![0]);
    it(`agrees with a Map for keys (${keyTypes.map((type) => type.kind).join(', ')})`, () => {
      const twin = new Twin(keyTypes);
      const segments: Uint8Array[] = [];
      for (let round = 0; round < 60; round++) {
        const wide = round > 35 && random.below(3) === 0;
        const rows = Array.from({ length: 1 + random.below(20) }, () =>
          signature.map((i) => (random.below(6) === 0 ? null : makers[i]![1](random, wide))),
        );
        if (random.below(3) === 0) twin.remove(rows);
        else twin.add(rows);
        twin.check();
        if (round % 4 !== 0) continue;
        const writer = new ByteWriter();
        if (round % 20 === 0) {
          segments.length = 0;
          twin.table.writeBase(writer);
        } else {
          twin.table.writeDelta(writer);
        }
        expect(twin.table.dirty).toBe(false);
        segments.push(writer.take());
        twin.table = twin.fresh();
        for (const segment of segments) twin.table.load(new ByteReader(segment));
        twin.check();
      }
    });
  }

  it('keeps the first spelling of equal keys, and both when exact', () => {
    const builder = new BatchBuilder([types.numeric, types.double], 4);
    builder.append([Decimal.parse('1.0'), 0]);
    builder.append([Decimal.parse('1.00'), -0]);
    const { columns } = builder.batch();
    const out = new Int32Array(2);
    const equal = new KeyedTable({ name: 't', keys: [types.numeric, types.double] });
    equal.findOrAdd(columns, 2, out);
    expect([...out]).toEqual([0, 0]);
    expect(String(readDatum(equal.keys[0]!.stored.column, 0, types.numeric))).toBe('1.0');
    const exact = new KeyedTable({
      name: 't',
      keys: [types.numeric, types.double],
      exact: true,
    });
    exact.findOrAdd(columns, 2, out);
    expect([...out]).toEqual([0, 1]);
    expect(Object.is(readDatum(exact.keys[1]!.stored.column, 1, types.double), -0)).toBe(true);
  });

  it('grows past its first capacity and reuses entries', () => {
    const table = new KeyedTable({ name: 't', keys: [types.bigint, types.text] });
    const builder = new BatchBuilder([types.bigint, types.text], 1024);
    for (let i = 0; i < 5000; i++) builder.append([BigInt(i), `key number ${i}`]);
    const { columns } = builder.batch();
    const out = new Int32Array(5000);
    table.findOrAdd(columns, 5000, out);
    expect(table.rows).toBe(5000);
    for (let i = 0; i < 5000; i += 2) table.remove(out[i]!);
    expect(table.rows).toBe(2500);
    const again = new Int32Array(5000);
    table.find(columns, 5000, again);
    for (let i = 0; i < 5000; i++) expect(again[i]).toBe(i % 2 === 0 ? -1 : out[i]);
    const { high } = table;
    table.findOrAdd(columns, 5000, again);
    expect(table.high).toBe(high);
  });
});
