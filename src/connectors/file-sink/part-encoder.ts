/** What makes the bytes of one file. A chunk once made never changes, so a file can be cut between two. */

import type { Row } from '../../types/datum.ts';

export interface PartEncoder {
  /** Without a dot. */
  readonly extension: string;
  /** So many rows are worth a chunk of their own before a checkpoint asks for one. */
  readonly rowsPerChunk: number;
  /** Begins each file. */
  readonly head: Uint8Array;
  /** Throws SqlError when the row cannot be written in this format. */
  check(row: Row): void;
  /** `mark` is what the tail must know of the chunk, as numbers. */
  chunk(rows: readonly Row[]): { readonly bytes: Uint8Array; readonly mark: ChunkMark | null };
  /** Ends the file. Marks come with the place of their chunks in the file. */
  tail(chunks: readonly { readonly offset: number; readonly mark: ChunkMark }[]): Uint8Array;
}

/** Bytes of the metadata and of the body of a chunk. */
export type ChunkMark = readonly [metadata: number, body: number];
