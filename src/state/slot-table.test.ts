import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter } from '../base/bytes.ts';
import { SeededRandom } from '../base/random.ts';
import { BatchBuilder, readDatum } from '../types/column-access.ts';
import type { Row } from '../types/datum.ts';
import { types } from '../types/sql-type.ts';
import { SlotTable } from './slot-table.ts';

const columns = [types.bigint, types.text, types.numeric];

function make(): SlotTable {
  return new SlotTable({ name: 'rows', types: columns, values: [{ kind: 'f64' }] });
}

function contents(table: SlotTable): string[] {
  const lines: string[] = [];
  table.forEach((slot) => {
    const row = columns.map((type, c) => String(readDatum(table.columns[c]!, slot, type)));
    lines.push(`${slot}: ${row.join(' | ')} | ${table.values[0]!.f64[slot]}`);
  });
  return lines;
}

function randomRow(random: SeededRandom, step: number): Row {
  const wide = step > 20 && random.below(10) === 0;
  return [
    random.below(5) === 0 ? null : BigInt(random.below(100)) * (wide ? 9007199254740993n : 1n),
    random.below(5) === 0 ? null : 'x'.repeat(random.below(200)),
    null,
  ];
}

describe('slot table', () => {
  it('is the same after any checkpoints, with slots freed and given out again', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = new SeededRandom(seed);
      const table = make();
      let segments: Uint8Array[] = [];
      const alive: number[] = [];
      const slots = new Int32Array(16);
      for (let step = 0; step < 40; step++) {
        const builder = new BatchBuilder(columns);
        const count = random.below(8);
        for (let i = 0; i < count; i++) builder.append(randomRow(random, step), 1);
        if (count > 0) table.add(builder.batch().columns, null, count, slots);
        for (let i = 0; i < count; i++) {
          table.values[0]!.f64[slots[i]!] = step;
          alive.push(slots[i]!);
        }
        for (let i = random.below(8); i > 0 && alive.length > 0; i--) {
          table.remove(alive.splice(random.below(alive.length), 1)[0]!);
        }
        if (random.below(3) > 0) continue;
        const base = segments.length === 0 || random.below(4) === 0;
        const writer = new ByteWriter();
        if (base) table.writeBase(writer);
        else table.writeDelta(writer);
        expect(table.dirty).toBe(false);
        segments = base ? [writer.take()] : [...segments, writer.take()];
        const again = make();
        for (const segment of segments) again.load(new ByteReader(segment));
        expect(contents(again)).toEqual(contents(table));
        expect(again.rows).toBe(alive.length);
      }
    }
  });

  it('refuses to free a slot twice', () => {
    const table = make();
    const builder = new BatchBuilder(columns);
    builder.append([1n, 'a', null], 1);
    const slots = new Int32Array(1);
    table.add(builder.batch().columns, null, 1, slots);
    table.remove(slots[0]!);
    expect(() => table.remove(slots[0]!)).toThrow('removed twice');
  });
});
