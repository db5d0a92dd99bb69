/**
 * Whether two state tables hold the same, whatever order they came by it in. The comparison is of bytes in an order
 * that follows from the entries themselves, so that yes is certain; rarely it says no to equal tables, as when a
 * column stands in another physical form.
 */

import { ByteWriter } from '../base/bytes.ts';
import type { Column } from '../types/column.ts';
import { encodeDatum } from '../types/row-codec.ts';
import type { SqlType } from '../types/sql-type.ts';
import { hashBytes, viewOf } from './bytes-hash.ts';
import type { Contents, StateTable } from './state-table.ts';
import type { ValueColumn } from './value-column.ts';

/** Entries that are written and compared at a time. */
const chunk = 4096;

export function sameContents(a: StateTable, b: StateTable): boolean {
  if (a.name !== b.name || a.rows !== b.rows) return false;
  if (a.sameAs !== undefined) return a.sameAs(b);
  const [mine, others] = [a.contents, b.contents];
  if (mine === undefined || others === undefined) return false;
  const entries = mine.entries();
  const otherEntries = others.entries();
  if (samePart(mine, entries, others, otherEntries)) return true;
  return samePart(mine, ordered(mine, entries), others, ordered(others, otherEntries));
}

function samePart(a: Contents, aEntries: Int32Array, b: Contents, bEntries: Int32Array): boolean {
  for (let at = 0; at < aEntries.length; at += chunk) {
    const left = new ByteWriter(65536);
    const right = new ByteWriter(65536);
    a.writePart(left, aEntries.subarray(at, at + chunk));
    b.writePart(right, bEntries.subarray(at, at + chunk));
    if (Buffer.compare(left.view(), right.view()) !== 0) return false;
  }
  return true;
}

/** The entries by a hash of what they hold. */
function ordered(contents: Contents, entries: Int32Array): Int32Array {
  const low = new Int32Array(entries.length);
  const high = new Int32Array(entries.length).fill(1);
  for (const { column, type } of contents.columns) mixColumn(column, type, entries, low, high);
  for (const value of contents.values) mixValues(value, entries, low, high);
  const order = Uint32Array.from(entries, (_, i) => i);
  order.sort((a, b) => low[a]! - low[b]! || high[a]! - high[b]!);
  return Int32Array.from(order, (i) => entries[i]!);
}

const float = new Float64Array(1);
const words = new Int32Array(float.buffer);

function mixNumber(value: number, i: number, low: Int32Array, high: Int32Array): void {
  float[0] = value;
  mix(words[0]!, i, low, high);
  mix(words[1]!, i, low, high);
}

function mix(word: number, i: number, low: Int32Array, high: Int32Array): void {
  const a = Math.imul(low[i]! ^ word, 0x9e3779b1);
  low[i] = a ^ (a >>> 15);
  const b = Math.imul(high[i]! + word, 0x85ebca6b);
  high[i] = b ^ (b >>> 13);
}

function mixColumn(
  column: Column,
  type: SqlType,
  entries: Int32Array,
  low: Int32Array,
  high: Int32Array,
): void {
  const writer = new ByteWriter(64);
  const text = column.kind === 'text' ? viewOf(column.bytes) : null;
  entries.forEach((entry, i) => {
    if (column.kind === 'any') {
      writer.length = 0;
      encodeDatum(writer, column.values[entry] ?? null, type);
      mix(hashBytes(writer.words, 0, writer.length), i, low, high);
    } else if (column.nulls !== null && column.nulls[entry] === 1) {
      mix(0, i, low, high);
    } else if (column.kind === 'text') {
      mix(hashBytes(text!, column.offsets[entry]!, column.lengths[entry]!), i, low, high);
    } else {
      mixNumber(column.values[entry]!, i, low, high);
    }
  });
}

/** Objects count for nothing in the order: entries that differ in them alone may be taken for different. */
function mixValues(
  value: ValueColumn,
  entries: Int32Array,
  low: Int32Array,
  high: Int32Array,
): void {
  const { kind } = value.spec;
  if (kind === 'object') return;
  if (kind === 'datum') {
    mixColumn(value.stored!.column, value.spec.type, entries, low, high);
    return;
  }
  const numbers = kind === 'f64' ? value.f64 : kind === 'i32' ? value.i32 : value.u8;
  entries.forEach((entry, i) => mixNumber(numbers[entry]!, i, low, high));
}
