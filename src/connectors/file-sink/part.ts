/** One file of a sink while it takes rows or waits to be shown: where it is, how long, and what no chunk holds yet. */

import type { FileHandle } from 'node:fs/promises';

import type { PartState } from './file-sink-state.ts';
import type { ChunkBuilder } from './part-encoder.ts';

export class Part {
  readonly directory: string;
  readonly name: string;
  bytes = 0;
  rows = 0;
  ended = false;
  openedMs: number;
  lastMs: number;
  readonly chunks: PartState['chunks'][number][] = [];
  /** Rows that no chunk holds yet. */
  readonly pending: ChunkBuilder;
  handle: FileHandle | null = null;
  /** It stands on the disk, with a length that a checkpoint knows. */
  known: number | null = null;
  /** Bytes since the last sync. */
  unsynced = false;

  constructor(directory: string, name: string, pending: ChunkBuilder, nowMs: number) {
    this.directory = directory;
    this.name = name;
    this.pending = pending;
    this.openedMs = nowMs;
    this.lastMs = nowMs;
  }

  state(): PartState {
    const { directory, name, bytes, rows, ended, openedMs } = this;
    return { directory, name, bytes, rows, ended, openedMs, chunks: [...this.chunks] };
  }
}
