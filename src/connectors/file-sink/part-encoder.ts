/** What makes the bytes of one file. A chunk once made never changes, so a file can be cut between two. */

import type { Column } from '../../types/column.ts';

export interface PartEncoder {
  /** Without a dot. */
  readonly extension: string;
  /** Begins each file. */
  readonly head: Uint8Array;
  /** Takes up a batch, of which builders are then given rows. Its columns are those that are written. */
  begin(columns: readonly Column[]): void;
  /** Gathers the rows of one file. */
  makeBuilder(): ChunkBuilder;
  /** Ends the file. Marks come with the place of their chunks in the file. */
  tail(chunks: readonly { readonly offset: number; readonly mark: ChunkMark }[]): Uint8Array;
}

/** Rows on their way into one file. */
export interface ChunkBuilder {
  /** Bytes that wait here, as far as they are made already. */
  readonly bytes: number;
  readonly empty: boolean;
  /** What waits is worth a chunk of its own before a checkpoint asks for one. */
  readonly full: boolean;
  /**
   * Adds a row of the batch so many times. Throws SqlError, and adds nothing, when it cannot be written in this
   * format.
   */
  add(row: number, copies: number): void;
  /** What waits as a chunk, and starts over. `mark` is what the tail must know of the chunk, as numbers. */
  take(): { readonly bytes: Uint8Array; readonly mark: ChunkMark | null };
}

/** Bytes of the metadata and of the body of a chunk. */
export type ChunkMark = readonly [metadata: number, body: number];
