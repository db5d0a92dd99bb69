/**
 * A scan of stored rows that changes may interrupt. It reads entries in order of their ids; a change of an
 * entry that is still to be read would be seen although it came later, so it is remembered and taken back at
 * the end. Changes of entries that were read, and entries that are new, are not seen anyway. Entry ids are
 * stable, and a reused one is just two changes, so the sum is exact.
 */

import type { Batch } from '../types/batch.ts';
import { copyBatch, gather } from '../types/column-access.ts';

export class OpenScan {
  /** Ascending ids of the entries that it reads. */
  readonly #entries: Int32Array;
  /** How many of them have been read. */
  read = 0;
  readonly #later: Batch[] = [];

  constructor(entries: Int32Array) {
    this.#entries = entries;
  }

  /** `batch` was applied; row i stands in entries[i]. */
  changed(batch: Batch, entries: Int32Array): void {
    const rows: number[] = [];
    for (let row = 0; row < batch.count; row++) if (this.#willRead(entries[row]!)) rows.push(row);
    if (rows.length === 0) return;
    const seen = copyBatch(gather(batch, Int32Array.from(rows), rows.length));
    const weights = Int32Array.from(rows, (row) => -(batch.weights?.[row] ?? 1));
    this.#later.push({ ...seen, weights });
  }

  #willRead(entry: number): boolean {
    const entries = this.#entries;
    let low = this.read;
    let high = entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (entries[middle]! < entry) low = middle + 1;
      else high = middle;
    }
    return low < entries.length && entries[low] === entry;
  }

  /** What takes back the changes that the scan has seen. */
  *undo(ordinals: readonly number[]): Iterable<Batch> {
    for (const batch of this.#later) {
      yield { ...batch, columns: ordinals.map((ordinal) => batch.columns[ordinal]!) };
    }
  }
}
