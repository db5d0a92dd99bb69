/**
 * One output column of a generated kernel: arrays that are reused from batch to batch and grow with it,
 * and an arena for text that no input column holds. Generated code writes the arrays itself.
 */

import type { Column } from '../../types/column.ts';
import type { Datum } from '../../types/datum.ts';
import type { ColumnKind } from '../../types/sql-type.ts';
import { unreachable } from '../../base/assert.ts';

const padding = 16;

export class OutputColumn {
  ints = new Int32Array(0);
  floats = new Float64Array(0);
  bools = new Uint8Array(0);
  offsets = new Int32Array(0);
  lengths = new Int32Array(0);
  nulls = new Uint8Array(0);
  anys: (Datum | null)[] = [];
  /** Set by generated code: some row is NULL. */
  hasNull = false;
  /** Length of the text last put. */
  putLength = 0;
  #arena: Buffer = Buffer.alloc(padding);
  #used = 0;
  #capacity = 0;
  /** The text put last, and where it stands. */
  #text: string | null = null;
  #textAt = 0;

  begin(kind: ColumnKind, count: number): void {
    this.hasNull = false;
    this.#used = 0;
    this.#text = null;
    this.anys = kind === 'any' ? [] : this.anys;
    if (count > this.#capacity) {
      this.#capacity = Math.max(count, this.#capacity * 2);
      this.nulls = new Uint8Array(this.#capacity);
    }
    const size = this.#capacity;
    if (kind === 'i32' && this.ints.length < count) this.ints = new Int32Array(size);
    if (kind === 'f64' && this.floats.length < count) this.floats = new Float64Array(size);
    if (kind === 'bool' && this.bools.length < count) this.bools = new Uint8Array(size);
    if (kind === 'text' && this.offsets.length < count) {
      this.offsets = new Int32Array(size);
      this.lengths = new Int32Array(size);
    }
  }

  /** Copies bytes into the arena; returns where they start. */
  putBytes(bytes: Uint8Array, offset: number, length: number): number {
    const at = this.#reserve(length);
    if (length < 32) {
      const arena = this.#arena;
      for (let index = 0; index < length; index++) arena[at + index] = bytes[offset + index]!;
    } else {
      this.#arena.set(bytes.subarray(offset, offset + length), at);
    }
    return at;
  }

  /** UTF-8 of a string into the arena; its length is left in putLength. A run of the same text stands there once. */
  putText(text: string): number {
    if (text === this.#text) return this.#textAt;
    // Three bytes a unit are always enough.
    const at = this.#reserve(text.length * 3);
    this.putLength = this.#arena.write(text, at, 'utf8');
    this.#used = at + this.putLength;
    this.#text = text;
    this.#textAt = at;
    return at;
  }

  #reserve(length: number): number {
    const at = this.#used;
    const needed = at + length + padding;
    if (needed > this.#arena.length) {
      const larger = Buffer.alloc(Math.max(needed, this.#arena.length * 2));
      this.#arena.copy(larger, 0, 0, at);
      this.#arena = larger;
    }
    this.#used = at + length;
    return at;
  }

  /** A fresh column object over the arrays; `bytes` for text that views an input column. */
  column(kind: ColumnKind, bytes: Uint8Array | null): Column {
    const nulls = this.hasNull ? this.nulls : null;
    switch (kind) {
      case 'i32':
        return { kind, values: this.ints, nulls };
      case 'f64':
        return { kind, values: this.floats, nulls };
      case 'bool':
        return { kind, values: this.bools, nulls };
      case 'text': {
        const text = bytes ?? this.#arena;
        return { kind, bytes: text, offsets: this.offsets, lengths: this.lengths, nulls };
      }
      case 'any':
        return { kind, values: this.anys, nulls: null };
      default:
        return unreachable(kind, 'column kind');
    }
  }
}
