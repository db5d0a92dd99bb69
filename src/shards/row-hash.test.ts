import { describe, expect, it } from 'vitest';
import { narrowColumn, widenColumn } from '../types/column-access.ts';
import type { AnyColumn } from '../types/column.ts';
import type { Datum } from '../types/datum.ts';
import { Decimal } from '../types/decimal.ts';
import { numeric, type SqlType, types } from '../types/sql-type.ts';
import { rowShards } from './row-hash.ts';

const shards = 1 << 20;

function shardOf(value: Datum | null, type: SqlType, form: 'narrow' | 'wide'): number {
  const wide: AnyColumn = { kind: 'any', values: [value], nulls: null };
  const column = form === 'narrow' ? narrowColumn(wide, 1, type) : widenColumn(wide, 1, type);
  const out = new Int32Array(1);
  rowShards([column], [type], 1, shards, out);
  return out[0]!;
}

describe('the shard of a row', () => {
  it('is the same for equal values in any form and type', () => {
    const money = numeric(12, 2);
    const fives: readonly (readonly [Datum, SqlType])[] = [
      [5, types.smallint],
      [5, types.integer],
      [5n, types.bigint],
      [5, types.double],
      [Decimal.parse('5'), types.numeric],
      [Decimal.parse('5.000'), types.numeric],
      [Decimal.parse('5.00'), money],
    ];
    const found = fives.flatMap(([value, type]) => [
      shardOf(value, type, 'narrow'),
      shardOf(value, type, 'wide'),
    ]);
    expect(new Set(found).size).toBe(1);
    const tenth = [
      shardOf(Decimal.parse('0.10'), money, 'narrow'),
      shardOf(Decimal.parse('0.1'), types.numeric, 'wide'),
      shardOf(0.1, types.double, 'narrow'),
    ];
    expect(new Set(tenth).size).toBe(1);
    expect(shardOf(-0, types.double, 'narrow')).toBe(shardOf(0, types.double, 'narrow'));
    expect(shardOf('a', { kind: 'char', length: 3 } as SqlType, 'wide')).toBe(
      shardOf('a  ', { kind: 'char', length: 3 } as SqlType, 'wide'),
    );
    for (const text of ['', 'é', 'long enough for words']) {
      expect(shardOf(text, types.text, 'narrow')).toBe(shardOf(text, types.text, 'wide'));
    }
    expect(shardOf(null, types.text, 'narrow')).toBe(shardOf(null, types.bigint, 'wide'));
  });

  it('spreads keys evenly', () => {
    const count = 100_000;
    const values = Float64Array.from({ length: count }, (_, i) => i);
    const out = new Int32Array(count);
    rowShards([{ kind: 'f64', values, nulls: null }], [types.bigint], count, 8, out);
    const sizes = new Array<number>(8).fill(0);
    for (const shard of out) sizes[shard]!++;
    for (const size of sizes) expect(Math.abs(size - count / 8)).toBeLessThan(count / 80);
  });
});
