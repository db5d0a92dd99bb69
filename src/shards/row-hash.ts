/**
 * The shard of a row: a hash of some of its columns, modulo the number of shards. Values that SQL calls
 * equal have one hash, whatever their physical form: a bigint in a double or in a BigInt, 1.0 and 1.00, an
 * integer and a numeric, −0 and 0. Checkpoints are divided by it too: with a change here, `stateVersion` of
 * plan-view.ts has to be raised.
 */

import { ByteWriter } from '../base/bytes.ts';
import { hashBytes, viewOf } from '../state/bytes-hash.ts';
import { narrowNumber } from '../types/column-access.ts';
import { trimBlanks } from '../types/compare.ts';
import type { Column, TextColumn } from '../types/column.ts';
import type { Datum } from '../types/datum.ts';
import type { Decimal } from '../types/decimal.ts';
import { encodeKey } from '../types/key-codec.ts';
import type { SqlType } from '../types/sql-type.ts';

const nullHash = 0x51ed270b;
const doubleBits = new Float64Array(1);
const intBits = new Int32Array(doubleBits.buffer);
const scratch = new ByteWriter(256);

/** Writes the shard of each of `count` rows into `out`. */
export function rowShards(
  columns: readonly Column[],
  types: readonly SqlType[],
  count: number,
  shards: number,
  out: Int32Array,
): void {
  out.fill(0x2545f491, 0, count);
  for (let c = 0; c < columns.length; c++) mixColumn(columns[c]!, types[c]!, count, out);
  for (let i = 0; i < count; i++) {
    let hash = out[i]!;
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    out[i] = ((hash ^ (hash >>> 13)) >>> 0) % shards;
  }
}

function mix(hash: number, value: number): number {
  const mixed = Math.imul(hash ^ value, 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}

function mixColumn(column: Column, type: SqlType, count: number, out: Int32Array): void {
  switch (column.kind) {
    case 'text':
      mixText(column, type, count, out);
      return;
    case 'any':
      for (let i = 0; i < count; i++)
        out[i] = mix(out[i]!, hashDatum(column.values[i] ?? null, type));
      return;
    default: {
      const { values, nulls } = column;
      const scale = type.kind === 'numeric' ? 10 ** (type.fixedScale ?? 0) : 1;
      for (let i = 0; i < count; i++) {
        const hash = nulls !== null && nulls[i] === 1 ? nullHash : hashNumber(values[i]! / scale);
        out[i] = mix(out[i]!, hash);
      }
    }
  }
}

function mixText(column: TextColumn, type: SqlType, count: number, out: Int32Array): void {
  const { bytes, offsets, lengths, nulls } = column;
  const view = viewOf(bytes);
  const blanks = type.kind === 'char';
  for (let i = 0; i < count; i++) {
    let hash = nullHash;
    if (nulls === null || nulls[i] === 0) {
      let length = lengths[i]!;
      if (blanks) while (length > 0 && bytes[offsets[i]! + length - 1] === 32) length--;
      hash = hashBytes(view, offsets[i]!, length);
    }
    out[i] = mix(out[i]!, hash);
  }
}

/** Division by a power of ten rounds to the double that the decimal's digits give. */
function hashNumber(value: number): number {
  // Adding 0 makes −0 to 0; NaN has many bit patterns.
  if (value !== value) return 0x7ff8;
  doubleBits[0] = value + 0;
  return mix(intBits[0]!, intBits[1]!);
}

function hashDatum(value: Datum | null, type: SqlType): number {
  if (value === null) return nullHash;
  switch (type.kind) {
    case 'boolean':
    case 'smallint':
    case 'integer':
    case 'bigint':
    case 'date':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
    case 'real':
    case 'double':
    case 'oid':
      return hashNumber(narrowNumber(value, type));
    case 'numeric':
      return hashNumber((value as Decimal).toNumber());
    case 'char':
      return hashText(trimBlanks(value as string));
    default:
      // Types that are text in narrow columns have the same bytes in both forms.
      if (typeof value === 'string') return hashText(value);
  }
  scratch.clear();
  encodeKey(scratch, value, type);
  return hashBytes(viewOf(scratch.view()), 0, scratch.length);
}

function hashText(value: string): number {
  scratch.clear();
  scratch.utf8(value);
  return hashBytes(viewOf(scratch.view()), 0, scratch.length);
}
