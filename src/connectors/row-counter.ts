/** What sinks without files keep: how many rows they took, as the state of a checkpoint. */

import { assert } from '../base/assert.ts';
import { ByteReader, ByteWriter } from '../base/bytes.ts';
import type { Batch } from '../types/batch.ts';
import type { SinkStatus, SinkWriter } from './sink.ts';

const version = 1;

/** Counts every change; what else is done with one is up to `each`. */
export class CountingWriter implements SinkWriter {
  readonly #each: (batch: Batch) => void;
  readonly #changed: () => void;
  readonly full = false;
  dirty = true;
  #rows = 0;
  #cutRows = 0;
  #committed = 0;

  constructor(changed: () => void, each: (batch: Batch) => void) {
    this.#changed = changed;
    this.#each = each;
  }

  write(batch: Batch): void {
    this.#rows += changesOf(batch);
    this.#each(batch);
    if (this.dirty) return;
    this.dirty = true;
    this.#changed();
  }

  watermark(): void {}

  cut(): Uint8Array {
    this.dirty = false;
    this.#cutRows = this.#rows;
    return new ByteWriter(16).uint8(version).float64(this.#rows).take();
  }

  synced(): Promise<void> {
    return Promise.resolve();
  }

  committed(): void {
    this.#committed = this.#cutRows;
  }

  open(state: Uint8Array | null): Promise<void> {
    if (state !== null) {
      const reader = new ByteReader(state);
      assert(reader.uint8() === version, 'the state of a sink has another version');
      this.#rows = reader.float64();
      this.#cutRows = this.#rows;
      this.#committed = this.#rows;
      this.dirty = false;
    }
    return Promise.resolve();
  }

  finish(): void {}

  status(): SinkStatus {
    return {
      rowsCommitted: this.#committed,
      rowsWritten: this.#rows,
      bytesWritten: 0,
      bytesWaiting: 0,
      filesCommitted: null,
      filesOpen: null,
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Rows that come and rows that go, each counted once. */
export function changesOf(batch: Batch): number {
  if (batch.weights === null) return batch.count;
  let changes = 0;
  for (let row = 0; row < batch.count; row++) changes += Math.abs(batch.weights[row]!);
  return changes;
}
